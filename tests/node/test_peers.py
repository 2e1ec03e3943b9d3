"""The peers actor: what one peer sends must leave the others their turns."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from consensus.messages import PeerId
from ledger.crypto import INTERNATIONAL
from node.actors.peers import TOGETHER_BYTES_MAX, TOGETHER_FRAMES_MAX, Peers
from node.transport.inbox import Allowance, Inbox
from node.transport.interface import Channel, FrameReceived, Incoming, PeerKey

PEER = PeerKey(bytes(32))


@pytest.mark.parametrize(
    ("size", "together"),
    [(10, TOGETHER_FRAMES_MAX + 1), (TOGETHER_BYTES_MAX // 4, 5), (TOGETHER_BYTES_MAX + 1, 1), (1 << 20, 1)],
)
async def test_large_frames_are_not_decoded_in_one_turn(size: int, together: int):
    """After so many of them the actor waits again, and others run; each is decoded and blamed on its peer."""
    inbox, allowance = Inbox(), Allowance(1000, 1 << 30, 1.0)
    blamed: list[PeerId] = []
    turns: list[int] = []

    async def receive() -> Incoming:
        turns.append(len(blamed))
        return await inbox.receive()

    incoming = SimpleNamespace(receive=receive, receive_nowait=inbox.receive_nowait)
    nothing = cast(Any, None)
    peers = Peers(
        transport=cast(Any, SimpleNamespace(incoming=incoming, statistics=lambda: None)),
        directory=cast(Any, SimpleNamespace(peer_id=lambda _: PeerId(b"p"))),
        suite=INTERNATIONAL,
        board=cast(Any, SimpleNamespace(transport=None)),
        blame=lambda peer, _: blamed.append(peer),
        clock=nothing,
        ordering=nothing,
        mempool_door=nothing,
        mempool_bodies=nothing,
        mempool_control=nothing,
        catch_up=nothing,
    )
    frames = 3 * together
    for _ in range(frames):
        await inbox.deliver(FrameReceived(PEER, Channel.BULK, bytes(size)), allowance)
    inbox.close()
    await peers.run()
    assert turns == [0, together, 2 * together, frames]
