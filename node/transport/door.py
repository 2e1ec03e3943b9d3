"""Where sockets come in: few may stand in the door at a time, and none for long (guard 11).

Whoever opens sockets and says nothing cannot lock others out: where the door is full, the longest-standing socket of
the address that holds most of it makes room. The handshake itself is bounded in time and bytes (`upgrade`).
"""

from __future__ import annotations

import errno
import ipaddress
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import trio
from libp2p.peer.id import ID

from node.transport.config import TransportConfig
from node.transport.errors import LinkEnded
from node.transport.interface import Reason
from node.transport.logs import LineBudget, log, stranger_log
from node.transport.muxing import GuardedYamux
from node.transport.socket_stream import SocketStream
from node.transport.upgrade import Upgrader

_NO_CAPACITY: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
"""Passing shortages of the host: the sockets wait in the kernel until others close."""
_CAPACITY_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Visitor:
    address: str
    scope: trio.CancelScope


class Door:
    """Turns accepted sockets into authenticated connections and hands them in; refuses everybody else."""

    def __init__(
        self,
        upgrader: Upgrader,
        config: TransportConfig,
        check: Callable[[ID], None],
        hand_in: Callable[[ID, GuardedYamux], None],
    ) -> None:
        self._upgrader = upgrader
        self._config = config
        self._check = check
        self._hand_in = hand_in
        self._networks = tuple(ipaddress.ip_network(network) for network in config.allowed_networks)
        self._visitors: list[_Visitor] = []
        self._lines = LineBudget(config.library_log_lines_per_minute)
        self.accepted = 0
        self.refused: Counter[Reason] = Counter()

    @property
    def half_open(self) -> int:
        return len(self._visitors)

    async def serve(self, listener: trio.SocketListener) -> None:
        """Accept until cancelled. Not trio's own server: that closes each socket when its handler returns, and ours
        outlives the handshake."""
        async with trio.open_nursery() as nursery:
            while True:
                try:
                    stream = await listener.accept()
                except OSError as error:
                    if error.errno not in _NO_CAPACITY:
                        raise
                    log.warning("cannot accept: %s", error)
                    await trio.sleep(_CAPACITY_PAUSE_SECONDS)
                    continue
                nursery.start_soon(self._admit, stream)

    async def _admit(self, stream: trio.SocketStream) -> None:
        """Serve one accepted socket until it is somebody's connection or closed. Never raises for what it does."""
        self.accepted += 1
        try:
            socket = SocketStream(stream, self._config.handshake_bytes_max)
        except OSError:
            # Gone before we could ask for its address.
            stream.socket.close()
            return
        try:
            await self._identify(socket)
        except LinkEnded as refusal:
            self.refused[refusal.reason] += 1
            if self._lines.may_pass():
                stranger_log.info("refused %s: %s", socket.get_remote_address(), refusal)
            socket.abort()
        except BaseException:
            socket.abort()
            raise

    async def _identify(self, socket: SocketStream) -> None:
        remote = socket.get_remote_address()
        assert remote is not None
        address = remote[0]
        if self._networks and not any(ipaddress.ip_address(address) in network for network in self._networks):
            raise LinkEnded(Reason.ADDRESS_REFUSED, address)
        visitor = _Visitor(address, trio.CancelScope())
        self._make_room()
        self._visitors.append(visitor)
        try:
            with visitor.scope:
                muxer = await self._upgrader.inbound(socket, self._check)
                self._hand_in(muxer.peer_id, muxer)
            if visitor.scope.cancelled_caught:
                raise LinkEnded(Reason.HALF_OPEN_EVICTED, f"{self._config.half_open_max} half-open sockets")
        finally:
            if visitor in self._visitors:
                self._visitors.remove(visitor)

    def _make_room(self) -> None:
        if len(self._visitors) < self._config.half_open_max:
            return
        crowd, _ = Counter(visitor.address for visitor in self._visitors).most_common(1)[0]
        oldest = next(visitor for visitor in self._visitors if visitor.address == crowd)
        oldest.scope.cancel()
        self._visitors.remove(oldest)
