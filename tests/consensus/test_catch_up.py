# ruff: noqa: N802 - rules and cases carry the capitals of the protocol
"""Catch-up by blocks: who is asked, what is believed, when it ends."""

from __future__ import annotations

from consensus.catch_up import (
    BUFFER_BLOCKS_MAX,
    RANGE_BLOCKS,
    Ask,
    BadBlock,
    BlocksArrived,
    CatchUp,
    Claim,
    Clock,
    DropSource,
    Hand,
    Progress,
    SourceDown,
    SourceUp,
)
from consensus.messages import Blocks, CertifiedBlock, CommitCert, PeerId
from consensus.start import Tip
from tests.consensus.cluster import CHAIN, World

P, Q, R = (PeerId(bytes([i]) * 32) for i in (1, 2, 3))
WORLD = World(4)


def block(height: int) -> CertifiedBlock:
    header = WORLD.header(Tip(height - 1, CHAIN, 1000 * height, b"", 0, True), 0)
    return CertifiedBlock(header, b"", CommitCert(height, 0, bytes(32), b"\x07", (bytes(64),) * 3))


def answer(ask: Ask, top: int) -> BlocksArrived:
    last = min(top, ask.question.first + ask.question.count - 1)
    return BlocksArrived(ask.peer, Blocks(top, tuple(block(h) for h in range(ask.question.first, last + 1))))


def asks(effects):
    return [effect for effect in effects if isinstance(effect, Ask)]


def hands(effects):
    return [effect.block.header.height for effect in effects if isinstance(effect, Hand)]


def test_two_peers_are_asked_for_neighbouring_ranges_and_blocks_come_in_order():
    catch_up = CatchUp(0)
    first = asks(catch_up.step(Claim(P, 40)))
    second = asks(catch_up.step(Claim(Q, 40)))
    assert [(a.peer, a.question.first, a.question.count) for a in first + second] == [(P, 1, 16), (Q, 17, 16)]
    handed: list[int] = []
    pending = [catch_up.step(answer(second[0], 40)), catch_up.step(answer(first[0], 40))]
    while pending:
        effects = pending.pop(0)
        pending += [catch_up.step(answer(ask, 40)) for ask in asks(effects)]
        for height in hands(effects):
            handed.append(height)
            pending.append(catch_up.step(Progress(height)))
    assert handed == list(range(1, 41))
    assert catch_up.is_idle


def test_one_height_behind_is_left_to_ordering():
    assert CatchUp(5).step(Claim(P, 6)) == []


def test_T14_absurd_claim_then_nothing_ends_in_time():
    catch_up = CatchUp(3)
    [ask] = asks(catch_up.step(Claim(P, 10**8 + 100)))
    assert (ask.question.first, ask.question.count) == (4, RANGE_BLOCKS)
    assert catch_up.step(SourceDown(P)) == []
    assert catch_up.is_idle
    catch_up.step(Claim(P, 10**8 + 100))
    effects = catch_up.step(BlocksArrived(P, Blocks(10**8 + 100, ())))
    assert [type(effect) for effect in effects] == [DropSource]
    assert catch_up.is_idle
    assert catch_up.step(Claim(P, 10**9)) == []


def test_T14_silent_source_loses_its_range_to_another():
    catch_up = CatchUp(0)
    catch_up.step(Claim(P, 10))
    catch_up.step(Claim(Q, 10))
    [ask] = asks(catch_up.step(Clock(5000)))
    assert (ask.peer, ask.question.first) == (Q, 1)


def test_shrinking_claim_drops_the_source_until_its_next_start():
    catch_up = CatchUp(0)
    catch_up.step(Claim(P, 30))
    assert [type(effect) for effect in catch_up.step(Claim(P, 20))] == [DropSource]
    assert catch_up.step(Claim(P, 40)) == []
    catch_up.step(SourceUp(P))
    assert len(asks(catch_up.step(Claim(P, 40)))) == 1


def test_false_block_drops_its_source_and_is_fetched_elsewhere():
    catch_up = CatchUp(0)
    [ask] = asks(catch_up.step(Claim(P, 5)))
    assert hands(catch_up.step(answer(ask, 5))) == [1]
    effects = catch_up.step(BadBlock(1))
    assert [effect.peer for effect in effects if isinstance(effect, DropSource)] == [P]
    [again] = asks(catch_up.step(Claim(R, 5)))
    assert (again.peer, again.question.first) == (R, 1)
    assert hands(catch_up.step(answer(again, 5))) == [1]


def test_unasked_blocks_are_ignored_and_the_buffer_is_bounded():
    catch_up = CatchUp(0)
    assert catch_up.step(BlocksArrived(P, Blocks(9, (block(1),)))) == []
    pending = asks(catch_up.step(Claim(P, 10_000))) + asks(catch_up.step(Claim(Q, 10_000)))
    for _ in range(50):
        if not pending:
            break
        pending += asks(catch_up.step(answer(pending.pop(0), 10_000)))
    assert pending == []
    assert len(catch_up._buffer) <= BUFFER_BLOCKS_MAX + RANGE_BLOCKS


def test_T20_a_height_decided_by_ordering_meanwhile_is_passed_over():
    catch_up = CatchUp(0)
    [ask] = asks(catch_up.step(Claim(P, 3)))
    assert hands(catch_up.step(answer(ask, 3))) == [1]
    assert hands(catch_up.step(Progress(2))) == [3]
    assert hands(catch_up.step(Progress(3))) == []
    assert catch_up.is_idle


def test_a_source_whose_execution_is_behind_its_decisions_stays_one():
    """It claims 102 and can serve 101: the rest comes when it says that it has decided more."""
    catch_up = CatchUp(99)
    [ask] = asks(catch_up.step(Claim(P, 102)))
    effects = catch_up.step(answer(ask, 101))
    assert hands(effects) == [100]
    assert not any(isinstance(effect, DropSource) for effect in effects)
    catch_up.step(Progress(100))
    catch_up.step(Progress(101))
    [ask] = asks(catch_up.step(Claim(P, 103)))
    assert catch_up.step(BlocksArrived(P, Blocks(101, ()))) == []
    assert catch_up.is_idle
    [ask] = asks(catch_up.step(Claim(P, 104)))
    assert hands(catch_up.step(answer(ask, 103))) == [102]


def test_blocks_above_the_own_top_are_no_answer():
    catch_up = CatchUp(0)
    catch_up.step(Claim(P, 5))
    assert [type(effect) for effect in catch_up.step(BlocksArrived(P, Blocks(0, (block(1),))))] == [DropSource]
