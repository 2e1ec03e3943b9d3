"""The disk's side of a sync: its steps in the node's order, each taking its time, and what a power cut makes of them.

A step under way when the power goes has happened or has not: a torn frame of the log is cut off, and the guard's file
is replaced whole. A sync that takes no time is over before anything else happens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from consensus.messages import Height
from devnet.sim.checkers import Checkers
from devnet.sim.prng import Prng
from devnet.sim.stage import Machine, Stage
from node.driver import Driver
from node.durable import Writes, steps_of
from node.wal import Entry


class Syncing:
    def __init__(self, stage: Stage, checkers: Checkers, node: Machine, driver: Driver) -> None:
        self._stage, self._checkers, self._node, self._driver = stage, checkers, node, driver
        self._writes: Writes | None = None
        self._steps: deque[Callable[[], None]] = deque()

    @property
    def is_under_way(self) -> bool:
        return bool(self._steps)

    def finish(self) -> None:
        """What took its time is durable now: say so, and do what follows from it."""
        if self._writes is not None:
            self._end()
            self.settle()

    def settle(self) -> None:
        """Until nothing waits for the disk any more, or it takes its time."""
        ms_max = self._stage.plan.speeds.sync_ms_max
        while not self._steps and (writes := self._driver.writes()) is not None:
            self._writes = writes
            self._steps.extend(steps_of(writes, self, self._node.disk.guard))
            if ms_max:
                self._node.after(ms_max, self._on_time, "synced")
                return
            while self._steps:
                self._perform()
            self._end()

    def _on_time(self) -> None:
        self._perform()
        if self._steps:
            self._node.after(self._stage.plan.speeds.sync_ms_max, self._on_time, "synced")
        else:
            self._node.on_synced()

    def _perform(self) -> None:
        self._node.maybe_crash()
        self._steps.popleft()()

    def _end(self) -> None:
        self._node.maybe_crash()
        writes, self._writes = self._writes, None
        assert writes is not None, "what was begun is finished"
        self._driver.written(writes)

    def power_off(self, fate: Prng) -> None:
        """The steps that were left happen up to some point, or none of them."""
        while self._steps and fate.chance(50):
            self._steps.popleft()()

    # the log, with the checkers looking on

    def append(self, entries: Sequence[Entry]) -> None:
        log = self._node.disk.log
        log.append(entries)
        self._checkers.on_logged(self._node, log.frames[-1])

    def forget(self, height: Height) -> None:
        self._node.disk.log.forget(height)
