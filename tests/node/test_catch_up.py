"""Serving decided blocks to peers that lack them, and handing over those that this node has fetched."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import trio
import trio.testing

from consensus.catch_up import DropSource
from consensus.messages import Blocks, CertifiedBlock, CommitCert, GetBlocks, PeerId, encode_message
from node.actors.catch_up import CatchUp
from node.box import Box
from node.catching_up import HAND_AGAIN_MS, HANDED_BLOCKS_MAX, Answer, CatchingUp, Handing, Serving
from node.clock import SystemClock
from node.messages import BlockRefused, BlocksFromPeer, BlockWires, CaughtUp, OwnHeight, PeerHeight
from node.watch import Watch
from tests.node.blocks import held_block
from tests.node.support import SUITE

PEER = PeerId(b"peer")


@pytest.mark.parametrize(("more", "sent"), [({}, {4}), ({1: object(), 3: object()}, {1, 4}), ({5: object()}, {5, 2})])
def test_certificates_go_with_the_highest_of_a_range_and_with_every_third_below(more: dict[int, Any], sent: set[int]):
    """Three blocks are decided before the first of them is executed: one certificate saves signing all three."""
    blocks = {height: held_block(height) for height in range(1, 8)}
    certificates: dict[int, Any] = {2: object(), 4: object(), 7: object()} | more
    decisions = {h: CommitCert(h, 0, block.block_hash, b"\x07", (bytes(64),) * 3) for h, block in blocks.items()}
    store: Any = SimpleNamespace(
        applied=SimpleNamespace(height=7),
        header=lambda height: blocks[height].header_bytes,
        body=lambda height: blocks[height].body,
        decision=lambda height: encode_message(decisions[height]),
        certificate=certificates.get,
    )
    answer = Serving(store, SUITE).answer(GetBlocks(1, 5))
    assert answer.top == 7
    assert [block.header.height for block in answer.blocks] == [1, 2, 3, 4, 5]
    assert [block.checkpoint for block in answer.blocks] == [
        certificates[h] if h in sent else None for h in range(1, 6)
    ]


def handings(effects) -> list[tuple[int, int]]:
    """(number, height) of each handing over."""
    found = [effect.block for effect in effects if isinstance(effect, Handing)]
    return [(block.number, block.block.header.height) for block in found]


def catching_up_with(heights: int) -> tuple[CatchingUp, list[tuple[int, int]]]:
    """One peer has sent so many blocks; with what was handed over so far."""
    store: Any = None
    catching_up = CatchingUp(store, SUITE, 0)
    catching_up.on(PeerHeight(PEER, heights), 0)
    return catching_up, handings(catching_up.on(BlocksFromPeer(PEER, Blocks(heights, fetched(heights))), 0))


def fetched(heights: int) -> tuple[CertifiedBlock, ...]:
    blocks = [held_block(height) for height in range(1, heights + 1)]
    certs = [CommitCert(block.height, 0, block.block_hash, b"\x07", (bytes(64),) * 3) for block in blocks]
    return tuple(CertifiedBlock(b.header, b.body, cert) for b, cert in zip(blocks, certs, strict=True))


def test_few_blocks_are_handed_over_at_a_time_and_a_decided_one_makes_room_for_the_next():
    catching_up, handed = catching_up_with(HANDED_BLOCKS_MAX + 3)
    assert handed == [(number, number) for number in range(1, HANDED_BLOCKS_MAX + 1)]
    following = HANDED_BLOCKS_MAX + 1
    assert handings(catching_up.on(OwnHeight(1), 5)) == [(following, following)]
    assert handings(catching_up.on(OwnHeight(3), 5)) == [(following + 1, following + 1), (following + 2, following + 2)]
    assert not catching_up.is_idle


def test_a_block_that_came_to_nothing_is_handed_over_again_under_another_number():
    catching_up, _ = catching_up_with(2)
    assert handings(catching_up.on_clock(HAND_AGAIN_MS - 1)) == []
    assert handings(catching_up.on_clock(HAND_AGAIN_MS)) == [(3, 1), (4, 2)]
    assert catching_up.on(BlockRefused(1), HAND_AGAIN_MS) == []
    assert catching_up.on(OwnHeight(1), HAND_AGAIN_MS) == []
    assert handings(catching_up.on_clock(2 * HAND_AGAIN_MS)) == [(5, 2)]
    catching_up.on(OwnHeight(2), 2 * HAND_AGAIN_MS)
    assert catching_up.is_idle


def test_a_refused_block_is_not_handed_over_again_and_its_sender_asked_no_more():
    catching_up, _ = catching_up_with(2)
    [dropped] = catching_up.on(BlockRefused(1), 1)
    assert isinstance(dropped, DropSource)
    assert dropped.peer == PEER
    assert catching_up.is_idle
    assert catching_up.on(PeerHeight(PEER, 5), 2) == []


def test_those_above_a_refused_block_come_again_after_it():
    """What another has sent of them is still good; what the refused one's sender has, is not handed over again."""
    catching_up, _ = catching_up_with(2)
    other = PeerId(b"other")
    assert [type(effect) for effect in catching_up.on(BlockRefused(2), 1)] == [DropSource]
    [asked] = [effect for effect in catching_up.on(PeerHeight(other, 3), 2) if isinstance(effect, Answer)]
    assert (asked.peer, asked.message) == (other, GetBlocks(1, 3))
    assert handings(catching_up.on(BlocksFromPeer(other, Blocks(3, fetched(3))), 3)) == [(3, 2), (4, 3)]


async def test_a_block_is_handed_over_whole_however_long_ordering_has_no_room(autojump_clock, nursery):
    """Its transactions go to the mempool after its header went to ordering: one without the other is waited for."""
    block = held_block(1)
    cert = CommitCert(1, 0, block.block_hash, b"\x07", (bytes(64),) * 3)
    ordering: Box[Any] = Box(4)
    bodies: Box[Any] = Box(4)
    box: Box[Any] = Box(64)
    store: Any = None
    catch_up = CatchUp(
        store=store,
        suite=SUITE,
        clock=SystemClock(),
        decided=Watch(0),
        send=lambda to, message: None,
        bodies=bodies,
        ordering=ordering,
        box=box,
    )
    ordering.post("one")
    ordering.post("two")
    await nursery.start(catch_up.run)
    box.post(PeerHeight(PEER, 3))
    box.post(BlocksFromPeer(PEER, Blocks(3, (CertifiedBlock(block.header, block.body, cert),))))
    await trio.sleep(5)
    assert [await ordering.receive(), await ordering.receive()] == ["one", "two"]
    with trio.fail_after(1):
        handed, wires = await ordering.receive(), await bodies.receive()
    assert (type(handed), type(wires)) == (CaughtUp, BlockWires)
    assert wires.wires == tuple(transaction.wire for transaction in block.transactions)
    nursery.cancel_scope.cancel()
