"""The traps of libp2p 0.8.1 that a peer with a valid key can spring: each attacked over TCP, one test or more a guard.

Numbers are those of the guards named in the code. A node under attack must cut the attacker off, know why, and go on
serving an honest peer.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import cast

import pytest
import trio
from libp2p.io.exceptions import IOException
from libp2p.network.connection.exceptions import RawConnError
from libp2p.security.secure_session import SecureSession
from libp2p.stream_muxer.yamux.yamux import FLAG_ACK, FLAG_SYN, TYPE_DATA, TYPE_WINDOW_UPDATE

from node.transport.channels import READ_BYTES
from node.transport.config import FRAME_BYTES_MAX
from node.transport.frames import whole_frames
from node.transport.interface import Channel, FrameReceived, PeerUp, Priority, Reason, Sent
from node.transport.muxing import GuardedYamux, Meter, MeteredSession
from node.transport.socket_stream import SocketStream
from tests.transport.support import (
    BULK,
    KEYS,
    PATIENCE_SECONDS,
    Node,
    attacker,
    eventually,
    framed,
    peer,
    running,
    short,
)

PATIENT = short(silent_heartbeats_max=10_000)
"""For attackers that never beat and are to be caught at something else."""
VICTIM = 1
BROKEN = (trio.BrokenResourceError, trio.ClosedResourceError, IOException, RawConnError)
"""How the stock library and trio tell an attacker that the node has cut it off."""


def muxer_of(node: Node, number: int) -> GuardedYamux:
    link = node.transport._keepers[KEYS[number]].link
    assert link is not None
    return link._muxer


def ends_of(node: Node, number: int = 0) -> dict[str, int]:
    return dict(node.transport.statistics().peer(f"n{number}").link_ends)


async def exchange(one: Node, other: Node, mark: bytes) -> None:
    """Show that the two still serve each other."""
    assert one.transport.send_nowait(other.transport.key, Channel.VOTES, mark, Priority.VOTE) is Sent.QUEUED
    assert other.transport.send_nowait(one.transport.key, Channel.BULK, mark, Priority.BLOCK) is Sent.QUEUED
    await other.until(lambda seen: FrameReceived(one.transport.key, Channel.VOTES, mark) in seen)
    await one.until(lambda seen: FrameReceived(other.transport.key, Channel.BULK, mark) in seen)


@pytest.mark.parametrize(
    "opening",
    [
        b"",
        b"\xff" * 64,
        b"\x05\xff\xfe\xfd\xfc\n",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f" + b"a" * 4096,
        b"\x13/multistream/1.0.0\n" + b"\x03ls\n" * 500,
    ],
    ids=["silence", "no varint", "no UTF-8", "endless length", "endless questions"],
)
async def test_guard_01_a_stream_full_of_nonsense_harms_nobody(opening: bytes):
    async with (
        running(2, [peer(VICTIM)]) as honest,
        running(
            VICTIM, [peer(0), peer(2, honest.port)], short(silent_heartbeats_max=10_000, write_seconds=0.3)
        ) as node,
    ):
        await node.up(2)
        async with attacker(node) as enemy:
            await enemy.open_both()
            await node.up(0)
            stream = await enemy.yamux.open_stream()
            await stream.write(opening)
            await exchange(node, honest, b"during")
        await node.down(0)
        await exchange(node, honest, b"after")


async def test_guard_01_a_peer_that_opens_and_never_reads_loses_its_link_only():
    config = short(silent_heartbeats_max=10_000, write_seconds=0.3)
    async with (
        running(2, [peer(VICTIM)]) as honest,
        running(VICTIM, [peer(0), peer(2, honest.port)], config) as node,
    ):
        await node.up(2)
        async with attacker(node) as enemy:
            await enemy.open_both()
            await node.up(0)
            enemy.stop_reading()
            for _ in range(4):
                node.transport.send_nowait(KEYS[0], Channel.BULK, bytes(FRAME_BYTES_MAX), Priority.BLOCK)
            assert (await node.down(0)).reason in {Reason.WRITE_TIMEOUT, Reason.PEER_CLOSED}
        await exchange(node, honest, b"after")


@pytest.mark.parametrize("flags", [0, FLAG_ACK], ids=["plain", "as if it opened the stream"])
async def test_guard_03_the_receive_window_is_enforced(flags: int):
    config = short(silent_heartbeats_max=10_000, inbox_frames_per_peer_max=1, inbox_wait_seconds=PATIENCE_SECONDS)
    async with running(VICTIM, [peer(0)], config, consume=False) as node:
        async with attacker(node) as enemy:
            _, bulk = await enemy.open_both()
            assert await node.transport.incoming.receive() == PeerUp(KEYS[0])
            # Two frames stop the reader behind the mailbox nobody empties; then 64 MiB are pushed at it.
            await bulk.write(framed(b"one") + framed(b"two"))
            muxer = muxer_of(node, 0)
            most = 0
            with suppress(*BROKEN):
                for _ in range(64):
                    await enemy.raw(TYPE_DATA, flags, bulk.stream_id, 1 << 20, bytes(1 << 20))
                    most = max(most, sum(map(len, muxer.stream_buffers.values())))
        await eventually(lambda: ends_of(node) == {Reason.WINDOW_EXCEEDED: 1})
        assert 1 << 20 <= most <= config.receive_buffer_bytes_max


async def test_guard_03_a_frame_announced_too_large_ends_the_link_before_its_body_is_kept():
    async with running(VICTIM, [peer(0)], PATIENT) as node, attacker(node) as enemy:
        _, bulk = await enemy.open_both()
        await node.up(0)
        await bulk.write((FRAME_BYTES_MAX + 1).to_bytes(4, "big"))
        assert (await node.down(0)).reason is Reason.FRAME_TOO_LARGE
        await enemy.cut_off()


async def test_guard_05_a_silent_peer_is_noticed():
    async with running(VICTIM, [peer(0)]) as node, attacker(node) as enemy:
        await enemy.open_both()
        await node.up(0)
        enemy.stop_reading()
        assert (await node.down(0)).reason is Reason.SILENT


async def test_guard_05_a_trickle_of_bytes_is_no_sign_of_life():
    async with running(VICTIM, [peer(0)]) as node, attacker(node) as enemy:
        await enemy.open_both()
        await node.up(0)
        enemy.stop_reading()
        async with trio.open_nursery() as nursery:

            async def trickle() -> None:
                # The length of a Noise message, then its bytes one by one.
                with suppress(*BROKEN):
                    await enemy.tcp.send_all((60_000).to_bytes(2, "big"))
                    while True:
                        await enemy.tcp.send_all(b"x")
                        await trio.sleep(0.05)

            nursery.start_soon(trickle)
            assert (await node.down(0)).reason is Reason.SILENT


async def test_guard_06_a_write_cut_short_is_never_followed_by_another():
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    async with listener:
        stream = await trio.open_tcp_stream(*listener.socket.getsockname())
        async with await listener.accept() as unread:
            ours = SocketStream(stream, 0)
            with trio.move_on_after(0.2) as scope:
                await ours.write(bytes(64 * 1024 * 1024))
            assert scope.cancelled_caught
            assert ours.torn
            with pytest.raises(Exception, match="cut short"):
                await ours.write(b"more")
            ours.abort()
            with trio.fail_after(PATIENCE_SECONDS), suppress(*BROKEN):
                while await unread.receive_some():
                    pass


async def test_guard_06_after_a_write_timeout_the_next_link_is_clean():
    config = short(silent_heartbeats_max=10_000, write_seconds=0.3)
    async with running(VICTIM, [peer(0)], config) as node:
        async with attacker(node) as enemy:
            await enemy.open_both()
            await node.up(0)
            enemy.stop_reading()
            for _ in range(4):
                node.transport.send_nowait(KEYS[0], Channel.BULK, bytes(FRAME_BYTES_MAX), Priority.BLOCK)
            await node.down(0)
        async with attacker(node) as enemy:
            _, bulk = await enemy.open_both()
            await node.up(0, times=2)
            node.transport.send_nowait(KEYS[0], Channel.BULK, b"clean", Priority.BLOCK)
            with trio.fail_after(PATIENCE_SECONDS):
                assert await bulk.read(len(framed(b"clean"))) == framed(b"clean")


async def test_guard_07_a_stalled_peer_delays_no_other_and_loses_its_link():
    config = short(silent_heartbeats_max=10_000, write_seconds=1.5)
    async with (
        running(2, [peer(VICTIM)]) as honest,
        running(VICTIM, [peer(0), peer(2, honest.port)], config) as node,
    ):
        await node.up(2)
        async with attacker(node) as enemy:
            await enemy.open_both()
            await node.up(0)
            enemy.stop_reading()
            for _ in range(4):
                node.transport.send_nowait(KEYS[0], Channel.BULK, bytes(FRAME_BYTES_MAX), Priority.BLOCK)
            for round_ in range(20):
                await exchange(node, honest, b"round %d" % round_)
            assert node.transport.connected() == (KEYS[0], KEYS[2])
            assert (await node.down(0)).reason is Reason.WRITE_TIMEOUT


async def test_guard_08_a_consumer_that_stops_costs_the_link_and_not_the_memory():
    config = short(inbox_wait_seconds=0.5, inbox_frames_per_peer_max=100)
    async with (
        running(VICTIM, [peer(0)], config, consume=False) as node,
        running(0, [peer(VICTIM, node.port)]) as sender,
    ):
        await sender.up(VICTIM)
        for number in range(300):
            sender.transport.send_nowait(KEYS[VICTIM], Channel.BULK, b"%d" % number, Priority.BLOCK)
        await eventually(lambda: ends_of(node).get(Reason.INBOX_OVERFLOW) == 1)
        assert node.transport.statistics().peer("n0").inbox.frames == 100
        await sender.down(VICTIM)


async def test_guard_08_a_consumer_that_is_merely_slow_gets_every_frame():
    config = short(inbox_wait_seconds=2.0, inbox_frames_per_peer_max=4)
    async with (
        running(VICTIM, [peer(0)], config, consume=False) as node,
        running(0, [peer(VICTIM, node.port)]) as sender,
    ):
        await sender.up(VICTIM)
        expected = [b"%d" % number * 20_000 for number in range(40)]
        for payload in expected:
            sender.transport.send_nowait(KEYS[VICTIM], Channel.BULK, payload, Priority.BLOCK)
        assert await node.transport.incoming.receive() == PeerUp(KEYS[0])
        received: list[bytes] = []
        with trio.fail_after(PATIENCE_SECONDS):
            while len(received) < len(expected):
                item = await node.transport.incoming.receive()
                assert isinstance(item, FrameReceived)
                received.append(item.payload)
                await trio.sleep(0.03)
        assert received == expected


async def test_guard_08_a_sender_whose_window_is_full_is_not_silent():
    """For longer than silence is suffered nothing can arrive, because our own consumer takes its time."""
    config = short(inbox_wait_seconds=2.0, inbox_frames_per_peer_max=1)
    async with (
        running(VICTIM, [peer(0)], config, consume=False) as node,
        running(0, [peer(VICTIM, node.port)], short(write_seconds=20.0)) as sender,
    ):
        await sender.up(VICTIM)
        for _ in range(400):
            sender.transport.send_nowait(KEYS[VICTIM], Channel.VOTES, bytes(1024), Priority.VOTE)
        assert await node.transport.incoming.receive() == PeerUp(KEYS[0])
        for number in range(400):
            with trio.fail_after(PATIENCE_SECONDS):
                assert isinstance(await node.transport.incoming.receive(), FrameReceived)
            await trio.sleep(0.05 if number < 50 else 0)


async def test_guard_09_frames_of_many_tasks_never_interleave():
    async with running(1, [peer(0)]) as high, running(0, [peer(1, high.port)]) as low:
        await low.up(1)
        await high.up(0)
        payloads = {bytes([mark]) * (50_000 + 7_001 * mark) for mark in range(40)}

        async def send(node: Node, to: int, payload: bytes) -> None:
            assert node.transport.send_nowait(KEYS[to], Channel.BULK, payload, Priority.BLOCK) is Sent.QUEUED

        async with trio.open_nursery() as nursery:
            for payload in payloads:
                nursery.start_soon(send, low, 1, payload)
                nursery.start_soon(send, high, 0, payload)
        await low.until(lambda _: len(low.frames) == 40)
        await high.until(lambda _: len(high.frames) == 40)
        assert {frame.payload for frame in low.frames} == payloads
        assert {frame.payload for frame in high.frames} == payloads


async def test_guard_12_a_flood_of_streams_is_cut_at_the_limit():
    async with running(VICTIM, [peer(0)], PATIENT) as node, attacker(node) as enemy:
        await enemy.open_both()
        await node.up(0)
        muxer = muxer_of(node, 0)
        most = 0
        with suppress(*BROKEN):
            for number in range(10_000):
                await enemy.raw(TYPE_WINDOW_UPDATE, FLAG_SYN, 1001 + 2 * number, 0)
                most = max(most, len(muxer.streams))
        assert (await node.down(0)).reason is Reason.TOO_MANY_STREAMS
        # Those not accepted yet wait in the library's channel of ten.
        assert most <= PATIENT.streams_per_link_max + 12


async def test_guard_13_refused_streams_leave_nothing_behind():
    config = short(silent_heartbeats_max=10_000, streams_per_link_max=64)
    async with running(VICTIM, [peer(0)], config) as node, attacker(node) as enemy:
        await enemy.open_both()
        await node.up(0)
        for number in range(60):
            stream = await enemy.yamux.open_stream()
            if number % 2:
                await stream.write(b"\x13/multistream/1.0.0\n\x07/other\n")
            await stream.close()
        muxer = muxer_of(node, 0)
        await eventually(lambda: len(muxer.streams) == 2)
        await eventually(lambda: len(muxer.stream_buffers) == len(muxer.stream_events) == 2)
        assert node.transport.connected() == (KEYS[0],)


async def test_guard_13_a_second_stream_for_the_same_channel_is_reset():
    async with running(VICTIM, [peer(0)], PATIENT) as node, attacker(node) as enemy:
        votes, _ = await enemy.open_both()
        await node.up(0)
        again = await enemy.yamux.open_stream()
        await again.write(b"\x13/multistream/1.0.0\n\x10/lugang/votes/1\n")
        await eventually(lambda: again.reset_received)
        await votes.write(framed(b"still here"))
        await node.until(lambda seen: FrameReceived(KEYS[0], Channel.VOTES, b"still here") in seen)


async def test_guard_14_our_own_multiplexer_serves_both_directions():
    async with running(1, [peer(0)]) as high, running(0, [peer(1, high.port)]) as low:
        await low.up(1)
        await high.up(0)
        assert type(muxer_of(low, 1)) is type(muxer_of(high, 0)) is GuardedYamux


async def test_a_frame_that_is_never_completed_ends_the_link():
    config = short(silent_heartbeats_max=10_000, frame_read_seconds=0.5)
    async with running(VICTIM, [peer(0)], config) as node, attacker(node) as enemy:
        _, bulk = await enemy.open_both()
        await node.up(0)
        await bulk.write((1000).to_bytes(4, "big") + b"half")
        assert (await node.down(0)).reason is Reason.READ_TIMEOUT


async def test_a_peer_over_its_budget_is_slowed_down_and_not_cut_off():
    config = short(frames_per_second=200, frames_burst=50)
    async with (
        running(VICTIM, [peer(0)], config) as node,
        running(0, [peer(VICTIM, node.port)]) as sender,
    ):
        await sender.up(VICTIM)
        began = trio.current_time()
        for number in range(350):
            sender.transport.send_nowait(KEYS[VICTIM], Channel.BULK, b"%d" % number * 500, Priority.BLOCK)
        await node.until(lambda _: len(node.frames) == 350)
        assert trio.current_time() - began > 0.5
        assert node.transport.statistics().peer("n0").throttled > 0
        assert node.transport.connected() == (KEYS[0],)


async def test_a_flood_of_pings_is_paid_for():
    config = short(silent_heartbeats_max=10_000, muxer_reads_per_second=500, muxer_reads_burst=200)
    async with running(VICTIM, [peer(0)], config) as node, attacker(node) as enemy:
        await enemy.open_both()
        await node.up(0)
        before = enemy.session_reads
        began = trio.current_time()
        for number in range(600):
            await enemy.raw(2, FLAG_SYN, 0, number)
        await eventually(lambda: enemy.session_reads - before >= 600)
        assert trio.current_time() - began > 0.5


async def test_a_frame_of_megabytes_in_packets_of_one_byte_costs_no_more_than_its_bytes():
    """What has arrived is not copied again for each packet: 12,000 times 3 MiB would keep the processor for seconds."""
    packets = [bytes(60_000)] * 50 + [b"x"] * 12_000

    class Conn:
        """Stands for the Noise session and for the socket: packets as they are."""

        local_peer = local_private_key = remote_peer = remote_permanent_pubkey = None
        is_initiator = False

        def __init__(self) -> None:
            self.conn = self
            self.left = iter(packets)

        async def read_packet(self) -> bytes:
            return next(self.left)

        def decrypt(self, sealed: bytes) -> bytes:
            return sealed

    conn = Conn()
    session = MeteredSession(cast(SecureSession, conn), cast(SocketStream, conn), Meter(short()))
    began = time.thread_time()
    assert await session.take(12) == bytes(12)
    body = b"".join(packets)[12:]
    assert await session.take(len(body)) == body
    assert time.thread_time() - began < 1.5


async def test_a_megabyte_of_heartbeats_is_not_cut_in_the_turn_of_the_socket(monkeypatch: pytest.MonkeyPatch):
    """Nor is anything else that comes in one piece larger than a correct peer writes; the order stays."""
    most = 0

    def watched(data: bytes, frame_bytes_max: int) -> list[bytes] | None:
        nonlocal most
        most = max(most, len(data))
        return whole_frames(data, frame_bytes_max)

    monkeypatch.setattr("node.transport.channels.whole_frames", watched)
    config = short(silent_heartbeats_max=10_000, frames_burst=1_000_000)
    async with running(VICTIM, [peer(0)], config) as node, attacker(node) as enemy:
        _, bulk = await enemy.open_both()
        await node.up(0)
        pieces = [framed(b"first"), bytes(1 << 20), framed(b"second"), bytes(1 << 18) + framed(b"third"), framed(b"4")]
        for piece in pieces:
            await enemy.raw(TYPE_DATA, 0, bulk.stream_id, len(piece), piece)
        await node.until(lambda _: len(node.frames) == 4)
        assert [frame.payload for frame in node.frames] == [b"first", b"second", b"third", b"4"]
        assert most <= READ_BYTES


@pytest.mark.parametrize("ended", ["abort", "close"])
async def test_a_write_after_the_end_never_meets_the_descriptor_s_next_owner(ended: str):
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    async with listener:
        stream = await trio.open_tcp_stream(*listener.socket.getsockname())
        async with await listener.accept():
            ours = SocketStream(stream, 0)
            number = stream.socket.fileno()
            if ended == "abort":
                ours.abort()
            else:
                await ours.close()
            one, other = socket.socketpair()
            with one, other:
                # The lowest number that is free is given out first.
                taken = one if one.fileno() == number else other
                assert taken.fileno() == number
                reader = other if taken is one else one
                reader.setblocking(False)
                with pytest.raises(IOException):
                    await ours.write(b"for nobody else")
                with pytest.raises(BlockingIOError):
                    reader.recv(1)


async def test_a_link_that_opens_only_one_stream_is_given_up():
    async with running(VICTIM, [peer(0)], short(handshake_seconds=0.5)) as node, attacker(node) as enemy:
        await enemy.open(BULK)
        await enemy.cut_off()
        await eventually(lambda: ends_of(node) == {Reason.SETUP_TIMEOUT: 1})
        assert node.seen == []


async def test_no_delay_is_set_on_both_ends():
    async with running(1, [peer(0)]) as high, running(0, [peer(1, high.port)]) as low:
        await low.up(1)
        await high.up(0)
        for node, number in ((low, 1), (high, 0)):
            tcp = muxer_of(node, number).session.socket._stream
            assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
