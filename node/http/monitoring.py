"""The second listener, for the operator's own machines: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from node.http.board_metrics import BoardCollector
from node.http.health import readiness
from node.http.metrics import HttpMetrics
from node.http.problems import of_http, problem_response
from node.http.seams import NodeSeams


def make_monitoring(node: NodeSeams, metrics: HttpMetrics) -> ASGIApp:
    metrics.registry.register(BoardCollector(node))

    async def healthz(_: Request) -> Response:
        """The event loop turns: that an answer comes is the answer."""
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        checks = readiness(node)
        ready = all(check.ok for check in checks)
        rows = {check.name: {"ok": check.ok, "detail": check.detail} for check in checks}
        return JSONResponse({"ready": ready, "checks": rows}, 200 if ready else 503)

    async def exposition(_: Request) -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem_response(of_http(request, error))

    routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", exposition)]
    app = Starlette(routes=routes, exception_handlers={HTTPException: on_http})
    app.router.redirect_slashes = False
    return app
