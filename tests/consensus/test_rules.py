# ruff: noqa: N802 - rules and cases carry the capitals of the protocol
"""One test per rule of ordering.md, with its name. The engine is validator 3 of 4 (f = 1, q = 3, t = 2) unless said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from consensus.events import (
    Alarm,
    AskForWork,
    BodyArrived,
    Build,
    Built,
    Certified,
    Deliver,
    Eligible,
    Fetch,
    Mode,
    Persist,
    Persisted,
    Report,
    Send,
    SetMode,
    SetTimer,
    Spread,
    Validate,
)
from consensus.messages import (
    Certificate,
    CheckpointVote,
    CommitCert,
    MisbehaviourKind,
    PolkaCert,
    Proposal,
    RoundCert,
    RoundState,
    Vote,
    VoteKind,
)
from consensus.misbehaviour import duplicate_votes
from consensus.records import BARRED, Decided, OwnVote
from consensus.start import Timing
from consensus.verify import FalseCertificate
from ledger.errors import PeerFault
from tests.consensus.bench import Bench
from tests.consensus.cluster import SUITE, Cluster


def awake(n: int = 4, me: int = 3, **timing: int) -> Bench:
    bench = Bench(n, me, Timing(**timing))
    bench.submit()
    return bench


def locked_on_a(bench: Bench) -> None:
    bench.block("A")
    bench.propose("A")
    bench.hold("A")
    bench.prevotes("A", 0, 0, 1)
    bench.persisted()


def next_round(bench: Bench, round_: int) -> None:
    """The others end the round below with nil precommits."""
    bench.receive(bench.round_cert(round_ - 1, {0: None, 1: None, 2: None}), 0)
    assert bench.engine.round == round_


def find(effects, kind):
    return [effect for effect in effects if isinstance(effect, kind)]


def records(effects):
    return [record for effect in find(effects, Persist) for record in effect.records]


def test_R1_proposer_sends_its_valid_value_with_round_and_polka():
    bench = Bench(4, 1)
    bench.submit()
    bench.block("A", creator=0)
    bench.propose("A")
    bench.hold("A")
    bench.prevotes("A", 0, 0, 2)
    bench.persisted()
    effects = bench.receive(bench.round_cert(0, {0: None, 2: None, 3: None}), 0)
    proposals = [send.message for send in find(effects, Send) if isinstance(send.message, Proposal)]
    assert [(p.round, p.valid_round, p.header) for p in proposals] == [(1, 0, bench.blocks["A"])]
    assert proposals[0].polka == bench.polka("A", 0, 0, 1, 2)
    assert not find(effects, Build)


def test_R1_everybody_arms_T_propose_the_proposer_too():
    for me in range(4):
        bench = Bench(4, me)
        bench.tick(100)
        for peer in range(4):
            if peer != me:
                bench.up(peer)
        assert SetTimer(1100) in bench.submit()


def test_R2_fresh_proposal_is_prevoted_when_valid_and_not_locked():
    bench = awake()
    bench.block("A")
    assert bench.own_votes(bench.propose("A")) == []
    assert bench.own_votes(bench.hold("A")) == ["prevote 1/0 A"]


def test_R2_invalid_body_is_prevoted_nil():
    bench = awake()
    bench.block("A")
    bench.propose("A")
    assert bench.own_votes(bench.hold("A", ok=False)) == ["prevote 1/0 nil"]


def test_R2_locked_elsewhere_prevotes_nil():
    bench = awake()
    locked_on_a(bench)
    next_round(bench, 1)
    bench.block("B", round_=1)
    bench.propose("B", 1)
    assert bench.own_votes(bench.hold("B")) == ["prevote 1/1 nil"]


def test_R2_time_ahead_of_the_clock_is_refused_when_fresh_and_alarmed_when_decided():
    bench = awake()
    bench.block("A", time=10**13)
    assert bench.own_votes(bench.propose("A")) == ["prevote 1/0 nil"]
    bench.body("A")
    effects = bench.hold("A") + bench.receive(bench.commit("A", 0, 0, 1, 2), 0)
    assert [alarm.code for alarm in find(effects, Alarm)] == ["ORD-CLOCK"]
    assert len(find(effects, Deliver)) == 1


@pytest.mark.parametrize(("polka_round", "vote"), [(0, "prevote 1/2 B"), (1, "prevote 1/2 B")])
def test_R3_reproposal_needs_its_polka_and_moves_a_lock_of_its_round_or_below(polka_round, vote):
    bench = awake()
    locked_on_a(bench)
    bench.block("B", creator=0, round_=0, tenure=1, time=1_000_020)
    next_round(bench, 2)
    bench.propose("B", 2, bench.polka("B", polka_round, 0, 1, 2))
    assert bench.own_votes(bench.hold("B")) == [vote]


def test_R3_reproposal_older_than_the_lock_is_prevoted_nil():
    bench = awake()
    next_round(bench, 1)
    bench.block("A", round_=1)
    bench.propose("A", 1)
    bench.hold("A")
    bench.prevotes("A", 1, 0, 1)
    bench.persisted()
    next_round(bench, 2)
    bench.block("B", creator=0, round_=0)
    bench.propose("B", 2, bench.polka("B", 0, 0, 1, 2))
    assert bench.own_votes(bench.hold("B")) == ["prevote 1/2 nil"]


def test_R3_valid_round_not_below_the_round_is_refused():
    bench = awake()
    bench.block("A")
    next_round(bench, 1)
    with pytest.raises(PeerFault):
        bench.propose("A", 1, bench.polka("A", 1, 0, 1, 2))


def test_R4_a_quorum_of_any_prevotes_arms_T_prevote_once():
    bench = awake()
    bench.block("A")
    bench.propose("A")
    bench.hold("A")
    bench.persisted()
    bench.tick(100)
    bench.prevotes("A", 0, 0)
    assert SetTimer(600) in bench.prevotes(None, 0, 1)
    bench.tick(200)
    bench.prevotes(None, 0, 2)
    assert bench.own_votes(bench.tick(600)) == ["precommit 1/0 nil"]


def test_R5_polka_for_a_held_and_valid_block_locks_persists_precommits():
    bench = awake()
    bench.block("A")
    bench.propose("A")
    bench.hold("A")
    bench.persisted()
    effects = bench.prevotes("A", 0, 0, 1)
    own: Any
    [own] = [record for record in records(effects) if isinstance(record, OwnVote)]
    assert own.vote.kind is VoteKind.PRECOMMIT
    assert (own.memory.lock.round, own.memory.lock.block_hash) == (0, bench.hash_of("A"))
    assert own.memory.valid == bench.polka("A", 0, 0, 1, 3)


def test_R5_waits_for_body_and_validation():
    bench = awake()
    bench.block("A")
    bench.propose("A")
    bench.prevotes("A", 0, 0, 1, 2)
    assert bench.own_votes(bench.body("A")) == []
    assert bench.own_votes(bench.hold("A")) == ["prevote 1/0 A", "precommit 1/0 A"]


def test_R5_after_precommitting_only_the_valid_value_follows():
    bench = awake()
    bench.block("A")
    bench.propose("A")
    bench.hold("A")
    bench.prevotes(None, 0, 0, 1)
    bench.persisted()
    bench.tick(600)
    effects = bench.receive(bench.polka("A", 0, 0, 1, 2), 0)
    assert bench.own_votes(effects) == []
    rounds = bench.engine._heights.rounds
    assert rounds.valid is not None
    assert rounds.lock is None


def test_R6_a_quorum_of_nil_prevotes_precommits_nil_and_keeps_the_lock():
    bench = awake()
    locked_on_a(bench)
    next_round(bench, 1)
    bench.block("B", round_=1)
    bench.propose("B", 1)
    bench.hold("B")
    bench.persisted()
    effects = bench.prevotes(None, 1, 0, 1)
    own: Any
    [own] = [record for record in records(effects) if isinstance(record, OwnVote)]
    assert (own.vote.block_hash, own.memory.lock.block_hash) == (None, bench.hash_of("A"))


def test_R7_a_quorum_of_any_precommits_arms_T_precommit_counting_signers():
    bench = awake()
    bench.tick(100)
    bench.block("A")
    bench.precommits("A", 0, 0)
    assert find(bench.precommits(None, 0, 0), SetTimer) == []
    bench.precommits(None, 0, 1)
    deadlines = bench.engine._site.deadlines
    assert not any(timer.name == "PRECOMMIT" for timer in deadlines._at)
    # Two for A, two for nil, three signers: no value has a quorum.
    bench.precommits("A", 0, 2)
    assert [at for timer, at in deadlines._at.items() if timer.name == "PRECOMMIT"] == [600]
    assert bench.engine.round == 0


def test_R7_a_quorum_of_nil_precommits_starts_the_next_round_at_once():
    bench = awake()
    bench.precommits(None, 0, 0, 1)
    assert bench.engine.round == 0
    bench.precommits(None, 0, 2)
    assert bench.engine.round == 1


def test_R8_decides_in_any_round_and_fetches_an_absent_block():
    bench = awake()
    next_round(bench, 2)
    bench.block("A")
    effects = bench.precommits("A", 0, 0, 1, 2)
    assert [fetch.sources for fetch in find(effects, Fetch)] == [tuple(bench.world.keys[:3])]
    assert [deliver.proof.round for deliver in find(bench.hold("A"), Deliver)] == [0]


def test_R8_is_not_gated_by_the_window():
    bench = awake()
    for name in ("A", "B", "C", "D"):
        bench.decide(name)
        if name != "D":
            bench.applied(name)
    assert bench.engine.certified == 0
    assert [deliver.height for deliver in bench.delivered] == [1, 2, 3, 4]


def test_R8_a_certified_block_that_fails_validation_stops_the_node():
    bench = awake()
    bench.block("A")
    bench.propose("A")
    bench.precommits("A", 0, 0, 1, 2)
    effects = bench.hold("A", ok=False)
    assert [mode.mode for mode in find(effects, SetMode)] == [Mode.STOPPED]
    assert bench.tick(10_000) == []


def test_R9_jumps_to_the_round_that_t_signers_have_reached():
    bench = awake()
    bench.prevotes(None, 9, 0)
    assert bench.engine.round == 0
    bench.precommits(None, 5, 1)
    assert bench.engine.round == 5
    bench.prevotes(None, 7, 2)
    assert bench.engine.round == 7


def test_R10_timeouts_lead_to_nil_nil_and_the_next_round():
    bench = awake(round_state_ms=100_000)
    for peer in range(3):
        bench.up(peer)
    assert bench.own_votes(bench.tick(1000)) == ["prevote 1/0 nil"]
    bench.persisted()
    bench.block("A")
    bench.prevotes("A", 0, 0, 1)
    assert bench.own_votes(bench.tick(1500)) == ["precommit 1/0 nil"]
    bench.persisted()
    bench.precommits("A", 0, 0)
    bench.precommits(None, 0, 1)
    bench.tick(2000)
    assert bench.engine.round == 1


def test_R10_round_cert_is_kept_with_the_first_own_record_and_sent_to_whoever_is_behind():
    bench = awake(round_state_ms=100_000)
    bench.tick(1500)
    bench.persisted()
    effects = bench.precommits(None, 0, 0, 1, 2)
    assert bench.engine.round == 1
    own: Any
    [own] = [record for record in records(effects) if isinstance(record, OwnVote)]
    assert (own.vote.round, own.memory.round_cert.round) == (1, 0)
    answer = bench.receive(RoundState(1, 0, 0, (), None, 0, None), 2)
    certs = [send.message for send in find(answer, Send) if isinstance(send.message, RoundCert)]
    assert [(cert.height, cert.round) for cert in certs] == [(1, 0)]


def test_R10_a_verified_round_cert_starts_the_next_round():
    bench = awake()
    bench.receive(bench.round_cert(6, {0: None, 1: None, 2: None}), 1)
    assert bench.engine.round == 7


def test_R11_an_earlier_polka_updates_valid_and_never_the_lock():
    bench = awake()
    next_round(bench, 2)
    bench.block("A", creator=0)
    bench.receive(bench.polka("A", 0, 0, 1, 2), 0)
    bench.hold("A")
    rounds: Any = bench.engine._heights.rounds
    assert (rounds.valid.round, rounds.lock) == (0, None)
    bench.block("B", creator=1, round_=1)
    bench.receive(bench.polka("B", 1, 0, 1, 2), 0)
    bench.hold("B")
    assert (rounds.valid.round, rounds.lock) == (1, None)


def test_R12_after_the_decision_every_event_of_the_height_is_without_effect():
    bench = awake()
    bench.block("A")
    bench.propose("A")
    bench.hold("A")
    bench.persisted()
    bench.precommits("A", 0, 0, 1, 2)
    before = len(bench.effects)
    bench.votes(VoteKind.PREVOTE, "A", 0, (0, 1, 2), height=1)
    bench.receive(bench.commit("A", 0, 0, 1, 2), 1)
    bench.hold("A")
    assert bench.effects[before:] == []


def test_H1_votes_are_indexed_by_value_two_a_signer_and_any_in_certificates():
    bench = awake()
    for name in "ABC":
        bench.block(name)
    bench.prevotes("A", 0, 0)
    bench.prevotes("B", 0, 0)
    bench.prevotes("C", 0, 0)
    tally = bench.engine._heights.rounds.book.tally(0, VoteKind.PREVOTE)
    assert set(tally.by_value) == {bench.hash_of("A"), bench.hash_of("B")}
    assert tally.signers == 1
    bench.receive(bench.polka("C", 0, 0, 1, 2), 1)
    assert tally.block == bench.hash_of("C")


def test_H2_the_polka_travels_inside_the_proposal():
    bench = awake()
    bench.block("A")
    next_round(bench, 1)
    bench.propose("A", 1, bench.polka("A", 0, 0, 1, 2))
    assert bench.engine._heights.rounds.book.polkas == {0: bench.hash_of("A")}


def test_H3_two_proposals_are_kept_and_the_quorum_chooses():
    bench = awake()
    for name in "ABC":
        bench.block(name)
    effects = [effect for name in "ABC" for effect in bench.propose(name)]
    assert [report.misbehaviour.kind for report in find(effects, Report)] == [MisbehaviourKind.DUPLICATE_PROPOSAL]
    assert len(bench.engine._heights.rounds.book.proposals_of(0)) == 2
    bench.hold("A")
    bench.precommits("B", 0, 0, 1, 2)
    assert len(find(bench.hold("B"), Deliver)) == 1


def test_H4_first_certificates_are_relayed_to_those_not_past_them():
    bench = awake(relay_ms=50)
    for peer in range(3):
        bench.up(peer)
    locked_on_a(bench)
    polkas = [send for send in find(bench.tick(50), Send) if isinstance(send.message, PolkaCert)]
    assert [bench.peer(send.to) for send in polkas] == ["v0", "v1", "v2"]
    assert [send for send in find(bench.tick(200), Send) if isinstance(send.message, PolkaCert)] == []
    bench.precommits("A", 0, 0, 1, 2)
    bench.votes(VoteKind.PREVOTE, None, 0, (1,), height=2)
    commits = [send for send in find(bench.tick(250), Send) if isinstance(send.message, CommitCert)]
    assert [bench.peer(send.to) for send in commits] == ["v0", "v2"]


def test_H4_who_has_executed_a_height_is_not_told_that_it_is_decided():
    bench = awake(relay_ms=50)
    for peer in range(3):
        bench.up(peer)
    bench.decide("A")
    bench.receive(bench.sign_checkpoint(bench.checkpoint("A"), 1), 1)
    commits = [send for send in find(bench.tick(50), Send) if isinstance(send.message, CommitCert)]
    assert [bench.peer(send.to) for send in commits] == ["v0", "v2"]


def test_H4_a_checkpoint_certificate_is_pressed_on_those_who_may_be_outside_the_window_without_it():
    """v1 signs at height 3, so it holds a certificate of height 1 or above; nothing is known of v0 and v2."""
    bench = awake(relay_ms=50)
    for peer in range(3):
        bench.up(peer)
    for name in ("A", "B"):
        bench.decide(name)
        bench.applied(name)
    bench.votes(VoteKind.PREVOTE, None, 0, (1,), height=3)
    bench.decide("C")
    checkpoint = bench.checkpoint("C")
    bench.applied("C")
    bench.receive(bench.certificate(checkpoint, 0, 1, 2), 0)
    pressed = [send for send in find(bench.tick(50), Send) if isinstance(send.message, Certificate)]
    assert [bench.peer(send.to) for send in pressed] == ["v0", "v2"]


def test_H5_own_votes_are_sent_again_until_decided():
    bench = awake()
    bench.tick(10)
    locked_on_a(bench)
    bench.persisted()
    bench.tick(1000)
    assert bench.own_votes(bench.tick(2000)) == ["prevote 1/0 A", "precommit 1/0 A"]
    bench.precommits("A", 0, 0, 1)
    assert bench.own_votes(bench.tick(3000)) == []


def test_H6_the_future_is_bounded_by_signer():
    bench = awake()
    for round_ in range(1, 2000):
        bench.prevotes(None, round_, 0)
        bench.precommits(None, round_, 0)
    book = bench.engine._heights.rounds.book
    assert sorted(book._rounds) == [0, 1998, 1999]
    assert bench.engine.round == 0
    for round_ in range(500):
        bench.votes(VoteKind.PREVOTE, None, round_, (1,), height=2)
    early: Any = bench.engine._heights._early
    assert sorted(early._rounds) == [498, 499]
    assert not bench.engine.wants(bench.world.vote(1, VoteKind.PREVOTE, 3, 0, None))


def test_H6_proposals_of_rounds_to_come_are_bounded_too():
    bench = awake()
    bench.block("A")
    for round_ in range(4, 400, 4):
        bench.block(f"B{round_}", creator=0, round_=round_)
        bench.propose(f"B{round_}", round_)
    rounds = bench.engine._heights.rounds
    assert len(rounds.book._rounds) <= 3
    assert len(rounds.blocks._blocks) == 0


def test_H7_the_clock_never_invalidates_a_reproposal():
    bench = awake()
    bench.block("A", time=10**13)
    next_round(bench, 1)
    bench.propose("A", 1, bench.polka("A", 0, 0, 1, 2))
    assert bench.own_votes(bench.hold("A")) == ["prevote 1/1 A"]


def test_H8_catch_up_and_consensus_have_one_owner_of_the_height():
    bench = awake()
    bench.block("A")
    bench.propose("A")
    bench.receive(bench.commit("A", 0, 0, 1, 2), 1)
    bench.hold("A")
    bench.precommits("A", 0, 0, 1, 2)
    bench.hold("A")
    assert [deliver.height for deliver in bench.delivered] == [1]


def test_durable_before_sent_every_own_message_names_its_token():
    bench = awake(me=0)
    bench.built("A")
    bench.hold("A")
    bench.persisted()
    bench.hold("A")
    bench.prevotes("A", 0, 1, 2)
    bench.persisted()
    signed = [send for send in find(bench.effects, Send) if isinstance(send.message, (Vote, Proposal))]
    persists = {effect.token: effect for effect in find(bench.effects, Persist)}
    assert [send.after for send in signed] == [1, 2, 3]
    for send in signed:
        assert bench.effects.index(persists[send.after]) < bench.effects.index(send)
        assert send.message in [getattr(r, "vote", None) or r.proposal for r in persists[send.after].records]
    assert persists[1].blocks == (bench.hash_of("A"),)
    assert persists[2].blocks == ()


def test_decide_precedes_every_own_record_of_the_next_height():
    bench = awake()
    locked_on_a(bench)
    bench.persisted()
    bench.precommits("A", 0, 0, 1)
    bench.submit()
    bench.tick(20_000)
    kinds = [(type(record), getattr(record, "height", None)) for record in records(bench.effects)]
    decided = kinds.index((Decided, 1))
    heights = [r.vote.height for r in records(bench.effects)[decided:] if isinstance(r, OwnVote)]
    earlier = [r.vote.height for r in records(bench.effects)[:decided] if isinstance(r, OwnVote)]
    assert set(earlier) == {1}
    assert set(heights) <= {2}


def test_prevote_needs_the_body_held_and_names_it_for_the_same_sync():
    bench = awake()
    bench.block("A")
    bench.propose("A")
    effects = bench.hold("A")
    [persist] = find(effects, Persist)
    assert persist.blocks == (bench.hash_of("A"),)
    assert persist.guard is not None
    assert effects.index(persist) < min(i for i, effect in enumerate(effects) if isinstance(effect, Send))


def test_window_no_vote_before_execution_and_certificate_of_two_below():
    bench = awake()
    for name in ("A", "B"):
        bench.decide(name)
    bench.block("C")
    bench.submit()
    bench.propose("C")
    assert bench.own_votes(bench.hold("C")) == []
    assert bench.own_votes(bench.tick(30_000)) == []
    checkpoint = bench.checkpoint("A")
    assert bench.own_votes(bench.applied("A")) == []
    effects = bench.receive(bench.certificate(checkpoint, 0, 1, 2), 0)
    assert bench.own_votes(effects) == ["prevote 3/0 C"]


def test_window_certificate_that_differs_from_the_own_result_stops():
    bench = awake()
    bench.decide("A")
    other = bench.checkpoint("A", salt=b"bug")
    bench.applied("A")
    effects = bench.receive(bench.certificate(other, 0, 1, 2), 0)
    [mode] = find(effects, SetMode)
    assert mode.mode is Mode.STOPPED
    assert mode.diverged[1] == other


def test_window_certificate_ahead_of_execution_is_compared_when_it_arrives():
    bench = awake()
    bench.decide("A")
    bench.receive(bench.certificate(bench.checkpoint("A", salt=b"bug"), 0, 1, 2), 0)
    assert bench.engine.certified == 1
    assert [mode.mode for mode in find(bench.applied("A"), SetMode)] == [Mode.STOPPED]


def test_own_checkpoints_far_above_the_certified_height_are_not_all_sent_again():
    bench = Bench()
    for height in range(1, 21):
        bench.decide(f"B{height}")
        bench.applied(f"B{height}")
        bench.persisted()
    bench.tick(20_000)
    votes = [send.message for send in find(bench.tick(40_000), Send) if isinstance(send.message, CheckpointVote)]
    assert [vote.height for vote in votes] == [1, 2, 3, 4, 17, 18, 19, 20]


def test_split_no_result_can_reach_a_quorum_all_stop():
    bench = Bench(5, 4)
    bench.decide("A")
    others, own = bench.checkpoint("A", salt=b"bug"), bench.checkpoint("A")
    bench.applied("A")
    bench.persisted()
    for signer, checkpoint in ((0, others), (1, others)):
        assert find(bench.receive(bench.sign_checkpoint(checkpoint, signer), signer), SetMode) == []
    effects = bench.receive(bench.sign_checkpoint(own, 2), 2)
    assert [mode.mode for mode in find(effects, SetMode)] == [Mode.STOPPED]


def test_who_has_signed_another_attempt_has_yet_to_sign_this_one():
    """Members that start one after another, each with the order to sign again, must not stop each other."""
    bench = Bench(5, 4)
    bench.decide("A")
    own = bench.checkpoint("A")
    others = [replace(own, attempt=1, state_root=bytes(32)), replace(own, attempt=1, state_root=bytes([1]) * 32)]
    bench.applied("A")
    bench.persisted()
    for signer, checkpoint in ((0, others[0]), (1, others[1]), (2, own)):
        assert find(bench.receive(bench.sign_checkpoint(checkpoint, signer), signer), SetMode) == []
    told = [effect for signer in (0, 1) for effect in bench.receive(bench.sign_checkpoint(own, signer), signer)]
    [certified] = find(told, Certified)
    assert certified.cert.checkpoint == own


def test_a_certificate_of_another_attempt_says_the_same_of_the_height():
    """Who executes a height that others had to sign again agrees with them, unless the result itself differs."""
    for is_other, stops in ((False, False), (True, True)):
        bench = Bench(5, 4)
        bench.decide("A")
        again = replace(bench.checkpoint("A"), attempt=1)
        again = replace(again, state_root=bytes(32)) if is_other else again
        bench.applied("A")
        bench.persisted()
        effects = [bench.receive(bench.sign_checkpoint(again, signer), signer) for signer in (0, 1, 2, 3)][-1]
        assert bool([mode for mode in find(effects, SetMode) if mode.mode is Mode.STOPPED]) == stops


def test_proposer_keeps_its_turn_for_K_blocks_and_hands_on_when_empty():
    bench = Bench(4, 3, Timing(tenure_blocks_max=2))
    turns = []
    for name in ("A", "B", "C"):
        turns.append((bench.proposer(0), bench.proposer(1)))
        bench.decide(name)
        bench.applied(name)
    assert turns == [(0, 1), (0, 1), (1, 2)]
    bench.block("", creator=1, tenure=2)
    bench.receive(bench.commit("", 0, 0, 1, 2), 0)
    bench.hold("")
    assert bench.proposer(0) == 2


def test_fresh_blocks_halve_from_round_two():
    bench = Bench(4, 2, Timing(body_bytes_max=4096 * 1024))
    bench.submit()
    sizes = []
    for round_ in (2, 6, 10):
        sizes += [
            build.body_bytes_max
            for build in find(bench.receive(bench.round_cert(round_ - 1, {0: None, 1: None, 3: None}), 0), Build)
        ]
    assert sizes == [2048 * 1024, 131072, 131072]


def test_two_stage_timeout_the_header_arms_T_body_once():
    bench = awake(body_bytes_per_s=1000)
    bench.tick(500)
    bench.block("A" * 8)
    effects = bench.propose("A" * 8)
    deadlines = {timer.name: at for timer, at in bench.engine._site.deadlines._at.items()}
    assert deadlines["BODY"] == 500 + 1000 + 8 * 250
    assert "PROPOSE" not in deadlines
    assert find(effects, Fetch)
    assert bench.own_votes(bench.tick(3500)) == ["prevote 1/0 nil"]


def test_waking_own_work_spreads_bodies_proposer_first_and_again_each_T_propose():
    bench = Bench()
    [spread] = find(bench.submit(), Spread)
    assert spread.order == tuple(bench.world.keys[i] for i in (0, 1, 2))
    assert len(find(bench.tick(1000), Spread)) == 1
    assert len(find(bench.tick(2000), Spread)) == 1


def test_waking_proposer_without_work_asks_the_wakers_then_builds_empty():
    bench = Bench(4, 0)
    bench.prevotes(None, 0, 1)
    effects = bench.prevotes(None, 0, 2)
    assert [ask.sources for ask in find(effects, AskForWork)] == [(bench.world.keys[1], bench.world.keys[2])]
    assert find(effects, Build) == []
    assert len(find(bench.tick(500), Build)) == 1


def test_waking_heartbeat_makes_a_block_on_an_idle_chain():
    bench = Bench(4, 0, Timing(heartbeat_ms=60_000))
    assert find(bench.tick(59_999), Build) == []
    assert len(find(bench.tick(60_000), Build)) == 1


def test_waking_work_that_is_told_before_the_height_can_be_entered_counts():
    """Three heights are decided and none executed: the next is entered later, and nobody says again what waits."""
    bench = Bench()
    for name in ("A", "B", "C"):
        bench.decide(name)
    assert bench.engine.height == 4
    bench.step(Eligible(4, 7))
    assert [spread.height for spread in find(bench.applied("A"), Spread)] == [4]


def test_stale_built_block_is_not_proposed():
    bench = awake(me=0)
    bench.block("old", creator=0)
    header = bench.blocks["old"]
    stale = replace(header, parent=bytes(32))
    assert find(bench.step(Built(1, bytes(32), stale)), Send) == []


def test_false_polka_in_a_proposal_is_misbehaviour_of_its_proposer():
    bench = awake()
    bench.block("A")
    bench.block("B")
    next_round(bench, 1)
    polka = bench.polka("A", 0, 0, 1, 2)
    false = PolkaCert(polka.height, polka.round, polka.block_hash, polka.bitmap, (*polka.signatures[:2], bytes(64)))
    with pytest.raises(FalseCertificate) as caught:
        bench.propose("A", 1, false)
    effects = bench.receive(caught.value.misbehaviour, 1)
    [report] = find(effects, Report)
    shown = report.misbehaviour
    assert (shown.kind, shown.offender) == (MisbehaviourKind.INVALID_CERT, bench.world.keys[1])


def test_misbehaviour_is_reported_once():
    bench = awake()
    bench.block("A")
    bench.prevotes("A", 0, 0)
    [report] = find(bench.prevotes(None, 0, 0), Report)
    assert find(bench.receive(report.misbehaviour, 1), Report) == []
    assert find(bench.prevotes(None, 0, 0), Report) == []


def test_a_flood_of_contradictions_is_reported_a_few_times():
    bench = awake()
    for i in range(300):
        bench.block(f"B{i}", time=2_000_000 + i)
        bench.prevotes(f"B{i}", 0, 0)
    assert len(find(bench.effects, Report)) == 1
    for round_ in range(1, 300):
        bench.prevotes(None, round_, 0)
        bench.prevotes("B0", round_, 0)
    assert len(find(bench.effects, Report)) == 8
    other = bench.world.vote(0, VoteKind.PREVOTE, 1, 0, bench.hash_of("B9"))
    first = bench.world.vote(0, VoteKind.PREVOTE, 1, 0, bench.hash_of("B8"))
    assert not bench.engine.wants(duplicate_votes(bench.world.keys[0], first, other))


def test_bodies_that_do_not_come_are_asked_for_again():
    bench = awake()
    bench.block("A")
    bench.precommits("A", 0, 0, 1, 2)
    assert len(find(bench.tick(1000), Fetch)) == 1
    bench.hold("A")
    assert find(bench.tick(2000), Fetch) == []


def test_a_node_that_others_have_left_behind_asks_every_second_on_a_silent_chain():
    """It has no work and knows of no decision, yet t others are heights above it; what it lacks may have been lost."""
    bench = Bench(4, 3, Timing())
    bench.tick(2000)
    bench.block("far above")
    decided = replace(bench.commit("far above", 0, 0, 1, 2), height=8)
    for i in (0, 1):
        bench.up(i)
        bench.receive(RoundState(9, 0, 0, (), None, 0, decided), i)
    bench.tick(2500)
    asked = [send for send in find(bench.tick(3000), Send) if isinstance(send.message, RoundState)]
    assert len(asked) == 1


def test_round_state_is_answered_with_all_votes_third_parties_included():
    """By value: a traitor's other vote, which the asker holds, does not hide the one that it lacks (H1)."""
    bench = awake()
    bench.block("A")
    bench.propose("A")
    bench.hold("A")
    bench.persisted()
    bench.prevotes("A", 0, 0)
    bench.precommits(None, 0, 1)
    answer = bench.receive(RoundState(1, 0, 0, (), None, 0, None), 2)
    said = [bench.message(send.message) for send in find(answer, Send) if bench.peer(send.to) == "v2"]
    assert said == [
        "proposal 1/0 A by v0",
        "prevote 1/0 A by v0",
        "prevote 1/0 A by v3",
        "precommit 1/0 nil by v1",
    ]
    bench.tick(500)
    have = ((0, bench.hash_of("A"), b""), (1, None, b"\x01"), (1, bench.hash_of("A"), b"\x08"), (2, None, b"\x02"))
    answer = bench.receive(RoundState(1, 0, 0, have, None, 0, None), 2)
    assert [bench.message(send.message) for send in find(answer, Send)] == ["prevote 1/0 A by v0"]


