"""A voucher from its record day to its end, with a bank that pays short once and returns a payment once.

The days are those of the chain's test clock. What the bank does by itself is watched through the rows that its
statements change; what it does wrong is ordered from the simulator beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from devnet.bank.book import Book
from devnet.cast import ISSUER
from devnet.demo.business import Business
from devnet.demo.stage import Stage, act
from ledger.errors import Refused
from ledger.money import show
from ledger.wording import show_day
from node.language import language, words

REDEMPTIONS: Final = ("maturity", "redemptions")
PAYOUTS: Final = ("distribution", "payouts")
CLAIMS: Final = ("distribution", "claims")
PAGES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Trouble:
    """What shall go wrong: the issuer's first payment (fen), and a holder whose payment comes back."""

    first_payment: int
    returned_to: str


class Redeeming:
    """One root at its end."""

    def __init__(self, stage: Stage, business: Business, book: Book, root: bytes) -> None:
        self._stage, self._business, self._book, self._root = stage, business, book, root

    def redemption(self) -> dict[str, Any]:
        return self._stage.session.row(*REDEMPTIONS, self._root).fields

    def step_to(self, day: int) -> None:
        """Move the business day; the chain's sweeps run in that block."""
        clerk = self._business.signer("supervisor")
        date = show_day(day, language())
        self._stage.do_one(words(f"日期进到 {date}", f"the day is {date}"), act(clerk, "calendar", "step", day))

    def take_record(self, record_day: int) -> None:
        """Go to the record day and wait until every live tranche is a claim."""
        self.step_to(record_day)
        clerk = self._business.signer(ISSUER)
        for _ in range(PAGES_MAX):
            if self.redemption()["phase"] not in ("waiting", "recording"):
                return
            noting = words("登记日：登记各持有人", "record day: noting every holder")
            self._stage.do_one(noting, act(clerk, "maturity", "record", self._root))
        raise AssertionError("the record was not taken")

    def pay_with_trouble(self, effective: int, trouble: Trouble, late_issue: tuple[Any, ...]) -> Refused:
        """Short on the day, the rest and the penalty a day late, one payment returned and made again, the cure.

        Returns the refusal that the issuer, in arrears, gets for `late_issue` (the arguments of another issue).
        """
        book, root = self._book, self._root
        book.give_order("short", purpose="collect", business=root, amount=trouble.first_payment)
        self.step_to(effective)
        first = trouble.first_payment
        self._watch(
            words("到期日付款人少付，等待银行分付", "due day, short payment; the bank shares it out"),
            lambda row: row["shared"] == first and row["paid"] == first,
            PAYOUTS,
            _how_far,
        )
        self.step_to(effective + 1)
        blocked = self._stage.refused(
            words("逾期再开立，应被拒绝", "overdue: another issue must be refused"),
            act(self._business.signer(ISSUER), "voucher", "issue", *late_issue),
        )
        book.give_order("return", payee=trouble.returned_to, purpose="redeem")
        book.give_order("pay", purpose="collect", business=root)
        self._watch(
            words("次日补足，一笔退回后重付", "the rest a day late; one payment returned, made again"),
            lambda row: row["shared"] == row["total"] == row["paid"],
            PAYOUTS,
            _how_far,
        )
        self._watch(
            words("等待银行把罚息付给各持有人", "the bank pays the penalty to each holder"),
            lambda row: row["penalty_shared"] > 0 and row["penalty_paid"] == row["penalty_shared"],
            PAYOUTS,
            _how_far_penalty,
        )
        cure = act(self._business.signer(ISSUER), "maturity", "cure", root)
        self._stage.do_one(words("清偿，解除逾期", "cured: no longer overdue"), cure)
        return blocked

    def pay(self, effective: int) -> None:
        """On the day, in full."""
        self.step_to(effective)
        self._watch(words("等待银行兑付", "waiting for the bank to redeem"), lambda row: row["phase"] == "redeemed")

    def close(self) -> None:
        """After the days in which payments can come back the voucher is cancelled and its line free."""
        turn = self.redemption()["turn"]
        if turn is not None:
            self.step_to(turn)
        self._watch(
            words("退款期过后注销", "cancelled after the days of returns"), lambda row: row["phase"] == "cancelled"
        )

    def _watch(
        self,
        what: str,
        done: Callable[[dict[str, Any]], bool],
        rows: tuple[str, str] = REDEMPTIONS,
        how_far: Callable[[dict[str, Any]], str] | None = None,
    ) -> None:
        self._business.wait_rows(what, rows, [self._root], done, how_far or _collected)

    def claims(self, tranches: Iterable[bytes]) -> dict[bytes, dict[str, Any]]:
        """The claims of those tranches that became one."""
        rows = self._stage.session.rows(*CLAIMS, [(tranche,) for tranche in tranches])
        return {row.key[0]: row.fields for row in rows if row.fields}


def _collected(row: dict[str, Any]) -> str:
    """The redemption's figures, in yuan."""
    collected, total = show(row["collected"]), show(row["total"])
    return words(f"（归集 {collected}，应付 {total} 元）", f"(in {collected} of {total})")


def _how_far(row: dict[str, Any]) -> str:
    """The payout's figures, in yuan."""
    collected, paid, total = (show(row[name]) for name in ("shared", "paid", "total"))
    return words(f"（归集 {collected}，付出 {paid}，应付 {total} 元）", f"(in {collected}, out {paid} of {total})")


def _how_far_penalty(row: dict[str, Any]) -> str:
    paid, total = show(row["penalty_paid"]), show(row["penalty_shared"])
    return words(f"（付出 {paid}，应付 {total} 元）", f"(out {paid} of {total})")
