"""A root with more claims than one step takes is recorded and shared out in pages, to the same fen as at one look."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ledger.genesis import LIMITS
from ledger.money import apportion
from tests.catalogue.stage import DUE, Stage, digest

FILES, ITEMS = 3, 450
SEED = 20221230


def big_root(files: int, items: int) -> tuple[Stage, bytes, int]:
    """Files of many offers that nobody accepts lapse on the record day: each is a claim of its payer's."""
    stage = Stage(("a", "b"), (("voucher_split_fen_min", 1, 0), ("voucher_offer_days_max", 200, 0)))
    faces = random.Random(SEED)
    sizes = [[faces.choice((1, 2, 3, 97, 1_009, 65_537)) for _ in range(items)] for _ in range(files)]
    face = sum(sum(part) for part in sizes) + 11
    root = rest = stage.issue("a", face, stage.line(2 * face))
    for number, part in enumerate(sizes):
        rows = tuple((f"{number}-{i}", "b", size, digest("debt")) for i, size in enumerate(part))
        total = sum(part)
        batch = stage.file_digest(rows)
        children = stage.done("a", "bulk", "pay", rest, batch, items, total, DUE - 3, DUE, rows)
        rest = children[0][:32] + items.to_bytes(2, "big")
    return stage, root, face


def claims_in_order(stage: Stage) -> list[tuple[bytes, Any]]:
    return sorted(stage.rows("distribution", "claims").items())


def go_on(stage: Stage) -> int:
    """Empty blocks until nothing is being shared out; how many."""
    for count in range(60):
        if not stage.rows("distribution", "sharings"):
            return count
        stage.apply([])
    raise AssertionError("it does not end")


def must_be_exact(stage: Stage, root: bytes, face: int) -> None:
    collected, row = stage.ask("maturity", "redemption", root).collected, stage.ask("distribution", "payout", root)
    claims = [claim for _, claim in claims_in_order(stage)]
    shares = apportion(row.shared, [claim.face for claim in claims])
    assert [claim.share for claim in claims] == shares
    assert sum(shares) == row.shared == collected
    assert sum(claim.instructed for claim in claims) == row.instructed == collected
    for claim in claims:
        # A fen that a claim was told to be paid is not asked for back, and at most one is waited for in its stead.
        assert abs(claim.instructed * face - collected * claim.face) < 2 * face
    assert all(claim.shortfall is None for claim in claims)


def record(stage: Stage, root: bytes, count: int) -> None:
    stage.go_to(DUE - 1)
    for _ in range(20):
        if stage.ask("maturity", "redemption", root).phase == "due":
            break
        stage.apply([])
    row = stage.ask("maturity", "redemption", root)
    assert (row.phase, row.claims) == ("due", count)
    assert len(stage.rows("distribution", "claims")) == count
    stage.go_to(DUE)


payments = st.lists(st.tuples(st.integers(1, 999), st.booleans()), min_size=1, max_size=4)


@given(payments)
@settings(max_examples=3, phases=(Phase.explicit, Phase.generate))
def test_short_payments_of_a_large_root_end_at_face(parts: list[tuple[int, bool]]) -> None:
    stage, root, face = big_root(FILES, ITEMS)
    count = FILES * ITEMS + 1
    assert count > 1024
    record(stage, root, count)
    left = face
    for thousandth, at_once in parts:
        amount = max(1, left * thousandth // 1000)
        if amount == left:
            break
        stage.collect(amount)
        left -= amount
        if not at_once:
            assert go_on(stage) > 0
            must_be_exact(stage, root, face)
    stage.collect(left)
    if stage.rows("distribution", "sharings"):
        # Anybody may go on; it changes nothing but when, and no step costs more than a tenth of what an act may.
        step = stage.do("b", "distribution", "share_on", root)
        assert step.code is None
        assert step.budget_used < LIMITS["transaction_budget_max"] // 10
    go_on(stage)
    must_be_exact(stage, root, face)
    assert all(claim.instructed == claim.face for _, claim in claims_in_order(stage))
    orders = [row for row in stage.rows("settlement", "instructions").values() if row.purpose == "redeem"]
    assert sum(row.amount for row in orders) == face


@pytest.mark.parametrize("late", [0, 40])
def test_a_large_root_is_paid_out_and_its_penalty_shared(late: int) -> None:
    stage, root, face = big_root(3, 345)
    record(stage, root, 3 * 345 + 1)
    stage.go_to(DUE + late)
    stage.collect(face)
    go_on(stage)
    must_be_exact(stage, root, face)
    if late:
        stage.collect(stage.ask("maturity", "redemption", root).penalty, purpose="penalty")
        go_on(stage)
        row = stage.ask("maturity", "redemption", root)
        claims = [claim for _, claim in claims_in_order(stage)]
        assert row.penalty > 0
        assert [claim.penalty_instructed for claim in claims] == apportion(
            row.penalty, [claim.face for claim in claims]
        )


def test_what_waits_while_money_is_being_shared_out() -> None:
    stage, root, face = big_root(3, 345)
    [(rest, _)] = stage.ask("voucher", "held_by", "a", None)[:1]
    stage.done("supervisor", "voucher", "freeze", rest, digest("court"))
    record(stage, root, 3 * 345 + 1)
    stage.collect(face // 3)
    stage.done("supervisor", "voucher", "unfreeze", rest, digest("court"))
    assert stage.do("a", "distribution", "release", rest).code == "DTB-008"
    go_on(stage)
    before = stage.ask("distribution", "claim", rest)
    assert (before.withheld, before.instructed) == (True, 0)
    stage.done("a", "distribution", "release", rest)
    assert stage.ask("distribution", "claim", rest).instructed == before.share
    must_be_exact(stage, root, face)
