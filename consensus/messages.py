"""What validators say to one another: signed records, certificates and questions, each with one canonical encoding.

A message on the wire is CBOR [type number, field, …]; an unknown type, a missing or an extra field is refused. `Vote`,
`Proposal`, `CheckpointVote`, `Rejoin` and `Status` carry a signature; certificates carry the signatures of a quorum; the
others are hints and questions that nobody has to believe. A signer is named by its row in the validators of the height
(its key, in Rejoin and Status). What is signed is in `consensus.signing`; nothing here is proved before
`consensus.verify` has looked at it.

Ordering.md calls the three phases of PBFT Proposal, Prevote and Precommit; a vote for nil has `block_hash` None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, NewType

from ledger.block import BODY_BYTES_MAX, MISBEHAVIOUR_BYTES_MAX, MISBEHAVIOUR_MAX, TRANSACTIONS_MAX, Header
from ledger.checkpoint import CHECKPOINT_BYTES_MAX, Checkpoint, CheckpointCert, indices_of
from ledger.codec import array, blob, blob_up_to, boolean, decode, encode, integer, one_of, optional, row
from ledger.crypto import HASH_BYTES, SIGNATURE_BYTES, Suite
from ledger.errors import BadProof, PeerFault, Refused, refuse
from ledger.transaction import WIRE_BYTES_MAX
from ledger.validators import VALIDATORS_MAX

Height = int
Round = int
BlockHash = bytes
PeerId = NewType("PeerId", bytes)
"""The consensus key of the node at the other end of a link."""

ROUND_MAX: Final = 2**31
NONCE_BYTES: Final = 16
FRAME_BYTES_MAX: Final = 4 * 1024 * 1024 + 64 * 1024
BLOCKS_COUNT_MAX: Final = 64
HAVE_COUNT_MAX: Final = 32
"""Rows of `RoundState.have`; what does not fit is sent again, which costs bytes and nothing else."""

_HEIGHT = integer(0)
_HEIGHT_SIGNED = integer(1)
_ROUND = integer(0, ROUND_MAX)
_HASH = blob(HASH_BYTES)
_VALIDATOR = integer(0, VALIDATORS_MAX - 1)
_SIGNATURE = blob(SIGNATURE_BYTES)
_KEY = blob(32, 64)
_BITMAP = blob_up_to(VALIDATORS_MAX // 8)
_SIGNATURES = array(_SIGNATURE, VALIDATORS_MAX, 1)


class VoteKind(IntEnum):
    """PBFT's prepare and commit."""

    PREVOTE = 1
    PRECOMMIT = 2


_VOTE_SHAPE = row(
    ("kind", one_of(1, 2)),
    ("height", _HEIGHT_SIGNED),
    ("round", _ROUND),
    ("block_hash", optional(_HASH)),
    ("validator", _VALIDATOR),
    ("signature", _SIGNATURE),
)


@dataclass(frozen=True, slots=True)
class Vote:
    """One validator's prevote or precommit for a block, or for nil."""

    kind: VoteKind
    height: Height
    round: Round
    block_hash: BlockHash | None
    validator: int
    signature: bytes

    def to_value(self) -> tuple[Any, ...]:
        return (int(self.kind), self.height, self.round, self.block_hash, self.validator, self.signature)

    @classmethod
    def from_value(cls, value: Any, where: str = "vote") -> Vote:
        _VOTE_SHAPE(value, where)
        return cls(VoteKind(value[0]), *value[1:])


_CERT_SHAPE = row(
    ("height", _HEIGHT_SIGNED), ("round", _ROUND), ("block_hash", _HASH), ("bitmap", _BITMAP), ("signatures", _SIGNATURES)
)


@dataclass(frozen=True, slots=True)
class PolkaCert:
    """A quorum's prevotes of one round for one block."""

    height: Height
    round: Round
    block_hash: BlockHash
    bitmap: bytes
    signatures: tuple[bytes, ...]

    def to_value(self) -> tuple[Any, ...]:
        return (self.height, self.round, self.block_hash, self.bitmap, self.signatures)

    @classmethod
    def from_value(cls, value: Any, where: str = "polka") -> PolkaCert:
        _CERT_SHAPE(value, where)
        return cls(*value)

    def votes(self, count: int) -> tuple[Vote, ...]:
        """The votes it is made of, among `count` validators; raises `BadProof` when bitmap and signatures disagree."""
        return _votes_of(VoteKind.PREVOTE, self, count)


