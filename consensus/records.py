"""What must be on disk before it may be sent: the records of the write-ahead log and of the guard.

The engine makes these values; the driver frames them (sequence, length, checksum), appends, syncs and says so with
`Persisted`. Full block bytes are records of the driver's own, in the same log. A record that a peer could have forged
is never written: everything here was verified or is our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from consensus.messages import (
    FRAME_BYTES_MAX,
    BlockHash,
    CheckpointVote,
    CommitCert,
    Height,
    PolkaCert,
    Proposal,
    Round,
    RoundCert,
    Vote,
    decode_message,
    encode_message,
)
from ledger.codec import INTEGER_MAX, array, blob, decode, encode, integer, optional, row
from ledger.crypto import HASH_BYTES, Suite
from ledger.errors import PeerFault, Refused

RECORD_BYTES_MAX: Final = 64 * 1024
GUARD_CHECKPOINTS_MAX: Final = 8
BARRED: Final = INTEGER_MAX
"""`GuardState.vote_from` of a node that must ask the others before it may vote again (observer.py)."""


@dataclass(frozen=True, slots=True)
class Lock:
    """The block this node precommitted last, and the round."""

    round: Round
    block_hash: BlockHash


@dataclass(frozen=True, slots=True)
class RoundMemory:
    """What of a height's state an own record carries along: lock, valid value, how the round was entered."""

    lock: Lock | None
    valid: PolkaCert | None
    round_cert: RoundCert | None


@dataclass(frozen=True, slots=True)
class OwnVote:
    """An own prevote or precommit with its exact sign bytes."""

    vote: Vote
    digest: bytes
    memory: RoundMemory


@dataclass(frozen=True, slots=True)
class OwnProposal:
    """An own proposal with its exact sign bytes."""

    proposal: Proposal
    digest: bytes
    memory: RoundMemory


@dataclass(frozen=True, slots=True)
class Decided:
    """A height is decided. It and the block's bytes precede every own record of the next height."""

    height: Height
    block_hash: BlockHash
    cert: CommitCert


@dataclass(frozen=True, slots=True)
class OwnCheckpoint:
    """An own checkpoint signature with its exact sign bytes."""

    vote: CheckpointVote
    digest: bytes


Record = OwnVote | OwnProposal | Decided | OwnCheckpoint

Position = tuple[Height, Round, int]
"""(height, round, step): proposal 0, prevote 1, precommit 2. A node signs in ascending order of these."""


@dataclass(frozen=True, slots=True)
class GuardState:
    """The guard's own small file, beside the key: the last position signed, its sign bytes, the checkpoints signed.

    Below height `vote_from` nothing may be signed: a node that has forgotten what it signed starts there again.
    `checkpoints` holds (height, attempt, sign bytes) of the last few, ascending.
    """

    position: Position | None = None
    digest: bytes | None = None
    checkpoints: tuple[tuple[Height, int, bytes], ...] = ()
    vote_from: Height = 1

    def encode(self) -> bytes:
        return encode((1, self.position, self.digest, self.checkpoints, self.vote_from))

    @classmethod
    def decode(cls, data: bytes) -> GuardState:
        """Raises `Refused`: a guard that cannot be read is a guard that is lost."""
        value = decode(data, bytes_max=RECORD_BYTES_MAX)
        _GUARD_SHAPE(value, "guard")
        return cls(*value[1:])


_POSITION = row(("height", integer(1)), ("round", integer()), ("step", integer(0, 2)))
_GUARD_SHAPE = row(
    ("version", integer(1, 1)),
    ("position", optional(_POSITION)),
    ("digest", optional(blob(HASH_BYTES))),
    (
        "checkpoints",
        array(
            row(("height", integer(1)), ("attempt", integer(0, 255)), ("digest", blob(HASH_BYTES))),
            GUARD_CHECKPOINTS_MAX,
        ),
    ),
    ("vote_from", integer(1)),
)

_OWN_VOTE, _OWN_PROPOSAL, _DECIDED, _OWN_CHECKPOINT = 1, 2, 3, 4
_RECORD_SHAPE = row(("version", integer(1, 1)), ("type", integer(1, 4)), ("content", lambda *_: None))
_MEMORY_SHAPE = row(
    ("lock", optional(row(("round", integer()), ("block_hash", blob(HASH_BYTES))))),
    ("valid", lambda *_: None),
    ("round_cert", lambda *_: None),
)


def encode_record(record: Record) -> bytes:
    match record:
        case OwnVote(vote, digest, memory):
            return encode((1, _OWN_VOTE, (encode_message(vote), digest, _memory_value(memory))))
        case OwnProposal(proposal, digest, memory):
            return encode((1, _OWN_PROPOSAL, (encode_message(proposal), digest, _memory_value(memory))))
        case Decided(_, _, cert):
            return encode((1, _DECIDED, (encode_message(cert),)))
        case OwnCheckpoint(vote, digest):
            return encode((1, _OWN_CHECKPOINT, (encode_message(vote), digest)))


class BadRecord(Exception):  # noqa: N818 - it says what was found
    """A record of the log whose checksum is right and whose content is not: damage or another program's log."""


def decode_record(data: bytes, suite: Suite) -> Record:
    """Raises `BadRecord`."""
    try:
        value = decode(data, bytes_max=FRAME_BYTES_MAX)
        _RECORD_SHAPE(value, "record")
        return _record_of(value[1], value[2], suite)
    except (Refused, PeerFault) as error:
        raise BadRecord(str(error)) from None


def _record_of(kind: int, content: Any, suite: Suite) -> Record:
    places = {_OWN_VOTE: 3, _OWN_PROPOSAL: 3, _DECIDED: 1, _OWN_CHECKPOINT: 2}[kind]
    if type(content) is not tuple or len(content) != places or type(content[0]) is not bytes:
        raise BadRecord(f"a record of type {kind} with other fields")
    message = decode_message(content[0], suite)
    if kind == _DECIDED and isinstance(message, CommitCert):
        return Decided(message.height, message.block_hash, message)
    if kind != _DECIDED:
        blob(HASH_BYTES)(content[1], "record.digest")
    if kind == _OWN_VOTE and isinstance(message, Vote):
        return OwnVote(message, content[1], _memory_of(content[2]))
    if kind == _OWN_PROPOSAL and isinstance(message, Proposal):
        return OwnProposal(message, content[1], _memory_of(content[2]))
    if kind == _OWN_CHECKPOINT and isinstance(message, CheckpointVote):
        return OwnCheckpoint(message, content[1])
    raise BadRecord(f"a record of type {kind} holds {type(message).__name__}")


def _memory_value(memory: RoundMemory) -> tuple[Any, ...]:
    lock, valid, round_cert = memory.lock, memory.valid, memory.round_cert
    return (
        None if lock is None else (lock.round, lock.block_hash),
        None if valid is None else valid.to_value(),
        None if round_cert is None else round_cert.to_value(),
    )


def _memory_of(value: Any) -> RoundMemory:
    _MEMORY_SHAPE(value, "memory")
    lock, valid, round_cert = value
    return RoundMemory(
        None if lock is None else Lock(*lock),
        None if valid is None else PolkaCert.from_value(valid),
        None if round_cert is None else RoundCert.from_value(round_cert),
    )
