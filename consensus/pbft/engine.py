"""The engine: events in, effects out, and the order in which the rooms are asked.

The rules of one height are in `rounds`, what is held of it in `book` and `blocks`, the way to the next height in
`heights` (H8: it alone owns the decided height; catch-up hands blocks in as certificates and bodies). What may be
signed is decided in `desk` and `vote_guard`, whether this node votes at all in `standing`, when a height is awake in
`waking`. `checkpoints` compares what execution came to; `gossip` repeats and relays; `inbox` takes messages.

After every event `_drive` lets the rules run until nothing moves: rules, decision, next height, waking, expired timers.
Nothing here blocks, reads a clock or loops over more than the validators.
"""

from __future__ import annotations

from consensus.events import (
    Alarm,
    Applied,
    AskForWork,
    BodyArrived,
    Built,
    Effect,
    Eligible,
    Event,
    Mode,
    PeerDown,
    PeerUp,
    Persisted,
    Received,
    Send,
    SetMode,
    SetTimer,
    Spread,
    Tick,
    Validated,
)
from consensus.messages import GetNewest, Height, OrderingMessage, PeerId
from consensus.observer import RejoinDesk
from consensus.pbft.checkpoints import Checkpoints, Diverged
from consensus.pbft.desk import Desk
from consensus.pbft.gossip import Gossip
from consensus.pbft.heights import Heights
from consensus.pbft.inbox import Inbox
from consensus.pbft.links import Links
from consensus.pbft.site import MustStop, Site
from consensus.pbft.standing import Standing
from consensus.pbft.timeouts import ROUND_TIMERS, Timer, propose_ms
from consensus.pbft.waking import Waking
from consensus.records import GuardState
from consensus.signing import Domain, Signer
from consensus.start import Start, Timing
from consensus.validator_window import ValidatorWindow
from consensus.vote_guard import VoteGuard


