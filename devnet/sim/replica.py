"""One node: the production engine, and around it a driver that keeps the duties of `consensus.events` and no more.

The engine, recovery, catch-up, the held blocks, the assembly of bodies, fetching, the pool and what a block may hold
are the node's own code. Only what would block or touch the machine is played: the disk, execution (a hash chain) and
clients.

Effects are performed in list order and one step is finished before the next begins: events that follow from an effect
(Validated, a body that was held all along) wait in `_queue`. A crash can fall between any two effects, and between the
log's sync, the guard's and the engine hearing of them.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from consensus import catch_up as fetching_rules
from consensus.events import (
    Alarm,
    AskForWork,
    Build,
    Built,
    Certified,
    Deliver,
    Effect,
    Eligible,
    Event,
    Fetch,
    Mode,
    PeerDown,
    PeerUp,
    Persist,
    Received,
    Reject,
    Report,
    Send,
    SetMode,
    SetTimer,
    Spread,
    Tick,
    Validate,
)
from consensus.messages import (
    Blocks,
    Bodies,
    GetBlocks,
    GetBodies,
    GetTransactions,
    Manifest,
    Misbehaviour,
    OrderingMessage,
    PeerId,
    PeerMessage,
    RoundState,
    TxBatch,
    encode_message,
)
from consensus.pbft.engine import Engine
from consensus.recovery import recover
from consensus.start import Start
from consensus.verify import FalseCertificate, NotYet, Verifier
from devnet.sim.catching_up import CatchingUp
from devnet.sim.checkers import Checkers
from devnet.sim.disk import Disk, Row
from devnet.sim.executing import Executing
from devnet.sim.holding import BLOCK_TRANSACTIONS_MAX, Holding
from devnet.sim.prng import Prng
from devnet.sim.stage import Stage
from devnet.sim.traitor import Mask
from devnet.sim.writing import Writing
from ledger.block import BlockBody, Header, misbehaviour_root, transactions_root
from ledger.errors import PeerFault
from ledger.transaction import Transaction
from node.held_blocks import HeldBlock, make_block
from node.misbehaviour import offence_key_of
from node.pool import CLIENTS, Pool, Pooled, PoolLimits

HOUSEKEEPING_MS: Final = 250
SPREAD_AGAIN_MS: Final = 1_000
MISBEHAVIOUR_PER_BLOCK_MAX: Final = 8
LIMITS: Final = PoolLimits(lifetime_ms_max=10**12)


class Wires(Protocol):
    """What joins the replicas."""

    def post(self, sender: Replica, to: PeerId | None, message: PeerMessage) -> None: ...

    def link_changes(self) -> None:
        """Somebody has come or gone."""
        ...


class Crashed(Exception):  # noqa: N818 - an outcome of the plan, not a slip
    """The power went off at an effect boundary."""


class Replica:
    def __init__(
        self, stage: Stage, checkers: Checkers, wires: Wires, index: int, key_index: int, mask: Mask | None
    ) -> None:
        self.stage, self._checkers, self._wires = stage, checkers, wires
        self.index, self.key_index = index, key_index
        self.hand = stage.hands[key_index]
        self.key = PeerId(self.hand.key)
        self.mask: Mask | None = None
        if mask is not None:
            self.put_on(mask)
        self.disk = Disk(stage.genesis_history)
        self.up = False
        self.life = 0
        self.crash_after: int | None = None
        self.down_ms = 0
        self.paused_until = 0
        self.wall_offset = 0
        self.hang_build = False
        self.spoil_height: int | None = None
        """Execution of this height comes to another result here: a bug of one build."""
        self.alarms: list[tuple[str, str]] = []
        self.mode: Mode | None = None
        self.reports: dict[bytes, Misbehaviour] = {}

    def put_on(self, mask: Mask) -> None:
        self.mask, mask.host = mask, self
        self.stage.distrust(self.index)

    @property
    def is_honest(self) -> bool:
        return self.index in self.stage.honest

    @property
    def executed(self) -> set[bytes]:
        return self.holding.executed

    # life and death

    def boot(self) -> None:
        if self.up:
            return
        stage = self.stage
        self.up, self.life = True, self.life + 1
        self._queue: deque[Event] = deque()
        self._busy = False
        self.writing = Writing(stage, self._checkers, self)
        self.executing = Executing(stage, self._checkers, self)
        self._timer: int | None = None
        self._linked: dict[PeerId, None] = {}
        self._states: dict[PeerId, int] = {}
        self._keeping = self.is_started = False
        self.misbehaviour: dict[bytes, None] = {}
        self.told_ms = -1
        self.verifier = Verifier(stage.domain)
        self.pool = Pool(LIMITS)
        self.holding = Holding(stage, self, self.pool, LIMITS.lifetime_ms_max)
        self.blocks = self.holding.blocks
        start = self.recovered()
        self.delivered = self.disk.applied
        self.catching_up = CatchingUp(stage, self, self.delivered + len(start.decided))
        self.engine = Engine(stage.domain, self.hand, stage.plan.timing, start)
        self._checkers.on_boot(self, start)
        self.step(Tick(stage.now, self.wall()))
        self.is_started = True
        for transaction in self.disk.journal.values():
            self._admit(transaction, CLIENTS)
        self._wires.link_changes()

    def recovered(self) -> Start:
        stage = self.stage
        nonce = hashlib.sha256(b"%d %d" % (self.index, self.life)).digest()[:16]
        log = self.disk.log_facts(stage.suite)
        self.disk.log_lost = self.disk.log_damaged = False
        database = self.disk.database_facts(stage.genesis_tip, stage.genesis_validators)
        return recover(stage.domain, self.key, self.disk.guard, log, database, nonce=nonce)

    def power_off(self, fate: Prng) -> None:
        """Writes under way end as chance will have it; everything in memory is gone."""
        self.writing.power_off(fate)
        self.executing.power_off(fate)
        for height in [height for height in self.disk.certs if height > self.disk.applied or fate.chance(30)]:
            del self.disk.certs[height]
        self.up, self.life, self.crash_after = False, self.life + 1, None

    def wall(self) -> int:
        return self.stage.wall() + self.wall_offset

    # stepping the engine

    def step(self, event: Event) -> None:
        """Feed an event; its consequences follow in order, none before the effects of the one before it."""
        self._queue.append(event)
        if self._busy:
            return
        self._busy = True
        while self._queue:
            following = self._queue.popleft()
            if self.told_ms != self.stage.now or isinstance(following, Tick):
                self.told_ms = self.stage.now
                self._run(Tick(self.stage.now, self.wall()))
            if not isinstance(following, Tick):
                self._run(following)
            if not self._queue:
                self.writing.sync()
        self._busy = False

    def _run(self, event: Event) -> None:
        checkers = self._checkers
        for effect in self.engine.step(event):
            if self.crash_after is not None:
                self.maybe_crash()
            if self.is_honest:
                checkers.on_effect(self, effect)
            self._perform(effect)
        if self.is_honest and not isinstance(event, Tick):
            checkers.on_step(self, event)

    def maybe_crash(self) -> None:
        if self.crash_after is not None:
            self.crash_after -= 1
            if self.crash_after < 0:
                raise Crashed

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send():
                self.writing.send(effect)
            case Persist():
                self.writing.persist(effect)
            case SetTimer(at_ms):
                self._timer = at_ms
                if at_ms is not None:
                    self.later(max(at_ms, self.stage.now), self._ring, "wake")
            case Validate():
                self._queue.append(self.holding.validated(effect))
            case Build():
                if not self.hang_build:
                    self.after(self.stage.plan.speeds.build_ms_max, lambda: self._on_build(effect), "built")
            case Fetch():
                arrived = self.holding.on_fetch(effect)
                if arrived is not None:
                    self._queue.append(arrived)
            case Deliver():
                self._on_deliver(effect)
            case AskForWork(height, sources):
                for peer in sources:
                    self.say(peer, GetTransactions(height))
            case Spread(_, order):
                self._spread(order)
            case Certified(cert):
                self.disk.certs[cert.checkpoint.height] = cert
                self.disk.forget()
            case Report(misbehaviour):
                self._on_report(misbehaviour)
            case Alarm(code, detail):
                self.alarms.append((code, detail))
                self.stage.note(f"{self.index} ! {code} {detail}")
            case SetMode(mode, reason):
                self.mode = mode
                self.stage.note(f"{self.index} ! {mode.value} {reason}")
            case Reject():
                pass

    def later(self, time: int, call: Callable[[], None], what: str) -> None:
        self.stage.at(time, self.index, self.life, call, what)

    def after(self, ms_max: int, call: Callable[[], None], what: str) -> None:
        """Some time from 0 … ms_max from now."""
        self.later(self.stage.now + (self.stage.fate.below(ms_max + 1) if ms_max else 0), call, what)

    def _ring(self) -> None:
        if self._timer is not None and self._timer <= self.stage.now and not self.is_paused(self._ring, "wake"):
            self._timer = None
            self.step(Tick(self.stage.now, self.wall()))

    def is_paused(self, call: Callable[[], None], what: str) -> bool:
        """While the process stands still, what happens to it waits."""
        if self.stage.now >= self.paused_until:
            return False
        self.later(self.paused_until, call, what)
        return True

    def say(self, to: PeerId | None, message: PeerMessage) -> None:
        self._checkers.on_send(self, message)
        self._wires.post(self, to, message)

    # links

    def learn_links(self, keys: Iterable[PeerId]) -> None:
        now = dict.fromkeys(keys)
        for key in [key for key in self._linked if key not in now]:
            del self._linked[key]
            self._states.pop(key, None)
            self.step(PeerDown(key))
            self.catching_up.on(fetching_rules.SourceDown(key))
        for key in [key for key in now if key not in self._linked]:
            self._linked[key] = None
            self.catching_up.on(fetching_rules.SourceUp(key))
            self.step(PeerUp(key))

    # messages

    def on_message(self, peer: PeerId, message: PeerMessage, number: int) -> None:
        if self.is_paused(lambda: self.on_message(peer, message, number), "after the pause"):
            return
        match message:
            case Manifest():
                self.holding.on_manifest(peer, message)
            case GetBodies():
                self.holding.on_get_bodies(peer, message)
            case GetTransactions():
                waiting = tuple(entry.transaction.wire for entry in self.pool.waiting())
                if waiting:
                    self.say(peer, TxBatch(waiting))
            case Bodies(_, block_hash, wires):
                if self.holding.is_open(block_hash):
                    self._take_in(wires, peer)
            case TxBatch(wires):
                self._take_in(wires, peer)
            case GetBlocks():
                self.catching_up.serve(peer, message)
            case Blocks():
                self.catching_up.on(fetching_rules.BlocksArrived(peer, message))
            case _:
                if isinstance(message, RoundState) and number >= self._states.get(peer, 0):
                    # The real link keeps the order of what a peer says about itself; the simulated one does not.
                    self._states[peer] = number
                    self.catching_up.on(fetching_rules.Claim(peer, message.height - 1))
                if isinstance(message, OrderingMessage):
                    self._on_ordering(peer, message)

    def _on_ordering(self, peer: PeerId, message: OrderingMessage) -> None:
        if self.mask is not None and not self.mask.hears(message):
            return
        if not self.engine.wants(message):
            return
        try:
            verified = self.verifier.verify(message, self.engine.validators)
        except NotYet:
            return
        except FalseCertificate as fault:
            self._on_ordering(peer, fault.misbehaviour)
            return
        except PeerFault as fault:
            self.stage.note(f"{self.index} ! {fault.code} {fault.detail}")
            return
        self.step(Received(peer, verified))

    # building, deciding, executing

    def _on_build(self, ask: Build) -> None:
        if self.is_paused(lambda: self._on_build(ask), "built"):
            return
        block = self.assemble(ask, self.pool.take(
            time=max(self.wall(), ask.parent_time + 1), count_max=BLOCK_TRANSACTIONS_MAX, bytes_max=ask.body_bytes_max
        ))  # fmt: skip
        self.blocks.keep(block)
        self.say(None, block.manifest())
        self.step(Built(ask.height, ask.parent, block.header))

    def assemble(self, ask: Build, transactions: tuple[Transaction, ...]) -> HeldBlock:
        suite = self.stage.suite
        misbehaviour = self._reportable(ask.height)
        header = Header(
            chain=self.stage.domain.chain,
            height=ask.height,
            parent=ask.parent,
            time=max(self.wall(), ask.parent_time + 1),
            creator=ask.creator,
            created_round=ask.round,
            tenure=ask.tenure,
            tx_count=len(transactions),
            tx_root=transactions_root(suite, [(t.id, t.wid) for t in transactions]),
            evidence_root=misbehaviour_root(suite, misbehaviour),
            body_bytes=len(BlockBody(tuple(t.wire for t in transactions), misbehaviour).encode()),
            valset_hash=ask.valset_hash,
        )
        return make_block(suite, header, transactions, misbehaviour)

    def _reportable(self, height: int) -> tuple[bytes, ...]:
        """Records for a block of `height`, one an offence; those that no block may carry any more are dropped."""
        chosen: dict[bytes, bytes] = {}
        for record in list(self.misbehaviour):
            try:
                chosen.setdefault(self.holding.permission.verify_record(record, height), record)
            except PeerFault:
                del self.misbehaviour[record]
        return tuple(chosen.values())[:MISBEHAVIOUR_PER_BLOCK_MAX]

    def _on_deliver(self, effect: Deliver) -> None:
        block = self.blocks.get(effect.block_hash)
        assert block is not None, "a delivered block is held"
        self.delivered = effect.height
        self.holding.on_delivered(block)
        self._forget_reported(block)
        self.pool.on_decided(block.ids)
        self._tell_work()
        self.catching_up.on(fetching_rules.Progress(effect.height))
        self.executing.deliver(block, effect)

    def _forget_reported(self, block: HeldBlock) -> None:
        offences = {offence_key_of(record, self.stage.suite) for record in block.misbehaviour}
        for record in [known for known in self.misbehaviour if offence_key_of(known, self.stage.suite) in offences]:
            del self.misbehaviour[record]

    def on_executed(self, row: Row) -> None:
        self.holding.on_executed(row.block)
        executed, _ = self.pool.on_applied(row.block.ids, row.result.block_time)
        for entry in executed:
            self.disk.journal.pop(entry.transaction.id, None)
        self.disk.forget()
        self.step(row.result)
        self._tell_work()

    # transactions

    def on_client(self, transaction: Transaction) -> None:
        self.disk.journal[transaction.id] = transaction
        self._admit(transaction, CLIENTS)
        self.say(None, TxBatch((transaction.wire,)))

    def _take_in(self, wires: tuple[bytes, ...], peer: PeerId) -> None:
        for wire in wires:
            transaction = self.stage.transactions[wire]
            self._admit(transaction, peer)
            self.holding.on_transaction(transaction)

    def _admit(self, transaction: Transaction, source: PeerId) -> None:
        if not self.pool.has_id(transaction.id) and transaction.id not in self.executed:
            self.pool.add(Pooled(transaction, source, self.wall(), spread_ms=self.stage.now))
            self._tell_work()

    def _tell_work(self) -> None:
        oldest = self.pool.oldest
        count = len(self.pool) + len(self.misbehaviour)
        self.step(Eligible(self.delivered + 1, count, None if oldest is None else oldest.since_ms))

    def _spread(self, order: tuple[PeerId, ...]) -> None:
        due = [entry for entry in self.pool.waiting() if entry.spread_ms <= self.stage.now - SPREAD_AGAIN_MS]
        for entry in due:
            entry.spread_ms = self.stage.now
        for peer in order:
            if due:
                self.say(peer, TxBatch(tuple(entry.transaction.wire for entry in due)))
            for record in self.misbehaviour:
                self.say(peer, self.reports[record])

    def _on_report(self, misbehaviour: Misbehaviour) -> None:
        record = encode_message(misbehaviour)
        self.reports[record] = misbehaviour
        if record not in self.misbehaviour and offence_key_of(record, self.stage.suite) not in self.holding.reported:
            self.misbehaviour[record] = None
            self._tell_work()

    # now and then

    def keep_house(self) -> None:
        if not self._keeping:
            self._keeping = True
            self.later(self.stage.now + HOUSEKEEPING_MS, self._on_house, "housekeeping")

    def _on_house(self) -> None:
        if self.is_paused(self._on_house, "housekeeping"):
            return
        self._keeping = False
        self.holding.on_house()
        self.catching_up.on_house()
        if self.holding.is_busy or self.catching_up.is_busy:
            self.keep_house()
