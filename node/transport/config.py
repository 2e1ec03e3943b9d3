"""Every limit of the transport, each with its unit last. The defaults suit some tens of members on one continent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from node.transport.interface import Channel, Priority

MIB: Final = 1024 * 1024
FRAME_BYTES_MAX: Final = 4 * MIB + 64 * 1024
"""A block is at most 4 MiB; the rest is room for what surrounds it."""
CHANNEL_FRAME_BYTES_MAX: Final[dict[Channel, int]] = {Channel.VOTES: 32 * 1024, Channel.BULK: FRAME_BYTES_MAX}
"""Nothing that is voted on or with is as long as the smaller one, so nothing longer waits in front of a vote."""

BULK_SHARE_PERCENT: Final[dict[Priority, int]] = {
    Priority.VOTE: 100,
    Priority.CERTIFICATE: 100,
    Priority.BLOCK: 90,
    Priority.TRANSACTIONS: 60,
    Priority.CATCH_UP: 30,
}
"""How full the bulk queue may be for a frame of this priority still to be taken."""


@dataclass(frozen=True, slots=True)
class TransportConfig:
    """Limits and times. Tests shorten times; nothing else should need other values than these."""

    # Making a link.
    dial_seconds: float = 5.0
    handshake_seconds: float = 5.0
    backoff_initial_seconds: float = 0.1
    backoff_seconds_max: float = 1.0
    """A member that returns can only wait to be called by those with lower keys, and without them there may be no
    quorum. A call that finds nobody costs a packet or two; ten seconds of pause would be ten seconds of standstill."""
    half_open_max: int = 256
    handshake_bytes_max: int = 16 * 1024
    links_per_second: int = 1
    links_burst: int = 20
    allowed_networks: tuple[str, ...] = ()
    """CIDR blocks from which sockets are accepted; empty means from everywhere, the handshake then decides."""

    # Keeping it.
    heartbeat_seconds: float = 1.0
    silent_heartbeats_max: int = 4
    write_seconds: float = 4.5
    """Under the library's own 5 s, so that the reason is ours to tell."""
    frame_read_seconds: float = 30.0
    close_seconds: float = 0.5

    # Sending.
    write_bytes_max: int = 60_000
    """One multiplexer frame inside one Noise message: 65,519 bytes less the 12-byte header, with some room."""
    votes_queue_frames_max: int = 8192
    votes_queue_bytes_max: int = 8 * MIB
    bulk_queue_frames_max: int = 4096
    bulk_queue_bytes_max: int = 32 * MIB

    # Receiving.
    inbox_frames_per_peer_max: int = 8192
    inbox_bytes_per_peer_max: int = 16 * MIB
    inbox_wait_seconds: float = 3.0
    """Under the 5 s after which a libp2p sender gives up on a window that stays shut."""
    votes_window_bytes: int = 256 * 1024
    bulk_window_bytes: int = 4 * MIB
    receive_buffer_bytes_max: int = 6 * MIB
    streams_per_link_max: int = 16
    bytes_per_second: int = 64 * MIB
    bytes_burst: int = 32 * MIB
    muxer_reads_per_second: int = 8_000
    """A multiplexer frame costs three reads at most (packet, head, body), and about 0.1 ms whoever sent it."""
    muxer_reads_burst: int = 16_000
    frames_per_second: int = 10_000
    frames_burst: int = 20_000

    # Telling.
    library_log_lines_per_minute: int = 30

    def __post_init__(self) -> None:
        assert self.inbox_bytes_per_peer_max >= FRAME_BYTES_MAX, "one largest frame must fit into the inbox"
        assert self.bulk_queue_bytes_max >= 2 * FRAME_BYTES_MAX, "one largest frame must fit into every share"
        assert self.receive_buffer_bytes_max >= self.votes_window_bytes + self.bulk_window_bytes
        assert self.write_bytes_max <= 65_507, "a write must fit into one Noise message"
