# ruff: noqa: N802 - rules and cases carry the capitals of the protocol
"""The fixed cases of the protocol that need several nodes, on the deterministic cluster, by their numbers."""

from __future__ import annotations

import hashlib
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from consensus.events import Mode, Received
from consensus.messages import (
    CheckpointVote,
    Newest,
    Proposal,
    RoundState,
    Status,
    Vote,
    VoteKind,
    encode_message,
)
from consensus.observer import Rejoining
from consensus.pbft.timeouts import body_ms
from consensus.records import GuardState
from consensus.signing import Domain
from consensus.start import Timing
from consensus.verify import Verifier
from ledger.errors import PeerFault
from ledger.validators import make_validator_set, quorum_of
from tests.consensus.bench import Bench
from tests.consensus.cluster import SUITE, Cluster, Node, World


def started(n: int = 4, **options) -> Cluster:
    cluster = Cluster(n, **options)
    cluster.run(1100)
    return cluster


def busy(cluster: Cluster, blocks: int, limit: int = 5000) -> None:
    """Decide some blocks, one transaction each."""
    for _ in range(blocks):
        height = cluster.height()
        node = next(node for node in cluster.honest() if node.up)
        node.submit(f"tx-{height}-{cluster.now}")
        assert cluster.run_to_height(height + 1, limit)


def votes_of(node, height: int) -> list[Vote]:
    return [m for _, m in node.sent if isinstance(m, Vote) and (m.height, m.validator) == (height, node.index)]


def is_vote(message, kind: VoteKind) -> bool:
    return isinstance(message, Vote) and message.kind is kind


def no_checkpoint(_source, _target, message) -> bool:
    return not isinstance(message, CheckpointVote)


def mode_of(node: Node) -> Mode | None:
    return node.engine.mode


def cut(*sides):
    """No message crosses between the sides."""
    return lambda s, t, _m: any(s.index in side and t.index in side for side in sides)


def all_above(cluster: Cluster, round_: int) -> bool:
    return all(node.engine.round > round_ for node in cluster.honest())


def test_T01_locks_apart_then_heal():
    """n=4, v3 Byzantine. Only one node locks in round 0, only another in round 1; then all heals."""
    cluster = started(4, silent=[3])
    world = cluster.world

    def apart(_s, t, m) -> bool:
        return not is_vote(m, VoteKind.PREVOTE) or m.round >= 2 or t.index == m.round

    cluster.filters.append(apart)
    cluster.nodes[0].submit("a")
    for round_ in (0, 1):
        cluster.run(60)
        sent = [m for node in cluster.honest() for _, m in node.sent if isinstance(m, Proposal)]
        proposals = [proposal for proposal in sent if proposal.round == round_]
        if proposals:
            block_hash = proposals[0].header.hash(SUITE)
            cluster.inject(3, [round_], world.vote(3, VoteKind.PREVOTE, 1, round_, block_hash))
            cluster.inject(3, [0, 1, 2], world.vote(3, VoteKind.PRECOMMIT, 1, round_, None))
        cluster.run(4000, until=partial(all_above, cluster, round_))
    healed = max(node.engine.round for node in cluster.honest())
    cluster.filters.clear()
    assert cluster.run_to_height(1, 60_000)
    assert cluster.nodes[0].disk.proofs[1].round <= healed + 1 + 2


@pytest.mark.parametrize("n", [5, 7])
def test_T02_twins_cannot_fork(n):
    """One validator twice, split so that each side has it: no side decides with fewer than q votes."""
    cluster = started(n, silent=[n - 1])
    world, half = cluster.world, (n - 1) // 2
    left, right = set(range(half)), set(range(half, n - 1))
    cluster.filters.append(cut(left, right))
    cluster.nodes[0].submit("left")
    cluster.nodes[half].submit("right")
    for _ in range(40):
        cluster.run(100)
        for side in (left, right):
            for node in (cluster.nodes[i] for i in side):
                for vote in votes_of(node, 1)[-2:]:
                    cluster.inject(n - 1, side, world.vote(n - 1, vote.kind, 1, vote.round, vote.block_hash))
    assert cluster.decided == {}
    cluster.filters.clear()
    assert cluster.run_to_height(1, 60_000)


