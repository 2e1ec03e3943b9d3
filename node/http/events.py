"""The event stream: what contracts announced, in final heights, as lines of JSON, resumable at any cursor.

Theory of operation. A stream has no queue. It reads one final height from the store, writes its lines, and goes on when
the client has taken them; so a slow client costs no memory, and one that stops reading is cut by the server's write
timeout. After the lines of a height comes one with the height's checkpoint: the height is complete. A line without
event and checkpoint is a sign of life; it repeats the cursor of the last complete height, so whoever stores the cursor
of every line stays right.

A cursor is `height.index.n` after an event, `height` after a whole height; the stream goes on behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final

import trio
from fastapi import APIRouter, Query
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ledger.api import HEIGHT_MAX, NDJSON, EventLine
from ledger.errors import refuse
from ledger.receipt import Receipt
from node.http.metrics import HttpMetrics
from node.http.openapi import returns
from node.http.seams import NodeSeams
from node.layout import RECEIPTS, at_height, height_in

INDEX_MAX: Final = 2**16
CURSOR_PATTERN: Final = r"^[0-9]{1,10}(\.[0-9]{1,5}\.[0-9]{1,5})?$"
CHUNK_BYTES: Final = 64 * 1024
DECODED_AT_ONCE: Final = 64
HEIGHTS_REMEMBERED_MAX: Final = 8


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """Behind which event the stream goes on; `index` None: behind the whole height."""

    height: int
    index: int | None = None
    n: int = 0

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Raises `Refused` RPC-001."""
        if re.fullmatch(CURSOR_PATTERN, text):
            height, *rest = map(int, text.split("."))
            if height <= HEIGHT_MAX and all(number < INDEX_MAX for number in rest):
                return cls(height, *rest)
        raise refuse("RPC-001", detail="from: a cursor is a height, or height.index.n")

    @property
    def text(self) -> str:
        return str(self.height) if self.index is None else f"{self.height}.{self.index}.{self.n}"

    @property
    def next_height(self) -> int:
        return self.height + (self.index is None)

    def is_before(self, height: int, index: int, n: int) -> bool:
        if height != self.height or self.index is None:
            return height > self.height
        return (index, n) > (self.index, self.n)


@dataclass(frozen=True, slots=True)
class Filter:
    contract: str | None
    party: str | None

    def passes(self, contract: str, values: tuple[Any, ...]) -> bool:
        return (self.contract is None or contract == self.contract) and (self.party is None or self.party in values)


