"""The mempool: verified once, accepted only when fsynced, spread to peers, lingering before a block."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from consensus.messages import Bodies, GetBodies, PeerId, TxBatch
from ledger.codec import encode
from ledger.crypto import verify_many
from ledger.errors import refuse
from node.actors.mempool import (
    BATCH_BYTES_MAX,
    FILL_TRANSACTIONS,
    SPREAD_AGAIN_MS,
    TOGETHER_BYTES,
    Mempool,
    MempoolSettings,
)
from node.admission import Admission
from node.board import Board, ChainStatus, OrderingStatus
from node.box import Box
from node.callers import Callers
from node.messages import (
    BlockRefused,
    BlockVerified,
    BlockWires,
    BodyResolved,
    Decided,
    Executed,
    LinkDown,
    LinkUp,
    PeerBodies,
    PeerTransactions,
    PeerWantsBodies,
    PeerWantsTransactions,
    Reply,
    Resolve,
    SpreadTo,
    Submit,
    SubmitOutcome,
    Take,
    Taken,
    Waiting,
)
from node.pool import Pool, PoolLimits
from node.pool_journal import JournalledWire, PoolJournal
from node.watch import Watch
from tests.node.support import CODEC, GENESIS_TIME, PERSON, SUITE, chain_of, make_genesis, make_transaction

CHAIN = chain_of(make_genesis())
PEER, OTHER = PeerId(b"peer"), PeerId(b"other")
LINGER_MS = 200


class LoopClock:
    """Both clocks follow the event loop's, which the tests move."""

    def now_ms(self) -> int:
        return int(trio.current_time() * 1000)

    def wall_ms(self) -> int:
        return GENESIS_TIME + self.now_ms()


@dataclass
class Bench:
    """A running mempool with what it has sent, told ordering and asked to verify."""

    mempool: Mempool
    pool: Pool
    sent: list[tuple[PeerId | None, object]] = field(default_factory=list)
    told: list[object] = field(default_factory=list)
    refused: list[object] = field(default_factory=list)
    verified: list[int] = field(default_factory=list)
    executed: set[bytes] = field(default_factory=set)
    strangers: set[bytes] = field(default_factory=set)
    looked_up: list[bytes] = field(default_factory=list)
    blamed: list[tuple[PeerId, str]] = field(default_factory=list)
    taken: list[trio.Event] = field(default_factory=lambda: [trio.Event() for _ in range(3)])

    def look_up(self, key: bytes) -> None:
        self.looked_up.append(key)
        if key in self.strangers:
            raise refuse("AUTH-001", key=key.hex()[:16])

    def tell(self, message: object) -> None:
        self.told.append(message)
        if isinstance(message, Taken):
            self.taken[len(self.of(Taken)) - 1].set()

    async def submit(self, *wires: bytes):
        reply: Reply[tuple[SubmitOutcome, ...]] = Reply()
        await self.mempool.door.send(Submit(wires, reply))
        return await reply.get()

    async def settle(self) -> None:
        await trio.testing.wait_all_tasks_blocked()

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.told if isinstance(message, kind)]

    def spread(self, to: PeerId) -> list[bytes]:
        return [wire for batch in self.batches(to) for wire in batch]

    def batches(self, to: PeerId) -> list[tuple[bytes, ...]]:
        return [m.wires for peer, m in self.sent if peer == to and isinstance(m, TxBatch)]


def make_mempool(path: Path, bench: Bench | None = None) -> tuple[Bench, list[JournalledWire]]:
    pool = Pool(PoolLimits(transaction_units_max=1_000))
    journal, wires, _ = PoolJournal.open(path / "pool")
    bench = Bench(None, pool)  # type: ignore[arg-type]
    bench.mempool = Mempool(
        pool=pool,
        admission=Admission(
            codec=CODEC,
            chain=CHAIN,
            pool=pool,
            is_executed=lambda i: i in bench.executed,
            callers=Callers(bench.look_up),
            threads=0,
        ),
        journal=journal,
        board=Board(0, Watch(ChainStatus(0, 0, 0)), Watch(OrderingStatus(0, 1, 0, "starting", 0, 4))),
        blame=lambda peer, code: bench.blamed.append((peer, code)),
        clock=LoopClock(),
        settings=MempoolSettings(linger_ms=LINGER_MS),
        send=lambda to, message: bench.sent.append((to, message)),
        to_ordering=bench.tell,
        to_catch_up=bench.refused.append,
        door=Box(64),
        bodies=Box(64),
        control=Box(64),
    )
    return bench, wires


