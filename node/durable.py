"""Durable before sent: the one place where what ordering must remember meets what it may then say. Sans-IO.

`persist` gathers records, the full bytes of blocks and the guard's newest state; `send` keeps a message until its token
is durable. `gather` hands out what one sync writes; whoever does the IO performs `steps_of` it in order (the log, one
fsync; then the guard, in its own file), and `written` releases, in order, the messages that waited. Between the two
more may gather: it waits for the next sync. A write that fails must stop the node: nothing can be known after it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from consensus.events import Persist
from consensus.messages import OrderingMessage, PeerId
from consensus.records import Decided, GuardState, OwnCheckpoint, OwnProposal, OwnVote, Record, encode_record
from node.held_blocks import HeldBlocks
from node.messages import SendToPeer
from node.wal import Entry, EntryKind


@dataclass(frozen=True, slots=True)
class Writes:
    """What one sync makes durable, up to `token`. The log may then forget the heights up to `forget`."""

    token: int
    entries: Sequence[Entry]
    guard: bytes | None
    forget: int | None


class Log(Protocol):
    """The write-ahead log, `node.wal.Wal`."""

    def append(self, entries: Sequence[Entry]) -> None: ...

    def forget(self, height: int) -> None: ...


class Guard(Protocol):
    """The guard's file, `node.guard.GuardFile`."""

    def replace(self, record: bytes) -> None: ...


def steps_of(writes: Writes, log: Log, guard: Guard) -> list[Callable[[], None]]:
    """In this order, each durable before the next begins: the power may go between any two.

    Log before guard: a guard that is ahead of its log bars the node from voting, a log that is ahead of its guard is
    what recovery mends.
    """
    steps: list[Callable[[], None]] = []
    if writes.entries:
        steps.append(partial(log.append, writes.entries))
    if writes.guard is not None:
        steps.append(partial(guard.replace, writes.guard))
    if writes.forget is not None:
        steps.append(partial(log.forget, writes.forget))
    return steps


class Durable:
    def __init__(self, blocks: HeldBlocks, send: SendToPeer) -> None:
        self._blocks = blocks
        self._send = send
        self._entries: list[Entry] = []
        self._guard_state: GuardState | None = None
        self._wanted = 0
        self._durable = 0
        self._held: deque[tuple[int, PeerId | None, OrderingMessage]] = deque()
        self._in_log: dict[bytes, int] = {}
        self._settled = 0
        self._forgotten = 0

    def mark_in_log(self, block_hash: bytes, height: int) -> None:
        """The log holds this block's bytes already (said at start)."""
        self._in_log[block_hash] = height

    def persist(self, effect: Persist) -> None:
        for block_hash in effect.blocks:
            block = self._blocks.get(block_hash)
            assert block is not None, "the bytes of a block that is voted for are held"
            if block_hash not in self._in_log:
                self._entries.append(Entry(EntryKind.BLOCK, block.height, block.log_form()))
                self._in_log[block_hash] = block.height
        for record in effect.records:
            self._entries.append(Entry(EntryKind.RECORD, height_of(record), encode_record(record)))
        if effect.guard is not None:
            self._guard_state = effect.guard
        self._wanted = effect.token

    def send(self, to: PeerId | None, message: OrderingMessage, after: int | None) -> None:
        if after is None or after <= self._durable:
            self._send(to, message)
        else:
            self._held.append((after, to, message))

    def settled(self, height: int) -> None:
        """Everything of `height` and below is both executed and certified: the log may forget it."""
        self._settled = max(self._settled, height)

    @property
    def is_waiting(self) -> bool:
        return self._wanted > self._durable

    def gather(self) -> Writes:
        """Everything that waits for the disk, for one sync; it is told by `written` before the next is gathered."""
        entries, self._entries = self._entries, []
        state, self._guard_state = self._guard_state, None
        forget = self._settled if self._settled > self._forgotten else None
        return Writes(self._wanted, entries, None if state is None else state.encode(), forget)

    def written(self, writes: Writes) -> None:
        """These are durable: release what waited for them."""
        if writes.forget is not None:
            self._forgotten = writes.forget
            self._in_log = {key: height for key, height in self._in_log.items() if height > writes.forget}
        self._durable = writes.token
        while self._held and self._held[0][0] <= writes.token:
            _, to, message = self._held.popleft()
            self._send(to, message)


def height_of(record: Record) -> int:
    match record:
        case Decided(height):
            return height
        case OwnProposal(proposal):
            return proposal.height
        case OwnVote(vote) | OwnCheckpoint(vote):
            return vote.height
