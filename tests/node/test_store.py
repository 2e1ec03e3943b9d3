"""The database: a height is there whole or not at all, and what is damaged is named."""

from __future__ import annotations

import random
import subprocess
import sys

import cbor2
import plyvel
import pytest

from ledger.block import BlockBody
from ledger.codec import load
from ledger.errors import Refused
from ledger.history import HistoryPath, HistoryRange
from ledger.merkle import Kind, MerkleTree, check_path
from ledger.state import verify_state
from ledger.transaction import TransactionCodec
from node import layout
from node.board import Board, ChainStatus, OrderingStatus
from node.reads import Reads
from node.self_check import check_everything, check_store
from node.store import open_store, table_bytes
from node.watch import Watch
from tests.node.chain_on_disk import ChainOnDisk
from tests.node.processes import ROOT
from tests.node.store_writer import BLOCK_TRANSACTIONS
from tests.node.support import SUITE, make_genesis

GENESIS = make_genesis()


async def make_chain(path, heights=4):
    chain = ChainOnDisk(path, GENESIS)
    for height in range(1, heights + 1):
        await chain.apply(*(chain.transaction(f"{height}-{i}") for i in range(height)))
    return chain


def reopen(path):
    chain = ChainOnDisk(path, GENESIS)
    chain.store.close()
    return chain


async def test_a_committed_height_is_whole_after_opening_again(tmp_path):
    chain = await make_chain(tmp_path)
    before = chain.store.applied
    chain.store.close()
    chain = ChainOnDisk(tmp_path, GENESIS)
    assert chain.store.applied == before
    check_everything(chain.store, SUITE, GENESIS)
    body = BlockBody.decode(chain.store.body(3) or b"")
    for index, wire in enumerate(body.transactions):
        transaction = TransactionCodec(SUITE).decode(wire)
        assert chain.store.place_of(transaction.id) == layout.Place(3, index)
    assert len(chain.store.receipts(3) or ()) == 4
    chain.store.close()


@pytest.mark.parametrize("seed", range(2))
def test_killed_in_the_middle_of_writing(tmp_path, seed):
    # The writer says a height after its batch; from then on that height must be there, whenever the kill comes.
    command = [sys.executable, "-m", "tests.node.store_writer", str(tmp_path / "db")]
    said: list[int] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said.extend(int(writer.stdout.readline()) for _ in range(random.Random(seed).randrange(1, 12)))
        writer.kill()
    store = open_store(tmp_path / "db", ChainOnDisk(tmp_path / "other", GENESIS).chain)
    assert store.applied is not None
    assert store.applied.height >= said[-1]
    check_everything(store, SUITE, GENESIS)
    for height in range(1, store.applied.height + 1):
        assert len(store.receipts(height) or ()) == BLOCK_TRANSACTIONS + 1
    assert store.header(store.applied.height + 1) is None
    store.close()


async def test_heights_come_in_order(tmp_path):
    chain = await make_chain(tmp_path, 1)
    block = chain.block()
    await chain.apply()
    with pytest.raises(BaseExceptionGroup) as raised:
        await chain.execute(block)
    assert raised.group_contains(AssertionError, match="height 2 after 2")
    chain.store.close()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda db: db.put(layout.page_key(first_page(db)), cbor2.dumps([])), "state root"),
        (lambda db: db.delete(layout.page_key(first_page(db))), "state root"),
        (lambda db: db.put(layout.at_height(layout.RECEIPTS, 4), cbor2.dumps([b"x"])), "receipts root"),
        (lambda db: db.delete(layout.at_height(layout.RECEIPTS, 4)), "not whole"),
        (lambda db: db.delete(layout.at_height(layout.BODY, 4)), "not whole"),
        (lambda db: db.put(layout.at_height(layout.HEADER, 4), b"x"), "hash of block 4"),
        (lambda db: db.delete(layout.node_key(6)), "no node 6"),
        (lambda db: db.put(layout.node_key(7), bytes(32)), "history"),
        (lambda db: db.delete(layout.at_height(layout.CERTIFICATE, 2)), "certificate of height 2"),
        (lambda db: db.put(layout.APPLIED, b"\x80"), "BYT-003"),
        (lambda db: db.put(layout.META, b"other"), "another chain"),
        (lambda db: db.delete(layout.META), "which chain"),
    ],
)
async def test_damage_is_named_at_start(tmp_path, damage, says):
    chain = await make_chain(tmp_path)
    chain.certify(2)
    chain.store.close()
    database = plyvel.DB(str(tmp_path))
    damage(database)
    database.close()
    with pytest.raises(Refused, match=says) as refused:
        reopen(tmp_path)
    assert refused.value.code == "NODE-003"
    assert "lugang node rebuild" in refused.value.text("en")


