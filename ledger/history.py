"""The append-only history: a Merkle mountain range over all heights, so that one certificate covers all below it.

Leaf = H("mmr/leaf", height u64 ‖ block hash ‖ state root ‖ receipts root), node = H("mmr/node", left ‖ right),
root = H("mmr/root", leaves u64 ‖ peaks, highest first). The checkpoint of h carries the root over heights 0..h−1.

`History` keeps only the peaks (at most 63 hashes); `HistoryRange.path` reads inner nodes from a store of all nodes that
the caller keeps, numbered in the order in which appending makes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ledger.codec import array, blob, integer, row
from ledger.crypto import HASH_BYTES, Suite
from ledger.errors import BadProof

PEAKS_MAX: Final = 63

PATH_SHAPE: Final = row(
    ("leaves", integer(1)),
    ("siblings", array(blob(HASH_BYTES), PEAKS_MAX)),
    ("peaks", array(blob(HASH_BYTES), PEAKS_MAX, 1)),
)


@dataclass(frozen=True, slots=True)
class HistoryPath:
    """From one leaf to the root over `leaves` heights: siblings upward to the leaf's peak, then all peaks."""

    leaves: int
    siblings: tuple[bytes, ...]
    peaks: tuple[bytes, ...]

    def to_value(self) -> tuple[Any, ...]:
        return (self.leaves, self.siblings, self.peaks)

    @classmethod
    def from_value(cls, value: Any, where: str = "history path") -> HistoryPath:
        PATH_SHAPE(value, where)
        return cls(*value)


@dataclass(frozen=True, slots=True)
class History:
    """The range over the first `leaves` heights, as its peaks from the highest to the lowest."""

    leaves: int = 0
    peaks: tuple[bytes, ...] = ()


class HistoryRange:
    """Appending, roots and paths of one suite."""

    def __init__(self, suite: Suite) -> None:
        self._leaf, self._node, self._root = (suite.hasher(f"mmr/{part}") for part in ("leaf", "node", "root"))

    def leaf(self, height: int, block_hash: bytes, state_root: bytes, receipts_root: bytes) -> bytes:
        return self._leaf(height.to_bytes(8, "big") + block_hash + state_root + receipts_root)

    def append(self, history: History, leaf: bytes) -> tuple[History, list[bytes]]:
        """The range with one more leaf, and the nodes that this makes: the leaf, then its new ancestors upward."""
        peaks, made, carry = list(history.peaks), [leaf], history.leaves
        while carry & 1:
            made.append(self._node(peaks.pop() + made[-1]))
            carry >>= 1
        return History(history.leaves + 1, (*peaks, made[-1])), made

    def root(self, history: History) -> bytes:
        return self._root(history.leaves.to_bytes(8, "big") + b"".join(history.peaks))

    def path(self, history: History, height: int, node_at: Callable[[int], bytes]) -> HistoryPath:
        """The path of `height`; `node_at(number)` returns a node by its number in the order of making."""
        assert 0 <= height < history.leaves, "a path starts at a height of the range"
        first, siblings = 0, []
        for level in _peak_levels(history.leaves):
            if height < first + (1 << level):
                break
            first += 1 << level
        for step in range(level):
            sibling = (height >> step) ^ 1
            siblings.append(node_at(node_number(sibling << step, step)))
        return HistoryPath(history.leaves, tuple(siblings), history.peaks)

    def root_of_path(self, height: int, leaf: bytes, path: HistoryPath) -> bytes:
        """The root that `leaf` at `height` leads to; raises `BadProof`."""
        levels = _peak_levels(path.leaves)
        if not 0 <= height < path.leaves or len(path.peaks) != len(levels):
            raise BadProof(f"height {height} of {path.leaves}, {len(path.peaks)} peaks, {len(levels)} expected")
        first, peak = 0, 0
        while height >= first + (1 << levels[peak]):
            first += 1 << levels[peak]
            peak += 1
        if len(path.siblings) != levels[peak]:
            raise BadProof(f"{len(path.siblings)} siblings, {levels[peak]} expected")
        node = leaf
        for step, sibling in enumerate(path.siblings):
            node = self._node(sibling + node if (height >> step) & 1 else node + sibling)
        if node != path.peaks[peak]:
            raise BadProof(f"height {height} is not under its peak")
        return self.root(History(path.leaves, path.peaks))


def _peak_levels(leaves: int) -> list[int]:
    return [bit for bit in range(leaves.bit_length() - 1, -1, -1) if leaves >> bit & 1]


def node_number(first_leaf: int, level: int) -> int:
    """The number of the node of `level` whose leftmost leaf is `first_leaf`, in the order of making.

    Before leaf n there are 2n − popcount(n) nodes; the node of a level is made with its last leaf, `level` steps later.
    """
    last = first_leaf + (1 << level) - 1
    return 2 * last - last.bit_count() + level
