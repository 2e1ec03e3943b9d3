"""The mempool: admits transactions, spreads them, and has them ready when a block is built or a body is put together.

Theory of operation. Three boxes, each with its own loop over one pool. Through the *door* come bytes from clients and
peers, through *bodies* what ordering waits for; they are decoded and verified once, in chunks between which other tasks
run. Through *control* come questions of ordering and the executor's reports, which must not wait behind a long batch. A
client hears "accepted" only when its transactions are verified and in the fsynced journal; clients that submit together
share one fsync.

What comes through this node's door from a client is spread to all peers: at once when little is going on, else gathered
for a moment, since a frame costs much more than the transactions in it. What peers have sent is not passed on; the
members are a full mesh. A peer whose link comes up gets what it has missed. The engine asks for more (`SpreadTo`) when
a height will not move.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trio

from consensus.messages import Bodies, GetBodies, PeerId, TxBatch
from ledger.transaction import Transaction
from node.admission import Admission, Candidate
from node.assembly import Assembly, Job
from node.board import Board, PoolStatus
from node.box import Box
from node.clock import Clock
from node.messages import (
    BlockRefused,
    BlockVerified,
    BlockWires,
    BodyResolved,
    CatchUpInbox,
    Decided,
    EndResolve,
    Executed,
    LinkDown,
    LinkUp,
    MempoolBodies,
    MempoolControl,
    MempoolIntake,
    OrderingInbox,
    PeerBodies,
    PeerTransactions,
    PeerWantsBodies,
    PeerWantsTransactions,
    Post,
    Resolve,
    SendToPeer,
    SpreadTo,
    Submit,
    SubmitOutcome,
    Take,
    Taken,
    Waiting,
)
from node.pool import CLIENTS, Pool, Pooled
from node.pool_journal import JournalledWire, PoolJournal

if TYPE_CHECKING:
    from trio_typing import TaskStatus

GATHER_MESSAGES_MAX: Final = 8
TOGETHER_TRANSACTIONS: Final = 64
TOGETHER_BYTES: Final = 64 * 1024
"""Decoded in one turn. Bytes are limited too: the longest transactions take thirteen milliseconds each to refuse."""
BATCH_TRANSACTIONS_MAX: Final = 200
BATCH_BYTES_MAX: Final = 60_000
LINK_TRANSACTIONS_MAX: Final = 10_000
"""The rest of a pool that is fuller than this follows by `SpreadTo`."""
SPREAD_EVERY_MS: Final = 40
SPREAD_AGAIN_MS: Final = 1_000
FILL_TRANSACTIONS: Final = 500
ASK_CHECK_SECONDS: Final = 0.25
TIMELY_CODES: Final = frozenset({"TX-004", "TX-005"})
"""No faults of a peer: its clock may differ by a little, and what was in time may be late when it arrives."""
ROOM_CODES: Final = frozenset({"POOL-001", "POOL-002"})
"""Counted, but a peer cannot know how full this pool is."""
CALLER_CODES: Final = frozenset({"AUTH-001", "AUTH-002"})
"""No faults either: the peer may have applied a block that has registered the caller, and this node not yet."""


@dataclass(frozen=True, slots=True)
class MempoolSettings:
    """`linger_ms` is the genesis' least time between two blocks that are not full."""

    linger_ms: int


