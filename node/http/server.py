"""HTTP/1.1 for one ASGI application, by Hypercorn's connection code inside the node's own nursery.

Theory of operation. Hypercorn reads and writes HTTP; this module decides who may connect, how long anything may take,
and whose failure is whose:

* What *Hypercorn* raises while it works for one connection ends that connection (`library_border`). A stranger who has
  found a bug in it has thrown himself out.
* What *our application* raises is a bug of ours. Starlette answers it with 500 and raises on, Hypercorn would log it
  and go on; `Connection` reports it to `HttpServer.bugs` first, and the actor that owns the server stops the node.

Hypercorn, left alone, also lets a client that never reads hold a connection for ever (its writes are shielded from
cancellation), leaks the connection of a client that sends its next request early and then breaks off, keeps that of a
client that has left until its idle time is over, hangs when an application answers before it has read a large body, and
changes to HTTP/2 when asked. The guards against these are `GuardedStream`, `Connection`, `Exchange` and `Http1`; each
has a test that attacks it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import h11
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.events import Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState, H11SendableEvent

from ledger.api import PROBLEM, Problem
from ledger.errors import refuse
from node.http.limits import HttpLimits

if TYPE_CHECKING:
    from trio_typing import TaskStatus

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class ClientGone(Exception):  # noqa: N818 — an event of the other end's life
    """The client left, or its connection broke, before the answer was complete."""


@contextmanager
def library_border(note: Callable[[str], None]) -> Iterator[None]:
    """Whatever Hypercorn raises inside ends one connection; cancellation passes."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 — the library's, and a stranger may have provoked it
        note(type(error).__name__)
    except BaseExceptionGroup as group:
        cancelled, failures = group.split(trio.Cancelled)
        if cancelled is None or (failures is not None and failures.split(Exception)[1] is not None):
            raise
        raise cancelled from None


class GuardedStream:
    """A socket whose writes come to an end: the client reads at a least rate, or its connection is cut.

    `life` is the scope in which everything for this connection runs; it ends with the socket.
    """

    def __init__(self, stream: trio.SocketStream, limits: HttpLimits) -> None:
        self._stream = stream
        self._limits = limits
        self.socket = stream.socket
        self.life = trio.CancelScope()

    async def send_all(self, data: bytes) -> None:
        limits = self._limits
        try:
            with trio.move_on_after(limits.write_seconds + len(data) / limits.write_bytes_per_second_min) as patience:
                await self._stream.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self.abort()
            raise
        if patience.cancelled_caught:
            self.abort()
            raise trio.BrokenResourceError("the client does not read")

    async def receive_some(self, bytes_max: int) -> bytes | bytearray:
        return await self._stream.receive_some(bytes_max)

    async def send_eof(self) -> None:
        await self._stream.send_eof()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def abort(self) -> None:
        """Close at once, and end whatever runs for this connection, also what waits on something else."""
        self.socket.close()
        self.life.cancel()


