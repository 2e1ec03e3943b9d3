"""What Prometheus reads at `/metrics`.

Two kinds. What the HTTP side sees itself (requests, refusals, latencies) is counted as it happens. Everything else
stands on the board and is turned into samples at the moment of a scrape (`BoardCollector`), so that counting never
costs a busy node anything. docs/operators.md has the table of names; a test holds it against what is really exported.

Final latency is measured on the first accepted transaction of every request, from the arrival of the request until the
height of its receipt is certified: a sample for each transaction would cost as much as serving it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import trio
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from node.messages import SubmitOutcome
from node.reads import Reads

LATENCY_BUCKETS_SECONDS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30,
)  # fmt: skip
REQUEST_BUCKETS_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
FOLLOWED_MAX: Final = 1_024


class HttpMetrics:
    """The counters of the HTTP side, in a registry of this node's own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "lugang_http_requests", "HTTP requests by route and status", ("route", "status"), registry=registry
        )
        self.request_seconds = Histogram(
            "lugang_http_request_seconds",
            "Time to answer a request, streams excepted",
            ("route",),
            buckets=REQUEST_BUCKETS_SECONDS,
            registry=registry,
        )
        self.refusals = Counter("lugang_refusals", "Refusals given to clients, by code", ("code",), registry=registry)
        self.cut = Counter(
            "lugang_http_connections_cut", "Connections refused or cut, by reason", ("reason",), registry=registry
        )
        self.streams = Gauge("lugang_event_streams", "Open event streams", registry=registry)
        self.accepted_seconds = Histogram(
            "lugang_accepted_seconds",
            "From the arrival of a request until its transactions are on this node's disk",
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        self.final_seconds = Histogram(
            "lugang_final_seconds",
            "From the arrival of a request until its first accepted transaction is certified",
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        self._followed: dict[bytes, float] = {}

    def note_refusal(self, code: str) -> None:
        self.refusals.labels(code).inc()

    def note_cut(self, reason: str) -> None:
        self.cut.labels(reason).inc()

    def note_submitted(self, outcomes: Sequence[SubmitOutcome], started: float) -> None:
        first: bytes | None = None
        for outcome in outcomes:
            if outcome.refused is not None:
                self.note_refusal(outcome.refused.code)
            elif first is None and outcome.outcome == "accepted":
                first = outcome.id
        if first is not None:
            self.accepted_seconds.observe(trio.current_time() - started)
            if len(self._followed) < FOLLOWED_MAX:
                self._followed[first] = started

    async def follow(self, reads: Reads) -> None:
        """Notice when the followed transactions become final. Runs as long as the node does."""
        while True:
            await reads.board.chain.wait_change()
            now = trio.current_time()
            for identifier, started in list(self._followed.items()):
                phase = reads.transaction(identifier).phase
                if phase == "final":
                    self.final_seconds.observe(now - started)
                if phase in ("final", "unknown"):
                    del self._followed[identifier]

    def exposition(self) -> bytes:
        return generate_latest(self.registry)
