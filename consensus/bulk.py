"""What catch-up, the mempool and the assembly of bodies say to one another on the bulk stream. The engine never sees
it.

Nothing here is signed: a block is believed by its certificate, a body by the header that it hashes to, a transaction by
its own signatures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from consensus.signed import HASH, HEIGHT, BlockHash, CommitCert, Height
from ledger.block import BODY_BYTES_MAX, MISBEHAVIOUR_BYTES_MAX, MISBEHAVIOUR_MAX, TRANSACTIONS_MAX, Header
from ledger.checkpoint import CheckpointCert
from ledger.codec import array, blob_up_to, integer, row
from ledger.crypto import Suite
from ledger.errors import refuse
from ledger.transaction import WIRE_BYTES_MAX

BLOCKS_COUNT_MAX: Final = 64
WIDS: Final = array(HASH, TRANSACTIONS_MAX)


def distinct_wids(value: Any, where: str) -> None:
    """No block holds a transaction twice, so nobody names one twice or asks for it twice in one question."""
    WIDS(value, where)
    if len(set(value)) != len(value):
        raise refuse("BYT-003", where=where, expected="each wid once", found="repeated ones")


@dataclass(frozen=True, slots=True)
class GetBlocks:
    """Asks for decided blocks from `first` on, at most `count`."""

    first: Height
    count: int

    def to_value(self) -> tuple[Any, ...]:
        return (self.first, self.count)

    @classmethod
    def from_value(cls, value: Any, where: str = "question") -> GetBlocks:
        row(("first", HEIGHT), ("count", integer(1, BLOCKS_COUNT_MAX)))(value, where)
        return cls(*value)


@dataclass(frozen=True, slots=True)
class CertifiedBlock:
    """A decided block in full: header, encoded body, and the certificate that decides it.

    `checkpoint` certifies what executing the height came to; one in a range is enough for all below it.
    """

    header: Header
    body: bytes
    cert: CommitCert
    checkpoint: CheckpointCert | None = None

    def to_value(self) -> tuple[Any, ...]:
        checkpoint = None if self.checkpoint is None else self.checkpoint.to_value()
        return (self.header.to_value(), self.body, self.cert.to_value(), checkpoint)

    @classmethod
    def from_value(cls, value: Any, suite: Suite, where: str = "block") -> CertifiedBlock:
        if type(value) is not tuple or len(value) != 4:
            raise refuse("BYT-003", where=where, expected="an array of 4", found=type(value).__name__)
        blob_up_to(BODY_BYTES_MAX)(value[1], f"{where}.body")
        header = Header.from_value(value[0], suite, f"{where}.header")
        cert = CommitCert.from_value(value[2], f"{where}.cert")
        checkpoint = None if value[3] is None else CheckpointCert.from_value(value[3], f"{where}.checkpoint")
        for height in (cert.height, header.height if checkpoint is None else checkpoint.checkpoint.height):
            if height != header.height:
                raise refuse("BYT-003", where=where, expected=f"height {header.height}", found=str(height))
        return cls(header, value[1], cert, checkpoint)


@dataclass(frozen=True, slots=True)
class Blocks:
    """The answer to GetBlocks: consecutive heights, as many as fit one frame; none when the sender has none.

    `top` is the highest height that the sender can serve.
    """

    top: Height
    blocks: tuple[CertifiedBlock, ...]

    def to_value(self) -> tuple[Any, ...]:
        return (self.top, tuple(block.to_value() for block in self.blocks))

    @classmethod
    def from_value(cls, value: Any, suite: Suite, where: str = "blocks") -> Blocks:
        any_tuple = array(lambda *_: None, BLOCKS_COUNT_MAX)
        row(("top", integer(0)), ("blocks", any_tuple))(value, where)
        blocks = tuple(CertifiedBlock.from_value(item, suite, f"{where}[{i}]") for i, item in enumerate(value[1]))
        heights = [block.header.height for block in blocks]
        if heights and heights != list(range(heights[0], heights[0] + len(heights))):
            raise refuse("BYT-003", where=where, expected="consecutive heights", found="others")
        return cls(value[0], blocks)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The body of a block by the wids of its transactions, in order, and its misbehaviour records. Bulk stream."""

    header: Header
    wids: tuple[bytes, ...]
    misbehaviour: tuple[bytes, ...]

    def to_value(self) -> tuple[Any, ...]:
        return (self.header.to_value(), self.wids, self.misbehaviour)

    @classmethod
    def from_value(cls, value: Any, suite: Suite, where: str = "manifest") -> Manifest:
        if type(value) is not tuple or len(value) != 3:
            raise refuse("BYT-003", where=where, expected="an array of 3", found=type(value).__name__)
        distinct_wids(value[1], f"{where}.wids")
        array(blob_up_to(MISBEHAVIOUR_BYTES_MAX), MISBEHAVIOUR_MAX)(value[2], f"{where}.misbehaviour")
        header = Header.from_value(value[0], suite, f"{where}.header")
        if header.tx_count != len(value[1]):
            raise refuse("BYT-003", where=where, expected=f"{header.tx_count} wids", found=str(len(value[1])))
        return cls(header, value[1], value[2])


@dataclass(frozen=True, slots=True)
class GetBodies:
    """Asks for the transactions `wids` of a proposed block; with no wids, for its manifest."""

    height: Height
    block_hash: BlockHash
    wids: tuple[bytes, ...]

    def to_value(self) -> tuple[Any, ...]:
        return (self.height, self.block_hash, self.wids)

    @classmethod
    def from_value(cls, value: Any, where: str = "question") -> GetBodies:
        row(("height", HEIGHT), ("block_hash", HASH), ("wids", distinct_wids))(value, where)
        return cls(*value)


@dataclass(frozen=True, slots=True)
class Bodies:
    """The answer to GetBodies: transactions in full, in any order."""

    height: Height
    block_hash: BlockHash
    wires: tuple[bytes, ...]

    def to_value(self) -> tuple[Any, ...]:
        return (self.height, self.block_hash, self.wires)

    @classmethod
    def from_value(cls, value: Any, where: str = "bodies") -> Bodies:
        wires = array(blob_up_to(WIRE_BYTES_MAX), TRANSACTIONS_MAX)
        row(("height", HEIGHT), ("block_hash", HASH), ("wires", wires))(value, where)
        return cls(*value)


@dataclass(frozen=True, slots=True)
class GetTransactions:
    """Asks a node that is awake for what woke it: the asker must propose `height` and holds nothing to put in."""

    height: Height

    def to_value(self) -> tuple[Any, ...]:
        return (self.height,)

    @classmethod
    def from_value(cls, value: Any, where: str = "question") -> GetTransactions:
        row(("height", HEIGHT))(value, where)
        return cls(*value)


@dataclass(frozen=True, slots=True)
class TxBatch:
    """Transactions on their way to other mempools, spread or asked for."""

    wires: tuple[bytes, ...]

    def to_value(self) -> tuple[Any, ...]:
        return (self.wires,)

    @classmethod
    def from_value(cls, value: Any, where: str = "batch") -> TxBatch:
        row(("wires", array(blob_up_to(WIRE_BYTES_MAX), TRANSACTIONS_MAX)))(value, where)
        return cls(value[0])
