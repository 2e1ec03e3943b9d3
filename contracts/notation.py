"""How values are written in stories: amounts in yuan with separators, dates by ISO, names for ids, digests and keys.

A short name (`t1`, `invoice-3`) stands for an id: one that came about, or a made-up one; `@name` for a made-up
digest, `@1`, `@2` for those that come about; a person's or firm's name for its key. `yes` and `no`, `-` for nothing,
`[a, b]` for arrays, `(a, b)` for rows, `{field=value …}` for records, `"…"` for texts with blanks, `0x…` for byte
strings.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

from ledger import money
from ledger.interface import INTEGER_KINDS, Field, Interface, Type

_EPOCH: Final = date(1970, 1, 1)
_WORD: Final = re.compile(r'"[^"]*"|[\[\](){}]|[^\s\[\](){}",]+|,')
_OPEN: Final = {"[": "]", "(": ")", "{": "}"}


class StoryError(Exception):
    """A story that cannot be read, with the line and what is wrong."""


class Names:
    """The names that stand for byte strings in one story, both ways."""

    def __init__(self, key_of: Callable[[str], bytes]) -> None:
        self._key_of = key_of
        self._bytes: dict[str, bytes] = {}
        self._names: dict[bytes, str] = {}

    def give(self, name: str, value: bytes) -> None:
        self._bytes[name] = value
        self._names[value] = name

    def id_named(self, name: str) -> bytes:
        if name not in self._bytes:
            self.give(name, hashlib.sha256(f"id {name}".encode()).digest() + b"\0\0")
        return self._bytes[name]

    def digest_named(self, name: str) -> bytes:
        """`name` begins with @, so that it cannot be taken for a key's or an id's."""
        if name not in self._bytes:
            self.give(name, hashlib.sha256(f"digest {name}".encode()).digest())
        return self._bytes[name]

    def key_named(self, name: str) -> bytes:
        if name not in self._bytes:
            self.give(name, self._key_of(name))
        return self._bytes[name]

    def value_of(self, name: str) -> bytes | None:
        return self._bytes.get(name)

    def known(self, value: bytes) -> str | None:
        return self._names.get(value)

    def all(self) -> list[tuple[bytes, str]]:
        return list(self._names.items())

    def new_id(self, value: bytes, letter: str) -> str:
        """The name of an id that came about: the first letter of its map and the next free number."""
        name = self._names.get(value)
        if name is None:
            number = 1
            while f"{letter}{number}" in self._bytes:
                number += 1
            name = f"{letter}{number}"
            self.give(name, value)
        return name


def words_of(text: str) -> list[str]:
    """A line as words; an opening bracket and what belongs to it are one word."""
    words: list[str] = []
    depth, current, end = 0, "", 0
    for match in _WORD.finditer(text):
        word = match.group()
        glued = depth or (current and match.start() == end)
        current = current + (" " if depth and match.start() != end else "") + word if glued else word
        depth += (word in _OPEN) - (word in _OPEN.values())
        end = match.end()
        is_next_glued = end < len(text) and not text[end].isspace()
        if not depth and not is_next_glued:
            words.append(current)
            current = ""
    if current:
        words.append(current)
    return words


def _split(text: str) -> list[str]:
    """What stands between commas outside inner brackets."""
    parts, depth, start = [], 0, 0
    for i, character in enumerate(text):
        depth += (character in _OPEN) - (character in _OPEN.values())
        if character == "," and not depth and not _is_thousand(text, i):
            parts.append(text[start:i].strip())
            start = i + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def _is_thousand(text: str, place: int) -> bool:
    """Whether a comma stands inside an amount such as 1,000.00."""
    return text[place - 1 : place].isdigit() and re.match(r"\d{3}(\D|$)", text[place + 1 :]) is not None


class Notation:
    """Reads and writes values of an interface's types."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def read(self, kind: Type, text: str, interface: Interface) -> Any:
        """The value that `text` says; raises `StoryError`."""
        if text == "-":
            return None
        name = kind.kind
        if name == "fen":
            return self._number(lambda: money.parse(text.lstrip("-")) * (-1 if text.startswith("-") else 1), text)
        if name == "day":
            return self._number(lambda: (date.fromisoformat(text) - _EPOCH).days, text)
        if name in INTEGER_KINDS:
            return self._number(lambda: int(text.replace(",", "").replace("_", "")), text)
        if name == "boolean":
            return {"yes": True, "no": False}[text]
        if name in ("text", "organisation", "choice"):
            return text.strip('"')
        if name in ("array", "row", "record"):
            return self._read_many(kind, text, interface)
        return self._read_bytes(kind, text)

    def _read_bytes(self, kind: Type, text: str) -> bytes:
        if text.startswith("0x"):
            return bytes.fromhex(text[2:])
        if kind.kind == "id":
            return self.names.id_named(text)
        if kind.kind == "key":
            return self.names.key_named(text)
        known = self.names.value_of(text)
        return known if known is not None else self.names.digest_named(f"@{text.removeprefix('@')}")

    def _read_many(self, kind: Type, text: str, interface: Interface) -> tuple[Any, ...]:
        if not text or text[0] not in _OPEN or text[-1] != _OPEN[text[0]]:
            raise StoryError(f"{text} is no {kind.kind}")
        inner = text[1:-1].strip()
        if kind.kind == "record":
            form = interface.record(kind.names[0])
            given = dict(pair.split("=", 1) for pair in words_of(inner))
            return self.fields(form.fields, given, interface)
        parts = _split(inner)
        if kind.kind == "array":
            return tuple(self.read(kind.items[0], part, interface) for part in parts)
        return tuple(self.read(item, part, interface) for item, part in zip(kind.items, parts, strict=True))

    def fields(self, fields: tuple[Field, ...], given: dict[str, str], interface: Interface) -> tuple[Any, ...]:
        """All fields in order, those not given by their defaults; raises `StoryError`."""
        unknown = sorted(set(given) - {entry.name for entry in fields})
        if unknown:
            raise StoryError(f"there is no {unknown[0]} among {', '.join(entry.name for entry in fields)}")
        values = []
        for entry in fields:
            if entry.name in given:
                values.append(self.read(entry.type, given[entry.name], interface))
            elif entry.has_default or entry.type.optional:
                values.append(entry.default)
            else:
                raise StoryError(f"{entry.name} is missing")
        return tuple(values)

    @staticmethod
    def _number(read: Callable[[], int], text: str) -> int:
        try:
            return read()
        except ValueError as error:
            raise StoryError(f"{text}: {error}") from None

    def write(self, kind: Type, value: Any, interface: Interface) -> str:
        if value is None:
            return "-"
        name = kind.kind
        if name == "fen" and type(value) is int:
            return money.show(value)
        if name == "day" and type(value) is int:
            return (_EPOCH + timedelta(days=value)).isoformat()
        if name == "record" and type(value) is tuple:
            pairs = zip(interface.record(kind.names[0]).fields, value, strict=True)
            return "{" + " ".join(f"{e.name}={self.write(e.type, item, interface)}" for e, item in pairs) + "}"
        if name == "array" and type(value) is tuple:
            return "[" + ", ".join(self.write(kind.items[0], item, interface) for item in value) + "]"
        if name == "row" and type(value) is tuple:
            pairs_ = zip(kind.items, value, strict=True)
            return "(" + ", ".join(self.write(item_kind, item, interface) for item_kind, item in pairs_) + ")"
        if name == "digest" and type(value) is bytes:
            return self.names.known(value) or self.names.new_id(value, "@")
        return self.plain(value)

    def plain(self, value: Any) -> str:
        """A value of which no kind is known."""
        if value is None:
            return "-"
        if type(value) is bool:
            return "yes" if value else "no"
        if type(value) is bytes:
            known = self.names.known(value)
            if known is None and len(value) == 34:
                return self.names.new_id(value, "id")
            return known if known is not None else f"0x{value.hex()[:16]}" + ("…" if len(value) > 8 else "")
        if type(value) is str:
            return value if value and not re.search(r"[\s,\[\](){}\"=]", value) and value != "-" else f'"{value}"'
        if type(value) is tuple:
            return "[" + ", ".join(self.plain(item) for item in value) + "]"
        return str(value)
