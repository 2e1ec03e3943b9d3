"""Votes of one round and type, by value.

H1: a signer is not a place for one vote. A traitor that shows one value here and another there would hide, in a table
with one vote a signer, the vote that others count; so votes are kept by value, at most two values of a signer taken
singly and any number from inside verified certificates. Quorums "of any value" count signers, not votes.
"""

from __future__ import annotations

from typing import Final

from consensus.messages import BlockHash, Vote
from ledger.checkpoint import bitmap_of

VALUES_PER_SIGNER_MAX: Final = 2


class Tally:
    """The votes of one (round, type)."""

    def __init__(self, count: int, quorum: int) -> None:
        self._count, self._quorum = count, quorum
        self.by_value: dict[BlockHash | None, dict[int, Vote]] = {}
        self._first: dict[int, Vote] = {}
        self.block: BlockHash | None = None
        """The block with a quorum, once there is one."""
        self.nil = False
        """Has nil a quorum?"""

    def holds(self, vote: Vote) -> bool:
        return vote.validator in self.by_value.get(vote.block_hash, ())

    def first_of(self, validator: int) -> Vote | None:
        return self._first.get(validator)

    def add(self, vote: Vote, *, certified: bool) -> bool:
        """Count it; False when it is known or exceeds what is kept of its signer."""
        if self.holds(vote):
            return False
        if not certified and vote.validator in self._first:
            values = sum(vote.validator in voters for voters in self.by_value.values())
            if values >= VALUES_PER_SIGNER_MAX:
                return False
        voters = self.by_value.setdefault(vote.block_hash, {})
        voters[vote.validator] = vote
        self._first.setdefault(vote.validator, vote)
        if len(voters) == self._quorum:
            if vote.block_hash is None:
                self.nil = True
            elif self.block is None:
                self.block = vote.block_hash
        return True

    def drop(self, validator: int) -> None:
        """Forget a signer (of a far round, to make room for a farther one)."""
        self._first.pop(validator, None)
        for value in [value for value, voters in self.by_value.items() if voters.pop(validator, None) is not None]:
            if not self.by_value[value]:
                del self.by_value[value]

    @property
    def signers(self) -> int:
        """Distinct signers of any value."""
        return len(self._first)

    def has_any_quorum(self) -> bool:
        return len(self._first) >= self._quorum

    def one_vote_each(self) -> list[Vote]:
        """A quorum of votes for any values, one a signer, by signer."""
        return [self._first[validator] for validator in sorted(self._first)][: self._quorum]

    def votes_for(self, value: BlockHash | None) -> list[Vote]:
        voters = self.by_value.get(value, {})
        return [voters[validator] for validator in sorted(voters)]

    def bitmaps(self) -> list[tuple[BlockHash | None, bytes]]:
        return [(value, bitmap_of(sorted(voters), self._count)) for value, voters in self.by_value.items()]
