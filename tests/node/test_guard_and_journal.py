"""The guard file is old or new, never half; the pool journal gives back what was promised and is not settled."""

from __future__ import annotations

import os

import pytest

from node.frame_log import HEAD_BYTES, SEGMENT_BYTES_MAX, Condition
from node.guard import GuardFile
from node.pool_journal import PoolJournal


def test_the_guard_reads_back_what_was_written_last(tmp_path):
    guard = GuardFile(tmp_path / "guard")
    assert guard.load() is None
    for record in (b"one", b"", b"three" * 100):
        guard.replace(record)
        assert GuardFile(tmp_path / "guard").load() == record


def test_a_guard_cut_or_changed_anywhere_counts_as_lost(tmp_path):
    guard = GuardFile(tmp_path / "guard")
    guard.replace(b"position 7")
    whole = guard.path.read_bytes()
    for size in range(len(whole)):
        guard.path.write_bytes(whole[:size])
        assert guard.load() is None, size
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1
        guard.path.write_bytes(changed)
        assert guard.load() is None, position


def test_a_crash_before_the_rename_leaves_the_old_record(tmp_path, monkeypatch):
    guard = GuardFile(tmp_path / "guard")
    guard.replace(b"old")

    def crash(source, target):
        raise OSError("power")

    monkeypatch.setattr("node.guard.os.replace", crash)
    with pytest.raises(OSError, match="power"):
        guard.replace(b"new")
    assert guard.load() == b"old"


def test_the_folder_is_synced_after_the_rename(tmp_path, monkeypatch):
    done = []
    rename, sync = os.replace, os.fsync

    def replaced(source, target):
        done.append("rename")
        rename(source, target)

    def synced(handle):
        done.append("sync")
        sync(handle)

    monkeypatch.setattr("node.guard.os.replace", replaced)
    monkeypatch.setattr("node.frame_log.os.fsync", synced)
    GuardFile(tmp_path / "guard").replace(b"record")
    assert done == ["rename", "sync"]


def write(journal, *wires):
    segment = journal.write(wires)
    journal.hold(segment, len(wires))
    return segment


def test_the_journal_gives_back_what_waits(tmp_path):
    journal, wires, condition = PoolJournal.open(tmp_path / "pool")
    assert (wires, condition) == ([], Condition.LOST)
    write(journal, b"a", b"b")
    write(journal, b"c")
    journal.close()
    _, wires, condition = PoolJournal.open(tmp_path / "pool")
    assert ([item.wire for item in wires], condition) == ([b"a", b"b", b"c"], Condition.INTACT)


def test_a_settled_segment_is_removed_and_the_newest_stays(tmp_path):
    journal, _, _ = PoolJournal.open(tmp_path / "pool")
    big = bytes(SEGMENT_BYTES_MAX)
    first = write(journal, big)
    second = write(journal, big, b"small")
    third = write(journal, b"newest")
    assert len({first, second, third}) == 3
    journal.settle(first)
    journal.settle(second)
    journal.settle(third)
    journal.close()
    journal, wires, condition = PoolJournal.open(tmp_path / "pool")
    assert ([item.wire for item in wires], condition) == ([big, b"small", b"newest"], Condition.INTACT)
    journal.close()


def test_a_segment_that_settled_while_it_was_the_newest_goes_later(tmp_path):
    journal, _, _ = PoolJournal.open(tmp_path / "pool")
    first = write(journal, bytes(SEGMENT_BYTES_MAX))
    journal.settle(first)
    write(journal, b"next")
    journal.close()
    _, wires, _ = PoolJournal.open(tmp_path / "pool")
    assert [item.wire for item in wires] == [b"next"]


def fill(path):
    """Three segments: one transaction, two, one."""
    journal, _, _ = PoolJournal.open(path)
    big = bytes(SEGMENT_BYTES_MAX)
    segments = [write(journal, b"1" + big), write(journal, b"2" + big, b"two"), write(journal, b"three")]
    return journal, segments


def read(path):
    journal, wires, condition = PoolJournal.open(path)
    journal.close()
    return [item.wire[:5].rstrip(b"\0") for item in wires], condition


def test_a_promise_survives_though_a_later_segment_was_settled_before_it(tmp_path):
    journal, (_, second, _) = fill(tmp_path / "pool")
    journal.settle(second)
    journal.settle(second)
    write(journal, b"four")
    journal.close()
    wires, condition = read(tmp_path / "pool")
    assert condition is Condition.INTACT
    assert {b"1", b"three", b"four"} <= set(wires)


def test_settled_segments_go_as_soon_as_no_older_one_is_left(tmp_path):
    journal, (first, second, _) = fill(tmp_path / "pool")
    for segment in (second, second, first):
        journal.settle(segment)
    journal.close()
    assert read(tmp_path / "pool") == ([b"three"], Condition.INTACT)


def test_what_is_promised_after_damage_is_kept_and_what_can_be_read_behind_it_is_not_lost(tmp_path):
    journal, _ = fill(tmp_path / "pool")
    journal.close()
    second = sorted((tmp_path / "pool").iterdir())[1]
    data = bytearray(second.read_bytes())
    data[HEAD_BYTES] ^= 1
    second.write_bytes(data)
    journal, wires, condition = PoolJournal.open(tmp_path / "pool")
    assert ([item.wire[:5].rstrip(b"\0") for item in wires], condition) == ([b"1", b"three"], Condition.DAMAGED)
    write(journal, b"later")
    journal.close()
    assert read(tmp_path / "pool") == ([b"1", b"three", b"later"], Condition.DAMAGED)
    # Once what stands before the damage is settled, nothing of it is left.
    journal, (first, third, later), _ = PoolJournal.open(tmp_path / "pool")
    write(journal, b"newest")
    for item in (first, third, later):
        journal.settle(item.segment)
    journal.close()
    assert read(tmp_path / "pool")[1] is Condition.INTACT
