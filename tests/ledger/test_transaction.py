"""A transaction comes back as it was signed, and every field of it that is wrong is refused by its code."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.codec import INTEGER_MAX, encode
from ledger.crypto import INTERNATIONAL, Suite
from ledger.errors import Refused
from ledger.national import suite_named
from ledger.transaction import SIGNERS_MAX, WIRE_BYTES_MAX, Body, Summary, TransactionCodec
from tests.ledger.hostile_cbor import HOSTILE
from tests.ledger.strategies import values

SECRETS = tuple(bytes([i]) * 32 for i in range(1, SIGNERS_MAX + 2))
KEYS = tuple(INTERNATIONAL.public_key(secret) for secret in SECRETS)
CODEC = TransactionCodec(INTERNATIONAL)
SUMMARY = Summary("zh", b"i" * 32, b"d" * 32)
BODY = Body(b"c" * 32, KEYS[:1], b"s" * 16, 1_656_518_400_000, "voucher", "offer", (b"t" * 34, "bank", 10**10), SUMMARY)
FIELDS = (1, *BODY)


def wire_of(value: Any, count: int = 1) -> bytes:
    """A wire whose signatures nobody made: their form is not what `decode` looks at."""
    return encode(value) + bytes(64 * count) + bytes([count])


def code_of(wire: bytes) -> str | None:
    try:
        CODEC.decode(wire)
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize("count", range(1, SIGNERS_MAX + 1))
def test_what_is_signed_comes_back(count):
    body = BODY._replace(signers=KEYS[:count])
    transaction = CODEC.sign(body, SECRETS[:count])
    again = CODEC.decode(transaction.wire)
    assert again == transaction
    assert again.body == body
    assert len(again.signed()) == count
    for key, digest, signature in again.signed():
        INTERNATIONAL.verify(key, digest, signature)
    assert CODEC.decode_body(body.encode()) == body


def test_the_layout_and_both_hashes_by_hand():
    transaction = CODEC.sign(BODY, SECRETS[:1])
    body = b"".join((
        b"\x89\x01\x58\x20", b"c" * 32, b"\x81\x58\x20", KEYS[0], b"\x50", b"s" * 16,
        b"\x1b", (1_656_518_400_000).to_bytes(8, "big"), b"\x67voucher\x65offer",
        b"\x83\x58\x22", b"t" * 34, b"\x64bank\x1b", (10**10).to_bytes(8, "big"),
        b"\x83\x62zh\x58\x20", b"i" * 32, b"\x58\x20", b"d" * 32,
    ))  # fmt: skip
    identifier = hashlib.sha256(b"\x0blugang/1/tx" + body).digest()
    signature = INTERNATIONAL.sign(SECRETS[0], identifier)
    wire = body + signature + b"\x01"
    assert transaction.wire == wire
    assert transaction.id == identifier
    assert transaction.wid == hashlib.sha256(b"\x0dlugang/1/wire" + wire).digest()
    assert transaction.signatures == (signature,)


@pytest.mark.parametrize("name", ["intl", "gm"])
def test_both_suites_sign(name):
    suite: Suite = suite_named(name)
    codec = TransactionCodec(suite)
    body = BODY._replace(signers=(suite.public_key(SECRETS[0]), suite.public_key(SECRETS[1])))
    transaction = codec.decode(codec.sign(body, SECRETS[:2]).wire)
    for signed in transaction.signed():
        suite.verify(*signed)
    other = TransactionCodec(suite_named("gm" if name == "intl" else "intl"))
    with pytest.raises(Refused, match="TX-001"):
        other.decode(transaction.wire)


def test_the_id_leaves_the_signatures_out_and_the_wid_holds_them():
    good = CODEC.sign(BODY, SECRETS[:1])
    other = CODEC.decode(good.wire[:-65] + bytes(64) + b"\x01")
    assert other.id == good.id
    assert other.wid != good.wid


WRONG: dict[str, list[Any]] = {
    "version": [0, 2, True, None, "1", b"\x01", -1, (1,), 10**18],
    "chain": [b"c" * 31, b"c" * 33, b"", "c" * 32, None, 0, ()],
    "signers": [
        (), (b"k" * 31,), (b"k" * 33,), (b"k" * 64,), ("k" * 32,), (None,), KEYS[0], None, 1, KEYS[:2], (KEYS[:1],),
    ],
    "salt": [b"s" * 15, b"s" * 17, b"", "s" * 16, None, 0],
    "valid_until": [-1, -INTEGER_MAX, None, True, "0", b"0", ()],
    "contract": ["", "v" * 41, "凭证", "é", b"voucher", None, 0, ("voucher",)],
    "action": ["", "o" * 41, "要约", b"offer", None, 0, ("offer",)],
    "args": [None, 0, "x", b"x", True],
    "summary": [
        None, (), "zh", ("zh", b"i" * 32), ("zh", b"i" * 32, b"d" * 32, None), ("fr", b"i" * 32, b"d" * 32),
        ("ZH", b"i" * 32, b"d" * 32), (b"zh", b"i" * 32, b"d" * 32), (None, b"i" * 32, b"d" * 32),
        ("zh", b"i" * 31, b"d" * 32), ("zh", b"i" * 32, b"d" * 33), ("zh", None, b"d" * 32),
        ("zh", "i" * 32, b"d" * 32),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("place", "value"), [(i, value) for i, row in enumerate(WRONG.values()) for value in row])
def test_each_field_wrong(place, value):
    assert code_of(wire_of((*FIELDS[:place], value, *FIELDS[place + 1 :]))) == "TX-001"


@pytest.mark.parametrize("place", range(9))
@pytest.mark.parametrize("value", [1.5, {}, 2**63, -(2**63)])
def test_no_field_holds_what_the_profile_does_not(place, value):
    assert code_of(wire_of((*FIELDS[:place], value, *FIELDS[place + 1 :]))) == "BYT-003"


@pytest.mark.parametrize("place", range(9))
def test_a_field_too_few_or_too_many(place):
    assert code_of(wire_of((*FIELDS[:place], *FIELDS[place + 1 :]))) == "TX-001"
    assert code_of(wire_of((*FIELDS[:place], None, *FIELDS[place:]))) == "TX-001"


@pytest.mark.parametrize("value", [None, 1, "x", b"x" * 100, (), ((),)])
def test_a_body_that_is_no_record(value):
    assert code_of(wire_of(value)) == "TX-001"


def test_the_edges_of_each_field_are_taken():
    for changed in (
        BODY._replace(valid_until=0), BODY._replace(valid_until=INTEGER_MAX), BODY._replace(contract="v"),
        BODY._replace(contract="v" * 40, action="a" * 40), BODY._replace(args=()),
        BODY._replace(summary=SUMMARY._replace(language="en")),
    ):  # fmt: skip
        assert CODEC.decode(wire_of((1, *changed))).body == changed


def test_a_signer_twice_is_refused():
    assert code_of(wire_of((*FIELDS[:2], (KEYS[0], KEYS[0]), *FIELDS[3:]), 2)) == "TX-001"


@pytest.mark.parametrize("count", [0, 2, 8, 9, 255])
def test_another_number_of_signatures_is_refused(count):
    assert code_of(wire_of(FIELDS, count)) == "TX-001"


def test_nine_signers_are_refused():
    body = BODY._replace(signers=KEYS)
    assert code_of(wire_of((1, *body), 9)) == "TX-001"
    with pytest.raises(Refused, match="TX-001"):
        CODEC.decode_body(body.encode())


def test_a_signature_per_signer_is_our_own_duty():
    with pytest.raises(AssertionError):
        CODEC.assemble(BODY, ())


@pytest.mark.parametrize("wire", [b"", b"\x00", b"\x01", b"\x08", bytes(64) + b"\x01", bytes(65) + b"\x00"])
def test_wires_too_short_for_a_body(wire):
    assert code_of(wire) == "TX-001"


def test_the_largest_wire_is_taken_and_a_byte_more_refused():
    fixed = len(wire_of((1, *BODY._replace(args=(b"",))))) + 2
    largest = wire_of((1, *BODY._replace(args=(b"x" * (WIRE_BYTES_MAX - fixed),))))
    assert len(largest) == WIRE_BYTES_MAX
    assert code_of(largest) is None
    assert code_of(wire_of((1, *BODY._replace(args=(b"x" * (WIRE_BYTES_MAX - fixed + 1),))))) == "BYT-002"
    with pytest.raises(Refused, match="BYT-002"):
        CODEC.decode_body(encode((1, *BODY._replace(args=(b"x" * WIRE_BYTES_MAX,)))))


@pytest.mark.parametrize(("hostile", "code"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_hostile_bytes_as_an_argument_are_refused(hostile, code):
    pieces = [encode(field) for field in FIELDS]
    pieces[7] = b"\x81" + hostile
    wire = b"\x89" + b"".join(pieces) + bytes(64) + b"\x01"
    if len(wire) > WIRE_BYTES_MAX:
        assert code_of(wire) == "BYT-002"
    else:
        assert code_of(wire) in ("BYT-001", "BYT-003", "TX-001")


@pytest.mark.parametrize("place", range(9))
def test_a_longer_head_anywhere_is_refused(place):
    """Each field of the body, and the body itself, with one byte more of head than it needs."""
    pieces = [encode(field) for field in FIELDS]
    first = pieces[place][0]
    width = {24: 1, 25: 2, 26: 4, 27: 8}.get(first & 31, 0)
    if width < 8:
        argument = int.from_bytes(pieces[place][1 : 1 + width], "big") if width else first & 31
        wider = (first & 0xE0 | {0: 24, 1: 25, 2: 26, 4: 27}[width], (width * 2 or 1))
        pieces[place] = bytes([wider[0]]) + argument.to_bytes(wider[1], "big") + pieces[place][1 + width :]
        assert code_of(b"\x89" + b"".join(pieces) + bytes(64) + b"\x01") == "BYT-001"
    assert code_of(b"\x98\x09" + b"".join(map(encode, FIELDS)) + bytes(64) + b"\x01") == "BYT-001"


@given(st.lists(values, max_size=6).map(tuple))
def test_any_arguments_of_the_profile_come_back(args):
    transaction = CODEC.assemble(BODY._replace(args=args), (bytes(64),))
    assert CODEC.decode(transaction.wire).body.args == args


@given(st.data())
def test_a_changed_byte_is_refused_or_makes_another_transaction(draws):
    good = CODEC.sign(BODY, SECRETS[:1])
    wire = bytearray(good.wire)
    wire[draws.draw(st.integers(0, len(wire) - 1))] ^= draws.draw(st.integers(1, 255))
    try:
        other = CODEC.decode(bytes(wire))
    except Refused:
        return
    assert other.wid != good.wid
    assert other.body.encode() + b"".join(other.signatures) + bytes([len(other.signatures)]) == bytes(wire)
    assert (other.id == good.id) == (other.body == good.body)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_by_a_code(data):
    assert code_of(data) in ("BYT-001", "BYT-002", "BYT-003", "TX-001")