def test_T10_log_lost_after_voting_observes_until_the_next_height():
    cluster = started(4)
    busy(cluster, 2)
    node = cluster.nodes[2]
    cluster.filters.append(lambda s, t, m: not is_vote(m, VoteKind.PRECOMMIT) or m.height != 3)
    cluster.nodes[0].submit("x")
    cluster.run(200)
    assert node.engine.guard.position is not None
    assert node.engine.guard.position[0] == 3
    node.crash()
    node.disk.log.clear()
    node.lost_log = True
    node.boot()
    assert node.engine.guard.vote_from == 4
    assert mode_of(node) is Mode.OBSERVER
    before = len(votes_of(node, 3))
    cluster.filters.clear()
    assert cluster.run_to_height(3, 30_000)
    assert len(votes_of(node, 3)) == before
    busy(cluster, 1)
    assert mode_of(node) is Mode.VOTING
    assert votes_of(node, 4)


@pytest.mark.parametrize("sync_ms", [0, 3])
def test_T11_crash_at_every_effect_boundary_never_signs_another_thing(sync_ms):
    """One node of four is down for good, so every decision needs the one that crashes."""
    for boundary in range(60):
        cluster = Cluster(4, silent=[3])
        cluster.run(1100)
        node = cluster.nodes[1]
        node.sync_ms = sync_ms
        node.budget = boundary
        cluster.nodes[0].submit("a")
        cluster.run(80)
        node.budget = None
        if node.up:
            break
        node.boot()
        assert cluster.run_to_height(1, 30_000), boundary
        signed: dict[object, object] = {}
        for _, message in node.sent:
            if isinstance(message, (Vote, Proposal)):
                place = (message.height, message.round, getattr(message, "kind", 0))
                assert signed.setdefault(place, message) == message, boundary
        busy(cluster, 1)
    assert boundary > 10


def test_T12_log_cut_after_every_record_starts_and_never_signs_twice():
    full = started(4)
    busy(full, 2)
    full.filters.append(lambda s, t, m: not is_vote(m, VoteKind.PRECOMMIT) or m.height != 3)
    full.nodes[0].submit("x")
    full.run(300)
    victim = full.nodes[1]
    log = list(victim.disk.log)
    own = votes_of(victim, 3)
    assert own
    for length in range(len(log) + 1):
        victim.crash()
        victim.disk.log = log[:length]
        victim.sent.clear()
        victim.boot()
        full.run(50)
        for vote in votes_of(victim, 3):
            assert vote in own, length
        if length < len(log) - 1:
            assert victim.engine.mode is Mode.OBSERVER or length == 0
        victim.disk.guard = GuardState(victim.engine.guard.position, victim.engine.guard.digest).encode()


def test_T13_proposer_restarts_with_another_mempool_and_repeats_its_proposal():
    cluster = started(4)
    cluster.filters.append(lambda s, t, m: not isinstance(m, (Vote, Proposal)))
    proposer = cluster.nodes[0]
    proposer.submit("a")
    cluster.run(50)
    first = [m for _, m in proposer.sent if isinstance(m, Proposal)]
    proposer.crash()
    proposer.mempool = {"b": None, "c": None}
    proposer.sent.clear()
    proposer.boot()
    cluster.run(1200)
    again = [m for _, m in proposer.sent if isinstance(m, Proposal) and m.round == 0]
    assert first
    assert set(again) == set(first)


def test_T16_certificates_are_checked_whole_and_honest_ones_are_good():
    world = World(4)
    verifier = Verifier(world.domain)
    bench = Bench(4)
    bench.block("A")
    bench.block("B")
    good = bench.commit("A", 0, 0, 1, 2)
    verifier.verify(good, bench.engine.validators)
    garbage = replace(good, bitmap=bytes([0b1111]), signatures=(*good.signatures, bytes(64)))
    other = replace(good, block_hash=bench.blocks["B"].hash(SUITE))
    short = replace(good, bitmap=bytes([0b0011]), signatures=good.signatures[:2])
    double = replace(good, bitmap=bytes([0b0011]))
    beyond = replace(good, bitmap=bytes([0b10011]))
    for bad in (garbage, other, short, double, beyond):
        with pytest.raises(PeerFault):
            Verifier(world.domain).verify(bad, bench.engine.validators)


