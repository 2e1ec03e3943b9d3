"""Serving decided blocks to peers that lack them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from consensus.messages import Blocks, CommitCert, GetBlocks, PeerId, encode_message
from node.actors.catch_up import Serving
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
