"""`lugang devnet demo`: from nothing to the plan's worked examples, proven offline, and nothing left running.

Exit codes: 0 every figure is the plan's and everything is proven; 1 a figure differs, or the evidence was altered and
verification says where; 3 the devnet did not come up.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from devnet import network
from devnet.bank.book import Book
from devnet.demo import plays, proof, report
from devnet.demo.business import Business
from devnet.demo.credentials import CredentialPlay, CredentialPlayed
from devnet.demo.deal import Cascade, deal
from devnet.demo.figures import facts_of_rows, root_figures
from devnet.demo.firms import admit_suppliers
from devnet.demo.plays import CascadePlay, Played
from devnet.demo.stage import Stage
from devnet.lifecycle import bring_up, remove
from devnet.onboarding import Cast, open_session
from devnet.plan import DevnetPlan, make_plan
from devnet.prepare import prepare
from wallet.session import Session

DEFAULT_DIR: Final = "demo-data"
EVIDENCE_FILE: Final = "demo.lgev"
FIRST_SERIAL: Final = 1_000
"""Where the invented firms' credit codes begin; the devnet's own cast is below."""


@click.command(help="演示方案 p.16、p.17 与数据资产凭证 / play and prove the plan's worked examples")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=DEFAULT_DIR, show_default=True)
@click.option("--suite", type=click.Choice(["intl", "gm"]), default="intl", show_default=True)
@click.option("--seed", type=int, help="另一种分法,各级合计相同 / another cascade with the same level totals")
@click.option("--alter", type=int, help="篡改证据中的第 N 个数 / change the N-th figure in the exported evidence")
@click.option("--keep", is_flag=True, help="演示后保留并继续运行 / leave it running")
def demo(folder: Path, suite: str, seed: int | None, alter: int | None, keep: bool) -> None:
    console = Console()
    remove(folder)
    started = time.monotonic()
    try:
        plan = make_plan(folder, 5, suite)
        prepare(plan, limits={}, timeouts_ms={})
        agree, played = perform(plan, console, deal(seed))
        if not keep:
            network.stop_all(plan)
        offline = prove_offline(plan, console, played, stopped=not keep)
    finally:
        if not keep and (folder / "devnet.json").exists():
            network.stop_all(plan)
    console.print(f"用时 took {time.monotonic() - started:.0f} s")
    if alter is not None:
        sys.exit(show_alteration(plan, console, alter))
    sys.exit(0 if agree and offline else 1)


@dataclass(frozen=True, slots=True)
class AllPlayed:
    p17: Played
    p16: Played
    credential: CredentialPlayed


def perform(plan: DevnetPlan, console: Console, cascade: Cascade) -> tuple[bool, AllPlayed]:
    """Everything that needs running nodes; whether the figures from the chain are the plan's."""
    bring_up(plan, console, is_new=True)
    session = open_session(plan)
    book = Book(plan.bank_home)
    stage, cast = Stage(session, console), Cast(session, plan.wallet_home)
    console.rule("成员与资质 members")
    names = [share.firm for level in cascade.levels for share in level]
    signers = admit_suppliers(stage, cast, book, names, FIRST_SERIAL)
    business = Business(stage, cast, signers)
    line = business.open_line(plays.LINE_FEN, plays.DUE + 30)
    console.rule("p.17")
    p17 = plays.play_p17(business, line)
    console.rule("p.16")
    p16 = CascadePlay(business, cascade).play(line)
    console.rule("数据资产凭证 credential")
    credential = CredentialPlay(stage, business).play()
    console.rule("到期 maturity")
    redeeming, blocked = plays.redeem_p16(stage, business, book, p16, line)
    console.print(f"  逾期期间拒绝开立 refused while overdue: {blocked}")
    redeeming.close()
    played = AllPlayed(p17, p16, credential)
    agree = show_from_chain(plan, console, session, played)
    console.print(f"交易 transactions: {stage.transactions}")
    book.close()
    session.close()
    return agree, played


def show_from_chain(plan: DevnetPlan, console: Console, session: Session, played: AllPlayed) -> bool:
    """The figures from proven rows of the running chain; writes the evidence file."""
    console.rule("结果 results")
    with console.status("取证 collecting proofs"):
        roots = (played.p16.root, played.p17.root)
        rows = proof.collect(session, roots, (*played.p16.financings, *played.p17.financings))
        facts = facts_of_rows(rows)
        file = proof.pack(session, rows)
    (plan.folder / EVIDENCE_FILE).write_bytes(file)
    p16, p17 = root_figures(facts, played.p16.root), root_figures(facts, played.p17.root)
    agree = report.show_levels(console, "p.16 由链上状态计算 · computed from the chain's state", p16)
    agree = report.show_redemption(console, p16) and agree
    agree = report.show_p17(console, p17) and agree
    show_credential(console, played.credential)
    console.print(f"证据 evidence: {plan.folder / EVIDENCE_FILE}, {len(file):,} bytes, {len(rows)} rows")
    return agree


def show_credential(console: Console, played: CredentialPlayed) -> None:
    for name, expression in (
        ("凭证 asset", played.asset_expression),
        ("流通 circulation", played.circulation_expression),
    ):
        fields = [field.hex()[:8] + "…" if isinstance(field, bytes) else str(field)[:28] for field in expression]
        console.print(f"{name} ⟨{', '.join(fields)}⟩")


def prove_offline(plan: DevnetPlan, console: Console, played: AllPlayed, *, stopped: bool) -> bool:
    """The same table from the evidence file and the genesis alone; whether everything is proven and agrees."""
    console.rule("离线验证 offline" + (", 节点已停 nodes stopped" if stopped else ""))
    genesis, file = plan.genesis_file.read_bytes(), (plan.folder / EVIDENCE_FILE).read_bytes()
    with console.status("验证 verifying"):
        verdict, facts = proof.judged(genesis, file)
    agree = report.show_levels(
        console, "p.16 由证据文件计算 · computed from the evidence", root_figures(facts, played.p16.root)
    )
    failing = [line for line in verdict.lines if not line.ok]
    console.print(f"已证明 proven: {len(verdict.lines) - len(failing)}, 不成立 failing: {len(failing)}")
    for line in failing[:10]:
        console.print(f"[red]✗[/] {line.zh} · {line.en}")
    return agree and verdict.is_sound


def show_alteration(plan: DevnetPlan, console: Console, number: int) -> int:
    """Change one figure as a forger would; verification must name the place. Returns the exit code."""
    console.rule(f"篡改第 {number} 个数 altering figure {number}")
    try:
        forged, what = proof.alter((plan.folder / EVIDENCE_FILE).read_bytes(), number)
    except IndexError:
        raise click.BadParameter("no such figure", param_hint="--alter") from None
    path = plan.folder / f"altered-{EVIDENCE_FILE}"
    path.write_bytes(forged)
    console.print(f"改动 changed: {what}")
    verdict, _ = proof.judged(plan.genesis_file.read_bytes(), forged)
    for line in verdict.lines:
        if not line.ok:
            console.print(f"[red]✗[/] {line.zh}\n  {line.en}")
    if verdict.is_sound:
        console.print("[red]验证未发现改动 the change was not noticed[/]")
    return 1
