"""The running bank simulator: follows settlement's instructions on the chain, books, signs and submits statements.

    lugang devnet bank run --dir DEVNET       (started and ended by `devnet up` and `down`)

A statement is written into the book before it is submitted and submitted again after a restart until the chain has
answered, so that a payment is neither lost nor made twice.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from typing import Any, Final

import httpx

from devnet.bank.book import Book, Line
from devnet.bank.teller import Decision, Instruction, Issue, decide
from ledger.errors import Refused
from ledger.statement import Kind, Statement, sign_statement
from wallet.builder import Signer
from wallet.node_api import NotProvenError, UnreachableError
from wallet.session import Session

POLL_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 1.0
OUT_OF_COLLECTED: Final = frozenset({"redeem", "penalty_share"})
OVER: Final = frozenset({"paid", "returned", "closed"})


class BankSimulator:
    """One bank. `clerk` submits its transactions; `statement_secret` is the key that membership names for the bank."""

    def __init__(self, session: Session, bank: str, clerk: Signer, statement_secret: bytes, book: Book) -> None:
        self._session, self._bank, self._clerk, self._book = session, bank, clerk, book
        self._secret = statement_secret
        self._open: dict[bytes, None] = {}

    def run(self) -> None:
        """Serve until the process is ended."""
        instructions: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._follow, args=(instructions,), daemon=True).start()
        while True:
            for identifier in _drain(instructions):
                self._open[identifier] = None
            try:
                self.serve_once()
            except (UnreachableError, Refused, httpx.HTTPError) as error:
                print(f"waiting: {error}", flush=True)

    def serve_once(self) -> None:
        """One round over all open instructions."""
        self._send(self._book.unsent())
        if not self._open:
            return
        today = self._session.client.ask(lambda node: node.status()).day
        rows = self._session.rows("settlement", "instructions", [(key,) for key in self._open])
        lines: list[Line] = []
        for row in rows:
            instruction = self._instruction(row.key[0], row.fields)
            lines += self._serve(instruction, today)
            noted = self._book.noted(instruction.id)
            if instruction.status in OVER and noted.act != "return":
                self._open.pop(instruction.id, None)
        self._send(lines)

    def _instruction(self, identifier: bytes, fields: dict[str, Any]) -> Instruction:
        """What holders are due comes out of what the issuer paid in before, so there the bank itself is the payer."""
        names = ("payee", "amount", "paid", "day", "status")
        payer = self._bank if fields["purpose"] in OUT_OF_COLLECTED else fields["payer"]
        purpose, business = fields["purpose"], fields["business"]
        return Instruction(identifier, purpose, business, payer, *(fields[name] for name in names))

    def _serve(self, instruction: Instruction, today: int) -> list[Line]:
        book = self._book
        payments = [
            (line.number, line.amount)
            for line in book.statements(instruction.id)
            if line.kind == Kind.PAID and line.outcome == "final"
        ]
        with book.together():
            decision = decide(
                instruction,
                book.noted(instruction.id),
                book.open_orders(),
                today=today,
                funds=book.balance(instruction.payer),
                payments=payments,
            )
            return self._book_decision(instruction, decision, today)

    def _book_decision(self, instruction: Instruction, decision: Decision, today: int) -> list[Line]:
        book = self._book
        book.note(instruction.id, decision.noted)
        if decision.order is not None:
            book.use_order(decision.order)
        lines: list[Line] = []
        for issue in decision.issues:
            line = self._issue(instruction, issue, today)
            book.add_statement(line)
            lines.extend([line] * issue.copies)
            if issue.flaw is None:
                payer, payee = instruction.payer, instruction.payee
                if issue.kind == Kind.RETURNED:
                    payer, payee = payee, payer
                book.move(payer, payee, issue.amount)
        return lines

    def _issue(self, instruction: Instruction, issue: Issue, today: int) -> Line:
        book, number = self._book, self._book.next_number()
        statement = Statement(
            chain=self._session.chain,
            bank=self._bank,
            number=number,
            kind=issue.kind,
            instruction=instruction.id,
            payer_account=book.open_account(instruction.payer, 0),
            payee_account=book.open_account(instruction.payee, 0),
            amount=issue.amount,
            currency="CNY",
            value_day=today,
            earlier=issue.earlier,
        )
        secret = bytes(reversed(self._secret)) if issue.flaw == "key" else self._secret
        file = sign_statement(self._session.suite, secret, statement).encode()
        return Line(
            number,
            instruction.id,
            int(issue.kind),
            issue.amount,
            today,
            instruction.payer,
            instruction.payee,
            file,
            None,
        )

    def _send(self, lines: list[Line]) -> None:
        """Submit statements and note what the chain said of each: `final`, or the code with which it refused."""
        if not lines:
            return
        session = self._session
        transactions = []
        for line in lines:
            draft = session.draft("settlement", "receive", [line.file], [self._clerk.key])
            transactions.append(session.builder.sign(draft, [self._clerk.secret]))
        session.send(transactions)
        for line, outcome in zip(lines, session.finish(transactions), strict=True):
            said = "final" if outcome.refused is None else outcome.refused.code
            print(f"statement {line.number} {Kind(line.kind).name.lower()} {line.amount} fen: {said}", flush=True)
            known = {kept.number: kept.outcome for kept in self._book.statements(line.instruction)}
            if known.get(line.number) != "final":
                self._book.set_outcome(line.number, said)

    def _follow(self, found: queue.Queue[bytes]) -> None:
        """Put the id of every instruction of this bank, or of any, into `found`; goes on for ever, from the start."""
        cursor = "0"
        wait = threading.Event()
        while True:
            try:
                for line in self._session.client.events(cursor, contract="settlement"):
                    cursor = line.cursor
                    values: dict[str, Any] = line.values or {}
                    if line.event == "Instructed" and values.get("bank") in (None, self._bank):
                        found.put(bytes.fromhex(values["instruction"]))
            except (UnreachableError, NotProvenError, Refused, httpx.HTTPError):
                # Also a line that is none: without this thread the bank would go on and pay nobody.
                wait.wait(RETRY_SECONDS)


def _drain(box: queue.Queue[bytes]) -> Iterator[bytes]:
    """What is in the box, after waiting a moment for the first."""
    with contextlib.suppress(queue.Empty):
        yield box.get(timeout=POLL_SECONDS)
        while True:
            yield box.get_nowait()
