"""The traps of libp2p 0.8.1 around making connections: strangers, half-open sockets, redialling, crossed calls, log."""

from __future__ import annotations

import gc
import logging
import os
import resource
from contextlib import suppress

import pytest
import trio
from libp2p.abc import ISecureConn
from libp2p.io.exceptions import ConnectionClosedError, IOException
from libp2p.io.trio import TrioTCPStream
from libp2p.network.connection.exceptions import RawConnError
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.protocol_muxer.exceptions import MultiselectClientError
from libp2p.protocol_muxer.multiselect_client import MultiselectClient
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator
from libp2p.stream_muxer.yamux.yamux import FLAG_ACK, TYPE_DATA, Yamux

from node.transport.identity import peer_id_of
from node.transport.interface import Channel, FrameReceived, PeerUp, Priority, Reason, Sent
from node.transport.socket_stream import SocketStream
from tests.transport.support import (
    KEYS,
    PATIENCE_SECONDS,
    SEEDS,
    Node,
    attacker,
    connect,
    eventually,
    framed,
    peer,
    running,
    short,
    unused_port,
    upgrader_of,
)

VICTIM = 1
RECONNECTS = int(os.environ.get("TRANSPORT_RECONNECTS", "260"))
"""Beyond the 250 after which libp2p's swarm lets nobody in any more. The long run takes 1,000."""


def refused_by(node: Node) -> dict[str, int]:
    return dict(node.transport.statistics().refused_sockets)


async def secured(node: Node, number: int) -> tuple[trio.SocketStream, ISecureConn]:
    """TCP and Noise as peer `number`, and nothing after."""
    tcp = await trio.open_tcp_stream("127.0.0.1", node.port)
    raw = RawConnection(TrioTCPStream(tcp), True)
    victim = peer_id_of(node.transport.key)
    return tcp, await upgrader_of(SEEDS[number]).upgrade_security(raw, True, victim)


async def closed_without_a_word(session: ISecureConn) -> None:
    """Wait for the end of a connection on which the node says nothing after Noise."""
    word = b""
    with trio.fail_after(PATIENCE_SECONDS), suppress(IOException, RawConnError):
        word = await session.read(1)
    assert word == b"", "the node spoke to a stranger"


async def hung_up(tcp: trio.SocketStream) -> None:
    """Wait for the end of a connection, be it polite or abrupt."""
    with trio.fail_after(PATIENCE_SECONDS), suppress(trio.BrokenResourceError):
        while await tcp.receive_some():
            pass


async def refuses_more(tcp: trio.SocketStream) -> None:
    """Push bytes until the other side resets the connection."""
    with trio.fail_after(PATIENCE_SECONDS), suppress(trio.BrokenResourceError):
        while True:
            await tcp.send_all(bytes(65536))


async def test_guard_02_more_reconnects_than_the_library_survives(caplog):
    # Somebody keeps the log's records: they must not keep the links.
    caplog.set_level(logging.INFO)

    def resident_kib() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    async with running(VICTIM, [peer(0)], short(silent_heartbeats_max=10_000)) as node:
        descriptors = kib = 0
        for number in range(1, RECONNECTS + 1):
            async with attacker(node) as enemy:
                await enemy.open_both()
                await node.up(0, times=number)
            await node.down(0, times=number)
            if number == 50:
                descriptors, kib = len(os.listdir("/proc/self/fd")), resident_kib()
        await eventually(lambda: node.transport.statistics().half_open == 0)
        # What the attacker has made in this process goes as well, so a leak of either side shows. Tasks of the last
        # links are still ending, and what they leave is in cycles: only what outlives a collection is a leak.
        await eventually(lambda: gc.collect() >= 0 and sum(isinstance(o, Yamux) for o in gc.get_objects()) <= 4)
        assert len(os.listdir("/proc/self/fd")) <= descriptors + 4
        assert resident_kib() - kib < 40 * 1024
        assert node.transport.statistics().peer("n0").links == RECONNECTS


async def test_guard_04_a_failed_call_is_soon_repeated():
    port = unused_port()
    async with running(0, [peer(1, port)]) as low:
        await eventually(lambda: low.transport.statistics().peer("n1").dial_failures >= 3)
        began = trio.current_time()
        async with running(1, [peer(0)], port=port):
            await low.up(1)
        # The library would refuse for 60 s.
        assert trio.current_time() - began < 10


async def test_guard_04_a_peer_that_hangs_up_at_once_is_not_called_in_a_tight_loop():
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    calls: list[float] = []

    async def hang_up(_: trio.SocketStream) -> None:
        calls.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, hang_up, [listener])
        config = short(backoff_initial_seconds=0.05, backoff_seconds_max=0.4)
        async with running(0, [peer(1, listener.socket.getsockname()[1])], config):
            await eventually(lambda: len(calls) >= 6)
        nursery.cancel_scope.cancel()
    # At least half of 0.05, 0.1, 0.2, 0.4 and 0.4 s.
    assert calls[5] - calls[0] > 0.5