def test_T18_any_changed_field_is_refused_before_any_state_changes():
    bench = Bench(4)
    bench.block("A")
    proposal = bench.world.proposal(0, 0, bench.blocks["A"])
    vote = bench.world.vote(1, VoteKind.PREVOTE, 1, 0, bench.hash_of("A"))
    changed: list[Vote | Proposal] = [
        replace(vote, round=1), replace(vote, height=2), replace(vote, block_hash=None), replace(vote, validator=2),
        replace(vote, kind=VoteKind.PRECOMMIT), replace(vote, signature=bytes(64)), replace(proposal, round=4),
        replace(proposal, header=replace(proposal.header, time=proposal.header.time + 1)),
        replace(proposal, header=replace(proposal.header, tx_root=bytes(32))),
        replace(proposal, header=replace(proposal.header, chain=bytes(32))), replace(proposal, validator=1),
    ]  # fmt: skip
    for message in changed:
        with pytest.raises(PeerFault):
            bench.verifier.verify(message, bench.engine.validators)
    other_chain = Verifier(Domain(SUITE, hashlib.sha256(b"other").digest()))
    with pytest.raises(PeerFault):
        other_chain.verify(vote, bench.engine.validators)


def test_T21_the_same_height_again_leaves_the_proposer_and_counters_alone():
    cluster = started(4)
    busy(cluster, 1)
    cert, header = cluster.nodes[0].disk.proofs[1], cluster.nodes[0].held
    for _ in range(3):
        cluster.inject(1, [0, 2, 3], cert)
    assert header
    busy(cluster, 2)
    assert cluster.nodes[0].disk.proofs[2].round == 0


def test_T23_any_mix_of_valid_rounds_the_next_proposer_justifies_itself():
    for seed in range(12):
        cluster = started(4)
        digest = hashlib.sha256(b"mix %d" % seed).digest()

        def mixed(s, t, m, digest: bytes = digest) -> bool:
            if not isinstance(m, Vote) or m.height != 1 or m.round >= 3:
                return True
            place: int = s.index * 7 + t.index * 3 + m.round * 11 + m.kind
            return bool(digest[place % 32] % 3)

        cluster.filters.append(mixed)
        cluster.filters.append(lambda s, t, m: not is_vote(m, VoteKind.PRECOMMIT) or m.round >= 2)
        cluster.nodes[seed % 4].submit("a")
        cluster.run(9000)
        cluster.filters.clear()
        assert cluster.run_to_height(1, 60_000), seed
        for node in cluster.nodes:
            assert not node.rejects
            assert not node.faults


def test_T24_two_of_four_pause_for_half_an_hour():
    cluster = started(4, timing=Timing(round_state_ms=4000))
    busy(cluster, 2)
    cluster.filters.append(cut({0, 1}, {2}, {3}))
    cluster.nodes[0].submit("a")
    cluster.run(30 * 60_000)
    round_ = max(node.engine.round for node in cluster.nodes)
    cluster.filters.clear()
    healed = cluster.now
    assert cluster.run_to_height(3, 60_000)
    assert cluster.nodes[0].disk.proofs[3].round <= round_ + 1 + 2
    assert cluster.now - healed < 20_000


