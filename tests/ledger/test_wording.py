"""Plain words. Amounts in capitals are checked against the People's Bank's rules for filling in bills
(支付结算办法, annex 1), whose own examples stand in the table, and against cn2an as a second
implementation, which is exact up to sixteen digits."""

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Refused, fill
from ledger.interface import Field, Interface, RecordForm, Type
from ledger.summary import fill_once
from ledger.wording import Name, Reader, capitals, short_id, show_day, show_organisation, show_time, show_value, visible

# The annex gives alternatives where a zero may be left out; ours is the shorter.
RULES = {
    "1409.50": "壹仟肆佰零玖元伍角",
    "6007.14": "陆仟零柒元壹角肆分",
    "1680.32": "壹仟陆佰捌拾元叁角贰分",
    "107000.53": "壹拾万柒仟元伍角叁分",
    "16409.02": "壹万陆仟肆佰零玖元零贰分",
    "325.04": "叁佰贰拾伍元零肆分",
}
HAND = {
    "0.00": "零元整",
    "0.01": "壹分",
    "0.10": "壹角",
    "0.11": "壹角壹分",
    "1.00": "壹元整",
    "1.01": "壹元零壹分",
    "1.10": "壹元壹角",
    "10.00": "壹拾元整",
    "10.05": "壹拾元零伍分",
    "15.00": "壹拾伍元整",
    "100.00": "壹佰元整",
    "101.00": "壹佰零壹元整",
    "110.00": "壹佰壹拾元整",
    "1000.00": "壹仟元整",
    "1001.00": "壹仟零壹元整",
    "1010.00": "壹仟零壹拾元整",
    "10000.00": "壹万元整",
    "10001.00": "壹万零壹元整",
    "10010.00": "壹万零壹拾元整",
    "11000.00": "壹万壹仟元整",
    "100000.00": "壹拾万元整",
    "1000000.00": "壹佰万元整",
    "1185307.00": "壹佰壹拾捌万伍仟叁佰零柒元整",
    "10000000.00": "壹仟万元整",
    "20000305.00": "贰仟万零叁佰零伍元整",
    "60000000.00": "陆仟万元整",
    "100000000.00": "壹亿元整",
    "100000001.00": "壹亿零壹元整",
    "100010000.00": "壹亿零壹万元整",
    "100010001.00": "壹亿零壹万零壹元整",
    "110000000.00": "壹亿壹仟万元整",
    "1000000000000.00": "壹万亿元整",
    "1000000010000.00": "壹万亿零壹万元整",
    "92233720368547758.07": "玖亿贰仟贰佰叁拾叁万柒仟贰佰零叁亿陆仟捌佰伍拾肆万柒仟柒佰伍拾捌元零柒分",
    "704321.44": "柒拾万肆仟叁佰贰拾壹元肆角肆分",
}


def fen(text: str) -> int:
    whole, _, minor = text.partition(".")
    return int(whole) * 100 + int(minor)


@pytest.mark.parametrize(("amount", "expected"), [*RULES.items(), *HAND.items()])
def test_capitals_by_hand(amount, expected):
    assert capitals(fen(amount)) == expected


def test_capitals_of_a_negative_amount():
    assert capitals(-150) == "负壹元伍角"


@given(st.integers(1, 10**14 - 1))
def test_capitals_agree_with_a_second_implementation(amount):
    assert capitals(amount) == cn2an.an2cn(f"{amount // 100}.{amount % 100:02d}", "rmb")


@given(st.integers(0, 2**63 - 1))
def test_capitals_can_be_read_back(amount):
    """Every integer number of fen has capitals of its own: reading them as a person does gives the amount back."""
    assert read_capitals(capitals(amount)) == amount


def read_capitals(text: str) -> int:
    yuan, _, rest = text.rpartition("元") if "元" in text else ("", "", text)
    minor = 0
    digit = 0
    for character in rest:
        if character in "零壹贰叁肆伍陆柒捌玖":
            digit = "零壹贰叁肆伍陆柒捌玖".index(character)
        elif character in "角分":
            minor += digit * (10 if character == "角" else 1)
    return read_whole(yuan) * 100 + minor


def read_whole(text: str) -> int:
    for unit, size in (("亿", 10**8), ("万", 10**4), ("仟", 1000), ("佰", 100), ("拾", 10)):
        if unit in text:
            high, _, low = text.rpartition(unit)
            return read_whole(high) * size + read_whole(low)
    digits = text.replace("零", "")
    return "零壹贰叁肆伍陆柒捌玖".index(digits) if digits else 0


INTERFACE = Interface(
    "sample", "", "", (), (), (), (),
    (RecordForm("Line", (Field("invoice", Type("text", limit=40), "发票", "invoice"),
                         Field("used", Type("fen"), "金额", "amount"))),),
    (), (), (),
)  # fmt: skip
NAMES = {"hongda": Name("宏达建材", "Hongda Materials", "91350100M000100Y43")}
ZH, EN = Reader(INTERFACE, NAMES, "zh"), Reader(INTERFACE, NAMES, "en")


