"""Whole nodes with real databases, logs and guards, joined in memory."""

from __future__ import annotations

from tests.node.cluster import running_cluster


async def test_a_transaction_is_final_on_all_nodes(tmp_path):
    async with running_cluster(tmp_path) as cluster:
        transaction = cluster.transaction()
        [outcome] = await cluster.submit(0, transaction)
        assert (outcome.outcome, outcome.id, outcome.wid) == ("accepted", transaction.id, transaction.wid)
        await cluster.wait_final(transaction)
