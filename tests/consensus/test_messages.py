# ruff: noqa: N802 - rules and cases carry the capitals of the protocol
"""Encoding: every message has one encoding; whatever is hostile is refused as a peer's fault and as nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.events import Persist
from consensus.messages import (
    Blocks,
    Bodies,
    CertifiedBlock,
    CheckpointVote,
    GetBlocks,
    GetBodies,
    GetNewest,
    GetOutcome,
    GetTransactions,
    Manifest,
    Newest,
    Outcome,
    Rejoin,
    RoundState,
    Status,
    TxBatch,
    VoteKind,
    decode_message,
    encode_message,
)
from consensus.misbehaviour import (
    claim_of,
    duplicate_checkpoints,
    duplicate_proposals,
    duplicate_votes,
    verify_misbehaviour,
)
from consensus.records import BadRecord, decode_record, encode_record
from consensus.verify import NotYet
from ledger.codec import decode, encode
from ledger.errors import BadProof, PeerFault
from tests.consensus.bench import Bench
from tests.consensus.cluster import SUITE


def examples() -> list[Any]:
    """One good message of every type."""
    bench = Bench(4)
    bench.block("A")
    bench.block("B")
    polka, commit = bench.polka("A", 0, 0, 1, 2), bench.commit("A", 0, 0, 1, 2)
    fresh, again = bench.world.proposal(0, 0, bench.blocks["A"]), bench.world.proposal(1, 1, bench.blocks["A"], polka)
    other = bench.world.proposal(0, 0, bench.blocks["B"])
    vote, nil = (bench.world.vote(1, VoteKind.PREVOTE, 1, 0, value) for value in (bench.hash_of("A"), None))
    one, two = (bench.sign_checkpoint(bench.checkpoint("A", salt), 2) for salt in (b"", b"x"))
    claims = (claim_of(bench.world.domain, fresh), claim_of(bench.world.domain, other))
    keys = bench.world.keys
    header = bench.blocks["A"]
    have = ((0, bench.hash_of("A"), b""), (1, None, b"\x03"))
    return [
        fresh, again, vote, nil, polka, commit, bench.round_cert(0, {0: None, 1: "A", 2: None}),
        RoundState(1, 3, 2, have, 1, 0, None), RoundState(2, 0, 0, (), None, 0, commit), one,
        bench.certificate(one.checkpoint, 0, 1, 2), duplicate_votes(keys[1], vote, nil),
        duplicate_proposals(keys[0], *claims), duplicate_checkpoints(keys[2], one, two),
        Rejoin(keys[0], bytes(16), bytes(64)),
        Status(keys[0], bytes(16), 1, commit.block_hash, False, bytes(64), commit),
        GetNewest(), Newest(None), Newest(vote), Newest(again), GetBlocks(1, 16),
        Blocks(9, (CertifiedBlock(header, b"body", commit),)),
        Blocks(9, (CertifiedBlock(header, b"body", commit, bench.certificate(one.checkpoint, 0, 1, 2).cert),)),
        Manifest(header, (bytes(32),), ()),
        GetBodies(1, bytes(32), ()), Bodies(1, bytes(32), (b"wire",)), TxBatch((b"wire", b"wire")),
        GetTransactions(7), GetOutcome(7), Outcome(7, (bytes(32),), ((b"a", None), (b"b", bytes(32))), True),
    ]  # fmt: skip


EXAMPLES = examples()
BULK = (GetBlocks, Blocks, Manifest, GetBodies, Bodies, TxBatch, GetTransactions, GetOutcome, Outcome)
IDS = [f"{type(message).__name__}-{i}" for i, message in enumerate(EXAMPLES)]


@pytest.mark.parametrize("message", EXAMPLES, ids=IDS)
def test_every_message_survives_its_encoding(message):
    assert decode_message(encode_message(message), SUITE) == message


HOSTILE = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.binary(max_size=80), st.text(max_size=4), st.just(()),
    st.lists(st.integers(-1, 3), max_size=3).map(tuple), st.just(2**62), st.just(-1), st.just(b""), st.just(bytes(65)),
)  # fmt: skip


def paths(value: Any, here: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    found = [here] if here else []
    if type(value) is tuple:
        for i, item in enumerate(value):
            found += paths(item, (*here, i))
    return found


def replaced(value: Any, path: tuple[int, ...], new: Any) -> Any:
    if not path:
        return new
    return (*value[: path[0]], replaced(value[path[0]], path[1:], new), *value[path[0] + 1 :])


@given(st.sampled_from(EXAMPLES), st.data())
def test_hostile_fields_are_refused_or_decode_to_what_they_say(message, data):
    """Any field replaced by anything: a PeerFault, or a message with exactly these bytes. Never another exception."""
    value = decode(encode_message(message), bytes_max=10**6)
    path = data.draw(st.sampled_from(paths(value)))
    changed = encode(replaced(value, path, data.draw(HOSTILE)))
    try:
        decoded = decode_message(changed, SUITE)
    except PeerFault:
        return
    assert encode_message(decoded) == changed


@given(st.sampled_from(EXAMPLES), st.data())
def test_fields_missing_or_added_are_refused(message, data):
    value = decode(encode_message(message), bytes_max=10**6)
    other = (*value, 0) if data.draw(st.booleans()) else value[:-1]
    if len(other) == 0 or (value == (12,) and other == (12,)):
        return
    with pytest.raises(PeerFault):
        decode_message(encode(other), SUITE)


@given(st.binary(max_size=200))
def test_random_bytes_are_a_peer_fault(data):
    with pytest.raises(PeerFault):
        decode_message(b"\x9f" + data, SUITE)
    with pytest.raises(PeerFault):
        decode_message(encode((99, data)), SUITE)


@given(st.sampled_from(EXAMPLES), st.data())
def test_T18_hostile_messages_never_reach_the_engine(message, data):
    """Decoded or not, verified or not: whatever gets through leaves the engine running and voting as before."""
    bench = Bench(4)
    value = decode(encode_message(message), bytes_max=10**6)
    path = data.draw(st.sampled_from(paths(value)))
    try:
        hostile: Any = decode_message(encode(replaced(value, path, data.draw(HOSTILE))), SUITE)
        if not isinstance(hostile, BULK):
            bench.engine.wants(hostile)
            bench.receive(hostile, 0)
    except (PeerFault, NotYet):
        pass
    bench.submit()
    bench.tick(2000)
    assert bench.engine.height in (1, 2)


@pytest.mark.parametrize("message", [m for m in EXAMPLES if type(m).__name__ == "Misbehaviour"], ids=str)
def test_misbehaviour_convicts_its_offender_and_nobody_else(message):
    bench = Bench(4)
    offender, height, _, _ = verify_misbehaviour(bench.world.domain, message, bench.world.validators)
    assert (offender, height) == (message.offender, 1)
    for other in bench.world.keys:
        if other != message.offender:
            framed = replace(message, offender=other)
            with pytest.raises(BadProof):
                verify_misbehaviour(bench.world.domain, framed, bench.world.validators)


def test_a_wid_is_named_once():
    header = next(message.header for message in EXAMPLES if isinstance(message, Manifest))
    wid = bytes(32)
    for message in (Manifest(replace(header, tx_count=2), (wid, wid), ()), GetBodies(1, wid, (wid, wid))):
        with pytest.raises(PeerFault):
            decode_message(encode_message(message), SUITE)


def test_two_signatures_over_the_same_bytes_are_no_misbehaviour():
    bench = Bench(4)
    vote = bench.world.vote(1, VoteKind.PREVOTE, 1, 0, None)
    same = duplicate_votes(bench.world.keys[1], vote, vote)
    with pytest.raises(BadProof):
        verify_misbehaviour(bench.world.domain, same, bench.world.validators)


def test_log_records_survive_their_encoding_and_damage_is_seen():
    bench = Bench(4)
    bench.submit()
    bench.block("A")
    bench.propose("A")
    bench.hold("A")
    bench.prevotes("A", 0, 0, 1)
    bench.persisted()
    bench.precommits("A", 0, 0, 1)
    bench.persisted()
    bench.applied("A")
    records = [record for effect in bench.effects if isinstance(effect, Persist) for record in effect.records]
    assert len({type(record) for record in records}) == 3
    for record in records:
        data = encode_record(record)
        assert decode_record(data, SUITE) == record
        for length in range(len(data)):
            with pytest.raises(BadRecord):
                decode_record(data[:length], SUITE)


def test_a_certificate_of_another_engine_is_refused():
    bench = Bench(5)
    bench.block("A")
    raft = replace(bench.checkpoint("A"), engine="raft")
    for signers in ((0, 1, 2), (0, 1, 2, 3)):
        with pytest.raises(PeerFault):
            bench.receive(bench.certificate(raft, *signers), 0)


def test_checkpoint_of_another_chain_is_refused():
    bench = Bench(4)
    bench.block("A")
    good = bench.checkpoint("A")
    wrong = type(good)(**{name: getattr(good, name) for name in good.__slots__} | {"chain": bytes(32)})
    with pytest.raises(PeerFault):
        bench.receive(bench.sign_checkpoint(wrong, 1), 1)
    assert isinstance(bench.sign_checkpoint(good, 1), CheckpointVote)
