"""What exactly is signed, and by whom.

`Domain` computes the 32-byte hash of every signed record; each binds the chain, the engine and, where validators are
named by number, their set, so that no signature can be used on another chain, under another engine, by another set, at
another height or for another type. "Identical" always compares these hashes: SM2's signatures differ from call to call.

`Signer` holds the secret. Signing is pure computation, so the engine does it in memory and hands the signature to the
write-ahead log before any of it leaves. The simulator injects cheap token signatures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from consensus.messages import (
    BlockHash,
    CheckpointVote,
    Height,
    PolkaCert,
    ProposalClaim,
    Rejoin,
    Round,
    Status,
    Vote,
    VoteKind,
)
from ledger.checkpoint import Checkpoint
from ledger.codec import encode
from ledger.crypto import Suite
from ledger.validators import Engine

VERSION = 1


class Signer(Protocol):
    """One node's consensus key."""

    @property
    def key(self) -> bytes:
        """The raw public key."""
        ...

    def sign(self, digest: bytes) -> bytes:
        """The signature of a 32-byte hash."""
        ...


@dataclass(frozen=True, slots=True)
class SuiteSigner:
    """The signer of a real chain. Its representation never shows the secret."""

    suite: Suite
    key: bytes
    _secret: bytes

    def __repr__(self) -> str:
        return f"SuiteSigner({self.key.hex()[:12]})"

    def sign(self, digest: bytes) -> bytes:
        return self.suite.sign(self._secret, digest)


class Domain:
    """The hashes of one chain's signed records."""

    def __init__(self, suite: Suite, chain: bytes, engine: Engine = "pbft") -> None:
        self.suite, self.chain, self.engine = suite, chain, engine
        names = ("vote", "proposal", "polka", "rejoin", "status")
        self._vote, self._proposal, self._polka, self._rejoin, self._status = map(suite.hasher, names)

    def vote(
        self, valset_hash: bytes, kind: VoteKind, height: Height, round_: Round, block_hash: BlockHash | None
    ) -> bytes:
        value = (VERSION, self.chain, self.engine, valset_hash, height, round_, int(kind), block_hash)
        return self._vote(encode(value))

    def of_vote(self, valset_hash: bytes, vote: Vote) -> bytes:
        return self.vote(valset_hash, vote.kind, vote.height, vote.round, vote.block_hash)

    def proposal(self, valset_hash: bytes, claim: ProposalClaim) -> bytes:
        """The claim's own signature is no part of it."""
        value = (
            VERSION,
            self.chain,
            self.engine,
            valset_hash,
            claim.height,
            claim.round,
            claim.block_hash,
            claim.valid_round,
            claim.polka_hash,
        )
        return self._proposal(encode(value))

    def polka_hash(self, polka: PolkaCert | None) -> bytes | None:
        """Signed with the proposal, so that a relay that swaps the polka cannot make its proposer look guilty."""
        return None if polka is None else self._polka(encode(polka.to_value()))

    def checkpoint(self, checkpoint: Checkpoint) -> bytes:
        return checkpoint.sign_bytes(self.suite)

    def of_checkpoint_vote(self, vote: CheckpointVote) -> bytes:
        return self.checkpoint(vote.checkpoint)

    def rejoin(self, message: Rejoin) -> bytes:
        return self._rejoin(encode((VERSION, self.chain, self.engine, message.key, message.nonce)))

    def status(self, message: Status) -> bytes:
        value = (
            VERSION,
            self.chain,
            self.engine,
            message.key,
            message.nonce,
            message.height,
            message.block_hash,
            message.observer,
        )
        return self._status(encode(value))
