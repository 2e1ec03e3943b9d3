"""One engine on a bench: scripted events in, effects out as readable lines. Traces and rule tests are built on it."""

from __future__ import annotations

import hashlib
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
from consensus.messages import (
    Certificate,
    CheckpointVote,
    CommitCert,
    Misbehaviour,
    Newest,
    PolkaCert,
    Proposal,
    RoundCert,
    RoundState,
    Vote,
    VoteKind,
)
from consensus.pbft.engine import Engine
from consensus.pbft.proposer import tenure_of
from consensus.records import Decided, GuardState, OwnCheckpoint, OwnProposal, OwnVote
from consensus.start import Start, Timing, Tip, tip_of
from consensus.verify import Verifier
from ledger.block import Header
from ledger.checkpoint import Checkpoint, CheckpointCert, bitmap_of
from ledger.history import HistoryRange
from tests.consensus.cluster import CHAIN, SUITE, WALL, World

STEPS = ("proposal", "prevote", "precommit")


class Bench:
    """n validators, of which the engine is number `me`; after construction it has asked for its newest message."""

    def __init__(
        self, n: int = 4, me: int = 3, timing: Timing | None = None, start: Start | None = None, *, probe: bool = True
    ) -> None:
        self.world, self.me, self.n = World(n), me, n
        self.timing = timing or Timing()
        self.engine = Engine(self.world.domain, self.world.signers[me], self.timing, start or self.world.start())
        self.verifier = Verifier(self.world.domain)
        self.blocks: dict[str, Header] = {}
        self.names: dict[bytes, str] = {}
        self.tip: Tip = self.world.tip()
        self.now = 0
        self.effects: list[Effect] = []
        self.history = self.world.history()
        self.state_root = bytes(32)
        self.delivered: list[Deliver] = []
        self.step(Tick(0, WALL))
        if probe:
            for i in range(n):
                if i != me:
                    self.receive(Newest(None), i)

    # events

    def step(self, event: Event) -> list[Effect]:
        effects = self.engine.step(event)
        self.effects += effects
        self.delivered += [effect for effect in effects if isinstance(effect, Deliver)]
        return effects

    def tick(self, now: int) -> list[Effect]:
        self.now = now
        return self.step(Tick(now, WALL + now))

    def receive(self, message: Any, peer: int) -> list[Effect]:
        verified = self.verifier.verify(message, self.engine.validators)
        return self.step(Received(self.world.keys[peer], verified))

    def submit(self, count: int = 1) -> list[Effect]:
        return self.step(Eligible(self.engine.height, count))

    def block(self, name: str, creator: int | None = None, round_: int = 0, **fields: Any) -> Header:
        """Define a block above the tip; nothing is told to the engine."""
        creator = self.proposer(round_) if creator is None else creator
        fields.setdefault("tenure", tenure_of(self.tip, self.world.keys[creator], self.timing))
        header = self.world.header(self.tip, creator, round_, name, **fields)
        self.blocks[name] = header
        self.names[header.hash(SUITE)] = name
        return header

    def proposer(self, round_: int) -> int:
        return self.engine._heights.rounds.proposer_at(round_)

    def hash_of(self, name: str | None) -> bytes | None:
        return None if name in (None, "nil") else self.blocks[name or ""].hash(SUITE)

    def propose(
        self, name: str, round_: int = 0, polka: PolkaCert | None = None, by: int | None = None
    ) -> list[Effect]:
        by = self.proposer(round_) if by is None else by
        return self.receive(self.world.proposal(by, round_, self.blocks[name], polka), by)

    def hold(self, name: str, ok: bool = True) -> list[Effect]:
        """Its body arrives and is validated."""
        header = self.blocks[name]
        return self.body(name) + self.step(Validated(header.height, header.hash(SUITE), ok))

    def body(self, name: str) -> list[Effect]:
        header = self.blocks[name]
        return self.step(BodyArrived(header.height, header.hash(SUITE), header))

    def votes(
        self, kind: VoteKind, name: str | None, round_: int, by: tuple[int, ...], height: int = 0
    ) -> list[Effect]:
        height = height or self.engine.height
        effects: list[Effect] = []
        for i in by:
            effects += self.receive(self.world.vote(i, kind, height, round_, self.hash_of(name)), i)
        return effects

    def prevotes(self, name: str | None, round_: int, *by: int) -> list[Effect]:
        return self.votes(VoteKind.PREVOTE, name, round_, by)

    def precommits(self, name: str | None, round_: int, *by: int) -> list[Effect]:
        return self.votes(VoteKind.PRECOMMIT, name, round_, by)

    def polka(self, name: str, round_: int, *by: int) -> PolkaCert:
        block_hash = self.hash_of(name)
        assert block_hash is not None
        return self.world.polka(by, self.engine.height, round_, block_hash)

    def commit(self, name: str, round_: int, *by: int) -> CommitCert:
        header = self.blocks[name]
        votes = [self.world.vote(i, VoteKind.PRECOMMIT, header.height, round_, header.hash(SUITE)) for i in sorted(by)]
        bitmap = bitmap_of([vote.validator for vote in votes], self.n)
        return CommitCert(header.height, round_, header.hash(SUITE), bitmap, tuple(vote.signature for vote in votes))

    def round_cert(self, round_: int, endings: dict[int, str | None]) -> RoundCert:
        votes = [
            self.world.vote(i, VoteKind.PRECOMMIT, self.engine.height, round_, self.hash_of(endings[i]))
            for i in sorted(endings)
        ]
        return RoundCert(self.engine.height, round_, tuple((v.validator, v.block_hash, v.signature) for v in votes))

    def persisted(self) -> list[Effect]:
        """Everything asked for so far is durable; what follows from that is not yet."""
        tokens = [effect.token for effect in self.effects if isinstance(effect, Persist)]
        return self.step(Persisted(tokens[-1])) if tokens else []

    def checkpoint(self, name: str, salt: bytes = b"") -> Checkpoint:
        """What executing the block above the tip comes to."""
        header = self.blocks[name]
        root = hashlib.sha256(self.state_root + header.hash(SUITE) + salt).digest()
        valset = self.world.valset_hash
        history_root = HistoryRange(SUITE).root(self.history)
        return Checkpoint(
            CHAIN, "pbft", valset, header.height, 0, header.hash(SUITE), header.time, root, bytes(32), valset,
            history_root,
        )  # fmt: skip

    def applied(self, name: str, salt: bytes = b"") -> list[Effect]:
        """The executor reports; history moves on."""
        checkpoint = self.checkpoint(name, salt)
        effects = self.step(
            Applied(
                checkpoint.height, checkpoint.block_hash, checkpoint.block_time, checkpoint.state_root, bytes(32),
                self.world.validators,
            )
        )  # fmt: skip
        ranges = HistoryRange(SUITE)
        leaf = ranges.leaf(checkpoint.height, checkpoint.block_hash, checkpoint.state_root, bytes(32))
        self.history, self.state_root = ranges.append(self.history, leaf)[0], checkpoint.state_root
        return effects

    def sign_checkpoint(self, checkpoint: Checkpoint, i: int) -> CheckpointVote:
        return CheckpointVote(checkpoint, i, self.world.signers[i].sign(checkpoint.sign_bytes(SUITE)))

    def certificate(self, checkpoint: Checkpoint, *by: int) -> Certificate:
        signatures = tuple(self.world.signers[i].sign(checkpoint.sign_bytes(SUITE)) for i in sorted(by))
        return Certificate(CheckpointCert(checkpoint, bitmap_of(sorted(by), self.n), signatures))

    def decide(self, name: str, round_: int = 0) -> list[Effect]:
        """The next height is decided by others: certificate, body, verdict."""
        self.block(name, creator=self.proposer(round_), round_=round_)
        effects = self.receive(self.commit(name, round_, *range(self.world.quorum)), 0)
        effects += self.hold(name)
        self.tip = tip_of(self.blocks[name], self.blocks[name].hash(SUITE))
        return effects

    def up(self, i: int) -> list[Effect]:
        return self.step(PeerUp(self.world.keys[i]))

    def down(self, i: int) -> list[Effect]:
        return self.step(PeerDown(self.world.keys[i]))

    # reading

    def name(self, block_hash: bytes | None) -> str:
        return "nil" if block_hash is None else self.names.get(block_hash, block_hash.hex()[:8])

    def peer(self, key: bytes | None) -> str:
        return "all" if key is None else f"v{[bytes(k) for k in self.world.keys].index(key)}"

    def lines(self, effects: list[Effect]) -> list[str]:
        return [self.describe(effect) for effect in effects]

    def message(self, m: Any) -> str:
        match m:
            case Vote():
                return f"{STEPS[m.kind]} {m.height}/{m.round} {self.name(m.block_hash)} by v{m.validator}"
            case Proposal():
                polka = "" if m.polka is None else f" valid round {m.valid_round}"
                return f"proposal {m.height}/{m.round} {self.name(m.header.hash(SUITE))}{polka} by v{m.validator}"
            case PolkaCert() | CommitCert():
                kind = "polka" if isinstance(m, PolkaCert) else "commit"
                return f"{kind} {m.height}/{m.round} {self.name(m.block_hash)} of {len(m.signatures)}"
            case RoundCert():
                return f"round-cert {m.height}/{m.round}"
            case RoundState():
                return f"round-state {m.height}/{m.round} step {m.step} certified {m.certified}"
            case CheckpointVote():
                return f"checkpoint {m.height} by v{m.validator}"
            case Certificate(cert):
                return f"checkpoint-cert {cert.checkpoint.height}"
            case Misbehaviour():
                return f"misbehaviour {m.kind.name.lower()} by {self.peer(m.offender)}"
            case _:
                return type(m).__name__.lower()

    def record(self, record: Any) -> str:
        match record:
            case OwnVote(vote, _, memory):
                return f"{self.message(vote)} {self.memory(memory)}"
            case OwnProposal(proposal, _, memory):
                return f"{self.message(proposal)} {self.memory(memory)}"
            case Decided():
                return f"decided {record.height} {self.name(record.block_hash)}"
            case OwnCheckpoint(vote):
                return self.message(vote)
        raise AssertionError(record)

    def memory(self, memory: Any) -> str:
        lock = "-" if memory.lock is None else f"{self.name(memory.lock.block_hash)}@{memory.lock.round}"
        valid = "-" if memory.valid is None else f"{self.name(memory.valid.block_hash)}@{memory.valid.round}"
        return f"[lock {lock} valid {valid}]"

    def describe(self, effect: Effect) -> str:
        match effect:
            case Persist(token, records, blocks, guard):
                parts = [f"persist {token}:", *(self.record(record) for record in records)]
                if blocks:
                    parts.append("with " + " ".join(self.name(block) for block in blocks))
                parts.append(self.guard(guard))
                return " ".join(part for part in parts if part)
            case Send(to, message, after):
                held = "" if after is None else f" after {after}"
                return f"send {self.peer(to)}: {self.message(message)}{held}"
            case SetTimer(at_ms):
                return f"timer {'-' if at_ms is None else at_ms}"
            case Build():
                return f"build {effect.height}/{effect.round} on {effect.parent.hex()[:6]} tenure {effect.tenure}"
            case Validate(_, block_hash):
                return f"validate {self.name(block_hash)}"
            case Fetch(_, block_hash, sources):
                return f"fetch {self.name(block_hash)} from {' '.join(self.peer(source) for source in sources)}"
            case Deliver(height, block_hash, proof):
                how = f"{len(proof.signatures)} precommits of round {proof.round}"
                return f"deliver {height} {self.name(block_hash)} by {how}"
            case Certified(cert):
                return f"certified {cert.checkpoint.height}"
            case Report(misbehaviour):
                return f"report {self.message(misbehaviour)}"
            case Reject(peer, code, _):
                return f"reject {self.peer(peer)} {code}"
            case Alarm(code, _):
                return f"alarm {code}"
            case SetMode(mode, reason):
                return f"mode {mode.value}{': ' + reason if reason else ''}"
            case Spread(_, order):
                return f"spread to {' '.join(self.peer(key) for key in order)}"
            case AskForWork(_, sources):
                return f"ask {' '.join(self.peer(key) for key in sources)} for work"

    def guard(self, guard: GuardState | None) -> str:
        if guard is None:
            return ""
        position = "-" if guard.position is None else "/".join(map(str, guard.position))
        return f"guard {position}"

    def own_votes(self, effects: list[Effect]) -> list[str]:
        """The votes and proposals that these effects send, shortly."""
        said = [effect.message for effect in effects if isinstance(effect, Send)]
        own = [message for message in said if isinstance(message, (Vote, Proposal)) and message.validator == self.me]
        return [self.message(message).removesuffix(f" by v{self.me}") for message in own]

    def built(self, name: str, round_: int = 0) -> list[Effect]:
        header = self.block(name, creator=self.me, round_=round_)
        return self.step(Built(header.height, header.parent, header))
