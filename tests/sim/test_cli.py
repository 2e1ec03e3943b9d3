"""`lugang devnet sim`: outcomes, exit codes, and what it says of a bad range."""

import pytest
from click.testing import CliRunner

from devnet.sim.cli import sim
from devnet.sim.runner import run_seed, run_seeds
from tests.sim.mutants import wrong_quorum


def test_one_seed_with_its_trace():
    plain = CliRunner().invoke(sim, ["--seed", "7"])
    traced = CliRunner().invoke(sim, ["--seed", "7", "--trace"])
    assert plain.exit_code == 0
    assert plain.output.strip() == str(run_seed(7))
    assert traced.output.splitlines()[-1] == plain.output.strip()
    assert any("prevote 1/0" in line for line in traced.output.splitlines())


def test_a_finding_is_told_and_ends_with_1(monkeypatch):
    wrong_quorum(monkeypatch)
    result = CliRunner().invoke(sim, ["--seeds", "1..3"])
    assert result.exit_code == 1
    assert "seed 1 trace" in result.output
    assert "3 schedules" in result.output


def test_several_processes_come_to_the_same_outcomes():
    alone = {outcome.seed: outcome for outcome in run_seeds(range(60, 66), 1)}
    together = {outcome.seed: outcome for outcome in run_seeds(range(60, 66), 2)}
    assert alone == together
    assert set(alone) == set(range(60, 66))


@pytest.mark.parametrize("arguments", [[], ["--seeds", "3"], ["--seeds", "5..3"], ["--seed", "1", "--seeds", "1..2"]])
def test_what_cannot_be_run_is_said(arguments):
    assert CliRunner().invoke(sim, arguments).exit_code == 2
