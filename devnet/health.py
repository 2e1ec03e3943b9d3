"""What the nodes' states mean for the chain: whether anything can become final now, why not, and the way back.

Pure: judges what `network.look` has seen. A chain of n nodes needs a quorum of votes (four of five), so it stands still
when more than a few are away, and goes on by itself once enough are back; nothing accepted is lost meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from devnet.network import Seen
from devnet.plan import DevnetPlan, command_for
from ledger.validators import quorum_of

BEHIND_HEIGHTS_MAX: Final = 3
"""Nodes are a few heights apart while the chain runs; more is catching up."""
WAITING_MS_MAX: Final = 10_000


class Note(NamedTuple):
    """One sentence for the operator."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Health:
    """`voting` of `nodes` take part; `quorum` are needed for anything to become final."""

    nodes: int
    quorum: int
    voting: int
    height: int | None
    notes: tuple[Note, ...]

    @property
    def can_finish(self) -> bool:
        return self.voting >= self.quorum


def diagnose(plan: DevnetPlan, seen: list[Seen], *, bank: bool) -> Health:
    nodes, quorum = len(seen), quorum_of(plan.engine, len(seen)).q
    voting = sum(node.status is not None and node.status.mode == "voting" for node in seen)
    height = max((node.status.applied for node in seen if node.status is not None), default=None)
    notes = [_verdict(seen, voting, quorum), *_way_back(plan, seen), *_nodes_notes(plan, seen, height or 0)]
    if any(node.pid is not None for node in seen) and not bank:
        again = command_for(plan.folder, "start bank")
        notes.append(Note(f"模拟银行未运行，付款指令无人处理；启动：{again}",
                          f"the bank simulator does not run, so nobody pays; start it: {again}"))  # fmt: skip
    return Health(nodes, quorum, voting, height, tuple(notes))


def _verdict(seen: list[Seen], voting: int, quorum: int) -> Note:
    nodes = len(seen)
    if all(node.pid is None for node in seen):
        return Note("全部节点已停止；链已保存", "all nodes are down; the chain is kept")
    if voting >= quorum:
        spare = voting - quorum
        zh, en = (f"还可再停 {spare} 个", f"{spare} more may fail") if spare else ("不可再停", "none more may fail")
        return Note(
            f"{nodes} 个节点中 {voting} 个参与投票，需要 {quorum} 个：链正常出块，{zh}",
            f"{voting} of {nodes} nodes vote, {quorum} are needed: the chain goes on, {en}",
        )
    return Note(
        f"{nodes} 个节点中只有 {voting} 个参与投票，需要 {quorum} 个：任何交易都不能最终确认（已受理的不会丢失）",
        f"only {voting} of {nodes} nodes vote, {quorum} are needed: nothing can become final now "
        "(what was accepted is not lost)",
    )


def _way_back(plan: DevnetPlan, seen: list[Seen]) -> list[Note]:
    """What to type so that those that are down come back."""
    down = [node.name for node in seen if node.pid is None]
    if not down:
        return []
    again = command_for(plan.folder, "up" if len(down) == len(seen) else f"start {' '.join(down)}")
    return [Note(f"恢复：{again}", f"the way back: {again}")]


def _nodes_notes(plan: DevnetPlan, seen: list[Seen], top: int) -> list[Note]:
    notes: list[Note] = []
    for node in seen:
        status, name = node.status, node.name
        if node.pid is None:
            continue
        if status is None:
            logs = command_for(plan.folder, f"logs {name}")
            notes.append(Note(f"{name} 尚无应答：刚启动需数秒；若一直如此，请看 {logs}",
                              f"{name} does not answer yet: starting takes seconds; otherwise {logs}"))  # fmt: skip
        elif status.mode == "halted":
            doctor = f"lugang node doctor --home {plan.node_home(name)}"
            notes.append(Note(f"{name} 已停止参与（{status.halt_reason}）；停止它，然后运行 {doctor}",
                              f"{name} has halted ({status.halt_reason}); stop it, then run {doctor}"))  # fmt: skip
        elif top - status.applied > BEHIND_HEIGHTS_MAX:
            notes.append(Note(f"{name} 正在追赶：高度 {status.applied}，链已到 {top}",
                              f"{name} is catching up: height {status.applied}, the chain is at {top}"))  # fmt: skip
        elif status.mode == "observer":
            reason = f"（{status.halt_reason}）" if status.halt_reason else ""
            en = f" ({status.halt_reason})" if status.halt_reason else ""
            notes.append(Note(f"{name} 暂只旁观{reason}：向其他节点求证后自行恢复投票",
                              f"{name} observes{en}: it asks the others and votes again by itself"))  # fmt: skip
        elif status.pool_oldest_ms > WAITING_MS_MAX:
            seconds = status.pool_oldest_ms // 1000
            notes.append(Note(f"{name} 有 {status.pool_count} 笔交易等待，最久 {seconds} 秒",
                              f"{status.pool_count} transactions wait at {name}, "
                              f"the oldest for {seconds} s"))  # fmt: skip
    return notes
