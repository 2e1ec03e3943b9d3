"""The one mailbox of the process, filled by all links, and the allowance that keeps one peer from filling it alone.

A frame occupies its peer's allowance from delivery until the consumer takes it. The allowance belongs to the peer and
not to the link, so reconnecting buys nothing. The channel itself needs no bound of its own: frames are bounded by the
allowances, and a peer has at most two undelivered notices, since its links follow one another.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

import trio

from node.transport.errors import LinkEnded
from node.transport.interface import FrameReceived, Incoming, Reason


class Allowance:
    """How much of one peer's traffic may lie in the mailbox."""

    def __init__(self, frames_max: int, bytes_max: int, wait_seconds: float) -> None:
        self._frames_max = frames_max
        self._bytes_max = bytes_max
        self._wait_seconds = wait_seconds
        self._room: trio.Event | None = None
        self.frames = 0
        self.bytes = 0

    def _fits(self, size: int) -> bool:
        return self.frames < self._frames_max and self.bytes + size <= self._bytes_max

    def may_occupy(self, frames: int, size: int) -> bool:
        """Occupy room for all of them if it is there; otherwise nothing."""
        if self.frames + frames > self._frames_max or self.bytes + size > self._bytes_max:
            return False
        self.frames += frames
        self.bytes += size
        return True

    async def occupy(self, size: int) -> None:
        """Wait for room, but not for ever: a consumer that slow must lose this link rather than stall the peer."""
        if not self._fits(size):
            with trio.move_on_after(self._wait_seconds) as scope:
                while not self._fits(size):
                    self._room = self._room or trio.Event()
                    await self._room.wait()
            if scope.cancelled_caught:
                raise LinkEnded(Reason.INBOX_OVERFLOW, f"{self.frames} frames of {self.bytes} bytes not consumed")
        self.frames += 1
        self.bytes += size

    def free(self, size: int) -> None:
        self.frames -= 1
        self.bytes -= size
        if self._room is not None:
            self._room.set()
            self._room = None


class Inbox(AsyncIterator[Incoming]):
    """Frames and notices in the order in which they happened on each link."""

    def __init__(self) -> None:
        send, receive = trio.open_memory_channel[tuple[Incoming, Allowance | None]](math.inf)
        self._send = send
        self._receive = receive

    async def deliver(self, frame: FrameReceived, allowance: Allowance) -> None:
        await allowance.occupy(len(frame.payload))
        self.put(frame, allowance)

    def put(self, frame: FrameReceived, allowance: Allowance) -> None:
        """A frame whose room is occupied already."""
        self._send.send_nowait((frame, allowance))

    def notify(self, notice: Incoming) -> None:
        self._send.send_nowait((notice, None))

    def close(self) -> None:
        """No more will come; a reader takes what is there and then ends."""
        self._send.close()

    @staticmethod
    def _taken(item: Incoming, allowance: Allowance | None) -> Incoming:
        if allowance is not None and isinstance(item, FrameReceived):
            allowance.free(len(item.payload))
        return item

    async def receive(self) -> Incoming:
        return self._taken(*await self._receive.receive())

    def receive_nowait(self) -> Incoming:
        return self._taken(*self._receive.receive_nowait())

    def __aiter__(self) -> AsyncIterator[Incoming]:
        return self

    async def __anext__(self) -> Incoming:
        try:
            return await self.receive()
        except trio.EndOfChannel:
            raise StopAsyncIteration from None
