"""From what the disk holds to where the engine starts. Pure: the driver reads the guard, the log and the database
first.

Let A be the applied height, D the highest decided height that the log proves from A + 1 without a gap, W the highest
height of an own vote or proposal in the log, and g the guard's position.

1. A torn tail is cut by the driver and is normal. A bad record before the tail: the log cannot be trusted, observe.
2. Every DECIDE from A + 1 must hash, link and carry a good CommitCert of its validators; the first that does not ends
   D.
3. What is decided and not applied is delivered again first; executing it must reproduce own checkpoints (the guard's).
4. W ≤ D: a fresh height. W = D + 1: the height goes on at its round and step, and repeats its messages byte for byte.
   W > D + 1: a decision was lost, observe.
5. The guard behind the log is normal (the log is written first): it is advanced. The guard ahead of the log at a height
   above D: the log has lost a vote, observe. The log gone as a whole: the guard alone says where to go on, at g + 1.
6. The guard gone: this node does not know what it signed; it observes until the others say from where it may vote.

"Observe" bars the guard (records.BARRED). The questions to the other nodes are the engine's (`pbft.standing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from consensus.events import Applied
from consensus.messages import BlockHash, CommitCert, Height, Proposal, Vote
from consensus.pbft.standing import position_of
from consensus.records import (
    BARRED,
    GUARD_CHECKPOINTS_MAX,
    Decided,
    GuardState,
    OwnCheckpoint,
    OwnProposal,
    OwnVote,
    Position,
    Record,
)
from consensus.signing import Domain
from consensus.start import DecidedBlock, Restored, Start, Tip, tip_of
from consensus.validator_window import ValidatorWindow
from consensus.verify import Verifier
from ledger.block import Header
from ledger.checkpoint import CheckpointCert
from ledger.errors import PeerFault
from ledger.history import History
from ledger.validators import ValidatorSet


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What the write-ahead log holds. `headers`: of the blocks whose full bytes are in it. `lost`: there is no log."""

    records: tuple[Record, ...] = ()
    headers: Mapping[BlockHash, Header] | None = None
    lost: bool = False
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What the database holds, all of one atomic batch: see `Start` for the fields' meanings."""

    applied: Tip
    validators: Mapping[Height, ValidatorSet]
    certified: CheckpointCert | None
    history: History
    results: tuple[Applied, ...] = ()
    commit: CommitCert | None = None


def recover(
    domain: Domain, key: bytes, guard: GuardState | None, log: LogFacts, database: DatabaseFacts, *, nonce: bytes
) -> Start:
    """Where the engine starts. `nonce` is fresh randomness for a Rejoin, should one be needed."""
    window = ValidatorWindow(domain.suite, domain.engine, key, database.validators)
    decided = _decided(domain, window, log, database)
    top = database.applied.height + len(decided)
    state, why = _guard_after(guard, log, top)
    start = Start(
        applied=database.applied,
        validators=database.validators,
        certified=database.certified,
        history=database.history,
        guard=state,
        results=database.results,
        decided=decided,
        observer=why,
        rejoin_nonce=nonce,
        commit=database.commit,
        guard_is_saved=state == guard,
    )
    restored = _restored(domain, log, top + 1)
    if restored is None or state.vote_from > top + 1:
        return start
    problem = _unusable(domain, restored, window, top + 1)
    if problem is not None:
        barred = replace(state, vote_from=BARRED)
        return replace(start, guard=barred, observer=problem, guard_is_saved=barred == guard)
    return replace(start, restored=restored)


def _decided(
    domain: Domain, window: ValidatorWindow, log: LogFacts, database: DatabaseFacts
) -> tuple[DecidedBlock, ...]:
    """Step 2. The certificate is verified again: the disk may have changed under a good checksum."""
    verifier, tip, found = Verifier(domain), database.applied, []
    by_height = {record.height: record for record in log.records if isinstance(record, Decided)}
    while (record := by_height.get(tip.height + 1)) is not None:
        header = (log.headers or {}).get(record.block_hash)
        if header is None or window.row(record.height) is None:
            break
        if header.hash(domain.suite) != record.block_hash or record.cert.block_hash != record.block_hash:
            break
        if (header.height, header.parent) != (tip.height + 1, tip.block_hash):
            break
        try:
            verifier.verify(record.cert, window)
        except PeerFault:
            break
        found.append(DecidedBlock(header, record.cert))
        tip = tip_of(header, record.block_hash)
    return tuple(found)


