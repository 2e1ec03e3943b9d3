"""A member leaves when nothing is open: what it holds, owes, lends, pays and stands in for is in the refusal."""

from __future__ import annotations

from typing import Any

from ledger.receipt import Status
from tests.catalogue.stage import DUE, YUAN, Stage, digest

FACE = 1_000 * YUAN
NOTHING = {"held": 0, "owed": 0, "lines": 0, "payments": 0, "guarantees": 0}


def refused(stage: Stage, organisation: str) -> dict[str, Any]:
    code, numbers = stage.refused("supervisor", "membership", "dismiss", organisation, digest("order"))
    assert code == "MEM-016"
    return numbers


def test_who_has_business_left_cannot_leave() -> None:
    stage = Stage(("a", "b", "c"))
    line = stage.line(FACE)
    root = stage.issue("a", FACE, line)
    stage.done("surety", "guarantee", "give", root, "a", FACE // 2, digest("surety"), True)
    assert refused(stage, "a") == NOTHING | {"held": 1}
    assert refused(stage, "core") == NOTHING | {"owed": 1, "lines": 1}
    assert refused(stage, "icbc") == NOTHING | {"lines": 1}
    assert refused(stage, "surety") == NOTHING | {"guarantees": 1}
    # What is offered to somebody waits for him too.
    stage.done("a", "voucher", "offer", root, "b", FACE, stage.today + 5, digest("debt"), DUE)
    assert refused(stage, "b") == NOTHING | {"held": 1}
    # Who has nothing leaves, and can do nothing any more.
    stage.done("supervisor", "membership", "dismiss", "c", digest("order"))
    assert stage.do("c", "settlement", "register", digest("account"), "icbc").status is Status.REFUSED


def test_after_the_end_everybody_may_leave() -> None:
    stage = Stage(("a",))
    line = stage.line(FACE)
    root = stage.issue("a", FACE, line)
    stage.done("surety", "guarantee", "give", root, "a", FACE // 2, digest("surety"), True)
    stage.go_to(DUE - 1)
    stage.go_to(DUE)
    assert refused(stage, "core")["payments"] == 1
    stage.collect(FACE)
    assert refused(stage, "a") == NOTHING | {"held": 1, "payments": 1}
    stage.distribute()
    stage.go_to(stage.today + 10)
    assert stage.ask("voucher", "root", root).status == "cancelled"
    assert stage.ask("membership", "still_open_for", "a") == (0, 0, 0, 0, 0)
    stage.done("icbc", "credit", "clear", line)
    for leaver in ("a", "surety", "core", "icbc"):
        stage.done("supervisor", "membership", "dismiss", leaver, digest("order"))
