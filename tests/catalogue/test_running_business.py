"""Business that is under way goes on under an upgraded contract, with the terms that it was begun with (ADR 0021)."""

from __future__ import annotations

from contracts.rehearsal import catalogue_source
from tests.catalogue.stage import DUE, YUAN, Stage

FACE = 1_000_000 * YUAN
LATE_DAYS = 10
BEFORE, AFTER = 90_000, 180_000
"""Penalty a year, in parts per million."""


def upgrade(stage: Stage, name: str, field: str, after: str) -> None:
    """A version whose record has one field more."""
    source = catalogue_source(name)
    assert source.count(after) == 1
    proposal = stage.done("operator", "governance", "upload", name, source.replace(after, f"{after}\n    {field}"), 0)
    stage.done("supervisor", "governance", "approve", proposal)
    assert stage.ask("governance", "contract", name).version == 2


def test_a_voucher_issued_before_an_upgrade_ends_after_it_on_its_own_terms() -> None:
    stage = Stage(("a", "b"))
    line = stage.line(3 * FACE)
    root = stage.issue("a", FACE, line)
    child, _ = stage.pay("a", root, "b", FACE // 4)
    upgrade(
        stage, "voucher", 'note: Text = ""', "    guarantees: int = 0  # how many the contract `guarantee` keeps for it"
    )
    upgrade(stage, "maturity", 'note: Text = ""', "    claims: int = 0")
    rise = ("propose_parameter", "voucher_penalty_rate", AFTER, stage.today)
    stage.done("supervisor", "governance", "approve", stage.done("operator", "governance", *rise))
    later = stage.issue("b", FACE, line)
    # What lived before the upgrade moves on, is paid late, and owes what was agreed; what began after it, the new rate.
    stage.pay("b", child, "a", FACE // 8)
    stage.go_to(DUE - 1)
    stage.go_to(DUE)
    stage.go_to(DUE + LATE_DAYS)
    for instruction, _ in stage.open_instructions(purpose="collect"):
        stage.bank_pays(instruction, FACE)
    for voucher, rate in ((root, BEFORE), (later, AFTER)):
        row = stage.ask("maturity", "redemption", voucher)
        assert (row.collected, row.penalty) == (FACE, FACE * rate * LATE_DAYS // (1_000_000 * 360))
