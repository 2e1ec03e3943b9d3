"""Headers, bodies and receipts come back as they were written; each wrong field is refused by its code."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.block import (
    BODY_BYTES_MAX,
    MISBEHAVIOUR_BYTES_MAX,
    MISBEHAVIOUR_MAX,
    BlockBody,
    Header,
    misbehaviour_root,
    transactions_root,
)
from ledger.codec import encode
from ledger.crypto import INTERNATIONAL, ZERO_HASH
from ledger.errors import Refused
from ledger.merkle import Kind, MerkleTree
from ledger.receipt import EventRow, Receipt, Status
from ledger.transaction import WIRE_BYTES_MAX
from tests.ledger.hostile_cbor import HOSTILE
from tests.ledger.strategies import integers, values

HEADER = Header(
    chain=b"c" * 32, height=7, parent=b"p" * 32, time=1_656_518_400_000, creator=b"k" * 32, created_round=0, tenure=3,
    tx_count=2, tx_root=b"t" * 32, evidence_root=ZERO_HASH, body_bytes=700, valset_hash=b"v" * 32,
)  # fmt: skip
RECEIPT = Receipt(
    height=7, index=1, id=b"i" * 32, wid=b"w" * 32, status=Status.REFUSED, code="VOU-007",
    numbers=(("asked", 100), ("free", 40), ("who", "甲"), ("late", None), ("live", True)), result=None,
    events=(EventRow("voucher", "Moved", (b"t" * 34, "a", 100)),), budget_used=1_234,
)  # fmt: skip


def test_a_header_comes_back_and_every_field_is_under_its_hash():
    assert Header.decode(HEADER.encode(), INTERNATIONAL) == HEADER
    hashes = {HEADER.hash(INTERNATIONAL)}
    for field in fields(Header):
        old: Any = getattr(HEADER, field.name)
        new: Any = old + 1 if type(old) is int else b"x" * 32
        changed = replace(HEADER, **{field.name: new})
        assert Header.decode(changed.encode(), INTERNATIONAL) == changed
        hashes.add(changed.hash(INTERNATIONAL))
    assert len(hashes) == 1 + len(fields(Header))


def test_a_receipt_read_without_checks_is_the_same_one():
    assert Receipt.written(RECEIPT.encode()) == Receipt.decode(RECEIPT.encode()) == RECEIPT


HASHES, COUNTS = (1, 3, 5, 9, 10, 12), (2, 4, 6, 7, 8, 11)
WRONG: list[tuple[int, Any]] = [
    *((0, value) for value in (0, 2, True, None)),
    *((place, value) for place in HASHES for value in (b"x" * 31, b"x" * 64, None, "x" * 32)),
    *((place, value) for place in COUNTS for value in (-1, None, True, "1", b"")),
    (2, 0), (4, 0), (6, 2**31 + 1), (7, 2**31 + 1), (8, 20_001), (11, BODY_BYTES_MAX + 1),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value"), WRONG)
def test_each_field_of_a_header_wrong(place, value):
    row = list(HEADER.to_value())
    row[place] = value
    with pytest.raises(Refused, match="BYT-003"):
        Header.decode(encode(tuple(row)), INTERNATIONAL)


def test_a_header_of_another_length_is_refused():
    row = HEADER.to_value()
    for value in (row[:-1], (*row, None), ()):
        with pytest.raises(Refused, match="BYT-003"):
            Header.decode(encode(value), INTERNATIONAL)
    with pytest.raises(Refused, match="BYT-002"):
        Header.decode(bytes(513), INTERNATIONAL)


@given(st.lists(st.binary(max_size=300), max_size=20), st.lists(st.binary(max_size=300), max_size=5))
def test_a_body_comes_back(transactions, misbehaviour):
    body = BlockBody(tuple(transactions), tuple(misbehaviour))
    assert BlockBody.decode(body.encode()) == body


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (((), ()), None), ((), "BYT-003"), (((),), "BYT-003"), (((), (), ()), "BYT-003"), (((1,), ()), "BYT-003"),
        ((("x",), ()), "BYT-003"), ((b"", ()), "BYT-003"), (((b"x" * WIRE_BYTES_MAX,), ()), None),
        (((b"x" * (WIRE_BYTES_MAX + 1),), ()), "BYT-003"), (((b"",) * 20_000, ()), None),
        (((b"",) * 20_001, ()), "BYT-003"), (((), (b"x" * MISBEHAVIOUR_BYTES_MAX,)), None),
        (((), (b"x" * (MISBEHAVIOUR_BYTES_MAX + 1),)), "BYT-003"), (((), (b"",) * MISBEHAVIOUR_MAX), None),
        (((), (b"",) * (MISBEHAVIOUR_MAX + 1)), "BYT-003"), ((((b"",),), ()), "BYT-003"), (([{}], []), "BYT-003"),
    ],
)  # fmt: skip
def test_bodies_within_and_beyond_their_limits(value, code):
    if code is None:
        assert BlockBody.decode(encode(value)) == BlockBody(*value)
    else:
        with pytest.raises(Refused, match=code):
            BlockBody.decode(encode(value))


def test_a_body_beyond_its_bytes_is_refused_unread():
    with pytest.raises(Refused, match="BYT-002"):
        BlockBody.decode(bytes(BODY_BYTES_MAX + 1))


@pytest.mark.parametrize("hostile", [data for _, data, _ in HOSTILE], ids=[name for name, _, _ in HOSTILE])
def test_hostile_bytes_in_every_record(hostile):
    for read in (
        lambda data: BlockBody.decode(b"\x82\x81" + data + b"\x80"),
        lambda data: Header.decode(b"\x8d\x01" + data, INTERNATIONAL),
        lambda data: Receipt.decode(b"\x8b\x01" + data),
        Receipt.decode,
    ):
        with pytest.raises(Refused, match=r"BYT-00[1234]"):
            read(hostile)


def test_the_two_roots_cover_ids_wids_and_records_in_order():
    tree = MerkleTree(INTERNATIONAL)
    ids = [(bytes([i]) * 32, bytes([i + 100]) * 32) for i in range(3)]
    assert transactions_root(INTERNATIONAL, ids) == tree.root(Kind.TRANSACTIONS, [one + other for one, other in ids])
    assert transactions_root(INTERNATIONAL, ids) != transactions_root(INTERNATIONAL, ids[::-1])
    assert transactions_root(INTERNATIONAL, ids[:1]) != transactions_root(INTERNATIONAL, [ids[0][::-1]])
    assert transactions_root(INTERNATIONAL, []) == misbehaviour_root(INTERNATIONAL, []) == ZERO_HASH
    leaf = INTERNATIONAL.hasher("misbehaviour")(b"record")
    assert misbehaviour_root(INTERNATIONAL, [b"record"]) == tree.root(Kind.MISBEHAVIOUR, [leaf])


numbers = st.none() | st.booleans() | integers | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
receipts = st.builds(
    Receipt, height=st.integers(1, 2**40), index=st.integers(0, 2**20), id=st.none() | st.just(b"i" * 32),
    wid=st.none() | st.just(b"w" * 32), status=st.sampled_from(Status), code=st.none() | st.just("AUTH-003"),
    numbers=st.lists(st.tuples(st.text("abc", max_size=5), numbers), max_size=4).map(tuple), result=values,
    events=st.lists(st.builds(EventRow, st.just("v"), st.just("Moved"), st.tuples(values)), max_size=3).map(tuple),
    budget_used=st.integers(0, 2**40),
)  # fmt: skip


@given(receipts)
def test_a_receipt_comes_back(receipt):
    again = Receipt.decode(receipt.encode())
    assert again == receipt
    assert type(again.status) is Status


RECEIPT_WRONG: list[tuple[int, Any]] = [
    (0, 2), (0, True), (1, 0), (1, None), (2, -1), (2, True), (3, b"i" * 31), (3, "i"), (4, b"w" * 33), (4, 0),
    (5, 3), (5, -1), (5, True), (5, None), (6, "x" * 17), (6, 1), (7, None), (7, ((),)), (7, (("a",),)),
    (7, ((1, 1),)), (7, (("a", b"x"),)), (7, (("a", ()),)), (7, (("a", 1, 2),)), (7, (("a" * 41, 1),)),
    (7, (("a", 1),) * 17), (9, None), (9, ((),)), (9, (("c", "e"),)), (9, (("c", "e", None),)), (9, ((1, "e", ()),)),
    (9, (("c", "e" * 41, ()),)), (9, (("c", "e", (0,) * 65),)), (9, (("c", "e", ()),) * 2_049), (10, -1), (10, None),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value"), RECEIPT_WRONG)
def test_each_field_of_a_receipt_wrong(place, value):
    row = [
        1, RECEIPT.height, RECEIPT.index, RECEIPT.id, RECEIPT.wid, 1, RECEIPT.code, RECEIPT.numbers, RECEIPT.result,
        RECEIPT.events, RECEIPT.budget_used,
    ]  # fmt: skip
    assert encode(tuple(row)) == RECEIPT.encode()
    row[place] = value
    with pytest.raises(Refused, match="BYT-003"):
        Receipt.decode(encode(tuple(row)))
