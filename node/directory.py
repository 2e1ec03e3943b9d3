"""Who is who among the members' nodes: consensus key ↔ transport key, from the genesis."""

from __future__ import annotations

from collections.abc import Iterable

from consensus.messages import PeerId
from ledger.genesis import Genesis, ValidatorEntry
from node.transport.interface import Peer, PeerKey, PeerName


class Directory:
    """A node that votes is called by its consensus key everywhere above the transport."""

    def __init__(self, entries: Iterable[ValidatorEntry], own_transport_key: bytes) -> None:
        self._entries = [entry for entry in entries if entry.transport_key != own_transport_key]
        self._by_transport = {PeerKey(entry.transport_key): PeerId(entry.key) for entry in self._entries}
        self._by_id = {PeerId(entry.key): PeerKey(entry.transport_key) for entry in self._entries}

    @classmethod
    def of(cls, genesis: Genesis, own_transport_key: bytes) -> Directory:
        return cls(genesis.validators, own_transport_key)

    @property
    def peers(self) -> tuple[PeerId, ...]:
        return tuple(self._by_id)

    def peer_id(self, key: PeerKey) -> PeerId | None:
        return self._by_transport.get(key)

    def transport_key(self, peer: PeerId) -> PeerKey | None:
        return self._by_id.get(peer)

    def registry(self) -> tuple[Peer, ...]:
        """What the transport is told: whom to link, and where."""
        return tuple(
            Peer(PeerKey(entry.transport_key), PeerName(entry.organisation), entry.addresses) for entry in self._entries
        )
