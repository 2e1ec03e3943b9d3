"""Hashes and ciphers of both suites against their standards, and what the suites promise alike."""

import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from ledger.crypto import INTERNATIONAL, NONCE_BYTES, SECRET_BYTES, SIGNATURE_BYTES, tag_prefix
from ledger.errors import BadProof, BadSignature
from ledger.national import suite_named

SUITES = ("intl", "gm")
CIPHER_KEY_BYTES = {"intl": 32, "gm": 16}


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        # FIPS 180-4, examples of SHA-256: one block, two blocks; and the empty message.
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"a" * 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ],
)
def test_fips_180_4(message, digest):
    assert hashlib.sha256(message).hexdigest() == digest


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        # GB/T 32905 annex A, examples 1 and 2.
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_gb_t_32905(message, digest):
    assert hashlib.new("sm3", message).hexdigest() == digest


BLOCK = bytes.fromhex("0123456789abcdeffedcba9876543210")


def test_gb_t_32907():
    """Annex A, examples 1 and 2. A million encryptions in one call: CBC over zeros feeds each output back."""
    once = Cipher(algorithms.SM4(BLOCK), modes.ECB()).encryptor().update(BLOCK)
    assert once.hex() == "681edf34d206965e86b3e94f536e4246"
    chain = Cipher(algorithms.SM4(BLOCK), modes.CBC(BLOCK)).encryptor().update(bytes(16 * 1_000_000))
    assert chain[:16] == once
    assert chain[-16:].hex() == "595298c7c6fd271f0402f804c33d3f66"


def test_rfc_8998_appendix_a_1():
    """SM4-GCM."""
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plaintext = b"".join(bytes([byte]) * 8 for byte in bytes.fromhex("aabbccddeeffeeaa"))
    nonce = bytes.fromhex("00001234567800000000abcd")
    sealed = suite_named("gm").seal(BLOCK, nonce, plaintext, associated)
    assert sealed.hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15"
        "a56834cbcf98c397b4024a2691233b8d83de3541e4c2b58177e065a9bf7b62ec"
    )


def test_gcm_specification_test_case_16():
    """AES-256-GCM (McGrew and Viega, appendix B)."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    plaintext = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = INTERNATIONAL.seal(key, bytes.fromhex("cafebabefacedbaddecaf888"), plaintext, associated)
    assert sealed.hex() == (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
    )


@pytest.mark.parametrize(("name", "algorithm"), [("intl", "sha256"), ("gm", "sm3")])
def test_a_tagged_hash_is_the_length_the_tag_and_the_bytes(name, algorithm):
    digest = suite_named(name).hasher("tx")
    for data in (b"", b"x", bytes(1000)):
        expected = hashlib.new(algorithm, b"\x0blugang/1/tx" + data).digest()
        assert digest(data) == expected
        assert digest(data) == expected, "a hasher holds nothing back from the call before"


@given(st.text("ab/", max_size=6), st.binary(max_size=6), st.text("ab/", max_size=6), st.binary(max_size=6))
def test_no_tag_and_bytes_pass_for_another_pair(tag, data, other_tag, other_data):
    if (tag, data) != (other_tag, other_data):
        assert tag_prefix(tag) + data != tag_prefix(other_tag) + other_data


def test_a_tag_that_does_not_fit_is_our_own_mistake():
    with pytest.raises(AssertionError):
        tag_prefix("x" * 250)
    with pytest.raises(UnicodeEncodeError):
        tag_prefix("票")


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_keeps_its_sizes(name):
    suite = suite_named(name)
    secret = b"\x07" * SECRET_BYTES
    key = suite.public_key(secret)
    signature = suite.sign(secret, bytes(32))
    assert (len(key), len(signature), len(suite.hasher("x")(b""))) == (suite.key_bytes, SIGNATURE_BYTES, 32)
    suite.check_key(key)
    suite.verify(key, bytes(32), signature)
    suite.self_test()


@pytest.mark.parametrize("name", SUITES)
def test_the_keys_of_one_suite_are_none_of_the_other(name):
    suite, other = suite_named(name), suite_named("gm" if name == "intl" else "intl")
    key = other.public_key(b"\x07" * SECRET_BYTES)
    with pytest.raises(BadSignature):
        suite.check_key(key)
    with pytest.raises(BadSignature):
        suite.verify(key, bytes(32), other.sign(b"\x07" * SECRET_BYTES, bytes(32)))


@pytest.mark.parametrize("name", SUITES)
def test_sealed_bytes_open_only_as_they_were_sealed(name):
    suite = suite_named(name)
    key, nonce = b"k" * CIPHER_KEY_BYTES[name], b"n" * NONCE_BYTES
    sealed = suite.seal(key, nonce, b"plain", b"associated")
    assert len(sealed) == len(b"plain") + 16
    assert suite.open(key, nonce, sealed, b"associated") == b"plain"
    assert suite.open(key, nonce, suite.seal(key, nonce, b"", b""), b"") == b""
    wrong = [
        (key, nonce, sealed, b""),
        (key, b"m" * NONCE_BYTES, sealed, b"associated"),
        (b"j" + key[1:], nonce, sealed, b"associated"),
    ]
    for i in range(len(sealed)):
        wrong.append((key, nonce, sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :], b"associated"))
        wrong.append((key, nonce, sealed[:i], b"associated"))
    wrong += [(key, nonce, sealed + b"\0", b"associated"), (key[:-1], nonce, sealed, b"associated")]
    wrong += [
        (key, nonce[:-1], sealed, b"associated"),
        (key, nonce + b"\0", sealed, b"associated"),
        (key, b"", sealed, b"associated"),
    ]
    for case in wrong:
        with pytest.raises(BadProof):
            suite.open(*case)


@pytest.mark.parametrize("name", SUITES)
def test_a_nonce_has_one_length(name):
    with pytest.raises(AssertionError):
        suite_named(name).seal(b"k" * CIPHER_KEY_BYTES[name], b"n" * 16, b"", b"")
