"""The composition root: opens what a node needs, makes the actors, joins their boxes, and runs them in one nursery.

Nobody else sees all the actors. An actor that raises ends the nursery, and with it the node, with its reason; nothing
is caught on the way. A request to stop (SIGTERM, SIGINT) cancels the nursery: what is durable stays, everything else is
made to be lost at any moment anyway, so stopping needs no order of its own beyond closing the files at the end.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trio

from consensus.messages import NONCE_BYTES, PeerId
from consensus.pbft.engine import Engine
from consensus.signing import Domain, SuiteSigner
from consensus.verify import Verifier
from ledger.crypto import INTERNATIONAL, Suite
from ledger.genesis import Genesis
from ledger.state import StateTree
from ledger.transaction import TransactionCodec
from ledger.validators import quorum_of
from node.actors.catch_up import CatchUp
from node.actors.executor import Executor
from node.actors.mempool import Mempool, MempoolSettings
from node.actors.ordering import Ordering, OrderingParts
from node.actors.peers import Peers
from node.actors.ticker import Ticker
from node.admission import Admission
from node.blame import Blame
from node.board import Board, ChainStatus, OrderingStatus
from node.box import Box
from node.callers import Callers
from node.clock import Clock, SystemClock
from node.config import NodeConfig, load_genesis
from node.courier import Courier
from node.directory import Directory
from node.divergence import Divergence, RecentWrites
from node.durable import Durable
from node.frame_log import Condition
from node.guard import GuardFile
from node.held_blocks import HeldBlocks, Permission
from node.keys import read_secret
from node.limits import pool_limits_of, timing_of
from node.machine import Machine, Register
from node.messages import (
    CatchUpInbox,
    ExecutorInbox,
    MempoolBodies,
    MempoolControl,
    MempoolIntake,
    OrderingInbox,
    SignFreshness,
    Submit,
    WakeAt,
)
from node.misbehaviour import MisbehaviourRules
from node.pool import Pool
from node.pool_journal import JournalledWire, PoolJournal
from node.reads import Reads
from node.self_check import check_store
from node.starting import Disk, start_from_disk
from node.store import Store, open_store
from node.transport.interface import Transport
from node.validators import StoredValidators
from node.wal import Entry, Wal
from node.watch import Watch

if TYPE_CHECKING:
    from trio_typing import TaskStatus

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
log = logging.getLogger("lugang.node")
Service = Callable[..., Awaitable[None]]
"""What runs in the node's nursery; takes trio's `task_status`."""
MachineFactory = Callable[[Store, Genesis, Suite], Machine]
"""Makes the contract engine over an open store."""
RegisterFactory = Callable[[Store, Genesis, Suite], Register]
"""Makes the look-ups in the chain's own books, over an open store."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """All mailboxes of a node. Half of each is kept for what the node's own actors post to one another."""

    ordering: Box[OrderingInbox]
    mempool_door: Box[MempoolIntake]
    mempool_bodies: Box[MempoolBodies]
    mempool_control: Box[MempoolControl]
    executor: Box[ExecutorInbox]
    catch_up: Box[CatchUpInbox]
    ticker: Box[WakeAt]


def make_boxes() -> Boxes:
    """Room for all that the actors can have under way to one another; the doors are small, so that clients and peers
    wait outside rather than in memory."""
    return Boxes(
        ordering=Box(16_384),
        mempool_door=Box(512),
        mempool_bodies=Box(512),
        mempool_control=Box(16_384),
        executor=Box(4_096),
        catch_up=Box(4_096),
        ticker=Box(4_096),
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """The chain that a folder belongs to, this node's keys, and everything that it holds open while it runs."""

    genesis: Genesis
    suite: Suite
    chain: bytes
    signer: SuiteSigner
    transport_seed: bytes
    store: Store
    tree: StateTree
    wal: Wal
    wal_entries: list[Entry]
    wal_condition: Condition
    journal: PoolJournal
    journalled: list[JournalledWire]
    journal_condition: Condition
    guard: GuardFile

    def close(self) -> None:
        self.store.close()
        self.wal.close()
        self.journal.close()


def open_folder(config: NodeConfig) -> Opened:
    """Open and check everything of a node's folder; raises `ConfigError`, `KeyFileError` or NODE-003."""
    genesis, suite, chain = load_genesis(config.genesis)
    suite.self_test()
    secret, seed = read_secret(config.consensus_key), read_secret(config.transport_key)
    signer = SuiteSigner(suite, suite.public_key(secret), secret)
    place = genesis.validator_set().index_of(signer.key) or 0
    store = open_store(config.database, chain, place)
    tree = check_store(store, suite, genesis)
    wal, wal_entries, wal_condition = Wal.open(config.wal)
    journal, journalled, journal_condition = PoolJournal.open(config.pool)
    return Opened(
        genesis=genesis,
        suite=suite,
        chain=chain,
        signer=signer,
        transport_seed=seed,
        store=store,
        tree=tree,
        wal=wal,
        wal_entries=wal_entries,
        wal_condition=wal_condition,
        journal=journal,
        journalled=journalled,
        journal_condition=journal_condition,
        guard=GuardFile(config.guard),
    )


