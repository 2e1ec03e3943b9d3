"""The frames that wait for one stream: bounded in number and bytes, ordered by priority, emptied in batches.

Refusal happens when a frame is offered, never later: what was once queued stays queued until the link ends, so the
caller's answer is true. Each priority may fill the queue up to its share only, hence the low ones are refused first
and the room above their share belongs to the urgent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import trio

from node.transport.frames import HEADER_BYTES, header_of
from node.transport.interface import Priority


class Outbox:
    """One stream's queue: any task offers, the stream's one writer takes."""

    def __init__(self, frames_max: int, bytes_max: int, share_percent: Mapping[Priority, int] | None = None) -> None:
        self._frames_max = frames_max
        self._bytes_max = bytes_max
        self._share_percent = share_percent
        self._queues: tuple[deque[bytes], ...] = tuple(deque() for _ in Priority)
        self._something = trio.Event()
        self.frames = 0
        self.bytes = 0

    def offer(self, payload: bytes, priority: Priority) -> bool:
        """Queue `payload`, or leave everything as it was and return False where its share is used up."""
        share = 100 if self._share_percent is None else self._share_percent[priority]
        size = len(payload) + HEADER_BYTES
        if (self.frames + 1) * 100 > self._frames_max * share or (self.bytes + size) * 100 > self._bytes_max * share:
            return False
        self._queues[priority].append(payload)
        self.frames += 1
        self.bytes += size
        self._something.set()
        return True

    async def wait(self) -> None:
        """Return once there is something to take."""
        await self._something.wait()

    def take(self, bytes_max: int) -> tuple[bytes, int]:
        """The next batch as it goes on the wire, and its number of frames.

        As many whole frames as fit into `bytes_max`; a larger frame comes alone. Coalescing is what makes small
        messages affordable: the library's cost is per write, not per byte.
        """
        parts: list[bytes] = []
        size = 0
        for queue in self._queues:
            while queue and (not parts or size + HEADER_BYTES + len(queue[0]) <= bytes_max):
                payload = queue.popleft()
                parts += (header_of(payload), payload)
                size += HEADER_BYTES + len(payload)
            if queue:
                break
        count = len(parts) // 2
        self.frames -= count
        self.bytes -= size
        if not self.frames:
            self._something = trio.Event()
        return b"".join(parts), count
