"""Token buckets and back-off: how much a peer may have of us, and how often we knock. Time is an argument."""

from __future__ import annotations

from collections.abc import Callable


class TokenBucket:
    """Grants `burst` at once and `rate` per second after that.

    It lends: `spend` always takes, and returns how long the caller must pause until the debt is paid. One frame
    larger than the burst is thus slowed down, never starved.
    """

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, per_second: int, burst: int, now: float) -> None:
        assert per_second > 0
        assert burst > 0
        self._rate = per_second
        self._burst = burst
        self._tokens: float = burst
        self._at = now

    def _refill(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now

    def spend(self, cost: int, now: float) -> float:
        """Take `cost` and return the seconds to wait before going on; zero while there is credit."""
        self._refill(now)
        self._tokens -= cost
        return max(0.0, -self._tokens / self._rate)

    def may_spend(self, cost: int, now: float) -> bool:
        """Take `cost` if it is there; otherwise take nothing."""
        self._refill(now)
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True


class Backoff:
    """Doubling pauses with jitter, so that members that restart together do not knock together for ever."""

    __slots__ = ("_initial", "_longest", "_next", "_random")

    def __init__(self, initial_seconds: float, seconds_max: float, random: Callable[[], float]) -> None:
        self._initial = initial_seconds
        self._longest = seconds_max
        self._random = random
        self._next = initial_seconds

    def pause_seconds(self) -> float:
        """How long to wait now: between half and the whole of a bound that doubles with every call."""
        bound = self._next
        self._next = min(self._longest, self._next * 2)
        return bound * (0.5 + self._random() / 2)

    def reset(self) -> None:
        self._next = self._initial
