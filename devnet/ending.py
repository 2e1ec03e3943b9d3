"""Ctrl-C, SIGTERM and SIGHUP end a command in order: `finally` blocks run, and what the command started is ended.

By itself Python dies of SIGTERM and SIGHUP on the spot, and the node processes, which lead sessions of their own, would
go on. Here the first of the three signals raises SystemExit with the exit code that a shell gives to it; those that
come after it are ignored, so that the tidying up is not broken off. What must not be torn in two, such as starting a
process and noting its pid, stands in `unbroken`.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Final, NoReturn

import click

from node.language import words

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHELL_BASE: Final = 128


class Ended(SystemExit):
    """One of the signals has come."""


@dataclass(slots=True)
class _State:
    """`held`: how many `unbroken` blocks are open. `pending`: the signal that waits for their end."""

    held: int = 0
    pending: int | None = None


_state = _State()


@contextmanager
def ends_in_order() -> Iterator[None]:
    """Within, the three signals raise SystemExit; afterwards they do what they did before."""
    before = {number: signal.signal(number, _on_signal) for number in SIGNALS}
    try:
        yield
    except Ended:
        # The terminal may be what is gone.
        with suppress(OSError):
            click.echo(words("已中断，所启动的进程均已结束", "interrupted; what was started has been ended"), err=True)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def unbroken() -> Iterator[None]:
    """Within, a signal waits."""
    _state.held += 1
    try:
        yield
    finally:
        _state.held -= 1
        if _state.held == 0 and _state.pending is not None:
            number, _state.pending = _state.pending, None
            _end(number)


def _on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 — the system's signature
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    if _state.held:
        _state.pending = number
    else:
        _end(number)


def _end(number: int) -> NoReturn:
    raise Ended(SHELL_BASE + number)
