"""Bringing many firms onto the chain: the operator invites from a file, the supervisor admits and licenses, each firm
registers the account that receives its payments. Every firm has its own key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from devnet.bank.book import Book
from devnet.cast import BANK, credit_code
from devnet.demo.stage import Stage, act
from devnet.onboarding import Cast
from node.language import words
from wallet.builder import Signer
from wallet.keystore import new_secret

INVITED_TOGETHER_MAX: Final = 40
SUPPLIER: Final = "supplier"
LICENSED_DAYS: Final = 3_650
T = TypeVar("T")


def admit_suppliers(stage: Stage, cast: Cast, book: Book, names: Sequence[str], first_serial: int) -> dict[str, Signer]:
    """Admit invented suppliers and return their signers by name; credit codes count from `first_serial`."""
    suite, today = stage.session.suite, stage.session.client.ask(lambda node: node.status()).day
    signers = {name: Signer(suite, new_secret(suite), name) for name in names}
    paper = suite.hasher("demo")(b"papers of admission")
    applicants = [
        (name, f"供应商{name}", f"Supplier {name}", credit_code(first_serial + i), signers[name].key, paper)
        for i, name in enumerate(names)
    ]
    operator, supervisor = cast.signer("operator"), cast.signer("supervisor")
    stage.do(words("邀请", "invite"), [act(operator, "membership", "invite_many", part) for part in _parts(applicants)])
    stage.do(
        words("准入", "admit"), [act(supervisor, "membership", "admit", part, ("subject",)) for part in _parts(names)]
    )
    licences = [(name, SUPPLIER, today + LICENSED_DAYS, paper) for name in names]
    stage.do(
        words("授资质", "license"), [act(supervisor, "membership", "license_many", part) for part in _parts(licences)]
    )
    stage.do(
        words("登记账户", "accounts"),
        [act(signers[name], "settlement", "register", book.open_account(name, 0), BANK) for name in names],
    )
    return signers


def _parts(items: Sequence[T]) -> Iterator[tuple[T, ...]]:
    for i in range(0, len(items), INVITED_TOGETHER_MAX):
        yield tuple(items[i : i + INVITED_TOGETHER_MAX])
