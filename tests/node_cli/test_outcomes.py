"""The status that is read from a receipt's bytes is the receipt's."""

import pytest

from ledger.receipt import Receipt, Status
from node.outcomes import refusals_in, status_of

ID = b"\x11" * 32


@pytest.mark.parametrize("height", [1, 23, 24, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**63 - 1])
@pytest.mark.parametrize("index", [0, 23, 24, 300])
def test_the_status_of_every_form(height, index):
    for status, code in ((Status.DONE, None), (Status.REFUSED, "VOU-007"), (Status.OUT_OF_BUDGET, "EXE-001")):
        receipt = Receipt(height, index, ID, ID, status, code, (), None, (), 5).encode()
        assert status_of(receipt) == status
    sweep = Receipt(height, index, None, None, Status.DONE, None, (), (1, 2), (), 5).encode()
    assert status_of(sweep) == Status.DONE


def test_the_codes_are_those_of_what_was_not_done():
    rows = [(Status.DONE, None), (Status.REFUSED, "VOU-007"), (Status.OUT_OF_BUDGET, "EXE-001"), (Status.DONE, None)]
    receipts = [Receipt(9, i, ID, ID, s, c, (), None, (), 5).encode() for i, (s, c) in enumerate(rows)]
    assert list(refusals_in(receipts)) == ["VOU-007", "EXE-001"]
