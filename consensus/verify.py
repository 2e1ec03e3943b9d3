"""The edge: what a peer sends is proved here, once, and trusted by its type inside.

`Verifier.verify(message, view)` is a pure function of the message and the validators of its height: it returns
`Verified[M]`, or raises. The engine accepts nothing else. Three ways to say no:

* `PeerFault`: no correct node sends this. Count it, drop it.
* `FalseCertificate` (a PeerFault): a proposer signed a proposal that names a polka which is none. `misbehaviour` proves
  it; the driver passes that on as a Received of its own (it verifies).
* `NotYet`: its validators are not known here yet (a height far ahead, or long past). Drop it without blame.

A signature that was found good is remembered, within limits: the same vote comes by many ways, alone and in
certificates. What depends on the chain's state (is this the proposer's turn? is this header right?) is the engine's to
judge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Generic, Protocol, TypeVar

from consensus.messages import (
    Certificate,
    CheckpointVote,
    CommitCert,
    GetNewest,
    Height,
    Misbehaviour,
    Newest,
    OrderingMessage,
    PeerId,
    PolkaCert,
    Proposal,
    Rejoin,
    RoundCert,
    RoundState,
    Status,
    Vote,
)
from consensus.misbehaviour import check_polka, claim_of, height_of, invalid_certificate, verify_misbehaviour
from consensus.signing import Domain
from consensus.validator_window import HeightValidators
from ledger.errors import BadProof, BadSignature, PeerFault

MessageT_co = TypeVar("MessageT_co", covariant=True)

REMEMBERED_SIGNATURES_MAX: Final = 20_000


class ValidatorsView(Protocol):
    """What the engine knows of the validators (`engine.validators`)."""

    def row(self, height: Height) -> HeightValidators | None:
        """The validators of `height`, or None where they are not known here."""
        ...

    def current(self) -> HeightValidators:
        """The validators of the height being decided."""
        ...

    def latest(self) -> HeightValidators:
        """The validators of the highest known height."""
        ...


@dataclass(frozen=True, slots=True)
class Verified(Generic[MessageT_co]):
    """A message whose every signature has been checked. Made by `Verifier` alone.

    A RoundState whose certificate cannot be checked here yet comes without it: then its height is only a claim.
    """

    message: MessageT_co


class NotYet(Exception):  # noqa: N818 - no error: the message may be right
    """The validators of this height are not known here."""


class FalseCertificate(PeerFault):
    """A proposal whose signature is good and whose polka is not."""

    def __init__(self, detail: str, misbehaviour: Misbehaviour) -> None:
        super().__init__("BYT-CERT", detail)
        self.misbehaviour = misbehaviour


class Verifier:
    """Proves messages of one chain. Holds nothing but the signatures that it has found good."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self._good: dict[tuple[bytes, bytes, bytes], None] = {}

    def verify(self, message: OrderingMessage, view: ValidatorsView) -> Verified[OrderingMessage]:
        """Raises `PeerFault`, `FalseCertificate` or `NotYet`."""
        try:
            return Verified(self._proved(message, view))
        except BadProof as fault:
            raise PeerFault("BYT-CERT", fault.detail) from None

    def _proved(self, message: OrderingMessage, view: ValidatorsView) -> OrderingMessage:
        match message:
            case Vote():
                self._check_vote(message, self._at(view, message.height))
            case Proposal():
                self._check_proposal(message, self._at(view, message.height))
            case PolkaCert() | CommitCert():
                self._check_cert(message, self._at(view, message.height))
            case RoundCert():
                self._check_round_cert(message, self._at(view, message.height))
            case CheckpointVote():
                self._check_checkpoint_vote(message, self._at(view, message.height))
            case Certificate(cert):
                validators = self._at(view, cert.checkpoint.height)
                cert.verify(self.domain.suite, self.domain.chain, self.domain.engine, validators.set)
            case RoundState():
                return self._checked_round_state(message, view)
            case Misbehaviour():
                verify_misbehaviour(self.domain, message, self._at(view, height_of(message)).set)
            case Rejoin():
                self._check_member(message.key, view)
                self._check(message.key, self.domain.rejoin(message), message.signature)
            case Status():
                self._check_member(message.key, view)
                self._check(message.key, self.domain.status(message), message.signature)
                if message.cert is not None:
                    self._check_cert(message.cert, self._at(view, message.height))
            case Newest(found):
                if found is not None:
                    self._check_own(found, view)
            case GetNewest():
                pass
        return message

    def _at(self, view: ValidatorsView, height: Height) -> HeightValidators:
        validators = view.row(height)
        if validators is None:
            raise NotYet(f"the validators of height {height} are not known here")
        return validators

    def _check(self, key: bytes, digest: bytes, signature: bytes) -> None:
        triple = (key, digest, signature)
        if triple in self._good:
            return
        self.domain.suite.verify(key, digest, signature)
        if len(self._good) >= REMEMBERED_SIGNATURES_MAX:
            # The oldest half goes: dictionaries keep the order of insertion.
            for old in list(self._good)[: REMEMBERED_SIGNATURES_MAX // 2]:
                del self._good[old]
        self._good[triple] = None

    def _check_member(self, key: bytes, view: ValidatorsView) -> None:
        if PeerId(key) not in view.current().keys:
            raise PeerFault("BYT-MEMBER", f"{key.hex()[:12]} is no validator")

    def _key(self, validators: HeightValidators, validator: int) -> bytes:
        if validator >= len(validators.keys):
            raise PeerFault("BYT-MEMBER", f"validator {validator} of {len(validators.keys)}")
        return validators.keys[validator]

    def _check_own(self, found: Vote | Proposal, view: ValidatorsView) -> None:
        """What this node signed before it lost its memory may be far above what it knows now. The signature binds the
        validators, so one that is good under the latest known set is good.
        """
        validators = view.row(found.height) or view.latest()
        try:
            if isinstance(found, Vote):
                self._check_vote(found, validators)
            else:
                self._check_proposal(found, validators)
        except PeerFault:
            if view.row(found.height) is None:
                raise NotYet(f"the validators of height {found.height} are not known here") from None
            raise

    def _check_vote(self, vote: Vote, validators: HeightValidators) -> None:
        digest = self.domain.of_vote(validators.hash, vote)
        self._check(self._key(validators, vote.validator), digest, vote.signature)

    def _check_votes(self, votes: tuple[Vote, ...], validators: HeightValidators) -> None:
        if len(votes) < validators.quorum.q:
            raise BadProof(f"{len(votes)} signatures, {validators.quorum.q} needed")
        for vote in votes:
            try:
                self._check_vote(vote, validators)
            except BadSignature as fault:
                raise BadProof(f"validator {vote.validator}: {fault.detail}") from None

    def _check_cert(self, cert: PolkaCert | CommitCert, validators: HeightValidators) -> None:
        self._check_votes(cert.votes(len(validators.keys)), validators)

    def _check_round_cert(self, cert: RoundCert, validators: HeightValidators) -> None:
        self._check_votes(cert.votes(), validators)

    def _check_proposal(self, proposal: Proposal, validators: HeightValidators) -> None:
        if proposal.valid_round is not None and proposal.valid_round >= proposal.round:
            raise PeerFault("BYT-ROUND", f"valid round {proposal.valid_round} in round {proposal.round}")
        claim = claim_of(self.domain, proposal)
        offender = self._key(validators, proposal.validator)
        self._check(offender, self.domain.proposal(validators.hash, claim), proposal.signature)
        if proposal.polka is not None:
            try:
                check_polka(self.domain, validators.set, claim, proposal.polka)
            except BadProof as fault:
                misbehaviour = invalid_certificate(offender, claim, proposal.polka)
                raise FalseCertificate(fault.detail, misbehaviour) from None

    def _check_checkpoint_vote(self, vote: CheckpointVote, validators: HeightValidators) -> None:
        checkpoint = vote.checkpoint
        if checkpoint.chain != self.domain.chain or checkpoint.engine != self.domain.engine:
            raise PeerFault("BYT-CHAIN", f"a checkpoint of chain {checkpoint.chain.hex()[:12]}")
        if checkpoint.valset_hash != validators.hash:
            raise PeerFault("BYT-MEMBER", f"a checkpoint of other validators at height {checkpoint.height}")
        digest = self.domain.of_checkpoint_vote(vote)
        self._check(self._key(validators, vote.validator), digest, vote.signature)

    def _checked_round_state(self, state: RoundState, view: ValidatorsView) -> RoundState:
        if state.cert is None:
            return state
        validators = view.row(state.cert.height)
        if validators is None:
            return replace(state, cert=None)
        self._check_cert(state.cert, validators)
        return state
