"""The pool journal: transactions that this node has told a client are accepted.

One frame a batch, fsynced before the client hears of it. After a crash everything in it that has neither been executed
nor expired goes back into the pool. A segment is removed when none of its transactions is waiting any more, nor any of
an older one, so the journal is about as large as what came since the oldest that still waits. Of a damaged journal all
is read that is whole: each transaction is a promise by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cbor2

from node.frame_log import Condition, FrameLog, read_good


@dataclass(frozen=True, slots=True)
class JournalledWire:
    wire: bytes
    segment: int


class PoolJournal:
    def __init__(self, log: FrameLog) -> None:
        self._log = log
        self._waiting: dict[int, int] = {}

    @classmethod
    def open(cls, path: Path) -> tuple[PoolJournal, list[JournalledWire], Condition]:
        log, frames, condition = FrameLog.open(path)
        if condition is Condition.DAMAGED:
            frames = read_good(path)
        journal = cls(log)
        wires = [JournalledWire(wire, frame.segment) for frame in frames for wire in cbor2.loads(frame.payload)]
        for journalled in wires:
            journal._waiting[journalled.segment] = journal._waiting.get(journalled.segment, 0) + 1
        return journal, wires, condition

    def write(self, wires: Sequence[bytes]) -> int:
        """Return when the wires are durable; the answer is their segment. Blocks, so it is called from a thread."""
        return self._log.append(cbor2.dumps(list(wires)), 0)

    def hold(self, segment: int, count: int) -> None:
        """So many transactions of the segment wait; said on the loop's thread after each `write`."""
        self._waiting[segment] = self._waiting.get(segment, 0) + count
        self._drop_settled()

    def settle(self, segment: int) -> None:
        """One transaction of the segment waits no more: it was executed (durably) or has expired."""
        self._waiting[segment] -= 1
        self._drop_settled()

    def _drop_settled(self) -> None:
        """Oldest first, so that the log stays without gaps: behind one it would not be believed after a crash."""
        while (oldest := self._log.oldest) != self._log.segment and not self._waiting.get(oldest):
            self._waiting.pop(oldest, None)
            self._log.remove_oldest()

    @property
    def bytes_on_disk(self) -> int:
        return self._log.bytes_on_disk

    def close(self) -> None:
        self._log.close()