@pytest.fixture
async def bench(tmp_path, nursery, monkeypatch):
    bench, _ = make_mempool(tmp_path)

    def counting(suite, items):
        bench.verified.append(len(items))
        return verify_many(suite, items)

    monkeypatch.setattr("node.admission.verify_many", counting)
    await nursery.start(bench.mempool.run)
    return bench


def make(note: str = "note", **values):
    return make_transaction(CHAIN, values.pop("valid_until", GENESIS_TIME + 600_000), note, **values)


def forged(transaction):
    body = transaction.wire[:-65]
    return body + bytes(64) + b"\x01"


async def test_accepted_means_on_disk(autojump_clock, bench, tmp_path, monkeypatch):
    order = []
    write = PoolJournal.write

    def noted(self, wires):
        order.append(("disk", len(wires)))
        return write(self, wires)

    monkeypatch.setattr(PoolJournal, "write", noted)
    one, two = make("1"), make("2")
    outcomes = await bench.submit(one.wire, two.wire)
    order.append(("answer", len(outcomes)))
    assert order == [("disk", 2), ("answer", 2)]
    assert [(o.outcome, o.id, o.wid) for o in outcomes] == [("accepted", t.id, t.wid) for t in (one, two)]
    _, wires, _ = PoolJournal.open(tmp_path / "pool")
    assert [item.wire for item in wires] == [one.wire, two.wire]


async def test_the_same_bytes_are_verified_once(autojump_clock, bench):
    one = make()
    await bench.submit(one.wire, one.wire)
    assert [o.outcome for o in await bench.submit(one.wire)] == ["known"]
    await bench.mempool.door.send(PeerTransactions(PEER, (one.wire,)))
    await bench.settle()
    assert sum(bench.verified) == 1
    assert len(bench.pool) == 1


async def test_refusals_have_codes_and_leave_nothing(autojump_clock, bench, tmp_path):
    good = make()
    bad = {
        "TX-001": b"\x80\x01",
        "TX-002": make_transaction(bytes(32), GENESIS_TIME + 60_000).wire,
        "TX-003": forged(make()),
        "TX-004": make(valid_until=GENESIS_TIME - 60_000).wire,
        "TX-005": make(valid_until=GENESIS_TIME + 10**9).wire,
        "BYT-002": bytes(70_000),
    }
    outcomes = await bench.submit(*bad.values(), good.wire)
    assert [o.refused.code if o.refused else None for o in outcomes] == [*bad, None]
    assert len(bench.pool) == 1
    _, wires, _ = PoolJournal.open(tmp_path / "pool")
    assert [item.wire for item in wires] == [good.wire]


async def test_bad_bytes_cost_their_signature_check_once(autojump_clock, bench):
    wire = forged(make())
    for _ in range(3):
        [outcome] = await bench.submit(wire)
        assert outcome.refused.code == "TX-003"
    assert sum(bench.verified) == 1


async def test_an_executed_one_is_known(autojump_clock, bench):
    one = make()
    bench.executed.add(one.id)
    [outcome] = await bench.submit(one.wire)
    assert (outcome.outcome, len(bench.pool)) == ("known", 0)


async def test_one_id_with_other_signatures_has_one_place(autojump_clock, bench):
    # A second good signature of one key would need SM2; one that is bad must not displace the good one either.
    one = make()
    await bench.submit(one.wire)
    assert bench.pool.entry(one.id).transaction.wid == one.wid
    await bench.mempool.door.send(PeerTransactions(PEER, (forged(one),)))
    await bench.settle()
    assert bench.pool.entry(one.id).transaction.wid == one.wid


