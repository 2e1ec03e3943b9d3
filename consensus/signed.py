"""Votes, proposals, checkpoint signatures and the certificates made of them: what validators put their keys to.

A signer is named by its row in the validators of the height. A vote for nil has `block_hash` None. What exactly is
signed is in `consensus.signing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any, Final, NewType

from ledger.block import Header
from ledger.checkpoint import CHECKPOINT_BYTES_MAX, Checkpoint, indices_of
from ledger.codec import array, blob, blob_up_to, integer, one_of, optional, row
from ledger.crypto import HASH_BYTES, SIGNATURE_BYTES, Suite
from ledger.errors import BadProof, refuse
from ledger.validators import VALIDATORS_MAX

Height = int
Round = int
BlockHash = bytes
PeerId = NewType("PeerId", bytes)
"""The consensus key of the node at the other end of a link."""

ROUND_MAX: Final = 2**31

HEIGHT = integer(1)
ROUND = integer(0, ROUND_MAX)
HASH = blob(HASH_BYTES)
VALIDATOR = integer(0, VALIDATORS_MAX - 1)
SIGNATURE = blob(SIGNATURE_BYTES)
BITMAP = blob_up_to(VALIDATORS_MAX // 8)
_SIGNATURES = array(SIGNATURE, VALIDATORS_MAX, 1)


class VoteKind(IntEnum):
    """PBFT's prepare and commit."""

    PREVOTE = 1
    PRECOMMIT = 2


_VOTE_SHAPE = row(
    ("kind", one_of(1, 2)),
    ("height", HEIGHT),
    ("round", ROUND),
    ("block_hash", optional(HASH)),
    ("validator", VALIDATOR),
    ("signature", SIGNATURE),
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
    ("height", HEIGHT), ("round", ROUND), ("block_hash", HASH), ("bitmap", BITMAP), ("signatures", _SIGNATURES)
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
    row(("validator", VALIDATOR), ("block_hash", optional(HASH)), ("signature", SIGNATURE)), VALIDATORS_MAX, 1
)
_ROUND_CERT_SHAPE = row(("height", HEIGHT), ("round", ROUND), ("endings", _ENDING_SHAPE))


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
        if any(low >= high for low, high in pairwise(signers)):
            raise refuse("BYT-003", where=where, expected="signers in ascending order", found="another order")
        return cls(*value)

    def votes(self) -> tuple[Vote, ...]:
        return tuple(
            Vote(VoteKind.PRECOMMIT, self.height, self.round, block_hash, validator, signature)
            for validator, block_hash, signature in self.endings
        )


_CLAIM_SHAPE = row(
    ("height", HEIGHT),
    ("round", ROUND),
    ("block_hash", HASH),
    ("valid_round", optional(ROUND)),
    ("polka_hash", optional(HASH)),
    ("validator", VALIDATOR),
    ("signature", SIGNATURE),
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


_PROPOSAL_FIELDS = (("round", ROUND), ("valid_round", optional(ROUND)), ("validator", VALIDATOR))


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
        row(*_PROPOSAL_FIELDS, ("signature", SIGNATURE))((round_, valid_round, validator, signature), where)
        found = None if polka is None else PolkaCert.from_value(polka, f"{where}.polka")
        named = Header.from_value(header, suite, f"{where}.header")
        built = cls(round_, named, valid_round, found, validator, signature)
        if (built.valid_round is None) != (built.polka is None):
            raise refuse("BYT-003", where=where, expected="a valid round with its polka", found="one of the two")
        return built


_CHECKPOINT_VOTE_SHAPE = row(
    ("checkpoint", blob_up_to(CHECKPOINT_BYTES_MAX)), ("validator", VALIDATOR), ("signature", SIGNATURE)
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
