"""What a fresh devnet still needs once its nodes run: people enrolled, accounts registered, the bank's statement key.

All of it ordinary signed transactions, sent in one go. Doing it again changes nothing: what is there already is refused
by the chain, and those refusals are expected here and only those.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from devnet.bank.book import Book
from devnet.cast import BANK, cast_of
from devnet.plan import DevnetPlan
from devnet.prepare import PASSPHRASE, read_statement_secret
from ledger.transaction import Transaction
from wallet.builder import Signer
from wallet.client import Progress
from wallet.home import Home
from wallet.session import Session

PERMISSIONS: Final = {"maker": ("make",), "checker": ("check",)}
KEY_TAKEN: Final = "MEM-004"


class Cast:
    """The devnet's people as signers, unlocked on first use."""

    def __init__(self, session: Session, wallet: Path) -> None:
        self._session, self._home = session, Home(wallet)
        self._signers: dict[str, Signer] = {}

    def signer(self, organisation: str, person: str = "maker") -> Signer:
        label = f"{organisation}.{person}"
        if label not in self._signers:
            secret = self._home.keystore(label).unlock(PASSPHRASE, self._session.suite)
            self._signers[label] = Signer(self._session.suite, secret, organisation)
        return self._signers[label]


def open_session(plan: DevnetPlan) -> Session:
    """A session that asks all nodes of the devnet."""
    return Session(plan.genesis_file.read_bytes(), [node.api_url for node in plan.nodes])


def onboard(plan: DevnetPlan, session: Session, *, progress: Progress | None = None) -> None:
    """Enrol everybody and register everything; raises the chain's first unexpected refusal."""
    cast = Cast(session, plan.wallet_home)
    transactions: list[Transaction] = []

    def add(signer: Signer, contract: str, action: str, *args: object) -> None:
        draft = session.draft(contract, action, args, [signer.key])
        transactions.append(session.builder.sign(draft, [signer.secret]))

    book = Book(plan.bank_home)
    for firm in cast_of(node.name for node in plan.nodes):
        administrator = cast.signer(firm.organisation, "admin")
        for person, permissions in PERMISSIONS.items():
            add(administrator, "membership", "enrol", cast.signer(firm.organisation, person).key, permissions)
        account = book.account(firm.organisation)
        if account is not None:
            add(administrator, "settlement", "register", account, BANK)
    book.close()
    statement_key = session.suite.public_key(read_statement_secret(plan.bank_home))
    add(cast.signer(BANK, "admin"), "membership", "set_statement_key", statement_key)
    session.send(transactions)
    for outcome in session.finish(transactions, progress=progress):
        if outcome.refused is not None and outcome.refused.code != KEY_TAKEN:
            raise outcome.refused
