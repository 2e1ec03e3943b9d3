"""Who keeps sending what no correct node sends: after a number of faults its link is cut for a while, and longer each
time.

One fault is dropped and counted, nothing more: a node may be of another version, or a disk may have failed it. A peer
that goes on costs decoding and signature checks for nothing. Only what is the sender's own fault for certain comes
here: frames that do not decode, messages and transactions whose signatures do not verify (a correct node passes nothing
on unverified), manifests beyond the limits. Faults are forgiven with time, so nobody is cut off for a few.

A cut is between two nodes. It decides nothing about votes: what a cut-off validator has signed still comes by others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from consensus.messages import PeerId
from node.board import Board
from node.clock import Clock

FAULTS_MAX: Final = 30
FORGIVEN_EVERY_MS: Final = 10_000
CUT_MS_MIN: Final = 10_000
CUT_MS_MAX: Final = 640_000
FORGOTTEN_AFTER_MS: Final = 3_600_000
"""A peer that has behaved for as long begins with the shortest cut again."""

Cut = Callable[[PeerId, float], None]
"""End the link to this peer, and have none for so many seconds."""


@dataclass(slots=True)
class Record:
    faults: float = 0
    at_ms: int = 0
    cut_ms: int = 0
    cut_until_ms: int = 0


class Blame:
    def __init__(self, board: Board, clock: Clock, cut: Cut) -> None:
        self._board = board
        self._clock = clock
        self._cut = cut
        self._records: dict[PeerId, Record] = {}

    def note(self, peer: PeerId, code: str) -> None:
        """`peer`, one of the members' nodes, has sent what no correct node sends."""
        self._board.peer_faults[code] += 1
        now = self._clock.now_ms()
        record = self._records.setdefault(peer, Record(at_ms=now))
        if now < record.cut_until_ms:
            return  # It was on its way already when the link was cut.
        record.faults = max(0.0, record.faults - (now - record.at_ms) / FORGIVEN_EVERY_MS) + 1
        record.at_ms = now
        if record.faults > FAULTS_MAX:
            self._cut_off(peer, record, now)

    def _cut_off(self, peer: PeerId, record: Record, now: int) -> None:
        if now - record.cut_until_ms > FORGOTTEN_AFTER_MS:
            record.cut_ms = 0
        record.cut_ms = min(CUT_MS_MAX, max(CUT_MS_MIN, 2 * record.cut_ms))
        record.cut_until_ms, record.faults = now + record.cut_ms, 0
        self._cut(peer, record.cut_ms / 1000)
