"""Submitting transactions. A CBOR array of many wires is the primary way: its cost per transaction is the smallest."""

from __future__ import annotations

from typing import Final

import trio
from fastapi import APIRouter, Request
from starlette.responses import Response

from ledger.api import TRANSACTIONS_MAX, Problem, Submission, Submitted
from ledger.codec import decode
from ledger.errors import refuse
from node.http.answers import JSON
from node.http.bodies import Bodies, parse_json
from node.http.metrics import HttpMetrics
from node.http.openapi import body_of, returns
from node.http.seams import NodeSeams
from node.messages import Reply, Submit, SubmitOutcome

CALLER_WAIT_SECONDS: Final = 0.5
CALLER_WAITERS_MAX: Final = 32
ELEMENTS_MAX: Final = 32 * TRANSACTIONS_MAX
"""Of a body that is decoded at all; who sends a few too many is told the limit for transactions."""
CBOR_BODY = f"an array of at most {TRANSACTIONS_MAX} byte strings, each the wire of a transaction"


class SubmitRoutes:
    def __init__(self, node: NodeSeams, bodies: Bodies, metrics: HttpMetrics) -> None:
        self._node = node
        self._bodies = bodies
        self._metrics = metrics
        self._waiting = 0

    def mount(self, router: APIRouter) -> None:
        router.add_api_route(
            "/transactions",
            self.submit,
            methods=["POST"],
            tags=["transactions"],
            responses=returns(Submitted, many=True),
            openapi_extra=body_of(Submission, CBOR_BODY),
        )

    async def submit(self, request: Request) -> Response:
        """Submit transactions; the answer has one outcome for each, in their order.

        `accepted` means verified and on this node's disk. Submitting again is safe: the answer is then `known`.
        """
        started = trio.current_time()
        is_cbor, body = await self._bodies.read_json_or_cbor(request)
        wires = self._from_cbor(body) if is_cbor else tuple(parse_json(Submission, body).transactions)
        outcomes = await self._ask_for_new_callers(wires)
        self._metrics.note_submitted(outcomes, started)
        return Response(outcomes_json(outcomes), media_type=JSON)

    def _from_cbor(self, body: bytes) -> tuple[bytes, ...]:
        wires = decode(body, bytes_max=self._node.limits.body_bytes_max, elements_max=ELEMENTS_MAX)
        if type(wires) is not tuple or any(type(wire) is not bytes for wire in wires):
            raise refuse("RPC-001", detail=CBOR_BODY)
        if len(wires) > TRANSACTIONS_MAX:
            raise refuse("RPC-003", limit=TRANSACTIONS_MAX, count=len(wires))
        return wires

    async def _ask(self, wires: tuple[bytes, ...]) -> tuple[SubmitOutcome, ...]:
        if not wires:
            return ()
        reply: Reply[tuple[SubmitOutcome, ...]] = Reply()
        with trio.move_on_after(self._node.limits.answer_seconds):
            await self._node.submit(Submit(wires, reply))
            outcomes = await reply.get()
            assert len(outcomes) == len(wires), "one outcome for each wire"
            return outcomes
        raise refuse("NODE-002", reason="the pool has not answered in time; submitting again is safe")

    async def _ask_for_new_callers(self, wires: tuple[bytes, ...]) -> tuple[SubmitOutcome, ...]:
        """Whoever was registered a moment ago may come to a node that is a block behind the one that said so.

        Requests with unknown callers therefore wait for the next block, shortly and few at a time.
        """
        chain = self._node.reads.board.chain
        applied = chain.value.applied
        outcomes = await self._ask(wires)
        unknown = [n for n, outcome in enumerate(outcomes) if outcome.refused and outcome.refused.code == "AUTH-001"]
        if not unknown or self._waiting >= CALLER_WAITERS_MAX:
            return outcomes
        self._waiting += 1
        try:
            with trio.move_on_after(CALLER_WAIT_SECONDS):
                await chain.wait_for(lambda status: status.applied > applied)
        finally:
            self._waiting -= 1
        if chain.value.applied == applied:
            return outcomes
        again = await self._ask(tuple(wires[n] for n in unknown))
        answers = dict(zip(unknown, again, strict=True))
        return tuple(answers.get(n, outcome) for n, outcome in enumerate(outcomes))


def outcomes_json(outcomes: tuple[SubmitOutcome, ...]) -> bytes:
    """The JSON of [`Submitted`, …], written by hand: making models costs six times the rest of the request."""
    return ("[" + ",".join(map(_outcome_json, outcomes)) + "]").encode("utf-8")


def _outcome_json(outcome: SubmitOutcome) -> str:
    identifier = "null" if outcome.id is None else f'"{outcome.id.hex()}"'
    problem = "null" if outcome.refused is None else Problem.of(outcome.refused).model_dump_json()
    return f'{{"id":{identifier},"wid":"{outcome.wid.hex()}","outcome":"{outcome.outcome}","problem":{problem}}}'
