"""Contracts: which there are, what they show to the outside, and their views.

A view runs on the whole state of a recent certified height, in a worker thread: it may take long, and the event loop
has votes to carry. Few run at once and few may wait; the contract engine's budget bounds the work itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, TypeVar

import trio
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from contracts.views import Sheet
from ledger.api import (
    HEIGHT_MAX,
    ContractAnswer,
    ContractRow,
    ContractsAnswer,
    InterfaceAnswer,
    ViewAnswer,
    ViewQuery,
)
from ledger.codec import decode, encode
from ledger.crypto import HASH_BYTES
from ledger.errors import refuse
from node.http.answers import Identifier, answer, cbor, from_hex
from node.http.bodies import Bodies, parse_json
from node.http.openapi import body_of, returns
from node.http.seams import NodeSeams, ViewCall
from node.store import Reader

T = TypeVar("T")


class ContractRoutes:
    def __init__(self, node: NodeSeams, bodies: Bodies) -> None:
        self._node = node
        self._bodies = bodies
        self._threads = trio.CapacityLimiter(node.limits.views_running_max)
        self._under_way = 0

    def mount(self, router: APIRouter) -> None:
        add = router.add_api_route
        add("/contracts", self.contracts, tags=["contracts"], responses=returns(ContractsAnswer))
        add("/contracts/{name}", self.contract, tags=["contracts"], responses=returns(ContractAnswer))
        add(
            "/contracts/{name}/interface",
            self.interface,
            tags=["contracts"],
            responses=returns(None, "application/cbor"),
        )
        add("/interfaces/{digest}", self.edition, tags=["contracts"], responses=returns(InterfaceAnswer))
        add(
            "/views/{contract}/{view}",
            self.view,
            methods=["POST"],
            tags=["contracts"],
            responses=returns(ViewAnswer),
            openapi_extra=body_of(ViewQuery, "the array of arguments; the height is then a query parameter"),
        )

    async def contracts(self) -> Response:
        """All contracts in the order of their numbers, on the highest certified height."""
        with self._node.reads.certified_state() as (height, reader):
            rows = [
                ContractRow.model_construct(
                    name=sheet.name, number=sheet.number, version=sheet.version, status=sheet.status
                )
                for sheet in self._node.contracts.sheets(reader)
            ]
        return answer(ContractsAnswer.model_construct(height=height, contracts=rows))

    async def contract(self, name: str) -> Response:
        """One contract with its interface: actions and who may, views, refusals, events, records, maps."""
        sheet = self._sheet(name)
        return answer(
            ContractAnswer.model_construct(
                name=sheet.name,
                number=sheet.number,
                version=sheet.version,
                status=sheet.status,
                interface=sheet.interface,
                interface_digest=sheet.interface_digest.hex(),
                source_digest=sheet.source_digest.hex(),
            )
        )

    async def interface(self, name: str) -> Response:
        """The interface alone, as the canonical CBOR that was hashed."""
        return cbor(self._sheet(name).interface)

    async def edition(self, digest: Identifier) -> Response:
        """An interface by its digest, also that of a version that is no longer in force: what was signed under it is
        read by it. Who asks checks the digest and needs no proof."""
        wanted = from_hex(digest, "digest", HASH_BYTES)
        with self._admitted(), self._node.reads.certified_state() as (_, reader):
            found = await self._in_thread(lambda: self._node.contracts.edition(reader, wanted))
        return answer(
            InterfaceAnswer.model_construct(
                name=found.name,
                version=found.version,
                since=found.since,
                interface=found.interface,
                interface_digest=digest,
                source_digest=found.source_digest.hex(),
            )
        )

    def _sheet(self, name: str) -> Sheet:
        with self._node.reads.certified_state() as (_, reader):
            return self._node.contracts.sheet(reader, name)

    async def view(
        self,
        request: Request,
        contract: str,
        view: str,
        height: Annotated[int | None, Query(ge=0, le=HEIGHT_MAX)] = None,
    ) -> Response:
        """Ask a contract. The answer holds at the certified height that it names; a recent one may be asked for."""
        arguments, wanted = await self._arguments(request, height)
        with self._admitted():
            await self._wait_certified(wanted)
            with self._node.reads.certified_state(wanted) as (at, reader):
                certificate = self._node.reads.certificate(at)
                if certificate is None:
                    raise refuse("RPC-005", height=at, certified=self._node.reads.certified)
                time = certificate.checkpoint.block_time
                result = await self._run(reader, ViewCall(at, time, contract, view, arguments))
        return answer(ViewAnswer.model_construct(height=at, result=result, certificate=certificate.encode()))

    async def _arguments(self, request: Request, height: int | None) -> tuple[tuple[object, ...], int | None]:
        is_cbor, body = await self._bodies.read_json_or_cbor(request)
        encoded = body
        if not is_cbor:
            query = parse_json(ViewQuery, body)
            encoded, height = query.args, query.height
        arguments = decode(encoded, bytes_max=self._node.limits.view_arguments_bytes_max)
        if type(arguments) is not tuple:
            raise refuse("RPC-001", detail="args: a CBOR array expected")
        return arguments, height

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        limits = self._node.limits
        most = limits.views_running_max + limits.views_waiting_max
        if self._under_way >= most:
            raise refuse("RPC-012", what="views at one time", limit=most)
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    async def _wait_certified(self, height: int | None) -> None:
        """Another node may be a moment ahead of this one. Who asks for more than that has its refusal at once."""
        limits = self._node.limits
        if height is not None and height <= self._node.reads.certified + limits.view_heights_ahead_max:
            with trio.move_on_after(limits.view_seconds):
                await self._node.reads.board.chain.wait_for(lambda chain: chain.certified >= height)

    async def _run(self, reader: Reader, question: ViewCall) -> bytes:
        return await self._in_thread(lambda: encode(self._node.contracts.view(reader, question)))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """A thread cannot be interrupted: the state stays leased until the engine's budget has ended the work."""
        return await trio.to_thread.run_sync(work, limiter=self._threads)
