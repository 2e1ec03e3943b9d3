"""Catch-up: serves decided blocks to peers that lack them, and fetches those that this node lacks.

What follows from what is decided in `node.catching_up`; this actor gives it the time and what comes into the box, and
carries what it says to the peers, to ordering and to the mempool, waiting for room in their boxes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import trio

from consensus.catch_up import DropSource
from ledger.crypto import Suite
from node.box import Box
from node.catching_up import Answer, CatchingUp, CatchingUpEffect, Handing
from node.clock import Clock
from node.messages import CatchUpInbox, MempoolBodies, OrderingInbox, OwnHeight, SendToPeer
from node.store import Store
from node.watch import Watch

if TYPE_CHECKING:
    from trio_typing import TaskStatus

CLOCK_SECONDS: Final = 0.25
log = logging.getLogger("lugang.catch_up")


class CatchUp:
    def __init__(
        self,
        *,
        store: Store,
        suite: Suite,
        clock: Clock,
        decided: Watch[int],
        send: SendToPeer,
        bodies: Box[MempoolBodies],
        ordering: Box[OrderingInbox],
        box: Box[CatchUpInbox],
    ) -> None:
        self.box = box
        self._catching_up = CatchingUp(store, suite, decided.value)
        self._clock = clock
        self._decided = decided
        self._send = send
        self._bodies = bodies
        self._ordering = ordering

    async def run(self, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._follow_decisions)
            task_status.started()
            while True:
                message = None
                # The clock may cut short the waiting, never the work: a block half handed over would be lost.
                with trio.move_on_after(CLOCK_SECONDS):
                    message = await self.box.receive()
                if message is not None:
                    await self._perform(self._catching_up.on(message, self._clock.now_ms()))
                await self._perform(self._catching_up.on_clock(self._clock.now_ms()))

    async def _follow_decisions(self) -> None:
        while True:
            self.box.post(OwnHeight(await self._decided.wait_change()))

    async def _perform(self, effects: Iterable[CatchingUpEffect]) -> None:
        for effect in effects:
            match effect:
                case Answer(peer, message):
                    self._send(peer, message)
                case Handing(block, wires):
                    await self._ordering.send(block)
                    await self._bodies.send(wires)
                case DropSource(peer, reason):
                    log.info("source_dropped peer=%s %s", peer.hex()[:16], reason)
