"""What the simulated bank does about one payment instruction: a pure decision, so that every mood can be tested.

Given the instruction as proven on the chain, what the book has noted of it, the open orders and today's business day,
`decide` says what to book and which statements to sign. Signing, sending and the book are the simulator's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from devnet.bank.book import Noted, Order
from ledger.statement import Kind


@dataclass(frozen=True, slots=True)
class Instruction:
    """A proven row of settlement's instructions. Days are business days of the chain's clock."""

    id: bytes
    purpose: str
    business: bytes
    payer: str
    payee: str
    amount: int
    paid: int
    day: int
    status: str


@dataclass(frozen=True, slots=True)
class Issue:
    """A statement to sign. `flaw` says how it lies: with a key that is not the bank's, or about more than was owed.

    `copies`: how often it is submitted.
    """

    kind: Kind
    amount: int
    earlier: int | None = None
    copies: int = 1
    flaw: Literal["key", "amount"] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    noted: Noted
    issues: tuple[Issue, ...] = ()
    order: int | None = None


def decide(
    instruction: Instruction,
    noted: Noted,
    orders: list[Order],
    *,
    today: int,
    funds: int,
    payments: list[tuple[int, int]],
) -> Decision:
    """`funds` is the payer's balance; `payments` are (number, amount) of the payments of this
    instruction that the chain has booked.

    An order is taken by the first instruction that it fits, one on hold included. Without one, the bank pays on the
    day, as far as the funds go.
    """
    left = instruction.amount - noted.paid
    order = _fitting(instruction, orders) if noted.act in (None, "hold") else None
    if order is not None:
        wait_until = today + order.days if order.days else None
        noted = replace(noted, act=order.act, wait_until=wait_until, short=order.amount)
    number = None if order is None else order.number
    if noted.act == "return" and payments:
        return _give_back(noted, number, payments[-1])
    waiting = today < max(instruction.day, noted.wait_until or 0)
    if instruction.status != "open" or waiting or noted.act == "hold":
        return Decision(noted, (), number)
    amount = min(left, funds)
    match noted.act:
        case "short":
            amount = min(amount, left // 2 if noted.short is None else noted.short)
            # What is left stays unpaid until another order comes.
            return _pay(replace(noted, act="hold"), amount, number)
        case "repeat":
            return _pay(replace(noted, act="pay"), amount, number, copies=2)
        case "lie":
            lies = (Issue(Kind.PAID, left, flaw="key"), Issue(Kind.PAID, left + 1, flaw="amount"))
            return Decision(replace(noted, act="pay"), lies, number)
        case _:
            return _pay(noted, amount, number)


def _pay(noted: Noted, amount: int, order: int | None, *, copies: int = 1) -> Decision:
    if amount <= 0:
        return Decision(noted, (), order)
    return Decision(replace(noted, paid=noted.paid + amount), (Issue(Kind.PAID, amount, copies=copies),), order)


def _give_back(noted: Noted, order: int | None, payment: tuple[int, int]) -> Decision:
    number, paid = payment
    done = Noted(noted.paid - paid, "hold", None)
    return Decision(done, (Issue(Kind.RETURNED, paid, earlier=number),), order)


def _fitting(instruction: Instruction, orders: list[Order]) -> Order | None:
    found = (instruction.payer, instruction.payee, instruction.purpose, instruction.business)
    for order in orders:
        asked = (order.payer, order.payee, order.purpose, order.business)
        if all(wish in (None, fact) for wish, fact in zip(asked, found, strict=True)):
            return order
    return None
