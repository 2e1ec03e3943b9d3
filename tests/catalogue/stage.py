"""The business contracts on a chain of one in memory, with real keys: banks sign statements, people sign credentials.

`Stage` speaks the trade's language, so that a test reads as the business does. Amounts are fen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

from contracts.rehearsal import CATALOGUE, FIRST_TIME_MS, Firm, Rehearsal, rehearsal_genesis, system_sources
from ledger.codec import encode
from ledger.crypto import Suite
from ledger.genesis import Genesis
from ledger.interface import Interface, Type
from ledger.national import suite_named
from ledger.receipt import Receipt, Status
from ledger.statement import Kind, Statement, sign_statement
from ledger.transaction import Transaction

BUSINESS = (
    "trade",
    "credit",
    "voucher",
    "bulk",
    "guarantee",
    "finance",
    "maturity",
    "distribution",
    "settlement",
    "dispute",
    "trace",
    "credential",
    "early",
)
PARAMETERS = (
    ("voucher_tenor_months_max", 12, 0),
    ("voucher_tenor_months_warn", 6, 0),
    ("voucher_split_fen_min", 100, 0),
    ("voucher_level_max", 10, 0),
    ("voucher_offer_days_max", 30, 0),
    ("voucher_penalty_rate", 90_000, 0),
    ("finance_rate_max", 240_000, 0),
    ("maturity_default_days", 30, 0),
    ("maturity_return_days", 3, 0),
    ("dispute_days_max", 30, 0),
)
YUAN = 100


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


START = day("2022-06-30")
DUE = day("2022-12-30")
# The State Council's notice for 2022, as far as these tests come near it, and New Year's Day 2023.
DAYS_OFF = tuple(
    day(text) for text in ("2022-10-03", "2022-10-04", "2022-10-05", "2022-10-06", "2022-10-07", "2023-01-02")
)
WORK_DAYS = tuple(day(text) for text in ("2022-10-08", "2022-10-09"))


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def secret_of(name: str) -> bytes:
    return digest(f"secret {name}")


def public_key(suite: Suite, name: str) -> bytes:
    return suite.public_key(secret_of(name))


ROLES = (
    Firm("operator", ("operator",), ()),
    Firm("supervisor", ("supervisor",), ()),
    Firm("core", ("subject",), ("core",)),
    Firm("icbc", ("user",), ("bank",)),
    Firm("boc", ("user",), ("bank",)),
    Firm("factor", ("user",), ("factor",)),
    Firm("surety", ("user",), ("guarantor",)),
    Firm("taxes", ("collector",), ("invoice_verifier",)),
)


class Stage(Rehearsal):
    """A chain whose first members are ROLES and `suppliers`; the core enterprise has a line and invoices at will."""

    def __init__(self, suppliers: Iterable[str], parameters: Sequence[tuple[str, Any, int]] = ()) -> None:
        self.statement_number = 0
        self.invoice_number = 0
        self.paid_out = 0
        super().__init__(self._genesis(tuple(suppliers), tuple(parameters)))
        for bank in ("icbc", "boc"):
            self.done(bank, "membership", "set_statement_key", self.key(f"{bank} statements"))
        for organisation in (*[firm.organisation for firm in ROLES], *suppliers):
            self.done(organisation, "settlement", "register", account_of(organisation), "icbc")

    @staticmethod
    def _genesis(suppliers: tuple[str, ...], parameters: tuple[tuple[str, Any, int], ...]) -> Genesis:
        sources = system_sources()
        for name in BUSINESS:
            sources[name] = (CATALOGUE / f"{name}.py").read_text(encoding="utf-8")
        firms = [*ROLES, *[Firm(name, ("subject",), ("supplier",)) for name in suppliers]]
        table = {name: (name, value, since) for name, value, since in (*PARAMETERS, *parameters)}
        calendar = (("calendar.off", DAYS_OFF, 0), ("calendar.work", WORK_DAYS, 0))
        genesis = rehearsal_genesis(sources, firms, first_day=START, parameters=(*table.values(), *calendar))
        suite = suite_named(genesis.suite)
        members = tuple(replace(m, administrator=public_key(suite, m.organisation)) for m in genesis.members)
        return replace(genesis, members=members)

    def key(self, name: str) -> bytes:
        return public_key(self.suite, name)

    # -- acts

    def done(self, person: str, contract: str, action: str, *args: Any) -> Any:
        """The result of an act that must be done."""
        receipt = self.do(person, contract, action, *args)
        assert receipt.status is Status.DONE, (contract, action, receipt.code, receipt.numbers)
        return receipt.result

    def refused(self, person: str, contract: str, action: str, *args: Any) -> tuple[str | None, dict[str, Any]]:
        """Code and numbers of an act that must be refused, and must change nothing."""
        before = dict(self.reader.rows)
        receipt = self.do(person, contract, action, *args)
        assert receipt.status is Status.REFUSED, (contract, action, receipt.result)
        assert self.reader.rows == before, f"a refused {contract}.{action} has changed something"
        return receipt.code, dict(receipt.numbers)

    def all_done(self, transactions: Sequence[Transaction]) -> list[Any]:
        """Many acts in one block, all of which must be done."""
        receipts: list[Receipt] = self.apply(transactions)[:-1]
        for receipt, transaction in zip(receipts, transactions, strict=True):
            body = transaction.body
            assert receipt.status is Status.DONE, (body.contract, body.action, receipt.code, receipt.numbers)
        return [receipt.result for receipt in receipts]

    def go_to(self, target: int) -> None:
        self.done("operator", "calendar", "step", target)

    @property
    def today(self) -> int:
        return self.last.day

    # -- business

    def line(self, limit: int, funder: str = "icbc", core: str = "core", revolving: bool = True) -> bytes:
        line: bytes = self.done(funder, "credit", "grant", core, limit, "", revolving)
        self.done(funder, "credit", "activate", line, self.today, self.today + 400)
        return line

    def contract(self, seller: str, amount: int, buyer: str = "core") -> bytes:
        paper: bytes = self.done(
            seller, "trade", "record", "contract", seller, buyer, amount, digest("contract"), self.today, None
        )
        self.done(buyer, "trade", "confirm", paper, amount)
        return paper

    def invoice(self, contract: bytes, seller: str, gross: int, attested: bool = True) -> bytes:
        self.invoice_number += 1
        number = digest(f"invoice {self.invoice_number}")
        made: bytes = self.done(seller, "trade", "invoice", contract, gross, digest("invoice"), number, self.today)
        if attested:
            self.done("taxes", "trade", "attest", made, gross, number)
        return made

    def issue_args(self, payee: str, face: int, line: bytes, due: int = DUE, bank: str = "icbc") -> tuple[Any, ...]:
        paper = self.contract(payee, face)
        invoice = self.invoice(paper, payee, face)
        until = self.today + 5
        return (payee, face, due, until, bank, line, paper, ((invoice, face),), digest("undertaking"))

    def issue(self, payee: str, face: int, line: bytes, due: int = DUE, bank: str = "icbc") -> bytes:
        """A voucher that its first holder has accepted."""
        root: bytes = self.done("core", "voucher", "issue", *self.issue_args(payee, face, line, due, bank))
        self.done(payee, "voucher", "accept", root, face, due)
        return root

    def file_digest(self, items: tuple[tuple[str, str, int, bytes], ...]) -> bytes:
        """What names a file of payments: the digest of its items."""
        return self.suite.hasher("contract")(encode(("bulk", items)))

    def pay(self, payer: str, tranche: bytes, payee: str, face: int, due: int = DUE) -> tuple[bytes, bytes | None]:
        """A transfer, accepted: what the payee holds and the rest."""
        whole = self.tranche(tranche).face
        child = self.done(payer, "voucher", "offer", tranche, payee, face, self.today + 5, digest("debt"), due)
        self.done(payee, "voucher", "accept", child, face, due)
        return child, None if whole == face else child[:32] + (1).to_bytes(2, "big")

    def tranche(self, tranche: bytes) -> Any:
        return self.ask("voucher", "tranche", tranche)

    def ask(self, contract: str, view: str, *args: Any) -> Any:
        """A view's answer with its records' fields by name."""
        interface = self.interface(contract)
        return named(interface, interface.view(view).returns, self.view(contract, view, *args))

    def interface(self, contract: str) -> Interface:
        return self.engine.world.contracts[contract].program.interface(contract)

    def rows(self, contract: str, name: str) -> dict[Any, Any]:
        """A whole map, with its records' fields by name."""
        interface = self.interface(contract)
        bound = self.engine.world.contracts[contract]
        kind = Type("record", names=(bound.maps[name].form.record,))
        return {key: named(interface, kind, bound.helpers.plain(row)) for key, row in bound.maps[name].scan_all()}

    def finance(
        self, holder: str, tranche: bytes, face: int, funder: str = "icbc", rate: int = 45_000, recourse: bool = False
    ) -> bytes:
        """A financing that both have signed and nobody has paid yet."""
        application = self.done(holder, "finance", "ask", tranche, face, self.today, recourse, (funder,))
        self.done(funder, "finance", "quote", application, rate, 0, 0, 1_000_000, self.today)
        cost = self.ask("finance", "cost", application, funder, self.today)
        args = (application, funder, self.today, cost.net, cost.all_in)
        financing: bytes = self.done(holder, "finance", "select", *args)
        terms = (face, cost.net, self.today)
        contract = digest("factoring contract")
        self.done(holder, "finance", "sign_as_holder", financing, contract, *terms)
        self.done(funder, "finance", "sign_as_funder", financing, contract, digest("registry"), *terms)
        return financing

    # -- banks

    def statement(
        self,
        instruction: bytes,
        amount: int,
        bank: str = "icbc",
        *,
        kind: Kind = Kind.PAID,
        number: int | None = None,
        earlier: int | None = None,
        account: bytes | None = None,
        value_day: int | None = None,
        currency: str = "CNY",
        signer: str | None = None,
        chain: bytes | None = None,
    ) -> bytes:
        """What a bank hands out; every field can be made wrong."""
        row = self.ask("settlement", "instruction", instruction)
        self.statement_number += 1
        made = Statement(
            self.chain if chain is None else chain,
            bank,
            self.statement_number if number is None else number,
            kind,
            instruction,
            account_of(row.payer),
            account_of(row.payee) if account is None else account,
            amount,
            currency,
            self.today if value_day is None else value_day,
            earlier,
        )
        return sign_statement(self.suite, secret_of(signer or f"{bank} statements"), made).encode()

    def bank_pays(self, instruction: bytes, amount: int | None = None, bank: str = "icbc") -> int:
        """The bank pays what is left of an instruction, or `amount`; its statement's number."""
        if amount is None:
            row = self.ask("settlement", "instruction", instruction)
            amount = row.amount - row.paid
        self.done("operator", "settlement", "receive", self.statement(instruction, amount, bank))
        return self.statement_number

    def open_instructions(self, payer: str = "core", purpose: str | None = None) -> list[tuple[bytes, Any]]:
        rows: list[tuple[bytes, Any]] = []
        while page := self.ask("settlement", "to_pay", payer, rows[-1][0] if rows else None):
            rows += page
        return [(key, row) for key, row in rows if purpose in (None, row.purpose)]

    def collect(self, amount: int, bank: str = "icbc", purpose: str = "collect") -> None:
        """The issuer gives its bank money for the one root that is due."""
        [(instruction, _)] = self.open_instructions(purpose=purpose)
        self.bank_pays(instruction, amount, bank)

    def distribute(self, bank: str = "icbc", purpose: str = "redeem") -> dict[str, int]:
        """The bank pays out everything that it has been told to; what each payee got."""
        got: dict[str, int] = {}
        for instruction, row in self.open_instructions(purpose=purpose):
            self.bank_pays(instruction, bank=bank)
            got[row.payee] = got.get(row.payee, 0) + row.amount - row.paid
        return got


def named(interface: Interface, kind: Type, value: Any) -> Any:
    """A value with each record's fields by name."""
    if value is None:
        return None
    if kind.kind == "record":
        fields = interface.record(kind.names[0]).fields
        return SimpleNamespace(**{f.name: named(interface, f.type, v) for f, v in zip(fields, value, strict=True)})
    if kind.kind == "array":
        return [named(interface, kind.items[0], item) for item in value]
    if kind.kind == "row":
        return tuple(named(interface, part, item) for part, item in zip(kind.items, value, strict=True))
    return value


def account_of(organisation: str) -> bytes:
    return digest(f"account {organisation}")


assert FIRST_TIME_MS // 86_400_000 == START, "the rehearsal begins on the worked example's first day"