class Mempool:
    def __init__(
        self,
        *,
        pool: Pool,
        admission: Admission,
        journal: PoolJournal,
        board: Board,
        blame: Callable[[PeerId, str], None],
        clock: Clock,
        settings: MempoolSettings,
        send: SendToPeer,
        to_ordering: Post[OrderingInbox],
        to_catch_up: Post[CatchUpInbox],
        door: Box[MempoolIntake],
        bodies: Box[MempoolBodies],
        control: Box[MempoolControl],
    ) -> None:
        self.door = door
        self.bodies = bodies
        self.control = control
        self._pool = pool
        self._admission = admission
        self._journal = journal
        self._board = board
        self._blame = blame
        self._clock = clock
        self._settings = settings
        self._send = send
        self._to_ordering = to_ordering
        self._to_catch_up = to_catch_up
        self._assembly = Assembly(find=pool.find, ask=send, done=self._on_body)
        self._linked: dict[PeerId, None] = {}
        self._to_spread: deque[Pooled] = deque()
        self._spread_wanted = trio.Event()
        self._grown = trio.Event()
        self._take: Take | None = None
        self._take_wanted = trio.Event()
        self._taken_ms = -settings.linger_ms
        self._said_waiting = False
        self._executed_blocks = 0
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()

    async def run(self, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        async with trio.open_nursery() as nursery:
            for loop in (
                self._run_door,
                self._run_bodies,
                self._run_control,
                self._run_spreading,
                self._run_taking,
                self._run_asking,
            ):
                nursery.start_soon(loop)
            task_status.started()

    # The door --------------------------------------------------------------------------------------------------------

    async def _run_door(self) -> None:
        while True:
            messages = [await self.door.receive(), *self.door.receive_ready(GATHER_MESSAGES_MAX)]
            submits = [message for message in messages if isinstance(message, Submit)]
            if submits:
                await self._on_submits(submits)
            for message in messages:
                if isinstance(message, PeerTransactions):
                    await self._on_peer_transactions(message.peer, message.wires)
            self._publish()

    async def _run_bodies(self) -> None:
        while True:
            match await self.bodies.receive():
                case PeerBodies(peer, block_hash, wires):
                    await self._on_bodies(peer, block_hash, wires)
                case BlockWires(number, wires):
                    await self._on_block(number, wires)

    async def _on_submits(self, submits: list[Submit]) -> None:
        wires = list(dict.fromkeys(wire for submit in submits for wire in submit.wires))
        seen = self._executed_blocks
        candidates = await self._examine(wires, CLIENTS)
        examined = dict(zip(wires, await self._admission.verify(candidates), strict=True))
        promised = self._to_promise(examined.values())
        if promised:
            journalled = [c.transaction.wire for c in promised if c.transaction is not None]
            segment = await trio.to_thread.run_sync(self._journal.write, journalled)
            self._journal.hold(segment, len(journalled))
            for candidate in promised:
                self._keep(candidate, CLIENTS, segment, seen)
        for submit in submits:
            submit.reply.put(tuple(self._outcome(examined[wire]) for wire in submit.wires))

    def _to_promise(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """What is new, and what this node knows from a peer alone: `known` is the same promise as `accepted`, and that
        peer may never come back."""
        found: list[Candidate] = []
        for candidate in candidates:
            if candidate.transaction is None or candidate.refused is not None:
                continue
            if not candidate.known:
                found.append(candidate)
                continue
            held = self._pool.entry(candidate.transaction.id)
            if held is not None and held.segment is None:
                # The bytes that were verified, which may carry another signature than those that came now.
                found.append(Candidate(held.transaction.wid, held.transaction, None, known=True))
        return found

    def _outcome(self, candidate: Candidate) -> SubmitOutcome:
        identifier = None if candidate.transaction is None else candidate.transaction.id
        if candidate.refused is not None:
            self._refused[candidate.refused.code] += 1
            return SubmitOutcome(candidate.wid, identifier, "refused", candidate.refused)
        self._counts["known" if candidate.known else "accepted"] += 1
        return SubmitOutcome(candidate.wid, identifier, "known" if candidate.known else "accepted")

    async def _on_peer_transactions(self, peer: PeerId, wires: tuple[bytes, ...]) -> None:
        for some in _slices(wires):
            seen = self._executed_blocks
            examined = await self._examine(some, peer)
            for candidate in await self._admission.verify(examined):
                if candidate.refused is not None:
                    self._count_peer_refusal(candidate, peer)
                elif not candidate.known:
                    self._keep(candidate, peer, None, seen)

    async def _examine(self, wires: Sequence[bytes], source: PeerId) -> list[Candidate]:
        """Everything short of signatures, with a turn for other tasks now and then."""
        now = self._clock.wall_ms()
        candidates: list[Candidate] = []
        for some in _slices(wires):
            await trio.lowlevel.checkpoint()
            candidates.extend(self._admission.examine(wire, source, now) for wire in some)
        return candidates

    async def _on_bodies(self, peer: PeerId, block_hash: bytes, wires: tuple[bytes, ...]) -> None:
        if not self._assembly.is_open(block_hash):
            return
        for some in _slices(wires):
            await trio.lowlevel.checkpoint()
            # Asked again for each slice: others may have brought the same while this one waited.
            decoded = [self._admission.decode(wire) for wire in some]
            for candidate in await self._admission.verify([c for c in decoded if self._assembly.wants(c.wid)]):
                if candidate.refused is not None:
                    self._count_peer_refusal(candidate, peer)
                else:
                    self._keep(candidate, peer, None)

    async def _on_block(self, number: int, wires: tuple[bytes, ...]) -> None:
        """A whole block: what the pool holds was verified when it came, the rest is verified now."""
        transactions: list[Transaction] = []
        for some in _slices(wires):
            await trio.lowlevel.checkpoint()
            for candidate in await self._admission.verify([self._admission.recall(wire) for wire in some]):
                if candidate.refused is not None:
                    self._count_peer_refusal(candidate, None)
                    self._to_catch_up(BlockRefused(number))
                    return
                assert candidate.transaction is not None, "what is not refused was decoded"
                transactions.append(candidate.transaction)
        self._to_ordering(BlockVerified(number, tuple(transactions)))

    def _count_peer_refusal(self, candidate: Candidate, peer: PeerId | None) -> None:
        """`peer` is who sent it, where that is known."""
        assert candidate.refused is not None
        code = candidate.refused.code
        if code in CALLER_CODES:
            # Dropped all the same: who has accepted it sends it again, and no proposal with it comes through this door.
            self._board.peer_faults["unknown_caller"] += 1
        elif peer is not None and code not in ROOM_CODES | TIMELY_CODES:
            self._blame(peer, code)
        elif code not in TIMELY_CODES:
            self._board.peer_faults[code] += 1

    def _keep(self, candidate: Candidate, source: PeerId, segment: int | None, seen: int | None = None) -> None:
        """A verified transaction: into the pool when its id has no place there, and to whoever waits for its bytes.

        It may have been executed while its signatures were verified, so that is asked again; not so where no block was
        executed since it was examined, after `seen` of them (None: it never was).
        """
        transaction = candidate.transaction
        assert transaction is not None
        held = self._pool.entry(transaction.id)
        if held is not None or (seen != self._executed_blocks and self._admission.is_executed(transaction.id)):
            self._promise(held, segment)
        elif source == CLIENTS or self._pool.has_room(transaction, source):
            entry = Pooled(transaction, source, self._clock.wall_ms(), segment)
            # Its sender has spread it; it is ours to spread only when that turns out not to have been enough.
            entry.spread_ms = self._clock.now_ms()
            self._pool.add(entry)
            self._on_grown(entry)
        self._assembly.on_transaction(transaction)

    def _promise(self, held: Pooled | None, segment: int | None) -> None:
        """The same request came by another way, earlier or while ours was being written to the journal.

        It is ours to spread from now on: who brought it need not have reached everybody, and what this client sends
        after it would be ordered before it there.
        """
        if segment is None:
            return
        if held is not None and held.segment is None:
            held.segment = segment
            self._to_spread.append(held)
            self._spread_wanted.set()
        else:
            self._journal.settle(segment)

    def _on_grown(self, entry: Pooled) -> None:
        if entry.source == CLIENTS:
            self._to_spread.append(entry)
            self._spread_wanted.set()
        if len(self._pool) >= FILL_TRANSACTIONS:
            self._grown.set()
        if not self._said_waiting:
            self._say_waiting()

    # Control ---------------------------------------------------------------------------------------------------------

    async def _run_control(self) -> None:
        while True:
            self._on_control(await self.control.receive())

    def _on_control(self, message: MempoolControl) -> None:
        match message:
            case Resolve(number, height, block_hash, wids, sources):
                self._assembly.resolve(number, height, block_hash, wids, sources, self._clock.now_ms())
            case EndResolve(number):
                self._assembly.end(number)
            case Take():
                self._take = message
                self._take_wanted.set()
            case Decided(_, ids):
                self._pool.on_decided(ids)
                self._say_waiting()
            case Executed():
                self._on_executed(message)
            case PeerWantsBodies(peer, question):
                self._serve(peer, question)
            case PeerWantsTransactions(peer):
                self._offer_oldest(peer)
            case SpreadTo(order):
                self._spread_again(order)
            case LinkUp(peer):
                # Only from here on it is sent what is new: none of that may overtake what it has missed.
                self._spread_promised(peer)
                self._linked[peer] = None
            case LinkDown(peer):
                self._linked.pop(peer, None)

    def _on_executed(self, block: Executed) -> None:
        if block.callers_changed:
            self._admission.forget_callers()
        executed, expired = self._pool.on_applied(block.ids, block.time, block.units)
        for entry in (*executed, *expired):
            if entry.segment is not None:
                self._journal.settle(entry.segment)
        self._counts["expired"] += len(expired)
        self._assembly.on_applied(block.height)
        if expired or not len(self._pool):
            self._say_waiting()
        self._publish()

    def _offer_oldest(self, peer: PeerId) -> None:
        wires = tuple(entry.transaction.wire for entry in self._oldest(0))
        if wires:
            self._send(peer, TxBatch(wires))

    def _serve(self, peer: PeerId, question: GetBodies) -> None:
        for wires in _batches(self._assembly.serve(question.block_hash, question.wids), 16 * BATCH_BYTES_MAX):
            self._send(peer, Bodies(question.height, question.block_hash, tuple(wires)))

    def _on_body(self, job: Job) -> None:
        transactions = tuple(job.held[wid] for wid in job.wids)
        self._to_ordering(BodyResolved(job.number, transactions))

    def _say_waiting(self) -> None:
        count = self._pool.eligible_count(self._clock.wall_ms())
        self._said_waiting = count > 0
        self._to_ordering(Waiting(count))

    # Building --------------------------------------------------------------------------------------------------------

    async def _run_taking(self) -> None:
        """Answer Take: at once when full, when nothing waits or when the last block is long past; else linger."""
        while True:
            await self._take_wanted.wait()
            self._take_wanted = trio.Event()
            if 0 < len(self._pool) < FILL_TRANSACTIONS:
                self._grown = trio.Event()
                wait_ms = self._taken_ms + self._settings.linger_ms - self._clock.now_ms()
                with trio.move_on_after(max(0, wait_ms) / 1000):
                    await self._grown.wait()
            take, self._take = self._take, None
            if take is not None:
                self._answer(take)

    def _answer(self, take: Take) -> None:
        time = max(self._clock.wall_ms(), take.parent_time + 1)
        transactions = self._pool.take(time=time, count_max=take.count_max, bytes_max=take.bytes_max)
        if transactions:
            self._taken_ms = self._clock.now_ms()
        self._to_ordering(Taken(take.height, take.parent, time, transactions))

    # Spreading -------------------------------------------------------------------------------------------------------

    async def _run_spreading(self) -> None:
        while True:
            await self._spread_wanted.wait()
            self._spread_wanted = trio.Event()
            now = self._clock.now_ms()
            while self._to_spread:
                batch = self._next_batch(now)
                if batch:
                    self._send_to(self._linked, TxBatch(tuple(batch)))
            await trio.sleep(SPREAD_EVERY_MS / 1000)

    def _next_batch(self, now: int) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        while self._to_spread and len(batch) < BATCH_TRANSACTIONS_MAX and size < BATCH_BYTES_MAX:
            entry = self._to_spread.popleft()
            entry.spread_ms = now
            batch.append(entry.transaction.wire)
            size += len(entry.transaction.wire)
        return batch

    def _send_to(self, peers: Iterable[PeerId], message: TxBatch) -> None:
        for peer in peers:
            self._send(peer, message)

    def _spread_promised(self, peer: PeerId) -> None:
        """A peer that was away has missed what was spread. It gets all that this node has promised and no block holds,
        in the order of arrival and before what comes after it, so that a client's transactions reach it in order."""
        promised = [entry.transaction.wire for entry in self._pool.waiting() if entry.segment is not None]
        for wires in _batches(promised[:LINK_TRANSACTIONS_MAX], BATCH_BYTES_MAX):
            self._send(peer, TxBatch(tuple(wires)))

    def _spread_again(self, order: tuple[PeerId, ...]) -> None:
        """One batch of the oldest that have not been sent for a while, proposer first."""
        now = self._clock.now_ms()
        entries = list(self._oldest(now - SPREAD_AGAIN_MS))
        if entries:
            batch = TxBatch(tuple(entry.transaction.wire for entry in entries))
            for entry in entries:
                entry.spread_ms = now
            self._send_to(order, batch)

    def _oldest(self, spread_before_ms: int) -> Iterable[Pooled]:
        """The oldest waiting ones, at most a batch, leaving out what was spread later than the given time."""
        size = count = 0
        for entry in self._pool.waiting():
            if count >= BATCH_TRANSACTIONS_MAX or size >= BATCH_BYTES_MAX:
                return
            if not spread_before_ms or entry.spread_ms <= spread_before_ms:
                count, size = count + 1, size + len(entry.transaction.wire)
                yield entry

    async def _run_asking(self) -> None:
        while True:
            await trio.sleep(ASK_CHECK_SECONDS)
            self._assembly.ask_again(self._clock.now_ms())

    # Start and status ------------------------------------------------------------------------------------------------

    def replay(self, journalled: Iterable[JournalledWire], block_time: int) -> int:
        """Put back what the journal holds and no block does; before `run`. Answers how many."""
        count = 0
        for item in journalled:
            transaction = self._admission.decode(item.wire).transaction
            gone = transaction is None or self._admission.is_executed(transaction.id)
            if transaction is None or gone or self._cannot_wait(transaction, block_time):
                self._journal.settle(item.segment)
                continue
            entry = Pooled(transaction, CLIENTS, self._clock.wall_ms(), item.segment)
            self._pool.add(entry)
            self._on_grown(entry)
            count += 1
        self._publish()
        return count

    def _cannot_wait(self, transaction: Transaction, block_time: int) -> bool:
        return transaction.body.valid_until < block_time or self._pool.has_id(transaction.id)

    def _publish(self) -> None:
        oldest = self._pool.oldest
        status = PoolStatus(
            count=len(self._pool),
            bytes=self._pool.bytes,
            oldest_since_ms=None if oldest is None else oldest.since_ms,
            accepted=self._counts["accepted"],
            known=self._counts["known"],
            expired=self._counts["expired"],
            refused=tuple(sorted(self._refused.items())),
        )
        self._board.pool = status


def _slices(wires: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    """What is decoded in one turn: so many transactions, or fewer where they are long."""
    start = size = 0
    for end, wire in enumerate(wires):
        size += len(wire)
        if end > start and (end - start == TOGETHER_TRANSACTIONS or size > TOGETHER_BYTES):
            yield wires[start:end]
            start, size = end, len(wire)
    if start < len(wires):
        yield wires[start:]


def _batches(wires: list[bytes], bytes_max: int) -> Iterable[list[bytes]]:
    """Cut into pieces of little more than `bytes_max`; one wire is always far below a frame's limit."""
    batch: list[bytes] = []
    size = 0
    for wire in wires:
        batch.append(wire)
        size += len(wire)
        if size >= bytes_max:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
