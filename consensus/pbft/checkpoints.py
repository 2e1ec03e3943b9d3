"""The attestation layer: what executing the decided heights came to, certified height by height, and the window on it.

After Applied(h) a validator signs Checkpoint(h), in height order; q equal ones are a CheckpointCert. S is the highest
certified height known here. The certified window: a node takes part in ordering at H only while A ≥ H − 2 and it holds
a certificate of some x ≥ H − 2, which must equal its own checkpoint wherever x ≤ A. Waiting for Applied alone would let
a divergence bug and f traitors fork the chain at a change of the validators.

Divergence is final: an own result that differs from a certified one, from the one signed before, or from so many others
that no value can reach a quorum any more, stops the node with both checkpoints in hand. It never overwrites.

The history root in a checkpoint covers all lower heights, so one certificate certifies everything below it, and a
height that is already certified when it is applied here is compared and not signed. If its certificate is lost in a
crash, it is not signed after the restart either: the guard remembers from a higher height on, and the certificate of
that one covers it.
"""

from __future__ import annotations

from typing import Final

from consensus.events import Applied, Certified
from consensus.messages import CheckpointVote, Height, Misbehaviour
from consensus.misbehaviour import duplicate_checkpoints
from consensus.pbft.desk import Desk
from consensus.pbft.site import MustStop, Site
from consensus.validator_window import HeightValidators, ValidatorWindow
from consensus.vote_guard import CheckpointConflict
from ledger.checkpoint import VALIDATORS_LAG, Checkpoint, CheckpointCert, bitmap_of
from ledger.history import History, HistoryRange

WINDOW: Final = 2
"""How far ordering may run ahead of the certified height."""
CHECKPOINTS_PER_SIGNER_MAX: Final = 2
RESENT_VOTES_MAX: Final = 8


class Diverged(MustStop):
    """Own execution and that of others came to different results."""

    def __init__(self, reason: str, one: Checkpoint, other: Checkpoint) -> None:
        super().__init__(reason)
        self.checkpoints = (one, other)


