"""A genesis in which two members share a name, a credit code or a key makes no chain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.rehearsal import Firm, Rehearsal, rehearsal_genesis, system_sources
from ledger.errors import Refused


@pytest.mark.parametrize(
    ("field", "code"), [("organisation", "MEM-001"), ("credit_code", "MEM-003"), ("administrator", "MEM-004")]
)
def test_what_two_first_members_share_is_refused(field: str, code: str) -> None:
    genesis = rehearsal_genesis(system_sources(), [Firm("operator", ("operator",)), Firm("one"), Firm("two")])
    Rehearsal(genesis)
    *others, one, two = genesis.members
    shared = replace(two, **{field: getattr(one, field)})
    with pytest.raises(Refused) as caught:
        Rehearsal(replace(genesis, members=(*others, one, shared)))
    assert caught.value.code == code
