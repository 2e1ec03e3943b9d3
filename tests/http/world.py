"""A node without consensus: the real store, executor, mempool and HTTP side; a contract machine of a few lines.

Blocks are closed by hand (`seal`) and certified by hand (`certify`), with real signatures of four of five validators,
so a test decides what is accepted, executed and final.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import trio

from contracts.engine import Execution
from contracts.views import Edition, Sheet
from ledger.block import BlockBody, Header, misbehaviour_root, transactions_root
from ledger.checkpoint import CheckpointCert, bitmap_of
from ledger.codec import decode, encode
from ledger.crypto import INTERNATIONAL, SIGNATURE_BYTES
from ledger.errors import refuse
from ledger.genesis import LIMITS, TIMEOUTS_MS, Genesis, Member, ValidatorEntry, complete
from ledger.receipt import EventRow, Receipt, Status
from ledger.state import StateHasher, StateTree
from ledger.transaction import Body, Summary, Transaction, TransactionCodec
from node import layout
from node.actors.executor import Executor
from node.actors.mempool import Mempool, MempoolSettings
from node.actors.rpc import Rpc
from node.addresses import Address
from node.admission import Admission
from node.board import Board, ChainStatus, OrderingStatus
from node.box import Box
from node.callers import Callers
from node.http.limits import HttpLimits
from node.http.seams import Identity, NodeSeams, ViewCall
from node.messages import Execute, ExecutorInbox, MempoolControl, MempoolIntake, SignFreshness
from node.pool import Pool, PoolLimits
from node.pool_journal import PoolJournal
from node.reads import Reads
from node.store import Reader, Store, open_store
from node.watch import Watch

SUITE = INTERNATIONAL
SECRETS = {i: bytes([i]) * 32 for i in range(1, 6)}
CLIENT = b"\x63" * 32
GENESIS_TIME = 1_700_000_000_000
NOW = GENESIS_TIME + 1_000_000
COUNTER_KEY = b"\x00\x07\x01total"
INTERFACE = encode(("interface of the counter",))
SHEET = Sheet("counter", 7, 1, "active", INTERFACE, SUITE.hasher("interface")(INTERFACE), b"\x05" * 32)


def make_genesis() -> Genesis:
    names = ("operator", "supervisor", "collector", "subject", "user")
    members = tuple(
        Member(name, f"成员{name}", name, f"9100000000000000{i:02d}", (name,), (), SUITE.public_key(SECRETS[i]))
        for i, name in enumerate(names, 1)
    )
    validators = tuple(
        ValidatorEntry(
            SUITE.public_key(SECRETS[i]),
            name,
            SUITE.public_key(bytes([100 + i]) * 32),
            (f"/ip4/127.0.0.1/tcp/{9000 + i}",),
        )
        for i, name in enumerate(names, 1)
    )
    limits, timeouts = complete(LIMITS, {}), complete(TIMEOUTS_MS, {})
    tables: tuple[Any, ...] = ((), (), ())
    return Genesis("测试链", "intl", "pbft", GENESIS_TIME, None, limits, timeouts, 8, members, validators, *tables)


class CounterMachine:
    """`counter.add n` adds n to one number and announces `Added`; more than 100 at once is refused."""

    def __init__(self, genesis: Genesis, reader: Reader) -> None:
        self._genesis = genesis
        self._reader = reader

    def _execution(self, receipts: tuple[bytes, ...], total: int) -> Execution:
        state: dict[bytes, bytes | None] = {COUNTER_KEY: encode((total,))}
        rows = {b"s" + key: value for key, value in state.items()}
        return Execution(receipts, state, rows, self._genesis.validator_set(), 19_000)

    def genesis(self) -> Execution:
        return self._execution((), 0)

    def apply(
        self, header: Header, transactions: tuple[Transaction, ...], misbehaviour: tuple[bytes, ...]
    ) -> Execution:
        total = read_total(self._reader)
        receipts = []
        for index, transaction in enumerate(transactions):
            (n, party) = transaction.body.args
            common = (header.height, index, transaction.id, transaction.wid)
            if n > 100:
                numbers = (("asked", n), ("limit", 100))
                receipts.append(Receipt(*common, Status.REFUSED, "CNT-001", numbers, None, (), 3).encode())
                continue
            total += n
            events = (EventRow("counter", "Added", (n, party, b"\x01\x02")), EventRow("counter", "Total", (total,)))
            receipts.append(Receipt(*common, Status.DONE, None, (), total, events, 7).encode())
        sweep = Receipt(header.height, len(transactions), None, None, Status.DONE, None, (), None, (), 0)
        return self._execution((*receipts, sweep.encode()), total)


def read_total(reader: Reader) -> int:
    (total,) = decode(reader.get(layout.STATE + COUNTER_KEY), bytes_max=100)
    assert isinstance(total, int)
    return total


class CounterContracts:
    """The read side: one contract with one view, which adds its argument to the total."""

    def sheets(self, reader: Reader) -> Sequence[Sheet]:
        return (SHEET,)

    def sheet(self, reader: Reader, name: str) -> Sheet:
        if name != SHEET.name:
            raise refuse("TX-007", contract=name)
        return SHEET

    def view(self, reader: Reader, question: ViewCall) -> Any:
        self.sheet(reader, question.contract)
        if question.view == "broken":
            raise ZeroDivisionError("a bug of the engine")
        if question.view != "total":
            raise refuse("TX-008", contract=question.contract, action=question.view)
        return (read_total(reader), question.height, question.arguments)

    def edition(self, reader: Reader, interface_digest: bytes) -> Edition:
        if interface_digest != SHEET.interface_digest:
            raise refuse("RPC-004", what="interface")
        return Edition(SHEET.name, 1, 0, SHEET.interface, SHEET.interface_digest, SHEET.source_digest)

    def event_fields(self, contract: str, event: str, count: int, height: int) -> Sequence[str]:
        return {"Added": ("n", "party", "mark"), "Total": ("total",)}[event]

    def day(self, reader: Reader, time: int) -> int:
        return time // 86_400_000


@dataclass
class FixedClock:
    wall: int = NOW

    def now_ms(self) -> int:
        return int(trio.current_time() * 1000)

    def wall_ms(self) -> int:
        return self.wall


class World:
    """One running node without consensus."""

    def __init__(self, path: Path, limits: HttpLimits) -> None:
        self.genesis = make_genesis()
        self.chain = SUITE.hasher("genesis")(self.genesis.encode())
        self.codec = TransactionCodec(SUITE)
        self.clock = FixedClock()
        self.store: Store = open_store(path / "db", self.chain)
        ordering = OrderingStatus(decided=0, height=1, round=0, mode="voting", view_changes=0, quorum=4)
        self.board = Board(NOW - 5_000, Watch(ChainStatus(0, 0, 0)), Watch(ordering))
        self.executor_box: Box[ExecutorInbox] = Box(1_000)
        self.executor = Executor(
            box=self.executor_box,
            store=self.store,
            tree=StateTree(StateHasher(SUITE, self.genesis.bucket_bits)),
            machine=CounterMachine(self.genesis, self.store.reader),
            suite=SUITE,
            chain=self.chain,
            genesis=self.genesis,
            board=self.board,
            to_ordering=lambda _: None,
            to_mempool=self._to_mempool,
        )
        self.pool = Pool(PoolLimits())
        self.journal, _, _ = PoolJournal.open(path / "pool")
        self.door: Box[MempoolIntake] = Box(256)
        self.control: Box[MempoolControl] = Box(1_000)
        self.mempool = Mempool(
            door=self.door,
            bodies=Box(256),
            control=self.control,
            pool=self.pool,
            admission=Admission(
                codec=self.codec,
                chain=self.chain,
                pool=self.pool,
                is_executed=lambda identifier: self.store.place_of(identifier) is not None,
                callers=Callers(self._check_caller),
                threads=0,
            ),
            journal=self.journal,
            board=self.board,
            blame=lambda peer, code: None,
            clock=self.clock,
            settings=MempoolSettings(200),
            send=lambda *_: None,
            to_ordering=lambda _: None,
            to_catch_up=lambda _: None,
        )
        self.reads = Reads(
            store=self.store,
            board=self.board,
            suite=SUITE,
            genesis=self.genesis,
            is_pooled=self.pool.has_id,
            ask_executor=self.executor_box.post,
        )
        self.validator_key = SUITE.public_key(SECRETS[1])
        self.seams = NodeSeams(
            reads=self.reads,
            contracts=CounterContracts(),
            identity=Identity("operator", self.validator_key, SUITE.public_key(bytes([101]) * 32), path),
            submit=self.door.send,
            sign_freshness=self._sign_freshness,
            wall_ms=self.clock.wall_ms,
            limits=limits,
        )
        self.rpc = Rpc(self.seams, Address("127.0.0.1", 0), Address("127.0.0.1", 0))
        self.salt = 0
        self.strangers: dict[bytes, int] = {}
        """Keys, and the heights at which they are registered."""
        self.stranger_came = trio.Event()

    def _to_mempool(self, message: MempoolControl) -> None:
        self.control.post(message)

    def _check_caller(self, key: bytes) -> None:
        assert self.store.applied is not None
        if self.strangers.get(key, 0) > self.store.applied.height:
            self.stranger_came.set()
            raise refuse("AUTH-001", key=key.hex()[:16])

    def _sign_freshness(self, question: SignFreshness) -> None:
        value = encode((1, self.chain, question.nonce, question.height, question.checkpoint_hash))
        question.reply.put(SUITE.sign(SECRETS[1], SUITE.hasher("fresh")(value)))

    # What a client makes ---------------------------------------------------------------------------------------------

    def transaction(self, n: int = 1, party: str = "a", **changes: Any) -> Transaction:
        self.salt += 1
        body = Body(
            chain=self.chain,
            signers=(SUITE.public_key(CLIENT),),
            salt=self.salt.to_bytes(16, "big"),
            valid_until=self.clock.wall + 600_000,
            contract="counter",
            action="add",
            args=(n, party),
            summary=Summary("zh", b"\x01" * 32, b"\x02" * 32),
        )._replace(**changes)
        return self.codec.sign(body, (CLIENT,))

    def wrongly_signed(self) -> bytes:
        wire = self.transaction().wire
        at = len(wire) - 1 - SIGNATURE_BYTES
        return wire[:at] + bytes([wire[at] ^ 1]) + wire[at + 1 :]

    # What consensus would do -----------------------------------------------------------------------------------------

    async def seal(self, *transactions: Transaction) -> int:
        """Execute a block of these transactions; its height is not certified yet."""
        applied = self.store.applied
        assert applied is not None
        body = BlockBody(tuple(transaction.wire for transaction in transactions)).encode()
        header = Header(
            chain=self.chain,
            height=applied.height + 1,
            parent=applied.block_hash,
            time=applied.block_time + 1_000,
            creator=self.validator_key,
            created_round=0,
            tenure=0,
            tx_count=len(transactions),
            tx_root=transactions_root(SUITE, [(t.id, t.wid) for t in transactions]),
            evidence_root=misbehaviour_root(SUITE, ()),
            body_bytes=len(body),
            valset_hash=self.genesis.validator_set().hash(SUITE),
        )
        digest = header.hash(SUITE)
        self.executor_box.post(Execute(header, header.encode(), digest, body, transactions, (), b"decision"))
        await self.board.chain.wait_for(lambda chain: chain.applied == header.height)
        return header.height

    def certify(self, height: int) -> CheckpointCert:
        """Four of five validators sign the checkpoint that this node computed."""
        checkpoint = self.store.checkpoint(height)
        assert checkpoint is not None
        secrets = {SUITE.public_key(secret): secret for secret in SECRETS.values()}
        rows = self.genesis.validator_set().rows[:4]
        signatures = tuple(SUITE.sign(secrets[row.key], checkpoint.sign_bytes(SUITE)) for row in rows)
        certificate = CheckpointCert(checkpoint, bitmap_of([0, 1, 2, 3], 5), signatures)
        self.store.put_certificate(certificate)
        self.store.drop_snapshots()
        self.publish()
        return certificate

    def publish(self) -> None:
        """Say on the board where the store stands, as ordering does after a certificate."""
        status = self.board.chain.value
        self.board.chain.set(ChainStatus(status.applied, status.applied_time_ms, self.store.final))

    async def final(self, *transactions: Transaction) -> int:
        height = await self.seal(*transactions)
        self.certify(height)
        return height

    @property
    def state_root(self) -> bytes:
        assert self.store.applied is not None
        return self.store.applied.state_root


@dataclass
class Running:
    """What a test gets: the world and clients of both listeners. `failed` holds what stopped the HTTP actor."""

    world: World
    api: httpx.AsyncClient
    watch: httpx.AsyncClient
    failed: list[BaseException]
    ended: trio.Event

    async def metric(self, name: str, **labels: str) -> float:
        """The value of one sample of /metrics; 0.0 when there is none."""
        text = (await self.watch.get("/metrics")).text
        wanted = name
        if labels:
            wanted += "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}"
        values = [line.rpartition(" ")[2] for line in text.splitlines() if line.rpartition(" ")[0] == wanted]
        return float(values[0]) if values else 0.0


@asynccontextmanager
async def running(path: Path, limits: HttpLimits | None = None) -> AsyncIterator[Running]:
    world = World(path, limits or HttpLimits())
    world.executor.write_genesis()
    failed: list[BaseException] = []
    ended = trio.Event()

    async def serve(task_status) -> None:
        try:
            await world.rpc.run(task_status=task_status)
        except* (ArithmeticError, ValueError, AssertionError, LookupError, TypeError) as group:
            failed.extend(group.exceptions)
        ended.set()

    async with trio.open_nursery() as nursery:
        await nursery.start(world.executor.run)
        await nursery.start(world.mempool.run)
        await nursery.start(serve)
        api, watch = (f"http://127.0.0.1:{port}" for port in (world.rpc.api_port, world.rpc.monitoring_port))
        async with httpx.AsyncClient(base_url=api, timeout=20) as client, httpx.AsyncClient(base_url=watch) as watcher:
            yield Running(world, client, watcher, failed, ended)
        nursery.cancel_scope.cancel()
    world.journal.close()
    world.store.close()
