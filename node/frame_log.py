"""An append-only log of frames in segment files, as the write-ahead log and the pool journal need it.

A frame is `magic u32 ‖ length u32 ‖ crc32 u32 ‖ sequence u64 ‖ tag u64 ‖ payload`; the checksum covers everything after
itself. Payloads hold bytes of strangers, who could write whole frames into them, so the magic never occurs in one as it
is written: `lgl` becomes `lgl 0`.

One frame is one fsync: a frame is written only after the one before it is durable. So after a loss of power at most
the last frame can be incomplete, and `open` cuts it off; a bad frame with a good one behind it is damage of the disk,
and so is a gap in the sequence. The tag is the caller's (a height, a time); a segment goes when the caller says that
everything up to a tag is settled, and the newest segment always stays, so an empty folder means a lost log.

All methods block on the disk. Callers on the event loop call `append` from a thread, one call at a time.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

MAGIC: Final = 0x6C676C67
MARK: Final = MAGIC.to_bytes(4, "big")
PLAIN: Final = MARK[:3]
ESCAPED: Final = PLAIN + b"\0"
HEAD: Final = struct.Struct(">III")
BODY: Final = struct.Struct(">QQ")
HEAD_BYTES: Final = HEAD.size + BODY.size
FRAME_BYTES_MAX: Final = 64 * 1024 * 1024
SEGMENT_BYTES_MAX: Final = 16 * 1024 * 1024
SUFFIX: Final = ".log"


class Condition(Enum):
    """What `open` found."""

    INTACT = "intact"
    TAIL_CUT = "tail_cut"
    DAMAGED = "damaged"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Frame:
    sequence: int
    tag: int
    payload: bytes
    segment: int


@dataclass(slots=True)
class Segment:
    """One file; its number is the sequence of its first frame."""

    number: int
    bytes: int
    tag_max: int


def sync_folder(path: Path) -> None:
    """Make names that were created, renamed or removed in a folder durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def encode_frame(sequence: int, tag: int, payload: bytes) -> bytes:
    body = BODY.pack(sequence, tag) + payload.replace(PLAIN, ESCAPED)
    return HEAD.pack(MAGIC, len(body) - BODY.size, zlib.crc32(body)) + body


