"""Brings a devnet to life and removes it; what the commands `up` and `demo` share."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
from rich.console import Console

from devnet import network
from devnet.onboarding import onboard, open_session
from devnet.plan import DevnetPlan, load_plan


class DevnetError(click.ClickException):
    """What the user asked for cannot be done now; exit code 3."""

    exit_code = 3


def bring_up(plan: DevnetPlan, console: Console, *, is_new: bool) -> None:
    """Start whatever does not run, wait until all are ready, enrol the people of a new devnet."""
    names = [node.name for node in plan.nodes]
    try:
        with console.status("启动节点 / starting the nodes"):
            network.start_nodes(plan, names)
            network.wait_ready(plan, names, progress=lambda name: console.print(f"  {name} 就绪 / ready"))
    except network.NotReadyError as error:
        raise DevnetError(str(error)) from None
    if is_new:
        with console.status("登记人员与账户 / enrolling people, registering accounts") as status:
            session = open_session(plan)
            onboard(plan, session, progress=lambda done, of: status.update(f"登记 / enrolling {done}/{of}"))
            session.close()
    network.start_bank(plan)


def remove(folder: Path) -> None:
    """Take down and delete the devnet in `folder`; nothing else is ever deleted."""
    if not (folder / "devnet.json").exists():
        return
    network.kill_all(load_plan(folder))
    shutil.rmtree(folder)
