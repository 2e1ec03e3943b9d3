"""The layout of the node's LevelDB: every key prefix, in one table.

| key | value |
|---|---|
| `M` | CBOR [layout version, chain] |
| `A` | `Applied`: the height whose batch was written last |
| `S` | u64, the highest height with a checkpoint certificate |
| `O` | u64 height, u8 attempt: the operator's order to sign again from this height on |
| `h` u64 height | header |
| `b` u64 height | body |
| `d` u64 height | certificate of the decision |
| `r` u64 height | CBOR [receipt, …] |
| `k` u64 height | the checkpoint that this node computed |
| `c` u64 height | checkpoint certificate |
| `t` transaction id | u32 height, u16 index; also the index against repetition |
| `o` offender, u64 height, u32 round, u8 kind | u64, the height whose block reported it |
| `m` u64 number | node of the history range |
| `v` hash | validator set |
| `n` u64 height | hash of the validator set that acts from this height on; no row below: the genesis' |
| `p` u32 bucket | page of the state tree |
| `s` contract u16, map u8, key | a contract's record |
| `i` contract u16, index u8, … | a row of a contract's index |

One batch a block writes all of a height's rows together with `A`: a reader finds a height whole or not at all. Rows
of `c` and `S` come later, when a quorum has signed; losing the last is no damage, for checkpoints are sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consensus.pbft.checkpoints import WINDOW
from ledger.codec import array, blob, decode, encode, exactly, integer, row
from ledger.crypto import HASH_BYTES
from ledger.history import PEAKS_MAX, History

LAYOUT_VERSION: Final = 1
FIRST_ATTEMPT: Final = 0
META: Final = b"M"
APPLIED: Final = b"A"
CERTIFIED: Final = b"S"
SIGN_AGAIN: Final = b"O"
HEADER: Final = b"h"
BODY: Final = b"b"
DECISION: Final = b"d"
RECEIPTS: Final = b"r"
CHECKPOINT: Final = b"k"
CERTIFICATE: Final = b"c"
TRANSACTION: Final = b"t"
HISTORY_NODE: Final = b"m"
OFFENCE: Final = b"o"
VALIDATORS: Final = b"v"
VALIDATORS_FROM: Final = b"n"
PAGE: Final = b"p"
STATE: Final = b"s"
INDEX: Final = b"i"

APPLIED_BYTES_MAX: Final = 4096
APPLIED_SHAPE: Final = row(
    ("version", exactly(1)),
    ("height", integer()),
    ("block_hash", blob(HASH_BYTES)),
    ("block_time", integer()),
    ("state_root", blob(HASH_BYTES)),
    ("receipts_root", blob(HASH_BYTES)),
    ("leaves", integer()),
    ("peaks", array(blob(HASH_BYTES), PEAKS_MAX)),
)


@dataclass(frozen=True, slots=True)
class SignAgain:
    """The operator's order: the heights from `height` on that ordering can have decided without its certificate are
    signed as this attempt, once a corrected program has executed them again."""

    height: int
    attempt: int

    def attempt_of(self, height: int) -> int:
        return self.attempt if self.height <= height <= self.height + WINDOW else FIRST_ATTEMPT

    def encode(self) -> bytes:
        return self.height.to_bytes(8, "big") + bytes([self.attempt])

    @classmethod
    def decode(cls, value: bytes) -> SignAgain:
        return cls(int.from_bytes(value[:8], "big"), value[8])


def at_height(prefix: bytes, height: int) -> bytes:
    return prefix + height.to_bytes(8, "big")


def height_in(key: bytes) -> int:
    return int.from_bytes(key[1:9], "big")


def page_key(bucket: int) -> bytes:
    return PAGE + bucket.to_bytes(4, "big")


def bucket_in(key: bytes) -> int:
    return int.from_bytes(key[1:5], "big")


def node_key(number: int) -> bytes:
    return HISTORY_NODE + number.to_bytes(8, "big")


def place_value(height: int, index: int) -> bytes:
    return height.to_bytes(4, "big") + index.to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a transaction was executed."""

    height: int
    index: int

    @classmethod
    def decode(cls, value: bytes) -> Place:
        return cls(int.from_bytes(value[:4], "big"), int.from_bytes(value[4:], "big"))


@dataclass(frozen=True, slots=True)
class Applied:
    """The height written last, with the history range over all heights up to and including it."""

    height: int
    block_hash: bytes
    block_time: int
    state_root: bytes
    receipts_root: bytes
    history: History

    def encode(self) -> bytes:
        return encode(
            (
                1,
                self.height,
                self.block_hash,
                self.block_time,
                self.state_root,
                self.receipts_root,
                self.history.leaves,
                self.history.peaks,
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Applied:
        """Raises `Refused` BYT-001…003."""
        value = decode(data, bytes_max=APPLIED_BYTES_MAX)
        APPLIED_SHAPE(value, "applied")
        _, height, block_hash, block_time, state_root, receipts_root, leaves, peaks = value
        return cls(height, block_hash, block_time, state_root, receipts_root, History(leaves, peaks))
