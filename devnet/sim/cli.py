"""`lugang devnet sim`: one seed with its trace, or a range of seeds on several cores."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import click

from devnet.sim.runner import run_seed, run_seeds
from devnet.speech import DevnetCommand, json_option
from wallet.terminal import answer_json
from wallet.usage import WrongUsage

PROGRESS_SECONDS = 5


@click.command(
    cls=DevnetCommand,
    help="确定性模拟器：按种子重放排序层的故障。\n\nThe deterministic simulator of ordering and its faults.",
)
@click.option("--seed", type=int, help="运行一个种子 · run one seed")
@click.option("--trace", is_flag=True, help="打印该种子的全过程 · print what happens in it")
@click.option("--seeds", metavar="A..B", help="运行一段种子，含两端 · run a range, both ends included")
@click.option("--jobs", default=1, show_default=True, help="并行进程数 · processes")
@click.option("--minutes", type=int, help="最多运行几分钟 · stop after so many minutes")
@json_option
def sim(*, seed: int | None, trace: bool, seeds: str | None, jobs: int, minutes: int | None, as_json: bool) -> None:
    if (seed is None) == (seeds is None):
        raise WrongUsage("请指定 --seed 或 --seeds 之一", "give --seed or --seeds")
    if seed is not None:
        outcome = run_seed(seed, partial(click.echo, err=as_json) if trace else None)
        if as_json:
            answer_json({"ok": outcome.violation is None, **asdict(outcome)})
        else:
            click.echo(str(outcome))
        sys.exit(1 if outcome.violation else 0)
    assert seeds is not None, "one of the two is given"
    failed = run_range(parse_range(seeds), jobs, minutes, partial(click.echo, err=as_json))
    if as_json:
        answer_json({"ok": failed == 0, "failed": failed})
    sys.exit(1 if failed else 0)


def parse_range(text: str) -> range:
    first, dots, last = text.partition("..")
    if not dots or not first.isdecimal() or not last.isdecimal() or int(last) < int(first):
        raise WrongUsage(f"{text!r} 不是 A..B", f"{text!r} is not A..B")
    return range(int(first), int(last) + 1)


def run_range(seeds: range, jobs: int, minutes: int | None, tell: Callable[[str], None] = click.echo) -> int:
    """Run, tell every failure as it comes and the progress now and then; answer how many failed."""
    began = told = time.monotonic()
    found: Counter[str] = Counter()
    done = events = crashes = 0
    for outcome in run_seeds(seeds, jobs):
        done, events, crashes = done + 1, events + outcome.events, crashes + outcome.crashes
        if outcome.violation is not None:
            found[outcome.violation[0]] += 1
            tell(str(outcome))
        now = time.monotonic()
        if now - told >= PROGRESS_SECONDS:
            told = now
            click.echo(f"{done}/{len(seeds)} {done / (now - began):.1f}/s {sum(found.values())} failed", err=True)
        if minutes is not None and now - began >= 60 * minutes:
            break
    seconds = time.monotonic() - began
    names = ", ".join(f"{name} {count}" for name, count in sorted(found.items())) or "none"
    rate = done / max(seconds, 0.001)
    work = f"{done} schedules, {events} events, {crashes} crashes"
    tell(f"{work} in {seconds:.0f} s ({rate:.1f}/s): failures {names}")
    return sum(found.values())
