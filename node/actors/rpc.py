"""The actor that speaks HTTP: the API on one listener, health and metrics on another.

Theory of operation. Requests are its inbox. It asks the mempool and ordering through the boxes in `NodeSeams`, and
reads everything else from the store and the board. It owns both sockets and what is counted about them.

A bug in any of its routes ends `run` with that very exception, so the node stops with its reason: the frameworks in
between would answer 500 and go on. It must never decide anything about the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from node.addresses import Address
from node.http.api import make_api
from node.http.metrics import HttpMetrics
from node.http.monitoring import make_monitoring
from node.http.seams import NodeSeams
from node.http.server import HttpServer

if TYPE_CHECKING:
    from trio_typing import TaskStatus


class Rpc:
    """`api_port` and `monitoring_port` hold the real ports once `run` has started."""

    def __init__(self, node: NodeSeams, api: Address, monitoring: Address) -> None:
        self.api_port = api.port
        self.monitoring_port = monitoring.port
        self._node = node
        self._api, self._monitoring = api, monitoring
        self._metrics = HttpMetrics()
        self._gate, self._events = make_api(node, self._metrics, loopback_only=api.is_loopback)
        watch = make_monitoring(node, self._metrics)
        self._servers = (
            HttpServer(self._gate, node.limits, self._metrics.note_cut),
            HttpServer(watch, node.limits, self._metrics.note_cut),
        )

    async def run(self, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled or until `stop`; raises what a route of ours has raised.

        Cancelling is stopping: the sockets live on, shielded, until `stop` has ended what is under way or cut it.
        """
        sockets = (await listen(self._api), await listen(self._monitoring))
        self.api_port, self.monitoring_port = (own[0].socket.getsockname()[1] for own in sockets)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._metrics.follow, self._node.reads)
            nursery.start_soon(self._stop_when_cancelled)
            with trio.CancelScope(shield=True):
                async with trio.open_nursery() as serving:
                    for server, own in zip(self._servers, sockets, strict=True):
                        await serving.start(server.serve, own)
                        nursery.start_soon(raise_bug, server)
                    task_status.started()
            nursery.cancel_scope.cancel()

    async def _stop_when_cancelled(self) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await self.stop()

    async def stop(self) -> None:
        """End the event streams, refuse new requests, let the others be answered for a while; `run` then returns."""
        self._gate.stopping = True
        self._events.stopping.set()
        async with trio.open_nursery() as nursery:
            for server in self._servers:
                nursery.start_soon(server.stop)


async def listen(address: Address) -> list[trio.SocketListener]:
    return list(await trio.open_tcp_listeners(address.port, host=address.host))


async def raise_bug(server: HttpServer) -> None:
    raise await server.bugs.receive()
