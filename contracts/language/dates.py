"""Days since 1970-01-01 as years, months and days of the Gregorian calendar, in integers alone."""

from __future__ import annotations

from typing import Final

YEAR_MIN: Final = 1900
YEAR_MAX: Final = 2999
_MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_days(year: int, month: int) -> int:
    return 29 if month == 2 and is_leap(year) else _MONTH_DAYS[month - 1]


def _days_before(year: int) -> int:
    """Days from 1970-01-01 to the first of January of `year`."""
    past = year - 1
    return 365 * (year - 1970) + (past // 4 - past // 100 + past // 400) - 477


def day_of(year: int, month: int, day: int) -> int:
    """ValueError where the calendar has no such day, or it lies outside 1900 to 2999."""
    if not (YEAR_MIN <= year <= YEAR_MAX and 1 <= month <= 12 and 1 <= day <= month_days(year, month)):
        raise ValueError("no such day")
    return _days_before(year) + sum(month_days(year, m) for m in range(1, month)) + day - 1


def date_of(day: int) -> tuple[int, int, int]:
    """ValueError outside 1900 to 2999."""
    year = 1970 + day // 366 if day >= 0 else 1970 + day // 365
    while YEAR_MIN <= year <= YEAR_MAX and _days_before(year + 1) <= day:
        year += 1
    if not YEAR_MIN <= year <= YEAR_MAX or day < _days_before(year):
        raise ValueError("no such day")
    rest, month = day - _days_before(year), 1
    while rest >= month_days(year, month):
        rest -= month_days(year, month)
        month += 1
    return year, month, rest + 1


def add_months(day: int, months: int) -> int:
    """The same day of the month `months` later; the month's last day where it has none such."""
    year, month, of_month = date_of(day)
    years, zero_month = divmod(12 * year + month - 1 + months, 12)
    if not YEAR_MIN <= years <= YEAR_MAX:
        raise ValueError("no such day")
    return day_of(years, zero_month + 1, min(of_month, month_days(years, zero_month + 1)))


def weekday(day: int) -> int:
    """0 is Monday. 1970-01-01 was a Thursday."""
    return (day + 3) % 7
