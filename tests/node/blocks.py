"""Blocks that are well made, for tests that have no chain below them."""

from __future__ import annotations

from ledger.block import BlockBody, Header, misbehaviour_root, transactions_root
from ledger.crypto import ZERO_HASH
from node.held_blocks import HeldBlock, make_block
from tests.node.support import SUITE, chain_of, make_genesis, make_transaction

GENESIS = make_genesis()
CHAIN = chain_of(GENESIS)


def held_block(height: int = 1, notes: int = 2) -> HeldBlock:
    transactions = tuple(make_transaction(CHAIN, 10**13, str(i)) for i in range(notes))
    header = Header(
        chain=CHAIN,
        height=height,
        parent=CHAIN,
        time=1,
        creator=GENESIS.validators[0].key,
        created_round=0,
        tenure=1,
        tx_count=notes,
        tx_root=transactions_root(SUITE, [(t.id, t.wid) for t in transactions]),
        evidence_root=misbehaviour_root(SUITE, ()),
        body_bytes=len(BlockBody(tuple(t.wire for t in transactions)).encode()),
        valset_hash=ZERO_HASH,
    )
    return make_block(SUITE, header, transactions, ())
