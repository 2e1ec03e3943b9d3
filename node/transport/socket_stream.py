"""A TCP connection as libp2p wants it: read, write, close. Owns the socket and nothing above it.

Differs from the library's own stream in what the guards need: it can be aborted from a synchronous call, knows
whether a write was torn (guard 6), reads ahead so that a Noise packet costs one system call, and while the handshake
lasts it takes a bounded number of bytes, because the negotiation in front of Noise believes any length it is told.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import Final

import trio
from libp2p.io.abc import ReadWriteCloser
from libp2p.io.exceptions import ConnectionClosedError

READ_BYTES: Final = 64 * 1024
PACKET_HEAD_BYTES: Final = 2
_TCP_INFO_RTT: Final = struct.Struct("68xI")
"""`tcpi_rtt` of Linux's struct tcp_info, which only ever grows at its end."""
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class SocketStream(ReadWriteCloser):
    """One socket. Reading and writing belong to one task each, as the multiplexer above does it."""

    def __init__(self, stream: trio.SocketStream, handshake_bytes_max: int) -> None:
        # Votes are small and urgent: they must not wait for the acknowledgement of what went before.
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self._stream = stream
        self._buffer = b""
        self._position = 0
        self._handshake_bytes_left: int | None = handshake_bytes_max
        self._remote: tuple[str, int] = stream.socket.getpeername()[:2]
        self.torn = False
        """A write began and did not finish: the peer cannot make sense of anything that would follow."""

    def handshake_done(self) -> None:
        self._handshake_bytes_left = None

    async def read(self, n: int | None = None) -> bytes:
        """At least one byte and at most `n`; raises at the end of the stream, where others would return nothing."""
        if self._position == len(self._buffer):
            self._buffer = await self._receive()
            self._position = 0
        end = len(self._buffer) if n is None else min(len(self._buffer), self._position + n)
        chunk = self._buffer[self._position : end]
        self._position = end
        return chunk

    async def read_packet(self) -> bytes:
        """One Noise packet without its head, which is its length in two bytes."""
        await self._have(PACKET_HEAD_BYTES)
        start = self._position + PACKET_HEAD_BYTES
        size = int.from_bytes(self._buffer[self._position : start], "big")
        self._position = start
        await self._have(size)
        start = self._position
        self._position = start + size
        return self._buffer[start : start + size]

    async def write_packet(self, sealed: bytes) -> None:
        await self.write(len(sealed).to_bytes(PACKET_HEAD_BYTES, "big") + sealed)

    async def _have(self, size: int) -> None:
        while len(self._buffer) - self._position < size:
            data = await self._receive()
            self._buffer = self._buffer[self._position :] + data
            self._position = 0

    async def _receive(self) -> bytes:
        size = READ_BYTES
        if self._handshake_bytes_left is not None:
            size = min(size, self._handshake_bytes_left)
            if not size:
                raise ConnectionClosedError("too many bytes for a handshake", transport="tcp")
        try:
            data = bytes(await self._stream.receive_some(size))
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise ConnectionClosedError(f"connection closed: {error}", transport="tcp") from error
        if not data:
            raise ConnectionClosedError("connection closed by peer", transport="tcp")
        if self._handshake_bytes_left is not None:
            self._handshake_bytes_left -= len(data)
        return data

    async def write(self, data: bytes) -> None:
        if self.torn:
            raise ConnectionClosedError("connection closed: an earlier write was cut short", transport="tcp")
        self.torn = True
        try:
            sent = self._write_now(data)
            if sent < len(data):
                await self._stream.send_all(memoryview(data)[sent:])
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise ConnectionClosedError(f"connection closed: {error}", transport="tcp") from error
        self.torn = False

    def _write_now(self, data: bytes) -> int:
        """As much as the kernel takes at once, nearly always all of it. trio's own way adds a turn of its scheduler."""
        try:
            return os.write(self._stream.socket.fileno(), data)
        except BlockingIOError:
            return 0

    async def close(self) -> None:
        await self._stream.aclose()

    def abort(self) -> None:
        """Close at once, drop what the kernel still holds, and wake whoever reads or writes."""
        if self._stream.socket.fileno() == -1:
            return
        self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._stream.socket.close()

    def round_trip_us(self) -> int | None:
        """The kernel's smoothed measure of this connection; None where there is none. Nothing is sent for it."""
        try:
            told = self._stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_RTT.size)
        except OSError:
            return None
        [microseconds] = _TCP_INFO_RTT.unpack(told) if len(told) == _TCP_INFO_RTT.size else (0,)
        return microseconds or None

    def get_remote_address(self) -> tuple[str, int] | None:
        return self._remote
