"""The names that a contract imports; the only module that it can import.

On the chain this file is never imported: the compiler gives every name here its meaning. It exists so that a contract
is an ordinary Python file for people and their editors, and it says what a contract can do.

Shape of a contract: records, events, then one class with maps, indexes and refusals on top and one method per business
act. A method's body has four marked phases: who may, what must hold, what changes, what is announced.

* `@action(...)` says who may; everything in it is enforced before the body runs. At least one of role, capacity, party,
  permission, policy, callers or `anyone=True` must stand there. Its docstring's first line is the sentence that a
  signer is shown, `zh: … {argument} … | en: … {argument} …`; further lines `argument: 中文 | English` label the forms.
* `@view` reads. `@sweep(index=…)` is given rows that have come due. `genesis(self, ctx, facts: Genesis)` runs once.
* Other methods are helpers of this contract; all their parameters and results are annotated too.
* What is stored, returned, emitted or received is a scalar, a tuple or a record, and integers there lie within
  ±(2^63 − 1). Lists and dicts live inside one call and hold scalars, tuples and records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Literal, NewType, NoReturn, Self, TypeVar, dataclass_transform, overload

from ledger.money import Fen, apportion, round_half_up

__all__ = [
    "Act",
    "Bytes",
    "Context",
    "Contract",
    "Day",
    "Digest",
    "Event",
    "Fen",
    "Genesis",
    "GenesisContract",
    "GenesisMember",
    "GenesisParameter",
    "GenesisPolicy",
    "GenesisValidator",
    "Height",
    "Id",
    "Index",
    "Key",
    "Literal",
    "LongBytes",
    "LongText",
    "Map",
    "Org",
    "Rate",
    "Receipt",
    "Record",
    "Refusal",
    "Signature",
    "SignedStatement",
    "Statement",
    "Text",
    "Time",
    "action",
    "add_months",
    "apportion",
    "date_of",
    "day_of",
    "digest",
    "fen",
    "is_credit_code",
    "look_of",
    "remainder",
    "round_half_up",
    "sweep",
    "view",
    "weekday",
]

Day = NewType("Day", int)
"""Days since 1970-01-01, Beijing time."""
Time = NewType("Time", int)
"""Milliseconds since 1970-01-01 UTC."""
Height = NewType("Height", int)
Rate = NewType("Rate", int)
"""Parts per million: 4.5 % a year is 45_000."""
Id = NewType("Id", bytes)
"""34 bytes: the transaction that made it, and a number."""
Org = NewType("Org", str)
"""An organisation's slug."""
Key = NewType("Key", bytes)
"""A person's public key."""
Digest = NewType("Digest", bytes)
"""32 bytes."""
Signature = NewType("Signature", bytes)
"""64 bytes."""
SignedStatement = NewType("SignedStatement", bytes)
"""A bank's statement with its signature, at most 4,096 bytes; who signs an act with one in it reads what it states."""
Act = NewType("Act", bytes)
"""The encoded arguments of another action, at most 4,096 bytes. The arguments `contract`, `action` and `interface` (the
digest of that contract's interface) beside it say of which; who signs reads the act's own sentence."""
Text = str
"""At most 512 characters."""
LongText = str
"""At most 262,144 characters: a contract's source."""
Bytes = bytes
"""At most 4,096 bytes."""
LongBytes = bytes
"""At most 65,536 bytes."""

_K = TypeVar("_K")
_K1 = TypeVar("_K1")
_K2 = TypeVar("_K2")
_K3 = TypeVar("_K3")
_R = TypeVar("_R", bound="Record")
_F = TypeVar("_F", bound=Callable[..., Any])
_NOT_HERE = "contracts run in the engine only"


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Record:
    """A frozen row: annotated fields, those with a default last. Made with keywords: `Tranche(root=…, owner=…)`."""

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        raise NotImplementedError(_NOT_HERE)

    @classmethod
    def of(cls, values: Sequence[Any]) -> Self:
        """The record of a tuple of all fields in order, as another contract's view returns it. Fields at the end that
        are not known here, which an upgrade of the other has added, are left out."""
        raise NotImplementedError(_NOT_HERE)


class Event(Record):
    """What a contract announces."""


class Refusal:
    """A way in which this contract refuses, with a code that is never used again for another meaning."""

    def __init__(self, code: str, *, zh: str, en: str) -> None:
        raise NotImplementedError(_NOT_HERE)


