"""Whatever is registered as a key can sign: nobody could ever act for the member, person or bank of another."""

from __future__ import annotations

import pytest

from contracts.rehearsal import Firm, Rehearsal, credit_code_named, key_named, rehearsal_genesis, system_sources
from ledger.national import suite_named
from ledger.receipt import Status
from tests.contracts.support import FIRMS

# RFC 8032 section 5.1.3: y = 2 is the encoding of no point; y = 1 is that of the neutral element, which proves nothing.
NO_POINT = (2).to_bytes(32, "little")
NEUTRAL = (1).to_bytes(32, "little")


@pytest.fixture
def told():
    firms = (*FIRMS, Firm("bank", ("user",), ("bank",)))
    return Rehearsal(rehearsal_genesis(system_sources(), firms))


ACTS = {
    "enrol": ("a", lambda key: ("enrol", key, ("make",))),
    "rotate": ("a", lambda key: ("rotate", key)),
    "recover": ("supervisor", lambda key: ("recover", "a", key, bytes(32))),
    "invite": ("operator", lambda key: ("invite", "new-firm", "新", "New", credit_code_named("new"), key, bytes(32))),
    "invite_many": (
        "operator",
        lambda key: ("invite_many", (("new-firm", "新", "New", credit_code_named("new"), key, bytes(32)),)),
    ),
    "set_statement_key": ("bank", lambda key: ("set_statement_key", key)),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("bad", [NO_POINT, NEUTRAL])
def test_no_key_is_refused(told, act, bad):
    person, make = ACTS[act]
    rows = dict(told.reader.rows)
    receipt = told.do(person, "membership", *make(bad))
    assert (receipt.code, dict(receipt.numbers)) == ("MEM-013", {"key": bad.hex()})
    assert told.reader.rows == rows
    good = key_named("somebody new", suite_named("intl"))
    assert told.do(person, "membership", *make(good)).status is Status.DONE
