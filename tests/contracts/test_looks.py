"""Names that people would take for one another have one look, checked against Unicode's own folding."""

from __future__ import annotations

import unicodedata

import pytest

from contracts.language.looks import IDEOGRAPHS, LEFT_OUT, look_of

ALIKE = [
    ("宏达建材有限公司", "宏达 建材有限公司"),
    ("宏达建材（福建）有限公司", "宏达建材(福建)有限公司"),
    ("Hongda Materials Co., Ltd.", "HONGDA MATERIALS CO LTD"),
    ("Hongda Materials", "Ｈｏｎｇｄａ\u3000Ｍａｔｅｒｉａｌｓ"),
    ("A·B公司", "A•b 公司"),
]
OTHERS = [("宏达建材", "弘达建材"), ("Hongda", "Hongdb"), ("First 1", "First 11"), ("甲公司", "甲公司乙")]
NO_NAMES = [
    "",
    " （）·",
    "Hongdа",  # a Cyrillic a
    "宏达\u200b建材",
    "\uf900建材",  # a compatibility ideograph
    "\u2f00建材",  # a radical
    "Ηongda",  # a Greek eta
    "e\u0301toile",
    "a\u202eb",
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_look_the_same_have_one_look(one, other):
    assert look_of(one) == look_of(other) != ""


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_names_have_other_looks(one, other):
    assert look_of(one) != look_of(other)


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_has_no_look(name):
    assert look_of(name) == ""


def test_the_look_is_what_unicode_makes_of_these_characters():
    """Of every character that a name may have; a mark that is left out folds to no letter and no digit."""
    points = [*range(0x20, 0x7F), *range(0xFF01, 0xFF5F), *map(ord, LEFT_OUT)]
    points += [point for low, high in IDEOGRAPHS for point in (low, (low + high) // 2, high)]
    for point in points:
        folded = unicodedata.normalize("NFKC", chr(point)).casefold()
        expected = "".join(c for c in folded if c.isalnum() or (ord(c) >= 0x3007 and c not in LEFT_OUT))
        assert look_of(f"x{chr(point)}") == f"x{expected}", hex(point)
