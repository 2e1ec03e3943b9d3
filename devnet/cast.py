"""Who takes part in a devnet: the five members of the plan, who run nodes, and prepared firms, who do not.

The firms are invented; their credit codes are well-formed and belong to nobody. A node's organisation has the name of
the role that it plays, so that a newcomer sees at once who is who.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ledger.genesis import ROLES

CODE_CHARACTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CODE_WEIGHTS: Final = tuple(pow(3, i, 31) for i in range(17))


@dataclass(frozen=True, slots=True)
class Firm:
    """An organisation of the devnet. `funds_yuan` is what its account with the simulated bank opens with."""

    organisation: str
    name_zh: str
    name_en: str
    roles: tuple[str, ...]
    capacities: tuple[str, ...] = ()
    funds_yuan: int = 0


BANK: Final = "clearing"
ISSUER: Final = "subject"
FUNDER: Final = "user"
VERIFIER: Final = "collector"

MEMBERS: Final = (
    Firm("operator", "陆港集团信息技术部", "Land Port IT Department", ("operator",)),
    Firm("supervisor", "陆港集团管理部", "Land Port Group Management", ("supervisor",)),
    Firm("collector", "陆港物流贸易公司", "Land Port Logistics", ("collector", "subject"), ("invoice_verifier",)),
    Firm("subject", "陆港集团采购公司", "Land Port Procurement", ("subject",), ("core",), 200_000_000),
    Firm("user", "西域商业银行", "Western Commercial Bank", ("user",), ("bank", "factor"), 1_000_000_000),
)
FIRMS: Final = (
    Firm(BANK, "清算银行（模拟）", "Clearing Bank (simulated)", ("user",), ("bank",)),
    Firm("factor", "天山保理公司", "Tianshan Factoring", ("user",), ("factor",), 500_000_000),
    Firm("guarantor", "昆仑担保公司", "Kunlun Guarantee", ("user",), ("guarantor",), 100_000_000),
    Firm("supplier-a", "供应商甲公司", "Supplier A", ("subject",), ("supplier",)),
    Firm("supplier-b", "供应商乙公司", "Supplier B", ("subject",), ("supplier",)),
    Firm("supplier-c", "供应商丙公司", "Supplier C", ("subject",), ("supplier",)),
)


def cast_of(node_names: Iterable[str]) -> tuple[Firm, ...]:
    """Everybody in a devnet with these nodes: the five members always, one more per further node, the firms."""
    further = tuple(
        Firm(name, f"成员单位{name.removeprefix('member')}", f"Member {name.removeprefix('member')}", ("user",))
        for name in node_names
        if name not in ROLES
    )
    return MEMBERS + further + FIRMS


def credit_code(serial: int) -> str:
    """A well-formed unified social credit code (GB 32100-2015) for an invented firm: 18 characters, the last checks."""
    body = f"91650100MA{serial:07d}"
    total = sum(CODE_CHARACTERS.index(char) * weight for char, weight in zip(body, CODE_WEIGHTS, strict=True))
    return body + CODE_CHARACTERS[-total % 31]