class Node:
    """A node at rest, with its read side and its door; `run` brings it to life, once."""

    def __init__(
        self, config: NodeConfig, opened: Opened, *, board: Board, reads: Reads, boxes: Boxes, clock: Clock
    ) -> None:
        self.config = config
        self.opened = opened
        self.board = board
        self.reads = reads
        self.clock = clock
        self.closed = trio.Event()
        self._boxes = boxes
        self._services: list[Service] = []

    async def submit(self, question: Submit) -> None:
        """Put a question into the mempool's door; waits while the door is full."""
        await self._boxes.mempool_door.send(question)

    def sign_freshness(self, question: SignFreshness) -> None:
        self._boxes.ordering.post(question)

    def add_service(self, run: Service) -> None:
        """Something that lives and dies with the node, started in the order of adding."""
        self._services.append(run)

    async def run(self, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start everything in order; return when cancelled, raise what an actor has raised."""
        try:
            async with trio.open_nursery() as nursery:
                for run in self._services:
                    await nursery.start(run)
                task_status.started()
        finally:
            self.opened.close()
            self.closed.set()


def build_node(
    config: NodeConfig,
    make_machine: MachineFactory,
    make_register: RegisterFactory,
    *,
    transport: Transport | None = None,
    clock: Clock | None = None,
) -> Node:
    """Open the folder and join the actors. Tests hand in a transport and a clock of their own."""
    opened = open_folder(config)
    return _Joining(config, opened, make_machine, make_register, transport, clock or SystemClock()).join()


class _Joining:
    """Makes the actors over an open folder. Each method makes one and gives it the boxes that it may write to."""

    def __init__(
        self,
        config: NodeConfig,
        opened: Opened,
        make_machine: MachineFactory,
        make_register: RegisterFactory,
        transport: Transport | None,
        clock: Clock,
    ) -> None:
        self.config = config
        self.opened = opened
        self.make_machine = make_machine
        self.make_register = make_register
        self.clock = clock
        genesis = opened.genesis
        # By its transport key: the consensus key is what may be replaced.
        self.directory = Directory(genesis.validators, INTERNATIONAL.public_key(opened.transport_seed))
        self.transport = transport or _libp2p(opened.transport_seed, config.listen, self.directory)
        self.boxes = make_boxes()
        self.writes = RecentWrites()
        self.board = _new_board(clock, genesis)
        self.send = Courier(self.transport, self.directory).send
        self.blame = Blame(self.board, clock, self._cut_off)
        self.pool = Pool(pool_limits_of(genesis))

    def join(self) -> Node:
        opened, boxes = self.opened, self.boxes
        executor = self.executor()
        if opened.store.applied is None:
            executor.write_genesis()
        applied = opened.store.applied
        assert applied is not None, "height 0 is written"
        self.board.chain.set(ChainStatus(applied.height, applied.block_time, opened.store.final))
        self.register = self.make_register(opened.store, opened.genesis, opened.suite)
        mempool = self.mempool()
        decided = Watch(applied.height)
        ordering, catch_up = self.ordering(decided), self.catch_up(decided)
        ticker = Ticker(self.clock, boxes.ordering.post, boxes.ticker)
        if opened.journal_condition in (Condition.DAMAGED, Condition.LOST):
            log.warning("journal=%s: what clients were told is accepted may be missing", opened.journal_condition.value)
        replayed = mempool.replay(opened.journalled, applied.block_time)
        log.info("start height=%d certified=%d replayed=%d", applied.height, opened.store.certified, replayed)
        node = Node(self.config, opened, board=self.board, reads=self.reads(), boxes=boxes, clock=self.clock)
        actors = (executor, mempool, catch_up, ticker, ordering, self.transport, self.peers())
        for actor in actors:
            node.add_service(actor.run)
        return node

    def _cut_off(self, peer: PeerId, seconds: float) -> None:
        key = self.directory.transport_key(peer)
        assert key is not None, "only a member's node is blamed"
        self.transport.cut_off(key, seconds)

    def executor(self) -> Executor:
        opened = self.opened
        return Executor(
            store=opened.store,
            tree=opened.tree,
            machine=self.make_machine(opened.store, opened.genesis, opened.suite),
            suite=opened.suite,
            chain=opened.chain,
            genesis=opened.genesis,
            board=self.board,
            to_ordering=self.boxes.ordering.post,
            to_mempool=self.boxes.mempool_control.post,
            box=self.boxes.executor,
            writes=self.writes,
        )

    def mempool(self) -> Mempool:
        opened, boxes = self.opened, self.boxes
        return Mempool(
            pool=self.pool,
            admission=Admission(
                codec=TransactionCodec(opened.suite),
                chain=opened.chain,
                pool=self.pool,
                is_executed=opened.store.is_executed,
                callers=Callers(self.register.check_caller),
                threads=self.config.verify_threads,
            ),
            journal=opened.journal,
            board=self.board,
            blame=self.blame.note,
            clock=self.clock,
            settings=MempoolSettings(linger_ms=opened.genesis.timeout_ms("linger_ms")),
            send=self.send,
            to_ordering=boxes.ordering.post,
            to_catch_up=boxes.catch_up.post,
            door=boxes.mempool_door,
            bodies=boxes.mempool_bodies,
            control=boxes.mempool_control,
        )

    def ordering(self, decided: Watch[int]) -> Ordering:
        opened, boxes, genesis = self.opened, self.boxes, self.opened.genesis
        domain = Domain(opened.suite, opened.chain, genesis.engine)
        disk = Disk(opened.store, opened.wal_entries, opened.wal_condition, opened.guard)
        started = start_from_disk(disk, domain, opened.signer.key, genesis, os.urandom(NONCE_BYTES))
        blocks = HeldBlocks(opened.suite)
        durable = Durable(blocks, self.send)
        for block in started.blocks:
            blocks.keep(block)
            durable.mark_in_log(block.block_hash, block.height)
        store, validators = opened.store, StoredValidators(opened.store, opened.suite, genesis)
        permission = Permission(
            suite=opened.suite,
            is_executed=opened.store.is_executed,
            misbehaviour=MisbehaviourRules(domain, validators.at, lambda key: store.get(key) is not None),
            lifetime_ms_max=genesis.limit("transaction_lifetime_ms_max"),
            transactions_max=genesis.limit("block_transactions_max"),
            body_bytes_max=genesis.limit("block_body_bytes_max"),
        )
        parts = OrderingParts(
            engine=Engine(domain, opened.signer, timing_of(genesis), started.start),
            verifier=Verifier(domain),
            signer=opened.signer,
            genesis=genesis,
            store=opened.store,
            board=self.board,
            blame=self.blame.note,
            clock=self.clock,
            durable=durable,
            wal=opened.wal,
            guard=opened.guard,
            blocks=blocks,
            directory=self.directory,
            divergence=Divergence(opened.store, opened.suite, self.writes, self.send),
            permission=permission,
            decided=decided,
            nodes=self.register.nodes(),
            set_links=self.transport.set_registry,
            send=self.send,
            to_mempool=boxes.mempool_control.post,
            to_executor=boxes.executor.post,
            to_catch_up=boxes.catch_up.post,
            to_ticker=boxes.ticker.post,
        )
        return Ordering(parts, boxes.ordering)

    def catch_up(self, decided: Watch[int]) -> CatchUp:
        return CatchUp(
            store=self.opened.store,
            suite=self.opened.suite,
            clock=self.clock,
            decided=decided,
            send=self.send,
            bodies=self.boxes.mempool_bodies,
            ordering=self.boxes.ordering,
            box=self.boxes.catch_up,
        )

    def peers(self) -> Peers:
        return Peers(
            transport=self.transport,
            directory=self.directory,
            suite=self.opened.suite,
            board=self.board,
            blame=self.blame.note,
            clock=self.clock,
            ordering=self.boxes.ordering,
            mempool_door=self.boxes.mempool_door,
            mempool_bodies=self.boxes.mempool_bodies,
            mempool_control=self.boxes.mempool_control,
            catch_up=self.boxes.catch_up,
        )

    def reads(self) -> Reads:
        return Reads(
            store=self.opened.store,
            board=self.board,
            suite=self.opened.suite,
            genesis=self.opened.genesis,
            is_pooled=self.pool.has_id,
            ask_executor=self.boxes.executor.post,
        )


def _libp2p(seed: bytes, listen: tuple[str, ...], directory: Directory) -> Transport:
    # It takes over a second to import; whoever only looks at a node, or brings a transport of its own, needs none.
    from node.transport.libp2p_transport import Libp2pTransport  # noqa: PLC0415

    return Libp2pTransport(seed, listen, directory.registry())


def _new_board(clock: Clock, genesis: Genesis) -> Board:
    quorum = quorum_of(genesis.engine, len(genesis.validators)).q
    return Board(
        started_ms=clock.wall_ms(),
        chain=Watch(ChainStatus(0, genesis.time, 0)),
        ordering=Watch(OrderingStatus(0, 1, 0, "starting", 0, quorum)),
    )


async def run_until_signal(node: Node, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
    """Run the node until SIGTERM or SIGINT."""
    with trio.open_signal_receiver(*STOP_SIGNALS) as signals:
        async with trio.open_nursery() as nursery:
            await nursery.start(node.run)
            task_status.started()
            async for number in signals:
                log.info("stopping signal=%s", signal.Signals(number).name)
                break
            nursery.cancel_scope.cancel()


def refuse_without_asserts() -> None:
    """Asserts guard the ledger; a node without them would go on after a fault."""
    if not __debug__:
        sys.exit("a node refuses python -O: its asserts are part of its protection")
