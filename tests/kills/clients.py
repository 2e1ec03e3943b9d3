"""Clients under an open load that lose their node: they keep every promise that a node made them, and ask again.

The transfers of one payer spend one another's rests, so each payer belongs to one lane, which sends in order and one
request at a time. When a request fails, nobody knows what became of it, so it is sent again: submitting again is safe.
Lanes are of two kinds, as clients are:

* patient: stays with its node and waits until it is back. What the node had accepted is its to keep, and is never sent
  again by anybody.
* careful: goes to the next node, asks that one what has become final, and sends everything else once more, in order.

Every lane asks now and then for the receipts of what it was promised; what is final then must stay so.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import trio

from devnet.bench.load import read_stock
from devnet.bench.workload import Workload
from ledger.api import CBOR, PREFIX, RECEIPTS_MAX, TRANSACTIONS_MAX, Submitted, TransactionState
from ledger.codec import encode

PATIENT_SECONDS: Final = 30.0
CAREFUL_SECONDS: Final = 3.0
AGAIN_SECONDS: Final = 0.2
ASK_SECONDS: Final = 1.5
LANES_PER_NODE: Final = 2


@dataclass(slots=True, eq=False)
class Sent:
    """One transaction. `before` is the one that it needs: an accept its offer, an offer its payer's offer before.

    `promised`: when and by which node it was first accepted (or known). `final`: when and by which node this client
    was told so, with the height and the receipt. `turned_away`: the code of a node's refusal at its door."""

    id: bytes
    wire: bytes
    due: float
    before: bytes | None
    times_sent: int = 0
    promised: tuple[float, int] | None = None
    final: tuple[float, int, int, bytes] | None = None
    turned_away: str | None = None


@dataclass(slots=True, eq=False)
class Lane:
    number: int
    node: int
    is_patient: bool
    queue: deque[Sent] = field(default_factory=deque)
    promised: dict[bytes, Sent] = field(default_factory=dict)
    """Accepted, and not known to be final."""
    wanted: trio.Event = field(default_factory=trio.Event)


