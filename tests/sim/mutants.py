"""Seeded bugs: each removes one rule from the production engine, by replacing one function of it.

A checker that finds none of these is not alive. `MUTANTS` maps a name to what applies it; `test_mutants` says within
how many seeds each must be found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import consensus.recovery
import consensus.validator_window
import ledger.checkpoint
from consensus.events import Persist, Send
from consensus.messages import Vote
from consensus.pbft.book import Book
from consensus.pbft.checkpoints import Checkpoints
from consensus.pbft.desk import Desk
from consensus.pbft.engine import Engine
from consensus.pbft.heights import Heights
from consensus.pbft.inbox import Inbox
from consensus.pbft.rounds import Rounds
from consensus.pbft.votes import Tally
from consensus.records import GuardState
from ledger.validators import Quorum

Patch = pytest.MonkeyPatch


def wrong_quorum(patch: Patch) -> None:
    """2f + 1, which is one too few at n = 5 and n = 6."""

    def quorum_of(_engine: str, n: int) -> Quorum:
        f = (n - 1) // 3
        return Quorum(n, f, 2 * f + 1, f + 1)

    patch.setattr(consensus.validator_window, "quorum_of", quorum_of)
    patch.setattr(ledger.checkpoint, "quorum_of", quorum_of)


def no_lock(patch: Patch) -> None:
    patch.setattr(Rounds, "_lock_allows", lambda _self, _claim: True)


def unlock_on_nil(patch: Patch) -> None:
    original = Rounds._r6_precommit_nil

    def precommit_nil(self: Rounds) -> bool:
        acted = original(self)
        if acted:
            self.lock = None
        return acted

    patch.setattr(Rounds, "_r6_precommit_nil", precommit_nil)


def send_before_persist(patch: Patch) -> None:
    original = Desk._issue

    def issue(self: Desk, *arguments: Any) -> None:
        original(self, *arguments)
        last = self._site._effects[-1]
        assert isinstance(last, Send)
        self._site._effects[-1] = replace(last, after=None)

    patch.setattr(Desk, "_issue", issue)


def own_vote_counts_at_once(patch: Patch) -> None:
    """The own tally has it before the disk has."""
    original = Desk._issue

    def issue(self: Desk, message: Any, *arguments: Any) -> None:
        original(self, message, *arguments)
        if isinstance(message, Vote):
            books[id(self)].rounds.book.add_vote(message)

    books: dict[int, Heights] = {}
    opened = Heights.__init__

    def remember(self: Heights, site: Any, desk: Desk, *arguments: Any) -> None:
        opened(self, site, desk, *arguments)
        books[id(desk)] = self

    patch.setattr(Desk, "_issue", issue)
    patch.setattr(Heights, "__init__", remember)


def forget_votes_on_restart(patch: Patch) -> None:
    patch.setattr(consensus.recovery, "_restored", lambda *_: None)
    patch.setattr(consensus.recovery, "_guard_after", lambda *_: (GuardState(), ""))


def first_vote_wins(patch: Patch) -> None:
    """One place for each signer: a traitor's other vote hides what others count."""
    original = Tally.add

    def add(self: Tally, vote: Vote, *, certified: bool) -> bool:
        return vote.validator not in self._first and original(self, vote, certified=certified)

    patch.setattr(Tally, "add", add)


def window_on_applied(patch: Patch) -> None:
    patch.setattr(Checkpoints, "window_is_open", lambda self, height: self.applied >= height - 2)


def decide_is_not_logged(patch: Patch) -> None:
    patch.setattr(Desk, "decided", lambda _self, _cert: None)


def no_report(patch: Patch) -> None:
    patch.setattr(Inbox, "_check_contradiction", lambda *_: None)


def valid_round_moves_back(patch: Patch) -> None:
    """R3 without its comparison: any earlier polka unlocks."""

    def allows(self: Rounds, claim: Any) -> bool:
        return self.lock is None or self.lock.block_hash == claim.block_hash or claim.valid_round is not None

    patch.setattr(Rounds, "_lock_allows", allows)


def fresh_block_over_a_valid_one(patch: Patch) -> None:
    """R1: a proposer with a valid value proposes something new."""
    patch.setattr(Rounds, "_r1_propose_valid", lambda _self: False)
    patch.setattr(Rounds, "wants_fresh_block", lambda self: self.must_propose() and not self._building)
    original = Rounds.on_built

    def on_built(self: Rounds, event: Any) -> None:
        kept, self.valid = self.valid, None
        original(self, event)
        self.valid = kept

    patch.setattr(Rounds, "on_built", on_built)


def guard_is_not_written(patch: Patch) -> None:
    original = Desk._persist

    def persist(self: Desk, *arguments: Any) -> int:
        token = original(self, *arguments)
        last = self._site._effects[-1]
        assert isinstance(last, Persist)
        self._site._effects[-1] = replace(last, guard=None)
        return token

    patch.setattr(Desk, "_persist", persist)


def decides_with_any_precommits(patch: Patch) -> None:
    """Counts signers, not votes: a quorum of precommits for whatever decides the first block among them."""
    original = Book.add_vote

    def add_vote(self: Book, vote: Vote, *, certified: bool = False) -> bool:
        kept = original(self, vote, certified=certified)
        tally = self.tally(vote.round, vote.kind)
        if kept and vote.kind == 2 and vote.block_hash is not None and tally.has_any_quorum() and self.commit is None:
            self.commit = (vote.round, vote.block_hash)
        return kept

    patch.setattr(Book, "add_vote", add_vote)


def restored_messages_leave_at_once(patch: Patch) -> None:
    """After a crash between the log and the guard: the guard is behind what is sent again."""
    original = Engine._begin

    def begin(self: Engine, start: Any, tick: Any) -> None:
        original(self, start, tick)
        effects = self._site._effects
        effects[:] = [replace(effect, after=None) if isinstance(effect, Send) else effect for effect in effects]
        effects.sort(key=lambda effect: isinstance(effect, Persist))

    patch.setattr(Engine, "_begin", begin)


def rounds_to_come_without_a_limit(patch: Patch) -> None:
    patch.setattr(Book, "_make_room", lambda *_: True)


MUTANTS: dict[str, Callable[[Patch], None]] = {
    mutant.__name__: mutant
    for mutant in (
        wrong_quorum, no_lock, unlock_on_nil, send_before_persist, own_vote_counts_at_once, forget_votes_on_restart,
        first_vote_wins, window_on_applied, decide_is_not_logged, no_report,
        valid_round_moves_back, fresh_block_over_a_valid_one, guard_is_not_written, decides_with_any_precommits,
        restored_messages_leave_at_once, rounds_to_come_without_a_limit,
    )
}  # fmt: skip
