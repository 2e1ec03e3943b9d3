"""The sentence that is signed: every argument in it, nothing but proven names, a digest anyone can repeat."""

import hashlib

import cbor2
import pytest

from ledger.crypto import INTERNATIONAL
from ledger.errors import Refused
from ledger.interface import NOTHING, Action, Field, Interface, RefusalForm, Type, Who
from ledger.summary import organisations_of, refusal_text, sentence, summarise
from ledger.wording import Name, Reader

OFFER = Action(
    "offer",
    (
        Field("tranche", Type("id"), "凭证", "tranche"),
        Field("payee", Type("organisation"), "收款方", "payee"),
        Field("face", Type("fen"), "金额", "amount"),
        Field("until", Type("day"), "签收期限", "open until"),
    ),
    Type("id"),
    Who(anyone=True),
    "向 {payee} 转让 {face}，{until} 前签收有效",
    "Offer {face} to {payee}, open until {until}",
)
PLAIN = Action(
    "ping", (Field("memo", Type("text", limit=50)),), NOTHING, Who(anyone=True), "备注 {memo}", "Note {memo}"
)
REFUSAL = RefusalForm(
    "too_much", "VOU-007", "要约 {asked}，可用 {free}", "{asked} asked, {free} free",
    (Field("asked", Type("fen")), Field("free", Type("fen"))),
)  # fmt: skip
INTERFACE = Interface("voucher", "", "", (OFFER, PLAIN), (), (REFUSAL,), (), (), (), (), ())
NAMES = {"hongda": Name("宏达建材", "Hongda Materials", "91350100M000100Y43")}
ARGS = (bytes(33) + b"\2", "hongda", 100_000_000, 19_178)


def test_the_sentence_in_both_languages():
    assert sentence(Reader(INTERFACE, NAMES, "zh"), "offer", ARGS) == (
        "向宏达建材（hongda，统一社会信用代码尾号 100Y43）转让人民币 1,000,000.00 元（大写：壹佰万元整），"
        "2022年7月5日（星期二）前签收有效；凭证：000000000000.2"
    )
    assert sentence(Reader(INTERFACE, NAMES, "en"), "offer", ARGS) == (
        "Offer CNY 1,000,000.00 to Hongda Materials (hongda, credit code ending 100Y43), open until "
        "2022-07-05 (Tuesday); tranche: 000000000000.2"
    )


def test_the_digest_is_the_records_own_formula():
    reader = Reader(INTERFACE, NAMES, "zh")
    text, summary = summarise(INTERNATIONAL, reader, "offer", ARGS)

    def tagged(tag: str, data: bytes) -> bytes:
        name = f"lugang/1/{tag}".encode()
        return hashlib.sha256(bytes([len(name)]) + name + data).digest()

    interface = tagged("interface", INTERFACE.encode())
    assert summary == ("zh", interface, tagged("summary", cbor2.dumps(["zh", interface, text])))


@pytest.mark.parametrize("changed", [(0, bytes(32) + b"\0\3"), (1, "hongdb"), (2, 100_000_001), (3, 19_179)])
def test_any_other_argument_gives_another_digest(changed):
    place, value = changed
    args = (*ARGS[:place], value, *ARGS[place + 1 :])
    reader = Reader(INTERFACE, NAMES, "en")
    assert summarise(INTERNATIONAL, reader, "offer", args)[1] != summarise(INTERNATIONAL, reader, "offer", ARGS)[1]


def test_an_arguments_text_is_not_a_template():
    assert sentence(Reader(INTERFACE, {}, "en"), "ping", ("{memo} {face}",)) == 'Note "{memo} {face}"'


@pytest.mark.parametrize(
    ("action", "args", "code"), [("gone", (), "TX-008"), ("offer", ARGS[:3], "TX-009"), ("ping", (3,), "TX-010")]
)
def test_what_the_interface_does_not_have_is_refused(action, args, code):
    with pytest.raises(Refused) as caught:
        sentence(Reader(INTERFACE, {}, "en"), action, args)
    assert caught.value.code == code


def test_organisations_mentioned_are_found_once():
    assert organisations_of(INTERFACE, OFFER, ARGS) == ["hongda"]


def test_a_refusals_numbers_have_their_units():
    reader = Reader(INTERFACE, {}, "en")
    assert refusal_text(reader, "VOU-007", (("asked", 150), ("free", 100))) == "CNY 1.50 asked, CNY 1.00 free"
    assert refusal_text(reader, "VOU-007", (("asked", "x"), ("free", None))) == "x asked, - free"
    assert refusal_text(reader, "VOU-999", ()) is None