async def test_guard_10_a_stranger_hears_nothing_after_noise():
    async with running(VICTIM, [peer(0)]) as node:
        tcp, session = await secured(node, 5)
        async with tcp:
            await closed_without_a_word(session)
        await eventually(lambda: refused_by(node) == {Reason.UNREGISTERED: 1})
        assert node.seen == []


async def test_guard_10_the_one_who_answers_must_be_the_one_called():
    async with running(5, [peer(0)]) as impostor, running(0, [peer(1, impostor.port)]) as low:
        await eventually(lambda: low.transport.statistics().peer("n1").dial_failures >= 2)
        assert low.seen == []


async def test_guard_10_the_registry_may_change_while_links_stand():
    async with running(2, [peer(0)]) as node, attacker(node, 0) as enemy:
        await enemy.open_both()
        await node.up(0)
        node.transport.set_registry([peer(1)])
        assert (await node.down(0)).reason is Reason.UNREGISTERED
        await enemy.cut_off()
        assert node.transport.send_nowait(KEYS[0], Channel.VOTES, b"x", Priority.VOTE) is Sent.NOT_CONNECTED
        tcp, session = await secured(node, 0)
        async with tcp:
            await closed_without_a_word(session)
        async with attacker(node, 1) as friend:
            await friend.open_both()
            await node.up(1)
        node.transport.set_registry([peer(0), peer(1)])
        async with attacker(node, 0) as again:
            await again.open_both()
            await node.up(0, times=2)


@pytest.mark.parametrize("protocol", ["/plaintext/2.0.0", "/secio/1.0.0", "/tls/1.0.0"])
async def test_guard_10_nothing_but_noise_is_offered(protocol: str):
    async with running(VICTIM, [peer(0)]) as node:
        tcp = await trio.open_tcp_stream("127.0.0.1", node.port)
        async with tcp:
            with pytest.raises(MultiselectClientError, match="not supported"):
                await MultiselectClient().select_one_of([protocol], MultiselectCommunicator(TrioTCPStream(tcp)))  # type: ignore[list-item]


async def test_guard_14_no_multiplexer_but_yamux_is_offered():
    async with running(VICTIM, [peer(0)]) as node:
        tcp, session = await secured(node, 0)
        async with tcp:
            with pytest.raises(MultiselectClientError, match="not supported"):
                await MultiselectClient().select_one_of(["/mplex/6.7.0"], MultiselectCommunicator(session))  # type: ignore[list-item]


async def test_guard_11_half_open_sockets_lock_nobody_out():
    config = short(half_open_max=32, handshake_seconds=60.0)
    async with running(VICTIM, [peer(0)], config) as node:
        sockets = [await trio.open_tcp_stream("127.0.0.1", node.port) for _ in range(300)]
        await eventually(lambda: node.transport.statistics().accepted_sockets == 300)
        assert node.transport.statistics().half_open == 32
        began = trio.current_time()
        async with running(0, [peer(VICTIM, node.port)]) as honest:
            await honest.up(VICTIM)
            await node.up(0)
        assert trio.current_time() - began < 10
        assert refused_by(node)[Reason.HALF_OPEN_EVICTED] >= 268
        for stream in sockets:
            await trio.aclose_forcefully(stream)


async def test_guard_11_the_crowd_makes_room_and_not_the_lone_caller():
    config = short(half_open_max=8, handshake_seconds=60.0)
    async with running(VICTIM, [peer(0)], config) as node:
        lone = await trio.open_tcp_stream("127.0.0.1", node.port, local_address="127.0.0.2")
        crowd = [await trio.open_tcp_stream("127.0.0.1", node.port) for _ in range(50)]
        await eventually(lambda: refused_by(node).get(Reason.HALF_OPEN_EVICTED) == 43)
        # The oldest of all is still served: the negotiation's greeting has come and no end.
        assert await lone.receive_some(64) == b"\x13/multistream/1.0.0\n"
        with trio.move_on_after(0.2) as scope:
            await lone.receive_some(64)
        assert scope.cancelled_caught
        for stream in [lone, *crowd]:
            await trio.aclose_forcefully(stream)


async def test_guard_11_a_handshake_has_little_time():
    async with running(VICTIM, [peer(0)], short(handshake_seconds=0.3)) as node:
        async with await trio.open_tcp_stream("127.0.0.1", node.port) as tcp:
            await tcp.send_all(b"\x13/multi")
            await eventually(lambda: refused_by(node) == {Reason.SETUP_TIMEOUT: 1})
        assert node.transport.statistics().half_open == 0


@pytest.mark.parametrize("opening", [b"\xff" * 8 + b"\x7f", b"\x80\x80\x80\x80\x01", b"GET / HTTP/1.1\r\n"])
async def test_guard_11_a_handshake_takes_few_bytes(opening: bytes):
    async with running(VICTIM, [peer(0)], short(handshake_seconds=60.0)) as node:
        async with await trio.open_tcp_stream("127.0.0.1", node.port) as tcp:
            await tcp.send_all(opening)
            await refuses_more(tcp)
        await eventually(lambda: refused_by(node) == {Reason.HANDSHAKE: 1})


