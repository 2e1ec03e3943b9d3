"""One node's disk in memory: the log with its frames, the guard beside it, the database, the pool's journal.

What is durable is what a restart sees. A write under way when the power goes is lost, torn (a torn frame is cut off, so
it is as good as lost) or complete: `Replica.power_off` draws which. Everything is kept in the bytes that the node
writes, and read back by the node's own code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cbor2

from consensus.messages import Height
from consensus.records import Decided, GuardState, Record, decode_record
from devnet.sim.database import Database
from ledger.crypto import Suite
from ledger.transaction import Transaction
from node.frame_log import Condition
from node.wal import Entry, EntryKind


@dataclass(frozen=True, slots=True)
class Frame:
    """What one sync of the log has made durable, all or nothing; and what stands in it, decoded."""

    entries: tuple[Entry, ...]
    records: tuple[Record, ...]
    blocks: tuple[bytes, ...]
    """The hashes of the blocks whose bytes it holds."""


class FrameList:
    """`node.durable.Log`: whole frames of settled heights go, the oldest first."""

    def __init__(self, suite: Suite) -> None:
        self.frames: list[Frame] = []
        self.condition = Condition.INTACT
        """What the next restart finds it in, whatever the frames say."""
        self._suite = suite
        self._hash = suite.hasher("block")

    def append(self, entries: Sequence[Entry]) -> None:
        records = [decode_record(e.payload, self._suite) for e in entries if e.kind is EntryKind.RECORD]
        blocks = [self._hash(cbor2.loads(e.payload)[0]) for e in entries if e.kind is EntryKind.BLOCK]
        self.frames.append(Frame(tuple(entries), tuple(records), tuple(blocks)))

    def forget(self, height: Height) -> None:
        while self.frames and all(entry.height <= height for entry in self.frames[0].entries):
            self.frames.pop(0)

    def entries(self) -> list[Entry]:
        return [entry for frame in self.frames for entry in frame.entries]


class GuardBytes:
    """`node.durable.Guard` and `node.starting.GuardRecord`: one record, replaced whole."""

    def __init__(self) -> None:
        self._record: bytes | None = GuardState().encode()
        self._state: GuardState | None = GuardState()

    @property
    def state(self) -> GuardState | None:
        return self._state

    def load(self) -> bytes | None:
        return self._record

    def replace(self, record: bytes) -> None:
        self._record, self._state = record, GuardState.decode(record)


class Disk:
    def __init__(self, suite: Suite) -> None:
        self.log = FrameList(suite)
        self.guard = GuardBytes()
        self.database = Database()
        self.journal: dict[bytes, Transaction] = {}

    def decided(self, applied: Height) -> Height:
        """The highest height that log and database together prove decided."""
        height = applied
        logged = {record.height for frame in self.log.frames for record in frame.records if isinstance(record, Decided)}
        while height + 1 in logged:
            height += 1
        return height

    def has_block(self, block_hash: bytes) -> bool:
        return any(block_hash in frame.blocks for frame in self.log.frames)
