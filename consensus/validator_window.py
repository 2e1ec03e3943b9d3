"""Who validates which height: a window of sets, from a few decided heights to three above the last applied one.

What is executed at h is told by Applied(h) and acts from h + 3, so the set of every height that can be verified or
voted on is known in time. Nothing here or elsewhere may assume that two heights have the same set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from consensus.messages import Height, PeerId
from ledger.crypto import Suite
from ledger.validators import Engine, Quorum, ValidatorSet, quorum_of

HEIGHTS_KEPT: Final = 8
"""Below the height being decided, and below the lowest one that is not certified: late checkpoints and misbehaviour of
decided heights are still checked. While certificates lag behind, every height above the certified one keeps its set.
"""


@dataclass(frozen=True, slots=True)
class HeightValidators:
    """One height's set with what is asked of it all the time."""

    set: ValidatorSet
    hash: bytes
    quorum: Quorum
    keys: tuple[PeerId, ...]
    mine: int | None
    """This node's row, or None where it does not vote."""


class ValidatorWindow:
    def __init__(self, suite: Suite, engine: Engine, key: bytes, sets: Mapping[Height, ValidatorSet]) -> None:
        self._suite, self._engine, self._key = suite, engine, key
        self._rows: dict[Height, HeightValidators] = {}
        self.height: Height = 1
        self._certified: Height = 0
        for height in sorted(sets):
            self.learn(height, sets[height])

    def learn(self, height: Height, validators: ValidatorSet) -> None:
        below = self._rows.get(height - 1)
        if below is not None and below.set == validators:
            self._rows[height] = below
            return
        self._rows[height] = HeightValidators(
            validators,
            validators.hash(self._suite),
            quorum_of(self._engine, len(validators)),
            tuple(PeerId(row.key) for row in validators.rows),
            validators.index_of(self._key),
        )

    def enter(self, height: Height) -> None:
        """`height` is being decided now."""
        self.height = height
        self._prune()

    def certify(self, height: Height) -> None:
        """Everything up to `height` is certified."""
        self._certified = height
        self._prune()

    def _prune(self) -> None:
        lowest = min(self.height, self._certified + 1) - HEIGHTS_KEPT
        for old in [known for known in self._rows if known < lowest]:
            del self._rows[old]

    def at(self, height: Height) -> ValidatorSet | None:
        row = self._rows.get(height)
        return None if row is None else row.set

    def row(self, height: Height) -> HeightValidators | None:
        return self._rows.get(height)

    def current(self) -> HeightValidators:
        """Those of the height being decided."""
        return self._rows[self.height]

    def latest(self) -> HeightValidators:
        """Those of the highest known height."""
        return self._rows[max(self._rows)]

    def hash_of(self, validators: ValidatorSet) -> bytes:
        """The hash of a set, computed once where it is one of the window's."""
        for row in self._rows.values():
            if row.set is validators or row.set == validators:
                return row.hash
        return validators.hash(self._suite)

    def change_pending(self, height: Height) -> bool:
        """Is a change between height − 1 and the newest known height still on its way? It is work, so it activates."""
        known = [self._rows[h].hash for h in sorted(self._rows) if h >= height - 1]
        return any(value != known[0] for value in known)
