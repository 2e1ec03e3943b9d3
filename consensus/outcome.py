"""What executing a height came to, transaction by transaction: asked for by a node whose results differ, for people.

The receipts' hashes are believed when they hash to the receipts root that others have signed. What was written is not
proved by anything: it is what a peer says, and it is used to name where to look, never to decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from consensus.signed import HASH, HEIGHT, Height
from ledger.block import TRANSACTIONS_MAX
from ledger.codec import array, blob_up_to, boolean, optional, row
from ledger.state import KEY_BYTES_MAX

WRITES_MAX: Final = 4096
"""Rows in one answer: with the longest keys they fill half a frame."""
WRITES: Final = array(row(("key", blob_up_to(KEY_BYTES_MAX)), ("digest", optional(HASH))), WRITES_MAX)

Writes = tuple[tuple[bytes, bytes | None], ...]
"""State keys, ascending, with the digests of their new values; None: removed."""


@dataclass(frozen=True, slots=True)
class GetOutcome:
    height: Height

    def to_value(self) -> tuple[Any, ...]:
        return (self.height,)

    @classmethod
    def from_value(cls, value: Any, where: str = "question") -> GetOutcome:
        row(("height", HEIGHT))(value, where)
        return cls(*value)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The hashes of all receipts, in order, and what was written; not `complete`: the lowest keys alone, or none."""

    height: Height
    receipts: tuple[bytes, ...]
    writes: Writes
    complete: bool

    def to_value(self) -> tuple[Any, ...]:
        return (self.height, self.receipts, self.writes, self.complete)

    @classmethod
    def from_value(cls, value: Any, where: str = "outcome") -> Outcome:
        receipts = array(HASH, TRANSACTIONS_MAX + 1)
        row(("height", HEIGHT), ("receipts", receipts), ("writes", WRITES), ("complete", boolean))(value, where)
        return cls(*value)
