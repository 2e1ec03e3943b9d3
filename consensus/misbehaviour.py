"""Misbehaviour: what a validator can be convicted of by its own signatures. (The word evidence, elsewhere, is a court's
file.)

Four kinds: two votes of one (height, round, type) for different values; two proposals of one (height, round); two
checkpoints of one (height, attempt); a proposal that names, by a hash its proposer signed, a polka that is none.
Two signatures over the same sign bytes are neither misbehaviour nor an error: a restart sends again what it had signed.

Records are carried in blocks, checked against the validators of the offence's height, and counted once for each
(offender, height, round, type). The effect is an alarm and a governance proposal, never a removal by itself.
"""

from __future__ import annotations

from typing import Final, TypeVar

from consensus.messages import (
    CheckpointVote,
    Height,
    Misbehaviour,
    MisbehaviourKind,
    PolkaCert,
    Proposal,
    ProposalClaim,
    Round,
    Vote,
    VoteKind,
)
from consensus.signing import Domain
from ledger.checkpoint import verify_quorum
from ledger.codec import decode, encode
from ledger.errors import BadProof, BadSignature, Refused
from ledger.validators import ValidatorSet

Offence = tuple[bytes, Height, Round, int]
"""(offender, height, round or attempt, type): what is counted once. Types: 0 proposal, 1 prevote, 2 precommit,
3 checkpoint, 4 certificate."""

HALF_BYTES_MAX: Final = 8 * 1024
Claim = Vote | ProposalClaim | CheckpointVote | PolkaCert
ClaimT = TypeVar("ClaimT", Vote, ProposalClaim, CheckpointVote)


def claim_of(domain: Domain, proposal: Proposal) -> ProposalClaim:
    """What the proposer signed of a proposal."""
    return ProposalClaim(
        proposal.height,
        proposal.round,
        proposal.header.hash(domain.suite),
        proposal.valid_round,
        domain.polka_hash(proposal.polka),
        proposal.validator,
        proposal.signature,
    )


def duplicate_votes(offender: bytes, one: Vote, other: Vote) -> Misbehaviour:
    return _pair(MisbehaviourKind.DUPLICATE_VOTE, offender, one, other)


def duplicate_proposals(offender: bytes, one: ProposalClaim, other: ProposalClaim) -> Misbehaviour:
    return _pair(MisbehaviourKind.DUPLICATE_PROPOSAL, offender, one, other)


def duplicate_checkpoints(offender: bytes, one: CheckpointVote, other: CheckpointVote) -> Misbehaviour:
    return _pair(MisbehaviourKind.DUPLICATE_CHECKPOINT, offender, one, other)


def invalid_certificate(offender: bytes, claim: ProposalClaim, polka: PolkaCert) -> Misbehaviour:
    return Misbehaviour(MisbehaviourKind.INVALID_CERT, offender, encode(claim.to_value()), encode(polka.to_value()))


def _pair(kind: MisbehaviourKind, offender: bytes, one: ClaimT, other: ClaimT) -> Misbehaviour:
    # Ordered, so that two nodes that saw the pair in different orders make one record.
    a, b = sorted((encode(one.to_value()), encode(other.to_value())))
    return Misbehaviour(kind, offender, a, b)


def height_of(misbehaviour: Misbehaviour) -> Height:
    """The height of the offence, whose validators must be asked; raises `BadProof` when a half is malformed."""
    return _halves(misbehaviour)[0].height


def offence_of(misbehaviour: Misbehaviour) -> Offence:
    """What the record is about, whether or not it proves it; raises `BadProof` when a half is malformed."""
    one = _halves(misbehaviour)[0]
    if isinstance(one, Vote):
        return misbehaviour.offender, one.height, one.round, int(one.kind)
    if isinstance(one, CheckpointVote):
        return misbehaviour.offender, one.height, one.checkpoint.attempt, 3
    return misbehaviour.offender, one.height, one.round, 4 if misbehaviour.kind is MisbehaviourKind.INVALID_CERT else 0


