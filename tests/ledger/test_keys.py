"""State keys: the byte layout by hand, the order of the bytes, and reading a key back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.interface import MapForm, Type
from ledger.keys import full_key, parts_of_key

INTEGER, TEXT, ID, DIGEST, FLAG = Type("integer"), Type("text"), Type("id"), Type("digest"), Type("boolean")


def form(*kinds, number=5):
    return MapForm("rows", number, kinds, "Row", "key")


def test_the_layout_by_hand():
    assert full_key(1, form(INTEGER), (0,)).hex() == "0001058000000000000000"
    assert full_key(258, form(INTEGER, number=0x83), (-1,)).hex() == "0102837fffffffffffffff"
    assert full_key(1, form(TEXT, FLAG), ("港", True)).hex() == "000105" + "港".encode().hex() + "0001"
    assert full_key(1, form(ID, TEXT), (bytes(34), "")).hex() == "000105" + "00" * 35


KINDS = {
    INTEGER: st.integers(-(2**63), 2**63 - 1),
    TEXT: st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
    ID: st.binary(min_size=34, max_size=34),
    DIGEST: st.binary(min_size=32, max_size=32),
    FLAG: st.booleans(),
}


@st.composite
def keys(draw):
    kinds = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=3))
    return form(*kinds), *(tuple(draw(KINDS[kind]) for kind in kinds) for _ in range(2))


@given(keys())
def test_a_key_reads_back_and_bytes_sort_as_the_parts_do(drawn):
    shape, one, other = drawn
    first, second = full_key(7, shape, one), full_key(7, shape, other)
    assert parts_of_key(shape, first, 32) == one
    # UTF-8 sorts like the characters' numbers, and so does Python's text.
    assert (first < second) == (one < other)
    assert (first == second) == (one == other)


@pytest.mark.parametrize(
    ("kinds", "parts"),
    [
        ((INTEGER,), ("1",)),
        ((INTEGER,), (True,)),
        ((TEXT,), ("a\0b",)),
        ((ID,), ("x",)),
        ((INTEGER,), ()),
        ((FLAG,), (1,)),
    ],
)
def test_parts_of_another_type_are_refused(kinds, parts):
    with pytest.raises(Refused):
        full_key(1, form(*kinds), parts)


@pytest.mark.parametrize("cut", range(3, 10))
def test_a_key_that_is_too_short_or_too_long_is_refused(cut):
    whole = full_key(1, form(INTEGER), (5,))
    with pytest.raises(Refused):
        parts_of_key(form(INTEGER), whole[:cut] if cut < 9 else whole + b"x", 32)
