"""docs/codes.md is what the declarations say, and no code means two things."""

from collections import Counter

from ledger.errors import REFUSALS
from ledger.receipt_refusals import CHECKER_REFUSALS, ENGINE_REFUSALS
from node.codes import catalogue, codes_markdown
from tests.architecture.source import ROOT


def test_the_document_is_current():
    assert (ROOT / "docs" / "codes.md").read_text(encoding="utf-8") == codes_markdown(), "run lugang node codes"


def test_every_code_stands_once():
    codes = [*REFUSALS, *ENGINE_REFUSALS, *CHECKER_REFUSALS]
    codes += [refusal.code for interface in catalogue() for refusal in interface.refusals]
    assert [code for code, count in Counter(codes).items() if count > 1] == []
    rows = [line.split("|")[1].strip() for line in codes_markdown().splitlines() if line.startswith("| ")]
    assert sorted(row for row in rows if "-" in row) == sorted(codes)


def test_a_contracts_codes_share_three_letters_of_its_own():
    letters = [{refusal.code[:3] for refusal in interface.refusals} for interface in catalogue() if interface.refusals]
    assert all(len(found) == 1 for found in letters)
    assert len(set.union(*letters)) == len(letters)


def test_both_sentences_name_the_same_numbers():
    import re

    for refusal in (*REFUSALS.values(), *ENGINE_REFUSALS.values(), *CHECKER_REFUSALS.values()):
        places = [set(re.findall(r"\{(\w+)\}", text)) for text in (refusal.zh, refusal.en)]
        assert places[0] == places[1], refusal.code
