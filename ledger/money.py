"""Money: integer minor units with an ISO 4217 code. For CNY the unit is the fen.

Every cash flow is rounded once, half up, in integer arithmetic; shares of a total are cut by largest remainder so that
they always sum to the total. Source of the formulas: the plan's business rules (discount, penalty, pro rata).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NewType

Fen = NewType("Fen", int)

FEN_MAX: Final = 2**63 - 1
MINOR_DIGITS: Final = {"CNY": 2, "USD": 2, "EUR": 2, "HKD": 2, "RUB": 2, "KZT": 2, "JPY": 0}


def round_half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` to the nearest integer, halves away from zero; the denominator is positive."""
    assert denominator > 0, "a denominator is positive"
    if numerator < 0:
        return -((-2 * numerator + denominator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Cut `total` in proportion to `weights` by largest remainder; ties go to the earlier weight.

    The parts sum to `total` exactly. Weights are non-negative and not all zero.
    """
    whole = sum(weights)
    assert whole > 0, "shares of a positive whole"
    assert total >= 0, "a total is not negative"
    assert min(weights) >= 0, "weights are not negative"
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def show(amount: int, currency: str = "CNY") -> str:
    """Digits with thousands separators and the currency's own decimals: 123456789 fen → `1,234,567.89`."""
    digits = MINOR_DIGITS[currency]
    sign = "-" if amount < 0 else ""
    scale: int = 10**digits
    units, minor = divmod(abs(amount), scale)
    return f"{sign}{units:,}" + (f".{minor:0{digits}d}" if digits else "")


_AMOUNT: Final = re.compile(r"([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]+))?")


def parse(text: str, currency: str = "CNY") -> int:
    """The amount that `text` names in minor units; refuses more decimals than the currency has.

    Separators, half or full width, stand between thousands or not at all: `1,23` is how some countries write 1.23.
    Raises ValueError with the reason in plain words.
    """
    digits = MINOR_DIGITS[currency]
    found = _AMOUNT.fullmatch(text.strip().replace("\N{FULLWIDTH COMMA}", ","))
    if found is None:
        raise ValueError(f"{text!r} is not an amount")
    units, minor = found[1].replace(",", ""), found[2] or ""
    if len(minor) > digits:
        raise ValueError(f"{text!r} has {len(minor)} decimals, {currency} has {digits}")
    scale: int = 10**digits
    amount = int(units) * scale + int(minor.ljust(digits, "0") or "0")
    if amount > FEN_MAX:
        raise ValueError(f"{text!r} is larger than the ledger can hold")
    return amount
