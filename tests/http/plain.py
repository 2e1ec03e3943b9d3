"""A client of a few lines on h11, for what httpx will not do: stop in the middle, send slowly, send nonsense."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import h11
import trio
import trio.testing


class StreamEnded(Exception):  # noqa: N818 — the ordinary end
    pass


class PlainClient:
    """One connection. `send` puts raw bytes on the wire; `head` and `lines` read what comes back."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._h11 = h11.Connection(h11.CLIENT)
        self._lines = b""

    async def ask(self, method: str, target: str, *headers: tuple[str, str]) -> None:
        request = h11.Request(method=method, target=target, headers=[("host", "localhost"), *headers])
        await self.send(self._h11.send(request) + self._h11.send(h11.EndOfMessage()))

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def _event(self) -> Any:
        while True:
            event = self._h11.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._h11.receive_data(bytes(await self.stream.receive_some(65536)))

    async def head(self) -> h11.Response:
        event = await self._event()
        assert isinstance(event, h11.Response), event
        return event

    async def line(self) -> dict[str, Any]:
        """The next line of a stream; `StreamEnded` at its end."""
        while b"\n" not in self._lines:
            event = await self._event()
            if not isinstance(event, h11.Data):
                raise StreamEnded
            self._lines += bytes(event.data)
        text, _, self._lines = self._lines.partition(b"\n")
        row: dict[str, Any] = json.loads(text)
        return row

    async def everything(self) -> bytes:
        """All bytes until the other end closes."""
        found = b""
        while data := await self.stream.receive_some(65536):
            found += data
        return found


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[PlainClient]:
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        yield PlainClient(stream)


def answer_of(data: bytes) -> tuple[int, dict[str, Any]]:
    """Status and JSON body of a whole answer that ends with the connection."""
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Come back as soon as the condition holds; a test that waits for ever fails."""
    with trio.fail_after(10):
        while not await condition():
            await trio.testing.wait_all_tasks_blocked(0.01)
