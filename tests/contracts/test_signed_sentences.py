"""Every sentence that people of the chain sign, rendered in both languages with sample arguments.

The samples are all different, so each can be looked for: an amount in digits and, in Chinese, in capitals; a day with
its weekday; an organisation by its name and the tail of its credit code; a choice by its word. What remains of a
Chinese sentence, once identifiers and quoted texts are taken out, has no Latin letter; nothing shows raw bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import cn2an
import pytest

from contracts.language.compiler import compile_contract
from ledger.choices import choice_in_sentence
from ledger.codec import encode
from ledger.errors import Refused
from ledger.interface import Action, Interface, Type
from ledger.statement import Kind, SignedStatement, Statement
from ledger.summary import organisations_of, sentence
from ledger.wording import Name, Reader
from tests.contracts.support import CATALOGUE

WEEKDAYS = "一二三四五六日"
FIRST_DAY = date(2022, 6, 30)
INTERFACES = {
    path.stem: compile_contract(path.read_text(encoding="utf-8")).interface(path.stem)
    for path in sorted(CATALOGUE.glob("[a-z]*.py"))
}
SIGNED = [(name, action) for name, form in INTERFACES.items() for action in form.actions if not action.who.callers]
RAW_BYTES_ALLOWED = {("governance", "propose_validator", "transport_key")}
"""The key of a link between nodes is no key of the chain; its head is all that can be said of it."""
CLOSED_LISTS = frozenset(
    ("role", "roles", "capacity", "permissions", "kind", "mode", "status", "state", "step", "lock")
)
"""Arguments of these names are chosen from a list, so they have words in both languages."""
AMOUNTS = frozenset({"amount", "face", "fee", "gross", "limit", "net", "price", "total"})
FILE = b"\x17" * 32


class Sampler:
    """Arguments of any type, each leaf another; `wanted` is what each sentence must show of them."""

    def __init__(self, interface: Interface) -> None:
        self.interface = interface
        self.names: dict[str, Name] = {}
        self.acts: dict[bytes, Interface] = {}
        self.wanted: dict[str, list[str]] = {"zh": [], "en": []}
        self._count = 0

    def arguments(self, action: Action) -> tuple[Any, ...]:
        acts = {"contract": "voucher", "action": "accept", "interface": FILE}
        given = acts if has_acts(self.interface, action) else {}
        self.acts = {FILE: INTERFACES["voucher"]} if given else {}
        return tuple(given[f.name] if f.name in given else self.value(f.type) for f in action.arguments)

    def value(self, kind: Type) -> Any:
        self._count += 1
        number = self._count
        match kind.kind:
            case "fen":
                return self._fen(100_000 + 7 * number)
            case "day":
                return self._day(number)
            case "integer" | "height":
                return 1_000 + number
            case "rate":
                return 10_000 * number
            case "boolean":
                return True
            case "organisation":
                return self._organisation(f"org-{number}")
            case "choice":
                return self._choice(kind.names[number % len(kind.names)], kind)
            case "text":
                return f"text {number}"
            case "id":
                return bytes([number]) * 32 + b"\0\1"
            case "record":
                return tuple(self.value(field.type) for field in self.interface.record(kind.names[0]).fields)
            case "row":
                return tuple(self.value(item) for item in kind.items)
            case "array":
                return (self.value(kind.items[0]), self.value(kind.items[0]))
            case "statement":
                return self._statement(number)
            case "act":
                return self._act(number)
        return bytes([number]) * {"digest": 32, "key": 32, "signature": 64}.get(kind.kind, 24)

    def _fen(self, fen: int) -> int:
        capitals = cn2an.an2cn(f"{fen // 100}.{fen % 100:02d}", "rmb")
        self.wanted["zh"].append(f"人民币 {fen // 100:,}.{fen % 100:02d} 元（大写：{capitals}）")
        self.wanted["en"].append(f"CNY {fen // 100:,}.{fen % 100:02d}")
        return fen

    def _day(self, number: int) -> int:
        day = FIRST_DAY + timedelta(days=number)
        self.wanted["zh"].append(f"{day.year}年{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）")
        self.wanted["en"].append(f"{day.isoformat()} ({day:%A})")
        return (day - date(1970, 1, 1)).days

    def _organisation(self, slug: str) -> str:
        tail = f"{len(self.names):06d}"
        self.names[slug] = Name(f"公司{slug[4:]}号", f"Company {slug[4:]}", f"91350100M000{tail}")
        self.wanted["zh"].append(f"公司{slug[4:]}号（{slug}，统一社会信用代码尾号 {tail}）")
        self.wanted["en"].append(f"Company {slug[4:]} ({slug}, credit code ending {tail})")
        return slug

    def _choice(self, choice: str, kind: Type) -> str:
        self.wanted["zh"].append(choice_in_sentence(choice, "zh", kind.names))
        self.wanted["en"].append(choice)
        return choice

    def _statement(self, number: int) -> bytes:
        bank, amount, day = self._organisation(f"org-{number}"), self._fen(500_000 + number), self._day(100 + number)
        instruction = bytes([number]) * 32 + b"\0\2"
        for language in ("zh", "en"):
            self.wanted[language].append(f"{instruction.hex()[:12]}.2")
        said = Statement(bytes(32), bank, 77, Kind.PAID, instruction, bytes(32), bytes(32), amount, "CNY", day, None)
        return SignedStatement(said.encode(), bytes(64)).encode()

    def _act(self, number: int) -> bytes:
        key = bytes([number]) * 32 + b"\0\3"
        self.wanted["zh"].append(f"签收凭证 {key.hex()[:12]}.3：金额")
        self.wanted["en"].append(f"Accept {key.hex()[:12]}.3: CNY")
        return encode((key, self._fen(900_000 + number), self._day(200 + number)))


def has_acts(interface: Interface, action: Action) -> bool:
    return any(kind == "act" for field in action.arguments for _, kind in leaves(interface, field.name, field.type))


def leaves(interface: Interface, name: str, kind: Type) -> Iterator[tuple[str, str]]:
    """(name, kind) of every part of a type that is no list."""
    if kind.kind == "record":
        for field in interface.record(kind.names[0]).fields:
            yield from leaves(interface, field.name, field.type)
    elif kind.kind in ("row", "array"):
        for item in kind.items:
            yield from leaves(interface, name, item)
    else:
        yield name, kind.kind


IDENTIFIERS = re.compile(r"「[^」]*」|[0-9a-f]{12}\.\d+|[0-9a-f]{16}…|（[a-z_0-9-]+[，）]")


@pytest.mark.parametrize(("contract", "action"), SIGNED, ids=[f"{name}.{action.name}" for name, action in SIGNED])
def test_the_sentence_says_everything_in_the_words_of_its_reader(contract: str, action: Action) -> None:
    interface = INTERFACES[contract]
    sampler = Sampler(interface)
    args = sampler.arguments(action)
    missing = set(organisations_of(interface, action, args, sampler.acts)) ^ set(sampler.names)
    assert missing == set(), "names are looked up of exactly those who are mentioned"
    for language in ("zh", "en"):
        text = sentence(Reader(interface, sampler.names, language, acts=sampler.acts), action.name, args)
        assert [part for part in sampler.wanted[language] if part not in text] == [], text
        raw = re.findall(r"\d+ (?:字节|bytes)\b|b'|[0-9a-f]{17}", text)
        allowed = any((contract, action.name, field.name) in RAW_BYTES_ALLOWED for field in action.arguments)
        assert allowed or raw == [], text
        if language == "zh":
            assert re.findall("[A-Za-z]+", IDENTIFIERS.sub("", text).replace("TEST CLOCK", "")) == [], text
        else:
            assert re.findall("[一-鿿]+", text) == [], text


@pytest.mark.parametrize(("contract", "action"), SIGNED, ids=[f"{name}.{action.name}" for name, action in SIGNED])
def test_what_is_chosen_is_a_choice_and_what_is_money_is_money(contract: str, action: Action) -> None:
    for field in action.arguments:
        for name, kind in leaves(INTERFACES[contract], field.name, field.type):
            assert name not in CLOSED_LISTS or kind == "choice", name
            assert name not in AMOUNTS or kind == "fen", name


def test_who_pays_by_voucher_reads_its_due_day() -> None:
    for contract, action in (("voucher", "issue"), ("voucher", "offer"), ("voucher", "accept"), ("bulk", "pay")):
        form = INTERFACES[contract].action(action)
        assert [field.type.kind for field in form.arguments if field.name == "due"] == ["day"]
        assert "到期日 {due}" in form.zh, contract


def test_acts_inside_an_act_are_numbered_and_long_lists_say_what_is_left_out() -> None:
    interface = INTERFACES["batch"]
    key = bytes(32) + b"\0\3"
    rows = tuple((f"r{i}", encode((key, 100 * i, 19_178))) for i in range(1, 61))
    args = (bytes(32), 60, 183_000, "voucher", "accept", FILE, "each", rows)
    text = sentence(Reader(interface, {}, "en", acts={FILE: INTERFACES["voucher"]}), "run", args)
    assert '; 2. (Reference: "r2", Arguments: Accept 000000000000.3: CNY 2.00, due on 2022-07-05 (Tuesday));' in text
    assert "; 50. (" in text
    assert text.endswith("; 10 more")
    for acts in ({}, {FILE: INTERFACES["trade"]}):
        with pytest.raises(Refused) as caught:
            sentence(Reader(interface, {}, "en", acts=acts), "run", args)
        assert caught.value.code == "TX-013"


def test_a_statement_that_is_none_and_one_of_a_return_are_said_to_be_so() -> None:
    interface = INTERFACES["settlement"]
    names = {"icbc": Name("工商银行", "ICBC", "91350100M000100Y43")}
    instruction = bytes(32) + b"\0\1"
    said = Statement(bytes(32), "icbc", 12, Kind.RETURNED, instruction, bytes(32), bytes(32), 150, "CNY", 19_178, 9)
    signed = SignedStatement(said.encode(), bytes(64)).encode()
    assert sentence(Reader(interface, names, "zh"), "receive", (signed,)) == (
        "提交银行回单：工商银行（icbc，统一社会信用代码尾号 100Y43） 第 12 号回单，退回第 9 号付款 "
        "人民币 1.50 元（大写：壹元伍角），起息日 2022年7月5日（星期二），付款指令 000000000000.1"
    )
    assert "statement 12 of ICBC" in sentence(Reader(interface, names, "en"), "receive", (signed,))
    assert "CNY 1.50 of its payment 9 returned" in sentence(Reader(interface, names, "en"), "receive", (signed,))
    assert "不是银行回单" in sentence(Reader(interface, names, "zh"), "receive", (b"\x83",))
