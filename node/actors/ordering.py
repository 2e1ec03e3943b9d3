"""Ordering: steps the consensus engine and performs its effects, in their order.

Theory of operation. The engine is a value; this actor is its driver. Everything that comes into the box becomes an
event (after a Tick, when the clock has moved on); every effect is performed before the next event. What must be durable
is gathered and synced once for all that came in together, and nothing that waits for it leaves before (`Durable`).
Peers' messages are verified here, after the engine has been asked whether it wants them at all.

It alone holds the consensus key, so it also answers who wants a signature of freshness. Bodies: a manifest comes, the
mempool puts the transactions together, `HeldBlocks` compares them with the header, the engine hears BodyArrived.
It must never execute a contract, and never send what is not durable.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trio

from consensus.events import (
    Alarm,
    Applied,
    AskForWork,
    BodyArrived,
    Build,
    Built,
    Certified,
    Deliver,
    Effect,
    Eligible,
    Event,
    Fetch,
    Mode,
    OrderingEngine,
    PeerDown,
    PeerUp,
    Persist,
    Persisted,
    Received,
    Reject,
    Report,
    Send,
    SetMode,
    SetTimer,
    Spread,
    Tick,
    Validate,
    Validated,
)
from consensus.messages import (
    Bodies,
    CommitCert,
    GetOutcome,
    GetTransactions,
    Manifest,
    Misbehaviour,
    OrderingMessage,
    Outcome,
    PeerId,
    encode_message,
)
from consensus.signing import Signer
from consensus.verify import FalseCertificate, NotYet, Verifier
from ledger.block import BlockBody, Header, misbehaviour_root, transactions_root
from ledger.checkpoint import Checkpoint, CheckpointCert
from ledger.errors import PeerFault
from ledger.genesis import Genesis, ValidatorEntry
from ledger.proofs import freshness_digest
from ledger.transaction import Transaction
from ledger.validators import ValidatorSet
from node.board import Board, ChainStatus, OrderingStatus
from node.board import Mode as BoardMode
from node.box import Box
from node.caught_up import CaughtUpBlock
from node.clock import Clock
from node.directory import Directory
from node.divergence import Divergence
from node.durable import Durable
from node.fetching import Fetching
from node.held_blocks import HeldBlock, HeldBlocks, Permission, make_block
from node.manifests import Offer
from node.messages import (
    AppliedBlock,
    BlockRefused,
    BlockVerified,
    BodyResolved,
    CatchUpInbox,
    CaughtUp,
    Decided,
    EndResolve,
    Execute,
    ExecutorInbox,
    FromPeer,
    LinkDown,
    LinkUp,
    ManifestFromPeer,
    MempoolControl,
    OrderingInbox,
    OutcomeFromPeer,
    PeerWantsBodies,
    Post,
    Resolve,
    SendToPeer,
    SignFreshness,
    SpreadTo,
    Take,
    Taken,
    TimerFired,
    Waiting,
    WakeAt,
)
from node.misbehaviour import Reportable
from node.store import Store
from node.transport.interface import Peer
from node.watch import Watch

if TYPE_CHECKING:
    from trio_typing import TaskStatus

TOGETHER_MESSAGES_MAX: Final = 64
HEIGHTS_AHEAD_MAX: Final = 2
BODY_OVERHEAD_BYTES: Final = 64 * 1024
"""Room in a body for what is no transaction: misbehaviour records and the heads of arrays."""
NAMES: Final[dict[Mode, BoardMode]] = {Mode.VOTING: "voting", Mode.OBSERVER: "observer", Mode.STOPPED: "halted"}
CATCH_UP: Final = PeerId(b"catch-up")
"""Whoever sent a caught-up block is catch-up's to judge; here it has one name."""
log = logging.getLogger("lugang.ordering")


@dataclass(frozen=True, slots=True)
class OrderingParts:
    """What the actor is made of, and the boxes that it writes to."""

    engine: OrderingEngine
    verifier: Verifier
    signer: Signer
    genesis: Genesis
    store: Store
    board: Board
    clock: Clock
    durable: Durable
    blocks: HeldBlocks
    permission: Permission
    blame: Callable[[PeerId, str], None]
    directory: Directory
    divergence: Divergence
    decided: Watch[int]
    nodes: tuple[ValidatorEntry, ...]
    set_links: Callable[[tuple[Peer, ...]], None]
    send: SendToPeer
    to_mempool: Post[MempoolControl]
    to_executor: Post[ExecutorInbox]
    to_catch_up: Post[CatchUpInbox]
    to_ticker: Post[WakeAt]


