"""Kills under load: a real devnet, an open load through the public API, nodes killed by a seed, everything looked for.

python -m tests.kills.live FOLDER [--seed N] [--minutes M] [--rate R] [--nodes N] [--suite intl|gm] [--json] [--keep]

Makes a devnet in FOLDER (removed afterwards unless it is to be kept or something was found), signs the load, starts it
and kills. Then the load ends, everybody is brought back, and when the chain is quiet each node is asked for everything.
Exit code 0: nothing was found; 1: something was; each finding is a line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import trio
from rich.console import Console

from devnet import network
from devnet.bench.cli import sign_stock
from devnet.bench.holders import make_holders
from devnet.bench.load import LoadJob
from devnet.bench.workload import Workload
from devnet.demo.stage import Stage
from devnet.ending import ends_in_order
from devnet.lifecycle import bring_up, finish, make_room, remove
from devnet.onboarding import Cast, open_session
from devnet.plan import DevnetPlan, make_plan
from devnet.prepare import prepare
from ledger.national import suite_named
from ledger.transaction import TransactionCodec
from tests.kills.clients import Clients, Sent
from tests.kills.faults import Fault, Faults, Kind
from tests.kills.verdict import Found, errors_in_logs, judge, look_everywhere, refusals
from tests.kills.watching import Watched, Watching, idle_with_quorum, longest_standstill, next_final

PURPOSE: Final = "kills"
QUIET_SECONDS_MAX: Final = 120
QUIET_POLL_SECONDS: Final = 0.5
STANDSTILL_SECONDS_MAX: Final = 5.0
"""Of a chain that keeps its quorum."""
RETURN_SECONDS_MAX: Final = 20.0
"""From the moment when the processes of a quorum run again until something is final."""
SETTLING_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run left behind, before anybody is asked."""

    sent: dict[bytes, Sent]
    faults: list[Fault]
    ended_by_itself: list[str]
    watched: Watched
    failed_requests: int
    load_ended: float
    quiet: str | None
    """What was still moving when patience ended; None: all is quiet."""


def run(plan: DevnetPlan, console: Console, workload: Workload, seed: int) -> dict[str, Any]:
    """Everything between a folder with keys and the result."""
    bring_up(plan, console, is_new=True)
    finish(plan)
    session = open_session(plan)
    holdings, until = make_holders(Stage(session, console), Cast(session, plan.wallet_home), workload)
    job = LoadJob(workload, tuple(node.api_url for node in plan.nodes), plan.folder / "stock", plan.folder / "notes")
    sign_stock(console, session, holdings, until, job)
    session.close()
    console.print(f"load {workload.rate}/s for {workload.seconds} s, seed {seed}", highlight=False)
    ran = trio.run(_under_load, plan, job, seed)
    return result_of(plan, workload, seed, ran)


async def _under_load(plan: DevnetPlan, job: LoadJob, seed: int) -> Ran:
    watching, faults, clients = Watching(plan), Faults(plan, seed), Clients(job.workload, job.nodes, job.stock)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watching.run)
        async with trio.open_nursery() as both:
            both.start_soon(faults.run, time.monotonic() + job.workload.seconds)
            both.start_soon(clients.run)
        load_ended = time.monotonic()
        quiet = await _wait_quiet(plan)
        nursery.cancel_scope.cancel()
    return Ran(
        clients.sent, faults.done, faults.ended_by_itself, watching.watched, clients.failed_requests, load_ended, quiet
    )


async def _wait_quiet(plan: DevnetPlan) -> str | None:
    """Until every node votes, nothing waits anywhere, and all have executed and certified the same height."""
    deadline = time.monotonic() + QUIET_SECONDS_MAX
    while True:
        seen = await trio.to_thread.run_sync(network.look, plan)
        states = [node.status for node in seen if node.status is not None]
        heights = {height for state in states for height in (state.applied, state.certified)}
        calm = all(state.mode == "voting" and state.pool_count == 0 for state in states)
        if len(states) == len(seen) and len(heights) == 1 and calm:
            return None
        if time.monotonic() > deadline:
            told = (
                "no answer" if (s := node.status) is None else
                f"{s.mode} {s.halt_reason or ''} applied {s.applied} certified {s.certified} pool {s.pool_count}"
                for node in seen
            )  # fmt: skip
            return "; ".join(f"{node.name}: {what}" for node, what in zip(seen, told, strict=True))
        await trio.sleep(QUIET_POLL_SECONDS)


def result_of(plan: DevnetPlan, workload: Workload, seed: int, ran: Ran) -> dict[str, Any]:
    """Ask everybody, judge, and put everything into one object."""
    codec = TransactionCodec(suite_named(plan.suite))
    promised = [each.id for each in ran.sent.values() if each.promised is not None]
    states = [node.status for node in network.look(plan) if node.status is not None]
    top, block_time = min(s.certified for s in states), max(s.time_ms for s in states)
    everything = [each.id for each in ran.sent.values() if each.times_sent]
    found = look_everywhere(plan, everything, top)
    valid_until = {key: codec.decode(ran.sent[key].wire).body.valid_until for key in promised}
    pauses = pauses_of(ran)
    findings = [
        *([] if ran.quiet is None else [f"not quiet after {QUIET_SECONDS_MAX} s: {ran.quiet}"]),
        *(f"{name} had ended by itself" for name in ran.ended_by_itself),
        *(f"{name} said {mode} ({why}), seen {n} times" for (name, mode, why), n in sorted(ran.watched.modes.items())),
        *(f"height {height} was final twice, differently" for height in ran.watched.contradictions),
        *turned_away(ran.sent),
        *judge(ran.sent, found, block_time, valid_until),
        *errors_in_logs(plan),
    ]
    return {
        "seed": seed,
        "rate": workload.rate,
        "seconds": workload.seconds,
        "nodes": len(plan.nodes),
        "suite": plan.suite,
        "faults": {kind.value: sum(fault.kind is kind for fault in ran.faults) for kind in Kind},
        "kills": sum(len(fault.victims) for fault in ran.faults if fault.kind is not Kind.PAUSE),
        "heights": top,
        **counts(ran, found, promised),
        "next_final_s": {
            "quorum left": spread([p["next_final_s"] for p in pauses if p["kept_quorum"]]),
            "quorum lost, from its return": spread([p["from_return_s"] for p in pauses if not p["kept_quorum"]]),
        },
        "standstill_s": {"quorum left": spread([p["standstill_s"] for p in pauses if p["kept_quorum"]])},
        "pauses": pauses,
        "findings": findings,
        "standstills": standstills(ran, pauses),
    }


