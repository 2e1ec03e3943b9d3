"""Execution, played: a hash chain over the blocks, each taking its time. What it leaves behind is the node's record."""

from __future__ import annotations

import hashlib
from collections import deque

from contracts.engine import Execution
from devnet.sim.checkers import Checkers
from devnet.sim.prng import Prng
from devnet.sim.stage import CHAIN, Machine, Stage
from ledger.receipt import Receipt, Status
from node import layout
from node.messages import AppliedBlock, Execute, Executed
from node.recording import Recorder, event_of
from node.store import ExecutedBlock, Store


class Executing:
    def __init__(self, stage: Stage, checkers: Checkers, node: Machine, store: Store) -> None:
        self._stage, self._checkers, self._node, self._store = stage, checkers, node, store
        self._recorder = Recorder(store, stage.suite, CHAIN, stage.genesis)
        self._applying: ExecutedBlock | None = None
        self._waiting: deque[Execute] = deque()
        if store.applied is None:
            execution = Execution((), {}, {}, stage.genesis_validators, 0)
            store.commit(self._recorder.genesis(execution, bytes(32), {}))

    def execute(self, block: Execute) -> None:
        self._waiting.append(block)
        self._next()

    def _next(self) -> None:
        if self._applying is None and self._waiting:
            self._applying = self._recorded(self._waiting.popleft())
            self._node.after(self._stage.plan.speeds.apply_ms_max, self._on_executed, "executed")

    def _recorded(self, block: Execute) -> ExecutedBlock:
        """What a faulty build gets wrong is played by `spoil_height`."""
        height, below = block.header.height, self._store.applied
        assert below is not None, "the genesis is written"
        receipts = tuple(
            Receipt(height, index, t.id, t.wid, Status.DONE, None, (), None, (), 1).encode()
            for index, t in enumerate(block.transactions)
        )
        execution = Execution(receipts, {}, {}, self._stage.next_validators(height), 0)
        salt = b"spoiled" if self._node.spoil_height == height else b""
        state_root = hashlib.sha256(below.state_root + block.block_hash + salt).digest()
        return self._recorder.block(block, execution, state_root, {})

    def _on_executed(self) -> None:
        if self._node.is_paused(self._on_executed, "executed"):
            return
        assert self._applying is not None, "what was begun is finished"
        record, self._applying = self._applying, None
        applied = self._commit(record)
        event = event_of(record, self._stage.next_validators(applied.height))
        self._checkers.on_executed(self._node, event)
        self._node.on_executed(Executed(applied.height, applied.block_time, record.ids), AppliedBlock(event))
        self._next()

    def _commit(self, record: ExecutedBlock) -> layout.Applied:
        self._store.commit(record)
        self._node.executed.update(record.ids)
        return record.applied

    def power_off(self, fate: Prng) -> None:
        """The batch under way is lost or complete."""
        if self._applying is not None and fate.chance(50):
            self._commit(self._applying)
