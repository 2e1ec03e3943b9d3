"""What users of the transport rely on: nodes find each other, frames arrive whole and in order, and all ends well."""

from __future__ import annotations

import gc
from dataclasses import replace

import libp2p
import pytest
import trio
from multiaddr import Multiaddr  # type: ignore[import-untyped]

from node.transport.config import FRAME_BYTES_MAX
from node.transport.identity import key_pair_of, peer_id_of, public_key_of
from node.transport.interface import (
    Channel,
    FrameReceived,
    Peer,
    PeerDown,
    PeerName,
    PeerUp,
    Priority,
    Reason,
    Sent,
    Transport,
)
from node.transport.libp2p_transport import Libp2pTransport
from tests.transport.support import (
    BULK,
    KEYS,
    PATIENCE_SECONDS,
    SEEDS,
    VOTES,
    attacker,
    eventually,
    framed,
    peer,
    running,
    short,
)


async def test_frames_travel_both_ways_on_both_channels():
    async with running(1, [peer(0)]) as high, running(0, [peer(1, high.port)]) as low:
        await low.up(1)
        await high.up(0)
        assert low.transport.send_nowait(KEYS[1], Channel.VOTES, b"vote", Priority.VOTE) is Sent.QUEUED
        largest = bytes(range(256)) * (FRAME_BYTES_MAX // 256)
        assert high.transport.send_nowait(KEYS[0], Channel.BULK, largest, Priority.BLOCK) is Sent.QUEUED
        await high.until(lambda seen: FrameReceived(KEYS[0], Channel.VOTES, b"vote") in seen)
        await low.until(lambda seen: FrameReceived(KEYS[1], Channel.BULK, largest) in seen)
        assert low.transport.connected() == (KEYS[1],)
        trips = [node.transport.statistics().peers[0].rtt_us for node in (low, high)]
        assert all(trip is not None and 0 < trip < 1_000_000 for trip in trips)


async def test_a_votes_stream_keeps_its_order():
    async with running(1, [peer(0)]) as high, running(0, [peer(1, high.port)]) as low:
        await low.up(1)
        expected = [b"%d" % number for number in range(5_000)]
        for payload in expected:
            assert low.transport.send_nowait(KEYS[1], Channel.VOTES, payload, Priority.VOTE) is Sent.QUEUED
        await high.until(lambda _: len(high.frames) == len(expected))
        assert [frame.payload for frame in high.frames] == expected


async def test_votes_overtake_blocks():
    async with running(1, [peer(0)]) as high, running(0, [peer(1, high.port)]) as low:
        await low.up(1)
        for _ in range(6):
            low.transport.send_nowait(KEYS[1], Channel.BULK, bytes(FRAME_BYTES_MAX), Priority.BLOCK)
        low.transport.send_nowait(KEYS[1], Channel.VOTES, b"vote", Priority.VOTE)
        await high.until(lambda _: len(high.frames) == 7)
        order = [frame.channel for frame in high.frames]
        assert order.index(Channel.VOTES) < 3


async def test_four_nodes_make_a_full_mesh():
    async with (
        running(3, [peer(number) for number in range(3)]) as d,
        running(2, [peer(0), peer(1), peer(3, d.port)]) as c,
        running(1, [peer(0), peer(2, c.port), peer(3, d.port)]) as b,
        running(0, [peer(1, b.port), peer(2, c.port), peer(3, d.port)]) as a,
    ):
        nodes = [a, b, c, d]
        for mine, node in enumerate(nodes):
            for other in {0, 1, 2, 3} - {mine}:
                await node.up(other)
        for node in nodes:
            for key in node.transport.connected():
                node.transport.send_nowait(key, Channel.VOTES, node.transport.key, Priority.VOTE)
        for node in nodes:
            await eventually(lambda node=node: len(node.frames) == 3)  # type: ignore[misc]
            assert {frame.peer for frame in node.frames} == set(KEYS[:4]) - {node.transport.key}
            assert all(frame.payload == frame.peer for frame in node.frames)


async def test_idle_links_stay_up():
    """Heartbeats alone, for several times the silence that would end a link."""
    config = short(heartbeat_seconds=0.05, silent_heartbeats_max=3)
    async with running(1, [peer(0)], config) as high, running(0, [peer(1, high.port)], config) as low:
        await low.up(1)
        await trio.sleep(1.0)
        assert low.seen == [PeerUp(KEYS[1])]
        assert high.seen == [PeerUp(KEYS[0])]


async def test_shutdown_parts_politely_and_ends_the_mailbox():
    async with running(1, [peer(0)]) as high:
        async with running(0, [peer(1, high.port)]) as low:
            await low.up(1)
            await high.up(0)
        assert (await high.down(0)).reason is Reason.PEER_CLOSED
    assert low.transport.incoming.receive_nowait() == PeerDown(KEYS[1], Reason.SHUTDOWN)
    with pytest.raises(trio.EndOfChannel):
        low.transport.incoming.receive_nowait()
    gc.collect()  # Warnings are errors: an unclosed socket would fail this test.


@pytest.mark.parametrize("place", ["deliver", "put"])
async def test_a_bug_of_our_own_stops_the_transport(place: str):
    """Also where it shows inside the library's loop, which takes every exception for the end of the connection."""
    transport = Libp2pTransport(SEEDS[1], ["/ip4/127.0.0.1/tcp/0"], [peer(0)], short())

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    setattr(transport.incoming, place, broken)
    payload = b"trigger" if place == "put" else bytes(1 << 20)
    with pytest.RaisesGroup(pytest.RaisesExc(ZeroDivisionError), flatten_subgroups=True), trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            await nursery.start(transport.run)
            async with running(0, [peer(1, transport.listening[0][1])]) as low:
                await low.up(1)
                low.transport.send_nowait(KEYS[1], Channel.BULK, payload, Priority.VOTE)
                await trio.sleep_forever()


async def test_a_port_in_use_is_an_error_and_never_shared():
    async with running(1, [peer(0)]) as node:
        second = Libp2pTransport(SEEDS[2], [f"/ip4/127.0.0.1/tcp/{node.port}"], [])
        with pytest.raises(OSError, match="in use"):
            await second.run()


async def test_an_unknown_or_unconnected_peer_is_told_apart_from_nothing():
    async with running(0, [peer(1)]) as low:
        assert low.transport.send_nowait(KEYS[1], Channel.VOTES, b"x", Priority.VOTE) is Sent.NOT_CONNECTED
        assert low.transport.send_nowait(KEYS[7], Channel.VOTES, b"x", Priority.VOTE) is Sent.NOT_CONNECTED
        assert low.transport.statistics().peer("n1").refused_frames == (("not_connected", 1),)


async def test_a_full_votes_queue_ends_the_link():
    config = short(silent_heartbeats_max=10_000, votes_queue_frames_max=10)
    async with running(1, [peer(0)], config) as node, attacker(node) as enemy:
        await enemy.open_both()
        await node.up(0)
        sent = [node.transport.send_nowait(KEYS[0], Channel.VOTES, b"x", Priority.VOTE) for _ in range(12)]
        assert sent == [Sent.QUEUED] * 10 + [Sent.QUEUE_FULL, Sent.NOT_CONNECTED]
        assert (await node.down(0)).reason is Reason.VOTES_OVERFLOW


async def test_a_full_bulk_queue_refuses_the_low_priorities_first_and_keeps_the_link():
    config = short(silent_heartbeats_max=10_000, bulk_queue_frames_max=10)
    async with running(1, [peer(0)], config) as node, attacker(node) as enemy:
        await enemy.open_both()
        await node.up(0)
        taken = {
            priority: [node.transport.send_nowait(KEYS[0], Channel.BULK, b"x", priority) for _ in range(11)].count(
                Sent.QUEUED
            )
            for priority in reversed(Priority)
        }
        assert taken == {
            Priority.CATCH_UP: 3,
            Priority.TRANSACTIONS: 3,
            Priority.BLOCK: 3,
            Priority.CERTIFICATE: 1,
            Priority.VOTE: 0,
        }
        assert node.transport.connected() == (KEYS[0],)
        assert node.transport.statistics().peer("n0").bulk_queue.frames == 10


async def test_statistics_count_what_happened():
    async with running(1, [peer(0)]) as high:
        async with running(0, [peer(1, high.port)]) as low:
            await low.up(1)
            for _ in range(10):
                low.transport.send_nowait(KEYS[1], Channel.BULK, bytes(1000), Priority.BLOCK)
            await high.until(lambda _: len(high.frames) == 10)
            there, here = low.transport.statistics().peer("n1"), high.transport.statistics().peer("n0")
            assert there.frames_out == here.frames_in == 10
            assert there.bytes_out >= 10_040
            assert here.bytes_in >= 10_040
            assert here.up_since_ms is not None
            assert (here.links, here.reconnects, here.key) == (1, 0, KEYS[0])
        await high.down(0)
        async with running(0, [peer(1, high.port)]):
            await high.up(0, times=2)
        after = high.transport.statistics().peer("n0")
        assert (after.links, after.reconnects) == (2, 1)


async def test_a_stock_libp2p_host_of_a_member_can_talk_to_us():
    """On the wire this is libp2p: the library's own host negotiates, opens our protocols and exchanges frames."""
    host = libp2p.new_host(key_pair=key_pair_of(SEEDS[0]), muxer_preference="YAMUX", negotiate_timeout=5)
    async with running(1, [peer(0)], short(silent_heartbeats_max=10_000)) as node:
        async with host.run(listen_addrs=[]):
            victim = peer_id_of(node.transport.key)
            host.get_peerstore().add_addrs(victim, [Multiaddr(f"/ip4/127.0.0.1/tcp/{node.port}")], 60)
            with trio.fail_after(PATIENCE_SECONDS):
                votes = await host.new_stream(victim, [VOTES])
                bulk = await host.new_stream(victim, [BULK])
                await node.up(0)
                await votes.write(framed(b"from a stock host"))
                await node.until(lambda _: bool(node.frames))
                node.transport.send_nowait(KEYS[0], Channel.BULK, b"to a stock host", Priority.BLOCK)
                assert await bulk.read(len(framed(b"to a stock host"))) == framed(b"to a stock host")
                # The host forgets its sockets where it is merely stopped.
                await host.disconnect(victim)
                await node.down(0)
        assert node.frames == [FrameReceived(KEYS[0], Channel.VOTES, b"from a stock host")]


def test_peer_ids_are_those_of_the_specification():
    """The Ed25519 example of libp2p's peer id specification: the public key's protobuf is inlined after 0x0024."""
    key = bytes.fromhex("1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e")
    assert (
        peer_id_of(key).to_bytes().hex()
        == "0024080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e"
    )
    assert str(peer_id_of(key)).startswith("12D3KooW")
    assert public_key_of(bytes(32)).hex() == "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:4001", "/ip4/127.0.0.1", "/ip4/127.0.0.1/udp/4001/quic-v1", "/ip4/127.0.0.1/tcp/4001/ws", "", "/tcp/1"],
)
def test_an_address_that_is_no_tcp_multiaddr_fails_early(address: str):
    with pytest.raises(ValueError, match=r"address|multiaddr"):
        Libp2pTransport(SEEDS[0], [], [Peer(KEYS[1], PeerName("n1"), (address,))])


