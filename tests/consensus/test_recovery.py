"""Recovery, step by step: what the disk holds, and where the engine starts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consensus.events import Applied, Mode, Persist, Send, Tick
from consensus.messages import Vote, VoteKind
from consensus.pbft.engine import Engine
from consensus.records import BARRED, Decided, GuardState, OwnCheckpoint, OwnVote, Record, decode_record
from consensus.recovery import DatabaseFacts, LogFacts, recover
from consensus.start import Start, Timing
from ledger.block import Header
from tests.consensus.bench import Bench
from tests.consensus.cluster import GENESIS_TIME, SUITE, WALL, Cluster, World


class Disk:
    """What validator 3 has on disk in the middle of height 1: it has prevoted and precommitted A."""

    def __init__(self) -> None:
        bench = self.bench = Bench()
        bench.submit()
        bench.block("A")
        bench.propose("A")
        bench.hold("A")
        bench.persisted()
        bench.prevotes("A", 0, 0, 1)
        persists = [effect for effect in bench.effects if hasattr(effect, "records")]
        self.records: tuple[Record, ...] = tuple(record for effect in persists for record in effect.records)
        self.headers: dict[bytes, Header] = {bench.blocks["A"].hash(SUITE): bench.blocks["A"]}
        self.guard: GuardState | None = bench.engine.guard

    def decided(self) -> Decided:
        cert = self.bench.commit("A", 0, 0, 1, 2)
        return Decided(1, cert.block_hash, cert)

    def recover(self, **log: object) -> Start:
        world = self.bench.world
        start = world.start()
        facts = DatabaseFacts(start.applied, start.validators, None, start.history)
        log_facts = LogFacts(self.records, self.headers, **log)  # type: ignore[arg-type]
        return recover(world.domain, world.keys[3], self.guard, log_facts, facts, nonce=bytes(16))


def test_the_unfinished_height_goes_on_at_its_step_with_its_messages():
    disk = Disk()
    start = disk.recover()
    assert start.restored is not None
    assert (start.restored.round, start.restored.step) == (0, 2)
    kinds = [message.kind for message in start.restored.messages if isinstance(message, Vote)]
    assert kinds == [VoteKind.PREVOTE, VoteKind.PRECOMMIT]
    assert start.restored.memory.lock is not None
    assert start.restored.memory.lock.block_hash in disk.headers
    assert start.guard == disk.guard


def test_guard_behind_the_log_is_advanced():
    disk = Disk()
    assert disk.guard is not None
    now, disk.guard = disk.guard, GuardState()
    assert disk.recover().guard == now


def test_restored_messages_wait_for_the_guard_to_catch_up():
    """A crash between the log's sync and the guard's: nothing leaves that the guard on disk does not know."""
    disk = Disk()
    disk.guard = GuardState()
    start = disk.recover()
    world = disk.bench.world
    effects = Engine(world.domain, world.signers[3], Timing(), start).step(Tick(0, 1_000_000_000))
    saved = next(effect for effect in effects if isinstance(effect, Persist))
    assert saved.guard == start.guard
    votes = [effect for effect in effects if isinstance(effect, Send) and isinstance(effect.message, Vote)]
    assert [vote.after for vote in votes] == [saved.token, saved.token]


def test_a_height_whose_certificate_was_lost_and_that_was_never_signed_is_not_signed_now():
    """The guard remembers from a higher height on: the node starts, and that one's certificate covers it."""
    cluster = Cluster(4)
    cluster.run(1100)
    for name in "ab":
        cluster.nodes[0].submit(name)
        cluster.run(1500)
    node = cluster.nodes[1]
    assert len(node.disk.results) == 2
    node.crash()
    assert node.disk.guard is not None
    guard = GuardState.decode(node.disk.guard)
    node.disk.guard = replace(guard, checkpoints=guard.checkpoints[-1:]).encode()
    node.disk.log = [data for data in node.disk.log if not isinstance(decode_record(data, SUITE), OwnCheckpoint)]
    node.disk.cert = None
    node.boot()
    cluster.run(3000)
    assert (node.engine.applied, node.engine.certified, node.engine.mode) == (2, 2, Mode.VOTING)


def test_guard_ahead_of_the_log_observes():
    disk = Disk()
    disk.records = disk.records[:1]
    start = disk.recover()
    assert start.guard.vote_from == BARRED
    assert start.restored is None


def test_guard_at_the_same_place_with_another_content_observes():
    disk = Disk()
    assert disk.guard is not None
    disk.guard = replace(disk.guard, digest=bytes(32))
    assert disk.recover().guard.vote_from == BARRED


def test_guard_lost_observes():
    disk = Disk()
    disk.guard = None
    assert disk.recover().guard.vote_from == BARRED


def test_log_lost_votes_from_the_height_after_the_guard():
    disk = Disk()
    disk.records, disk.headers = (), {}
    assert disk.recover(lost=True).guard.vote_from == 2


def test_new_node_with_key_guard_and_log_together_votes_at_once():
    disk = Disk()
    disk.records, disk.headers, disk.guard = (), {}, GuardState()
    assert disk.recover() == replace(disk.bench.world.start(), rejoin_nonce=bytes(16))


