"""The blocks that catch-up has handed to ordering: each held once its certificate and its transactions are found good.

Its header and misbehaviour records come with the certificate, its transactions by way of the mempool, which verifies
them. Few are handed at a time, each named by the number of its handing over, so what is found of one handing never
counts against another. A block never mixes with the manifests that peers send of the same height.
"""

from __future__ import annotations

from dataclasses import dataclass

from consensus.messages import Certificate, OrderingMessage
from consensus.verify import NotYet, ValidatorsView, Verified, Verifier
from ledger.errors import PeerFault
from ledger.transaction import Transaction
from node.held_blocks import HeldBlock, make_block
from node.messages import BlockVerified, CaughtUp

Certificates = tuple[Verified[OrderingMessage], ...]


class FalseBlock(PeerFault):
    """Whoever served this handing has served a false block."""

    def __init__(self, number: int, fault: PeerFault) -> None:
        super().__init__(fault.code, fault.detail)
        self.number = number


@dataclass(slots=True)
class Handing:
    handed: CaughtUp
    transactions: tuple[Transaction, ...] | None = None
    """None until they are verified."""


class CaughtUpBlocks:
    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._handings: dict[int, Handing] = {}
        """By height."""

    def on_handed(self, handed: CaughtUp) -> None:
        """It takes the place of the one before of its height."""
        self._handings[handed.block.header.height] = Handing(handed)

    def on_verified(self, verified: BlockVerified) -> None:
        for handing in self._handings.values():
            if handing.handed.number == verified.number:
                handing.transactions = verified.transactions

    def take(self, height: int, view: ValidatorsView) -> tuple[HeldBlock, Certificates] | None:
        """The block of `height` with its certificates once it is here and complete; `FalseBlock` when it is false."""
        self._handings = {other: handing for other, handing in self._handings.items() if other >= height}
        handing = self._handings.get(height)
        if handing is None or handing.transactions is None:
            return None
        try:
            certificates = self._verified(handing.handed, view)
            if certificates is None:
                return None
            block = self._block_of(handing.handed, handing.transactions)
        except PeerFault as fault:
            del self._handings[height]
            raise FalseBlock(handing.handed.number, fault) from None
        del self._handings[height]
        return block, certificates

    def _verified(self, handed: CaughtUp, view: ValidatorsView) -> Certificates | None:
        """None while the validators of its height are not known."""
        certificates: list[OrderingMessage] = [handed.block.cert]
        if handed.block.checkpoint is not None:
            certificates.append(Certificate(handed.block.checkpoint))
        try:
            return tuple(self._verifier.verify(certificate, view) for certificate in certificates)
        except NotYet:
            return None

    def _block_of(self, handed: CaughtUp, transactions: tuple[Transaction, ...]) -> HeldBlock:
        fetched = handed.block
        block = make_block(self._verifier.domain.suite, fetched.header, transactions, handed.misbehaviour)
        if block.block_hash != fetched.cert.block_hash:
            raise PeerFault("BYT-CERT", f"the certificate of height {block.height} is of another block")
        return block
