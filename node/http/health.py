"""Alive, ready, and why not. `/healthz` says that the event loop turns; `/readyz` that the node can serve a client."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from node.http.seams import NodeSeams

DISK_FREE_BYTES_MIN: Final = 512 * 1024 * 1024
CERTIFIED_LAG_MAX: Final = 2
"""Ordering runs at most so far ahead of the certified height; more means that this node waits for a quorum."""


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of readiness, with the numbers on which it stands."""

    name: str
    ok: bool
    detail: str


def readiness(node: NodeSeams) -> tuple[Check, ...]:
    board = node.reads.board
    chain, ordering, transport = board.chain.value, board.ordering.value, board.transport
    linked = 0 if transport is None else sum(peer.up_since_ms is not None for peer in transport.peers)
    free = free_bytes(node.identity.data_path)
    lag = chain.applied - chain.certified
    return (
        Check("peers", linked + 1 >= ordering.quorum, f"{linked} linked and itself, quorum {ordering.quorum}"),
        Check("mode", ordering.mode == "voting", ordering.mode + (f": {ordering.reason}" if ordering.reason else "")),
        Check("certified", lag <= CERTIFIED_LAG_MAX, f"applied {chain.applied}, certified {chain.certified}"),
        Check("disk", free >= DISK_FREE_BYTES_MIN, f"{free} bytes free, at least {DISK_FREE_BYTES_MIN} wanted"),
    )


def free_bytes(path: Path) -> int:
    return shutil.disk_usage(path).free
