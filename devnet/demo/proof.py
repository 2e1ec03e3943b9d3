"""The demo's evidence: everything that its figures come from, in one file that needs no node.

The file is read back and judged from the genesis alone. `alter` changes one figure in it, as a forger would, so that a
reader can see verification name the place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from devnet.cast import BANK
from devnet.demo.figures import Facts, facts_of_evidence
from ledger.codec import encode, load
from ledger.evidence import Evidence, ItemKind
from ledger.glossary import field_name
from ledger.verdict import Verdict, judge
from wallet.exporter import Exporter, tranches_of
from wallet.home import chain_of
from wallet.session import Row, Session

STATEMENTS_TOGETHER: Final = 200


def collect(session: Session, roots: Iterable[bytes], financings: Iterable[bytes]) -> list[Row]:
    """Every row behind the figures, each proven: vouchers, financings, claims, bank statements, their instructions."""
    statements = _statements(session)
    instructions = dict.fromkeys(row.fields["instruction"] for row in statements)
    wanted: list[tuple[str, str, tuple[Any, ...]]] = []
    for root in roots:
        wanted += [("voucher", "roots", (root,)), ("maturity", "redemptions", (root,))]
        wanted.append(("distribution", "payouts", (root,)))
        for tranche in tranches_of(session, root):
            wanted += [("voucher", "tranches", (tranche,)), ("distribution", "claims", (tranche,))]
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


@dataclass(frozen=True, slots=True)
class Figure:
    """One amount in an evidence file: the `number`-th of the file, field `at` of the row in item `item`, in fen."""

    number: int
    item: int
    at: int
    row: str
    name_zh: str
    name_en: str
    fen: int


def figures_of(genesis: bytes, file: bytes) -> list[Figure]:
    """Every amount of money that the file proves and that is not zero, in the file's order."""
    suite, _, _ = chain_of(genesis)
    _, found, lexicon = judge(suite, genesis, file)
    figures: list[Figure] = []
    for value in found.values:
        where, record = lexicon.map_name(value.full_key), lexicon.record(value.full_key, value.value)
        if where is None or record is None:
            continue
        interface = lexicon.interfaces[where[0]]
        form = next(form for form in interface.maps if form.name == where[1])
        key = " ".join(part.hex()[:12] if type(part) is bytes else str(part) for part in record[0])
        for at, (field, fen) in enumerate(zip(interface.record(form.record).fields, record[1].values(), strict=False)):
            if field.type.kind == "fen" and type(fen) is int and fen:
                names = (field_name(field, "zh"), field_name(field, "en"))
                row = f"{where[0]}.{where[1]} {key}"
                figures.append(Figure(len(figures) + 1, value.number, at, row, *names, fen))
    return figures


def alter(file: bytes, figure: Figure) -> bytes:
    """The file with this figure raised by one fen, and nothing else changed."""
    evidence = Evidence.decode(file)
    item = evidence.items[figure.item - 1]
    assert item.kind == ItemKind.PRESENT, "a figure stands in a row"
    fields = list(load(item.content[1]))
    assert fields[figure.at] == figure.fen, "the figure stands where it was found"
    fields[figure.at] += 1
    forged = item._replace(content=(item.content[0], encode(tuple(fields))))
    items = (*evidence.items[: figure.item - 1], forged, *evidence.items[figure.item :])
    return replace(evidence, items=items).encode()