def test_T25_two_of_four_wiped_observe_then_the_operator_lets_them_vote():
    cluster = started(4)
    busy(cluster, 2)
    for node in cluster.nodes[2:]:
        node.crash()
        node.disk = type(node.disk)(guard=None)
    for node in cluster.nodes[2:]:
        node.boot()
    cluster.run(10_000)
    assert [node.engine.mode for node in cluster.nodes[2:]] == [Mode.OBSERVER] * 2
    # Catch-up by blocks, as the driver does it: certificate and body of every height.
    for node in cluster.nodes[2:]:
        for height in (1, 2):
            node.receive(cluster.world.keys[0], encode_message(cluster.nodes[0].disk.proofs[height]))
            cluster.run(100)
        assert node.engine.height == 3
    cluster.run(5000)
    assert [node.engine.mode for node in cluster.nodes[2:]] == [Mode.OBSERVER] * 2
    for node in cluster.nodes[2:]:
        node.crash()
        node.disk.guard = GuardState(vote_from=3).encode()
    for node in cluster.nodes[2:]:
        node.boot()
    cluster.run(2000)
    assert [node.engine.mode for node in cluster.nodes[2:]] == [Mode.VOTING] * 2
    busy(cluster, 2)


def test_T31_divergence_at_a_key_replacement_decides_nothing_above_two():
    cluster = started(4)
    world = cluster.world
    busy(cluster, 1)
    keys = [*world.keys[:3], hashlib.sha256(b"new").digest()]
    replaced = make_validator_set({key: f"org-{i}" for i, key in enumerate(keys)})
    cluster.next_validators[2] = replaced
    for node in cluster.nodes[:2]:
        node.corrupt_at = 2
    cluster.corrupt_validators = world.validators
    for transaction in "abcdef":
        cluster.nodes[0].submit(transaction)
        cluster.run(400)
    cluster.run(10_000)
    assert max(cluster.decided) <= 4
    assert all(node.engine.mode is Mode.STOPPED for node in cluster.nodes)
    assert all(node.modes[-1].diverged is not None for node in cluster.nodes)


def test_T32_all_checkpoints_lost_for_a_minute_under_load():
    cluster = started(4)
    busy(cluster, 1)
    cluster.run(2000)
    assert cluster.nodes[0].engine.certified == 1
    cluster.filters.append(no_checkpoint)
    for i in range(60):
        cluster.nodes[i % 4].submit(f"load {i}")
        cluster.run(1000)
    assert max(cluster.decided) == 1 + 2
    cluster.filters.clear()
    assert cluster.run_to_height(4, 3000)
    assert cluster.run(5000, until=lambda: all(node.engine.certified >= 4 for node in cluster.nodes))


def test_T34_one_lost_signature_without_traffic_is_mended_by_one_resend():
    cluster = Cluster(4, silent=[3])
    cluster.run(1100)
    lost: list[CheckpointVote] = []

    def lose_one(_s, _t, m) -> bool:
        if isinstance(m, CheckpointVote) and not lost:
            lost.append(m)
            return False
        return True

    cluster.filters.append(lose_one)
    busy(cluster, 1)
    assert cluster.run(1500, until=lambda: all(node.engine.certified == 1 for node in cluster.honest()))
    assert len(lost) == 1


def test_T35_power_cut_of_all_at_every_effect_boundary_of_a_decision():
    for boundary in range(0, 60, 2):
        cluster = Cluster(4, silent=[3])
        cluster.run(1100)
        for node in cluster.honest():
            node.sync_ms = 2
        cluster.nodes[0].submit("a")
        for node in cluster.honest():
            node.budget = boundary + node.index
        cluster.run(400)
        for node in cluster.honest():
            node.budget = None
            if node.up:
                node.crash()
        for node in cluster.honest():
            node.boot()
        cluster.nodes[0].submit("b")
        assert cluster.run_to_height(1, 30_000), boundary
        assert all(node.engine.mode is Mode.VOTING for node in cluster.honest())


