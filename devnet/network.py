"""A devnet as a whole: bring it up, look at it, take it down. Commands and tests use this; it prints nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
import psutil
from pydantic import ValidationError

from devnet import processes
from devnet.plan import DevnetPlan, NodePlan, command_for, is_free
from devnet.problems import problem
from ledger.api import PREFIX, Status
from ledger.errors import Refused
from node.language import words

READY_SECONDS_MAX: Final = 60
POLL_SECONDS: Final = 0.1
LOG_LINES_SHOWN: Final = 15
WHY: Final = {
    "peers": ("与其他节点的连接不足", "too few links to the other nodes"),
    "mode": ("尚未参与投票", "it does not vote yet"),
    "certified": ("等待足够的节点签认最近的区块", "it waits until enough nodes have certified the last blocks"),
    "disk": ("磁盘空间不足", "too little disk space"),
}
"""What stands behind each of a node's conditions of readiness."""
Told = Callable[[str, str], None]
"""Takes a node's name and what is to be said of it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One node as seen now: its process, and what its API says (None: it does not answer)."""

    name: str
    pid: int | None
    memory_bytes: int
    cpu_seconds: float
    status: Status | None


def start_nodes(plan: DevnetPlan, names: Sequence[str]) -> list[str]:
    """Start those that do not run, and say which; raises DEV-005 before the first when a port is taken."""
    idle = [name for name in names if processes.find(plan.node_home(name)) is None]
    for name in idle:
        verify_ports(plan, plan.node(name))
    for name in idle:
        home = plan.node_home(name)
        processes.start(home, ["node", "run", "--home", str(home)])
    return idle


def verify_ports(plan: DevnetPlan, node: NodePlan) -> None:
    """All three ports of a node that does not run are free, or DEV-005 names the first that is not, and by whom."""
    for setting, port in (("listen", node.link_port), ("api", node.api_port), ("metrics", node.watch_port)):
        if not is_free(port):
            anew = command_for(plan.folder, "up --fresh")
            raise problem("DEV-005", port=port, node=node.name, setting=setting, holder=_holder(port), command=anew)


def _holder(port: int) -> str:
    """The process that listens on a port, as far as this user may see it."""
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid is not None:
            try:
                return f"{connection.pid} ({psutil.Process(connection.pid).name()})"
            except psutil.NoSuchProcess:
                break
    return "?"


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


def wait_ready(plan: DevnetPlan, names: Sequence[str], *, told: Told | None = None) -> None:
    """Return when every named node answers that it is ready; raises DEV-006 or DEV-007. `told` hears of each node that
    is ready, and what a node waits for whenever that changes."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    waiting = dict.fromkeys(names, "")
    while waiting:
        for name, said in list(waiting.items()):
            why = _why_not_ready(plan.node(name).watch_url)
            if why == "":
                del waiting[name]
            elif processes.find(plan.node_home(name)) is None:
                raise _ended(plan, name)
            elif why is None or why == said:
                continue
            else:
                waiting[name] = why
            if told is not None:
                told(name, why or words("就绪", "ready"))
        if time.monotonic() > deadline:
            raise _too_late(plan, waiting)
        time.sleep(POLL_SECONDS)


def wait_answering(plan: DevnetPlan, names: Sequence[str]) -> None:
    """Return when every named node answers at all; ready it may not be, where too few others run."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    waiting = list(names)
    while waiting:
        if _status(plan.node(waiting[0]).api_url) is not None:
            del waiting[0]
        elif processes.find(plan.node_home(waiting[0])) is None:
            raise _ended(plan, waiting[0])
        elif time.monotonic() > deadline:
            raise _too_late(plan, dict.fromkeys(waiting, ""))
        else:
            time.sleep(POLL_SECONDS)


def _why_not_ready(watch_url: str) -> str | None:
    """Empty when the node is ready, None while it does not answer yet, otherwise what it waits for."""
    try:
        answer = httpx.get(f"{watch_url}/readyz", timeout=2)
        if answer.status_code == httpx.codes.OK:
            return ""
        checks: dict[str, dict[str, Any]] = answer.json()["checks"]
    except (httpx.TransportError, ValueError, KeyError):
        return None
    failing = [words(*WHY.get(name, (name, name))) for name, check in checks.items() if not check["ok"]]
    return words("；", "; ").join(failing) or None


def _ended(plan: DevnetPlan, name: str) -> Refused:
    home = plan.node_home(name)
    return problem("DEV-006", node=name, log=str(home / processes.LOG_FILE), tail=_tail(plan, name))


def _too_late(plan: DevnetPlan, waiting: dict[str, str]) -> Refused:
    first = next(iter(waiting))
    why = "".join(words(f"{name}：{said}。", f"{name}: {said}. ") for name, said in waiting.items() if said)
    log = str(plan.node_home(first) / processes.LOG_FILE)
    names = ", ".join(waiting)
    return problem("DEV-007", seconds=READY_SECONDS_MAX, nodes=names, why=why, log=log, tail=_tail(plan, first))


def _tail(plan: DevnetPlan, name: str) -> str:
    return "\n".join(processes.log_tail(plan.node_home(name), LOG_LINES_SHOWN))


def look(plan: DevnetPlan) -> list[Seen]:
    """All nodes, in the plan's order."""
    return [_look_at(node, processes.find(plan.node_home(node.name))) for node in plan.nodes]


def _look_at(node: NodePlan, process: psutil.Process | None) -> Seen:
    if process is not None:
        try:
            times, memory = process.cpu_times(), process.memory_info().rss
            return Seen(node.name, process.pid, memory, times.user + times.system, _status(node.api_url))
        except psutil.NoSuchProcess:
            # It ended while it was looked at.
            pass
    return Seen(node.name, None, 0, 0.0, None)


def bank_runs(plan: DevnetPlan) -> bool:
    return processes.find(plan.bank_home) is not None


def _status(url: str) -> Status | None:
    try:
        answer = httpx.get(f"{url}{PREFIX}/status", timeout=2)
        return Status.model_validate_json(answer.content) if answer.status_code == httpx.codes.OK else None
    except (httpx.TransportError, ValidationError):
        # Whoever answers something else on this port is no node.
        return None
