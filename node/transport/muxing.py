"""The multiplexer between the socket and our two streams, with the limits that the library's own lacks.

`MeteredSession` sits under it: each read is paid for, and proves that the peer is alive. `GuardedYamux` is libp2p's
Yamux with enforced windows and a short way for data. Both are used through the methods that libp2p 0.8.1 calls; the
guards' tests attack them over real sockets, so a release that stops calling them cannot go unnoticed.
"""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn, cast

import trio
from libp2p.io.exceptions import ConnectionClosedError
from libp2p.security.noise.io import MAX_PLAINTEXT_LENGTH, NoiseTransportReadWriter
from libp2p.security.secure_session import SecureSession
from libp2p.stream_muxer.yamux.yamux import (
    DEFAULT_WINDOW_SIZE,
    HEADER_SIZE,
    MAX_MESSAGE_SIZE,
    TYPE_DATA,
    YAMUX_HEADER_FORMAT,
    Yamux,
    YamuxStream,
)

from node.transport.budget import TokenBucket
from node.transport.config import TransportConfig
from node.transport.errors import LinkEnded
from node.transport.interface import Reason
from node.transport.socket_stream import SocketStream

_PAUSE_SECONDS_MAX: Final = 0.25
_unpack_header: Final = struct.Struct(YAMUX_HEADER_FORMAT).unpack_from


Sink = Callable[[bytes], bool]
"""Takes data at once and says True, or leaves it to the stream's reading task, which can wait."""


class Meter:
    """What one connection has read, what it may read, and whether we are the ones who hold it back."""

    def __init__(self, config: TransportConfig) -> None:
        now = trio.current_time()
        self._bytes = TokenBucket(config.bytes_per_second, config.bytes_burst, now)
        self._reads = TokenBucket(config.muxer_reads_per_second, config.muxer_reads_burst, now)
        self.signs_of_life = 0
        self.throttled = 0

    async def spend(self, size: int) -> None:
        now = trio.current_time()
        await self.pause(max(self._bytes.spend(size, now), self._reads.spend(1, now)))

    async def pause(self, seconds: float) -> None:
        """Let the peer wait. It is not silent meanwhile: we are deaf."""
        if seconds <= 0:
            return
        self.throttled += 1
        until = trio.current_time() + seconds
        while (left := until - trio.current_time()) > 0:
            self.signs_of_life += 1
            await trio.sleep(min(left, _PAUSE_SECONDS_MAX))


class MeteredSession(SecureSession):
    """A Noise session whose packets are paid for. Only whole reads count as signs of life, never a trickle of bytes.

    It opens the packets itself, from the socket's buffer: the library's way to the same bytes passes through eight
    coroutines for each of the two halves of a packet, which cost more than everything else that is done for a vote.
    """

    def __init__(self, session: SecureSession, socket: SocketStream, meter: Meter) -> None:
        super().__init__(
            local_peer=session.local_peer,
            local_private_key=session.local_private_key,
            remote_peer=session.remote_peer,
            remote_permanent_pubkey=session.remote_permanent_pubkey,
            is_initiator=session.is_initiator,
            conn=session.conn,
        )
        self.socket = socket
        self.meter = meter
        self.before_read: Callable[[], Awaitable[None]] | None = None
        """The multiplexer's: takes what the library need not see before the library reads on."""
        self._noise = cast(NoiseTransportReadWriter, session.conn)
        self._plain = bytearray()
        """Grows in place: a peer may announce megabytes and then send them in packets of one byte."""
        self._position = 0

    async def read(self, n: int | None = None) -> bytes:
        """As the library calls it: exactly `n` bytes, or all that is there, at least one."""
        if self.before_read is not None:
            await self.before_read()
        if n is None:
            await self.peek(1)
            n = len(self._plain) - self._position
        return await self.take(n)

    async def peek(self, size: int) -> tuple[bytearray, int]:
        """Wait for `size` bytes and leave them: (a buffer, where in it they begin)."""
        while len(self._plain) - self._position < size:
            sealed = await self.socket.read_packet()
            await self.meter.spend(len(sealed))
            plain = self._noise.decrypt(sealed)
            if not plain:
                raise ConnectionClosedError("a packet without contents")
            if self._position:
                del self._plain[: self._position]
                self._position = 0
            self._plain += plain
        return self._plain, self._position

    async def take(self, size: int) -> bytes:
        """Exactly `size` bytes."""
        await self.meter.spend(0)
        plain, start = await self.peek(size)
        self._position = start + size
        self.meter.signs_of_life += 1
        with memoryview(plain) as view:
            return bytes(view[start : start + size])

    async def write(self, data: bytes) -> None:
        if len(data) > MAX_PLAINTEXT_LENGTH:
            await super().write(data)
        else:
            await self.socket.write_packet(self._noise.encrypt(data))


