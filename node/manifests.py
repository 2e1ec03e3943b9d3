"""What peers say of bodies that this node does not hold yet: manifests, none of which is believed.

A manifest's header hashes to the block, but whether its wids and records are those that the header commits to is known
only when the transactions are there. So manifests of one block stand beside each other, each with its senders, until
one is found to be true; a false one never hides it. A peer has one say for each block: its first manifest, also after
that was found false.
"""

from __future__ import annotations

from dataclasses import dataclass

from consensus.messages import Manifest, PeerId


@dataclass(slots=True, eq=False)
class Offer:
    """One manifest of a block with those who sent it, under a number of this node's own."""

    number: int
    block_hash: bytes
    manifest: Manifest
    senders: list[PeerId]

    @property
    def height(self) -> int:
        return self.manifest.header.height


class Manifests:
    def __init__(self) -> None:
        self._offers: dict[int, Offer] = {}
        self._of_block: dict[bytes, list[Offer]] = {}
        self._said: dict[PeerId, dict[bytes, int]] = {}
        """The blocks of which a peer has had its say, with their heights, the oldest first."""
        self._newest = 0

    def add(self, peer: PeerId, block_hash: bytes, manifest: Manifest) -> Offer | None:
        """The offer that the manifest makes or joins; None when the peer has had its say of this block."""
        said = self._said.setdefault(peer, {})
        if block_hash in said:
            return None
        said[block_hash] = manifest.header.height
        rivals = self._of_block.setdefault(block_hash, [])
        for offer in rivals:
            if offer.manifest == manifest:
                offer.senders.append(peer)
                return offer
        self._newest += 1
        offer = self._offers[self._newest] = Offer(self._newest, block_hash, manifest, [peer])
        rivals.append(offer)
        return offer

    def find(self, number: int) -> Offer | None:
        return self._offers.get(number)

    def of_block(self, block_hash: bytes) -> tuple[Offer, ...]:
        return tuple(self._of_block.get(block_hash, ()))

    def said_by(self, peer: PeerId) -> tuple[bytes, ...]:
        return tuple(self._said.get(peer, ()))

    def is_known(self, block_hash: bytes) -> bool:
        """Has any peer had its say of this block?"""
        return any(block_hash in said for said in self._said.values())

    def withdraw(self, offer: Offer) -> None:
        """Found true or false: the manifest goes, its senders have had their say."""
        del self._offers[offer.number]
        rivals = self._of_block[offer.block_hash]
        rivals.remove(offer)
        if not rivals:
            del self._of_block[offer.block_hash]

    def take_back(self, peer: PeerId, block_hash: bytes) -> Offer | None:
        """The peer's say of this block is forgotten; an offer that nobody else made goes with it and is returned."""
        del self._said[peer][block_hash]
        for offer in self.of_block(block_hash):
            if peer in offer.senders:
                offer.senders.remove(peer)
                if not offer.senders:
                    self.withdraw(offer)
                    return offer
        return None

    def forget(self, applied: int) -> None:
        """Drop what is at or below the applied height."""
        for offer in [offer for offer in self._offers.values() if offer.height <= applied]:
            self.withdraw(offer)
        for peer, said in list(self._said.items()):
            self._said[peer] = {block_hash: height for block_hash, height in said.items() if height > applied}
            if not self._said[peer]:
                del self._said[peer]
