"""Pieces of a program that its methods share: code with its type, literals, casters, copiers of records."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from contracts.language.declarations import Declarations
from contracts.language.forms import ANY, BOOLEAN, INTEGER, NOTHING, TestWriter, join
from ledger.interface import Type

SMALL_BITS: Final = 63
BITS_MAX: Final = 256
INLINE_CHARACTERS_MAX: Final = 80


class Code(NamedTuple):
    """An expression's text, what is known of its type, and the most bits of it as an integer, or of those in a row."""

    text: str
    type: Type
    bits: int = BITS_MAX

    @property
    def inner_bits(self) -> int:
        """The most bits of an item. What is in an array with a limit has been tested."""
        return SMALL_BITS if self.type.kind == "array" and self.type.limit > 0 else self.bits


class SharedCode:
    """What the methods of one contract share: casters, replacers, facts for the interface."""

    def __init__(self, found: Declarations) -> None:
        self.functions: list[str] = []
        self.uses: dict[str, None] = {}
        self.needs: dict[str, None] = dict.fromkeys(found.imported)
        """Records of the SDK that the program must have."""
        self.numbers: dict[str, dict[str, Type]] = {}
        self.field_types: dict[str, Type] = {}
        self.constants: dict[str, str] = {}
        """Names in the program of the constants that are used → their literals."""
        self._casters: dict[Type, str] = {}
        self._replacers: dict[tuple[str, tuple[str, ...], frozenset[str]], str] = {}
        for record in found.records.values():
            for entry in record.fields:
                known = self.field_types.get(entry.name, entry.type)
                self.field_types[entry.name] = known if known == entry.type else ANY

    def constant(self, name: str, value: Any) -> Code:
        """A constant where it is used: small ones as literals, others by a name, however often they are used."""
        code = literal(value)
        if len(code.text) <= INLINE_CHARACTERS_MAX:
            return code
        self.constants[f"k_{name}"] = code.text
        return code._replace(text=f"k_{name}")

    def note_number(self, refusal: str, name: str, kind: Type) -> None:
        known = self.numbers.setdefault(refusal, {})
        known[name] = join(known.get(name, kind), kind)

    def caster(self, kind: Type, tests: TestWriter) -> str:
        """A function that returns its argument when it has the type."""
        if kind not in self._casters:
            name = self._casters[kind] = f"as_type_{len(self._casters)}"
            test = tests.test(kind, "value")
            self.functions.append(
                f"def {name}(value):\n    if {test}:\n        return value\n"
                f"    raise wrong_type({kind.kind!r}, value)\n"
            )
        return self._casters[kind]

    def replacer(
        self, record: str, names: tuple[str, ...], proved: frozenset[str], found: Declarations, tests: TestWriter
    ) -> str:
        """A function that copies a record with `names` changed, testing what is not proved."""
        key = (record, names, proved)
        if key not in self._replacers:
            function = self._replacers[key] = f"with_{len(self._replacers)}_{record}"
            lines = [f"def {function}(old, {', '.join(f'n_{name}' for name in names)}):"]
            lines.append(f"    if type(old) is not R_{record}:\n        raise wrong_type({record!r}, old)")
            for name in names:
                kind = found.field_type(record, name)
                assert kind is not None
                if name not in proved:
                    lines.append(f"    if not {tests.test(kind, f'n_{name}')}:")
                    lines.append(f"        raise wrong_type({f'{record}.{name}'!r}, n_{name})")
            lines.append(f"    new = make(R_{record})")
            for entry in found.records[record].fields:
                source = f"n_{entry.name}" if entry.name in names else f"old.field_{entry.name}"
                lines.append(f"    new.field_{entry.name} = {source}")
            lines.append("    return new\n")
            self.functions.append("\n".join(lines))
        return self._replacers[key]


def literal(value: Any) -> Code:
    """The code of a constant."""
    if value is None:
        return Code("None", NOTHING)
    if type(value) is bool:
        return Code(str(value), BOOLEAN)
    if type(value) is int:
        return Code(str(value) if value >= 0 else f"({value})", INTEGER, value.bit_length())
    if type(value) in (str, bytes):
        # Tests of texts and byte strings are cheap: a literal is tested against the length that is wanted of it.
        return Code(ascii(value), Type("text" if type(value) is str else "bytes"))
    parts = [literal(item) for item in value]
    text = ", ".join(part.text for part in parts)
    kinds = tuple(ANY if part.type.kind == "row" else part.type for part in parts)
    return Code(f"({text}{',' if len(parts) == 1 else ''})", Type("row", items=kinds))
