"""SM2 against the standard's example, against plain arithmetic, and with everything that must not be accepted."""

import ctypes
import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import national, sm2
from ledger.errors import BadSignature
from ledger.national import suite_named
from tests.ledger import curves
from tests.ledger.curves import SM2_B, SM2_G, SM2_N, SM2_P, raw

SECRET = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
KEY = bytes.fromhex(
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
NUMBER = int.from_bytes(SECRET, "big")
DIGEST = hashlib.sha256(b"x").digest()
R, S = curves.sm2_sign(NUMBER, 12345, curves.sm2_digest(KEY, DIGEST))


def pair(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def accepted(signature: bytes, key: bytes = KEY, digest: bytes = DIGEST) -> bool:
    try:
        suite_named("gm").verify(key, digest, signature)
    except BadSignature:
        return False
    return True


def test_example_of_gb_t_32918_5():
    """Annex A.2 (GM/T 0003.5): the id is the default one, the message 14 bytes, the nonce as printed."""
    nonce = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
    r = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
    s = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
    e = 0xF0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640
    assert sm2.public_key(SECRET) == KEY
    assert curves.sm2_digest(KEY, b"message digest") == e
    assert curves.sm2_sign(NUMBER, nonce, e) == (r, s)
    sm2.verify(KEY, b"message digest", pair(r, s))


@settings(max_examples=15)
@given(st.integers(1, SM2_N - 2), st.integers(1, SM2_N - 1), st.binary(min_size=32, max_size=32))
def test_keys_and_signatures_of_plain_arithmetic_agree(number, nonce, digest):
    secret = number.to_bytes(32, "big")
    point = curves.sm2_multiply(number, SM2_G)
    assert point is not None
    key = sm2.public_key(secret)
    assert key == raw(point)
    suite = suite_named("gm")
    suite.verify(key, digest, pair(*curves.sm2_sign(number, nonce, curves.sm2_digest(key, digest))))
    suite.verify(key, digest, suite.sign(secret, digest))


def test_signatures_of_one_hash_differ_and_all_hold():
    signatures = {suite_named("gm").sign(SECRET, DIGEST) for _ in range(40)}
    assert len(signatures) == 40
    assert all(accepted(signature) for signature in signatures)


@pytest.mark.parametrize("short", ["r", "s"])
def test_numbers_with_leading_zeros_keep_their_32_bytes(short):
    """DER drops leading zeros; the fixed form must give them back, and take them."""
    e = curves.sm2_digest(KEY, DIGEST)
    found = (curves.sm2_sign(NUMBER, nonce, e) for nonce in range(1, 3000))
    r, s = next(each for each in found if each[short == "s"] < 1 << 248)
    assert accepted(pair(r, s))
    assert not accepted(pair(r, s).replace(b"\0", b"", 1) + b"\0")


def test_the_honest_one_is_accepted():
    assert accepted(pair(R, S))


OUTSIDE = [0, SM2_N, SM2_N + 1, SM2_P, 2**256 - 1]


@pytest.mark.parametrize("number", OUTSIDE)
def test_r_or_s_outside_1_to_n_is_refused(number):
    assert not accepted(pair(number, S))
    assert not accepted(pair(R, number))
    assert not accepted(pair(number, number))


@pytest.mark.parametrize(
    ("r", "s"),
    [
        (S, R), (R, SM2_N - S), (SM2_N - R, S), (SM2_N - R, SM2_N - S), (R, SM2_N - R),
        (1, 1), (SM2_N - 1, SM2_N - 1), (R, 1), (1, S),
    ],
)  # fmt: skip
def test_other_numbers_are_refused(r, s):
    """(R, n − R) makes t = r + s = 0, which section 7.1 refuses by name. ECDSA's twin (r, n − s) is no twin here."""
    assert not accepted(pair(r, s))


def long_form(der: bytes) -> bytes:
    return der[:1] + b"\x81" + der[1:]


DER = encode_dss_signature(R, S)


@pytest.mark.parametrize("signature", [
    DER, long_form(DER), encode_dss_signature(S, R), DER[:64], DER.ljust(72, b"\0"), b"",
    pair(R, S)[:63], pair(R, S) + b"\0", b"\0" + pair(R, S),
    b"\x30\x44\x02\x20" + pair(R, S)[:32] + b"\x02\x20" + pair(R, S)[32:],
    b"\x30\x46\x02\x21\0" + pair(R, S)[:32] + b"\x02\x21\0" + pair(R, S)[32:],
])  # fmt: skip
def test_der_in_any_form_is_no_signature(signature):
    assert not accepted(signature)


@pytest.mark.parametrize(
    "key",
    [
        bytes(64), b"\xff" * 64, KEY[32:] + KEY[:32], KEY[:32] * 2,
        KEY[:63] + bytes([KEY[63] ^ 1]),
        (0).to_bytes(32, "big") + (1).to_bytes(32, "big"),
        raw((SM2_G[0], 0)),
        KEY[:32] + (SM2_P - int.from_bytes(KEY[32:], "big") - 1).to_bytes(32, "big"),
        KEY[:63], KEY + b"\0", b"\x04" + KEY, b"\x04" + KEY[:63], b"\x02" + KEY[:32], b"", b"\0", KEY[:32],
    ],
)  # fmt: skip
def test_what_is_no_point_of_the_curve_is_no_key(key):
    with pytest.raises(BadSignature):
        suite_named("gm").check_key(key)
    assert not accepted(pair(R, S), key)


def test_a_point_has_one_writing():
    """x = 0 is on the curve, and x + p fits 32 bytes where x < 2^256 − p: the second writing is refused."""
    y = pow(SM2_B, (SM2_P + 1) // 4, SM2_P)
    assert y * y % SM2_P == SM2_B
    sm2.check_key(raw((0, y)))
    for key in (raw((SM2_P, y)), raw((0, y + SM2_P)) if y + SM2_P < 2**256 else raw((SM2_P, SM2_P - y))):
        with pytest.raises(BadSignature):
            sm2.check_key(key)


def test_the_mirrored_key_is_a_key_and_verifies_nothing_of_the_other():
    mirrored = KEY[:32] + (SM2_P - int.from_bytes(KEY[32:], "big")).to_bytes(32, "big")
    suite_named("gm").check_key(mirrored)
    assert not accepted(pair(R, S), mirrored)


def test_a_point_of_another_curve_is_no_key():
    """secp256r1's generator: as long, and a point, elsewhere."""
    with pytest.raises(BadSignature):
        sm2.check_key(
            bytes.fromhex(
                "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
            )
        )


@pytest.mark.parametrize("number", [0, SM2_N - 1, SM2_N, 2**256 - 1])
def test_a_secret_outside_the_range_has_no_key(number):
    with pytest.raises(ValueError, match="from 1 to n"):
        sm2.public_key(number.to_bytes(32, "big"))


@pytest.mark.parametrize("number", [1, 2, SM2_N - 2])
def test_secrets_at_the_edge_of_the_range(number):
    secret = number.to_bytes(32, "big")
    key = sm2.public_key(secret)
    point = curves.sm2_multiply(number, SM2_G)
    assert point is not None
    assert key == raw(point)
    assert accepted(sm2.sign(secret, DIGEST), key)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_secret_has_32_bytes(length):
    with pytest.raises(ValueError, match="32 bytes"):
        sm2.public_key(bytes([1]) * length)


def test_the_id_is_part_of_what_is_signed():
    e = curves.sm2_digest(KEY, DIGEST, b"")
    assert not accepted(pair(*curves.sm2_sign(NUMBER, 12345, e)))
    e = curves.sm2_digest(KEY, DIGEST, b"ALICE123@YAHOO.COM")
    assert not accepted(pair(*curves.sm2_sign(NUMBER, 12345, e)))


def test_every_bit_counts():
    for part, original in enumerate((pair(R, S), KEY, DIGEST)):
        for bit in range(0, 8 * len(original), 7):
            case = [pair(R, S), KEY, DIGEST]
            changed = bytearray(original)
            changed[bit // 8] ^= 1 << bit % 8
            case[part] = bytes(changed)
            assert not accepted(*case), (part, bit)


def test_a_hash_of_another_length_is_refused():
    for digest in (b"", DIGEST[:31], DIGEST + b"\0"):
        assert not accepted(pair(R, S), digest=digest)
    with pytest.raises(AssertionError):
        suite_named("gm").sign(SECRET, b"too short")


def test_threads_share_keys():
    """More keys than one thread needs and a cache that is emptied under way: no answer changes."""
    secrets = [number.to_bytes(32, "big") for number in range(1, 9)]
    keys = [sm2.public_key(secret) for secret in secrets]

    def work(i: int) -> bool:
        if i % 5 == 0:
            sm2._public.cache_clear()
        signature = sm2.sign(secrets[i % 8], DIGEST)
        return accepted(signature, keys[i % 8]) and not accepted(signature, keys[(i + 1) % 8])

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(80)))


def test_the_cache_of_keys_is_bounded():
    assert sm2._public.cache_info().maxsize == sm2.PUBLIC_KEYS_MAX
    assert sm2._secret.cache_info().maxsize == sm2.SECRET_KEYS_MAX


def test_failures_leave_no_error_behind_for_others_in_the_thread():
    library = sm2._crypto()
    library.ERR_peek_error.restype = ctypes.c_ulong
    for signature, key in ((pair(R, SM2_N - 1), KEY), (pair(R, S), bytes(64))):
        assert not accepted(signature, key)
        assert library.ERR_peek_error() == 0


def test_a_machine_without_the_library_is_told_so(monkeypatch):
    monkeypatch.setattr(sm2, "_LIBRARIES", ("libnothing.so.3",))
    sm2._crypto.cache_clear()
    try:
        with pytest.raises(RuntimeError, match="no OpenSSL 3 library is installed"):
            sm2.verify(KEY[:63] + b"\x12", DIGEST, pair(R, S))
    finally:
        monkeypatch.undo()
        sm2._crypto.cache_clear()


def test_a_library_that_is_no_openssl_3_is_named(monkeypatch):
    monkeypatch.setattr(sm2, "_LIBRARIES", ("libc.so.6",))
    sm2._crypto.cache_clear()
    try:
        with pytest.raises(RuntimeError, match=r"libc.so.6 is no OpenSSL 3"):
            sm2._crypto()
    finally:
        monkeypatch.undo()
        sm2._crypto.cache_clear()


def test_an_openssl_without_sm3_refuses_the_suite_in_plain_words(monkeypatch):
    def without(name: str, *data: bytes) -> object:
        raise ValueError(f"unsupported hash type {name}")

    monkeypatch.setattr(hashlib, "new", without)
    with pytest.raises(RuntimeError, match="built without SM3"):
        national.National().self_test()


def test_an_sm2_that_computes_something_else_is_caught(monkeypatch):
    monkeypatch.setattr(sm2, "USER_ID", b"somebody else")
    with pytest.raises(RuntimeError, match=r"GB/T 32918\.5"):
        national.National().self_test()


def test_suites_by_name():
    assert suite_named("intl").name == "intl"
    assert suite_named("gm") is suite_named("gm")
    with pytest.raises(ValueError, match="no suite"):
        suite_named("rsa")
