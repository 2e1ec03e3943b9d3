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
class Halves:
    """What has come of one handing over: the certified half, and the transactions, None until they are verified."""

    handed: CaughtUp
    transactions: tuple[Transaction, ...] | None = None


class CaughtUpBlocks:
    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._halves: dict[int, Halves] = {}
        """By height."""

    def on_handed(self, handed: CaughtUp) -> None:
        """It takes the place of the one before of its height."""
        self._halves[handed.block.header.height] = Halves(handed)

    def on_verified(self, verified: BlockVerified) -> None:
        for halves in self._halves.values():
            if halves.handed.number == verified.number:
                halves.transactions = verified.transactions

    def take(self, height: int, view: ValidatorsView) -> tuple[HeldBlock, Certificates] | None:
        """The block of `height` with its certificates once it is here and complete; `FalseBlock` when it is false."""
        self._halves = {other: halves for other, halves in self._halves.items() if other >= height}
        halves = self._halves.get(height)
        if halves is None or halves.transactions is None:
            return None
        try:
            certificates = self._verified(halves.handed, view)
            if certificates is None:
                return None
            block = self._block_of(halves.handed, halves.transactions)
        except PeerFault as fault:
            del self._halves[height]
            raise FalseBlock(halves.handed.number, fault) from None
        del self._halves[height]
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
