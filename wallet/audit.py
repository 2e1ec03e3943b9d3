"""The ledger's invariants checked from outside, over proven rows of a live chain. Pure: rows in, violations out.

I1 per root live + redeemed + cancelled = issued. I2 every spend: outputs = input, each at least one fen. I3 a financing
never burns. I4 children keep the root, and with it obligor and due day. I5 claims = what lived at the record day. I6 a
lock only on what lives, and one. I7 per invoice used ≤ gross, and the uses sum to it. I8 per line limit + excess =
available + reserved + occupied + frozen, and what is used is what businesses use of it and of the lines below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.money import show
from ledger.wording import short_id
from wallet.vouchers import accounts

Rows = dict[Any, Mapping[str, Any]]


@dataclass(slots=True)
class Books:
    """Proven rows by id, as the contracts keep them. `heights`: of the rows of roots and tranches."""

    roots: Rows = field(default_factory=dict)
    tranches: Rows = field(default_factory=dict)
    financings: Rows = field(default_factory=dict)
    redemptions: Rows = field(default_factory=dict)
    payouts: Rows = field(default_factory=dict)
    claims: Rows = field(default_factory=dict)
    invoices: Rows = field(default_factory=dict)
    invoice_uses: Rows = field(default_factory=dict)
    lines: Rows = field(default_factory=dict)
    line_uses: Rows = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Violation:
    """`wanted` and `found` are the numbers that should be equal (or ordered)."""

    invariant: str
    subject: bytes
    wanted: int
    found: int
    zh: str
    en: str


def check(books: Books) -> list[Violation]:
    checks = (roots_sum_up, spends_conserve, financings_burn_nothing, children_keep_the_root, claims_cover_the_root,
              locks_are_on_live_ones, invoices_are_not_overused, lines_balance)  # fmt: skip
    return [violation for check_one in checks for violation in check_one(books)]


def roots_sum_up(books: Books) -> Iterator[Violation]:
    rows = [(key, fields, 0) for key, fields in books.tranches.items()]
    for account in accounts([(key, fields, 0) for key, fields in books.roots.items()], rows):
        if account.missing:
            found = account.live + account.redeemed + account.cancelled
            yield _violation("I1", account.root, account.issued, found, ("现存+已兑付+已注销 应等于开立金额",
                             "live + redeemed + cancelled is what was issued"))  # fmt: skip


def spends_conserve(books: Books) -> Iterator[Violation]:
    children: dict[bytes, list[int]] = {}
    merged: set[bytes] = set()
    for key, row in books.tranches.items():
        if row["face"] < 1:
            yield _violation("I2", key, 1, row["face"], ("每张凭证至少一分", "a tranche has at least one fen"))
        if row["parent"] is not None:
            children.setdefault(row["parent"], []).append(row["face"])
        if row["sources"]:
            merged.update(row["sources"])
            total = sum(books.tranches[source]["face"] for source in row["sources"] if source in books.tranches)
            if total != row["face"]:
                yield _violation("I2", key, total, row["face"], ("合并前后金额应相等", "a merger keeps the sum"))
    for key, faces in children.items():
        face = books.tranches[key]["face"] if key in books.tranches else 0
        if sum(faces) != face:
            yield _violation("I2", key, face, sum(faces), ("拆分前后金额应相等", "a split keeps the sum"))
        if key in merged or (key in books.tranches and books.tranches[key]["live"]):
            yield _violation("I2", key, 0, face, ("凭证不得重复支用", "a tranche is spent once"))


def financings_burn_nothing(books: Books) -> Iterator[Violation]:
    for key, row in books.financings.items():
        if row["status"] in ("financed", "settled"):
            face = books.tranches.get(row["tranche"], {}).get("face", 0)
            if face != row["face"]:
                yield _violation("I3", key, row["face"], face, ("融资不得消灭凭证", "a financing burns nothing"))


def children_keep_the_root(books: Books) -> Iterator[Violation]:
    for key, row in books.tranches.items():
        for origin in (*(() if row["parent"] is None else (row["parent"],)), *row["sources"]):
            if origin not in books.tranches or books.tranches[origin]["root"] != row["root"]:
                yield _violation("I4", key, 0, 1, ("后续凭证应属同一原始凭证", "children keep the root"))


def claims_cover_the_root(books: Books) -> Iterator[Violation]:
    for root, row in books.redemptions.items():
        if row["phase"] not in ("due", "redeemed", "cancelled"):
            continue
        claims = [claim for claim in books.claims.values() if claim["root"] == root]
        total, paid = sum(claim["face"] for claim in claims), sum(claim["paid"] for claim in claims)
        if total != row["total"]:
            yield _violation("I5", root, row["total"], total, ("兑付清单应等于登记总额", "claims sum to the record"))
        told = books.payouts.get(root, {}).get("paid", 0)
        if paid != told:
            yield _violation("I5", root, told, paid, ("逐笔兑付应等于兑付总额", "payments sum to what was paid"))
        issued = books.roots.get(root)
        if issued is not None and row["total"] > issued["face"] - issued["cancelled"]:
            left = issued["face"] - issued["cancelled"]
            yield _violation("I5", root, left, row["total"], ("登记总额不得超过未注销金额", "claims exceed the root"))


def locks_are_on_live_ones(books: Books) -> Iterator[Violation]:
    for key, row in books.tranches.items():
        if row["lock"] != "free" and not row["live"]:
            yield _violation("I6", key, 0, row["face"], ("只有现存凭证可以锁定", "only what lives can be locked"))


def invoices_are_not_overused(books: Books) -> Iterator[Violation]:
    used: dict[bytes, int] = {}
    for (_, invoice), row in books.invoice_uses.items():
        used[invoice] = used.get(invoice, 0) + row["amount"]
    for key, row in books.invoices.items():
        if row["used"] > row["gross"]:
            yield _violation("I7", key, row["gross"], row["used"], ("发票已用额不得超过票面", "used is at most gross"))
        if used.get(key, 0) != row["used"]:
            yield _violation("I7", key, row["used"], used.get(key, 0), ("使用之和应等于已用额", "uses sum to used"))


def lines_balance(books: Books) -> Iterator[Violation]:
    below: dict[bytes, int] = {}
    for use in books.line_uses.values():
        line: bytes | None = use["line"]
        while line is not None and line in books.lines:
            below[line] = below.get(line, 0) + use["amount"]
            line = books.lines[line]["parent"]
    for key, row in books.lines.items():
        used = row["reserved"] + row["occupied"]
        if min(row["limit"], row["reserved"], row["occupied"], row["frozen"]) < 0:
            yield _violation("I8", key, 0, -1, ("额度各项不得为负", "no figure of a line is negative"))
        excess, available = max(0, used + row["frozen"] - row["limit"]), max(0, row["limit"] - used - row["frozen"])
        if row["limit"] + excess != available + used + row["frozen"]:
            yield _violation("I8", key, row["limit"] + excess, available + used + row["frozen"],
                             ("限额+超额 应等于 可用+预占+占用+冻结", "a line balances"))  # fmt: skip
        if below.get(key, 0) != used:
            yield _violation("I8", key, used, below.get(key, 0), ("使用之和应等于预占与占用", "uses sum to its use"))


def _violation(invariant: str, subject: bytes, wanted: int, found: int, rule: tuple[str, str]) -> Violation:
    zh, en = rule
    name = short_id(subject)
    return Violation(
        invariant, subject, wanted, found,
        f"{invariant} {name}：{zh}；应为 {show(wanted)}，实为 {show(found)}",
        f"{invariant} {name}: {en}; {show(wanted)} expected, {show(found)} found",
    )  # fmt: skip