class Ordering:
    def __init__(self, parts: OrderingParts, box: Box[OrderingInbox]) -> None:
        self.box = box
        self._parts = parts
        self._engine = parts.engine
        self._blocks = parts.blocks
        self._durable = parts.durable
        self._domain = parts.verifier.domain
        self._wid = self._domain.suite.hasher("wire")
        self._fetching = Fetching(parts.send)
        self._events: deque[Event] = deque()
        self._is_stepping = False
        self._now_ms = -1
        self._timer_ms: int | None = None
        self._said_timer_ms: int | None = None
        self._delivered = 0
        self._build: Build | None = None
        self._reportable = Reportable(parts.permission.verify_record)
        self._mode: tuple[Mode, str] = (Mode.VOTING, "")
        self._view_changes = 0
        self._waiting = Waiting(0, None)
        self._caught_up = CaughtUpBlock(parts.verifier)
        self._adopted: ValidatorSet | None = None
        self._nodes = parts.nodes
        self._linked: dict[PeerId, None] = {}

    async def run(self, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        applied = self._parts.store.applied
        assert applied is not None, "the genesis is written before ordering starts"
        self._delivered = applied.height
        self._tick()
        self._submit()
        await self._settle()
        task_status.started()
        while True:
            for message in [await self.box.receive(), *self.box.receive_ready(TOGETHER_MESSAGES_MAX)]:
                self._tick()
                self._on_message(message)
            await self._settle()

    async def _settle(self) -> None:
        """Until nothing waits for the disk any more; then tell the ticker and the board where things stand."""
        self._meet_validators()
        while self._durable.is_waiting:
            token = await self._durable.sync()
            self._tick()
            self._step(Persisted(token))
            self._meet_validators()
        wanted = [at for at in (self._timer_ms, self._fetching.next_ms()) if at is not None]
        wake = min(wanted, default=None)
        if wake != self._said_timer_ms:
            self._said_timer_ms = wake
            self._parts.to_ticker(WakeAt(wake))
        self._publish()

    def _meet_validators(self) -> None:
        """Another set may validate the height that is being decided now; a replaced key's link is the new key's."""
        validators = self._engine.validators.current().set
        if validators is self._adopted:
            return
        self._adopted = validators
        directory = self._parts.directory
        linked = {directory.key_of(peer) for peer in self._linked}
        for old, new in directory.adopt(validators):
            log.info("validator_key organisation_key=%s replaced_by=%s", old.hex()[:16], new.hex()[:16])
            if old in linked:
                self._step(PeerDown(old))
                self._step(PeerUp(new))
        self._follow_nodes()

    def _follow_nodes(self) -> None:
        """Links go to the nodes that the chain's register names, and to those that still validate."""
        if self._parts.directory.follow(self._nodes, self._engine.validators.current().set):
            registry = self._parts.directory.registry()
            log.info("links_to %s", " ".join(peer.name for peer in registry))
            self._parts.set_links(registry)

    def _tick(self) -> None:
        now = self._parts.clock.now_ms()
        if now != self._now_ms:
            self._now_ms = now
            self._step(Tick(now, self._parts.clock.wall_ms()))

    def _step(self, event: Event) -> None:
        """Tell the engine and perform what it asks, in its order.

        Performing an effect may answer the engine at once (a body that is held already, a block validated). That answer
        waits its turn: its own effects in the middle of this list would reach the log before what stands later here.
        """
        self._events.append(event)
        if self._is_stepping:
            return
        self._is_stepping = True
        while self._events:
            for effect in self._engine.step(self._events.popleft()):
                self._perform(effect)
        self._is_stepping = False

    # What comes in ---------------------------------------------------------------------------------------------------

    def _on_message(self, message: OrderingInbox) -> None:
        match message:
            case FromPeer(peer, ordering_message):
                self._on_peer_message(peer, ordering_message)
            case BodyResolved(number, transactions):
                self._on_body(number, transactions)
            case ManifestFromPeer(peer, manifest):
                self._on_manifest(peer, manifest)
            case Waiting():
                self._waiting = message
                self._submit()
            case Taken():
                self._on_taken(message)
            case AppliedBlock(applied, nodes):
                self._on_applied(applied)
                if nodes is not None:
                    self._nodes = nodes
                    self._follow_nodes()
            case TimerFired():
                self._said_timer_ms = None
                self._fetching.ask_again(self._now_ms)
            case LinkUp(peer):
                self._linked[peer] = None
                self._parts.divergence.on_link(peer)
                self._step(PeerUp(self._parts.directory.key_of(peer)))
            case LinkDown(peer):
                self._linked.pop(peer, None)
                self._step(PeerDown(self._parts.directory.key_of(peer)))
            case PeerWantsBodies():
                self._on_wish(message)
            case CaughtUp():
                self._caught_up.on_handed(message)
                self._try_caught_up()
            case BlockVerified():
                self._caught_up.on_verified(message)
                self._try_caught_up()
            case OutcomeFromPeer(peer, outcome):
                self._on_outcome(peer, outcome)
            case SignFreshness():
                self._sign_freshness(message)

    def _on_peer_message(self, peer: PeerId, message: OrderingMessage) -> None:
        if not self._engine.wants(message):
            return
        try:
            verified = self._parts.verifier.verify(message, self._engine.validators)
        except NotYet:
            return
        except FalseCertificate as fault:
            # The proposer's fault, and not the fault of who passes its proposal on.
            self._count(fault.code)
            self._on_peer_message(peer, fault.misbehaviour)
            return
        except PeerFault as fault:
            self._parts.blame(peer, fault.code)
            return
        self._step(Received(self._parts.directory.key_of(peer), verified))

    def _count(self, code: str) -> None:
        self._parts.board.peer_faults[code] += 1

    def _on_manifest(self, peer: PeerId, manifest: Manifest) -> None:
        if not self._delivered < manifest.header.height <= self._delivered + HEIGHTS_AHEAD_MAX:
            return
        if len(manifest.wids) > self._parts.genesis.limit("block_transactions_max"):
            self._parts.blame(peer, "BYT-BODY")
            return
        offer = self._blocks.on_manifest(peer, manifest)
        if offer is not None:
            self._end(self._blocks.make_room(peer))
            self._resolve(offer, (peer, *self._fetching.sources_of(offer.block_hash)))

    def _resolve(self, offer: Offer, sources: tuple[PeerId, ...]) -> None:
        self._parts.to_mempool(Resolve(offer.number, offer.height, offer.block_hash, offer.manifest.wids, sources))

    def _hold(self, block: HeldBlock) -> None:
        self._end(self._blocks.hold(block))

    def _end(self, numbers: tuple[int, ...]) -> None:
        for number in numbers:
            self._parts.to_mempool(EndResolve(number))

    def _on_wish(self, wish: PeerWantsBodies) -> None:
        """A peer lacks a block: its manifest (no wids named) or transactions of it.

        A node that is one height behind asks here too, so the newest applied block is still served; who is further
        behind fetches whole blocks. What others only say of a body is not passed on: a manifest that a correct node
        sends is true.
        """
        question, send = wish.question, self._parts.send
        contents = self._blocks.contents(question.block_hash) or self._newest_applied(question.block_hash)
        if contents is not None:
            wires = {self._wid(wire): wire for wire in contents[1].transactions}
            if not question.wids:
                send(wish.peer, Manifest(contents[0], tuple(wires), contents[1].misbehaviour))
            elif found := tuple(wires[wid] for wid in question.wids if wid in wires):
                send(wish.peer, Bodies(question.height, question.block_hash, found))
        elif question.wids:
            self._parts.to_mempool(wish)

    def _newest_applied(self, block_hash: bytes) -> tuple[Header, BlockBody] | None:
        store = self._parts.store
        applied = store.applied
        if applied is None or applied.height == 0 or applied.block_hash != block_hash:
            return None
        header, body = store.header(applied.height), store.body(applied.height)
        assert header is not None, "an applied block is stored"
        assert body is not None, "an applied block is stored"
        return Header.decode(header, self._domain.suite), BlockBody.decode(body)

    def _try_caught_up(self) -> None:
        """A decided block from catch-up is the next one when all of it is here and good."""
        try:
            found = self._caught_up.take(self._delivered + 1, self._engine.validators)
        except PeerFault as fault:
            self._count(fault.code)
            self._parts.to_catch_up(BlockRefused(self._caught_up.number))
            self._caught_up.drop()
            return
        if found is not None:
            block, certificates = found
            self._hold(block)
            # The engine may have the decision already and wait for nothing but this body.
            self._step(BodyArrived(block.height, block.block_hash, block.header))
            for certificate in certificates:
                self._step(Received(CATCH_UP, certificate))

    def _on_body(self, number: int, transactions: tuple[Transaction, ...]) -> None:
        self._parts.to_mempool(EndResolve(number))
        try:
            block = self._blocks.complete(number, transactions)
        except PeerFault as fault:
            self._count(fault.code)
            return
        if block is not None and block.height > self._delivered:
            self._hold(block)
            self._fetching.got(block.block_hash)
            self._step(BodyArrived(block.height, block.block_hash, block.header))

    def _on_applied(self, applied: Applied) -> None:
        self._parts.permission.on_applied(applied.height)
        self._blocks.forget(applied.height)
        self._durable.settled(min(applied.height, self._parts.store.certified))
        self._step(applied)
        # Its validators may only be known now.
        self._try_caught_up()

    def _submit(self) -> None:
        count = self._waiting.count + len(self._reportable)
        if self._delivered == 0:
            # A new chain's first block may be empty: until one is certified nobody can prove even the genesis's state.
            count = max(count, 1)
        self._step(Eligible(self._delivered + 1, count, self._waiting.oldest_ms))

    def _on_outcome(self, peer: PeerId, message: GetOutcome | Outcome) -> None:
        if isinstance(message, GetOutcome):
            self._parts.divergence.on_question(peer, message, self._now_ms)
            return
        reason = self._parts.divergence.on_answer(message)
        if reason is not None:
            self._mode = (self._mode[0], reason)
            log.error("diverged %s", reason)

    def _sign_freshness(self, asked: SignFreshness) -> None:
        suite, chain = self._domain.suite, self._domain.chain
        digest = freshness_digest(suite, chain, asked.nonce, asked.height, asked.checkpoint_hash)
        asked.reply.put(self._parts.signer.sign(digest))

    # What the engine asks for ----------------------------------------------------------------------------------------

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Persist():
                self._durable.persist(effect)
            case Send(to, message, after):
                self._durable.send(to, message, after)
            case SetTimer(at_ms):
                self._timer_ms = at_ms
            case Build():
                self._on_build(effect)
            case AskForWork(height, sources):
                for peer in sources:
                    self._parts.send(peer, GetTransactions(height))
            case Spread(_, order):
                self._parts.to_mempool(SpreadTo(order))
            case Validate(height, block_hash):
                self._on_validate(height, block_hash)
            case Fetch(height, block_hash, sources):
                self._on_fetch(height, block_hash, sources)
            case Deliver(height, block_hash, proof):
                self._on_deliver(height, block_hash, proof)
            case Certified(cert):
                self._on_certified(cert)
            case Report(misbehaviour):
                self._on_report(misbehaviour)
            case Reject(_, code, detail):
                self._count(code)
                log.info("peer_rejected code=%s %s", code, detail)
            case Alarm(code, detail):
                self._parts.board.alarms[code] += 1
                log.warning("alarm code=%s %s", code, detail)
            case SetMode(mode, reason, diverged):
                self._on_mode(mode, reason, diverged)

    def _on_build(self, build: Build) -> None:
        self._build = build
        count = self._parts.genesis.limit("block_transactions_max")
        body_max = min(build.body_bytes_max, self._parts.genesis.limit("block_body_bytes_max")) - BODY_OVERHEAD_BYTES
        self._parts.to_mempool(Take(build.height, build.parent, build.parent_time, count, body_max))

    def _on_taken(self, taken: Taken) -> None:
        build = self._build
        if build is None or (taken.height, taken.parent) != (build.height, build.parent):
            return
        self._build = None
        block = self._assemble(build, taken)
        self._blocks.keep(block)
        # The body's names travel ahead of the proposal, which still has to be made durable: they bind nobody.
        self._parts.send(None, block.manifest())
        self._step(Built(build.height, build.parent, block.header))

    def _assemble(self, build: Build, taken: Taken) -> HeldBlock:
        suite = self._domain.suite
        misbehaviour = self._reportable.of_block(build.height)
        wires = tuple(transaction.wire for transaction in taken.transactions)
        header = Header(
            chain=self._domain.chain,
            height=build.height,
            parent=build.parent,
            time=taken.time,
            creator=build.creator,
            created_round=build.round,
            tenure=build.tenure,
            tx_count=len(wires),
            tx_root=transactions_root(suite, [(t.id, t.wid) for t in taken.transactions]),
            evidence_root=misbehaviour_root(suite, misbehaviour),
            body_bytes=len(BlockBody(wires, misbehaviour).encode()),
            valset_hash=build.valset_hash,
        )
        return make_block(suite, header, taken.transactions, misbehaviour)

    def _on_validate(self, height: int, block_hash: bytes) -> None:
        block = self._blocks.get(block_hash)
        assert block is not None, "only a held block is validated"
        self._blocks.pin(height, block_hash)
        try:
            self._parts.permission.verify(block)
        except PeerFault as fault:
            self._count(fault.code)
            log.warning("block_refused height=%d %s", height, fault.detail)
            self._step(Validated(height, block_hash, ok=False))
        else:
            self._step(Validated(height, block_hash, ok=True))

    def _on_fetch(self, height: int, block_hash: bytes, sources: tuple[PeerId, ...]) -> None:
        self._blocks.pin(height, block_hash)
        held = self._blocks.get(block_hash)
        if held is not None:
            self._step(BodyArrived(height, block_hash, held.header))
            return
        offers = self._blocks.offers(block_hash)
        for offer in offers:
            self._resolve(offer, sources)
        self._fetching.want(height, block_hash, sources, self._now_ms, is_offered=bool(offers))

    def _on_deliver(self, height: int, block_hash: bytes, proof: CommitCert) -> None:
        block = self._blocks.get(block_hash)
        assert block is not None, "a delivered block is held"
        assert height == self._delivered + 1, f"height {height} after {self._delivered}"
        self._delivered = height
        self._fetching.forget(height)
        self._parts.permission.on_decided(block)
        self._reportable.on_decided(block.misbehaviour)
        self._parts.to_executor(
            Execute(
                header=block.header,
                header_bytes=block.header_bytes,
                block_hash=block_hash,
                body=block.body,
                transactions=block.transactions,
                misbehaviour=block.misbehaviour,
                decision=encode_message(proof),
            )
        )
        self._parts.to_mempool(Decided(height, block.ids))
        self._parts.decided.set(height)

    def _on_certified(self, cert: CheckpointCert) -> None:
        store = self._parts.store
        store.put_certificate(cert)
        store.drop_snapshots()
        applied = store.applied
        assert applied is not None
        self._durable.settled(min(applied.height, store.certified))
        self._parts.board.chain.set(ChainStatus(applied.height, applied.block_time, store.final))

    def _on_report(self, misbehaviour: Misbehaviour) -> None:
        record = encode_message(misbehaviour)
        self._parts.board.alarms["misbehaviour"] += 1
        log.warning("misbehaviour offender=%s kind=%s", misbehaviour.offender.hex()[:16], misbehaviour.kind.name)
        if self._reportable.keep(record):
            self._submit()

    def _on_mode(self, mode: Mode, reason: str, diverged: tuple[Checkpoint, Checkpoint] | None) -> None:
        if diverged is not None:
            reason = self._parts.divergence.begin(*diverged, reason)
        self._mode = (mode, reason)
        level = logging.INFO if mode is Mode.VOTING else logging.ERROR
        log.log(level, "mode=%s %s", mode.value, reason)
        if diverged is not None:
            for whose, checkpoint in zip(("own", "other"), diverged, strict=True):
                log.error("diverged %s height=%d checkpoint=%s", whose, checkpoint.height, checkpoint.encode().hex())

    def _publish(self) -> None:
        engine, before = self._engine, self._parts.board.ordering.value
        if engine.round > 0 and (engine.height, engine.round) != (before.height, before.round):
            self._view_changes += 1
        mode, reason = self._mode
        status = OrderingStatus(
            decided=self._delivered,
            height=engine.height,
            round=engine.round,
            mode=NAMES[mode],
            view_changes=self._view_changes,
            quorum=engine.validators.current().quorum.q,
            reason=reason or None,
        )
        if status != before:
            self._parts.board.ordering.set(status)
