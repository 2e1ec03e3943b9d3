"""Nodes and attackers on loopback. Attackers are built from the stock library, so that they err in its own ways.

Keys are sorted: of two nodes the one with the lower number dials. An attacker that is to call takes number 0.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import trio
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_new_x25519_key_pair
from libp2p.custom_types import TProtocol
from libp2p.io.trio import TrioTCPStream
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.protocol_muxer.multiselect_client import MultiselectClient
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as NoiseTransport
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID as YAMUX
from libp2p.stream_muxer.yamux.yamux import Yamux, YamuxStream
from libp2p.transport.upgrader import TransportUpgrader

from node.transport.config import TransportConfig
from node.transport.identity import peer_id_of, public_key_of
from node.transport.interface import FrameReceived, Incoming, Peer, PeerDown, PeerKey, PeerName, PeerUp
from node.transport.libp2p_transport import Libp2pTransport

SEEDS = sorted((bytes([number]) * 32 for number in range(1, 9)), key=public_key_of)
KEYS = [public_key_of(seed) for seed in SEEDS]
VOTES = TProtocol("/lugang/votes/1")
BULK = TProtocol("/lugang/bulk/1")
PATIENCE_SECONDS = 20

SHORT = TransportConfig(
    dial_seconds=2.0,
    handshake_seconds=2.0,
    backoff_initial_seconds=0.02,
    backoff_seconds_max=0.2,
    heartbeat_seconds=0.2,
    silent_heartbeats_max=5,
    write_seconds=1.0,
    close_seconds=0.3,
    links_per_second=1000,
    links_burst=1000,
)


def short(**changes: object) -> TransportConfig:
    return replace(SHORT, **changes)  # type: ignore[arg-type]


def peer(number: int, *ports: int) -> Peer:
    """Line `number` of a registry, listening on `ports` of loopback."""
    return Peer(KEYS[number], PeerName(f"n{number}"), tuple(f"/ip4/127.0.0.1/tcp/{port}" for port in ports))


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Node:
    """A transport under test with what it has told so far."""

    def __init__(self, transport: Libp2pTransport) -> None:
        self.transport = transport
        self.seen: list[Incoming] = []
        self._news = trio.Event()

    @property
    def port(self) -> int:
        return self.transport.listening[0][1]

    @property
    def frames(self) -> list[FrameReceived]:
        return [item for item in self.seen if isinstance(item, FrameReceived)]

    async def listen(self) -> None:
        async for item in self.transport.incoming:
            self.seen.append(item)
            self._news.set()
            self._news = trio.Event()

    async def until(self, condition: Callable[[list[Incoming]], bool]) -> None:
        with trio.fail_after(PATIENCE_SECONDS):
            while not condition(self.seen):
                await self._news.wait()

    async def up(self, number: int, times: int = 1) -> None:
        await self.until(lambda seen: seen.count(PeerUp(KEYS[number])) >= times)

    async def down(self, number: int, times: int = 1) -> PeerDown:
        """Wait until the link to `number` has ended so often, and return the last end."""

        def ends(seen: list[Incoming]) -> list[PeerDown]:
            return [item for item in seen if isinstance(item, PeerDown) and item.peer == KEYS[number]]

        await self.until(lambda seen: len(ends(seen)) >= times)
        return ends(self.seen)[times - 1]


@asynccontextmanager
async def running(
    number: int, registry: list[Peer], config: TransportConfig = SHORT, *, consume: bool = True, port: int = 0
) -> AsyncIterator[Node]:
    """Node `number` listening on loopback until the block is left; its mailbox is read unless `consume` is False."""
    transport = Libp2pTransport(SEEDS[number], [f"/ip4/127.0.0.1/tcp/{port}"], registry, config)
    node = Node(transport)
    async with trio.open_nursery() as nursery:
        await nursery.start(transport.run)
        if consume:
            nursery.start_soon(node.listen)
        try:
            yield node
        finally:
            nursery.cancel_scope.cancel()


async def eventually(condition: Callable[[], bool]) -> None:
    """For what announces itself by a count only. Looks again until patience ends, and never assumes a duration."""
    with trio.fail_after(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - a count has no event
            await trio.sleep(0.01)


@dataclass
class Attacker:
    """A stock libp2p connection to a node, with the multiplexer's raw frames in reach."""

    tcp: trio.SocketStream
    yamux: Yamux
    reading: trio.CancelScope
    session_reads: int = 0

    def __post_init__(self) -> None:
        session = self.yamux.secured_conn
        read = session.read

        async def counted(n: int | None = None) -> bytes:
            data = await read(n)
            self.session_reads += 1
            return data

        session.read = counted  # type: ignore[method-assign]

    def stop_reading(self) -> None:
        """Leave the connection open and everything that arrives in the kernel."""
        self.reading.cancel()

    async def raw(self, kind: int, flags: int, stream_id: int, length: int, body: bytes = b"") -> None:
        """One Yamux frame of our own making."""
        await self.yamux._write_frame(struct.pack("!BBHII", 0, kind, flags, stream_id, length) + body)

    async def open(self, protocol: TProtocol) -> YamuxStream:
        stream = await self.yamux.open_stream()
        await MultiselectClient().select_one_of([protocol], MultiselectCommunicator(stream))
        return stream

    async def open_both(self) -> tuple[YamuxStream, YamuxStream]:
        return await self.open(VOTES), await self.open(BULK)

    async def cut_off(self) -> None:
        """Wait until the node has closed this connection."""
        with trio.fail_after(PATIENCE_SECONDS):
            await self.yamux.event_closed.wait()


def upgrader_of(seed: bytes) -> TransportUpgrader:
    noise = NoiseTransport(create_new_key_pair(seed), create_new_x25519_key_pair().private_key)
    return TransportUpgrader({NOISE: noise}, {TProtocol(YAMUX): Yamux})


async def connect(port: int, seed: bytes, victim: PeerKey) -> tuple[trio.SocketStream, Yamux]:
    """TCP, Noise and Yamux as the stock library makes them; the multiplexer is not started yet."""
    tcp = await trio.open_tcp_stream("127.0.0.1", port)
    upgrader = upgrader_of(seed)
    victim_id = peer_id_of(victim)
    session = await upgrader.upgrade_security(RawConnection(TrioTCPStream(tcp), True), True, victim_id)
    muxed = await upgrader.upgrade_connection(session, victim_id)
    assert isinstance(muxed, Yamux)
    return tcp, muxed


@asynccontextmanager
async def attacker(victim: Node, number: int = 0) -> AsyncIterator[Attacker]:
    """Call `victim` as registered peer `number`, or as whoever has that key."""
    with trio.fail_after(PATIENCE_SECONDS):
        tcp, yamux = await connect(victim.port, SEEDS[number], victim.transport.key)
    enemy = Attacker(tcp, yamux, trio.CancelScope())

    async def read() -> None:
        with enemy.reading:
            await yamux.start()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        with trio.fail_after(PATIENCE_SECONDS):
            await yamux.event_started.wait()
        try:
            yield enemy
        finally:
            # Nothing awaits here: a cancellation would take the place of a failed assertion.
            nursery.cancel_scope.cancel()
            tcp.socket.close()


def framed(payload: bytes) -> bytes:
    """A frame as it goes on the wire."""
    return struct.pack("!I", len(payload)) + payload
