"""Bounded mailboxes. The owner receives; everybody else holds `post`, `send` or `offer`.

Strangers' traffic comes by `send`, which waits while the box is half full, or by `offer`, which gives up. What the
node's own actors answer one another comes by `post`: the other half is theirs, larger than what can be under way, so a
flood from outside can never make one actor fail for want of room in the box of another.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

import trio

M = TypeVar("M")


class BoxFull(Exception):  # noqa: N818 - it says what the box is
    """More was posted than can be under way: a bug of ours."""


class Box(Generic[M]):
    __slots__ = ("_arrived", "_max", "_queue", "_room")

    def __init__(self, messages_max: int) -> None:
        self._max = messages_max
        self._queue: deque[M] = deque()
        self._arrived = trio.Event()
        self._room = trio.Event()

    def __len__(self) -> int:
        return len(self._queue)

    def post(self, message: M) -> None:
        if len(self._queue) >= self._max:
            raise BoxFull(f"{len(self._queue)} messages, the last a {type(message).__name__}")
        self._queue.append(message)
        self._arrived.set()

    async def send(self, message: M) -> None:
        """Wait for room. Where there is room this does not yield: its callers have a loop that does."""
        while len(self._queue) >= self._max // 2:
            if self._room.is_set():
                self._room = trio.Event()
            await self._room.wait()
        self.post(message)

    def offer(self, message: M, waiting_max: int | None = None) -> bool:
        """Put the message in if there is room for strangers' traffic, or not so many as `waiting_max` wait already; say
        whether there was."""
        if len(self._queue) >= (self._max // 2 if waiting_max is None else waiting_max):
            return False
        self.post(message)
        return True

    async def receive(self) -> M:
        """The oldest message. One task receives from a box. Yields once, by waiting or else for its own sake."""
        if self._queue:
            await trio.lowlevel.checkpoint()
        while not self._queue:
            self._arrived = trio.Event()
            await self._arrived.wait()
        return self._take()

    def receive_ready(self, count_max: int) -> list[M]:
        """What lies in the box now, at most `count_max` messages."""
        return [self._take() for _ in range(min(count_max, len(self._queue)))]

    def _take(self) -> M:
        message = self._queue.popleft()
        if len(self._queue) < self._max // 2:
            self._room.set()
        return message
