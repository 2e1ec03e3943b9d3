"""What validators say to one another: signed records, certificates and questions, each with one canonical encoding.

A message on the wire is CBOR [type number, field, …]; an unknown type, a missing or an extra field is refused. `Vote`,
`Proposal`, `CheckpointVote`, `Rejoin` and `Status` carry a signature; certificates carry the signatures of a quorum;
the others are hints and questions that nobody has to believe. A signer is named by its row in the validators of the
height (its key, in Rejoin and Status). What is signed is in `consensus.signing`; nothing here is proved before
`consensus.verify` has looked at it.

Ordering.md calls the three phases of PBFT Proposal, Prevote and Precommit; a vote for nil has `block_hash` None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from consensus.bulk import (
    BLOCKS_COUNT_MAX,
    Blocks,
    Bodies,
    CertifiedBlock,
    GetBlocks,
    GetBodies,
    GetTransactions,
    Manifest,
    TxBatch,
)
from consensus.outcome import WRITES_MAX, GetOutcome, Outcome
from consensus.signed import (
    BITMAP,
    HASH,
    HEIGHT,
    ROUND,
    ROUND_MAX,
    SIGNATURE,
    BlockHash,
    CheckpointVote,
    CommitCert,
    Height,
    PeerId,
    PolkaCert,
    Proposal,
    ProposalClaim,
    Round,
    RoundCert,
    Vote,
    VoteKind,
)
from ledger.block import MISBEHAVIOUR_BYTES_MAX, TRANSACTIONS_MAX
from ledger.checkpoint import CheckpointCert
from ledger.codec import array, blob, blob_up_to, boolean, decode, encode, integer, one_of, optional, row
from ledger.crypto import Suite
from ledger.errors import PeerFault, Refused, refuse

__all__ = [
    "BLOCKS_COUNT_MAX",
    "ELEMENTS_MAX",
    "FRAME_BYTES_MAX",
    "HAVE_COUNT_MAX",
    "NONCE_BYTES",
    "ROUND_MAX",
    "SMALL_BYTES_MAX",
    "BlockHash",
    "Blocks",
    "Bodies",
    "BulkMessage",
    "Certificate",
    "CertifiedBlock",
    "CheckpointVote",
    "CommitCert",
    "GetBlocks",
    "GetBodies",
    "GetNewest",
    "GetOutcome",
    "GetTransactions",
    "Have",
    "Height",
    "Manifest",
    "Misbehaviour",
    "MisbehaviourKind",
    "Newest",
    "OrderingMessage",
    "Outcome",
    "PeerId",
    "PeerMessage",
    "PolkaCert",
    "Proposal",
    "ProposalClaim",
    "Rejoin",
    "Round",
    "RoundCert",
    "RoundState",
    "Status",
    "TxBatch",
    "Vote",
    "VoteKind",
    "decode_message",
    "encode_message",
]  # fmt: skip
"""The one door: what is said is imported from here, whichever file it is written in."""

NONCE_BYTES: Final = 16
FRAME_BYTES_MAX: Final = 4 * 1024 * 1024 + 64 * 1024
SMALL_BYTES_MAX: Final = 32 * 1024
"""Of every message that carries neither transactions nor their names; the largest of these is a misbehaviour record."""
ELEMENTS_MAX: Final = 8 + TRANSACTIONS_MAX + 1 + 3 * WRITES_MAX
"""Values in one message. An `Outcome` can have as many; headers and certificates of a full range of blocks fewer."""
HAVE_COUNT_MAX: Final = 32
"""Rows of `RoundState.have`; what does not fit is sent again, which costs bytes and nothing else."""

_KEY = blob(32, 64)
_HAVE_SHAPE = array(row(("kind", one_of(0, 1, 2)), ("block_hash", optional(HASH)), ("bitmap", BITMAP)), HAVE_COUNT_MAX)
_ROUND_STATE_SHAPE = row(
    ("height", HEIGHT),
    ("round", ROUND),
    ("step", integer(0, 2)),
    ("have", _HAVE_SHAPE),
    ("valid_round", optional(ROUND)),
    ("certified", integer(0)),
)

Have = tuple[tuple[int, BlockHash | None, bytes], ...]
"""(0, block hash, b"") for a proposal held, (vote kind, block hash or None, bitmap of signers) for votes held. By
value,
not by signer: a traitor's other vote must not hide the one that is missing (H1)."""


