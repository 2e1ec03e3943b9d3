"""One height, from its first message to its decision: rules R1–R12.

`evaluate` applies the rules, one at a time and always in the same order, until none has anything left to do. It runs
after every event, so R5, R8 and R11 see a body that has just arrived or been validated without anybody having to
remember them. Each `_r*` method is one rule: it returns False when it does not apply and True when it has acted.

A node that is not active (asleep, outside the certified window, an observer) signs nothing and arms nothing here, yet
it keeps up: it decides (R8 is never gated), follows the others' round (R9) and learns polkas (R11).

The lock protects what may have been decided: it changes only by a polka of the own round (R5). The valid value is what
a proposer offers again: it follows every newer polka (R5, R11).
"""

from __future__ import annotations

from enum import IntEnum

from consensus.events import Build, Built
from consensus.messages import (
    BlockHash,
    CommitCert,
    PeerId,
    PolkaCert,
    Proposal,
    ProposalClaim,
    Round,
    RoundCert,
    VoteKind,
)
from consensus.pbft.blocks import Blocks
from consensus.pbft.book import Book
from consensus.pbft.certificates import commit_cert, polka_cert, round_cert
from consensus.pbft.desk import Desk
from consensus.pbft.links import Links
from consensus.pbft.proposer import proposer_of, tenure_of
from consensus.pbft.site import MustStop, Site
from consensus.pbft.timeouts import ROUND_TIMERS, Timer, body_ms, propose_ms, vote_ms
from consensus.records import Lock, RoundMemory
from consensus.start import Restored, Tip
from ledger.block import Header
from ledger.transaction import WIRE_BYTES_MAX

BODY_BYTES_LEAST = 2 * WIRE_BYTES_MAX
"""Halving fresh blocks round by round stops here: the largest transaction still fits."""


class Step(IntEnum):
    """What this node does next in the round; also the guard's step of the vote that leads on."""

    PROPOSE = 0
    PREVOTE = 1
    PRECOMMIT = 2


