"""`lugang devnet …`: bring a network of real processes up, look at it, break it, take it down."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.live import Live

from devnet import network, processes
from devnet.bank.cli import bank
from devnet.bench.cli import bench
from devnet.demo.cli import demo
from devnet.lifecycle import DevnetError, bring_up, remove
from devnet.onboarding import open_session
from devnet.plan import DevnetPlan, load_plan, make_plan
from devnet.prepare import PASSPHRASE, prepare
from devnet.sim.cli import sim
from devnet.tables import status_json, status_table
from devnet.tour import prepare_tour

DEFAULT_DIR: Final = "devnet-data"
REFRESH_PER_SECOND: Final = 2

folder_option = click.option(
    "--dir", "folder", type=click.Path(path_type=Path), default=DEFAULT_DIR, show_default=True, help="目录 / its folder"
)


def with_plan(command: Callable[..., None]) -> Callable[..., None]:
    """Load the plan of `--dir` and hand it over; says in plain words when there is no devnet."""

    @folder_option
    @wraps(command)
    def run(folder: Path, **arguments: Any) -> None:
        try:
            plan = load_plan(folder)
        except FileNotFoundError:
            raise DevnetError(
                f"{folder} 里没有试验网,请先运行 lugang devnet up\nno devnet in {folder}; run `lugang devnet up`"
            ) from None
        command(plan, **arguments)

    return run


@click.group(help="本机试验网:真实进程组成的链 / a chain of real processes on this machine")
def devnet() -> None:
    pass


@devnet.command(help="启动试验网(首次运行会创建) / start it; the first time, make it")
@folder_option
@click.option("--nodes", default=5, show_default=True, help="节点数,4 至 16 / how many nodes, 4 to 16")
@click.option("--suite", type=click.Choice(["intl", "gm"]), default="intl", show_default=True, help="密码套件 / suite")
@click.option("--fresh", is_flag=True, help="先删除旧试验网 / remove the old one first")
def up(folder: Path, nodes: int, suite: str, fresh: bool) -> None:
    console = Console(stderr=True)
    if fresh:
        remove(folder)
    is_new = not (folder / "devnet.json").exists()
    if is_new:
        try:
            plan = make_plan(folder, nodes, suite)
            prepare(plan, limits={}, timeouts_ms={})
        except (ValueError, FileExistsError) as error:
            raise DevnetError(f"无法创建 / cannot be made: {error}") from None
    else:
        plan = load_plan(folder)
    bring_up(plan, console, is_new=is_new)
    if is_new:
        with console.status("准备体验业务 / preparing the tour"):
            session = open_session(plan)
            prepare_tour(plan, session)
            session.close()
    console.print(
        f"[bold]就绪 / ready[/]: {len(plan.nodes)} 个节点 / nodes, {plan.folder}\n"
        f"  export LUGANG_HOME={plan.wallet_home}\n  export LUGANG_PASSPHRASE={PASSPHRASE}\n"
        "  lugang devnet status    lugang key list    lugang devnet down"
    )


@devnet.command(help="停止全部进程 / end all its processes")
@with_plan
@click.option("--remove", "and_remove", is_flag=True, help="同时删除目录 / delete the folder too")
def down(plan: DevnetPlan, and_remove: bool) -> None:
    for name, outcome in network.stop_all(plan).items():
        click.echo(f"{name}: {outcome}")
    if and_remove:
        remove(plan.folder)


@devnet.command(help="各节点状态 / the state of every node")
@with_plan
@click.option("--json", "as_json", is_flag=True, help="输出 JSON / print JSON once")
@click.option("--once", is_flag=True, help="只显示一次 / print once, do not refresh")
def status(plan: DevnetPlan, as_json: bool, once: bool) -> None:
    if as_json:
        click.echo(json.dumps(status_json(plan, network.look(plan)), ensure_ascii=False, indent=2))
        return
    console = Console()
    if once or not console.is_terminal:
        console.print(status_table(plan, network.look(plan)))
        return
    with Live(status_table(plan, network.look(plan)), console=console, refresh_per_second=REFRESH_PER_SECOND) as live:
        try:
            while True:
                live.update(status_table(plan, network.look(plan)), refresh=True)
        except KeyboardInterrupt:
            pass


def named(plan: DevnetPlan, names: tuple[str, ...]) -> list[str]:
    """The asked nodes, all of them where none is named; a name that is none says which there are."""
    try:
        return [plan.node(name).name for name in names] or [node.name for node in plan.nodes]
    except KeyError as error:
        raise DevnetError(str(error.args[0])) from None


@devnet.command(help="像断电一样结束节点(默认全部) / end nodes as a power cut would (all by default)")
@click.argument("names", nargs=-1)
@with_plan
def kill(plan: DevnetPlan, names: tuple[str, ...]) -> None:
    for name in named(plan, names):
        click.echo(f"{name}: {'killed' if processes.kill(plan.node_home(name)) else 'not running'}")


@devnet.command(help="正常停止节点(默认全部) / stop nodes in order (all by default)")
@click.argument("names", nargs=-1)
@with_plan
def stop(plan: DevnetPlan, names: tuple[str, ...]) -> None:
    for name in named(plan, names):
        click.echo(f"{name}: {processes.stop(plan.node_home(name))}")


@devnet.command(help="启动节点(默认全部) / start nodes (all by default)")
@click.argument("names", nargs=-1)
@with_plan
def start(plan: DevnetPlan, names: tuple[str, ...]) -> None:
    chosen = named(plan, names)
    network.start_nodes(plan, chosen)
    try:
        network.wait_ready(plan, chosen, progress=lambda name: click.echo(f"{name}: ready"))
    except network.NotReadyError as error:
        raise DevnetError(str(error)) from None


@devnet.command(help="显示节点日志的末尾 / the end of a node's log")
@click.argument("name")
@with_plan
@click.option("--lines", default=50, show_default=True)
def logs(plan: DevnetPlan, name: str, lines: int) -> None:
    home = plan.bank_home if name == "bank" else plan.node_home(named(plan, (name,))[0])
    sys.stdout.write("\n".join([*processes.log_tail(home, lines), ""]))


devnet.add_command(bank)
devnet.add_command(demo)
devnet.add_command(bench)
devnet.add_command(sim)

COMMANDS: Final = {"devnet": devnet}
