"""What users of the transport rely on: two nodes find each other, frames arrive whole and in order, all ends well."""

from __future__ import annotations

import socket

import pytest
import trio

from node.transport import Channel, FrameReceived, PeerDown, PeerUp, Priority, Reason, Sent
from tests.transport.support import KEYS, eventually, peer, running


async def test_frames_travel_both_ways_on_both_channels():
    async with running(1, [peer(0)]) as high, running(0, [peer(1, high.port)]) as low:
        await low.up(1)
        await high.up(0)
        assert low.transport.send_nowait(KEYS[1], Channel.VOTES, b"vote", Priority.VOTE) is Sent.QUEUED
        assert high.transport.send_nowait(KEYS[0], Channel.BULK, b"b" * 3_000_000, Priority.BLOCK) is Sent.QUEUED
        await high.until(lambda seen: FrameReceived(KEYS[0], Channel.VOTES, b"vote") in seen)
        await low.until(lambda seen: FrameReceived(KEYS[1], Channel.BULK, b"b" * 3_000_000) in seen)
        assert low.transport.connected() == (KEYS[1],)
