"""What every request passes before any route: whether the node is stopping, the caller's rate, the host it asked for.

A page in somebody's browser can make that browser ask `http://its-own-name/`, once that name points to 127.0.0.1. So a
node that serves this machine alone answers only to names that mean this machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import MutableMapping
from typing import Any, Final

import trio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger.errors import Refused, refuse
from node.http.limits import HttpLimits
from node.http.metrics import HttpMetrics
from node.http.problems import problem_response

HEADERS: Final = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
UNKNOWN_ROUTE: Final = "unknown"


class Rates:
    """A token bucket for each address; those of addresses that have not been heard of for long are forgotten first."""

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._buckets: dict[str, tuple[float, float]] = {}

    def spend(self, address: str, now: float) -> None:
        """Raises `Refused` RPC-006."""
        limits = self._limits
        tokens, at = self._buckets.pop(address, (float(limits.requests_burst), now))
        tokens = min(limits.requests_burst, tokens + (now - at) * limits.requests_per_second)
        self._buckets[address] = (max(0.0, tokens - 1), now)
        if len(self._buckets) > limits.addresses_max:
            del self._buckets[next(iter(self._buckets))]
        if tokens < 1:
            raise refuse("RPC-006", seconds=1)


class Gate:
    """The ASGI application that the server calls."""

    def __init__(self, app: ASGIApp, limits: HttpLimits, metrics: HttpMetrics, *, loopback_only: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._rates = Rates(limits)
        self._loopback_only = loopback_only
        self.stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, status = trio.current_time(), 0

        async def counting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], *HEADERS]}
            await send(message)

        try:
            refused = self._refusal(scope, started)
            if refused is None:
                await self._app(scope, receive, counting_send)
            else:
                self._metrics.note_refusal(refused.code)
                await problem_response(refused)(scope, receive, counting_send)
        finally:
            self._note(scope, status, trio.current_time() - started)

    def _refusal(self, scope: MutableMapping[str, Any], now: float) -> Refused | None:
        try:
            if self.stopping:
                raise refuse("NODE-001")
            self._rates.spend(scope["client"][0], now)
            if self._loopback_only:
                check_host(scope)
        except Refused as refused:
            return refused
        return None

    def _note(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNKNOWN_ROUTE)
        self._metrics.requests.labels(route, str(status)).inc()
        if not route.endswith("/events"):
            self._metrics.request_seconds.labels(route).observe(seconds)


def check_host(scope: MutableMapping[str, Any]) -> None:
    """Raises `Refused` RPC-001 unless the Host header is an address or `localhost`."""
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name.lower() == "localhost":
        return
    try:
        ipaddress.ip_address(name)
    except ValueError:
        raise refuse("RPC-001", detail=f"this node serves its own machine, not {name[:60]}") from None