class FrameLog:
    """An open log. Any OSError while appending leaves it unusable: after a failed fsync nothing can be known."""

    def __init__(self, path: Path, segments: list[Segment], next_sequence: int) -> None:
        self.path = path
        self._segments = segments
        self._next = next_sequence
        self._file = os.open(self._name(segments[-1].number), os.O_WRONLY | os.O_APPEND)
        self._failed = False

    def _name(self, number: int) -> Path:
        return self.path / f"{number:016d}{SUFFIX}"

    @classmethod
    def create(cls, path: Path) -> None:
        """A new, empty log; the folder must not hold one."""
        path.mkdir(parents=True, exist_ok=True)
        assert not list(path.glob(f"*{SUFFIX}")), f"{path} already holds a log"
        (path / f"{0:016d}{SUFFIX}").touch()
        sync_folder(path)

    @classmethod
    def open(cls, path: Path) -> tuple[FrameLog, list[Frame], Condition]:
        """The log, its frames and its condition. A torn last frame is cut off; nothing else is changed.

        LOST: there was none and an empty one was made. DAMAGED: the frames up to the damage are returned, and
        appending goes on in a new segment behind everything that is there.
        """
        numbers = sorted(int(name.stem) for name in path.glob(f"*{SUFFIX}")) if path.is_dir() else []
        if not numbers:
            cls.create(path)
            return cls(path, [Segment(0, 0, 0)], 0), [], Condition.LOST
        frames: list[Frame] = []
        segments: list[Segment] = []
        condition = Condition.INTACT
        for number in numbers:
            found, good_bytes, sound = _read_segment(path / f"{number:016d}{SUFFIX}", number)
            follows = not frames or number == frames[-1].sequence + 1
            segments.append(Segment(number, good_bytes, max((frame.tag for frame in found), default=0)))
            if condition is Condition.DAMAGED or not follows:
                condition = Condition.DAMAGED
                continue
            frames.extend(found)
            if sound is not Condition.INTACT:
                condition = sound if number == numbers[-1] else Condition.DAMAGED
        if condition is Condition.TAIL_CUT:
            _cut(path / f"{numbers[-1]:016d}{SUFFIX}", segments[-1].bytes)
        if condition is Condition.DAMAGED:
            return cls._behind_damage(path, segments), frames, condition
        return cls(path, segments, frames[-1].sequence + 1 if frames else numbers[-1]), frames, condition

    @classmethod
    def _behind_damage(cls, path: Path, segments: list[Segment]) -> FrameLog:
        number = segments[-1].number + SEGMENT_BYTES_MAX
        (path / f"{number:016d}{SUFFIX}").touch()
        sync_folder(path)
        return cls(path, [*segments, Segment(number, 0, 0)], number)

    @property
    def segment(self) -> int:
        """The number of the segment into which the next frame goes."""
        return self._segments[-1].number

    @property
    def bytes_on_disk(self) -> int:
        return sum(segment.bytes for segment in self._segments)

    def append(self, payload: bytes, tag: int) -> int:
        """Write one frame and return when it is durable; the answer is its segment."""
        assert not self._failed, "nothing is appended after a failed write"
        data = encode_frame(self._next, tag, payload)
        assert len(data) <= FRAME_BYTES_MAX, "a frame has a limit"
        self._failed = True
        current = self._segments[-1]
        if current.bytes >= SEGMENT_BYTES_MAX:
            current = self._begin_segment()
        written = 0
        while written < len(data):
            written += os.write(self._file, data[written:])
        os.fdatasync(self._file)
        self._next += 1
        current.bytes += len(data)
        current.tag_max = max(current.tag_max, tag)
        self._failed = False
        return current.number

    def _begin_segment(self) -> Segment:
        os.close(self._file)
        self._file = os.open(self._name(self._next), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        sync_folder(self.path)
        segment = Segment(self._next, 0, 0)
        self._segments.append(segment)
        return segment

    def forget(self, tag: int) -> None:
        """Remove the oldest segments in which every frame's tag is at most `tag`; the newest segment stays."""
        while len(self._segments) > 1 and self._segments[0].tag_max <= tag:
            self._remove(self._segments[0])

    @property
    def oldest(self) -> int:
        """The number of the oldest segment. Only that one is ever removed: a gap means a lost file."""
        return self._segments[0].number

    def remove_oldest(self) -> None:
        """The caller needs nothing of the oldest segment any more; it is not the newest."""
        assert len(self._segments) > 1, "the newest segment stays"
        self._remove(self._segments[0])

    def _remove(self, segment: Segment) -> None:
        self._name(segment.number).unlink()
        self._segments.remove(segment)

    def close(self) -> None:
        os.close(self._file)


def read_good(path: Path) -> list[Frame]:
    """The frames of every segment up to the first bad one in it, whatever is wrong with the segments before.

    For who needs each frame and no order. Nothing is searched for behind a bad frame: what lies there may be bytes that
    a stranger chose.
    """
    numbers = sorted(int(name.stem) for name in path.glob(f"*{SUFFIX}"))
    return [frame for number in numbers for frame in _read_segment(path / f"{number:016d}{SUFFIX}", number)[0]]


def inspect_log(path: Path) -> tuple[Condition, int, int]:
    """The condition in which `open` would find the log, its good frames and its bytes; nothing is changed."""
    numbers = sorted(int(name.stem) for name in path.glob(f"*{SUFFIX}")) if path.is_dir() else []
    condition, frames, size, following = Condition.INTACT if numbers else Condition.LOST, 0, 0, None
    for number in numbers:
        file = path / f"{number:016d}{SUFFIX}"
        found, _, sound = _read_segment(file, number)
        if following is not None and number != following:
            condition = Condition.DAMAGED
        if sound is not Condition.INTACT and condition is not Condition.DAMAGED:
            condition = sound if number == numbers[-1] else Condition.DAMAGED
        frames, size, following = frames + len(found), size + file.stat().st_size, number + len(found)
    return condition, frames, size


def _read_segment(path: Path, first: int) -> tuple[list[Frame], int, Condition]:
    """The good frames of a file, the bytes that they take, and what comes behind them."""
    data = path.read_bytes()
    frames: list[Frame] = []
    position = 0
    for frame, end in _frames_from(data, 0, first):
        if frame.sequence != first + len(frames):
            return frames, position, Condition.DAMAGED
        frames.append(frame)
        position = end
    if position == len(data):
        return frames, position, Condition.INTACT
    found_later = any(True for _ in _good_frames_behind(data, position + 1, first))
    return frames, position, Condition.DAMAGED if found_later else Condition.TAIL_CUT


def _frames_from(data: bytes, position: int, segment: int) -> Iterator[tuple[Frame, int]]:
    while len(data) - position >= HEAD_BYTES:
        magic, length, checksum = HEAD.unpack_from(data, position)
        end = position + HEAD_BYTES + length
        if magic != MAGIC or length > FRAME_BYTES_MAX or end > len(data):
            return
        body = data[position + HEAD.size : end]
        if zlib.crc32(body) != checksum:
            return
        sequence, tag = BODY.unpack_from(body)
        yield Frame(sequence, tag, body[BODY.size :].replace(ESCAPED, PLAIN), segment), end
        position = end


def _good_frames_behind(data: bytes, position: int, segment: int) -> Iterator[Frame]:
    """Good frames that begin anywhere from `position` on: a torn last frame has none behind it, nor in its payload."""
    while (position := data.find(MARK, position)) >= 0:
        for frame, _ in _frames_from(data, position, segment):
            yield frame
            break
        position += 1


def _cut(path: Path, size: int) -> None:
    handle = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(handle, size)
        os.fsync(handle)
    finally:
        os.close(handle)