@dataclass(frozen=True, slots=True)
class CommitCert:
    """A quorum's precommits of one round for one block: the block is decided."""

    height: Height
    round: Round
    block_hash: BlockHash
    bitmap: bytes
    signatures: tuple[bytes, ...]

    def to_value(self) -> tuple[Any, ...]:
        return (self.height, self.round, self.block_hash, self.bitmap, self.signatures)

    @classmethod
    def from_value(cls, value: Any, where: str = "commit certificate") -> CommitCert:
        _CERT_SHAPE(value, where)
        return cls(*value)

    def votes(self, count: int) -> tuple[Vote, ...]:
        """The votes it is made of, among `count` validators; raises `BadProof` when bitmap and signatures disagree."""
        return _votes_of(VoteKind.PRECOMMIT, self, count)


def _votes_of(kind: VoteKind, cert: PolkaCert | CommitCert, count: int) -> tuple[Vote, ...]:
    signers = indices_of(cert.bitmap, count)
    if len(signers) != len(cert.signatures):
        raise BadProof(f"{len(cert.signatures)} signatures of {len(signers)} signers")
    pairs = zip(signers, cert.signatures, strict=True)
    return tuple(Vote(kind, cert.height, cert.round, cert.block_hash, i, signature) for i, signature in pairs)


_ENDING_SHAPE = array(
    row(("validator", _VALIDATOR), ("block_hash", optional(_HASH)), ("signature", _SIGNATURE)), VALIDATORS_MAX, 1
)
_ROUND_CERT_SHAPE = row(("height", _HEIGHT_SIGNED), ("round", _ROUND), ("endings", _ENDING_SHAPE))


@dataclass(frozen=True, slots=True)
class RoundCert:
    """A quorum's precommits of one round for any values: the round is over and the next may start (R10).

    `endings` holds (validator, block hash or None, signature) ascending by validator.
    """

    height: Height
    round: Round
    endings: tuple[tuple[int, BlockHash | None, bytes], ...]

    def to_value(self) -> tuple[Any, ...]:
        return (self.height, self.round, self.endings)

    @classmethod
    def from_value(cls, value: Any, where: str = "round certificate") -> RoundCert:
        _ROUND_CERT_SHAPE(value, where)
        signers = [ending[0] for ending in value[2]]
        if any(low >= high for low, high in zip(signers, signers[1:], strict=False)):
            raise refuse("BYT-003", where=where, expected="signers in ascending order", found="another order")
        return cls(*value)

    def votes(self) -> tuple[Vote, ...]:
        return tuple(
            Vote(VoteKind.PRECOMMIT, self.height, self.round, block_hash, validator, signature)
            for validator, block_hash, signature in self.endings
        )


_CLAIM_SHAPE = row(
    ("height", _HEIGHT_SIGNED),
    ("round", _ROUND),
    ("block_hash", _HASH),
    ("valid_round", optional(_ROUND)),
    ("polka_hash", optional(_HASH)),
    ("validator", _VALIDATOR),
    ("signature", _SIGNATURE),
)


@dataclass(frozen=True, slots=True)
class ProposalClaim:
    """The part of a proposal that its proposer signs, as misbehaviour records keep it."""

    height: Height
    round: Round
    block_hash: BlockHash
    valid_round: Round | None
    polka_hash: bytes | None
    validator: int
    signature: bytes

    def to_value(self) -> tuple[Any, ...]:
        return (
            self.height,
            self.round,
            self.block_hash,
            self.valid_round,
            self.polka_hash,
            self.validator,
            self.signature,
        )

    @classmethod
    def from_value(cls, value: Any, where: str = "proposal claim") -> ProposalClaim:
        _CLAIM_SHAPE(value, where)
        return cls(*value)


