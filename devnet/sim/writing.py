"""Durable before sent: what is gathered for a sync, what waits for it, and what a power cut makes of it.

A sync has two stages, the log and then the guard; a crash can fall before, between and after them.
"""

from __future__ import annotations

from collections import deque

from consensus.events import Persist, Persisted, Send
from devnet.sim.checkers import Checkers
from devnet.sim.disk import Frame, joined
from devnet.sim.prng import Prng
from devnet.sim.stage import Driver, Stage


class Writing:
    def __init__(self, stage: Stage, checkers: Checkers, node: Driver) -> None:
        self._stage, self._checkers, self._node = stage, checkers, node
        self._pending: list[Frame] = []
        self._writing: tuple[Frame, bool] | None = None
        self._held: deque[Send] = deque()
        self._asked = self._durable = 0

    def persist(self, effect: Persist) -> None:
        """The blocks' bytes are taken now: the node may let go of them before the sync."""
        assert effect.token == self._asked + 1, "tokens rise by one"
        self._asked = effect.token
        blocks = []
        for block_hash in effect.blocks:
            block = self._node.blocks.get(block_hash)
            assert block is not None, "the bytes of a block that is voted for are held"
            blocks.append(block)
        self._pending.append(Frame(tuple(blocks), effect.records, effect.guard, effect.token))

    def send(self, effect: Send) -> None:
        if effect.after is None or effect.after <= self._durable:
            self._node.say(effect.to, effect.message)
        else:
            self._held.append(effect)

    def sync(self) -> None:
        """One sync for everything gathered; a slow disk answers later, and more may gather meanwhile."""
        while self._pending and self._writing is None:
            gathered, self._pending = self._pending, []
            self._writing = (joined(gathered), False)
            if self._sync_ms_max():
                self._node.after(self._sync_ms_max(), self._on_log_synced, "log synced")
                return
            self._on_log_synced()

    def _sync_ms_max(self) -> int:
        """What the first event asks to persist is durable before the second."""
        return self._stage.plan.speeds.sync_ms_max if self._node.is_started else 0

    def _on_log_synced(self) -> None:
        assert self._writing is not None, "what was begun is finished"
        self._node.maybe_crash()
        frame, _ = self._writing
        self._append(frame)
        self._writing = (frame, True)
        if self._sync_ms_max():
            self._node.after(self._sync_ms_max(), self._on_guard_synced, "guard synced")
        else:
            self._on_guard_synced()

    def _append(self, frame: Frame) -> None:
        self._node.disk.append(frame)
        self._checkers.on_logged(self._node, frame)

    def _on_guard_synced(self) -> None:
        assert self._writing is not None, "what was begun is finished"
        self._node.maybe_crash()
        frame, _ = self._writing
        self._node.disk.write_guard(frame)
        self._writing = None
        self._node.maybe_crash()
        self._durable = frame.token
        while self._held and (self._held[0].after or 0) <= frame.token:
            self._node.maybe_crash()
            ready = self._held.popleft()
            self._node.say(ready.to, ready.message)
        self._node.step(Persisted(frame.token))

    def power_off(self, fate: Prng) -> None:
        """A write under way is lost, torn (as good as lost) or complete."""
        if self._writing is None:
            return
        frame, logged = self._writing
        if not logged and fate.chance(50):
            self._append(frame)
            logged = True
        if logged and fate.chance(50):
            self._node.disk.write_guard(frame)