class Engine:
    """One node's ordering. `step` is the only entry that changes anything."""

    def __init__(self, domain: Domain, signer: Signer, timing: Timing, start: Start) -> None:
        site = self._site = Site(domain, timing)
        self._start: Start | None = start
        self.validators = ValidatorWindow(domain.suite, domain.engine, signer.key, start.validators)
        desk = self._desk = Desk(site, signer, VoteGuard(start.guard))
        links = self._links = Links()
        self._checkpoints = Checkpoints(site, desk, self.validators, start.certified, start.history)
        self._heights = Heights(site, desk, links, self.validators, start.applied)
        self._gossip = Gossip(site, links, self._checkpoints)
        rejoins = RejoinDesk(timing)
        self._waking = Waking(self.validators, rejoins)
        self._standing = Standing(site, desk, links, start)
        self._inbox = Inbox(
            site,
            links=links,
            desk=desk,
            heights=self._heights,
            standing=self._standing,
            checkpoints=self._checkpoints,
            gossip=self._gossip,
            rejoins=rejoins,
        )
        self._early_work: Eligible | None = None
        self._timer_told: int | None = None

    # for the driver to read

    @property
    def height(self) -> Height:
        """The height being decided; that below is decided, D."""
        return self._heights.tip.height + 1

    @property
    def round(self) -> int:
        return self._heights.rounds.round

    @property
    def applied(self) -> Height:
        return self._checkpoints.applied

    @property
    def certified(self) -> Height:
        return self._checkpoints.certified

    @property
    def mode(self) -> Mode | None:
        return self._standing.mode

    @property
    def guard(self) -> GuardState:
        return self._desk.guard.state

    def wants(self, message: OrderingMessage) -> bool:
        """Is it worth verifying? Whatever it answers, nothing changes."""
        return self._inbox.wants(message)

    # the one entry

    def step(self, event: Event) -> list[Effect]:
        if self._standing.mode is Mode.STOPPED:
            return []
        try:
            if self._start is not None:
                assert isinstance(event, Tick), "the first event says what time it is"
                self._begin(self._start, event)
            elif isinstance(event, Tick):
                self._set_clock(event.now_ms, event.wall_ms)
                if not self._site.deadlines.is_due(event.now_ms):
                    return []
            else:
                self._on_event(event)
            self._drive()
        except MustStop as stop:
            self._stop(stop)
        return self._site.take_effects()

    def _on_event(self, event: Event) -> None:
        """Everything but Ticks, of which most find no deadline expired and change nothing."""
        rounds = self._heights.rounds
        match event:
            case Received(peer, verified):
                self._inbox.on_message(peer, verified.message)
            case Persisted(token):
                for message in self._desk.persisted(token):
                    self._inbox.on_own(message)
            case Validated(height, block_hash, ok):
                if height == rounds.height:
                    rounds.blocks.validated(block_hash, ok)
            case BodyArrived(height, block_hash, header):
                if height == rounds.height:
                    rounds.blocks.body_arrived(block_hash, header)
            case Applied():
                self._checkpoints.on_applied(event)
            case Eligible():
                self._on_eligible(event)
            case Built():
                if event.height == rounds.height:
                    rounds.on_built(event)
            case PeerUp(peer):
                self._on_peer_up(peer)
            case PeerDown(peer):
                self._links.down(peer, self._site.now_ms)
                rounds.rearm_propose()

    # starting and stopping

    def _begin(self, start: Start, tick: Tick) -> None:
        """Deliver what the log has decided, restore the height after it, ask after our newest message."""
        self._start = None
        self._set_clock(tick.now_ms, tick.wall_ms)
        # A link takes a while to come up: only after T_propose is a peer never linked counted as down.
        self._links.begin(tick.now_ms + propose_ms(self._site.timing, 0))
        if start.commit is not None:
            self._gossip.remember(start.commit)
        for result in start.results:
            self._checkpoints.on_applied(result)
        for block in start.decided:
            self._heights.deliver_logged(block.header, block.cert)
            self._gossip.remember(block.cert)
            self._heights.next_height()
        if start.restored is not None:
            assert self._heights.rounds.decision is None, "own records above a height that cannot be entered"
            self._heights.restore(start.restored)
        self._enter_height()
        self._standing.begin(self._heights.rounds)
        if self._standing.probing:
            self._site.emit(Send(None, GetNewest()))
        if start.restored is not None or not start.guard_is_saved:
            # The crash may have come between the log's sync and the guard's: the guard catches up first. What recovery
            # found bars it for good: the log that says so may be gone by the next start.
            token = self._desk.save_guard(self.guard)
            for message in () if start.restored is None else start.restored.messages:
                self._site.emit(Send(None, message, token))
        self._arm_beat()

    def _stop(self, stop: MustStop) -> None:
        """Final: the reason and the evidence are kept, nothing is signed any more."""
        self._site.deadlines.cancel(*Timer)
        self._tell_timer()
        self._standing.mode = Mode.STOPPED
        diverged = stop.checkpoints if isinstance(stop, Diverged) else None
        self._site.emit(Alarm("ORD-STOPPED", str(stop)))
        self._site.emit(SetMode(Mode.STOPPED, str(stop), diverged))

    # events

    def _set_clock(self, now_ms: int, wall_ms: int) -> None:
        assert now_ms >= self._site.now_ms, "the monotonic clock does not go back"
        self._site.now_ms, self._site.wall_ms = now_ms, wall_ms

    def _on_eligible(self, event: Eligible) -> None:
        height = self._heights.rounds.height
        if event.height > height:
            # Decided already, but the next height is entered only when execution has told its validators.
            self._early_work = event
        if event.height != height:
            return
        first = self._waking.work == 0 and event.count > 0
        self._waking.work = event.count
        if first:
            self._spread()

    def _spread(self) -> None:
        """The bodies go to all validators, the proposer first, so that a proposer that lacks them can use them."""
        rounds = self._heights.rounds
        keys, first = rounds.validators.keys, rounds.proposer_at(rounds.round)
        order = tuple(key for key in keys[first:] + keys[:first] if key != self._desk.key)
        self._site.emit(Spread(rounds.height, order))

    def _on_peer_up(self, peer: PeerId) -> None:
        self._links.up(peer)
        self._standing.on_peer_up(peer)
        self._gossip.greet(peer, self._heights.rounds)
        self._heights.rounds.rearm_propose()

    # running the rules

    def _drive(self) -> None:
        while self._advance():
            pass
        self._standing.tell_mode(self._heights.rounds)
        self._gossip.notice(self._heights.rounds)
        self._hurry_beat()
        self._tell_timer()

    def _advance(self) -> bool:
        """One step of what follows from the last event; False when nothing moves any more."""
        rounds = self._heights.rounds
        rounds.evaluate()
        cert = self._heights.settle_decision()
        if cert is not None:
            self._gossip.remember(cert)
            return True
        if rounds.decision is not None and self._heights.next_height():
            self._enter_height()
            return True
        if self._may_activate():
            rounds.activate()
            return True
        if rounds.wants_fresh_block() and self._start_building():
            return True
        timer = self._site.deadlines.pop_due(self._site.now_ms)
        if timer is not None:
            self._on_timer(timer)
        return timer is not None

    def _enter_height(self) -> None:
        self._waking.enter_height()
        early, self._early_work = self._early_work, None
        if early is not None:
            self._on_eligible(early)
        if self._site.timing.heartbeat_ms > 0:
            self._site.deadlines.arm(Timer.HEARTBEAT, self._site.now_ms + self._site.timing.heartbeat_ms)

    def _may_activate(self) -> bool:
        """Awake, inside the certified window, and allowed to vote."""
        rounds = self._heights.rounds
        if rounds.active or rounds.decision is not None or not self._standing.may_vote(rounds):
            return False
        return self._checkpoints.window_is_open(rounds.height) and self._waking.is_awake(rounds)

    def _start_building(self) -> bool:
        """Build; but in round 0 with nothing to put in, first ask those who are awake what woke them."""
        rounds, deadlines = self._heights.rounds, self._site.deadlines
        sources = [rounds.validators.keys[i] for i in rounds.book.signers() if i != rounds.validators.mine]
        if rounds.round > 0 or self._waking.work > 0 or not sources:
            rounds.build()
            return True
        if not deadlines.is_armed(Timer.WORK):
            deadlines.arm(Timer.WORK, self._site.now_ms + propose_ms(self._site.timing, 0) // 2)
            self._site.emit(AskForWork(rounds.height, tuple(sources)))
        return False

    def _on_timer(self, timer: Timer) -> None:
        rounds = self._heights.rounds
        if timer is Timer.WORK:
            if rounds.wants_fresh_block():
                rounds.build()
        elif timer in ROUND_TIMERS:
            rounds.on_timer(timer)
        elif timer is Timer.PROBE:
            self._standing.end_probe()
        elif timer is Timer.RELAY:
            self._gossip.relay(rounds)
        elif timer is Timer.ROUND_STATE:
            self._gossip.beat(rounds)
            if rounds.decision is None:
                rounds.blocks.ask_again()
            if self._waking.work > 0:
                self._spread()
            self._arm_beat()
        elif timer is Timer.REJOIN:
            self._standing.ask_to_rejoin(rounds)
        elif timer is Timer.HEARTBEAT:
            self._waking.heartbeat_due = True

    def _arm_beat(self) -> None:
        timing = self._site.timing
        pause = timing.round_state_ms if self._is_busy() else timing.round_state_asleep_ms
        self._site.deadlines.arm(Timer.ROUND_STATE, self._site.now_ms + pause)

    def _is_busy(self) -> bool:
        """Round states are rare on a silent chain, unless this node lacks a certificate or whole heights."""
        rounds = self._heights.rounds
        lags = self._links.claims_above(rounds.height) > rounds.validators.quorum.f
        return lags or self._waking.is_awake(rounds) or self._checkpoints.certified < self._heights.decided

    def _hurry_beat(self) -> None:
        """What was armed while asleep is too far away for a chain that has woken up."""
        deadlines, soon = self._site.deadlines, self._site.now_ms + self._site.timing.round_state_ms
        if deadlines.at(Timer.ROUND_STATE) > soon and self._is_busy():
            deadlines.arm(Timer.ROUND_STATE, soon)

    def _tell_timer(self) -> None:
        earliest = self._site.deadlines.earliest()
        if earliest != self._timer_told:
            self._timer_told = earliest
            self._site.emit(SetTimer(earliest))
