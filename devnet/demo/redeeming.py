"""A voucher from its record day to its end, with a bank that pays short once and returns a payment once.

The days are those of the chain's test clock. What the bank does by itself is watched through the rows that its
statements change; what it does wrong is ordered from the simulator beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from devnet.bank.book import Book
from devnet.cast import ISSUER
from devnet.demo.business import Business
from devnet.demo.stage import Stage, act
from ledger.errors import Refused

REDEMPTIONS: Final = ("maturity", "redemptions")
CLAIMS: Final = ("maturity", "claims")
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
        self._stage.do_one(f"日期 day → {day}", act(clerk, "calendar", "step", day))

    def take_record(self, record_day: int) -> None:
        """Go to the record day and wait until every live tranche is a claim."""
        self.step_to(record_day)
        clerk = self._business.signer(ISSUER)
        for _ in range(PAGES_MAX):
            if self.redemption()["phase"] not in ("waiting", "recording"):
                return
            self._stage.do_one("登记 record", act(clerk, "maturity", "record", self._root))
        raise AssertionError("the record was not taken")

    def pay_with_trouble(self, effective: int, trouble: Trouble, late_issue: tuple[Any, ...]) -> Refused:
        """Short on the day, the rest and the penalty a day late, one payment returned and made again, the cure.

        Returns the refusal that the issuer, in arrears, gets for `late_issue` (the arguments of another issue).
        """
        book, root = self._book, self._root
        book.give_order("short", purpose="collect", business=root, amount=trouble.first_payment)
        self.step_to(effective)
        first = trouble.first_payment
        self._watch("少付 short payment", lambda row: row["collected"] == first and row["paid"] == first)
        self.step_to(effective + 1)
        blocked = self._stage.refused(
            "逾期禁开 overdue: issue refused", act(self._business.signer(ISSUER), "voucher", "issue", *late_issue)
        )
        book.give_order("return", payee=trouble.returned_to, purpose="redeem")
        book.give_order("pay", purpose="collect", business=root)
        self._watch("补足 rest and penalty", lambda row: row["collected"] == row["total"] == row["paid"])
        self._watch("罚息 penalty", lambda row: row["penalty"] > 0 and row["penalty_paid"] == row["penalty"])
        self._stage.do_one("清偿 cure", act(self._business.signer(ISSUER), "maturity", "cure", root))
        return blocked

    def pay(self, effective: int) -> None:
        """On the day, in full."""
        self.step_to(effective)
        self._watch("兑付 redemption", lambda row: row["phase"] == "redeemed")

    def close(self) -> None:
        """After the days in which payments can come back the voucher is cancelled and its line free."""
        turn = self.redemption()["turn"]
        if turn is not None:
            self.step_to(turn)
        self._watch("注销 cancel", lambda row: row["phase"] == "cancelled")

    def _watch(self, what: str, done: Any) -> None:
        self._business.wait_rows(what, REDEMPTIONS, [self._root], done)

    def claims(self, tranches: Iterable[bytes]) -> dict[bytes, dict[str, Any]]:
        """The claims of those tranches that became one."""
        rows = self._stage.session.rows(*CLAIMS, [(tranche,) for tranche in tranches])
        return {row.key[0]: row.fields for row in rows if row.fields}
