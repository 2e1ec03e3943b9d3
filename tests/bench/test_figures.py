"""What a run comes to, against figures computed by hand; and how the work is dealt to payers, payees and nodes."""

import pytest

from devnet.bench.checking import Checked, Landed
from devnet.bench.figures import (
    by_second,
    cost_figures,
    count_figures,
    floor_figures,
    latencies,
    percentile,
    rows_of,
)
from devnet.bench.load import Notes
from devnet.bench.sampling import Sample
from devnet.bench.workload import Transfer, Workload, in_turns

START = 1_000.0
NOTES = Notes(
    started=START,
    ended=START + 4,
    cpu_seconds=0.4,
    rows=(
        (b"a", 0, START, START + 0.010, "accepted"),
        (b"b", 0, START, START + 0.030, "accepted"),
        (b"c", 1, START + 1, START + 1.020, "accepted"),
        (b"d", 1, START + 1, START + 1.020, "accepted"),
        (b"e", 2, START + 1, None, "ReadTimeout"),
        (b"f", 2, START + 1, START + 1.040, "refused"),
    ),
    heights=((7, START + 0.5), (8, START + 2.5)),
)
CHECKED = Checked(
    landed={b"a": Landed(7, None), b"b": Landed(7, "VOU-013"), b"c": Landed(8, None)},
    missing={"one": 1, "two": 1},
    different={"one": 0, "two": 0},
)


def test_each_transaction_is_counted_for_what_became_of_it():
    counts = count_figures(rows_of(NOTES, CHECKED), 2)
    assert (counts["submitted"], counts["accepted"], counts["final"], counts["lost"]) == (6, 4, 3, 1)
    assert (counts["refused"], counts["turned_away"]) == (1, 2)
    assert counts["refusals"] == {"VOU-013": 1}
    assert counts["outcomes"] == {"ReadTimeout": 1, "accepted": 4, "refused": 1}


def test_rates_count_what_happened_in_time_and_was_done():
    counts = count_figures(rows_of(NOTES, CHECKED), 2)
    assert counts["accepted_tps"] == 2.0
    # Of the three final ones, b was refused by the chain and c was final after the two seconds.
    assert counts["final_tps"] == 0.5


def test_latencies_count_from_when_a_transaction_was_due():
    rows = rows_of(NOTES, CHECKED)
    assert latencies(rows, "accepted") == {"p50_accepted_ms": 20.0, "p95_accepted_ms": 30.0, "p99_accepted_ms": 30.0}
    assert latencies(rows, "final") == {"p50_final_ms": 500.0, "p95_final_ms": 1500.0, "p99_final_ms": 1500.0}
    assert dict(by_second(rows)) == {0: (2, 500.0), 2: (1, 1500.0)}


def test_latencies_of_nothing_are_none():
    assert latencies([], "final") == {"p50_final_ms": None, "p95_final_ms": None, "p99_final_ms": None}


@pytest.mark.parametrize(
    ("share", "expected"), [(0.01, 10.0), (0.2, 10.0), (0.21, 20.0), (0.5, 30.0), (0.95, 50.0), (1.0, 50.0)]
)
def test_percentile_by_nearest_rank(share, expected):
    assert percentile([10.0, 20.0, 30.0, 40.0, 50.0], share) == expected


def test_costs_are_all_nodes_cpu_over_what_became_final():
    first = Sample(10.0, (1.0, 2.0), (0, 0), 50.0, 40e-6)
    last = Sample(20.0, (3.0, 5.0), (0, 0), 60.0, 60e-6)
    costs = cost_figures([first, last], NOTES, 10_000)
    assert costs["cpu_s_per_1000"] == 0.5
    assert (costs["nodes_cores"], costs["generator_cores"], costs["others_cores"]) == (0.5, 0.04, 0.46)


def test_the_floor_is_one_check_a_node_at_the_cost_in_the_middle_of_the_run():
    samples = [Sample(at, (0.0,) * 5, (0,) * 5, 0.0, cost) for at, cost in ((1.0, 90e-6), (2.0, 42e-6), (3.0, 40e-6))]
    expected = {"verify_us": 42.0, "floor_cpu_s_per_1000": 0.21, "times_floor": 3.0}
    assert floor_figures(samples, 0.63) == expected


def test_every_payer_has_the_same_number_of_transfers_and_one_node():
    workload = Workload(rate=400, clients=1, seconds=7, holders=60, hot=False)
    assert workload.transfers % 60 == 0
    assert workload.transfers >= 400 * 7 / 2
    for payer in range(60):
        assert len({workload.node_of(i, 5) for i in range(payer, workload.transfers, 60)}) == 1


def test_a_batch_of_full_rate_goes_to_one_node():
    workload = Workload(rate=2_000, clients=1, seconds=60, holders=1_000, hot=False)
    assert workload.batch == 50
    assert {len({workload.node_of(i, 5) for i in range(first, first + 50)}) for first in range(0, 1_000, 50)} == {1}
    assert {workload.node_of(i, 5) for i in range(1_000)} == {0, 1, 2, 3, 4}


def test_a_hot_holder_pays_all_the_others_from_one_node():
    workload = Workload(rate=100, clients=1, seconds=1, holders=10, hot=True)
    assert {workload.payee_of(0, turn) for turn in range(workload.transfers)} == set(range(1, 10))
    assert {workload.node_of(i, 5) for i in range(workload.transfers)} == {0}


def test_nobody_pays_itself():
    workload = Workload(rate=100, clients=1, seconds=1, holders=4, hot=False)
    assert all(workload.payee_of(payer, turn) != payer for payer in range(4) for turn in range(20))


def test_transfers_are_due_in_turns():
    def transfer(name: str) -> Transfer:
        return Transfer(name.encode(), b"", b"", b"")

    dealt = in_turns([[transfer("a1"), transfer("a2")], [transfer("b1"), transfer("b2")]])
    assert [one.offer_id for one in dealt] == [b"a1", b"b1", b"a2", b"b2"]
