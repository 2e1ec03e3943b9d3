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
from node.misbehaviour import MisbehaviourRules, offence_key_of

MANIFESTS_PER_PEER_MAX: Final = 6


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

    def journal_form(self) -> bytes:
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
        self._manifests: dict[bytes, Manifest] = {}
        self._senders: dict[PeerId, list[bytes]] = {}
        self._pinned: dict[bytes, None] = {}

    def get(self, block_hash: bytes) -> HeldBlock | None:
        return self._held.get(block_hash)

    def manifest(self, block_hash: bytes) -> Manifest | None:
        held = self._held.get(block_hash)
        return self._manifests.get(block_hash) if held is None else held.manifest()

    def contents(self, block_hash: bytes) -> tuple[Header, BlockBody] | None:
        """Header and body of a block held in full."""
        held = self._held.get(block_hash)
        if held is None:
            return None
        return held.header, BlockBody(tuple(t.wire for t in held.transactions), held.misbehaviour)

    def pin(self, block_hash: bytes) -> None:
        """The engine has spoken of this block."""
        self._pinned[block_hash] = None

    def keep(self, block: HeldBlock) -> None:
        """A block of this node's own, or one that its log holds."""
        self.pin(block.block_hash)
        self.hold(block)

    def hold(self, block: HeldBlock) -> None:
        """A whole block that was found to be what it says."""
        self._held[block.block_hash] = block
        self._manifests.pop(block.block_hash, None)

    def on_manifest(self, peer: PeerId, manifest: Manifest) -> bytes | None:
        """The block's hash, None when it is held already. A peer's oldest manifest makes room for its newest."""
        block_hash = self._hash(manifest.header.encode())
        if block_hash in self._held:
            return None
        if block_hash not in self._manifests:
            sent = [known for known in self._senders.get(peer, []) if self._is_loose(known)]
            if len(sent) >= MANIFESTS_PER_PEER_MAX:
                oldest = sent.pop(0)
                self._manifests.pop(oldest, None)
                self._held.pop(oldest, None)
            self._senders[peer] = [*sent, block_hash]
            self._manifests[block_hash] = manifest
        return block_hash

    def _is_loose(self, block_hash: bytes) -> bool:
        return block_hash not in self._pinned and (block_hash in self._manifests or block_hash in self._held)

    def complete(self, block_hash: bytes, transactions: tuple[Transaction, ...]) -> HeldBlock | None:
        """The block, now held, or None when nobody waits for it; raises `PeerFault` when its contents are others."""
        manifest = self._manifests.pop(block_hash, None)
        if manifest is None:
            return None
        block = make_block(self._suite, manifest.header, transactions, manifest.misbehaviour)
        self._held[block_hash] = block
        return block

    def forget(self, applied: int) -> None:
        """Drop what is at or below the applied height."""
        self._held = {key: block for key, block in self._held.items() if block.height > applied}
        self._manifests = {key: m for key, m in self._manifests.items() if m.header.height > applied}
        self._pinned = {key: None for key in self._pinned if key in self._held or key in self._manifests}


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