def first_page(database):
    return layout.bucket_in(next(database.iterator(prefix=layout.PAGE, include_value=False)))


async def test_a_changed_value_is_found_by_the_thorough_check(tmp_path):
    chain = await make_chain(tmp_path)
    chain.store.close()
    database = plyvel.DB(str(tmp_path))
    key = next(database.iterator(prefix=layout.STATE, include_value=False))
    database.put(key, b"\x80")
    database.close()
    chain = ChainOnDisk(tmp_path, GENESIS)
    with pytest.raises(Refused, match=key[1:].hex()):
        check_everything(chain.store, SUITE, GENESIS)
    chain.store.close()


async def test_an_inner_node_of_the_history_is_found_by_the_thorough_check(tmp_path):
    chain = await make_chain(tmp_path)
    chain.store.close()
    database = plyvel.DB(str(tmp_path))
    database.put(layout.node_key(0), bytes(32))
    database.close()
    chain = ChainOnDisk(tmp_path, GENESIS)
    with pytest.raises(Refused, match="node 0 of the history"):
        check_everything(chain.store, SUITE, GENESIS)
    chain.store.close()


async def test_a_broken_file_is_named(tmp_path):
    chain = await make_chain(tmp_path)
    chain.store.close()
    for file in tmp_path.glob("MANIFEST-*"):
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0xFF
        file.write_bytes(data)
    with pytest.raises(Refused) as refused:
        reopen(tmp_path)
    assert refused.value.code == "NODE-003"


async def test_receipts_are_proved_through_any_later_certificate(tmp_path):
    chain = await make_chain(tmp_path, 5)
    certificate = chain.certify(5)
    board = Board(0, Watch(ChainStatus(5, 0, 5)), Watch(OrderingStatus(5, 6, 0, "voting", 0, 4)))
    reads = Reads(
        store=chain.store, board=board, suite=SUITE, genesis=GENESIS, is_pooled=lambda _: False, ask_executor=print
    )
    certificate.verify(SUITE, chain.chain, "pbft", GENESIS.validator_set())
    span, merkle = HistoryRange(SUITE), MerkleTree(SUITE)
    for height in range(1, 6):
        receipts = chain.store.receipts(height)
        for index, receipt in enumerate(receipts):
            proof = load(reads.receipt_proof(layout.Place(height, index)))
            header, state_root, receipts_root, path, _, history = proof
            leaf = SUITE.hasher("receipt")(receipt)
            assert merkle.root_of_path(Kind.RECEIPTS, leaf, check_path(path)) == receipts_root
            if height == 5:
                assert history is None
                assert receipts_root == certificate.checkpoint.receipts_root
            else:
                node = span.leaf(height, SUITE.hasher("block")(header), state_root, receipts_root)
                found = span.root_of_path(height, node, HistoryPath.from_value(history))
                assert found == certificate.checkpoint.history_root
    chain.store.close()


async def test_values_are_proved_present_and_absent(tmp_path):
    chain = await make_chain(tmp_path)
    applied = chain.store.applied
    with chain.store.reader.iterator(prefix=layout.STATE) as rows:
        values = {key[1:]: value for key, value in rows}
    absent = b"\x00\x01\x01nothing here"
    for full_key in (*values, absent):
        proof = chain.tree.prove(full_key, chain.store.page)
        verify_state(chain.tree.hasher, applied.state_root, full_key, values.get(full_key), proof)
    chain.store.close()


async def test_a_warm_and_a_cold_tree_agree(tmp_path):
    chain = await make_chain(tmp_path)
    assert check_store(chain.store, SUITE, GENESIS).root == chain.tree.root
    chain.store.close()


def test_five_nodes_never_write_their_tables_out_together():
    # The same rows reach all of them, so a table of another size is full at another time.
    assert len({table_bytes(place) for place in range(5)}) == 5
