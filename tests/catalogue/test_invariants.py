"""Random histories of many firms against the real engine; after every act the ledger's invariants I1 to I8 must hold.

An act may be refused: then it must have changed nothing. What is drawn is only who tries what; whether it is allowed is
the contracts' to say.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger.receipt import Receipt, Status
from ledger.statement import Kind
from tests.catalogue.stage import Stage, account_of, day, digest

SUPPLIERS = ("a", "b", "c", "d")
FUNDERS = ("icbc", "boc", "factor")
DUE = day("2022-07-29")
LIMIT = 1_000_000
picks = st.integers(0, 10**9)
amounts = st.sampled_from((1, 99, 100, 12_345, 50_000, 100_000, 400_000, 900_000))


class History(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.stage = stage = Stage(SUPPLIERS)
        self.group = stage.done("icbc", "credit", "grant", "core", 2 * LIMIT, "", True)
        stage.done("icbc", "credit", "activate", self.group, stage.today, stage.today + 400)
        self.line = stage.done("core", "credit", "allocate", self.group, "core", LIMIT, "steel")
        stage.done("icbc", "credit", "activate", self.line, stage.today, stage.today + 400)
        self.papers = {name: stage.contract(name, LIMIT) for name in SUPPLIERS[:2]}
        self.invoices = {name: [stage.invoice(self.papers[name], name, LIMIT // 2)] for name in self.papers}
        self.terms: dict[bytes, tuple[Any, ...]] = {}
        self.steps_of_time = 0
        for name, face in (("a", 400_000), ("b", 300_000)):
            invoices = ((self.invoices[name][0], face),)
            args = (name, face, DUE, stage.today + 3, "icbc", self.line, self.papers[name], invoices, digest("promise"))
            root = stage.done("core", "voucher", "issue", *args)
            stage.done(name, "voucher", "accept", root, face, DUE)
            for payee, part in (("c", 50_000), ("d", 30_000), ("c", 20_000)):
                _, root = stage.pay(name, root, payee, part, DUE)

    # -- helpers

    def attempt(self, person: str, contract: str, action: str, *args: Any) -> Any:
        before = dict(self.stage.reader.rows)
        receipt: Receipt = self.stage.do(person, contract, action, *args)
        if receipt.status is Status.DONE:
            return receipt.result
        assert receipt.status is Status.REFUSED, receipt
        assert not (receipt.code or "").startswith("EXE-006"), (contract, action, receipt.numbers)
        if not self.stage.last.receipts[-1] or not Receipt.decode(self.stage.last.receipts[-1]).events:
            assert self.stage.reader.rows == before, (contract, action, receipt.code)
        return None

    def tranches(self, **wanted: Any) -> list[tuple[bytes, Any]]:
        rows = self.stage.rows("voucher", "tranches").items()
        return [(key, row) for key, row in rows if all(getattr(row, name) == value for name, value in wanted.items())]

    def instructions(self, *statuses: str) -> list[tuple[bytes, Any]]:
        rows = self.stage.rows("settlement", "instructions").items()
        return [(key, row) for key, row in rows if row.status in statuses]

    def one(self, found: list[Any], pick: int) -> Any:
        return found[pick % len(found)] if found else None

    # -- trade and credit

    @rule(pick=picks, gross=amounts)
    def invoice(self, pick: int, gross: int) -> None:
        name = SUPPLIERS[pick % 2]
        self.invoices[name].append(self.stage.invoice(self.papers[name], name, gross, attested=pick % 5 > 0))

    @rule(pick=picks, amount=amounts)
    def redden(self, pick: int, amount: int) -> None:
        name = SUPPLIERS[pick % 2]
        invoice = self.one(self.invoices[name], pick // 2)
        self.attempt(name, "trade", "redden", invoice, amount, digest("red"), digest(f"red {pick} {amount}"))

    @rule(pick=picks, amount=amounts)
    def change_line(self, pick: int, amount: int) -> None:
        line = (self.group, self.line)[pick % 2]
        match pick // 2 % 12:
            case 0:
                self.attempt("icbc", "credit", "change", line, amount * 3)
            case 1:
                self.attempt("icbc", "credit", "freeze", line)
            case 2:
                self.attempt("supervisor", "credit", "freeze_by_order", line, digest("order"))
            case 3:
                self.attempt("icbc", "credit", "clear", line)
            case _:
                self.attempt("supervisor", "credit", "restore_by_order", line, digest("order"))
                self.attempt("icbc", "credit", "restore", line)
                self.attempt("icbc", "credit", "change", line, 2 * LIMIT)

    # -- vouchers

    @rule(pick=picks, face=amounts, days=st.integers(0, 3), early=st.booleans())
    def issue(self, pick: int, face: int, days: int, early: bool) -> None:
        name = SUPPLIERS[pick % 2]
        invoices, left = [], face
        for invoice in self.invoices[name]:
            row = self.stage.ask("trade", "invoice_of", invoice)
            part = min(left, max(0, row.gross - row.red - row.used) if pick % 3 else row.gross)
            if part:
                invoices.append((invoice, part))
                left -= part
        due = DUE + days if early else DUE + 30
        until = self.stage.today + days
        args = (name, face, due, until, "icbc", self.line, self.papers[name], tuple(invoices), digest("promise"))
        self.attempt("core", "voucher", "issue", *args)

    @rule(pick=picks, right=st.booleans())
    def answer(self, pick: int, right: bool) -> None:
        found = self.one(self.tranches(lock="offer"), pick)
        if found is None:
            return
        key, row = found
        due = self.stage.ask("voucher", "root", row.root).due
        match pick % 7:
            case 0:
                self.attempt(row.payee, "voucher", "refuse", key)
            case 1:
                self.attempt(row.owner, "voucher", "withdraw", key)
            case _:
                self.attempt(row.payee if right else "d", "voucher", "accept", key, row.face, due)

    @rule(pick=picks, face=amounts, payee=st.sampled_from(SUPPLIERS), days=st.integers(0, 2))
    def offer(self, pick: int, face: int, payee: str, days: int) -> None:
        found = self.one(self.tranches(live=True), pick)
        if found is not None:
            key, row = found
            face = row.face if pick % 4 == 0 else min(face, row.face)
            until, due = self.stage.today + days, self.stage.ask("voucher", "root", row.root).due
            made = self.attempt(row.owner, "voucher", "offer", key, payee, face, until, digest("debt"), due)
            if made is not None and pick % 3:
                self.attempt(payee, "voucher", "accept", made, face, due)

    @rule(pick=picks, first=amounts, second=amounts)
    def pay_in_bulk(self, pick: int, first: int, second: int) -> None:
        found = self.one(self.tranches(live=True, lock="free"), pick)
        if found is not None:
            key, row = found
            items = ((f"{pick}-1", "c", first, digest("debt 1")), (f"{pick}-2", "d", second, digest("debt 2")))
            until, due = self.stage.today + 1, self.stage.ask("voucher", "root", row.root).due
            args = (key, self.stage.file_digest(items), 2, first + second, until, due, items)
            self.attempt(row.owner, "bulk", "pay", *args)

    @rule(pick=picks, face=amounts)
    def split(self, pick: int, face: int) -> None:
        found = self.one(self.tranches(live=True), pick)
        if found is not None:
            self.attempt(found[1].owner, "voucher", "split", found[0], face)

    @rule(pick=picks)
    def merge(self, pick: int) -> None:
        owner = SUPPLIERS[pick % 4]
        found = sorted(key for key, row in self.tranches(live=True, owner=owner))
        if len(found) > 1:
            self.attempt(owner, "voucher", "merge", tuple(found[: 2 + pick // 4 % 3]))

    @rule(pick=picks, amount=amounts, divisible=st.booleans())
    def guarantee(self, pick: int, amount: int, divisible: bool) -> None:
        found = self.one(self.tranches(live=True), pick)
        if found is not None:
            self.attempt("surety", "guarantee", "give", found[0], found[1].owner, amount, digest("surety"), divisible)

    @rule(pick=picks)
    def freeze(self, pick: int) -> None:
        frozen = [(k, r) for k, r in self.tranches() if r.order is not None]
        for key, _ in frozen:
            self.attempt("supervisor", "voucher", "unfreeze", key, digest("order"))
            self.attempt("operator", "distribution", "release", key)
        found = self.one(self.tranches(live=True), pick)
        if found is not None and not frozen and pick % 2:
            self.attempt("supervisor", "voucher", "freeze", found[0], digest("order"))

    # -- financing

    @rule(pick=picks, face=amounts, funder=st.sampled_from(FUNDERS))
    def finance(self, pick: int, face: int, funder: str) -> None:
        found = self.one(self.tranches(live=True), pick)
        if found is None:
            return
        key, row = found
        stage, today = self.stage, self.stage.today
        application = self.attempt(row.owner, "finance", "ask", key, min(face, row.face), today + 1, False, ())
        if application is None:
            return
        advance = (1_000_000, 800_000)[pick % 2]
        self.attempt(funder, "finance", "quote", application, 45_000, 1_000, 0, advance, today + 1)
        if (application, funder) not in stage.rows("finance", "quotes"):
            return
        cost = stage.ask("finance", "cost", application, funder, today)
        financing = self.attempt(row.owner, "finance", "select", application, funder, today, cost.net, cost.all_in)
        if financing is not None:
            terms = (min(face, row.face), cost.net, today)
            self.attempt(row.owner, "finance", "sign_as_holder", financing, digest("contract"), *terms)
            if pick % 5:
                self.attempt(funder, "finance", "sign_as_funder", financing, digest("contract"), digest("zdw"), *terms)
            if pick % 5 > 1:
                instruction = stage.ask("finance", "financing", financing).instruction
                self.attempt("operator", "settlement", "receive", stage.statement(instruction, cost.net, "boc"))

    # -- money

    @rule(pick=picks, part=st.sampled_from((1, 1, 1, 3, 7)), bank=st.sampled_from(("icbc", "boc")))
    def bank_pays(self, pick: int, part: int, bank: str) -> None:
        found = self.one(self.instructions("open", "closed"), pick)
        if found is not None:
            key, row = found
            amount = max(1, (row.amount - row.paid) // part)
            self.attempt("operator", "settlement", "receive", self.stage.statement(key, amount, row.bank or bank))

    @rule(pick=picks)
    def confirm(self, pick: int) -> None:
        found = self.one(self.instructions("stated"), pick)
        if found is not None:
            self.attempt(found[1].payee, "settlement", "confirm", found[0], found[1].claimed)

    @rule(pick=picks)
    def money_comes_back(self, pick: int) -> None:
        found = self.one([(k, r) for k, r in self.stage.rows("settlement", "statements").items() if r.kind == 0], pick)
        if found is not None:
            (bank, number), row = found
            args = self.stage.statement(row.instruction, row.amount, bank, kind=Kind.RETURNED, earlier=number)
            self.attempt("operator", "settlement", "receive", args)

    @rule(pick=picks)
    def same_statement_again(self, pick: int) -> None:
        found = self.one(list(self.stage.rows("settlement", "statements").items()), pick)
        if found is not None:
            (bank, number), row = found
            again = self.stage.statement(row.instruction, row.amount, bank, number=number)
            code, _ = self.stage.refused("operator", "settlement", "receive", again)
            assert code == "SET-002"

    # -- corrections, time, maturity

    @rule(pick=picks, amount=amounts)
    def dispute(self, pick: int, amount: int) -> None:
        found = self.one([(k, r) for k, r in self.tranches(live=True) if r.payer is not None], pick)
        if found is not None:
            key, row = found
            amount = min(amount, row.face)
            made = self.attempt(
                row.payer, "dispute", "open", key, row.owner, amount, digest("why"), self.stage.today + 2
            )
            if made is not None and pick % 3:
                self.attempt("supervisor", "dispute", "rule", made, pick % 3 == 1, amount, digest("ruling"))

    @rule(pick=picks)
    def take_back(self, pick: int) -> None:
        found = self.one([(k, r) for k, r in self.tranches() if r.payer is not None], pick)
        if found is not None:
            head, row = found
            held: dict[str, int] = {}
            for leaf in self.stage.ask("trace", "leaves", head):
                held[leaf.owner] = held.get(leaf.owner, 0) + leaf.face
            for owner, face in held.items():
                self.attempt(owner, "dispute", "agree", head, face)
            self.attempt(row.payer, "dispute", "reverse", head, row.face)

    @rule(days=st.integers(1, 12), late=st.booleans())
    def days_pass(self, days: int, late: bool) -> None:
        self.steps_of_time += 1
        far = self.stage.today > DUE or self.steps_of_time % 5 == 0
        self.stage.go_to(self.stage.today + (days if far and late else 1))

    @precondition(lambda self: self.steps_of_time == 4)
    @rule()
    def the_day_comes(self) -> None:
        self.steps_of_time += 1
        self.stage.go_to(max(self.stage.today, DUE - 1))
        self.stage.apply([])

    @precondition(lambda self: self.stage.today >= DUE - 1)
    @rule(part=st.sampled_from((1, 1, 2, 3)))
    def the_bank_is_busy(self, part: int) -> None:
        """Every instruction that is open is paid, the last one perhaps in part."""
        rows = self.instructions("open")
        for i, (key, row) in enumerate(rows):
            amount = (row.amount - row.paid) // (part if i == len(rows) - 1 else 1)
            if amount:
                self.attempt("operator", "settlement", "receive", self.stage.statement(key, amount, row.bank or "boc"))

    @rule(pick=picks)
    def after_maturity(self, pick: int) -> None:
        found = self.one(list(self.stage.rows("maturity", "redemptions").items()), pick)
        if found is not None:
            root, _ = found
            match pick % 3:
                case 0:
                    self.attempt("core", "maturity", "cure", root)
                case 1:
                    self.attempt("core", "maturity", "cancel", root)
                case _:
                    self.attempt("core", "maturity", "redeem_early", root, self.stage.today)

    @rule(pick=picks, face=amounts, rebate=st.sampled_from((0, 0, 7)))
    def one_is_paid_early(self, pick: int, face: int, rebate: int) -> None:
        found = self.one(self.tranches(live=True), pick)
        if found is not None:
            key, row = found
            face = row.face if pick % 2 else min(face, row.face)
            price, day_ = face - rebate, self.stage.today + pick % 2
            made = self.attempt("core", "early", "offer", key, row.owner, face, price, day_)
            if made is not None and pick % 7:
                self.attempt(row.owner, "early", "agree", made, face, price, day_)

    @rule(pick=picks)
    def guarantor_pays(self, pick: int) -> None:
        found = self.one(list(self.stage.rows("guarantee", "guarantees").items()), pick)
        if found is not None:
            (tranche, guarantor), row = found
            self.attempt(guarantor, "guarantee", "pay", tranche, guarantor, row.amount)

    # -- the invariants

    @invariant()
    def i1_a_root_is_what_lives_was_redeemed_or_cancelled(self) -> None:
        for key, root in self.stage.rows("voucher", "roots").items():
            live = sum(row.face for _, row in self.tranches(root=key, live=True))
            assert live + root.redeemed + root.cancelled == root.face, root

    @invariant()
    def i2_every_spend_keeps_the_sum(self) -> None:
        rows = dict(self.tranches())
        made: dict[bytes, int] = {}
        for row in rows.values():
            assert row.face >= 1
            if row.parent is not None:
                made[row.parent] = made.get(row.parent, 0) + row.face
            if row.sources:
                assert row.face == sum(rows[source].face for source in row.sources)
        for key, total in made.items():
            assert not rows[key].live
            assert rows[key].face == total

    @invariant()
    def i4_obligor_day_and_root_never_change(self) -> None:
        roots = self.stage.rows("voucher", "roots")
        for key, root in roots.items():
            terms = (root.issuer, root.payee, root.face, root.due, root.line)
            assert self.terms.setdefault(key, terms) == terms
        rows = dict(self.tranches())
        for row in rows.values():
            for origin in (*row.sources, *((row.parent,) if row.parent else ())):
                assert rows[origin].root == row.root

    @invariant()
    def i5_claims_are_what_lived_at_the_record_day(self) -> None:
        claims, payouts = self.stage.rows("distribution", "claims"), self.stage.rows("distribution", "payouts")
        for root, row in self.stage.rows("maturity", "redemptions").items():
            own = {key: claim for key, claim in claims.items() if claim.root == root}
            if row.phase in ("waiting", "void"):
                assert not own
                continue
            payout = payouts[root]
            assert sum(claim.face for claim in own.values()) == row.total == payout.total
            live = {key for key, _ in self.tranches(root=root, live=True)}
            assert live == {key for key, claim in own.items() if claim.paid < claim.face}
            assert sum(claim.paid for claim in own.values()) == payout.paid
            assert sum(claim.instructed for claim in own.values()) == payout.instructed
            assert all(claim.paid <= claim.instructed <= claim.face for claim in own.values())
            assert payout.paid <= payout.instructed <= row.total
            self.what_is_on_its_way(own)
            if row.collected == row.total and not any(claim.withheld for claim in own.values()):
                assert payout.instructed == row.total

    def what_is_on_its_way(self, claims: dict[bytes, Any]) -> None:
        """Nothing that came back is instructed twice, and nothing is lost."""
        asked = 0
        roots = {claim.root for claim in claims.values()}
        for row in self.stage.rows("settlement", "instructions").values():
            if row.purpose == "redeem" and self.stage.tranche(row.business).root in roots:
                asked += row.paid if row.status == "returned" else row.amount
        assert asked == sum(claim.instructed for claim in claims.values())

    @invariant()
    def i6_one_lock_a_tranche(self) -> None:
        rows = dict(self.tranches())
        seen: set[bytes] = set()
        for financing in self.stage.rows("finance", "financings").values():
            if financing.status in ("selected", "signed") and self.stage.today <= financing.until:
                row = rows[financing.tranche]
                assert (row.lock, row.payee, row.live) == ("finance", financing.funder, True)
                assert financing.tranche not in seen
                seen.add(financing.tranche)
        for dispute in self.stage.rows("dispute", "disputes").values():
            if dispute.outcome == "open" and self.stage.today <= dispute.until and rows[dispute.tranche].live:
                assert rows[dispute.tranche].lock == "dispute"
                assert dispute.tranche not in seen
        for row in rows.values():
            assert (row.lock == "free") == (row.until is None)
            assert row.lock == "free" or row.payee is not None
            assert row.live or row.lock == "free"

    @invariant()
    def i7_an_invoice_is_used_once(self) -> None:
        used: dict[bytes, int] = {}
        for (_, invoice), use in self.stage.rows("trade", "uses").items():
            used[invoice] = used.get(invoice, 0) + use.amount
        lineages: dict[bytes, int] = {}
        for key, invoice in self.stage.rows("trade", "invoices").items():
            assert invoice.used == used.get(key, 0) <= invoice.gross
            lineages[invoice.lineage] = lineages.get(invoice.lineage, 0) + invoice.used
        for key, lineage in self.stage.rows("trade", "lineages").items():
            assert lineage.used == lineages.get(key, 0) <= lineage.ceiling

    @invariant()
    def i8_a_line_adds_up(self) -> None:
        lines = self.stage.rows("credit", "lines")
        uses = self.stage.rows("credit", "uses")
        roots = self.stage.rows("voucher", "roots")
        exposures = self.stage.rows("credit", "exposures")
        for line in lines:
            row = self.stage.ask("credit", "figures", line)
            assert row.limit + row.excess == row.available + row.reserved + row.occupied + row.frozen
            assert min(row.available, row.reserved, row.occupied, row.frozen, row.excess) >= 0
            under = [use for use in uses.values() if line in (use.line, lines[use.line].parent)]
            assert row.reserved == sum(use.amount for use in under if use.until is not None)
            assert row.occupied == sum(use.amount for use in under if use.until is None)
        for root, use in uses.items():
            if use.until is None:
                assert use.amount == roots[root].face - roots[root].cancelled
                assert 0 <= use.financed <= use.amount
                funder = lines[use.line].funder
                assert use.financed == getattr(exposures.get((root, funder)), "amount", 0)
        for (root, funder), exposure in exposures.items():
            held = sum(row.face for _, row in self.tranches(root=root, owner=funder, live=True))
            assert exposure.amount == held

    @invariant()
    def accounts_are_believed_once(self) -> None:
        for row in self.stage.rows("settlement", "instructions").values():
            assert 0 <= row.paid <= row.amount
            assert row.account in (None, account_of(row.payee))


HistoryTest = History.TestCase
# Histories are not shrunk: that takes minutes, and the steps that a failure prints are short enough to read.
HistoryTest.settings = settings(max_examples=8, stateful_step_count=70, phases=(Phase.explicit, Phase.generate))


def test_the_invariants_can_fail() -> None:
    """A tranche made out of nothing is seen."""
    stage = Stage(["a"])
    history = History()
    history.stage, history.terms = stage, {}
    root = stage.issue("a", 500_000, stage.line(LIMIT))
    history.i1_a_root_is_what_lives_was_redeemed_or_cancelled()
    bound = stage.engine.world.contracts["voucher"]
    row = bound.maps["tranches"].calls["row"](root)
    stage.given("voucher", "tranches", root[:33] + b"\x09", bound.helpers.plain(row))
    with pytest.raises(AssertionError):
        history.i1_a_root_is_what_lives_was_redeemed_or_cancelled()
