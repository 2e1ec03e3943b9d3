"""The driver of the ordering engine: what it is told becomes events, what it asks for is performed in its order.

Theory of operation. A value without IO, clock or tasks, like the engine inside it: the ordering actor drives it on a
real machine, the simulator in a played one, and there is no second one. `tick` brings the time, `on` whatever the
other actors and the peers say; words for them leave through `Ports`, at once and in the order of the engine's effects
(a list of them would be made for every vote). What must be durable is gathered for all that came in together (`writes`)
and whoever does the IO says when it is (`written`); nothing that waits for it leaves before (`Durable`).

Peers' messages are verified here, after the engine has been asked whether it wants them at all. It must never execute a
contract, and never send what is not durable.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from consensus.events import (
    Alarm,
    Applied,
    AskForWork,
    Build,
    Built,
    Certified,
    Deliver,
    Effect,
    Eligible,
    Event,
    Fetch,
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
from consensus.messages import GetTransactions, OrderingMessage, PeerId, encode_message
from consensus.verify import FalseCertificate, NotYet, Verifier
from ledger.checkpoint import CheckpointCert
from ledger.errors import PeerFault
from ledger.genesis import Genesis
from node.bodies import AppliedBlocks, BlockBodies
from node.building import Building
from node.caught_up import CaughtUpBlocks, Certificates, FalseBlock
from node.durable import Durable, Writes
from node.held_blocks import HeldBlock, HeldBlocks, Permission
from node.messages import (
    AppliedBlock,
    BlockRefused,
    BlockVerified,
    BodyResolved,
    CaughtUp,
    Decided,
    Execute,
    FromPeer,
    LinkDown,
    LinkUp,
    ManifestFromPeer,
    MempoolControl,
    PeerWantsBodies,
    Post,
    SendToPeer,
    SpreadTo,
    Taken,
    TimerFired,
    Waiting,
)
from node.misbehaviour import Reportable

CATCH_UP: Final = PeerId(b"catch-up")
"""Whoever sent a caught-up block is catch-up's to judge; here it has one name."""
DriverMessage = (
    FromPeer | ManifestFromPeer | PeerWantsBodies | LinkUp | LinkDown | TimerFired | BodyResolved | BlockVerified
    | Taken | Waiting | AppliedBlock | CaughtUp
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BlockInvalid:
    """A proposed block breaks a rule: this node votes against it."""

    height: int
    fault: PeerFault


Notice = Certified | Report | Reject | Alarm | SetMode | BlockInvalid
"""What people should hear of. A certificate is in the store when it is told."""


class ChainStore(AppliedBlocks, Protocol):
    """The node's database, as far as ordering uses it."""

    @property
    def certified(self) -> int: ...

    def put_certificate(self, certificate: CheckpointCert) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Where words go. None of these waits or calls back into the driver.

    `blame` is for what a peer has done wrong, `fault` for what somebody has: who, is not known.
    """

    send: SendToPeer
    to_mempool: Post[MempoolControl]
    to_executor: Post[Execute]
    to_catch_up: Post[BlockRefused]
    decided: Post[int]
    blame: Callable[[PeerId, str], None]
    fault: Callable[[PeerFault], None]
    tell: Post[Notice]


class Driver:
    def __init__(
        self,
        *,
        engine: OrderingEngine,
        verifier: Verifier,
        genesis: Genesis,
        store: ChainStore,
        blocks: HeldBlocks,
        permission: Permission,
        durable: Durable,
        key_of: Callable[[PeerId], PeerId],
        ports: Ports,
    ) -> None:
        """`key_of` gives the consensus key of a peer's node at the height being decided."""
        self._engine = engine
        self._verifier = verifier
        self._store = store
        self._blocks = blocks
        self._permission = permission
        self._durable = durable
        self._key_of = key_of
        self._ports = ports
        self._bodies = BlockBodies(
            suite=verifier.domain.suite,
            blocks=blocks,
            store=store,
            transactions_max=genesis.limit("block_transactions_max"),
            send=ports.send,
            to_mempool=ports.to_mempool,
            blame=ports.blame,
            fault=ports.fault,
        )
        self.reportable = Reportable(permission.verify_record, verifier.domain.suite)
        self._building = Building(verifier.domain, genesis, self.reportable)
        self._caught_up = CaughtUpBlocks(verifier)
        self._events: deque[Event] = deque()
        self._is_stepping = False
        self._now_ms = -1
        self._timer_ms: int | None = None
        self._waiting = 0
        """So many transactions wait in the mempool."""
        applied = store.applied
        assert applied is not None, "the genesis is written before ordering starts"
        self.delivered = applied.height
        """The highest height handed over for execution."""

    # Time and the disk

    @property
    def now_ms(self) -> int:
        return self._now_ms

    def tick(self, now_ms: int, wall_ms: int) -> None:
        """Before everything else, whenever the clock has moved on. The first begins the engine: what that asks to
        persist is written before `begin`."""
        self._now_ms = now_ms
        self._step(Tick(now_ms, wall_ms))

    def begin(self) -> None:
        """Say what is eligible: on a new chain that is something even while nothing waits."""
        self._say_eligible()

    @property
    def wake_ms(self) -> int | None:
        """When a `TimerFired` is due."""
        timer_ms, fetch_ms = self._timer_ms, self._bodies.next_ms()
        if timer_ms is None or fetch_ms is None:
            return fetch_ms if timer_ms is None else timer_ms
        return min(timer_ms, fetch_ms)

    def writes(self) -> Writes | None:
        """What has to be written before all that was said of it may leave. One at a time."""
        return self._durable.gather() if self._durable.is_waiting else None

    def written(self, writes: Writes) -> None:
        """These writes are durable."""
        self._durable.written(writes)
        self._step(Persisted(writes.token))

    # What comes in

    def on(self, message: DriverMessage) -> None:
        match message:
            case FromPeer(peer, ordering_message):
                self._on_peer_message(peer, ordering_message)
            case BodyResolved(number, transactions):
                self._maybe_step(self._bodies.on_resolved(number, transactions))
            case ManifestFromPeer(peer, manifest):
                self._bodies.on_manifest(peer, manifest)
            case Waiting(count):
                self._waiting = count
                self._say_eligible()
            case Taken():
                self._on_taken(message)
            case AppliedBlock(applied):
                self._on_applied(applied)
            case TimerFired():
                self._bodies.ask_again(self._now_ms)
            case LinkUp(peer):
                self._step(PeerUp(self._key_of(peer)))
            case LinkDown(peer):
                self._step(PeerDown(self._key_of(peer)))
            case PeerWantsBodies():
                self._bodies.on_wish(message)
            case CaughtUp():
                self._caught_up.on_handed(message)
                self._try_caught_up()
            case BlockVerified():
                self._caught_up.on_verified(message)
                self._try_caught_up()

    def on_key_replaced(self, old: PeerId, new: PeerId) -> None:
        """A linked node validates under another key from now on."""
        self._step(PeerDown(old))
        self._step(PeerUp(new))

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

    def _maybe_step(self, event: Event | None) -> None:
        if event is not None:
            self._step(event)

    def _on_peer_message(self, peer: PeerId, message: OrderingMessage) -> None:
        if not self._engine.wants(message):
            return
        try:
            verified = self._verifier.verify(message, self._engine.validators)
        except NotYet:
            return
        except FalseCertificate as fault:
            # The proposer's fault, and not the fault of who passes its proposal on.
            self._ports.fault(fault)
            self._on_peer_message(peer, fault.misbehaviour)
            return
        except PeerFault as fault:
            self._ports.blame(peer, fault.code)
            return
        self._step(Received(self._key_of(peer), verified))

    def _try_caught_up(self) -> None:
        """A decided block from catch-up is the next one when all of it is here and good; so may be some above it."""
        while (found := self._next_caught_up()) is not None:
            block, certificates = found
            # The engine may have the decision already and wait for nothing but this body.
            self._step(self._bodies.hold(block))
            for certificate in certificates:
                self._step(Received(CATCH_UP, certificate))

    def _next_caught_up(self) -> tuple[HeldBlock, Certificates] | None:
        try:
            return self._caught_up.take(self.delivered + 1, self._engine.validators)
        except FalseBlock as false:
            self._ports.fault(false)
            self._ports.to_catch_up(BlockRefused(false.number))
            return None

    def _on_applied(self, applied: Applied) -> None:
        self._permission.on_applied(applied.height)
        self._bodies.on_applied(applied.height)
        self._durable.settled(min(applied.height, self._store.certified))
        self._step(applied)
        # Its validators may only be known now.
        self._try_caught_up()

    def _say_eligible(self) -> None:
        count = self._waiting + len(self.reportable)
        if self.delivered == 0:
            # A new chain's first block may be empty: until one is certified nobody can prove even the genesis's state.
            count = max(count, 1)
        self._step(Eligible(self.delivered + 1, count))

    # What the engine asks for

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Persist():
                self._durable.persist(effect)
            case Send(to, message, after):
                self._durable.send(to, message, after)
            case SetTimer(at_ms):
                self._timer_ms = at_ms
            case Build():
                self._ports.to_mempool(self._building.begin(effect))
            case AskForWork(height, sources):
                for peer in sources:
                    self._ports.send(peer, GetTransactions(height))
            case Spread(_, order):
                self._on_spread(order)
            case Validate(height, block_hash):
                self._step(self._validated(height, block_hash))
            case Fetch():
                self._maybe_step(self._bodies.on_fetch(effect, self._now_ms))
            case Deliver():
                self._on_deliver(effect)
            case Certified(cert):
                self._on_certified(cert)
                self._ports.tell(effect)
            case Report():
                self._on_report(effect)
            case Reject() | Alarm() | SetMode():
                self._ports.tell(effect)

    def _on_spread(self, order: tuple[PeerId, ...]) -> None:
        """What keeps this node awake, the transactions and the misbehaviour, is sent to those that may not have it."""
        self._ports.to_mempool(SpreadTo(order))
        for misbehaviour in self.reportable.messages():
            for peer in order:
                self._ports.send(peer, misbehaviour)

    def _on_taken(self, taken: Taken) -> None:
        block = self._building.finish(taken)
        if block is None:
            return
        self._blocks.keep(block)
        # The body's names travel ahead of the proposal, which still has to be made durable: they bind nobody.
        self._ports.send(None, block.manifest())
        self._step(Built(block.height, block.header.parent, block.header))

    def _validated(self, height: int, block_hash: bytes) -> Validated:
        block = self._held(block_hash)
        self._blocks.pin(height, block_hash)
        try:
            self._permission.verify(block)
        except PeerFault as fault:
            self._ports.fault(fault)
            self._ports.tell(BlockInvalid(height, fault))
            return Validated(height, block_hash, ok=False)
        return Validated(height, block_hash, ok=True)

    def _held(self, block_hash: bytes) -> HeldBlock:
        block = self._blocks.get(block_hash)
        assert block is not None, "only a held block is validated or delivered"
        return block

    def _on_deliver(self, deliver: Deliver) -> None:
        block, height = self._held(deliver.block_hash), deliver.height
        assert height == self.delivered + 1, f"height {height} after {self.delivered}"
        self.delivered = height
        self._bodies.on_delivered(height)
        self._permission.on_decided(block)
        self.reportable.on_decided(block.misbehaviour)
        self._ports.to_executor(
            Execute(
                header=block.header,
                header_bytes=block.header_bytes,
                block_hash=block.block_hash,
                body=block.body,
                transactions=block.transactions,
                misbehaviour=block.misbehaviour,
                decision=encode_message(deliver.proof),
            )
        )
        self._ports.to_mempool(Decided(height, block.ids))
        self._ports.decided(height)

    def _on_certified(self, cert: CheckpointCert) -> None:
        store = self._store
        store.put_certificate(cert)
        applied = store.applied
        assert applied is not None
        self._durable.settled(min(applied.height, store.certified))

    def _on_report(self, report: Report) -> None:
        self._ports.tell(report)
        if self.reportable.keep(report.misbehaviour, self.delivered + 1):
            self._say_eligible()