def test_damage_before_the_tail_observes():
    assert Disk().recover(damaged=True).guard.vote_from == BARRED


def test_decided_is_proved_again_and_the_next_height_is_fresh():
    disk = Disk()
    disk.records += (disk.decided(),)
    start = disk.recover()
    assert [block.cert.height for block in start.decided] == [1]
    assert start.restored is None
    assert start.guard == disk.guard


@pytest.mark.parametrize("fault", ["signature", "block", "missing bytes"])
def test_a_decide_that_proves_nothing_ends_what_is_decided(fault):
    disk = Disk()
    good = disk.decided()
    cert = replace(good.cert, signatures=(*good.cert.signatures[:2], bytes(64)))
    other = {"signature": replace(good, cert=cert), "block": replace(good, block_hash=bytes(32))}.get(fault, good)
    disk.records += (other,)
    if fault == "missing bytes":
        disk.headers = {}
    start = disk.recover()
    assert start.decided == ()
    assert (start.restored is None) == (fault == "missing bytes")


def test_own_votes_two_above_what_is_decided_observe():
    disk = Disk()
    [vote] = [r for r in disk.records if isinstance(r, OwnVote) and r.vote.kind is VoteKind.PREVOTE]
    far = disk.bench.world.vote(3, VoteKind.PREVOTE, 3, 0, None)
    disk.records += (replace(vote, vote=far),)
    assert disk.recover().guard.vote_from == BARRED


def test_a_voted_block_that_is_not_in_the_log_observes():
    disk = Disk()
    disk.headers = {}
    assert disk.recover().guard.vote_from == BARRED


def test_decided_and_not_applied_is_delivered_again_and_certified():
    cluster = Cluster(4)
    cluster.run(1100)
    node = cluster.nodes[2]
    node.hold_apply = True
    cluster.nodes[0].submit("a")
    cluster.run(500)
    assert node.engine.height == 2
    assert node.engine.applied == 0
    node.crash()
    node.hold_apply = False
    node.boot()
    cluster.run(1500)
    assert (node.engine.applied, node.engine.certified) == (1, 1)


def test_executing_again_to_another_result_than_the_one_signed_stops():
    cluster = Cluster(4)
    cluster.run(1100)
    cluster.nodes[0].submit("a")
    assert cluster.run_to_height(1, 2000)
    cluster.run(2000)
    node = cluster.nodes[1]
    node.crash()
    node.disk.results, node.disk.tips, node.disk.cert = [], [], None
    node.corrupt_at = 1
    node.boot()
    cluster.run(100)
    assert node.engine.mode is Mode.STOPPED


def test_restored_engine_arms_the_timer_of_its_step_again():
    """Step 7: a crash in the middle of a quorum of any must not leave the round without a timer."""
    disk = Disk()
    start = disk.recover()
    bench = Bench(4, 3, start=start)
    bench.block("A")
    bench.hold("A")
    bench.precommits("A", 0, 0)
    bench.precommits(None, 0, 1)
    armed = {timer.name for timer in bench.engine._site.deadlines._at}
    assert "PRECOMMIT" in armed
    assert bench.own_votes(bench.effects) == ["prevote 1/0 A", "precommit 1/0 A"]
    bench.tick(3000)
    assert bench.engine.round == 1


def test_a_node_that_is_stopped_while_its_certificates_lag_far_behind_starts_again():
    """Catching up executes faster than it certifies: at the start all results above the certified height come back."""
    world, applied = World(4), 20
    results = tuple(
        Applied(height, bytes([height]) * 32, GENESIS_TIME + height, bytes(32), bytes(32), world.validators)
        for height in range(1, applied + 1)
    )
    tip = replace(world.tip(), height=applied, block_hash=results[-1].block_hash, time=results[-1].block_time)
    sets = dict.fromkeys(range(applied + 4), world.validators)
    facts = DatabaseFacts(tip, sets, None, world.history(), results)
    start = recover(world.domain, world.keys[0], GuardState(), LogFacts((), {}), facts, nonce=bytes(16))
    engine = Engine(world.domain, world.signers[0], Timing(), start)
    engine.step(Tick(0, WALL))
    assert (engine.applied, engine.certified, engine.height) == (applied, 0, applied + 1)


def saved_at_start(disk: Disk, start: Start) -> list[GuardState]:
    world = disk.bench.world
    effects = Engine(world.domain, world.signers[3], Timing(), start).step(Tick(0, WALL))
    return [effect.guard for effect in effects if isinstance(effect, Persist) and effect.guard is not None]


@pytest.mark.parametrize("found", [{"damaged": True}, {"lost": True}])
def test_what_recovery_bars_is_in_the_guard_before_anything_else_happens(found):
    """Else a second start, of a disk that has lost the proof meanwhile, would vote."""
    disk = Disk()
    start = disk.recover(**found)
    assert start.restored is None
    assert start.guard != disk.guard
    assert saved_at_start(disk, start) == [start.guard]
    disk.guard = start.guard
    assert saved_at_start(disk, disk.recover(**found)) == []


def test_a_lost_guard_is_made_anew_and_barred_at_once():
    disk = Disk()
    disk.guard = None
    [saved] = saved_at_start(disk, disk.recover())
    assert saved.vote_from == BARRED