def counts(ran: Ran, found: Found, promised: list[bytes]) -> dict[str, Any]:
    everywhere = set.intersection(*(set(receipts) for receipts in found.receipts.values()))
    sent = [each for each in ran.sent.values() if each.times_sent]
    return {
        "submitted": len(sent),
        "sent_again": sum(each.times_sent > 1 for each in sent),
        "requests_failed": ran.failed_requests,
        "accepted": len(promised),
        "told_final_under_load": sum(each.final is not None for each in sent),
        "accepted_and_final_everywhere": sum(key in everywhere for key in promised),
        "refused_by_the_chain": refusals(found),
    }


def turned_away(sent: dict[bytes, Sent]) -> list[str]:
    """Nothing in this load is wrong, so nothing may be refused at the door."""
    codes = [each.turned_away for each in sent.values() if each.turned_away is not None]
    return [f"refused at the door with {code}: {codes.count(code)}" for code in sorted(set(codes))]


def pauses_of(ran: Ran) -> list[dict[str, Any]]:
    """For each fault: how long until the next final height, and the longest standstill until the next fault or until
    its consequences are over."""
    seen, rows = ran.watched.first_seen, list[dict[str, Any]]()
    for fault, following in zip(ran.faults, [*ran.faults[1:], None], strict=True):
        over = min(fault.ended + SETTLING_SECONDS, following.began if following is not None else ran.load_ended)
        from_return = next_final(seen, fault.ended)
        is_whole = from_return is not None and (following is None or fault.ended + from_return < following.began)
        rows.append(
            {
                "kind": fault.kind.value,
                "victims": list(fault.victims),
                "away_s": round(fault.ended - fault.began, 2),
                "kept_quorum": fault.others_could_go_on,
                "next_final_s": _rounded(next_final(seen, fault.began)),
                "standstill_s": _rounded(longest_standstill(seen, fault.began, over)),
                "from_return_s": _rounded(from_return) if is_whole else None,
            }
        )
    return rows


def standstills(ran: Ran, pauses: list[dict[str, Any]]) -> list[str]:
    """Times without a final height that nothing excuses."""
    watched = ran.watched
    marks = sorted(watched.first_seen.values())
    findings = []
    for before, after in pairwise(marks):
        idle = idle_with_quorum(watched, before, after)
        if idle > STANDSTILL_SECONDS_MAX:
            place = sum(fault.began < after for fault in ran.faults)
            findings.append(
                f"stood still for {after - before:.1f} s, {idle:.1f} s of them with a quorum that could vote and had "
                f"work; it ended {after - marks[0]:.1f} s after the first height seen, after fault {place}"
            )
    for row in pauses:
        if row["kept_quorum"] and row["standstill_s"] > STANDSTILL_SECONDS_MAX:
            findings.append(f"stood still for {row['standstill_s']} s though a quorum was left: {row}")
        if not row["kept_quorum"] and (row["from_return_s"] or 0) > RETURN_SECONDS_MAX:
            findings.append(f"nothing final for {row['from_return_s']} s after a quorum was back: {row}")
    return findings


def spread(values: list[float | None]) -> dict[str, float | int | None]:
    known = sorted(value for value in values if value is not None)
    if not known:
        return {"faults": len(values), "p50": None, "max": None}
    return {"faults": len(values), "p50": round(statistics.median(known), 2), "max": known[-1]}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)


def show(console: Console, result: dict[str, Any]) -> None:
    for name, value in result.items():
        if name not in ("pauses", "findings", "standstills"):
            console.print(f"{name:32} {value}", highlight=False)
    for pause in result["pauses"]:
        console.print("  ", *(f"{name}={value}" for name, value in pause.items()))
    found = [*result["findings"], *result["standstills"]]
    for finding in found:
        console.print(f"FOUND: {finding}", highlight=False)
    console.print(f"{len(found)} findings" if found else "nothing found")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--nodes", type=int, default=5)
    parser.add_argument("--holders", type=int, default=200)
    parser.add_argument("--suite", choices=["intl", "gm"], default="intl")
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--keep", action="store_true", help="keep the folder; it is kept too when something is found")
    given = parser.parse_args()
    console = Console(stderr=given.as_json, soft_wrap=True)
    workload = Workload(given.rate, 0, round(60 * given.minutes), given.holders, hot=False)
    with ends_in_order():
        make_room(given.folder, PURPOSE)
        plan = make_plan(given.folder, given.nodes, given.suite, purpose=PURPOSE)
        prepare(plan, limits={}, timeouts_ms={})
        try:
            result = run(plan, console, workload, given.seed)
        finally:
            network.stop_all(plan)
    show(console, result)
    if given.as_json:
        print(json.dumps(result, ensure_ascii=False))
    is_good = not result["findings"] and not result["standstills"]
    if is_good and not given.keep:
        remove(given.folder)
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
