"""Execution, played: a hash chain over the blocks, one batch a height, each taking its time."""

from __future__ import annotations

import hashlib
from collections import deque

from consensus.events import Applied, Deliver
from devnet.sim.checkers import Checkers
from devnet.sim.disk import Row
from devnet.sim.prng import Prng
from devnet.sim.stage import Driver, Stage
from ledger.history import HistoryRange
from node.held_blocks import HeldBlock


class Executing:
    def __init__(self, stage: Stage, checkers: Checkers, node: Driver) -> None:
        self._stage, self._checkers, self._node = stage, checkers, node
        self._range = HistoryRange(stage.suite)
        self._applying: Row | None = None
        self._waiting: deque[tuple[HeldBlock, Deliver]] = deque()

    def deliver(self, block: HeldBlock, effect: Deliver) -> None:
        self._waiting.append((block, effect))
        self._next()

    def _next(self) -> None:
        if self._applying is None and self._waiting:
            self._applying = self._executed(*self._waiting.popleft())
            self._node.after(self._stage.plan.speeds.apply_ms_max, self._on_executed, "executed")

    def _executed(self, block: HeldBlock, effect: Deliver) -> Row:
        """What a faulty build gets wrong is played by `spoil_height`."""
        rows = self._node.disk.rows
        below = rows[-1] if rows else None
        state = bytes(32) if below is None else below.result.state_root
        salt = b"spoiled" if self._node.spoil_height == effect.height else b""
        state_root = hashlib.sha256(state + block.block_hash + salt).digest()
        receipts_root = hashlib.sha256(b"receipts" + block.block_hash).digest()
        result = Applied(
            height=effect.height,
            block_hash=block.block_hash,
            block_time=block.header.time,
            state_root=state_root,
            receipts_root=receipts_root,
            next_validators=self._stage.next_validators(effect.height),
        )
        history = self._stage.genesis_history if below is None else below.history
        leaf = self._range.leaf(effect.height, block.block_hash, state_root, receipts_root)
        return Row(result, block, effect.proof, self._range.append(history, leaf)[0])

    def _on_executed(self) -> None:
        if self._node.is_paused(self._on_executed, "executed"):
            return
        row, self._applying = self._applying, None
        assert row is not None, "what was begun is finished"
        self._node.disk.commit(row)
        self._checkers.on_executed(self._node, row)
        self._node.on_executed(row)
        self._next()

    def power_off(self, fate: Prng) -> None:
        """The batch under way is lost or complete."""
        if self._applying is not None and fate.chance(50):
            self._node.disk.commit(self._applying)
