"""What people type, as values of the types that a contract's interface names; and back.

Amounts are yuan (`1,000,000.00`, `100万`), days ISO dates, rates per cent, ids the beginning of an id that a list has
shown, or `#3` for the third row of the last numbered list. Items of a list are separated by `;`, the fields of a record
by `:`; a value that starts with `[` is JSON whose leaves are written in the same way. `@FILE` is a file's content, for
a digest its hash, and for a list what stands in it as JSON or CSV. `-` is nothing.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from ledger.interface import Field, Interface, Type
from ledger.money import FEN_MAX, parse
from ledger.statement import ID_BYTES
from wallet.problems import problem

EPOCH: Final = date(1970, 1, 1)
BEIJING: Final = timezone(timedelta(hours=8))
FILE_BYTES_MAX: Final = 60 * 1024
LIST_BYTES_MAX: Final = 4 * 1024 * 1024
PREFIX_CHARACTERS_MIN: Final = 4
TEXT_SHOWN: Final = 60
TRUE: Final = frozenset({"yes", "true", "1", "是", "y"})
FALSE: Final = frozenset({"no", "false", "0", "否", "n"})
TEN_THOUSANDS: Final = {"万": 10**4, "亿": 10**8}


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reading of values may refer to: the interface's records, the suite's name, ids seen before, and what
    stands behind `#n`."""

    interface: Interface
    suite: str
    seen: Sequence[str] = ()
    numbered: Callable[[int], bytes] | None = None
    organisation: str = "supplier-a"
    """Shows how organisations are written."""


NOT_OF: Final = {
    "fen": "not an amount in yuan", "day": "no day, or none of the calendar",
    "time": "no time, or none of the calendar", "rate": "not a rate",
    "integer": "not a whole number", "height": "not a whole number", "boolean": "neither yes nor no",
    "choice": "not one of the choices",
    **dict.fromkeys(("bytes", "statement", "act", "key", "digest", "signature"), "not hexadecimal"),
    **dict.fromkeys(("record", "row", "array"), "not of this form"),
}  # fmt: skip
LONG_TEXT_CHARACTERS: Final = 65_536
"""A text that may be as long as this is given by `@FILE` as well."""
LIMITED: Final = {
    "text": "characters", "array": "items", **dict.fromkeys(("bytes", "statement", "act", "signature"), "bytes"),
}  # fmt: skip
COMMA_SEPARATED: Final = frozenset({"organisation", "id", "choice", "day", "digest", "key", "integer"})
MISSING: Final = object()
Lookup = Callable[[dict[str, Any], Field], Any]
"""(the arguments that were given, a field that was not) → its value, or MISSING"""


def read_arguments(
    reading: Reading, fields: tuple[Field, ...], given: Sequence[str], lookup: Lookup | None = None, *, what: str = ""
) -> tuple[Any, ...]:
    """`name=value` in any order, or bare values in the order of the form; what is left out comes from `lookup` or is
    the default. `what` is being asked for, in a refusal's words."""
    texts: dict[str, str] = {}
    bare: list[str] = []
    names = [field.name for field in fields]
    what, expected = what or reading.interface.contract, ", ".join(names) or "-"
    for word in given:
        name, equals, text = word.partition("=")
        if equals and name in names and name not in texts:
            texts[name] = text
        elif equals and name in names:
            both = f'"{texts[name][:TEXT_SHOWN]}", "{text[:TEXT_SHOWN]}"'
            raise problem("WAL-011", argument=name, detail=f"given twice, {both}")
        elif equals and name.isidentifier() and name.isascii():
            raise problem("WAL-019", what=what, argument=name, expected=expected)
        else:
            bare.append(word)
    left = [name for name in names if name not in texts]
    if len(bare) > len(left):
        raise problem("WAL-019", what=what, argument=bare[len(left)][:80], expected=expected)
    texts.update(zip(left, bare, strict=False))
    read = {f.name: read_value(reading, f.type, texts[f.name], f.name) for f in fields if f.name in texts}
    for field in fields:
        if field.name not in read:
            read[field.name] = _left_out(field, read, lookup)
        if read[field.name] is MISSING:
            shown = example(field.type, reading.organisation)
            raise problem("WAL-018", what=what, argument=field.name, hint=shown, expected=expected)
    return tuple(read[name] for name in names)


