"""Laws that hold for every contract of the catalogue, whatever its business."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.language.compiler import compile_contract
from contracts.rehearsal import Rehearsal, rehearsal_genesis
from ledger.errors import REFUSALS, Refused
from ledger.interface import Interface, Type
from ledger.national import suite_named
from ledger.receipt_refusals import CHECKER_REFUSALS, ENGINE_REFUSALS
from tests.contracts.support import CATALOGUE, FIRMS

NAMES = sorted(path.stem for path in CATALOGUE.glob("*.py") if path.stem != "__init__")
SOURCES = {name: (CATALOGUE / f"{name}.py").read_text(encoding="utf-8") for name in NAMES}


WRONG: tuple[Any, ...] = (1.5, 2**63, [], {}, (None,) * 7, object)


def interface_of(name: str) -> Interface:
    return compile_contract(SOURCES[name]).interface(name)


@pytest.fixture(scope="module")
def everything() -> Rehearsal:
    return Rehearsal(rehearsal_genesis(SOURCES, FIRMS))


@pytest.mark.parametrize("name", NAMES)
def test_the_interface_survives_its_bytes(name):
    interface = interface_of(name)
    assert Interface.decode(interface.encode()) == interface
    assert len(interface.digest(suite_named("intl"))) == 32


@pytest.mark.parametrize("name", NAMES)
def test_what_a_contract_calls_is_there_and_lets_it(name):
    for use in interface_of(name).uses:
        contract, action = use.split(".")
        assert name in interface_of(contract).action(action).who.callers, use


def test_no_code_is_declared_twice():
    codes = [*REFUSALS, *CHECKER_REFUSALS, *ENGINE_REFUSALS]
    for name in NAMES:
        codes += [refusal.code for refusal in interface_of(name).refusals]
    assert sorted(codes) == sorted(set(codes))


def sample(kind: Type, interface: Interface) -> Any:
    """A value of the type, as small as can be."""
    if kind.optional or kind.kind == "nothing":
        return None
    if kind.kind in ("integer", "fen", "day", "time", "height", "rate"):
        return 1
    if kind.kind == "boolean":
        return False
    if kind.kind == "choice":
        return kind.names[0]
    if kind.kind in ("text", "organisation"):
        return "a"
    if kind.kind == "row":
        return tuple(sample(item, interface) for item in kind.items)
    if kind.kind == "array":
        return ()
    if kind.kind == "record":
        return tuple(sample(entry.type, interface) for entry in interface.record(kind.names[0]).fields)
    return bytes({"id": 34, "key": 32, "digest": 32, "signature": 64}.get(kind.kind, 0))


@pytest.mark.parametrize("name", NAMES)
def test_every_action_refuses_strangers_and_changes_nothing(name, everything):
    interface = interface_of(name)
    rows = dict(everything.reader.rows)
    for action in interface.actions:
        args = tuple(sample(argument.type, interface) for argument in action.arguments)
        receipt = everything.do("stranger", name, action.name, *args)
        assert receipt.code == ("AUTH-001" if _is_for_people(action) else "EXE-005"), action.name
    assert everything.reader.rows == rows


@pytest.mark.parametrize("name", NAMES)
def test_every_action_refuses_the_wrong_role(name, everything):
    """A member without any role or capacity, whose person may do everything that an organisation can allow."""
    interface = interface_of(name)
    for action in interface.actions:
        who = action.who
        if not (who.roles or who.capacities):
            continue
        rows = dict(everything.reader.rows)
        args = tuple(sample(argument.type, interface) for argument in action.arguments)
        receipt = everything.do("nobody", name, action.name, *args)
        assert receipt.code in ("AUTH-004", "AUTH-005"), (action.name, receipt.code)
        assert everything.reader.rows == rows


@pytest.mark.parametrize("name", NAMES)
def test_every_action_refuses_every_wrong_type(name, everything):
    interface = interface_of(name)
    rows = dict(everything.reader.rows)
    for action in interface.actions:
        args = [sample(argument.type, interface) for argument in action.arguments]
        for i in range(len(args)):
            for wrong in WRONG:
                changed = (*args[:i], wrong, *args[i + 1 :])
                with_wrong = everything.engine.world.contracts[name].actions[action.name]
                with pytest.raises(Refused) as caught:
                    with_wrong.take(changed)
                assert caught.value.code in ("TX-010", "EXE-002", "EXE-006")
    assert everything.reader.rows == rows


def _is_for_people(action: Any) -> bool:
    who = action.who
    return bool(who.roles or who.capacities or who.party or who.policy or who.permission or who.anyone)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_arbitrary_bytes_are_no_interface(data):
    with pytest.raises(Refused):
        Interface.decode(data)
