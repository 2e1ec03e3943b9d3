"""Fetching the blocks that the engine asks for: first the manifest, from one source after the other.

The transactions of each manifest that comes are the mempool's to assemble. Manifests are not believed, so every source
is asked for its own, one after the other and again from the first, until the block is held or its height is past.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from consensus.messages import GetBodies, PeerId

ASK_AGAIN_MS: Final = 400


@dataclass(slots=True)
class Wanted:
    height: int
    sources: list[PeerId]
    asked: int
    asked_ms: int


class Fetching:
    def __init__(self, ask: Callable[[PeerId, GetBodies], None]) -> None:
        self._ask = ask
        self._wanted: dict[bytes, Wanted] = {}

    def want(
        self, height: int, block_hash: bytes, sources: tuple[PeerId, ...], now_ms: int, *, is_offered: bool
    ) -> None:
        """`is_offered`: a manifest is here already; whether it is true will be seen before the first question."""
        wanted = self._wanted.get(block_hash)
        if wanted is None:
            wanted = self._wanted[block_hash] = Wanted(height, list(sources), 0, now_ms)
            if not is_offered:
                self._ask_next(block_hash, wanted, now_ms)
        else:
            wanted.sources.extend(source for source in sources if source not in wanted.sources)

    def sources_of(self, block_hash: bytes) -> tuple[PeerId, ...]:
        wanted = self._wanted.get(block_hash)
        return () if wanted is None else tuple(wanted.sources)

    def got(self, block_hash: bytes) -> None:
        self._wanted.pop(block_hash, None)

    def forget(self, height: int) -> None:
        self._wanted = {key: wanted for key, wanted in self._wanted.items() if wanted.height > height}

    def ask_again(self, now_ms: int) -> None:
        for block_hash, wanted in self._wanted.items():
            if now_ms - wanted.asked_ms >= ASK_AGAIN_MS:
                self._ask_next(block_hash, wanted, now_ms)

    def next_ms(self) -> int | None:
        """When `ask_again` has something to do."""
        return min((wanted.asked_ms + ASK_AGAIN_MS for wanted in self._wanted.values()), default=None)

    def _ask_next(self, block_hash: bytes, wanted: Wanted, now_ms: int) -> None:
        if wanted.sources:
            source = wanted.sources[wanted.asked % len(wanted.sources)]
            self._ask(source, GetBodies(wanted.height, block_hash, ()))
            wanted.asked += 1
        wanted.asked_ms = now_ms
