"""Whole nodes with real databases, logs and guards, joined in memory."""

from __future__ import annotations

import shutil

import pytest
import trio

from ledger.receipt import Receipt
from ledger.transaction import Transaction
from node.app import build_node
from node.messages import SubmitOutcome
from node.transport.interface import PeerKey
from tests.ledger.curves import ed25519_sign
from tests.node.cluster import PATIENCE_SECONDS, running_cluster
from tests.node.memory_transport import MemoryNetwork, MemoryTransport
from tests.node.support import CODEC, PERSON, make_folder, make_genesis, notes_machine, open_register


async def test_a_transaction_is_final_on_all_nodes(tmp_path):
    async with running_cluster(tmp_path) as cluster:
        transaction = cluster.transaction()
        [outcome] = await cluster.submit(0, transaction)
        assert (outcome.outcome, outcome.id, outcome.wid) == ("accepted", transaction.id, transaction.wid)
        await cluster.wait_final(transaction)


async def test_nodes_agree_on_every_block_and_root(tmp_path):
    async with running_cluster(tmp_path, 4) as cluster:
        transactions = [cluster.transaction(str(i)) for i in range(40)]
        for i, transaction in enumerate(transactions):
            await cluster.submit(i % 4, transaction)
        await cluster.wait_final(*transactions)
        tops = [node.reads.applied for node in cluster.nodes.values()]
        for height in range(min(tops) + 1):
            checkpoints = {node.opened.store.checkpoint(height) for node in cluster.nodes.values()}
            assert len(checkpoints) == 1, f"height {height}"


async def test_T39_one_id_with_two_signatures_in_two_pools(tmp_path):  # noqa: N802 - the case has its number
    async with running_cluster(tmp_path) as cluster:
        one = cluster.transaction()
        [signature] = one.signatures
        other = CODEC.assemble(one.body, (ed25519_sign(PERSON, one.id, b"another prefix"),))
        assert (other.id, other.signatures == (signature,)) == (one.id, False)
        outcomes: list[SubmitOutcome] = []

        async def submit(index: int, transaction: Transaction) -> None:
            outcomes.extend(await cluster.submit(index, transaction))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(submit, 0, one)
            nursery.start_soon(submit, 1, other)
        # Each pool has taken in its own bytes: a copy from the other would have been `known`.
        assert {(told.outcome, told.wid) for told in outcomes} == {("accepted", one.wid), ("accepted", other.wid)}
        await cluster.wait_final(one)
        [again] = await cluster.submit(1, other)
        assert (again.outcome, again.id) == ("known", one.id)
        after = cluster.transaction("after")
        await cluster.submit(2, after)
        await cluster.wait_final(after)
        stores = [node.opened.store for node in cluster.nodes.values()]
        [place] = {store.place_of(one.id) for store in stores}
        assert place is not None
        top = min(node.reads.applied for node in cluster.nodes.values())
        for height in range(top + 1):
            assert len({store.checkpoint(height) for store in stores}) == 1, f"height {height}"
            ids = [Receipt.decode(receipt).id for receipt in stores[0].receipts(height) or ()]
            assert ids.count(one.id) == (height == place.height)


async def test_one_node_misses_blocks_and_catches_up(tmp_path):
    async with running_cluster(tmp_path) as cluster:
        first = cluster.transaction("first")
        await cluster.submit(0, first)
        await cluster.wait_final(first)
        await cluster.stop(4)
        missed = [cluster.transaction(str(i)) for i in range(6)]
        for transaction in missed:
            await cluster.submit(0, transaction)
            await cluster.wait_final(transaction)
        await cluster.start(4)
        await cluster.wait_final(first, *missed)
        last = cluster.transaction("last")
        await cluster.submit(4, last)
        await cluster.wait_final(last)
        assert cluster.nodes[4].board.ordering.value.mode == "voting"


