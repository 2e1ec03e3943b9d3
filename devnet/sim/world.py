"""The loop: a heap of (time, sequence, instance, life, what), nothing else. Time is milliseconds and costs nothing.

The world owns the clock, the heap, the replicas, the transport between them, the trace and the checkers. What happens
to an instance that has crashed since is dropped: an entry names the life that it belongs to (0: whatever life). Every
entry that is performed goes into the trace's hash, so two runs of one plan can be compared in one line.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable
from functools import partial
from typing import Final

from consensus.messages import PeerId, PeerMessage, decode_message, encode_message
from consensus.start import Tip
from devnet.sim.checkers import Checkers
from devnet.sim.network import Transport, name_of
from devnet.sim.plan import Crash, Pause, Plan
from devnet.sim.prng import stream
from devnet.sim.replica import Crashed, Replica
from devnet.sim.tokens import Hand, RememberingDomain, TokenSuite, make_hand
from devnet.sim.traitor import Mask, Meddler
from ledger.crypto import INTERNATIONAL, Suite
from ledger.history import History, HistoryRange
from ledger.transaction import Body, Summary, Transaction, TransactionCodec
from ledger.validators import ValidatorSet, make_validator_set

GENESIS_TIME: Final = 1_000_000
WALL_AT_ZERO: Final = 1_000_000_000
LIFETIME_MS: Final = 10**12
CHAIN: Final = hashlib.sha256(b"simulated chain").digest()


class World:
    def __init__(self, plan: Plan, trace: Callable[[str], None] | None = None) -> None:
        self.plan = plan
        self.now = 0
        self.events = 0
        self.crashes = 0
        self._heap: list[tuple[int, int, int, int, Callable[[], None], str]] = []
        self._sequence = 0
        self._trace = trace
        self._digest = hashlib.sha256()
        self.suite: Suite = INTERNATIONAL if plan.real_suite else TokenSuite()
        self.signed: set[tuple[bytes, bytes]] = set()
        hands = [make_hand(self.suite, f"validator {i}", self.signed) for i in range(plan.n)]
        self.hands: list[Hand] = sorted(hands, key=lambda hand: hand.key)
        self.domain = RememberingDomain(self.suite, CHAIN)
        self.codec = TransactionCodec(self.suite)
        self.genesis_validators = make_validator_set({hand.key: f"org-{i}" for i, hand in enumerate(self.hands)})
        self.genesis_tip = Tip(0, CHAIN, GENESIS_TIME, b"", 0, True)
        ranges = HistoryRange(self.suite)
        self.genesis_history = ranges.append(History(), ranges.leaf(0, CHAIN, bytes(32), bytes(32)))[0]
        self.transactions: dict[bytes, Transaction] = {}
        self.submitted: dict[bytes, int] = {}
        self.checkers = Checkers(self)
        self.transport = Transport(plan, stream(plan.seed, "network"))
        self.fate = stream(plan.seed, "fate")
        self.replicas = [self._make_replica(i) for i in range(plan.instances)]

    def _make_replica(self, index: int) -> Replica:
        plan = self.plan
        key = index if index < plan.n else plan.twins[index - plan.n]
        habits = next((t.habits for t in plan.traitors if t.instance == index), None)
        mask: Mask | None = None
        if habits is not None:
            mask = Meddler(self, index, habits, stream(plan.seed, f"traitor {index}"))
        elif key in plan.twins:
            mask = Mask(self, index)
        return Replica(self, index, key, mask)

    # time

    def at(self, time: int, instance: int, life: int, call: Callable[[], None], what: str) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (time, self._sequence, instance, life, call, what))

    @property
    def sequence(self) -> int:
        return self._sequence

    def wall(self) -> int:
        return WALL_AT_ZERO + self.now

    @property
    def healed(self) -> bool:
        return self.now >= self.plan.heal_ms

    def note(self, line: str) -> None:
        """A line for the reader of a trace; not part of its hash."""
        if self._trace is not None:
            self._trace(f"{self.now:>7} {line}")

    @property
    def tracing(self) -> bool:
        return self._trace is not None

    # running

    def prepare(self) -> None:
        """Everybody starts; what the plan has in store is put on the heap."""
        plan = self.plan
        for replica in self.replicas:
            self.at(0, replica.index, 0, replica.boot, "boot")
        self.on_height(0)
        for crash in plan.crashes:
            self.at(crash.from_ms, -1, 0, partial(self._on_crash, crash), "crash")
        for pause in plan.pauses:
            self.at(pause.from_ms, -1, 0, partial(self._on_pause, pause), "pause")
        for cut in plan.network.time_cuts:
            if cut.noticed:
                self.at(cut.from_ms, -1, 0, self.link_changes, "cut")
                self.at(cut.until_ms, -1, 0, self.link_changes, "mended")
        self.at(plan.heal_ms, -1, 0, self._on_heal, "heal")

    def run(self, until: Callable[[], bool], limit_ms: int) -> bool:
        """Perform what is on the heap until a condition holds (True) or the time is over (False)."""
        heap, replicas, update = self._heap, self.replicas, self._digest.update
        while heap and heap[0][0] <= limit_ms:
            if until():
                return True
            time, _, instance, life, call, what = heapq.heappop(heap)
            self.now = max(self.now, time)
            if life and replicas[instance].life != life:
                continue
            self.events += 1
            update(b"%d %d %s\n" % (time, instance, what.encode()))
            if self._trace is not None and what != "wake":
                self._trace(f"{time:>7} {instance} < {what}")
            if instance >= 0:
                self._perform(replicas[instance], call)
            else:
                call()
        if until():
            return True
        self.now = max(self.now, limit_ms)
        return False

    def _perform(self, replica: Replica, call: Callable[[], None]) -> None:
        try:
            call()
        except Crashed:
            self.power_off(replica, replica.down_ms)

    def digest(self) -> str:
        return self._digest.hexdigest()[:16]

    # processes

    def _on_crash(self, crash: Crash) -> None:
        replica = self.replicas[crash.instance]
        if not replica.up or self.healed:
            return
        if crash.after_effects == 0:
            self.power_off(replica, crash.down_ms)
        else:
            replica.crash_after, replica.down_ms = crash.after_effects, crash.down_ms

    def power_off(self, replica: Replica, down_ms: int) -> None:
        self.crashes += 1
        self.note(f"{replica.index} ! power off")
        replica.power_off(self.fate)
        self.link_changes()
        back = self.now + down_ms
        back = back if self.healed else min(back, self.plan.heal_ms)
        self.at(back, replica.index, replica.life, replica.boot, "boot")

    def _on_pause(self, pause: Pause) -> None:
        end = min(pause.from_ms + pause.for_ms, self.plan.heal_ms)
        self.replicas[pause.instance].paused_until = end

    def _on_heal(self) -> None:
        self.note("everything healed")
        for replica in self.replicas:
            replica.crash_after = None
        self.link_changes()

    def link_changes(self) -> None:
        """Tell every running replica which keys it can reach now, where that has changed."""
        for replica in self.replicas:
            if replica.up:
                self.at(self.now, replica.index, replica.life, partial(self._tell_links, replica), "links")

    def _tell_links(self, replica: Replica) -> None:
        replica.learn_links([other.key for other in self.replicas if self.linked(replica, other)])

    def linked(self, one: Replica, other: Replica) -> bool:
        if one.key_index == other.key_index or not one.up or not other.up:
            return False
        return not self.transport.is_noticed_cut(one.index, other.index, self.now)

    # the transport

    def post(self, sender: Replica, to: PeerId | None, message: PeerMessage) -> None:
        """To every instance of that key, or of every other key. A mask may say something else to each."""
        for target in self.replicas:
            if target.key_index != sender.key_index and (to is None or target.key == to):
                if sender.mask is None:
                    self.carry(sender, target, message)
                else:
                    for said in sender.mask.says(target.index, message):
                        self.carry(sender, target, said)

    def carry(self, sender: Replica, target: Replica, message: PeerMessage) -> None:
        if not target.up:
            return
        number, what = self.sequence, name_of(message)
        for delay in self.transport.delays(sender.index, target.index, message, self.now):
            arrival = self._arrival(sender, target, message, number)
            self.at(self.now + delay, target.index, target.life, arrival, f"{what} from {sender.index}")

    def _arrival(self, sender: Replica, target: Replica, message: PeerMessage, number: int) -> Callable[[], None]:
        peer = sender.key
        if self.plan.real_codec:
            data = encode_message(message)
            return lambda: target.on_message(peer, decode_message(data, self.suite), number)
        return lambda: target.on_message(peer, message, number)

    # what the chain is made of

    def make_transaction(self, number: int) -> Transaction:
        salt = number.to_bytes(16, "big")
        summary = Summary("en", bytes(32), bytes(32))
        valid_until = WALL_AT_ZERO + LIFETIME_MS // 2
        body = Body(CHAIN, (bytes(self.suite.key_bytes),), salt, valid_until, "token", "pay", (number,), summary)
        transaction = self.codec.assemble(body, (bytes(64),))
        self.transactions[transaction.wire] = transaction
        return transaction

    def on_height(self, height: int) -> None:
        """Somebody honest is the first to decide `height`: the clients' next request follows."""
        if height < len(self.plan.work):
            delay, instance = self.plan.work[height]
            transaction = self.make_transaction(height)
            self.at(self.now + delay, -1, 0, lambda: self.submit(instance, transaction), f"client {height}")

    def submit(self, instance: int, transaction: Transaction) -> None:
        """A client's request: once an honest running node has taken it, it must be committed."""
        order = [self.replicas[(instance + i) % self.plan.n] for i in range(self.plan.n)]
        taker = next((r for r in order if r.up and r.is_honest), None)
        if taker is None:
            self.at(self.now + 500, -1, 0, lambda: self.submit(instance, transaction), "client again")
        else:
            self.submitted[transaction.id] = self.now
            self._perform(taker, lambda: taker.on_client(transaction))

    def next_validators(self, height: int) -> ValidatorSet:
        """Those that the execution of `height` names for height + 3: a pure function of the height."""
        change = self.plan.change_at
        rows = self.genesis_validators.rows
        return ValidatorSet(rows[:-1]) if change and height >= change else self.genesis_validators

    def validators_at(self, height: int) -> ValidatorSet:
        return self.next_validators(max(0, height - 3))

    def is_honest_key(self, key: bytes) -> bool:
        return any(replica.key == key and replica.is_honest for replica in self.replicas)
