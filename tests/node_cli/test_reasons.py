"""Why a node stopped is said in the reader's language; the sentences are those of the code that stops it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import consensus.pbft.checkpoints
import consensus.pbft.rounds
import node.divergence
from node.tables import REASONS, reason_in_chinese

SAID = [
    "height 7: own execution differs from the certified one",
    "height 7: another checkpoint of it was signed before",
    "height 7: no result can reach a quorum",
    "a quorum voted for block 0123456789abcdef, which is invalid here",
    "state_root own 0123456789abcdef other fedcba9876543210",
    "first receipt that differs: 3, transaction 0123456789abcdef",
    "first receipt that differs: 3, what follows the transactions",
    "first state key that differs, as a peer says: 00ff own not written other removed",
]


@pytest.mark.parametrize("reason", SAID)
def test_every_reason_has_its_chinese(reason):
    assert not re.search("[a-z]{3,} [a-z]{2,}", reason_in_chinese(reason))
    assert set(re.findall(r"\d+", reason)) <= set(re.findall(r"\d+", reason_in_chinese(reason)))


def test_parts_are_said_one_by_one_and_what_is_unknown_stays():
    assert reason_in_chinese(f"{SAID[0]}; {SAID[4]}; something new") == (
        "高度 7：本节点的执行结果与已认证的不同；state_root 本节点 0123456789abcdef，其他 fedcba9876543210；"
        "something new"
    )


def test_the_code_still_says_so():
    """A reason that is reworded in the code must be reworded here."""
    modules = (consensus.pbft.checkpoints, consensus.pbft.rounds, node.divergence)
    code = " ".join(Path(str(module.__file__)).read_text(encoding="utf-8") for module in modules)
    for english, _ in REASONS:
        longest = max(re.split(r"\([^)]*\)|\\d\+|\\w\+", english), key=len).strip(" :,")
        assert longest in code, english
