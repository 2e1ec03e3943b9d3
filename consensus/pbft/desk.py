"""The signing desk: every own message passes here, and none leaves before its record is durable.

In one step: the guard permits, the signature is computed in memory, `Persist` names the log record (with the blocks
whose bytes must be in the same sync) and the guard's new state, `Send` waits for the token. Only when the token comes
back does the message reach the node's own tally: an own vote that completes a quorum must not be lost by a crash after
others have acted on what it completed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from consensus.events import Persist, Send, Token
from consensus.messages import (
    BlockHash,
    CheckpointVote,
    CommitCert,
    Height,
    PolkaCert,
    Proposal,
    Rejoin,
    Round,
    Status,
    Vote,
    VoteKind,
)
from consensus.misbehaviour import claim_of
from consensus.pbft.site import Site
from consensus.records import Decided, GuardState, OwnCheckpoint, OwnProposal, OwnVote, Record, RoundMemory
from consensus.signing import Signer
from consensus.start import Tip
from consensus.validator_window import HeightValidators
from consensus.vote_guard import VoteGuard
from ledger.block import Header
from ledger.checkpoint import Checkpoint

OwnMessage = Proposal | Vote | CheckpointVote
_UNSIGNED = bytes(64)


class Desk:
    def __init__(self, site: Site, signer: Signer, guard: VoteGuard) -> None:
        self._site, self._signer, self.guard = site, signer, guard
        self._token: Token = 0
        self._waiting: deque[tuple[Token, OwnMessage]] = deque()
        self._logged: set[BlockHash] = set()
        """Blocks of the height whose bytes the log holds or will hold before the next record. Never iterated."""

    @property
    def key(self) -> bytes:
        return self._signer.key

    def enter_height(self, logged: Iterable[BlockHash] = ()) -> None:
        self._logged = set(logged)

    def vote(
        self,
        validators: HeightValidators,
        kind: VoteKind,
        place: tuple[Height, Round],
        block_hash: BlockHash | None,
        memory: RoundMemory,
    ) -> None:
        assert validators.mine is not None, "only a validator votes"
        height, round_ = place
        digest = self._site.domain.vote(validators.hash, kind, height, round_, block_hash)
        guard = self.guard.permit_vote((height, round_, int(kind)), digest)
        vote = Vote(kind, height, round_, block_hash, validators.mine, self._signer.sign(digest))
        self._issue(vote, OwnVote(vote, digest, memory), guard, block_hash, memory)

    def propose(
        self, validators: HeightValidators, round_: Round, header: Header, polka: PolkaCert | None, memory: RoundMemory
    ) -> Proposal:
        assert validators.mine is not None, "only a validator proposes"
        valid_round = None if polka is None else polka.round
        draft = Proposal(round_, header, valid_round, polka, validators.mine, _UNSIGNED)
        claim = claim_of(self._site.domain, draft)
        digest = self._site.domain.proposal(validators.hash, claim)
        guard = self.guard.permit_vote((header.height, round_, 0), digest)
        proposal = replace(draft, signature=self._signer.sign(digest))
        self._issue(proposal, OwnProposal(proposal, digest, memory), guard, claim.block_hash, memory)
        return proposal

    def checkpoint(self, validators: HeightValidators, checkpoint: Checkpoint) -> None:
        """Raises `CheckpointConflict` when another one of this height and attempt was signed before."""
        assert validators.mine is not None, "only a validator certifies"
        digest = self._site.domain.checkpoint(checkpoint)
        guard = self.guard.permit_checkpoint(checkpoint.height, checkpoint.attempt, digest)
        vote = CheckpointVote(checkpoint, validators.mine, self._signer.sign(digest))
        self._issue(vote, OwnCheckpoint(vote, digest), guard, None, None)

    def decided(self, cert: CommitCert) -> None:
        """DECIDE and the block's bytes, in the log before every record of the next height."""
        record = Decided(cert.height, cert.block_hash, cert)
        self._persist((record,), self._unlogged(cert.block_hash, None), None)

    def save_guard(self, guard: GuardState) -> Token:
        return self._persist((), (), guard)

    def rejoin(self, nonce: bytes) -> Rejoin:
        """Signed and sent without a record: it promises nothing."""
        draft = Rejoin(self.key, nonce, _UNSIGNED)
        return replace(draft, signature=self._signer.sign(self._site.domain.rejoin(draft)))

    def status(self, nonce: bytes, tip: Tip, cert: CommitCert | None, *, observer: bool) -> Status:
        draft = Status(self.key, nonce, tip.height, tip.block_hash, observer, _UNSIGNED, cert)
        return replace(draft, signature=self._signer.sign(self._site.domain.status(draft)))

    def persisted(self, token: Token) -> list[OwnMessage]:
        """The own messages that have become durable, in the order of signing."""
        assert token <= self._token, "only what was asked for becomes durable"
        durable = []
        while self._waiting and self._waiting[0][0] <= token:
            durable.append(self._waiting.popleft()[1])
        return durable

    def _issue(
        self,
        message: OwnMessage,
        record: Record,
        guard: GuardState,
        block_hash: BlockHash | None,
        memory: RoundMemory | None,
    ) -> None:
        token = self._persist((record,), self._unlogged(block_hash, memory), guard)
        self._waiting.append((token, message))
        self._site.emit(Send(None, message, token))

    def _persist(self, records: tuple[Record, ...], blocks: tuple[BlockHash, ...], guard: GuardState | None) -> Token:
        self._token += 1
        self._site.emit(Persist(self._token, records, blocks, guard))
        return self._token

    def _unlogged(self, block_hash: BlockHash | None, memory: RoundMemory | None) -> tuple[BlockHash, ...]:
        """The blocks that a record refers to and that no earlier Persist has named."""
        named = [block_hash]
        if memory is not None:
            named += [found.block_hash for found in (memory.lock, memory.valid) if found is not None]
        fresh = dict.fromkeys(name for name in named if name is not None and name not in self._logged)
        self._logged.update(fresh)
        return tuple(fresh)
