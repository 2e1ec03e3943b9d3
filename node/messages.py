"""What actors tell each other. Actors never import one another: they import from here and know only boxes.

Each message is frozen and stands in the section of its receiver. Boxes are bounded. A question carries its own `reply`
channel, made by the asker with room for exactly one answer, so that answering never blocks. A `Post` puts a message
into a box that is larger than what can be under way to it; a full one is a bug of ours and stops the node.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import trio

from consensus.events import Applied
from consensus.messages import (
    Blocks,
    CertifiedBlock,
    GetBlocks,
    GetBodies,
    GetOutcome,
    Manifest,
    OrderingMessage,
    Outcome,
    PeerId,
    PeerMessage,
)
from ledger.block import Header
from ledger.errors import Refused
from ledger.genesis import ValidatorEntry
from ledger.state import StateProof
from ledger.transaction import Transaction

T = TypeVar("T")
M_contra = TypeVar("M_contra", contravariant=True)
Post = Callable[[M_contra], None]
SendToPeer = Callable[[PeerId | None, PeerMessage], None]
"""Queue a message for one peer, or with None for every linked one; never blocks, may be lost with the link."""


class Reply(Generic[T]):
    """The asker's end of one question: `reply.put(answer)` is called once, `await reply.get()` waits for it."""

    __slots__ = ("_receive", "_send")

    def __init__(self) -> None:
        self._send, self._receive = trio.open_memory_channel[T](1)

    def put(self, answer: T) -> None:
        self._send.send_nowait(answer)

    async def get(self) -> T:
        return await self._receive.receive()


# From the peers actor, to whoever follows the links -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkUp:
    peer: PeerId


@dataclass(frozen=True, slots=True)
class LinkDown:
    peer: PeerId


# To the mempool, through its bounded door ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SubmitOutcome:
    """`accepted`: verified and in this node's journal, fsynced. `known`: it was already, or it has been executed.

    `id` is None where the bytes could not be decoded.
    """

    wid: bytes
    id: bytes | None
    outcome: Literal["accepted", "known", "refused"]
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class Submit:
    """A client's wires; the answer has one outcome per wire, in their order."""

    wires: tuple[bytes, ...]
    reply: Reply[tuple[SubmitOutcome, ...]]


@dataclass(frozen=True, slots=True)
class PeerTransactions:
    """A batch that a peer spreads."""

    peer: PeerId
    wires: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class PeerBodies:
    """A peer's answer to our question for the transactions of a block."""

    peer: PeerId
    block_hash: bytes
    wires: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class BlockWires:
    """A whole decided block that catch-up has fetched: verify its transactions and hand them to ordering.

    `number` is that of its handing over.
    """

    number: int
    wires: tuple[bytes, ...]


# To the mempool, from the other actors -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resolve:
    """Ordering needs the transactions of the manifest that it gave this number; `sources` may have what is missing."""

    number: int
    height: int
    block_hash: bytes
    wids: tuple[bytes, ...]
    sources: tuple[PeerId, ...]


@dataclass(frozen=True, slots=True)
class EndResolve:
    """The transactions of this manifest are not needed any more."""

    number: int


@dataclass(frozen=True, slots=True)
class Take:
    """Ordering builds a block: the oldest transactions, at once or after the pool has filled up a little."""

    height: int
    parent: bytes
    parent_time: int
    count_max: int
    bytes_max: int


@dataclass(frozen=True, slots=True)
class Decided:
    """These ids are in a decided block: they wait no more."""

    height: int
    ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Executed:
    """A height is executed and durable. `callers_changed`: it has touched the register of people or organisations;
    `units`: what each transaction was charged, in the order of the ids."""

    height: int
    time: int
    ids: tuple[bytes, ...]
    callers_changed: bool = False
    units: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PeerWantsBodies:
    """Asked of ordering first, which answers for the blocks that it holds in full; the pool has parts of others."""

    peer: PeerId
    question: GetBodies


@dataclass(frozen=True, slots=True)
class PeerWantsTransactions:
    """A peer must propose and holds nothing: it gets our oldest."""

    peer: PeerId


