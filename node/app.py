"""The composition root: opens what a node needs, makes the actors, joins their boxes, and runs them in one nursery.

Nobody else sees all the actors. An actor that raises ends the nursery, and with it the node, with its reason; nothing
is caught on the way. A request to stop (SIGTERM, SIGINT) cancels the nursery: what is durable stays, everything else is
made to be lost at any moment anyway, so stopping needs no order of its own beyond closing the files at the end.
"""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import trio

from consensus.pbft.engine import Engine
from consensus.signing import Domain, SuiteSigner
from consensus.verify import Verifier
from ledger.crypto import Suite
from ledger.genesis import Genesis
from ledger.state import StateTree
from ledger.transaction import TransactionCodec
from ledger.validators import quorum_of
from node.actors.catch_up import CatchUp
from node.actors.executor import Executor
from node.actors.mempool import Mempool, MempoolSettings
from node.actors.ordering import INBOX_MESSAGES_MAX, Ordering, OrderingParts
from node.actors.peers import Peers
from node.actors.ticker import Ticker
from node.admission import Admission
from node.board import Board, ChainStatus, OrderingStatus
from node.box import Box
from node.clock import Clock, SystemClock
from node.config import NodeConfig, load_config, load_genesis
from node.courier import Courier
from node.directory import Directory
from node.durable import Durable
from node.guard import GuardFile
from node.held_blocks import HeldBlocks, Permission
from node.keys import read_secret
from node.limits import pool_limits_of, timing_of
from node.machine import Machine
from node.messages import OrderingInbox
from node.pool import Pool
from node.pool_journal import PoolJournal
from node.reads import Reads
from node.self_check import check_store
from node.starting import start_from_disk
from node.store import Store, open_store
from node.transport.interface import Transport
from node.transport.libp2p_transport import Libp2pTransport
from node.wal import Wal
from node.watch import Watch

if TYPE_CHECKING:
    from trio_typing import TaskStatus

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
log = logging.getLogger("lugang.node")
MachineFactory = Callable[[Store, Genesis, Suite], Machine]
"""Makes the contract engine over an open store."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Everything that a node holds open while it runs."""

    genesis: Genesis
    suite: Suite
    chain: bytes
    store: Store
    tree: StateTree
    wal: Wal
    journal: PoolJournal


