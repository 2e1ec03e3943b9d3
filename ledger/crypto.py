"""The two cryptographic suites, one of which a chain chooses in its genesis and keeps for ever.

`intl`: Ed25519, SHA-256, AES-256-GCM.   `gm` (national): SM2, SM3, SM4-GCM.

Every hash is `H(tag, x) = hash(u8 length of tag ‖ tag ‖ x)` with an ASCII tag that starts with `lugang/1/`, so that
bytes of one kind can never pass for another. What is signed is always one 32-byte hash. Signatures are 64 bytes in both
suites; keys are raw: 32 bytes (Ed25519) or 64 (SM2, x ‖ y).

PyNaCl is the only Ed25519 verifier: libraries disagree about crafted signatures, and nodes that disagree fork. The
table of such edges is a test.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import nacl.bindings as sodium
import nacl.exceptions
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import BadProof, BadSignature

HASH_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
SECRET_BYTES: Final = 32
NONCE_BYTES: Final = 12
ZERO_HASH: Final = bytes(HASH_BYTES)

Hasher = Callable[[bytes], bytes]
Signed = tuple[bytes, bytes, bytes]
"""(public key, the 32-byte hash that was signed, signature)"""


class Suite(Protocol):
    """What a chain needs of a suite. Stateless; one instance serves a whole process."""

    name: str
    key_bytes: int

    def hasher(self, tag: str) -> Hasher:
        """The function x → H("lugang/1/" + tag, x); made once, called often."""
        ...

    def public_key(self, secret: bytes) -> bytes:
        """The raw public key of a 32-byte secret; ValueError when the suite has no key for it."""
        ...

    def sign(self, secret: bytes, digest: bytes) -> bytes:
        """Sign a 32-byte hash. SM2's signatures differ from call to call, Ed25519's do not."""
        ...

    def verify(self, key: bytes, digest: bytes, signature: bytes) -> None:
        """Return when `key` signed `digest`; raises `BadSignature` otherwise."""
        ...

    def check_key(self, key: bytes) -> None:
        """Raise `BadSignature` when `key` is not the encoding of a usable public key."""
        ...

    def seal(self, key: bytes, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
        """Encrypt and authenticate; the 16-byte tag is at the end. A nonce never serves twice under one key."""
        ...

    def open(self, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        """The plaintext; raises `BadProof` when anything was changed."""
        ...

    def self_test(self) -> None:
        """Compute a published vector of every primitive; RuntimeError names the one that fails."""
        ...


def tag_prefix(tag: str) -> bytes:
    full = f"lugang/1/{tag}".encode("ascii")
    assert 0 < len(full) < 256, "a tag's length fits one byte"
    return bytes([len(full)]) + full


class HashState(Protocol):
    """What `hashlib` returns, as far as it is used here."""

    def copy(self) -> HashState: ...
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


def hasher_from(prepared: HashState) -> Hasher:
    """A hasher that goes on from `prepared`, which has read its tag: a copy is cheaper than a new object."""
    copy = prepared.copy

    def digest(data: bytes) -> bytes:
        state = copy()
        state.update(data)
        return state.digest()

    return digest


def verify_many(suite: Suite, items: Iterable[Signed]) -> list[BadSignature | None]:
    """Verify each; the answer has one place per item, None where the signature is good.

    The one entry for bulk verification: a driver on a host with many cores calls it from threads in chunks of 64.
    """
    answers: list[BadSignature | None] = []
    for key, digest, signature in items:
        try:
            suite.verify(key, digest, signature)
        except BadSignature as fault:
            answers.append(fault)
        else:
            answers.append(None)
    return answers


class International:
    """Ed25519 (RFC 8032, libsodium's accept set), SHA-256, AES-256-GCM."""

    name = "intl"
    key_bytes = 32

    def hasher(self, tag: str) -> Hasher:
        return hasher_from(hashlib.sha256(tag_prefix(tag)))

    def public_key(self, secret: bytes) -> bytes:
        return sodium.crypto_sign_seed_keypair(secret)[0]

    def sign(self, secret: bytes, digest: bytes) -> bytes:
        assert len(digest) == HASH_BYTES, "what is signed is a hash"
        _, pair = sodium.crypto_sign_seed_keypair(secret)
        return sodium.crypto_sign(digest, pair)[:SIGNATURE_BYTES]

    def verify(self, key: bytes, digest: bytes, signature: bytes) -> None:
        if len(key) != 32 or len(signature) != SIGNATURE_BYTES or len(digest) != HASH_BYTES:
            found = f"key {len(key)}, hash {len(digest)}, signature {len(signature)} bytes"
            raise BadSignature(f"{found}; 32, 32, 64 expected")
        try:
            sodium.crypto_sign_open(signature + digest, key)
        except nacl.exceptions.BadSignatureError:
            raise BadSignature("the signature does not belong to this key and these bytes") from None

    def check_key(self, key: bytes) -> None:
        if len(key) != 32 or not sodium.crypto_core_ed25519_is_valid_point(key):
            raise BadSignature("not an Ed25519 key of the prime-order group")

    def seal(self, key: bytes, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
        assert len(nonce) == NONCE_BYTES, "a nonce has 12 bytes"
        return AESGCM(key).encrypt(nonce, plaintext, associated)

    def open(self, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        try:
            return AESGCM(key).decrypt(nonce, sealed, associated)
        except (InvalidTag, ValueError):
            raise BadProof("the ciphertext was changed or the key is another") from None

    def self_test(self) -> None:
        # RFC 8032 section 7.1 test 1 signs the empty string; here only the key and a round trip can be fixed.
        secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        if self.public_key(secret).hex() != public:
            raise RuntimeError("self-test: Ed25519 does not reproduce RFC 8032")
        if hashlib.sha256(b"abc").hexdigest() != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad":
            raise RuntimeError("self-test: SHA-256 does not reproduce FIPS 180-4")
        self.verify(bytes.fromhex(public), ZERO_HASH, self.sign(secret, ZERO_HASH))
        if self.open(bytes(32), bytes(12), self.seal(bytes(32), bytes(12), b"x", b""), b"") != b"x":
            raise RuntimeError("self-test: AES-GCM does not return its plaintext")


INTERNATIONAL: Final = International()
SUITE_NAMES: Final = ("intl", "gm")
