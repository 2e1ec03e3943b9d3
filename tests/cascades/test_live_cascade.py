"""A random cascade through real wallets against five real nodes, summed from outside, and a race on two nodes."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from devnet.plan import load_plan
from tests.cascades.dealer import YUAN, Dealer, Expected, Held
from tests.cascades.live import play
from tests.cascades.sums import i1_i2_i4, owners_and_faces

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 120


def lugang(*words):
    command = [sys.executable, "-m", "devnet.lugang", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def plan(tmp_path):
    folder = str(tmp_path / "devnet")
    lugang("devnet", "up", "--dir", folder)
    yield load_plan(Path(folder))
    lugang("devnet", "down", "--dir", folder, "--remove")


def test_a_random_cascade_keeps_every_invariant_and_a_race_has_one_winner(plan):
    counts = play(plan, seed=20, rounds=3, width=5)
    assert counts["race"] == 1
    assert counts["redeemed_fen"] > 0
    assert {"transfer accept", "split", "finance", "issue accept"} <= set(counts)


class Told(Dealer):
    """A dealer that has dealt nothing: two tranches of one root, by hand."""

    def __init__(self):
        self.due = 100
        root = bytes(34)
        self.expected = Expected(issued={root: 100 * YUAN})
        self.expected.tranches = {
            root: Held(root, "a", 100 * YUAN, live=False),
            b"x" * 34: Held(root, "b", 60 * YUAN),
            b"y" * 34: Held(root, "a", 40 * YUAN),
        }
        base = {"root": root, "level": 1, "parent": root, "sources": (), "lock": "free", "payee": None, "live": True}
        self.tranches = {
            root: {**base, "parent": None, "owner": "a", "face": 100 * YUAN, "live": False},
            b"x" * 34: {**base, "owner": "b", "face": 60 * YUAN},
            b"y" * 34: {**base, "owner": "a", "face": 40 * YUAN},
        }
        self.roots = {root: {"issuer": "subject", "bank": "clearing", "due": 100, "face": 100 * YUAN, "redeemed": 0,
                             "cancelled": 0}}  # fmt: skip


def test_the_sums_can_fail():
    told = Told()
    owners_and_faces(told.tranches, told)
    i1_i2_i4(told.roots, told.tranches, told)
    for key, change in (
        (b"x" * 34, {"face": 60 * YUAN + 1}), (b"x" * 34, {"live": False}), (b"y" * 34, {"parent": None}),
        (bytes(34), {"live": True}), (b"y" * 34, {"root": b"z" * 34}),
    ):  # fmt: skip
        altered = {**told.tranches, key: {**told.tranches[key], **change}}
        with pytest.raises((AssertionError, KeyError)):
            i1_i2_i4(told.roots, altered, told)
    with pytest.raises(AssertionError):
        owners_and_faces({**told.tranches, b"x" * 34: {**told.tranches[b"x" * 34], "owner": "a"}}, told)
    told.expected.tranches[b"x" * 34] = replace(told.expected.tranches[b"x" * 34], offered="c")
    with pytest.raises(AssertionError):
        owners_and_faces(told.tranches, told)
