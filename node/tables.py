"""What the node's commands print for people, in their language. Made for 80 columns; no colours needed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from node.doctor import Finding
from node.language import words

BEIJING: Final = timedelta(hours=8)
VERDICTS: Final = {
    "good": ("正常", "good"),
    "notice": ("留意", "mind"),
    "wrong": ("有误", "WRONG"),
    "skipped": ("未查", "skipped"),
}
MODES: Final = {
    "voting": ("投票", "voting"),
    "observer": ("旁观", "observer"),
    "halted": ("停止", "halted"),
    "starting": ("启动中", "starting"),
}


REASONS: Final = (
    (r"height (\d+): own execution differs from the certified one", r"高度 \1：本节点的执行结果与已认证的不同"),
    (r"height (\d+): another checkpoint of it was signed before", r"高度 \1：先前已签署另一检查点"),
    (r"height (\d+): no result can reach a quorum", r"高度 \1：任何结果都无法达到法定数"),
    (r"executing again: (.*)", r"再次执行：\1"),
    (r"a quorum voted for block (\w+), which is invalid here", r"法定数的节点投票支持区块 \1，而本节点认定其无效"),
    (r"(\w+) own (\w+) other (\w+)", r"\1 本节点 \2，其他 \3"),
    (r"first receipt that differs: (\d+), transaction (\w+)", r"首个不同的回执：第 \1 笔，交易 \2"),
    (r"first receipt that differs: (\d+), what follows the transactions", r"首个不同的回执：第 \1 项，交易之后的清理"),
    (r"first state key that differs, as a peer says: (\w+) own (.+) other (.+)",
     r"首个不同的状态键（据对方节点）：\1，本节点 \2，其他 \3"),
)  # fmt: skip
"""Why a node stopped, as consensus and divergence say it in English for logs and programs; in Chinese for people."""


def reason_in_chinese(reason: str) -> str:
    """Part by part; what is not known stays as it was said."""
    parts = []
    for part in reason.split("; "):
        found = [(match, zh) for english, zh in REASONS if (match := re.fullmatch(english, part))]
        parts.append(found[0][0].expand(found[0][1]) if found else part)
    return "；".join(parts).replace("not written", "未写入").replace("removed", "已删除")


def print_status(status: dict[str, Any], peers: Sequence[dict[str, Any]]) -> None:
    console = Console(highlight=False)
    mode = words(*MODES.get(status["mode"], (status["mode"], status["mode"])))
    halted = status["halt_reason"]
    reason = words(f"（{reason_in_chinese(halted)}）", f" ({halted})") if halted else ""
    applied, certified, round_now = status["applied"], status["certified"], status["round"]
    linked, oldest = f"{status['peers_connected']} / {status['peers']}", status["pool_oldest_ms"] / 1000
    changes, uptime = status["view_changes"], timedelta(seconds=status["uptime_ms"] // 1000)
    rows = (
        (words("链", "chain"), f"{status['name']}  {status['chain'][:16]}…  {status['suite']} {status['engine']}"),
        (words("机构", "organisation"), status["organisation"] or "-"),
        (words("状态", "mode"), mode + reason),
        (
            words("高度", "height"),
            words(f"已执行 {applied}，已认证 {certified}", f"applied {applied}, certified {certified}"),
        ),
        (words("轮次", "round"), words(f"{round_now}，换届 {changes} 次", f"{round_now}, {changes} view changes")),
        (words("区块时间", "block time"), beijing(status["time_ms"])),
        (words("连接", "peers"), words(f"{linked}，法定数 {status['quorum']}", f"{linked}, quorum {status['quorum']}")),
        (
            words("待处理", "pool"),
            words(f"{status['pool_count']} 笔，最久 {oldest:.1f} 秒", f"{status['pool_count']}, oldest {oldest:.1f} s"),
        ),
        (words("数据库", "database"), f"{status['database_bytes'] / 1e6:.1f} MB"),
        (words("运行时间", "uptime"), str(uptime)),
        (words("软件", "software"), status["software"]),
    )
    console.print(two_columns(rows), "")
    table = narrow_table(
        ("机构", "organisation"), ("连接", "link"), ("高度", "height"), ("已认证", "certified"), ("往返 ms", "rtt ms")
    )
    for peer in peers:
        linked = words("已连", "up") if peer["connected"] else words("断开", "down")
        table.add_row(peer["organisation"], linked, *(text(peer[k]) for k in ("height", "certified", "rtt_ms")))
    console.print(table)


def print_findings(findings: Sequence[Finding]) -> None:
    console = Console(highlight=False)
    table = narrow_table(("检查", "check"), ("结果", "result"))
    table.add_column(words("说明", "detail"), overflow="fold")
    for finding in findings:
        table.add_row(finding.check, words(*VERDICTS[finding.verdict]), words(finding.detail_zh, finding.detail))
    console.print(table)
    for finding in findings:
        if finding.cure_zh:
            console.print(f"{finding.check}: {words(finding.cure_zh, finding.cure_en)}", markup=False)


def print_genesis(view: dict[str, Any]) -> None:
    console = Console(highlight=False)
    first_day = view["clock_first_day"]
    clock = words("真实", "real") if first_day is None else words(f"测试，自 {first_day}", f"test, from {first_day}")
    rows = (
        (words("链", "chain"), view["chain"]),
        (words("名称", "name"), view["name"]),
        (words("套件", "suite"), f"{view['suite']}  {view['engine']}  2^{view['bucket_bits']} buckets"),
        (words("时间", "time"), beijing(view["time_ms"])),
        (words("时钟", "clock"), clock),
        (words("合约", "contracts"), ", ".join(contract["name"] for contract in view["contracts"]) or "-"),
    )
    console.print(two_columns(rows), "")
    members = narrow_table(("机构", "organisation"), ("名称", "name"), ("角色", "roles"))
    members.add_column(words("资质", "capacities"), overflow="fold")
    for member in view["members"]:
        roles, capacities = ", ".join(member["roles"]), ", ".join(member["capacities"])
        name = words(member["name_zh"], member["name_en"])
        members.add_row(member["organisation"], name, roles, capacities)
    console.print(members, "")
    validators = narrow_table(("机构", "organisation"), ("验证密钥", "key"))
    validators.add_column(words("地址", "addresses"), overflow="fold")
    for entry in view["validators"]:
        validators.add_row(entry["organisation"], f"{entry['key'][:16]}…", ", ".join(entry["addresses"]))
    console.print(validators)


def narrow_table(*headings: tuple[str, str]) -> Table:
    """A table without lines, whose cells stay whole."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for zh, en in headings:
        table.add_column(words(zh, en), no_wrap=True)
    return table


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
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC) + BEIJING:%Y-%m-%d %H:%M:%S} {words('北京时间', 'Beijing')}"
