"""Reading the ledger: genesis, blocks, receipts, state, certificates, history, validators.

Every answer names the height at which it holds, and what must be proved travels as the canonical CBOR that was hashed.
"""

from __future__ import annotations

from typing import Annotated

import trio
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from ledger.api import (
    CBOR,
    FULL_KEY_PATTERN,
    HEIGHT_MAX,
    STATES_MAX,
    BlockAnswer,
    CertificateAnswer,
    HistoryAnswer,
    ReceiptsQuery,
    StateAnswer,
    StateItem,
    StatesAnswer,
    StatesQuery,
    TransactionState,
    ValidatorsAnswer,
    ValidatorsChange,
)
from ledger.checkpoint import VALIDATORS_LAG, CheckpointCert
from ledger.codec import encode
from ledger.crypto import HASH_BYTES
from ledger.errors import refuse
from ledger.genesis import Genesis
from ledger.history import HistoryRange
from ledger.proofs import HeightProof
from ledger.state import KEY_BYTES_MAX, NUMBER_BYTES
from node.genesis_spec import view_of
from node.http.answers import JSON, Identifier, answer, cbor, from_hex
from node.http.bodies import Bodies
from node.http.openapi import body_of, returns, returns_object
from node.http.seams import NodeSeams

Height = Annotated[int, Path(ge=0, le=HEIGHT_MAX)]
FullKey = Annotated[str, Path(json_schema_extra={"pattern": FULL_KEY_PATTERN})]
YIELD_EVERY = 32
"""Proofs or look-ups between two turns of the event loop."""


