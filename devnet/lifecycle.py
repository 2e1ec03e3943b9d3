"""Brings a devnet to life and removes it; what the commands `up`, `demo` and `bench` share."""

from __future__ import annotations

import shutil
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

from rich.console import Console

from devnet import network
from devnet.onboarding import onboard, open_session
from devnet.plan import PLAN_FILE, UNFINISHED_FILE, DevnetPlan, command_for, load_plan
from devnet.problems import problem
from node.language import words

READY: Final = ("就绪", "ready")
PATIENCE_SECONDS: Final = 15
"""A node takes some seconds to start; only after these is it worth saying what it waits for."""


def bring_up(plan: DevnetPlan, console: Console, *, is_new: bool) -> None:
    """Start whatever does not run, wait until all are ready, enrol the people of a new devnet."""
    names, began = plan.names, time.monotonic()

    def told(name: str, what: str) -> None:
        if what == words(*READY) or time.monotonic() - began > PATIENCE_SECONDS:
            console.print(f"  {name}: {what}", highlight=False)

    with working(console, "启动节点，需要数秒", "starting the nodes, this takes some seconds"):
        network.start_nodes(plan, names)
        network.wait_ready(plan, names, told=told)
    if is_new:
        with working(console, "登记人员与账户", "enrolling people, registering accounts"):
            session = open_session(plan)
            onboard(plan, session)
            session.close()
    network.start_bank(plan)


def working(console: Console, zh: str, en: str) -> AbstractContextManager[object]:
    """Something that takes a while: a spinner where somebody watches, otherwise a line."""
    if console.is_terminal:
        return console.status(words(zh, en))
    console.print(words(zh, en), highlight=False)
    return nullcontext()


def remove(folder: Path) -> None:
    """Take down and delete the devnet in `folder`, also an unfinished one; nothing else is ever deleted."""
    if (folder / PLAN_FILE).exists():
        network.kill_all(load_plan(folder))
    elif not (folder / UNFINISHED_FILE).exists():
        return
    shutil.rmtree(folder)


def make_room(folder: Path, purpose: str) -> None:
    """Remove what an earlier demo or bench has left in `folder`; raises DEV-010 for somebody's tour."""
    if (folder / PLAN_FILE).exists() and (found := load_plan(folder).purpose) != purpose:
        raise problem("DEV-010", folder=str(folder), found=found, command=command_for(folder, "down --remove"))
    remove(folder)


def finish(plan: DevnetPlan) -> None:
    """The devnet is as it should be: from now on `up` goes on with it."""
    (plan.folder / UNFINISHED_FILE).unlink(missing_ok=True)
