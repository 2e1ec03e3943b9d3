"""`lugang devnet …`: bring a network of real processes up, look at it, break it, take it down.

Exit codes: see `devnet.problems`.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.live import Live

from devnet import network, processes
from devnet.ending import ends_in_order
from devnet.health import Health, diagnose
from devnet.lifecycle import bring_up, finish, remove, working
from devnet.onboarding import open_session
from devnet.plan import (
    NODES,
    NODES_MAX,
    NODES_MIN,
    PLAN_FILE,
    UNFINISHED_FILE,
    DevnetPlan,
    command_for,
    load_plan,
    make_plan,
)
from devnet.prepare import PASSPHRASE, prepare
from devnet.problems import problem
from devnet.speech import DevnetGroup, folder_option, json_option, say
from devnet.tables import status_json, status_view
from devnet.tour import prepare_tour
from ledger.wording import show_day
from node.language import words

REFRESH_SECONDS: Final = 0.5
SUITE: Final = "intl"
BANK_NAME: Final = "bank"
PARTS: Final = {
    "bank": "devnet.bank.cli",
    "demo": "devnet.demo.cli",
    "bench": "devnet.bench.cli",
    "sim": "devnet.sim.cli",
}
OUTCOMES: Final = {
    "stopped": ("已停止", "stopped"),
    "killed": ("已强制结束", "killed"),
    "not running": ("未在运行", "not running"),
    "started": ("已启动", "started"),
    "running": ("已在运行", "runs already"),
}


def with_plan(command: Callable[..., Any]) -> Callable[..., Any]:
    """Load the plan of `--dir` and hand it over; says in plain words when there is no devnet."""

    @folder_option
    @wraps(command)
    def run(folder: Path, **arguments: Any) -> Any:
        return command(load_plan(folder), **arguments)

    return run


@click.group(
    cls=DevnetGroup, parts=PARTS, help="本机试验网：真实进程组成的链。\n\nA chain of processes on this machine."
)
def devnet() -> None:
    pass


@devnet.command(
    help="启动试验网；首次运行时创建，以后继续原来的链。\n\n"
    "Start it: the first time a new chain is made, later the same chain goes on."
)
@folder_option
@click.option("--nodes", type=int, help=f"节点数，{NODES_MIN} 至 {NODES_MAX}，默认 {NODES} · how many nodes")
@click.option("--suite", type=click.Choice(["intl", "gm"]), help=f"密码套件，默认 {SUITE} · the cryptography")
@click.option("--fresh", is_flag=True, help="先删除旧链 · remove the old chain first")
@json_option
def up(folder: Path, nodes: int | None, suite: str | None, fresh: bool, as_json: bool) -> dict[str, Any]:
    console = Console(stderr=True, quiet=as_json, highlight=False, markup=False, soft_wrap=True)
    if fresh or (folder / UNFINISHED_FILE).exists():
        if not fresh:
            console.print(words("上次创建未完成，重新创建", "the last making was broken off; it is made anew"))
        remove(folder)
    is_new = not (folder / PLAN_FILE).exists()
    with ends_in_order():
        plan = _make(folder, nodes or NODES, suite or SUITE) if is_new else _found(folder, nodes, suite)
        try:
            bring_up(plan, console, is_new=is_new)
            if is_new:
                with working(console, "准备体验业务", "preparing the tour"):
                    session = open_session(plan)
                    prepare_tour(plan, session)
                    session.close()
                finish(plan)
        except BaseException:
            if is_new:
                network.kill_all(plan)
            raise
    return _tell_ready(plan, console, is_new=is_new)


def _make(folder: Path, nodes: int, suite: str) -> DevnetPlan:
    plan = make_plan(folder, nodes, suite)
    prepare(plan, limits={}, timeouts_ms={})
    return plan


def _found(folder: Path, nodes: int | None, suite: str | None) -> DevnetPlan:
    """The devnet that is there; raises DEV-004 where the options ask for another one."""
    plan = load_plan(folder)
    for option, found, wanted in (("--nodes", len(plan.nodes), nodes), ("--suite", plan.suite, suite)):
        if wanted not in (None, found):
            raise problem("DEV-004", folder=str(folder), option=option, found=found, wanted=wanted)
    return plan


def _tell_ready(plan: DevnetPlan, console: Console, *, is_new: bool) -> dict[str, Any]:
    seen = network.look(plan)
    states = [node.status for node in seen if node.status is not None]
    height, day = max(state.applied for state in states), max(state.day for state in states)
    if is_new:
        zh = f"就绪：新链，{len(seen)} 个节点，{plan.folder}"
        en = f"ready: a new chain, {len(seen)} nodes, {plan.folder}"
    else:
        anew = command_for(plan.folder, "up --fresh")
        zh = f"就绪：继续高度 {height} 的原链，业务日期 {show_day(day, 'zh')}；另建新链：{anew}"
        en = f"ready: resumed at height {height}, business day {show_day(day, 'en')}; a new chain: {anew}"
    console.print(words(zh, en))
    console.print(f"  export LUGANG_HOME={shlex.quote(str(plan.wallet_home))} LUGANG_PASSPHRASE={PASSPHRASE}")
    for arguments in ("status", "down"):
        console.print(f"  {command_for(plan.folder, arguments)}")
    return {
        "folder": str(plan.folder),
        "resumed": not is_new,
        "height": height,
        "suite": plan.suite,
        "nodes": {node.name: node.api_url for node in plan.nodes},
        "wallet_home": str(plan.wallet_home),
        "passphrase": PASSPHRASE,
    }


@devnet.command(help="停止全部进程；链保留。\n\nEnd all its processes; the chain is kept.")
@with_plan
@click.option("--remove", "and_remove", is_flag=True, help="同时删除链 · delete the chain too")
@json_option
def down(plan: DevnetPlan, and_remove: bool, as_json: bool) -> dict[str, Any]:
    outcomes = network.stop_all(plan)
    if and_remove:
        remove(plan.folder)
    if not as_json:
        _say_outcomes(outcomes)
        again = command_for(plan.folder, "up")
        if and_remove:
            say(f"已删除 {plan.folder}", f"{plan.folder} is deleted")
        else:
            say(f"链保存在 {plan.folder}，继续：{again}", f"the chain is kept in {plan.folder}; go on with: {again}")
    return {"processes": outcomes, "removed": and_remove}


@devnet.command(help="各节点状态，以及链能否继续。\n\nThe state of every node, and whether the chain goes on.")
@with_plan
@click.option("--once", is_flag=True, help="只显示一次 · print once, do not refresh")
@json_option
def status(plan: DevnetPlan, once: bool, as_json: bool) -> dict[str, Any] | None:
    if as_json:
        return status_json(plan, *_judged(plan))
    console = Console(highlight=False)
    if once or not console.is_terminal:
        console.print(status_view(plan, *_judged(plan)), soft_wrap=not console.is_terminal)
        return None
    with Live(status_view(plan, *_judged(plan)), console=console, auto_refresh=False) as live:
        try:
            while True:
                live.update(status_view(plan, *_judged(plan)), refresh=True)
                time.sleep(REFRESH_SECONDS)
        except KeyboardInterrupt:
            return None


def _judged(plan: DevnetPlan) -> tuple[list[network.Seen], Health]:
    seen = network.look(plan)
    return seen, diagnose(plan, seen, bank=network.bank_runs(plan))


def named(plan: DevnetPlan, names: tuple[str, ...]) -> list[str]:
    """The asked nodes (or `bank`), all nodes where none is named; a name that is none says which there are."""
    return [name if name == BANK_NAME else plan.node(name).name for name in names] or plan.names


def _home(plan: DevnetPlan, name: str) -> Path:
    return plan.bank_home if name == BANK_NAME else plan.node_home(name)


def _say_outcomes(outcomes: dict[str, str]) -> None:
    for name, outcome in outcomes.items():
        click.echo(f"{name}: {words(*OUTCOMES[outcome])}")


def _tell_state(plan: DevnetPlan, outcomes: dict[str, str], as_json: bool) -> dict[str, Any]:
    """What was done, and what it means for the chain."""
    health = _judged(plan)[1]
    if not as_json:
        _say_outcomes(outcomes)
        for note in health.notes:
            say(*note)
    return {
        "processes": outcomes,
        "voting": health.voting,
        "quorum": health.quorum,
        "can_finish": health.can_finish,
        "notes": [note._asdict() for note in health.notes],
    }


@devnet.command(help="像断电一样结束节点（默认全部）。\n\nEnd nodes as a power cut would (all by default).")
@click.argument("names", nargs=-1)
@with_plan
@json_option
def kill(plan: DevnetPlan, names: tuple[str, ...], as_json: bool) -> dict[str, Any]:
    chosen = named(plan, names)
    outcomes = {name: "killed" if processes.kill(_home(plan, name)) else "not running" for name in chosen}
    return _tell_state(plan, outcomes, as_json)


@devnet.command(help="正常停止节点（默认全部）。\n\nStop nodes in order (all by default).")
@click.argument("names", nargs=-1)
@with_plan
@json_option
def stop(plan: DevnetPlan, names: tuple[str, ...], as_json: bool) -> dict[str, Any]:
    outcomes = {name: processes.stop(_home(plan, name)) for name in named(plan, names)}
    return _tell_state(plan, outcomes, as_json)


@devnet.command(help="启动节点（默认全部）或 bank。\n\nStart nodes (all by default), or the bank.")
@click.argument("names", nargs=-1)
@with_plan
@json_option
def start(plan: DevnetPlan, names: tuple[str, ...], as_json: bool) -> dict[str, Any]:
    chosen = named(plan, names)
    nodes = [name for name in chosen if name != BANK_NAME]
    started = network.start_nodes(plan, nodes)
    if BANK_NAME in chosen and not network.bank_runs(plan):
        network.start_bank(plan)
        started.append(BANK_NAME)
    running = sum(processes.find(plan.node_home(name)) is not None for name in plan.names)
    quorum = diagnose(plan, network.look(plan), bank=True).quorum
    if running >= quorum:
        network.wait_ready(plan, nodes, told=None if as_json else lambda name, what: click.echo(f"{name}: {what}"))
    else:
        # Ready they cannot be before enough others run.
        network.wait_answering(plan, nodes)
    return _tell_state(plan, {name: "started" if name in started else "running" for name in chosen}, as_json)


@devnet.command(help="显示节点或 bank 日志的末尾。\n\nThe end of the log of a node, or of the bank.")
@click.argument("name")
@with_plan
@click.option("--lines", type=click.IntRange(1), default=50, show_default=True, help="行数 · how many lines")
@json_option
def logs(plan: DevnetPlan, name: str, lines: int, as_json: bool) -> dict[str, Any]:
    home = _home(plan, named(plan, (name,))[0])
    found = processes.log_tail(home, lines)
    if not as_json:
        sys.stdout.write("\n".join([*found, ""]))
    return {"file": str(home / processes.LOG_FILE), "lines": found}


COMMANDS: Final = {"devnet": devnet}
