"""Fetching decided blocks that this node lacks, beside ordering, which stays live at D + 1. Sans-IO like the engine.

Claims are hints: a node asks whoever claims to be ahead, two peers at a time for neighbouring ranges, and believes a
height only with its certificate. Blocks are handed out in height order, as many above the decided height as the driver
takes at a time; it verifies certificate and body against the validators of that height (all signatures), then tells the
engine (CommitCert, BodyArrived), which alone owns the decided height. `Progress` brings the next. A height that
ordering decides meanwhile is simply passed over.

A peer that sends nothing of what it says it can serve, or a bad block, or whose claim shrinks is no source any more
until its link comes up anew; its consensus link is not touched. A peer claims what it has decided and serves what it
has executed, which may be a little less: then its answer says so, and that is its claim until it makes another.
Catch-up ends when no remaining source claims to be ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consensus.messages import Blocks, CertifiedBlock, GetBlocks, Height, PeerId

RANGE_BLOCKS: Final = 16
REQUESTS_MAX: Final = 2
BUFFER_BLOCKS_MAX: Final = 64
ANSWER_MS: Final = 5000
LAG_BLOCKS: Final = 2
"""One height behind is mended by ordering itself; from two on blocks are fetched."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A peer says that it has decided everything up to `height`."""

    peer: PeerId
    height: Height


@dataclass(frozen=True, slots=True)
class BlocksArrived:
    peer: PeerId
    answer: Blocks


@dataclass(frozen=True, slots=True)
class BadBlock:
    """The driver found the block of `height` that was handed out to be false."""

    height: Height


@dataclass(frozen=True, slots=True)
class Progress:
    """The engine has decided `height`."""

    height: Height


@dataclass(frozen=True, slots=True)
class Clock:
    now_ms: int


@dataclass(frozen=True, slots=True)
class SourceUp:
    peer: PeerId


@dataclass(frozen=True, slots=True)
class SourceDown:
    peer: PeerId


CatchUpEvent = Claim | BlocksArrived | BadBlock | Progress | Clock | SourceUp | SourceDown


@dataclass(frozen=True, slots=True)
class Ask:
    peer: PeerId
    question: GetBlocks


@dataclass(frozen=True, slots=True)
class Hand:
    """Verify this block and give it to the engine; then tell Progress or BadBlock."""

    block: CertifiedBlock


@dataclass(frozen=True, slots=True)
class DropSource:
    peer: PeerId
    reason: str


CatchUpEffect = Ask | Hand | DropSource


@dataclass(slots=True)
class _Request:
    first: Height
    last: Height
    until_ms: int


class CatchUp:
    def __init__(self, decided: Height, handed_blocks_max: int = 1) -> None:
        """`handed_blocks_max`: how many blocks the driver takes before it has told what came of the first."""
        self._decided = decided
        self._handed_blocks_max = handed_blocks_max
        self._now_ms = 0
        self._claims: dict[PeerId, Height] = {}
        self._dropped: set[PeerId] = set()
        """Never iterated."""
        self._requests: dict[PeerId, _Request] = {}
        self._buffer: dict[Height, tuple[PeerId, CertifiedBlock]] = {}
        self._handed: Height = decided
        self._turn = 0
        self._effects: list[CatchUpEffect] = []

    @property
    def is_idle(self) -> bool:
        return not self._requests and not self._buffer

    def step(self, event: CatchUpEvent) -> list[CatchUpEffect]:
        match event:
            case Claim(peer, height):
                self._on_claim(peer, height)
            case BlocksArrived(peer, answer):
                self._on_blocks(peer, answer)
            case BadBlock(height):
                self._on_bad_block(height)
            case Progress(height):
                self._on_progress(height)
            case Clock(now_ms):
                self._on_clock(now_ms)
            case SourceUp(peer):
                self._dropped.discard(peer)
            case SourceDown(peer):
                self._claims.pop(peer, None)
                self._requests.pop(peer, None)
        self._ask()
        self._hand()
        effects, self._effects = self._effects, []
        return effects

    def _on_claim(self, peer: PeerId, height: Height) -> None:
        if peer in self._dropped:
            return
        if height < self._claims.get(peer, 0):
            self._drop(peer, f"claimed {self._claims[peer]}, now {height}")
        else:
            self._claims[peer] = height

    def _on_blocks(self, peer: PeerId, answer: Blocks) -> None:
        """Only what was asked for is kept, so nobody fills the buffer unasked."""
        request = self._requests.pop(peer, None)
        if request is None:
            return
        claimed = self._claims.get(peer, 0)
        first = answer.blocks[0].header.height if answer.blocks else None
        if first != (request.first if answer.top >= request.first else None):
            self._drop(peer, f"asked for {request.first}, claimed up to {claimed}, sent something else")
            return
        if answer.top < claimed:
            # It has decided more than it can serve: it serves what it has executed. Its next claim may be higher.
            self._claims[peer] = answer.top
        for block in answer.blocks:
            height = block.header.height
            if self._handed < height <= request.last and height not in self._buffer:
                self._buffer[height] = (peer, block)

    def _on_bad_block(self, height: Height) -> None:
        held = self._buffer.get(height)
        if held is None:
            return
        for other in [h for h, (peer, _) in self._buffer.items() if peer == held[0]]:
            del self._buffer[other]
        self._handed = min(self._handed, height - 1)
        self._drop(held[0], f"sent a false block of height {height}")

    def _on_progress(self, height: Height) -> None:
        self._decided = max(self._decided, height)
        self._handed = max(self._handed, self._decided)
        for old in [known for known in self._buffer if known <= self._decided]:
            del self._buffer[old]

    def _on_clock(self, now_ms: int) -> None:
        """A peer that does not answer in time loses the range to another; it may be asked again later."""
        self._now_ms = now_ms
        for peer in [peer for peer, request in self._requests.items() if request.until_ms <= now_ms]:
            del self._requests[peer]
            self._claims.pop(peer, None)

    def _drop(self, peer: PeerId, reason: str) -> None:
        self._dropped.add(peer)
        self._claims.pop(peer, None)
        self._requests.pop(peer, None)
        self._effects.append(DropSource(peer, reason))

    def _ask(self) -> None:
        while len(self._requests) < REQUESTS_MAX:
            first = self._first_missing()
            sources = [
                peer
                for peer in sorted(self._claims)
                if peer not in self._requests and self._claims[peer] >= max(first, self._decided + LAG_BLOCKS)
            ]
            if not sources or first > self._decided + BUFFER_BLOCKS_MAX:
                return
            self._turn += 1
            peer = sources[self._turn % len(sources)]
            last = min(self._claims[peer], self._last_missing(first))
            self._requests[peer] = _Request(first, last, self._now_ms + ANSWER_MS)
            self._effects.append(Ask(peer, GetBlocks(first, last - first + 1)))

    def _is_covered(self, height: Height) -> bool:
        if height in self._buffer:
            return True
        return any(request.first <= height <= request.last for request in self._requests.values())

    def _first_missing(self) -> Height:
        height = self._decided + 1
        while self._is_covered(height):
            height += 1
        return height

    def _last_missing(self, first: Height) -> Height:
        last = first
        while last - first + 1 < RANGE_BLOCKS and not self._is_covered(last + 1):
            last += 1
        return last

    def _hand(self) -> None:
        while self._handed < self._decided + self._handed_blocks_max:
            held = self._buffer.get(self._handed + 1)
            if held is None:
                return
            self._handed += 1
            self._effects.append(Hand(held[1]))