@pytest.mark.parametrize(
    ("kind", "value", "zh", "en"),
    [
        (Type("fen"), 100_000_000, "人民币 1,000,000.00 元（大写：壹佰万元整）", "CNY 1,000,000.00"),
        (Type("day"), 19_178, "2022年7月5日（星期二）", "2022-07-05 (Tuesday)"),
        (Type("day"), 0, "1970年1月1日（星期四）", "1970-01-01 (Thursday)"),
        (Type("rate"), 45_000, "4.5%", "4.5%"),
        (Type("rate"), 1, "0.0001%", "0.0001%"),
        (Type("rate"), -1_000_000, "-100%", "-100%"),
        (Type("integer"), 1234567, "1,234,567", "1,234,567"),
        (Type("boolean"), True, "是", "yes"),
        (Type("text", optional=True), None, "无", "none"),
        (Type("text"), "a\n\u202eb」", "「a\\u{a}\\u{202e}b\\」」", '"a\\u{a}\\u{202e}b\\」"'),
        (Type("organisation"), "hongda", "宏达建材（hongda，统一社会信用代码尾号 100Y43）",
         "Hongda Materials (hongda, credit code ending 100Y43)"),
        (Type("organisation"), "nobody", "nobody（名称未经证明）", "nobody (name not proven)"),
        (Type("id"), bytes(range(32)) + b"\1\2", "000102030405.258", "000102030405.258"),
        (Type("digest"), bytes(32), "0000000000000000…", "0000000000000000…"),
        (Type("record", names=("Line",)), ("No.1", 100), "（发票：「No.1」，金额：人民币 1.00 元（大写：壹元整））",
         '(invoice: "No.1", amount: CNY 1.00)'),
        (Type("array", items=(Type("fen"),), limit=9), (100, 200),
         "2 项：人民币 1.00 元（大写：壹元整）；人民币 2.00 元（大写：贰元整）；合计 人民币 3.00 元（大写：叁元整）",
         "2 items: CNY 1.00; CNY 2.00; total CNY 3.00"),
        (Type("array", items=(Type("record", names=("Line",)),), limit=9), (("x", 100), ("y", 200)), None,
         '2 items: (invoice: "x", amount: CNY 1.00); (invoice: "y", amount: CNY 2.00); amount total CNY 3.00'),
        (Type("array", items=(Type("fen"),), limit=9), (), "0 项", "0 items"),
    ],
)  # fmt: skip
def test_values(kind, value, zh, en):
    assert show_value(EN, kind, value) == en
    if zh is not None:
        assert show_value(ZH, kind, value) == zh


def test_a_long_list_says_how_many_are_left_out_and_what_all_come_to():
    text = show_value(EN, Type("array", items=(Type("fen"),), limit=99), tuple([100] * 49))
    assert text.startswith("49 items: CNY 1.00; ")
    assert text.endswith("; 39 more; total CNY 49.00")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Type("fen"), "100"),
        (Type("fen"), True),
        (Type("fen"), None),
        (Type("text"), b"x"),
        (Type("record", names=("Line",)), ("No.1",)),
        (Type("record", names=("Gone",)), ("No.1",)),
        (Type("array", items=(Type("fen"),)), 3),
        (Type("id"), 3),
    ],
)
def test_a_value_of_another_type_is_refused(kind, value):
    with pytest.raises(Refused) as caught:
        show_value(EN, kind, value, "face")
    assert caught.value.code == "TX-010"
    assert dict(caught.value.numbers)["argument"] == "face"


def test_time_is_beijings():
    assert show_time(1_656_950_400_000, "en") == "2022-07-05 (Tuesday) 00:00:00 Beijing time"


def test_days_outside_the_calendar_are_numbers():
    assert show_day(10**9, "en") == "day 1000000000"
    assert show_day(10**9, "zh") == "第 1000000000 日"


@given(st.text())
def test_visible_text_has_no_invisible_character(text):
    shown = visible(text)
    assert not any(ord(character) < 0x20 or 0x200B <= ord(character) <= 0x206F for character in shown)
    assert shown.count("「") == shown.count("\\「")


def test_an_id_of_another_length_is_shown_whole():
    assert short_id(b"\1\2") == "0102"
    assert show_organisation(EN, "x\u202ey") == "x\\u{202e}y (name not proven)"


@pytest.mark.parametrize(
    ("template", "value", "said"),
    [
        ("向 {x} 支付", "宏达（hongda）", "向宏达（hongda）支付"), ("向 {x} 支付", "hongda", "向 hongda 支付"),
        ("第 {x} 笔", "3", "第 3 笔"), ("{x} 到期", "2022年7月5日（星期二）", "2022年7月5日（星期二）到期"),
        ("A {x}", "「中」", "A 「中」"), ("to {x} by", "宏达", "to 宏达 by"), ("（{x}）", "宏达", "（宏达）"),
    ],
)  # fmt: skip
def test_a_space_stands_between_chinese_and_figures_and_not_within_chinese(template, value, said):
    assert fill_once(template, {"x": value}) == said
    assert fill(template, (("x", value),)) == said


def test_a_sentence_is_read_whole_and_of_a_document_the_head_is_shown():
    text, one = Type("text", limit=262_144), "付" * 402
    assert show_value(ZH, text, one) == f"「{one}」"
    assert show_value(EN, text, "x" * 30_000) == f'"{"x" * 30_000}"'
    assert show_value(ZH, text, "x" * 32_002).endswith("」……（其后 2 字略）")
    source = "import os\n" + "x" * 400
    assert show_value(EN, text, source) == f'"{visible(source[:400])}" … (10 more characters)'