class Clients:
    """All lanes, and everything that was sent, by id."""

    def __init__(self, workload: Workload, urls: Sequence[str], stock: Any) -> None:
        self._workload = workload
        self._urls = urls
        self._stock = read_stock(stock, workload.transfers)
        count = len(urls)
        self._lanes = [Lane(i, i % count, i < count) for i in range(LANES_PER_NODE * count)]
        self.sent: dict[bytes, Sent] = {}
        self.failed_requests = 0
        self._is_over = False

    async def run(self) -> None:
        """Send until nothing is due any more and every request is answered; returns with the load's end."""
        assert self._workload.rate is not None, "an open loop"
        async with trio.open_nursery() as nursery:
            for lane in self._lanes:
                nursery.start_soon(self._send_all, lane)
                nursery.start_soon(self._ask_all, lane, nursery.cancel_scope)
            await self._put_all(self._workload.rate)
            self._is_over = True
            for lane in self._lanes:
                lane.wanted.set()

    async def _put_all(self, rate: int) -> None:
        started, batch = time.monotonic(), self._workload.batch
        last_offers: dict[int, bytes] = {}
        for first in range(0, len(self._stock), batch):
            due = started + 2 * first / rate
            if due > started + self._workload.seconds:
                return
            await trio.sleep(max(0.0, due - time.monotonic()))
            for index in range(first, min(first + batch, len(self._stock))):
                self._put(index, due, last_offers)

    def _put(self, index: int, due: float, last_offers: dict[int, bytes]) -> None:
        transfer, payer = self._stock[index], index % self._workload.payers
        lane = self._lanes[self._workload.node_of(index, len(self._lanes))]
        offer = Sent(transfer.offer_id, transfer.offer, due, last_offers.get(payer))
        accept = Sent(transfer.accept_id, transfer.accept, due, offer.id)
        last_offers[payer] = offer.id
        for each in (offer, accept):
            self.sent[each.id] = each
            lane.queue.append(each)
        lane.wanted.set()

    # Sending ---------------------------------------------------------------------------------------------------------

    async def _send_all(self, lane: Lane) -> None:
        client = self._client(lane)
        while not (self._is_over and not lane.queue):
            if not lane.queue:
                await lane.wanted.wait()
                lane.wanted = trio.Event()
                continue
            batch = [lane.queue[i] for i in range(min(TRANSACTIONS_MAX, len(lane.queue)))]
            outcomes = await self._submit(client, batch)
            if outcomes is not None:
                self._note(lane, batch, outcomes)
                continue
            self.failed_requests += 1
            await client.aclose()
            if not lane.is_patient:
                lane.node = (lane.node + 1) % len(self._urls)
            client = self._client(lane)
            await trio.sleep(AGAIN_SECONDS)
            if not lane.is_patient:
                await self._ask(client, lane)
                waiting = {each.id for each in lane.queue}
                again = [each for each in lane.promised.values() if each.id not in waiting]
                lane.queue.extendleft(reversed(again))
        await client.aclose()

    def _client(self, lane: Lane) -> httpx.AsyncClient:
        seconds = PATIENT_SECONDS if lane.is_patient else CAREFUL_SECONDS
        return httpx.AsyncClient(base_url=self._urls[lane.node], timeout=seconds, trust_env=False, verify=False)

    async def _submit(self, client: httpx.AsyncClient, batch: Sequence[Sent]) -> list[Submitted] | None:
        """The node's answers, or None where nobody knows what became of the request."""
        for each in batch:
            each.times_sent += 1
        body = encode(tuple(each.wire for each in batch))
        try:
            answer = await client.post(f"{PREFIX}/transactions", content=body, headers={"content-type": CBOR})
            if answer.status_code != httpx.codes.OK:
                return None
            return [Submitted.model_validate(row) for row in answer.json()]
        except (httpx.HTTPError, json.JSONDecodeError):
            return None

    def _note(self, lane: Lane, batch: Sequence[Sent], outcomes: Sequence[Submitted]) -> None:
        now, again = time.monotonic(), list[Sent]()
        for each, outcome in zip(batch, outcomes, strict=True):
            popped = lane.queue.popleft()
            assert popped is each, "what was answered stood first"
            if outcome.problem is None:
                each.promised = each.promised or (now, lane.node)
                if each.final is None:
                    lane.promised[each.id] = each
            elif outcome.problem.retry:
                again.append(each)
            else:
                each.turned_away = outcome.problem.code
        lane.queue.extendleft(reversed(again))

    # Asking ----------------------------------------------------------------------------------------------------------

    async def _ask_all(self, lane: Lane, scope: trio.CancelScope) -> None:
        while True:
            await trio.sleep(ASK_SECONDS)
            async with self._client(lane) as client:
                await self._ask(client, lane)
            if self._is_over and not any(each.queue for each in self._lanes):
                scope.cancel()

    async def _ask(self, client: httpx.AsyncClient, lane: Lane) -> None:
        """Note what the lane's node calls final; its silence is no news."""
        node, asked = lane.node, list(lane.promised)[:RECEIPTS_MAX]
        if not asked:
            return
        try:
            answer = await client.post(f"{PREFIX}/receipts", json={"ids": [each.hex() for each in asked]})
            if answer.status_code != httpx.codes.OK:
                return
            rows = [TransactionState.model_validate(row) for row in answer.json()]
        except (httpx.HTTPError, json.JSONDecodeError):
            return
        for identifier, row in zip(asked, rows, strict=True):
            if row.state == "final" and row.height is not None and row.receipt is not None:
                each = lane.promised.pop(identifier, None)
                if each is not None:
                    each.final = (time.monotonic(), node, row.height, row.receipt)
