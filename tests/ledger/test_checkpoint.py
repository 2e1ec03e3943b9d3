"""Certificates: a quorum of exactly these validators, nothing padded, and nothing else."""

from dataclasses import fields, replace
from itertools import combinations
from typing import Any

import pytest

from ledger.checkpoint import Checkpoint, CheckpointCert, bitmap_of, indices_of
from ledger.codec import encode
from ledger.crypto import INTERNATIONAL
from ledger.errors import BadProof, Refused
from ledger.validators import Engine, ValidatorSet, make_validator_set, quorum_of

CHAIN = b"c" * 32
OTHER = b"o" * 32


class World:
    """n validators, their secrets in the order of the set, and what they certify."""

    def __init__(self, n: int, engine: Engine = "pbft") -> None:
        by_key = {INTERNATIONAL.public_key(bytes([i + 1]) * 32): bytes([i + 1]) * 32 for i in range(n)}
        self.validators = make_validator_set({key: f"org-{secret[0]}" for key, secret in by_key.items()})
        self.secrets = [by_key[row.key] for row in self.validators.rows]
        self.engine = engine
        self.quorum = quorum_of(engine, n).q
        self.checkpoint = Checkpoint(
            chain=CHAIN, engine=engine, valset_hash=self.validators.hash(INTERNATIONAL), height=7, attempt=0,
            block_hash=b"b" * 32, block_time=1_656_518_400_000, state_root=b"s" * 32, receipts_root=b"r" * 32,
            next_valset_hash=b"n" * 32, history_root=b"h" * 32,
        )  # fmt: skip

    def signature(self, i: int, checkpoint: Checkpoint | None = None) -> bytes:
        return INTERNATIONAL.sign(self.secrets[i], (checkpoint or self.checkpoint).sign_bytes(INTERNATIONAL))

    def certificate(self, signers: list[int], checkpoint: Checkpoint | None = None) -> CheckpointCert:
        checkpoint = checkpoint or self.checkpoint
        signatures = tuple(self.signature(i, checkpoint) for i in signers)
        return CheckpointCert(checkpoint, bitmap_of(signers, len(self.secrets)), signatures)

    def holds(self, certificate: CheckpointCert, chain: bytes = CHAIN, validators: ValidatorSet | None = None) -> bool:
        try:
            certificate.verify(INTERNATIONAL, chain, self.engine, validators or self.validators)
        except BadProof:
            return False
        return True


FIVE = World(5)
GOOD = FIVE.certificate([0, 1, 3, 4])


@pytest.mark.parametrize("engine", ["pbft", "raft"])
@pytest.mark.parametrize("n", range(1, 8))
def test_every_set_of_signers_holds_exactly_from_the_quorum_on(n, engine):
    world = World(n, engine)
    for size in range(n + 1):
        for signers in combinations(range(n), size):
            assert world.holds(world.certificate(list(signers))) is (size >= world.quorum), signers


def test_a_certificate_does_not_choose_how_many_are_a_quorum():
    """Three of five certify under raft; on a chain of the other engine the same signatures certify nothing."""
    raft = World(5, "raft")
    certificate = raft.certificate([0, 1, 2])
    assert raft.holds(certificate)
    assert not FIVE.holds(certificate)
    assert not FIVE.holds(raft.certificate([0, 1, 2, 3, 4]))


def test_a_certificate_comes_back():
    assert CheckpointCert.decode(GOOD.encode()) == GOOD
    assert Checkpoint.decode(GOOD.checkpoint.encode()) == GOOD.checkpoint
    assert FIVE.holds(CheckpointCert.decode(GOOD.encode()))


@pytest.mark.parametrize("field", [field.name for field in fields(Checkpoint)])
def test_signatures_of_one_checkpoint_prove_no_other(field):
    old: Any = getattr(GOOD.checkpoint, field)
    new: Any = {bytes: OTHER, int: 1, str: "raft"}[type(old)]
    assert not FIVE.holds(replace(GOOD, checkpoint=replace(GOOD.checkpoint, **{field: new})))


def test_one_bad_signature_among_enough_good_ones_spoils_it():
    full = FIVE.certificate([0, 1, 2, 3, 4])
    assert FIVE.holds(full)
    for i in range(5):
        for bad in (
            bytes(64),
            full.signatures[i][:63] + bytes([full.signatures[i][63] ^ 1]),
            full.signatures[(i + 1) % 5],
        ):
            signatures = (*full.signatures[:i], bad, *full.signatures[i + 1 :])
            assert not FIVE.holds(replace(full, signatures=signatures))


def test_padding_is_refused():
    spare = FIVE.signature(2)
    four = GOOD.signatures
    for signatures in (
        (*four, spare), (spare, *four), (*four, four[-1]), four[:-1], four[::-1], (), (*four[:1], *four[:1], *four[2:]),
        (*four[:3], four[3] + b"\0"), (*four[:3], four[3][:63]),
    ):  # fmt: skip
        assert not FIVE.holds(replace(GOOD, signatures=signatures))


def test_one_signer_counts_once():
    one = (FIVE.signature(0),) * 4
    assert not FIVE.holds(CheckpointCert(FIVE.checkpoint, bitmap_of([0, 1, 2, 3], 5), one))
    assert not FIVE.holds(CheckpointCert(FIVE.checkpoint, bitmap_of([0], 5), one))


