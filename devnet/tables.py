"""A devnet's state: for people a table of at most 80 columns and what it means, for programs one object."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from devnet.health import Health
from devnet.network import Seen
from devnet.plan import DevnetPlan
from node.language import words

MIB: Final = 1024 * 1024
WORDS: Final = (("节点", "node"), ("进程", "pid"), ("状态", "mode"))
FIGURES: Final = (
    ("高度", "height"),
    ("已认证", "final"),
    ("轮次", "round"),
    ("连接", "peers"),
    ("待处理", "pool"),
    ("MiB", "MiB"),
)
MODES: Final = {
    "voting": ("投票", "voting", "green"),
    "observer": ("旁观", "observer", "yellow"),
    "halted": ("停止", "halted", "red"),
    "starting": ("启动中", "starting", "yellow"),
}


def status_json(plan: DevnetPlan, seen: list[Seen], health: Health) -> dict[str, Any]:
    """One object; each node has `running` and, where it answers, the fields of `GET /v1/status`."""
    nodes = [
        {
            "name": node.name,
            "running": node.pid is not None,
            "pid": node.pid,
            "api": plan.node(node.name).api_url,
            "memory_bytes": node.memory_bytes,
            "cpu_seconds": round(node.cpu_seconds, 2),
            "status": None if node.status is None else node.status.model_dump(),
        }
        for node in seen
    ]
    return {
        "folder": str(plan.folder),
        "suite": plan.suite,
        "engine": plan.engine,
        "quorum": health.quorum,
        "voting": health.voting,
        "can_finish": health.can_finish,
        "height": health.height,
        "notes": [note._asdict() for note in health.notes],
        "nodes": nodes,
    }


def status_view(plan: DevnetPlan, seen: list[Seen], health: Health) -> Group:
    """The table, and below it whether the chain goes on, and what to do where it does not."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in WORDS:
        table.add_column(words(*heading), no_wrap=True)
    for heading in FIGURES:
        table.add_column(words(*heading), justify="right", no_wrap=True)
    for node in seen:
        table.add_row(*_cells(node))
    first, *further = (Text(words(note.zh, note.en)) for note in health.notes)
    first.stylize("green" if health.can_finish else "bold red")
    return Group(Text(f"{plan.folder} · {plan.suite} · {plan.engine}"), table, first, *further)


def _cells(node: Seen) -> list[str]:
    if node.pid is None:
        return [node.name, "-", f"[red]{words('未运行', 'down')}[/]", *[""] * len(FIGURES)]
    memory = str(node.memory_bytes // MIB)
    status = node.status
    if status is None:
        return [node.name, str(node.pid), f"[yellow]{words('无应答', 'silent')}[/]", *[""] * 5, memory]
    zh, en, colour = MODES[status.mode]
    return [
        node.name,
        str(node.pid),
        f"[{colour}]{words(zh, en)}[/]",
        str(status.applied),
        str(status.certified),
        str(status.round),
        f"{status.peers_connected}/{status.peers}",
        str(status.pool_count),
        memory,
    ]
