"""Refusals over HTTP: one form (`application/problem+json`), one place that makes and counts them.

Every way in which Starlette and FastAPI refuse by themselves (unknown path, other method, parameter of another form) is
turned into a code of the catalogue. What nobody expected gets NODE-004 without a word about its cause; the exception
itself goes on to `HttpServer.bugs`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ledger.api import PROBLEM, Problem
from ledger.errors import Refused, refuse
from node.http.server import ClientGone

DETAIL_CHARACTERS_MAX = 160
CountRefusal = Callable[[str], None]
Handler = Callable[[Request, Exception], Awaitable[Response]]


def install_handlers(app: FastAPI, count: CountRefusal) -> None:
    def answer(refused: Refused, headers: Mapping[str, str] | None = None) -> Response:
        count(refused.code)
        return problem_response(refused, headers)

    async def on_refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return answer(error)

    async def on_invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(malformed(error))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(of_http(request, error), error.headers)

    async def on_bug(_: Request, error: Exception) -> Response:
        if not isinstance(error, ClientGone):
            count("NODE-004")
        return problem_response(refuse("NODE-004"))

    handlers: dict[type[Exception], Handler] = {
        Refused: on_refused,
        RequestValidationError: on_invalid,
        HTTPException: on_http,
        Exception: on_bug,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def problem_response(refused: Refused, headers: Mapping[str, str] | None = None) -> Response:
    problem = Problem.of(refused)
    retry = {"retry-after": "1"} if problem.retry else {}
    return Response(problem.model_dump_json(), problem.status, {**(headers or {}), **retry}, PROBLEM)


def malformed(error: RequestValidationError) -> Refused:
    """The first thing that is wrong; never the offending input itself, which may be long."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return refuse("RPC-001", detail=f"{where}: {first['msg']}"[:DETAIL_CHARACTERS_MAX])


def of_http(request: Request, error: HTTPException) -> Refused:
    path = request.url.path[:DETAIL_CHARACTERS_MAX]
    if error.status_code == 404:
        return refuse("RPC-004", what=path)
    if error.status_code == 405:
        return refuse("RPC-008", path=path, method=request.method[:16])
    return refuse("RPC-001", detail=f"{error.status_code} {error.detail}"[:DETAIL_CHARACTERS_MAX])
