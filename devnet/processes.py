"""Starts, finds and ends the processes of a devnet.

A process is known by its pid and the moment it was created, so that a number that the system has given to somebody else
is never signalled.

Node processes lead sessions of their own: closing the terminal or Ctrl-C in the tour does not end them; `down` does.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

from devnet.ending import unbroken

PID_FILE: Final = "pid.json"
LOG_FILE: Final = "node.log"
STOP_SECONDS_MAX: Final = 15
COMMAND: Final = (sys.executable, "-m", "devnet.lugang")


def start(home: Path, arguments: Sequence[str]) -> int:
    """Start `lugang ARGUMENTS` with its output at the end of `home`/node.log; returns the pid."""
    if (running := find(home)) is not None:
        raise ProcessLookupError(f"{home.name} is running already, pid {running.pid}")
    with unbroken(), (home / LOG_FILE).open("ab") as log:
        child = subprocess.Popen(  # noqa: S603 — our own command with arguments made here
            [*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        created = psutil.Process(child.pid).create_time()
        (home / PID_FILE).write_text(json.dumps({"pid": child.pid, "created": created}), encoding="utf-8")
    return child.pid


def find(home: Path) -> psutil.Process | None:
    """The process that was started for `home`, if it still runs."""
    try:
        noted = json.loads((home / PID_FILE).read_text(encoding="utf-8"))
        process = psutil.Process(noted["pid"])
        alive = process.create_time() == noted["created"] and process.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None
    return process if alive else None


def stop(home: Path) -> str:
    """Ask the process to end and wait for it; answers `stopped`, `killed` (it did not end in time) or `not running`."""
    process = find(home)
    if process is None:
        return "not running"
    process.terminate()
    _, alive = psutil.wait_procs([process], timeout=STOP_SECONDS_MAX)
    for stubborn in alive:
        stubborn.kill()
    psutil.wait_procs(alive, timeout=STOP_SECONDS_MAX)
    (home / PID_FILE).unlink(missing_ok=True)
    return "killed" if alive else "stopped"


def kill(home: Path) -> bool:
    """End the process at once, as a power cut would; False when it was not running."""
    process = find(home)
    if process is None:
        return False
    process.kill()
    psutil.wait_procs([process], timeout=STOP_SECONDS_MAX)
    (home / PID_FILE).unlink(missing_ok=True)
    return True


def log_tail(home: Path, lines: int) -> list[str]:
    """The last lines of the log."""
    try:
        text = (home / LOG_FILE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-lines:]
