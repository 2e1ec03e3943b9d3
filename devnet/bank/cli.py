"""`lugang devnet bank …`: run the bank simulator, tell it what to do next, read its book."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from devnet.bank.book import ACTS, Act, Book, Line
from devnet.bank.simulator import BankSimulator
from devnet.cast import BANK
from devnet.onboarding import Cast, open_session
from devnet.plan import load_plan
from devnet.prepare import read_statement_secret
from devnet.problems import problem
from devnet.speech import DevnetGroup, folder_option, json_option, say
from ledger import money
from ledger.statement import Kind
from node.language import words

WHAT_IT_DOES: Final = {
    "pay": ("付清", "pay in full"),
    "short": ("少付", "pay less"),
    "return": ("付后退回", "pay, then return"),
    "delay": ("延后 --days 天", "wait --days"),
    "repeat": ("同一回单提交两次", "send a statement twice"),
    "lie": ("伪造回单", "send a forged statement"),
    "hold": ("不付", "do not pay"),
}
ORDER_HELP: Final = (
    f"下一条匹配的付款指令如何处理：{'、'.join(f'{act} {zh}' for act, (zh, _) in WHAT_IT_DOES.items())}。\n\n"
    f"What to do with the next instruction that fits: {', '.join(f'{a}: {en}' for a, (_, en) in WHAT_IT_DOES.items())}."
)
KINDS: Final = {"paid": ("已付", "paid"), "returned": ("已退回", "returned")}
WAITING: Final = ("等待中", "waiting")
FINAL: Final = ("已确认", "final")


@click.group(cls=DevnetGroup, help="模拟银行（并非真实银行）。\n\nThe bank SIMULATOR, no real bank.")
def bank() -> None:
    pass


@bank.command(help="运行模拟银行；由 devnet up 启动。\n\nRun it; `devnet up` does.")
@folder_option
def run(folder: Path) -> None:
    plan = load_plan(folder)
    session = open_session(plan)
    clerk = Cast(session, plan.wallet_home).signer(BANK, "maker")
    simulator = BankSimulator(session, BANK, clerk, read_statement_secret(plan.bank_home), Book(plan.bank_home))
    say("模拟银行已启动", "the bank simulator runs")
    simulator.run()


@bank.command(help=ORDER_HELP)
@click.argument("act", type=click.Choice(ACTS))
@click.option("--payer", help="仅限此付款方 · only for this payer")
@click.option("--payee", help="仅限此收款方 · only for this payee")
@click.option("--purpose", help="仅限此用途 · only for this purpose")
@click.option("--amount", help="少付时支付的金额（元） · yuan to pay when short")
@click.option("--days", type=int, help="延后天数 · days to wait")
@folder_option
@json_option
def order(folder: Path, act: Act, amount: str | None, as_json: bool, **fits: Any) -> dict[str, Any]:
    kept = Book(load_plan(folder).bank_home)
    try:
        fen = None if amount is None else money.parse(amount)
    except ValueError as error:
        raise problem("DEV-011", found=str(amount), detail=str(error)) from None
    number = kept.give_order(act, amount=fen, **fits)
    if not as_json:
        say(f"指示 {number} 已记录：{WHAT_IT_DOES[act][0]}", f"order {number} noted: {WHAT_IT_DOES[act][1]}")
    return {"order": number, "act": act}


@bank.command(help="账户余额与回单。\n\nBalances and statements.")
@folder_option
@json_option
def book(folder: Path, as_json: bool) -> dict[str, Any]:
    kept = Book(load_plan(folder).bank_home)
    if not as_json:
        console = Console(highlight=False)
        say("清算银行（模拟）：账户", "clearing bank (simulated): accounts")
        console.print(_accounts(kept), "", soft_wrap=not console.is_terminal)
        say("回单", "statements")
        console.print(_statements(kept.statements()), soft_wrap=not console.is_terminal)
    return _as_json(kept)


def _accounts(kept: Book) -> Table:
    table = _table()
    table.add_column(words("机构", "organisation"), no_wrap=True)
    table.add_column(words("余额（元）", "balance (yuan)"), justify="right", no_wrap=True)
    for organisation, balance in kept.balances():
        table.add_row(organisation, money.show(balance))
    return table


def _statements(lines: list[Line]) -> Table:
    table = _table()
    for zh, en in (("号", "no."), ("类", "kind"), ("付款方", "payer"), ("收款方", "payee")):
        table.add_column(words(zh, en), no_wrap=True)
    table.add_column(words("金额（元）", "amount (yuan)"), justify="right", no_wrap=True)
    table.add_column(words("链上结果", "on the chain"), no_wrap=True)
    if not lines:
        table.add_row(words("无", "none"))
    for line in lines:
        kind = words(*KINDS[Kind(line.kind).name.lower()])
        outcome = words(*WAITING) if line.outcome is None else line.outcome.replace("final", words(*FINAL))
        table.add_row(str(line.number), kind, line.payer, line.payee, money.show(line.amount), outcome)
    return table


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


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
