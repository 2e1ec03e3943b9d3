"""The same seed is the same run: twice in one process, and in processes that hash text and bytes differently."""

import os
import subprocess
import sys

import pytest

from devnet.sim.plan import plan_of
from devnet.sim.prng import Prng, stream
from devnet.sim.runner import run_seed

SEEDS = (7, 8, 50, 51)
"""An ordinary one, one with locks apart, one with the real suite, one with the real codec."""


@pytest.mark.parametrize("seed", SEEDS)
def test_two_runs_of_one_seed_are_the_same(seed):
    first: list[str] = []
    second: list[str] = []
    assert run_seed(seed, first.append) == run_seed(seed, second.append)
    assert first == second
    assert first


def test_other_seeds_are_other_runs():
    assert len({run_seed(seed).digest for seed in range(100, 110)}) == 10


def test_the_order_of_hashes_does_not_reach_a_trace():
    program = f"from devnet.sim.runner import run_seed\nprint([str(run_seed(seed)) for seed in {SEEDS}])"
    outputs = set()
    for hash_seed in ("1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", program]
        outputs.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(outputs) == 1


def test_the_generator_is_splitmix():
    """The first outputs for seed 1234567 that Rosetta Code gives for Splitmix64."""
    draw = Prng(1234567)
    assert [draw.next() for _ in range(5)] == [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821
    ]  # fmt: skip


def test_a_stream_belongs_to_its_purpose():
    assert stream(1, "plan").next() != stream(1, "network").next()
    assert stream(1, "plan").next() == stream(1, "plan").next()


def test_shuffling_and_choosing_keep_the_items():
    draw = Prng(5)
    assert sorted(draw.shuffled(range(20))) == list(range(20))
    assert set(draw.some(range(20))) <= set(range(20))
    assert {draw.between(2, 4) for _ in range(100)} == {2, 3, 4}


def test_seeds_reach_every_family():
    """A generator that has stopped drawing a fault tests nothing."""
    plans = [plan_of(seed) for seed in range(1, 300)]
    assert {plan.n for plan in plans} == {4, 5, 6, 7}
    for has in (
        lambda p: p.twins, lambda p: p.traitors, lambda p: p.crashes, lambda p: p.pauses, lambda p: p.change_at,
        lambda p: p.network.loss_percent, lambda p: p.network.duplicate_percent, lambda p: p.network.straggler_percent,
        lambda p: p.network.slow, lambda p: p.network.time_cuts, lambda p: p.network.phase_cuts,
        lambda p: p.speeds.sync_ms_max, lambda p: p.real_suite, lambda p: p.real_codec,
        lambda p: any(cut.one_way for cut in p.network.time_cuts),
        lambda p: any(cut.noticed for cut in p.network.time_cuts),
    ):  # fmt: skip
        assert 3 <= sum(bool(has(plan)) for plan in plans) < len(plans)
    habits = {habit for plan in plans for traitor in plan.traitors for habit in traitor.habits}
    assert habits == {"equivocate", "withhold", "replay", "inflate", "split_blocks"}
    for plan in plans:
        assert len(plan.false_keys) <= (plan.n - 1) // 3
