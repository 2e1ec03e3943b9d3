"""The dealt cascade against the plan's table of p.16 and its expansion firm by firm, copied from the business rules."""

from __future__ import annotations

import pytest

from devnet.demo.deal import COUNTS, TOTALS, deal

# firms: received, financed, held, passed
L2 = {
    range(1, 7): (1_185_307, 628_368, 283_061, 273_878),
    range(7, 18): (1_185_306, 628_368, 283_061, 273_877),
    range(18, 29): (1_185_306, 628_367, 283_062, 273_877),
    range(29, 50): (1_185_306, 628_367, 283_061, 273_878),
}


def test_the_plans_cascade_firm_by_firm():
    levels = deal().levels
    [first] = levels[0]
    assert (first.received, first.financed, first.held, first.passed) == (60_000_000, 0, 1_920_000, 58_080_000)
    for seats, row in L2.items():
        for seat in seats:
            share = levels[1][seat - 1]
            assert (share.received, share.financed, share.held, share.passed) == row
    assert {(s.received, s.financed, s.held, s.passed) for s in levels[2]} == {(268_400, 158_200, 99_400, 10_800)}
    assert {(s.received, s.financed, s.held, s.passed) for s in levels[3]} == {(270_000, 130_000, 140_000, 0)}


def test_197_transfers_as_the_rules_say():
    to_l2, to_l3, to_l4 = deal().transfers
    assert [len(to_l2), len(to_l3), len(to_l4)] == [49, 98, 50]
    own = {(t.payer, t.payee): t.yuan for t in to_l3 if t.payee != "l3-50"}
    assert own == {(f"l2-{i:02d}", f"l3-{i:02d}"): 268_400 for i in range(1, 50)}
    assert {t.yuan for t in to_l3 if t.payee == "l3-50"} == {5_477, 5_478}
    assert [(t.payer, t.payee, t.yuan) for t in to_l4] == [
        (f"l3-{i:02d}", "l4-01" if i <= 25 else "l4-02", 10_800) for i in range(1, 51)
    ]


@pytest.mark.parametrize("seed", [None, 0, 7, 2026])
def test_every_cascade_has_the_plans_totals_and_closes(seed):
    cascade = deal(seed)
    for level, count, totals in zip(cascade.levels, COUNTS, TOTALS, strict=True):
        assert len(level) == count
        assert tuple(sum(getattr(s, c) for s in level) for c in ("financed", "held", "passed")) == totals
    for i, transfers in enumerate(cascade.transfers):
        for share in cascade.levels[i]:
            assert sum(t.yuan for t in transfers if t.payer == share.firm) == share.passed
        for share in cascade.levels[i + 1]:
            assert sum(t.yuan for t in transfers if t.payee == share.firm) == share.received
        assert min(t.yuan for t in transfers) > 0


def test_a_seed_is_the_same_cascade_every_time_and_another_than_the_plans():
    assert deal(7) == deal(7)
    assert deal(7) != deal(8)
    assert deal(7) != deal()
