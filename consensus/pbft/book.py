"""Everything signed that is held of one height, within limits.

Kept until the height is decided: votes and proposals of all rounds up to the own one. Of the rounds above it, for each
signer only the two highest that it has signed in (H6), so that nobody can fill the memory with rounds to come. Two
proposals of a (height, round) are kept (H3): a traitor proposes one block to some and another to others, and the quorum
may form for the one that came second.

The same book serves the height above the one being decided, whose messages come early: there every round is to come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from consensus.messages import HAVE_COUNT_MAX, BlockHash, Have, Height, Proposal, ProposalClaim, Round, Vote, VoteKind
from consensus.pbft.votes import Tally
from consensus.validator_window import HeightValidators

FUTURE_ROUNDS_MAX: Final = 2
PROPOSALS_PER_ROUND_MAX: Final = 2


class _Round:
    """One round's proposals and votes."""

    __slots__ = ("proposals", "tallies")

    def __init__(self, count: int, quorum: int) -> None:
        self.proposals: list[tuple[Proposal, ProposalClaim]] = []
        self.tallies = {kind: Tally(count, quorum) for kind in VoteKind}


class Book:
    def __init__(self, height: Height, validators: HeightValidators) -> None:
        self.height, self.validators = height, validators
        self._count, self._quorum = validators.quorum.n, validators.quorum.q
        self._rounds: dict[Round, _Round] = {}
        self._round: Round = -1
        self._future: dict[int, list[Round]] = {}
        self._highest: dict[int, Round] = {}
        self._jump_to: Round = -1
        self.polkas: dict[Round, BlockHash] = {}
        """Rounds with a quorum of prevotes for a block."""
        self.commit: tuple[Round, BlockHash] | None = None
        """The round and block with a quorum of precommits, once there is one."""

    # putting in

    def enter(self, round_: Round) -> None:
        """The own round is `round_` now: what is at or below it is no longer limited by signer."""
        self._round = round_
        for validator, rounds in self._future.items():
            self._future[validator] = [far for far in rounds if far > round_]

    def add_vote(self, vote: Vote, *, certified: bool = False) -> bool:
        """Keep and count a verified vote; False when known or beyond the limits. `certified`: inside a certificate."""
        self._note(vote.validator, vote.round)
        if not certified and not self._make_room(vote.validator, vote.round):
            return False
        tally = self.tally(vote.round, vote.kind)
        if not tally.add(vote, certified=certified):
            return False
        if tally.block is not None and tally.block == vote.block_hash:
            self._on_quorum(vote.kind, vote.round, tally.block)
        return True

    def add_proposal(self, proposal: Proposal, claim: ProposalClaim) -> bool:
        """Keep a verified proposal and the polka in it (H2); False when it is known or one too many."""
        self._note(proposal.validator, proposal.round)
        if not self._make_room(proposal.validator, proposal.round):
            return False
        held = self._at(proposal.round).proposals
        theirs = sum(known.validator == claim.validator for _, known in held)
        if theirs >= PROPOSALS_PER_ROUND_MAX or self.holds_proposal(claim):
            return False
        held.append((proposal, claim))
        if proposal.polka is not None:
            self.add_certified(proposal.polka.votes(self._count))
        return True

    def add_certified(self, votes: tuple[Vote, ...]) -> None:
        """The votes inside a verified certificate: not limited by signer, since a quorum stands behind them."""
        for vote in votes:
            self.add_vote(vote, certified=True)

    def keep_proposers(self, proposer_at: Callable[[Round], int]) -> None:
        """The tip below is decided, so whose turn it is is known: early proposals of others go."""
        for round_, held in self._rounds.items():
            held.proposals = [entry for entry in held.proposals if entry[1].validator == proposer_at(round_)]

    def _note(self, validator: int, round_: Round) -> None:
        if round_ > self._highest.get(validator, -1):
            self._highest[validator] = round_
            ranked = sorted(self._highest.values(), reverse=True)
            t = self.validators.quorum.t
            self._jump_to = ranked[t - 1] if len(ranked) >= t else -1

    def _make_room(self, validator: int, round_: Round) -> bool:
        """Of the rounds above the own one keep the signer's two highest."""
        if round_ <= self._round:
            return True
        rounds = self._future.setdefault(validator, [])
        if round_ not in rounds:
            rounds.append(round_)
            rounds.sort()
            if len(rounds) > FUTURE_ROUNDS_MAX:
                self._forget(validator, rounds.pop(0))
        return round_ in rounds

    def _forget(self, validator: int, round_: Round) -> None:
        held = self._rounds.get(round_)
        if held is None:
            return
        held.proposals = [entry for entry in held.proposals if entry[0].validator != validator]
        for tally in held.tallies.values():
            if tally.block is None and not tally.nil:
                tally.drop(validator)
        if not held.proposals and not any(tally.signers for tally in held.tallies.values()):
            del self._rounds[round_]

    def _on_quorum(self, kind: VoteKind, round_: Round, block_hash: BlockHash) -> None:
        if kind is VoteKind.PREVOTE:
            self.polkas.setdefault(round_, block_hash)
        elif self.commit is None:
            self.commit = (round_, block_hash)

    def _at(self, round_: Round) -> _Round:
        held = self._rounds.get(round_)
        if held is None:
            held = self._rounds[round_] = _Round(self._count, self._quorum)
        return held

    # asking

    def tally(self, round_: Round, kind: VoteKind) -> Tally:
        return self._at(round_).tallies[kind]

    def proposal(self, round_: Round) -> tuple[Proposal, ProposalClaim] | None:
        """The first one held: the one that is voted on."""
        held = self._rounds.get(round_)
        return held.proposals[0] if held is not None and held.proposals else None

    def proposals_of(self, round_: Round) -> list[Proposal]:
        held = self._rounds.get(round_)
        return [] if held is None else [proposal for proposal, _ in held.proposals]

    def has_proposal(self) -> bool:
        """Is a proposal of any round held?"""
        return any(held.proposals for held in self._rounds.values())

    def first_claim(self, round_: Round, validator: int) -> ProposalClaim | None:
        held = self._rounds.get(round_)
        claims = [] if held is None else [claim for _, claim in held.proposals if claim.validator == validator]
        return claims[0] if claims else None

    def holds_proposal(self, claim: ProposalClaim) -> bool:
        """By what was signed: two signatures over the same bytes are one proposal."""
        held = self._rounds.get(claim.round)
        return held is not None and any(_same(known, claim) for _, known in held.proposals)

    def holds_vote(self, vote: Vote) -> bool:
        held = self._rounds.get(vote.round)
        return held is not None and held.tallies[vote.kind].holds(vote)

    def other_vote(self, vote: Vote) -> Vote | None:
        """A vote of the same signer, round and type for another value."""
        held = self._rounds.get(vote.round)
        first = None if held is None else held.tallies[vote.kind].first_of(vote.validator)
        return None if first is None or first.block_hash == vote.block_hash else first

    def jump_round(self) -> Round:
        """R9: the greatest round such that t signers have signed something of a round at least as high; or −1."""
        return self._jump_to

    def signers(self) -> list[int]:
        """The validators that have signed anything of this height."""
        return sorted(self._highest)

    def voters_for(self, block_hash: BlockHash) -> list[int]:
        """The validators whose vote in any round names this block."""
        found: dict[int, None] = {}
        for held in self._rounds.values():
            for tally in held.tallies.values():
                found.update(dict.fromkeys(tally.by_value.get(block_hash, ())))
        return sorted(found)

    # telling others (RoundState and its answer)

    def have(self, round_: Round) -> Have:
        held = self._rounds.get(round_)
        if held is None:
            return ()
        rows: list[tuple[int, BlockHash | None, bytes]] = [(0, claim.block_hash, b"") for _, claim in held.proposals]
        for kind, tally in held.tallies.items():
            rows += [(int(kind), value, bitmap) for value, bitmap in tally.bitmaps()]
        return tuple(rows[:HAVE_COUNT_MAX])

    def lacking(self, round_: Round, have: Have) -> list[Proposal | Vote]:
        """All that is held of `round_`, third parties' messages too, and is not in `have`."""
        held = self._rounds.get(round_)
        if held is None:
            return []
        had = {(kind, value): bitmap for kind, value, bitmap in have}
        missing: list[Proposal | Vote] = [
            proposal for proposal, claim in held.proposals if (0, claim.block_hash) not in had
        ]
        for kind, tally in held.tallies.items():
            for value in tally.by_value:
                bitmap = had.get((int(kind), value), b"")
                missing += [vote for vote in tally.votes_for(value) if not _in(bitmap, vote.validator)]
        return missing


def _in(bitmap: bytes, validator: int) -> bool:
    return validator // 8 < len(bitmap) and bool(bitmap[validator // 8] >> validator % 8 & 1)


def _same(one: ProposalClaim, other: ProposalClaim) -> bool:
    fields = (one.block_hash, one.valid_round, one.polka_hash, one.validator)
    return fields == (other.block_hash, other.valid_round, other.polka_hash, other.validator)
