"""What the node says about itself: one frozen record an actor, replaced whole by that actor alone, read by everybody.

The HTTP API, the metrics and the tests read here instead of asking the actors, so that looking at a busy node does not
make it busier. Nothing that decides anything reads the board.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from node.transport.statistics import TransportStatistics
from node.watch import Watch

Mode = Literal["starting", "voting", "observer", "halted"]


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """Heights of the store: `applied` is on this node's disk, `certified` the highest of these with a certificate."""

    applied: int
    applied_time_ms: int
    certified: int


@dataclass(frozen=True, slots=True)
class OrderingStatus:
    """What the engine is doing. `view_changes` counts rounds above 0 that this process has entered."""

    decided: int
    height: int
    round: int
    mode: Mode
    view_changes: int
    quorum: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """`oldest_since_ms` is the Unix time at which the oldest waiting transaction came in, None when none waits."""

    count: int
    bytes: int
    oldest_since_ms: int | None
    accepted: int
    known: int
    expired: int
    refused: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class PeerSeen:
    """What a peer last said of itself (unverified: for people, never for decisions). `observer` is None until it has
    said so: nodes speak of that only when one of them comes back without its guard."""

    height: int
    certified: int
    observer: bool | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class ExecutionStatus:
    """Durations of the last applied block and sums since start, in microseconds."""

    blocks: int
    transactions: int
    last_execute_us: int
    last_tree_us: int
    last_write_us: int
    total_us: int


@dataclass(slots=True)
class Board:
    """The one place of a node's public numbers."""

    started_ms: int
    chain: Watch[ChainStatus]
    ordering: Watch[OrderingStatus]
    pool: PoolStatus = PoolStatus(0, 0, None, 0, 0, 0, ())
    execution: ExecutionStatus = ExecutionStatus(0, 0, 0, 0, 0, 0)
    peers: dict[bytes, PeerSeen] = field(default_factory=dict)
    """By transport key, which names a node as long as it lives, whether it is of the genesis or has joined."""
    transport: TransportStatistics | None = None
    peer_faults: Counter[str] = field(default_factory=Counter)
    """Inputs of peers that were dropped, by code."""
    refused_receipts: Counter[str] = field(default_factory=Counter)
    """Transactions that were refused when they were executed, by code."""
    alarms: Counter[str] = field(default_factory=Counter)
