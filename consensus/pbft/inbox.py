"""Verified messages, one method a type: keep what is worth keeping, answer what is asked. The rules run afterwards."""

from __future__ import annotations

from typing import Final

from consensus.events import Reject, Report, Send
from consensus.messages import (
    Certificate,
    CheckpointVote,
    CommitCert,
    GetNewest,
    Misbehaviour,
    Newest,
    OrderingMessage,
    PeerId,
    PolkaCert,
    Proposal,
    Rejoin,
    RoundCert,
    RoundState,
    Status,
    Vote,
)
from consensus.misbehaviour import Offence, claim_of, duplicate_proposals, duplicate_votes, offence_of
from consensus.observer import RejoinDesk
from consensus.pbft.book import Book
from consensus.pbft.checkpoints import WINDOW, Checkpoints
from consensus.pbft.desk import Desk
from consensus.pbft.gossip import Gossip
from consensus.pbft.heights import Heights
from consensus.pbft.links import Links
from consensus.pbft.site import Site
from consensus.pbft.standing import Standing, position_of
from ledger.errors import BadProof

REPORTS_KEPT_MAX: Final = 1024
REPORTS_PER_HEIGHT_MAX: Final = 8
"""Of one offender."""


class Inbox:
    def __init__(
        self,
        site: Site,
        *,
        links: Links,
        desk: Desk,
        heights: Heights,
        standing: Standing,
        checkpoints: Checkpoints,
        gossip: Gossip,
        rejoins: RejoinDesk,
    ) -> None:
        self._site, self._desk, self._links = site, desk, links
        self._heights, self._standing = heights, standing
        self._checkpoints, self._gossip, self._rejoins = checkpoints, gossip, rejoins
        self._newest: dict[PeerId, Vote | Proposal] = {}
        self._reported: dict[Offence, None] = {}

    def on_message(self, peer: PeerId, message: OrderingMessage) -> None:
        match message:
            case Vote():
                self._on_vote(message)
            case Proposal():
                self._on_proposal(peer, message)
            case CheckpointVote():
                self._on_checkpoint_vote(message)
            case RoundState():
                self._on_round_state(peer, message)
            case PolkaCert() | CommitCert():
                self._on_certified(message)
            case RoundCert():
                self._on_round_cert(message)
            case Certificate(cert):
                self._checkpoints.on_cert(cert)
            case Misbehaviour():
                self._report(message, relay=False)
            case Rejoin():
                self._on_rejoin(peer, message)
            case Status():
                self._standing.on_status(message, self._heights.rounds)
            case GetNewest():
                self._site.emit(Send(peer, Newest(self._newest.get(peer))))
            case Newest():
                self._standing.on_newest(peer, message, self._heights.rounds)

    def wants(self, message: OrderingMessage) -> bool:
        """Is it worth verifying? A question about what is held; it changes nothing."""
        match message:
            case Vote():
                return self._wants_vote(message)
            case Proposal():
                book = self._heights.book_of(message.height)
                return book is not None and not book.holds_proposal(claim_of(self._site.domain, message))
            case CheckpointVote():
                return self._checkpoints.wants_vote(message)
            case PolkaCert():
                book = self._heights.book_of(message.height)
                return book is not None and message.round not in book.polkas
            case CommitCert():
                book = self._heights.book_of(message.height)
                return book is not None and book.commit is None
            case RoundCert():
                rounds = self._heights.rounds
                return message.height == rounds.height and rounds.decision is None and message.round >= rounds.round
            case Certificate(cert):
                return cert.checkpoint.height > self._checkpoints.certified
            case Misbehaviour():
                return self._wants_misbehaviour(message)
            case _:
                return True

    def _wants_misbehaviour(self, misbehaviour: Misbehaviour) -> bool:
        try:
            return not self._is_reported(offence_of(misbehaviour))
        except BadProof:
            return True

    def _wants_vote(self, vote: Vote) -> bool:
        below = self._heights.below
        if below is not None and vote.height == below.height:
            return below.other_vote(vote) is not None
        book = self._heights.book_of(vote.height)
        return book is not None and not book.holds_vote(vote)

    # one method a type

    def on_own(self, message: Vote | Proposal | CheckpointVote) -> None:
        """An own message has become durable: now it counts here too."""
        if isinstance(message, CheckpointVote):
            self._checkpoints.on_own_vote(message)
        elif message.height == self._heights.rounds.height and self._heights.rounds.decision is None:
            if isinstance(message, Proposal):
                self._heights.rounds.book.add_proposal(message, claim_of(self._site.domain, message))
            else:
                self._heights.rounds.book.add_vote(message)

    def _on_vote(self, vote: Vote) -> None:
        below = self._heights.below
        if below is not None and vote.height == below.height:
            self._check_contradiction(vote, below)
            return
        book = self._heights.book_of(vote.height)
        if book is None:
            return
        self._on_signed(vote, book)
        self._check_contradiction(vote, book)
        book.add_vote(vote)

    def _check_contradictions(self, votes: tuple[Vote, ...], book: Book) -> None:
        """A certificate may hold the vote that a traitor has shown to others only."""
        for vote in votes:
            self._check_contradiction(vote, book)

    def _check_contradiction(self, vote: Vote, book: Book) -> None:
        other, offender = book.other_vote(vote), book.validators.keys[vote.validator]
        if other is None or book.holds_vote(vote):
            return
        if not self._is_reported((offender, vote.height, vote.round, int(vote.kind))):
            self._report(duplicate_votes(offender, other, vote), relay=True)

    def _on_proposal(self, peer: PeerId, proposal: Proposal) -> None:
        """Of the own height, by whoever's turn it is; of the one above, whose turns are not known yet, bounded."""
        book, rounds = self._heights.book_of(proposal.height), self._heights.rounds
        if book is None:
            return
        own_height = proposal.height == rounds.height
        if own_height and proposal.validator != rounds.proposer_at(proposal.round):
            detail = f"validator {proposal.validator} proposes in round {proposal.round}"
            self._site.emit(Reject(peer, "BYT-TURN", detail))
            return
        self._on_signed(proposal, book)
        claim = claim_of(self._site.domain, proposal)
        first = book.first_claim(proposal.round, proposal.validator)
        if first is not None and not book.holds_proposal(claim):
            offender = book.validators.keys[claim.validator]
            self._report(duplicate_proposals(offender, first, claim), relay=True)
        book.add_proposal(proposal, claim)

    def _on_signed(self, message: Vote | Proposal, book: Book) -> None:
        """Remember each validator's newest message, so that it can be told after a loss; look for our own key."""
        signer = book.validators.keys[message.validator]
        known = self._newest.get(signer)
        if known is None or position_of(message) > position_of(known):
            self._newest[signer] = message
        peer = self._links.get(signer)
        peer.height = max(peer.height, message.height)
        # Nobody signs outside the certified window, so a signature says what its signer holds at least.
        peer.certified = max(peer.certified, message.height - WINDOW)
        self._standing.on_signed(message, self._heights.rounds, signer)

    def _on_certified(self, cert: PolkaCert | CommitCert) -> None:
        book = self._heights.book_of(cert.height)
        if book is not None:
            votes = cert.votes(book.validators.quorum.n)
            self._check_contradictions(votes, book)
            book.add_certified(votes)

    def _on_round_cert(self, cert: RoundCert) -> None:
        rounds = self._heights.rounds
        if cert.height == rounds.height and rounds.decision is None:
            self._check_contradictions(cert.votes(), rounds.book)
            rounds.on_round_cert(cert)

    def _on_round_state(self, peer: PeerId, state: RoundState) -> None:
        if state.cert is not None:
            self._on_certified(state.cert)
        self._gossip.on_round_state(peer, state, self._heights.rounds)

    def _on_checkpoint_vote(self, vote: CheckpointVote) -> None:
        validators = self._heights.validators_of(vote.height)
        if validators is not None:
            # Who has executed a height has decided it: nobody need tell it so.
            peer = self._links.get(validators.keys[vote.validator])
            peer.height = max(peer.height, vote.height + 1)
        for misbehaviour in self._checkpoints.on_vote(vote):
            self._report(misbehaviour, relay=True)

    def _on_rejoin(self, peer: PeerId, rejoin: Rejoin) -> None:
        tip, rounds = self._heights.tip, self._heights.rounds
        cert = self._gossip.commit_of(tip.height)
        if rounds.validators.mine is None or (cert is None and tip.height > 0):
            return
        if self._rejoins.on_rejoin(rejoin, tip.height, self._site.now_ms):
            status = self._desk.status(rejoin.nonce, tip, cert, observer=self._standing.is_observer(rounds))
            self._site.emit(Send(peer, status))

    def _report(self, misbehaviour: Misbehaviour, *, relay: bool) -> None:
        """Each offence once; whoever sees it first tells the others, since any of them may propose next."""
        offence = offence_of(misbehaviour)
        if self._is_reported(offence):
            return
        if len(self._reported) >= REPORTS_KEPT_MAX:
            del self._reported[next(iter(self._reported))]
        self._reported[offence] = None
        self._site.emit(Report(misbehaviour))
        if relay:
            self._site.emit(Send(None, misbehaviour))

    def _is_reported(self, offence: Offence) -> bool:
        """Known, or one of a flood: a traitor can offend in as many rounds as it likes, a few prove as much as all."""
        if offence in self._reported:
            return True
        return sum(known[:2] == offence[:2] for known in self._reported) >= REPORTS_PER_HEIGHT_MAX
