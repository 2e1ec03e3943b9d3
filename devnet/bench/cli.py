"""`lugang devnet bench`: a fresh devnet, holders, signed transfers, load, and the figures.

Exit codes: 0 nothing accepted was lost and all nodes tell the same; 1 otherwise; 3 the devnet did not come up.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from devnet import network
from devnet.bench import figures, report
from devnet.bench.checking import Checked, check_all
from devnet.bench.holders import make_holders
from devnet.bench.load import LoadJob, Notes, run_load, write_stock
from devnet.bench.sampling import Sampler
from devnet.bench.signing import SigningJob, sign_all
from devnet.bench.workload import Holding, Workload, in_turns
from devnet.demo.stage import Stage
from devnet.ending import ends_in_order
from devnet.lifecycle import bring_up, finish, make_room
from devnet.onboarding import Cast, open_session
from devnet.plan import NODES, NODES_MAX, NODES_MIN, DevnetPlan, make_plan
from devnet.prepare import prepare
from devnet.problems import problem
from devnet.speech import DevnetCommand
from ledger.national import suite_named
from node.language import words
from wallet.session import Session

DEFAULT_DIR: Final = "bench-data"
SAMPLE_SECONDS: Final = 1.0
END_SECONDS_MAX: Final = 30


@click.command(
    cls=DevnetCommand,
    help="压测：开环或闭环，由外部计量。\n\nMeasure it from outside, in an open or a closed loop.",
)
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=DEFAULT_DIR, show_default=True,
              help="目录 · its folder")  # fmt: skip
@click.option(
    "--nodes", default=NODES, show_default=True, help=f"节点数，{NODES_MIN} 至 {NODES_MAX} · how many nodes"
)
@click.option("--suite", type=click.Choice(["intl", "gm"]), default="intl", show_default=True,
              help="密码套件 · the cryptography")  # fmt: skip
@click.option("--rate", type=click.IntRange(2), help="开环：每秒交易数 · open loop: transactions per second")
@click.option("--clients", type=click.IntRange(1), help="闭环：客户数（默认 100） · closed loop: clients (default 100)")
@click.option("--seconds", type=click.IntRange(1), default=60, show_default=True,
              help="计量的秒数 · how long to measure")  # fmt: skip
@click.option("--holders", type=click.IntRange(2), default=1_000, show_default=True, help="持有人数 · holders")
@click.option("--hot", is_flag=True, help="所有转让出自同一持有人 · one holder pays all the others")
@click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象 · print one JSON object")
@click.option("--keep", is_flag=True, help="之后保持运行 · leave it running")
def bench(
    *,
    folder: Path,
    nodes: int,
    suite: str,
    rate: int | None,
    clients: int | None,
    seconds: int,
    holders: int,
    hot: bool,
    as_json: bool,
    keep: bool,
) -> None:
    if rate is not None and clients is not None:
        raise problem("DEV-014")
    console = Console(stderr=as_json)
    workload = Workload(rate, clients or 100, seconds, holders, hot)
    with ends_in_order():
        make_room(folder, "bench")
        plan = make_plan(folder, nodes, suite, purpose="bench")
        prepare(plan, limits={}, timeouts_ms={})
        try:
            result = perform(plan, console, workload)
        finally:
            if not keep:
                network.stop_all(plan)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    sys.exit(0 if result["lost"] == 0 and result["consistent"] else 1)


@dataclass(frozen=True, slots=True)
class Measured:
    """A run's raw material."""

    notes: Notes
    checked: Checked
    sampler: Sampler


def perform(plan: DevnetPlan, console: Console, workload: Workload) -> dict[str, Any]:
    """Everything that needs running nodes; the result as the one JSON object."""
    bring_up(plan, console, is_new=True)
    finish(plan)
    session = open_session(plan)
    stage = Stage(session, console)
    holdings, until = make_holders(stage, Cast(session, plan.wallet_home), workload)
    out = plan.folder / "bench"
    out.mkdir()
    job = LoadJob(workload, tuple(node.api_url for node in plan.nodes), out / "stock.cbor", out / "notes.cbor")
    sign_stock(console, session, holdings, until, job)
    session.close()
    measured = measure(plan, console, job)
    rows = figures.rows_of(measured.notes, measured.checked)
    names = [node.name for node in plan.nodes]
    report.write_csv(out, rows, measured.sampler.samples, names, measured.notes.started)
    job.stock.unlink()
    job.notes.unlink()
    result = result_of(plan, workload, measured, rows)
    (out / "result.json").write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    for chart in report.charts(rows, workload.seconds):
        console.print(chart, markup=False, highlight=False)
    console.print(report.result_table(result))
    console.print(f"{out}/transactions.csv  nodes.csv  result.json")
    return result


