"""The monitoring listener: health, readiness and its reasons, and a table of metrics that is what is exported."""

import re
import shutil
from collections import namedtuple
from dataclasses import replace
from typing import Any

import pytest
import trio.testing
from prometheus_client.parser import text_string_to_metric_families

from ledger.codec import encode
from node.board import OrderingStatus, PeerSeen, PoolStatus
from node.transport.statistics import PeerStatistics, QueueStatistics, TransportStatistics
from tests.architecture.source import ROOT
from tests.http.test_refusals import CBOR
from tests.http.world import NOW

EMPTY = QueueStatistics(0, 0)


def linked_to(world, count: int) -> None:
    """The transport's statistics with so many of four peers linked."""
    peers = tuple(
        PeerStatistics(
            name=entry.organisation,
            key=entry.transport_key,
            up_since_ms=NOW if i < count else None,
            links=2,
            reconnects=1,
            dial_failures=0,
            bytes_in=1_000,
            bytes_out=2_000,
            frames_in=10,
            frames_out=20,
            throttled=3,
            cut_ms=1_500 if i == 3 else 0,
            rtt_us=1_250 if i < count else None,
            votes_queue=EMPTY,
            bulk_queue=EMPTY,
            inbox=EMPTY,
            link_ends=(("silent", 1),),
            refused_frames=(),
        )
        for i, entry in enumerate(world.genesis.validators[1:])
    )
    world.board.transport = TransportStatistics(peers, 0, 5, (("handshake", 2),), 0)


def in_mode(world, mode, reason=None) -> None:
    world.board.ordering.set(OrderingStatus(0, 1, 0, mode, 0, 4, reason))


async def test_ready_with_a_quorum_of_links(node):
    linked_to(node.world, 3)
    answer = await node.watch.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)


async def too_few_links(world) -> None:
    linked_to(world, 2)


async def observing(world) -> None:
    in_mode(world, "observer")


async def halted(world) -> None:
    in_mode(world, "halted", "another state root")


async def uncertified(world) -> None:
    for _ in range(3):
        await world.seal()


@pytest.mark.parametrize(
    ("change", "check", "said"),
    [
        (too_few_links, "peers", "2 linked and itself, quorum 4"),
        (observing, "mode", "observer"),
        (halted, "mode", "halted: another state root"),
        (uncertified, "certified", "applied 3, certified 0"),
    ],
)
async def test_not_ready_says_why(node, change, check, said):
    linked_to(node.world, 4)
    await change(node.world)
    answer = await node.watch.get("/readyz")
    rows = answer.json()["checks"]
    assert answer.status_code == 503
    assert [name for name, row in rows.items() if not row["ok"]] == [check]
    assert rows[check]["detail"] == said


async def test_not_ready_when_the_disk_is_full(node, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1_000))
    linked_to(node.world, 4)
    rows = (await node.watch.get("/readyz")).json()["checks"]
    assert [name for name, row in rows.items() if not row["ok"]] == ["disk"]


async def families(node) -> dict[str, Any]:
    text = (await node.watch.get("/metrics")).text
    return {family.name: family for family in text_string_to_metric_families(text)}


async def test_the_boards_numbers_are_exported(node):
    world = node.world
    linked_to(world, 3)
    await world.final(world.transaction(), world.transaction(101))
    await world.seal(world.transaction())
    await trio.testing.wait_all_tasks_blocked(0.01)
    world.board.pool = PoolStatus(7, 7_000, NOW - 2_500, 3, 2, 1, (("TX-003", 4),))
    world.board.peer_faults["BYT-SIG"] += 6
    expected = {
        ("lugang_height",): 2, ("lugang_certified_height",): 1, ("lugang_quorum",): 4, ("lugang_peers",): 4,
        ("lugang_peers_connected",): 3, ("lugang_mempool_transactions",): 7, ("lugang_mempool_oldest_seconds",): 2.5,
        ("lugang_executed_transactions_total",): 3, ("lugang_executed_blocks_total",): 2,
    }  # fmt: skip
    for (name,), value in expected.items():
        assert await node.metric(name) == value, name
    assert await node.metric("lugang_mode", mode="voting") == 1
    assert await node.metric("lugang_mempool_refused_total", code="TX-003") == 4
    assert await node.metric("lugang_execution_refused_total", code="CNT-001") == 1
    assert await node.metric("lugang_peer_faults_total", code="BYT-SIG") == 6
    assert await node.metric("lugang_peer_received_bytes_total", peer="collector") == 1_000
    assert await node.metric("lugang_peer_sent_frames_total", peer="user") == 20
    assert await node.metric("lugang_peer_cut_seconds", peer="user") == 1.5
    assert {row["organisation"]: row["cut_ms"] for row in (await node.api.get("/v1/peers")).json()}["user"] == 1_500
    assert await node.metric("lugang_peer_link_ends_total", peer="user", reason="silent") == 1
    assert await node.metric("lugang_key_expiry_timestamp_seconds", key="consensus") == float("inf")
    assert await node.metric("lugang_database_bytes") > 1_000


async def test_latencies_and_requests_are_observed(node):
    world = node.world
    transaction = world.transaction()
    await node.api.post("/v1/transactions", content=encode((transaction.wire,)), headers=CBOR)
    assert await node.metric("lugang_accepted_seconds_count") == 1
    assert await node.metric("lugang_final_seconds_count") == 0
    await world.final(transaction)
    await node.api.get("/v1/nowhere")
    assert await node.metric("lugang_final_seconds_count") == 1
    assert await node.metric("lugang_http_requests_total", route="/v1/transactions", status="200") == 1
    assert await node.metric("lugang_http_requests_total", route="unknown", status="404") == 1


async def test_the_table_for_operators_is_what_is_exported(node):
    linked_to(node.world, 3)
    exported = await families(node)
    text = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `(lugang_\w+)(?:\{[\w, ]+\})?` \| (.+) \|$", text, re.MULTILINE))
    assert table == {name: family.documentation for name, family in exported.items()}


@pytest.mark.parametrize("path", ["/", "/v1/status", "/metrics/"])
async def test_the_monitoring_listener_has_nothing_else(node, path):
    answer = await node.watch.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "RPC-004")


async def test_peers_are_those_whom_the_node_links(node):
    """Who has joined since the genesis has a row, who has left has none."""
    world = node.world
    linked_to(world, 3)
    before = world.board.transport
    joined = replace(before.peers[0], name="newcomer", key=bytes([9]) * 32)
    world.board.transport = replace(before, peers=(*before.peers[1:], joined))
    world.board.peers[before.peers[1].key] = PeerSeen(7, 5, None, NOW)
    world.board.peers[joined.key] = PeerSeen(6, 4, True, NOW)
    rows = (await node.api.get("/v1/peers")).json()
    names = ["collector", "subject", "user", "newcomer"]
    assert [(row["organisation"], row["connected"]) for row in rows] == list(
        zip(names, (True, True, False, True), strict=True)
    )
    assert rows[-1]["transport_key"] == "09" * 32
    said = [(row["height"], row["certified"], row["observer"], row["rtt_ms"]) for row in rows]
    assert said == [(7, 5, None, 2), (None, None, None, 2), (None, None, None, None), (6, 4, True, 2)]
    assert await node.metric("lugang_peer_height", peer="newcomer") == 6
    assert await node.metric("lugang_peer_rtt_seconds", peer="newcomer") == 0.00125
    world.board.transport = replace(before, peers=(*before.peers, joined))
    status = (await node.api.get("/v1/status")).json()
    assert (status["peers"], status["peers_connected"]) == (5, 4)