@dataclass(frozen=True, slots=True)
class RoundState:
    """Where a node stands and what it holds of its round, so that others can send what it lacks.

    `certified` is its highest certified height. `cert` is the CommitCert of height − 1 (None at height 1): no height is
    believed without one.
    """

    height: Height
    round: Round
    step: int
    have: Have
    valid_round: Round | None
    certified: Height
    cert: CommitCert | None

    def to_value(self) -> tuple[Any, ...]:
        cert = None if self.cert is None else self.cert.to_value()
        return (self.height, self.round, self.step, self.have, self.valid_round, self.certified, cert)

    @classmethod
    def from_value(cls, value: Any, where: str = "round state") -> RoundState:
        if type(value) is not tuple or len(value) != 7:
            raise refuse("BYT-003", where=where, expected="an array of 7", found=type(value).__name__)
        _ROUND_STATE_SHAPE(value[:6], where)
        cert = None if value[6] is None else CommitCert.from_value(value[6], f"{where}.cert")
        built = cls(*value[:6], cert)
        if (cert is None and built.height != 1) or (cert is not None and cert.height != built.height - 1):
            raise refuse("BYT-003", where=where, expected="the certificate of the height below", found="another")
        return built


_REJOIN_SHAPE = row(("key", _KEY), ("nonce", blob(NONCE_BYTES)), ("signature", SIGNATURE))


@dataclass(frozen=True, slots=True)
class Rejoin:
    """A member that may have forgotten what it signed asks where the others stand."""

    key: bytes
    nonce: bytes
    signature: bytes

    def to_value(self) -> tuple[Any, ...]:
        return (self.key, self.nonce, self.signature)

    @classmethod
    def from_value(cls, value: Any, where: str = "rejoin") -> Rejoin:
        _REJOIN_SHAPE(value, where)
        return cls(*value)


_STATUS_SHAPE = row(
    ("key", _KEY),
    ("nonce", blob(NONCE_BYTES)),
    ("height", integer(0)),
    ("block_hash", HASH),
    ("observer", boolean),
    ("signature", SIGNATURE),
)


@dataclass(frozen=True, slots=True)
class Status:
    """The signed answer to a Rejoin: the highest height that its sender has decided, with the certificate of it."""

    key: bytes
    nonce: bytes
    height: Height
    block_hash: BlockHash
    observer: bool
    signature: bytes
    cert: CommitCert | None

    def to_value(self) -> tuple[Any, ...]:
        cert = None if self.cert is None else self.cert.to_value()
        return (self.key, self.nonce, self.height, self.block_hash, self.observer, self.signature, cert)

    @classmethod
    def from_value(cls, value: Any, where: str = "status") -> Status:
        if type(value) is not tuple or len(value) != 7:
            raise refuse("BYT-003", where=where, expected="an array of 7", found=type(value).__name__)
        _STATUS_SHAPE(value[:6], where)
        cert = None if value[6] is None else CommitCert.from_value(value[6], f"{where}.cert")
        built = cls(*value[:6], cert)
        claimed = (0, None) if cert is None else (cert.height, cert.block_hash)
        if claimed != (built.height, None if cert is None else built.block_hash):
            raise refuse("BYT-003", where=where, expected="the certificate of its height", found="another")
        return built


@dataclass(frozen=True, slots=True)
class GetNewest:
    """A node that has just started asks for the newest vote or proposal that carries its own key."""

    def to_value(self) -> tuple[Any, ...]:
        return ()

    @classmethod
    def from_value(cls, value: Any, where: str = "question") -> GetNewest:
        row()(value, where)
        return cls()


@dataclass(frozen=True, slots=True)
class Newest:
    """The answer to GetNewest: the asker's own signed message, or None when none is held."""

    message: Vote | Proposal | None

    def to_value(self) -> tuple[Any, ...]:
        return (None if self.message is None else encode_message(self.message),)

    @classmethod
    def from_value(cls, value: Any, suite: Suite, where: str = "newest") -> Newest:
        row(("message", optional(blob_up_to(MISBEHAVIOUR_BYTES_MAX))))(value, where)
        found = None if value[0] is None else _decode(value[0], suite)
        if found is not None and not isinstance(found, (Vote, Proposal)):
            raise refuse("BYT-003", where=where, expected="a vote or a proposal", found=type(found).__name__)
        return cls(found)


class MisbehaviourKind(IntEnum):
    """What a validator can be shown to have done by bytes that it signed."""

    DUPLICATE_VOTE = 1
    DUPLICATE_PROPOSAL = 2
    DUPLICATE_CHECKPOINT = 3
    INVALID_CERT = 4