def sign_stock(console: Console, session: Session, holdings: list[Holding], until: int, job: LoadJob) -> None:
    """Every transaction of the run, signed and written down in the order in which they are due."""
    workload = job.workload
    work = SigningJob(
        suite=session.suite.name,
        chain=session.chain,
        interface=session.interface("voucher"),
        names={holding.organisation: session.builder.names[holding.organisation] for holding in holdings},
        holdings=holdings,
        until=until,
        workload=workload,
        payers=range(workload.payers),
    )
    with _progress(console) as bar:
        task = bar.add_task(f"{words('签名', 'sign')} {2 * workload.transfers:,}", total=workload.payers)
        by_payer = sign_all(work, lambda done: bar.update(task, completed=done))
    write_stock(job.stock, in_turns(by_payer))


def measure(plan: DevnetPlan, console: Console, job: LoadJob) -> Measured:
    """Run the load, then look for every accepted transaction on every node."""
    sampler = Sampler(plan, suite_named(plan.suite))
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=run_load, args=(job, there))
    process.start()
    there.close()
    try:
        follow(console, job.workload, here, sampler)
        process.join(END_SECONDS_MAX)
    finally:
        process.kill()
    notes = Notes.decode(job.notes.read_bytes())
    accepted = [row[0] for row in notes.rows if row[4] in ("accepted", "known")]
    with _progress(console) as bar:
        task = bar.add_task(words("在各节点逐笔核对", "look for each on every node"), total=len(plan.nodes))
        checked = check_all(plan, accepted, lambda done: bar.update(task, completed=done))
    return Measured(notes, checked, sampler)


def follow(console: Console, workload: Workload, says: Connection, sampler: Sampler) -> None:
    """Sample the nodes and show how the generator fares, until it is done."""
    with _progress(console) as bar:
        task = bar.add_task(words("准备压测端", "making the load ready"), total=workload.seconds)
        is_running, last = False, time.monotonic()
        while True:
            if is_running and time.monotonic() - last >= SAMPLE_SECONDS:
                last = sampler.look().at
            if not says.poll(SAMPLE_SECONDS / 4):
                continue
            try:
                said = says.recv()
            except EOFError:
                raise problem("DEV-012") from None
            match said:
                case ("ready",):
                    is_running, last = True, sampler.look().at
                case ("at", seconds, sent, accepted, height):
                    what = words(
                        f"提交 {sent:,} · 受理 {accepted:,} · 高度 {height}",
                        f"sent {sent:,} · accepted {accepted:,} · height {height}",
                    )
                    bar.update(task, description=what, completed=min(seconds, workload.seconds))
                case ("done",):
                    sampler.look()
                    return


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(20), TimeElapsedColumn(), console=console
    )


def result_of(plan: DevnetPlan, workload: Workload, measured: Measured, rows: list[figures.Row]) -> dict[str, Any]:
    """The one JSON object."""
    counts = figures.count_figures(rows, workload.seconds)
    costs = figures.cost_figures(measured.sampler.samples, measured.notes, counts["final"])
    names = [node.name for node in plan.nodes]
    loop = f"open {workload.rate}/s" if workload.rate is not None else f"closed {workload.clients}"
    return {
        "loop": f"{loop}, hot" if workload.hot else loop,
        "nodes": len(plan.nodes),
        "suite": plan.suite,
        "engine": plan.engine,
        "seconds": workload.seconds,
        "holders": workload.holders,
        **counts,
        **figures.latencies(rows, "accepted"),
        **figures.latencies(rows, "final"),
        **costs,
        **figures.floor_figures(measured.sampler.samples, costs["cpu_s_per_1000"]),
        "memory": figures.memory_figures(names, measured.sampler.samples),
        "blocks": len({row.height for row in rows if row.height is not None}),
        "consistent": measured.checked.is_consistent,
        "missing": measured.checked.missing,
    }
