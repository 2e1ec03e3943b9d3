"""The table of p.16 out of a voucher's tranches: what each level received, financed, held and passed on.

A pure function of the tranches' records, wherever they were proven: from nodes, or offline from an evidence file. A
tranche was received when its level is one deeper than that of the tranche it was carved from (the root's: when it was
accepted at all). A tranche out of which nothing came is somebody's: the receiver's own, or a funder's if its owner is
another than who received it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One level's sums in fen; `firms` counts the owners of what was received."""

    level: int
    firms: int
    received: int
    financed: int
    held: int
    passed: int


def level_table(tranches: Mapping[bytes, Fields]) -> list[LevelRow]:
    """`tranches`: all tranches of one root, by id, with the fields of the record."""
    spent = _spent(tranches)
    received = {key: row for key, row in tranches.items() if _is_received(row, tranches)}
    held: dict[int, int] = {}
    financed: dict[int, int] = {}
    for key, row in tranches.items():
        if key not in spent and row["level"] > 0:
            sums = financed if _is_financed(key, tranches) else held
            sums[row["level"]] = sums.get(row["level"], 0) + row["face"]
    arrived: dict[int, int] = {}
    for row in received.values():
        arrived[row["level"]] = arrived.get(row["level"], 0) + row["face"]
    return [
        LevelRow(
            level=level,
            firms=len({row["owner"] for row in received.values() if row["level"] == level}),
            received=arrived[level],
            financed=financed.get(level, 0),
            held=held.get(level, 0),
            passed=arrived.get(level + 1, 0),
        )
        for level in sorted(arrived)
    ]


def _spent(tranches: Mapping[bytes, Fields]) -> set[bytes]:
    """Tranches out of which others came."""
    found: set[bytes] = set()
    for row in tranches.values():
        if row["parent"] is not None:
            found.add(row["parent"])
        found.update(row["sources"])
    return found


def _is_received(row: Fields, tranches: Mapping[bytes, Fields]) -> bool:
    if row["sources"]:
        return False
    parent = row["parent"]
    return bool(row["level"] == 1 if parent is None else row["level"] == tranches[parent]["level"] + 1)


def _is_financed(key: bytes, tranches: Mapping[bytes, Fields]) -> bool:
    """Whether a funder owns it: what came out of a received tranche has another owner than that tranche, or the whole
    of it went to a funder, from whom no payer is on record."""
    row = tranches[key]
    owner = row["owner"]
    while not _is_received(row, tranches):
        row = tranches[row["sources"][0] if row["sources"] else row["parent"]]
    return bool(row["owner"] != owner or row["payer"] is None)
