"""One stream of a link at work: a reader that cuts frames and pays for them, a writer that coalesces and beats.

The pace of reading is ours: bytes are paid for below, at the socket, and frames here. A peer over its budget waits;
it is not punished, for a peer that catches up from us is honest and fast.
"""

from __future__ import annotations

from typing import Final, Protocol

import trio

from node.transport.budget import TokenBucket
from node.transport.config import TransportConfig
from node.transport.counters import PeerCounters
from node.transport.errors import LinkEnded, library_faults
from node.transport.frames import HEADER_BYTES, HEARTBEAT, FrameReader, whole_frames
from node.transport.interface import Reason
from node.transport.muxing import Meter, MuxedStream
from node.transport.outbox import Outbox

READ_BYTES: Final = 64 * 1024


class Consumer(Protocol):
    """Where the frames of a stream go."""

    def deliver_now(self, payloads: list[bytes]) -> bool:
        """All of them, or none where one would have to wait."""
        ...

    async def deliver(self, payload: bytes) -> None:
        """Wait for room."""
        ...


async def read_frames(
    stream: MuxedStream,
    meter: Meter,
    config: TransportConfig,
    counters: PeerCounters,
    consumer: Consumer,
    frame_bytes_max: int,
) -> None:
    """Deliver every frame of the stream until the link ends. A frame once begun must be completed in time.

    Whole frames that need not wait for anything are delivered by `sink`, in the turn in which they came off the socket;
    whatever else arrives is this task's. So a vote costs one turn of the scheduler less.
    """

    def sink(data: bytes) -> bool:
        # Much at once is the reading task's, which takes turns with others; a correct peer never writes as much.
        if len(data) > READ_BYTES or stream.wants_grant(len(data)):
            return False
        payloads = whole_frames(data, frame_bytes_max)
        if payloads is None:
            return False
        frames = len(payloads)
        payloads = [payload for payload in payloads if payload]
        # Tokens of frames that then find no room are spent twice; such a peer is being slowed down anyway.
        if not budget.may_spend(frames, trio.current_time()) or not consumer.deliver_now(payloads):
            return False
        stream.consume(len(data))
        counters.bytes_in += len(data)
        counters.frames_in += len(payloads)
        return True

    reader = FrameReader(frame_bytes_max)
    budget = TokenBucket(config.frames_per_second, config.frames_burst, trio.current_time())
    deadline = trio.current_time() + config.frame_read_seconds
    while True:
        scope = trio.CancelScope(deadline=deadline if reader.buffered_bytes else float("inf"))
        data = b""
        with scope, library_faults(Reason.PEER_CLOSED, "read"):
            data = await stream.read(READ_BYTES, None if reader.buffered_bytes else sink)
        if scope.cancelled_caught:
            raise LinkEnded(Reason.READ_TIMEOUT, f"{reader.buffered_bytes} bytes of a frame, then no more")
        began_before = reader.buffered_bytes > 0
        frames = reader.feed(data)
        counters.bytes_in += len(data)
        for payload in frames:
            if payload:
                await consumer.deliver(payload)
                counters.frames_in += 1
        await meter.pause(budget.spend(len(frames), trio.current_time()))
        if frames or not began_before:
            deadline = trio.current_time() + config.frame_read_seconds


async def write_frames(
    stream: MuxedStream, outbox: Outbox, config: TransportConfig, counters: PeerCounters, *, beats: bool
) -> None:
    """Empty the outbox on to the stream, the only task that ever writes there; beat while there is nothing to say."""
    while True:
        if not outbox.frames:
            with trio.move_on_after(config.heartbeat_seconds if beats else float("inf")):
                await outbox.wait()
        batch, frames = outbox.take(config.write_bytes_max) if outbox.frames else (HEARTBEAT, 0)
        for start in range(0, len(batch), config.write_bytes_max):
            await _write(stream, batch[start : start + config.write_bytes_max], config.write_seconds)
        counters.bytes_out += len(batch)
        counters.frames_out += frames


async def _write(stream: MuxedStream, piece: bytes, seconds: float) -> None:
    with trio.move_on_after(seconds) as scope, library_faults(Reason.PEER_CLOSED, "write"):
        await stream.write(piece)
    if scope.cancelled_caught:
        raise LinkEnded(Reason.WRITE_TIMEOUT, f"{len(piece)} bytes not taken within {seconds} s")


assert len(HEARTBEAT) == HEADER_BYTES
