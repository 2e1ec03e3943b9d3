"""Ordering: does the IO of the ordering engine's driver.

Theory of operation. `node.driver` decides what follows from what; this actor gives it the time and what comes into the
box, syncs the disk in a thread once for all that came in together, and says on the board, in the log and to the ticker
where things stand. It also keeps what is about people and other nodes rather than about order: whom to link, what
differs when this node has diverged.

It alone holds the consensus key, so it also answers who wants a signature of freshness.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trio

from consensus.events import Alarm, Certified, Mode, OrderingEngine, Reject, Report, SetMode
from consensus.messages import GetOutcome, Misbehaviour, Outcome, PeerId
from consensus.signing import Signer
from consensus.verify import Verifier
from ledger.checkpoint import Checkpoint
from ledger.errors import PeerFault
from ledger.genesis import Genesis, ValidatorEntry
from ledger.proofs import freshness_digest
from ledger.validators import ValidatorSet
from node.board import Board, ChainStatus, OrderingStatus
from node.board import Mode as BoardMode
from node.box import Box
from node.clock import Clock
from node.directory import Directory
from node.divergence import Divergence
from node.driver import BlockInvalid, Driver, Notice, Ports
from node.durable import Durable, Guard, Log, Writes, steps_of
from node.held_blocks import HeldBlocks, Permission
from node.messages import (
    AppliedBlock,
    CatchUpInbox,
    ExecutorInbox,
    FromPeer,
    LinkDown,
    LinkUp,
    MempoolControl,
    OrderingInbox,
    OutcomeFromPeer,
    Post,
    SendToPeer,
    SignFreshness,
    TimerFired,
    WakeAt,
)
from node.store import Store
from node.transport.interface import Peer
from node.watch import Watch

if TYPE_CHECKING:
    from trio_typing import TaskStatus

TOGETHER_MESSAGES_MAX: Final = 64
NAMES: Final[dict[Mode, BoardMode]] = {Mode.VOTING: "voting", Mode.OBSERVER: "observer", Mode.STOPPED: "halted"}
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
    wal: Log
    guard: Guard
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
        self._driver = Driver(
            engine=parts.engine,
            verifier=parts.verifier,
            genesis=parts.genesis,
            store=parts.store,
            blocks=parts.blocks,
            permission=parts.permission,
            durable=parts.durable,
            key_of=parts.directory.key_of,
            ports=Ports(
                send=parts.send,
                to_mempool=parts.to_mempool,
                to_executor=parts.to_executor,
                to_catch_up=parts.to_catch_up,
                decided=parts.decided.set,
                blame=parts.blame,
                fault=self._on_fault,
                tell=self._on_notice,
            ),
        )
        self._said_timer_ms: int | None = None
        self._mode: tuple[Mode, str] = (Mode.VOTING, "")
        self._view_changes = 0
        self._adopted: ValidatorSet | None = None
        self._nodes = parts.nodes
        self._linked: dict[PeerId, None] = {}

    async def run(self, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self._tick()
        await self._settle()
        self._driver.begin()
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
        while (writes := self._driver.writes()) is not None:
            await trio.to_thread.run_sync(self._write, writes)
            self._tick()
            self._driver.written(writes)
            self._meet_validators()
        wake = self._driver.wake_ms
        if wake != self._said_timer_ms:
            self._said_timer_ms = wake
            self._parts.to_ticker(WakeAt(wake))
        self._publish()

    def _write(self, writes: Writes) -> None:
        """In a thread. What raises here stops the node."""
        for step in steps_of(writes, self._parts.wal, self._parts.guard):
            step()

    def _tick(self) -> None:
        now = self._parts.clock.now_ms()
        if now != self._driver.now_ms:
            self._driver.tick(now, self._parts.clock.wall_ms())

    # What comes in ---------------------------------------------------------------------------------------------------

    def _on_message(self, message: OrderingInbox) -> None:
        """The driver's, but for what is about links and people. Nearly all are the first."""
        match message:
            case FromPeer():
                pass
            case SignFreshness():
                self._sign_freshness(message)
                return
            case OutcomeFromPeer(peer, outcome):
                self._on_outcome(peer, outcome)
                return
            case LinkUp(peer):
                self._linked[peer] = None
                self._parts.divergence.on_link(peer)
            case LinkDown(peer):
                self._linked.pop(peer, None)
            case TimerFired():
                self._said_timer_ms = None
            case AppliedBlock(nodes=nodes) if nodes is not None:
                self._driver.on(message)
                self._nodes = nodes
                self._follow_nodes()
                return
        self._driver.on(message)

    def _on_outcome(self, peer: PeerId, message: GetOutcome | Outcome) -> None:
        if isinstance(message, GetOutcome):
            self._parts.divergence.on_question(peer, message, self._driver.now_ms)
            return
        reason = self._parts.divergence.on_answer(message)
        if reason is not None:
            self._mode = (self._mode[0], reason)
            log.error("diverged %s", reason)

    def _sign_freshness(self, asked: SignFreshness) -> None:
        domain = self._parts.verifier.domain
        digest = freshness_digest(domain.suite, domain.chain, asked.nonce, asked.height, asked.checkpoint_hash)
        asked.reply.put(self._parts.signer.sign(digest))

    # Whom to link ----------------------------------------------------------------------------------------------------

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
                self._driver.on_key_replaced(old, new)
        self._follow_nodes()

    def _follow_nodes(self) -> None:
        """Links go to the nodes that the chain's register names, and to those that still validate."""
        if self._parts.directory.follow(self._nodes, self._engine.validators.current().set):
            registry = self._parts.directory.registry()
            log.info("links_to %s", " ".join(peer.name for peer in registry))
            self._parts.set_links(registry)

    # What people should hear of --------------------------------------------------------------------------------------

    def _on_fault(self, fault: PeerFault) -> None:
        self._parts.board.peer_faults[fault.code] += 1

    def _on_notice(self, notice: Notice) -> None:
        board = self._parts.board
        match notice:
            case Certified():
                self._on_certified()
            case Report(misbehaviour):
                self._on_report(misbehaviour)
            case Reject(_, code, detail):
                board.peer_faults[code] += 1
                log.info("peer_rejected code=%s %s", code, detail)
            case Alarm(code, detail):
                board.alarms[code] += 1
                log.warning("alarm code=%s %s", code, detail)
            case SetMode(mode, reason, diverged):
                self._on_mode(mode, reason, diverged)
            case BlockInvalid(height, fault):
                log.warning("block_refused height=%d %s", height, fault.detail)

    def _on_certified(self) -> None:
        store = self._parts.store
        store.drop_snapshots()
        applied = store.applied
        assert applied is not None
        self._parts.board.chain.set(ChainStatus(applied.height, applied.block_time, store.final))

    def _on_report(self, misbehaviour: Misbehaviour) -> None:
        self._parts.board.alarms["misbehaviour"] += 1
        log.warning("misbehaviour offender=%s kind=%s", misbehaviour.offender.hex()[:16], misbehaviour.kind.name)

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
            decided=self._driver.delivered,
            height=engine.height,
            round=engine.round,
            mode=NAMES[mode],
            view_changes=self._view_changes,
            quorum=engine.validators.current().quorum.q,
            reason=reason or None,
        )
        if status != before:
            self._parts.board.ordering.set(status)