async def test_what_clients_send_is_spread_and_what_peers_send_is_not(autojump_clock, bench):
    mine, theirs = [make(str(i)) for i in range(450)], make("theirs")
    await bench.mempool.door.send(PeerTransactions(PEER, (theirs.wire,)))
    for peer in (PEER, OTHER):
        bench.mempool.control.post(LinkUp(peer))
    await bench.settle()
    await bench.submit(*(t.wire for t in mine))
    await trio.sleep(1)
    for peer in (PEER, OTHER):
        assert bench.spread(peer) == [t.wire for t in mine]
        sizes = [len(batch) for batch in bench.batches(peer)]
        assert max(sizes) <= 200
        assert len(sizes) <= 4


async def test_eligible_is_said_when_the_pool_fills_and_when_it_empties(autojump_clock, bench):
    one = make()
    await bench.submit(one.wire)
    assert bench.of(Waiting)[-1].count == 1
    bench.mempool.control.post(Decided(1, (one.id,)))
    await bench.settle()
    assert bench.of(Waiting)[-1] == Waiting(0)
    assert bench.pool.has_id(one.id)
    bench.mempool.control.post(Executed(1, GENESIS_TIME, (one.id,)))
    await bench.settle()
    assert not bench.pool.has_id(one.id)


async def test_an_idle_node_builds_at_once_and_a_busy_one_lingers(autojump_clock, bench):
    times = [-1.0]
    for number in range(3):
        await bench.submit(make(str(number)).wire)
        asked = trio.current_time()
        bench.mempool.control.post(Take(number + 1, b"parent", 0, 1000, 10**6))
        await bench.taken[number].wait()
        times.append(trio.current_time())
        earliest = max(asked, times[-2] + LINGER_MS / 1000)
        assert times[-1] == pytest.approx(earliest, abs=0.002)
        taken = bench.of(Taken)[-1]
        assert [t.body.args for t in taken.transactions] == [(str(i),) for i in range(number + 1)]
    assert times[3] - times[1] >= 2 * LINGER_MS / 1000 - 0.002


async def test_a_full_pool_ends_the_lingering(autojump_clock, bench):
    await bench.submit(make().wire)
    bench.mempool.control.post(Take(1, b"p", 0, 1000, 10**6))
    await bench.settle()
    started = trio.current_time()
    bench.mempool.control.post(Take(2, b"q", 0, 1000, 10**6))
    await bench.settle()
    assert len(bench.of(Taken)) == 1
    await bench.mempool.door.send(PeerTransactions(PEER, tuple(make(str(i)).wire for i in range(FILL_TRANSACTIONS))))
    await bench.taken[1].wait()
    assert trio.current_time() - started < LINGER_MS / 1000


async def test_an_empty_pool_is_answered_at_once_and_time_follows_the_parent(autojump_clock, bench):
    bench.mempool.control.post(Take(1, b"p", GENESIS_TIME + 10**6, 1000, 10**6))
    await bench.settle()
    assert bench.of(Taken) == [Taken(1, b"p", GENESIS_TIME + 10**6 + 1, ())]


async def test_a_missing_body_is_fetched_verified_and_handed_over(autojump_clock, bench):
    here, missing = make("here"), make("missing")
    await bench.submit(here.wire)
    bench.mempool.control.post(Resolve(5, 1, b"h" * 32, (here.wid, missing.wid), (PEER,)))
    await bench.settle()
    assert (PEER, GetBodies(1, b"h" * 32, (missing.wid,))) in bench.sent
    await bench.mempool.bodies.send(PeerBodies(PEER, b"h" * 32, (forged(missing), missing.wire)))
    await bench.settle()
    assert bench.of(BodyResolved) == [BodyResolved(5, (here, missing))]


async def test_bodies_nobody_asked_for_are_dropped_unread(autojump_clock, bench):
    await bench.mempool.bodies.send(PeerBodies(PEER, b"x" * 32, (make().wire,)))
    await bench.settle()
    assert (bench.verified, len(bench.pool)) == ([], 0)


