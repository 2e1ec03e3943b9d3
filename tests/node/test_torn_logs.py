"""What a crash may leave of a log at any byte, over several segments: everything durable is read, nothing else is.

After each fsync the frames before are whole; of the one that was being written there may be any beginning, with nothing
behind it, with zeros (a file that was made longer before its bytes arrived) or with what lay on the disk before.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.frame_log import HEAD_BYTES, MARK, Condition, FrameLog, encode_frame
from node.pool_journal import PoolJournal
from node.wal import Entry, EntryKind, Wal

SEGMENT_BYTES = 200
PAYLOADS = st.lists(st.binary(max_size=150), min_size=1, max_size=8)
TAILS = st.sampled_from((b"", bytes(1), bytes(4096), b"\xff" * 40, bytes.fromhex("6c676c67") * 9))
SETTINGS = settings(max_examples=60, deadline=None)


@pytest.fixture(autouse=True)
def _short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.frame_log.SEGMENT_BYTES_MAX", SEGMENT_BYTES)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("torn")


def fresh(root: Path) -> Path:
    shutil.rmtree(root / "log", ignore_errors=True)
    return root / "log"


def tear(folder: Path, frame_bytes: int, share: float, tail: bytes) -> bool:
    """Leave so much of the last frame, and `tail` behind it; whether the frame is whole all the same."""
    file = max(folder.iterdir())
    whole = file.read_bytes()
    kept = round(share * frame_bytes)
    left = whole[: len(whole) - frame_bytes + kept] + tail
    file.write_bytes(left)
    return left[: len(whole)] == whole


@SETTINGS
@given(payloads=PAYLOADS, share=st.floats(0, 1), tail=TAILS)
def test_a_torn_frame_is_cut_off_and_appending_goes_on(root, payloads, share, tail):
    folder = fresh(root)
    log, _, _ = FrameLog.open(folder)
    for tag, payload in enumerate(payloads):
        log.append(payload, tag)
    log.close()
    is_whole = tear(folder, HEAD_BYTES + len(payloads[-1]), share, tail)
    durable = payloads if is_whole else payloads[:-1]
    log, frames, condition = FrameLog.open(folder)
    assert [frame.payload for frame in frames] == durable
    assert condition in (Condition.INTACT, Condition.TAIL_CUT)
    log.append(b"next", 99)
    log.close()
    log, frames, condition = FrameLog.open(folder)
    log.close()
    assert ([frame.payload for frame in frames], condition) == ([*durable, b"next"], Condition.INTACT)


PIECES = (b"l", b"g", b"lgl", b"\0", MARK, encode_frame(1, 1, b"mine"))
STRANGE = st.lists(st.sampled_from(PIECES), max_size=9).map(b"".join)


@SETTINGS
@given(payload=STRANGE, share=st.floats(0, 1))
def test_frames_that_a_stranger_writes_into_a_payload_are_never_taken_for_ours(root, payload, share):
    """Else a torn frame would pass for damage in the middle of the log, after which a node does not vote at once."""
    folder = fresh(root)
    log, _, _ = FrameLog.open(folder)
    log.append(b"first", 1)
    size = log.bytes_on_disk
    log.append(payload, 2)
    size = log.bytes_on_disk - size
    log.close()
    log, frames, condition = FrameLog.open(folder)
    log.close()
    assert ([frame.payload for frame in frames], condition) == ([b"first", payload], Condition.INTACT)
    is_whole = tear(folder, size, share, b"")
    log, frames, condition = FrameLog.open(folder)
    log.close()
    assert [frame.payload for frame in frames] == ([b"first", payload] if is_whole else [b"first"])
    assert condition is not Condition.DAMAGED


ENTRIES = st.builds(Entry, st.sampled_from(EntryKind), st.integers(1, 9), st.binary(max_size=60))


@SETTINGS
@given(syncs=st.lists(st.lists(ENTRIES, min_size=1, max_size=4), min_size=1, max_size=6), share=st.floats(0, 1))
def test_a_torn_sync_of_the_write_ahead_log_is_gone_as_a_whole(root, syncs, share):
    folder = fresh(root)
    wal, _, _ = Wal.open(folder)
    sizes = []
    for entries in syncs:
        before = wal.bytes_on_disk
        wal.append(entries)
        sizes.append(wal.bytes_on_disk - before)
    wal.close()
    is_whole = tear(folder, sizes[-1], share, b"")
    wal, found, condition = Wal.open(folder)
    wal.close()
    assert found == [entry for entries in (syncs if is_whole else syncs[:-1]) for entry in entries]
    assert condition is not Condition.DAMAGED


WIRES = st.lists(st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=4), min_size=1, max_size=8)


@SETTINGS
@given(batches=WIRES, settled=st.lists(st.integers(0, 7)), share=st.floats(0, 1))
def test_the_pool_journal_loses_no_promise_whatever_was_settled_before_the_crash(root, batches, settled, share):
    folder = fresh(root)
    journal, _, _ = PoolJournal.open(folder)
    written, waiting = list[int](), list[list[bytes]]()
    for number, wires in enumerate(batches):
        segment = journal.write(wires)
        if number == len(batches) - 1:
            break  # The crash comes before anybody hears of the last one.
        journal.hold(segment, len(wires))
        written.append(segment)
        waiting.append(list(wires))
        for place in settled:
            if place < number and waiting[place]:
                waiting[place].pop()
                journal.settle(written[place])
    size = HEAD_BYTES + len(frame_of(batches[-1]))
    journal.close()
    tear(folder, size, share, b"")
    journal, found, condition = PoolJournal.open(folder)
    journal.close()
    assert condition is not Condition.DAMAGED
    left = [item.wire for item in found]
    for wires in waiting:
        assert all(left.count(wire) >= wires.count(wire) for wire in wires)


def frame_of(wires: list[bytes]) -> bytes:

    return cbor2.dumps(wires)
