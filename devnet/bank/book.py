"""The simulator's account book, an SQLite file that outlives its process: accounts, orders from outside, statements.

Amounts are fen. Statement numbers ascend and are never given twice, so that a restart repeats a statement instead of
making a second one for the same payment.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

BOOK_FILE: Final = "book.sqlite"
Act = Literal["pay", "short", "return", "delay", "repeat", "lie", "hold"]
ACTS: Final[tuple[Act, ...]] = ("pay", "short", "return", "delay", "repeat", "lie", "hold")

TABLES: Final = """
CREATE TABLE IF NOT EXISTS accounts (
    organisation TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, balance INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY, act TEXT NOT NULL, payer TEXT, payee TEXT, purpose TEXT, business BLOB, amount INTEGER,
    days INTEGER, used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS instructions (
    id BLOB PRIMARY KEY, paid INTEGER NOT NULL DEFAULT 0, act TEXT, wait_until INTEGER, short INTEGER);
CREATE TABLE IF NOT EXISTS statements (
    number INTEGER PRIMARY KEY, instruction BLOB NOT NULL, kind INTEGER NOT NULL, amount INTEGER NOT NULL,
    value_day INTEGER NOT NULL, payer TEXT NOT NULL, payee TEXT NOT NULL, file BLOB NOT NULL, outcome TEXT);
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What the simulator was told to do with the next instruction that fits; None fits everything."""

    number: int
    act: Act
    payer: str | None
    payee: str | None
    purpose: str | None
    business: bytes | None
    amount: int | None
    days: int | None


@dataclass(frozen=True, slots=True)
class Noted:
    """What the book holds of an instruction: paid so far, the act chosen for it, until when it waits, how much to pay
    when it is paid short."""

    paid: int
    act: Act | None
    wait_until: int | None
    short: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A statement as issued. `outcome` is what the chain said: `final`, a refusal's code, or None while unknown."""

    number: int
    instruction: bytes
    kind: int
    amount: int
    value_day: int
    payer: str
    payee: str
    file: bytes
    outcome: str | None


class Book:
    """One simulator's book."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(home / BOOK_FILE, isolation_level=None, timeout=10)
        self._db.executescript(TABLES)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Everything inside is booked whole or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def open_account(self, organisation: str, balance: int) -> bytes:
        """The account's digest, salted so that nobody can guess it; an existing account keeps its own."""
        held = self.account(organisation)
        if held is None:
            held = hashlib.sha256(secrets.token_bytes(32) + organisation.encode()).digest()
            self._db.execute("INSERT INTO accounts VALUES (?, ?, ?)", (organisation, held, balance))
        return held

    def account(self, organisation: str) -> bytes | None:
        found = self._db.execute("SELECT digest FROM accounts WHERE organisation = ?", (organisation,)).fetchone()
        return None if found is None else found[0]

    def balances(self) -> list[tuple[str, int]]:
        return self._db.execute("SELECT organisation, balance FROM accounts ORDER BY organisation").fetchall()

    def balance(self, organisation: str) -> int:
        return dict(self.balances()).get(organisation, 0)

    def move(self, payer: str, payee: str, amount: int) -> None:
        for organisation, change in ((payer, -amount), (payee, amount)):
            self._db.execute("UPDATE accounts SET balance = balance + ? WHERE organisation = ?", (change, organisation))

    def give_order(
        self,
        act: Act,
        *,
        payer: str | None = None,
        payee: str | None = None,
        purpose: str | None = None,
        business: bytes | None = None,
        amount: int | None = None,
        days: int | None = None,
    ) -> int:
        """Note an order for the next instruction that fits; returns its number."""
        cursor = self._db.execute(
            "INSERT INTO orders (act, payer, payee, purpose, business, amount, days) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (act, payer, payee, purpose, business, amount, days),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def open_orders(self) -> list[Order]:
        rows = self._db.execute(
            "SELECT number, act, payer, payee, purpose, business, amount, days FROM orders"
            " WHERE used = 0 ORDER BY number"
        )
        return [Order(*row) for row in rows]

    def use_order(self, number: int) -> None:
        self._db.execute("UPDATE orders SET used = 1 WHERE number = ?", (number,))

    def noted(self, instruction: bytes) -> Noted:
        query = "SELECT paid, act, wait_until, short FROM instructions WHERE id = ?"
        row = self._db.execute(query, (instruction,)).fetchone()
        return Noted(*row) if row else Noted(0, None, None)

    def note(self, instruction: bytes, noted: Noted) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO instructions VALUES (?, ?, ?, ?, ?)",
            (instruction, noted.paid, noted.act, noted.wait_until, noted.short),
        )

    def next_number(self) -> int:
        return int(self._db.execute("SELECT COALESCE(MAX(number), 0) + 1 FROM statements").fetchone()[0])

    def add_statement(self, line: Line) -> None:
        self._db.execute(
            "INSERT INTO statements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                line.number,
                line.instruction,
                line.kind,
                line.amount,
                line.value_day,
                line.payer,
                line.payee,
                line.file,
                line.outcome,
            ),
        )

    def set_outcome(self, number: int, outcome: str) -> None:
        self._db.execute("UPDATE statements SET outcome = ? WHERE number = ?", (outcome, number))

    def statements(self, instruction: bytes | None = None) -> list[Line]:
        where, values = ("", ()) if instruction is None else (" WHERE instruction = ?", (instruction,))
        rows = self._db.execute(f"SELECT * FROM statements{where} ORDER BY number", values)  # noqa: S608 — no outside text
        return [Line(*row) for row in rows]

    def unsent(self) -> list[Line]:
        return [line for line in self.statements() if line.outcome is None]