class Steps(trio.abc.Instrument):
    """Counts the steps of tasks; between two of them others can run."""

    count = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.count += 1


@pytest.mark.parametrize("door", ["batch", "bodies", "block", "client"])
async def test_the_longest_transactions_leave_others_their_turns(autojump_clock, bench, monkeypatch, door):
    """64 KiB of small integers each: all of one message in one step would hold up votes for most of a second."""
    steps, decoded = Steps(), Counter[int]()
    decode = CODEC.decode

    def counting(wire, wid=None):
        decoded[steps.count] += len(wire)
        return decode(wire, wid)

    trio.lowlevel.add_instrument(steps)
    monkeypatch.setattr(CODEC, "decode", counting)
    body = encode((1, b"", *([0] * 60_000)))
    wires = tuple(body + bytes([n]) + bytes(63) + b"\x01" for n in range(32))
    match door:
        case "batch":
            await bench.mempool.door.send(PeerTransactions(PEER, wires))
        case "bodies":
            bench.mempool.control.post(Resolve(5, 1, b"h" * 32, (bytes(32),), (PEER,)))
            await bench.settle()
            await bench.mempool.bodies.send(PeerBodies(PEER, b"h" * 32, wires))
        case "block":
            await bench.mempool.bodies.send(BlockWires(3, wires))
        case "client":
            await bench.submit(*wires)
    await bench.settle()
    # Of a block the first false transaction is enough.
    assert len(decoded) == (1 if door == "block" else len(wires))
    assert max(decoded.values()) <= TOGETHER_BYTES


async def test_peers_get_the_bodies_that_they_ask_for(autojump_clock, bench):
    one = make()
    await bench.submit(one.wire)
    bench.mempool.control.post(PeerWantsBodies(PEER, GetBodies(1, b"h" * 32, (one.wid, bytes(32)))))
    await bench.settle()
    assert (PEER, Bodies(1, b"h" * 32, (one.wire,))) in bench.sent


async def test_a_proposer_without_work_gets_the_oldest(autojump_clock, bench):
    bench.mempool.control.post(PeerWantsTransactions(PEER))
    await bench.settle()
    assert bench.sent == []
    one, other = make("one"), make("other")
    await bench.submit(one.wire, other.wire)
    await trio.sleep(0.1)
    bench.sent.clear()
    bench.mempool.control.post(PeerWantsTransactions(PEER))
    await bench.settle()
    assert bench.sent == [(PEER, TxBatch((one.wire, other.wire)))]


async def test_a_caught_up_block_with_a_bad_signature_is_refused(autojump_clock, bench):
    good, bad = make("good"), forged(make("bad"))
    await bench.mempool.bodies.send(BlockWires(3, (good.wire, bad)))
    await bench.mempool.bodies.send(BlockWires(4, (good.wire,)))
    await bench.settle()
    assert bench.refused == [BlockRefused(3)]
    assert bench.of(BlockVerified) == [BlockVerified(4, (good,))]


async def test_the_engine_may_have_the_oldest_sent_again_but_not_all_the_time(autojump_clock, bench):
    one = make()
    await bench.submit(one.wire)
    await trio.sleep(0.1)
    for _ in range(3):
        bench.mempool.control.post(SpreadTo((OTHER, PEER)))
    await bench.settle()
    assert [to for to, _ in bench.sent if to is not None] == []
    await trio.sleep(SPREAD_AGAIN_MS / 1000)
    for _ in range(3):
        bench.mempool.control.post(SpreadTo((OTHER, PEER)))
    await bench.settle()
    assert [(to, m.wires) for to, m in bench.sent if to is not None] == [(OTHER, (one.wire,)), (PEER, (one.wire,))]


