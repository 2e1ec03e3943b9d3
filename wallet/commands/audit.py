"""`lugang audit`: the invariants of a live chain, from outside, every row proven."""

from __future__ import annotations

from typing import Any

from wallet.audit import Books, check
from wallet.commands.lists import read_pages
from wallet.console import App, wallet_command
from wallet.exporter import tranches_of
from wallet.problems import problem
from wallet.vouchers import ROOTS, TRANCHES, VOUCHER

ROWS_ZH = {
    "roots": "原始凭证", "tranches": "凭证", "financings": "融资", "redemptions": "清分", "claims": "兑付",
    "invoices": "发票", "lines": "额度",
}  # fmt: skip


@wallet_command("audit", "对账：不变量 I1–I8，逐行证明", "check the invariants I1–I8 of a live chain, every row proven")
def audit(app: App) -> dict[str, Any]:
    books, least = gather(app)
    violations = check(books)
    for violation in violations:
        app.say(f"✗ {violation.zh}", f"✗ {violation.en}")
    counts = {
        "roots": len(books.roots), "tranches": len(books.tranches), "financings": len(books.financings),
        "redemptions": len(books.redemptions), "claims": len(books.claims), "invoices": len(books.invoices),
        "lines": len(books.lines),
    }  # fmt: skip
    app.say("已核对：" + "，".join(f"{ROWS_ZH[name]} {count}" for name, count in counts.items()),
            "checked: " + ", ".join(f"{name} {count}" for name, count in counts.items()))  # fmt: skip
    answer = {
        "violations": [{"invariant": v.invariant, "subject": v.subject.hex(), "wanted": v.wanted, "found": v.found,
                        "zh": v.zh, "en": v.en} for v in violations],
        "checked": counts, "nodes_agreeing_at_least": least,
    }  # fmt: skip
    app.facts.update(answer)
    if violations:
        raise problem("WAL-032", count=len(violations))
    app.say("I1–I8 均成立", "I1–I8 hold")
    return answer


def gather(app: App) -> tuple[Books, int]:
    """All rows that the invariants are about; lists by agreement of t nodes, rows proven."""
    session, books, least = app.session, Books(), 1_000
    present = {name for name, _ in session.genesis.contracts}
    organisations, agreed = read_pages(app, "membership", "list_organisations", ())
    least = min(least, len(agreed.nodes))

    def listed(contract: str, view: str, *args: Any) -> list[Any]:
        nonlocal least
        if contract not in present:
            return []
        rows, agreement = read_pages(app, contract, view, args)
        least = min(least, len(agreement.nodes))
        return [row[0] if type(row) is tuple else row for row in rows]

    def rows(contract: str, map_name: str, keys: list[Any]) -> dict[Any, Any]:
        parts = [key if type(key) is tuple else (key,) for key in keys]
        found = session.prove((contract, map_name, key) for key in parts)
        return {row.key if len(row.key) > 1 else row.key[0]: row.fields for row in found if row.record is not None}

    roots = [root for organisation in organisations for root in listed(VOUCHER, "issued", organisation)]
    for root in roots:
        keys = tranches_of(session, root)
        proven = session.prove([(VOUCHER, ROOTS, (root,)), *((VOUCHER, TRANCHES, (key,)) for key in keys)])
        books.roots[root] = proven[0].fields
        books.tranches.update({row.key[0]: row.fields for row in proven[1:] if row.record is not None})
        books.claims.update(rows("distribution", "claims", listed("distribution", "claims_of", root)))
        books.invoice_uses.update(rows("trade", "uses", listed("trade", "uses_of", root)))
    books.redemptions = rows("maturity", "redemptions", roots) if "maturity" in present else {}
    books.payouts = rows("distribution", "payouts", roots) if "distribution" in present else {}
    books.line_uses = rows("credit", "uses", roots) if "credit" in present else {}
    for organisation in organisations:
        books.financings.update(rows("finance", "financings", listed("finance", "bought_by", organisation)))
        books.invoices.update(rows("trade", "invoices", listed("trade", "invoices_of", organisation)))
        books.lines.update(rows("credit", "lines", listed("credit", "lines_granted", organisation)))
    return books, least
