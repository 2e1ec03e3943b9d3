"""What people type becomes exactly the value that they mean, or is refused with a hint."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.interface import Field, Interface, RecordForm, Type
from ledger.money import show
from wallet.forms import MISSING, Reading, read_arguments, read_fen, read_rate, read_value

LINE = RecordForm("Line", (Field("invoice", Type("text")), Field("used", Type("fen"))))
INTERFACE = Interface("x", "", "", (), (), (), (), (LINE,), (), (), ())
SEEN = ["aa" * 32 + "0000", "aa" * 32 + "0001", "ab" * 32 + "0000", "cd" * 32]
READING = Reading(INTERFACE, "intl", SEEN, lambda number: bytes([number]) * 34)
RECORD, ROW = Type("record", names=("Line",)), Type("row", items=(Type("text"), Type("fen")))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Type("fen"), "1,185,307.00", 118_530_700),
        (Type("fen"), "0.01", 1),
        (Type("fen"), "¥3.5元", 350),
        (Type("fen"), "100万", 100_000_000),
        (Type("fen"), "118.5307万", 118_530_700),
        (Type("fen"), "1.5亿", 15_000_000_000),
        (Type("day"), "2022-07-05", 19_178),
        (Type("time"), "1970-01-01T08:00", 0),
        (Type("time"), "1970-01-01T00:00:01+00:00", 1000),
        (Type("rate"), "4.5%", 45_000),
        (Type("rate"), "0.0001%", 1),
        (Type("rate"), "45000", 45_000),
        (Type("integer"), "-1,000", -1000),
        (Type("boolean"), "是", True),
        (Type("boolean"), "No", False),
        (Type("choice", names=("a", "b")), "b", "b"),
        (Type("text"), " a ", " a "),
        (Type("text", optional=True), "-", None),
        (Type("id"), "abab", bytes.fromhex(SEEN[2])),
        (Type("id"), "aaaa.1", bytes.fromhex(SEEN[1])),
        (Type("id"), SEEN[0], bytes.fromhex(SEEN[0])),
        (Type("id"), "ee" * 32 + ".258", bytes.fromhex("ee" * 32 + "0102")),
        (Type("id"), "#7", bytes([7]) * 34),
        (Type("id"), "7", bytes([7]) * 34),
        (Type("digest"), "00" * 32, bytes(32)),
        (RECORD, "INV-1:100", ("INV-1", 10_000)),
        (ROW, "a:b:c", None),
        (Type("array", items=(RECORD,)), "A:1;B:2", (("A", 100), ("B", 200))),
        (Type("array", items=(RECORD,)), '[["A:1;x", "1"], ["B", "2.5"]]', (("A:1;x", 100), ("B", 250))),
        (Type("array", items=(Type("fen"),)), "", ()),
        (Type("array", items=(Type("fen"),)), "1,000；2,000.50", (100_000, 200_050)),
        (Type("array", items=(Type("organisation"),)), "alpha, beta", ("alpha", "beta")),
        (Type("array", items=(Type("organisation"),)), "alpha，beta", ("alpha", "beta")),
    ],
)  # fmt: skip
def test_values(kind, text, value):
    if value is None and not kind.optional:
        with pytest.raises(Refused):
            read_value(READING, kind, text, "x")
    else:
        assert read_value(READING, kind, text, "x") == value


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (Type("fen"), "1.005", "WAL-028"),
        (Type("fen"), "0.0000001万", "WAL-028"),
        (Type("fen"), "-5", "WAL-028"),
        (Type("fen"), "1e6", "WAL-028"),
        (Type("fen"), "万", "WAL-028"),
        (Type("fen"), "9" * 30, "WAL-028"),
        (Type("day"), "2022-02-30", "WAL-028"),
        (Type("day"), "tomorrow", "WAL-028"),
        (Type("rate"), "4.56789%", "WAL-028"),
        (Type("boolean"), "maybe", "WAL-028"),
        (Type("choice", names=("a",)), "b", "WAL-028"),
        (Type("id"), "aaaa", "WAL-012"),
        (Type("id"), "ff", "WAL-013"),
        (Type("id"), "", "WAL-013"),
        (Type("id"), "cd", "WAL-013"),
        (Type("id"), "aba", "WAL-013"),
        (Type("digest"), "xyz", "WAL-028"),
        (Type("digest"), "@/no/such/file", "WAL-014"),
        (RECORD, "only", "WAL-028"),
        (RECORD, "[1", "WAL-028"),
    ],
)
def test_what_is_not_a_value_is_refused(kind, text, code):
    with pytest.raises(Refused) as caught:
        read_value(READING, kind, text, "face")
    assert caught.value.code == code


def test_a_file_stands_for_its_hash_or_its_bytes(tmp_path):
    file = tmp_path / "contract.pdf"
    file.write_bytes(b"content")
    assert read_value(READING, Type("digest"), f"@{file}", "x") == hashlib.sha256(b"content").digest()
    assert read_value(READING, Type("bytes"), f"@{file}", "x") == b"content"
    national = Reading(INTERFACE, "gm")
    assert read_value(national, Type("digest"), f"@{file}", "x") == hashlib.new("sm3", b"content").digest()


@given(st.integers(0, 2**63 - 1))
def test_every_amount_reads_back(amount):
    assert read_fen(show(amount)) == amount


@given(st.integers(0, 10**12))
def test_every_rate_reads_back(rate):
    assert read_rate(f"{rate // 10_000}.{rate % 10_000:04d}%") == rate


FIELDS = (Field("to", Type("organisation")), Field("face", Type("fen")), Field("memo", Type("text"), "", "", True, "-"))


@pytest.mark.parametrize(
    "given_words", [["b", "10"], ["to=b", "face=10"], ["face=10", "to=b"], ["face=10", "b"], ["b", "face=10", "memo=-"]]
)
def test_arguments_by_name_or_place(given_words):
    assert read_arguments(READING, FIELDS, given_words) == ("b", 1000, "-")


@pytest.mark.parametrize(
    ("given_words", "code", "argument"),
    [
        ([], "WAL-018", "to"),
        (["b"], "WAL-018", "face"),
        (["b", "1", "m", "n"], "WAL-019", "n"),
        (["to=b", "to=c", "1"], "WAL-011", "to"),
        (["too=b", "1"], "WAL-019", "too"),
    ],
)
def test_arguments_that_are_missing_or_too_many_are_named(given_words, code, argument):
    with pytest.raises(Refused) as caught:
        read_arguments(READING, FIELDS, given_words, what="voucher.offer")
    assert (caught.value.code, dict(caught.value.numbers)["argument"]) == (code, argument)
    if code != "WAL-011":
        assert "voucher.offer" in caught.value.text("zh")
        assert "to, face, memo" in caught.value.text("en")


def test_what_is_left_out_may_come_from_elsewhere():
    assert read_arguments(READING, FIELDS, ["b"], lambda read, field: 7 if field.name == "face" else MISSING)[1] == 7
    with pytest.raises(Refused):
        read_arguments(READING, FIELDS, ["b"], lambda read, field: MISSING)