@pytest.mark.parametrize(
    "bitmap", [b"", b"\x1b\0", b"\0\x1b", b"\x1b" * 8, b"\x3b", b"\x9b", b"\xff", b"\x1f", b"\x13", b"\0", b"\xd8"]
)
def test_no_other_bitmap_goes_with_these_signatures(bitmap):
    assert GOOD.bitmap == b"\x1b"
    assert not FIVE.holds(replace(GOOD, bitmap=bitmap))


def test_bitmaps_go_back_and_forth():
    for count in (1, 4, 7, 8, 9, 16, 17, 64):
        for indices in ([], [0], [count - 1], list(range(count)), list(range(0, count, 3))):
            assert indices_of(bitmap_of(indices, count), count) == indices
    assert bitmap_of([0, 9], 10) == b"\x01\x02", "the lowest bit of the first byte is validator 0"


@pytest.mark.parametrize("count", [1, 5, 8, 9, 13, 64])
def test_bits_beyond_the_last_validator_are_refused(count):
    size = -(-count // 8)
    for bit in range(count, 8 * size):
        with pytest.raises(BadProof):
            indices_of((1 << bit).to_bytes(size, "little"), count)
    for wrong in (size - 1, size + 1):
        with pytest.raises(BadProof):
            indices_of(bytes(wrong), count)


def test_another_chain_is_refused():
    assert not FIVE.holds(GOOD, chain=OTHER)
    elsewhere = FIVE.certificate([0, 1, 3, 4], replace(FIVE.checkpoint, chain=OTHER))
    assert FIVE.holds(elsewhere, chain=OTHER)
    assert not FIVE.holds(elsewhere)


def test_other_validators_are_refused():
    rows = FIVE.validators.rows
    renamed = ValidatorSet((replace(rows[0], organisation="another"), *rows[1:]))
    for validators in (World(4).validators, World(6).validators, ValidatorSet(rows[:4]), renamed):
        assert not FIVE.holds(GOOD, validators=validators)


def test_strangers_cannot_name_themselves():
    """Five strangers sign a checkpoint that names their own set: it is not the set that the verifier asks about."""
    strangers = World(5)
    strangers.secrets = [bytes([99 + i]) * 32 for i in range(5)]
    own = make_validator_set({INTERNATIONAL.public_key(secret): "x" for secret in strangers.secrets})
    forged = replace(FIVE.checkpoint, valset_hash=own.hash(INTERNATIONAL))
    assert not FIVE.holds(strangers.certificate([0, 1, 2, 3, 4], forged))
    assert not FIVE.holds(strangers.certificate([0, 1, 2, 3, 4]))


def test_a_majority_under_the_other_engines_name_is_no_byzantine_quorum():
    """Seven validators: four are a raft quorum, five a pbft one. The engine is under the signatures."""
    seven = World(7)
    four = seven.certificate([0, 1, 2, 3])
    assert not seven.holds(four)
    assert not seven.holds(replace(four, checkpoint=replace(four.checkpoint, engine="raft")))


def changed(place: int, value: Any) -> bytes:
    row = list(GOOD.to_value())
    row[place] = value
    return encode(tuple(row))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (changed(0, 2), "BYT-003"), (changed(0, None), "BYT-003"), (changed(1, b""), "BYT-001"),
        (changed(1, b"x" * 513), "BYT-003"), (changed(1, encode((1,))), "BYT-003"), (changed(1, None), "BYT-003"),
        (changed(1, GOOD.checkpoint.encode() + b"\0"), "BYT-001"), (changed(2, bytes(9)), "BYT-003"),
        (changed(2, 27), "BYT-003"), (changed(3, ()), "BYT-003"), (changed(3, (bytes(64),) * 65), "BYT-003"),
        (changed(3, (bytes(63),)), "BYT-003"), (changed(3, None), "BYT-003"), (GOOD.encode() + b"\0", "BYT-001"),
        (b"", "BYT-001"), (bytes(8193), "BYT-002"), (encode(GOOD.to_value()[:3]), "BYT-003"),
    ],
)  # fmt: skip
def test_a_malformed_certificate_is_refused_by_its_code(data, code):
    with pytest.raises(Refused, match=code):
        CheckpointCert.decode(data)


WRONG: list[tuple[int, Any]] = [
    *((place, value) for place in (1, 3, 6, 8, 9, 10, 11) for value in (b"x" * 31, b"x" * 33, None, "x" * 32, 1)),
    *((0, value) for value in (0, 2, True, None)),
    *((2, value) for value in ("", "PBFT", b"pbft", None, 0)),
    *((4, value) for value in (-1, None, True, b"\x07")),
    *((5, value) for value in (-1, 256, None, False)),
    *((7, value) for value in (-1, None, True, "now")),
]


@pytest.mark.parametrize(("place", "value"), WRONG)
def test_each_field_of_a_checkpoint_wrong(place, value):
    checkpoint = GOOD.checkpoint
    row = [1, *(getattr(checkpoint, field.name) for field in fields(Checkpoint))]
    assert encode(tuple(row)) == checkpoint.encode()
    row[place] = value
    with pytest.raises(Refused, match="BYT-003"):
        Checkpoint.decode(encode(tuple(row)))


def test_a_repeated_bad_certificate_leaves_nothing_behind():
    bad = replace(GOOD, signatures=(*GOOD.signatures[:3], bytes(64)))
    assert not FIVE.holds(bad)
    assert FIVE.holds(GOOD)
    assert not FIVE.holds(bad)
