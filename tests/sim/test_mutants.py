"""The checkers are alive: each seeded bug is found, by a checker that has to do with it, within so many seeds."""

import pytest

from devnet.sim.runner import run_seed
from tests.sim.mutants import MUTANTS

FOUND_WITHIN = {
    "wrong_quorum": (1, 5, {"certificate", "lock"}),
    "no_lock": (1, 40, {"lock", "agreement"}),
    "unlock_on_nil": (1, 40, {"lock", "agreement"}),
    "valid_round_moves_back": (1, 40, {"lock", "agreement"}),
    "send_before_persist": (1, 5, {"durable"}),
    "own_vote_counts_at_once": (1, 20, {"durable"}),
    "guard_is_not_written": (1, 5, {"durable"}),
    "restored_messages_leave_at_once": (140, 20, {"durable"}),
    "forget_votes_on_restart": (1, 40, {"twice", "observer", "unreported", "blame"}),
    "first_vote_wins": (100, 50, {"liveness"}),
    "window_on_applied": (1, 40, {"window"}),
    "decide_is_not_logged": (1, 20, {"decide first"}),
    "rounds_to_come_without_a_limit": (1, 40, {"memory"}),
    "no_report": (1, 40, {"unreported"}),
    "fresh_block_over_a_valid_one": (1, 40, {"liveness"}),
    "decides_with_any_precommits": (1, 40, {"certificate", "agreement"}),
}
"""mutant: (first seed, seeds, the checkers that may be the first to find it)"""


def test_every_mutant_has_its_number():
    assert set(FOUND_WITHIN) == set(MUTANTS)


@pytest.mark.parametrize("name", FOUND_WITHIN)
def test_a_seeded_bug_is_found(name, monkeypatch):
    first, count, checkers = FOUND_WITHIN[name]
    MUTANTS[name](monkeypatch)
    for seed in range(first, first + count):
        violation = run_seed(seed).violation
        if violation is not None:
            assert violation[0] in checkers, f"seed {seed}: {violation}"
            return
    raise AssertionError(f"{name} is not found by seeds {first} to {first + count - 1}")
