"""`lugang devnet demo`: from nothing to the plan's worked examples, proven offline, and nothing left running.

Exit codes: 0 every figure is the plan's and everything is proven; 1 a figure differs, or (--alter) the forged figure
was found; 2 wrong usage; 3 the devnet did not come up; 4 the forged figure was not found, which must never be.
Whatever ends it, Ctrl-C and SIGTERM included, ends its processes too.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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
from devnet.ending import ends_in_order
from devnet.lifecycle import bring_up, finish, make_room, working
from devnet.onboarding import Cast, open_session
from devnet.plan import NODES, NODES_MAX, NODES_MIN, PLAN_FILE, DevnetPlan, make_plan
from devnet.prepare import prepare
from devnet.problems import EXIT_DIFFERS, problem
from devnet.speech import DevnetCommand, json_option
from ledger.money import show
from node.language import language, words
from wallet.session import Session
from wallet.terminal import answer_json

DEFAULT_DIR: Final = "demo-data"
EVIDENCE_FILE: Final = "demo.lgev"
FIRST_SERIAL: Final = 1_000
"""Where the invented firms' credit codes begin; the devnet's own cast is below."""
FIGURES_MIN: Final = 1_000
"""Every cascade's evidence has at least so many amounts; `--alter` takes one of these."""
EXIT_NOT_FOUND: Final = 4
FAILING_SHOWN: Final = 10


@click.command(
    cls=DevnetCommand,
    help="演示方案第 16、17 页与数据资产凭证，并由证据离线复核。\n\n"
    "Play the plan's worked examples (p.16, p.17, a data credential) and prove them offline.",
)
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), default=DEFAULT_DIR, show_default=True, help="目录 · its folder"
)
@click.option(
    "--suite", type=click.Choice(["intl", "gm"]), default="intl", show_default=True, help="密码套件 · the cryptography"
)
@click.option(
    "--nodes", default=NODES, show_default=True, help=f"节点数，{NODES_MIN} 至 {NODES_MAX} · how many nodes"
)
@click.option("--seed", type=int, help="另一种分法，各级合计不变 · another cascade with the same level totals")
@click.option(
    "--alter",
    metavar="N",
    help=f"篡改证据中的第 N 个数（1 至 {FIGURES_MIN}），验证须指出它 · forge the N-th figure of the evidence",
)
@click.option("--keep", is_flag=True, help="演示后保持运行 · leave it running")
@json_option
def demo(folder: Path, suite: str, nodes: int, seed: int | None, alter: str | None, keep: bool, as_json: bool) -> None:
    number = None if alter is None else figure_number(alter)
    console = Console(stderr=as_json, highlight=False)
    started = time.monotonic()
    with ends_in_order():
        make_room(folder, "demo")
        try:
            plan = make_plan(folder, nodes, suite, purpose="demo")
            prepare(plan, limits={}, timeouts_ms={})
            agree, played, told = perform(plan, console, deal(seed))
            if not keep:
                network.stop_all(plan)
            offline = prove_offline(plan, console, played, stopped=not keep)
        finally:
            if not keep and (folder / PLAN_FILE).exists():
                network.stop_all(plan)
    seconds = time.monotonic() - started
    console.print(_closing(agree=agree, offline=offline, keep=keep, seconds=seconds), soft_wrap=True)
    told |= {"agree": agree, "proven_offline": offline, "seconds": round(seconds, 1)}
    code = 0 if agree and offline else EXIT_DIFFERS
    if number is not None and code == 0:
        code, told["forged"] = show_alteration(plan, console, number)
    if as_json:
        answer_json({"ok": code == 0, "exit_code": code, **told})
    sys.exit(code)


