"""Reading what a client sends: within a size, within a time, within what all clients together may hold in memory."""

from __future__ import annotations

from typing import TypeVar

import trio
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from ledger.api import CBOR
from ledger.errors import refuse
from node.http.limits import HttpLimits
from node.http.problems import DETAIL_CHARACTERS_MAX
from node.http.server import ClientGone

JSON = "application/json"
M = TypeVar("M", bound=BaseModel)


class Bodies:
    """The one reader of request bodies."""

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._held_bytes = 0

    async def read(self, request: Request, *types: str) -> tuple[str, bytes]:
        """The content type, one of `types`, and the body; raises `Refused` RPC-002, RPC-009, RPC-011 or RPC-012."""
        found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if found not in types:
            raise refuse("RPC-009", expected=" or ".join(types), found=found[:80] or "none")
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._limits.body_bytes_max:
            raise refuse("RPC-002", size=int(announced), limit=self._limits.body_bytes_max)
        return found, await self._collect(request)

    async def _collect(self, request: Request) -> bytes:
        limits, body = self._limits, bytearray()
        try:
            with trio.move_on_after(limits.body_seconds) as patience:
                more = True
                while more:
                    message = await request.receive()
                    if message["type"] == "http.disconnect":
                        raise ClientGone("before its request was whole")
                    chunk, more = message.get("body", b""), message.get("more_body", False)
                    body += chunk
                    self._held_bytes += len(chunk)
                    if len(body) > limits.body_bytes_max:
                        raise refuse("RPC-002", size=len(body), limit=limits.body_bytes_max)
                    if self._held_bytes > limits.bodies_bytes_max:
                        raise refuse("RPC-012", what="bytes of requests", limit=limits.bodies_bytes_max)
            if patience.cancelled_caught:
                raise refuse("RPC-011", what="the request body", seconds=int(limits.body_seconds))
        finally:
            self._held_bytes -= len(body)
        return bytes(body)

    async def read_json(self, request: Request, model: type[M]) -> M:
        return parse_json(model, (await self.read(request, JSON))[1])

    async def read_json_or_cbor(self, request: Request) -> tuple[bool, bytes]:
        """Whether it is CBOR, and the body."""
        found, body = await self.read(request, JSON, CBOR)
        return found == CBOR, body


def parse_json(model: type[M], body: bytes) -> M:
    """Raises `Refused` RPC-001. The parser itself limits nesting (to 200, where no model needs more than three)."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part)[:40] for part in first["loc"]) or "body"
        raise refuse("RPC-001", detail=f"{where}: {first['msg']}"[:DETAIL_CHARACTERS_MAX]) from None
