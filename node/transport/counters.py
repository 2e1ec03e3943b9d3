"""What is counted for one peer over all its links; `statistics` freezes it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from node.transport.interface import Reason, Sent


@dataclass(slots=True)
class PeerCounters:
    links: int = 0
    dial_failures: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    frames_in: int = 0
    frames_out: int = 0
    throttled: int = 0
    link_ends: Counter[Reason] = field(default_factory=Counter)
    refused_frames: Counter[Sent] = field(default_factory=Counter)


def frozen(counter: Counter[Reason] | Counter[Sent]) -> tuple[tuple[str, int], ...]:
    """A counter as sorted pairs of text and number."""
    return tuple(sorted((key.value, count) for key, count in counter.items()))
