"""What a dishonest validator does: it runs the honest engine and says something else.

A twin is two processes with one key; its mask only keeps the engine from noticing its double. A meddler changes, keeps
back, repeats or adds to what its engine says, each receiver separately, and signs whatever it likes with its own key.
Nobody can sign with another's (`tokens`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from consensus.messages import (
    BlockHash,
    CheckpointVote,
    Newest,
    OrderingMessage,
    PeerMessage,
    Proposal,
    RoundState,
    Vote,
    VoteKind,
)
from consensus.misbehaviour import claim_of
from devnet.sim.network import phase_of
from devnet.sim.prng import Prng
from devnet.sim.stage import Host, Stage
from node.held_blocks import HeldBlock, make_block

REPLAYED_MAX: Final = 64
WITHHELD_PERCENT: Final = 35
ROUNDS_AHEAD_MAX: Final = 1_000
FLOOD_MESSAGES: Final = 8
VALUES_MAX: Final = 3


class Mask:
    """Between a dishonest key's engine and the others."""

    host: Host
    """Who wears it; set when it is put on."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def says(self, target: int, message: PeerMessage) -> list[PeerMessage]:  # noqa: ARG002 - a twin says the same to all
        return [message]

    def hears(self, message: OrderingMessage) -> bool:
        """An honest engine that hears of its double stops voting; this one would rather not know."""
        if isinstance(message, Newest):
            return message.message is None
        return not isinstance(message, (Vote, Proposal)) or not self._is_own(message)

    def _is_own(self, message: Vote | Proposal | CheckpointVote) -> bool:
        rows = self.stage.validators_at(message.height).rows
        return message.validator < len(rows) and rows[message.validator].key == self.host.key


class Meddler(Mask):
    def __init__(self, stage: Stage, habits: tuple[str, ...], draw: Prng) -> None:
        super().__init__(stage)
        self._habits, self._draw = habits, draw
        self._said: list[PeerMessage] = []
        self._values: dict[int, list[BlockHash]] = {}
        self._choices: dict[tuple[object, ...], int] = {}
        self._doubles: dict[BlockHash, HeldBlock | None] = {}

    def says(self, target: int, message: PeerMessage) -> list[PeerMessage]:
        if "withhold" in self._habits and self._choice("withhold", phase_of(message), target) < WITHHELD_PERCENT:
            return []
        said = self._twisted(target, message)
        if "replay" in self._habits:
            self._said = [*self._said[-REPLAYED_MAX:], message]
            if self._draw.chance(15):
                said.append(self._draw.pick(self._said))
        if "inflate" in self._habits and isinstance(message, (Vote, RoundState)) and self._draw.chance(20):
            said += [self._inflated(message) for _ in range(FLOOD_MESSAGES)]
        return said

    def hears(self, message: OrderingMessage) -> bool:
        if isinstance(message, Proposal):
            self._learn(message)
        return super().hears(message)

    def _choice(self, *about: object) -> int:
        """0 … 99, drawn once for each thing decided about: what is kept back from somebody stays kept back."""
        known = self._choices.get(about)
        if known is None:
            known = self._choices[about] = self._draw.below(100)
        return known

    def _learn(self, proposal: Proposal) -> None:
        values = self._values.setdefault(proposal.height, [])
        block_hash = proposal.header.hash(self.stage.suite)
        if block_hash not in values and len(values) < VALUES_MAX:
            values.append(block_hash)

    def _twisted(self, target: int, message: PeerMessage) -> list[PeerMessage]:
        if isinstance(message, Vote) and "equivocate" in self._habits and self._is_own(message):
            return self._votes(target, message)
        if isinstance(message, Proposal):
            self._learn(message)
            if "split_blocks" in self._habits and message.valid_round is None and self._is_own(message):
                return self._proposals(target, message)
        return [message]

    def _votes(self, target: int, vote: Vote) -> list[PeerMessage]:
        choice = self._choice("vote", vote.height, vote.round, vote.kind, target)
        values: list[BlockHash | None] = [None, *self._values.get(vote.height, ())]
        other = self._resigned(vote, values[choice % len(values)])
        if choice < 40:
            return [vote]
        return [other] if choice < 80 else [vote, other]

    def _resigned(self, vote: Vote, block_hash: BlockHash | None) -> Vote:
        changed = replace(vote, block_hash=block_hash)
        digest = self.stage.domain.of_vote(self._valset_hash(vote.height), changed)
        return replace(changed, signature=self._sign(digest))

    def _valset_hash(self, height: int) -> bytes:
        return self.stage.validators_at(height).hash(self.stage.suite)

    def _sign(self, digest: bytes) -> bytes:
        return self.host.hand.sign(digest)

    def _proposals(self, target: int, proposal: Proposal) -> list[PeerMessage]:
        choice = self._choice("proposal", proposal.height, proposal.round, target)
        double = self._double(proposal) if choice >= 40 else None
        if double is None:
            return [proposal]
        changed = replace(proposal, header=double.header)
        digest = self.stage.domain.proposal(self._valset_hash(proposal.height), claim_of(self.stage.domain, changed))
        other = replace(changed, signature=self._sign(digest))
        manifest: list[PeerMessage] = [double.manifest()] if choice % 2 else []
        self._learn(other)
        return [*manifest, other] if choice < 80 else [proposal, *manifest, other]

    def _double(self, proposal: Proposal) -> HeldBlock | None:
        """Another block for the same turn: the same but for its time. It can be fetched from here like the first."""
        block_hash = proposal.header.hash(self.stage.suite)
        if block_hash not in self._doubles:
            blocks = self.host.blocks
            first, double = blocks.get(block_hash), None
            if first is not None:
                header = replace(first.header, time=first.header.time + 1)
                double = make_block(self.stage.suite, header, first.transactions, first.misbehaviour)
                blocks.keep(double)
            self._doubles[block_hash] = double
        return self._doubles[block_hash]

    def _inflated(self, message: Vote | RoundState) -> PeerMessage:
        """A round far ahead; now and then of the next height."""
        ahead = message.round + 1 + self._draw.below(ROUNDS_AHEAD_MAX)
        if isinstance(message, RoundState):
            return replace(message, round=ahead, have=())
        if not self._is_own(message):
            return message
        height = message.height + self._draw.below(2)
        kind = self._draw.pick((VoteKind.PREVOTE, VoteKind.PRECOMMIT))
        rows = self.stage.validators_at(height)
        mine = rows.index_of(self.host.key)
        if mine is None:
            return message
        return self._resigned(replace(message, kind=kind, height=height, round=ahead, validator=mine), None)
