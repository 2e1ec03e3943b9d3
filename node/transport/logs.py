"""What the transport says, and how the library's and strangers' noise is kept from filling the disk (guard 16).

Both a peer and a passer-by can make libp2p warn as often as they like, and without a handler of ours its warnings go
to standard error. So its loggers end in one handler that lets a fixed number of lines a minute through to
`node.transport.libp2p`, and counts the rest. What we ourselves say about strangers passes the same kind of sieve.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

log: Final = logging.getLogger("node.transport")
stranger_log: Final = logging.getLogger("node.transport.strangers")
_library_log: Final = logging.getLogger("node.transport.libp2p")


class LineBudget:
    """So many lines a minute, counted by the clock given; the rest is only counted."""

    def __init__(self, lines_per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._lines_per_minute = lines_per_minute
        self._clock = clock
        self._minute_began = clock()
        self._lines = 0
        self.suppressed = 0

    def may_pass(self) -> bool:
        now = self._clock()
        if now - self._minute_began >= 60:
            self._minute_began, self._lines = now, 0
        self._lines += 1
        if self._lines > self._lines_per_minute:
            self.suppressed += 1
            return False
        return True


class LibraryLogHandler(logging.Handler):
    """The end of all `libp2p.*` loggers."""

    def __init__(self, budget: LineBudget) -> None:
        super().__init__(logging.WARNING)
        self.budget = budget

    def emit(self, record: logging.LogRecord) -> None:
        if self.budget.may_pass():
            # A peer's words may be in there: one line, no tracebacks, never more than a screen row or two.
            _library_log.warning("%s: %s", record.name, " ".join(record.getMessage().split())[:300])


def limit_library_log(lines_per_minute: int) -> LineBudget:
    """Take over the library's loggers. Calling it again replaces the earlier handler; its budget starts anew."""
    library = logging.getLogger("libp2p")
    for handler in [handler for handler in library.handlers if isinstance(handler, LibraryLogHandler)]:
        library.removeHandler(handler)
    budget = LineBudget(lines_per_minute)
    library.addHandler(LibraryLogHandler(budget))
    library.setLevel(logging.WARNING)
    library.propagate = False
    return budget