_MISBEHAVIOUR_SHAPE = row(
    ("kind", one_of(1, 2, 3, 4)),
    ("offender", _KEY),
    ("a", blob_up_to(MISBEHAVIOUR_BYTES_MAX // 2)),
    ("b", blob_up_to(MISBEHAVIOUR_BYTES_MAX // 2)),
)


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """A misbehaviour record, as peers pass it on and as blocks carry it: `encode_message` of this is the record's
    bytes.

    a and b are the encodings of two Votes, ProposalClaims or CheckpointVotes (a < b); for INVALID_CERT of the
    ProposalClaim and of the polka that it names by hash.
    """

    kind: MisbehaviourKind
    offender: bytes
    a: bytes
    b: bytes

    def to_value(self) -> tuple[Any, ...]:
        return (int(self.kind), self.offender, self.a, self.b)

    @classmethod
    def from_value(cls, value: Any, where: str = "misbehaviour") -> Misbehaviour:
        _MISBEHAVIOUR_SHAPE(value, where)
        return cls(MisbehaviourKind(value[0]), *value[1:])


@dataclass(frozen=True, slots=True)
class Certificate:
    """A CheckpointCert on its way between nodes."""

    cert: CheckpointCert

    def to_value(self) -> tuple[Any, ...]:
        return (self.cert.to_value(),)

    @classmethod
    def from_value(cls, value: Any, where: str = "checkpoint certificate") -> Certificate:
        if type(value) is not tuple or len(value) != 1:
            raise refuse("BYT-003", where=where, expected="an array of 1", found=type(value).__name__)
        return cls(CheckpointCert.from_value(value[0], where))


OrderingMessage = (
    Proposal | Vote | PolkaCert | CommitCert | RoundCert | RoundState | CheckpointVote | Certificate
    | Misbehaviour | Rejoin | Status | GetNewest | Newest
)  # fmt: skip
"""What the engine is told."""
BulkMessage = GetBlocks | Blocks | Manifest | GetBodies | Bodies | TxBatch | GetTransactions | GetOutcome | Outcome
"""What catch-up, the mempool, the assembly of bodies and comparing nodes are told; it never reaches the engine."""
PeerMessage = OrderingMessage | BulkMessage

_TYPES: Final[dict[int, type[Any]]] = {
    1: Proposal, 2: Vote, 3: PolkaCert, 4: CommitCert, 5: RoundCert, 6: RoundState, 7: CheckpointVote, 8: Certificate,
    9: Misbehaviour, 10: Rejoin, 11: Status, 12: GetNewest, 13: Newest,
    20: GetBlocks, 21: Blocks, 22: Manifest, 23: GetBodies, 24: Bodies, 25: TxBatch,
    26: GetTransactions, 27: GetOutcome, 28: Outcome,
}  # fmt: skip
_NUMBERS: Final = {kind: number for number, kind in _TYPES.items()}
_WITH_KEYS: Final = frozenset({Proposal, Newest, Blocks, Manifest})
"""Their headers hold keys, whose length the suite knows."""
_LARGE: Final = frozenset({Blocks, Manifest, GetBodies, Bodies, TxBatch, Outcome})


def encode_message(message: PeerMessage) -> bytes:
    return encode((_NUMBERS[type(message)], *message.to_value()))


def decode_message(data: bytes, suite: Suite) -> PeerMessage:
    """The message that `data` is the one encoding of; raises `PeerFault`."""
    try:
        return _decode(data, suite)
    except Refused as refusal:
        raise PeerFault(refusal.code, refusal.text("en")) from None


def _decode(data: bytes, suite: Suite) -> PeerMessage:
    value = decode(data, bytes_max=_bytes_max_of(data), elements_max=ELEMENTS_MAX)
    number = value[0] if type(value) is tuple and value else None
    kind = _TYPES.get(number) if type(number) is int else None
    if kind is None:
        raise refuse("BYT-003", where="message", expected="a known type", found=str(number)[:20])
    build: Callable[..., PeerMessage] = kind.from_value
    return build(value[1:], suite) if kind in _WITH_KEYS else build(value[1:])


def _bytes_max_of(data: bytes) -> int:
    """How long a message may be that begins like this, seen before anything of it is decoded.

    The head of the array comes first, then the type's number, which is a byte or, from 24 on, a byte after a head.
    What does not begin so gets the smaller limit; that it is no message is seen when it is decoded.
    """
    start = data[1:3]
    number = start[1] if len(start) == 2 and start[0] == 24 else start[0] if start else 0
    return FRAME_BYTES_MAX if _TYPES.get(number) in _LARGE else SMALL_BYTES_MAX
