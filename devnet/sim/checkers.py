"""What must never happen, asked after every effect, and what must have happened at the end.

The checkers are the second opinion: they count quorums with their own formula, look signatures up in the record of what
each key has really signed, and read the simulated disks rather than ask the engine. They judge honest nodes only; the
dishonest may do what they like. A violation ends the run.

Safety: agreement, chain links, sound certificates, the lock rule, nothing sent before it is durable, no second
signature for one position, the certified window, equal roots, each transaction once, no blame for the honest, what was
seen contradicting itself is reported, nobody honest stops or observes, heights never fall, buffers stay bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from consensus.events import Applied, Certified, Deliver, Effect, Event, Mode, Persist, Received, Report, SetMode
from consensus.messages import (
    BlockHash,
    CheckpointVote,
    CommitCert,
    Height,
    OrderingMessage,
    PeerMessage,
    PolkaCert,
    Proposal,
    Round,
    RoundCert,
    Vote,
    VoteKind,
)
from consensus.misbehaviour import claim_of, height_of, verify_misbehaviour
from consensus.records import OwnCheckpoint, OwnProposal, OwnVote
from consensus.start import Start
from devnet.sim.disk import Frame
from devnet.sim.memory import entries_max, entries_of
from devnet.sim.stage import Host, Stage
from ledger.checkpoint import indices_of
from ledger.errors import BadSignature
from ledger.validators import ValidatorSet

WINDOW: Final = 2
WEIGHED_EVERY_STEPS: Final = 50
STEP_OF: Final = {VoteKind.PREVOTE: 1, VoteKind.PRECOMMIT: 2}


class Violation(Exception):  # noqa: N818 - what was found, by its name
    """A checker's finding."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name, self.detail = name, detail


@dataclass(slots=True)
class Seen:
    """What one life of one honest node has shown so far."""

    height: Height = 0
    steps: int = 0
    applied: Height = 0
    certified: Height = 0
    next_height: Height = 1
    tip: BlockHash | None = None


