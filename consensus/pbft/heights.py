"""From one height to the next: the tip, the height being decided, and the books of the heights beside it.

Three books are open: the height being decided; the one above it, whose messages come early from nodes that are ahead;
and the one below it, only to notice a validator that contradicts itself late. A decided height is left once the
validators of the next are known, which they are unless execution is three heights behind.
"""

from __future__ import annotations

from consensus.events import Alarm, Deliver
from consensus.messages import CommitCert, Height, Proposal
from consensus.misbehaviour import claim_of
from consensus.pbft.book import Book
from consensus.pbft.desk import Desk
from consensus.pbft.links import Links
from consensus.pbft.rounds import Rounds
from consensus.pbft.site import Site
from consensus.pbft.timeouts import ROUND_TIMERS, Timer
from consensus.start import Restored, Tip, tip_of
from consensus.validator_window import HeightValidators, ValidatorWindow
from ledger.block import Header


class Heights:
    def __init__(self, site: Site, desk: Desk, links: Links, window: ValidatorWindow, tip: Tip) -> None:
        self._site, self._desk, self._links, self._window = site, desk, links, window
        self.tip = tip
        self._early: Book | None = None
        self.below: Book | None = None
        self._told_decision = False
        self.rounds = self._open(tip)

    def _open(self, tip: Tip) -> Rounds:
        height = tip.height + 1
        row = self._window.row(height)
        assert row is not None, "a height is entered when its validators are known"
        book = self._early if self._early is not None else Book(height, row)
        self._early = None
        self._window.enter(height)
        return Rounds(self._site, self._desk, self._links, tip, book)

    @property
    def decided(self) -> Height:
        return self.tip.height

    def validators_of(self, height: Height) -> HeightValidators | None:
        return self._window.row(height)

    def book_of(self, height: Height) -> Book | None:
        """The book that keeps messages of `height`: the own one or the one above, opened when first asked for."""
        if height == self.rounds.height:
            return None if self.rounds.decision is not None else self.rounds.book
        if height != self.rounds.height + 1:
            return None
        if self._early is None:
            row = self._window.row(height)
            self._early = None if row is None else Book(height, row)
        return self._early

    def settle_decision(self) -> CommitCert | None:
        """Tell a fresh decision once: DECIDE first, then the executor. R12: nothing of this height matters after it."""
        rounds = self.rounds
        if rounds.decision is None or self._told_decision:
            return None
        header = rounds.blocks.get(rounds.decision.block_hash).header
        assert header is not None, "a decided block is held"
        self._desk.decided(rounds.decision)
        if rounds.refused_by_clock == rounds.decision.block_hash:
            self._site.emit(Alarm("ORD-CLOCK", f"a quorum decided a block of time {header.time}, ahead of this clock"))
        self._deliver(header, rounds.decision)
        return rounds.decision

    def _deliver(self, header: Header, cert: CommitCert) -> None:
        self._told_decision = True
        self.tip = tip_of(header, cert.block_hash)
        self._site.emit(Deliver(cert.height, cert.block_hash, cert))

    def deliver_logged(self, header: Header, cert: CommitCert) -> None:
        """A decision that the log already holds."""
        assert header.height == self.rounds.height == cert.height, "logged decisions follow one another"
        self.rounds.decision = cert
        self._deliver(header, cert)

    def next_height(self) -> bool:
        """Leave a decided height, when the validators of the next are known."""
        if not self._told_decision or self._window.row(self.tip.height + 1) is None:
            return False
        self._told_decision = False
        self.below = self.rounds.book
        self._site.deadlines.cancel(*ROUND_TIMERS, Timer.HEARTBEAT)
        self._desk.enter_height()
        self.rounds = self._open(self.tip)
        return True

    def restore(self, restored: Restored) -> None:
        """The own records of the height being decided go back into the book: they are durable."""
        rounds = self.rounds
        self._desk.enter_height(header.hash(self._site.domain.suite) for header in restored.headers)
        rounds.restore(restored)
        for message in restored.messages:
            if isinstance(message, Proposal):
                rounds.book.add_proposal(message, claim_of(self._site.domain, message))
            else:
                rounds.book.add_vote(message)
