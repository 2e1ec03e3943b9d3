"""Frames on a stream of bytes: an unsigned 32-bit length in network order, then that many bytes. No IO here.

A frame of length zero is a heartbeat; the layer above never sees one. The length is judged before a single byte of
the body is kept, so a peer can make us hold at most one frame and one chunk.
"""

from __future__ import annotations

from typing import Final

from node.transport.errors import LinkEnded
from node.transport.interface import Reason

HEADER_BYTES: Final = 4
HEARTBEAT: Final = bytes(HEADER_BYTES)


def header_of(payload: bytes) -> bytes:
    """The bytes that precede `payload` on the wire."""
    return len(payload).to_bytes(HEADER_BYTES, "big")


def whole_frames(data: bytes, frame_bytes_max: int) -> list[bytes] | None:
    """The payloads of `data` where it is nothing but whole frames, none over the limit; else None."""
    frames: list[bytes] = []
    position, end = 0, len(data)
    while position + HEADER_BYTES <= end:
        start = position + HEADER_BYTES
        size = int.from_bytes(data[position:start], "big")
        position = start + size
        if size > frame_bytes_max:
            return None
        frames.append(data[start:position])
    return frames if position == end else None


class FrameReader:
    """Cuts a stream of bytes into frames. After it has raised, the stream has no meaning any more."""

    __slots__ = ("_buffer", "_frame_bytes_max")

    def __init__(self, frame_bytes_max: int) -> None:
        self._frame_bytes_max = frame_bytes_max
        self._buffer = bytearray()

    @property
    def buffered_bytes(self) -> int:
        """What has arrived of a frame that is not complete yet; zero between frames."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes of the stream and return the payloads they complete, in order."""
        buffer = self._buffer
        buffer += data
        frames: list[bytes] = []
        position = 0
        with memoryview(buffer) as view:
            while len(buffer) - position >= HEADER_BYTES:
                size = int.from_bytes(view[position : position + HEADER_BYTES], "big")
                if size > self._frame_bytes_max:
                    raise LinkEnded(Reason.FRAME_TOO_LARGE, f"{size} bytes, the limit is {self._frame_bytes_max}")
                end = position + HEADER_BYTES + size
                if end > len(buffer):
                    break
                frames.append(bytes(view[position + HEADER_BYTES : end]))
                position = end
        del buffer[:position]
        return frames
