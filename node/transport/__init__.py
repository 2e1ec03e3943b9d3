"""The node's links to its peers. Everything outside imports from here; `interface` says what it may rely on."""

from node.transport.config import FRAME_BYTES_MAX, TransportConfig
from node.transport.identity import peer_id_of, public_key_of
from node.transport.interface import (
    Channel,
    FrameReceived,
    Incoming,
    IncomingFrames,
    Peer,
    PeerDown,
    PeerKey,
    PeerName,
    PeerUp,
    Priority,
    Reason,
    Sent,
    Transport,
)
from node.transport.libp2p_transport import Libp2pTransport
from node.transport.statistics import PeerStatistics, QueueStatistics, TransportStatistics

__all__ = [
    "FRAME_BYTES_MAX",
    "Channel",
    "FrameReceived",
    "Incoming",
    "IncomingFrames",
    "Libp2pTransport",
    "Peer",
    "PeerDown",
    "PeerKey",
    "PeerName",
    "PeerStatistics",
    "PeerUp",
    "Priority",
    "QueueStatistics",
    "Reason",
    "Sent",
    "Transport",
    "TransportConfig",
    "TransportStatistics",
    "peer_id_of",
    "public_key_of",
]
