"""Calling a peer: from its multiaddrs to a connected socket. No cache, no blacklist: the pauses are the caller's.

libp2p's swarm would refuse every further call for 60 s after one that failed (guard 4), start a second call beside
the first after 250 ms, and listen with SO_REUSEPORT, by which two nodes could share one port unnoticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import trio
from multiaddr import Multiaddr  # type: ignore[import-untyped]
from multiaddr.exceptions import Error as MultiaddrError  # type: ignore[import-untyped]

from node.transport.config import TransportConfig
from node.transport.errors import LinkEnded
from node.transport.interface import Reason
from node.transport.socket_stream import SocketStream

_HOSTS: Final = ("ip4", "ip6", "dns", "dns4", "dns6")


def host_and_port(address: str) -> tuple[str, int]:
    """What a TCP multiaddr names; `ValueError` for anything else."""
    try:
        parts = {protocol.name: value for protocol, value in Multiaddr(address).items()}
    except (MultiaddrError, ValueError) as error:
        raise ValueError(f"not a multiaddr: {address!r}") from error
    hosts = [value for name, value in parts.items() if name in _HOSTS]
    if len(hosts) != 1 or hosts[0] is None or parts.get("tcp") is None or parts.keys() - {*_HOSTS, "tcp", "p2p"}:
        raise ValueError(f"not a TCP address: {address!r}")
    return hosts[0], int(str(parts["tcp"]))


async def connect(addresses: Sequence[str], config: TransportConfig) -> SocketStream:
    """The first of `addresses` that answers, in their order."""
    failures: list[str] = []
    for address in addresses:
        host, port = host_and_port(address)
        try:
            with trio.fail_after(config.dial_seconds):
                stream = await trio.open_tcp_stream(host, port)
        except (OSError, trio.TooSlowError) as error:
            failures.append(f"{address}: {error!r}")
            continue
        try:
            return SocketStream(stream, config.handshake_bytes_max)
        except OSError as error:
            # Gone again before we could ask for its address.
            stream.socket.close()
            failures.append(f"{address}: {error!r}")
    raise LinkEnded(Reason.UNREACHABLE, "; ".join(failures) or "no address is known")
