"""The pool: order, bounds, reserved places, expiry; and bodies put together from what peers send."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.messages import GetBodies, PeerId
from ledger.crypto import ZERO_HASH
from ledger.errors import Refused
from ledger.transaction import Body, Summary, Transaction
from node.assembly import ASK_AGAIN_MS, Assembly
from node.pool import CLIENTS, GONE_WIDS_MAX, Pool, Pooled, PoolLimits

NOW = 1_000_000
ANNE, BERTA = PeerId(b"anne"), PeerId(b"berta")
SMALL = PoolLimits(
    transactions_max=6,
    bytes_max=10_000,
    transactions_per_caller_max=3,
    transactions_per_peer_max=4,
    lifetime_ms_max=60_000,
    transaction_units_max=1_000,
    block_units_max=100_000,
)


def transaction(
    number: int, caller: int = 0, valid_until: int = NOW + 30_000, size: int = 100, action: str = "write"
) -> Transaction:
    summary = Summary("en", ZERO_HASH, ZERO_HASH)
    key = bytes([caller]) * 32
    body = Body(ZERO_HASH, (key,), bytes(16), valid_until, "notes", action, (), summary)
    name = number.to_bytes(4, "big")
    return Transaction(b"i" * 28 + name, b"w" * 28 + name, bytes(size - 4) + name, body, (bytes(64),))


def add(pool: Pool, item: Transaction, source: PeerId = CLIENTS) -> None:
    pool.check_room(item, source)
    pool.add(Pooled(item, source, NOW))


def take(pool: Pool, time: int = NOW, count_max: int = 100, bytes_max: int = 100_000) -> list[int]:
    found = pool.take(time=time, count_max=count_max, bytes_max=bytes_max)
    return [int.from_bytes(item.id[-4:], "big") for item in found]


def executed(pool: Pool, charged: dict[int, int]) -> None:
    """Decide and apply a block of these numbers with what each was charged."""
    ids = [transaction(number).id for number in charged]
    pool.on_decided(ids)
    pool.on_applied(ids, NOW, tuple(charged.values()))


def test_a_block_is_filled_as_far_as_its_budget_will_probably_reach():
    pool = Pool(replace(SMALL, transaction_units_max=50_000, transactions_max=100, transactions_per_caller_max=100))
    for number in range(10):
        add(pool, transaction(number))
    # Nobody knows yet what `write` costs: each may cost all that a transaction may, and two of these fit a block.
    assert take(pool) == [0, 1]
    executed(pool, {0: 20_000, 1: 10_000})
    assert take(pool) == [2, 3, 4, 5]
    # The dearest counts, and is forgotten by an eighth with each block that was cheaper: 17,500, then 15,312.
    executed(pool, {2: 10})
    assert take(pool) == [3, 4, 5, 6, 7]
    executed(pool, {3: 10})
    assert take(pool) == [4, 5, 6, 7, 8, 9]


def test_what_is_too_dear_for_the_rest_of_a_block_is_the_first_of_the_next_and_nothing_overtakes_it():
    pool = Pool(replace(SMALL, transaction_units_max=90_000))
    add(pool, transaction(0, action="cheap"))
    executed(pool, {0: 1_000})
    for number, action in enumerate(("cheap", "unknown", "dear", "cheap"), 1):
        add(pool, transaction(number, caller=number, action=action))
    assert take(pool) == [1, 2]
    executed(pool, {1: 1_000, 2: 500})
    assert take(pool) == [3, 4]


def test_a_larger_one_of_its_kind_is_expected_to_cost_more():
    pool = Pool(SMALL)
    add(pool, transaction(0, size=100))
    executed(pool, {0: 100})
    for number in range(1, 4):
        add(pool, transaction(number, caller=number, size=500))
    assert [pool.costs.guess(transaction(9, size=size)) for size in (100, 500, 5_000)] == [101, 501, 1_000]


def test_the_oldest_come_first_and_stay_until_decided():
    pool = Pool(SMALL)
    for number in (5, 1, 4):
        add(pool, transaction(number, caller=number))
    assert take(pool) == take(pool) == [5, 1, 4]
    pool.on_decided([transaction(1).id])
    assert take(pool) == [5, 4]
    assert pool.has_id(transaction(1).id)
    executed, expired = pool.on_applied([transaction(1).id], NOW)
    assert ([entry.transaction.id for entry in executed], expired) == ([transaction(1).id], [])
    assert not pool.has_id(transaction(1).id)
    assert pool.find(transaction(1).wid) is None


def test_bytes_that_have_left_are_remembered_for_a_while():
    pool = Pool(PoolLimits())
    for number in range(GONE_WIDS_MAX + 1):
        add(pool, transaction(number, caller=number % 200))
        pool.on_applied([transaction(number).id], NOW)
    assert not pool.was_here(transaction(0).wid)
    assert pool.was_here(transaction(1).wid)
    assert pool.was_here(transaction(GONE_WIDS_MAX).wid)


def test_a_block_is_filled_up_to_its_limits():
    pool = Pool(SMALL)
    for number in range(5):
        add(pool, transaction(number, caller=number))
    assert take(pool, count_max=2) == [0, 1]
    assert take(pool, bytes_max=3 * 105) == [0, 1, 2]


@pytest.mark.parametrize(
    ("time", "eligible"),
    [(NOW - 30_001, False), (NOW - 30_000, True), (NOW, True), (NOW + 30_000, True), (NOW + 30_001, False)],
)
def test_a_block_takes_what_its_time_permits(time, eligible):
    # valid in a block iff time ≤ valid_until ≤ time + lifetime; here valid_until = NOW + 30,000, lifetime 60,000
    pool = Pool(SMALL)
    add(pool, transaction(1))
    assert take(pool, time=time) == ([1] if eligible else [])


def test_what_can_never_be_valid_again_leaves_with_the_block():
    pool = Pool(SMALL)
    add(pool, transaction(1, valid_until=NOW))
    add(pool, transaction(2, caller=2, valid_until=NOW + 1))
    assert pool.on_applied([], NOW) == ([], [])
    _, expired = pool.on_applied([], NOW + 1)
    assert [entry.transaction.id for entry in expired] == [transaction(1).id]
    assert take(pool) == [2]


def test_a_decided_one_does_not_expire_before_it_is_applied():
    pool = Pool(SMALL)
    add(pool, transaction(1, valid_until=NOW))
    pool.on_decided([transaction(1).id])
    assert pool.on_applied([], NOW + 5) == ([], [])
    assert pool.has_id(transaction(1).id)


def test_an_id_that_is_decided_already_never_waits():
    pool = Pool(SMALL)
    pool.on_decided([transaction(1).id])
    add(pool, transaction(1))
    assert (len(pool), take(pool)) == (0, [])
    executed, _ = pool.on_applied([transaction(1).id], NOW)
    assert len(executed) == 1


def test_each_bound_refuses_with_its_code():
    pool = Pool(SMALL)
    for number in range(3):
        add(pool, transaction(number, caller=7))
    with pytest.raises(Refused, match="POOL-002"):
        add(pool, transaction(3, caller=7))
    for number in range(4, 7):
        add(pool, transaction(number, caller=number))
    with pytest.raises(Refused, match="POOL-001"):
        add(pool, transaction(8, caller=8))


def test_bytes_are_bounded():
    pool = Pool(SMALL)
    add(pool, transaction(1, caller=1, size=6_000))
    with pytest.raises(Refused, match="POOL-001"):
        add(pool, transaction(2, caller=2, size=4_001))
    add(pool, transaction(3, caller=3, size=4_000))


def test_one_peer_has_a_bound_and_every_peer_a_place():
    pool = Pool(SMALL)
    for number in range(4):
        add(pool, transaction(number, caller=number), ANNE)
    with pytest.raises(Refused, match="POOL-002"):
        add(pool, transaction(4, caller=4), ANNE)
    for number in (5, 6):
        add(pool, transaction(number, caller=number))
    with pytest.raises(Refused, match="POOL-001"):
        add(pool, transaction(7, caller=7))
    add(pool, transaction(8, caller=8), BERTA)
    with pytest.raises(Refused):
        add(pool, transaction(9, caller=9), BERTA)


@pytest.mark.parametrize(
    ("until", "code"), [(NOW - 1, "TX-004"), (NOW, None), (NOW + 60_000, None), (NOW + 60_001, "TX-005")]
)
def test_what_a_block_of_now_may_not_hold_is_refused_at_the_door(until, code):
    """Else the pool would call for blocks that stay empty."""
    pool, entry = Pool(SMALL), transaction(1, valid_until=until)
    expected = nullcontext() if code is None else pytest.raises(Refused, match=code)
    with expected:
        pool.check_time(entry, NOW)
    add(pool, entry)
    assert len(pool.take(time=NOW, count_max=9, bytes_max=10**6)) == (code is None)


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["add", "decide", "apply", "tick"])), max_size=120))
def test_counts_follow_from_the_entries(steps):
    pool, time = Pool(PoolLimits()), NOW
    waiting: dict[int, int] = {}
    decided: dict[int, None] = {}
    held: dict[int, int] = {}
    for number, step in steps:
        identifier = transaction(number).id
        if step == "add" and number not in held:
            until = time + number * 100
            add(pool, transaction(number, caller=number % 3, valid_until=until))
            held[number] = until
            if number not in decided:
                waiting[number] = until
        elif step == "decide":
            pool.on_decided([identifier])
            waiting.pop(number, None)
            decided[number] = None
        elif step == "apply":
            pool.on_applied([identifier], time)
            for table in (waiting, decided, held):
                table.pop(number, None)
        else:
            time += 500
            pool.on_applied([], time)
            for gone in [n for n, until in waiting.items() if until < time]:
                del waiting[gone], held[gone]
        assert [int.from_bytes(e.transaction.id[-4:], "big") for e in pool.waiting()] == list(waiting)
        assert len(pool) == len(waiting)
        assert pool.bytes == 100 * len(held)


class Bench:
    """An assembly with a pool of its own, noting what it asks and finishes."""

    def __init__(self) -> None:
        self.pool: dict[bytes, Transaction] = {}
        self.asked: list[tuple[PeerId, tuple[bytes, ...]]] = []
        self.done: list[bytes] = []
        self.assembly = Assembly(
            find=self.pool.get,
            ask=lambda peer, question: self.asked.append((peer, question.wids)),
            done=lambda job: self.done.append(job.block_hash),
        )

    def resolve(self, name: bytes, *items: Transaction, sources=(ANNE,), height=1, now=0, number=None) -> None:
        number = int.from_bytes(name, "big") if number is None else number
        self.assembly.resolve(number, height, name, tuple(item.wid for item in items), sources, now)


def test_a_body_whose_transactions_are_all_here_is_done_at_once():
    bench, one = Bench(), transaction(1)
    bench.pool[one.wid] = one
    bench.resolve(b"block", one)
    assert (bench.done, bench.asked) == ([b"block"], [])


def test_what_is_missing_is_asked_for_once_and_completes_the_body():
    bench, one, two = Bench(), transaction(1), transaction(2)
    bench.pool[one.wid] = one
    bench.resolve(b"block", one, two)
    assert bench.asked == [(ANNE, (two.wid,))]
    bench.assembly.on_transaction(two)
    assert bench.done == [b"block"]
    assert bench.assembly.serve(b"block", [two.wid, one.wid, bytes(32)]) == [two.wire, one.wire]


def test_the_next_source_is_asked_when_one_is_silent():
    bench, one = Bench(), transaction(1)
    bench.resolve(b"block", one)
    bench.resolve(b"block", one, sources=(BERTA,))
    assert [peer for peer, _ in bench.asked] == [ANNE]
    for now in (ASK_AGAIN_MS - 1, ASK_AGAIN_MS, 2 * ASK_AGAIN_MS):
        bench.assembly.ask_again(now)
    assert [peer for peer, _ in bench.asked] == [ANNE, BERTA, ANNE]


def test_a_wid_that_is_named_twice_is_waited_for_once():
    bench, one = Bench(), transaction(1)
    bench.resolve(b"block", one, one)
    assert bench.asked == [(ANNE, (one.wid,))]
    bench.assembly.on_transaction(one)
    assert bench.done == [b"block"]


def test_contradicting_bodies_of_one_block_have_each_their_job():
    bench, false, true = Bench(), transaction(1), transaction(2)
    bench.resolve(b"block", false, sources=(BERTA,), number=1)
    bench.resolve(b"block", true, number=2)
    bench.assembly.on_transaction(true)
    assert bench.done == [b"block"]
    assert bench.assembly.is_open(b"block")
    bench.assembly.end(1)
    bench.assembly.end(2)
    assert not bench.assembly.is_open(b"block")
    assert not bench.assembly.wants(false.wid)


def test_one_transaction_completes_several_bodies():
    bench, one = Bench(), transaction(1)
    bench.resolve(b"x", one)
    bench.resolve(b"y", one)
    bench.assembly.on_transaction(one)
    assert bench.done == [b"x", b"y"]


def test_jobs_go_with_their_height_and_never_for_others():
    bench = Bench()
    for number in range(100):
        bench.resolve(number.to_bytes(2, "big"), transaction(number), height=number)
    assert all(bench.assembly.wants(transaction(number).wid) for number in range(100))
    bench.assembly.on_applied(98)
    assert [number for number in range(100) if bench.assembly.wants(transaction(number).wid)] == [99]


def test_a_question_names_the_block():
    questions: list[GetBodies] = []
    assembly = Assembly(find=lambda _: None, ask=lambda _, question: questions.append(question), done=print)
    assembly.resolve(1, 7, b"h" * 32, (transaction(1).wid,), (ANNE,), 0)
    assert questions == [GetBodies(7, b"h" * 32, (transaction(1).wid,))]