def _left_out(field: Field, read: dict[str, Any], lookup: Lookup | None) -> Any:
    if field.has_default or field.type.optional:
        return field.default
    return MISSING if lookup is None else lookup(read, field)


def hint(kind: Type, organisation: str) -> str:
    """A kind and how its values are written."""
    written = example(kind, organisation)
    return kind.kind if written == kind.kind else f"{kind.kind}: {written}"


def example(kind: Type, organisation: str) -> str:
    """How a value of this type is written."""
    hints = {
        "fen": "1,000.00 (CNY)", "day": "2022-12-30", "time": "2022-12-30T10:00", "rate": "4.5%", "boolean": "yes / no",
        "id": "3f9a1c…", "digest": "hex / @FILE", "bytes": "hex / @FILE", "key": "hex", "signature": "hex",
        "statement": "hex / @FILE", "act": "hex / @FILE",
        "choice": " / ".join(kind.names), "organisation": organisation, "array": "a;b;c / @FILE",
        "record": "a:b:c", "row": "a:b",
    }  # fmt: skip
    if kind.kind == "text" and kind.limit >= LONG_TEXT_CHARACTERS:
        return "@FILE"
    return hints.get(kind.kind, kind.kind)


def read_value(reading: Reading, kind: Type, text: str, where: str) -> Any:
    """One value; raises WAL-011 with what is wrong."""
    if text == "-" and kind.optional:
        return None
    try:
        if text.startswith("[") and kind.kind in ("record", "row", "array"):
            value = _from_json(reading, kind, json.loads(text), where)
        else:
            value = _read(reading, kind, text.strip() if kind.kind != "text" else text, where)
        _check_limit(kind, value)
        if (where, value) == ("face", 0):
            raise WrongValue("a voucher of nothing")
    except (ValueError, OverflowError) as error:
        # What Python says of it would be neither plain nor in the reader's language.
        why = str(error) if isinstance(error, WrongValue) else NOT_OF.get(kind.kind, "it cannot be read")
        told = {"text": f'"{text[:TEXT_SHOWN]}"', "hint": example(kind, reading.organisation)}
        raise problem("WAL-028", argument=where, detail=why, **told) from None
    return value


class WrongValue(ValueError):  # noqa: N818 — what is wrong with what was typed, in plain words
    pass


def _check_limit(kind: Type, value: Any) -> None:
    """What the interface declares at most, before anybody signs."""
    size = len(value) if kind.limit and kind.kind in LIMITED and value is not None else 0
    if size > kind.limit:
        raise WrongValue(f"{size} {LIMITED[kind.kind]}, at most {kind.limit}")


def _read(reading: Reading, kind: Type, text: str, where: str) -> Any:
    match kind.kind:
        case "fen":
            return read_fen(text)
        case "day":
            return (date.fromisoformat(text) - EPOCH).days
        case "time":
            moment = datetime.fromisoformat(text)
            return int((moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)).timestamp()) * 1000
        case "rate":
            return read_rate(text)
        case "integer" | "height":
            return int(text.replace(",", ""))
        case "boolean":
            return _boolean(text)
        case "choice":
            if text not in kind.names:
                raise ValueError(text)
            return text
        case "text" if kind.limit >= LONG_TEXT_CHARACTERS and text.startswith("@"):
            return _text_of_file(text)
        case "text" | "organisation":
            return text
        case "id":
            return read_id(reading, text)
        case "bytes" | "statement" | "act" | "key" | "digest" | "signature":
            return _bytes(reading, kind.kind, text)
        case "array":
            if text.startswith("@"):
                return _from_json(reading, kind, rows_of_file(Path(text[1:])), where)
            items = _items(kind.items[0], text)
            return tuple(read_value(reading, kind.items[0], item.strip(), where) for item in items)
        case "record" | "row":
            parts = _parts(reading, kind)
            words = text.split(":", len(parts) - 1)
            if len(words) != len(parts):
                raise ValueError(f"{len(words)} / {len(parts)}")
            return tuple(
                read_value(reading, part, word.strip(), where) for part, word in zip(parts, words, strict=True)
            )
        case _:
            return None


