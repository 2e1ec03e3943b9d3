"""Bodies: manifests, fetching, assembly, what a block may hold; the parts of the node, joined as it joins them."""

from __future__ import annotations

from consensus.events import BodyArrived, Event, Fetch, Validate, Validated
from consensus.messages import Bodies, GetBodies, Manifest, PeerId
from devnet.sim.stage import Driver, Stage
from ledger.errors import PeerFault
from ledger.transaction import Transaction
from node.assembly import Assembly, Job
from node.fetching import Fetching
from node.held_blocks import HeldBlock, HeldBlocks, Permission
from node.manifests import Offer
from node.misbehaviour import MisbehaviourRules, offence_key_of
from node.pool import Pool

BLOCK_TRANSACTIONS_MAX = 16
BODY_BYTES_MAX = 1 << 20


class Holding:
    def __init__(self, stage: Stage, node: Driver, pool: Pool, lifetime_ms_max: int) -> None:
        self._stage, self._node = stage, node
        self.blocks = HeldBlocks(stage.suite)
        self._fetching = Fetching(node.say)
        self._assembly = Assembly(find=pool.find, ask=node.say, done=self._on_body)
        rows = node.disk.rows
        self.executed = {t.id for row in rows for t in row.block.transactions}
        self.reported = {offence_key_of(record, stage.suite) for row in rows for record in row.block.misbehaviour}
        self.permission = Permission(
            suite=stage.suite,
            is_executed=self.executed.__contains__,
            misbehaviour=MisbehaviourRules(stage.domain, stage.validators_at, self.reported.__contains__),
            lifetime_ms_max=lifetime_ms_max,
            transactions_max=BLOCK_TRANSACTIONS_MAX,
            body_bytes_max=BODY_BYTES_MAX,
        )
        for block in [*(row.block for row in rows[-1:]), *node.disk.blocks_above_applied()]:
            self.blocks.keep(block)

    @property
    def is_busy(self) -> bool:
        return self._fetching.next_ms() is not None or any(job.missing for job in self._assembly._jobs.values())

    def on_house(self) -> None:
        self._fetching.ask_again(self._stage.now)
        self._assembly.ask_again(self._stage.now)

    def on_delivered(self, block: HeldBlock) -> None:
        self._fetching.forget(block.height)
        self.permission.on_decided(block)
        self.reported |= {offence_key_of(record, self._stage.suite) for record in block.misbehaviour}

    def on_executed(self, block: HeldBlock) -> None:
        """One height is kept longer: a peer that is one behind asks for this body and for nothing else."""
        self.executed.update(block.ids)
        self.permission.on_applied(block.height)
        self.blocks.forget(block.height - 1)
        self._assembly.on_applied(block.height - 1)

    def is_open(self, block_hash: bytes) -> bool:
        return self._assembly.is_open(block_hash)

    def on_transaction(self, transaction: Transaction) -> None:
        self._assembly.on_transaction(transaction)

    def on_manifest(self, peer: PeerId, manifest: Manifest) -> None:
        if not self._node.delivered < manifest.header.height <= self._node.delivered + 2:
            return
        offer = self.blocks.on_manifest(peer, manifest)
        if offer is not None:
            for gone in self.blocks.make_room(peer):
                self._assembly.end(gone)
            self._resolve(offer, (peer, *self._fetching.sources_of(offer.block_hash)))
            self._node.keep_house()

    def _resolve(self, offer: Offer, sources: tuple[PeerId, ...]) -> None:
        wids, now = offer.manifest.wids, self._stage.now
        self._assembly.resolve(offer.number, offer.height, offer.block_hash, wids, sources, now)

    def _on_body(self, job: Job) -> None:
        self._assembly.end(job.number)
        try:
            block = self.blocks.complete(job.number, tuple(job.held[wid] for wid in job.wids))
        except PeerFault as fault:
            self._stage.note(f"{self._node.index} ! {fault.detail}")
            return
        if block is not None and job.height > self._node.delivered:
            for needless in self.blocks.hold(block):
                self._assembly.end(needless)
            self._fetching.got(job.block_hash)
            self._node.step(BodyArrived(job.height, job.block_hash, block.header))

    def on_get_bodies(self, peer: PeerId, question: GetBodies) -> None:
        if question.wids:
            wires = self._assembly.serve(question.block_hash, question.wids) or self._served(question)
            if wires:
                self._node.say(peer, Bodies(question.height, question.block_hash, tuple(wires)))
        else:
            block = self.blocks.get(question.block_hash)
            if block is not None:
                self._node.say(peer, block.manifest())

    def _served(self, question: GetBodies) -> list[bytes]:
        block = self.blocks.get(question.block_hash)
        return [] if block is None else [t.wire for t in block.transactions if t.wid in question.wids]

    def on_fetch(self, effect: Fetch) -> Event | None:
        """What a body that was held all along has to say at once, if anything."""
        self.blocks.pin(effect.height, effect.block_hash)
        held, offers = self.blocks.get(effect.block_hash), self.blocks.offers(effect.block_hash)
        if held is not None:
            return BodyArrived(effect.height, effect.block_hash, held.header)
        for offer in offers:
            self._resolve(offer, effect.sources)
        now, is_offered = self._stage.now, bool(offers)
        self._fetching.want(effect.height, effect.block_hash, effect.sources, now, is_offered=is_offered)
        self._node.keep_house()
        return None

    def validated(self, effect: Validate) -> Validated:
        block = self.blocks.get(effect.block_hash)
        assert block is not None, "only a held block is validated"
        self.blocks.pin(effect.height, effect.block_hash)
        try:
            self.permission.verify(block)
        except PeerFault as fault:
            self._stage.note(f"{self._node.index} ! block refused: {fault.detail}")
            return Validated(effect.height, effect.block_hash, ok=False)
        return Validated(effect.height, effect.block_hash, ok=True)
