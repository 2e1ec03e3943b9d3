"""How long to wait for what, and the deadlines that are running.

T_propose = propose + r·step waits for the header; its arrival replaces it once by T_body, which adds the time that the
body's bytes take at the slowest rate the genesis allows. T_prevote = T_precommit = vote + r·step. All rise linearly
with the round: doubled timeouts reach an hour, and then only restarting every validator helps.

Deadlines are the engine's own; the driver is only asked for a Tick by the earliest. A deadline that has passed fires in
the same step.
"""

from __future__ import annotations

from enum import IntEnum

from consensus.messages import Round
from consensus.start import Timing


class Timer(IntEnum):
    """Due timers fire in order of time, then in this order."""

    PROPOSE = 1
    BODY = 2
    PREVOTE = 3
    PRECOMMIT = 4
    WORK = 5
    PROBE = 6
    RELAY = 7
    ROUND_STATE = 8
    REJOIN = 9
    HEARTBEAT = 10


ROUND_TIMERS = (Timer.PROPOSE, Timer.BODY, Timer.PREVOTE, Timer.PRECOMMIT, Timer.WORK)
"""The ordering timers: they belong to one round, and none runs on a silent chain."""


def propose_ms(timing: Timing, round_: Round) -> int:
    return min(timing.propose_ms + round_ * timing.propose_step_ms, timing.timeout_ms_max)


def vote_ms(timing: Timing, round_: Round) -> int:
    return min(timing.vote_ms + round_ * timing.vote_step_ms, timing.timeout_ms_max)


def body_ms(timing: Timing, round_: Round, body_bytes: int) -> int:
    """The cap is on the transfer alone: in late rounds T_body must still exceed T_propose."""
    transfer = min(body_bytes * 1000 // timing.body_bytes_per_s, timing.body_ms_max)
    return min(propose_ms(timing, round_) + transfer, timing.timeout_ms_max)


class Deadlines:
    """The running deadlines, at most one of each kind."""

    def __init__(self) -> None:
        self._at: dict[Timer, int] = {}

    def arm(self, timer: Timer, at_ms: int) -> None:
        self._at[timer] = at_ms

    def cancel(self, *timers: Timer) -> None:
        for timer in timers:
            self._at.pop(timer, None)

    def is_armed(self, timer: Timer) -> bool:
        return timer in self._at

    def at(self, timer: Timer) -> int:
        """When an armed timer expires."""
        return self._at[timer]

    def earliest(self) -> int | None:
        return min(self._at.values(), default=None)

    def is_due(self, now_ms: int) -> bool:
        return any(at <= now_ms for at in self._at.values())

    def pop_due(self, now_ms: int) -> Timer | None:
        """The next timer that has expired, disarmed; None when there is none."""
        if not self.is_due(now_ms):
            return None
        timer = min((at, timer) for timer, at in self._at.items() if at <= now_ms)[1]
        del self._at[timer]
        return timer
