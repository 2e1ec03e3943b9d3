"""Builds a chain in a store without any ordering: blocks of notes, one after the other."""

from __future__ import annotations

from pathlib import Path

import trio
import trio.lowlevel

from ledger.block import BlockBody, Header, misbehaviour_root, transactions_root
from ledger.checkpoint import Checkpoint, CheckpointCert, bitmap_of
from ledger.genesis import Genesis
from ledger.transaction import Transaction
from node.actors.executor import Executor
from node.board import Board, ChainStatus, OrderingStatus
from node.box import Box
from node.machine import Machine
from node.messages import Execute
from node.self_check import check_store
from node.store import Store, open_store
from node.watch import Watch
from tests.node.support import GENESIS_TIME, SECRETS, SUITE, NotesMachine, chain_of, make_transaction

STEP_MS = 1_000


class ChainOnDisk:
    def __init__(self, path: Path, genesis: Genesis, machine: Machine | None = None) -> None:
        self.genesis = genesis
        self.chain = chain_of(genesis)
        self.store: Store = open_store(path, self.chain)
        self.tree = check_store(self.store, SUITE, genesis)
        self.reports: list[object] = []
        board = Board(0, Watch(ChainStatus(0, 0, 0)), Watch(OrderingStatus(0, 1, 0, "starting", 0, 4)))
        self.executor = Executor(
            store=self.store,
            tree=self.tree,
            machine=machine or NotesMachine(genesis),
            suite=SUITE,
            chain=self.chain,
            genesis=genesis,
            board=board,
            to_ordering=self.reports.append,
            to_mempool=self.reports.append,
            box=Box(16),
        )
        if self.store.applied is None:
            self.executor.write_genesis()

    def block(self, *transactions: Transaction) -> Execute:
        applied = self.store.applied
        assert applied is not None
        body = BlockBody(tuple(t.wire for t in transactions))
        header = Header(
            chain=self.chain,
            height=applied.height + 1,
            parent=applied.block_hash,
            time=applied.block_time + STEP_MS,
            creator=self.genesis.validators[0].key,
            created_round=0,
            tenure=1,
            tx_count=len(transactions),
            tx_root=transactions_root(SUITE, [(t.id, t.wid) for t in transactions]),
            evidence_root=misbehaviour_root(SUITE, ()),
            body_bytes=len(body.encode()),
            valset_hash=self.genesis.validator_set().hash(SUITE),
        )
        return Execute(header, header.encode(), header.hash(SUITE), body.encode(), transactions, (), b"decision")

    async def apply(self, *transactions: Transaction) -> None:
        await self.execute(self.block(*transactions))

    async def execute(self, block: Execute) -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(self.executor.run)
            self.executor.box.post(block)
            expected = len(self.reports) + 2
            while len(self.reports) < expected:
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()

    def transaction(self, note: str = "note") -> Transaction:
        return make_transaction(self.chain, GENESIS_TIME + 600_000, note)

    def certify(self, height: int) -> CheckpointCert:
        checkpoint = self.store.checkpoint(height)
        assert checkpoint is not None
        certificate = certificate_of(checkpoint, self.genesis)
        self.store.put_certificate(certificate)
        return certificate


def certificate_of(checkpoint: Checkpoint, genesis: Genesis) -> CheckpointCert:
    """Signed by all validators."""
    secrets = {SUITE.public_key(secret): secret for secret in SECRETS}
    keys = [row.key for row in genesis.validator_set().rows]
    digest = checkpoint.sign_bytes(SUITE)
    signatures = tuple(SUITE.sign(secrets[key], digest) for key in keys)
    return CheckpointCert(checkpoint, bitmap_of(list(range(len(keys))), len(keys)), signatures)
