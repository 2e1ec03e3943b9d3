"""One node's disk in memory: the log with its frames, the guard beside it, the database, the pool's journal.

What is durable is what a restart sees. A write under way when the power goes is lost, torn (a torn frame is cut off, so
it is as good as lost) or complete: `Replica.power_off` draws which. The log is one frame a sync; its records go through
their encoding when they are read back, as they would on a real disk. Truncation follows the driver's rule: the entries
of a height may go once it is applied and certified.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from consensus.events import Applied
from consensus.messages import CommitCert, Height
from consensus.records import Decided, GuardState, Record, decode_record, encode_record
from consensus.recovery import DatabaseFacts, LogFacts
from consensus.start import Tip, tip_of
from ledger.checkpoint import VALIDATORS_LAG, CheckpointCert
from ledger.crypto import Suite
from ledger.history import History
from ledger.transaction import Transaction
from ledger.validators import ValidatorSet
from node.durable import height_of
from node.held_blocks import HeldBlock


@dataclass(frozen=True, slots=True)
class Frame:
    """What one sync of the log makes durable, all or nothing; then the guard's new state."""

    blocks: tuple[HeldBlock, ...]
    records: tuple[Record, ...]
    guard: GuardState | None
    token: int


def joined(frames: list[Frame]) -> Frame:
    """One frame for everything that was gathered for one sync."""
    guards = [frame.guard for frame in frames if frame.guard is not None]
    blocks = {block.block_hash: block for frame in frames for block in frame.blocks}
    records = tuple(record for frame in frames for record in frame.records)
    return Frame(tuple(blocks.values()), records, guards[-1] if guards else None, frames[-1].token)


@dataclass(frozen=True, slots=True)
class Row:
    """One executed height, written in one batch."""

    result: Applied
    block: HeldBlock
    proof: CommitCert
    history: History


@dataclass(slots=True)
class Disk:
    genesis_history: History
    guard: GuardState | None = field(default_factory=GuardState)
    frames: list[Frame] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    certs: dict[Height, CheckpointCert] = field(default_factory=dict)
    journal: dict[bytes, Transaction] = field(default_factory=dict)
    log_lost: bool = False
    log_damaged: bool = False

    @property
    def applied(self) -> Height:
        return len(self.rows)

    @property
    def certified(self) -> Height:
        return max(self.certs, default=0)

    # writing

    def append(self, frame: Frame) -> None:
        if frame.blocks or frame.records:
            self.frames.append(frame)

    def write_guard(self, frame: Frame) -> None:
        if frame.guard is not None:
            self.guard = frame.guard

    def commit(self, row: Row) -> None:
        assert row.result.height == self.applied + 1, "one batch a height, in order"
        self.rows.append(row)

    def forget(self) -> None:
        """Let go of whole frames of settled heights, oldest first."""
        settled = min(self.applied, self.certified)
        while self.frames and all(height <= settled for height in _heights(self.frames[0])):
            self.frames.pop(0)

    # what a record can be checked against

    def decided(self) -> Height:
        """The highest height that log and database together prove decided."""
        height = self.applied
        logged = {record.height for frame in self.frames for record in frame.records if isinstance(record, Decided)}
        while height + 1 in logged:
            height += 1
        return height

    def has_block(self, block_hash: bytes) -> bool:
        in_log = any(block.block_hash == block_hash for frame in self.frames for block in frame.blocks)
        return in_log or any(row.block.block_hash == block_hash for row in self.rows)

    # reading

    def log_facts(self, suite: Suite) -> LogFacts:
        """The log as a restart reads it: every record decoded from its bytes."""
        records = [decode_record(encode_record(record), suite) for frame in self.frames for record in frame.records]
        headers = {block.block_hash: block.header for block in self.blocks_above_applied()}
        return LogFacts(tuple(records), headers, lost=self.log_lost, damaged=self.log_damaged)

    def blocks_above_applied(self) -> list[HeldBlock]:
        return [block for frame in self.frames for block in frame.blocks if block.height > self.applied]

    def database_facts(self, genesis_tip: Tip, validators: ValidatorSet) -> DatabaseFacts:
        certified = max((height for height in self.certs if height <= self.applied), default=0)
        sets = dict.fromkeys(range(VALIDATORS_LAG + 1), validators)
        for row in self.rows:
            sets[row.result.height + VALIDATORS_LAG] = row.result.next_validators
        top = self.rows[-1] if self.rows else None
        return DatabaseFacts(
            applied=genesis_tip if top is None else tip_of(top.block.header, top.block.block_hash),
            validators=sets,
            certified=self.certs.get(certified),
            history=self.rows[certified - 1].history if certified else self.genesis_history,
            results=tuple(row.result for row in self.rows[certified:]),
            commit=None if top is None else top.proof,
        )


def _heights(frame: Frame) -> list[Height]:
    return [block.height for block in frame.blocks] + [height_of(record) for record in frame.records]
