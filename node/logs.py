"""Where a node's log lines go, and what must never be in them.

Theory of operation. Everybody writes with the standard `logging`; this module owns the one handler at the root and
formats with structlog: readable lines, or one JSON object a line. Standard error is the default; a log file is opened
again when logrotate has moved it away.

Two rules hold for every line, whoever wrote it:

* **No secrets and no payloads.** Byte strings appear by their length alone; values under names of secrets and payloads
  are hidden. Who wants a digest in a line writes its hexadecimal form on purpose.
* **No floods.** The same warning of the same logger passes a fixed number of times a minute; the next minute says how
  many were left out. A peer or a client who can cause a line cannot fill the disk with it. Errors always pass.
"""

from __future__ import annotations

import logging
import logging.handlers
import sys
import time
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, Final

import structlog

SAME_LINES_PER_MINUTE_MAX: Final = 10
KINDS_REMEMBERED_MAX: Final = 1_024
TEXT_CHARACTERS_MAX: Final = 2_000
HIDDEN_NAMES: Final = frozenset(
    "secret seed passphrase password mnemonic private_key keystore wire wires payload body args arguments".split()
)
HIDDEN: Final = "<hidden>"
Event = MutableMapping[str, Any]


class FloodFilter(logging.Filter):
    """Lets the same line through so often a minute. The same: one logger, one level, one unformatted message."""

    def __init__(self, per_minute_max: int = SAME_LINES_PER_MINUTE_MAX, clock: Callable[[], float] = time.monotonic):
        super().__init__()
        self._per_minute_max = per_minute_max
        self._clock = clock
        self._seen: dict[tuple[str, int, str], list[float]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            return True
        kind = (record.name, record.levelno, str(record.msg)[:200])
        now = self._clock()
        began, count = self._seen.pop(kind, (now, 0.0))
        if now - began >= 60:
            if count > self._per_minute_max:
                record.msg = f"{record.msg} (and {int(count - self._per_minute_max)} more like it before)"
            began, count = now, 0
        self._seen[kind] = [began, count + 1]
        if len(self._seen) > KINDS_REMEMBERED_MAX:
            del self._seen[next(iter(self._seen))]
        return count < self._per_minute_max


class ShieldingFilter(logging.Filter):
    """Takes byte strings out of a line's arguments before they are formatted into it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(shielded(argument) for argument in record.args)
        return True


def shielded(value: Any) -> Any:
    """The value as it may appear in a log."""
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, dict):
        return {key: HIDDEN if key in HIDDEN_NAMES else shielded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shielded(item) for item in value]
    if isinstance(value, str) and len(value) > TEXT_CHARACTERS_MAX:
        return f"{value[:TEXT_CHARACTERS_MAX]}… ({len(value)} characters)"
    return value


def shield(_logger: Any, _method: str, event: Event) -> Event:
    """A structlog processor: the same for the named values of a line."""
    for name in list(event):
        if name in HIDDEN_NAMES:
            event[name] = HIDDEN
        elif not name.startswith("_"):
            event[name] = shielded(event[name])
    return event


def one_line(_logger: Any, _method: str, event: Event) -> Event:
    """What a stranger said must not look like lines of ours."""
    text = event.get("event")
    if isinstance(text, str) and not text.isprintable():
        event["event"] = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return event


def set_up_logs(*, as_json: bool, file: Path | None = None) -> None:
    """Take over the root logger. Calling it again replaces what it made before."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        shield,
        one_line,
    ]
    # Tracebacks without local variables, which the library would add: among them are keys and passphrases.
    plain = structlog.dev.plain_traceback
    last: list[Any] = [
        structlog.dev.ConsoleRenderer(colors=False, pad_event_to=1, timestamp_key="time", exception_formatter=plain)
    ]
    if as_json:
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        last = [structlog.processors.ExceptionRenderer(tracebacks), renderer]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    )
    handler = _handler(file)
    handler.setFormatter(formatter)
    handler.addFilter(FloodFilter())
    handler.addFilter(ShieldingFilter())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # A full disk or a closed pipe must not put a second error behind each line.
    logging.raiseExceptions = False


def _handler(file: Path | None) -> logging.Handler:
    if file is None:
        return logging.StreamHandler(sys.stderr)
    file.parent.mkdir(parents=True, exist_ok=True)
    return logging.handlers.WatchedFileHandler(file, encoding="utf-8")
