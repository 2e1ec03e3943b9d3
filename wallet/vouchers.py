"""Vouchers as accounts: does what lives, what was paid and what was cancelled come to what was issued?

Works on rows that are proven already, from nodes or from an evidence file, and knows nothing of either. A bundle over
a root is complete exactly when the faces of its live tranches and the redeemed and cancelled amounts sum to the face of
the root, for no tranche can be left out of such a sum unnoticed (I1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.evidence import Examination
from ledger.lexicon import Lexicon

VOUCHER: Final = "voucher"
ROOTS: Final = "roots"
TRANCHES: Final = "tranches"
Fields = Mapping[str, Any]
IdRow = tuple[bytes, Fields, int]
"""(id, fields, the height at which they were proven)"""


@dataclass(slots=True)
class RootAccount:
    """One root with all of its tranches that are at hand. `heights` are those at which the rows were proven."""

    root: bytes
    fields: Fields
    tranches: dict[bytes, Fields] = field(default_factory=dict)
    heights: set[int] = field(default_factory=set)

    @property
    def live(self) -> int:
        return sum(row["face"] for row in self.tranches.values() if row["live"])

    @property
    def issued(self) -> int:
        return int(self.fields["face"])

    @property
    def redeemed(self) -> int:
        return int(self.fields["redeemed"])

    @property
    def cancelled(self) -> int:
        return int(self.fields["cancelled"])

    @property
    def missing(self) -> int:
        """How much is not accounted for; 0 when complete, negative when there is too much."""
        return self.issued - self.live - self.redeemed - self.cancelled

    @property
    def is_complete(self) -> bool:
        return self.missing == 0 and len(self.heights) == 1


def accounts(
    roots: Iterable[tuple[bytes, Fields, int]], tranches: Iterable[tuple[bytes, Fields, int]]
) -> list[RootAccount]:
    """Tranches put under their roots; (id, fields, height) each."""
    found: dict[bytes, RootAccount] = {}
    for root, fields, height in roots:
        found[root] = RootAccount(root, fields, heights={height})
    for tranche, fields, height in tranches:
        account = found.get(fields["root"])
        if account is not None:
            account.tranches[tranche] = fields
            account.heights.add(height)
    return list(found.values())


def accounts_of_evidence(lexicon: Lexicon, found: Examination) -> list[RootAccount]:
    """The accounts of every root that an evidence file proves."""
    rows: dict[str, list[IdRow]] = {"roots": [], "tranches": []}
    for value in found.values:
        place, record = lexicon.map_name(value.full_key), lexicon.record(value.full_key, value.value)
        if record is not None and place is not None and place[0] == VOUCHER and place[1] in rows:
            key, fields = record
            rows[place[1]].append((key[0], fields, value.height))
    return accounts(rows["roots"], rows["tranches"])
