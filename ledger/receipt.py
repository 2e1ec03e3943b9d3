"""A receipt: what became of one transaction.

CBOR [1, height, index, id | null, wid | null, status, code | null, numbers [[name, value], …], result,
events [[contract, event, [values]], …], budget used]. A block has tx_count + 1 of them: the last one, without an id, is
the daily sweep's. leaf = H("receipt", receipt).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, NamedTuple

import cbor2

from ledger.codec import anything, array, blob, decode, encode, exactly, integer, one_of, optional, row, text
from ledger.crypto import HASH_BYTES
from ledger.errors import Number

VERSION: Final = 1
RECEIPT_BYTES_MAX: Final = 256 * 1024
EVENTS_MAX: Final = 2_048


class Status(IntEnum):
    DONE = 0
    REFUSED = 1
    OUT_OF_BUDGET = 2


class EventRow(NamedTuple):
    """What a contract announced: its name, the event's name, the values in declared order."""

    contract: str
    event: str
    values: tuple[Any, ...]


def _number(value: Any, where: str) -> None:
    if not (value is None or type(value) in (int, str, bool)):
        integer()(value, where)
    anything(value, where)


RECEIPT_SHAPE: Final = row(
    ("version", exactly(VERSION)),
    ("height", integer(1)),
    ("index", integer()),
    ("id", optional(blob(HASH_BYTES))),
    ("wid", optional(blob(HASH_BYTES))),
    ("status", one_of(*(int(status) for status in Status))),
    ("code", optional(text(16))),
    ("numbers", array(row(("name", text(40)), ("value", _number)), 16)),
    ("result", anything),
    ("events", array(row(("contract", text(40)), ("event", text(40)), ("values", array(anything, 64))), EVENTS_MAX)),
    ("budget_used", integer()),
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """`numbers` and `code` are those of a refusal; `result` is the action's return value."""

    height: int
    index: int
    id: bytes | None
    wid: bytes | None
    status: Status
    code: str | None
    numbers: tuple[tuple[str, Number], ...]
    result: Any
    events: tuple[EventRow, ...]
    budget_used: int

    def encode(self) -> bytes:
        return encode(
            (
                VERSION,
                self.height,
                self.index,
                self.id,
                self.wid,
                int(self.status),
                self.code,
                self.numbers,
                self.result,
                self.events,
                self.budget_used,
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Receipt:
        """Raises `Refused` BYT-001…003."""
        value = decode(data, bytes_max=RECEIPT_BYTES_MAX)
        RECEIPT_SHAPE(value, "receipt")
        return cls._of(value)

    @classmethod
    def written(cls, data: bytes) -> Receipt:
        """What this node has written itself, without the checks of a stranger's bytes: they cost ten times the rest."""
        return cls._of(cbor2.loads(data, immutable=True))

    @classmethod
    def _of(cls, value: tuple[Any, ...]) -> Receipt:
        _, height, index, identifier, wid, status, code, numbers, result, events, budget = value
        rows = tuple(EventRow(*event) for event in events)
        return cls(height, index, identifier, wid, Status(status), code, numbers, result, rows, budget)
