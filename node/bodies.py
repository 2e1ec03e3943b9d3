"""The bodies of blocks, as ordering sees them: offered, fetched, put together, served to peers.

A manifest comes, the mempool puts the transactions together, `HeldBlocks` compares them with the header; what is found
whole is told to the engine as BodyArrived. What others only say of a body is not passed on: a manifest that a correct
node sends is true.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from consensus.events import BodyArrived, Fetch
from consensus.messages import Bodies, Manifest, PeerId
from ledger.block import BlockBody, Header
from ledger.crypto import Suite
from ledger.errors import PeerFault
from ledger.transaction import Transaction
from node.fetching import Fetching
from node.held_blocks import HeldBlock, HeldBlocks
from node.layout import Applied
from node.manifests import Offer
from node.messages import EndResolve, MempoolControl, PeerWantsBodies, Post, Resolve, SendToPeer

HEIGHTS_AHEAD_MAX: Final = 2


class AppliedBlocks(Protocol):
    """Of the store: the newest applied block."""

    @property
    def applied(self) -> Applied | None: ...

    def header(self, height: int) -> bytes | None: ...

    def body(self, height: int) -> bytes | None: ...


class BlockBodies:
    """`blame(peer, code)` and `fault` count what peers do wrong; where nobody can tell who it was, `fault` does."""

    def __init__(
        self,
        *,
        suite: Suite,
        blocks: HeldBlocks,
        store: AppliedBlocks,
        transactions_max: int,
        send: SendToPeer,
        to_mempool: Post[MempoolControl],
        blame: Callable[[PeerId, str], None],
        fault: Callable[[PeerFault], None],
    ) -> None:
        self._blocks = blocks
        self._suite = suite
        self._wid = suite.hasher("wire")
        self._store = store
        self._transactions_max = transactions_max
        self._send = send
        self._to_mempool = to_mempool
        self._blame = blame
        self._fault = fault
        self._fetching = Fetching(send)
        applied = store.applied
        assert applied is not None, "the genesis is written before ordering starts"
        self._delivered = applied.height

    # What peers say of bodies

    def on_manifest(self, peer: PeerId, manifest: Manifest) -> None:
        if not self._delivered < manifest.header.height <= self._delivered + HEIGHTS_AHEAD_MAX:
            return
        if len(manifest.wids) > self._transactions_max:
            self._blame(peer, "BYT-BODY")
            return
        offer = self._blocks.on_manifest(peer, manifest)
        if offer is not None:
            self._end(self._blocks.make_room(peer))
            self._resolve(offer, (peer, *self._fetching.sources_of(offer.block_hash)))

    def on_wish(self, wish: PeerWantsBodies) -> None:
        """A peer lacks a block: its manifest (no wids named) or transactions of it.

        A node that is one height behind asks here too, so the newest applied block is still served; who is further
        behind fetches whole blocks.
        """
        question = wish.question
        contents = self._blocks.contents(question.block_hash) or self._newest_applied(question.block_hash)
        if contents is not None:
            wires = {self._wid(wire): wire for wire in contents[1].transactions}
            if not question.wids:
                self._send(wish.peer, Manifest(contents[0], tuple(wires), contents[1].misbehaviour))
            elif found := tuple(wires[wid] for wid in question.wids if wid in wires):
                self._send(wish.peer, Bodies(question.height, question.block_hash, found))
        elif question.wids:
            self._to_mempool(wish)

    def _newest_applied(self, block_hash: bytes) -> tuple[Header, BlockBody] | None:
        store = self._store
        applied = store.applied
        if applied is None or applied.height == 0 or applied.block_hash != block_hash:
            return None
        header, body = store.header(applied.height), store.body(applied.height)
        assert header is not None, "an applied block is stored"
        assert body is not None, "an applied block is stored"
        return Header.decode(header, self._suite), BlockBody.decode(body)

    # What is held, and told to the engine

    def on_resolved(self, number: int, transactions: tuple[Transaction, ...]) -> BodyArrived | None:
        """All transactions of a manifest are here: is it the block that its header says?"""
        self._to_mempool(EndResolve(number))
        try:
            block = self._blocks.complete(number, transactions)
        except PeerFault as fault:
            self._fault(fault)
            return None
        if block is None or block.height <= self._delivered:
            return None
        return self.hold(block)

    def hold(self, block: HeldBlock) -> BodyArrived:
        self._end(self._blocks.hold(block))
        self._fetching.got(block.block_hash)
        return BodyArrived(block.height, block.block_hash, block.header)

    # What the engine asks for

    def on_fetch(self, fetch: Fetch, now_ms: int) -> BodyArrived | None:
        """What a body that is held already has to say at once."""
        height, block_hash, sources = fetch.height, fetch.block_hash, fetch.sources
        self._blocks.pin(height, block_hash)
        held = self._blocks.get(block_hash)
        if held is not None:
            return BodyArrived(height, block_hash, held.header)
        offers = self._blocks.offers(block_hash)
        for offer in offers:
            self._resolve(offer, sources)
        self._fetching.want(height, block_hash, sources, now_ms, is_offered=bool(offers))
        return None

    def ask_again(self, now_ms: int) -> None:
        self._fetching.ask_again(now_ms)

    def next_ms(self) -> int | None:
        """When `ask_again` has something to do."""
        return self._fetching.next_ms()

    def on_delivered(self, height: int) -> None:
        self._delivered = height
        self._fetching.forget(height)

    def on_applied(self, height: int) -> None:
        self._blocks.forget(height)

    def _resolve(self, offer: Offer, sources: tuple[PeerId, ...]) -> None:
        self._to_mempool(Resolve(offer.number, offer.height, offer.block_hash, offer.manifest.wids, sources))

    def _end(self, numbers: tuple[int, ...]) -> None:
        for number in numbers:
            self._to_mempool(EndResolve(number))