async def test_who_comes_back_hears_where_everybody_stands(tmp_path):
    """On a quiet chain too, where nobody has anything else to say."""
    async with running_cluster(tmp_path, 4) as cluster:
        transaction = cluster.transaction()
        await cluster.submit(0, transaction)
        await cluster.wait_final(transaction)
        top = cluster.nodes[0].reads.applied
        await cluster.stop(3)
        back = await cluster.start(3)
        keys = [entry.transport_key for entry in cluster.genesis.validators]
        with trio.fail_after(PATIENCE_SECONDS):
            for node, others in ((back, keys[:3]), (cluster.nodes[0], keys[1:])):
                # The board is a plain value that the node's metrics read: nobody is told when it changes.
                while {key: seen.height for key, seen in node.board.peers.items()} != dict.fromkeys(others, top):  # noqa: ASYNC110
                    await trio.sleep(0.05)


async def test_all_nodes_stop_at_once_and_go_on(tmp_path):
    async with running_cluster(tmp_path) as cluster:
        for round_ in range(3):
            transactions = [cluster.transaction(f"{round_}-{i}") for i in range(5)]
            for i, transaction in enumerate(transactions):
                [outcome] = await cluster.submit(i, transaction)
                assert outcome.outcome == "accepted"
            for index in range(5):
                await cluster.stop(index)
            for index in range(5):
                await cluster.start(index)
            await cluster.wait_final(*transactions)
            assert {node.board.ordering.value.mode for node in cluster.nodes.values()} == {"voting"}


async def wait_voting(cluster, index):
    with trio.fail_after(PATIENCE_SECONDS):
        await cluster.nodes[index].board.ordering.wait_for(lambda status: status.mode == "voting")


async def test_a_node_that_lost_its_guard_observes_and_then_votes_again(tmp_path):
    async with running_cluster(tmp_path) as cluster:
        first = cluster.transaction("first")
        await cluster.submit(0, first)
        await cluster.wait_final(first)
        await cluster.stop(4)
        cluster.configs[4].guard.unlink()
        node = await cluster.start(4)
        assert node.board.ordering.value.mode == "observer"
        await wait_voting(cluster, 4)
        # Its vote is needed now: of five, four decide.
        await cluster.stop(3)
        last = cluster.transaction("last")
        await cluster.submit(4, last)
        await cluster.wait_final(first, last)


async def test_a_node_that_lost_its_log_votes_above_its_guard(tmp_path):
    async with running_cluster(tmp_path) as cluster:
        first = cluster.transaction("first")
        await cluster.submit(0, first)
        await cluster.wait_final(first)
        await cluster.stop(4)
        shutil.rmtree(cluster.configs[4].wal)
        await cluster.start(4)
        for index in (4, 0):
            transaction = cluster.transaction(str(index))
            await cluster.submit(index, transaction)
            await cluster.wait_final(transaction)
        await wait_voting(cluster, 4)


async def test_a_node_that_lost_its_database_fetches_all_blocks(tmp_path):
    async with running_cluster(tmp_path) as cluster:
        transactions = [cluster.transaction(str(i)) for i in range(5)]
        for transaction in transactions:
            await cluster.submit(0, transaction)
            await cluster.wait_final(transaction)
        await cluster.stop(2)
        shutil.rmtree(cluster.configs[2].database)
        await cluster.start(2)
        await cluster.wait_final(*transactions)


async def test_an_idle_chain_makes_no_blocks(tmp_path):
    async with running_cluster(tmp_path, 4) as cluster:
        transaction = cluster.transaction()
        await cluster.submit(0, transaction)
        await cluster.wait_final(transaction)
        height = cluster.nodes[0].reads.applied
        with trio.move_on_after(2):
            await cluster.nodes[0].board.chain.wait_for(lambda chain: chain.applied > height)
        assert [node.reads.applied for node in cluster.nodes.values()] == [height] * 4


@pytest.mark.parametrize("lost", [False, True])
async def test_a_lost_pool_journal_is_said_at_start(tmp_path, caplog, lost):
    genesis = make_genesis(4)
    config = make_folder(tmp_path, genesis, 0)
    if lost:
        shutil.rmtree(config.pool)
    transport = MemoryTransport(MemoryNetwork(), PeerKey(genesis.validators[0].transport_key))
    with caplog.at_level("WARNING", "lugang.node"):
        build_node(config, notes_machine, open_register, transport=transport).opened.close()
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["journal=lost"] * lost