def figure_number(text: str) -> int:
    """Which figure to forge; raises DEV-009 before anything is played."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= FIGURES_MIN:
        raise problem("DEV-009", found=text, high=FIGURES_MIN)
    return int(text)


def _closing(*, agree: bool, offline: bool, keep: bool, seconds: float) -> str:
    left = (
        words("节点仍在运行", "the nodes go on running")
        if keep
        else words("没有留下任何进程", "nothing is left running")
    )
    took = words(f"用时 {seconds:.0f} 秒，{left}", f"took {seconds:.0f} s, {left}")
    if agree and offline:
        return words(f"[green]全部数字与方案一致，并已离线证明[/]；{took}",
                     f"[green]every figure is the plan's and proven offline[/]; {took}")  # fmt: skip
    return words(f"[red]有数字与方案不一致或未能证明，见上文 ✗[/]；{took}",
                 f"[red]a figure is not the plan's, or not proven: see ✗ above[/]; {took}")  # fmt: skip


@dataclass(frozen=True, slots=True)
class AllPlayed:
    p17: Played
    p16: Played
    credential: CredentialPlayed


def perform(plan: DevnetPlan, console: Console, cascade: Cascade) -> tuple[bool, AllPlayed, dict[str, Any]]:
    """Everything that needs running nodes; whether the figures from the chain are the plan's, and the figures."""
    bring_up(plan, console, is_new=True)
    finish(plan)
    session = open_session(plan)
    book = Book(plan.bank_home)
    stage, cast = Stage(session, console), Cast(session, plan.wallet_home)
    console.rule(words("成员与资质", "members and licences"))
    names = [share.firm for level in cascade.levels for share in level]
    signers = admit_suppliers(stage, cast, book, names, FIRST_SERIAL)
    business = Business(stage, cast, signers)
    line = business.open_line(plays.LINE_FEN, plays.DUE + 30)
    console.rule(words("方案第 17 页：开立、转付、融资", "p.17: issued, passed on, financed"))
    p17 = plays.play_p17(business, line)
    console.rule(words("方案第 16 页：四层流转", "p.16: through four levels"))
    p16 = CascadePlay(business, cascade).play(line)
    console.rule(words("数据资产凭证", "a data-asset credential"))
    credential = CredentialPlay(stage, business).play()
    console.rule(words("到期", "maturity"))
    redeeming, blocked = plays.redeem_p16(stage, business, book, p16, line)
    stage.say(words("如期被拒绝：", "refused as it must be: ") + f"{blocked.code} {blocked.text(language())}")
    redeeming.close()
    played = AllPlayed(p17, p16, credential)
    agree, told = show_from_chain(plan, console, session, played)
    console.print(words(f"共 {stage.transactions} 笔签名交易", f"{stage.transactions} signed transactions"))
    book.close()
    session.close()
    transfers = sum(map(len, cascade.transfers))
    return agree, played, {"transactions": stage.transactions, "transfers": transfers, **told}


def show_from_chain(
    plan: DevnetPlan, console: Console, session: Session, played: AllPlayed
) -> tuple[bool, dict[str, Any]]:
    """The figures from proven rows of the running chain; writes the evidence file."""
    console.rule(words("结果（金额单位：万元，另注明者除外）", "results (in 万元 = 10,000 yuan unless said)"))
    with working(console, "取证", "collecting proofs"):
        roots = (played.p16.root, played.p17.root)
        rows = proof.collect(session, roots, (*played.p16.financings, *played.p17.financings))
        facts = facts_of_rows(rows)
        file = proof.pack(session, rows)
    path = plan.folder / EVIDENCE_FILE
    path.write_bytes(file)
    p16, p17 = root_figures(facts, played.p16.root), root_figures(facts, played.p17.root)
    agree = report.show_levels(console, words("p.16 由链上状态计算", "p.16 computed from the chain's state"), p16)
    agree = report.show_redemption(console, p16) and agree
    agree = report.show_p17(console, p17) and agree
    show_credential(console, played.credential)
    size = words(f"{len(file):,} 字节，{len(rows)} 行", f"{len(file):,} bytes, {len(rows)} rows")
    console.print(words("证据文件", "evidence") + f" {path}: {size}", soft_wrap=True)
    return agree, {"evidence": str(path), "p16": report.figures_json(p16), "p17": report.figures_json(p17)}


