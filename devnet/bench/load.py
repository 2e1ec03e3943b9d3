"""The load generator: sends signed transfers, notes when they were due, sent, answered, and when heights were final.

It runs as a process of its own. To each node goes one request at a time over a connection that stays open; what becomes
due in the meantime goes with the next request, so a payer's transfers arrive in order and a slow node cannot make the
generator slow: a transaction's times count from the moment when it was due, not from when it could be sent.

Finality is heard on one node's event stream, whose line for a height comes when that height's checkpoint has its
certificate: a quorum has then executed the block and has it on disk. Which height a transaction is in is asked after
the run. A closed loop has to know at once, so it asks for the receipts of what it waits for.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cbor2
import httpx
import trio

from devnet.bench.workload import Transfer, Workload
from ledger.api import CBOR, PREFIX, RECEIPTS_MAX, TRANSACTIONS_MAX
from ledger.codec import encode

if TYPE_CHECKING:
    from trio_typing import TaskStatus

NOBODY: Final = "none"
"""A contract that announces nothing: of such a stream only the lines of whole heights are left."""
ANSWER_SECONDS_MAX: Final = 60
DRAIN_SECONDS_MAX: Final = 120
DRAIN_POLL_SECONDS: Final = 0.2
SAY_EVERY_SECONDS: Final = 0.5
ASK_AGAIN_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class LoadJob:
    workload: Workload
    nodes: tuple[str, ...]
    """Their API addresses."""
    stock: Path
    """Transfers in the order in which they are due, as CBOR items one after another."""
    notes: Path
    """Where the generator writes what it has noted: the CBOR of `Notes`."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What the generator saw. Times are seconds of the machine's monotonic clock; `rows` are transactions in order:
    [id, node, due, answered | null, outcome | null]. `heights` are [height, final at]."""

    started: float
    ended: float
    cpu_seconds: float
    rows: tuple[tuple[Any, ...], ...]
    heights: tuple[tuple[int, float], ...]

    def encode(self) -> bytes:
        return cbor2.dumps([self.started, self.ended, self.cpu_seconds, self.rows, self.heights])

    @classmethod
    def decode(cls, data: bytes) -> Notes:
        return cls(*cbor2.loads(data, immutable=True))


def write_stock(path: Path, transfers: Sequence[Transfer]) -> None:
    with path.open("wb") as file:
        for transfer in transfers:
            file.write(encode(transfer.to_value()))


def read_stock(path: Path, count: int) -> list[Transfer]:
    with path.open("rb") as file:
        return [Transfer(*cbor2.load(file)) for _ in range(count)]


@dataclass(slots=True)
class Flight:
    """One transaction on its way."""

    id: bytes
    wire: bytes
    node: int
    due: float
    answered: float | None = None
    outcome: str | None = None


def run_load(job: LoadJob, say: Connection) -> None:
    """The process' entry. What it says: ("ready",), ("at", seconds, sent, accepted, certified height), ("done",)."""
    trio.run(Load(job, say).run)


