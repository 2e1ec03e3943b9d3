"""Serving decided blocks to peers that lack them, and handing over those that this node has fetched."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import trio
import trio.testing

from consensus.messages import Blocks, CertifiedBlock, CommitCert, GetBlocks, PeerId, encode_message
from node.actors.catch_up import CatchUp, Serving
from node.box import Box
from node.clock import SystemClock
from node.messages import BlocksFromPeer, BlockWires, CaughtUp, PeerHeight
from node.watch import Watch
from tests.node.blocks import held_block
from tests.node.support import SUITE

PEER = PeerId(b"peer")


def test_the_highest_certificate_of_a_range_goes_with_its_block():
    blocks = {height: held_block(height) for height in range(1, 8)}
    certificates: dict[int, Any] = {2: object(), 4: object(), 7: object()}
    decisions = {h: CommitCert(h, 0, block.block_hash, b"\x07", (bytes(64),) * 3) for h, block in blocks.items()}
    store: Any = SimpleNamespace(
        applied=SimpleNamespace(height=7),
        header=lambda height: blocks[height].header_bytes,
        body=lambda height: blocks[height].body,
        decision=lambda height: encode_message(decisions[height]),
        certificate=certificates.get,
    )
    sent: list[Any] = []
    serving = Serving(store, SUITE, lambda to, message: sent.append((to, message)))
    serving.answer(PEER, GetBlocks(1, 5))
    [(to, answer)] = sent
    assert isinstance(answer, Blocks)
    assert (to, answer.top) == (PEER, 7)
    assert [block.header.height for block in answer.blocks] == [1, 2, 3, 4, 5]
    assert [block.checkpoint for block in answer.blocks] == [None, None, None, certificates[4], None]


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