def _items(kind: Type, text: str) -> list[str]:
    """`a;b;c`, with full-width signs as well; commas separate what itself never holds one."""
    text = text.replace("；", ";")
    if kind.kind in COMMA_SEPARATED and ";" not in text:
        text = text.replace("，", ",").replace(",", ";")
    return text.split(";") if text else []


def _parts(reading: Reading, kind: Type) -> tuple[Type, ...]:
    if kind.kind == "row":
        return kind.items
    return tuple(field.type for field in reading.interface.record(kind.names[0]).fields)


def _from_json(reading: Reading, kind: Type, value: Any, where: str) -> Any:
    if value is None and kind.optional:
        return None
    if isinstance(value, dict) and kind.kind == "record":
        fields = reading.interface.record(kind.names[0]).fields
        return tuple(_from_json(reading, field.type, value.get(field.name), where) for field in fields)
    if isinstance(value, list):
        if kind.kind == "array":
            return tuple(_from_json(reading, kind.items[0], item, where) for item in value)
        parts = _parts(reading, kind) if kind.kind in ("record", "row") else ()
        if len(parts) != len(value):
            raise ValueError(f"{len(value)} / {len(parts)}")
        return tuple(_from_json(reading, part, item, where) for part, item in zip(parts, value, strict=True))
    return read_value(reading, kind, value if isinstance(value, str) else json.dumps(value), where)


def rows_of_file(path: Path) -> list[Any]:
    """A list that somebody keeps in a file: JSON, or CSV whose first line names the columns."""
    try:
        with path.open("rb") as file:
            data = file.read(LIST_BYTES_MAX + 1)
        if len(data) > LIST_BYTES_MAX:
            raise WrongValue(f"{len(data)} bytes, at most {LIST_BYTES_MAX}")
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise problem("WAL-014", file=str(path), detail="not UTF-8") from None
    except OSError as error:
        raise problem("WAL-014", file=str(path), detail=error.strerror or str(error)) from None
    if path.suffix.lower() == ".csv":
        return list(csv.DictReader(io.StringIO(text, newline="")))
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        raise problem("WAL-014", file=str(path), detail="neither JSON nor, by its name, CSV") from None
    if not isinstance(rows, list):
        raise problem("WAL-014", file=str(path), detail="not a list")
    return rows


def read_fen(text: str) -> int:
    """Yuan as people write them, in fen: `1,185,307.00`, `118.5307万`. Exact, or refused."""
    text = text.removesuffix("元").strip()
    unit = TEN_THOUSANDS.get(text[-1:], 1)
    if text.lstrip("¥").startswith("-"):
        raise WrongValue("less than nothing")
    if unit == 1:
        digits = text.removeprefix("¥")
        if len(digits.partition(".")[2]) > 2:
            raise WrongValue("more than two decimals")
        return parse(digits)
    units, _, decimals = text[:-1].strip().replace(",", "").partition(".")
    digits = decimals.rstrip("0")
    divisor = int("1" + "0" * len(digits))
    amount, rest = divmod(int(units + digits or "x") * unit * 100, divisor)
    if rest or not 0 <= amount <= FEN_MAX:
        raise ValueError(text)
    return amount


