"""A devnet as a whole: bring it up, look at it, take it down. Commands and tests use this; it prints nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from devnet import processes
from devnet.plan import DevnetPlan
from ledger.api import PREFIX, Status

READY_SECONDS_MAX: Final = 60
POLL_SECONDS: Final = 0.1


class NotReadyError(Exception):
    """A node did not become ready in time; the text has its last words."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One node as seen now: its process, and what its API says (None: it does not answer)."""

    name: str
    pid: int | None
    memory_bytes: int
    cpu_seconds: float
    status: Status | None


def start_nodes(plan: DevnetPlan, names: Sequence[str]) -> None:
    """Start those that do not run."""
    for name in names:
        home = plan.node_home(name)
        if processes.find(home) is None:
            processes.start(home, ["node", "run", "--home", str(home)])


def start_bank(plan: DevnetPlan) -> None:
    if processes.find(plan.bank_home) is None:
        processes.start(plan.bank_home, ["devnet", "bank", "run", "--dir", str(plan.folder)])


def stop_all(plan: DevnetPlan) -> dict[str, str]:
    """End the bank and every node; what became of each."""
    homes = {"bank": plan.bank_home, **{node.name: plan.node_home(node.name) for node in plan.nodes}}
    running = {name: process for name, home in homes.items() if (process := processes.find(home)) is not None}
    for process in running.values():
        process.terminate()
    # All were asked before the first is waited for; one that has ended meanwhile was stopped by this call too.
    outcomes = {name: processes.stop(home) for name, home in homes.items()}
    return {name: "stopped" if said == "not running" and name in running else said for name, said in outcomes.items()}


def kill_all(plan: DevnetPlan) -> None:
    """End everything at once, as a power cut would."""
    for home in (plan.bank_home, *(plan.node_home(node.name) for node in plan.nodes)):
        processes.kill(home)


def wait_ready(
    plan: DevnetPlan,
    names: Sequence[str],
    *,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Return when every named node answers that it is ready; raises `NotReadyError`."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    waiting = list(names)
    while waiting:
        for name in list(waiting):
            if _is_ready(plan.node(name).watch_url):
                waiting.remove(name)
                if progress is not None:
                    progress(name)
            elif processes.find(plan.node_home(name)) is None:
                raise NotReadyError(_last_words(plan.node_home(name), f"{name} has ended"))
        if time.monotonic() > deadline:
            raise NotReadyError(_last_words(plan.node_home(waiting[0]), f"{', '.join(waiting)} not ready"))
        time.sleep(POLL_SECONDS)


def _is_ready(watch_url: str) -> bool:
    try:
        return httpx.get(f"{watch_url}/readyz", timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _last_words(home: Path, what: str) -> str:
    return "\n".join([f"{what}; the end of {home / processes.LOG_FILE}:", *processes.log_tail(home, 15)])


def look(plan: DevnetPlan) -> list[Seen]:
    """All nodes, in the plan's order."""
    seen: list[Seen] = []
    for node in plan.nodes:
        process = processes.find(plan.node_home(node.name))
        if process is None:
            seen.append(Seen(node.name, None, 0, 0.0, None))
            continue
        times = process.cpu_times()
        memory = process.memory_info().rss
        seen.append(Seen(node.name, process.pid, memory, times.user + times.system, _status(node.api_url)))
    return seen


def _status(url: str) -> Status | None:
    try:
        answer = httpx.get(f"{url}{PREFIX}/status", timeout=2)
    except httpx.TransportError:
        return None
    return Status.model_validate_json(answer.content) if answer.status_code == httpx.codes.OK else None
