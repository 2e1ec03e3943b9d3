"""The approval policies and dated parameters with which a devnet's chain begins. Every one can be changed by proposal.

A policy's bands are (from amount in fen, checkers needed): here anything above a million yuan wants one checker beside
its maker where money leaves, nothing else does. A ballot says whose approvals a proposal of its kind needs.
"""

from __future__ import annotations

from typing import Any, Final

import chinese_calendar

from node.genesis_spec import day_number

CHECKED_FROM_FEN: Final = 100_000_001
CHECKED: Final = ((0, 0), (CHECKED_FROM_FEN, 1))
UNCHECKED: Final = ((0, 0),)

POLICIES: Final[dict[str, tuple[tuple[int, int], ...]]] = {
    "issue": CHECKED,
    "transfer": UNCHECKED,
    "receive": UNCHECKED,
    "finance": UNCHECKED,
    "quote": UNCHECKED,
    "guarantee": UNCHECKED,
    "credit": UNCHECKED,
    "freeze": UNCHECKED,
    "account": UNCHECKED,
    "batch": UNCHECKED,
    "cure": UNCHECKED,
    "early": UNCHECKED,
    "credential": UNCHECKED,
    "dispute": UNCHECKED,
}
BALLOTS: Final[dict[str, tuple[tuple[str, ...], int]]] = {
    "contract": (("supervisor", "collector", "user"), 2),
    "status": (("supervisor", "operator"), 1),
    "parameter": (("supervisor", "user"), 2),
    "policy": (("supervisor",), 1),
    "ballot": (("supervisor", "operator", "user"), 3),
    "validator": (("supervisor", "operator"), 2),
}


PARAMETERS: Final[dict[str, int]] = {
    "voucher_tenor_months_max": 12,
    "voucher_tenor_months_warn": 6,
    "voucher_offer_days_max": 30,
    "voucher_split_fen_min": 1,
    "voucher_level_max": 20,
    "voucher_penalty_rate": 180_000,
    "finance_rate_max": 240_000,
    "maturity_default_days": 90,
    "maturity_return_days": 5,
    "dispute_days_max": 60,
}
"""Rates are parts per million a year: 180,000 is 18 %, 0.05 % a day. In force from the chain's first day on."""
FIRST_YEAR: Final = 2022


def policy_rows() -> list[list[Any]]:
    """The genesis' rows: ["policy", name, organisation (empty: all), bands] and ["ballot", kind, roles, approvals]."""
    policies = [["policy", name, "", [list(band) for band in bands]] for name, bands in POLICIES.items()]
    ballots = [["ballot", name, list(roles), count] for name, (roles, count) in BALLOTS.items()]
    return policies + ballots


def parameter_rows() -> list[list[Any]]:
    """The genesis' rows [name, value, from day], and the calendar's days off and make-up days as published so far."""
    off = sorted(day_number(day) for day in chinese_calendar.holidays if day.year >= FIRST_YEAR)
    work = sorted(day_number(day) for day in chinese_calendar.workdays if day.year >= FIRST_YEAR)
    return [
        *([name, value, 0] for name, value in PARAMETERS.items()),
        ["calendar.off", off, 0],
        ["calendar.work", work, 0],
    ]
