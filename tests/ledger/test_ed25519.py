"""Ed25519: RFC 8032's examples, and libsodium's verdict on every kind of crafted signature.

Libraries disagree about the crafted ones, so the verdicts below are the chain's rule and a change of one is a fork:
S is below L, A and R are not of small order however they are written, A is written canonically, and S·B = R + h·A holds
as it stands, without the cofactor. Hence a key or an R with a torsion part passes exactly when the parts cancel.

`check_key` is stricter than `verify`: it also refuses every key outside the prime-order group. Whoever admits a key
calls it, so no admitted key has a torsion part, and verification need not pay for it: a signature under such a key
could only be made by the owner of its prime-order part, for some messages, and all nodes agree on which.
"""

import hashlib
from collections.abc import Iterator

import nacl.bindings as sodium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.crypto import INTERNATIONAL, verify_many
from ledger.errors import BadSignature
from tests.ledger import curves
from tests.ledger.curves import BASE, IDENTITY, TORSION, L, P, add, challenge, encode_point, multiply

SECRET = bytes(range(32))
SCALAR = curves.expand(SECRET)[0]
NONCE = 2**200 + 12345
Crafted = tuple[bytes, bytes, bytes]

EXAMPLES = [
    # RFC 8032 section 7.1: tests 1, 2, 3 and SHA(abc); secret, public key, message, signature.
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("secret", "key", "message", "signature"), EXAMPLES)
def test_rfc_8032_examples(secret, key, message, signature):
    """The suite signs 32-byte hashes only, so the examples go to its primitive, and to the tests' arithmetic."""
    secret, key, message, signature = (bytes.fromhex(part) for part in (secret, key, message, signature))
    assert INTERNATIONAL.public_key(secret) == key
    assert sodium.crypto_sign(message, sodium.crypto_sign_seed_keypair(secret)[1]) == signature + message
    assert sodium.crypto_sign_open(signature + message, key) == message
    assert curves.ed25519_sign(secret, message) == signature


@settings(max_examples=10)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_hash_is_signed_as_section_5_1_6_says(secret, digest):
    signature = INTERNATIONAL.sign(secret, digest)
    assert signature == curves.ed25519_sign(secret, digest)
    INTERNATIONAL.verify(INTERNATIONAL.public_key(secret), digest, signature)


def digests() -> Iterator[bytes]:
    for i in range(500):
        yield hashlib.sha256(b"message %d" % i).digest()


def crafted(key: bytes, r: bytes, secrets: tuple[int, int], torsion: tuple[int, int], cancels: bool | None) -> Crafted:
    """A signature that solves the equation in the prime-order group, where the logarithms of A and R are `secrets`.

    Their torsion parts are multiples of TORSION[1]; the hash is one for which these cancel, or do not.
    """
    scalar, nonce = secrets
    for digest in digests():
        h = challenge(r, key, digest)
        if cancels is None or ((h * torsion[0] + torsion[1]) % 8 == 0) == cancels:
            return key, digest, r + ((nonce + h * scalar) % L).to_bytes(32, "little")
    raise AssertionError("no hash does that")


def mixed(torsion_of_key: int, torsion_of_r: int, cancels: bool) -> Crafted:
    key = encode_point(add(multiply(SCALAR, BASE), TORSION[torsion_of_key]))
    r = encode_point(add(multiply(NONCE, BASE), TORSION[torsion_of_r]))
    return crafted(key, r, (SCALAR, NONCE), (torsion_of_key, torsion_of_r), cancels)


def accepted(case: Crafted) -> bool:
    try:
        INTERNATIONAL.verify(*case)
    except BadSignature:
        return False
    return True


def usable(key: bytes) -> bool:
    try:
        INTERNATIONAL.check_key(key)
    except BadSignature:
        return False
    return True


def writings(point: tuple[int, int]) -> Iterator[bytes]:
    """Every 32-byte string that some reader takes for `point`: y or y + p, and either sign where x is 0."""
    for beyond in (0, 1) if point[1] + P < 2**255 else (0,):
        for flip in (0, 1) if point[0] == 0 else (0,):
            yield encode_point(point, beyond, flip)


SMALL = [(order, writing) for order, point in enumerate(TORSION) for writing in writings(point)]
HONEST = mixed(0, 0, cancels=True)


def test_there_are_eight_points_of_small_order_in_fourteen_writings():
    assert len(set(TORSION)) == 8
    assert all(multiply(8, point) == IDENTITY for point in TORSION)
    # 8 canonical, y + p for the identity and the two points with y = 0, and the other sign for the two with x = 0.
    assert len({writing for _, writing in SMALL}) == 14


def test_the_honest_one_is_accepted():
    assert accepted(HONEST)
    assert usable(HONEST[0])


@pytest.mark.parametrize(("order", "key"), SMALL)
def test_a_key_of_small_order_is_refused_however_it_is_written(order, key):
    r = encode_point(multiply(NONCE, BASE))
    assert not accepted(crafted(key, r, (0, NONCE), (order, 0), cancels=True))
    assert not usable(key)