class LedgerRoutes:
    def __init__(self, node: NodeSeams, bodies: Bodies) -> None:
        self._node = node
        self._reads = node.reads
        self._bodies = bodies
        self._range = HistoryRange(node.reads.suite)

    def mount(self, router: APIRouter) -> None:
        add = router.add_api_route
        add("/genesis", self.genesis, tags=["ledger"], responses=returns(None, CBOR))
        add("/genesis.json", self.genesis_view, tags=["ledger"], responses=returns_object())
        add("/blocks/{height}", self.block, tags=["ledger"], responses=returns(BlockAnswer))
        add("/receipts/{identifier}", self.receipt, tags=["ledger"], responses=returns(TransactionState))
        add(
            "/receipts",
            self.receipts,
            methods=["POST"],
            tags=["ledger"],
            responses=returns(TransactionState, many=True),
            openapi_extra=body_of(ReceiptsQuery),
        )
        add("/state/{full_key}", self.state, tags=["ledger"], responses=returns(StateAnswer))
        add(
            "/states",
            self.states,
            methods=["POST"],
            tags=["ledger"],
            responses=returns(StatesAnswer),
            openapi_extra=body_of(StatesQuery),
        )
        add("/certificates/latest", self.latest_certificate, tags=["ledger"], responses=returns(CertificateAnswer))
        add("/certificates/{height}", self.certificate, tags=["ledger"], responses=returns(CertificateAnswer))
        add("/history/{height}", self.history, tags=["ledger"], responses=returns(HistoryAnswer))
        add("/validators", self.validators, tags=["ledger"], responses=returns(ValidatorsAnswer))

    # The chain -------------------------------------------------------------------------------------------------------

    async def genesis(self) -> Response:
        """The file whose digest is the chain's name."""
        return cbor(self._reads.genesis.encode())

    async def genesis_view(self) -> Response:
        """The genesis for people; nothing is hashed in this form."""
        genesis: Genesis = self._reads.genesis
        return JSONResponse(view_of(genesis, self._reads.store.chain))

    async def block(self, height: Height) -> Response:
        """A block as this node has it. Without a certificate it is executed here and not final."""
        block = self._reads.block(height)
        if block is None:
            raise refuse("RPC-004", what=f"block {height}")
        certificate = None if block.certificate is None else block.certificate.encode()
        return answer(
            BlockAnswer.model_construct(
                height=height,
                block_hash=block.header.hash(self._reads.suite).hex(),
                header=block.header_bytes,
                transactions=list(block.transactions),
                receipts=list(block.receipts),
                certificate=certificate,
            )
        )

    async def validators(self) -> Response:
        """Every change of the validators since the genesis."""
        changes = [
            ValidatorsChange.model_construct(
                height=change.first - VALIDATORS_LAG,
                validators=encode(change.validators.to_value()),
                certificate=change.certificate.encode(),
            )
            for change in self._reads.validators_changes()
            if change.certificate is not None
        ]
        return answer(ValidatorsAnswer.model_construct(changes=changes))

    # Transactions ----------------------------------------------------------------------------------------------------

    async def receipt(
        self,
        identifier: Identifier,
        proof: bool = False,
        wait_ms: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        """What this node knows of a transaction. `wait_ms` waits so long at most for it to become final."""
        known = from_hex(identifier, "id", HASH_BYTES)
        patience_ms = min(wait_ms, self._node.limits.receipt_wait_ms_max)
        if patience_ms:
            with trio.move_on_after(patience_ms / 1000):
                await self._wait_final(known)
        return answer(self._transaction(known, proof=proof))

    async def receipts(self, request: Request) -> Response:
        """As above, for many ids, in their order."""
        query = await self._bodies.read_json(request, ReceiptsQuery)
        states = []
        for i, text in enumerate(query.ids):
            if i % YIELD_EVERY == YIELD_EVERY - 1:
                await trio.lowlevel.checkpoint()
            states.append(self._transaction(from_hex(text, f"ids.{i}", HASH_BYTES), proof=query.proof))
        return Response(b"[" + b",".join(s.model_dump_json().encode() for s in states) + b"]", media_type=JSON)

    async def _wait_final(self, identifier: bytes) -> None:
        chain = self._reads.board.chain
        while self._reads.transaction(identifier).phase != "final":
            await chain.wait_change()

    def _transaction(self, identifier: bytes, *, proof: bool) -> TransactionState:
        found = self._reads.transaction(identifier)
        place, is_final = found.place, found.phase == "final"
        return TransactionState.model_construct(
            id=identifier.hex(),
            state=found.phase,
            height=None if place is None else place.height,
            index=None if place is None else place.index,
            receipt=found.receipt,
            proof=self._reads.receipt_proof(place) if proof and is_final and place is not None else None,
        )

    # State -----------------------------------------------------------------------------------------------------------

    async def state(self, full_key: FullKey) -> Response:
        """A value or its absence, proved. Waits until a quorum has certified the height at which it was read."""
        (view,) = await self._reads.states((self._full_key(full_key, "full_key"),))
        return answer(
            StateAnswer.model_construct(
                height=view.height,
                full_key=full_key,
                value=view.value,
                proof=encode(view.proof.to_value()),
                certificate=view.certificate.encode(),
            )
        )

    async def states(self, request: Request) -> Response:
        """Many values under one certificate."""
        query = await self._bodies.read_json(request, StatesQuery)
        assert len(query.full_keys) <= STATES_MAX, "the model limits it"
        keys = tuple(self._full_key(text, f"full_keys.{i}") for i, text in enumerate(query.full_keys))
        views = await self._reads.states(keys)
        values = [
            StateItem.model_construct(
                full_key=view.full_key.hex(), value=view.value, proof=encode(view.proof.to_value())
            )
            for view in views
        ]
        certificate = views[0].certificate.encode()
        return answer(StatesAnswer.model_construct(height=views[0].height, values=values, certificate=certificate))

    def _full_key(self, text: str, where: str) -> bytes:
        return from_hex(text, where, *range(NUMBER_BYTES, KEY_BYTES_MAX + 1))

    # Certificates ----------------------------------------------------------------------------------------------------

    async def latest_certificate(self) -> Response:
        return self._certificate_answer(self._certificate(None))

    async def certificate(self, height: Height) -> Response:
        return self._certificate_answer(self._certificate(height))

    def _certificate(self, height: int | None) -> CheckpointCert:
        certificate = self._reads.certificate(height)
        if certificate is None:
            certified = self._reads.certified
            if height is not None and height > certified:
                raise refuse("RPC-005", height=height, certified=certified)
            raise refuse("RPC-004", what=f"the certificate of height {certified if height is None else height}")
        return certificate

    def _certificate_answer(self, certificate: CheckpointCert) -> Response:
        return answer(
            CertificateAnswer.model_construct(height=certificate.checkpoint.height, certificate=certificate.encode())
        )

    async def history(
        self, height: Height, under: Annotated[int | None, Query(ge=1, le=HEIGHT_MAX)] = None
    ) -> Response:
        """What leads from a height to the certificate of a higher one, by default the highest."""
        certificate = self._certificate(under)
        above, store = certificate.checkpoint.height, self._reads.store
        header, checkpoint = store.header(height), store.checkpoint(height)
        if height > above or header is None or checkpoint is None:
            raise refuse("RPC-005", height=height, certified=above)
        path = None
        if height < above:
            path = self._range.path(store.history(above), height, store.history_node)
        row = HeightProof(header, checkpoint.state_root, checkpoint.receipts_root, path).encode()
        return answer(HistoryAnswer.model_construct(height=height, row=row, certificate=certificate.encode()))
