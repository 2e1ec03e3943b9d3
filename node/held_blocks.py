"""The blocks that ordering talks about and this node holds: manifests, bodies, and whether a body is permitted.

A manifest (header and wids) comes from a peer or from building; a body is held once all its transactions are there and
the header commits to exactly them. Whether a held body may follow its parent is a pure function of the chain below it:
times, repetition, sizes, misbehaviour. Blocks that the engine has spoken of stay until they are applied (`pin`); what a
peer sends on its own account is bounded for each peer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cbor2

from consensus.messages import Manifest, PeerId
from ledger.block import BlockBody, Header, misbehaviour_root, transactions_root
from ledger.crypto import Suite
from ledger.errors import PeerFault
from ledger.transaction import Transaction
from node.manifests import Manifests, Offer
from node.misbehaviour import MisbehaviourRules, offence_key_of

MANIFESTS_PER_PEER_MAX: Final = 4
"""Of blocks that the engine has not spoken of: those of the height being decided and of the next, in two rounds."""


@dataclass(frozen=True, slots=True)
class HeldBlock:
    """A block in full, in the forms in which it is needed."""

    header: Header
    header_bytes: bytes
    block_hash: bytes
    body: bytes
    transactions: tuple[Transaction, ...]
    misbehaviour: tuple[bytes, ...]

    @property
    def height(self) -> int:
        return self.header.height

    @property
    def ids(self) -> tuple[bytes, ...]:
        return tuple(transaction.id for transaction in self.transactions)

    def manifest(self) -> Manifest:
        return Manifest(self.header, tuple(t.wid for t in self.transactions), self.misbehaviour)

    def log_form(self) -> bytes:
        """Header and body as the write-ahead log keeps them."""
        return cbor2.dumps((self.header_bytes, self.body))


def make_block(
    suite: Suite, header: Header, transactions: tuple[Transaction, ...], misbehaviour: tuple[bytes, ...]
) -> HeldBlock:
    """Put a block together; raises `PeerFault` when the header does not commit to exactly these contents."""
    header_bytes = header.encode()
    body = BlockBody(tuple(t.wire for t in transactions), misbehaviour).encode()
    found = (
        len(transactions),
        transactions_root(suite, [(t.id, t.wid) for t in transactions]),
        misbehaviour_root(suite, misbehaviour),
        len(body),
    )
    claimed = (header.tx_count, header.tx_root, header.evidence_root, header.body_bytes)
    if found != claimed:
        raise PeerFault("BYT-BODY", f"the body of height {header.height} is not the one that its header commits to")
    return HeldBlock(header, header_bytes, suite.hasher("block")(header_bytes), body, transactions, misbehaviour)


class HeldBlocks:
    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._hash = suite.hasher("block")
        self._held: dict[bytes, HeldBlock] = {}
        self._manifests = Manifests()
        self._pinned: dict[bytes, int] = {}

    def get(self, block_hash: bytes) -> HeldBlock | None:
        return self._held.get(block_hash)

    def offers(self, block_hash: bytes) -> tuple[Offer, ...]:
        """What peers say of the body of a block that is not held."""
        return self._manifests.of_block(block_hash)

    def contents(self, block_hash: bytes) -> tuple[Header, BlockBody] | None:
        """Header and body of a block held in full."""
        held = self._held.get(block_hash)
        if held is None:
            return None
        return held.header, BlockBody(tuple(t.wire for t in held.transactions), held.misbehaviour)

    def pin(self, height: int, block_hash: bytes) -> None:
        """The engine has spoken of this block."""
        self._pinned[block_hash] = height

    def keep(self, block: HeldBlock) -> None:
        """A block of this node's own, or one that its log holds."""
        self.pin(block.height, block.block_hash)
        self.hold(block)

    def hold(self, block: HeldBlock) -> tuple[int, ...]:
        """A whole block that was found to be what it says; returns the offers that have become needless."""
        self._held[block.block_hash] = block
        offers = self._manifests.of_block(block.block_hash)
        for offer in offers:
            self._manifests.withdraw(offer)
        return tuple(offer.number for offer in offers)

    def on_manifest(self, peer: PeerId, manifest: Manifest) -> Offer | None:
        """What the peer offers, None when it is not needed; `make_room` for it."""
        block_hash = self._hash(manifest.header.encode())
        if block_hash in self._held:
            return None
        return self._manifests.add(peer, block_hash, manifest)

    def make_room(self, peer: PeerId) -> tuple[int, ...]:
        """A peer's oldest blocks make room for its newest; returns the offers that are gone with them.

        Blocks that the engine has spoken of stay.
        """
        gone: list[int] = []
        loose = [said for said in self._manifests.said_by(peer) if said not in self._pinned]
        for oldest in loose[:-MANIFESTS_PER_PEER_MAX]:
            offer = self._manifests.take_back(peer, oldest)
            if offer is not None:
                gone.append(offer.number)
            if not self._manifests.is_known(oldest):
                self._held.pop(oldest, None)
        return tuple(gone)

    def complete(self, number: int, transactions: tuple[Transaction, ...]) -> HeldBlock | None:
        """The offer's block, None when nobody waits for it; raises `PeerFault` when its contents are others.

        Either way the offer is gone. Who has the block calls `hold`.
        """
        offer = self._manifests.find(number)
        if offer is None:
            return None
        self._manifests.withdraw(offer)
        return make_block(self._suite, offer.manifest.header, transactions, offer.manifest.misbehaviour)

    def forget(self, applied: int) -> None:
        """Drop what is at or below the applied height."""
        self._held = {key: block for key, block in self._held.items() if block.height > applied}
        self._pinned = {key: height for key, height in self._pinned.items() if height > applied}
        self._manifests.forget(applied)


