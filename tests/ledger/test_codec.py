"""The profile's one encoding: what is written comes back, what is not that encoding is refused, at a bounded cost."""

import tracemalloc
from contextlib import suppress

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import codec
from ledger.codec import DEPTH_MAX, INTEGER_MAX, check_value, decode, encode, encoded_size, load
from ledger.errors import Refused
from tests.ledger import strategies
from tests.ledger.hostile_cbor import HOSTILE, head

BYTES_MAX = 1 << 20

values = strategies.nested(strategies.scalars | st.sampled_from([65_535, 65_536]).map(bytes))


def code_of(data: bytes) -> str | None:
    try:
        decode(data, bytes_max=BYTES_MAX)
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize(("data", "code"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_hostile_bytes_are_refused_with_their_code_and_little_memory(data, code):
    tracemalloc.start()
    try:
        found = code_of(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == code
    # cbor2 reads pieces of 64 KiB; an array takes 8 bytes a place and an item of it at least 1 byte of input. What is
    # only promised takes nothing: a length, a power of ten.
    assert peak < 128 * 1024 + 40 * len(data)


def test_the_table_has_teeth_for_a_lenient_reader_takes_much_of_it():
    taken = 0
    for _, data, _ in HOSTILE:
        with suppress(Exception):
            cbor2.loads(data)
            taken += 1
    assert taken > 100


@given(values)
def test_what_is_written_comes_back(value):
    data = encode(value)
    assert decode(data, bytes_max=BYTES_MAX) == value
    assert encoded_size(value) == len(data)


@given(values, st.data())
def test_a_changed_byte_is_refused_or_gives_a_value_that_is_written_so(value, draws):
    data = bytearray(encode(value))
    place = draws.draw(st.integers(0, min(len(data), 400) - 1))
    data[place] ^= draws.draw(st.integers(1, 255))
    assert_refused_or_canonical(bytes(data))


HEADS = bytes.fromhex("00 17 18 19 1a 1b 20 38 40 41 58 60 61 78 80 81 82 98 9f a1 c2 d8 f4 f6 f7 f8 f9 ff")


@given(st.lists(st.sampled_from(HEADS)).map(bytes))
def test_bytes_made_of_heads_are_refused_or_canonical(data):
    assert_refused_or_canonical(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_canonical(data):
    assert_refused_or_canonical(data)


def assert_refused_or_canonical(data: bytes) -> None:
    code = code_of(data)
    assert code in (None, "BYT-001", "BYT-003")
    if code is None:
        assert encode(load(data)) == data


@pytest.mark.parametrize("argument", [0, 23, 24, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, INTEGER_MAX])
def test_of_all_heads_for_an_integer_the_shortest_alone_is_taken(argument):
    widths = [width for width in (0, 1, 2, 4, 8) if argument < (1 << 8 * width if width else 24)]
    assert [width for width in widths if code_of(head(0, argument, width)) is None] == widths[:1]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        # RFC 8949 appendix A, the part of it that the profile allows.
        (0, "00"), (10, "0a"), (23, "17"), (24, "1818"), (100, "1864"), (1000, "1903e8"), (1_000_000, "1a000f4240"),
        (1_000_000_000_000, "1b000000e8d4a51000"), (-1, "20"), (-10, "29"), (-100, "3863"), (-1000, "3903e7"),
        (False, "f4"), (True, "f5"), (None, "f6"), (b"", "40"), (b"\x01\x02\x03\x04", "4401020304"), ("", "60"),
        ("IETF", "6449455446"), ('"\\', "62225c"), ("ü", "62c3bc"), ("水", "63e6b0b4"), ("𐅑", "64f0908591"),
        ((), "80"), ((1, 2, 3), "83010203"), ((1, (2, 3), (4, 5)), "8301820203820405"),
        (tuple(range(1, 26)), "98190102030405060708090a0b0c0d0e0f101112131415161718181819"),
        (INTEGER_MAX, "1b7fffffffffffffff"), (-INTEGER_MAX, "3b7ffffffffffffffe"),
    ],
)  # fmt: skip
def test_published_examples(value, written):
    assert encode(value).hex() == written
    found = decode(bytes.fromhex(written), bytes_max=100)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("innermost", [(), (1,)])
def test_sixteen_arrays_are_the_deepest(innermost):
    value = innermost
    for _ in range(DEPTH_MAX - 1):
        value = (value,)
    assert decode(encode(value), bytes_max=100) == value
    check_value(value)
    assert code_of(encode((value,))) == "BYT-001"
    with pytest.raises(Refused, match="BYT-001"):
        check_value((value,))


def test_the_limit_is_the_last_size_that_is_taken():
    data = encode(b"x" * 100)
    assert decode(data, bytes_max=len(data))
    with pytest.raises(Refused, match="BYT-002") as caught:
        decode(data, bytes_max=len(data) - 1)
    assert dict(caught.value.numbers) == {"size": 102, "limit": 101}


def test_a_size_beyond_the_limit_is_refused_before_anything_is_read(monkeypatch):
    monkeypatch.setattr(cbor2, "loads", lambda *_, **__: pytest.fail("read"))
    with pytest.raises(Refused, match="BYT-002"):
        decode(b"\x9a\xff\xff\xff\xff", bytes_max=4)


class Text(str):
    __slots__ = ()


STRANGERS = [1.0, [1], {}, {1}, "\ud800", bytearray(1), Text("x"), 2**63, -(2**63), (1, (2.0,)), ...]


@pytest.mark.parametrize("value", STRANGERS)
def test_a_value_of_another_type_never_passes_as_one_of_the_profile(value):
    with pytest.raises(Refused, match="BYT-003"):
        check_value(value)


AMOUNT = codec.integer(1, 9)
RECORD = codec.row(("amount", AMOUNT), ("payee", codec.optional(codec.text(3))))


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        (AMOUNT, [1, 9], [0, 10, True, "1", None, 2**70]),
        (codec.boolean, [True, False], [0, 1, None]),
        (codec.exactly(1), [1], [True, 2, "1", None]),
        (codec.exactly(True), [True], [1]),
        (codec.one_of("real", "test"), ["real", "test"], ["", b"real", None]),
        (codec.one_of(0, 1), [0, 1], [False, True, 2]),
        (codec.blob(2, 4), [b"ab", b"abcd"], [b"", b"abc", "ab", None]),
        (codec.blob_up_to(2), [b"", b"ab"], [b"abc", "", None]),
        (codec.text(2), ["", "数字"], ["abc", b"", None, "\ud800"]),
        (codec.array(AMOUNT, 2, 1), [(1,), (1, 2)], [(), (1, 2, 3), (0,), [1], None, "1"]),
        (RECORD, [(1, None), (9, "abc")], [(1,), (1, None, 1), (0, None), (1, "abcd"), (None, None), "ab"]),
        (codec.anything, [1, (None, b"x", "y", (True,))], [1.0, ((1.0,),)]),
    ],
)
def test_each_shape_takes_the_good_and_refuses_the_bad(shape, good, bad):
    for value in good:
        shape(value, "field")
    for value in bad:
        with pytest.raises(Refused) as caught:
            shape(value, "field")
        assert caught.value.code == "BYT-003"
        assert str(dict(caught.value.numbers)["where"]).startswith("field")


@pytest.mark.parametrize(
    "data", [b"", b"\x82\x01", b"\x9f", b"\xc2\x41\x00", b"\x62\xff\xff", b"\x81" * 99 + b"\x80", b"\xff"]
)
def test_what_the_library_says_is_never_quoted(data):
    """A refusal's numbers stand in receipts; the words of a library are another version's to change."""
    with pytest.raises(Refused) as caught:
        load(data)
    assert caught.value.numbers == (("detail", "no value of the profile in definite lengths"),)


def test_a_refusal_names_the_place_inside():
    with pytest.raises(Refused) as caught:
        codec.array(RECORD, 5)(((1, None), (2, "long!")), "rows")
    assert dict(caught.value.numbers)["where"] == "rows[1].payee"


def test_a_refusal_never_quotes_what_is_huge():
    for value in (10**5_000, "x" * 10**6, (1,) * 10**5):
        with pytest.raises(Refused) as caught:
            AMOUNT(value, "field")
        assert len(str(caught.value)) < 300
