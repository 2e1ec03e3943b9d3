"""How deep and how large what a file declares can become; each bound is found from the source alone.

A stored value must be readable again by a node that starts cold: its types are those that the ways between records and
tuples know, and no deeper than the encoding allows. A constant may name other constants, so ten lines can stand for a
billion items; its weight is what it comes to when all names are replaced. Methods call each other in a tree whose
height, times the height of calls between contracts, must stay far below the interpreter's own limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from contracts.language.forms import is_scalar
from contracts.language.verdicts import verdict
from ledger.interface import INTEGER_KINDS, TEXT_KINDS, RecordForm, Type

RECORD_LEVELS_MAX: Final = 6
METHOD_LEVELS_MAX: Final = 16
CONSTANT_WEIGHT_MAX: Final = 16_384
DEFAULT_WEIGHT_MAX: Final = 40
SHOWN_BYTES_UNCOUNTED: Final = 64 * 1024
"""A result that cannot be longer is not measured."""
UTF8_BYTES_MAX: Final = 4


def check_stored(kind: Type, records: Mapping[str, RecordForm], line: int) -> None:
    """Raises `Refused` CHK-012 for a type of which no record, event or argument can be."""
    if kind.kind == "row":
        _check_row(kind, line)
    elif kind.kind == "record":
        _check_record(kind, records, line)
    elif kind.kind == "array":
        item = kind.items[0]
        if item.kind == "row":
            _check_row(item, line)
        elif item.kind == "record":
            _check_record(item, records, line)
            inner = records[item.names[0]].fields
            if item.optional or any(entry.type.kind in ("array", "record") for entry in inner):
                why = "an array holds records that are there, without arrays or records in them"
                raise verdict("CHK-012", line=line, why=why)


def _check_row(kind: Type, line: int) -> None:
    if any(not is_scalar(item) for item in kind.items):
        raise verdict("CHK-012", line=line, why="a row that is stored or sent holds single values")


def _check_record(kind: Type, records: Mapping[str, RecordForm], line: int) -> None:
    form = records[kind.names[0]]
    if any(entry.type.kind == "any" for entry in form.fields):
        raise verdict("CHK-012", line=line, why=f"a {form.name} is neither stored nor sent")
    if _levels(kind, records) > RECORD_LEVELS_MAX:
        raise verdict("CHK-003", line=line, limit=RECORD_LEVELS_MAX)


def _levels(kind: Type, records: Mapping[str, RecordForm]) -> int:
    """Of records in records. Each field was checked when it was declared, so this looks down no further than that."""
    if kind.kind != "record":
        return max([_levels(item, records) for item in kind.items], default=0)
    return 1 + max([_levels(entry.type, records) for entry in records[kind.names[0]].fields], default=0)


def bytes_max(kind: Type, records: Mapping[str, RecordForm]) -> int:
    """No value of the type has a longer encoding."""
    if kind.kind == "record":
        return 3 + sum(bytes_max(entry.type, records) for entry in records[kind.names[0]].fields)
    if kind.kind == "row":
        return 3 + sum(bytes_max(item, records) for item in kind.items)
    if kind.kind == "array":
        return 3 + kind.limit * bytes_max(kind.items[0], records)
    if kind.kind in TEXT_KINDS:
        return 5 + UTF8_BYTES_MAX * kind.limit
    return 9 if kind.kind in INTEGER_KINDS else 5 + kind.limit


def weight(value: Any, limit: int) -> int:
    """Items and characters of a constant; counting stops behind `limit`."""
    total, waiting = 0, [value]
    while waiting and total <= limit:
        item = waiting.pop()
        total += 1 + (len(item) if type(item) in (str, bytes, tuple) else 0)
        if type(item) is tuple and total <= limit:
            waiting.extend(item)
    return total


def check_levels(calls: Mapping[str, Sequence[str]], lines: Mapping[str, int]) -> None:
    """`calls` has, for each method, those that it calls; there are no circles. Raises `Refused` CHK-003."""
    heights: dict[str, int] = {}
    for name in calls:
        waiting = [name]
        while waiting:
            here = waiting[-1]
            missing = [other for other in dict.fromkeys(calls[here]) if other not in heights]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            heights[here] = 1 + max([heights[other] for other in calls[here]], default=0)
            if heights[here] > METHOD_LEVELS_MAX:
                raise verdict("CHK-003", line=lines[here], limit=METHOD_LEVELS_MAX)
