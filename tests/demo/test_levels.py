"""The level table from tranche records written out by hand."""

from __future__ import annotations

from devnet.demo.levels import LevelRow, level_table


def tranche(owner, face, level, *, parent=None, sources=(), payer=None):
    return {"owner": owner, "face": face, "level": level, "parent": parent, "sources": sources, "payer": payer}


def test_page_17_where_the_second_supplier_finances_the_whole():
    tranches = {
        b"root": tranche("a", 200, 1, payer="core"),
        b"kept": tranche("a", 100, 1, parent=b"root", payer="core"),
        b"sold": tranche("bank", 100, 2, parent=b"root"),  # b received it and sold it whole
    }
    assert level_table(tranches) == [
        LevelRow(1, 1, received=200, financed=0, held=100, passed=100),
        LevelRow(2, 1, received=100, financed=100, held=0, passed=0),
    ]


def test_merged_carved_and_sold_in_part():
    tranches = {
        b"root": tranche("a", 100, 1, payer="core"),
        b"x": tranche("b", 30, 2, parent=b"root", payer="a"),
        b"y": tranche("b", 40, 2, parent=b"root", payer="a"),
        b"rest": tranche("a", 30, 1, parent=b"root", payer="core"),
        b"merged": tranche("b", 70, 2, sources=(b"x", b"y")),
        b"sold": tranche("bank", 25, 2, parent=b"merged"),
        b"left": tranche("b", 45, 2, parent=b"merged"),
        b"offered": tranche("b", 5, 2, parent=b"left"),  # an offer that was never accepted stays the holder's
        b"own": tranche("b", 40, 2, parent=b"left"),
    }
    assert level_table(tranches) == [
        LevelRow(1, 1, received=100, financed=0, held=30, passed=70),
        LevelRow(2, 1, received=70, financed=25, held=45, passed=0),
    ]


def test_a_funder_that_sells_a_part_on_still_counts_as_financed():
    tranches = {
        b"root": tranche("bank", 100, 1),
        b"sold": tranche("other", 60, 1, parent=b"root"),
        b"kept": tranche("bank", 40, 1, parent=b"root"),
    }
    assert level_table(tranches) == [LevelRow(1, 1, received=100, financed=100, held=0, passed=0)]


def test_an_unaccepted_root_has_no_level():
    assert level_table({b"root": tranche("core", 100, 0)}) == []
