"""Bounded mailboxes. The owner iterates; everybody else holds `post` or `send`."""

from __future__ import annotations

from typing import Generic, TypeVar

import trio

M = TypeVar("M")


class Box(Generic[M]):
    """`send` waits for room and is for one-way traffic; `post` never waits, and a full box is then a bug."""

    __slots__ = ("_receive", "_send")

    def __init__(self, messages_max: int) -> None:
        self._send, self._receive = trio.open_memory_channel[M](messages_max)

    async def send(self, message: M) -> None:
        await self._send.send(message)

    def post(self, message: M) -> None:
        self._send.send_nowait(message)

    def offer(self, message: M) -> bool:
        """Put the message in if there is room; say whether there was."""
        try:
            self._send.send_nowait(message)
        except trio.WouldBlock:
            return False
        return True

    async def receive(self) -> M:
        return await self._receive.receive()

    def receive_ready(self, count_max: int) -> list[M]:
        """What lies in the box now, at most `count_max` messages."""
        ready: list[M] = []
        while len(ready) < count_max:
            try:
                ready.append(self._receive.receive_nowait())
            except trio.WouldBlock:
                break
        return ready