class Map(Generic[_K, _R]):
    """Records under a key: a scalar type, or a tuple of them. Stored, hashed, provable.

    `placed_by="transaction"`: for ids as (first part of the) key; records that one transaction makes share a page.
    """

    @overload
    def __init__(
        self, key: type[_K], record: type[_R], *, placed_by: Literal["key", "transaction"] = "key"
    ) -> None: ...
    @overload
    def __init__(
        self: Map[tuple[_K1, _K2], _R],
        key: tuple[type[_K1], type[_K2]],
        record: type[_R],
        *,
        placed_by: Literal["key", "transaction"] = "key",
    ) -> None: ...
    @overload
    def __init__(
        self: Map[tuple[_K1, _K2, _K3], _R],
        key: tuple[type[_K1], type[_K2], type[_K3]],
        record: type[_R],
        *,
        placed_by: Literal["key", "transaction"] = "key",
    ) -> None: ...
    def __init__(self, key: Any, record: Any, *, placed_by: str = "key") -> None:
        raise NotImplementedError(_NOT_HERE)

    def __getitem__(self, key: _K) -> _R:
        """The row; refuses with EXE-003 when there is none."""
        raise NotImplementedError(_NOT_HERE)

    def __setitem__(self, key: _K, record: _R) -> None:
        raise NotImplementedError(_NOT_HERE)

    def __contains__(self, key: _K) -> bool:
        raise NotImplementedError(_NOT_HERE)

    def get(self, key: _K) -> _R | None:
        raise NotImplementedError(_NOT_HERE)

    def remove(self, key: _K) -> None:
        """Forget the row; refuses with EXE-003 when there is none."""
        raise NotImplementedError(_NOT_HERE)

    def keys(self, *first: Any, after: _K | None = None, limit: int = 256) -> tuple[_K, ...]:
        """Keys in byte order, those that begin with the given parts, from behind `after`; limit ≤ 1,024."""
        raise NotImplementedError(_NOT_HERE)

    def rows(self, *first: Any, after: _K | None = None, limit: int = 256) -> tuple[tuple[_K, _R], ...]:
        raise NotImplementedError(_NOT_HERE)


class Index(Generic[_K, _R]):
    """The rows of a map in another order: by one field or several, then by key; only rows whose field `where` is set
    (true, not null). A row whose `by` field is null is not in it. It follows from the map and is not hashed."""

    def __init__(self, rows_of: Map[_K, _R], /, *, by: str | tuple[str, ...], where: str | None = None) -> None:
        raise NotImplementedError(_NOT_HERE)

    def keys(self, *first: Any, after: _K | None = None, limit: int = 256) -> tuple[_K, ...]:
        """Keys of rows whose `by` fields begin with the given values, in order, from behind the row `after`."""
        raise NotImplementedError(_NOT_HERE)

    def rows(self, *first: Any, after: _K | None = None, limit: int = 256) -> tuple[tuple[_K, _R], ...]:
        raise NotImplementedError(_NOT_HERE)

    def due(self, bound: int, limit: int = 256) -> tuple[_K, ...]:
        """Keys of rows whose first `by` field is at most `bound`, in order."""
        raise NotImplementedError(_NOT_HERE)


class Contract:
    """The one class of a contract's file; its name in snake case is not its address, the upload's name is."""


def action(
    *,
    role: str | tuple[str, ...] = (),
    capacity: str | tuple[str, ...] = (),
    on: str | None = None,
    party: str | tuple[str, ...] = (),
    policy: str | None = None,
    amount: str | None = None,
    permission: str | None = None,
    callers: str | tuple[str, ...] = (),
    anyone: bool = False,
    signed: tuple[str, ...] = (),
) -> Callable[[_F], _F]:
    """Who may act. Several names in one place: any one of them suffices. Several places: all must hold.

    role: the organisation's consortium role. capacity: its licensed, unexpired capacity. on: the first argument (or as
    many as the key has parts) is the key of this map, a missing row is refused. party: the caller's organisation is
    this field of that row. policy: the approval table; `amount` names the argument it goes by (the first Fen argument
    if not given), and above the band the act waits for checkers. permission: what the person must be allowed (with a
    policy it is "make" unless given). callers: contracts that may call this action; without it none can. An action that
    names nothing but callers is closed to people. anyone: any person of an active member. signed: a Signature among the
    arguments, a tag and the arguments that it covers, `signed=("signature", "entity", "entity")`: the caller's own
    signature over `digest(tag, ctx.chain, contract, …)`, or the act is refused; wallets make it for whoever acts.
    """
    raise NotImplementedError(_NOT_HERE)


