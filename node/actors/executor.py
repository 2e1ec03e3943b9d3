"""The executor: turns a decided block into state, receipts and one synchronous batch, then says so.

Theory of operation. Blocks come in height order and once. Each passes four stages: execute (the machine), tree (pages
and root), hash (receipts' root, history), write (one batch in a thread). Between stages other tasks run, for a large
block would otherwise hold up votes. Only when the batch is durable do ordering, the mempool and the readers hear of it.
The executor owns the state tree; who wants a proof asks here and gets one of the last applied height.

It must never apply a height twice, skip one, or go on after a failed write.
"""

from __future__ import annotations

import logging
from itertools import pairwise
from time import perf_counter_ns
from typing import TYPE_CHECKING

import trio

from contracts.engine import Execution
from ledger.crypto import Suite
from ledger.genesis import Genesis
from ledger.state import StateTree
from node import layout
from node.board import Board, ChainStatus, ExecutionStatus
from node.box import Box
from node.divergence import RecentWrites
from node.machine import Machine
from node.messages import (
    AppliedBlock,
    Execute,
    Executed,
    ExecutorInbox,
    MempoolControl,
    OrderingInbox,
    Post,
    Prove,
    Proved,
)
from node.outcomes import refusals_in
from node.recording import Recorder, event_of
from node.store import ExecutedBlock, Store

if TYPE_CHECKING:
    from trio_typing import TaskStatus

log = logging.getLogger("lugang.executor")


class Executor:
    def __init__(
        self,
        *,
        store: Store,
        tree: StateTree,
        machine: Machine,
        suite: Suite,
        chain: bytes,
        genesis: Genesis,
        board: Board,
        to_ordering: Post[OrderingInbox],
        to_mempool: Post[MempoolControl],
        box: Box[ExecutorInbox],
        writes: RecentWrites | None = None,
    ) -> None:
        self.box = box
        self._store = store
        self._tree = tree
        self._machine = machine
        self._board = board
        self._to_ordering = to_ordering
        self._to_mempool = to_mempool
        self._writes = writes or RecentWrites()
        self._recorder = Recorder(store, suite, chain, genesis)

    async def run(self, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        while True:
            message = await self.box.receive()
            match message:
                case Execute():
                    await self.execute(message)
                case Prove(full_keys, reply):
                    reply.put(tuple(self._prove(full_key) for full_key in full_keys))

    def write_genesis(self) -> None:
        """Height 0: the state that the genesis describes. Before `run`, when the store is empty."""
        execution = self._machine.genesis()
        update = self._tree.update(self._digests(execution), self._store.page)
        self._store.commit(self._recorder.genesis(execution, update.root, update.pages))
        self._store.keep_snapshot()
        self._publish_chain()

    async def execute(self, block: Execute) -> None:
        store, header = self._store, block.header
        assert store.applied is not None, "the genesis is written first"
        assert header.height == store.applied.height + 1, f"height {header.height} after {store.applied.height}"
        assert header.parent == store.applied.block_hash, "a block names the hash of its parent"
        started = perf_counter_ns()
        execution = self._machine.apply(header, block.transactions, block.misbehaviour)
        assert len(execution.receipts) == len(block.transactions) + 1, "a receipt each and the sweep's"
        self._board.refused_receipts.update(refusals_in(execution.receipts))
        await trio.lowlevel.checkpoint()
        executed = perf_counter_ns()
        digests = self._digests(execution)
        self._writes.keep(header.height, digests)
        update = self._tree.update(digests, self._store.page)
        await trio.lowlevel.checkpoint()
        record = self._recorder.block(block, execution, update.root, update.pages)
        hashed = perf_counter_ns()
        await trio.to_thread.run_sync(store.commit, record)
        store.keep_snapshot()
        self._report(record, execution)
        self._publish(header.height, len(block.transactions), (started, executed, hashed, perf_counter_ns()))

    def _digests(self, execution: Execution) -> list[tuple[bytes, bytes | None]]:
        digest = self._tree.hasher.value
        return [(key, None if value is None else digest(value)) for key, value in execution.state.items()]

    def _report(self, record: ExecutedBlock, execution: Execution) -> None:
        applied = record.applied
        self._publish_chain()
        event = event_of(record, execution.next_validators)
        changed, units = execution.callers_changed, execution.units
        self._to_mempool(Executed(applied.height, applied.block_time, record.ids, changed, units))
        self._to_ordering(AppliedBlock(event, execution.nodes))

    def _prove(self, full_key: bytes) -> Proved:
        applied = self._store.applied
        assert applied is not None
        proof = self._tree.prove(full_key, self._store.page)
        return Proved(applied.height, full_key, self._store.get(layout.STATE + full_key), proof)

    def _publish_chain(self) -> None:
        applied = self._store.applied
        assert applied is not None
        self._board.chain.set(ChainStatus(applied.height, applied.block_time, self._store.final))

    def _publish(self, height: int, transactions: int, marks: tuple[int, int, int, int]) -> None:
        execute, tree, write = ((after - before) // 1000 for before, after in pairwise(marks))
        log.info(
            "applied height=%d transactions=%d execute_us=%d tree_us=%d write_us=%d",
            *(height, transactions, execute, tree, write),
        )
        before = self._board.execution
        self._board.execution = ExecutionStatus(
            blocks=before.blocks + 1,
            transactions=before.transactions + transactions,
            last_execute_us=execute,
            last_tree_us=tree,
            last_write_us=write,
            total_us=before.total_us + execute + tree + write,
        )
