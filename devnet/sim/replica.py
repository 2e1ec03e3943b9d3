"""One node: the node's own driver, recovery, catch-up and store, on a machine that is played.

The machine gives the driver what the actors would give it: time, what comes into its box, a disk. Where the node has
several actors there is one queue for each; a message is worked on when the driver is not, and while a sync is under way
what comes in waits, as it does in the actor's box. Played are the disk, execution (`executing`), the mempool's actor
(`pooling`) and clients.

A crash can fall before any effect of the engine, between any two steps of a sync, and before any message that leaves.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Protocol

from consensus.catch_up import DropSource
from consensus.events import Alarm, Mode, Report, SetMode
from consensus.messages import (
    NONCE_BYTES,
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
from consensus.verify import Verifier
from devnet.sim.checkers import Checkers
from devnet.sim.disk import Disk
from devnet.sim.executing import Executing
from devnet.sim.pooling import Pooling
from devnet.sim.prng import Prng
from devnet.sim.stage import CHAIN, LIFETIME_MS, Stage
from devnet.sim.syncing import Syncing
from devnet.sim.traitor import Mask
from devnet.sim.watching import WatchedEngine
from ledger.errors import PeerFault
from ledger.transaction import Transaction
from node.catching_up import Answer, CatchingUp, CatchingUpEffect, Handing
from node.driver import BlockInvalid, Driver, DriverMessage, Notice, Ports
from node.durable import Durable
from node.held_blocks import HeldBlocks, Permission
from node.messages import (
    AppliedBlock,
    BlocksFromPeer,
    CatchUpInbox,
    Executed,
    FromPeer,
    LinkDown,
    LinkUp,
    ManifestFromPeer,
    OwnHeight,
    PeerHeight,
    PeerWantsBlocks,
    PeerWantsBodies,
    PeerWantsTransactions,
    TimerFired,
)
from node.misbehaviour import MisbehaviourRules
from node.starting import Disk as DiskFacts
from node.starting import Started, start_from_disk
from node.store import store_over
from node.validators import StoredValidators

HOUSEKEEPING_MS: Final = 250
TOGETHER_MESSAGES_MAX: Final = 64


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
        self.disk = Disk(stage.suite)
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
        self.executed: set[bytes] = set()

    def put_on(self, mask: Mask) -> None:
        self.mask, mask.host = mask, self
        self.stage.distrust(self.index)

    @property
    def is_honest(self) -> bool:
        return self.index in self.stage.honest

    @property
    def applied(self) -> int:
        """The height that the disk has executed."""
        applied = self.store.applied
        return 0 if applied is None else applied.height

    # life and death

    def boot(self) -> None:
        if self.up:
            return
        stage = self.stage
        self.up, self.life = True, self.life + 1
        self._inbox: deque[DriverMessage] = deque()
        self._is_working = self._is_begun = self._keeping = False
        self._wake_ms: int | None = None
        self._linked: dict[PeerId, None] = {}
        self._states: dict[PeerId, int] = {}
        self.store = store_over(self.disk.database, CHAIN, Path())
        self.executing = Executing(stage, self._checkers, self, self.store)
        self.pooling = Pooling(stage, self, self.store)
        self.pooling.hang_build = self.hang_build
        self.pooling.replay()
        started = self._started()
        self.catching_up = CatchingUp(self.store, stage.suite, self.applied)
        self.engine = Engine(stage.domain, self.hand, stage.plan.timing, started.start)
        self.driver = self._make_driver(started)
        self.syncing = Syncing(stage, self._checkers, self, self.driver)
        self._checkers.on_boot(self, started.start)
        self._work()
        self._wires.link_changes()

    def _started(self) -> Started:
        log, stage = self.disk.log, self.stage
        nonce = hashlib.sha256(b"%d %d" % (self.index, self.life)).digest()[:NONCE_BYTES]
        facts = DiskFacts(self.store, log.entries(), log.condition, self.disk.guard)
        return start_from_disk(facts, stage.domain, self.key, stage.genesis, nonce)

    def _make_driver(self, started: Started) -> Driver:
        stage, store = self.stage, self.store
        self.blocks = HeldBlocks(stage.suite)
        durable = Durable(self.blocks, self._leave)
        for block in started.blocks:
            self.blocks.keep(block)
            durable.mark_in_log(block.block_hash, block.height)
        validators = StoredValidators(store, stage.suite, stage.genesis)
        return Driver(
            engine=WatchedEngine(self.engine, self, self._checkers, self.maybe_crash),
            verifier=Verifier(stage.domain),
            genesis=stage.genesis,
            store=store,
            blocks=self.blocks,
            permission=Permission(
                suite=stage.suite,
                is_executed=store.is_executed,
                misbehaviour=MisbehaviourRules(stage.domain, validators.at, lambda key: store.get(key) is not None),
                lifetime_ms_max=LIFETIME_MS,
                transactions_max=stage.genesis.limit("block_transactions_max"),
                body_bytes_max=stage.genesis.limit("block_body_bytes_max"),
            ),
            durable=durable,
            key_of=lambda peer: peer,
            ports=Ports(
                send=self.say,
                to_mempool=self.pooling.on,
                to_executor=self.executing.execute,
                to_catch_up=self._to_catch_up,
                decided=lambda height: self._to_catch_up(OwnHeight(height)),
                blame=lambda peer, code: self._note(f"{code} of {peer.hex()[:8]}"),
                fault=self._on_fault,
                tell=self._on_notice,
            ),
        )

    def power_off(self, fate: Prng) -> None:
        """Writes under way end as chance will have it; everything in memory is gone."""
        self.syncing.power_off(fate)
        self.executing.power_off(fate)
        self.disk.database.power_off(fate)
        self.up, self.life, self.crash_after = False, self.life + 1, None

    def wall(self) -> int:
        return self.stage.wall() + self.wall_offset

    # the actor's loop

    def tell(self, message: DriverMessage) -> None:
        """Into the driver's box."""
        self._inbox.append(message)
        self._work()

    def _work(self) -> None:
        """The sync that has ended, what is in the box, then what must be on the disk before anything else is done."""
        syncing = self.syncing
        if self._is_working or syncing.is_under_way:
            return
        self._is_working = True
        self._tick()
        syncing.finish()
        if not self._is_begun:
            self._begin()
        while self._is_begun and self._inbox and not syncing.is_under_way:
            for _ in range(min(TOGETHER_MESSAGES_MAX, len(self._inbox))):
                self.driver.on(self._inbox.popleft())
            syncing.settle()
        self._is_working = False
        self._set_timer()

    def _begin(self) -> None:
        """What the first event asks to persist is durable before the second."""
        self.syncing.settle()
        if not self.syncing.is_under_way:
            self._is_begun = True
            self.driver.begin()
            self.syncing.settle()

    def on_synced(self) -> None:
        """A sync that took its time has ended."""
        self._work()

    def _tick(self) -> None:
        if self.driver.now_ms != self.stage.now:
            self.driver.tick(self.stage.now, self.wall())

    def _set_timer(self) -> None:
        wake = self.driver.wake_ms
        if wake != self._wake_ms:
            self._wake_ms = wake
            if wake is not None:
                self.later(max(wake, self.stage.now), lambda: self._ring(wake), "wake")

    def _ring(self, wake: int) -> None:
        if self._wake_ms == wake and not self.is_paused(lambda: self._ring(wake), "wake"):
            self._wake_ms = None
            self.tell(TimerFired())

    def maybe_crash(self) -> None:
        if self.crash_after is not None:
            self.crash_after -= 1
            if self.crash_after < 0:
                raise Crashed

    def later(self, time: int, call: Callable[[], None], what: str) -> None:
        self.stage.at(time, self.index, self.life, call, what)

    def after(self, ms_max: int, call: Callable[[], None], what: str) -> None:
        """Some time from 0 … ms_max from now."""
        self.later(self.stage.now + (self.stage.fate.below(ms_max + 1) if ms_max else 0), call, what)

    def is_paused(self, call: Callable[[], None], what: str) -> bool:
        """While the process stands still, what happens to it waits."""
        if self.stage.now >= self.paused_until:
            return False
        self.later(self.paused_until, call, what)
        return True

    # what leaves

    def _leave(self, to: PeerId | None, message: PeerMessage) -> None:
        """Of the engine: at once, or when it was durable."""
        self.maybe_crash()
        self.say(to, message)

    def say(self, to: PeerId | None, message: PeerMessage) -> None:
        self._checkers.on_send(self, message)
        self._wires.post(self, to, message)

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case Report(misbehaviour):
                self.reports[encode_message(misbehaviour)] = misbehaviour
            case Alarm(code, detail):
                self.alarms.append((code, detail))
                self._note(f"{code} {detail}")
            case SetMode(mode, reason):
                self.mode = mode
                self._note(f"{mode.value} {reason}")
            case BlockInvalid(_, fault):
                self._note(f"block refused: {fault.detail}")
            case _:
                pass

    def _on_fault(self, fault: PeerFault) -> None:
        self._note(f"{fault.code} {fault.detail}")

    def _note(self, line: str) -> None:
        self.stage.note(f"{self.index} ! {line}")

    # what comes in

    def learn_links(self, keys: Iterable[PeerId]) -> None:
        now = dict.fromkeys(keys)
        for key in [key for key in self._linked if key not in now]:
            del self._linked[key]
            self._states.pop(key, None)
            self._on_link(LinkDown(key))
        for key in [key for key in now if key not in self._linked]:
            self._linked[key] = None
            self._on_link(LinkUp(key))

    def _on_link(self, change: LinkUp | LinkDown) -> None:
        self.pooling.on(change)
        self.tell(change)
        self._to_catch_up(change)

    def on_message(self, peer: PeerId, message: PeerMessage, number: int) -> None:
        """As the peers actor hands it round."""
        if self.is_paused(lambda: self.on_message(peer, message, number), "after the pause"):
            return
        match message:
            case Manifest():
                self.tell(ManifestFromPeer(peer, message))
            case GetBodies():
                self.tell(PeerWantsBodies(peer, message))
            case GetTransactions():
                self.pooling.on(PeerWantsTransactions(peer))
            case Bodies(_, block_hash, wires):
                self.pooling.on_bodies(peer, block_hash, wires)
            case TxBatch(wires):
                self.pooling.on_batch(peer, wires)
            case GetBlocks():
                self._to_catch_up(PeerWantsBlocks(peer, message))
            case Blocks():
                self._to_catch_up(BlocksFromPeer(peer, message))
            case _:
                if isinstance(message, RoundState) and number >= self._states.get(peer, 0):
                    # The real link keeps the order of what a peer says about itself; the simulated one does not.
                    self._states[peer] = number
                    self._to_catch_up(PeerHeight(peer, message.height - 1))
                if isinstance(message, OrderingMessage) and (self.mask is None or self.mask.hears(message)):
                    self.tell(FromPeer(peer, message))

    def on_client(self, transaction: Transaction) -> None:
        self.pooling.on_client(transaction)

    def on_executed(self, done: Executed, applied: AppliedBlock) -> None:
        self.pooling.on(done)
        self.tell(applied)

    def _to_catch_up(self, message: CatchUpInbox) -> None:
        self._perform(self.catching_up.on(message, self.stage.now))
        if not self.catching_up.is_idle:
            self.keep_house()

    def _perform(self, effects: Iterable[CatchingUpEffect]) -> None:
        for effect in effects:
            match effect:
                case Answer(peer, message):
                    self.say(peer, message)
                case Handing(block, wires):
                    self.tell(block)
                    self.pooling.on_block(wires)
                case DropSource(_, reason):
                    self._note(f"source dropped: {reason}")

    # now and then

    def keep_house(self) -> None:
        if not self._keeping:
            self._keeping = True
            self.later(self.stage.now + HOUSEKEEPING_MS, self._on_house, "housekeeping")

    def _on_house(self) -> None:
        if self.is_paused(self._on_house, "housekeeping"):
            return
        self._keeping = False
        self.pooling.on_house()
        self._perform(self.catching_up.on_clock(self.stage.now))
        if self.pooling.is_busy or not self.catching_up.is_idle:
            self.keep_house()
