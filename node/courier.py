"""Sending: which stream and which priority a message has, and to whom it goes. Encodes once, never waits.

Votes, certificates and questions about them travel on the votes stream; whatever carries transactions on the bulk one.
A frame that finds no link or a full queue is dropped and counted: everything that matters is sent again by its owner.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from consensus.messages import (
    Blocks,
    Bodies,
    Certificate,
    CommitCert,
    GetBlocks,
    GetBodies,
    GetOutcome,
    GetTransactions,
    Manifest,
    Misbehaviour,
    Outcome,
    PeerId,
    PeerMessage,
    PolkaCert,
    RoundCert,
    TxBatch,
    encode_message,
)
from node.directory import Directory
from node.transport.interface import Channel, Priority, Sent, Transport

VOTES: Final = (Channel.VOTES, Priority.VOTE)
WAYS: Final[dict[type[object], tuple[Channel, Priority]]] = {
    PolkaCert: (Channel.VOTES, Priority.CERTIFICATE),
    CommitCert: (Channel.VOTES, Priority.CERTIFICATE),
    RoundCert: (Channel.VOTES, Priority.CERTIFICATE),
    Certificate: (Channel.VOTES, Priority.CERTIFICATE),
    Misbehaviour: (Channel.VOTES, Priority.CERTIFICATE),
    Manifest: (Channel.BULK, Priority.BLOCK),
    GetBodies: (Channel.BULK, Priority.BLOCK),
    Bodies: (Channel.BULK, Priority.BLOCK),
    GetTransactions: (Channel.BULK, Priority.BLOCK),
    TxBatch: (Channel.BULK, Priority.TRANSACTIONS),
    GetOutcome: (Channel.BULK, Priority.CATCH_UP),
    Outcome: (Channel.BULK, Priority.CATCH_UP),
    GetBlocks: (Channel.BULK, Priority.CATCH_UP),
    Blocks: (Channel.BULK, Priority.CATCH_UP),
}
"""Whatever is not named here is the engine's and goes before everything else."""


class Courier:
    def __init__(self, transport: Transport, directory: Directory) -> None:
        self._transport = transport
        self._directory = directory
        self.dropped: Counter[str] = Counter()
        self._last: tuple[PeerMessage | None, bytes] = (None, b"")

    def send(self, to: PeerId | None, message: PeerMessage) -> None:
        frame = self._encode(message)
        channel, priority = WAYS.get(type(message), VOTES)
        if to is None:
            keys = self._transport.connected()
        else:
            key = self._directory.transport_key(to)
            keys = () if key is None else (key,)
        for key in keys:
            sent = self._transport.send_nowait(key, channel, frame, priority)
            if sent is not Sent.QUEUED:
                self.dropped[sent.value] += 1

    def _encode(self, message: PeerMessage) -> bytes:
        """What goes to several peers one after another is encoded for the first of them."""
        if self._last[0] is not message:
            self._last = message, encode_message(message)
        return self._last[1]
