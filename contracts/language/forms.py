"""Declared types: from an annotation to a `ledger.interface.Type`, and from a type to the test that a value has it.

A test compares exact types (`type(x) is int`), so that a truth value never passes for an integer: two values that
Python calls equal must not meet in a key or a record, or a node with warm caches would keep what a cold one cannot
decode.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Final

from contracts.language.verdicts import verdict
from ledger.codec import INTEGER_MAX
from ledger.interface import BYTES_KINDS, ENCODED_KINDS, INTEGER_KINDS, TEXT_KINDS, Type

TEXT_CHARACTERS_MAX: Final = 512
LONG_TEXT_CHARACTERS_MAX: Final = 262_144
ORGANISATION_CHARACTERS_MAX: Final = 24
BYTES_MAX: Final = 4_096
LONG_BYTES_MAX: Final = 65_536
ARRAY_ITEMS_MAX: Final = 1_024
CHOICES_MAX: Final = 32

SCALARS: Final[dict[str, Type]] = {
    "int": Type("integer"),
    "bool": Type("boolean"),
    "str": Type("text", limit=TEXT_CHARACTERS_MAX),
    "Text": Type("text", limit=TEXT_CHARACTERS_MAX),
    "LongText": Type("text", limit=LONG_TEXT_CHARACTERS_MAX),
    "bytes": Type("bytes", limit=BYTES_MAX),
    "Bytes": Type("bytes", limit=BYTES_MAX),
    "LongBytes": Type("bytes", limit=LONG_BYTES_MAX),
    "SignedStatement": Type("statement", limit=BYTES_MAX),
    "Act": Type("act", limit=BYTES_MAX),
    "Fen": Type("fen"),
    "Day": Type("day"),
    "Time": Type("time"),
    "Height": Type("height"),
    "Rate": Type("rate"),
    "Id": Type("id", limit=34),
    "Org": Type("organisation", limit=ORGANISATION_CHARACTERS_MAX),
    "Key": Type("key", limit=64),
    "Digest": Type("digest", limit=32),
    "Signature": Type("signature", limit=64),
}
NOTHING: Final = Type("nothing")
ANY: Final = Type("any")
"""A value of which only the running program knows the type."""
BOOLEAN: Final = SCALARS["bool"]
INTEGER: Final = SCALARS["int"]
TEXT: Final = SCALARS["str"]
LIST: Final = Type("list")
DICT: Final = Type("dict")
SCALAR_KINDS: Final = frozenset((*INTEGER_KINDS, *TEXT_KINDS, *BYTES_KINDS, "boolean", "nothing"))
KEY_KINDS: Final = frozenset((*INTEGER_KINDS, "text", "organisation", "id", "key", "digest"))


def is_integer(kind: Type) -> bool:
    return kind.kind in INTEGER_KINDS and not kind.optional


def is_scalar(kind: Type) -> bool:
    return kind.kind in SCALAR_KINDS


def optional(kind: Type) -> Type:
    return Type(kind.kind, True, kind.names, kind.items, kind.limit)


def required(kind: Type) -> Type:
    return Type(kind.kind, False, kind.names, kind.items, kind.limit)


def join(left: Type, right: Type) -> Type:
    """A type that has the values of both."""
    if left == right:
        return left
    if NOTHING in (left, right):
        other = right if left == NOTHING else left
        return ANY if other.kind in ("any", "list", "dict") else optional(other)
    if required(left) == required(right):
        return optional(left)
    if left.kind == right.kind == "array" and left.items == right.items:
        # Its length is not known to be one that was tested.
        return Type("array", left.optional or right.optional, items=left.items)
    if left.kind in INTEGER_KINDS and right.kind in INTEGER_KINDS:
        return Type("integer", left.optional or right.optional)
    return ANY


def read_type(node: ast.expr, records: Collection[str]) -> Type:
    """The declared type that an annotation says; raises `Refused` CHK-012."""
    if isinstance(node, ast.Constant) and node.value is None:
        return NOTHING
    if isinstance(node, ast.Name):
        if node.id in SCALARS:
            return SCALARS[node.id]
        if node.id in records:
            return Type("record", names=(node.id,))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        inner = read_type(node.left, records)
        if read_type(node.right, records) == NOTHING and inner != NOTHING and not inner.optional:
            return optional(inner)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        inside = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        if node.value.id == "tuple" and inside:
            return _read_tuple(inside, records)
        if node.value.id == "Literal" and inside:
            return _read_choice(node, inside)
    raise verdict("CHK-012", line=node.lineno, why="not a type that can be stored or sent")


def _read_tuple(inside: list[ast.expr], records: Collection[str]) -> Type:
    is_array = len(inside) == 2 and isinstance(inside[1], ast.Constant) and inside[1].value is ...
    items = tuple(read_type(item, records) for item in (inside[:1] if is_array else inside))
    if any(item.kind == "array" for item in items) or any(item == NOTHING for item in items):
        raise verdict("CHK-012", line=inside[0].lineno, why="an array inside an array or a row")
    return Type("array", items=items, limit=ARRAY_ITEMS_MAX) if is_array else Type("row", items=items)


def _read_choice(node: ast.Subscript, inside: list[ast.expr]) -> Type:
    names: list[str] = []
    for item in inside:
        if not isinstance(item, ast.Constant) or type(item.value) is not str or not 0 < len(item.value) <= 40:
            raise verdict("CHK-012", line=node.lineno, why="a choice is between short texts")
        names.append(item.value)
    if len(names) > CHOICES_MAX or len(set(names)) != len(names):
        raise verdict("CHK-012", line=node.lineno, why=f"a choice has up to {CHOICES_MAX} different names")
    return Type("choice", names=tuple(names), limit=40)


class TestWriter:
    """Writes the tests as Python text; `functions` are the ones that need a function of their own, in order."""

    def __init__(self) -> None:
        self.functions: list[str] = []
        self._names: dict[Type, str] = {}

    def test(self, kind: Type, value: str) -> str:
        """An expression that is true when the variable `value` has the type."""
        if kind.optional:
            return f"({value} is None or {self.test(required(kind), value)})"
        name = kind.kind
        if name in INTEGER_KINDS:
            return f"(type({value}) is int and {-INTEGER_MAX} <= {value} <= {INTEGER_MAX})"
        if name == "boolean":
            return f"type({value}) is bool"
        if name in ("text", "organisation"):
            # Text ends with a zero byte where it is part of a key or an index.
            return f"(type({value}) is str and len({value}) <= {kind.limit} and '\\0' not in {value})"
        if name == "choice":
            return f"(type({value}) is str and {value} in {kind.names!r})"
        if name == "bytes" or name in ENCODED_KINDS:
            return f"(type({value}) is bytes and len({value}) <= {kind.limit})"
        if name == "key":
            return f"(type({value}) is bytes and len({value}) == key_bytes)"
        if name in BYTES_KINDS:
            return f"(type({value}) is bytes and len({value}) == {kind.limit})"
        if name == "record":
            return f"type({value}) is R_{kind.names[0]}"
        if name == "nothing":
            return f"{value} is None"
        if name == "any":
            return "True"
        return f"{self._function(kind)}({value})"

    def _function(self, kind: Type) -> str:
        if kind not in self._names:
            if kind.kind == "array":
                inner = self.test(kind.items[0], "item")
                body = (
                    f"    if type(value) is not tuple or len(value) > {kind.limit}:\n        return False\n"
                    f"    meter[0] -= len(value)\n    for item in value:\n        if not {inner}:\n"
                    "            return False\n    return True"
                )
            else:
                parts = [self.test(item, f"value[{i}]") for i, item in enumerate(kind.items)]
                tests = " and ".join([f"type(value) is tuple and len(value) == {len(parts)}", *parts])
                body = f"    return {tests}"
            name = self._names[kind] = f"is_type_{len(self._names)}"
            self.functions.append(f"def {name}(value):\n{body}\n")
        return self._names[kind]
