"""What a node keeps of misbehaviour until a block reports it, over the real rules and signatures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consensus.events import Eligible, Report, Spread, Tick
from consensus.messages import Misbehaviour, Vote, VoteKind, encode_message
from consensus.misbehaviour import duplicate_votes
from consensus.signing import Domain
from node.misbehaviour import AGE_HEIGHTS_MAX, MisbehaviourRules, Reportable, offence_key_of
from tests.node.blocks import CHAIN, GENESIS
from tests.node.ordering_bench import ANNE, BERTA, OrderingBench
from tests.node.support import SECRETS, SUITE

DOMAIN = Domain(SUITE, CHAIN)
VALIDATORS = GENESIS.validator_set()
SECRET_OF = {SUITE.public_key(secret): secret for secret in SECRETS}
OFFENDER = VALIDATORS.rows[0].key


def vote_for(block_hash: bytes | None, height: int) -> Vote:
    draft = Vote(VoteKind.PREVOTE, height, 0, block_hash, 0, bytes(64))
    digest = DOMAIN.of_vote(VALIDATORS.hash(SUITE), draft)
    return replace(draft, signature=SUITE.sign(SECRET_OF[OFFENDER], digest))


def offence(height: int, other: int = 2) -> Misbehaviour:
    """The same offence for every `other`, shown by another record."""
    return duplicate_votes(OFFENDER, vote_for(None, height), vote_for(bytes([other]) * 32, height))


class Kept:
    """`Reportable` over the rules, with what the chain has reported."""

    def __init__(self) -> None:
        self.reported: set[bytes] = set()
        rules = MisbehaviourRules(DOMAIN, lambda _: VALIDATORS, self.reported.__contains__)
        self.reportable = Reportable(rules.verify, SUITE)

    def decide(self, misbehaviour: Misbehaviour) -> None:
        record = encode_message(misbehaviour)
        self.reportable.on_decided([record])
        self.reported.add(offence_key_of(record, SUITE))


@pytest.fixture
def kept():
    return Kept()


def test_a_block_that_reports_an_offence_by_another_record_settles_it(kept):
    assert kept.reportable.keep(offence(1, other=2), 2)
    kept.decide(offence(1, other=3))
    assert len(kept.reportable) == 0


def test_an_offence_that_the_chain_has_reported_is_no_work(kept):
    kept.decide(offence(1, other=3))
    assert not kept.reportable.keep(offence(1, other=2), 2)
    assert not kept.reportable.keep(offence(1, other=3), 2)
    assert len(kept.reportable) == 0


def test_one_record_stands_for_an_offence(kept):
    assert kept.reportable.keep(offence(1, other=2), 2)
    assert not kept.reportable.keep(offence(1, other=3), 2)
    assert kept.reportable.of_block(2) == (encode_message(offence(1, other=2)),)


def test_an_offence_of_the_next_height_waits_for_its_block(kept):
    """It is seen while the height below is still being built."""
    assert kept.reportable.keep(offence(3), 2)
    assert kept.reportable.of_block(2) == ()
    assert kept.reportable.of_block(3) == (encode_message(offence(3)),)


def test_what_no_block_may_carry_any_more_is_forgotten(kept):
    assert kept.reportable.keep(offence(1), 2)
    assert kept.reportable.of_block(AGE_HEIGHTS_MAX + 2) == ()
    assert len(kept.reportable) == 0


async def test_what_keeps_a_node_awake_is_sent_to_those_that_may_not_have_it(nursery):
    bench = OrderingBench()
    bench.ordering._driver.reportable._verify = lambda record, height: b"key"
    await nursery.start(bench.ordering.run)
    bench.engine.answers[Tick] = [Report(offence(1)), Spread(1, (BERTA, ANNE))]
    bench.now_ms = 1
    await bench.tell()
    bench.ordering._tick()
    assert bench.sent == [(BERTA, offence(1)), (ANNE, offence(1))]
    assert bench.events(Eligible)[-1].count == 1
    nursery.cancel_scope.cancel()
