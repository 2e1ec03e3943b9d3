"""How a devnet's state is shown: a table for people, a dictionary for programs."""

from __future__ import annotations

from typing import Any, Final

from rich.table import Table

from devnet.network import Seen
from devnet.plan import DevnetPlan

MIB: Final = 1024 * 1024
WORDS: Final = ("节点\nnode", "进程\npid", "状态\nmode")
FIGURES: Final = ("执行\napplied", "认证\ncertified", "轮\nround", "对等\npeers", "待处理\npool", "内存\nMiB", "CPU\ns")


def status_json(plan: DevnetPlan, seen: list[Seen]) -> dict[str, Any]:
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
    return {"folder": str(plan.folder), "suite": plan.suite, "engine": plan.engine, "nodes": nodes}


def status_table(plan: DevnetPlan, seen: list[Seen]) -> Table:
    table = Table(title=f"{plan.folder} · {plan.suite} · {plan.engine}")
    for heading in WORDS:
        table.add_column(heading)
    for heading in FIGURES:
        table.add_column(heading, justify="right")
    for node in seen:
        table.add_row(*_cells(node))
    return table


def _cells(node: Seen) -> list[str]:
    if node.pid is None:
        return [node.name, "-", "[red]停止 down[/]", *[""] * 7]
    used = [str(node.memory_bytes // MIB), f"{node.cpu_seconds:.0f}"]
    status = node.status
    if status is None:
        return [node.name, str(node.pid), "[yellow]无应答 silent[/]", *[""] * 5, *used]
    colour = {"voting": "green", "observer": "yellow", "halted": "red"}[status.mode]
    return [
        node.name,
        str(node.pid),
        f"[{colour}]{status.mode}[/]",
        str(status.applied),
        str(status.certified),
        str(status.round),
        f"{status.peers_connected}/{status.peers}",
        str(status.pool_count),
        *used,
    ]
