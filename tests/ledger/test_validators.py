"""Quorums by hand and by law, and the one order that a set of validators has."""

import pytest

from ledger.crypto import INTERNATIONAL
from ledger.errors import Refused
from ledger.validators import VALIDATORS_MAX, Quorum, Validator, ValidatorSet, make_validator_set, quorum_of

KEYS = [bytes([i]) * 32 for i in range(VALIDATORS_MAX + 1)]

BY_HAND = [
    # n, f = ⌊(n−1)/3⌋, q = ⌈(n+f+1)/2⌉, t = f+1
    (4, 1, 3, 2),
    (5, 1, 4, 2),
    (6, 1, 4, 2),
    (7, 2, 5, 3),
    (8, 2, 6, 3),
    (9, 2, 6, 3),
    (10, 3, 7, 4),
    (11, 3, 8, 4),
    (12, 3, 8, 4),
    (13, 4, 9, 5),
]


@pytest.mark.parametrize(("n", "f", "q", "t"), BY_HAND)
def test_byzantine_quorums_by_hand(n, f, q, t):
    assert quorum_of("pbft", n) == Quorum(n, f, q, t)


@pytest.mark.parametrize(
    ("n", "f", "q"), [(1, 0, 1), (2, 0, 2), (3, 1, 2), (4, 1, 3), (5, 2, 3), (6, 2, 4), (7, 3, 4), (9, 4, 5)]
)
def test_crash_quorums_by_hand(n, f, q):
    assert quorum_of("raft", n) == Quorum(n, f, q, 1)


def test_laws_of_byzantine_quorums():
    for n in range(1, 101):
        quorum = quorum_of("pbft", n)
        f, q = quorum.f, quorum.q
        assert 3 * f + 1 <= n < 3 * (f + 1) + 1, "f is the most that n can bear"
        assert 2 * q - n >= f + 1, "two quorums share an honest member"
        assert 2 * (q - 1) - n < f + 1, "one vote fewer would not do"
        assert q <= n - f, "the honest are a quorum by themselves"
        assert quorum.t == f + 1
        assert n - q + f < q, "where q voted one way, the rest and the traitors' second votes are no quorum"


def test_laws_of_crash_quorums():
    for n in range(1, 101):
        quorum = quorum_of("raft", n)
        assert 2 * quorum.q > n >= quorum.q + quorum.f
        assert 2 * (quorum.q - 1) <= n


def test_an_empty_set_has_no_quorum():
    for engine in ("pbft", "raft"):
        with pytest.raises(AssertionError):
            quorum_of(engine, 0)


def test_a_set_is_in_the_order_of_its_keys_whoever_is_named_first():
    forward = make_validator_set({KEYS[1]: "b", KEYS[2]: "a"})
    assert forward == make_validator_set({KEYS[2]: "a", KEYS[1]: "b"})
    assert [row.key for row in forward.rows] == [KEYS[1], KEYS[2]]
    assert (forward.index_of(KEYS[1]), forward.index_of(KEYS[2]), forward.index_of(KEYS[3])) == (0, 1, None)
    assert ValidatorSet.from_value(forward.to_value(), INTERNATIONAL) == forward
    assert len(forward) == 2


def test_rows_in_another_order_or_twice_are_our_own_mistake():
    for keys in ([KEYS[2], KEYS[1]], [KEYS[1], KEYS[1]]):
        with pytest.raises(AssertionError):
            ValidatorSet(tuple(Validator(key, "x") for key in keys))


def test_the_hash_covers_keys_and_organisations():
    sets = [{KEYS[1]: "a"}, {KEYS[2]: "a"}, {KEYS[1]: "b"}, {KEYS[1]: "a", KEYS[2]: "a"}]
    assert len({make_validator_set(each).hash(INTERNATIONAL) for each in sets}) == len(sets)


@pytest.mark.parametrize(
    "value",
    [
        (), None, 1, "x", ((KEYS[1],),), ((KEYS[1], "a", None),), ((KEYS[1], None),), ((KEYS[1], b"a"),),
        ((KEYS[1][:31], "a"),), ((KEYS[1] * 2, "a"),), ((KEYS[1], "a" * 25),), ((KEYS[1], "a"), (KEYS[1], "a")),
        ((KEYS[2], "a"), (KEYS[1], "b")), tuple((key, "a") for key in KEYS),
    ],
)  # fmt: skip
def test_a_value_that_is_no_set_is_refused(value):
    with pytest.raises(Refused, match="BYT-003"):
        ValidatorSet.from_value(value, INTERNATIONAL)
