"""The forms of proofs inside answers: their bytes put together by hand, and what has another form is refused."""

from __future__ import annotations

import hashlib

import cbor2
import pytest

from ledger.codec import encode
from ledger.errors import BadProof, Refused
from ledger.proofs import PROOF_BYTES_MAX, HeightProof, ReceiptProof, freshness_digest, verify_height
from tests.ledger.toy_chain import SUITE, SealedChain

STATE, RECEIPTS = b"\x01" * 32, b"\x02" * 32


@pytest.fixture(scope="module")
def chain():
    chain = SealedChain()
    for _ in range(3):
        chain.seal([], [])
    return chain


def test_a_height_is_proved_by_four_parts_in_their_order(chain):
    header, path = chain.blocks[1].header.encode(), chain.history_path(1, 3)
    data = HeightProof(header, STATE, RECEIPTS, path).encode()
    spans = [path.leaves, list(path.siblings), list(path.peaks)]
    assert data == cbor2.dumps([header, STATE, RECEIPTS, spans], canonical=True)
    assert HeightProof.decode(data) == HeightProof(header, STATE, RECEIPTS, path)
    own = HeightProof(header, STATE, RECEIPTS, None)
    assert own.encode() == cbor2.dumps([header, STATE, RECEIPTS, None], canonical=True)
    assert HeightProof.decode(own.encode()) == own


def test_a_receipt_is_proved_by_six_parts_in_their_order(chain):
    header, certificate = chain.blocks[3].header.encode(), chain.blocks[3].certificate
    path = (0, 1, ((),))
    proof = ReceiptProof(HeightProof(header, STATE, RECEIPTS, None), path, certificate)
    signed = [1, certificate.checkpoint.encode(), certificate.bitmap, list(certificate.signatures)]
    assert proof.encode() == cbor2.dumps([header, STATE, RECEIPTS, [0, 1, [[]]], signed, None], canonical=True)
    assert ReceiptProof.decode(proof.encode()) == proof


@pytest.mark.parametrize(
    "value",
    [
        (), (b"h", STATE, RECEIPTS), (b"h", STATE, RECEIPTS, None, None), ((1, 2), STATE, RECEIPTS, None),
        (bytes(513), STATE, RECEIPTS, None), (b"h", bytes(31), RECEIPTS, None), (b"h", STATE, bytes(33), None),
        (b"h", STATE, RECEIPTS, ()), (b"h", STATE, RECEIPTS, (0, (), (STATE,))),
    ],
)  # fmt: skip
def test_a_height_proof_of_another_form_is_refused(value):
    with pytest.raises(Refused, match="BYT-003"):
        HeightProof.decode(encode(value))


def test_a_receipt_proof_of_another_form_is_refused(chain):
    certificate = chain.blocks[3].certificate.to_value()
    good = (b"h", STATE, RECEIPTS, (0, 1, ((),)), certificate, None)
    ReceiptProof.decode(encode(good))
    for place, other in ((0, (b"h",)), (1, b""), (2, None), (3, (0, 0, ())), (4, certificate[:3]), (5, (1,))):
        with pytest.raises(Refused, match="BYT-003"):
            ReceiptProof.decode(encode((*good[:place], other, *good[place + 1 :])))


def test_a_proof_has_a_largest_size():
    for kind in (HeightProof, ReceiptProof):
        with pytest.raises(Refused, match="BYT-00"):
            kind.decode(encode((bytes(PROOF_BYTES_MAX),)))


def place_of(block):
    return (block.header.height, block.header.hash(SUITE), block.state_root, block.receipts_root)


def test_a_height_is_certified_by_its_own_checkpoint_or_by_a_higher_one(chain):
    for height, block in chain.blocks.items():
        verify_height(chain.range, block.certificate.checkpoint, place_of(block), None)
        for under in range(height + 1, 4):
            checkpoint = chain.blocks[under].certificate.checkpoint
            verify_height(chain.range, checkpoint, place_of(block), chain.history_path(height, under))


@pytest.mark.parametrize(("part", "named"), [(0, "height"), (1, "block hash"), (2, "state root"), (3, "receipts root")])
def test_a_height_with_another_part_is_not_certified(chain, part, named):
    other = 2 if part == 0 else b"\x07" * 32
    block, path = chain.blocks[1], chain.history_path(1, 3)
    changed = (*place_of(block)[:part], other, *place_of(block)[part + 1 :])
    with pytest.raises(BadProof, match=f"the {named} is not the certified one"):
        verify_height(chain.range, block.certificate.checkpoint, changed, None)
    with pytest.raises(BadProof):
        verify_height(chain.range, chain.blocks[3].certificate.checkpoint, changed, path)


def test_a_path_into_another_history_certifies_nothing(chain):
    block, path = chain.blocks[1], chain.history_path(1, 2)
    with pytest.raises(BadProof, match="a history of 2 heights under a certificate of height 3"):
        verify_height(chain.range, chain.blocks[3].certificate.checkpoint, place_of(block), path)


def test_freshness_is_signed_over_its_five_parts():
    chain, nonce, hashed = b"\x0a" * 32, b"\x0b" * 32, b"\x0c" * 32
    said = cbor2.dumps([1, chain, nonce, 7, hashed], canonical=True)
    assert freshness_digest(SUITE, chain, nonce, 7, hashed) == SUITE.hasher("fresh")(said)
    # The domain is part of what is hashed: no other signature of a validator can be taken for this one.
    assert freshness_digest(SUITE, chain, nonce, 7, hashed) != hashlib.sha256(said).digest()
