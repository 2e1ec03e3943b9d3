"""The even ones of the default seeds. Two files, so that two processes share them."""

import pytest

from devnet.sim.runner import run_seed
from tests.sim.seeds import DEFAULT_SEEDS


@pytest.mark.parametrize("seed", range(2, DEFAULT_SEEDS + 1, 2))
def test_seed(seed):
    outcome = run_seed(seed)
    assert outcome.violation is None, str(outcome)
