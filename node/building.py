"""Building a block of this node's own: from the engine's wish, over what the mempool has, to the whole block.

One wish at a time, the newest; a mempool's answer to an older one is nobody's. The engine fixes every header field that
is not about the contents; the contents are the mempool's oldest and the misbehaviour that no block has reported.
"""

from __future__ import annotations

from typing import Final

from consensus.events import Build
from consensus.signing import Domain
from ledger.block import BlockBody, Header, misbehaviour_root, transactions_root
from ledger.genesis import Genesis
from node.held_blocks import HeldBlock, make_block
from node.messages import Take, Taken
from node.misbehaviour import Reportable

BODY_OVERHEAD_BYTES: Final = 64 * 1024
"""Room in a body for what is no transaction: misbehaviour records and the heads of arrays."""


class Building:
    def __init__(self, domain: Domain, genesis: Genesis, reportable: Reportable) -> None:
        self._domain = domain
        self._reportable = reportable
        self._count_max = genesis.limit("block_transactions_max")
        self._body_bytes_max = genesis.limit("block_body_bytes_max")
        self._wish: Build | None = None

    def begin(self, build: Build) -> Take:
        self._wish = build
        body_max = min(build.body_bytes_max, self._body_bytes_max) - BODY_OVERHEAD_BYTES
        return Take(build.height, build.parent, build.parent_time, self._count_max, body_max)

    def finish(self, taken: Taken) -> HeldBlock | None:
        """The block that the engine wants, None when it wants another by now."""
        build = self._wish
        if build is None or (taken.height, taken.parent) != (build.height, build.parent):
            return None
        self._wish = None
        suite = self._domain.suite
        misbehaviour = self._reportable.of_block(build.height)
        wires = tuple(transaction.wire for transaction in taken.transactions)
        header = Header(
            chain=self._domain.chain,
            height=build.height,
            parent=build.parent,
            time=taken.time,
            creator=build.creator,
            created_round=build.round,
            tenure=build.tenure,
            tx_count=len(wires),
            tx_root=transactions_root(suite, [(t.id, t.wid) for t in taken.transactions]),
            evidence_root=misbehaviour_root(suite, misbehaviour),
            body_bytes=len(BlockBody(wires, misbehaviour).encode()),
            valset_hash=build.valset_hash,
        )
        return make_block(suite, header, taken.transactions, misbehaviour)