def test_round_state_of_a_height_below_is_answered_with_its_commit_certificate():
    bench = awake()
    bench.decide("A")
    answer = bench.receive(RoundState(1, 0, 0, (), None, 0, None), 2)
    assert [bench.message(send.message) for send in find(answer, Send)] == ["commit 1/0 A of 3"]


def test_round_states_are_answered_a_few_times_a_second():
    bench = awake()
    bench.prevotes(None, 0, 0)
    answers = [bench.receive(RoundState(1, 0, 0, (), None, 0, None), 2) for _ in range(100)]
    assert sum(bool(find(answer, Send)) for answer in answers) == 1


def test_own_vote_counts_only_when_its_own_token_is_durable():
    bench = awake()
    bench.block("A")
    bench.propose("A")
    bench.hold("A")
    bench.prevotes("A", 0, 0, 1, 2)
    bench.precommits("A", 0, 0, 1)
    assert find(bench.step(Persisted(1)), Deliver) == []
    assert len(find(bench.step(Persisted(2)), Deliver)) == 1


def test_a_rollback_bars_the_guard_durably_at_once():
    bench = awake()
    effects = bench.receive(bench.world.vote(3, VoteKind.PRECOMMIT, 1, 4, None), 1)
    [persist] = find(effects, Persist)
    assert persist.guard is not None
    assert persist.guard.vote_from == BARRED
    assert [mode.mode for mode in find(effects, SetMode)] == [Mode.OBSERVER]
    assert bench.own_votes(bench.tick(60_000)) == []


