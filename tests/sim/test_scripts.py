# ruff: noqa: N802 - cases carry the capitals of the protocol
"""Fixed cases of the protocol on a whole cluster, and sweeps: a crash at every effect boundary, splits of twins.

Where a case is about one engine, its golden trace is in tests/consensus; here several of them meet.
"""

from dataclasses import replace

import pytest

import devnet.sim.checkers
from consensus.events import Mode
from consensus.messages import Proposal, Vote, VoteKind
from consensus.misbehaviour import claim_of
from consensus.records import OwnVote
from devnet.sim.ending import Ending
from devnet.sim.plan import Crash, Network, PhaseCut, Plan, Speeds, TimeCut
from devnet.sim.runner import run_plan
from devnet.sim.traitor import Mask
from devnet.sim.world import World
from ledger.block import Header
from tests.sim.mutants import wrong_quorum

HEAL = 15_000
ONE = ((0, 0),)


def play(plan, prepare=lambda world: None):
    """The world after a run that ended as it should."""
    world = World(plan)
    prepare(world)
    ending = Ending(world)
    world.prepare()
    ending.check(world.run(ending.is_over, ending.limit_ms()))
    return world


def deceive(world, instance, mask):
    world.replicas[instance].put_on(mask(world))


def divided(n, twins, side, until=HEAL):
    """A lasting division; both sides have a request of their own."""
    network = Network(time_cuts=(TimeCut(0, until, side),))
    return Plan(seed=1, n=n, twins=twins, work=ONE, network=network, heal_ms=until)


def outcome_of_split(plan):
    """The name of what the checkers say, or None."""
    world = World(plan)
    ending = Ending(world)
    world.prepare()
    side = plan.network.time_cuts[0].side
    others = next(i for i in range(plan.n) if (i in side) != (0 in side))
    world.at(0, -1, 0, lambda: world.submit(others, world.make_transaction(99)), "client of the other side")
    try:
        ending.check(world.run(ending.is_over, ending.limit_ms()))
    except devnet.sim.checkers.Violation as violation:
        return violation.name, world
    return None, world


def test_T02_five_nodes_one_twin_split_in_the_middle_decide_nothing_until_healed():
    name, world = outcome_of_split(divided(5, (2,), (0, 1, 2)))
    assert name is None
    assert world.now > HEAL


def test_T02_with_a_quorum_of_three_of_five_the_same_split_forks(monkeypatch):
    wrong_quorum(monkeypatch)
    monkeypatch.setattr(devnet.sim.checkers, "quorum", lambda _validators: 3)
    name, _ = outcome_of_split(divided(5, (2,), (0, 1, 2)))
    assert name == "agreement"


def signed_twice(world, key, height):
    """Has this key precommitted two blocks of one height? The stuff that evidence is made of."""
    records = [record for replica in world.replicas for frame in replica.disk.log.frames for record in frame.records]
    votes = [record.vote for record in records if isinstance(record, OwnVote)]
    hashes = {vote.block_hash for vote in votes if vote.height == height}
    hashes |= {row.block_hash for replica in world.replicas if (row := replica.store.checkpoint(height)) is not None}
    valset_hash = world.genesis_validators.hash(world.suite)
    named = {
        block
        for block in hashes - {None}
        for round_ in range(20)
        if (key, world.domain.vote(valset_hash, VoteKind.PRECOMMIT, height, round_, block)) in world.signed
    }
    return len(named) > 1


@pytest.mark.parametrize(("n", "twins", "side"), [(4, (2, 3), (0, 2, 3)), (7, (4, 5, 6), (0, 1, 4, 5, 6))])
def test_one_traitor_too_many_forks_the_chain_and_leaves_evidence(n, twins, side):
    """f + 1 twins: what the engine does not promise to bear. The checkers see it, and so would a court."""
    name, world = outcome_of_split(divided(n, twins, side))
    assert name == "agreement"
    for twin in twins:
        assert signed_twice(world, world.hands[twin].key, 1)


@pytest.mark.parametrize("side", [(0, 1, 3, 4), (0, 3, 4), (0, 3, 6), (0, 1, 3, 6), (0, 2, 5, 4), (1, 2, 5, 6)])
def test_five_nodes_agree_in_spite_of_two_twins(side):
    """q = 4 of 5: liveness survives one traitor, agreement two."""
    name, _ = outcome_of_split(divided(5, (3, 4), side, until=8_000))
    assert name in (None, "liveness", "rounds")


class NilToSome(Mask):
    """T05: prevotes the block to node 0, nil to everybody else."""

    def says(self, target, message):
        if isinstance(message, Vote) and message.kind is VoteKind.PREVOTE and self._is_own(message) and target != 0:
            changed = replace(message, block_hash=None)
            digest = self.stage.domain.of_vote(self.stage.genesis_validators.hash(self.stage.suite), changed)
            return [replace(changed, signature=self.host.hand.sign(digest))]
        return [message]