def view(method: _F) -> _F:
    """A read-only question that anybody, also another contract (`ctx.view`), may ask."""
    raise NotImplementedError(_NOT_HERE)


def sweep(*, index: str, rows_max: int = 64, when: Literal["passed", "reached"] = "passed") -> Callable[[_F], _F]:
    """Called in every block as `method(self, ctx, key…, row)` for due rows, at most `rows_max`.

    Due: the index's first field (a Day, Time or Height) lies before today (`passed`), or is today or before
    (`reached`). No action may depend on whether the sweep has run. A row that stays due comes again in the next block,
    so a sweep changes what makes it due.
    """
    raise NotImplementedError(_NOT_HERE)


class Statement(Record):
    """A bank's statement, verified against the bank's key. `kind`: 0 paid, 1 returned."""

    bank: Org
    number: int
    kind: int
    instruction: Id
    payer_account: Digest
    payee_account: Digest
    amount: Fen
    currency: Text
    value_day: Day
    earlier: int | None


class Receipt(Record):
    """What became of an attempted call: `code` is None when it was done, and then `result` is what it returned."""

    code: Text | None
    result: Any


class GenesisMember(Record):
    organisation: Org
    name_zh: Text
    name_en: Text
    credit_code: Text
    roles: tuple[Text, ...]
    capacities: tuple[Text, ...]
    administrator: Key


class GenesisValidator(Record):
    key: Key
    organisation: Org
    transport_key: Bytes
    addresses: tuple[Text, ...]


class GenesisPolicy(Record):
    """`kind` "policy": bands of (from amount, checkers) for `name`, of one organisation or (empty) of all.
    `kind` "ballot": a proposal of kind `name` needs `count` approvals by organisations that hold one of `roles`."""

    kind: Text
    name: Text
    organisation: Text
    bands: tuple[tuple[Fen, int], ...]
    roles: tuple[Text, ...]
    count: int


class GenesisParameter(Record):
    """A dated parameter; a table of days (a calendar's) has `days` and the value 0."""

    name: Text
    value: int
    days: tuple[Day, ...]
    from_day: Day


class GenesisContract(Record):
    name: Text
    number: int
    source: LongText
    digest: Digest
    interface: Digest


class Genesis(Record):
    """What a contract's `genesis` method is given."""

    name: Text
    time: Time
    clock_first_day: Day | None
    members: tuple[GenesisMember, ...]
    validators: tuple[GenesisValidator, ...]
    policies: tuple[GenesisPolicy, ...]
    parameters: tuple[GenesisParameter, ...]
    contracts: tuple[GenesisContract, ...]


