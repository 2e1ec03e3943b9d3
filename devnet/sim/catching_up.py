"""Catching up and serving those that do: `consensus.catch_up` decides whom to ask for what, this drives it."""

from __future__ import annotations

from typing import Final

from consensus import catch_up as rules
from consensus.events import BodyArrived, Received
from consensus.messages import Blocks, CertifiedBlock, GetBlocks, OrderingMessage, PeerId
from consensus.verify import NotYet, Verified
from devnet.sim.stage import Driver, Stage
from ledger.block import BlockBody
from ledger.errors import PeerFault
from node.held_blocks import make_block

CATCH_UP: Final = PeerId(b"catch-up")
HAND_AGAIN_MS: Final = 2_000


class CatchingUp:
    def __init__(self, stage: Stage, node: Driver, decided: int) -> None:
        self._stage, self._node = stage, node
        self._rules = rules.CatchUp(decided)
        self._handed: tuple[CertifiedBlock, int] | None = None

    @property
    def is_busy(self) -> bool:
        return not self._rules.is_idle or self._handed is not None

    def serve(self, peer: PeerId, question: GetBlocks) -> None:
        disk = self._node.disk
        rows = disk.rows[question.first - 1 : question.first - 1 + question.count]
        served = tuple(CertifiedBlock(row.block.header, row.block.body, row.proof) for row in rows)
        self._node.say(peer, Blocks(disk.applied, served))

    def on(self, event: rules.CatchUpEvent) -> None:
        self._step(event)
        if not self._rules.is_idle:
            self._node.keep_house()

    def _step(self, event: rules.CatchUpEvent) -> None:
        for effect in self._rules.step(event):
            match effect:
                case rules.Ask(peer, question):
                    self._node.say(peer, question)
                case rules.Hand(block):
                    self._hand(block)
                case rules.DropSource(_, reason):
                    self._stage.note(f"{self._node.index} ! source dropped: {reason}")

    def _hand(self, block: CertifiedBlock) -> None:
        """Verify, hold the body, and let the engine decide; it will find the body held."""
        node, height = self._node, block.header.height
        self._handed = (block, self._stage.now)
        if height != node.delivered + 1:
            return
        try:
            verified: Verified[OrderingMessage] = node.verifier.verify(block.cert, node.engine.validators)
            contents = BlockBody.decode(block.body)
            transactions = tuple(self._stage.transactions[wire] for wire in contents.transactions)
            held = make_block(self._stage.suite, block.header, transactions, contents.misbehaviour)
            if held.block_hash != block.cert.block_hash:
                raise PeerFault("BYT-BODY", "a certificate of another block")
        except NotYet:
            return
        except PeerFault:
            self._handed = None
            self.on(rules.BadBlock(height))
            return
        node.blocks.keep(held)
        node.step(Received(CATCH_UP, verified))
        node.step(BodyArrived(height, held.block_hash, held.header))

    def on_house(self) -> None:
        """A block that was handed over and came to nothing is handed over again."""
        self._step(rules.Clock(self._stage.now))
        handed = self._handed
        if handed is not None and handed[0].header.height <= self._node.delivered:
            self._handed = None
        elif handed is not None and self._stage.now - handed[1] >= HAND_AGAIN_MS:
            self._hand(handed[0])
