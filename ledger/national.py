"""The national suite `gm`: SM2 (GB/T 32918), SM3 (GB/T 32905), SM4-GCM (GB/T 32907, RFC 8998), and the choice by name.

SM2 comes from the system's OpenSSL, SM3 from Python's `hashlib`, SM4 from `cryptography`. Some distributions build
OpenSSL without them, so the suite tests itself against the standards' examples before its first use in a process and
refuses with a sentence that names what is missing; a chain that chose `intl` never asks.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ledger import sm2
from ledger.crypto import HASH_BYTES, INTERNATIONAL, NONCE_BYTES, Hasher, Suite, hasher_from, tag_prefix
from ledger.errors import BadProof, BadSignature

_TAG_BYTES: Final = 16
_SM4_KEY_BYTES: Final = 16


class National:
    """SM2 with the standard's default id, SM3, SM4-GCM."""

    name = "gm"
    key_bytes = sm2.KEY_BYTES

    def hasher(self, tag: str) -> Hasher:
        return hasher_from(hashlib.new("sm3", tag_prefix(tag)))

    def public_key(self, secret: bytes) -> bytes:
        return sm2.public_key(secret)

    def sign(self, secret: bytes, digest: bytes) -> bytes:
        assert len(digest) == HASH_BYTES, "what is signed is a hash"
        return sm2.sign(secret, digest)

    def verify(self, key: bytes, digest: bytes, signature: bytes) -> None:
        if len(digest) != HASH_BYTES:
            raise BadSignature(f"a hash of {len(digest)} bytes, {HASH_BYTES} expected")
        sm2.verify(key, digest, signature)

    def check_key(self, key: bytes) -> None:
        sm2.check_key(key)

    def seal(self, key: bytes, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
        # GCM itself takes other nonce lengths; one length leaves one way to write a ciphertext.
        assert len(nonce) == NONCE_BYTES, "a nonce has 12 bytes"
        encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(associated)
        return encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag

    def open(self, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        if len(nonce) != NONCE_BYTES or len(key) != _SM4_KEY_BYTES or len(sealed) < _TAG_BYTES:
            raise BadProof("the ciphertext was changed or the key is another")
        content, tag = sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]
        decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(associated)
        plaintext = decryptor.update(content)
        try:
            return plaintext + decryptor.finalize()
        except InvalidTag:
            raise BadProof("the ciphertext was changed or the key is another") from None

    def self_test(self) -> None:
        self._test_sm3()
        self._test_sm2()
        self._test_sm4()

    def _test_sm3(self) -> None:
        try:
            digest = hashlib.new("sm3", b"abc").hexdigest()
        except ValueError:
            raise RuntimeError("self-test: this Python's OpenSSL was built without SM3") from None
        if digest != "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0":
            raise RuntimeError("self-test: SM3 does not reproduce GB/T 32905")

    def _test_sm2(self) -> None:
        # The example of GB/T 32918.5 annex A.2, with the same id.
        secret = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
        public = bytes.fromhex(
            "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
            "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
        )
        signature = bytes.fromhex(
            "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
            "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
        )
        if sm2.public_key(secret) != public:
            raise RuntimeError("self-test: SM2 does not derive the key of GB/T 32918.5")
        try:
            sm2.verify(public, b"message digest", signature)
            sm2.verify(public, bytes(HASH_BYTES), sm2.sign(secret, bytes(HASH_BYTES)))
        except BadSignature as fault:
            raise RuntimeError(f"self-test: SM2 refuses the signature of GB/T 32918.5: {fault.detail}") from None

    def _test_sm4(self) -> None:
        # RFC 8998 appendix A.1, which covers the block cipher and its mode at once.
        key, nonce = bytes.fromhex("0123456789abcdeffedcba9876543210"), bytes.fromhex("00001234567800000000abcd")
        associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
        plaintext = b"".join(bytes([byte]) * 8 for byte in bytes.fromhex("aabbccddeeffeeaa"))
        expected = (
            "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
            "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d83de3541e4c2b58177e065a9bf7b62ec"
        )
        try:
            sealed = self.seal(key, nonce, plaintext, associated)
        except UnsupportedAlgorithm:
            raise RuntimeError("self-test: the cryptography library was built without SM4-GCM") from None
        if sealed.hex() != expected or self.open(key, nonce, sealed, associated) != plaintext:
            raise RuntimeError("self-test: SM4-GCM does not reproduce RFC 8998")


@lru_cache(maxsize=1)
def _national() -> National:
    suite = National()
    suite.self_test()
    return suite


def suite_named(name: str) -> Suite:
    """The suite that a genesis names; RuntimeError when this machine cannot do `gm`, ValueError for no suite."""
    if name == INTERNATIONAL.name:
        return INTERNATIONAL
    if name == National.name:
        return _national()
    raise ValueError(f"{name!r} is no suite; there are intl and gm")