class Context:
    """`ctx`: who asks, when, and what can be done beyond one's own state. The caller is what the signature says."""

    organisation: Org
    """The caller's organisation; empty when another contract calls without delegation, and in sweeps."""
    person: Key
    """The caller's key; empty likewise."""
    caller: Text
    """The calling contract's name; empty when a person calls."""
    contract: Text
    """This contract's name."""
    transaction: Digest
    chain: Digest
    """The genesis' hash. What is signed outside a transaction names it, so that it means nothing on another chain."""
    day: Day
    time: Time
    """The business day and time: the block's time and the calendar's offset."""
    height: Height
    is_test_clock: bool

    def new_id(self) -> Id:
        """transaction ‖ 0, transaction ‖ 1, …"""
        raise NotImplementedError(_NOT_HERE)

    def require(self, condition: bool, refusal: Refusal, **numbers: Any) -> None:
        """Refuse unless `condition`. The numbers are worked out only for a refusal."""
        raise NotImplementedError(_NOT_HERE)

    def refuse(self, refusal: Refusal, **numbers: Any) -> NoReturn:
        raise NotImplementedError(_NOT_HERE)

    def emit(self, event: Event) -> None:
        raise NotImplementedError(_NOT_HERE)

    def call(self, contract: str, action: str, *args: Any) -> Any:
        """Call as this contract; the callee must name this contract in `callers`. A refusal there undoes everything.

        Both names are literals. Records travel as tuples of their fields, also in the result.
        """
        raise NotImplementedError(_NOT_HERE)

    def delegate(self, contract: str, action: str, *args: Any) -> Any:
        """`call` that passes on the person who called this contract, with all of the callee's checks on the person."""
        raise NotImplementedError(_NOT_HERE)

    def attempt(self, contract: str, action: str, *args: Any) -> Receipt:
        """`call` whose refusal undoes the callee's changes alone and is returned; EXE-006, a fault of the callee's
        program, is a refusal like others. A budget that is used up ends the whole act."""
        raise NotImplementedError(_NOT_HERE)

    def view(self, contract: str, view: str, *args: Any) -> Any:
        """Ask a view of another contract. A record comes back as a tuple: `Tranche.of(…)`."""
        raise NotImplementedError(_NOT_HERE)

    def parameter(self, name: str) -> int:
        """The dated parameter's value today; refuses with EXE-003 when it has none."""
        raise NotImplementedError(_NOT_HERE)

    def parameter_on(self, name: str, day: Day) -> int:
        raise NotImplementedError(_NOT_HERE)

    def is_active(self, organisation: Org) -> bool:
        raise NotImplementedError(_NOT_HERE)

    def has_role(self, organisation: Org, role: str) -> bool:
        raise NotImplementedError(_NOT_HERE)

    def has_capacity(self, organisation: Org, capacity: str) -> bool:
        """Licensed and not past its last day."""
        raise NotImplementedError(_NOT_HERE)

    def is_signed_by(self, organisation: Org) -> bool:
        """Whether a person of this organisation (with permission "make") is among the transaction's signers."""
        raise NotImplementedError(_NOT_HERE)

    def signer_of_role(self, role: str) -> Org | None:
        """The first organisation among the signers that holds this role."""
        raise NotImplementedError(_NOT_HERE)

    def is_business_day(self, day: Day) -> bool:
        raise NotImplementedError(_NOT_HERE)

    def business_day_from(self, day: Day) -> Day:
        """`day`, or the first business day after it."""
        raise NotImplementedError(_NOT_HERE)

    def business_day_before(self, day: Day) -> Day:
        """The last business day before `day`."""
        raise NotImplementedError(_NOT_HERE)

    def bank_statement(self, signed: bytes) -> Statement:
        """The statement in a bank's signed file; refuses when the bank has no key, or another key signed, or the
        statement is for another chain. Remembering (bank, number) is the contract's duty."""
        raise NotImplementedError(_NOT_HERE)

    def is_signature(self, key: Key, signed: Digest, signature: Signature) -> bool:
        """Whether `key` signed the 32-byte hash."""
        raise NotImplementedError(_NOT_HERE)

    def is_transport_key(self, key: Bytes) -> bool:
        """Whether nodes could know each other by this key: Ed25519, whatever the chain's suite."""
        raise NotImplementedError(_NOT_HERE)

    def is_key(self, key: Key) -> bool:
        """Whether it is a public key with which signatures of this chain can be verified."""
        raise NotImplementedError(_NOT_HERE)


def add_months(day: Day, months: int) -> Day:
    """The same day of the month, `months` later; the month's last day where it has none such."""
    raise NotImplementedError(_NOT_HERE)


def day_of(year: int, month: int, day: int) -> Day:
    raise NotImplementedError(_NOT_HERE)


def date_of(day: Day) -> tuple[int, int, int]:
    """(year, month, day of the month)."""
    raise NotImplementedError(_NOT_HERE)


def weekday(day: Day) -> int:
    """0 is Monday, 6 is Sunday."""
    raise NotImplementedError(_NOT_HERE)


def digest(tag: str, *values: Any) -> Digest:
    """H("contract", CBOR [tag, values …]) in the chain's suite."""
    raise NotImplementedError(_NOT_HERE)


def fen(amount: int) -> Fen:
    """Says that an integer is an amount, so that a refusal shows it as one: sums and differences are numbers."""
    raise NotImplementedError(_NOT_HERE)


def remainder(numerator: int, denominator: int) -> int:
    """The remainder of `//`; the operator for it is not in the language, since on texts it formats."""
    raise NotImplementedError(_NOT_HERE)


def look_of(name: str) -> str:
    """What names that people would take for one another have in common; empty for what cannot be a name."""
    raise NotImplementedError(_NOT_HERE)


def is_credit_code(code: str) -> bool:
    """Whether 18 characters are a unified social credit code with the right check digit (GB 32100)."""
    raise NotImplementedError(_NOT_HERE)