@pytest.mark.parametrize(("order", "r"), SMALL)
def test_an_r_of_small_order_is_refused_however_it_is_written(order, r):
    key = encode_point(multiply(SCALAR, BASE))
    assert not accepted(crafted(key, r, (SCALAR, 0), (0, order), cancels=None))


@pytest.mark.parametrize(("order", "r"), SMALL)
@pytest.mark.parametrize("key_order", range(1, 8))
def test_an_r_of_small_order_is_refused_where_it_cancels_the_keys_part(order, r, key_order):
    key = encode_point(add(multiply(SCALAR, BASE), TORSION[key_order]))
    if any((h * key_order + order) % 8 == 0 for h in range(8)):
        assert not accepted(crafted(key, r, (SCALAR, 0), (key_order, order), cancels=True))


@pytest.mark.parametrize("key", [writing for _, writing in SMALL])
@pytest.mark.parametrize("r", [encode_point(IDENTITY), encode_point(IDENTITY, 1), encode_point(TORSION[1])])
def test_zero_signs_nothing(key, r):
    """A and R of small order with S = 0 satisfy the equation for one hash in eight, whoever asks."""
    assert not any(accepted((key, digest, r + bytes(32))) for digest, _ in zip(digests(), range(16), strict=False))


@pytest.mark.parametrize("torsion_of_r", range(8))
@pytest.mark.parametrize("torsion_of_key", range(8))
def test_torsion_parts_pass_exactly_when_they_cancel(torsion_of_key, torsion_of_r):
    reachable = {(h * torsion_of_key + torsion_of_r) % 8 == 0 for h in range(8)}
    for cancels in sorted(reachable):
        case = mixed(torsion_of_key, torsion_of_r, cancels)
        assert accepted(case) is cancels
        assert usable(case[0]) is (torsion_of_key == 0)


@pytest.mark.parametrize("times", range(1, 16))
def test_s_beyond_the_order_is_refused(times):
    key, digest, signature = HONEST
    s = int.from_bytes(signature[32:], "little") + times * L
    if s < 2**256:
        assert not accepted((key, digest, signature[:32] + s.to_bytes(32, "little")))


@pytest.mark.parametrize("bit", range(253, 256))
def test_high_bits_of_s_are_not_ignored(bit):
    key, digest, signature = HONEST
    s = int.from_bytes(signature[32:], "little") | 1 << bit
    assert not accepted((key, digest, signature[:32] + s.to_bytes(32, "little")))


@pytest.mark.parametrize("s", [L, L - 1, 0, 2**255, 2**256 - 1])
def test_no_fixed_s_passes(s):
    assert not accepted((HONEST[0], HONEST[1], HONEST[2][:32] + s.to_bytes(32, "little")))


def test_a_key_that_is_written_with_y_beyond_p_is_refused():
    """Points with y < 19 have a second writing. Nobody knows their logarithm, so the form alone can be asked about."""
    points = [(y, sign) for y in range(2, 19) for sign in (0, 1) if curves.recover(y, sign)]
    assert points
    for y, sign in points:
        assert not usable((y + P | sign << 255).to_bytes(32, "little"))


def test_a_key_that_is_no_point_is_refused():
    absent = [y for y in range(2, 60) if curves.recover(y, 0) is None]
    assert absent
    for y in absent:
        key = y.to_bytes(32, "little")
        assert not usable(key)
        assert not accepted((key, *HONEST[1:]))


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("change", [lambda part: part[:-1], lambda part: part + b"\0", lambda part: b""])
def test_other_lengths_are_refused(part, change):
    case = list(HONEST)
    case[part] = change(case[part])
    assert not accepted((case[0], case[1], case[2]))


@pytest.mark.parametrize("part", range(3))
def test_every_bit_counts(part):
    for bit in range(8 * len(HONEST[part])):
        case = list(HONEST)
        changed = bytearray(case[part])
        changed[bit // 8] ^= 1 << bit % 8
        case[part] = bytes(changed)
        assert not accepted((case[0], case[1], case[2])), bit


def test_many_are_verified_each_for_itself():
    key, digest, signature = HONEST
    bad = signature[:63] + bytes([signature[63] ^ 1])
    answers = verify_many(INTERNATIONAL, [HONEST, (key, digest, bad), HONEST, (key[:31], digest, signature)])
    assert [answer is None for answer in answers] == [True, False, True, False]
    assert verify_many(INTERNATIONAL, []) == []


def test_a_signature_does_not_pass_under_another_tag():
    data = b"the same bytes"
    vote, proposal = (INTERNATIONAL.hasher(tag)(data) for tag in ("vote", "proposal"))
    signature = INTERNATIONAL.sign(SECRET, vote)
    assert accepted((INTERNATIONAL.public_key(SECRET), vote, signature))
    assert not accepted((INTERNATIONAL.public_key(SECRET), proposal, signature))