def quorum(validators: ValidatorSet) -> int:
    """ceil((n + f + 1) / 2), computed here once more on purpose."""
    n = len(validators)
    return -(-(n + (n - 1) // 3 + 1) // 2)


class Checkers:
    def __init__(self, stage: Stage, on_height: Callable[[Height], None]) -> None:
        self._stage, self._on_height = stage, on_height
        self.chain: dict[Height, BlockHash] = {}
        self.rounds: dict[Height, Round] = {}
        """The lowest round whose certificate an honest node decided with."""
        self._headers: dict[BlockHash, BlockHash] = {}
        self._roots: dict[Height, tuple[bytes, bytes]] = {}
        self._once: dict[bytes, Height] = {}
        self._durable: set[tuple[bytes, bytes]] = set()
        self._said: dict[tuple[bytes, Height, Round, int], bytes] = {}
        self._precommits: dict[tuple[bytes, Height], list[tuple[Round, BlockHash | None]]] = {}
        self._sound: set[tuple[object, ...]] = set()
        self._lives: dict[int, Seen] = {}
        self._heard: dict[tuple[int, bytes, Height, Round, int], set[bytes | None]] = {}
        self._hashes: dict[int, bytes] = {}

    # what the chain says of itself

    def _validators(self, height: Height) -> ValidatorSet:
        return self._stage.validators_at(height)

    def _valset_hash(self, validators: ValidatorSet) -> bytes:
        known = self._hashes.get(len(validators))
        if known is None:
            known = self._hashes[len(validators)] = validators.hash(self._stage.suite)
        return known

    def _key(self, height: Height, validator: int) -> bytes:
        return self._validators(height).rows[validator].key

    def _vote_digest(self, kind: VoteKind, height: Height, round_: Round, block_hash: BlockHash | None) -> bytes:
        valset_hash = self._valset_hash(self._validators(height))
        return self._stage.domain.vote(valset_hash, kind, height, round_, block_hash)

    def _is_quorum(self, kind: VoteKind, height: Height, round_: Round, block_hash: BlockHash) -> bool:
        """Has a quorum ever signed this, sent or not?"""
        validators, signed = self._validators(height), self._stage.signed
        digest = self._vote_digest(kind, height, round_, block_hash)
        return sum((row.key, digest) in signed for row in validators.rows) >= quorum(validators)

    # Life and steps

    def on_boot(self, replica: Host, start: Start) -> None:
        if not replica.is_honest:
            return
        certified = 0 if start.certified is None else start.certified.checkpoint.height
        seen = Seen(applied=start.applied.height, certified=certified, next_height=start.applied.height + 1)
        seen.tip = start.applied.block_hash
        self._lives[replica.index] = seen
        for key in [key for key in self._heard if key[0] == replica.index]:
            del self._heard[key]

    def on_step(self, replica: Host, event: Event) -> None:
        """After all effects of one event of an honest node."""
        seen, engine = self._lives[replica.index], replica.engine
        if engine.height < seen.height or engine.applied < seen.applied or engine.certified < seen.certified:
            raise Violation("monotone", f"node {replica.index} fell back to height {engine.height}")
        seen.height, seen.applied = engine.height, engine.applied
        seen.steps += 1
        if seen.steps % WEIGHED_EVERY_STEPS == 0:
            members, height = len(self._validators(engine.height)), engine.height
            kept, most = entries_of(engine), entries_max(members, height, engine.round)
            if kept > most:
                raise Violation("memory", f"node {replica.index} keeps {kept} entries, {most} allowed")
        if isinstance(event, Received):
            for vote in self._votes_in(event.message.message):
                self._check_reported(replica, vote)

    def _votes_in(self, message: OrderingMessage) -> tuple[Vote, ...]:
        match message:
            case Vote():
                return (message,)
            case PolkaCert() | CommitCert():
                return message.votes(len(self._validators(message.height)))
            case _:
                return ()

    def _check_reported(self, replica: Host, vote: Vote) -> None:
        """Two values of one signer, both counted in the height being decided: reported in the same step."""
        engine = replica.engine
        if vote.height != engine.height or vote.round > engine.round:
            return
        key = self._key(vote.height, vote.validator)
        place = (replica.index, key, vote.height, vote.round, int(vote.kind))
        values = self._heard.setdefault(place, set())
        values.add(vote.block_hash)
        if len(values) > 1 and all(misbehaviour.offender != key for misbehaviour in replica.reports.values()):
            raise Violation("unreported", f"node {replica.index} saw {key.hex()[:8]} contradict itself at {place[2:]}")

    # Effects

    def on_effect(self, replica: Host, effect: Effect) -> None:
        """Before an honest node performs it."""
        match effect:
            case Persist():
                self._check_window(replica, effect)
            case Deliver():
                self._check_decision(replica, effect)
            case Certified():
                self._check_checkpoint(replica, effect)
            case Report(misbehaviour):
                if self._stage.is_honest_key(misbehaviour.offender):
                    raise Violation("blame", f"node {replica.index} blames honest {misbehaviour.offender.hex()[:8]}")
                self._check_misbehaviour(effect)
            case SetMode(mode, reason):
                removed = self._validators(replica.engine.height).index_of(replica.key) is None
                if mode is not Mode.VOTING and not removed and replica.spoil_height is None:
                    raise Violation(mode.value, f"node {replica.index}: {reason}")
            case _:
                pass

    def _check_misbehaviour(self, report: Report) -> None:
        message = report.misbehaviour
        halves = message.a, message.b
        if halves[0] >= halves[1] and message.kind.name != "INVALID_CERT":
            raise Violation("misbehaviour", "halves out of order")
        verify_misbehaviour(self._stage.domain, message, self._validators(height_of(message)))

    def _check_window(self, replica: Host, effect: Persist) -> None:
        seen = self._lives[replica.index]
        for record in effect.records:
            if isinstance(record, (OwnVote, OwnProposal)):
                height = _of(record).height
                if replica.applied < height - WINDOW or seen.certified < height - WINDOW:
                    detail = f"node {replica.index} signs at {height}, A={replica.applied} S={seen.certified}"
                    raise Violation("window", detail)

    def _check_decision(self, replica: Host, effect: Deliver) -> None:
        height, block_hash, seen = effect.height, effect.block_hash, self._lives[replica.index]
        if height not in self.chain:
            self._on_height(height)
        known = self.chain.setdefault(height, block_hash)
        if known != block_hash:
            raise Violation("agreement", f"height {height}: {known.hex()[:8]} and {block_hash.hex()[:8]}")
        block = replica.blocks.get(block_hash)
        if block is None or block.header.parent != seen.tip or height != seen.next_height:
            raise Violation("links", f"node {replica.index} delivers {height} after {seen.next_height - 1}")
        seen.next_height, seen.tip = height + 1, block_hash
        proof = effect.proof
        if (proof.height, proof.block_hash) != (height, block_hash):
            raise Violation("certificate", f"height {height} is proved by a certificate of another block")
        self._check_cert(proof)
        self.rounds[height] = min(proof.round, self.rounds.get(height, proof.round))
        for identifier in block.ids:
            if self._once.setdefault(identifier, height) != height:
                raise Violation("once", f"a transaction of height {self._once[identifier]} again at {height}")
        if len(set(block.ids)) != len(block.ids):
            raise Violation("once", f"a transaction twice at {height}")

    def _check_cert(self, cert: PolkaCert | CommitCert) -> None:
        """Distinct members, a quorum of them, every signature good, every honest one durable where it was made."""
        key = (type(cert).__name__, cert.height, cert.round, cert.block_hash, cert.bitmap)
        if key in self._sound:
            return
        validators = self._validators(cert.height)
        kind = VoteKind.PREVOTE if isinstance(cert, PolkaCert) else VoteKind.PRECOMMIT
        digest = self._vote_digest(kind, cert.height, cert.round, cert.block_hash)
        signers = indices_of(cert.bitmap, len(validators))
        if len(signers) < quorum(validators) or len(signers) != len(cert.signatures):
            raise Violation("certificate", f"{key[:3]} has {len(signers)} signers, {quorum(validators)} needed")
        for signer, signature in zip(signers, cert.signatures, strict=True):
            self._check_signature(validators.rows[signer].key, digest, signature)
        self._sound.add(key)

    def _check_signature(self, key: bytes, digest: bytes, signature: bytes) -> None:
        try:
            self._stage.suite.verify(key, digest, signature)
        except BadSignature as fault:
            raise Violation("certificate", fault.detail) from None
        self._check_durable(key, digest)

    def _check_durable(self, key: bytes, digest: bytes) -> None:
        if (key, digest) not in self._durable and self._stage.is_honest_key(key):
            raise Violation("durable", f"a signature of {key.hex()[:8]} is about, its record is not durable")

    def _check_checkpoint(self, replica: Host, effect: Certified) -> None:
        cert, seen = effect.cert, self._lives[replica.index]
        checkpoint, validators = cert.checkpoint, self._validators(cert.checkpoint.height)
        signers = indices_of(cert.bitmap, len(validators))
        digest = checkpoint.sign_bytes(self._stage.suite)
        if len(signers) < quorum(validators):
            raise Violation("certificate", f"checkpoint {checkpoint.height} has {len(signers)} signers")
        for signer, signature in zip(signers, cert.signatures, strict=True):
            self._check_signature(validators.rows[signer].key, digest, signature)
        known = self._roots.get(checkpoint.height)
        if known is not None and known != (checkpoint.state_root, checkpoint.receipts_root):
            raise Violation("roots", f"height {checkpoint.height} is certified with other roots")
        seen.certified = max(seen.certified, checkpoint.height)

    # Disk and wire

    def on_logged(self, replica: Host, frame: Frame) -> None:
        """A frame has become durable. What it holds may be relied on from here on, and must be consistent."""
        for record in frame.records:
            if isinstance(record, (OwnVote, OwnProposal, OwnCheckpoint)):
                self._durable.add((replica.key, record.digest))
        if not replica.is_honest:
            return
        for record in frame.records:
            if isinstance(record, (OwnVote, OwnProposal)):
                message = _of(record)
                if replica.disk.decided(replica.applied) < message.height - 1:
                    detail = f"node {replica.index} votes at {message.height} before the height below is decided"
                    raise Violation("decide first", detail)
            if isinstance(record, OwnVote):
                self._check_vote(replica, record.vote)

    def _check_vote(self, replica: Host, vote: Vote) -> None:
        """The lock rule, and bytes of what is voted for."""
        if vote.block_hash is not None and not replica.disk.has_block(vote.block_hash):
            raise Violation("bytes", f"node {replica.index} votes for a block that its log does not hold")
        locks = self._precommits.setdefault((replica.key, vote.height), [])
        if vote.block_hash is not None and vote.kind is VoteKind.PRECOMMIT:
            if not self._is_quorum(VoteKind.PREVOTE, vote.height, vote.round, vote.block_hash):
                detail = f"node {replica.index} precommits at {vote.height}/{vote.round} without a polka"
                raise Violation("lock", detail)
            locks.append((vote.round, vote.block_hash))
        elif vote.block_hash is not None and locks and locks[-1][1] != vote.block_hash:
            locked = locks[-1][0]
            between = range(locked, vote.round)
            if not any(self._is_quorum(VoteKind.PREVOTE, vote.height, r, vote.block_hash) for r in between):
                place = f"{vote.height}/{vote.round}"
                raise Violation("lock", f"node {replica.index} locked in round {locked} prevotes another at {place}")

    def on_send(self, replica: Host, message: PeerMessage) -> None:
        if not replica.is_honest:
            return
        match message:
            case Vote():
                self._check_said(replica, message, STEP_OF[message.kind])
            case Proposal():
                self._check_said(replica, message, 0)
                if message.polka is not None:
                    self._check_cert(message.polka)
            case CheckpointVote():
                self._check_said_checkpoint(replica, message)
            case PolkaCert() | CommitCert():
                self._check_cert(message)
            case RoundCert():
                self._check_round_cert(message)
            case _:
                pass

    def _check_said(self, replica: Host, message: Vote | Proposal, step: int) -> None:
        """Own or passed on: of an honest key it is durable there, and the only one of its position."""
        key = self._key(message.height, message.validator)
        if isinstance(message, Vote):
            digest = self._vote_digest(message.kind, message.height, message.round, message.block_hash)
        else:
            valset_hash = self._valset_hash(self._validators(message.height))
            digest = self._stage.domain.proposal(valset_hash, claim_of(self._stage.domain, message))
        if key == replica.key:
            guard = replica.disk.guard.state
            if guard is None or guard.position is None or guard.position < (message.height, message.round, step):
                raise Violation("durable", f"node {replica.index} sends before its guard says so")
        self._check_durable(key, digest)
        if self._stage.is_honest_key(key):
            position = (key, message.height, message.round, step)
            if self._said.setdefault(position, digest) != digest:
                raise Violation("twice", f"{key.hex()[:8]} signed two things at {position[1:]}")

    def _check_said_checkpoint(self, replica: Host, vote: CheckpointVote) -> None:
        key = self._key(vote.height, vote.validator)
        digest = vote.checkpoint.sign_bytes(self._stage.suite)
        self._check_durable(key, digest)
        if self._stage.is_honest_key(key):
            position = (key, vote.height, vote.checkpoint.attempt, 3)
            if self._said.setdefault(position, digest) != digest:
                raise Violation("twice", f"{key.hex()[:8]} signed two checkpoints of {vote.height}")
        if key == replica.key and replica.applied < vote.height:
            raise Violation("durable", f"node {replica.index} certifies {vote.height} before its batch is durable")

    def _check_round_cert(self, cert: RoundCert) -> None:
        validators = self._validators(cert.height)
        signers = [signer for signer, _, _ in cert.endings]
        if len(set(signers)) != len(signers) or len(signers) < quorum(validators):
            raise Violation("certificate", f"round {cert.height}/{cert.round} is ended by {len(set(signers))}")
        for signer, block_hash, signature in cert.endings:
            digest = self._vote_digest(VoteKind.PRECOMMIT, cert.height, cert.round, block_hash)
            self._check_signature(validators.rows[signer].key, digest, signature)

    def on_executed(self, replica: Host, result: Applied) -> None:
        if not replica.is_honest or replica.spoil_height is not None:
            return
        roots = (result.state_root, result.receipts_root)
        if self._roots.setdefault(result.height, roots) != roots:
            raise Violation("roots", f"node {replica.index} comes to other roots at {result.height}")


def _of(record: OwnVote | OwnProposal) -> Vote | Proposal:
    return record.vote if isinstance(record, OwnVote) else record.proposal
