"""`lugang devnet bank …`: run the bank simulator, tell it what to do next, read its book."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from devnet.bank.book import ACTS, Act, Book
from devnet.bank.simulator import BankSimulator
from devnet.cast import BANK
from devnet.onboarding import Cast, open_session
from devnet.plan import DevnetPlan, load_plan
from devnet.prepare import read_statement_secret
from ledger import money
from ledger.statement import Kind

folder_option = click.option(
    "--dir", "folder", type=click.Path(path_type=Path), default="devnet-data", show_default=True, help="目录 / folder"
)
WHAT_IT_DOES: Final = (
    "pay 付清 · short 少付 · return 付后退回 · delay 延后 --days · repeat 同一回单提交两次 · lie 伪造回单 · hold 不付"
)


@click.group(help="模拟银行(并非真实银行) / the bank SIMULATOR, no real bank")
def bank() -> None:
    pass


@bank.command(help="运行模拟银行(由 devnet up 启动) / run it; `devnet up` does")
@folder_option
def run(folder: Path) -> None:
    plan = load_plan(folder)
    session = open_session(plan)
    clerk = Cast(session, plan.wallet_home).signer(BANK, "maker")
    simulator = BankSimulator(session, BANK, clerk, read_statement_secret(plan.bank_home), Book(plan.bank_home))
    click.echo("模拟银行已启动 / the bank simulator runs")
    simulator.run()


@bank.command(help=f"对下一条匹配的付款指令:{WHAT_IT_DOES} / what to do with the next instruction that fits")
@click.argument("act", type=click.Choice(ACTS))
@click.option("--payer", help="付款方 / only for this payer")
@click.option("--payee", help="收款方 / only for this payee")
@click.option("--purpose", help="用途 / only for this purpose")
@click.option("--amount", help="少付时支付的金额(元) / yuan to pay when short")
@click.option("--days", type=int, help="延后天数 / days to wait")
@folder_option
def order(folder: Path, act: Act, amount: str | None, **fits: Any) -> None:
    try:
        fen = None if amount is None else money.parse(amount)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--amount") from None
    book = _book(load_plan(folder))
    number = book.give_order(act, amount=fen, **fits)
    click.echo(f"指示 {number} 已记录 / order {number} noted: {act}")


@bank.command(help="账户余额与回单 / balances and statements")
@folder_option
@click.option("--json", "as_json", is_flag=True, help="输出 JSON / print JSON")
def book(folder: Path, as_json: bool) -> None:
    kept = _book(load_plan(folder))
    if as_json:
        click.echo(json.dumps(_as_json(kept), ensure_ascii=False, indent=2))
        return
    console = Console()
    accounts = Table("账户 / account", "余额(元) / balance", title="清算银行(模拟) / clearing bank (simulated)")
    for organisation, balance in kept.balances():
        accounts.add_row(organisation, money.show(balance))
    statements = Table("号", "类 / kind", "付款方 / payer", "收款方 / payee", "金额 / amount", "链上结果 / outcome")
    for line in kept.statements():
        kind = Kind(line.kind).name.lower()
        statements.add_row(
            str(line.number), kind, line.payer, line.payee, money.show(line.amount), line.outcome or "…"
        )
    console.print(accounts, statements)


def _as_json(kept: Book) -> dict[str, Any]:
    return {
        "accounts": [{"organisation": name, "balance_fen": balance} for name, balance in kept.balances()],
        "statements": [
            {
                "number": line.number,
                "kind": Kind(line.kind).name.lower(),
                "instruction": line.instruction.hex(),
                "payer": line.payer,
                "payee": line.payee,
                "amount_fen": line.amount,
                "outcome": line.outcome,
            }
            for line in kept.statements()
        ],
    }


def _book(plan: DevnetPlan) -> Book:
    return Book(plan.bank_home)