class Node:
    """A node at rest, with its read side and its door; `run` brings it to life, once."""

    def __init__(self, opened: Opened, board: Board, reads: Reads, mempool: Mempool, ordering: Ordering) -> None:
        self.opened = opened
        self.board = board
        self.reads = reads
        self.mempool = mempool
        self.ordering = ordering
        self.closed = trio.Event()
        self._services: list[Callable[..., Awaitable[None]]] = []

    def add_service(self, run: Callable[..., Awaitable[None]]) -> None:
        """Something else that lives and dies with the node; `run` takes trio's `task_status`."""
        self._services.append(run)

    async def run(self, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start everything in order; return when cancelled, raise what an actor has raised."""
        try:
            async with trio.open_nursery() as nursery:
                for run in self._services:
                    await nursery.start(run)
                task_status.started()
        finally:
            self.close()
            self.closed.set()

    def close(self) -> None:
        self.opened.store.close()
        self.opened.wal.close()
        self.opened.journal.close()


def build_node(
    config: NodeConfig,
    make_machine: MachineFactory,
    *,
    transport: Transport | None = None,
    clock: Clock | None = None,
) -> Node:
    """Open the folder and join the actors. Tests hand in a transport and a clock of their own."""
    genesis, suite, chain = load_genesis(config.genesis)
    suite.self_test()
    secret, seed = read_secret(config.consensus_key), read_secret(config.transport_key)
    signer = SuiteSigner(suite, suite.public_key(secret), secret)
    own = next((entry for entry in genesis.validators if entry.key == signer.key), None)
    directory = Directory.of(genesis, own.transport_key if own is not None else b"")
    clock = clock or SystemClock()
    transport = transport or Libp2pTransport(seed, config.listen, directory.registry())
    domain = Domain(suite, chain, genesis.engine)

    store = open_store(config.database, chain)
    tree = check_store(store, suite, genesis)
    wal, entries, wal_condition = Wal.open(config.wal)
    journal, journalled, journal_condition = PoolJournal.open(config.pool)
    opened = Opened(genesis, suite, chain, store, tree, wal, journal)
    log.info("opened wal=%s journal=%s entries=%d", wal_condition.value, journal_condition.value, len(entries))

    board = _new_board(clock, genesis)
    courier = Courier(transport, directory)
    to_ordering: Box[OrderingInbox] = Box(INBOX_MESSAGES_MAX)
    pool = Pool(pool_limits_of(genesis))
    codec = TransactionCodec(suite)

    def is_executed(identifier: bytes) -> bool:
        return store.place_of(identifier) is not None

    mempool = Mempool(
        pool=pool,
        admission=Admission(
            codec=codec, chain=chain, pool=pool, is_executed=is_executed, threads=config.verify_threads
        ),
        journal=journal,
        board=board,
        clock=clock,
        settings=MempoolSettings(linger_ms=genesis.timeout_ms("linger_ms")),
        send=courier.send,
        to_ordering=to_ordering.post,
    )
    executor = Executor(
        store=store,
        tree=tree,
        machine=make_machine(store, genesis, suite),
        suite=suite,
        chain=chain,
        genesis=genesis,
        board=board,
        to_ordering=to_ordering.post,
        to_mempool=mempool.control.post,
    )
    if store.applied is None:
        executor.write_genesis()
    assert store.applied is not None, "height 0 is written"
    board.chain.set(ChainStatus(store.applied.height, store.applied.block_time, store.certified))

    blocks = HeldBlocks(suite)
    guard = GuardFile(config.guard)
    durable = Durable(wal=wal, guard=guard, blocks=blocks, send=courier.send)
    permission = Permission(
        is_executed=is_executed,
        lifetime_ms_max=genesis.limit("transaction_lifetime_ms_max"),
        transactions_max=genesis.limit("block_transactions_max"),
        body_bytes_max=genesis.limit("block_body_bytes_max"),
    )
    started = start_from_disk(
        store=store, entries=entries, condition=wal_condition, guard=guard, domain=domain, genesis=genesis, codec=codec
    )
    for block in started.blocks:
        blocks.keep(block)
        durable.mark_in_log(block.block_hash, block.height)
    decided = Watch(store.applied.height)
    ticker = Ticker(clock, to_ordering.post)
    catch_up = CatchUp(
        store=store,
        suite=suite,
        clock=clock,
        decided=decided,
        send=courier.send,
        door=mempool.door,
        ordering=to_ordering,
    )
    ordering = Ordering(
        OrderingParts(
            engine=Engine(domain, signer, timing_of(genesis), started.start),
            verifier=Verifier(domain),
            signer=signer,
            genesis=genesis,
            store=store,
            board=board,
            clock=clock,
            durable=durable,
            blocks=blocks,
            permission=permission,
            decided=decided,
            send=courier.send,
            to_mempool=mempool.control.post,
            to_executor=executor.box.post,
            to_ticker=ticker.box.post,
        ),
        to_ordering,
    )
    peers = Peers(
        transport=transport,
        directory=directory,
        suite=suite,
        board=board,
        clock=clock,
        ordering=to_ordering,
        mempool_door=mempool.door,
        mempool_control=mempool.control,
        catch_up=catch_up.box,
    )
    replayed = mempool.replay(journalled, store.applied.block_time)
    log.info("start height=%d certified=%d replayed=%d", store.applied.height, store.certified, replayed)
    reads = Reads(
        store=store,
        board=board,
        suite=suite,
        genesis=genesis,
        is_pooled=mempool.has,
        ask_executor=executor.box.post,
    )
    node = Node(opened, board, reads, mempool, ordering)
    for run in (executor.run, mempool.run, catch_up.run, ticker.run, ordering.run, transport.run, peers.run):
        node.add_service(run)
    return node


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


def main(folder: Path, make_machine: MachineFactory, services: Sequence[Callable[[Node], None]] = ()) -> None:
    """Run the node of a folder; `services` may add to the node before it starts (the HTTP API does)."""
    refuse_without_asserts()
    node = build_node(load_config(folder), make_machine)
    for add in services:
        add(node)
    trio.run(run_until_signal, node)
