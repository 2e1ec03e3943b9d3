"""The loop: a heap of (time, sequence, instance, life, what), nothing else. Time is milliseconds and costs nothing.

On the stage with its clock and heap stand the replicas, the transport between them and the checkers. What happens to an
instance that has crashed since is dropped: an entry names the life that it belongs to (0: whatever life). Every
entry that is performed goes into the trace's hash, so two runs of one plan can be compared in one line.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable
from functools import partial

from consensus.messages import PeerId, PeerMessage, decode_message, encode_message
from devnet.sim.checkers import Checkers
from devnet.sim.network import Transport, name_of
from devnet.sim.plan import Crash, Pause, Plan
from devnet.sim.prng import stream
from devnet.sim.replica import Crashed, Replica
from devnet.sim.stage import Stage
from devnet.sim.traitor import Mask, Meddler
from ledger.transaction import Transaction


class World(Stage):
    def __init__(self, plan: Plan, trace: Callable[[str], None] | None = None) -> None:
        super().__init__(plan, trace)
        self.events = 0
        self.crashes = 0
        self._digest = hashlib.sha256()
        self.submitted: dict[bytes, int] = {}
        self.checkers = Checkers(self, self.on_height)
        self.transport = Transport(plan, stream(plan.seed, "network"))
        self.replicas = [self._make_replica(i) for i in range(plan.instances)]

    def _make_replica(self, index: int) -> Replica:
        plan = self.plan
        key = index if index < plan.n else plan.twins[index - plan.n]
        habits = next((t.habits for t in plan.traitors if t.instance == index), None)
        mask: Mask | None = None
        if habits is not None:
            mask = Meddler(self, habits, stream(plan.seed, f"traitor {index}"))
        elif key in plan.twins:
            mask = Mask(self)
        return Replica(self, self.checkers, self, index, key, mask)

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

    # clients

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
