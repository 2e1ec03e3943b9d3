"""The SDK's functions of numbers, days and codes: from their arguments alone, each of which is looked at first."""

from __future__ import annotations

from typing import Any

from contracts.language import dates
from contracts.language.credit_code import is_credit_code
from ledger import money
from ledger.errors import Refused, refuse


def wrong_type(what: str, value: Any) -> Refused:
    """A value of a type that does not belong there; `what` names the place."""
    if type(value) is int and what != "record":
        return refuse("EXE-002", detail=what)
    return refuse("EXE-006", detail=what)


class SdkFunctions:
    """What a contract calls by these names."""

    def round_half_up(self, numerator: Any, denominator: Any) -> int:
        if type(numerator) is not int or type(denominator) is not int or denominator <= 0:
            raise wrong_type("round_half_up", None)
        return money.round_half_up(numerator, denominator)

    def fen(self, amount: Any) -> int:
        if type(amount) is not int:
            raise wrong_type("fen", None)
        return amount

    def add_months(self, day: Any, months: Any) -> int:
        if type(day) is not int or type(months) is not int:
            raise wrong_type("add_months", None)
        return dates.add_months(day, months)

    def day_of(self, year: Any, month: Any, day: Any) -> int:
        if type(year) is not int or type(month) is not int or type(day) is not int:
            raise wrong_type("day_of", None)
        return dates.day_of(year, month, day)

    def date_of(self, day: Any) -> tuple[int, int, int]:
        if type(day) is not int:
            raise wrong_type("date_of", None)
        return dates.date_of(day)

    def weekday(self, day: Any) -> int:
        if type(day) is not int:
            raise wrong_type("weekday", None)
        return dates.weekday(day)

    def is_credit_code(self, code: Any) -> bool:
        return type(code) is str and is_credit_code(code)
