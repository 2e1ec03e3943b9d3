"""The machine-readable interface of a contract: what wallets build forms from, what signers are shown, what the API
and the documentation are made of.

A contract's interface follows from its source alone. `digest = H("interface", bytes)` stands in every transaction,
and the engine refuses a transaction that was signed under another interface than the one in force; so nobody signs one
rule and runs under another. The bytes are canonical CBOR, arrays only.

Nothing here knows how contracts are written or run.

How a value of each kind travels in a transaction, a receipt or a record:

* `integer fen day time height rate` integers: fen, days since 1970-01-01 in Beijing time, milliseconds since 1970,
  block heights, parts per million;
* `boolean`; `text organisation choice` text; `bytes id key digest signature` byte strings (an id has 34, a digest 32);
* `statement` a bank's signed statement (`ledger.statement`), `act` the encoded arguments of another action: byte
  strings that people read in words;
* `record` the array of its fields in order; `row` an array of one item per type; `array` up to `limit` of one type;
* `nothing` null. An optional value may be null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ledger.codec import (
    Shape,
    Value,
    anything,
    array,
    boolean,
    decode,
    encode,
    exactly,
    integer,
    one_of,
    optional,
    row,
    text,
)
from ledger.crypto import Suite
from ledger.errors import refuse

VERSION: Final = 1
INTERFACE_BYTES_MAX: Final = 256 * 1024
NAME_CHARACTERS_MAX: Final = 40
SENTENCE_CHARACTERS_MAX: Final = 400
ITEMS_MAX: Final = 256
TYPE_DEPTH_MAX: Final = 4

INTEGER_KINDS: Final = ("integer", "fen", "day", "time", "height", "rate")
TEXT_KINDS: Final = ("text", "organisation", "choice")
ENCODED_KINDS: Final = ("statement", "act")
BYTES_KINDS: Final = ("bytes", *ENCODED_KINDS, "id", "key", "digest", "signature")
KINDS: Final = (*INTEGER_KINDS, "boolean", *TEXT_KINDS, *BYTES_KINDS, "record", "row", "array", "nothing")

_name = text(NAME_CHARACTERS_MAX)
_names = array(_name, ITEMS_MAX)
_sentence = text(SENTENCE_CHARACTERS_MAX)


@dataclass(frozen=True, slots=True)
class Type:
    """A value's kind. `names`: the choices, or the record's name. `items`: the types of a row, the one of an array.

    `limit` is the most characters of a text, bytes of a byte string or items of an array; 0 where the kind settles it.
    """

    kind: str
    optional: bool = False
    names: tuple[str, ...] = ()
    items: tuple[Type, ...] = ()
    limit: int = 0

    def to_value(self) -> tuple[Any, ...]:
        return (self.kind, self.optional, self.names, tuple(item.to_value() for item in self.items), self.limit)

    @classmethod
    def from_value(cls, value: Any) -> Type:
        kind, is_optional, names, items, limit = value
        return cls(kind, is_optional, names, tuple(cls.from_value(item) for item in items), limit)


NOTHING: Final = Type("nothing")


@dataclass(frozen=True, slots=True)
class Field:
    """A named value: an argument, a field of a record or of an event, a number of a refusal.

    `label_zh` and `label_en` are what people read; `default` holds when `has_default`.
    """

    name: str
    type: Type
    label_zh: str = ""
    label_en: str = ""
    has_default: bool = False
    default: Value = None

    def to_value(self) -> tuple[Any, ...]:
        return (self.name, self.type.to_value(), self.label_zh, self.label_en, self.has_default, self.default)

    @classmethod
    def from_value(cls, value: Any) -> Field:
        name, kind, *rest = value
        return cls(name, Type.from_value(kind), *rest)


@dataclass(frozen=True, slots=True)
class Who:
    """Who may act; the engine enforces every line before the contract's code runs. Within a line any one suffices.

    `on`: the first arguments are the key of a row of this map, which must be there; `party`: the caller's organisation
    is one of these fields of that row. `policy`: the approval table that applies to the argument `amount` (maker and
    checkers by amount). `permission`: what the organisation must have allowed the person. `callers`: contracts that
    may call this action. `anyone`: any person of an active member. `signed`: an argument, a tag and further arguments:
    the first is the person's signature over the tag, chain, contract and the others (`signed_digest`).
    """

    roles: tuple[str, ...] = ()
    capacities: tuple[str, ...] = ()
    on: str | None = None
    party: tuple[str, ...] = ()
    policy: str | None = None
    amount: str | None = None
    permission: str | None = None
    callers: tuple[str, ...] = ()
    anyone: bool = False
    signed: tuple[str, ...] = ()

    def to_value(self) -> tuple[Any, ...]:
        return (
            self.roles,
            self.capacities,
            self.on,
            self.party,
            self.policy,
            self.amount,
            self.permission,
            self.callers,
            self.anyone,
            self.signed,
        )


@dataclass(frozen=True, slots=True)
class Action:
    """A business act. `zh` and `en` are the sentence that a signer is shown, with `{argument}` places."""

    name: str
    arguments: tuple[Field, ...]
    returns: Type
    who: Who
    zh: str
    en: str

    def to_value(self) -> tuple[Any, ...]:
        arguments = tuple(argument.to_value() for argument in self.arguments)
        return (self.name, arguments, self.returns.to_value(), self.who.to_value(), self.zh, self.en)

    @classmethod
    def from_value(cls, value: Any) -> Action:
        name, arguments, returns, who, zh, en = value
        return cls(name, _fields(arguments), Type.from_value(returns), Who(*who), zh, en)


@dataclass(frozen=True, slots=True)
class View:
    """A read-only question."""

    name: str
    arguments: tuple[Field, ...]
    returns: Type
    zh: str
    en: str

    def to_value(self) -> tuple[Any, ...]:
        arguments = tuple(argument.to_value() for argument in self.arguments)
        return (self.name, arguments, self.returns.to_value(), self.zh, self.en)

    @classmethod
    def from_value(cls, value: Any) -> View:
        name, arguments, returns, zh, en = value
        return cls(name, _fields(arguments), Type.from_value(returns), zh, en)


@dataclass(frozen=True, slots=True)
class RefusalForm:
    """A refusal that the contract declares: its templates and, where the source tells, the kinds of its numbers."""

    name: str
    code: str
    zh: str
    en: str
    numbers: tuple[Field, ...]

    def to_value(self) -> tuple[Any, ...]:
        return (self.name, self.code, self.zh, self.en, tuple(number.to_value() for number in self.numbers))

    @classmethod
    def from_value(cls, value: Any) -> RefusalForm:
        name, code, zh, en, numbers = value
        return cls(name, code, zh, en, _fields(numbers))


@dataclass(frozen=True, slots=True)
class RecordForm:
    """A record or an event: its fields in the order in which they are stored."""

    name: str
    fields: tuple[Field, ...]
    label_zh: str = ""
    label_en: str = ""

    def to_value(self) -> tuple[Any, ...]:
        return (self.name, tuple(field.to_value() for field in self.fields), self.label_zh, self.label_en)

    @classmethod
    def from_value(cls, value: Any) -> RecordForm:
        name, fields, label_zh, label_en = value
        return cls(name, _fields(fields), label_zh, label_en)


@dataclass(frozen=True, slots=True)
class MapForm:
    """A map: its number in state keys, the kinds of its key's parts, its record, and what places it in the state tree
    (`key`, or `transaction`: the transaction that made the id)."""

    name: str
    number: int
    key: tuple[Type, ...]
    record: str
    placed_by: str

    def to_value(self) -> tuple[Any, ...]:
        return (self.name, self.number, tuple(part.to_value() for part in self.key), self.record, self.placed_by)

    @classmethod
    def from_value(cls, value: Any) -> MapForm:
        name, number, key, record, placed_by = value
        return cls(name, number, tuple(Type.from_value(part) for part in key), record, placed_by)


@dataclass(frozen=True, slots=True)
class IndexForm:
    """An index: the rows of `map` ordered by the fields `by`, those whose field `where` is set."""

    name: str
    number: int
    map: str
    by: tuple[str, ...]
    where: str | None

    def to_value(self) -> tuple[Any, ...]:
        return (self.name, self.number, self.map, self.by, self.where)


@dataclass(frozen=True, slots=True)
class Interface:
    """Everything that a contract shows to the outside. `uses`: the actions of other contracts that it calls."""

    contract: str
    zh: str
    en: str
    actions: tuple[Action, ...]
    views: tuple[View, ...]
    refusals: tuple[RefusalForm, ...]
    events: tuple[RecordForm, ...]
    records: tuple[RecordForm, ...]
    maps: tuple[MapForm, ...]
    indexes: tuple[IndexForm, ...]
    uses: tuple[str, ...]

    def action(self, name: str) -> Action:
        """Raises `Refused` TX-008."""
        for action in self.actions:
            if action.name == name:
                return action
        raise refuse("TX-008", contract=self.contract, action=name)

    def view(self, name: str) -> View:
        """Raises `Refused` TX-008."""
        for view in self.views:
            if view.name == name:
                return view
        raise refuse("TX-008", contract=self.contract, action=name)

    def record(self, name: str) -> RecordForm:
        """A record that a type of this interface names."""
        for record in self.records:
            if record.name == name:
                return record
        raise KeyError(name)

    def encode(self) -> bytes:
        groups = (self.actions, self.views, self.refusals, self.events, self.records, self.maps, self.indexes)
        rows = tuple(tuple(entry.to_value() for entry in group) for group in groups)
        return encode((VERSION, self.contract, self.zh, self.en, *rows, self.uses))

    def digest(self, suite: Suite) -> bytes:
        return suite.hasher("interface")(self.encode())

    @classmethod
    def decode(cls, data: bytes) -> Interface:
        """Raises `Refused` BYT-001…003."""
        value = decode(data, bytes_max=INTERFACE_BYTES_MAX)
        INTERFACE_SHAPE(value, "interface")
        _, contract, zh, en, actions, views, refusals, events, records, maps, indexes, uses = value
        return cls(
            contract,
            zh,
            en,
            tuple(map(Action.from_value, actions)),
            tuple(map(View.from_value, views)),
            tuple(map(RefusalForm.from_value, refusals)),
            tuple(map(RecordForm.from_value, events)),
            tuple(map(RecordForm.from_value, records)),
            tuple(map(MapForm.from_value, maps)),
            tuple(IndexForm(*index) for index in indexes),
            uses,
        )


def _fields(values: Any) -> tuple[Field, ...]:
    return tuple(Field.from_value(value) for value in values)


def _type_shape(depth: int) -> Shape:
    items = array(_type_shape(depth - 1), ITEMS_MAX) if depth else exactly(())
    return row(
        ("kind", one_of(*KINDS)),
        ("optional", boolean),
        ("names", _names),
        ("items", items),
        ("limit", integer(0, 2**31)),
    )


_type: Final = _type_shape(TYPE_DEPTH_MAX)
_field_rows: Final = array(
    row(
        ("name", _name),
        ("type", _type),
        ("label_zh", _sentence),
        ("label_en", _sentence),
        ("has_default", boolean),
        ("default", anything),
    ),
    ITEMS_MAX,
)
_who: Final = row(
    ("roles", _names),
    ("capacities", _names),
    ("on", optional(_name)),
    ("party", _names),
    ("policy", optional(_name)),
    ("amount", optional(_name)),
    ("permission", optional(_name)),
    ("callers", _names),
    ("anyone", boolean),
    ("signed", _names),
)
_record_rows: Final = array(
    row(("name", _name), ("fields", _field_rows), ("label_zh", _sentence), ("label_en", _sentence)), ITEMS_MAX
)
_actions: Final = array(
    row(
        ("name", _name),
        ("arguments", _field_rows),
        ("returns", _type),
        ("who", _who),
        ("zh", _sentence),
        ("en", _sentence),
    ),
    ITEMS_MAX,
)
_views: Final = array(
    row(("name", _name), ("arguments", _field_rows), ("returns", _type), ("zh", _sentence), ("en", _sentence)),
    ITEMS_MAX,
)
_refusals: Final = array(
    row(("name", _name), ("code", text(16)), ("zh", _sentence), ("en", _sentence), ("numbers", _field_rows)), ITEMS_MAX
)
_maps: Final = array(
    row(
        ("name", _name),
        ("number", integer(0, 255)),
        ("key", array(_type, 8)),
        ("record", _name),
        ("placed_by", one_of("key", "transaction")),
    ),
    ITEMS_MAX,
)
_indexes: Final = array(
    row(("name", _name), ("number", integer(0, 255)), ("map", _name), ("by", _names), ("where", optional(_name))),
    ITEMS_MAX,
)
INTERFACE_SHAPE: Final = row(
    ("version", exactly(VERSION)),
    ("contract", _name),
    ("zh", _sentence),
    ("en", _sentence),
    ("actions", _actions),
    ("views", _views),
    ("refusals", _refusals),
    ("events", _record_rows),
    ("records", _record_rows),
    ("maps", _maps),
    ("indexes", _indexes),
    ("uses", array(text(2 * NAME_CHARACTERS_MAX + 1), ITEMS_MAX)),
)
