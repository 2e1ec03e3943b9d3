"""The interface that follows from a contract's declarations."""

from __future__ import annotations

from dataclasses import replace

from contracts.language.builtin_names import BUILTIN_RECORD_NAMES
from contracts.language.declarations import Declarations, Method
from contracts.language.forms import ANY
from ledger.interface import Action, Field, Interface, RecordForm, RefusalForm, Type, View


def make_interface(
    name: str, found: Declarations, uses: tuple[str, ...], numbers: dict[str, dict[str, Type]]
) -> Interface:
    """What the contract called `name` shows; `numbers` are the known kinds of the refusals' numbers."""
    methods = list(found.methods.values())
    return Interface(
        contract=name,
        zh=found.zh,
        en=found.en,
        actions=tuple(_action(method) for method in methods if method.kind == "action"),
        views=tuple(_view(method) for method in methods if method.kind == "view"),
        refusals=tuple(
            RefusalForm(form.name, form.code, form.zh, form.en, _numbers(numbers.get(form.name, {})))
            for form in found.refusals.values()
        ),
        events=tuple(record for record in found.records.values() if record.name in found.events),
        records=tuple(_records(found)),
        maps=tuple(found.maps.values()),
        indexes=tuple(found.indexes.values()),
        uses=uses,
    )


def _records(found: Declarations) -> list[RecordForm]:
    """The contract's own records, and the engine's that a type of its outside names."""
    outside = [entry.type for method in found.methods.values() if method.kind == "view" for entry in method.parameters]
    outside += [method.returns for method in found.methods.values() if method.kind in ("action", "view")]
    named = {name for kind in outside for part in (kind, *kind.items) if part.kind == "record" for name in part.names}
    return [
        record
        for record in found.records.values()
        if record.name not in found.events and (record.name not in BUILTIN_RECORD_NAMES or record.name in named)
    ]


def _action(method: Method) -> Action:
    assert method.who is not None
    who = method.who
    if who.policy is not None and (who.amount is None or who.permission is None):
        amounts = [entry.name for entry in method.parameters if entry.type.kind == "fen"]
        amount = who.amount or (amounts[0] if amounts else None)
        who = replace(who, amount=amount, permission=who.permission or "make")
    return Action(method.name, method.parameters, method.returns, who, method.docstring.zh, method.docstring.en)


def _view(method: Method) -> View:
    return View(method.name, method.parameters, method.returns, method.docstring.zh, method.docstring.en)


def _numbers(kinds: dict[str, Type]) -> tuple[Field, ...]:
    return tuple(Field(name, Type("text") if kind == ANY else kind) for name, kind in sorted(kinds.items()))
