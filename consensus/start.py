"""What an engine starts from: the chain's constants, and what the disk says about this node.

`recovery.recover` makes a `Start` from the guard, the log and the database; `fresh_start` is that of a new chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from consensus.events import Applied
from consensus.messages import BlockHash, CommitCert, Height, Proposal, Round, Vote
from consensus.records import GuardState, RoundMemory
from ledger.block import Header
from ledger.checkpoint import CheckpointCert
from ledger.history import History
from ledger.validators import ValidatorSet


@dataclass(frozen=True, slots=True)
class Timing:
    """The genesis' timeouts in milliseconds and the numbers that go with them. Linear in the round, not doubling."""

    propose_ms: int = 1000
    propose_step_ms: int = 500
    vote_ms: int = 500
    vote_step_ms: int = 250
    timeout_ms_max: int = 30_000
    body_ms_max: int = 10_000
    body_bytes_per_s: int = 1_000_000
    link_down_ms: int = 200
    round_state_ms: int = 1000
    round_state_asleep_ms: int = 10_000
    relay_ms: int = 100
    drift_ms: int = 5000
    heartbeat_ms: int = 0
    rejoin_retry_ms: int = 2000
    rejoin_every_ms: int = 600_000
    tenure_blocks_max: int = 8
    body_bytes_max: int = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Restored:
    """The unfinished height as the log has it: everything needed to go on as if nothing had happened.

    `messages` are the own proposals and votes of the height in signing order; they are sent again, byte for byte.
    `headers` are those of the blocks of this height whose full bytes are in the log.
    """

    round: Round
    step: int
    memory: RoundMemory
    messages: tuple[Proposal | Vote, ...]
    headers: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class DecidedBlock:
    """A height decided according to the log and not yet applied."""

    header: Header
    cert: CommitCert


@dataclass(frozen=True, slots=True)
class Tip:
    """What the next header depends on: height 0 is certified by the genesis, is nobody's and counts as empty."""

    height: Height
    block_hash: BlockHash
    time: int
    creator: bytes
    tenure: int
    empty: bool


def tip_of(header: Header, block_hash: BlockHash) -> Tip:
    empty = header.tx_count == 0 and header.evidence_root == bytes(32)
    return Tip(header.height, block_hash, header.time, header.creator, header.tenure, empty)


@dataclass(frozen=True, slots=True)
class Start:
    """Where this node begins.

    applied: the tip at A.  validators: the sets of all heights from certified + 1 (or lower) to A + 3. certified: the
    highest CheckpointCert held (None: only the genesis).  history: the range over heights 0..S. results: the Applied of
    S+1..A in order.  decided: heights A+1..D; the engine delivers them first. restored: the own records of D+1, if any.
    guard: its `vote_from` above D+1, or BARRED, makes the node an observer, for the reason `observer`. guard_is_saved:
    its file holds exactly that; else the engine saves it first of all. rejoin_nonce: fresh randomness, used only by an
    observer that must ask where to vote from. commit: the CommitCert of A, which other nodes may need (None at height
    0).
    """

    applied: Tip
    validators: Mapping[Height, ValidatorSet]
    certified: CheckpointCert | None
    history: History
    guard: GuardState
    results: tuple[Applied, ...] = ()
    decided: tuple[DecidedBlock, ...] = ()
    restored: Restored | None = None
    observer: str = ""
    rejoin_nonce: bytes = bytes(16)
    commit: CommitCert | None = None
    guard_is_saved: bool = True


def fresh_start(chain: bytes, time: int, validators: ValidatorSet, history: History) -> Start:
    """A new chain: key, guard and log were created together. `history` covers height 0."""
    tip = Tip(0, chain, time, b"", 0, True)
    return Start(tip, dict.fromkeys(range(4), validators), None, history, GuardState())
