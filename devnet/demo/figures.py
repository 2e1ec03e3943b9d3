"""The figures of the demo, from proven rows alone: the table per level, redemption per payee, interest, tranches.

`Facts` holds the rows of the maps that matter, by key, with named fields. They come from nodes (`facts_of_rows`) or
from an evidence file (`facts_of_evidence`); what is computed from them does not know which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from devnet.demo.levels import LevelRow, level_table
from ledger.evidence import Examination
from ledger.statement import Kind
from ledger.verdict import Lexicon
from wallet.session import Row

Fields = Mapping[str, Any]
MAPS: Final = (
    ("voucher", "roots"),
    ("voucher", "tranches"),
    ("finance", "financings"),
    ("distribution", "claims"),
    ("maturity", "redemptions"),
    ("distribution", "payouts"),
    ("settlement", "instructions"),
    ("settlement", "statements"),
)


@dataclass(slots=True)
class Facts:
    """Rows by (contract, map) and key."""

    maps: dict[tuple[str, str], dict[tuple[Any, ...], Fields]] = field(default_factory=lambda: {m: {} for m in MAPS})

    def of(self, contract: str, map_name: str) -> dict[tuple[Any, ...], Fields]:
        return self.maps[contract, map_name]


def facts_of_rows(rows: Iterable[Row]) -> Facts:
    facts = Facts()
    for row in rows:
        if row.fields:
            facts.of(row.contract, row.map)[row.key] = row.fields
    return facts


def facts_of_evidence(found: Examination, lexicon: Lexicon) -> Facts:
    """The same from what an evidence file proves."""
    facts = Facts()
    for value in found.values:
        name, row = lexicon.map_name(value.full_key), lexicon.record(value.full_key, value.value)
        if name in facts.maps and row is not None:
            facts.maps[name][row[0]] = row[1]
    return facts


@dataclass(frozen=True, slots=True)
class RootFigures:
    """One voucher. Amounts in fen. `by_payee`: principal received and not returned, by payee, from bank statements."""

    levels: list[LevelRow]
    tranches_at_record: int
    interest_by_level: dict[int, int]
    by_payee: dict[str, int]
    penalty: int
    statements: int
    returned: int


def root_figures(facts: Facts, root: bytes) -> RootFigures:
    tranches = {key[0]: row for key, row in facts.of("voucher", "tranches").items() if row["root"] == root}
    claims = {key[0]: row for key, row in facts.of("distribution", "claims").items() if row["root"] == root}
    instructions = {key[0]: row for key, row in facts.of("settlement", "instructions").items()}
    by_payee: Counter[str] = Counter()
    penalty = statements = returned = 0
    for row in facts.of("settlement", "statements").values():
        instruction = instructions.get(row["instruction"])
        if instruction is None or instruction["business"] not in claims:
            continue
        statements += 1
        if row["kind"] == Kind.RETURNED:
            returned += 1
        elif not row["returned"] and instruction["purpose"] == "redeem":
            by_payee[instruction["payee"]] += row["amount"]
        elif not row["returned"] and instruction["purpose"] == "penalty_share":
            penalty += row["amount"]
    interest: Counter[int] = Counter()
    for financing in facts.of("finance", "financings").values():
        if financing["tranche"] in tranches:
            interest[tranches[financing["tranche"]]["level"]] += financing["interest"]
    return RootFigures(
        level_table(tranches), len(claims), dict(interest), dict(by_payee), penalty, statements, returned
    )