_PROPOSAL_FIELDS = (("round", _ROUND), ("valid_round", optional(_ROUND)), ("validator", _VALIDATOR))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A round's proposer names a block by its header. The body travels on the bulk stream.

    A value proposed again carries the round in which it won a polka, and that polka (R3, H2). The header never changes
    on the way; the commit round is nowhere in it.
    """

    round: Round
    header: Header
    valid_round: Round | None
    polka: PolkaCert | None
    validator: int
    signature: bytes

    @property
    def height(self) -> Height:
        return self.header.height

    def to_value(self) -> tuple[Any, ...]:
        polka = None if self.polka is None else self.polka.to_value()
        return (self.round, self.header.to_value(), self.valid_round, polka, self.validator, self.signature)

    @classmethod
    def from_value(cls, value: Any, suite: Suite, where: str = "proposal") -> Proposal:
        if type(value) is not tuple or len(value) != 6:
            raise refuse("BYT-003", where=where, expected="an array of 6", found=type(value).__name__)
        round_, header, valid_round, polka, validator, signature = value
        row(*_PROPOSAL_FIELDS, ("signature", _SIGNATURE))((round_, valid_round, validator, signature), where)
        found = None if polka is None else PolkaCert.from_value(polka, f"{where}.polka")
        built = cls(round_, Header.from_value(header, suite, f"{where}.header"), valid_round, found, validator, signature)
        if (built.valid_round is None) != (built.polka is None):
            raise refuse("BYT-003", where=where, expected="a valid round with its polka", found="one of the two")
        return built


_CHECKPOINT_VOTE_SHAPE = row(
    ("checkpoint", blob_up_to(CHECKPOINT_BYTES_MAX)), ("validator", _VALIDATOR), ("signature", _SIGNATURE)
)


@dataclass(frozen=True, slots=True)
class CheckpointVote:
    """One validator's signature over what executing a height came to."""

    checkpoint: Checkpoint
    validator: int
    signature: bytes

    @property
    def height(self) -> Height:
        return self.checkpoint.height

    def to_value(self) -> tuple[Any, ...]:
        return (self.checkpoint.encode(), self.validator, self.signature)

    @classmethod
    def from_value(cls, value: Any, where: str = "checkpoint vote") -> CheckpointVote:
        _CHECKPOINT_VOTE_SHAPE(value, where)
        return cls(Checkpoint.decode(value[0]), value[1], value[2])


_HAVE_SHAPE = array(
    row(("kind", one_of(0, 1, 2)), ("block_hash", optional(_HASH)), ("bitmap", _BITMAP)), HAVE_COUNT_MAX
)
_ROUND_STATE_SHAPE = row(
    ("height", _HEIGHT_SIGNED),
    ("round", _ROUND),
    ("step", integer(0, 2)),
    ("have", _HAVE_SHAPE),
    ("valid_round", optional(_ROUND)),
    ("certified", _HEIGHT),
)

