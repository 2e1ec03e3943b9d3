"""The simulated bank's moods, each against what it must book and sign."""

from __future__ import annotations

from dataclasses import replace

from devnet.bank.book import Noted, Order
from devnet.bank.teller import Decision, Instruction, Issue, decide
from ledger.statement import Kind

DUE = Instruction(b"i", "collect", b"root", "core", "supplier", amount=1_000, paid=0, day=100, status="open")
NOTHING = Noted(0, None, None)


def ask(instruction=DUE, *, noted=NOTHING, orders=(), today=100, funds=5_000, payments=()) -> Decision:
    return decide(instruction, noted, list(orders), today=today, funds=funds, payments=list(payments))


def order(act, **fields) -> Order:
    empty = {"payer": None, "payee": None, "purpose": None, "business": None, "amount": None, "days": None}
    return Order(7, act, **{**empty, **fields})


def test_pays_in_full_on_the_day_and_not_before():
    assert ask(today=99).issues == ()
    decision = ask()
    assert decision.issues == (Issue(Kind.PAID, 1_000),)
    assert decision.noted.paid == 1_000
    assert ask(noted=decision.noted).issues == ()


def test_pays_no_more_than_the_account_holds():
    assert ask(funds=300).issues == (Issue(Kind.PAID, 300),)
    assert ask(funds=0).issues == ()


def test_short_payment_waits_for_another_order():
    decision = ask(orders=[order("short", amount=400)])
    assert decision.issues == (Issue(Kind.PAID, 400),)
    assert decision.order == 7
    assert ask(noted=decision.noted, today=105).issues == ()
    rest = ask(noted=decision.noted, orders=[order("pay")], today=105)
    assert rest.issues == (Issue(Kind.PAID, 600),)


def test_an_order_given_before_the_day_is_kept_until_then():
    early = ask(orders=[order("short", amount=400)], today=98)
    assert early.issues == ()
    assert early.order == 7
    assert ask(noted=early.noted).issues == (Issue(Kind.PAID, 400),)


def test_return_pays_then_takes_back_once():
    first = ask(orders=[order("return")])
    assert first.issues == (Issue(Kind.PAID, 1_000),)
    paid = replace(DUE, status="paid", paid=1_000)
    second = ask(paid, noted=first.noted, payments=[(12, 1_000)])
    assert second.issues == (Issue(Kind.RETURNED, 1_000, earlier=12),)
    assert ask(paid, noted=second.noted, payments=[(12, 1_000)]).issues == ()


def test_delay_counts_from_the_day_of_the_order():
    decision = ask(orders=[order("delay", days=3)])
    assert decision.issues == ()
    assert ask(noted=decision.noted, today=102).issues == ()
    assert ask(noted=decision.noted, today=103).issues == (Issue(Kind.PAID, 1_000),)


def test_repeat_submits_the_same_statement_twice():
    assert ask(orders=[order("repeat")]).issues == (Issue(Kind.PAID, 1_000, copies=2),)


def test_a_lie_books_nothing_and_the_truth_follows():
    decision = ask(orders=[order("lie")])
    assert [issue.flaw for issue in decision.issues] == ["key", "amount"]
    assert decision.noted.paid == 0
    assert ask(noted=decision.noted).issues == (Issue(Kind.PAID, 1_000),)


def test_an_order_goes_to_the_instruction_that_it_names():
    assert ask(orders=[order("hold", payee="another")]).issues == (Issue(Kind.PAID, 1_000),)
    assert ask(orders=[order("hold", business=b"another root")]).issues == (Issue(Kind.PAID, 1_000),)
    assert ask(orders=[order("hold", payee="supplier", purpose="collect", business=b"root")]).issues == ()
