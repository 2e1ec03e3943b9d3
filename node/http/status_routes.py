"""What the node says about itself to its users: status, peers, and its signature under a fresh question."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

import trio
from fastapi import APIRouter, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from ledger.api import FreshnessAnswer, FreshnessQuery, PeerAnswer, Status
from ledger.errors import refuse
from node.board import PeerSeen
from node.http.answers import JSON, answer, from_hex
from node.http.bodies import Bodies
from node.http.openapi import body_of, returns
from node.http.seams import NodeSeams
from node.messages import Reply, SignFreshness
from node.transport.statistics import PeerStatistics

NONCE_BYTES: Final = 32
SOFTWARE: Final = f"lugang-chain {version('lugang-chain')}"
PEERS: Final = TypeAdapter(list[PeerAnswer])


class StatusRoutes:
    def __init__(self, node: NodeSeams, bodies: Bodies) -> None:
        self._node = node
        self._bodies = bodies

    def mount(self, router: APIRouter) -> None:
        add = router.add_api_route
        add("/status", self.status, tags=["node"], responses=returns(Status))
        add("/peers", self.peers, tags=["node"], responses=returns(PeerAnswer, many=True))
        add(
            "/freshness",
            self.freshness,
            methods=["POST"],
            tags=["node"],
            responses=returns(FreshnessAnswer),
            openapi_extra=body_of(FreshnessQuery),
        )

    async def status(self) -> Response:
        """The node's heights, its mode, its pool and its peers, as it sees them itself."""
        return answer(status_of(self._node))

    async def peers(self) -> Response:
        """The other members' nodes: what this node's links say, and what the peers last said of themselves."""
        return Response(PEERS.dump_json(peers_of(self._node)), media_type=JSON)

    async def freshness(self, request: Request) -> Response:
        """This validator's signature over the client's nonce and its highest certificate: nobody can replay an old one.

        Before the first certificate there is nothing to sign (RPC-005).
        """
        query = await self._bodies.read_json(request, FreshnessQuery)
        nonce = from_hex(query.nonce, "nonce", NONCE_BYTES)
        reads = self._node.reads
        certificate = reads.certificate()
        if certificate is None:
            raise refuse("RPC-005", height=reads.applied, certified=reads.certified)
        reply: Reply[bytes] = Reply()
        height, digest = certificate.checkpoint.height, certificate.checkpoint.sign_bytes(reads.suite)
        self._node.sign_freshness(SignFreshness(nonce, height, digest, reply))
        with trio.move_on_after(self._node.limits.answer_seconds):
            signature = await reply.get()
            return answer(
                FreshnessAnswer.model_construct(
                    height=height,
                    certificate=certificate.encode(),
                    key=self._node.identity.validator_key.hex(),
                    signature=signature.hex(),
                )
            )
        raise refuse("NODE-002", reason="ordering has not answered in time")


def status_of(node: NodeSeams) -> Status:
    reads, identity = node.reads, node.identity
    board, genesis, store = reads.board, reads.genesis, reads.store
    ordering, pool, now_ms = board.ordering.value, board.pool, node.wall_ms()
    peers = () if board.transport is None else board.transport.peers
    time_ms = board.chain.value.applied_time_ms
    return Status(
        chain=store.chain.hex(),
        name=genesis.name,
        suite=genesis.suite,
        engine=genesis.engine,
        organisation=identity.organisation,
        validator_key=identity.validator_key.hex(),
        software=SOFTWARE,
        clock="real" if genesis.clock_first_day is None else "test",
        day=business_day(node),
        time_ms=time_ms,
        applied=reads.applied,
        certified=reads.certified,
        decided=ordering.decided,
        round=ordering.round,
        mode=ordering.mode,
        halt_reason=ordering.reason,
        peers_connected=sum(peer.up_since_ms is not None for peer in peers),
        peers=len(genesis.validators) - 1 if board.transport is None else len(peers),
        quorum=ordering.quorum,
        pool_count=pool.count,
        pool_oldest_ms=0 if pool.oldest_since_ms is None else max(0, now_ms - pool.oldest_since_ms),
        view_changes=ordering.view_changes,
        uptime_ms=max(0, now_ms - board.started_ms),
        database_bytes=store.bytes_on_disk(),
    )


def business_day(node: NodeSeams) -> int:
    """The day at the applied height, whether certified or not: the status must always come."""
    store = node.reads.store
    height = max(store.snapshots)
    with store.leased_snapshot(height) as reader:
        return node.contracts.day(reader, node.reads.board.chain.value.applied_time_ms)


def peers_of(node: NodeSeams) -> list[PeerAnswer]:
    """One row for each node to be linked, linked or not: those of the genesis first, then who has joined since."""
    board = node.reads.board
    entries = [e for e in node.reads.genesis.validators if e.transport_key != node.identity.transport_key]
    if board.transport is None:
        return [_peer(entry.organisation, entry.transport_key, None, None) for entry in entries]
    links = {peer.key: peer for peer in board.transport.peers}
    rows = []
    for entry in entries:
        link = links.pop(entry.transport_key, None)
        if link is not None:
            rows.append(_peer(entry.organisation, entry.transport_key, link, board.peers.get(entry.transport_key)))
    return rows + [_peer(link.name, key, link, board.peers.get(key)) for key, link in links.items()]


def _peer(organisation: str, transport_key: bytes, link: PeerStatistics | None, seen: PeerSeen | None) -> PeerAnswer:
    return PeerAnswer(
        organisation=organisation,
        transport_key=transport_key.hex(),
        connected=link is not None and link.up_since_ms is not None,
        since_ms=None if link is None else link.up_since_ms,
        height=None if seen is None else seen.height,
        certified=None if seen is None else seen.certified,
        observer=None if seen is None else seen.observer,
        rtt_ms=None if link is None or link.rtt_us is None else -(-link.rtt_us // 1000),
        cut_ms=0 if link is None else link.cut_ms,
    )
