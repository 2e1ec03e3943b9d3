"""Every limit of the HTTP side, each with its unit last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.api import REQUEST_BYTES_MAX

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Limits and times. Tests shorten times; nothing else should need other values than these."""

    # Connections.
    connections_max: int = 512
    connections_per_address_max: int = 384
    """Below the whole, so that one address that holds all it can get leaves room for others."""
    header_bytes_max: int = 16 * 1024
    idle_seconds: float = 60.0
    """Also the time within which a request's head must have arrived."""
    keep_alive_requests_max: int = 1_000_000
    write_seconds: float = 10.0
    write_bytes_per_second_min: int = 64 * 1024
    drain_bytes_max: int = 256 * 1024
    drain_seconds: float = 1.0
    stop_seconds: float = 3.0

    # Requests.
    body_bytes_max: int = REQUEST_BYTES_MAX
    body_seconds: float = 15.0
    bodies_bytes_max: int = 64 * MIB
    """All bodies that are being received at one time."""
    requests_per_second: int = 5_000
    requests_burst: int = 10_000
    addresses_max: int = 4_096

    # Questions.
    answer_seconds: float = 10.0
    """How long a part of the node may take over an answer."""
    receipt_wait_ms_max: int = 30_000
    views_running_max: int = 2
    views_waiting_max: int = 32
    view_seconds: float = 5.0
    view_heights_ahead_max: int = 128
    """How far behind the height of a view a node may be and still wait for it: what a chain makes in `view_seconds`."""
    view_arguments_bytes_max: int = 64 * 1024

    # Event streams.
    streams_max: int = 64
    sign_of_life_seconds: float = 15.0