@dataclass(frozen=True, slots=True)
class SpreadTo:
    """Send the oldest again, to these peers in this order."""

    order: tuple[PeerId, ...]


MempoolIntake = Submit | PeerTransactions
MempoolBodies = PeerBodies | BlockWires
"""Ordering waits for these; they have a box of their own, so that they do not queue behind what may wait."""
MempoolControl = (
    Resolve
    | EndResolve
    | Take
    | Decided
    | Executed
    | PeerWantsBodies
    | PeerWantsTransactions
    | SpreadTo
    | LinkUp
    | LinkDown
)

# To ordering ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FromPeer:
    peer: PeerId
    message: OrderingMessage


@dataclass(frozen=True, slots=True)
class ManifestFromPeer:
    peer: PeerId
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class OutcomeFromPeer:
    """A peer's question or answer about what a height came to."""

    peer: PeerId
    message: GetOutcome | Outcome


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The moment that the engine asked for has come."""


@dataclass(frozen=True, slots=True)
class BodyResolved:
    """All transactions of the manifest of this number are held, verified, in the manifest's order."""

    number: int
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class BlockVerified:
    """The transactions of a caught-up block, verified."""

    number: int
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to Take."""

    height: int
    parent: bytes
    time: int
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many transactions wait, said when the number leaves or reaches zero and after each decided height."""

    count: int


@dataclass(frozen=True, slots=True)
class AppliedBlock:
    """The executor's report; the engine's event is inside. `nodes` is the register of nodes where it has changed."""

    applied: Applied
    nodes: tuple[ValidatorEntry, ...] | None = None


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Catch-up has fetched a decided block; nothing of it is verified yet. Its transactions come by the mempool.

    `number` is that of its handing over.
    """

    number: int
    misbehaviour: tuple[bytes, ...]
    block: CertifiedBlock


@dataclass(frozen=True, slots=True)
class SignFreshness:
    """The validator's signature over a client's nonce and its highest certificate; the answer is the signature."""

    nonce: bytes
    height: int
    checkpoint_hash: bytes
    reply: Reply[bytes]


OrderingInbox = (
    FromPeer | ManifestFromPeer | PeerWantsBodies | LinkUp | LinkDown | TimerFired | BodyResolved | BlockVerified
    | Taken | Waiting | AppliedBlock | CaughtUp | SignFreshness | OutcomeFromPeer
)  # fmt: skip

# To the executor -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Execute:
    """A decided block. `transactions` are the objects that the mempool has verified."""

    header: Header
    header_bytes: bytes
    block_hash: bytes
    body: bytes
    transactions: tuple[Transaction, ...]
    misbehaviour: tuple[bytes, ...]
    decision: bytes


@dataclass(frozen=True, slots=True)
class Proved:
    """A value as applied at `height`, with its proof; a reader releases it only under the certificate of `height`."""

    height: int
    full_key: bytes
    value: bytes | None
    proof: StateProof


@dataclass(frozen=True, slots=True)
class Prove:
    """The answer has one value for each key, in their order, all of one height."""

    full_keys: tuple[bytes, ...]
    reply: Reply[tuple[Proved, ...]]


ExecutorInbox = Execute | Prove

# To catch-up ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PeerWantsBlocks:
    peer: PeerId
    question: GetBlocks


@dataclass(frozen=True, slots=True)
class BlocksFromPeer:
    peer: PeerId
    blocks: Blocks


@dataclass(frozen=True, slots=True)
class PeerHeight:
    """A peer says that it has decided up to here: a hint."""

    peer: PeerId
    height: int


@dataclass(frozen=True, slots=True)
class OwnHeight:
    """This node has decided up to here."""

    height: int


@dataclass(frozen=True, slots=True)
class BlockRefused:
    """The block that catch-up has handed out under this number is false."""

    number: int


CatchUpInbox = PeerWantsBlocks | BlocksFromPeer | PeerHeight | OwnHeight | BlockRefused | LinkUp | LinkDown

# To the ticker -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Say TimerFired at this monotonic time or soon after; None: not at all. Replaces what was asked before."""

    at_ms: int | None
