"""Brings holders onto the chain and splits one voucher among them: ordinary transactions, all of them proven final.

The first holder is the payee of the root; it pays each of the others a tranche in bulk and keeps the rest, from which a
hot run spends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from devnet.bench.workload import Holding, Workload
from devnet.cast import credit_code
from devnet.demo.business import OFFER_DAYS, Business
from devnet.demo.plays import DUE, LINE_FEN
from devnet.demo.stage import Stage, act
from devnet.onboarding import Cast
from ledger.codec import encode
from node.language import words
from wallet.builder import Signer
from wallet.keystore import new_secret

FIRST_SERIAL: Final = 10_000
TOGETHER_MAX: Final = 100
CAPACITY: Final = "supplier"
LICENSED_DAYS: Final = 3_650
TRANSFER_FEN: Final = 1
T = TypeVar("T")


def make_holders(stage: Stage, cast: Cast, workload: Workload) -> tuple[list[Holding], int]:
    """The holders with their tranches, and the last day on which offers of today may be accepted."""
    names = [f"holder-{i:05d}" for i in range(workload.holders)]
    signers = _admit(stage, cast, names)
    business = Business(stage, cast, signers)
    each = TRANSFER_FEN * (workload.transfers // workload.payers + 1)
    line = business.open_line(LINE_FEN, DUE + 30)
    root = business.issue(names[0], each * workload.holders, DUE, line)
    tranches = _split(stage, business, names, root, each)
    holdings = [Holding(name, signers[name].secret, tranche) for name, tranche in zip(names, tranches, strict=True)]
    return holdings, business.today() + OFFER_DAYS


def _admit(stage: Stage, cast: Cast, names: Sequence[str]) -> dict[str, Signer]:
    suite = stage.session.suite
    today = stage.session.client.ask(lambda node: node.status()).day
    signers = {name: Signer(suite, new_secret(suite), name) for name in names}
    paper = suite.hasher("bench")(b"papers of admission")
    applicants = [
        (name, f"持有人{i}", f"Holder {i}", credit_code(FIRST_SERIAL + i), signers[name].key, paper)
        for i, name in enumerate(names)
    ]
    operator, supervisor = cast.signer("operator"), cast.signer("supervisor")
    invited = [act(operator, "membership", "invite_many", part) for part in _parts(applicants)]
    stage.do(words("邀请", "invite"), invited)
    admitted = [act(supervisor, "membership", "admit", part, ("subject",)) for part in _parts(names)]
    stage.do(words("准入", "admit"), admitted)
    licences = [(name, CAPACITY, today + LICENSED_DAYS, paper) for name in names]
    licensed = [act(supervisor, "membership", "license_many", part) for part in _parts(licences)]
    stage.do(words("授资质", "license"), licensed)
    return signers


def _split(stage: Stage, business: Business, names: Sequence[str], root: bytes, each: int) -> list[bytes]:
    """Everybody's tranche, the first holder's last rest first."""
    first, until = business.signer(names[0]), business.today() + OFFER_DAYS
    spent = root
    tranches: list[bytes] = []
    for part in _parts(names[1:]):
        items = tuple((name, name, each, business.paper("debt")) for name in part)
        batch = stage.session.suite.hasher("contract")(encode(("bulk", items)))
        pay = act(first, "bulk", "pay", spent, batch, len(items), each * len(items), until, DUE, items)
        children: tuple[bytes, ...] = stage.do_one(f"{words('拆分', 'split')} {part[-1]}", pay)
        tranches.extend(children)
        spent = business.rests([spent])[0]
    accepts = [
        act(business.signer(name), "voucher", "accept", tranche, each, DUE)
        for name, tranche in zip(names[1:], tranches, strict=True)
    ]
    stage.do(words("签收", "accept"), accepts)
    return [spent, *tranches]


def _parts(items: Sequence[T]) -> Iterator[tuple[T, ...]]:
    for i in range(0, len(items), TOGETHER_MAX):
        yield tuple(items[i : i + TOGETHER_MAX])