Have = tuple[tuple[int, BlockHash | None, bytes], ...]
"""(0, block hash, b"") for a proposal held, (vote kind, block hash or None, bitmap of signers) for votes held. By value,
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


_REJOIN_SHAPE = row(("key", _KEY), ("nonce", blob(NONCE_BYTES)), ("signature", _SIGNATURE))


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
    ("height", _HEIGHT),
    ("block_hash", _HASH),
    ("observer", boolean),
    ("signature", _SIGNATURE),
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


_EVIDENCE_SHAPE = row(
    ("kind", one_of(1, 2, 3, 4)),
    ("offender", _KEY),
    ("a", blob_up_to(MISBEHAVIOUR_BYTES_MAX // 2)),
    ("b", blob_up_to(MISBEHAVIOUR_BYTES_MAX // 2)),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A misbehaviour record, as peers pass it on and as blocks carry it: `encode_message` of this is the record's bytes.

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
    def from_value(cls, value: Any, where: str = "misbehaviour") -> Evidence:
        _EVIDENCE_SHAPE(value, where)
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


@dataclass(frozen=True, slots=True)
class GetBlocks:
    """Asks for decided blocks from `first` on, at most `count`."""

    first: Height
    count: int

    def to_value(self) -> tuple[Any, ...]:
        return (self.first, self.count)

    @classmethod
    def from_value(cls, value: Any, where: str = "question") -> GetBlocks:
        row(("first", _HEIGHT_SIGNED), ("count", integer(1, BLOCKS_COUNT_MAX)))(value, where)
        return cls(*value)


@dataclass(frozen=True, slots=True)
class CertifiedBlock:
    """A decided block in full: header, encoded body, and the certificate that decides it."""

    header: Header
    body: bytes
    cert: CommitCert

    def to_value(self) -> tuple[Any, ...]:
        return (self.header.to_value(), self.body, self.cert.to_value())

    @classmethod
    def from_value(cls, value: Any, suite: Suite, where: str = "block") -> CertifiedBlock:
        if type(value) is not tuple or len(value) != 3:
            raise refuse("BYT-003", where=where, expected="an array of 3", found=type(value).__name__)
        blob_up_to(BODY_BYTES_MAX)(value[1], f"{where}.body")
        header = Header.from_value(value[0], suite, f"{where}.header")
        built = cls(header, value[1], CommitCert.from_value(value[2], f"{where}.cert"))
        if built.cert.height != header.height:
            raise refuse("BYT-003", where=where, expected=f"height {header.height}", found=str(built.cert.height))
        return built


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
        row(("top", _HEIGHT), ("blocks", any_tuple))(value, where)
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
        array(_HASH, TRANSACTIONS_MAX)(value[1], f"{where}.wids")
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
        wids = array(_HASH, TRANSACTIONS_MAX)
        row(("height", _HEIGHT_SIGNED), ("block_hash", _HASH), ("wids", wids))(value, where)
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
        row(("height", _HEIGHT_SIGNED), ("block_hash", _HASH), ("wires", wires))(value, where)
        return cls(*value)


@dataclass(frozen=True, slots=True)
class TxBatch:
    """Transactions on their way to other mempools."""

    wires: tuple[bytes, ...]

    def to_value(self) -> tuple[Any, ...]:
        return (self.wires,)

    @classmethod
    def from_value(cls, value: Any, where: str = "batch") -> TxBatch:
        row(("wires", array(blob_up_to(WIRE_BYTES_MAX), TRANSACTIONS_MAX)))(value, where)
        return cls(value[0])


OrderingMessage = (
    Proposal | Vote | PolkaCert | CommitCert | RoundCert | RoundState | CheckpointVote | Certificate
    | Evidence | Rejoin | Status | GetNewest | Newest
)  # fmt: skip
"""What the engine is told."""
BulkMessage = GetBlocks | Blocks | Manifest | GetBodies | Bodies | TxBatch
"""What catch-up, the mempool and the assembly of bodies are told; it never reaches the engine."""
PeerMessage = OrderingMessage | BulkMessage

_TYPES: Final[dict[int, type[Any]]] = {
    1: Proposal, 2: Vote, 3: PolkaCert, 4: CommitCert, 5: RoundCert, 6: RoundState, 7: CheckpointVote, 8: Certificate,
    9: Evidence, 10: Rejoin, 11: Status, 12: GetNewest, 13: Newest,
    20: GetBlocks, 21: Blocks, 22: Manifest, 23: GetBodies, 24: Bodies, 25: TxBatch,
}  # fmt: skip
_NUMBERS: Final = {kind: number for number, kind in _TYPES.items()}
_WITH_KEYS: Final = frozenset({Proposal, Newest, Blocks, Manifest})
"""Their headers hold keys, whose length the suite knows."""


def encode_message(message: PeerMessage) -> bytes:
    return encode((_NUMBERS[type(message)], *message.to_value()))


def decode_message(data: bytes, suite: Suite) -> PeerMessage:
    """The message that `data` is the one encoding of; raises `PeerFault`."""
    try:
        return _decode(data, suite)
    except Refused as refusal:
        raise PeerFault(refusal.code, refusal.text("en")) from None


def _decode(data: bytes, suite: Suite) -> PeerMessage:
    value = decode(data, bytes_max=FRAME_BYTES_MAX)
    number = value[0] if type(value) is tuple and value else None
    kind = _TYPES.get(number) if type(number) is int else None
    if kind is None:
        raise refuse("BYT-003", where="message", expected="a known type", found=str(number)[:20])
    build: Callable[..., PeerMessage] = kind.from_value
    return build(value[1:], suite) if kind in _WITH_KEYS else build(value[1:])
