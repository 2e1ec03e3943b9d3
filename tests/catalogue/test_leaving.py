"""A member leaves when nothing is open: what it holds, owes, lends, pays and stands in for is in the refusal."""

from __future__ import annotations

from typing import Any

from ledger.crypto import INTERNATIONAL
from ledger.receipt import Status
from tests.catalogue.stage import DUE, YUAN, Stage, digest, public_key

FACE = 1_000 * YUAN
NOTHING = {"held": 0, "owed": 0, "lines": 0, "payments": 0, "guarantees": 0, "financings": 0, "nodes": 0}


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
    assert refused(stage, "core") == NOTHING | {"owed": 1, "lines": 1, "nodes": 1}
    assert refused(stage, "icbc") == NOTHING | {"lines": 1, "nodes": 1}
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
    assert stage.ask("membership", "still_open_for", "a") == (0, 0, 0, 0, 0, 0, 0)
    stage.done("icbc", "credit", "clear", line)
    for leaver in ("a", "surety"):
        stage.done("supervisor", "membership", "dismiss", leaver, digest("order"))
    for leaver in ("core", "icbc"):
        leave_with_its_node(stage, leaver)


def leave_with_its_node(stage: Stage, leaver: str) -> None:
    """Whose node votes leaves after it, and the node leaves when another has joined: four are the fewest."""
    assert refused(stage, leaver) == NOTHING | {"nodes": 1}
    [node] = [key for key, row in stage.view("governance", "list_validators") if row[0] == leaver]
    new = (public_key(stage.suite, f"new for {leaver}"), "operator", public_key(INTERNATIONAL, f"link for {leaver}"))
    for proposal in (
        stage.done("operator", "governance", "propose_validator", *new, ("/dns/a.cn/tcp/1",), False),
        stage.done("operator", "governance", "propose_validator", node, leaver, b"", (), True),
    ):
        stage.done("supervisor", "governance", "approve", proposal)
    stage.done("supervisor", "membership", "suspend", leaver, digest("order"))
    stage.done("supervisor", "membership", "dismiss", leaver, digest("order"))
    assert stage.ask("membership", "organisation", leaver).status == "left"


def test_a_financing_that_is_not_over_keeps_both_sides() -> None:
    stage = Stage(("a",))
    stage.line(FACE * 2)
    line = stage.line(FACE * 2, funder="boc")
    root = stage.issue("a", FACE, line)
    financing = stage.finance("a", root, FACE, funder="factor", recourse=True)
    assert refused(stage, "factor") == NOTHING | {"payments": 1, "financings": 1}
    [(instruction, _)] = stage.open_instructions("factor")
    stage.bank_pays(instruction)
    # The holder has been paid and owns nothing, but the funder may come back to it while the issuer owes.
    assert refused(stage, "a") == NOTHING | {"financings": 1}
    assert stage.ask("finance", "financing", financing).status == "financed"
    assert refused(stage, "factor") == NOTHING | {"held": 1, "financings": 1}


def test_who_has_a_successor_winds_up_what_is_open_and_leaves_then() -> None:
    stage = Stage(("a", "b", "c"))
    root = stage.issue("a", FACE, stage.line(FACE))
    assert stage.refused("supervisor", "membership", "succeed", "a", "a", digest("merger"))[0] == "MEM-017"
    stage.done("supervisor", "membership", "succeed", "a", "b", digest("merger"))
    row = stage.ask("membership", "organisation", "a")
    assert (row.status, row.successor) == ("active", "b")
    # Under its old name it can still do what winds it up; the record is no transfer.
    assert stage.tranche(root).owner == "a"
    stage.pay("a", root, "c", FACE)
    stage.done("supervisor", "membership", "dismiss", "a", digest("order"))
    # Who has nothing open has left with the record, and is not succeeded once more.
    stage.done("supervisor", "membership", "succeed", "b", "core", digest("merger"))
    assert stage.ask("membership", "organisation", "b").status == "left"
    assert stage.refused("supervisor", "membership", "succeed", "b", "core", digest("merger"))[0] == "MEM-006"
    assert stage.refused("supervisor", "membership", "succeed", "c", "b", digest("merger"))[0] == "MEM-017"