@pytest.mark.parametrize("n", [4, 5, 7])
@pytest.mark.parametrize("restarts", [False, True])
def test_T37_a_traitor_shows_its_precommit_to_x_only_before_x_precommits(n, restarts):
    """X goes on to round 1 without a precommit of round 0, which the others then lack for their quorum."""
    traitor, f = n - 1, (n - 1) // 3
    cluster = started(n, silent=[traitor])
    world = cluster.world
    for node in cluster.honest()[n - f :]:
        node.crash()
    running = [node for node in cluster.honest() if node.up]
    x = running[-1]
    kept_from_x = lambda s, t, m: not (isinstance(m, Vote) and m.kind is VoteKind.PREVOTE and t is x)  # noqa: E731
    silent_x = lambda s, t, m: not (s is x and (x.engine.round > 0 or getattr(m, "validator", 0) == traitor))  # noqa: E731
    cluster.filters += [lambda s, t, m: not (isinstance(m, Proposal) and m.round == 0), kept_from_x, silent_x]
    cluster.inject(traitor, [x.index], world.vote(traitor, VoteKind.PRECOMMIT, 1, 0, None))
    running[0].submit("a")
    assert cluster.run(3000, until=lambda: x.engine.round == 1)
    cluster.run(400)
    assert [node.engine.round for node in running[:-1]] == [0] * (len(running) - 1)
    assert not [vote for vote in votes_of(x, 1) if vote.kind is VoteKind.PRECOMMIT]
    if restarts:
        assert cluster.run(3000, until=lambda: any(vote.round == 1 for vote in votes_of(x, 1)))
        x.crash()
        x.boot()
    cluster.filters.clear()
    cluster.run(cluster.timing.round_state_ms + 100)
    assert all((node.engine.height, node.engine.round) >= (1, 1) for node in running)
    assert cluster.run_to_height(1, 60_000)


def test_T40_an_idle_hour_has_no_votes_and_does_not_grow():
    cluster = started(4)
    busy(cluster, 1)
    cluster.run(20_000)
    before = [len(node.sent) for node in cluster.nodes]
    cluster.run(3_600_000)
    for node, count in zip(cluster.nodes, before, strict=True):
        sent = [message for _, message in node.sent[count:]]
        assert all(isinstance(message, RoundState) for message in sent)
        assert len(sent) <= 361
        assert not node.engine._heights.rounds.active


@pytest.mark.parametrize("byzantine", [False, True])
def test_T41_transaction_on_one_node_only(byzantine):
    cluster = started(4, silent=[0] if byzantine else [])
    origin = cluster.honest()[-1]
    origin.submit("only here")
    assert cluster.run_to_height(1, 10_000)
    assert origin.disk.proofs[1].round <= 1 + 2
    assert any("only here" in label for _, label in origin.disk.blocks.values())


def test_T42_the_proposers_build_hangs_and_one_is_down():
    cluster = started(4, silent=[3])
    cluster.nodes[0].hang_build = True
    cluster.nodes[1].submit("a")
    assert cluster.run_to_height(1, 10_000)
    assert cluster.nodes[0].disk.proofs[1].round == 1


def test_T43_fresh_genesis_to_block_one():
    for n in (4, 5, 7, 10):
        cluster = started(n)
        cluster.nodes[n - 1].submit("first")
        assert cluster.run_to_height(1, 1000)


@pytest.mark.parametrize("n", [4, 5])
def test_T44_one_observer_on_an_idle_chain_exits_after_at_most_three_empty_blocks(n):
    cluster = started(n)
    busy(cluster, 2)
    node = cluster.nodes[1]
    node.crash()
    node.disk.guard = None
    node.boot()
    cluster.run(10_000)
    assert node.engine.mode is Mode.VOTING
    assert 4 <= max(cluster.decided) <= 5
    cluster.run(5000)
    assert max(cluster.decided) <= 5
    cluster.nodes[0].crash()
    busy(cluster, 1, limit=20_000)


def test_T45_replayed_or_observers_status_does_not_count():
    quorum, nonce, other = quorum_of("pbft", 4), bytes(16), bytes([1]) * 16
    keys = [bytes([i]) * 32 for i in range(4)]

    def status(i: int, height: int, *, nonce: bytes = nonce, observer: bool = False) -> Status:
        return Status(keys[i], nonce, height, bytes(32), observer, bytes(64), None)

    rejoining = Rejoining(keys[0], nonce)
    for answer in (status(1, 5), status(2, 9, nonce=other), status(3, 9, observer=True), status(0, 9), status(1, 6)):
        assert rejoining.on_status(answer, quorum) is None
    assert rejoining.on_status(status(2, 7), quorum) is None
    assert rejoining.on_status(status(3, 4), quorum) == 10


