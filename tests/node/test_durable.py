"""Durable before sent: messages leave after the disk has them, the log is before the guard, blocks before records."""

from __future__ import annotations

from pathlib import Path

import pytest

from consensus.events import Persist
from consensus.messages import PeerId, Vote, VoteKind
from consensus.records import GuardState, OwnVote, RoundMemory, encode_record
from ledger.crypto import ZERO_HASH
from ledger.errors import PeerFault
from node.durable import Durable, steps_of
from node.guard import GuardFile
from node.held_blocks import MANIFESTS_PER_PEER_MAX, HeldBlocks, make_block
from node.wal import Entry, EntryKind, Wal
from tests.node.blocks import held_block
from tests.node.support import SUITE, chain_of, make_genesis, make_transaction

GENESIS = make_genesis()
CHAIN = chain_of(GENESIS)
NOTHING = RoundMemory(None, None, None)
PEER = PeerId(b"peer")


def make_vote(height: int, block_hash: bytes | None = None) -> Vote:
    return Vote(VoteKind.PREVOTE, height, 0, block_hash, 1, bytes(64))


def make_record(height: int) -> OwnVote:
    return OwnVote(make_vote(height), ZERO_HASH, NOTHING)


class Bench:
    """A `Durable` over a real folder that notes the order of what happens."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self.order: list[object] = []
        self.wal, _, _ = Wal.open(path / "wal")
        self.blocks = HeldBlocks(SUITE)
        self.guard = GuardFile(path / "guard")
        self.durable = Durable(self.blocks, lambda to, message: self.order.append((to, message)))
        for owner, name in ((Wal, "append"), (GuardFile, "replace")):
            monkeypatch.setattr(owner, name, self._noting(name, getattr(owner, name)))

    def sync(self) -> int:
        writes = self.durable.gather()
        for step in steps_of(writes, self.wal, self.guard):
            step()
        self.durable.written(writes)
        return writes.token

    def _noting(self, name, method):
        def noted(*arguments):
            method(*arguments)
            self.order.append(name)

        return noted

    def entries(self) -> list[Entry]:
        return Wal.open(self.path / "wal")[1]


@pytest.fixture
def bench(tmp_path, monkeypatch):
    return Bench(tmp_path, monkeypatch)


def test_a_vote_leaves_after_log_and_guard(bench):
    vote = make_vote(1)
    bench.durable.persist(Persist(1, (make_record(1),), (), GuardState(position=(1, 0, 1), digest=ZERO_HASH)))
    bench.durable.send(None, vote, 1)
    bench.durable.send(PEER, vote, None)
    assert bench.order == [(PEER, vote)]
    assert bench.durable.is_waiting
    assert bench.sync() == 1
    assert bench.order == [(PEER, vote), "append", "replace", (None, vote)]
    assert not bench.durable.is_waiting
    bench.durable.send(None, vote, 1)
    assert bench.order[-1] == (None, vote)


def test_several_records_share_one_sync_and_messages_keep_their_order(bench):
    votes = [make_vote(height) for height in (1, 2, 3)]
    for token, vote in enumerate(votes, start=1):
        bench.durable.persist(Persist(token, (make_record(vote.height),)))
        bench.durable.send(None, vote, token)
    assert bench.sync() == 3
    assert bench.order == ["append", *((None, vote) for vote in votes)]
    expected = [Entry(EntryKind.RECORD, height, encode_record(make_record(height))) for height in (1, 2, 3)]
    assert bench.entries() == expected


def test_the_bytes_of_a_block_precede_its_vote_and_are_written_once(bench):
    block = held_block()
    bench.blocks.keep(block)
    for token in (1, 2):
        bench.durable.persist(Persist(token, (make_record(1),), (block.block_hash,)))
    bench.sync()
    kinds = [entry.kind for entry in bench.entries()]
    assert kinds == [EntryKind.BLOCK, EntryKind.RECORD, EntryKind.RECORD]
    assert bench.entries()[0].payload == block.log_form()


def test_nothing_leaves_when_the_disk_fails(bench, monkeypatch):
    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("node.frame_log.os.fdatasync", fail)
    bench.durable.persist(Persist(1, (make_record(1),), (), GuardState(position=(1, 0, 1), digest=ZERO_HASH)))
    bench.durable.send(None, make_vote(1), 1)
    with pytest.raises(OSError, match="No space left"):
        bench.sync()
    assert bench.order == []
    assert GuardFile(bench.path / "guard").load() is None


def test_a_block_that_is_not_held_is_never_voted_for(bench):
    with pytest.raises(AssertionError):
        bench.durable.persist(Persist(1, (make_record(1),), (bytes(32),)))


def test_contents_that_the_header_does_not_commit_to_make_no_block():
    block = held_block()
    other = make_transaction(CHAIN, 10**13, "other")
    for transactions in ((), block.transactions[:1], block.transactions[::-1], (block.transactions[0], other)):
        with pytest.raises(PeerFault, match="BYT-BODY"):
            make_block(SUITE, block.header, tuple(transactions), ())
    with pytest.raises(PeerFault, match="BYT-BODY"):
        make_block(SUITE, block.header, block.transactions, (b"record",))


def test_a_peer_keeps_few_blocks_here_and_pinned_ones_stay():
    blocks = HeldBlocks(SUITE)
    first = held_block(1)
    blocks.on_manifest(PEER, first.manifest())
    blocks.pin(1, first.block_hash)
    others = [held_block(1, notes=n) for n in range(1, 12)]
    for block in others:
        blocks.on_manifest(PEER, block.manifest())
        blocks.make_room(PEER)
    known = [block for block in others if blocks.offers(block.block_hash)]
    assert known == others[-MANIFESTS_PER_PEER_MAX:]
    assert blocks.offers(first.block_hash)
    blocks.forget(1)
    assert not blocks.offers(first.block_hash)
