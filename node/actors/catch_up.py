"""Catch-up: serves decided blocks to peers that lack them, and fetches those that this node lacks.

Serving reads whole heights from the store and fills one frame. Fetching follows what peers say of their heights, which
is only a hint: a block counts when its certificate has been verified, and the engine alone owns the decided height, so
blocks are handed to ordering one window at a time and asked for again when nothing comes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from consensus.messages import Blocks, CertifiedBlock, CommitCert, GetBlocks, PeerId, decode_message
from ledger.block import Header
from ledger.crypto import Suite
from node.messages import SendToPeer
from node.store import Store

if TYPE_CHECKING:
    pass

INBOX_MESSAGES_MAX: Final = 2_048
ANSWER_BYTES_MAX: Final = 1024 * 1024


class Serving:
    """Answers GetBlocks from the store."""

    def __init__(self, store: Store, suite: Suite, send: SendToPeer) -> None:
        self._store = store
        self._suite = suite
        self._send = send

    def answer(self, peer: PeerId, question: GetBlocks) -> None:
        applied = self._store.applied
        top = 0 if applied is None else applied.height
        blocks: list[CertifiedBlock] = []
        size = 0
        for block in self._blocks_from(question.first, min(top, question.first + question.count - 1)):
            size += len(block.body)
            if blocks and size > ANSWER_BYTES_MAX:
                break
            blocks.append(block)
        self._send(peer, Blocks(top, tuple(blocks)))

    def _blocks_from(self, first: int, last: int) -> Iterator[CertifiedBlock]:
        for height in range(first, last + 1):
            header, body = self._store.header(height), self._store.body(height)
            decision = self._store.decision(height)
            if header is None or body is None or decision is None:
                return
            cert = decode_message(decision, self._suite)
            assert isinstance(cert, CommitCert), "a decision is stored with its certificate"
            yield CertifiedBlock(Header.decode(header, self._suite), body, cert)
