"""The ordering actor: what peers send of a block, and what catch-up hands over, never get in each other's way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consensus.events import Received
from consensus.messages import Manifest
from node.messages import BlockRefused, BlockVerified, BodyResolved, ManifestFromPeer, Resolve
from tests.node.blocks import held_block
from tests.node.ordering_bench import ANNE, OrderingBench, handed


@pytest.fixture
async def bench(nursery):
    bench = OrderingBench()
    await nursery.start(bench.ordering.run)
    return bench


async def test_a_caught_up_block_reaches_the_engine_when_all_of_it_is_verified(bench):
    block = held_block()
    await bench.tell(handed(1, block))
    assert bench.events(Received) == []
    await bench.tell(BlockVerified(1, block.transactions))
    assert len(bench.events(Received)) == 1
    assert bench.blocks.get(block.block_hash) == block
    assert bench.catch_up == []


async def test_a_strangers_false_body_of_the_same_height_refuses_nothing(bench):
    block, false = held_block(), held_block(notes=0)
    await bench.tell(handed(1, block), ManifestFromPeer(ANNE, Manifest(false.header, (), (b"junk",))))
    [resolve] = bench.told(Resolve)
    await bench.tell(BodyResolved(1, resolve.block_hash, ()))
    assert bench.catch_up == []
    await bench.tell(BlockVerified(1, block.transactions))
    assert len(bench.events(Received)) == 1


@pytest.mark.parametrize("flaw", ["certificate", "of another block", "transactions"])
async def test_a_false_caught_up_block_is_refused_by_the_number_of_its_handing(bench, flaw):
    block = held_block()
    bench.verifier.says = "false" if flaw == "certificate" else "good"
    message = handed(7, block)
    if flaw == "of another block":
        message = replace(message, header=replace(block.header, tenure=2))
    transactions = block.transactions[:1] if flaw == "transactions" else block.transactions
    await bench.tell(message, BlockVerified(7, transactions))
    assert bench.catch_up == [BlockRefused(7)]
    assert bench.events(Received) == []


async def test_transactions_of_an_earlier_handing_are_not_those_of_the_later(bench):
    block = held_block()
    await bench.tell(handed(1, block), handed(2, block), BlockVerified(1, ()))
    assert bench.catch_up == []
    await bench.tell(BlockVerified(2, block.transactions))
    assert len(bench.events(Received)) == 1