class Http1(H11Protocol):
    """Hypercorn's HTTP/1.1 without changes to other protocols, with refusals of the one form, and in fewer packets."""

    _outgoing = b""

    async def _send_h11_event(self, event: H11SendableEvent) -> None:
        """The head of an answer waits for the first bytes of its body, or for its end."""
        try:
            self._outgoing += self.connection.send(event) or b""
        except h11.LocalProtocolError:
            if self.connection.their_state != h11.ERROR:
                raise
        if self._outgoing and not isinstance(event, h11.Response):
            data, self._outgoing = self._outgoing, b""
            await self.send(RawData(data=data))

    async def _check_protocol(self, event: h11.Request) -> None:
        """No HTTP/2, neither by an upgrade nor by the client's assumption."""

    async def _create_stream(self, request: h11.Request) -> None:
        headers = [(name, value) for name, value in request.headers if name != b"upgrade"]
        await super()._create_stream(
            h11.Request(
                method=request.method, target=request.target, headers=headers, http_version=request.http_version
            )
        )

    async def _send_error_response(self, status_code: int) -> None:  # noqa: ARG002 — all are RPC-001
        body = problem_bytes("RPC-001", detail="this is not HTTP/1.1, or its head is too long")
        headers = [
            (b"content-type", PROBLEM.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await self._send_h11_event(h11.Response(status_code=400, headers=headers))
        await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())


def problem_bytes(code: str, **numbers: int | str) -> bytes:
    return Problem.of(refuse(code, **numbers)).model_dump_json().encode()


class Connection(TCPServer):
    """One client's connection: Hypercorn's loop, and around the application the border described above."""

    def __init__(self, server: HttpServer, stream: GuardedStream) -> None:
        super().__init__(
            ASGIWrapper(self.call),
            server.config,
            server.context,
            ConnectionState({}),
            stream,  # type: ignore[arg-type]
        )
        self._server = server
        self._guarded = stream
        self._has_left = False

    async def run(self) -> None:
        """As Hypercorn's own `run`, for a plain socket and HTTP/1.1 alone."""
        try:
            socket = self._guarded.socket
            client, server = socket.getpeername()[:2], socket.getsockname()[:2]
            async with TaskGroup() as task_group:
                self._task_group = task_group
                self.protocol = Http1(  # type: ignore[assignment]
                    self.app,
                    self.config,
                    self.context,
                    task_group,
                    ConnectionState(self.state),
                    ssl=False,
                    client=client,
                    server=server,
                    send=self.protocol_send,
                )
                await self.idle_task.restart(task_group, self._idle_timeout)
                await self._read_data()
                # A client that has left is not waited for until its idle time is over; it still gets a pending answer.
                self._has_left = True
                await self.idle_task.stop()
        except OSError:
            # The client has left before its address was asked for: there is nobody to tell.
            pass
        finally:
            await self._close()

    async def protocol_send(self, event: Event) -> None:
        if not (self._has_left and isinstance(event, Updated)):
            await super().protocol_send(event)

    async def call(self, scope: Any, receive: Any, send: Any) -> None:
        exchange = Exchange(self._guarded, self._server.limits, receive, send)
        try:
            await self._server.application(scope, exchange.receive, exchange.send)
        except BaseException as error:
            self._server.note_failure(error)
            raise


class Exchange:
    """One request and its answer, as the application sees them."""

    def __init__(self, stream: GuardedStream, limits: HttpLimits, receive: Receive, send: Send) -> None:
        self._stream = stream
        self._limits = limits
        self._receive = receive
        self._send = send
        self._body_ended = False

    async def receive(self) -> Message:
        message = await self._receive()
        if not message.get("more_body", False):
            self._body_ended = True
        return message

    async def send(self, message: Message) -> None:
        ends = message["type"] == "http.response.body" and not message.get("more_body", False)
        if ends and not self._body_ended:
            # Hypercorn would wait for ever to say good-bye to an application that has stopped reading.
            await self._forward({**message, "more_body": True})
            await self._drain()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._forward(message)

    async def _forward(self, message: Message) -> None:
        try:
            await self._send(message)
        except Exception as error:
            raise ClientGone(type(error).__name__) from error

    async def _drain(self) -> None:
        """Read on for a moment, so that the client finds our answer instead of a reset; then cut."""
        drained = 0
        with trio.move_on_after(self._limits.drain_seconds):
            while not self._body_ended and drained <= self._limits.drain_bytes_max:
                drained += len((await self.receive()).get("body", b""))
        if not self._body_ended:
            self._stream.abort()
            while not self._body_ended:
                await self.receive()


class HttpServer:
    """Serves one application on some sockets. `bugs` receives what our own code raised; its owner must stop the node.

    `note` is told, by a word, of every connection that was refused or cut for a reason.
    """

    def __init__(self, application: Application, limits: HttpLimits, note: Callable[[str], None]) -> None:
        self.application = application
        self.limits = limits
        self.note = note
        self.context = WorkerContext(None)
        self.config = make_config(limits)
        self._report, self.bugs = trio.open_memory_channel[BaseException](1)
        self._streams: set[GuardedStream] = set()
        self._per_address: Counter[str] = Counter()
        self._accepting = trio.CancelScope()
        self._all_gone = trio.Event()

    @property
    def connections(self) -> int:
        return len(self._streams)

    async def serve(
        self, listeners: Sequence[trio.SocketListener], task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until cancelled, or until `stop` was called and the last connection has ended."""
        try:
            async with trio.open_nursery() as connections:
                task_status.started()
                with self._accepting:
                    await trio.serve_listeners(self._handle, listeners, handler_nursery=connections)
        finally:
            self._abort_all()
            self._all_gone.set()

    async def stop(self) -> None:
        """Take no more connections, let what is being answered come to its end for a while, then cut."""
        self._accepting.cancel()
        await self.context.terminated.set()
        with trio.move_on_after(self.limits.stop_seconds):
            await self._all_gone.wait()
        self._abort_all()

    def _abort_all(self) -> None:
        for stream in list(self._streams):
            stream.abort()

    async def _handle(self, stream: trio.SocketStream) -> None:
        guarded = GuardedStream(stream, self.limits)
        try:
            address = str(stream.socket.getpeername()[0])
        except OSError:
            await trio.aclose_forcefully(stream)
            return
        if len(self._streams) >= self.limits.connections_max:
            await self._refuse(guarded, "connections", self.limits.connections_max)
            return
        if self._per_address[address] >= self.limits.connections_per_address_max:
            await self._refuse(guarded, "connections of one address", self.limits.connections_per_address_max)
            return
        self._streams.add(guarded)
        self._per_address[address] += 1
        try:
            with library_border(self.note), guarded.life:
                await Connection(self, guarded).run()
        finally:
            guarded.abort()
            self._streams.discard(guarded)
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]

    async def _refuse(self, stream: GuardedStream, what: str, limit: int) -> None:
        self.note("RPC-012")
        body = problem_bytes("RPC-012", what=what, limit=limit)
        head = f"HTTP/1.1 503 \r\ncontent-type: {PROBLEM}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        with trio.move_on_after(1), library_border(self.note):
            await stream.send_all(head.encode() + body)
            await stream.send_eof()
        stream.abort()

    def note_failure(self, error: BaseException) -> None:
        """Report an exception of the application unless it is a cancellation or the client's leaving."""
        if isinstance(error, BaseExceptionGroup):
            for inner in error.exceptions:
                self.note_failure(inner)
        elif isinstance(error, ClientGone):
            self.note("client-gone")
        elif not isinstance(error, trio.Cancelled):
            try:
                self._report.send_nowait(error)
            except trio.WouldBlock:
                self.note("another-bug")


def make_config(limits: HttpLimits) -> Config:
    config = Config()
    config.accesslog = None
    config.errorlog = None
    config.include_server_header = False
    config.h11_max_incomplete_size = limits.header_bytes_max
    config.keep_alive_timeout = limits.idle_seconds
    config.keep_alive_max_requests = limits.keep_alive_requests_max
    return config
