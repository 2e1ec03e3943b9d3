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
from typing import TYPE_CHECKING, Final

from consensus import catch_up as fetching_rules
from consensus.events import (
    Alarm,
    Applied,
    AskForWork,
    BodyArrived,
    Build,
    Built,
    Certified,
    Deliver,
    Effect,
    Event,
    Fetch,
    Mode,
    PeerDown,
    PeerUp,
    Persist,
    Persisted,
    Received,
    Reject,
    Report,
    Send,
    SetMode,
    SetTimer,
    Spread,
    Submitted,
    Tick,
    Validate,
    Validated,
)
from consensus.messages import (
    Blocks,
    Bodies,
    CertifiedBlock,
    Evidence,
    GetBlocks,
    GetBodies,
    GetTransactions,
    Manifest,
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
from consensus.verify import FalseCertificate, NotYet, Verified, Verifier
from devnet.sim.disk import Disk, Frame, Row, joined
from ledger.block import BlockBody, Header, misbehaviour_root, transactions_root
from ledger.errors import PeerFault
from ledger.history import HistoryRange
from ledger.transaction import Transaction
from node.assembly import Assembly, Job
from node.fetching import Fetching
from node.held_blocks import HeldBlock, HeldBlocks, Permission, make_block
from node.manifests import Offer
from node.misbehaviour import MisbehaviourRules, offence_key_of
from node.pool import CLIENTS, Pool, Pooled, PoolLimits

if TYPE_CHECKING:
    from devnet.sim.prng import Prng
    from devnet.sim.traitor import Mask
    from devnet.sim.world import World

CATCH_UP: Final = PeerId(b"catch-up")
HOUSEKEEPING_MS: Final = 250
HAND_AGAIN_MS: Final = 2_000
SPREAD_AGAIN_MS: Final = 1_000
BLOCK_TRANSACTIONS_MAX: Final = 16
MISBEHAVIOUR_PER_BLOCK_MAX: Final = 8
LIMITS: Final = PoolLimits(lifetime_ms_max=10**12)


class Crashed(Exception):  # noqa: N818 - an outcome of the plan, not a slip
    """The power went off at an effect boundary."""


class Replica:
    def __init__(self, world: World, index: int, key_index: int, mask: Mask | None) -> None:
        self.world, self.index, self.key_index, self.mask = world, index, key_index, mask
        self.hand = world.hands[key_index]
        self.key = PeerId(self.hand.key)
        self.is_honest = mask is None
        self.disk = Disk(world.genesis_history)
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
        self.reports: dict[bytes, Evidence] = {}
        self._range = HistoryRange(world.suite)

    # life and death

    def boot(self) -> None:
        if self.up:
            return
        world, suite = self.world, self.world.suite
        self.up, self.life = True, self.life + 1
        self._queue: deque[Event] = deque()
        self._busy = False
        self._pending: list[Frame] = []
        self._writing: tuple[Frame, bool] | None = None
        self._held: deque[Send] = deque()
        self._asked = self._durable = 0
        self._applying: Row | None = None
        self._to_apply: deque[tuple[HeldBlock, Deliver]] = deque()
        self._timer: int | None = None
        self._linked: dict[PeerId, None] = {}
        self._states: dict[PeerId, int] = {}
        self._keeping = self._is_started = False
        self._handed: tuple[CertifiedBlock, int] | None = None
        self.misbehaviour: dict[bytes, None] = {}
        self.told_ms = -1
        self.verifier = Verifier(world.domain)
        self.blocks = HeldBlocks(suite)
        self.fetching = Fetching(self.say)
        self.pool = Pool(LIMITS)
        self.assembly = Assembly(find=self.pool.find, ask=self.say, done=self._on_body)
        self.executed = {t.id for row in self.disk.rows for t in row.block.transactions}
        offences = (offence_key_of(record, suite) for row in self.disk.rows for record in row.block.misbehaviour)
        self.reported = set(offences)
        self.permission = Permission(
            suite=suite,
            is_executed=self.executed.__contains__,
            misbehaviour=MisbehaviourRules(world.domain, world.validators_at, self.reported.__contains__),
            lifetime_ms_max=LIMITS.lifetime_ms_max,
            transactions_max=BLOCK_TRANSACTIONS_MAX,
            body_bytes_max=1 << 20,
        )
        start = self.recovered()
        for row in self.disk.rows[-1:]:
            self.blocks.keep(row.block)
        for block in self.disk.blocks_above_applied():
            self.blocks.keep(block)
        self.delivered = self.disk.applied
        self.catch_up = fetching_rules.CatchUp(self.delivered + len(start.decided))
        self.engine = Engine(world.domain, self.hand, world.plan.timing, start)
        world.checkers.on_boot(self, start)
        self.step(Tick(world.now, self.wall()))
        self._is_started = True
        for transaction in self.disk.journal.values():
            self._admit(transaction, CLIENTS)
        world.link_changes()

    def recovered(self) -> Start:
        world = self.world
        nonce = hashlib.sha256(b"%d %d" % (self.index, self.life)).digest()[:16]
        log = self.disk.log_facts(world.suite)
        self.disk.log_lost = self.disk.log_damaged = False
        database = self.disk.database_facts(world.genesis_tip, world.genesis_validators)
        return recover(world.domain, self.key, self.disk.guard, log, database, nonce=nonce)

    def power_off(self, fate: Prng) -> None:
        """Writes under way end as chance will have it; everything in memory is gone."""
        if self._writing is not None:
            frame, logged = self._writing
            if not logged and fate.chance(50):
                self.disk.append(frame)
                self.world.checkers.on_logged(self, frame)
                logged = True
            if logged and fate.chance(50):
                self.disk.write_guard(frame)
        if self._applying is not None and fate.chance(50):
            self.disk.commit(self._applying)
        for height in [height for height in self.disk.certs if height > self.disk.applied or fate.chance(30)]:
            del self.disk.certs[height]
        self.up, self.life, self.crash_after = False, self.life + 1, None

    def wall(self) -> int:
        return self.world.wall() + self.wall_offset

    # stepping the engine

    def step(self, event: Event) -> None:
        """Feed an event; its consequences follow in order, none before the effects of the one before it."""
        self._queue.append(event)
        if self._busy:
            return
        self._busy = True
        while self._queue:
            following = self._queue.popleft()
            if self.told_ms != self.world.now or isinstance(following, Tick):
                self.told_ms = self.world.now
                self._run(Tick(self.world.now, self.wall()))
            if not isinstance(following, Tick):
                self._run(following)
            if not self._queue:
                self._sync()
        self._busy = False

    def _run(self, event: Event) -> None:
        checkers = self.world.checkers
        for effect in self.engine.step(event):
            if self.crash_after is not None:
                self._maybe_crash()
            if self.is_honest:
                checkers.on_effect(self, effect)
            self._perform(effect)
        if self.is_honest and not isinstance(event, Tick):
            checkers.on_step(self, event)

    def _maybe_crash(self) -> None:
        if self.crash_after is not None:
            self.crash_after -= 1
            if self.crash_after < 0:
                raise Crashed

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send():
                if effect.after is None or effect.after <= self._durable:
                    self.say(effect.to, effect.message)
                else:
                    self._held.append(effect)
            case Persist():
                assert effect.token == self._asked + 1, "tokens rise by one"
                self._asked = effect.token
                self._pending.append(self._frame(effect))
            case SetTimer(at_ms):
                self._timer = at_ms
                if at_ms is not None:
                    self._later(max(at_ms, self.world.now), self._ring, "wake")
            case Validate():
                self._queue.append(self._validated(effect))
            case Build():
                if not self.hang_build:
                    self._after(self.world.plan.speeds.build_ms_max, lambda: self._on_build(effect), "built")
            case Fetch():
                self._on_fetch(effect)
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
            case Report(evidence):
                self._on_report(evidence)
            case Alarm(code, detail):
                self.alarms.append((code, detail))
                self.world.note(f"{self.index} ! {code} {detail}")
            case SetMode(mode, reason):
                self.mode = mode
                self.world.note(f"{self.index} ! {mode.value} {reason}")
            case Reject():
                pass

    def _later(self, time: int, call: Callable[[], None], what: str) -> None:
        self.world.at(time, self.index, self.life, call, what)

    def _after(self, ms_max: int, call: Callable[[], None], what: str) -> None:
        """Some time from 0 … ms_max from now."""
        self._later(self.world.now + (self.world.fate.below(ms_max + 1) if ms_max else 0), call, what)

    def _ring(self) -> None:
        if self._timer is not None and self._timer <= self.world.now and not self._is_paused(self._ring, "wake"):
            self._timer = None
            self.step(Tick(self.world.now, self.wall()))

    def _is_paused(self, call: Callable[[], None], what: str) -> bool:
        """While the process stands still, what happens to it waits."""
        if self.world.now >= self.paused_until:
            return False
        self._later(self.paused_until, call, what)
        return True

    def say(self, to: PeerId | None, message: PeerMessage) -> None:
        self.world.checkers.on_send(self, message)
        self.world.post(self, to, message)

    # durability

    def _sync(self) -> None:
        """One sync for everything gathered; a slow disk answers later, and more may gather meanwhile."""
        while self._pending and self._writing is None:
            gathered, self._pending = self._pending, []
            self._writing = (joined(gathered), False)
            slowest = self._sync_ms_max()
            if slowest:
                self._after(slowest, self._on_log_synced, "log synced")
                return
            self._on_log_synced()

    def _sync_ms_max(self) -> int:
        """What the first event asks to persist is durable before the second."""
        return self.world.plan.speeds.sync_ms_max if self._is_started else 0

    def _frame(self, persist: Persist) -> Frame:
        blocks = []
        for block_hash in persist.blocks:
            block = self.blocks.get(block_hash)
            assert block is not None, "the bytes of a block that is voted for are held"
            blocks.append(block)
        return Frame(tuple(blocks), persist.records, persist.guard, persist.token)

    def _on_log_synced(self) -> None:
        assert self._writing is not None
        self._maybe_crash()
        frame, _ = self._writing
        self.disk.append(frame)
        self.world.checkers.on_logged(self, frame)
        self._writing = (frame, True)
        slowest = self._sync_ms_max()
        if slowest:
            self._after(slowest, self._on_guard_synced, "guard synced")
        else:
            self._on_guard_synced()

    def _on_guard_synced(self) -> None:
        assert self._writing is not None
        self._maybe_crash()
        frame, _ = self._writing
        self.disk.write_guard(frame)
        self._writing = None
        self._maybe_crash()
        self._durable = frame.token
        while self._held and (self._held[0].after or 0) <= frame.token:
            self._maybe_crash()
            ready = self._held.popleft()
            self.say(ready.to, ready.message)
        self.step(Persisted(frame.token))

    # links

    def learn_links(self, keys: Iterable[PeerId]) -> None:
        now = dict.fromkeys(keys)
        for key in [key for key in self._linked if key not in now]:
            del self._linked[key]
            self._states.pop(key, None)
            self.step(PeerDown(key))
            self._catch_up(fetching_rules.SourceDown(key))
        for key in [key for key in now if key not in self._linked]:
            self._linked[key] = None
            self._catch_up(fetching_rules.SourceUp(key))
            self.step(PeerUp(key))

    # messages

    def on_message(self, peer: PeerId, message: PeerMessage, number: int) -> None:
        if self._is_paused(lambda: self.on_message(peer, message, number), "after the pause"):
            return
        match message:
            case Manifest():
                self._on_manifest(peer, message)
            case GetBodies():
                self._on_get_bodies(peer, message)
            case GetTransactions():
                waiting = tuple(entry.transaction.wire for entry in self.pool.waiting())
                if waiting:
                    self.say(peer, TxBatch(waiting))
            case Bodies(_, block_hash, wires):
                if self.assembly.is_open(block_hash):
                    self._take_in(wires, peer)
            case TxBatch(wires):
                self._take_in(wires, peer)
            case GetBlocks():
                self.say(peer, self._serve_blocks(message))
            case Blocks():
                self._catch_up(fetching_rules.BlocksArrived(peer, message))
            case _:
                if isinstance(message, RoundState) and number >= self._states.get(peer, 0):
                    # The real link keeps the order of what a peer says about itself; the simulated one does not.
                    self._states[peer] = number
                    self._catch_up(fetching_rules.Claim(peer, message.height - 1))
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
            self._on_ordering(peer, fault.evidence)
            return
        except PeerFault as fault:
            self.world.note(f"{self.index} ! {fault.code} {fault.detail}")
            return
        self.step(Received(peer, verified))

    # bodies

    def _on_manifest(self, peer: PeerId, manifest: Manifest) -> None:
        if not self.delivered < manifest.header.height <= self.delivered + 2:
            return
        offer = self.blocks.on_manifest(peer, manifest)
        if offer is not None:
            for gone in self.blocks.make_room(peer):
                self.assembly.end(gone)
            self._resolve(offer, (peer, *self.fetching.sources_of(offer.block_hash)))
            self._keep_house()

    def _resolve(self, offer: Offer, sources: tuple[PeerId, ...]) -> None:
        wids, now = offer.manifest.wids, self.world.now
        self.assembly.resolve(offer.number, offer.height, offer.block_hash, wids, sources, now)

    def _on_body(self, job: Job) -> None:
        self.assembly.end(job.number)
        try:
            block = self.blocks.complete(job.number, tuple(job.held[wid] for wid in job.wids))
        except PeerFault as fault:
            self.world.note(f"{self.index} ! {fault.detail}")
            return
        if block is not None and job.height > self.delivered:
            for needless in self.blocks.hold(block):
                self.assembly.end(needless)
            self.fetching.got(job.block_hash)
            self.step(BodyArrived(job.height, job.block_hash, block.header))

    def _on_get_bodies(self, peer: PeerId, question: GetBodies) -> None:
        if question.wids:
            wires = self.assembly.serve(question.block_hash, question.wids) or self._served(question)
            if wires:
                self.say(peer, Bodies(question.height, question.block_hash, tuple(wires)))
        else:
            block = self.blocks.get(question.block_hash)
            if block is not None:
                self.say(peer, block.manifest())

    def _served(self, question: GetBodies) -> list[bytes]:
        block = self.blocks.get(question.block_hash)
        return [] if block is None else [t.wire for t in block.transactions if t.wid in question.wids]

    def _on_fetch(self, effect: Fetch) -> None:
        self.blocks.pin(effect.height, effect.block_hash)
        held, offers = self.blocks.get(effect.block_hash), self.blocks.offers(effect.block_hash)
        if held is not None:
            self._queue.append(BodyArrived(effect.height, effect.block_hash, held.header))
        else:
            for offer in offers:
                self._resolve(offer, effect.sources)
            now, is_offered = self.world.now, bool(offers)
            self.fetching.want(effect.height, effect.block_hash, effect.sources, now, is_offered=is_offered)
        self._keep_house()

    def _validated(self, effect: Validate) -> Validated:
        block = self.blocks.get(effect.block_hash)
        assert block is not None, "only a held block is validated"
        self.blocks.pin(effect.height, effect.block_hash)
        try:
            self.permission.verify(block)
        except PeerFault as fault:
            self.world.note(f"{self.index} ! block refused: {fault.detail}")
            return Validated(effect.height, effect.block_hash, ok=False)
        return Validated(effect.height, effect.block_hash, ok=True)

    # building, deciding, executing

    def _on_build(self, ask: Build) -> None:
        if self._is_paused(lambda: self._on_build(ask), "built"):
            return
        block = self.assemble(ask, self.pool.take(
            time=max(self.wall(), ask.parent_time + 1), count_max=BLOCK_TRANSACTIONS_MAX, bytes_max=ask.body_bytes_max
        ))  # fmt: skip
        self.blocks.keep(block)
        self.say(None, block.manifest())
        self.step(Built(ask.height, ask.parent, block.header))

    def assemble(self, ask: Build, transactions: tuple[Transaction, ...]) -> HeldBlock:
        suite = self.world.suite
        misbehaviour = self._reportable(ask.height)
        header = Header(
            chain=self.world.domain.chain,
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
                chosen.setdefault(self.permission.verify_record(record, height), record)
            except PeerFault:
                del self.misbehaviour[record]
        return tuple(chosen.values())[:MISBEHAVIOUR_PER_BLOCK_MAX]

    def _on_deliver(self, effect: Deliver) -> None:
        block = self.blocks.get(effect.block_hash)
        assert block is not None, "a delivered block is held"
        self.delivered = effect.height
        self.fetching.forget(effect.height)
        self.permission.on_decided(block)
        self._forget_reported(block)
        self.pool.on_decided(block.ids)
        self._tell_work()
        self._to_apply.append((block, effect))
        self._catch_up(fetching_rules.Progress(effect.height))
        self._apply_next()

    def _forget_reported(self, block: HeldBlock) -> None:
        offences = {offence_key_of(record, self.world.suite) for record in block.misbehaviour}
        self.reported |= offences
        for record in [known for known in self.misbehaviour if offence_key_of(known, self.world.suite) in offences]:
            del self.misbehaviour[record]

    def _apply_next(self) -> None:
        if self._applying is None and self._to_apply:
            block, effect = self._to_apply.popleft()
            self._applying = self._executed(block, effect)
            self._after(self.world.plan.speeds.apply_ms_max, self._on_executed, "executed")

    def _executed(self, block: HeldBlock, effect: Deliver) -> Row:
        """Execution: a hash chain over the blocks. What a real build got wrong is played by `spoil_height`."""
        below = self.disk.rows[-1] if self.disk.rows else None
        state = bytes(32) if below is None else below.result.state_root
        salt = b"spoiled" if self.spoil_height == effect.height else b""
        state_root = hashlib.sha256(state + block.block_hash + salt).digest()
        receipts_root = hashlib.sha256(b"receipts" + block.block_hash).digest()
        result = Applied(
            height=effect.height,
            block_hash=block.block_hash,
            block_time=block.header.time,
            state_root=state_root,
            receipts_root=receipts_root,
            next_validators=self.world.next_validators(effect.height),
        )
        history = self.world.genesis_history if below is None else below.history
        leaf = self._range.leaf(effect.height, block.block_hash, state_root, receipts_root)
        return Row(result, block, effect.proof, self._range.append(history, leaf)[0])

    def _on_executed(self) -> None:
        if self._is_paused(self._on_executed, "executed"):
            return
        row, self._applying = self._applying, None
        assert row is not None
        self.disk.commit(row)
        self.world.checkers.on_executed(self, row)
        self.executed.update(row.block.ids)
        self.permission.on_applied(row.result.height)
        # One height is kept longer: a peer that is one behind asks for this body and for nothing else.
        self.blocks.forget(row.result.height - 1)
        self.assembly.on_applied(row.result.height - 1)
        executed, _ = self.pool.on_applied(row.block.ids, row.result.block_time)
        for entry in executed:
            self.disk.journal.pop(entry.transaction.id, None)
        self.disk.forget()
        self.step(row.result)
        self._tell_work()
        self._apply_next()

    # transactions

    def on_client(self, transaction: Transaction) -> None:
        self.disk.journal[transaction.id] = transaction
        self._admit(transaction, CLIENTS)
        self.say(None, TxBatch((transaction.wire,)))

    def _take_in(self, wires: tuple[bytes, ...], peer: PeerId) -> None:
        for wire in wires:
            transaction = self.world.transactions[wire]
            self._admit(transaction, peer)
            self.assembly.on_transaction(transaction)

    def _admit(self, transaction: Transaction, source: PeerId) -> None:
        if not self.pool.has_id(transaction.id) and transaction.id not in self.executed:
            self.pool.add(Pooled(transaction, source, self.wall(), spread_ms=self.world.now))
            self._tell_work()

    def _tell_work(self) -> None:
        oldest = self.pool.oldest
        count = len(self.pool) + len(self.misbehaviour)
        self.step(Submitted(self.delivered + 1, count, None if oldest is None else oldest.since_ms))

    def _spread(self, order: tuple[PeerId, ...]) -> None:
        due = [entry for entry in self.pool.waiting() if entry.spread_ms <= self.world.now - SPREAD_AGAIN_MS]
        for entry in due:
            entry.spread_ms = self.world.now
        for peer in order:
            if due:
                self.say(peer, TxBatch(tuple(entry.transaction.wire for entry in due)))
            for record in self.misbehaviour:
                self.say(peer, self.reports[record])

    def _on_report(self, evidence: Evidence) -> None:
        record = encode_message(evidence)
        self.reports[record] = evidence
        if record not in self.misbehaviour and offence_key_of(record, self.world.suite) not in self.reported:
            self.misbehaviour[record] = None
            self._tell_work()

    # catching up

    def _serve_blocks(self, question: GetBlocks) -> Blocks:
        rows = self.disk.rows[question.first - 1 : question.first - 1 + question.count]
        served = tuple(CertifiedBlock(row.block.header, row.block.body, row.proof) for row in rows)
        return Blocks(self.disk.applied, served)

    def _catch_up(self, event: fetching_rules.CatchUpEvent) -> None:
        self._step_catch_up(event)
        if not self.catch_up.is_idle:
            self._keep_house()

    def _step_catch_up(self, event: fetching_rules.CatchUpEvent) -> None:
        for effect in self.catch_up.step(event):
            match effect:
                case fetching_rules.Ask(peer, question):
                    self.say(peer, question)
                case fetching_rules.Hand(block):
                    self._hand(block)
                case fetching_rules.DropSource(_, reason):
                    self.world.note(f"{self.index} ! source dropped: {reason}")

    def _hand(self, block: CertifiedBlock) -> None:
        """Verify, hold the body, and let the engine decide; it will find the body held."""
        self._handed = (block, self.world.now)
        if block.header.height != self.delivered + 1:
            return
        try:
            verified: Verified[OrderingMessage] = self.verifier.verify(block.cert, self.engine.validators)
            contents = BlockBody.decode(block.body)
            transactions = tuple(self.world.transactions[wire] for wire in contents.transactions)
            held = make_block(self.world.suite, block.header, transactions, contents.misbehaviour)
            if held.block_hash != block.cert.block_hash:
                raise PeerFault("BYT-BODY", "a certificate of another block")
        except NotYet:
            return
        except PeerFault:
            self._handed = None
            self._catch_up(fetching_rules.BadBlock(block.header.height))
            return
        self.blocks.keep(held)
        self.step(Received(CATCH_UP, verified))
        self.step(BodyArrived(block.header.height, held.block_hash, held.header))

    def _keep_house(self) -> None:
        if not self._keeping:
            self._keeping = True
            self._later(self.world.now + HOUSEKEEPING_MS, self._on_house, "housekeeping")

    def _on_house(self) -> None:
        if self._is_paused(self._on_house, "housekeeping"):
            return
        self._keeping = False
        now = self.world.now
        self.fetching.ask_again(now)
        self.assembly.ask_again(now)
        self._step_catch_up(fetching_rules.Clock(now))
        handed = self._handed
        if handed is not None and handed[0].header.height <= self.delivered:
            self._handed = handed = None
        if handed is not None and now - handed[1] >= HAND_AGAIN_MS:
            self._hand(handed[0])
        if self.fetching.next_ms() is not None or not self.catch_up.is_idle or self._handed or self._is_assembling():
            self._keep_house()

    def _is_assembling(self) -> bool:
        return any(job.missing for job in self.assembly._jobs.values())

