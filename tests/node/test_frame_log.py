"""The log: what was appended is read back; a cut at any byte loses at most the last frame; damage is told apart."""

from __future__ import annotations

import shutil

import pytest

from node.frame_log import HEAD_BYTES, SEGMENT_BYTES_MAX, Condition, FrameLog
from node.wal import Entry, EntryKind, Wal

PAYLOADS = [b"first", b"", b"the third one is longer" * 9]


def make_log(path, payloads=PAYLOADS):
    log, _, condition = FrameLog.open(path)
    assert condition is Condition.LOST
    for tag, payload in enumerate(payloads):
        log.append(payload, tag)
    log.close()
    return path / f"{0:016d}.log"


def read(path):
    log, frames, condition = FrameLog.open(path)
    log.close()
    return [frame.payload for frame in frames], condition


def test_frames_are_read_back_in_order(tmp_path):
    make_log(tmp_path / "log")
    assert read(tmp_path / "log") == (PAYLOADS, Condition.INTACT)


def test_a_cut_at_every_byte_keeps_all_whole_frames(tmp_path):
    whole = make_log(tmp_path / "log").read_bytes()
    ends = [0]
    for payload in PAYLOADS:
        ends.append(ends[-1] + HEAD_BYTES + len(payload))
    for size in range(len(whole) + 1):
        folder = tmp_path / "cut"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / f"{0:016d}.log").write_bytes(whole[:size])
        kept = sum(end <= size for end in ends) - 1
        expected = Condition.INTACT if size in ends else Condition.TAIL_CUT
        assert read(folder) == (PAYLOADS[:kept], expected), size
        # The torn part is gone for good: the next frame follows the last whole one.
        log, _, _ = FrameLog.open(folder)
        log.append(b"next", 9)
        log.close()
        assert read(folder) == ([*PAYLOADS[:kept], b"next"], Condition.INTACT), size


@pytest.mark.parametrize("position", [0, 5, 9, 15, 25, HEAD_BYTES, HEAD_BYTES + 2])
def test_a_changed_byte_before_a_good_frame_is_damage(tmp_path, position):
    file = make_log(tmp_path / "log")
    data = bytearray(file.read_bytes())
    data[position] ^= 0x40
    file.write_bytes(data)
    assert read(tmp_path / "log") == ([], Condition.DAMAGED)


def test_a_changed_byte_in_the_last_frame_is_a_torn_tail(tmp_path):
    file = make_log(tmp_path / "log")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert read(tmp_path / "log") == (PAYLOADS[:2], Condition.TAIL_CUT)


def test_after_damage_appending_goes_on_behind_everything(tmp_path):
    file = make_log(tmp_path / "log")
    data = bytearray(file.read_bytes())
    data[20] ^= 1
    file.write_bytes(data)
    log, frames, condition = FrameLog.open(tmp_path / "log")
    assert (frames, condition) == ([], Condition.DAMAGED)
    log.append(b"later", 1)
    log.close()
    assert file.read_bytes() == bytes(data)
    assert read(tmp_path / "log")[1] is Condition.DAMAGED


def test_segments_go_when_all_their_tags_are_settled(tmp_path):
    log, _, _ = FrameLog.open(tmp_path / "log")
    big = bytes(SEGMENT_BYTES_MAX // 2 + 1)
    for tag in (3, 1, 2, 7, 4):
        log.append(big, tag)
    names = sorted(path.name for path in (tmp_path / "log").iterdir())
    assert len(names) == 3  # two frames fill a segment: (3, 1), (2, 7), (4)
    log.forget(2)
    assert sorted(path.name for path in (tmp_path / "log").iterdir()) == names
    log.forget(3)
    assert sorted(path.name for path in (tmp_path / "log").iterdir()) == names[1:]
    log.forget(100)
    assert sorted(path.name for path in (tmp_path / "log").iterdir()) == names[2:]
    log.close()
    assert read(tmp_path / "log")[1] is Condition.INTACT


def test_a_missing_segment_in_the_middle_is_damage(tmp_path):
    log, _, _ = FrameLog.open(tmp_path / "log")
    for tag in range(5):
        log.append(bytes(SEGMENT_BYTES_MAX // 2 + 1), tag)
    log.close()
    sorted((tmp_path / "log").iterdir())[1].unlink()
    payloads, condition = read(tmp_path / "log")
    assert (len(payloads), condition) == (2, Condition.DAMAGED)


def test_one_sync_of_the_write_ahead_log_is_all_or_nothing(tmp_path):
    wal, entries, _ = Wal.open(tmp_path / "wal")
    assert entries == []
    first = [Entry(EntryKind.BLOCK, 7, b"block"), Entry(EntryKind.RECORD, 7, b"vote")]
    wal.append(first)
    wal.append([Entry(EntryKind.RECORD, 8, b"next")])
    wal.close()
    file = next((tmp_path / "wal").iterdir())
    whole = file.read_bytes()
    for size in range(len(whole) - 1, -1, -1):
        file.write_bytes(whole[:size])
        wal, entries, _ = Wal.open(tmp_path / "wal")
        wal.close()
        assert entries in ([], first)


def test_a_failed_write_leaves_the_log_unusable(tmp_path, monkeypatch):
    log, _, _ = FrameLog.open(tmp_path / "log")

    def fail(handle):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("node.frame_log.os.fdatasync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        log.append(b"lost?", 1)
    monkeypatch.undo()
    with pytest.raises(AssertionError):
        log.append(b"more", 2)
