"""Whole nodes with real databases, logs and guards, joined in memory."""

from __future__ import annotations

from tests.node.cluster import running_cluster


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
