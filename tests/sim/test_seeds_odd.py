"""The odd ones of the default seeds, and those that have failed before."""

import pytest

from devnet.sim.runner import run_seed
from tests.sim.seeds import DEFAULT_SEEDS, regression_seeds


@pytest.mark.parametrize("seed", [*range(1, DEFAULT_SEEDS + 1, 2), *regression_seeds()])
def test_seed(seed):
    outcome = run_seed(seed)
    assert outcome.violation is None, str(outcome)
