"""From a TCP connection to a multiplexed one: Noise, then the gate, then Yamux. Nothing else is ever offered.

The gate stands between the two (guard 10): who is not in the registry, or calls although it is our turn to call, is
turned away knowing nothing of us but our public key, before it may choose any further protocol.

libp2p's own host and swarm are left out on purpose. What they add to the parts used here is a peer store, identify,
pruning, automatic dialling and a dial cache: none is wanted between members who know each other, and most of the
traps of `tests/transport` live there. On the wire it is libp2p all the same: multistream-select, `/noise`,
`/yamux/1.0.0` and one protocol name a stream; a stock host of a registered member can talk to us.
"""

from __future__ import annotations

from collections.abc import Callable

import trio
from libp2p.crypto.x25519 import create_new_key_pair
from libp2p.custom_types import TProtocol
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.peer.id import ID
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as NoiseTransport
from libp2p.security.secure_session import SecureSession
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID as YAMUX
from libp2p.transport.upgrader import TransportUpgrader

from node.transport.config import TransportConfig
from node.transport.errors import LinkEnded, library_faults
from node.transport.identity import key_pair_of
from node.transport.interface import Reason
from node.transport.muxing import GuardedYamux, Meter, MeteredSession
from node.transport.socket_stream import SocketStream

Gate = Callable[[ID], None]
"""Raises `LinkEnded` for a peer that may not come in."""


class Upgrader:
    """Holds the node's identity; makes one `GuardedYamux` of each socket or raises `LinkEnded`."""

    def __init__(self, seed: bytes, config: TransportConfig) -> None:
        self._config = config
        # The Diffie-Hellman key is of the X25519 kind and lives as long as the process; the identity signs it.
        noise = NoiseTransport(key_pair_of(seed), create_new_key_pair().private_key)
        self._upgrader = TransportUpgrader({NOISE: noise}, {TProtocol(YAMUX): GuardedYamux})

    async def inbound(self, socket: SocketStream, gate: Gate) -> GuardedYamux:
        """Act as the one who was called."""
        return await self._upgrade(socket, None, gate)

    async def outbound(self, socket: SocketStream, peer: ID) -> GuardedYamux:
        """Act as the caller: whoever answers must be `peer`."""
        return await self._upgrade(socket, peer, lambda _: None)

    async def _upgrade(self, socket: SocketStream, expected: ID | None, gate: Gate) -> GuardedYamux:
        with trio.move_on_after(self._config.handshake_seconds):
            with library_faults(Reason.HANDSHAKE, "noise"):
                raw = RawConnection(socket, expected is not None)
                secured = await self._upgrader.upgrade_security(raw, expected is not None, expected)
            gate(secured.get_remote_peer())
            assert isinstance(secured, SecureSession)
            session = MeteredSession(secured, socket, Meter(self._config))
            with library_faults(Reason.HANDSHAKE, "multiplexer"):
                # Not `upgrade_connection`: it negotiates this class and then builds the library's own (guard 14).
                chosen = await self._upgrader.muxer_multistream.select_transport(session)
            assert chosen is GuardedYamux
            socket.handshake_done()
            return GuardedYamux(session, self._config.receive_buffer_bytes_max)
        raise LinkEnded(Reason.SETUP_TIMEOUT, f"no handshake within {self._config.handshake_seconds} s")
