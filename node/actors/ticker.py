"""The ticker: tells ordering that the moment it asked for has come. It knows one moment at a time, the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from node.box import Box
from node.clock import Clock
from node.messages import OrderingInbox, Post, TimerFired, WakeAt

if TYPE_CHECKING:
    from trio_typing import TaskStatus

WISHES_TOGETHER_MAX: Final = 1_024
TickerInbox = WakeAt


class Ticker:
    def __init__(self, clock: Clock, to_ordering: Post[OrderingInbox], box: Box[TickerInbox]) -> None:
        self.box = box
        self._clock = clock
        self._to_ordering = to_ordering

    async def run(self, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        wake = WakeAt(None)
        while True:
            wait_ms = float("inf") if wake.at_ms is None else max(0, wake.at_ms - self._clock.now_ms())
            with trio.move_on_after(wait_ms / 1000) as waiting:
                wake = await self.box.receive()
            if waiting.cancelled_caught:
                wake = WakeAt(None)
                self._to_ordering(TimerFired())
            wake = (self.box.receive_ready(WISHES_TOGETHER_MAX) or [wake])[-1]
