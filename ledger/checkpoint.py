"""Checkpoints: what the validators certify about an executed height.

checkpoint = CBOR [1, chain, engine, valset_hash, height, attempt, block_hash, block_time, state_root, receipts_root,
next_valset_hash, history_root]; signed over H("checkpoint", checkpoint);
cert = CBOR [1, checkpoint, bitmap, [signature, …]]: bit i % 8 (lowest first) of byte i // 8 is validator i, the
signatures ascend by i, at least a quorum.

Wallets, auditors, courts and joining nodes check this and nothing else. `next_valset_hash` at h names the validators of
h + 3; `history_root` covers all lower heights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from ledger.codec import array, blob, blob_up_to, decode, encode, exactly, integer, one_of, row
from ledger.crypto import HASH_BYTES, SIGNATURE_BYTES, Suite
from ledger.errors import BadProof, BadSignature
from ledger.validators import ENGINES, VALIDATORS_MAX, Engine, ValidatorSet, quorum_of

VERSION: Final = 1
VALIDATORS_LAG: Final = 3
"""A change of the validators that is executed at h acts from h + 3."""
CHECKPOINT_BYTES_MAX: Final = 512
CERTIFICATE_BYTES_MAX: Final = 8 * 1024

CHECKPOINT_SHAPE: Final = row(
    ("version", exactly(VERSION)),
    ("chain", blob(HASH_BYTES)),
    ("engine", one_of(*ENGINES)),
    ("valset_hash", blob(HASH_BYTES)),
    ("height", integer()),
    ("attempt", integer(0, 255)),
    ("block_hash", blob(HASH_BYTES)),
    ("block_time", integer()),
    ("state_root", blob(HASH_BYTES)),
    ("receipts_root", blob(HASH_BYTES)),
    ("next_valset_hash", blob(HASH_BYTES)),
    ("history_root", blob(HASH_BYTES)),
)
CERTIFICATE_SHAPE: Final = row(
    ("version", exactly(VERSION)),
    ("checkpoint", blob_up_to(CHECKPOINT_BYTES_MAX)),
    ("bitmap", blob_up_to(VALIDATORS_MAX // 8)),
    ("signatures", array(blob(SIGNATURE_BYTES), VALIDATORS_MAX, 1)),
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What executing one height came to."""

    chain: bytes
    engine: Engine
    valset_hash: bytes
    height: int
    attempt: int
    block_hash: bytes
    block_time: int
    state_root: bytes
    receipts_root: bytes
    next_valset_hash: bytes
    history_root: bytes

    def encode(self) -> bytes:
        return encode(
            (
                VERSION,
                self.chain,
                self.engine,
                self.valset_hash,
                self.height,
                self.attempt,
                self.block_hash,
                self.block_time,
                self.state_root,
                self.receipts_root,
                self.next_valset_hash,
                self.history_root,
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Checkpoint:
        """Raises `Refused` BYT-001…003."""
        value = decode(data, bytes_max=CHECKPOINT_BYTES_MAX)
        CHECKPOINT_SHAPE(value, "checkpoint")
        return cls(*value[1:])

    def agrees_with(self, other: Checkpoint) -> bool:
        """Whether both say the same of the height; which attempt it was says nothing of it."""
        return replace(self, attempt=other.attempt) == other

    def sign_bytes(self, suite: Suite) -> bytes:
        """The 32-byte hash that a validator signs."""
        return suite.hasher("checkpoint")(self.encode())


def bitmap_of(indices: list[int], count: int) -> bytes:
    """The bitmap of ⌈count / 8⌉ bytes with the bits of `indices` set."""
    bits = bytearray(-(-count // 8))
    for i in indices:
        bits[i // 8] |= 1 << i % 8
    return bytes(bits)


def indices_of(bitmap: bytes, count: int) -> list[int]:
    """The set bits, ascending; raises `BadProof` when the bitmap has another length or bits beyond `count`."""
    if len(bitmap) != -(-count // 8):
        raise BadProof(f"a bitmap of {len(bitmap)} bytes for {count} validators")
    indices = [i for i in range(8 * len(bitmap)) if bitmap[i // 8] >> i % 8 & 1]
    if indices and indices[-1] >= count:
        raise BadProof(f"validator {indices[-1]} of {count}")
    return indices


def verify_quorum(
    suite: Suite,
    engine: Engine,
    validators: ValidatorSet,
    digest: bytes,
    *,
    bitmap: bytes,
    signatures: tuple[bytes, ...],
) -> None:
    """Return when distinct validators, at least a quorum of them, signed `digest`, with nothing padded.

    Every signature is verified: a certificate with one bad signature is a bad certificate, else a relay could pad it.
    """
    indices = indices_of(bitmap, len(validators))
    quorum = quorum_of(engine, len(validators)).q
    if len(indices) != len(signatures) or len(indices) < quorum:
        raise BadProof(f"{len(signatures)} signatures for {len(indices)} validators, {quorum} needed")
    for i, signature in zip(indices, signatures, strict=True):
        try:
            suite.verify(validators.rows[i].key, digest, signature)
        except BadSignature as fault:
            raise BadProof(f"validator {i}: {fault.detail}") from None


@dataclass(frozen=True, slots=True)
class CheckpointCert:
    """A checkpoint with the signatures of a quorum. Holding one proves nothing until `verify` has returned."""

    checkpoint: Checkpoint
    bitmap: bytes
    signatures: tuple[bytes, ...]

    def to_value(self) -> tuple[Any, ...]:
        return (VERSION, self.checkpoint.encode(), self.bitmap, self.signatures)

    @classmethod
    def from_value(cls, value: Any, where: str = "certificate") -> CheckpointCert:
        CERTIFICATE_SHAPE(value, where)
        return cls(Checkpoint.decode(value[1]), value[2], value[3])

    def encode(self) -> bytes:
        return encode(self.to_value())

    @classmethod
    def decode(cls, data: bytes) -> CheckpointCert:
        """Raises `Refused` BYT-001…003."""
        return cls.from_value(decode(data, bytes_max=CERTIFICATE_BYTES_MAX))

    def verify(self, suite: Suite, chain: bytes, engine: Engine, validators: ValidatorSet) -> None:
        """Raises `BadProof` unless a quorum of exactly these validators signed this checkpoint of this chain.

        `engine` is the genesis's: it says how many are a quorum, and a certificate does not choose that for itself.
        """
        checkpoint = self.checkpoint
        if checkpoint.engine != engine:
            raise BadProof(f"a certificate of engine {checkpoint.engine}, the genesis says {engine}")
        if checkpoint.chain != chain:
            raise BadProof(f"a certificate of chain {checkpoint.chain.hex()[:12]}, not {chain.hex()[:12]}")
        if checkpoint.valset_hash != validators.hash(suite):
            raise BadProof(f"height {checkpoint.height} was certified by other validators")
        verify_quorum(
            suite,
            engine,
            validators,
            checkpoint.sign_bytes(suite),
            bitmap=self.bitmap,
            signatures=self.signatures,
        )
