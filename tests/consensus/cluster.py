"""A small deterministic cluster for the engine's tests: a heap of events, token signatures, disks that forget.

Every node drives the same engine as production does. The harness plays the driver: log and guard with a sync that can
be delayed or cut off by a crash, bodies, execution (a hash chain), a mempool. It asserts what must hold after every
effect: nothing is sent whose record is not durable, heights are delivered once and in order, all nodes deliver the same
blocks.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

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
    Eligible,
    Event,
    Fetch,
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
    Tick,
    Validate,
    Validated,
)
from consensus.messages import PeerId, PolkaCert, Proposal, Vote, VoteKind, decode_message, encode_message
from consensus.misbehaviour import claim_of
from consensus.pbft.engine import Engine
from consensus.records import GuardState, decode_record, encode_record
from consensus.recovery import DatabaseFacts, LogFacts, recover
from consensus.signing import Domain
from consensus.start import Start, Timing, Tip, fresh_start, tip_of
from consensus.verify import NotYet, Verifier
from ledger.block import Header
from ledger.checkpoint import CheckpointCert, bitmap_of
from ledger.crypto import International
from ledger.errors import BadSignature, PeerFault
from ledger.history import History, HistoryRange
from ledger.validators import ValidatorSet, make_validator_set

CHAIN = hashlib.sha256(b"chain").digest()
GENESIS_TIME = 1_000_000
WALL = 1_000_000_000
"""Wall clock at monotonic time 0."""


class TokenSuite(International):
    """Signatures that cost a hash: sound as long as nobody guesses the rule."""

    def public_key(self, secret: bytes) -> bytes:
        return hashlib.sha256(b"public" + secret).digest()

    def sign(self, secret: bytes, digest: bytes) -> bytes:
        return hashlib.sha512(self.public_key(secret) + digest).digest()

    def verify(self, key: bytes, digest: bytes, signature: bytes) -> None:
        if signature != hashlib.sha512(key + digest).digest():
            raise BadSignature("not this key's token")


SUITE = TokenSuite()


@dataclass(frozen=True)
class TokenSigner:
    key: bytes
    secret: bytes

    def sign(self, digest: bytes) -> bytes:
        return SUITE.sign(self.secret, digest)


class World:
    """n keys, their set, and a hand for every key: what a traitor would sign."""

    def __init__(self, n: int) -> None:
        secrets = [hashlib.sha256(b"secret %d" % i).digest() for i in range(n)]
        signers = [TokenSigner(SUITE.public_key(secret), secret) for secret in secrets]
        self.signers = sorted(signers, key=lambda signer: signer.key)
        self.validators = make_validator_set({s.key: f"org-{i}" for i, s in enumerate(self.signers)})
        self.valset_hash = self.validators.hash(SUITE)
        self.domain = Domain(SUITE, CHAIN)
        self.keys = [PeerId(s.key) for s in self.signers]
        self.n = n
        self.quorum = (n + (n - 1) // 3 + 2) // 2

    def tip(self) -> Tip:
        return Tip(0, CHAIN, GENESIS_TIME, b"", 0, True)

    def history(self) -> History:
        ranges = HistoryRange(SUITE)
        return ranges.append(History(), ranges.leaf(0, CHAIN, bytes(32), bytes(32)))[0]

    def start(self) -> Start:
        return fresh_start(CHAIN, GENESIS_TIME, self.validators, self.history())

    def header(
        self, tip: Tip, creator: int, round_: int = 0, label: str = "", *, tenure: int = 1, time: int = 0
    ) -> Header:
        """A block with as many transactions as its label has letters."""
        root = hashlib.sha256(label.encode()).digest() if label else bytes(32)
        return Header(
            CHAIN, tip.height + 1, tip.block_hash, time or tip.time + 10, self.keys[creator], round_, tenure,
            len(label), root, bytes(32), 250 * len(label), self.valset_hash,
        )  # fmt: skip

    def vote(self, i: int, kind: VoteKind, height: int, round_: int, block_hash: bytes | None) -> Vote:
        digest = self.domain.vote(self.valset_hash, kind, height, round_, block_hash)
        return Vote(kind, height, round_, block_hash, i, self.signers[i].sign(digest))

    def proposal(self, i: int, round_: int, header: Header, polka: PolkaCert | None = None) -> Proposal:
        draft = Proposal(round_, header, None if polka is None else polka.round, polka, i, bytes(64))
        digest = self.domain.proposal(self.valset_hash, claim_of(self.domain, draft))
        return replace(draft, signature=self.signers[i].sign(digest))

    def polka(self, voters: Iterable[int], height: int, round_: int, block_hash: bytes) -> PolkaCert:
        votes = [self.vote(i, VoteKind.PREVOTE, height, round_, block_hash) for i in sorted(voters)]
        bitmap = bitmap_of([vote.validator for vote in votes], self.n)
        return PolkaCert(height, round_, block_hash, bitmap, tuple(vote.signature for vote in votes))


class Crash(Exception):  # noqa: N818 - what happens, no error
    """The power goes."""


@dataclass
class Disk:
    """What survives: the log up to the last sync, the guard, the database."""

    log: list[bytes] = field(default_factory=list)
    blocks: dict[bytes, tuple[Header, tuple[str, ...]]] = field(default_factory=dict)
    guard: bytes | None = None
    results: list[Applied] = field(default_factory=list)
    tips: list[Tip] = field(default_factory=list)
    proofs: dict[int, Any] = field(default_factory=dict)
    cert: CheckpointCert | None = None


class Node:
    def __init__(self, cluster: Cluster, index: int) -> None:
        self.cluster, self.index, self.world = cluster, index, cluster.world
        self.key = self.world.keys[index]
        self.disk = Disk(guard=GuardState().encode())
        self.sync_ms = 0
        self.hang_build = self.hold_apply = False
        self.corrupt_at: int | None = None
        self.budget: int | None = None
        self.invalid: set[bytes] = set()
        self.rejoins = 0
        self.up = False
        self.wall_offset = 0
        self.epoch = 0
        self.clock_told = -1
        self.lost_log = self.damaged_log = False
        self.held: dict[bytes, tuple[Header, tuple[str, ...]]] = {}
        self.alarms: list[str] = []
        self.modes: list[SetMode] = []
        self.reports: list[Report] = []
        self.rejects: list[Reject] = []
        self.sent: list[tuple[int, Any]] = []
        self.faults: list[str] = []
        self.mempool: dict[str, None] = {}

    # life and death

    def boot(self) -> None:
        self.up = True
        self.epoch = self.cluster.next_epoch()
        self.verifier = Verifier(self.world.domain)
        self.held = dict(self.disk.blocks)
        self.durable = self.asked = 0
        self.waiting: list[Send] = []
        self.unsynced: list[Persist] = []
        self.inbox: list[Event] = []
        self.timer: int | None = None
        self.busy = False
        start = self.recovered()
        self.last = len(self.disk.results)
        self.engine = Engine(self.world.domain, self.world.signers[self.index], self.cluster.timing, start)
        self.feed(Tick(self.cluster.now, self.wall()))
        for other in self.cluster.nodes:
            if other is not self and other.up and self.cluster.linked(self, other):
                self.feed(PeerUp(other.key))
                other.feed(PeerUp(self.key))
        self.tell_work()

    def recovered(self) -> Start:
        log = [decode_record(data, SUITE) for data in self.disk.log]
        headers = {block_hash: header for block_hash, (header, _) in self.disk.blocks.items()}
        guard = None if self.disk.guard is None else GuardState.decode(self.disk.guard)
        facts = LogFacts(tuple(log), headers, lost=self.lost_log, damaged=self.damaged_log)
        self.lost_log = self.damaged_log = False
        self.rejoins += 1
        nonce = hashlib.sha256(b"%d %d" % (self.index, self.rejoins)).digest()[:16]
        return recover(self.world.domain, self.key, guard, facts, self.database(), nonce=nonce)

    def database(self) -> DatabaseFacts:
        results, cert = self.disk.results, self.disk.cert
        applied, certified = len(results), 0 if cert is None else cert.checkpoint.height
        low = min(applied, certified)
        ranges, history = HistoryRange(SUITE), self.world.history()
        for done in results[:low]:
            leaf = ranges.leaf(done.height, done.block_hash, done.state_root, done.receipts_root)
            history = ranges.append(history, leaf)[0]
        sets = dict.fromkeys(range(4), self.world.validators)
        for done in results:
            sets[done.height + 3] = done.next_validators
        tip = self.disk.tips[applied - 1] if applied else self.world.tip()
        return DatabaseFacts(tip, sets, cert, history, tuple(results[low:]), self.disk.proofs.get(applied))

    def crash(self) -> None:
        """Power off: everything not synced is gone."""
        self.up = False
        self.cluster.next_epoch()
        for other in self.cluster.nodes:
            if other is not self and other.up:
                other.feed(PeerDown(self.key))

    def wall(self) -> int:
        return WALL + self.cluster.now + self.wall_offset

    # driving

    def feed(self, event: Event) -> None:
        if not self.up:
            return
        self.inbox.append(event)
        if self.busy:
            return
        self.busy = True
        try:
            while self.inbox and self.up:
                next_event = self.inbox.pop(0)
                if not isinstance(next_event, Tick) and self.clock_told != self.cluster.now:
                    self.run(Tick(self.cluster.now, self.wall()))
                self.run(next_event)
        except Crash:
            self.crash()
        finally:
            self.busy = False

    def run(self, event: Event) -> None:
        if isinstance(event, Tick):
            self.clock_told = event.now_ms
        for effect in self.engine.step(event):
            if self.budget is not None:
                self.budget -= 1
                if self.budget < 0:
                    self.budget = None
                    raise Crash
            self.perform(effect)

    def perform(self, effect: Effect) -> None:
        match effect:
            case Persist():
                self.persist(effect)
            case Send():
                if effect.after is None or effect.after <= self.durable:
                    self.send(effect)
                else:
                    self.waiting.append(effect)
            case SetTimer(at_ms):
                self.timer = at_ms
                if at_ms is not None:
                    self.cluster.at(max(at_ms, self.cluster.now), self.ring, self.epoch)
            case Build():
                if not self.hang_build:
                    self.inbox.append(self.build(effect))
            case Validate(height, block_hash):
                ok = block_hash in self.held and block_hash not in self.invalid
                self.inbox.append(Validated(height, block_hash, ok))
            case Fetch():
                self.fetch(effect)
            case Deliver():
                self.deliver(effect)
            case Spread() | AskForWork():
                self.spread(effect)
            case Certified(cert):
                self.disk.cert = cert
            case Alarm(code, _):
                self.alarms.append(code)
            case SetMode():
                self.modes.append(effect)
            case Report():
                self.reports.append(effect)
            case Reject():
                self.rejects.append(effect)

    def ring(self) -> None:
        if self.timer is not None and self.timer <= self.cluster.now:
            self.feed(Tick(self.cluster.now, self.wall()))

    def persist(self, effect: Persist) -> None:
        assert effect.token == self.asked + 1, "tokens rise by one"
        self.asked = effect.token
        for block_hash in effect.blocks:
            assert block_hash in self.held, "a record names a block that is not held in full"
        if self.sync_ms:
            self.unsynced.append(effect)
            self.cluster.at(self.cluster.now + self.sync_ms, self.sync, self.epoch)
        else:
            self.write(effect)
            self.inbox.insert(0, Persisted(effect.token))
            self.durable = effect.token
            self.flush()

    def sync(self) -> None:
        effect = self.unsynced.pop(0)
        self.write(effect)
        self.durable = effect.token
        self.flush()
        self.feed(Persisted(effect.token))

    def write(self, effect: Persist) -> None:
        for block_hash in effect.blocks:
            self.disk.blocks[block_hash] = self.held[block_hash]
        self.disk.log += [encode_record(record) for record in effect.records]
        if effect.guard is not None:
            self.disk.guard = effect.guard.encode()

    def flush(self) -> None:
        ready = [send for send in self.waiting if send.after is None or send.after <= self.durable]
        self.waiting = [send for send in self.waiting if send not in ready]
        for send in ready:
            self.send(send)

    def send(self, effect: Send) -> None:
        assert effect.after is None or effect.after <= self.durable, "sent before it was durable"
        self.sent.append((self.cluster.now, effect.message))
        for other in self.cluster.nodes:
            if other is not self and effect.to in (None, other.key):
                self.cluster.post(self, other, effect.message)

    def receive(self, sender: PeerId, data: bytes) -> None:
        message: Any = decode_message(data, SUITE)
        if not self.up or not self.engine.wants(message):
            return
        try:
            self.feed(Received(sender, self.verifier.verify(message, self.engine.validators)))
        except PeerFault as fault:
            self.faults.append(fault.code)
            misbehaviour = getattr(fault, "misbehaviour", None)
            if misbehaviour is not None:
                self.feed(Received(sender, self.verifier.verify(misbehaviour, self.engine.validators)))
        except NotYet:
            pass

    # bodies, mempool, execution

    def build(self, ask: Build) -> Built:
        label = tuple(sorted(self.mempool))[:8]
        root = hashlib.sha256("".join(label).encode()).digest() if label else bytes(32)
        time = max(self.wall(), ask.parent_time + 1)
        header = Header(
            CHAIN, ask.height, ask.parent, time, ask.creator, ask.round, ask.tenure, len(label), root, bytes(32),
            250 * len(label), ask.valset_hash,
        )  # fmt: skip
        self.held[header.hash(SUITE)] = (header, label)
        return Built(ask.height, ask.parent, header)

    def fetch(self, effect: Fetch) -> None:
        def arrive() -> None:
            if not self.up:
                return
            for key in (self.key, *effect.sources):
                source = self.cluster.node_of(key)
                allowed = source is self or self.cluster.serves(source, self)
                body = source.held.get(effect.block_hash) if allowed else None
                if body is not None:
                    self.held[effect.block_hash] = body
                    self.feed(BodyArrived(effect.height, effect.block_hash, body[0]))
                    return

        self.cluster.at(self.cluster.now + self.cluster.delay, arrive, self.epoch)

    def deliver(self, effect: Deliver) -> None:
        header, label = self.held[effect.block_hash]
        assert header.height == effect.height
        self.cluster.check_delivery(effect)
        for transaction in label:
            self.mempool.pop(transaction, None)
        if effect.height <= len(self.disk.results):
            raise AssertionError("delivered twice")
        if not self.hold_apply:
            self.apply(effect)
        self.tell_work(effect.height + 1)

    def apply(self, effect: Deliver) -> None:
        header, label = self.held[effect.block_hash]
        root = self.disk.results[-1].state_root if self.disk.results else bytes(32)
        salt = b"bug" if self.corrupt_at == effect.height else b""
        state_root = hashlib.sha256(root + effect.block_hash + salt).digest()
        following = self.cluster.next_validators.get(effect.height)
        if following is None:
            following = self.disk.results[-1].next_validators if self.disk.results else self.world.validators
        if salt and self.cluster.corrupt_validators is not None:
            following = self.cluster.corrupt_validators
        done = Applied(effect.height, effect.block_hash, header.time, state_root, bytes(32), following)
        self.disk.blocks[effect.block_hash] = (header, label)
        self.disk.results.append(done)
        self.disk.tips.append(tip_of(header, effect.block_hash))
        self.disk.proofs[effect.height] = effect.proof
        self.inbox.append(done)

    def tell_work(self, height: int | None = None) -> None:
        event = Eligible(height or self.engine.height, len(self.mempool))
        self.feed(event)

    def submit(self, *transactions: str) -> None:
        self.mempool.update(dict.fromkeys(transactions))
        if self.up:
            self.tell_work()

    def spread(self, effect: Spread | AskForWork) -> None:
        if isinstance(effect, AskForWork):
            sources = [self.cluster.node_of(key) for key in effect.sources]
            pairs = [(source, self) for source in sources]
        else:
            pairs = [(self, self.cluster.node_of(key)) for key in effect.order]
        for source, target in pairs:
            batch = tuple(source.mempool)
            if batch and self.cluster.serves(source, target):
                due = self.cluster.now + self.cluster.delay
                self.cluster.at(due, partial(target.submit, *batch), target.epoch)


Filter = Callable[[Node, Node, Any], bool]


class Cluster:
    """n nodes on a full mesh. `silent` nodes never start: the test speaks for them with `world`'s hands."""

    def __init__(self, n: int, *, silent: Iterable[int] = (), timing: Timing | None = None, delay: int = 5) -> None:
        self.world, self.timing, self.delay = World(n), timing or Timing(), delay
        self.now = 0
        self._sequence = self._epochs = 0
        self._heap: list[tuple[int, int, int | None, Callable[[], None]]] = []
        self.filters: list[Filter] = []
        self.body_filters: list[Callable[[Node, Node], bool]] = []
        self.next_validators: dict[int, ValidatorSet] = {}
        self.corrupt_validators: ValidatorSet | None = None
        self.decided: dict[int, bytes] = {}
        self.nodes = [Node(self, i) for i in range(n)]
        self.silent = set(silent)
        for node in self.nodes:
            node.epoch = self.next_epoch()
        for node in self.honest():
            node.boot()

    def honest(self) -> list[Node]:
        return [node for node in self.nodes if node.index not in self.silent]

    def next_epoch(self) -> int:
        self._epochs += 1
        return self._epochs

    def node_of(self, key: bytes) -> Node:
        return self.nodes[self.world.keys.index(PeerId(key))]

    def linked(self, one: Node, other: Node) -> bool:
        return one.up and other.up

    def serves(self, source: Node, target: Node) -> bool:
        return source.up and target.up and all(allow(source, target) for allow in self.body_filters)

    def check_delivery(self, effect: Deliver) -> None:
        known = self.decided.setdefault(effect.height, effect.block_hash)
        assert known == effect.block_hash, f"fork at height {effect.height}"

    def at(self, time: int, call: Callable[[], None], epoch: int | None = None) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (time, self._sequence, epoch, call))

    def post(self, sender: Node, target: Node, message: Any) -> None:
        if not target.up or not all(allow(sender, target, message) for allow in self.filters):
            return
        data, epoch = encode_message(message), target.epoch
        self.at(self.now + self.delay, partial(target.receive, sender.key, data), epoch)

    def inject(self, sender: int, targets: Iterable[int], *messages: Any) -> None:
        """A traitor speaks, to some."""
        for index in targets:
            for message in messages:
                target = self.nodes[index]
                data = encode_message(message)
                self.at(self.now, partial(target.receive, self.world.keys[sender], data), target.epoch)

    def run(self, duration: int = 0, until: Callable[[], bool] | None = None) -> bool:
        """Run for `duration` ms, or until a condition holds; True when it does (or none was asked for)."""
        limit = self.now + duration
        live = {node.epoch for node in self.nodes}
        while self._heap and self._heap[0][0] <= limit:
            if until is not None and until():
                return True
            time, _, epoch, call = heapq.heappop(self._heap)
            self.now = max(self.now, time)
            live = {node.epoch for node in self.nodes if node.up}
            if epoch is None or epoch in live:
                call()
        self.now = limit if until is None or not until() else self.now
        return until is None or until()

    def height(self) -> int:
        """The height that all honest running nodes have decided."""
        return min(node.engine.height - 1 for node in self.honest() if node.up)

    def run_to_height(self, height: int, limit: int) -> bool:
        return self.run(limit, until=lambda: self.height() >= height)
