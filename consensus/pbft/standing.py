"""May this node vote at all? Its mode, the question after its own newest message, and coming back after forgetting.

Before its first new signature a node that has just started asks every other validator for the newest message that
carries its key (at most T_propose long): one that its guard does not know means that the disk was rolled back, or that
somebody else runs with this key. The same conclusion is drawn whenever such a message turns up later. Then the guard is
barred, durably, and the node observes until `observer.Rejoining` says from which height it may vote.
"""

from __future__ import annotations

from consensus.events import Alarm, Mode, Send, SetMode
from consensus.messages import GetNewest, Newest, PeerId, Proposal, Status, Vote
from consensus.observer import Rejoining, answers_needed
from consensus.pbft.desk import Desk
from consensus.pbft.links import Links
from consensus.pbft.rounds import Rounds
from consensus.pbft.site import Site
from consensus.pbft.timeouts import Timer, propose_ms
from consensus.records import BARRED, Position
from consensus.start import Start


def position_of(message: Vote | Proposal) -> Position:
    """Where a signed message stands in its signer's order of signing."""
    return message.height, message.round, 0 if isinstance(message, Proposal) else int(message.kind)


class Standing:
    def __init__(self, site: Site, desk: Desk, links: Links, start: Start) -> None:
        self._site, self._desk, self._links = site, desk, links
        self.mode: Mode | None = None
        self._why = start.observer
        self._rejoining = Rejoining(desk.key, start.rejoin_nonce)
        self._unasked: set[PeerId] = set()
        """Validators that have not answered the question yet. Never iterated into an effect."""
        self.probing = False

    # starting

    def begin(self, rounds: Rounds) -> None:
        self._unasked = {key for key in rounds.validators.keys if key != self._desk.key}
        self.probing = bool(self._unasked)
        if self.probing:
            self._site.deadlines.arm(Timer.PROBE, self._site.now_ms + propose_ms(self._site.timing, 0))
        if self._is_barred():
            self._site.deadlines.arm(Timer.REJOIN, self._site.now_ms)

    def on_peer_up(self, peer: PeerId) -> None:
        if self.probing:
            self._site.emit(Send(peer, GetNewest()))

    def on_newest(self, peer: PeerId, answer: Newest, rounds: Rounds) -> None:
        if answer.message is not None:
            self.on_signed(answer.message, rounds, self._key_of(answer.message, rounds))
        self._unasked.discard(peer)
        if not self._unasked:
            self.end_probe()

    def _key_of(self, message: Vote | Proposal, rounds: Rounds) -> PeerId | None:
        keys = rounds.validators.keys
        return keys[message.validator] if message.validator < len(keys) else None

    def end_probe(self) -> None:
        self.probing = False
        self._site.deadlines.cancel(Timer.PROBE)

    # forgetting

    def on_signed(self, message: Vote | Proposal, rounds: Rounds, signer: PeerId | None) -> None:
        """Somebody's signed message: is it ours, and beyond what the guard knows?"""
        if signer != self._desk.key or self._is_barred():
            return
        guard, position = self._desk.guard, position_of(message)
        if not guard.may_vote_at(message.height) or (guard.position is not None and position <= guard.position):
            return
        self._why = f"a message signed by this key at {position}, the guard knows {guard.position}"
        self._site.emit(Alarm("ORD-FORGOTTEN", self._why))
        self._desk.save_guard(guard.bar())
        rounds.retire()
        self._site.deadlines.arm(Timer.REJOIN, self._site.now_ms)

    def _is_barred(self) -> bool:
        return self._desk.guard.state.vote_from == BARRED

    def ask_to_rejoin(self, rounds: Rounds) -> None:
        """Once caught up: the answers' certificates can be verified only near the tip. One liar cannot hold this up.

        And once enough can answer: the others decide a few heights for a return, and not again for a while.
        """
        if not self._is_barred():
            return
        quorum = rounds.validators.quorum
        can_answer = len(self._links.linked()) >= answers_needed(quorum)
        if can_answer and self._links.claims_above(rounds.height + 1) <= quorum.f:
            self._site.emit(Send(None, self._desk.rejoin(self._rejoining.nonce)))
        self._site.deadlines.arm(Timer.REJOIN, self._site.now_ms + self._site.timing.rejoin_retry_ms)

    def on_status(self, status: Status, rounds: Rounds) -> None:
        if not self._is_barred():
            return
        vote_from = self._rejoining.on_status(status, rounds.validators.quorum)
        if vote_from is not None:
            self._desk.save_guard(self._desk.guard.vote_from(vote_from))
            self._site.deadlines.cancel(Timer.REJOIN)
            self._why = f"voting again from height {vote_from}"

    # being

    def is_observer(self, rounds: Rounds) -> bool:
        return rounds.validators.mine is None or not self._desk.guard.may_vote_at(rounds.height)

    def may_vote(self, rounds: Rounds) -> bool:
        return not self.probing and not self.is_observer(rounds)

    def tell_mode(self, rounds: Rounds) -> None:
        mode = Mode.OBSERVER if self.is_observer(rounds) else Mode.VOTING
        if mode is not self.mode:
            self.mode = mode
            why = "no validator at this height" if rounds.validators.mine is None else self._why
            self._site.emit(SetMode(mode, why if mode is Mode.OBSERVER else ""))