class Checkpoints:
    def __init__(
        self, site: Site, desk: Desk, window: ValidatorWindow, certified: CheckpointCert | None, history: History
    ) -> None:
        self._site, self._desk, self._window = site, desk, window
        self._range = HistoryRange(site.domain.suite)
        self._history = history
        self.applied: Height = history.leaves - 1
        self.cert = certified
        self._window.certify(self.certified)
        self._own: dict[Height, Checkpoint] = {}
        self._own_votes: dict[Height, CheckpointVote] = {}
        self._votes: dict[Height, dict[Checkpoint, dict[int, CheckpointVote]]] = {}
        self._ahead: dict[Height, CheckpointCert] = {}
        if certified is not None and certified.checkpoint.height > self.applied:
            self._ahead[certified.checkpoint.height] = certified

    @property
    def certified(self) -> Height:
        return 0 if self.cert is None else self.cert.checkpoint.height

    def window_is_open(self, height: Height) -> bool:
        """May this node take part at `height`? Certificates up to A were found equal when they met their result."""
        return self.applied >= height - WINDOW and self.certified >= height - WINDOW

    def own_votes_above(self, height: Height) -> list[CheckpointVote]:
        """Own signatures, durable and above `height`, sent again until certified: the lowest and the newest.

        A chain that waits for certificates waits for those of its lowest heights; one certificate covers all below it.
        """
        above = sorted(own for own in self._own_votes if own > height)
        half = RESENT_VOTES_MAX // 2
        return [self._own_votes[own] for own in dict.fromkeys(above[:half] + above[-half:])]

    def wants_vote(self, vote: CheckpointVote) -> bool:
        if not self.certified < vote.height <= self.applied + VALIDATORS_LAG:
            return False
        return vote.validator not in self._votes.get(vote.height, {}).get(vote.checkpoint, {})

    def on_applied(self, event: Applied) -> None:
        """The batch of the height is durable: compare with what is certified, or sign."""
        assert event.height == self.applied + 1, "heights are applied in order"
        self._window.learn(event.height + VALIDATORS_LAG, event.next_validators)
        validators = self._window.row(event.height)
        assert validators is not None, "the set of a height is known three heights before"
        own = self._checkpoint_of(event, validators)
        self._own[event.height] = own
        leaf = self._range.leaf(event.height, event.block_hash, event.state_root, event.receipts_root)
        self._history, _ = self._range.append(self._history, leaf)
        self.applied = event.height
        cert = self._ahead.pop(event.height, None)
        if cert is not None:
            self._compare(own, cert.checkpoint)
        uncertified = event.height > self.certified and self._desk.guard.may_certify(event.height)
        if uncertified and validators.mine is not None:
            self._sign(validators, own)
        elif not self._agrees_with_guard(own):
            raise Diverged(f"height {own.height}: another checkpoint of it was signed before", own, own)
        self._prune()
        self._check_split(event.height)

    def _sign(self, validators: HeightValidators, own: Checkpoint) -> None:
        try:
            self._desk.checkpoint(validators, own)
        except CheckpointConflict as conflict:
            raise Diverged(f"executing again: {conflict}", own, own) from None

    def _agrees_with_guard(self, own: Checkpoint) -> bool:
        digest = self._site.domain.checkpoint(own)
        return self._desk.guard.agrees_with_checkpoint(own.height, own.attempt, digest)

    def _checkpoint_of(self, event: Applied, validators: HeightValidators) -> Checkpoint:
        domain = self._site.domain
        return Checkpoint(
            chain=domain.chain,
            engine=domain.engine,
            valset_hash=validators.hash,
            height=event.height,
            attempt=event.attempt,
            block_hash=event.block_hash,
            block_time=event.block_time,
            state_root=event.state_root,
            receipts_root=event.receipts_root,
            next_valset_hash=self._window.hash_of(event.next_validators),
            history_root=self._range.root(self._history),
        )

    def on_own_vote(self, vote: CheckpointVote) -> None:
        """The own signature is durable."""
        if vote.height > self.certified:
            self._own_votes[vote.height] = vote
            self.on_vote(vote)

    def on_vote(self, vote: CheckpointVote) -> list[Misbehaviour]:
        """A verified signature, the own one included; returns what it contradicts. Certified heights need no more."""
        if not self.certified < vote.height <= self.applied + VALIDATORS_LAG:
            return []
        validators = self._window.row(vote.height)
        assert validators is not None, "a verified message is of a known height"
        values = self._votes.setdefault(vote.height, {})
        voters = values.get(vote.checkpoint)
        if voters is not None and vote.validator in voters:
            return []
        others = [held[vote.validator] for held in values.values() if vote.validator in held]
        if len(others) >= CHECKPOINTS_PER_SIGNER_MAX:
            return []
        voters = values.setdefault(vote.checkpoint, {})
        voters[vote.validator] = vote
        if len(voters) == validators.quorum.q:
            self.on_cert(self._cert_of(vote.checkpoint, voters, validators))
        else:
            self._check_split(vote.height)
        offender, attempt = validators.keys[vote.validator], vote.checkpoint.attempt
        return [duplicate_checkpoints(offender, other, vote) for other in others if other.checkpoint.attempt == attempt]

    def _cert_of(
        self, checkpoint: Checkpoint, voters: dict[int, CheckpointVote], validators: HeightValidators
    ) -> CheckpointCert:
        signers = sorted(voters)
        bitmap = bitmap_of(signers, validators.quorum.n)
        return CheckpointCert(checkpoint, bitmap, tuple(voters[signer].signature for signer in signers))

    def on_cert(self, cert: CheckpointCert) -> bool:
        """A verified certificate, formed or learned. True when it is higher than any before."""
        checkpoint = cert.checkpoint
        if checkpoint.height <= self.certified:
            return False
        own = self._own.get(checkpoint.height)
        if own is not None:
            self._compare(own, checkpoint)
        else:
            self._ahead[checkpoint.height] = cert
        self.cert = cert
        self._window.certify(self.certified)
        self._prune()
        self._site.emit(Certified(cert))
        return True

    def _compare(self, own: Checkpoint, certified: Checkpoint) -> None:
        if not own.agrees_with(certified):
            raise Diverged(f"height {own.height}: own execution differs from the certified one", own, certified)

    def _check_split(self, height: Height) -> None:
        """When no value can reach a quorum any more, honest nodes have diverged: all stop."""
        own, values = self._own.get(height), self._votes.get(height)
        if own is None or values is None or height <= self.certified:
            return
        validators = self._window.row(height)
        assert validators is not None, "votes are kept of known heights"
        # Who has signed another attempt has yet to sign this one, or signs none of it any more.
        rivals = {value: len(voters) for value, voters in values.items() if value.attempt == own.attempt}
        heard = {validator for value in rivals for validator in values[value]}
        silent = validators.quorum.n - len(heard)
        if max(rivals.values(), default=0) + silent < validators.quorum.q:
            rival = max((value for value in rivals if value != own), key=lambda value: (rivals[value], value.encode()))
            raise Diverged(f"height {height}: no result can reach a quorum", own, rival)

    def _prune(self) -> None:
        """Certified heights need no signatures; own results are needed from min(A, S) on."""
        for height in [height for height in self._votes if height <= self.certified]:
            del self._votes[height]
        for height in [height for height in self._own_votes if height <= self.certified]:
            del self._own_votes[height]
        for height in [height for height in self._own if height <= min(self.applied, self.certified)]:
            del self._own[height]
