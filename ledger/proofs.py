"""What a node hands out so that a wallet need not believe it: the forms that travel inside answers of the API.

* `HeightProof`: a height's header and roots, and the path to the history root of a higher certificate (none where the
  certificate is the height's own). CBOR [header bytes, state_root, receipts_root, history path | null].
* `ReceiptProof`: the same with a receipt's path to `receipts_root` and the certificate itself.
  CBOR [header bytes, state_root, receipts_root, receipt path, certificate, history path | null].
* `freshness_digest`: what a validator signs to show that a certificate is its highest one now.
  H("fresh", CBOR [1, chain, nonce, height, checkpoint hash]).

Decoding checks the form alone. `verify_height` follows a height's path, for wallets and for evidence files alike; that
of a receipt is `MerkleTree.root_of_path`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.block import HEADER_BYTES_MAX
from ledger.checkpoint import Checkpoint, CheckpointCert
from ledger.codec import anything, blob, blob_up_to, decode, encode, row
from ledger.crypto import HASH_BYTES, Suite
from ledger.errors import BadProof
from ledger.history import HistoryPath, HistoryRange
from ledger.merkle import Path, check_path

FRESHNESS_VERSION: Final = 1
PROOF_BYTES_MAX: Final = 64 * 1024

_HEIGHT_SHAPE: Final = row(
    ("header", blob_up_to(HEADER_BYTES_MAX)),
    ("state_root", blob(HASH_BYTES)),
    ("receipts_root", blob(HASH_BYTES)),
    ("history_path", anything),
)
_RECEIPT_SHAPE: Final = row(
    ("header", blob_up_to(HEADER_BYTES_MAX)),
    ("state_root", blob(HASH_BYTES)),
    ("receipts_root", blob(HASH_BYTES)),
    ("receipt_path", anything),
    ("certificate", anything),
    ("history_path", anything),
)


@dataclass(frozen=True, slots=True)
class HeightProof:
    """`header` is the header's CBOR, whose hash is the block's; roots have 32 bytes."""

    header: bytes
    state_root: bytes
    receipts_root: bytes
    history_path: HistoryPath | None

    def encode(self) -> bytes:
        path = None if self.history_path is None else self.history_path.to_value()
        return encode((self.header, self.state_root, self.receipts_root, path))

    @classmethod
    def decode(cls, data: bytes) -> HeightProof:
        """Raises `Refused` BYT-001…003."""
        value = decode(data, bytes_max=PROOF_BYTES_MAX)
        _HEIGHT_SHAPE(value, "height proof")
        header, state_root, receipts_root, path = value
        return cls(header, state_root, receipts_root, None if path is None else HistoryPath.from_value(path))


@dataclass(frozen=True, slots=True)
class ReceiptProof:
    """`receipt_path` leads from the receipt's hash to `height.receipts_root`; `certificate` is of that height or of a
    higher one, to which `height.history_path` then leads."""

    height: HeightProof
    receipt_path: Path
    certificate: CheckpointCert

    def encode(self) -> bytes:
        height = self.height
        path = None if height.history_path is None else height.history_path.to_value()
        roots = (height.state_root, height.receipts_root)
        return encode((height.header, *roots, self.receipt_path, self.certificate.to_value(), path))

    @classmethod
    def decode(cls, data: bytes) -> ReceiptProof:
        """Raises `Refused` BYT-001…003."""
        value = decode(data, bytes_max=PROOF_BYTES_MAX)
        _RECEIPT_SHAPE(value, "receipt proof")
        header, state_root, receipts_root, receipt_path, certificate, path = value
        history_path = None if path is None else HistoryPath.from_value(path)
        height = HeightProof(header, state_root, receipts_root, history_path)
        return cls(height, check_path(receipt_path), CheckpointCert.from_value(certificate))


def verify_height(
    spans: HistoryRange, checkpoint: Checkpoint, height: tuple[int, bytes, bytes, bytes], path: HistoryPath | None
) -> None:
    """Raises `BadProof` unless a checked certificate's `checkpoint` certifies this (height, block hash, state root,
    receipts root): as its own without a path, else as a leaf of its history."""
    if path is None:
        certified = (checkpoint.height, checkpoint.block_hash, checkpoint.state_root, checkpoint.receipts_root)
        for name, ours, theirs in zip(
            ("height", "block hash", "state root", "receipts root"), height, certified, strict=True
        ):
            if ours != theirs:
                raise BadProof(f"the {name} is not the certified one")
        return
    if path.leaves != checkpoint.height:
        raise BadProof(f"a history of {path.leaves} heights under a certificate of height {checkpoint.height}")
    if spans.root_of_path(height[0], spans.leaf(*height), path) != checkpoint.history_root:
        raise BadProof("the history path leads to another root")


def freshness_digest(suite: Suite, chain: bytes, nonce: bytes, height: int, checkpoint_hash: bytes) -> bytes:
    """The 32 bytes that a validator signs; `checkpoint_hash` is `Checkpoint.sign_bytes` of its highest certificate."""
    return suite.hasher("fresh")(encode((FRESHNESS_VERSION, chain, nonce, height, checkpoint_hash)))