def verify_misbehaviour(domain: Domain, misbehaviour: Misbehaviour, validators: ValidatorSet) -> Offence:
    """What the record proves against its offender; `validators` are those of its height. Raises `BadProof`."""
    one, other = _halves(misbehaviour)
    valset_hash = validators.hash(domain.suite)
    if isinstance(one, Vote) and isinstance(other, Vote):
        same_place = (one.height, one.round, one.kind) == (other.height, other.round, other.kind)
        digests = domain.of_vote(valset_hash, one), domain.of_vote(valset_hash, other)
    elif isinstance(one, ProposalClaim) and isinstance(other, ProposalClaim):
        same_place = (one.height, one.round) == (other.height, other.round)
        digests = domain.proposal(valset_hash, one), domain.proposal(valset_hash, other)
    elif isinstance(one, CheckpointVote) and isinstance(other, CheckpointVote):
        same_place = (one.height, one.checkpoint.attempt) == (other.height, other.checkpoint.attempt)
        digests = domain.of_checkpoint_vote(one), domain.of_checkpoint_vote(other)
    else:
        assert isinstance(one, ProposalClaim), "halves were parsed by kind"
        assert isinstance(other, PolkaCert), "halves were parsed by kind"
        _check_signer(domain, misbehaviour.offender, validators, one, domain.proposal(valset_hash, one))
        check_false_polka(domain, validators, one, other)
        return offence_of(misbehaviour)
    if not same_place or digests[0] == digests[1] or misbehaviour.a >= misbehaviour.b:
        raise BadProof("two records that do not contradict one another, or in the wrong order")
    _check_signer(domain, misbehaviour.offender, validators, one, digests[0])
    _check_signer(domain, misbehaviour.offender, validators, other, digests[1])
    return offence_of(misbehaviour)


def check_false_polka(domain: Domain, validators: ValidatorSet, claim: ProposalClaim, polka: PolkaCert) -> None:
    """Return when `claim` names exactly `polka` and that is not a polka for it; raises `BadProof` otherwise."""
    if claim.polka_hash != domain.polka_hash(polka):
        raise BadProof("the proposal names another polka")
    try:
        check_polka(domain, validators, claim, polka)
    except BadProof:
        return
    raise BadProof("the polka is a good one")


def check_polka(domain: Domain, validators: ValidatorSet, claim: ProposalClaim, polka: PolkaCert) -> None:
    """Raise `BadProof` unless `polka` justifies proposing this block again with this valid round."""
    expected = (claim.height, claim.valid_round, claim.block_hash)
    if (polka.height, polka.round, polka.block_hash) != expected or polka.round >= claim.round:
        raise BadProof(f"a polka of height {polka.height} round {polka.round} for another proposal")
    digest = domain.vote(validators.hash(domain.suite), VoteKind.PREVOTE, polka.height, polka.round, polka.block_hash)
    verify_quorum(domain.suite, domain.engine, validators, digest, bitmap=polka.bitmap, signatures=polka.signatures)


def _check_signer(
    domain: Domain,
    offender: bytes,
    validators: ValidatorSet,
    claim: Vote | ProposalClaim | CheckpointVote,
    digest: bytes,
) -> None:
    if claim.validator >= len(validators) or validators.rows[claim.validator].key != offender:
        raise BadProof(f"validator {claim.validator} is not the offender")
    try:
        domain.suite.verify(offender, digest, claim.signature)
    except BadSignature as fault:
        raise BadProof(fault.detail) from None


def _halves(misbehaviour: Misbehaviour) -> tuple[Claim, Claim]:
    try:
        a = decode(misbehaviour.a, bytes_max=HALF_BYTES_MAX)
        b = decode(misbehaviour.b, bytes_max=HALF_BYTES_MAX)
        match misbehaviour.kind:
            case MisbehaviourKind.DUPLICATE_VOTE:
                return Vote.from_value(a), Vote.from_value(b)
            case MisbehaviourKind.DUPLICATE_PROPOSAL:
                return ProposalClaim.from_value(a), ProposalClaim.from_value(b)
            case MisbehaviourKind.DUPLICATE_CHECKPOINT:
                return CheckpointVote.from_value(a), CheckpointVote.from_value(b)
            case MisbehaviourKind.INVALID_CERT:
                return ProposalClaim.from_value(a), PolkaCert.from_value(b)
    except Refused as refusal:
        raise BadProof(refusal.text("en")) from None
