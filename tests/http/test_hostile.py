"""Clients that mean no good: slow, huge, many, nonsense, gone. Each is answered or cut, and the node goes on."""

from dataclasses import replace

import pytest
import trio
import trio.testing

from ledger.codec import encode
from node.http.limits import HttpLimits
from tests.http.plain import answer_of, connected, until
from tests.http.world import CounterContracts, running

QUICK = HttpLimits(
    idle_seconds=0.2,
    body_seconds=0.2,
    write_seconds=0.2,
    write_bytes_per_second_min=10**12,
    drain_seconds=0.1,
    connections_max=6,
    connections_per_address_max=4,
)
POST = b"POST /v1/transactions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cbor\r\n"


@pytest.fixture
async def node(tmp_path):
    async with running(tmp_path, QUICK) as started:
        yield started
        with trio.fail_after(5):
            assert (await started.api.get("/v1/status")).status_code == 200
        assert started.failed == []


async def talk(node, data: bytes) -> bytes:
    with trio.fail_after(5):
        async with connected(node.world.rpc.api_port) as client:
            try:
                await client.send(data)
                return await client.everything()
            except trio.BrokenResourceError:
                return b""


async def none_left(node) -> None:
    """Wait until no connection of a client is open; one that is leaked fails the test."""

    async def gone() -> bool:
        return not node.world.rpc._servers[0].connections

    await until(gone)


async def test_a_slow_head_is_cut(node):
    assert await talk(node, b"GET /v1/status HTTP/1.1\r\nhost: localh") == b""


async def test_a_slow_body_is_refused(node):
    status, problem = answer_of(await talk(node, POST + b"content-length: 100\r\n\r\n\x98"))
    assert (status, problem["code"], problem["retry"]) == (408, "RPC-011", True)


async def test_a_silent_connection_is_closed(node):
    assert await talk(node, b"") == b""


async def test_an_announced_large_body_is_refused_before_it_comes(node):
    status, problem = answer_of(await talk(node, POST + b"content-length: 999999999999\r\n\r\n"))
    assert (status, problem["code"]) == (413, "RPC-002")
    assert problem["numbers"] == {"size": 999_999_999_999, "limit": 4 * 1024 * 1024}


async def test_an_unannounced_large_body_is_refused_while_it_comes(tmp_path):
    # Four megabytes may take their time here: it is their size that must be refused.
    async with running(tmp_path, replace(QUICK, body_seconds=8.0)) as node:
        with trio.fail_after(10):
            async with connected(node.world.rpc.api_port) as client:
                await client.send(POST + b"transfer-encoding: chunked\r\n\r\n")
                answers: list[bytes] = []
                async with trio.open_nursery() as nursery:

                    async def pour() -> None:
                        try:
                            while True:
                                await client.send(b"10000\r\n" + bytes(65536) + b"\r\n")
                        except trio.BrokenResourceError:
                            pass

                    nursery.start_soon(pour)
                    answers.append(bytes(await client.stream.receive_some(65536)))
                    nursery.cancel_scope.cancel()
        assert b" 413 " in answers[0]
        assert await node.metric("lugang_refusals_total", code="RPC-002") == 1.0


async def test_all_bodies_together_are_limited(tmp_path):
    async with running(tmp_path, replace(QUICK, bodies_bytes_max=100_000, body_seconds=5.0)) as node:
        async with connected(node.world.rpc.api_port) as holder:
            await holder.send(POST + b"content-length: 100000\r\n\r\n" + bytes(90_000))
            await trio.testing.wait_all_tasks_blocked(0.05)
            status, problem = answer_of(await talk(node, POST + b"content-length: 20000\r\n\r\n" + bytes(20_000)))
            assert (status, problem["code"]) == (503, "RPC-012")
        await none_left(node)
        body = encode((node.world.transaction().wire,))
        answer = await talk(node, POST + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body)
        assert answer.split()[1] == b"200"


