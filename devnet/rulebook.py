"""The approval policies and dated parameters with which a devnet's chain begins. Every one can be changed by proposal.

A policy's bands are (from amount in fen, checkers needed): here anything above a million yuan wants one checker beside
its maker where money leaves, nothing else does. A ballot says whose approvals a proposal of its kind needs.
"""

from __future__ import annotations

from typing import Any, Final

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
    "cure": UNCHECKED,
    "early": UNCHECKED,
}
BALLOTS: Final[dict[str, tuple[tuple[str, ...], int]]] = {
    "contract": (("supervisor", "collector", "user"), 2),
    "status": (("supervisor", "operator"), 1),
    "parameter": (("supervisor", "user"), 2),
    "policy": (("supervisor",), 1),
    "ballot": (("supervisor", "operator", "user"), 3),
    "validator": (("supervisor", "operator"), 2),
}


def policy_rows() -> list[list[Any]]:
    """The genesis' rows: [kind, name, organisation (empty: all), bands, roles, count]."""
    policies = [["policy", name, "", [list(band) for band in bands], [], 0] for name, bands in POLICIES.items()]
    ballots = [["ballot", name, "", [], list(roles), count] for name, (roles, count) in BALLOTS.items()]
    return policies + ballots