class Rounds:
    def __init__(self, site: Site, desk: Desk, links: Links, tip: Tip, book: Book) -> None:
        self._site, self._desk, self._links = site, desk, links
        self.tip, self.book, self.validators = tip, book, book.validators
        self.height = tip.height + 1
        self.blocks = Blocks(site, self.height, tip, book.validators)
        self.round: Round = 0
        self.step = Step.PROPOSE
        self.lock: Lock | None = None
        self.valid: PolkaCert | None = None
        self.round_cert: RoundCert | None = None
        self.active = False
        self.decision: CommitCert | None = None
        self.refused_by_clock: BlockHash | None = None
        self._round_started_ms = 0
        self._armed_prevote = self._armed_precommit = self._building = self._proposed = False
        book.keep_proposers(self.proposer_at)
        book.enter(0)

    # rounds: entering, and taking part

    def restore(self, restored: Restored) -> None:
        """Go on where the log ends. The own messages are in the book already."""
        self.round, self.step = restored.round, Step(restored.step)
        self.lock, self.valid = restored.memory.lock, restored.memory.valid
        self.round_cert = restored.memory.round_cert
        self.book.enter(self.round)
        for header in restored.headers:
            block_hash = header.hash(self._site.domain.suite)
            self.blocks.learn_header(block_hash, header)
            self.blocks.body_arrived(block_hash, header)

    def retire(self) -> None:
        """This node may not vote any more; it goes on following."""
        self.active = False
        self._site.deadlines.cancel(*ROUND_TIMERS)

    def activate(self) -> None:
        """This node takes part from here on: awake, inside the window, allowed to vote."""
        self.active = True
        self._begin_round()

    def enter_round(self, round_: Round, cert: RoundCert | None = None) -> None:
        """R1, R7, R9, R10. `cert` shows that the round below has ended."""
        assert round_ > self.round, "rounds only rise"
        self.round, self.step = round_, Step.PROPOSE
        if cert is not None:
            self.round_cert = cert
        self._armed_prevote = self._armed_precommit = self._building = self._proposed = False
        self._site.deadlines.cancel(*ROUND_TIMERS)
        self.book.enter(round_)
        if self.active:
            self._begin_round()

    def _begin_round(self) -> None:
        """R1: everybody arms T_propose, the proposer too, since its own Build may hang."""
        self._round_started_ms = self._site.now_ms
        self.rearm_propose()

    def rearm_propose(self) -> None:
        """T_propose, cut short while the proposer's link has been down for a while."""
        deadlines = self._site.deadlines
        if not self.active or self.step is not Step.PROPOSE or deadlines.is_armed(Timer.BODY):
            return
        at = self._round_started_ms + propose_ms(self._site.timing, self.round)
        if not self.is_proposer():
            down_since = self._links.down_since(self.proposer_peer())
            if down_since is not None:
                at = min(at, max(self._site.now_ms, down_since + self._site.timing.link_down_ms))
        deadlines.arm(Timer.PROPOSE, at)

    def proposer_at(self, round_: Round) -> int:
        return proposer_of(self.tip, self.validators, round_, self._site.timing)

    def is_proposer(self) -> bool:
        return self.validators.mine == self.proposer_at(self.round)

    def proposer_peer(self) -> PeerId:
        return self.validators.keys[self.proposer_at(self.round)]

    # proposing

    def must_propose(self) -> bool:
        """Is it this node's turn, and has it proposed nothing in this round?"""
        if not self.active or self._proposed or self.step is not Step.PROPOSE or not self.is_proposer():
            return False
        return self.book.proposal(self.round) is None

    def wants_fresh_block(self) -> bool:
        return self.must_propose() and self.valid is None and not self._building

    def build(self) -> None:
        """Ask for a fresh block. From round 2 on its size halves each round: it may have been too large to arrive."""
        timing = self._site.timing
        self._building = True
        self._site.deadlines.cancel(Timer.WORK)
        bytes_max = max(timing.body_bytes_max >> max(0, self.round - 1), min(BODY_BYTES_LEAST, timing.body_bytes_max))
        creator = self._desk.key
        tenure = tenure_of(self.tip, creator, timing)
        place = (self.height, self.round, self.tip.block_hash, self.tip.time)
        self._site.emit(Build(*place, creator, tenure, self.validators.hash, bytes_max))

    def on_built(self, event: Built) -> None:
        """A block for another parent or round comes too late: proposing stale blocks is how chains have forked."""
        header = event.header
        asked_for = (self.tip.block_hash, self.tip.block_hash, self.height, self.round)
        if (event.parent, header.parent, header.height, header.created_round) != asked_for:
            return
        if not self._building or not self.must_propose() or self.valid is not None:
            return
        block_hash = header.hash(self._site.domain.suite)
        block = self.blocks.learn_header(block_hash, header)
        assert block.verdict is not False, "the driver builds what was asked for"
        self._propose(header, None)
        self.blocks.body_arrived(block_hash, header)

    def _propose(self, header: Header, polka: PolkaCert | None) -> None:
        """Like an own vote, it comes into the book once durable: whatever is in the book may be sent to others."""
        self._proposed = True
        self._desk.propose(self.validators, self.round, header, polka, self._memory())

    def on_round_cert(self, cert: RoundCert) -> None:
        """R10: a quorum has ended that round, so this node need not wait for its own timeout."""
        self.book.add_certified(cert.votes())
        self.evaluate()
        if self.decision is None and cert.round >= self.round:
            self.enter_round(cert.round + 1, cert)

    # the rules

    def evaluate(self) -> None:
        while self.decision is None and self._one_rule():
            pass
        if self.decision is None:
            self._fetch_proposed()

    def _one_rule(self) -> bool:
        if self._r8_decide() or self._r9_jump() or self._r11_adopt_valid():
            return True
        return self.active and (
            self._r1_propose_valid()
            or self._r2_r3_prevote()
            or self._r5_lock()
            or self._r6_precommit_nil()
            or self._r4_arm_prevote()
            or self._r7_end_round()
            or self._await_body()
        )

    def _r1_propose_valid(self) -> bool:
        """Whoever has a valid value proposes it again, with its polka; nothing fresh may take its place."""
        if self.valid is None or not self.must_propose():
            return False
        header = self.blocks.get(self.valid.block_hash).header
        assert header is not None, "a valid block is held"
        self._propose(header, self.valid)
        return True

    def _r2_r3_prevote(self) -> bool:
        """Prevote the round's first proposal once it is known to be right or wrong."""
        held = self.book.proposal(self.round) if self.step is Step.PROPOSE else None
        if held is None:
            return False
        proposal, claim = held
        block = self.blocks.learn_header(claim.block_hash, proposal.header)
        verdict = block.verdict if self._is_acceptable(proposal) else False
        if verdict is None:
            return False
        self._prevote(claim.block_hash if verdict and self._lock_allows(claim) else None)
        return True

    def _is_acceptable(self, proposal: Proposal) -> bool:
        """The parts that do not depend on the body. Only a fresh block's time is held against the clock (H7)."""
        header = proposal.header
        if proposal.valid_round is not None:
            return header.created_round <= proposal.valid_round
        latest = max(self._site.wall_ms + self._site.timing.drift_ms, self.tip.time + 1)
        if header.time > latest:
            self.refused_by_clock = header.hash(self._site.domain.suite)
            return False
        return header.created_round == proposal.round

    def _lock_allows(self, claim: ProposalClaim) -> bool:
        if self.lock is None or self.lock.block_hash == claim.block_hash:
            return True
        return claim.valid_round is not None and self.lock.round <= claim.valid_round

    def _r4_arm_prevote(self) -> bool:
        if self.step is not Step.PREVOTE or self._armed_prevote:
            return False
        if not self.book.tally(self.round, VoteKind.PREVOTE).has_any_quorum():
            return False
        self._armed_prevote = True
        self._site.deadlines.arm(Timer.PREVOTE, self._site.now_ms + vote_ms(self._site.timing, self.round))
        return True

    def _r5_lock(self) -> bool:
        """A polka of this round for a usable block, while prevoting: lock it and precommit. R11 has set `valid`."""
        if self.step is not Step.PREVOTE:
            return False
        block_hash = self.book.tally(self.round, VoteKind.PREVOTE).block
        if block_hash is None or not self.blocks.get(block_hash).verdict:
            return False
        self.lock = Lock(self.round, block_hash)
        self._precommit(block_hash)
        return True

    def _r6_precommit_nil(self) -> bool:
        """The lock stays: another round may have decided what it protects."""
        if self.step is not Step.PREVOTE or not self.book.tally(self.round, VoteKind.PREVOTE).nil:
            return False
        self._precommit(None)
        return True

    def _r7_end_round(self) -> bool:
        precommits = self.book.tally(self.round, VoteKind.PRECOMMIT)
        if precommits.nil:
            self._next_round()
            return True
        if self._armed_precommit or not precommits.has_any_quorum():
            return False
        self._armed_precommit = True
        self._site.deadlines.arm(Timer.PRECOMMIT, self._site.now_ms + vote_ms(self._site.timing, self.round))
        return True

    def _r8_decide(self) -> bool:
        """A quorum of precommits in any round. Never gated; but nothing is decided that is not held and valid."""
        if self.book.commit is None:
            return False
        round_, block_hash = self.book.commit
        if not self._usable(block_hash):
            return False
        tally = self.book.tally(round_, VoteKind.PRECOMMIT)
        self.decision = commit_cert(self.height, round_, block_hash, tally, self.validators.quorum.n)
        self._site.deadlines.cancel(*ROUND_TIMERS)
        return True

    def _r9_jump(self) -> bool:
        target = self.book.jump_round()
        if target <= self.round:
            return False
        self.enter_round(target)
        return True

    def _r11_adopt_valid(self) -> bool:
        """Also the second half of R5: every newer polka for a usable block makes it the valid value; no lock moves."""
        newest = -1 if self.valid is None else self.valid.round
        for round_ in sorted(self.book.polkas, reverse=True):
            if round_ <= newest:
                return False
            if self._usable(self.book.polkas[round_]):
                self.valid = self.polka(round_)
                return True
        return False

    def _await_body(self) -> bool:
        """The header is here: from now on the body is waited for, once."""
        deadlines, held = self._site.deadlines, self.book.proposal(self.round)
        if self.step is not Step.PROPOSE or held is None or deadlines.is_armed(Timer.BODY):
            return False
        wait = body_ms(self._site.timing, self.round, held[0].header.body_bytes)
        deadlines.cancel(Timer.PROPOSE, Timer.WORK)
        deadlines.arm(Timer.BODY, self._site.now_ms + wait)
        return True

    def on_timer(self, timer: Timer) -> None:
        """R10."""
        if timer in (Timer.PROPOSE, Timer.BODY) and self.step is Step.PROPOSE:
            self._prevote(None)
        elif timer is Timer.PREVOTE and self.step is Step.PREVOTE:
            self._precommit(None)
        elif timer is Timer.PRECOMMIT:
            self._next_round()

    # acting

    def _prevote(self, block_hash: BlockHash | None) -> None:
        self.step = Step.PREVOTE
        self._site.deadlines.cancel(Timer.PROPOSE, Timer.BODY, Timer.WORK)
        self._vote(VoteKind.PREVOTE, block_hash)

    def _precommit(self, block_hash: BlockHash | None) -> None:
        self.step = Step.PRECOMMIT
        self._site.deadlines.cancel(Timer.PREVOTE)
        self._vote(VoteKind.PRECOMMIT, block_hash)

    def _vote(self, kind: VoteKind, block_hash: BlockHash | None) -> None:
        self._desk.vote(self.validators, kind, (self.height, self.round), block_hash, self._memory())

    def _next_round(self) -> None:
        precommits = self.book.tally(self.round, VoteKind.PRECOMMIT)
        self.enter_round(self.round + 1, round_cert(self.height, self.round, precommits))

    def _memory(self) -> RoundMemory:
        return RoundMemory(self.lock, self.valid, self.round_cert)

    def polka(self, round_: Round) -> PolkaCert:
        prevotes = self.book.tally(round_, VoteKind.PREVOTE)
        return polka_cert(self.height, round_, self.book.polkas[round_], prevotes, self.validators.quorum.n)

    def _usable(self, block_hash: BlockHash) -> bool:
        """Is a block with a quorum held and valid? Fetches it where it is absent."""
        block = self.blocks.get(block_hash)
        if block.verdict is False:
            raise MustStop(f"a quorum voted for block {block_hash.hex()[:16]}, which is invalid here")
        if not block.held:
            self.blocks.want(block, self._holders(block_hash))
        return block.verdict is True

    def _fetch_proposed(self) -> None:
        held = self.book.proposal(self.round)
        if held is None:
            return
        proposal, claim = held
        # Of the own round only: proposals of rounds to come are bounded in the book, blocks are bounded by this.
        block = self.blocks.learn_header(claim.block_hash, proposal.header)
        if not block.held and block.verdict is None and proposal.validator != self.validators.mine:
            proposer = self.validators.keys[proposal.validator]
            self.blocks.want(block, [proposer, *self._holders(claim.block_hash)])

    def _holders(self, block_hash: BlockHash) -> list[PeerId]:
        mine = self.validators.mine
        return [self.validators.keys[voter] for voter in self.book.voters_for(block_hash) if voter != mine]