def read_rate(text: str) -> int:
    """Per cent (`4.5%`) in parts per million; bare digits are parts per million already."""
    if not text.endswith("%"):
        return int(text)
    units, _, decimals = text[:-1].partition(".")
    if len(decimals) > 4:
        raise ValueError(text)
    return int(units + decimals.ljust(4, "0"))


def _boolean(text: str) -> bool:
    if text.lower() in TRUE | FALSE:
        return text.lower() in TRUE
    raise ValueError(text)


def _text_of_file(text: str) -> str:
    """A text that nobody types, as the source of a contract."""
    path = Path(text[1:])
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise problem("WAL-014", file=str(path), detail=f"{path.stat().st_size} > {FILE_BYTES_MAX}")
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except OSError as error:
        raise problem("WAL-014", file=str(path), detail=error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise WrongValue("not UTF-8") from None


def _bytes(reading: Reading, kind: str, text: str) -> bytes:
    if not text.startswith("@"):
        return bytes.fromhex(text)
    path = Path(text[1:])
    try:
        if kind == "digest":
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256" if reading.suite == "intl" else "sm3").digest()
        content = path.read_bytes()
    except OSError as error:
        raise problem("WAL-014", file=str(path), detail=error.strerror or str(error)) from None
    if len(content) > FILE_BYTES_MAX:
        raise problem("WAL-014", file=str(path), detail=f"{len(content)} > {FILE_BYTES_MAX}")
    return content


def read_id(reading: Reading, text: str) -> bytes:
    """A whole id, the beginning of one seen before with or without `.n`, or `#n` of the last numbered list; so few
    digits that they begin no id are a row's number as well."""
    digits = text.removeprefix("#")
    is_number = digits.isascii() and digits.isdigit() and (digits != text or len(digits) < PREFIX_CHARACTERS_MIN)
    try:
        if is_number and reading.numbered is not None:
            return reading.numbered(int(digits))
        return _id_of_prefix(reading, text)
    except (ValueError, OverflowError):
        raise problem("WAL-013", prefix=text[:80]) from None


def _id_of_prefix(reading: Reading, text: str) -> bytes:
    prefix, dot, number = text.lower().partition(".")
    prefix = prefix.rstrip("…")
    if len(prefix) == 2 * ID_BYTES:
        return bytes.fromhex(prefix)
    if len(prefix) == 2 * (ID_BYTES - 2) and dot:
        return bytes.fromhex(prefix) + int(number).to_bytes(2, "big")
    suffix = f"{int(number):04x}" if dot else ""
    ids = [known for known in reading.seen if len(known) == 2 * ID_BYTES]
    found = [known for known in ids if known.startswith(prefix) and known.endswith(suffix)]
    if not found or len(prefix) < PREFIX_CHARACTERS_MIN:
        raise problem("WAL-013", prefix=text)
    if len(found) > 1:
        shown = ", ".join(f"{known[:12]}.{int(known[-4:], 16)}" for known in found[:5])
        raise problem("WAL-012", prefix=text, found=shown)
    return bytes.fromhex(found[0])


def plain(interface: Interface, kind: Type, value: Any) -> Any:
    """A value for `--json`: integers and texts as they are, bytes as hexadecimal, records as objects."""
    if type(value) is bytes:
        return value.hex()
    if type(value) is tuple:
        if kind.kind == "record":
            try:
                fields = interface.record(kind.names[0]).fields
            except (KeyError, IndexError):
                fields = ()
            if len(fields) == len(value):
                return {
                    field.name: plain(interface, field.type, item) for field, item in zip(fields, value, strict=True)
                }
        if kind.kind == "row" and len(kind.items) == len(value):
            return [plain(interface, part, item) for part, item in zip(kind.items, value, strict=True)]
        item_kind = kind.items[0] if kind.kind == "array" and kind.items else Type("nothing")
        return [plain(interface, item_kind, item) for item in value]
    return value