def test_T46_disk_rolled_back_as_a_whole_sees_its_own_echo():
    cluster = started(4)
    busy(cluster, 2)
    node = cluster.nodes[2]
    old = deepcopy(node.disk)
    cluster.filters.append(lambda s, t, m: not is_vote(m, VoteKind.PRECOMMIT) or m.height != 3)
    cluster.nodes[0].submit("x")
    cluster.run(300)
    assert votes_of(node, 3)
    node.crash()
    node.disk = old
    node.sent.clear()
    node.boot()
    cluster.run(100)
    assert node.engine.mode is Mode.OBSERVER
    assert votes_of(node, 3) == []
    assert "ORD-FORGOTTEN" in node.alarms
    node.crash()
    node.boot()
    assert node.engine.mode is Mode.OBSERVER, "the bar is durable"


def test_T46_own_message_found_far_above_is_recognised():
    bench = Bench(4, 3, probe=False)
    far = bench.world.vote(3, VoteKind.PREVOTE, 90, 0, None)
    verified = bench.verifier.verify(Newest(far), bench.engine.validators)
    bench.step(Received(bench.world.keys[1], verified))
    assert bench.engine.mode is Mode.OBSERVER


def test_T47_bodies_that_nobody_has_end_in_nil_and_the_next_round():
    cluster = started(4)
    cluster.body_filters.append(lambda source, target: source.index != 0)
    cluster.nodes[0].submit("hidden")
    cluster.nodes[1].submit("shown")
    assert cluster.run_to_height(1, 20_000)
    assert cluster.nodes[1].disk.proofs[1].round >= 1


def test_T47_bodies_on_t_nodes_only_are_fetched_from_those_that_voted():
    cluster = started(5, silent=[])
    cluster.body_filters.append(lambda source, target: source.index != 0 or target.index == 1)
    cluster.nodes[0].submit("half hidden")
    assert cluster.run_to_height(1, 10_000)
    assert cluster.nodes[4].disk.proofs[1].round == 0


def test_T48_a_large_block_on_a_slow_link_is_waited_for():
    """4 MiB at 10 Mbit/s take 3.4 s: longer than T_propose, less than T_body."""
    cluster = started(4, timing=Timing(body_bytes_per_s=1_250_000))
    assert body_ms(cluster.timing, 0, 4 * 1024 * 1024) == 1000 + 3355
    slow, plain = 3400, type(cluster.nodes[0]).fetch

    def fetch(node, effect):
        delay, cluster.delay = cluster.delay, slow
        plain(node, effect)
        cluster.delay = delay

    for node in cluster.nodes:
        driver: Any = node
        driver.fetch = partial(fetch, node)
        driver.build = partial(build_large, node, node.build)
    cluster.nodes[0].submit("big")
    assert cluster.run_to_height(1, 6000)
    assert cluster.nodes[0].disk.proofs[1].round == 0


def build_large(node, build, ask):
    built = build(ask)
    header = replace(built.header, body_bytes=4 * 1024 * 1024)
    node.held[header.hash(SUITE)] = (header, ("big",))
    return replace(built, header=header)


def test_agreement_under_loss_duplication_and_delay():
    """A short taste of the simulator: every tenth message lost, some late, traffic everywhere."""
    for seed in range(6):
        cluster = started(4 + seed % 2)
        count = [seed]

        def lossy(_s, _t, _m, count=count):
            count[0] = (count[0] * 1103515245 + 12345) % 2**31
            return count[0] % 10 != 0

        cluster.filters.append(lossy)
        for i in range(30):
            cluster.nodes[i % 4].submit(f"t{i}")
            cluster.run(300)
        cluster.filters.clear()
        cluster.run(5000)
        assert len({node.engine.height for node in cluster.nodes}) == 1
        assert all(not node.mempool for node in cluster.nodes)
        assert all(node.engine.certified == node.engine.height - 1 for node in cluster.nodes)
        assert all(not node.reports and not node.rejects and not node.faults for node in cluster.nodes)
        assert cluster.nodes[0].disk.results == cluster.nodes[1].disk.results
