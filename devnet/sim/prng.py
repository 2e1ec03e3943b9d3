"""The simulator's only source of chance: SplitMix64 (Steele, Lea, Flood 2014), integers only.

Own and tiny because the streams of `random`'s methods are not promised to stay the same between Python versions, and a
seed must replay for ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")
MASK: Final = (1 << 64) - 1


class Prng:
    def __init__(self, seed: int) -> None:
        self._state = seed & MASK

    def next(self) -> int:
        """The next 64 bits."""
        self._state = state = (self._state + 0x9E3779B97F4A7C15) & MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        return mixed ^ (mixed >> 31)

    def below(self, bound: int) -> int:
        """0 … bound − 1. The bias of the remainder is far below what a simulation could notice."""
        return self.next() % bound

    def between(self, low: int, high: int) -> int:
        """low … high, both included."""
        return low + self.next() % (high - low + 1)

    def chance(self, percent: int) -> bool:
        return self.next() % 100 < percent

    def pick(self, items: Sequence[T]) -> T:
        return items[self.next() % len(items)]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Fisher and Yates."""
        mixed = list(items)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.below(last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed

    def some(self, items: Sequence[T]) -> tuple[T, ...]:
        """Each with probability one half."""
        bits = self.next()
        return tuple(item for place, item in enumerate(items) if bits >> (place % 64) & 1)


def stream(seed: int, purpose: str) -> Prng:
    """A generator of its own for each purpose, so that drawing more for one thing does not change another."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return Prng(int.from_bytes(digest[:8], "big"))