def test_T05_the_polka_that_a_traitor_shows_to_one_reaches_all_by_its_certificate():
    unheard = PhaseCut(1, 0, ("proposal",), (2,), "deaf")
    plan = Plan(seed=5, n=4, work=ONE, network=Network(phase_cuts=(unheard,)), heal_ms=HEAL)
    world = play(plan, lambda w: deceive(w, 3, NilToSome))
    assert world.checkers.rounds[1] == 0
    assert world.now < HEAL
    offender = world.hands[3].key
    assert all(e.offender == offender for r in world.replicas[:3] for e in r.reports.values())
    assert any(r.reports for r in world.replicas[:3])


class OtherBlockToThree(Mask):
    """T06: shows node 3 another block than the rest."""

    def says(self, target, message):
        if isinstance(message, Proposal) and target == 3 and message.round == 0 and self._is_own(message):
            header = replace(message.header, time=message.header.time + 1)
            changed = replace(message, header=header)
            digest = self.stage.domain.proposal(
                self.stage.genesis_validators.hash(self.stage.suite),
                claim_of(self.stage.domain, changed),
            )
            return [replace(changed, signature=self.host.hand.sign(digest))]
        return [message]


def test_T06_who_was_shown_another_block_fetches_and_decides_the_one_with_the_quorum():
    world = play(Plan(seed=6, n=4, work=((0, 1),), heal_ms=HEAL), lambda w: deceive(w, 0, OtherBlockToThree))
    assert world.checkers.rounds[1] == 0
    assert world.replicas[3].store.checkpoint(1).block_hash == world.checkers.chain[1]


def test_T07_a_proposal_made_again_brings_its_polka_to_those_that_missed_it():
    cuts = (PhaseCut(1, 0, ("proposal",), (3,), "deaf"), PhaseCut(1, 0, ("prevote",), (1,), "mute"))
    world = play(Plan(seed=7, n=4, work=ONE, network=Network(phase_cuts=cuts), heal_ms=HEAL))
    first = Header.decode(world.replicas[0].store.header(1), world.suite)
    assert (first.created_round, world.checkers.rounds[1]) == (0, 1)


def test_T38_three_nodes_in_different_rounds_meet_within_one_round_of_the_highest():
    """Each round's precommits reach one node only, so it alone goes on: the nodes drift apart until the healing."""
    cuts = tuple(PhaseCut(1, r, ("prevote", "precommit", "proposal"), tuple(i for i in range(4) if i != r % 4), "deaf")
                 for r in range(4))  # fmt: skip
    world = play(Plan(seed=38, n=4, work=ONE, network=Network(phase_cuts=cuts), heal_ms=HEAL))
    assert len(world.checkers.chain) == 1


BOUNDARIES = range(1, 64, 1)


@pytest.mark.parametrize("sync_ms", [0, 6])
def test_a_crash_of_one_node_at_every_effect_boundary(sync_ms):
    """T11, T36. n = 4 with one node silent from the start, so that the chain needs the one that crashes."""
    kinds = ("proposal", "prevote", "precommit", "checkpoint")
    silence = tuple(PhaseCut(height, -1, kinds, (3,), "mute") for height in (1, 2))
    base = Plan(seed=11, n=4, work=((0, 0), (0, 1)), network=Network(phase_cuts=silence), heal_ms=6_000,
                speeds=Speeds(sync_ms, 0, 0))  # fmt: skip
    for boundary in BOUNDARIES:
        outcome = run_plan(replace(base, seed=boundary, crashes=(Crash(1, 1, boundary, 40),)))
        assert outcome.violation is None, str(outcome)


def test_T35_a_power_cut_of_all_nodes_at_every_effect_boundary():
    base = Plan(seed=35, n=4, work=((0, 0), (0, 1)), heal_ms=6_000, speeds=Speeds(2, 4, 0))
    for boundary in BOUNDARIES:
        outcome = run_plan(replace(base, seed=boundary, crashes=tuple(Crash(i, 1, boundary, 40) for i in range(4))))
        assert outcome.violation is None, str(outcome)


def test_two_honest_processes_with_the_proposers_key_do_not_fork_and_it_comes_to_light():
    """A mistake of an operator, not a traitor: neither wears a mask. Both propose, each its own block."""

    def by_mistake(world):
        for instance in (0, 4):
            world.replicas[instance].mask = None
            world.distrust(instance)

    world = play(Plan(seed=46, n=4, twins=(0,), work=((0, 1), (0, 2), (0, 3))), by_mistake)
    reported = {misbehaviour.offender for replica in world.replicas[1:4] for misbehaviour in replica.reports.values()}
    assert reported == {world.hands[0].key}


def test_T31_one_node_that_executes_wrongly_stops_and_the_others_go_on():
    def wrong_build(world):
        world.distrust(2)
        world.replicas[2].spoil_height = 1

    world = play(Plan(seed=31, n=4, work=((0, 0), (0, 1), (0, 3))), wrong_build)
    assert world.replicas[2].mode is Mode.STOPPED
    assert len(world.checkers.chain) == 3


def test_T42_a_proposer_whose_build_hangs_is_passed_over_with_one_more_node_down():
    plan = Plan(seed=42, n=4, work=((0, 1),), heal_ms=HEAL, network=Network(time_cuts=(TimeCut(0, HEAL, (3,)),)))
    world = play(plan, lambda w: setattr(w.replicas[0], "hang_build", True))
    assert world.checkers.rounds[1] == 1
