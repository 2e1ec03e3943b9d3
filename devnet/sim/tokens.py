"""Signatures that cost a dictionary look-up and cannot be forged inside the simulator.

A token is nothing but key and digest; what makes it a signature is that its making was recorded here. Whoever has not
called `sign` with the secret has no signature, whatever bytes it sends. The record also answers the checkers, who ask
what a key has ever signed, sent or not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ledger.crypto import International, Suite
from ledger.errors import BadSignature


class TokenSuite(International):
    """The international suite with tokens in place of Ed25519. One instance is one run."""

    def __init__(self) -> None:
        self._signed: set[tuple[bytes, bytes]] = set()

    def public_key(self, secret: bytes) -> bytes:
        return hashlib.sha256(b"token key" + secret).digest()

    def sign(self, secret: bytes, digest: bytes) -> bytes:
        key = self.public_key(secret)
        self._signed.add((key, digest))
        return key + digest

    def verify(self, key: bytes, digest: bytes, signature: bytes) -> None:
        if signature != key + digest or (key, digest) not in self._signed:
            raise BadSignature("not this key's token")


@dataclass(frozen=True, slots=True)
class Hand:
    """One key's secret. `ledger` is shared by all hands of a run: what each key has signed."""

    suite: Suite
    key: bytes
    secret: bytes
    ledger: set[tuple[bytes, bytes]]

    def sign(self, digest: bytes) -> bytes:
        self.ledger.add((self.key, digest))
        return self.suite.sign(self.secret, digest)


def make_hand(suite: Suite, name: str, ledger: set[tuple[bytes, bytes]]) -> Hand:
    secret = hashlib.sha256(f"secret of {name}".encode()).digest()
    return Hand(suite, suite.public_key(secret), secret, ledger)
