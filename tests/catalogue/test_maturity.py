"""In whatever order money comes in, goes out and comes back after the due day, claims end at their faces to the fen."""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ledger.statement import Kind
from tests.catalogue.stage import DUE, Stage, digest
from tests.catalogue.test_invariants import History

FACE = 1_000_003
OPERATIONS = ("collect", "pay", "return", "guarantor", "freeze", "late", "court")
parts = st.sampled_from((1, 2, 3, 7))
steps = st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 999), parts), max_size=30)


class Ending(History):
    """A voucher that seven hold has come due; one tranche is guaranteed, one is frozen, one was financed."""

    def begin(self) -> None:
        self.stage = stage = Stage(("a", "b", "c", "d"))
        self.terms: dict[bytes, tuple[Any, ...]] = {}
        line = self.group = self.line = stage.line(2 * FACE)
        self.root = stage.issue("a", FACE, line)
        rest: bytes | None = self.root
        for payee, face in (("b", 333_334), ("c", 100_001), ("d", 100), ("b", 7_777), ("c", 123_456)):
            assert rest is not None
            child, rest = stage.pay("a", rest, payee, face)
            if payee == "b":
                stage.done("surety", "guarantee", "give", child, "b", face // 2, digest("surety"), True)
            if face == 123_456:
                financing = stage.ask("finance", "financing", stage.finance("c", child, face))
                stage.bank_pays(financing.instruction, bank="boc")
        stage.done("supervisor", "voucher", "freeze", rest, digest("court"))
        stage.go_to(DUE - 1)
        stage.go_to(DUE)

    def check(self) -> None:
        self.i1_a_root_is_what_lives_was_redeemed_or_cancelled()
        self.i2_every_spend_keeps_the_sum()
        self.i5_claims_are_what_lived_at_the_record_day()
        self.i8_a_line_adds_up()

    def play(self, operation: str, pick: int, part: int) -> None:
        stage = self.stage
        wanted = {"collect": ("collect",), "pay": ("redeem", "penalty", "penalty_share", "guarantee")}
        if operation in wanted:
            rows = stage.rows("settlement", "instructions").items()
            found = self.one([r for r in rows if r[1].purpose in wanted[operation] and r[1].status == "open"], pick)
            if found is not None:
                key, row = found
                amount = max(1, (row.amount - row.paid) // part)
                self.attempt("operator", "settlement", "receive", stage.statement(key, amount, row.bank or "boc"))
        elif operation == "return":
            self.money_comes_back(pick)
        elif operation == "guarantor":
            found = self.one(list(stage.rows("guarantee", "guarantees").items()), pick)
            if found is not None:
                (tranche, guarantor), row = found
                self.attempt(guarantor, "guarantee", "pay", tranche, guarantor, max(1, row.amount // part))
        elif operation == "late":
            stage.go_to(stage.today + part)
        else:
            self.withhold(operation, pick)

    def withhold(self, operation: str, pick: int) -> None:
        wanted = operation == "freeze" and pick % 3 == 0
        tranche = self.one([key for key, row in self.tranches(live=True) if (row.order is None) == wanted], pick)
        if tranche is None:
            return
        act = "freeze" if self.stage.tranche(tranche).order is None else "unfreeze"
        if operation == "court" and pick % 2:
            self.attempt("supervisor", "distribution", "direct", tranche, "operator", digest("court"))
            return
        self.attempt("supervisor", "voucher", act, tranche, digest("court"))
        self.attempt("operator", "distribution", "release", tranche)

    def finish(self) -> None:
        """Nothing is withheld any more, and banks pay whatever is open until nothing is."""
        stage = self.stage
        for key, row in self.tranches(live=True):
            if row.order is not None:
                stage.done("supervisor", "voucher", "unfreeze", key, digest("court"))
            if stage.ask("distribution", "claim", key).withheld:
                stage.done("operator", "distribution", "release", key)
        while rows := [r for r in stage.rows("settlement", "instructions").items() if r[1].status == "open"]:
            for key, row in rows:
                stage.bank_pays(key, bank=row.bank or "boc")
            self.check()


@given(steps)
@settings(max_examples=15, phases=(Phase.explicit, Phase.generate))
def test_short_late_and_returned_payments_end_at_face(history: list[tuple[str, int, int]]) -> None:
    ending = Ending()
    ending.begin()
    ending.check()
    for operation, pick, part in history:
        ending.play(operation, pick, part)
        ending.check()
    ending.finish()
    stage = ending.stage
    row = stage.ask("maturity", "redemption", ending.root)
    claims = stage.rows("distribution", "claims")
    payout = stage.ask("distribution", "payout", ending.root)
    assert (row.phase, row.collected, payout.paid) == ("redeemed", FACE, FACE)
    assert all(claim.paid == claim.face for claim in claims.values())
    assert row.penalty == row.penalty_collected == payout.penalty_paid == sum(c.penalty_paid for c in claims.values())
    received = sum(
        (1 if said.kind == Kind.PAID else -1) * said.amount
        for said in stage.rows("settlement", "statements").values()
        if stage.ask("settlement", "instruction", said.instruction).purpose == "redeem"
    )
    assert received == FACE
    if row.late_fen_days:
        stage.done("core", "maturity", "cure", ending.root)
    assert not stage.ask("voucher", "root", ending.root).unsettled
    stage.go_to(stage.today + 5)
    assert stage.ask("credit", "figures", ending.line).occupied == 0
