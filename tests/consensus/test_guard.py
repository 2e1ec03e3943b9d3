# ruff: noqa: N802 - rules and cases carry the capitals of the protocol
"""The guard, at each boundary: a guard that checks nothing has been shipped before."""

from __future__ import annotations

import pytest

from consensus.records import BARRED, GuardState
from consensus.vote_guard import CheckpointConflict, GuardRefusal, VoteGuard
from ledger.errors import Refused

A, B = b"a" * 32, b"b" * 32


def test_positions_only_rise_and_only_the_identical_is_repeated():
    guard = VoteGuard(GuardState())
    state = guard.permit_vote((5, 2, 1), A)
    assert (state.position, state.digest) == ((5, 2, 1), A)
    assert guard.permit_vote((5, 2, 1), A) == state
    for position, digest in (((5, 2, 1), B), ((5, 2, 0), A), ((5, 1, 2), A), ((4, 9, 2), A)):
        with pytest.raises(GuardRefusal):
            guard.permit_vote(position, digest)
    assert guard.state == state
    for position in ((5, 2, 2), (5, 3, 0), (6, 0, 0)):
        guard.permit_vote(position, B)


def test_nothing_below_vote_from():
    guard = VoteGuard(GuardState(vote_from=7))
    with pytest.raises(GuardRefusal):
        guard.permit_vote((6, 0, 1), A)
    guard.permit_vote((7, 0, 1), A)


def test_barred_until_told_where_to_start():
    guard = VoteGuard(GuardState())
    assert guard.bar().vote_from == BARRED
    with pytest.raises(GuardRefusal):
        guard.permit_vote((10**9, 0, 1), A)
    guard.vote_from(12)
    with pytest.raises(GuardRefusal):
        guard.permit_vote((11, 0, 1), A)
    guard.permit_vote((12, 0, 1), A)


def test_T33_checkpoints_have_their_own_track():
    guard = VoteGuard(GuardState())
    guard.permit_vote((5, 0, 2), A)
    guard.permit_checkpoint(3, 0, A)
    guard.permit_checkpoint(4, 0, A)
    assert guard.permit_checkpoint(3, 0, A) == guard.state
    with pytest.raises(CheckpointConflict):
        guard.permit_checkpoint(3, 0, B)
    guard.permit_checkpoint(3, 1, B)
    with pytest.raises(CheckpointConflict):
        guard.permit_checkpoint(3, 0, A)
    with pytest.raises(GuardRefusal):
        guard.permit_checkpoint(2, 0, A)


def test_checkpoint_track_is_bounded_and_guard_survives_its_encoding():
    guard = VoteGuard(GuardState())
    for height in range(1, 30):
        guard.permit_checkpoint(height, 0, A)
    guard.permit_vote((29, 1, 2), B)
    assert [entry[0] for entry in guard.state.checkpoints] == list(range(22, 30))
    assert GuardState.decode(guard.state.encode()) == guard.state
    with pytest.raises(Refused):
        GuardState.decode(guard.state.encode()[:-1])