def test_R3_block_made_after_the_round_of_its_polka_is_prevoted_nil():
    bench = awake()
    next_round(bench, 2)
    bench.block("A", creator=1, round_=1)
    assert bench.own_votes(bench.propose("A", 2, bench.polka("A", 0, 0, 1, 2))) == ["prevote 1/2 nil"]


def test_late_contradiction_below_the_height_is_still_seen():
    bench = awake()
    bench.block("A")
    bench.propose("A")
    bench.hold("A")
    bench.precommits("A", 0, 0, 1, 2)
    assert bench.engine.height == 2
    other = bench.world.vote(0, VoteKind.PRECOMMIT, 1, 0, None)
    assert bench.engine.wants(other)
    assert len(find(bench.receive(other, 1), Report)) == 1


def test_body_of_the_own_block_is_validated_like_any_other():
    bench = awake(me=0)
    effects = bench.built("A")
    assert len(find(effects, Validate)) == 1
    bench.persisted()
    header = bench.blocks["A"]
    assert find(bench.step(BodyArrived(1, header.hash(SUITE), header)), Validate) == []


def test_every_quorum_of_any_arms_a_timer_or_moves_on():
    """Chains have stalled because nobody began the next round: from any quorum of votes the clock goes on."""
    for values in (("A", None, None), (None, None, "A"), ("A", "B", None), ("B", "B", "A")):
        for kind in VoteKind:
            cluster = Cluster(4, silent=[0, 1, 2])
            node = cluster.nodes[3]
            node.submit("x")
            cluster.run(1100)
            assert node.engine.round == 0
            for i, value in enumerate(values):
                named = None if value is None else SUITE.hasher("block")(value.encode())
                cluster.inject(i, [3], cluster.world.vote(i, kind, 1, 0, named))
            cluster.run(5000)
            last = max((m.kind, m.round) for _, m in node.sent if isinstance(m, Vote))
            assert node.engine.round == 1 if kind is VoteKind.PRECOMMIT else last == (VoteKind.PRECOMMIT, 0)
