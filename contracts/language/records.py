"""Records as code: a slotted class whose constructor tests every field, and the ways between a record and a tuple.

The slot `stored` is the state map's: the bytes under which the record stands in the database.

`R_X(…)` makes one and refuses a wrong field. `of_X(tuple)` makes one from what came from outside, `unpack_X(tuple)`
from what this node has stored itself (shorter rows of an older version get the defaults), `pack_X(record)` is its
tuple.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contracts.language.forms import TestWriter
from ledger.interface import ENCODED_KINDS, RecordForm, Type

_FIXED_BYTES: Final = 32
"""What an item of an array counts for, besides its texts."""


def write_record(record: RecordForm, tests: TestWriter, *, is_event: bool) -> list[str]:
    """The class and the functions of one record."""
    name, fields = record.name, [entry.name for entry in record.fields]
    slots = ", ".join(f"'field_{field}'" for field in fields)
    lines = [f"class R_{name}:", f"    __slots__ = ('stored', {slots})"]
    parameters = [
        f"field_{entry.name}" + (f"={_literal(entry.default)}" if entry.has_default else "") for entry in record.fields
    ]
    lines.append(f"    def __init__({', '.join(['self', *parameters])}):")
    checks = _checks(record, tests)
    lines += [f"    {line}" for line in checks]
    lines += [f"        self.field_{field} = field_{field}" for field in fields] or ["        pass"]
    values = [to_plain(entry.type, f"record.field_{entry.name}") for entry in record.fields]
    lines += [f"def pack_{name}(record):", f"    return ({', '.join(values)}{',' if len(values) == 1 else ''})"]
    lines += _unpack(record)
    lines += _of(record)
    if is_event:
        size = sizes(record, "field_")
        values = [to_plain(entry.type, f"field_{entry.name}") for entry in record.fields]
        lines += [f"def event_{name}({', '.join(parameters)}):", *checks]
        lines += [] if size == "0" else [f"    take_bytes({size})"]
        lines.append(f"    return ({', '.join(values)}{',' if len(values) == 1 else ''})")
    return lines + write_size(record)


def _checks(record: RecordForm, tests: TestWriter) -> list[str]:
    lines: list[str] = []
    for entry in record.fields:
        lines.append(f"    if not {tests.test(entry.type, f'field_{entry.name}')}:")
        lines.append(f"        raise wrong_type('{record.name}.{entry.name}', field_{entry.name})")
    return lines


def sizes(record: RecordForm, prefix: str) -> str:
    """The bytes of a record's parts of any length, in fields that begin with `prefix`."""
    parts = [_size(entry.type, f"{prefix}{entry.name}") for entry in record.fields]
    return " + ".join([part for part in parts if part != "0"] or ["0"])


def write_size(record: RecordForm) -> list[str]:
    """`size_X(record)`, the bytes of its parts of any length, and `paid_X(record)`, which takes their price."""
    size = sizes(record, "record.field_")
    return [
        f"def size_{record.name}(record):",
        f"    return {size}",
        f"def paid_{record.name}(record):",
        f"    size = {size}",
        "    if size:",
        "        take_bytes(size)",
        "    return record",
        "",
    ]


def has_size(kind: Type, records: Mapping[str, RecordForm]) -> bool:
    """Whether values of the type differ in size by more than a few bytes."""
    if kind.kind == "record":
        return any(has_size(entry.type, records) for entry in records[kind.names[0]].fields)
    return kind.kind == "array" or any(has_size(item, records) for item in kind.items) or _size(kind, "") != "0"


def _size(kind: Type, text: str) -> str:
    if kind.kind in ("text", "bytes", *ENCODED_KINDS):
        size = f"len({text})"
    elif kind.kind == "record":
        size = f"size_{kind.names[0]}({text})"
    elif kind.kind == "row":
        parts = [part for i, item in enumerate(kind.items) if (part := _size(item, f"{text}[{i}]")) != "0"]
        size = f"({' + '.join(parts)})" if parts else "0"
    elif kind.kind == "array":
        inner = _size(kind.items[0], "item")
        items = f"{_FIXED_BYTES * max(1, len(kind.items[0].items))} * len({text})"
        size = items if inner == "0" else f"({items} + sum([{inner} for item in {text}]))"
    else:
        size = "0"
    return f"(0 if {text} is None else {size})" if kind.optional and size != "0" else size


def to_plain(kind: Type, text: str) -> str:
    """The expression that turns the records in a value into tuples."""
    if kind.kind == "record":
        packed = f"pack_{kind.names[0]}({text})"
        return f"({packed} if {text} is not None else None)" if kind.optional else packed
    if kind.kind == "array" and kind.items[0].kind == "record":
        packed = f"tuple([pack_{kind.items[0].names[0]}(item) for item in {text}])"
        return f"({packed} if {text} is not None else None)" if kind.optional else packed
    if kind.kind == "row" and any(item.kind == "record" for item in kind.items):
        parts = ", ".join(to_plain(item, f"{text}[{i}]") for i, item in enumerate(kind.items))
        return f"({parts},)"
    if kind.kind == "array" and kind.items[0].kind == "row":
        inner = to_plain(kind.items[0], "item")
        return text if inner == "item" else f"tuple([{inner} for item in {text}])"
    return f"plain({text})" if kind.kind == "any" else text


def _from_stored(kind: Type, text: str, maker: str) -> str:
    if kind.kind == "record":
        made = f"{maker}_{kind.names[0]}({text})"
        return f"({made} if {text} is not None else None)" if kind.optional else made
    if kind.kind == "array" and kind.items[0].kind == "record":
        made = f"tuple([{maker}_{kind.items[0].names[0]}(item) for item in {text}])"
        return f"({made} if {text} is not None else None)" if kind.optional else made
    return text


def _unpack(record: RecordForm) -> list[str]:
    name, count = record.name, len(record.fields)
    defaults = ", ".join(_literal(entry.default) if entry.has_default else "None" for entry in record.fields)
    lines = [f"def unpack_{name}(row):", f"    new = make(R_{name})"]
    if count:
        lines.append(f"    if len(row) != {count}:")
        lines.append(f"        row = row + ({defaults},)[len(row):]")
    targets = ", ".join(f"n{i}" for i in range(count))
    lines.append(f"    ({targets},) = row" if count else "    pass")
    lines += [
        f"    new.field_{entry.name} = {_from_stored(entry.type, f'n{i}', 'unpack')}"
        for i, entry in enumerate(record.fields)
    ]
    return [*lines, "    return new"]


def _of(record: RecordForm) -> list[str]:
    name, count = record.name, len(record.fields)
    values = ", ".join(_from_stored(entry.type, f"row[{i}]", "of") for i, entry in enumerate(record.fields))
    return [
        f"def of_{name}(row):",
        f"    if type(row) is not tuple or len(row) != {count}:",
        f"        raise wrong_type({name!r}, row)",
        f"    return R_{name}({values})",
        "",
    ]


def _literal(value: object) -> str:
    if type(value) is tuple:
        return f"({''.join(_literal(item) + ', ' for item in value)})"
    return ascii(value)
