"""Durable before sent: the one place where what ordering must remember meets what it may then say.

`persist` gathers records, the full bytes of blocks and the guard's newest state; `hold` keeps a message until its token
is durable; `sync` writes everything gathered (the log, one fsync; then the guard, in its own file) in a thread and
releases, in order, the messages that waited. A failing write raises, and the node stops: nothing can be known after it.
"""

from __future__ import annotations

from collections import deque

import trio

from consensus.events import Persist
from consensus.messages import OrderingMessage, PeerId
from consensus.records import Decided, GuardState, OwnCheckpoint, OwnProposal, OwnVote, Record, encode_record
from node.guard import GuardFile
from node.held_blocks import HeldBlocks
from node.messages import SendToPeer
from node.wal import Entry, EntryKind, Wal


class Durable:
    def __init__(self, *, wal: Wal, guard: GuardFile, blocks: HeldBlocks, send: SendToPeer) -> None:
        self._wal = wal
        self._guard = guard
        self._blocks = blocks
        self._send = send
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
                self._wal.add(Entry(EntryKind.BLOCK, block.height, block.log_form()))
                self._in_log[block_hash] = block.height
        for record in effect.records:
            self._wal.add(Entry(EntryKind.RECORD, height_of(record), encode_record(record)))
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

    async def sync(self) -> int:
        """Make everything gathered durable, release what waited for it, and answer the token reached."""
        token, state = self._wanted, self._guard_state
        self._guard_state = None
        await trio.to_thread.run_sync(self._write, None if state is None else state.encode())
        self._durable = token
        while self._held and self._held[0][0] <= token:
            _, to, message = self._held.popleft()
            self._send(to, message)
        return token

    def _write(self, guard: bytes | None) -> None:
        self._wal.sync()
        if guard is not None:
            self._guard.replace(guard)
        if self._settled > self._forgotten:
            self._wal.forget(self._settled)
            self._forgotten = self._settled
            self._in_log = {key: height for key, height in self._in_log.items() if height > self._settled}


def height_of(record: Record) -> int:
    match record:
        case Decided(height):
            return height
        case OwnProposal(proposal):
            return proposal.height
        case OwnVote(vote) | OwnCheckpoint(vote):
            return vote.height
