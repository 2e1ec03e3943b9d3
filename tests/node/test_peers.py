"""The peers actor: what one peer sends must leave the others their turns."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest
import trio

from consensus.bulk import GetBlocks
from consensus.messages import Height, PeerId, Round, encode_message
from consensus.signed import Vote, VoteKind
from ledger.crypto import INTERNATIONAL
from node.actors.peers import TOGETHER_BYTES_MAX, TOGETHER_FRAMES_MAX, WISHES_WAITING_MAX, Peers
from node.box import Box
from node.messages import CatchUpInbox, FromPeer, OrderingInbox
from node.transport.inbox import Allowance, Inbox
from node.transport.interface import Channel, FrameReceived, Incoming, PeerKey

PEER = PeerKey(bytes(32))


def peers_of(incoming: object, blamed: list[PeerId], **others: object) -> Peers:
    given: dict[str, Any] = dict.fromkeys(
        ("clock", "ordering", "mempool_door", "mempool_bodies", "mempool_control", "catch_up")
    )
    return Peers(
        transport=cast(Any, SimpleNamespace(incoming=incoming, statistics=lambda: None)),
        directory=cast(Any, SimpleNamespace(peer_id=lambda _: PeerId(b"p"))),
        suite=INTERNATIONAL,
        blame=lambda peer, _: blamed.append(peer),
        **{"board": SimpleNamespace(transport=None), **given, **others},
    )


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
    peers = peers_of(incoming, blamed)
    frames = 3 * together
    for _ in range(frames):
        await inbox.deliver(FrameReceived(PEER, Channel.BULK, bytes(size)), allowance)
    inbox.close()
    await peers.run()
    assert turns == [0, together, 2 * together, frames]


async def test_wishes_for_blocks_never_keep_votes_waiting():
    """One peer asks for blocks without end while the answers stand still; what comes behind is routed all the same."""
    inbox, allowance = Inbox(), Allowance(10_000, 1 << 30, 1.0)
    catch_up: Box[CatchUpInbox] = Box(4_096)
    ordering: Box[OrderingInbox] = Box(16)
    board = SimpleNamespace(transport=None, peer_faults=Counter[str]())
    peers = peers_of(inbox, [], board=board, catch_up=catch_up, ordering=ordering)
    wish = encode_message(GetBlocks(Height(1), 8))
    for _ in range(5_000):
        await inbox.deliver(FrameReceived(PEER, Channel.BULK, wish), allowance)
    vote = Vote(VoteKind.PREVOTE, Height(1), Round(0), None, 0, bytes(64))
    await inbox.deliver(FrameReceived(PEER, Channel.VOTES, encode_message(vote)), allowance)
    inbox.close()
    with trio.fail_after(10):
        await peers.run()
    assert len(catch_up) == WISHES_WAITING_MAX
    assert board.peer_faults == {"blocks_wanted_full": 5_000 - WISHES_WAITING_MAX}
    [routed] = ordering.receive_ready(9)
    assert routed == FromPeer(PeerId(b"p"), vote)