def _guard_after(guard: GuardState | None, log: LogFacts, decided: Height) -> tuple[GuardState, str]:
    """Steps 1, 5 and 6: the guard to go on with, and why this node observes if it must."""
    if guard is None:
        return GuardState(vote_from=BARRED), "the guard is lost"
    state = _with_logged_checkpoints(guard, log)
    if state.vote_from == BARRED:
        return state, "still asking where to vote from"
    if log.damaged:
        return replace(state, vote_from=BARRED), "the log is damaged before its tail"
    if log.lost:
        if state.position is None:
            return state, ""
        vote_from = max(state.vote_from, state.position[0] + 1)
        return replace(state, vote_from=vote_from), f"the log is lost, voting from height {vote_from}"
    last = _last_own(log)
    if last is not None and (state.position is None or last[0] > state.position):
        state = replace(state, position=last[0], digest=last[1])
    elif state.position is not None and state.position[0] > decided and (last is None or last != _signed(state)):
        return replace(state, vote_from=BARRED), f"the guard is at {state.position}, the log ends before it"
    if state.position is not None and state.position[0] > decided + 1:
        return replace(state, vote_from=BARRED), f"own votes at {state.position[0]}, decided is {decided}"
    return state, ""


def _signed(state: GuardState) -> tuple[Position | None, bytes | None]:
    return state.position, state.digest


def _last_own(log: LogFacts) -> tuple[Position, bytes] | None:
    own = [record for record in log.records if isinstance(record, (OwnVote, OwnProposal))]
    return max(((position_of(_message(record)), record.digest) for record in own), default=None)


def _message(record: OwnVote | OwnProposal) -> Vote | Proposal:
    return record.vote if isinstance(record, OwnVote) else record.proposal


def _with_logged_checkpoints(guard: GuardState, log: LogFacts) -> GuardState:
    """The checkpoints' own track, advanced by what the log holds beyond it."""
    track = {(height, attempt): digest for height, attempt, digest in guard.checkpoints}
    for record in log.records:
        if isinstance(record, OwnCheckpoint):
            checkpoint = record.vote.checkpoint
            track.setdefault((checkpoint.height, checkpoint.attempt), record.digest)
    kept = sorted((height, attempt, digest) for (height, attempt), digest in track.items())
    return replace(guard, checkpoints=tuple(kept[-GUARD_CHECKPOINTS_MAX:]))


def _restored(domain: Domain, log: LogFacts, height: Height) -> Restored | None:
    """Step 4: the own records of the unfinished height."""
    own = [record for record in log.records if isinstance(record, (OwnVote, OwnProposal))]
    own = [record for record in own if _message(record).height == height]
    own.sort(key=lambda record: position_of(_message(record)))
    if not own:
        return None
    last = own[-1]
    headers = tuple(header for header in (log.headers or {}).values() if header.height == height)
    _, round_, step = position_of(_message(last))
    ordered = tuple(sorted(headers, key=lambda header: header.hash(domain.suite)))
    return Restored(round_, step, last.memory, tuple(_message(record) for record in own), ordered)


def _unusable(domain: Domain, restored: Restored, window: ValidatorWindow, height: Height) -> str | None:
    """Why the unfinished height cannot go on, although the log is whole."""
    if window.row(height) is None:
        return f"own votes at height {height}, whose validators are not known: the database has lost heights"
    lock, valid = restored.memory.lock, restored.memory.valid
    named = {lock.block_hash if lock else None, valid.block_hash if valid else None}
    named |= {message.block_hash for message in restored.messages if isinstance(message, Vote)}
    held = {header.hash(domain.suite) for header in restored.headers}
    if not named - {None} <= held:
        return f"a block that was voted for at height {height} is not in the log"
    return None
