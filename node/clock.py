"""The two clocks of a node: a monotonic one for deadlines, the wall clock for the times in blocks."""

from __future__ import annotations

import time
from typing import Protocol

import trio


class Clock(Protocol):
    def now_ms(self) -> int:
        """Monotonic."""
        ...

    def wall_ms(self) -> int:
        """Since 1970 UTC."""
        ...


class SystemClock:
    """Monotonic time is the event loop's own, so that a deadline means the same to a timer and to the engine."""

    def now_ms(self) -> int:
        return int(trio.current_time() * 1000)

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000
