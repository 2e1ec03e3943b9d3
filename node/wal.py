"""The write-ahead log: what this node must remember of ordering before anybody else may hear of it.

Two kinds of entries: records of the engine (opaque here) and the full bytes of blocks. Those of one `append` become
durable together, as one frame and one unit: after a crash all of its entries are there or none.
A height's entries may go only when it is both executed and certified (`forget`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import cbor2

from node.frame_log import Condition, FrameLog


class EntryKind(IntEnum):
    RECORD = 0
    BLOCK = 1


@dataclass(frozen=True, slots=True)
class Entry:
    kind: EntryKind
    height: int
    payload: bytes


class Wal:
    """Written from a thread."""

    def __init__(self, log: FrameLog) -> None:
        self._log = log

    @classmethod
    def open(cls, path: Path) -> tuple[Wal, list[Entry], Condition]:
        """The log, all entries in the order in which they were added, and the condition it was found in."""
        log, frames, condition = FrameLog.open(path)
        entries = [
            Entry(EntryKind(kind), height, payload)
            for frame in frames
            for kind, height, payload in cbor2.loads(frame.payload)
        ]
        return cls(log), entries, condition

    def append(self, entries: Sequence[Entry]) -> None:
        """Write them as one frame and return when it is durable. Blocks; an OSError must stop the node."""
        rows = [(int(entry.kind), entry.height, entry.payload) for entry in entries]
        self._log.append(cbor2.dumps(rows), max(entry.height for entry in entries))

    def forget(self, height: int) -> None:
        """Let go of everything of `height` and below, as far as whole segments allow."""
        self._log.forget(height)

    @property
    def bytes_on_disk(self) -> int:
        return self._log.bytes_on_disk

    def close(self) -> None:
        self._log.close()
