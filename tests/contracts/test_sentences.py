"""What people read of the catalogue: nothing untranslated, nothing without a label, Chinese in Chinese punctuation."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from contracts.language.compiler import compile_contract
from ledger.choices import ZH, choice_in_sentence
from ledger.errors import REFUSALS
from ledger.glossary import field_name
from ledger.interface import Field, Interface, Type
from tests.contracts.support import CATALOGUE
from wallet.problems import WALLET_REFUSALS

NAMES = sorted(path.stem for path in CATALOGUE.glob("[a-z]*.py"))
HALF_WIDTH = re.compile(r"[一-鿿}][,;?!]|[,;?!] ?[一-鿿{]|[一-鿿]:|: ?[一-鿿]|\([一-鿿]|[一-鿿]\)")
TYPED = ("合约.表:键", "space:代号")
"""Half-width marks that are typed so."""


def interface_of(name: str) -> Interface:
    return compile_contract((CATALOGUE / f"{name}.py").read_text(encoding="utf-8")).interface(name)


def chinese(interface: Interface) -> Iterator[str]:
    yield interface.zh
    for action in interface.actions:
        yield action.zh
        yield from (field.label_zh for field in action.arguments)
    yield from (view.zh for view in interface.views)
    yield from (refusal.zh for refusal in interface.refusals)
    yield from (field.label_zh for record in interface.records for field in record.fields)


def choices_in(kind: Type) -> Iterator[str]:
    if kind.kind == "choice":
        yield from kind.names
    for item in kind.items:
        yield from choices_in(item)


@pytest.mark.parametrize("name", NAMES)
def test_chinese_is_written_in_its_own_marks(name):
    wrong = [text for text in chinese(interface_of(name)) if HALF_WIDTH.search(_without_typed(text))]
    assert wrong == []


def test_so_are_the_refusals_of_the_ledger_and_the_wallet():
    texts = [refusal.zh for refusal in (*REFUSALS.values(), *WALLET_REFUSALS.values())]
    assert [text for text in texts if HALF_WIDTH.search(_without_typed(text))] == []


def _without_typed(text: str) -> str:
    for typed in TYPED:
        text = text.replace(typed, "")
    return text


@pytest.mark.parametrize("name", NAMES)
def test_what_a_signer_reads_names_every_argument_in_his_language(name):
    """An argument stands in the sentence, or behind it under a label; so do the fields of a record among them."""
    interface, bare = interface_of(name), list[str]()
    for action in interface.actions:
        if action.who.callers:
            continue
        for field in action.arguments:
            place = "{" + field.name + "}"
            bare += [f"{action.name}.{field.name} zh"] * (place not in action.zh and not field.label_zh)
            bare += [f"{action.name}.{field.name} en"] * (place not in action.en and not field.label_en)
            for part in (field.type, *field.type.items):
                if part.kind == "record":
                    fields = interface.record(part.names[0]).fields
                    bare += [f"{part.names[0]}.{entry.name}" for entry in fields if not entry.label_zh]
    assert bare == []


@pytest.mark.parametrize("name", NAMES)
def test_every_choice_and_every_field_has_a_chinese_word(name):
    interface = interface_of(name)
    fields: list[Field] = [field for form in (*interface.records, *interface.events) for field in form.fields]
    fields += [field for action in interface.actions if not action.who.callers for field in action.arguments]
    choices = {choice for field in fields for choice in choices_in(field.type)}
    assert sorted(choice for choice in choices if choice not in ZH) == []
    forms = (*interface.records, *interface.events)
    assert [field.name for form in forms for field in form.fields if field_name(field, "zh") == field.name] == []


def test_a_word_that_is_a_day_here_and_a_number_there_is_said_by_its_kind():
    said = {(name, kind): field_name(Field(name=name, type=Type(kind=kind)), "zh") for name, kind in (
        ("since", "day"), ("since", "height"), ("issued", "day"), ("issued", "integer"), ("first", "integer"),
    )}  # fmt: skip
    assert list(said.values()) == ["起始日", "起始高度", "开立日", "已签发数", "首号"]


def test_a_choice_means_what_it_means_among_the_others_of_its_kind():
    papers = ("tender", "contract", "order")
    proposals = ("contract", "status", "parameter", "policy", "ballot", "validator")
    assert choice_in_sentence("contract", "zh", papers) == "合同（contract）"
    assert choice_in_sentence("contract", "zh", proposals) == "合约（contract）"
    assert choice_in_sentence("contract", "en", papers) == "contract"
    assert choice_in_sentence("never heard of", "zh") == "never heard of"
