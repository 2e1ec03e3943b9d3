"""Catch-up: serves decided blocks to peers that lack them, and fetches those that this node lacks.

Serving reads whole heights from the store and fills one frame. Fetching follows what peers say of their heights, which
is only a hint; whom to ask for what is decided by `consensus.catch_up`. A fetched block goes to ordering, which
verifies its certificate, and its transactions to the mempool, which verifies them as it does all others.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import trio

from consensus import catch_up as rules
from consensus.messages import (
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
    BlockRefused,
    BlocksFromPeer,
    BlockWires,
    CatchUpInbox,
    CaughtUp,
    LinkDown,
    LinkUp,
    MempoolBodies,
    OrderingInbox,
    OwnHeight,
    PeerHeight,
    PeerWantsBlocks,
    SendToPeer,
)
from node.store import Store
from node.watch import Watch

if TYPE_CHECKING:
    from trio_typing import TaskStatus

ANSWER_BYTES_MAX: Final = 1024 * 1024
CLOCK_SECONDS: Final = 0.25
HAND_AGAIN_MS: Final = 10_000
log = logging.getLogger("lugang.catch_up")


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
        self._certify(blocks)
        self._send(peer, Blocks(top, tuple(blocks)))

    def _certify(self, blocks: list[CertifiedBlock]) -> None:
        """The highest certificate of the range goes with its block, so that who catches up need not certify anew."""
        for index in reversed(range(len(blocks))):
            certificate = self._store.certificate(blocks[index].header.height)
            if certificate is not None:
                blocks[index] = replace(blocks[index], checkpoint=certificate)
                return

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
    """The actor: drives `consensus.catch_up`, which decides whom to ask for what."""

    def __init__(
        self,
        *,
        store: Store,
        suite: Suite,
        clock: Clock,
        decided: Watch[int],
        send: SendToPeer,
        bodies: Box[MempoolBodies],
        ordering: Box[OrderingInbox],
        box: Box[CatchUpInbox],
    ) -> None:
        self.box = box
        self._serving = Serving(store, suite, send)
        self._rules = rules.CatchUp(decided.value)
        self._clock = clock
        self._decided = decided
        self._send = send
        self._bodies = bodies
        self._ordering = ordering
        self._handed: CertifiedBlock | None = None
        self._handed_ms = 0
        self._handings = 0

    async def run(self, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._follow_decisions)
            task_status.started()
            while True:
                message = None
                # The clock may cut short the waiting, never the work: a block half handed over would be lost.
                with trio.move_on_after(CLOCK_SECONDS):
                    message = await self.box.receive()
                if message is not None:
                    await self._on_message(message)
                await self._step(rules.Clock(self._clock.now_ms()))
                await self._maybe_hand_again()

    async def _follow_decisions(self) -> None:
        while True:
            self.box.post(OwnHeight(await self._decided.wait_change()))

    async def _on_message(self, message: CatchUpInbox) -> None:
        match message:
            case PeerWantsBlocks(peer, question):
                self._serving.answer(peer, question)
            case BlocksFromPeer(peer, blocks):
                await self._step(rules.BlocksArrived(peer, blocks))
            case PeerHeight(peer, height):
                await self._step(rules.Claim(peer, height))
            case OwnHeight(height):
                await self._step(rules.Progress(height))
            case BlockRefused(number):
                await self._on_refused(number)
            case LinkUp(peer):
                await self._step(rules.SourceUp(peer))
            case LinkDown(peer):
                await self._step(rules.SourceDown(peer))

    async def _step(self, event: rules.CatchUpEvent) -> None:
        for effect in self._rules.step(event):
            match effect:
                case rules.Ask(peer, question):
                    self._send(peer, question)
                case rules.Hand(block):
                    await self._hand(block)
                case rules.DropSource(peer, reason):
                    log.info("source_dropped peer=%s %s", peer.hex()[:16], reason)

    async def _on_refused(self, number: int) -> None:
        """Both who check a block may refuse it; the later word must not hit the block that was handed since."""
        if self._handed is not None and number == self._handings:
            height, self._handed = self._handed.header.height, None
            await self._step(rules.BadBlock(height))

    async def _hand(self, block: CertifiedBlock) -> None:
        """Ordering checks the certificate, the mempool the transactions; what they find false comes back here."""
        self._handed, self._handed_ms = block, self._clock.now_ms()
        self._handings += 1
        try:
            body = BlockBody.decode(block.body)
        except Refused:
            self.box.post(BlockRefused(self._handings))
            return
        await self._ordering.send(CaughtUp(self._handings, body.misbehaviour, block))
        await self._bodies.send(BlockWires(self._handings, body.transactions))

    async def _maybe_hand_again(self) -> None:
        """Nothing came of it and nobody called it false: it may have come while ordering was elsewhere."""
        if self._handed is None or self._clock.now_ms() - self._handed_ms < HAND_AGAIN_MS:
            return
        if self._handed.header.height > self._decided.value:
            await self._hand(self._handed)
        else:
            self._handed = None