async def test_a_peer_that_comes_back_gets_what_was_promised_in_order_before_what_follows(autojump_clock, bench):
    mine, theirs = [make(str(i)) for i in range(250)], make("theirs")
    await bench.mempool.door.send(PeerTransactions(OTHER, (theirs.wire,)))
    await bench.submit(*(t.wire for t in mine))
    await bench.settle()
    bench.mempool.control.post(Decided(1, (mine[0].id,)))
    bench.mempool.control.post(LinkUp(PEER))
    await bench.settle()
    assert bench.spread(PEER) == [t.wire for t in mine[1:]]
    assert max(sum(map(len, batch)) for batch in bench.batches(PEER)) < BATCH_BYTES_MAX + 1_000
    following = make("following")
    await bench.submit(following.wire)
    await trio.sleep(1)
    assert bench.sent[-1] == (PEER, TxBatch((following.wire,)))


async def test_nothing_new_is_sent_to_a_peer_before_what_it_has_missed(autojump_clock, bench):
    """The transport has a link before this actor hears of it."""
    first, second, third = (make(name) for name in ("first", "second", "third"))
    await bench.submit(first.wire)
    await trio.sleep(1)
    assert bench.sent == []
    bench.mempool.control.post(LinkUp(PEER))
    await bench.submit(second.wire)
    await trio.sleep(1)
    assert bench.spread(PEER) == [first.wire, second.wire]
    bench.mempool.control.post(LinkDown(PEER))
    await bench.settle()
    await bench.submit(third.wire)
    await trio.sleep(1)
    bench.mempool.control.post(LinkUp(PEER))
    await bench.settle()
    assert bench.spread(PEER)[2:] == [first.wire, second.wire, third.wire]


async def test_what_a_client_hears_is_known_is_spread_before_what_it_sends_next(autojump_clock, bench):
    """A third node may have been away when the first one spread it."""
    first, second = make("first"), make("second")
    bench.mempool.control.post(LinkUp(OTHER))
    await bench.mempool.door.send(PeerTransactions(PEER, (first.wire,)))
    await bench.settle()
    assert [outcome.outcome for outcome in await bench.submit(first.wire, second.wire)] == ["known", "accepted"]
    await trio.sleep(1)
    assert bench.spread(OTHER) == [first.wire, second.wire]
    await bench.submit(first.wire)
    await trio.sleep(1)
    assert bench.spread(OTHER) == [first.wire, second.wire]


async def test_known_from_a_peer_alone_is_put_on_this_disk_before_the_client_hears_of_it(
    autojump_clock, bench, tmp_path
):
    one = make()
    await bench.mempool.door.send(PeerTransactions(PEER, (one.wire,)))
    await bench.settle()
    for _ in range(2):
        [outcome] = await bench.submit(one.wire)
        assert outcome.outcome == "known"
    _, wires, _ = PoolJournal.open(tmp_path / "pool")
    assert [item.wire for item in wires] == [one.wire]
    bench.mempool.control.post(Executed(1, GENESIS_TIME, (one.id,)))
    await bench.settle()
    assert bench.mempool._journal._waiting == {0: 0}


async def test_after_a_crash_the_journal_is_replayed(autojump_clock, tmp_path, nursery):
    first, _ = make_mempool(tmp_path)
    done, expired, waiting = make("done"), make("expired", valid_until=GENESIS_TIME + 10), make("waiting")
    async with trio.open_nursery() as life:
        await life.start(first.mempool.run)
        await first.submit(done.wire, expired.wire, waiting.wire)
        life.cancel_scope.cancel()
    second, wires = make_mempool(tmp_path)
    second.executed.add(done.id)
    assert second.mempool.replay(wires, GENESIS_TIME + 11) == 1
    await nursery.start(second.mempool.run)
    await trio.sleep(1)
    second.mempool.control.post(LinkUp(PEER))
    await second.settle()
    assert second.spread(PEER) == [waiting.wire]
    [outcome] = await second.submit(waiting.wire)
    assert outcome.outcome == "known"
    second.mempool.control.post(Executed(1, GENESIS_TIME + 12, (waiting.id,)))
    await second.settle()
    third, wires = make_mempool(tmp_path)
    third.executed |= {done.id, waiting.id}
    assert third.mempool.replay(wires, GENESIS_TIME + 12) == 0