class GuardedYamux(Yamux):
    """Yamux that ends the connection where the peer writes more than it was given room for (guard 3).

    Plain data, which is nearly everything, goes from the session straight into the stream's buffer. The library is
    left with what opens, widens and ends streams.
    """

    def __init__(self, session: MeteredSession, receive_buffer_bytes_max: int) -> None:
        super().__init__(session, session.get_remote_peer(), is_initiator=session.is_initiator)
        self.session = session
        self.violation: LinkEnded | None = None
        self.bug: Exception | None = None
        """What our own code raised inside the library's loop; whoever runs it raises it again."""
        self.sinks: dict[int, Sink] = {}
        self._receive_buffer_bytes_max = receive_buffer_bytes_max
        session.before_read = self._take_data

    async def _take_data(self) -> None:
        """Take every frame of plain data for an open stream, until there is one that the library must see."""
        session = self.session
        while True:
            version, kind, flags, number, length = _unpack_header(*await session.peek(HEADER_SIZE))
            stream = self.streams.get(number)
            if kind != TYPE_DATA or flags or version or stream is None or stream.recv_closed or stream.closed:
                return
            if length > stream.recv_window:
                self._violate(f"{length} bytes announced, {stream.recv_window} granted")
            self._check_room(length)
            await session.take(HEADER_SIZE)
            if length:
                data = await session.take(length)
                stream.recv_window -= length
                # The stream may have been reset while the rest of its data was on the way.
                if number in self.stream_buffers and not self._hand_over(number, data):
                    self.stream_buffers[number] += data
                    self.stream_events[number].set()

    def _hand_over(self, number: int, data: bytes) -> bool:
        """Give the data to the stream's consumer past its reading task, if that task has nothing before it."""
        sink = self.sinks.get(number)
        if sink is None or self.stream_buffers[number]:
            return False
        try:
            return sink(data)
        except Exception as bug:
            # The library takes whatever is raised here for an end of the connection.
            self.bug = bug
            raise

    def _check_room(self, length: int) -> None:
        buffered = sum(map(len, self.stream_buffers.values()))
        if buffered + length > self._receive_buffer_bytes_max:
            self._violate(f"{buffered} bytes unread, {length} more announced")

    def _violate(self, detail: str) -> NoReturn:
        self.violation = LinkEnded(Reason.WINDOW_EXCEEDED, detail)
        self.session.socket.abort()
        raise self.violation

    async def _write_frame(self, data: bytes) -> None:
        """As the library's, without its formatted log line and the three turns of the scheduler around each frame."""
        try:
            self._write_lock.acquire_nowait()
        except trio.WouldBlock:
            await self._write_lock.acquire()
        try:
            await self.session.write(data)
        finally:
            self._write_lock.release()

    async def write_data(self, stream: YamuxStream, data: bytes) -> None:
        """Write one batch. Only the stream's one writing task may call this (guard 9)."""
        if len(data) > min(stream.send_window, MAX_MESSAGE_SIZE - HEADER_SIZE) or stream.send_closed:
            # The library knows how to wait for room, and how to refuse.
            await stream.write(data)
            return
        stream.send_window -= len(data)
        await self._write_frame(struct.pack(YAMUX_HEADER_FORMAT, 0, TYPE_DATA, 0, stream.stream_id, len(data)) + data)

    async def read_data(self, stream: YamuxStream, bytes_max: int) -> bytes:
        """At least one byte of what has arrived. Only the stream's one reading task may call this."""
        number = stream.stream_id
        while not (stream.recv_closed or stream.closed or self.event_shutting_down.is_set()):
            buffer = self.stream_buffers[number]
            if buffer:
                data = bytes(buffer[:bytes_max])
                del buffer[:bytes_max]
                return data
            await self.stream_events[number].wait()
            if number in self.stream_events:
                self.stream_events[number] = trio.Event()
        # The library knows how it ended, and what was left.
        return await self.read_stream(number, bytes_max)

    async def _read_data_body(self, length: int) -> bytes:
        self._check_room(length)
        return await self.session.take(length)


class MuxedStream:
    """One of our streams: bytes in, bytes out, and the receive window kept by us.

    The library's `read` answers every small read with a window update of its own, doubling the cost of a vote, and
    lets the window grow to 16 MiB. Here the window is fixed and replenished by eighths: often enough that even a slow
    consumer grants something within the 5 s after which the sender's library gives up.
    """

    def __init__(self, muxer: GuardedYamux, stream: YamuxStream) -> None:
        self._muxer = muxer
        self._stream = stream
        self._window_bytes = DEFAULT_WINDOW_SIZE
        self._consumed = 0

    async def read(self, bytes_max: int, sink: Sink | None = None) -> bytes:
        """At least one byte; `LinkEnded` when the stream is over. While this waits, `sink` may take what comes."""
        sinks, number = self._muxer.sinks, self._stream.stream_id
        if sink is not None:
            sinks[number] = sink
        try:
            data = await self._muxer.read_data(self._stream, bytes_max)
        finally:
            sinks.pop(number, None)
        self._consumed += len(data)
        if self.wants_grant(0):
            await self._grant(self._consumed)
            self._consumed = 0
        return data

    def wants_grant(self, size: int) -> bool:
        """Whether room must be granted once `size` bytes more are read; only `read` can do that."""
        return (self._consumed + size) * 8 >= self._window_bytes

    def consume(self, size: int) -> None:
        """A sink has taken `size` bytes."""
        self._consumed += size

    async def widen(self, window_bytes: int) -> None:
        """Raise the receive window from the protocol's initial 256 KiB."""
        if window_bytes > self._window_bytes:
            await self._grant(window_bytes - self._window_bytes)
            self._window_bytes = window_bytes

    async def _grant(self, size: int) -> None:
        self._stream.recv_window += size
        await self._stream.send_window_update(size)

    async def write(self, data: bytes) -> None:
        await self._muxer.write_data(self._stream, data)

    async def reset(self) -> None:
        await self._stream.reset()
