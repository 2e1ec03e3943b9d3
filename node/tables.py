"""What the node's commands print for people, Chinese first. Made for a terminal of 100 columns; no colours needed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from node.doctor import Finding

BEIJING: Final = timedelta(hours=8)
WORDS: Final = {
    "good": "正常 good",
    "notice": "留意 mind",
    "wrong": "有误 WRONG",
    "skipped": "未查 skipped",
    "voting": "投票 voting",
    "observer": "旁观 observer",
    "halted": "停止 halted",
    "starting": "启动中 starting",
}


def print_status(status: dict[str, Any], peers: Sequence[dict[str, Any]]) -> None:
    console = Console(highlight=False)
    mode = WORDS.get(status["mode"], status["mode"])
    reason = f" ({status['halt_reason']})" if status["halt_reason"] else ""
    rows = (
        ("链 chain", f"{status['name']}  {status['chain'][:16]}…  {status['suite']} {status['engine']}"),
        ("机构 organisation", status["organisation"] or "-"),
        ("状态 mode", mode + reason),
        ("高度 height", f"已执行 applied {status['applied']}  已认证 certified {status['certified']}"),
        ("轮次 round", f"{status['round']}  换届 view changes {status['view_changes']}"),
        ("区块时间 block time", beijing(status["time_ms"])),
        ("同伴 peers", f"{status['peers_connected']} / {status['peers']}  法定 quorum {status['quorum']}"),
        ("交易池 pool", f"{status['pool_count']}  最久 oldest {status['pool_oldest_ms'] / 1000:.1f} s"),
        ("数据库 database", f"{status['database_bytes'] / 1e6:.1f} MB"),
        ("运行 uptime", str(timedelta(seconds=status["uptime_ms"] // 1000))),
        ("软件 software", status["software"]),
    )
    console.print(two_columns(rows))
    table = Table("机构 organisation", "连接 link", "高度 height", "已认证 certified", "往返 ms")
    for peer in peers:
        linked = "已连 up" if peer["connected"] else "断开 down"
        table.add_row(peer["organisation"], linked, *(text(peer[k]) for k in ("height", "certified", "rtt_ms")))
    console.print(table)


def print_findings(findings: Sequence[Finding]) -> None:
    console = Console(highlight=False)
    table = Table("检查 check", "结果 result", "说明 detail", show_lines=False)
    for finding in findings:
        table.add_row(finding.check, WORDS[finding.verdict], finding.detail)
    console.print(table)
    for finding in findings:
        if finding.cure_zh:
            console.print(f"{finding.check}: {finding.cure_zh}\n{' ' * len(finding.check)}  {finding.cure_en}")


def print_genesis(view: dict[str, Any]) -> None:
    console = Console(highlight=False)
    clock = "真实 real" if view["clock_first_day"] is None else f"测试 test, {view['clock_first_day']}"
    rows = (
        ("链 chain", view["chain"]),
        ("名称 name", view["name"]),
        ("套件 suite", f"{view['suite']}  {view['engine']}  2^{view['bucket_bits']} buckets"),
        ("时间 time", beijing(view["time_ms"])),
        ("时钟 clock", clock),
        ("合约 contracts", ", ".join(contract["name"] for contract in view["contracts"]) or "-"),
    )
    console.print(two_columns(rows))
    members = Table("机构 organisation", "名称 name", "角色 roles", "资质 capacities")
    for member in view["members"]:
        roles, capacities = ", ".join(member["roles"]), ", ".join(member["capacities"])
        members.add_row(member["organisation"], member["name_zh"], roles, capacities)
    console.print(members)
    validators = Table("机构 organisation", "验证密钥 key", "地址 addresses")
    for entry in view["validators"]:
        validators.add_row(entry["organisation"], f"{entry['key'][:16]}…", ", ".join(entry["addresses"]))
    console.print(validators)


def two_columns(rows: Sequence[tuple[str, str]]) -> Table:
    table = Table(show_header=False, box=None)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    return table


def text(value: Any) -> str:
    return "-" if value is None else str(value)


def beijing(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC) + BEIJING:%Y-%m-%d %H:%M:%S} 北京 Beijing"