async def test_what_has_expired_in_the_pool_is_no_work(autojump_clock, bench):
    await bench.submit(make("short", valid_until=GENESIS_TIME + 600_000).wire)
    await trio.sleep(601)
    bench.mempool.control.post(Decided(1, ()))
    await bench.settle()
    assert [eligible.count for eligible in bench.of(Waiting)] == [1, 0]
    await bench.submit(make("long", valid_until=GENESIS_TIME + 1_200_000).wire)
    assert bench.of(Waiting)[-1].count == 1


async def test_a_peer_is_not_blamed_for_a_clock_that_differs(autojump_clock, bench):
    wires = make(valid_until=GENESIS_TIME - 1).wire, make(valid_until=GENESIS_TIME + 3_600_500).wire
    await bench.mempool.door.send(PeerTransactions(PEER, wires))
    await bench.settle()
    assert (len(bench.pool), bench.mempool._board.peer_faults, bench.blamed) == (0, {}, [])


STRANGER = bytes([78]) * 32


async def test_a_stranger_is_refused_at_the_door_before_its_signature_is_looked_at(autojump_clock, bench):
    bench.strangers.add(SUITE.public_key(STRANGER))
    known, stranger = make("known"), make("stranger", secret=STRANGER)
    first, second = await bench.submit(known.wire, stranger.wire)
    assert (first.outcome, second.outcome) == ("accepted", "refused")
    assert (second.refused.code, dict(second.refused.numbers)) == (
        "AUTH-001",
        {"key": SUITE.public_key(STRANGER).hex()[:16]},
    )
    assert (len(bench.pool), sum(bench.verified)) == (1, 1)


async def test_a_peer_that_knows_somebody_earlier_is_not_blamed_and_its_block_is_put_together(autojump_clock, bench):
    # The peer may have applied the block that registers the caller; its proposal must not wait for this register.
    bench.strangers.add(SUITE.public_key(STRANGER))
    stranger = make("stranger", secret=STRANGER)
    await bench.mempool.door.send(PeerTransactions(PEER, (stranger.wire,)))
    await bench.settle()
    assert (len(bench.pool), dict(bench.mempool._board.peer_faults)) == (0, {"unknown_caller": 1})
    bench.mempool.control.post(Resolve(5, 1, b"h" * 32, (stranger.wid,), (PEER,)))
    await bench.settle()
    await bench.mempool.bodies.send(PeerBodies(PEER, b"h" * 32, (stranger.wire,)))
    await bench.mempool.bodies.send(BlockWires(6, (stranger.wire,)))
    await bench.settle()
    assert bench.of(BodyResolved) == [BodyResolved(5, (stranger,))]
    assert bench.of(BlockVerified) == [BlockVerified(6, (stranger,))]


async def test_the_register_is_asked_once_for_each_key_until_a_block_changes_it(autojump_clock, bench):
    key = SUITE.public_key(PERSON)
    await bench.submit(make("1").wire, make("2").wire)
    await bench.submit(make("3").wire)
    assert bench.looked_up == [key]
    bench.mempool.control.post(Executed(1, GENESIS_TIME, ()))
    await bench.settle()
    await bench.submit(make("4").wire)
    assert bench.looked_up == [key]
    bench.strangers.add(key)
    bench.mempool.control.post(Executed(2, GENESIS_TIME, (), callers_changed=True))
    await bench.settle()
    [outcome] = await bench.submit(make("5").wire)
    assert (outcome.refused.code, bench.looked_up) == ("AUTH-001", [key, key])


async def test_a_peer_is_blamed_for_what_no_correct_node_spreads(autojump_clock, bench):
    await bench.mempool.door.send(PeerTransactions(PEER, (forged(make()), b"\x80\x01")))
    await bench.settle()
    assert sorted(bench.blamed) == [(PEER, "TX-001"), (PEER, "TX-003")]
    # Whose fault a whole block is, catch-up finds out.
    await bench.mempool.bodies.send(BlockWires(6, (forged(make()),)))
    await bench.settle()
    assert (len(bench.blamed), bench.mempool._board.peer_faults) == (2, {"TX-003": 1})
