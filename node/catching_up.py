"""Catching up, without IO: what of peers' heights and blocks follows from what, for the actor and for the simulator.

Serving reads whole heights from the store and fills one frame. Fetching follows what peers say of their heights, which
is only a hint; whom to ask for what is decided by `consensus.catch_up`. A fetched block is handed over in two halves
under one number: ordering verifies its certificate, the mempool its transactions; who finds it false says so. Nothing
came of it and nobody called it false: it may have come while ordering was elsewhere, so it is handed over again.

A few blocks are handed over at a time: ordering decides as many as its validators are known for, one sync of its log
covers them all, and while they are executed the transactions of the next are verified.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Protocol

from consensus import catch_up as rules
from consensus.messages import Blocks, CertifiedBlock, CommitCert, GetBlocks, PeerId, decode_message
from ledger.block import BlockBody, Header
from ledger.checkpoint import VALIDATORS_LAG, CheckpointCert
from ledger.crypto import Suite
from ledger.errors import Refused
from node.bodies import AppliedBlocks
from node.messages import (
    BlockRefused,
    BlocksFromPeer,
    BlockWires,
    CatchUpInbox,
    CaughtUp,
    LinkDown,
    LinkUp,
    OwnHeight,
    PeerHeight,
    PeerWantsBlocks,
)

ANSWER_BYTES_MAX: Final = 1024 * 1024
HAND_AGAIN_MS: Final = 10_000
HANDED_BLOCKS_MAX: Final = VALIDATORS_LAG + 1
"""As many as the validators are known for above the executed height, and one more, whose transactions are verified
meanwhile."""


class StoredBlocks(AppliedBlocks, Protocol):
    """The store, as far as it is served from."""

    def decision(self, height: int) -> bytes | None: ...

    def certificate(self, height: int) -> CheckpointCert | None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """To a peer: blocks that it lacks, or a question for those that this node lacks."""

    peer: PeerId
    message: Blocks | GetBlocks


@dataclass(frozen=True, slots=True)
class Handing:
    """To ordering and to the mempool, in this order."""

    block: CaughtUp
    wires: BlockWires


@dataclass(frozen=True, slots=True)
class Handed:
    """A block under way, the number of its handing over, and when that was."""

    number: int
    block: CertifiedBlock
    at_ms: int


CatchingUpEffect = Answer | Handing | rules.DropSource


class Serving:
    """Answers GetBlocks from the store."""

    def __init__(self, store: StoredBlocks, suite: Suite) -> None:
        self._store = store
        self._suite = suite

    def answer(self, question: GetBlocks) -> Blocks:
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
        return Blocks(top, tuple(blocks))

    def _certify(self, blocks: list[CertifiedBlock]) -> None:
        """Certificates go with their blocks, so that who catches up need not sign anew what is certified: the highest
        of the range, and below it one for as many blocks as are decided together before the first is executed."""
        next_height = None
        for index in reversed(range(len(blocks))):
            height = blocks[index].header.height
            if next_height is not None and height > next_height:
                continue
            certificate = self._store.certificate(height)
            if certificate is not None:
                blocks[index] = replace(blocks[index], checkpoint=certificate)
                next_height = height - VALIDATORS_LAG

    def _blocks_from(self, first: int, last: int) -> Iterator[CertifiedBlock]:
        for height in range(first, last + 1):
            header, body = self._store.header(height), self._store.body(height)
            decision = self._store.decision(height)
            if header is None or body is None or decision is None:
                return
            cert = decode_message(decision, self._suite)
            assert isinstance(cert, CommitCert), "a decision is stored with its certificate"
            yield CertifiedBlock(Header.decode(header, self._suite), body, cert)


class CatchingUp:
    def __init__(self, store: StoredBlocks, suite: Suite, decided: int) -> None:
        self._serving = Serving(store, suite)
        self._rules = rules.CatchUp(decided, HANDED_BLOCKS_MAX)
        self._decided = decided
        self._now_ms = 0
        self._handed: dict[int, Handed] = {}
        """By height."""
        self._handings = 0
        self._effects: list[CatchingUpEffect] = []

    @property
    def is_idle(self) -> bool:
        """Nothing is under way that the clock could move."""
        return self._rules.is_idle and not self._handed

    def on(self, message: CatchUpInbox, now_ms: int) -> list[CatchingUpEffect]:
        self._now_ms = now_ms
        match message:
            case PeerWantsBlocks(peer, question):
                self._effects.append(Answer(peer, self._serving.answer(question)))
            case BlocksFromPeer(peer, blocks):
                self._step(rules.BlocksArrived(peer, blocks))
            case PeerHeight(peer, height):
                self._step(rules.Claim(peer, height))
            case OwnHeight(height):
                self._decided = max(self._decided, height)
                self._handed = {above: handed for above, handed in self._handed.items() if above > self._decided}
                self._step(rules.Progress(height))
            case BlockRefused(number):
                self._on_refused(number)
            case LinkUp(peer):
                self._step(rules.SourceUp(peer))
            case LinkDown(peer):
                self._step(rules.SourceDown(peer))
        return self._take_effects()

    def on_clock(self, now_ms: int) -> list[CatchingUpEffect]:
        """Several times a second."""
        self._now_ms = now_ms
        self._step(rules.Clock(now_ms))
        for handed in [handed for handed in self._handed.values() if now_ms - handed.at_ms >= HAND_AGAIN_MS]:
            self._hand(handed.block)
        return self._take_effects()

    def _take_effects(self) -> list[CatchingUpEffect]:
        effects, self._effects = self._effects, []
        return effects

    def _step(self, event: rules.CatchUpEvent) -> None:
        for effect in self._rules.step(event):
            match effect:
                case rules.Ask(peer, question):
                    self._effects.append(Answer(peer, question))
                case rules.Hand(block):
                    self._hand(block)
                case rules.DropSource():
                    self._effects.append(effect)

    def _on_refused(self, number: int) -> None:
        """Both who check a block may refuse it; the later word must not hit the block that was handed since."""
        refused = next((height for height, handed in self._handed.items() if handed.number == number), None)
        if refused is not None:
            # Those above come again when this one has come from somebody else.
            self._handed = {height: handed for height, handed in self._handed.items() if height < refused}
            self._step(rules.BadBlock(refused))

    def _hand(self, block: CertifiedBlock) -> None:
        self._handings += 1
        self._handed[block.header.height] = Handed(self._handings, block, self._now_ms)
        try:
            body = BlockBody.decode(block.body)
        except Refused:
            self._on_refused(self._handings)
            return
        handed = CaughtUp(self._handings, body.misbehaviour, block)
        self._effects.append(Handing(handed, BlockWires(self._handings, body.transactions)))