class EventRoutes:
    def __init__(self, node: NodeSeams, metrics: HttpMetrics) -> None:
        self._node = node
        self._metrics = metrics
        self._open = 0
        self._recent: dict[int, tuple[Receipt, ...]] = {}
        self.stopping = trio.Event()

    def mount(self, router: APIRouter) -> None:
        router.add_api_route("/events", self.events, tags=["events"], responses=returns(EventLine, NDJSON))

    async def events(
        self,
        start: Annotated[str | None, Query(alias="from", json_schema_extra={"pattern": CURSOR_PATTERN})] = None,
        contract: Annotated[str | None, Query(max_length=40)] = None,
        party: Annotated[str | None, Query(max_length=40)] = None,
    ) -> Response:
        """Events of final heights, one JSON object a line. Without `from` the stream starts at the present."""
        reads = self._node.reads
        cursor = Cursor(reads.certified) if start is None else Cursor.parse(start)
        if cursor.height > reads.certified:
            raise refuse("RPC-005", height=cursor.height, certified=reads.certified)
        if cursor.next_height <= reads.certified:
            self._check_held(cursor)
        if self._open >= self._node.limits.streams_max:
            raise refuse("RPC-012", what="event streams", limit=self._node.limits.streams_max)
        return EventStream(self, cursor, Filter(contract, party))

    def _check_held(self, cursor: Cursor) -> None:
        height = max(cursor.next_height, 1)
        if not self.holds(height):
            raise refuse("RPC-010", cursor=cursor.text, first=str(self._first_held()))

    def holds(self, height: int) -> bool:
        return self._node.reads.store.get(at_height(RECEIPTS, height)) is not None

    def _first_held(self) -> int:
        reader = self._node.reads.store.reader
        bounds = {"start": at_height(RECEIPTS, 1), "stop": at_height(RECEIPTS, 2**63)}
        with reader.iterator(**bounds, include_value=False) as keys:
            return next(map(height_in, keys), self.certified)

    def opened(self) -> None:
        self._open += 1
        self._metrics.streams.set(self._open)

    def closed(self) -> None:
        self._open -= 1
        self._metrics.streams.set(self._open)

    async def receipts_of(self, height: int) -> tuple[Receipt, ...]:
        """The receipts of a final height that announce something; the last few heights are remembered for all streams.

        Decoding a large height takes long, so other tasks run in between.
        """
        if height not in self._recent:
            announcing = []
            for i, encoded in enumerate(self._node.reads.store.receipts(height) or ()):
                if i % DECODED_AT_ONCE == DECODED_AT_ONCE - 1:
                    await trio.lowlevel.checkpoint()
                receipt = Receipt.written(encoded)
                if receipt.events:
                    announcing.append(receipt)
            self._recent[height] = tuple(announcing)
            for old in list(self._recent)[:-HEIGHTS_REMEMBERED_MAX]:
                del self._recent[old]
        return self._recent[height]

    async def lines(self, height: int, behind: Cursor, wanted: Filter) -> list[bytes]:
        """The lines of one final height behind a cursor, the complete line last."""
        checkpoint = self._node.reads.store.checkpoint(height)
        assert checkpoint is not None, "a final height has its checkpoint"
        lines: list[bytes] = []
        for receipt in await self.receipts_of(height):
            lines.extend(self._receipt_lines(receipt, checkpoint.block_time, behind, wanted))
        lines.append(line(EventLine.model_construct(cursor=str(height), height=height, checkpoint=checkpoint.encode())))
        return lines

    def _receipt_lines(self, receipt: Receipt, time: int, behind: Cursor, wanted: Filter) -> Iterator[bytes]:
        height, index = receipt.height, receipt.index
        for n, (contract, event, values) in enumerate(receipt.events):
            if behind.is_before(height, index, n) and wanted.passes(contract, values):
                names = self._node.contracts.event_fields(contract, event, len(values), height)
                yield line(
                    EventLine.model_construct(
                        cursor=f"{height}.{index}.{n}",
                        height=height,
                        time=time,
                        id=None if receipt.id is None else receipt.id.hex(),
                        contract=contract,
                        event=event,
                        values={name: for_json(value) for name, value in zip(names, values, strict=True)},
                    )
                )

    async def wait_beyond(self, height: int) -> bool:
        """Wait until a height above is certified; False when it took long enough for a sign of life."""
        with trio.move_on_after(self._node.limits.sign_of_life_seconds):
            await self._node.reads.board.chain.wait_for(lambda chain: chain.certified > height)
        return self.certified > height

    @property
    def certified(self) -> int:
        return self._node.reads.certified


class EventStream(Response):
    """Writes lines until the client leaves or the node stops."""

    media_type = NDJSON

    def __init__(self, routes: EventRoutes, cursor: Cursor, wanted: Filter) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._routes = routes
        self._cursor = cursor
        self._wanted = wanted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 — the form of ASGI
        self._routes.opened()
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async with trio.open_nursery() as nursery:
                nursery.start_soon(until_disconnected, receive, nursery.cancel_scope)
                nursery.start_soon(until_set, self._routes.stopping, nursery.cancel_scope)
                await self._write(send)
                nursery.cancel_scope.cancel()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._routes.closed()

    async def _write(self, send: Send) -> None:
        routes, at = self._routes, self._cursor
        complete = at.next_height - 1
        sign_of_life = line(EventLine.model_construct(cursor=at.text, height=at.height))
        await self._send(send, sign_of_life)
        while True:
            if routes.certified > complete:
                complete += 1
                if not routes.holds(complete):
                    return  # Pruned while a slow client was reading; resuming tells it so.
                await self._write_height(send, complete)
                sign_of_life = line(EventLine.model_construct(cursor=str(complete), height=complete))
            elif not await routes.wait_beyond(complete):
                await self._send(send, sign_of_life)

    async def _write_height(self, send: Send, height: int) -> None:
        chunk = bytearray()
        for text in await self._routes.lines(height, self._cursor, self._wanted):
            chunk += text
            if len(chunk) >= CHUNK_BYTES:
                await self._send(send, bytes(chunk))
                chunk.clear()
        await self._send(send, bytes(chunk))

    @staticmethod
    async def _send(send: Send, chunk: bytes) -> None:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def until_disconnected(receive: Receive, scope: trio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def until_set(event: trio.Event, scope: trio.CancelScope) -> None:
    await event.wait()
    scope.cancel()


def line(model: EventLine) -> bytes:
    return model.model_dump_json(exclude_none=True).encode("utf-8") + b"\n"


def for_json(value: Any) -> Any:
    """Byte strings as hexadecimal; everything else of the profile is JSON already."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [for_json(item) for item in value]
    return value
