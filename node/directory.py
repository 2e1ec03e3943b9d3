"""Who is who among the members' nodes: consensus key ↔ transport key.

A node is called by its consensus key in the genesis everywhere above the transport, as long as it lives. The engine
calls it by the key that it has at the height being decided: `key_of` translates at ordering's door, and whatever key a
message is addressed to, the current or an older one, it reaches the node.

Whom to link is the chain's to say: `follow` takes its register of nodes after each block that has changed it. A node
that has left it stays linked while its key still validates, which is for the two heights after the one that decided.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from consensus.messages import PeerId
from ledger.genesis import ValidatorEntry
from ledger.validators import ValidatorSet
from node.transport.interface import Peer, PeerKey, PeerName


class Directory:
    def __init__(self, entries: Iterable[ValidatorEntry], own_transport_key: bytes) -> None:
        self._own = own_transport_key
        self._entries = [entry for entry in entries if entry.transport_key != own_transport_key]
        self._by_transport = {PeerKey(entry.transport_key): PeerId(entry.key) for entry in self._entries}
        self._by_id = {PeerId(entry.key): PeerKey(entry.transport_key) for entry in self._entries}
        self._keys = {peer: peer for peer in self._by_id}

    @property
    def peers(self) -> tuple[PeerId, ...]:
        return tuple(self._keys)

    def adopt(self, validators: ValidatorSet) -> tuple[tuple[PeerId, PeerId], ...]:
        """These validate from now on: (old key, new key) of every node whose key is another one now.

        A key that nobody had belongs to the node of its organisation whose own key is in the set no more.
        """
        current = {row.key for row in validators.rows}
        changed = []
        for entry in self._entries:
            node = PeerId(entry.key)
            old = self._keys[node]
            if old in current:
                continue
            taken = set(self._keys.values())
            new = next(
                (r.key for r in validators.rows if r.organisation == entry.organisation and r.key not in taken), old
            )
            if new != old:
                self._keys[node] = PeerId(new)
                self._by_id[PeerId(new)] = PeerKey(entry.transport_key)
                changed.append((old, PeerId(new)))
        return tuple(changed)

    def follow(self, nodes: Iterable[ValidatorEntry], validators: ValidatorSet) -> bool:
        """The register of nodes is this now, and these validate the height being decided. Whether links change."""
        wanted: dict[bytes, ValidatorEntry] = {}
        for entry in nodes:
            if entry.transport_key != self._own:
                wanted.setdefault(entry.transport_key, entry)
        validating = {row.key for row in validators.rows}
        kept: list[ValidatorEntry] = []
        for known in self._entries:
            found = wanted.pop(known.transport_key, None)
            if found is not None:
                kept.append(replace(known, organisation=found.organisation, addresses=found.addresses))
            elif self._keys[PeerId(known.key)] in validating:
                kept.append(known)
        for entry in wanted.values():
            # A peer that was linked before keeps its old names too: what is still on its way must find it.
            self._by_transport[PeerKey(entry.transport_key)] = PeerId(entry.key)
            self._by_id[PeerId(entry.key)] = PeerKey(entry.transport_key)
            self._keys[PeerId(entry.key)] = PeerId(entry.key)
            kept.append(entry)
        is_changed, self._entries = kept != self._entries, kept
        return is_changed

    def key_of(self, node: PeerId) -> PeerId:
        """The consensus key of a node at the height being decided."""
        return self._keys.get(node, node)

    def peer_id(self, key: PeerKey) -> PeerId | None:
        return self._by_transport.get(key)

    def transport_key(self, peer: PeerId) -> PeerKey | None:
        return self._by_id.get(peer)

    def registry(self) -> tuple[Peer, ...]:
        """What the transport is told: whom to link, and where."""
        return tuple(
            Peer(PeerKey(entry.transport_key), PeerName(entry.organisation), entry.addresses) for entry in self._entries
        )
