"""A transport within one process, for tests: the interface of `node.transport.interface` over plain queues.

`MemoryNetwork` joins the transports of one test. Links can be cut and joined again; frames of a cut link are lost, both
ends are told, and order is kept, as the interface promises.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import trio

from node.transport.interface import (
    Channel,
    FrameReceived,
    Incoming,
    Peer,
    PeerDown,
    PeerKey,
    PeerUp,
    Priority,
    Reason,
    Sent,
)
from node.transport.statistics import TransportStatistics


class MemoryInbox(AsyncIterator[Incoming]):
    def __init__(self) -> None:
        self.send, self._receive = trio.open_memory_channel[Incoming](100_000)

    async def receive(self) -> Incoming:
        return await self._receive.receive()

    def receive_nowait(self) -> Incoming:
        return self._receive.receive_nowait()

    def __aiter__(self) -> AsyncIterator[Incoming]:
        return self

    async def __anext__(self) -> Incoming:
        try:
            return await self._receive.receive()
        except trio.EndOfChannel:
            raise StopAsyncIteration from None


class MemoryTransport:
    def __init__(self, network: MemoryNetwork, key: PeerKey) -> None:
        self.key = key
        self.incoming = MemoryInbox()
        self._network = network
        self.registries: list[tuple[Peer, ...]] = []
        self.cut: dict[PeerKey, float] = {}
        self.frames = 0
        self.bytes = 0

    async def run(self, *, task_status=trio.TASK_STATUS_IGNORED) -> None:
        self._network.join(self)
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            self._network.leave(self)

    def send_nowait(self, peer: PeerKey, channel: Channel, frame: bytes, priority: Priority) -> Sent:
        self.frames += 1
        self.bytes += len(frame)
        return self._network.carry(self.key, peer, FrameReceived(self.key, channel, frame))

    def set_registry(self, peers: Iterable[Peer]) -> None:
        """Noted alone: pairs are linked whoever they are."""
        self.registries.append(tuple(peers))

    def cut_off(self, peer: PeerKey, seconds: float) -> None:
        self.cut[peer] = seconds
        self._network.part(self.key, peer)

    def connected(self) -> tuple[PeerKey, ...]:
        return self._network.linked_to(self.key)

    def statistics(self) -> TransportStatistics:
        return TransportStatistics((), 0, 0, (), 0)


class MemoryNetwork:
    """Who is here, and which pairs are cut."""

    def __init__(self) -> None:
        self._here: dict[PeerKey, MemoryTransport] = {}
        self._cut: set[frozenset[PeerKey]] = set()

    def join(self, transport: MemoryTransport) -> None:
        for other in self._here.values():
            if frozenset((other.key, transport.key)) not in self._cut:
                other.incoming.send.send_nowait(PeerUp(transport.key))
                transport.incoming.send.send_nowait(PeerUp(other.key))
        self._here[transport.key] = transport

    def leave(self, transport: MemoryTransport) -> None:
        del self._here[transport.key]
        for other in self._here.values():
            other.incoming.send.send_nowait(PeerDown(transport.key, Reason.PEER_CLOSED))

    def part(self, one: PeerKey, other: PeerKey) -> None:
        self._cut.add(frozenset((one, other)))
        for key, lost in ((one, other), (other, one)):
            self._here[key].incoming.send.send_nowait(PeerDown(lost, Reason.FAULTY))

    def heal(self) -> None:
        for pair in self._cut:
            one, other = (self._here[key] for key in pair)
            one.incoming.send.send_nowait(PeerUp(other.key))
            other.incoming.send.send_nowait(PeerUp(one.key))
        self._cut.clear()

    def linked_to(self, key: PeerKey) -> tuple[PeerKey, ...]:
        return tuple(other for other in self._here if other != key and frozenset((other, key)) not in self._cut)

    def carry(self, source: PeerKey, target: PeerKey, frame: FrameReceived) -> Sent:
        if target not in self._here or frozenset((source, target)) in self._cut:
            return Sent.NOT_CONNECTED
        try:
            self._here[target].incoming.send.send_nowait(frame)
        except trio.WouldBlock:
            return Sent.QUEUE_FULL
        return Sent.QUEUED
