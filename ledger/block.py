"""A block: an order of transactions that the validators agree on.

header = CBOR [1, chain, height, parent 32, time ms, creator key, created_round, tenure, tx_count, tx_root,
evidence_root, body_bytes, valset_hash];  block_hash = H("block", header);  body = CBOR [[wire, …], [misbehaviour, …]].

The header holds no commit round: a block that is proposed again in a later round must keep its hash. Transactions
travel as byte strings, so that a block is split without decoding them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.codec import array, blob, blob_up_to, decode, encode, exactly, integer, row
from ledger.crypto import HASH_BYTES, Suite
from ledger.merkle import Kind, MerkleTree
from ledger.transaction import WIRE_BYTES_MAX

VERSION: Final = 1
BODY_BYTES_MAX: Final = 4 * 1024 * 1024
TRANSACTIONS_MAX: Final = 20_000
MISBEHAVIOUR_MAX: Final = 64
MISBEHAVIOUR_BYTES_MAX: Final = 16 * 1024
BODY_ELEMENTS_MAX: Final = 4 + TRANSACTIONS_MAX + MISBEHAVIOUR_MAX
HEADER_BYTES_MAX: Final = 512

BODY_SHAPE: Final = row(
    ("transactions", array(blob_up_to(WIRE_BYTES_MAX), TRANSACTIONS_MAX)),
    ("misbehaviour", array(blob_up_to(MISBEHAVIOUR_BYTES_MAX), MISBEHAVIOUR_MAX)),
)


@dataclass(frozen=True, slots=True)
class Header:
    """Everything that the block's hash covers. Times are milliseconds since 1970 UTC and always real."""

    chain: bytes
    height: int
    parent: bytes
    time: int
    creator: bytes
    created_round: int
    tenure: int
    tx_count: int
    tx_root: bytes
    evidence_root: bytes
    body_bytes: int
    valset_hash: bytes

    def to_value(self) -> tuple[Any, ...]:
        return (
            VERSION,
            self.chain,
            self.height,
            self.parent,
            self.time,
            self.creator,
            self.created_round,
            self.tenure,
            self.tx_count,
            self.tx_root,
            self.evidence_root,
            self.body_bytes,
            self.valset_hash,
        )

    @classmethod
    def from_value(cls, value: Any, suite: Suite, where: str = "header") -> Header:
        """Check the form and build; raises `Refused` BYT-003."""
        row(
            ("version", exactly(VERSION)),
            ("chain", blob(HASH_BYTES)),
            ("height", integer(1)),
            ("parent", blob(HASH_BYTES)),
            ("time", integer(1)),
            ("creator", blob(suite.key_bytes)),
            ("created_round", integer(0, 2**31)),
            ("tenure", integer(0, 2**31)),
            ("tx_count", integer(0, TRANSACTIONS_MAX)),
            ("tx_root", blob(HASH_BYTES)),
            ("evidence_root", blob(HASH_BYTES)),
            ("body_bytes", integer(0, BODY_BYTES_MAX)),
            ("valset_hash", blob(HASH_BYTES)),
        )(value, where)
        return cls(*value[1:])

    @classmethod
    def decode(cls, data: bytes, suite: Suite) -> Header:
        return cls.from_value(decode(data, bytes_max=HEADER_BYTES_MAX), suite)

    def encode(self) -> bytes:
        return encode(self.to_value())

    def hash(self, suite: Suite) -> bytes:
        return suite.hasher("block")(self.encode())


@dataclass(frozen=True, slots=True)
class BlockBody:
    """The transactions' and misbehaviour records' full bytes, in order."""

    transactions: tuple[bytes, ...]
    misbehaviour: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        return encode((self.transactions, self.misbehaviour))

    @classmethod
    def decode(cls, data: bytes) -> BlockBody:
        """Raises `Refused` BYT-001…004."""
        value = decode(data, bytes_max=BODY_BYTES_MAX, elements_max=BODY_ELEMENTS_MAX)
        BODY_SHAPE(value, "body")
        return cls(*value)


def transactions_root(suite: Suite, ids: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The root over (id, wid) pairs: a block commits to requests and to the exact bytes that carried them."""
    return MerkleTree(suite).root(Kind.TRANSACTIONS, [identifier + wid for identifier, wid in ids])


def misbehaviour_root(suite: Suite, records: Sequence[bytes]) -> bytes:
    digest = suite.hasher("misbehaviour")
    return MerkleTree(suite).root(Kind.MISBEHAVIOUR, [digest(record) for record in records])