class Load:
    def __init__(self, job: LoadJob, say: Connection) -> None:
        self._job, self._workload, self._say = job, job.workload, say
        self._stock = read_stock(job.stock, job.workload.transfers)
        self._queues: list[deque[Flight]] = [deque() for _ in job.nodes]
        self._wanted = [trio.Event() for _ in job.nodes]
        self._flights: list[Flight] = []
        self._heights: list[tuple[int, float]] = []
        self._certified = trio.Event()
        self._open: dict[bytes, Flight] = {}
        self._sent = self._accepted = self._under_way = 0

    async def run(self) -> None:
        clients = [
            httpx.AsyncClient(base_url=url, timeout=ANSWER_SECONDS_MAX, trust_env=False, verify=False)  # noqa: S501 — plain HTTP
            for url in self._job.nodes
        ]
        async with trio.open_nursery() as nursery:
            await nursery.start(self._watch, clients[0])
            for number, client in enumerate(clients):
                nursery.start_soon(self._send_all, number, client)
            nursery.start_soon(self._report)
            self._say.send(("ready",))
            cpu, self._started = time.process_time(), time.monotonic()
            if self._workload.rate is None:
                await self._closed_loop(clients)
            else:
                await self._open_loop(self._workload.rate)
            await self._drain(clients)
            ended, used = time.monotonic(), time.process_time() - cpu
            nursery.cancel_scope.cancel()
        rows = tuple((f.id, f.node, f.due, f.answered, f.outcome) for f in self._flights)
        notes = Notes(self._started, ended, used, rows, tuple(self._heights))
        self._job.notes.write_bytes(notes.encode())
        self._say.send(("done",))

    # The two loops ---------------------------------------------------------------------------------------------------

    async def _open_loop(self, rate: int) -> None:
        batch = self._workload.batch
        for first in range(0, len(self._stock), batch):
            due = self._started + 2 * first / rate
            if due > self._started + self._workload.seconds:
                break
            await trio.sleep(max(0.0, due - time.monotonic()))
            for index in range(first, min(first + batch, len(self._stock))):
                self._put(index, due)

    async def _closed_loop(self, clients: Sequence[httpx.AsyncClient]) -> None:
        deadline = self._started + self._workload.seconds
        following = iter(range(len(self._stock)))
        for _ in range(self._workload.clients):
            self._put(next(following), self._started)
        exhausted = False
        while time.monotonic() < deadline and not exhausted:
            certified, self._certified = self._certified, trio.Event()
            # A node may be behind the one whose stream is watched; when all clients wait for it, no new height comes.
            with trio.move_on_after(min(ASK_AGAIN_SECONDS, deadline - time.monotonic())):
                await certified.wait()
            for _ in range(await self._land(clients)):
                index = next(following, None)
                exhausted = index is None
                if index is not None:
                    self._put(index, time.monotonic())

    async def _land(self, clients: Sequence[httpx.AsyncClient]) -> int:
        """Forget what is final; how many transfers that ended."""
        finished = 0
        for number, client in enumerate(clients):
            waiting = [flight for flight in self._open.values() if flight.node == number]
            for i in range(0, len(waiting), RECEIPTS_MAX):
                asked = waiting[i : i + RECEIPTS_MAX]
                query = {"ids": [flight.id.hex() for flight in asked]}
                answer = await client.post(f"{PREFIX}/receipts", json=query)
                for flight, row in zip(asked, answer.raise_for_status().json(), strict=True):
                    if row["state"] == "final":
                        del self._open[flight.id]
                        finished += 1
        return finished

    def _put(self, index: int, due: float) -> None:
        transfer, node = self._stock[index], self._workload.node_of(index, len(self._job.nodes))
        offer = Flight(transfer.offer_id, transfer.offer, node, due)
        accept = Flight(transfer.accept_id, transfer.accept, node, due)
        for queue in (self._flights, self._queues[node]):
            queue.extend((offer, accept))
        if self._workload.rate is None:
            # An accept goes right behind its offer, so it is never final before it.
            self._open[accept.id] = accept
        self._wanted[node].set()

    # Sending ---------------------------------------------------------------------------------------------------------

    async def _send_all(self, number: int, client: httpx.AsyncClient) -> None:
        queue = self._queues[number]
        while True:
            await self._wanted[number].wait()
            self._wanted[number] = trio.Event()
            while queue:
                batch = [queue.popleft() for _ in range(min(TRANSACTIONS_MAX, len(queue)))]
                self._under_way += len(batch)
                await self._send(client, batch)
                self._under_way -= len(batch)

    async def _send(self, client: httpx.AsyncClient, batch: list[Flight]) -> None:
        body = encode([flight.wire for flight in batch])
        self._sent += len(batch)
        try:
            answer = await client.post(f"{PREFIX}/transactions", content=body, headers={"content-type": CBOR})
            outcomes = [f"HTTP {answer.status_code}"] * len(batch)
            if answer.status_code == httpx.codes.OK:
                outcomes = [row["outcome"] for row in answer.json()]
        except (httpx.HTTPError, json.JSONDecodeError) as error:
            outcomes = [type(error).__name__] * len(batch)
        now = time.monotonic()
        for flight, outcome in zip(batch, outcomes, strict=True):
            flight.answered, flight.outcome, flight.wire = now, outcome, b""
            self._accepted += outcome == "accepted"

    # Watching --------------------------------------------------------------------------------------------------------

    async def _watch(self, client: httpx.AsyncClient, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Follow the stream; where it breaks off, go on behind the last whole height."""
        status = (await client.get(f"{PREFIX}/status")).raise_for_status().json()
        after = status["certified"]
        task_status.started()
        while True:
            params = {"contract": NOBODY, "from": str(after)}
            with suppress(httpx.TransportError):
                async with client.stream("GET", f"{PREFIX}/events", params=params, timeout=None) as answer:
                    answer.raise_for_status()
                    async for text in answer.aiter_lines():
                        now, line = time.monotonic(), json.loads(text)
                        if "checkpoint" in line:
                            after = line["height"]
                            self._heights.append((after, now))
                            self._certified.set()

    async def _report(self) -> None:
        while True:
            await trio.sleep(SAY_EVERY_SECONDS)
            height = self._heights[-1][0] if self._heights else 0
            self._say.send(("at", time.monotonic() - self._started, self._sent, self._accepted, height))

    async def _drain(self, clients: Sequence[httpx.AsyncClient]) -> None:
        """Return when no node has anything waiting and all that is executed is certified."""
        with trio.move_on_after(DRAIN_SECONDS_MAX):
            while True:
                idle = not self._under_way and not any(self._queues)
                for client in clients:
                    status = (await client.get(f"{PREFIX}/status")).raise_for_status().json()
                    heard = bool(self._heights) and self._heights[-1][0] >= status["applied"]
                    idle = idle and heard and status["pool_count"] == 0 and status["applied"] == status["certified"]
                if idle:
                    return
                await trio.sleep(DRAIN_POLL_SECONDS)
