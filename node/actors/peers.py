"""The peers actor: takes frames from the links, decodes them and puts each into the box of the actor it is for.

It owns nothing but the routing. Budgets, framing, heartbeat and the lives of links are the transport's. A frame that
does not decode is counted against its peer and dropped; nothing a peer sends can raise past here. Messages for ordering
wait for room in its box, so a busy engine slows the links down; transactions do not wait (their sender keeps them and
sends them again), so a full mempool never holds up votes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import trio

from consensus.messages import (
    Blocks,
    Bodies,
    GetBlocks,
    GetBodies,
    GetOutcome,
    GetTransactions,
    Manifest,
    Outcome,
    PeerId,
    PeerMessage,
    RoundState,
    Status,
    TxBatch,
    decode_message,
)
from ledger.crypto import Suite
from ledger.errors import PeerFault
from node.board import Board, PeerSeen
from node.box import Box
from node.clock import Clock
from node.directory import Directory
from node.messages import (
    BlocksFromPeer,
    CatchUpInbox,
    FromPeer,
    LinkDown,
    LinkUp,
    ManifestFromPeer,
    MempoolBodies,
    MempoolControl,
    MempoolIntake,
    OrderingInbox,
    OutcomeFromPeer,
    PeerBodies,
    PeerHeight,
    PeerTransactions,
    PeerWantsBlocks,
    PeerWantsBodies,
    PeerWantsTransactions,
)
from node.transport.interface import FrameReceived, Incoming, PeerUp, Transport

if TYPE_CHECKING:
    from trio_typing import TaskStatus

STATISTICS_SECONDS: Final = 1
TOGETHER_FRAMES_MAX: Final = 32
TOGETHER_BYTES_MAX: Final = 64 * 1024
"""Decoding costs up to 0.2 µs a byte, the largest frame nearly a second: after such a one it is the others' turn."""

WISHES_WAITING_MAX: Final = 64
"""To ask for blocks costs a peer far less than the answer costs us: more wishes than a second answers are dropped, and
never waited for, since what waits here keeps everybody's votes waiting. Who asked asks another, or again."""


class Peers:
    def __init__(
        self,
        *,
        transport: Transport,
        directory: Directory,
        suite: Suite,
        board: Board,
        blame: Callable[[PeerId, str], None],
        clock: Clock,
        ordering: Box[OrderingInbox],
        mempool_door: Box[MempoolIntake],
        mempool_bodies: Box[MempoolBodies],
        mempool_control: Box[MempoolControl],
        catch_up: Box[CatchUpInbox],
    ) -> None:
        self._transport = transport
        self._directory = directory
        self._suite = suite
        self._board = board
        self._blame = blame
        self._clock = clock
        self._ordering = ordering
        self._door = mempool_door
        self._bodies = mempool_bodies
        self._control = mempool_control
        self._catch_up = catch_up

    async def run(self, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._publish_statistics)
            task_status.started()
            with suppress(trio.EndOfChannel):
                await self._route_all()
            nursery.cancel_scope.cancel()

    async def _route_all(self) -> None:
        """Small frames that came in together are routed in one turn, for a turn costs as much as a vote."""
        incoming = self._transport.incoming
        while True:
            item = await incoming.receive()
            size = _size_of(item)
            await self._on_incoming(item)
            for _ in range(TOGETHER_FRAMES_MAX):
                if size > TOGETHER_BYTES_MAX:
                    break
                try:
                    item = incoming.receive_nowait()
                except trio.WouldBlock:
                    break
                size += _size_of(item)
                await self._on_incoming(item)

    async def _publish_statistics(self) -> None:
        while True:
            self._board.transport = self._transport.statistics()
            await trio.sleep(STATISTICS_SECONDS)

    async def _on_incoming(self, incoming: Incoming) -> None:
        peer = self._directory.peer_id(incoming.peer)
        if peer is None:
            return
        if isinstance(incoming, FrameReceived):
            try:
                message = decode_message(incoming.payload, self._suite)
            except PeerFault as fault:
                self._blame(peer, fault.code)
                return
            await self._route(peer, message)
            return
        self._board.transport = self._transport.statistics()
        notice = LinkUp(peer) if isinstance(incoming, PeerUp) else LinkDown(peer)
        await self._control.send(notice)
        await self._ordering.send(notice)
        await self._catch_up.send(notice)

    async def _route(self, peer: PeerId, message: PeerMessage) -> None:
        match message:
            case TxBatch(wires):
                self._count_full("door_full", taken=self._door.offer(PeerTransactions(peer, wires)))
            case Bodies(_, block_hash, wires):
                self._count_full("bodies_full", taken=self._bodies.offer(PeerBodies(peer, block_hash, wires)))
            case GetBodies():
                await self._ordering.send(PeerWantsBodies(peer, message))
            case GetTransactions():
                await self._control.send(PeerWantsTransactions(peer))
            case Manifest():
                await self._ordering.send(ManifestFromPeer(peer, message))
            case GetOutcome() | Outcome():
                await self._ordering.send(OutcomeFromPeer(peer, message))
            case GetBlocks():
                wish = PeerWantsBlocks(peer, message)
                self._count_full("blocks_wanted_full", taken=self._catch_up.offer(wish, WISHES_WAITING_MAX))
            case Blocks():
                await self._catch_up.send(BlocksFromPeer(peer, message))
            case RoundState(height=height, certified=certified):
                self._note_heights(peer, height - 1, certified)
                await self._catch_up.send(PeerHeight(peer, height - 1))
                await self._ordering.send(FromPeer(peer, message))
            case Status(key=key, observer=observer) if key == self._directory.key_of(peer):
                self._note_observer(peer, observer=observer)
                await self._ordering.send(FromPeer(peer, message))
            case _:
                await self._ordering.send(FromPeer(peer, message))

    def _note_heights(self, peer: PeerId, height: int, certified: int) -> None:
        key = self._directory.transport_key(peer)
        if key is not None:
            before = self._board.peers.get(key)
            observer = None if before is None else before.observer
            self._board.peers[key] = PeerSeen(height, certified, observer, self._clock.wall_ms())

    def _note_observer(self, peer: PeerId, *, observer: bool) -> None:
        key = self._directory.transport_key(peer)
        if key is not None and (before := self._board.peers.get(key)) is not None:
            self._board.peers[key] = replace(before, observer=observer)

    def _count_full(self, box: str, *, taken: bool) -> None:
        """No fault of the peer, but the operator should see that what it sent was dropped."""
        if not taken:
            self._board.peer_faults[box] += 1


def _size_of(item: Incoming) -> int:
    return len(item.payload) if isinstance(item, FrameReceived) else 0
