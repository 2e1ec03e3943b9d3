"""The block that catch-up has handed to ordering: held once its certificate and its transactions are found good.

Its header and misbehaviour records come with the certificate, its transactions by way of the mempool, which verifies
them. One block is handed at a time and named by the number of its handing over, so what is found of one handing never
counts against another. The block never mixes with the manifests that peers send of the same height.
"""

from __future__ import annotations

from consensus.messages import Certificate, OrderingMessage
from consensus.verify import NotYet, ValidatorsView, Verified, Verifier
from ledger.errors import PeerFault
from ledger.transaction import Transaction
from node.held_blocks import HeldBlock, make_block
from node.messages import BlockVerified, CaughtUp

Certificates = tuple[Verified[OrderingMessage], ...]


class CaughtUpBlock:
    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._handed: CaughtUp | None = None
        self._transactions: tuple[Transaction, ...] | None = None

    def on_handed(self, handed: CaughtUp) -> None:
        """It takes the place of the one before."""
        self._handed, self._transactions = handed, None

    def on_verified(self, verified: BlockVerified) -> None:
        if self._handed is not None and self._handed.number == verified.number:
            self._transactions = verified.transactions

    @property
    def number(self) -> int:
        """Of the block at hand."""
        assert self._handed is not None, "asked while a block is at hand"
        return self._handed.number

    def take(self, height: int, view: ValidatorsView) -> tuple[HeldBlock, Certificates] | None:
        """The block with its certificates when it is that of `height`, and complete; `PeerFault` when it is false."""
        handed = self._handed
        if handed is None or handed.block.header.height != height:
            return None
        fetched = handed.block
        certificates: list[OrderingMessage] = [fetched.cert]
        if fetched.checkpoint is not None:
            certificates.append(Certificate(fetched.checkpoint))
        try:
            verified = tuple(self._verifier.verify(certificate, view) for certificate in certificates)
        except NotYet:
            return None
        if self._transactions is None:
            return None
        block = make_block(self._verifier.domain.suite, fetched.header, self._transactions, handed.misbehaviour)
        if block.block_hash != fetched.cert.block_hash:
            raise PeerFault("BYT-CERT", f"the certificate of height {height} is of another block")
        self.drop()
        return block, verified

    def drop(self) -> None:
        self._handed = self._transactions = None