class Permission:
    """May this body follow its parent? `is_executed` asks the store, which knows up to the applied height."""

    def __init__(
        self,
        *,
        suite: Suite,
        is_executed: Callable[[bytes], bool],
        misbehaviour: MisbehaviourRules,
        lifetime_ms_max: int,
        transactions_max: int,
        body_bytes_max: int,
    ) -> None:
        self._suite = suite
        self._is_executed = is_executed
        self._misbehaviour = misbehaviour
        self._lifetime_ms_max = lifetime_ms_max
        self._transactions_max = transactions_max
        self._body_bytes_max = body_bytes_max
        self._decided: dict[int, frozenset[bytes]] = {}

    def on_decided(self, block: HeldBlock) -> None:
        """A decided height that the store may not know yet."""
        offences = [offence_key_of(record, self._suite) for record in block.misbehaviour]
        self._decided[block.height] = frozenset((*block.ids, *offences))

    def on_applied(self, height: int) -> None:
        for old in [known for known in self._decided if known <= height]:
            del self._decided[old]

    def verify(self, block: HeldBlock) -> None:
        """Raise `PeerFault` naming the first rule that the body breaks."""
        time, height = block.header.time, block.height
        if len(block.transactions) > self._transactions_max:
            raise PeerFault(
                "BYT-BODY", f"{len(block.transactions)} transactions, the limit is {self._transactions_max}"
            )
        if len(block.body) > self._body_bytes_max:
            raise PeerFault("BYT-BODY", f"{len(block.body)} bytes, the limit is {self._body_bytes_max}")
        below = [ids for decided, ids in self._decided.items() if decided < height]
        latest, seen, is_executed = time + self._lifetime_ms_max, set[bytes](), self._is_executed
        for transaction in block.transactions:
            identifier = transaction.id
            if not time <= transaction.body.valid_until <= latest:
                raise PeerFault("BYT-BODY", f"{identifier.hex()[:16]} is not valid at {time}")
            if identifier in seen or any(identifier in ids for ids in below) or is_executed(identifier):
                raise PeerFault("BYT-BODY", f"{identifier.hex()[:16]} is repeated")
            seen.add(identifier)
        for record in block.misbehaviour:
            key = self.verify_record(record, height)
            if key in seen:
                raise PeerFault("BYT-EVIDENCE", "one offence reported twice")
            seen.add(key)

    def verify_record(self, record: bytes, height: int) -> bytes:
        """The offence's key; raises `PeerFault` when a block of `height` may not carry the record."""
        key = self._misbehaviour.verify(record, height)
        if any(key in keys for decided, keys in self._decided.items() if decided < height):
            raise PeerFault("BYT-EVIDENCE", "an offence that was reported just now")
        return key
