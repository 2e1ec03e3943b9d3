"""The same history gives the same bytes: under every hash seed, warm or cold, and its money is conserved on the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.replay import history, verdicts

ROOT = Path(__file__).parents[2]


def test_cold_and_warm_engines_agree():
    assert history(cold=True)[0] == history(cold=False)[0]


def test_what_is_forgotten_between_blocks_changes_nothing(monkeypatch):
    whole = history(cold=False)[0]
    monkeypatch.setattr("contracts.state_map.LIVE_ROWS_MAX", 1)
    assert history(cold=False)[0] == whole


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_hash_seeds_agree(seed):
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.contracts.replay", "cold"]
    run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == [history(cold=False)[0], verdicts()]


@pytest.mark.parametrize("seed", range(6))
def test_money_is_conserved_and_indexes_follow_from_the_records(seed):
    _, told = history(cold=False, seed=seed, blocks=6)
    purse = told.engine.world.contracts["purse"]
    rows = purse.maps["purses"].scan_all()
    # Only `make` brings money in: below ten each, and twelve purses of a hundred at the start.
    made = sum(row.field_money for key, row in rows)
    assert 1_200 <= made < 1_200 + 10 * len(rows)
    stored = {key for key in told.reader.rows if key[:1] == b"i"}
    expected = {
        b"i" + entry[1]
        for bound in told.engine.world.contracts.values()
        for index in bound.indexes.values()
        for key, row in index.rows.scan_all()
        if (entry := index.entry(key, row)) is not None
    }
    assert stored == expected
