"""What is sent without being asked to sign anything: round states and their answers, repeats, relays.

Loss is mended by three habits. Every node says now and then where it stands and what it holds (RoundState); whoever
holds more answers with all of it, third parties' messages too, since a traitor may have shown its vote to one node
only. Own messages are repeated until the height is decided (H5), own checkpoints until certified. The first PolkaCert,
CommitCert and CheckpointCert formed or learned are relayed (H4), a moment later and only to those not seen to be past
them: on a healthy chain everybody forms its own. A certificate of a checkpoint is pressed only on those who may be
outside the certified window without it; who merely lacks the newest one says so within a second and is answered.
"""

from __future__ import annotations

from typing import Final

from consensus.events import Send
from consensus.messages import (
    Certificate,
    CommitCert,
    Height,
    OrderingMessage,
    PeerId,
    Proposal,
    Round,
    RoundState,
    Vote,
    VoteKind,
)
from consensus.pbft.checkpoints import WINDOW, Checkpoints
from consensus.pbft.links import Links
from consensus.pbft.rounds import Rounds
from consensus.pbft.site import Site
from consensus.pbft.timeouts import Timer

COMMITS_KEPT: Final = 8


class Gossip:
    def __init__(self, site: Site, links: Links, checkpoints: Checkpoints) -> None:
        self._site, self._links, self._checkpoints = site, links, checkpoints
        self._commits: dict[Height, CommitCert] = {}
        self._newest_commit: Height = 0
        self._relayed_polka: tuple[Height, Round] = (0, -1)
        self._relayed_commit: Height = 0
        self._relayed_cert: Height = checkpoints.certified
        self._beat_at: tuple[Height, Height] = (0, 0)

    def remember(self, cert: CommitCert) -> None:
        """The height is decided; who is still at it will ask."""
        self._commits[cert.height] = cert
        self._newest_commit = cert.height
        self._commits.pop(cert.height - COMMITS_KEPT, None)

    def commit_of(self, height: Height) -> CommitCert | None:
        return self._commits.get(height)

    # round states

    def round_state(self, rounds: Rounds) -> RoundState:
        height, round_ = rounds.height, rounds.round
        valid_round = None if rounds.valid is None else rounds.valid.round
        have, cert = rounds.book.have(round_), self._commits.get(height - 1)
        return RoundState(height, round_, int(rounds.step), have, valid_round, self._checkpoints.certified, cert)

    def can_tell(self, rounds: Rounds) -> bool:
        """A height above 1 is told with the certificate of the one below."""
        return rounds.height == 1 or rounds.height - 1 in self._commits

    def greet(self, peer: PeerId, rounds: Rounds) -> None:
        if self.can_tell(rounds):
            self._send(peer, self.round_state(rounds))

    def beat(self, rounds: Rounds) -> None:
        """Where we stand, and again what has been waiting for longer than since the last beat."""
        if self.can_tell(rounds):
            self._send(None, self.round_state(rounds))
        height, applied = self._beat_at
        if rounds.height == height:
            for message in self._own_messages(rounds):
                self._send(None, message)
        for vote in self._checkpoints.own_votes_above(self._checkpoints.certified):
            if vote.height <= applied:
                self._send(None, vote)
        self._beat_at = (rounds.height, self._checkpoints.applied)

    def _own_messages(self, rounds: Rounds) -> list[OrderingMessage]:
        """H5: own messages of this round and the one below, and the precommit that may be part of a decision."""
        mine, book = rounds.validators.mine, rounds.book
        if mine is None:
            return []
        own: list[OrderingMessage] = [held for held in book.proposals_of(rounds.round) if held.validator == mine]
        places = {(round_, kind) for round_ in (rounds.round - 1, rounds.round) if round_ >= 0 for kind in VoteKind}
        if rounds.lock is not None:
            places.add((rounds.lock.round, VoteKind.PRECOMMIT))
        for round_, kind in sorted(places):
            vote = book.tally(round_, kind).first_of(mine)
            if vote is not None:
                own.append(vote)
        return own

    def on_round_state(self, peer: PeerId, state: RoundState, rounds: Rounds) -> None:
        """Answer with what the peer lacks; a peer that asks all the time is answered a few times a second."""
        known = self._links.get(peer)
        known.height, known.round, known.certified = state.height, state.round, state.certified
        pause = self._site.timing.round_state_ms // 4
        if known.answered_ms is not None and self._site.now_ms - known.answered_ms < pause:
            return
        answer = self._answer(state, rounds)
        if answer:
            known.answered_ms = self._site.now_ms
        for message in answer:
            self._send(peer, message)

    def _answer(self, state: RoundState, rounds: Rounds) -> list[OrderingMessage]:
        answer: list[OrderingMessage] = []
        cert = self._checkpoints.cert
        if cert is not None and state.certified < cert.checkpoint.height:
            answer.append(Certificate(cert))
        answer += self._checkpoints.own_votes_above(max(state.certified, self._checkpoints.certified))
        if state.height < rounds.height:
            commit = self._commits.get(state.height)
            return answer if commit is None else [*answer, commit]
        if state.height > rounds.height:
            return answer
        if rounds.decision is not None:
            return [*answer, rounds.decision]
        if state.round < rounds.round and rounds.round_cert is not None and state.round <= rounds.round_cert.round:
            answer.append(rounds.round_cert)
        if rounds.valid is not None and (state.valid_round is None or state.valid_round < rounds.valid.round):
            answer.append(rounds.valid)
        lacking: list[Proposal | Vote] = rounds.book.lacking(state.round, state.have)
        return answer + lacking

    # relays

    def notice(self, rounds: Rounds) -> None:
        """After each event: is there a certificate that has not been relayed?"""
        waiting = (
            self._polka_to_relay(rounds) is not None
            or self._newest_commit > self._relayed_commit
            or self._checkpoints.certified > self._relayed_cert
        )
        deadlines = self._site.deadlines
        if waiting and not deadlines.is_armed(Timer.RELAY):
            deadlines.arm(Timer.RELAY, self._site.now_ms + self._site.timing.relay_ms)

    def _polka_to_relay(self, rounds: Rounds) -> Round | None:
        if rounds.decision is not None or not rounds.book.polkas:
            return None
        newest = max(rounds.book.polkas)
        return newest if (rounds.height, newest) > self._relayed_polka else None

    def relay(self, rounds: Rounds) -> None:
        """Each certificate once, to those who are not known to be past it."""
        polka = self._polka_to_relay(rounds)
        if polka is not None:
            self._relayed_polka = (rounds.height, polka)
            for peer in self._links.linked():
                if self._links.get(peer).height <= rounds.height:
                    self._send(peer, rounds.polka(polka))
        for height in sorted(height for height in self._commits if height > self._relayed_commit):
            self._relayed_commit = height
            for peer in self._links.linked():
                if self._links.get(peer).height <= height:
                    self._send(peer, self._commits[height])
        cert = self._checkpoints.cert
        if cert is not None and cert.checkpoint.height > self._relayed_cert:
            self._relayed_cert = cert.checkpoint.height
            for peer in self._links.linked():
                if self._links.get(peer).certified < cert.checkpoint.height - WINDOW:
                    self._send(peer, Certificate(cert))

    def _send(self, to: PeerId | None, message: OrderingMessage) -> None:
        self._site.emit(Send(to, message))
