"""A compiled contract bound to one chain: its program in a namespace of helpers, its maps and indexes, its methods.

Made when the contract comes into force, or when the node starts; an upgrade makes a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from contracts.ground import Ground
from contracts.language.builtin_names import SEALED_RECORDS
from contracts.language.compiler import Program
from contracts.language.declarations import Method
from contracts.language.helpers import Helpers
from contracts.state_map import StateIndex, StateMap
from ledger.errors import Refusal
from ledger.interface import Action, Type, View

SYSTEM_CONTRACTS: Final = ("membership", "governance", "calendar", "approval", "batch")
"""The contracts that the engine knows by name; they come through the genesis alone."""


@dataclass(frozen=True, slots=True)
class BoundAction:
    """An action with what has to be looked up before it may run.

    `take` tests and converts the arguments, `run` is the body. `on` reads the row that the first `key_parts` arguments
    name; `party` are fields of that row; `amount` is the place of the amount among the arguments, if there is one.
    `signed`: the place of the person's signature, its tag, and the places of what it covers.
    """

    form: Action
    take: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    run: Callable[..., Any]
    on: Callable[[Any], Any] | None
    key_parts: int
    party: tuple[str, ...]
    amount: int | None
    roles: tuple[str, ...]
    capacities: tuple[str, ...]
    permission: str | None
    policy: str | None
    signed: tuple[int, str, tuple[int, ...]] | None
    for_people: bool
    has_records: bool


@dataclass(frozen=True, slots=True)
class BoundView:
    form: View
    take: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    run: Callable[..., Any]
    has_records: bool


@dataclass(frozen=True, slots=True)
class BoundSweep:
    """A sweep over `index`; `kind` is the kind of the field by which rows come due."""

    name: str
    run: Callable[..., Any]
    index: StateIndex
    kind: str
    rows_max: int
    is_reached: bool


class BoundContract:
    def __init__(self, ground: Ground, name: str, number: int, program: Program, source_digest: bytes) -> None:
        self.name = name
        self.number = number
        self.program = program
        self.source_digest = source_digest
        self.interface = program.interface(name)
        self.interface_digest = self.interface.digest(ground.suite)
        self.is_system = name in SYSTEM_CONTRACTS and number <= ground.genesis_contracts
        self.helpers = Helpers(ground.meter, ground.suite.hasher("contract"))
        self._names = self.helpers.namespace()
        self._names |= {"contract_name": name, "key_bytes": ground.suite.key_bytes}
        # The code was written by the compiler from a checked tree, and sees nothing but this namespace.
        exec(program.code, self._names)  # noqa: S102
        self.maps: dict[str, StateMap] = {}
        self.indexes: dict[str, StateIndex] = {}
        self._bind_state(ground)
        for refusal in program.found.refusals.values():
            self._names[f"refusal_{refusal.name}"] = Refusal(refusal.code, refusal.zh, refusal.en)
        self.actions = {action.name: self._action(action) for action in self.interface.actions}
        self.views = {view.name: self._view(view) for view in self.interface.views}
        methods = program.found.methods.values()
        self.sweeps = tuple(self._sweep(method) for method in methods if method.kind == "sweep")
        self.genesis: Callable[..., Any] | None = self._names.get("f_genesis")

    def record(self, name: str) -> Any:
        """The class of a record that this contract knows."""
        return self._names[f"R_{name}"]

    def maker(self, name: str) -> Callable[[tuple[Any, ...]], Any]:
        """The function that makes a record of a tuple."""
        made: Callable[[tuple[Any, ...]], Any] = self._names[f"of_{name}"]
        return made

    def _bind_state(self, ground: Ground) -> None:
        names, found = self._names, self.program.found
        for record in found.records:
            made = names.get(f"R_{record}")
            if made is not None:
                self.helpers.packers[made] = names[f"pack_{record}"]
                if record in SEALED_RECORDS:
                    self.helpers.sealed.add(made)
                if any(entry.type.kind in ("array", "record", "any") for entry in found.records[record].fields):
                    self.helpers.heavy.add(made)
        for form in found.maps.values():
            pack, unpack = names[f"pack_{form.record}"], names[f"unpack_{form.record}"]
            rows = self.maps[form.name] = StateMap(
                form, self.number, ground.suite.key_bytes, ground.source, ground.journal, pack, unpack
            )
            names.update((f"m_{form.name}_{call}", function) for call, function in rows.calls.items())
            names[f"m_{form.name}_keys"] = _keys_of(rows, ground.meter)
            names[f"m_{form.name}_rows"] = _rows_of(rows, ground.meter)
        for order in found.indexes.values():
            rows = self.maps[order.map]
            fields = {entry.name: entry.type for entry in found.records[rows.form.record].fields}
            index = StateIndex(order, tuple(fields[name] for name in order.by), self.number, rows)
            self.indexes[order.name] = index
            names[f"i_{order.name}_keys"] = _index_keys(index, ground.meter)
            names[f"i_{order.name}_rows"] = _index_rows(index, ground.meter)
            names[f"i_{order.name}_due"] = _index_due(index, ground.meter)

    def _action(self, form: Action) -> BoundAction:
        who, names = form.who, [argument.name for argument in form.arguments]
        for_people = bool(who.roles or who.capacities or who.party or who.policy or who.permission or who.anyone)
        return BoundAction(
            form=form,
            take=self._names[f"take_{form.name}"],
            run=self._names[f"f_{form.name}"],
            on=None if who.on is None else self.maps[who.on].calls["row"],
            key_parts=0 if who.on is None else len(self.maps[who.on].form.key),
            party=tuple(f"field_{party}" for party in who.party),
            amount=names.index(who.amount) if who.amount in names else None,
            roles=who.roles,
            capacities=who.capacities,
            permission=who.permission,
            policy=who.policy,
            signed=_signed(who.signed, names),
            for_people=for_people,
            has_records=_has_records(form.returns),
        )

    def _view(self, form: View) -> BoundView:
        names = self._names
        return BoundView(form, names[f"take_{form.name}"], names[f"f_{form.name}"], _has_records(form.returns))

    def _sweep(self, method: Method) -> BoundSweep:
        assert method.sweep is not None
        index = self.indexes[method.sweep.index]
        kind = next(
            entry.type.kind
            for entry in self.program.found.records[index.rows.form.record].fields
            if entry.name == index.form.by[0]
        )
        run = self._names[f"f_{method.name}"]
        return BoundSweep(method.name, run, index, kind, method.sweep.rows_max, method.sweep.when == "reached")


def _signed(signed: tuple[str, ...], names: list[str]) -> tuple[int, str, tuple[int, ...]] | None:
    if not signed:
        return None
    argument, tag, *covered = signed
    return names.index(argument), tag, tuple(names.index(name) for name in covered)


def _has_records(kind: Type) -> bool:
    return kind.kind in ("record", "any") or any(_has_records(item) for item in kind.items)


def _keys_of(rows: StateMap, meter: list[int]) -> Callable[..., Any]:
    return lambda first, after, limit: tuple([key for key, _ in rows.scan(first, after, limit, meter)])


def _rows_of(rows: StateMap, meter: list[int]) -> Callable[..., Any]:
    return lambda first, after, limit: tuple(rows.scan(first, after, limit, meter))


def _index_keys(index: StateIndex, meter: list[int]) -> Callable[..., Any]:
    return lambda first, after, limit: tuple(index.scan(first, after, limit, meter))


def _index_rows(index: StateIndex, meter: list[int]) -> Callable[..., Any]:
    row = index.rows.calls["row"]
    return lambda first, after, limit: tuple([(key, row(key)) for key in index.scan(first, after, limit, meter)])


def _index_due(index: StateIndex, meter: list[int]) -> Callable[..., Any]:
    return lambda first, _after, limit: tuple(index.due(first[0], limit, meter))
