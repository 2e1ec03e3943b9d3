"""The mempool, played around the node's own pool and assembly: no signatures to verify, no lingering, a journal that
is durable at once. What ordering asks of it and what peers send is answered as the mempool's actor answers it.
"""

from __future__ import annotations

from typing import Final

from consensus.messages import Bodies, GetBodies, PeerId, TxBatch
from devnet.sim.stage import LIFETIME_MS, Machine, Stage
from ledger.transaction import Transaction
from node.assembly import Assembly, Job
from node.messages import (
    BlockVerified,
    BlockWires,
    BodyResolved,
    Decided,
    EndResolve,
    Executed,
    LinkDown,
    LinkUp,
    MempoolControl,
    PeerWantsBodies,
    PeerWantsTransactions,
    Resolve,
    SpreadTo,
    Take,
    Taken,
    Waiting,
)
from node.pool import CLIENTS, Pool, Pooled, PoolLimits
from node.store import Store

SPREAD_AGAIN_MS: Final = 1_000
LIMITS: Final = PoolLimits(lifetime_ms_max=LIFETIME_MS)
SEGMENT: Final = 0
"""All of the journal: its segments are the journal's own matter."""


class Pooling:
    def __init__(self, stage: Stage, node: Machine, store: Store) -> None:
        self._stage, self._node, self._store = stage, node, store
        self._pool = Pool(LIMITS)
        self._assembly = Assembly(find=self._pool.find, ask=node.say, done=self._on_body)
        self._said_waiting = False
        self.hang_build = False
        """Take is never answered: a mempool that hangs."""

    @property
    def is_busy(self) -> bool:
        return self._assembly.is_asking

    def on_house(self) -> None:
        self._assembly.ask_again(self._stage.now)

    # transactions

    def replay(self) -> None:
        """What the journal holds and no block does, at start."""
        for transaction in self._node.disk.journal.values():
            self._keep(transaction, CLIENTS)

    def on_client(self, transaction: Transaction) -> None:
        self._node.disk.journal[transaction.id] = transaction
        self._keep(transaction, CLIENTS)
        self._node.say(None, TxBatch((transaction.wire,)))

    def on_batch(self, peer: PeerId, wires: tuple[bytes, ...]) -> None:
        for wire in wires:
            self._keep(self._stage.transactions[wire], peer)

    def on_bodies(self, peer: PeerId, block_hash: bytes, wires: tuple[bytes, ...]) -> None:
        if self._assembly.is_open(block_hash):
            self.on_batch(peer, wires)

    def on_block(self, block: BlockWires) -> None:
        """A whole block that catch-up has fetched."""
        transactions = tuple(self._stage.transactions[wire] for wire in block.wires)
        self._node.tell(BlockVerified(block.number, transactions))

    def _keep(self, transaction: Transaction, source: PeerId) -> None:
        pool, is_ours = self._pool, source == CLIENTS
        held = pool.entry(transaction.id)
        if held is not None:
            held.segment = SEGMENT if is_ours else held.segment
        elif not self._store.is_executed(transaction.id):
            segment = SEGMENT if is_ours else None
            pool.add(Pooled(transaction, source, self._node.wall(), segment, self._stage.now))
            if not self._said_waiting:
                self._say_waiting()
        self._assembly.on_transaction(transaction)

    def _say_waiting(self) -> None:
        count = self._pool.eligible_count(self._node.wall())
        self._said_waiting = count > 0
        self._node.tell(Waiting(count))

    # what ordering and the links want

    def on(self, message: MempoolControl) -> None:
        match message:
            case Resolve(number, height, block_hash, wids, sources):
                self._assembly.resolve(number, height, block_hash, wids, sources, self._stage.now)
                self._node.keep_house()
            case EndResolve(number):
                self._assembly.end(number)
            case Take():
                if not self.hang_build:
                    self._node.after(self._stage.plan.speeds.build_ms_max, lambda: self._answer(message), "built")
            case Decided(_, ids):
                self._pool.on_decided(ids)
                self._say_waiting()
            case Executed():
                self._on_executed(message)
            case PeerWantsBodies(peer, question):
                self._serve(peer, question)
            case PeerWantsTransactions(peer):
                self._send([peer], [entry.transaction.wire for entry in self._pool.waiting()])
            case SpreadTo(order):
                self._spread_again(order)
            case LinkUp(peer):
                promised = [entry for entry in self._pool.waiting() if entry.segment is not None]
                self._send([peer], [entry.transaction.wire for entry in promised])
            case LinkDown():
                pass

    def _answer(self, take: Take) -> None:
        if self._node.is_paused(lambda: self._answer(take), "built"):
            return
        time = max(self._node.wall(), take.parent_time + 1)
        transactions = self._pool.take(time=time, count_max=take.count_max, bytes_max=take.bytes_max)
        self._node.tell(Taken(take.height, take.parent, time, transactions))

    def _on_executed(self, block: Executed) -> None:
        executed, expired = self._pool.on_applied(block.ids, block.time)
        for entry in executed:
            self._node.disk.journal.pop(entry.transaction.id, None)
        self._assembly.on_applied(block.height)
        if expired or not len(self._pool):
            self._say_waiting()

    def _serve(self, peer: PeerId, question: GetBodies) -> None:
        wires = self._assembly.serve(question.block_hash, question.wids)
        if wires:
            self._node.say(peer, Bodies(question.height, question.block_hash, tuple(wires)))

    def _on_body(self, job: Job) -> None:
        self._node.tell(BodyResolved(job.number, tuple(job.held[wid] for wid in job.wids)))

    def _spread_again(self, order: tuple[PeerId, ...]) -> None:
        due = [entry for entry in self._pool.waiting() if entry.spread_ms <= self._stage.now - SPREAD_AGAIN_MS]
        for entry in due:
            entry.spread_ms = self._stage.now
        self._send(order, [entry.transaction.wire for entry in due])

    def _send(self, peers: tuple[PeerId, ...] | list[PeerId], wires: list[bytes]) -> None:
        for peer in peers if wires else ():
            self._node.say(peer, TxBatch(tuple(wires)))
