# ruff: noqa: N802 - rules and cases carry the capitals of the protocol
"""Encoding: every message has one encoding; whatever is hostile is refused as a peer's fault and as nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.events import Persist
from consensus.messages import (
    BLOCKS_COUNT_MAX,
    ELEMENTS_MAX,
    HAVE_COUNT_MAX,
    SMALL_BYTES_MAX,
    Blocks,
    Bodies,
    Certificate,
    CertifiedBlock,
    CheckpointVote,
    CommitCert,
    GetBlocks,
    GetBodies,
    GetNewest,
    GetOutcome,
    GetTransactions,
    Manifest,
    Misbehaviour,
    MisbehaviourKind,
    Newest,
    Outcome,
    PolkaCert,
    Proposal,
    Rejoin,
    RoundCert,
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
from ledger.block import MISBEHAVIOUR_BYTES_MAX, BlockBody
from ledger.checkpoint import CheckpointCert
from ledger.codec import decode, encode
from ledger.errors import BadProof, PeerFault, Refused
from node.courier import VOTES, WAYS
from node.transport.config import CHANNEL_FRAME_BYTES_MAX
from node.transport.interface import Channel
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


def longest_messages() -> list[Any]:
    """Every field as long as its limit lets it be, for 64 validators."""
    bench = Bench(4)
    bench.block("A")
    header = replace(bench.blocks["A"], height=2**62, time=2**62, created_round=2**31, tenure=2**31, tx_count=20_000)
    signatures = (bytes(64),) * 64
    commit = CommitCert(2**62, 2**31, bytes(32), bytes(8), signatures)
    polka = PolkaCert(2**62, 2**31, bytes(32), bytes(8), signatures)
    sample = bench.certificate(bench.checkpoint("A"), 0, 1, 2).cert
    checkpoint = replace(
        sample, checkpoint=replace(sample.checkpoint, height=2**62), bitmap=bytes(8), signatures=signatures
    )
    proposal = Proposal(2**31, header, 2**31 - 1, polka, 63, bytes(64))
    blocks = tuple(
        CertifiedBlock(replace(header, height=h), b"", replace(commit, height=h), at_height(checkpoint, h))
        for h in range(2**62, 2**62 + BLOCKS_COUNT_MAX)
    )
    state = RoundState(2**62 + 1, 2**31, 2, ((1, bytes(32), bytes(8)),) * HAVE_COUNT_MAX, 2**31, 2**62, commit)
    wids = tuple(number.to_bytes(32, "big") for number in range(20_000))
    return [
        commit, polka, proposal, Newest(proposal), state, Certificate(checkpoint), Blocks(2**62, blocks),
        RoundCert(2**62, 2**31, tuple((i, bytes(32), bytes(64)) for i in range(64))),
        Status(bytes(64), bytes(16), 2**62, bytes(32), True, bytes(64), commit),
        Misbehaviour(MisbehaviourKind.INVALID_CERT, bytes(64), bytes(8192), bytes(8192)),
        Manifest(header, wids, (bytes(MISBEHAVIOUR_BYTES_MAX),) * 64), GetBodies(2**62, bytes(32), wids),
        Bodies(2**62, bytes(32), (bytes(200),) * 20_000), TxBatch((bytes(200),) * 20_000),
        TxBatch((bytes(65_536),) * 64),
        Outcome(2**62, (bytes(32),) * 20_001, ((bytes(512), bytes(32)),) * 4096, False),
    ]  # fmt: skip


def at_height(certificate: CheckpointCert, height: int) -> CheckpointCert:
    return replace(certificate, checkpoint=replace(certificate.checkpoint, height=height))


@pytest.mark.parametrize("message", longest_messages(), ids=lambda message: type(message).__name__)
def test_the_limits_leave_room_for_the_longest_of_each(message):
    encoded = encode_message(message)
    assert decode_message(encoded, SUITE) == message
    if WAYS.get(type(message), VOTES)[0] is Channel.VOTES:
        assert len(encoded) <= min(SMALL_BYTES_MAX, CHANNEL_FRAME_BYTES_MAX[Channel.VOTES])


MIB = 1024 * 1024
MANY = b"\x9a" + (4 * MIB).to_bytes(4, "big") + bytes(4 * MIB)
NESTED = (b"\x97" + (b"\x97" + bytes(23)) * 23) * (4 * MIB // 600)


@pytest.mark.parametrize("number", [*range(32), 255, 2**16])
@pytest.mark.parametrize(
    "contents", [MANY, NESTED, b"\x5a\x00\x40\x00\x00" + bytes(4 * MIB)], ids=["ints", "nested", "blob"]
)
def test_a_frame_of_millions_of_values_is_refused_before_it_is_decoded(number, contents, monkeypatch):
    """Building four million integers would hold the node's loop for most of a second: here nothing is built at all."""
    decoded = watch_decoding(monkeypatch)
    head = encode(number)
    for frame in (
        b"\x82" + head + contents,
        b"\x83" + head + b"\x01" + contents,
        b"\x9a\x00\x00\x00\x02" + head + contents,
    ):
        with pytest.raises(PeerFault) as fault:
            decode_message(frame, SUITE)
        assert fault.value.code in {"BYT-001", "BYT-002", "BYT-003", "BYT-004"}
    assert max(decoded, default=0) <= ELEMENTS_MAX


@pytest.mark.parametrize("contents", [MANY[: 4 * MIB - 8], b"\x9f" + bytes(MIB), b"\xbb" + bytes(MIB)])
def test_a_body_of_millions_of_values_is_refused_before_it_is_decoded(contents, monkeypatch):
    """A block that was asked for carries its body as bytes; whoever sent it answers for them, not the proposer."""
    decoded = watch_decoding(monkeypatch)
    with pytest.raises(Refused):
        BlockBody.decode(b"\x82" + contents + b"\x80")
    assert decoded == []


def watch_decoding(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of values in whatever the library is given to decode, a byte being at most one."""
    decoded: list[int] = []
    loads = cbor2.loads

    def watched(data: bytes, **options: Any) -> Any:
        value = loads(data, **options)
        decoded.append(count_of(value))
        return value

    monkeypatch.setattr("ledger.codec.cbor2.loads", watched)
    return decoded


def count_of(value: Any) -> int:
    return 1 + sum(map(count_of, value)) if type(value) is tuple else 1
