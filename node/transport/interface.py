"""What the rest of the node knows of its network: members, two channels each, frames of bytes.

Nothing above this file names libp2p. A peer is its 32-byte Ed25519 transport key, the same bytes that the genesis
and the registry carry; its name is for people. Frames of one channel arrive in the order in which they were sent
within one priority; a link that breaks loses what was under way, and both ends are told by `PeerDown`. Delivery is
therefore *at most once*: whoever needs more asks again after `PeerUp`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum
from typing import TYPE_CHECKING, NewType, Protocol

import trio

from node.transport.statistics import TransportStatistics

if TYPE_CHECKING:
    from trio_typing import TaskStatus

PeerKey = NewType("PeerKey", bytes)
PeerName = NewType("PeerName", str)


class Channel(IntEnum):
    """The two streams of a link. Apart, so that a vote never waits behind a block in the same stream."""

    VOTES = 0
    BULK = 1


class Priority(IntEnum):
    """Lower leaves first, and is refused last when a queue fills up."""

    VOTE = 0
    CERTIFICATE = 1
    BLOCK = 2
    TRANSACTIONS = 3
    CATCH_UP = 4


class Sent(Enum):
    """What became of a frame handed to `send_nowait`. `QUEUED` says nothing about its arrival."""

    QUEUED = "queued"
    NOT_CONNECTED = "not_connected"
    QUEUE_FULL = "queue_full"


class Reason(StrEnum):
    """Why a link ended or was never made; the vocabulary of the statistics and of `PeerDown`."""

    # The ordinary life of a link.
    PEER_CLOSED = "peer_closed"
    SHUTDOWN = "shutdown"
    REPLACED = "replaced"
    UNREGISTERED = "unregistered"
    # A slow or dead peer, or a network that stopped carrying.
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    WRITE_TIMEOUT = "write_timeout"
    READ_TIMEOUT = "read_timeout"
    SETUP_TIMEOUT = "setup_timeout"
    VOTES_OVERFLOW = "votes_overflow"
    INBOX_OVERFLOW = "inbox_overflow"
    # What no correct node does.
    BROKEN = "broken"
    HANDSHAKE = "handshake"
    WRONG_DIRECTION = "wrong_direction"
    TOO_MANY_LINKS = "too_many_links"
    TOO_MANY_STREAMS = "too_many_streams"
    WINDOW_EXCEEDED = "window_exceeded"
    FRAME_TOO_LARGE = "frame_too_large"
    FAULTY = "faulty"
    # The door, before anybody is known.
    ADDRESS_REFUSED = "address_refused"
    HALF_OPEN_EVICTED = "half_open_evicted"


@dataclass(frozen=True, slots=True)
class Peer:
    """A line of the registry: who may connect, and where it listens (multiaddrs such as `/ip4/10.0.0.7/tcp/4001`)."""

    key: PeerKey
    name: PeerName
    addresses: tuple[str, ...]

    def __post_init__(self) -> None:
        assert len(self.key) == 32, "a transport key is 32 bytes"


@dataclass(frozen=True, slots=True)
class PeerUp:
    peer: PeerKey


@dataclass(frozen=True, slots=True)
class PeerDown:
    peer: PeerKey
    reason: Reason


@dataclass(frozen=True, slots=True)
class FrameReceived:
    peer: PeerKey
    channel: Channel
    payload: bytes


Incoming = PeerUp | PeerDown | FrameReceived


class IncomingFrames(Protocol):
    """The process' one mailbox of frames and link notices."""

    async def receive(self) -> Incoming: ...

    def receive_nowait(self) -> Incoming: ...

    def __aiter__(self) -> AsyncIterator[Incoming]: ...


class Transport(Protocol):
    """Links to the registered peers, kept up for as long as `run` runs."""

    @property
    def incoming(self) -> IncomingFrames: ...

    async def run(self, *, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Listen, dial, and keep the links; return only by cancellation or by a bug of our own."""
        ...

    def send_nowait(self, peer: PeerKey, channel: Channel, frame: bytes, priority: Priority) -> Sent:
        """Queue a frame. A full votes queue ends that link; a full bulk queue refuses the low priorities first."""
        ...

    def set_registry(self, peers: Iterable[Peer]) -> None:
        """Replace the set of peers that may be linked; links of those left out are closed."""
        ...

    def cut_off(self, peer: PeerKey, seconds: float) -> None:
        """End the link to a peer that keeps sending faults, and have none with it for so long."""
        ...

    def connected(self) -> tuple[PeerKey, ...]: ...

    def statistics(self) -> TransportStatistics: ...
