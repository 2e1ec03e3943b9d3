"""What the demo prints: the table per level beside the plan's, redemption per payee, and whether they agree."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.table import Table

from devnet.cast import FUNDER
from devnet.demo.deal import COUNTS, TOTALS
from devnet.demo.figures import RootFigures
from ledger import money

WAN_FEN: Final = 1_000_000
"""万元 in fen."""
FUNDERS_FEN: Final = 38_960_000 * 100
SUPPLIERS_FEN: Final = 21_040_000 * 100
REDEMPTION: Final = "到期兑付,银行回单合计 · redemption, summed from bank statements net of returns"
P17: Final = "p.17: 签发 200,转付 100,贴现 100 · issued 200, passed on 100, financed 100"


def plan_rows() -> list[tuple[int, int, int, int]]:
    """Received, financed, held and passed per level by the plan, in fen."""
    return [(100 * sum(row), 100 * row[0], 100 * row[1], 100 * row[2]) for row in TOTALS]


def show_levels(console: Console, title: str, figures: RootFigures) -> bool:
    """Print the table of p.16; whether every figure equals the plan's."""
    table = Table(title=title)
    for heading in ("层级\nlevel", "企业数\nfirms"):
        table.add_column(heading, justify="right")
    for heading in ("接收\nreceived", "融资\nfinanced", "持有\nheld", "流转\npassed on"):
        table.add_column(f"{heading}\n(万元)", justify="right")
    table.add_column("方案\nplan")
    agree = len(figures.levels) == len(COUNTS)
    for row, count, plan in zip(figures.levels, COUNTS, plan_rows(), strict=False):
        found = (row.received, row.financed, row.held, row.passed)
        same = found == plan
        agree = agree and same
        shown = " / ".join(_wan(figure) for figure in plan)
        mark = "[green]✓[/]" if same else "[red]✗[/]"
        table.add_row(f"L{row.level}", str(count), *(_wan(figure) for figure in found), f"{mark} {shown}")
    console.print(table)
    return agree


def show_redemption(console: Console, figures: RootFigures) -> bool:
    """Print what the bank's statements sum to; whether funders and suppliers got what the plan says."""
    funders = figures.by_payee.get(FUNDER, 0)
    suppliers = sum(figures.by_payee.values()) - funders
    table = Table("", "", "方案 plan", title=REDEMPTION)
    pairs = (("资金方 funders", funders, FUNDERS_FEN), ("供应商 suppliers", suppliers, SUPPLIERS_FEN))
    for name, found, plan in pairs:
        mark = "[green]✓[/]" if found == plan else "[red]✗[/]"
        table.add_row(name, money.show(found), f"{mark} {money.show(plan)}")
    table.add_row("收款人数 payees", str(len(figures.by_payee)), "")
    table.add_row("罚息(另行) penalty, its own line", money.show(figures.penalty), "")
    table.add_row("回单 statements", f"{figures.statements}, 退回 returned {figures.returned}", "")
    table.add_row("登记日持有笔数 tranches at record", str(figures.tranches_at_record), "")
    for level, interest in sorted(figures.interest_by_level.items()):
        table.add_row(f"利息 interest L{level}", money.show(interest), "")
    console.print(table)
    return funders == FUNDERS_FEN and suppliers == SUPPLIERS_FEN


def show_p17(console: Console, figures: RootFigures) -> bool:
    """p.17: 100 owed to A and 100 to the funder; whether the bank paid just that."""
    wanted = {"supplier-a": 100 * WAN_FEN, FUNDER: 100 * WAN_FEN}
    agree = figures.by_payee == wanted
    table = Table("收款方 payee", "万元", title=P17)
    for payee, amount in sorted(figures.by_payee.items()):
        table.add_row(payee, f"{'[green]✓[/]' if wanted.get(payee) == amount else '[red]✗[/]'} {_wan(amount)}")
    console.print(table)
    return agree


def _wan(fen: int) -> str:
    whole, rest = divmod(fen, WAN_FEN)
    return f"{whole:,}" if not rest else f"{whole:,}.{rest:06d}".rstrip("0")