def show_credential(console: Console, played: CredentialPlayed) -> None:
    for name, expression in (
        (words("数据资产凭证", "data-asset credential"), played.asset_expression),
        (words("流通凭证", "circulation credential"), played.circulation_expression),
    ):
        fields = [field.hex()[:8] + "…" if isinstance(field, bytes) else str(field)[:28] for field in expression]
        console.print(f"{name} ⟨{', '.join(fields)}⟩", markup=False, soft_wrap=True)


def prove_offline(plan: DevnetPlan, console: Console, played: AllPlayed, *, stopped: bool) -> bool:
    """The same table from the evidence file and the genesis alone; whether everything is proven and agrees."""
    title = words("离线验证", "offline")
    console.rule(title + (words("：节点已停止", ": the nodes are stopped") if stopped else ""))
    genesis, file = plan.genesis_file.read_bytes(), (plan.folder / EVIDENCE_FILE).read_bytes()
    with working(console, "验证", "verifying"):
        verdict, facts = proof.judged(genesis, file)
    figures = root_figures(facts, played.p16.root)
    agree = report.show_levels(console, words("p.16 由证据文件计算", "p.16 computed from the evidence"), figures)
    failing = [line for line in verdict.lines if not line.ok]
    proven = len(verdict.lines) - len(failing)
    console.print(words(f"已证明 {proven} 项，不成立 {len(failing)} 项", f"{proven} proven, {len(failing)} failing"))
    for line in failing[:FAILING_SHOWN]:
        console.print(f"✗ {words(line.zh, line.en)}", style="red", markup=False)
    return agree and verdict.is_sound


def show_alteration(plan: DevnetPlan, console: Console, number: int) -> tuple[int, dict[str, Any]]:
    """Change one figure as a forger would; verification must name the place. Returns the exit code and the story."""
    console.rule(words(f"篡改证据中的第 {number} 个数", f"forging figure {number} of the evidence"))
    genesis, file = plan.genesis_file.read_bytes(), (plan.folder / EVIDENCE_FILE).read_bytes()
    figures = proof.figures_of(genesis, file)
    assert len(figures) >= FIGURES_MIN, f"{len(figures)} figures, the option promises {FIGURES_MIN}"
    figure = figures[number - 1]
    forged = proof.alter(file, figure)
    path = plan.folder / f"altered-{EVIDENCE_FILE}"
    path.write_bytes(forged)
    verdict, _ = proof.judged(genesis, forged)
    named = [line for line in verdict.lines if not line.ok and (line.part, line.number) == ("item", figure.item)]
    name = words(figure.name_zh, figure.name_en)
    where = words(f"第 {number} 个数（共 {len(figures)} 个）：第 {figure.item} 项 {figure.row}，{name}（元）",
                  f"figure {number} of {len(figures)}: item {figure.item}, {figure.row}, {name} (yuan)")  # fmt: skip
    lines = [
        where,
        words(f"  伪造文件声称 {show(figure.fen + 1)}", f"  the forged file claims {show(figure.fen + 1)}"),
        words(f"  链上证明为   {show(figure.fen)}", f"  the chain proves       {show(figure.fen)}"),
        words(f"  伪造文件：{path}", f"  the forged file: {path}"),
        *(f"  ✗ {words(line.zh, line.en)}" for line in named),
    ]
    for text in lines:
        console.print(text, markup=False, soft_wrap=True)
    code = EXIT_DIFFERS if named else EXIT_NOT_FOUND
    if named:
        found = words(f"发现伪造：验证指出了第 {figure.item} 项；退出码 {code}",
                      f"forgery found: verification names item {figure.item}; exit code {code}")  # fmt: skip
    else:
        found = words("验证未发现改动：这是程序的错误", "the change was NOT noticed: a fault of this program")
    console.print(found, style="bold red", markup=False)
    return code, {
        "number": number,
        "of": len(figures),
        "item": figure.item,
        "row": figure.row,
        "name_zh": figure.name_zh,
        "name_en": figure.name_en,
        "unit": "fen",
        "claimed": figure.fen + 1,
        "proven": figure.fen,
        "found": bool(named),
        "file": str(path),
    }
