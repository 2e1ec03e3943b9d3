"""The event stream: complete heights, resuming at any cursor, filters, and readers that stop reading."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import trio
import trio.testing

from ledger.checkpoint import Checkpoint
from node.http.limits import HttpLimits
from node.layout import RECEIPTS, at_height
from tests.http.plain import PlainClient, StreamEnded, connected, until
from tests.http.test_reading import raw
from tests.http.world import running


@asynccontextmanager
async def stream(node, query: str = "") -> AsyncIterator[PlainClient]:
    async with connected(node.world.rpc.api_port) as client:
        await client.ask("GET", f"/v1/events{query}")
        head = await client.head()
        assert (head.status_code, dict(head.headers)[b"content-type"]) == (200, b"application/x-ndjson")
        yield client


async def read_until(node, query: str, cursor: str) -> list[dict[str, Any]]:
    """The lines up to the one of a cursor, without signs of life."""
    found: list[dict[str, Any]] = []
    async with stream(node, query) as client:
        while not found or found[-1]["cursor"] != cursor:
            row = await client.line()
            if "event" in row or "checkpoint" in row:
                found.append(row)
    return found


def none_open(node):
    async def closed() -> bool:
        return bool(await node.metric("lugang_event_streams") == 0.0)

    return closed


async def three_heights(node) -> None:
    world = node.world
    await world.final(world.transaction(1, "a"), world.transaction(2, "b"))
    await world.final(world.transaction(300, "a"))
    await world.final(world.transaction(3, "a"))


ALL = ["1.0.0", "1.0.1", "1.1.0", "1.1.1", "1", "2", "3.0.0", "3.0.1", "3"]


async def test_all_events_with_names_and_a_complete_line_for_each_height(node):
    await three_heights(node)
    rows = await read_until(node, "?from=0", "3")
    assert [row["cursor"] for row in rows] == ALL
    first, complete = rows[0], rows[4]
    assert (first["contract"], first["event"]) == ("counter", "Added")
    assert first["values"] == {"n": 1, "party": "a", "mark": "0102"}
    assert (first["height"], first["time"]) == (1, 1_700_000_001_000)
    assert set(complete) == {"cursor", "height", "checkpoint"}
    assert Checkpoint.decode(raw(complete["checkpoint"])).height == 1


@pytest.mark.parametrize("position", range(len(ALL) - 1))
async def test_it_resumes_behind_every_cursor(node, position):
    await three_heights(node)
    rows = await read_until(node, f"?from={ALL[position]}", "3")
    assert [row["cursor"] for row in rows] == ALL[position + 1 :]


async def test_the_first_line_repeats_the_cursor_so_that_nothing_goes_back(node):
    await three_heights(node)
    async with stream(node, "?from=1.0.1") as client:
        assert await client.line() == {"cursor": "1.0.1", "height": 1}


async def test_filters_leave_the_complete_lines(node):
    await three_heights(node)
    assert [r["cursor"] for r in await read_until(node, "?from=0&party=b", "3")] == ["1.1.0", "1", "2", "3"]
    assert [r["cursor"] for r in await read_until(node, "?from=0&contract=voucher", "3")] == ["1", "2", "3"]
    assert len(await read_until(node, "?from=0&contract=counter&party=a", "3")) == 5


async def test_only_final_heights_appear_and_they_appear_when_certified(node):
    world = node.world
    await world.final(world.transaction())
    async with stream(node) as client:
        assert await client.line() == {"cursor": "1", "height": 1}
        height = await world.seal(world.transaction(9))
        await trio.testing.wait_all_tasks_blocked(0.05)
        world.certify(height)
        assert (await client.line())["values"]["n"] == 9


async def test_a_certificate_that_covers_several_heights_releases_them_all(node):
    world = node.world
    await world.seal(world.transaction(1))
    await world.seal(world.transaction(2))
    await world.final(world.transaction(3))
    rows = await read_until(node, "?from=0", "3")
    assert [row["cursor"] for row in rows if "checkpoint" in row] == ["1", "2", "3"]


async def test_a_quiet_stream_shows_signs_of_life(tmp_path):
    async with running(tmp_path, HttpLimits(sign_of_life_seconds=0.01)) as node:
        await node.world.final(node.world.transaction())
        async with stream(node) as client:
            assert [await client.line() for _ in range(3)] == [{"cursor": "1", "height": 1}] * 3


async def test_streams_are_counted_and_limited(tmp_path):
    async with running(tmp_path, HttpLimits(streams_max=2)) as node:
        async with stream(node) as one, stream(node) as two:
            await one.line()
            await two.line()
            assert await node.metric("lugang_event_streams") == 2.0
            refused = await node.api.get("/v1/events")
            assert (refused.status_code, refused.json()["code"]) == (503, "RPC-012")
        await until(none_open(node))


async def test_a_reader_that_stops_reading_is_cut_and_costs_no_memory(tmp_path):
    limits = HttpLimits(write_seconds=0.2, write_bytes_per_second_min=10**12)
    async with running(tmp_path, limits) as node:
        world = node.world
        for _ in range(40):
            await world.final(*(world.transaction(1, "x" * 4_000) for _ in range(40)))
        async with connected(world.rpc.api_port) as lazy:
            await lazy.ask("GET", "/v1/events?from=0")
            await lazy.head()
            await until(none_open(node))
        assert node.failed == []


async def test_stopping_ends_streams_at_a_line_and_ends_the_actor(tmp_path):
    async with running(tmp_path) as node:
        world = node.world
        await world.final(world.transaction())
        async with stream(node) as client:
            await client.line()
            with trio.fail_after(5):
                await world.rpc.stop()
                with pytest.raises(StreamEnded):
                    await client.line()
                await node.ended.wait()
        assert node.failed == []


async def test_a_certificate_that_is_early_waits_for_the_execution_here(node):
    world = node.world
    await world.final(world.transaction(1))
    async with stream(node) as client:
        await client.line()
        # The others are ahead: their certificate of height 2 is here before the block is.
        early = world.store.certificate(1)
        ahead = replace(early, checkpoint=replace(early.checkpoint, height=2))
        world.store.put_certificate(ahead)
        world.publish()
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert (await node.api.get("/v1/status")).json()["certified"] == 1
        await world.seal(world.transaction(9))
        with trio.fail_after(5):
            assert (await client.line())["values"]["n"] == 9


async def test_a_stream_whose_next_height_is_gone_ends(node):
    world = node.world
    await world.final(world.transaction(1))
    async with stream(node) as client:
        await client.line()
        height = await world.seal(world.transaction(2))
        world.store.reader.delete(at_height(RECEIPTS, height))
        world.certify(height)
        with trio.fail_after(5), pytest.raises(StreamEnded):
            await client.line()