async def test_guard_11_the_bytes_of_a_handshake_are_counted():
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    async with listener, await trio.open_tcp_stream(*listener.socket.getsockname()) as talker:
        ours = SocketStream(await listener.accept(), 1000)
        await talker.send_all(bytes(5000))
        taken = 0
        while taken < 1000:
            taken += len(await ours.read(700))
        assert taken == 1000
        with pytest.raises(ConnectionClosedError, match="too many bytes"):
            await ours.read(700)
        ours.handshake_done()
        while taken < 5000:
            taken += len(await ours.read(700))
        ours.abort()


async def test_guard_11_addresses_outside_the_allowed_networks_are_turned_away():
    async with running(VICTIM, [peer(0)], short(allowed_networks=("10.0.0.0/8",))) as node:
        async with await trio.open_tcp_stream("127.0.0.1", node.port) as tcp:
            await hung_up(tcp)
        assert refused_by(node) == {Reason.ADDRESS_REFUSED: 1}


async def test_guard_15_of_two_that_call_each_other_one_link_results():
    ports = [unused_port(), unused_port()]
    async with (
        running(0, [peer(1, ports[1])], port=ports[0]) as low,
        running(1, [peer(0, ports[0])], port=ports[1]) as high,
    ):
        await low.up(1)
        await high.up(0)
        for number in range(5):
            low.transport.send_nowait(KEYS[1], Channel.VOTES, b"%d" % number, Priority.VOTE)
        await high.until(lambda _: len(high.frames) == 5)
        assert low.transport.statistics().accepted_sockets == 0
        assert high.transport.statistics().accepted_sockets == 1
        assert low.seen == [PeerUp(KEYS[1])]


async def test_guard_15_the_higher_key_does_not_call():
    async with running(0, [peer(1)]) as low:
        tcp, session = await secured(low, 1)
        async with tcp:
            await closed_without_a_word(session)
        await eventually(lambda: refused_by(low) == {Reason.WRONG_DIRECTION: 1})


async def test_guard_15_a_second_call_replaces_the_first_link():
    async with running(VICTIM, [peer(0)], short(silent_heartbeats_max=10_000)) as node, attacker(node) as first:
        await first.open_both()
        await node.up(0)
        async with attacker(node) as second:
            votes, _ = await second.open_both()
            await node.up(0, times=2)
            assert (await node.down(0)).reason is Reason.REPLACED
            await first.cut_off()
            await votes.write(framed(b"second"))
            await node.until(lambda seen: FrameReceived(KEYS[0], Channel.VOTES, b"second") in seen)
            assert node.transport.connected() == (KEYS[0],)


async def test_guard_15_a_peer_that_calls_too_often_is_turned_away():
    config = short(silent_heartbeats_max=10_000, links_per_second=1, links_burst=2)
    async with running(VICTIM, [peer(0)], config) as node:
        for number in (1, 2):
            async with attacker(node) as enemy:
                await enemy.open_both()
                await node.up(0, times=number)
        tcp, session = await secured(node, 0)
        async with tcp:
            await closed_without_a_word(session)
        await eventually(lambda: refused_by(node) == {Reason.TOO_MANY_LINKS: 1})


async def test_guard_16_a_peer_cannot_flood_the_log(caplog, capfd):
    """Each frame beyond the window that claims to open its stream makes the library warn; thousands are sent."""
    config = short(
        silent_heartbeats_max=10_000,
        inbox_frames_per_peer_max=1,
        inbox_wait_seconds=PATIENCE_SECONDS,
        bulk_window_bytes=256 * 1024,
        library_log_lines_per_minute=10,
    )
    async with running(VICTIM, [peer(0)], config, consume=False) as node, attacker(node) as enemy:
        _, bulk = await enemy.open_both()
        assert await node.transport.incoming.receive() == PeerUp(KEYS[0])
        await bulk.write(framed(b"one") + framed(b"two"))
        for _ in range(3_000):
            await enemy.raw(TYPE_DATA, FLAG_ACK, bulk.stream_id, 1024, bytes(1024))
        await eventually(lambda: node.transport.statistics().library_log_suppressed > 1_000)
    lines = [record for record in caplog.records if record.name == "node.transport.libp2p"]
    assert 1 <= len(lines) <= 10
    assert "exceeded" in lines[0].getMessage()
    assert not logging.getLogger("libp2p").propagate
    assert capfd.readouterr().err == ""


async def test_garbage_behind_the_handshake_is_no_error_of_ours():
    async with running(VICTIM, [peer(0)], short(silent_heartbeats_max=10_000)) as node:
        for _ in range(3):
            tcp, yamux = await connect(node.port, SEEDS[0], node.transport.key)
            await yamux.secured_conn.write(b"\xff" * 100)
            await trio.aclose_forcefully(tcp)
        async with attacker(node) as enemy:
            await enemy.open_both()
            await node.up(0)
