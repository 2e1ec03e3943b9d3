"""Frozen counts of the transport, read by the node's metrics. Taking them changes nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    frames: int
    bytes: int


@dataclass(frozen=True, slots=True)
class PeerStatistics:
    """One registered peer since it entered the registry. `up_since_ms` is Unix time, None while there is no link;
    `cut_ms` is how much longer the peer is cut off for its faults, `rtt_us` the kernel's smoothed round trip."""

    name: str
    key: bytes
    up_since_ms: int | None
    links: int
    reconnects: int
    dial_failures: int
    bytes_in: int
    bytes_out: int
    frames_in: int
    frames_out: int
    throttled: int
    cut_ms: int
    rtt_us: int | None
    votes_queue: QueueStatistics
    bulk_queue: QueueStatistics
    inbox: QueueStatistics
    link_ends: tuple[tuple[str, int], ...]
    refused_frames: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class TransportStatistics:
    """The whole transport. `refused_sockets` are those that never became a link, by reason."""

    peers: tuple[PeerStatistics, ...]
    half_open: int
    accepted_sockets: int
    refused_sockets: tuple[tuple[str, int], ...]
    library_log_suppressed: int

    def peer(self, name: str) -> PeerStatistics:
        """The statistics of the peer called `name`."""
        return next(peer for peer in self.peers if peer.name == name)
