"""What a height leaves behind: from what executing it came to, the one record that its batch writes. No IO but reads.

The record holds the checkpoint that this node will sign of the height, and the validators that act three heights above
where they are others than before.
"""

from __future__ import annotations

from collections.abc import Mapping

from consensus.events import Applied
from contracts.engine import Execution
from ledger.checkpoint import VALIDATORS_LAG, Checkpoint
from ledger.crypto import ZERO_HASH, Suite
from ledger.genesis import Genesis
from ledger.history import History, HistoryRange
from ledger.merkle import Kind, MerkleTree
from ledger.validators import ValidatorSet
from node import layout
from node.messages import Execute
from node.misbehaviour import offence_key_of
from node.store import ExecutedBlock, Store
from node.validators import StoredValidators


def event_of(record: ExecutedBlock, next_validators: ValidatorSet) -> Applied:
    """What the engine hears of a height once its record is written; `next_validators` as executing it left them."""
    applied = record.applied
    return Applied(
        height=applied.height,
        block_hash=applied.block_hash,
        block_time=applied.block_time,
        state_root=applied.state_root,
        receipts_root=applied.receipts_root,
        next_validators=next_validators,
        attempt=record.checkpoint.attempt,
    )


class Recorder:
    def __init__(self, store: Store, suite: Suite, chain: bytes, genesis: Genesis) -> None:
        self._store = store
        self._suite = suite
        self._chain = chain
        self._genesis = genesis
        self._merkle = MerkleTree(suite)
        self._range = HistoryRange(suite)
        self._receipt_hash = suite.hasher("receipt")
        self._validators = StoredValidators(store, suite, genesis)

    def genesis(self, execution: Execution, state_root: bytes, pages: Mapping[int, bytes | None]) -> ExecutedBlock:
        """Height 0: no block, no receipts, and nothing below."""
        leaf = self._range.leaf(0, self._chain, state_root, ZERO_HASH)
        history, nodes = self._range.append(History(), leaf)
        applied = layout.Applied(0, self._chain, self._genesis.time, state_root, ZERO_HASH, history)
        next_hash = execution.next_validators.hash(self._suite)
        return ExecutedBlock(
            applied=applied,
            header=b"",
            body=b"",
            decision=b"",
            receipts=(),
            ids=(),
            checkpoint=self._checkpoint(applied, History(), next_hash),
            writes=execution.rows,
            pages=pages,
            history_nodes=nodes,
            validators=self._change(0, next_hash, execution),
        )

    def block(
        self, block: Execute, execution: Execution, state_root: bytes, pages: Mapping[int, bytes | None]
    ) -> ExecutedBlock:
        """The height above the one that the store has applied."""
        header, below = block.header, self._store.applied
        assert below is not None, "the genesis is written first"
        receipts_root = self._merkle.root(Kind.RECEIPTS, [self._receipt_hash(r) for r in execution.receipts])
        leaf = self._range.leaf(header.height, block.block_hash, state_root, receipts_root)
        history, nodes = self._range.append(below.history, leaf)
        applied = layout.Applied(header.height, block.block_hash, header.time, state_root, receipts_root, history)
        next_hash = execution.next_validators.hash(self._suite)
        return ExecutedBlock(
            applied=applied,
            header=block.header_bytes,
            body=block.body,
            decision=block.decision,
            receipts=execution.receipts,
            ids=tuple(transaction.id for transaction in block.transactions),
            checkpoint=self._checkpoint(applied, below.history, next_hash),
            writes=execution.rows,
            pages=pages,
            history_nodes=nodes,
            offences=tuple(offence_key_of(record, self._suite) for record in block.misbehaviour),
            validators=self._change(header.height, next_hash, execution),
        )

    def _change(self, height: int, next_hash: bytes, execution: Execution) -> tuple[bytes, ValidatorSet] | None:
        """What acts three heights above, where it is not what acts already two heights above."""
        before = self._validators.hash_at(height + VALIDATORS_LAG - 1)
        return None if next_hash == before else (next_hash, execution.next_validators)

    def _checkpoint(self, applied: layout.Applied, below: History, next_valset_hash: bytes) -> Checkpoint:
        """What this node will sign of the height; `below` is the history without it."""
        return Checkpoint(
            chain=self._chain,
            engine=self._genesis.engine,
            valset_hash=self._validators.hash_at(applied.height),
            height=applied.height,
            attempt=self._store.attempt_of(applied.height),
            block_hash=applied.block_hash,
            block_time=applied.block_time,
            state_root=applied.state_root,
            receipts_root=applied.receipts_root,
            next_valset_hash=next_valset_hash,
            history_root=self._range.root(below),
        )
