"""The demo's evidence: everything that its figures come from, in one file that needs no node.

The file is read back and judged from the genesis alone. `alter` changes one figure in it, as a forger would, so that a
reader can see verification name the place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from devnet.cast import BANK
from devnet.demo.figures import Facts, facts_of_evidence
from ledger.codec import encode, load
from ledger.evidence import Evidence, ItemKind
from ledger.verdict import Verdict, judge
from wallet.exporter import Exporter, tranches_of
from wallet.home import chain_of
from wallet.session import Row, Session

STATEMENTS_TOGETHER: Final = 200
SMALLEST_AMOUNT_FEN: Final = 1_000_000
"""Days, levels and numbers in a record are smaller than this, the demo's amounts mostly larger."""


def collect(session: Session, roots: Iterable[bytes], financings: Iterable[bytes]) -> list[Row]:
    """Every row behind the figures, each proven: vouchers, financings, claims, bank statements, their instructions."""
    statements = _statements(session)
    instructions = dict.fromkeys(row.fields["instruction"] for row in statements)
    wanted: list[tuple[str, str, tuple[Any, ...]]] = []
    for root in roots:
        wanted += [("voucher", "roots", (root,)), ("maturity", "redemptions", (root,))]
        for tranche in tranches_of(session, root):
            wanted += [("voucher", "tranches", (tranche,)), ("maturity", "claims", (tranche,))]
    wanted += [("finance", "financings", (financing,)) for financing in financings]
    wanted += [("settlement", "instructions", (instruction,)) for instruction in instructions]
    return [row for row in session.prove(wanted) if row.fields] + statements


def _statements(session: Session) -> list[Row]:
    """All statements of the simulated bank; their numbers have no gaps."""
    found: list[Row] = []
    while True:
        numbers = range(len(found) + 1, len(found) + 1 + STATEMENTS_TOGETHER)
        rows = session.rows("settlement", "statements", [(BANK, number) for number in numbers])
        present = [row for row in rows if row.fields]
        found += present
        if len(present) < STATEMENTS_TOGETHER:
            return found


def pack(session: Session, rows: Iterable[Row]) -> bytes:
    """The evidence file over these rows and the transactions that made them."""
    exporter = Exporter(session)
    exporter.add_rows(rows)
    return exporter.build()


def judged(genesis: bytes, file: bytes) -> tuple[Verdict, Facts]:
    """The verdict on a file, and the facts that it proves."""
    suite, _, _ = chain_of(genesis)
    verdict, found, lexicon = judge(suite, genesis, file)
    return verdict, facts_of_evidence(found, lexicon)


def alter(file: bytes, number: int) -> tuple[bytes, str]:
    """The file with its `number`-th amount raised by one fen, and which item that is.

    Amounts are the numbers of at least 10,000 yuan in the file's rows, in its order; IndexError when there are fewer.
    """
    evidence = Evidence.decode(file)
    places = [
        (i, j)
        for i, item in enumerate(evidence.items)
        if item.kind == ItemKind.PRESENT
        for j, value in enumerate(_fields(item.content[1]))
        if type(value) is int and value >= SMALLEST_AMOUNT_FEN
    ]
    place, at = places[number - 1]
    item = evidence.items[place]
    fields = list(_fields(item.content[1]))
    fields[at] += 1
    forged = item._replace(content=(item.content[0], encode(tuple(fields))))
    items = (*evidence.items[:place], forged, *evidence.items[place + 1 :])
    return replace(evidence, items=items).encode(), f"item {place + 1}, field {at + 1}: {fields[at] - 1} → {fields[at]}"


def _fields(value: bytes) -> tuple[Any, ...]:
    decoded = load(value)
    assert type(decoded) is tuple, "a row is an array of its fields"
    return decoded

