"""What the demo prints: the table per level beside the plan's, redemption per payee, and whether they agree."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from devnet.cast import FUNDER
from devnet.demo.deal import COUNTS, TOTALS
from devnet.demo.figures import RootFigures
from ledger import money
from node.language import words

WAN_FEN: Final = 1_000_000
"""万元 in fen."""
FUNDERS_FEN: Final = 38_960_000 * 100
SUPPLIERS_FEN: Final = 21_040_000 * 100


def plan_rows() -> list[tuple[int, int, int, int]]:
    """Received, financed, held and passed per level by the plan, in fen."""
    return [(100 * sum(row), 100 * row[0], 100 * row[1], 100 * row[2]) for row in TOTALS]


def show_levels(console: Console, title: str, figures: RootFigures) -> bool:
    """Print the table of p.16 beside the plan's; whether every figure equals it."""
    table = _table()
    table.add_column(words("层级", "level"), no_wrap=True)
    table.add_column(words("企业数", "firms"), justify="right", no_wrap=True)
    for zh, en in (("接收", "received"), ("融资", "financed"), ("持有", "held"), ("流转", "passed on")):
        table.add_column(words(zh, en), justify="right", no_wrap=True)
    table.add_column("")
    agree = len(figures.levels) == len(COUNTS)
    for row, count, plan in zip(figures.levels, COUNTS, plan_rows(), strict=False):
        found = (row.received, row.financed, row.held, row.passed)
        same = (row.firms, *found) == (count, *plan)
        agree = agree and same
        table.add_row(f"L{row.level}", str(row.firms), *(_wan(figure) for figure in found), _mark(same))
        table.add_row(words("方案", "plan"), str(count), *(_wan(figure) for figure in plan), style="dim")
    _print(console, title, table)
    return agree


def show_redemption(console: Console, figures: RootFigures) -> bool:
    """Print what the bank's statements sum to; whether funders and suppliers got what the plan says."""
    funders = figures.by_payee.get(FUNDER, 0)
    suppliers = sum(figures.by_payee.values()) - funders
    title = words("p.16 兑付（元）：银行回单合计，扣除退回", "p.16 redemption (yuan): bank statements net of returns")
    table = _table()
    table.add_column("", no_wrap=True)
    table.add_column(words("回单", "statements"), justify="right", no_wrap=True)
    table.add_column(words("方案", "plan"), justify="right", no_wrap=True)
    table.add_column("")
    pairs = (
        (words("资金方", "funders"), funders, FUNDERS_FEN),
        (words("供应商", "suppliers"), suppliers, SUPPLIERS_FEN),
    )
    for name, found, plan in pairs:
        table.add_row(name, money.show(found), money.show(plan), _mark(found == plan))
    returned = words(f"，其中退回 {figures.returned}", f", {figures.returned} returned")
    further = (
        (words("罚息（另计）", "penalty, apart"), money.show(figures.penalty)),
        (words("收款人数", "payees"), str(len(figures.by_payee))),
        (words("回单数", "statements"), f"{figures.statements}{returned}"),
        (words("登记日持有笔数", "tranches at record day"), str(figures.tranches_at_record)),
        *(
            (words(f"融资利息 L{level}", f"interest L{level}"), money.show(interest))
            for level, interest in sorted(figures.interest_by_level.items())
        ),
    )
    for name, value in further:
        table.add_row(name, value, "", "")
    _print(console, title, table)
    return funders == FUNDERS_FEN and suppliers == SUPPLIERS_FEN


def show_p17(console: Console, figures: RootFigures) -> bool:
    """p.17: 100 owed to A and 100 to the funder; whether the bank paid just that."""
    wanted = {"supplier-a": 100 * WAN_FEN, FUNDER: 100 * WAN_FEN}
    agree = figures.by_payee == wanted
    title = words(
        "p.17 兑付（万元）：签发 200，转付 100，融资 100",
        "p.17 redemption (万元): issued 200, passed on 100, financed 100",
    )
    table = _table()
    table.add_column(words("收款方", "payee"), no_wrap=True)
    table.add_column(words("回单", "statements"), justify="right", no_wrap=True)
    table.add_column("")
    for payee, amount in sorted(figures.by_payee.items()):
        table.add_row(payee, _wan(amount), _mark(wanted.get(payee) == amount))
    _print(console, title, table)
    return agree


def figures_json(figures: RootFigures) -> dict[str, Any]:
    """The same for programs, amounts in fen."""
    return {
        "levels": [asdict(row) for row in figures.levels],
        "tranches_at_record": figures.tranches_at_record,
        "interest_by_level": {str(level): fen for level, fen in sorted(figures.interest_by_level.items())},
        "redeemed_by_payee": dict(sorted(figures.by_payee.items())),
        "penalty": figures.penalty,
        "statements": figures.statements,
        "returned": figures.returned,
    }


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))


def _print(console: Console, title: str, table: Table) -> None:
    """The title on a line of its own: above a narrow table rich would break it to the table's width."""
    console.print(title, style="bold", markup=False)
    console.print(table, "")


def _mark(same: bool) -> str:
    return "[green]✓[/]" if same else "[red]✗[/]"


def _wan(fen: int) -> str:
    whole, rest = divmod(fen, WAN_FEN)
    return f"{whole:,}" if not rest else f"{whole:,}.{rest:06d}".rstrip("0")