NONSENSE = {
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "no host": b"GET /v1/status HTTP/1.1\r\n\r\n",
    "two lengths": POST + b"content-length: 1\r\ncontent-length: 2\r\n\r\n\x80",
    "length and chunks": POST + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": POST + b"content-length: -1\r\n\r\n",
    "length of letters": POST + b"content-length: many\r\n\r\n",
    "unknown coding": POST + b"transfer-encoding: gzip\r\n\r\n",
    "bad chunk": POST + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
    "line feed in a header": b"GET /v1/status HTTP/1.1\r\nhost: localhost\r\nx: a\nb\x00\r\n\r\n",
    "bytes in the path": b"GET /v1/\xff\xfe HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "head beyond the limit": b"GET /v1/status HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 300_000,
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_nonsense_is_a_problem_or_a_closed_connection(node, name):
    data = await talk(node, NONSENSE[name])
    assert data.count(b"HTTP/1.1 ") <= 1
    if data:
        assert data.split()[1] == b"400", data
        assert b"application/problem+json" in data


WEBSOCKET = (
    b"GET /v1/events HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
)
HTTP2 = (
    b"GET /v1/status HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\n"
    b"http2-settings: AAMAAABkAAQAAP__\r\n\r\n"
)
ODDITIES = {
    "percent signs": (b"GET /v1/%00%ff%2e%2e/x HTTP/1.1\r\nhost: localhost\r\n\r\n", b"404"),
    "absolute target": (b"GET http://elsewhere/v1/status HTTP/1.1\r\nhost: localhost\r\n\r\n", b"404"),
    "http/1.0": (b"GET /v1/status HTTP/1.0\r\nhost: localhost\r\n\r\n", b"200"),
    "upgrade to websocket": (WEBSOCKET, b"200"),
    "upgrade to http/2": (HTTP2, b"200"),
    "http/2 assumed": (b"PRI * HTTP/2.0\r\nhost: localhost\r\n\r\nSM\r\n\r\n", b"404"),
}


@pytest.mark.parametrize("name", ODDITIES)
async def test_oddities_are_answered_in_plain_http(node, name):
    data, status = ODDITIES[name]
    with trio.fail_after(5):
        async with connected(node.world.rpc.api_port) as client:
            await client.send(data)
            answer = bytes(await client.stream.receive_some(65536))
    assert answer.split()[:2] == [b"HTTP/1.1", status]


async def test_a_client_that_never_reads_its_answers_is_cut(node):
    world = node.world
    for _ in range(10):
        await world.final(*(world.transaction(1, "x" * 40_000) for _ in range(20)))
    with trio.fail_after(10):
        async with connected(node.world.rpc.api_port) as client:
            for height in range(1, 11):
                await client.send(b"GET /v1/blocks/%d HTTP/1.1\r\nhost: localhost\r\n\r\n" % height)
            await none_left(node)


async def test_clients_that_leave_at_any_moment_are_no_fault(node):
    world = node.world
    await world.final(world.transaction())
    whole = POST + b"content-length: 100\r\n\r\n" + bytes(100)
    for length in range(0, len(whole), 13):
        async with connected(node.world.rpc.api_port) as client:
            await client.send(whole[:length])
        await trio.testing.wait_all_tasks_blocked()
    for _ in range(5):
        async with connected(node.world.rpc.api_port) as client:
            await client.send(b"GET /v1/events?from=0 HTTP/1.1\r\nhost: localhost\r\n\r\n")
        await none_left(node)


@pytest.mark.parametrize("target", ["/v1/status", "/v1/nothing", "/v1/blocks/1"])
async def test_a_client_that_has_its_answer_and_leaves_is_forgotten_at_once(tmp_path, target):
    """Not after its idle time: a few hundred short connections a minute would else lock an address out."""
    async with running(tmp_path, HttpLimits()) as node:
        await node.world.final(node.world.transaction())
        for _ in range(10):
            async with connected(node.world.rpc.api_port) as client:
                await client.ask("GET", target)
                await client.head()
                await trio.testing.wait_all_tasks_blocked(0.001)
        await none_left(node)


async def test_a_client_that_only_listens_any_more_gets_its_answer(tmp_path):
    async with running(tmp_path, HttpLimits()) as node:
        with trio.fail_after(5):
            async with connected(node.world.rpc.api_port) as client:
                await client.send(b"GET /v1/status HTTP/1.1\r\nhost: localhost\r\n\r\n")
                await client.stream.send_eof()
                assert (await client.everything()).split()[1] == b"200"
        await none_left(node)


async def test_a_client_that_asks_twice_and_breaks_off_leaves_nothing_behind(node):
    world = node.world
    for _ in range(3):
        await world.final(*(world.transaction(1, "x" * 40_000) for _ in range(20)))
    async with connected(node.world.rpc.api_port) as client:
        await client.send(b"GET /v1/blocks/1 HTTP/1.1\r\nhost: localhost\r\n\r\n" * 4)
        await client.stream.receive_some(10)
    await none_left(node)


async def test_too_many_connections_are_told_so(node):
    async with trio.open_nursery() as nursery:

        async def hold(task_status) -> None:
            async with connected(node.world.rpc.api_port) as client:
                await client.send(b"GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n")
                await client.stream.receive_some(1000)
                task_status.started()
                await trio.sleep_forever()

        for _ in range(4):
            await nursery.start(hold)
        status, problem = answer_of(await talk(node, b""))
        assert (status, problem["code"], problem["numbers"]["limit"]) == (503, "RPC-012", 4)
        nursery.cancel_scope.cancel()
    await none_left(node)
    assert await node.metric("lugang_http_connections_cut_total", reason="RPC-012") == 1.0


async def test_too_many_requests_of_one_address_are_slowed_down(tmp_path):
    async with running(tmp_path, HttpLimits(requests_per_second=1, requests_burst=3)) as node:
        codes = [(await node.api.get("/v1/peers")).status_code for _ in range(5)]
        refused = await node.api.get("/v1/peers")
    assert codes == [200, 200, 200, 429, 429]
    assert (refused.json()["code"], refused.headers["retry-after"]) == ("RPC-006", "1")


async def test_a_bug_of_ours_is_answered_without_its_cause_and_stops_the_node(tmp_path):
    async with running(tmp_path) as node:
        await node.world.final(node.world.transaction())
        answer = await node.api.post("/v1/views/counter/broken", json={"args": "gA=="})
        assert (answer.status_code, answer.json()["code"]) == (500, "NODE-004")
        assert "bug of the engine" not in answer.text
        with trio.fail_after(5):
            await node.ended.wait()
        assert [type(error) for error in node.failed] == [ZeroDivisionError]


async def test_a_bug_in_the_middle_of_a_stream_stops_the_node(tmp_path, monkeypatch):
    async with running(tmp_path) as node:
        world = node.world
        await world.final(world.transaction())
        monkeypatch.setattr(CounterContracts, "event_fields", lambda *_: ())
        async with connected(world.rpc.api_port) as client:
            await client.ask("GET", "/v1/events?from=0")
            with trio.fail_after(5):
                await node.ended.wait()
        assert [type(error) for error in node.failed] == [ValueError]


async def test_an_open_stream_and_a_lazy_client_do_not_hold_up_the_end(tmp_path):
    """Cancelling the actor must not wait for a client that does not read, with the ordinary limits."""
    async with running(tmp_path) as node:
        world = node.world
        for _ in range(10):
            await world.final(*(world.transaction(1, "x" * 40_000) for _ in range(20)))
        async with connected(world.rpc.api_port) as client:
            for height in range(1, 11):
                await client.send(b"GET /v1/blocks/%d HTTP/1.1\r\nhost: localhost\r\n\r\n" % height)
            await trio.testing.wait_all_tasks_blocked(0.05)
            with trio.fail_after(HttpLimits().stop_seconds + 2):
                await world.rpc.stop()
                await node.ended.wait()
