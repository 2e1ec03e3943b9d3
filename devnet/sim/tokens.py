"""Signatures that cost a dictionary look-up and cannot be forged inside the simulator.

A token is nothing but key and digest; what makes it a signature is that its making was recorded here. Whoever has not
called `sign` with the secret has no signature, whatever bytes it sends. The record also answers the checkers, who ask
what a key has ever signed, sent or not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from consensus.messages import BlockHash, Height, Round, VoteKind
from consensus.signing import Domain
from ledger.crypto import Hasher, International, Suite
from ledger.errors import BadSignature


class TokenSuite(International):
    """The international suite with tokens in place of Ed25519. One instance is one run."""

    def __init__(self) -> None:
        self._signed: set[tuple[bytes, bytes]] = set()
        self._hashers: dict[str, Hasher] = {}

    def hasher(self, tag: str) -> Hasher:
        known = self._hashers.get(tag)
        if known is None:
            known = self._hashers[tag] = super().hasher(tag)
        return known

    def public_key(self, secret: bytes) -> bytes:
        return hashlib.sha256(b"token key" + secret).digest()

    def sign(self, secret: bytes, digest: bytes) -> bytes:
        key = self.public_key(secret)
        self._signed.add((key, digest))
        return key + digest

    def verify(self, key: bytes, digest: bytes, signature: bytes) -> None:
        if signature != key + digest or (key, digest) not in self._signed:
            raise BadSignature("not this key's token")


class RememberingDomain(Domain):
    """The chain's domain, which computes the hash of a vote once for all nodes: a pure function, asked very often."""

    def __init__(self, suite: Suite, chain: bytes) -> None:
        super().__init__(suite, chain)
        self._votes: dict[tuple[object, ...], bytes] = {}

    def vote(
        self, valset_hash: bytes, kind: VoteKind, height: Height, round_: Round, block_hash: BlockHash | None
    ) -> bytes:
        place = (valset_hash, kind, height, round_, block_hash)
        known = self._votes.get(place)
        if known is None:
            known = self._votes[place] = super().vote(valset_hash, kind, height, round_, block_hash)
        return known


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
