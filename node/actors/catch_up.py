"""Catch-up: serves decided blocks to peers that lack them, and fetches those that this node lacks.

Serving reads whole heights from the store and fills one frame. Fetching follows what peers say of their heights, which
is only a hint: a block counts when its certificate has been verified, and the engine alone owns the decided height, so
blocks are handed to ordering one window at a time and asked for again when nothing comes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import trio

from consensus.messages import (
    BLOCKS_COUNT_MAX,
    Blocks,
    CertifiedBlock,
    CommitCert,
    GetBlocks,
    PeerId,
    decode_message,
)
from ledger.block import BlockBody, Header
from ledger.crypto import Suite
from ledger.errors import Refused
from node.box import Box
from node.clock import Clock
from node.messages import (
    BlocksFromPeer,
    BlockWires,
    CatchUpInbox,
    CaughtUp,
    LinkDown,
    LinkUp,
    MempoolIntake,
    OrderingInbox,
    PeerHeight,
    PeerWantsBlocks,
    SendToPeer,
)
from node.store import Store
from node.watch import Watch

if TYPE_CHECKING:
    from trio_typing import TaskStatus

INBOX_MESSAGES_MAX: Final = 2_048
ANSWER_BYTES_MAX: Final = 1024 * 1024
LAG_HEIGHTS: Final = 1
"""A peer one height ahead is no reason to ask: its messages of that height are on their way."""
ASK_CHECK_SECONDS: Final = 0.2
ASK_MOVING_MS: Final = 20
ASK_AGAIN_MS: Final = 1_000
DECIDE_SECONDS: Final = 3


class Serving:
    """Answers GetBlocks from the store."""

    def __init__(self, store: Store, suite: Suite, send: SendToPeer) -> None:
        self._store = store
        self._suite = suite
        self._send = send

    def answer(self, peer: PeerId, question: GetBlocks) -> None:
        applied = self._store.applied
        top = 0 if applied is None else applied.height
        blocks: list[CertifiedBlock] = []
        size = 0
        for block in self._blocks_from(question.first, min(top, question.first + question.count - 1)):
            size += len(block.body)
            if blocks and size > ANSWER_BYTES_MAX:
                break
            blocks.append(block)
        self._send(peer, Blocks(top, tuple(blocks)))

    def _blocks_from(self, first: int, last: int) -> Iterator[CertifiedBlock]:
        for height in range(first, last + 1):
            header, body = self._store.header(height), self._store.body(height)
            decision = self._store.decision(height)
            if header is None or body is None or decision is None:
                return
            cert = decode_message(decision, self._suite)
            assert isinstance(cert, CommitCert), "a decision is stored with its certificate"
            yield CertifiedBlock(Header.decode(header, self._suite), body, cert)


class CatchUp:
    """The actor: one box, answers and questions."""

    def __init__(
        self,
        *,
        store: Store,
        suite: Suite,
        clock: Clock,
        decided: Watch[int],
        send: SendToPeer,
        door: Box[MempoolIntake],
        ordering: Box[OrderingInbox],
    ) -> None:
        self.box: Box[CatchUpInbox] = Box(INBOX_MESSAGES_MAX)
        self._serving = Serving(store, suite, send)
        self._clock = clock
        self._send = send
        self._door = door
        self._ordering = ordering
        self._hash = suite.hasher("block")
        self._watch = decided
        self._claims: dict[PeerId, int] = {}
        self._asked_ms = 0
        self._asked_at = -1
        self._turn = 0

    async def run(self, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        while True:
            with trio.move_on_after(ASK_CHECK_SECONDS):
                await self._on_message(await self.box.receive())
            self._maybe_ask()

    async def _on_message(self, message: CatchUpInbox) -> None:
        match message:
            case PeerWantsBlocks(peer, question):
                self._serving.answer(peer, question)
            case BlocksFromPeer(peer, blocks):
                await self._on_blocks(peer, blocks)
            case PeerHeight(peer, height):
                self._claims[peer] = height
            case LinkUp():
                pass
            case LinkDown(peer):
                self._claims.pop(peer, None)

    @property
    def _decided(self) -> int:
        return self._watch.value

    def _maybe_ask(self) -> None:
        """Ask the next peer that claims more than ordering will reach by itself, one question at a time."""
        now = self._clock.now_ms()
        ahead = sorted(peer for peer, height in self._claims.items() if height > self._decided + LAG_HEIGHTS)
        moved = self._asked_at != self._decided
        if not ahead or now - self._asked_ms < (ASK_MOVING_MS if moved else ASK_AGAIN_MS):
            return
        self._asked_ms, self._asked_at = now, self._decided
        self._turn += 1
        self._send(ahead[self._turn % len(ahead)], GetBlocks(self._decided + 1, BLOCKS_COUNT_MAX))

    async def _on_blocks(self, peer: PeerId, blocks: Blocks) -> None:
        """Hand over in height order, each only when the one below is decided."""
        for block in blocks.blocks:
            if block.header.height <= self._decided:
                continue
            try:
                wires = BlockBody.decode(block.body).transactions
            except Refused:
                self._claims.pop(peer, None)
                return
            block_hash = self._hash(block.header.encode())
            await self._ordering.send(CaughtUp(peer, block.header, block.body, block.cert))
            await self._door.send(BlockWires(block.header.height, block_hash, wires))
            if not await self._wait_decided(block.header.height):
                return

    async def _wait_decided(self, height: int) -> bool:
        with trio.move_on_after(DECIDE_SECONDS):
            await self._watch.wait_for(lambda decided: decided >= height)
            return True
        return False
