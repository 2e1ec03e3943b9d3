"""The ordering actor: what peers send of a block, and what catch-up hands over, never get in each other's way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from consensus.events import Applied, BodyArrived, Fetch, Received, Tick
from consensus.messages import Certificate, GetBodies, Manifest
from node.held_blocks import MANIFESTS_PER_PEER_MAX
from node.messages import (
    AppliedBlock,
    BlockRefused,
    BlockVerified,
    BodyResolved,
    EndResolve,
    ManifestFromPeer,
    PeerWantsBodies,
    Resolve,
    TimerFired,
)
from tests.node.blocks import CHAIN, GENESIS, held_block
from tests.node.ordering_bench import ANNE, BERTA, CARLA, OrderingBench, handed


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


async def test_an_engine_that_waits_for_nothing_but_the_body_is_told_of_a_caught_up_one(bench):
    block = held_block()
    await bench.tell(handed(1, block), BlockVerified(1, block.transactions))
    told = [type(event) for event in bench.engine.events if isinstance(event, BodyArrived | Received)]
    assert told == [BodyArrived, Received]
    assert bench.events(BodyArrived) == [BodyArrived(block.height, block.block_hash, block.header)]


async def test_a_strangers_false_body_of_the_same_height_refuses_nothing(bench):
    block, false = held_block(), held_block(notes=0)
    await bench.tell(handed(1, block), ManifestFromPeer(ANNE, Manifest(false.header, (), (b"junk",))))
    [resolve] = bench.told(Resolve)
    await bench.tell(BodyResolved(resolve.number, ()))
    assert bench.catch_up == []
    await bench.tell(BlockVerified(1, block.transactions))
    assert len(bench.events(Received)) == 1


@pytest.mark.parametrize("flaw", ["certificate", "of another block", "transactions"])
async def test_a_false_caught_up_block_is_refused_by_the_number_of_its_handing(bench, flaw):
    block = held_block()
    bench.verifier.says = "false" if flaw == "certificate" else "good"
    message = handed(7, block)
    if flaw == "of another block":
        message = replace(message, block=replace(message.block, header=replace(block.header, tenure=2)))
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


async def test_a_false_manifest_does_not_hide_the_true_one(bench):
    block = held_block()
    false = replace(block.manifest(), wids=(bytes(32), bytes([1]) * 32))
    for peer, manifest in ((ANNE, false), (BERTA, block.manifest()), (CARLA, false), (ANNE, block.manifest())):
        await bench.tell(ManifestFromPeer(peer, manifest))
    resolves = bench.told(Resolve)
    assert [resolve.wids for resolve in resolves] == [false.wids, block.manifest().wids, false.wids]
    assert resolves[0].number == resolves[2].number != resolves[1].number
    await bench.tell(BodyResolved(resolves[1].number, block.transactions))
    assert bench.events(BodyArrived) == [BodyArrived(1, block.block_hash, block.header)]
    assert [end.number for end in bench.told(EndResolve)] == [resolves[1].number, resolves[0].number]


async def test_a_body_found_false_is_no_word_on_the_next_and_its_sender_has_had_its_say(bench):
    block, other = held_block(), held_block()
    false = replace(block.manifest(), wids=other.manifest().wids)
    await bench.tell(ManifestFromPeer(ANNE, false))
    [first] = bench.told(Resolve)
    await bench.tell(BodyResolved(first.number, other.transactions))
    assert (bench.events(BodyArrived), bench.told(EndResolve)) == ([], [EndResolve(first.number)])
    assert bench.board.peer_faults == {"BYT-BODY": 1}
    await bench.tell(ManifestFromPeer(ANNE, false), ManifestFromPeer(BERTA, block.manifest()))
    [_, second] = bench.told(Resolve)
    await bench.tell(BodyResolved(second.number, block.transactions))
    assert len(bench.events(BodyArrived)) == 1


async def test_every_source_is_asked_for_its_own_manifest_until_the_block_is_held(bench):
    block = held_block()
    false = replace(block.manifest(), wids=(bytes(32), bytes([1]) * 32))
    bench.engine.answers[Tick] = [Fetch(1, block.block_hash, (BERTA, CARLA))]
    bench.now_ms = 1
    await bench.tell(ManifestFromPeer(ANNE, false))
    for _ in range(2):
        bench.now_ms += 400
        await bench.tell(TimerFired())
    question = GetBodies(1, block.block_hash, ())
    assert bench.sent == [(BERTA, question), (CARLA, question), (BERTA, question)]


async def test_what_others_say_of_a_body_is_not_passed_on(bench):
    block = held_block()
    question = PeerWantsBodies(BERTA, GetBodies(1, block.block_hash, ()))
    await bench.tell(ManifestFromPeer(ANNE, block.manifest()), question)
    assert bench.sent == []
    [resolve] = bench.told(Resolve)
    await bench.tell(BodyResolved(resolve.number, block.transactions), question)
    assert bench.sent == [(BERTA, block.manifest())]


async def test_a_flood_of_manifests_ends_the_flooders_own_jobs_only(bench):
    first, pinned = held_block(), held_block()
    bench.engine.answers[Tick] = [Fetch(1, pinned.block_hash, (BERTA,))]
    bench.now_ms = 1
    await bench.tell(*(ManifestFromPeer(peer, first.manifest()) for peer in (ANNE, BERTA)))
    await bench.tell(ManifestFromPeer(ANNE, pinned.manifest()))
    flood = [replace(first.manifest(), header=replace(first.header, tenure=10 + n)) for n in range(20)]
    await bench.tell(*(ManifestFromPeer(ANNE, manifest) for manifest in flood))
    ended = {end.number for end in bench.told(EndResolve)}
    open_ = {resolve.number: resolve.block_hash for resolve in bench.told(Resolve) if resolve.number not in ended}
    assert len(open_) == MANIFESTS_PER_PEER_MAX + 2
    assert {first.block_hash, pinned.block_hash} <= set(open_.values())


async def test_a_manifest_above_the_chains_limit_is_a_fault(bench):
    many = GENESIS.limit("block_transactions_max") + 1
    header = replace(held_block().header, tx_count=many)
    wids = tuple(number.to_bytes(32, "big") for number in range(many))
    await bench.tell(ManifestFromPeer(ANNE, Manifest(header, wids, ())))
    assert (bench.mempool, bench.board.peer_faults) == ([], {"BYT-BODY": 1})


async def test_a_caught_up_block_waits_for_execution_to_tell_its_validators(bench):
    block = held_block()
    bench.verifier.says = "not yet"
    await bench.tell(handed(1, block), BlockVerified(1, block.transactions))
    assert (bench.events(Received), bench.catch_up) == ([], [])
    bench.verifier.says = "good"
    await bench.tell(AppliedBlock(Applied(0, CHAIN, 1, bytes(32), bytes(32), GENESIS.validator_set())))
    assert len(bench.events(Received)) == 1


async def test_a_certificate_that_comes_with_a_caught_up_block_reaches_the_engine_after_it(bench):
    block = held_block()
    checkpoint: Any = object()
    message = handed(1, block)
    message = replace(message, block=replace(message.block, checkpoint=checkpoint))
    await bench.tell(message, BlockVerified(1, block.transactions))
    messages = [event.message.message for event in bench.events(Received)]
    assert messages == [message.block.cert, Certificate(checkpoint)]
