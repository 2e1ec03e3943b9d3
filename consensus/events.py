"""One interface for both engines: what a driver tells an engine, and what the engine asks of its driver.

`engine.step(event) -> list[Effect]`. The duties of a driver:

1. The first event is a Tick, and what it asks to persist is durable before the second event. A Tick precedes every
   event whose arrival finds the clock moved on: the engine knows no other time. `SetTimer(at)` asks for a Tick at `at`
   or soon after; the newest replaces the one before.
2. Effects are performed in list order. `Persist(token, …)` appends its records (and the full bytes of its blocks, where
   the log does not hold them yet) and syncs the log, then writes and syncs the guard, then answers Persisted(token).
   Several may share one sync; Persisted(k) says that everything up to k is durable. A failing sync stops the node.
3. A `Send` with `after` waits until that token is durable. Nothing else needs to wait.
4. Received messages are verified (`consensus.verify`) against `engine.validators`, and may be dropped before that when
   `engine.wants(message)` says no.
5. Bodies are the driver's. A header's body has arrived when all its transactions are held and hash to the header; it is
   validated when asked for, and it stays held until a height above it is applied.
6. After Deliver(h) the driver executes, and tells Applied(h) in height order once the batch is durable; it says with
   Eligible(h + 1, …) what is eligible next. Catch-up hands whole decided blocks in as CommitCert + BodyArrived: the
   engine alone owns the decided height.
7. SetMode(STOPPED) is final: it halts ordering while the node keeps serving reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from consensus.messages import BlockHash, CommitCert, Height, Misbehaviour, OrderingMessage, PeerId, Round
from consensus.records import GuardState, Record
from consensus.verify import ValidatorsView, Verified
from ledger.block import Header
from ledger.checkpoint import Checkpoint, CheckpointCert
from ledger.validators import ValidatorSet

Token = int

# What a driver tells an engine


@dataclass(frozen=True, slots=True)
class Tick:
    """The only time there is. `now_ms` is monotonic and drives deadlines; `wall_ms` judges fresh blocks' timestamps."""

    now_ms: int
    wall_ms: int


@dataclass(frozen=True, slots=True)
class Received:
    """A verified message from a peer (not necessarily the one that signed it)."""

    peer: PeerId
    message: Verified[OrderingMessage]


@dataclass(frozen=True, slots=True)
class Eligible:
    """What could go into a block of `height` now: transactions and unreported misbehaviour. Replaces what was said.

    Told when the count changes from or to nothing, and after each Deliver for the height above it.
    """

    height: Height
    count: int


@dataclass(frozen=True, slots=True)
class Built:
    """The answer to Build: the driver holds this block in full. It may be empty. Late answers are ignored."""

    height: Height
    parent: BlockHash
    header: Header


@dataclass(frozen=True, slots=True)
class BodyArrived:
    """The body of this header is held in full and hashes to it. The engine checks the header, Validate the body."""

    height: Height
    block_hash: BlockHash
    header: Header


@dataclass(frozen=True, slots=True)
class Validated:
    """The answer to Validate: a pure function of (chain below, block); no clock, no mempool (H7)."""

    height: Height
    block_hash: BlockHash
    ok: bool


@dataclass(frozen=True, slots=True)
class Persisted:
    """Everything up to `token` is durable."""

    token: Token


@dataclass(frozen=True, slots=True)
class Applied:
    """The height is executed and its one batch is durable. `next_validators` act from height + 3.

    `attempt` counts the operator's orders to execute the height again with a corrected program.
    """

    height: Height
    block_hash: BlockHash
    block_time: int
    state_root: bytes
    receipts_root: bytes
    next_validators: ValidatorSet
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class PeerUp:
    peer: PeerId


@dataclass(frozen=True, slots=True)
class PeerDown:
    peer: PeerId


Event = Tick | Received | Eligible | Built | BodyArrived | Validated | Persisted | Applied | PeerUp | PeerDown