def test_the_own_key_in_the_registry_is_no_peer():
    transport: Transport = Libp2pTransport(SEEDS[0], [], [peer(0, 4001), peer(1, 4002)])
    assert transport.connected() == ()
    assert transport.statistics().peers == ()


@pytest.mark.parametrize("cutter", [0, 1])
async def test_a_peer_that_is_cut_off_has_no_link_until_its_time_is_over(cutter: int):
    """Cut off by who calls, and by who is called."""
    async with running(0, [peer(1, 1)]) as low, running(1, [peer(0)]) as high:
        low.transport.set_registry([peer(1, high.port)])
        one, other = ((low, 1), (high, 0))[cutter]
        await one.up(other)
        one.transport.cut_off(KEYS[other], 0.6)
        began = trio.current_time()
        assert (await one.down(other)).reason is Reason.FAULTY
        await eventually(lambda: one.transport.statistics().peer(f"n{other}").link_ends == (("faulty", 1),))
        assert 0 < one.transport.statistics().peer(f"n{other}").cut_ms <= 600
        await one.up(other, times=2)
        assert trio.current_time() - began >= 0.6
        assert one.transport.statistics().peer(f"n{other}").cut_ms == 0


async def test_an_address_from_the_chain_that_is_none_is_left_out(caplog):
    """Members may agree on any text; a node must not stop over it."""
    async with running(0, [peer(1, 1)]) as low, running(1, [peer(0)]) as high:
        good = peer(1, high.port)
        low.transport.set_registry([replace(good, addresses=("/ip4/127.0.0.1", "", *good.addresses)), nowhere(2)])
        await low.up(1)
        assert "not a TCP address: '/ip4/127.0.0.1'" in caplog.text
        await eventually(lambda: low.transport.statistics().peer("n2").dial_failures >= 1)


def nowhere(index: int) -> Peer:
    return Peer(KEYS[index], PeerName(f"n{index}"), ("nowhere",))


async def test_a_peer_that_moves_is_called_at_its_new_address():
    async with running(0, [peer(1, 1)]) as low:
        await eventually(lambda: low.transport.statistics().peer("n1").dial_failures >= 1)
        async with running(1, [peer(0)]) as high:
            low.transport.set_registry([peer(1, high.port)])
            await low.up(1)