# What an engine asks of its driver


@dataclass(frozen=True, slots=True)
class Persist:
    """Make durable in one sync: `records` in order, and before them the full bytes of `blocks` not yet in the log.

    Then `guard`, when there is one, in its own file with a sync of its own. Then tell Persisted(token).
    """

    token: Token
    records: tuple[Record, ...]
    blocks: tuple[BlockHash, ...] = ()
    guard: GuardState | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Send to one peer, or with `to` None to every linked peer; not before `after` is durable."""

    to: PeerId | None
    message: OrderingMessage
    after: Token | None = None


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Wanted: a Tick at `at_ms` or soon after. None: none is needed."""

    at_ms: int | None


@dataclass(frozen=True, slots=True)
class Build:
    """Make a fresh block and tell Built. Every header field that is not about the contents is given here.

    The header's time is max(wall clock, parent_time + 1); the body has at most `body_bytes_max` bytes, oldest first.
    The driver may linger to fill it while T_propose runs.
    """

    height: Height
    round: Round
    parent: BlockHash
    parent_time: int
    creator: bytes
    tenure: int
    valset_hash: bytes
    body_bytes_max: int


@dataclass(frozen=True, slots=True)
class AskForWork:
    """This node must propose and holds nothing eligible: ask these peers, who are awake, for their transactions."""

    height: Height
    sources: tuple[PeerId, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """This node is awake for work of its own: send what these have not acknowledged, in this order (proposer first)."""

    height: Height
    order: tuple[PeerId, ...]


@dataclass(frozen=True, slots=True)
class Validate:
    """Is the body of this held block well-formed and permitted after its parent? Answered by Validated."""

    height: Height
    block_hash: BlockHash


@dataclass(frozen=True, slots=True)
class Fetch:
    """Get header and body of this block, first from the first source; told again as more sources are learned.

    A body that is held already is answered by BodyArrived at once.
    """

    height: Height
    block_hash: BlockHash
    sources: tuple[PeerId, ...]


@dataclass(frozen=True, slots=True)
class Deliver:
    """Decided: execute it. Heights come in order and once."""

    height: Height
    block_hash: BlockHash
    proof: CommitCert


@dataclass(frozen=True, slots=True)
class Certified:
    """A checkpoint certificate higher than any before is held: store it, release the proofs up to its height."""

    cert: CheckpointCert


@dataclass(frozen=True, slots=True)
class Report:
    """A validator has been shown to misbehave: keep the record for a block and raise an alarm."""

    misbehaviour: Misbehaviour


@dataclass(frozen=True, slots=True)
class Reject:
    """A peer sent what no correct node sends: count it."""

    peer: PeerId
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """For the operator; ordering goes on."""

    code: str
    detail: str


class Mode(Enum):
    """VOTING takes part; OBSERVER follows, serves and signs checkpoints only; STOPPED is read-only for good."""

    VOTING = "voting"
    OBSERVER = "observer"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class SetMode:
    """The mode has changed. `diverged` holds (own, certified or other) checkpoints when roots disagree."""

    mode: Mode
    reason: str
    diverged: tuple[Checkpoint, Checkpoint] | None = None


Effect = (
    Persist | Send | SetTimer | Build | AskForWork | Spread | Validate | Fetch | Deliver | Certified
    | Report | Reject | Alarm | SetMode
)  # fmt: skip


class OrderingEngine(Protocol):
    """What a driver holds."""

    @property
    def validators(self) -> ValidatorsView: ...

    @property
    def height(self) -> Height:
        """The height being decided."""
        ...

    @property
    def round(self) -> Round: ...

    def wants(self, message: OrderingMessage) -> bool:
        """Is it worth verifying? Whatever it answers, nothing changes."""
        ...

    def step(self, event: Event) -> Iterable[Effect]:
        """The one entry that changes anything."""
        ...
