"""The acts of the trade, as people do them one after another: from a contract and its invoice to a financed tranche.

Each function plays one business step for many firms at once and returns the ids that came of it. Papers are digests of
invented documents.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from devnet.cast import BANK, FUNDER, ISSUER, VERIFIER
from devnet.demo.stage import Act, Stage, act
from devnet.onboarding import Cast
from ledger.codec import encode
from node.language import words
from wallet.builder import Signer
from wallet.session import Outcome

RATE_PPM: Final = 45_000
"""4.5 % a year, the rate of the worked example."""
OFFER_DAYS: Final = 10
BANK_SECONDS_MAX: Final = 120
POLL_SECONDS: Final = 0.3


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a tranche to be passed on, or financed: who, how much (fen)."""

    payee: str
    face: int


class Business:
    """One cast on one stage. `today` is asked once per step: the test clock moves only when the demo moves it."""

    def __init__(self, stage: Stage, cast: Cast, signers: dict[str, Signer]) -> None:
        self._stage, self._cast, self._signers = stage, cast, signers
        self._hash = stage.session.suite.hasher("demo")
        self._papers = self._references = 0

    def signer(self, organisation: str) -> Signer:
        return self._signers.get(organisation) or self._cast.signer(organisation)

    def say(self, text: str) -> None:
        self._stage.say(text)

    def paper(self, what: str) -> bytes:
        """The digest of one more invented document."""
        self._papers += 1
        return self._hash(f"{what} {self._papers}".encode())

    def today(self) -> int:
        return self._stage.session.client.ask(lambda node: node.status()).day

    # before the voucher

    def open_line(self, limit: int, ends: int) -> bytes:
        """The funder grants the issuer a line and activates it."""
        funder, today = self.signer(FUNDER), self.today()
        grant = act(funder, "credit", "grant", ISSUER, limit, "voucher", True)
        line: bytes = self._stage.do_one(words("授信", "grant a line"), grant)
        self._stage.do_one(words("额度生效", "activate it"), act(funder, "credit", "activate", line, today, ends))
        return line

    def trade(self, seller: str, amount: int) -> tuple[bytes, bytes]:
        """A confirmed contract between seller and issuer with one attested invoice; (contract, invoice)."""
        stage, supplier, today = self._stage, self.signer(seller), self.today()
        content, number = self.paper("contract"), self.paper("invoice number")
        record = ("contract", seller, ISSUER, amount, content, today, None)
        contract: bytes = stage.do_one(words("合同", "contract"), act(supplier, "trade", "record", *record))
        stage.do_one(words("确认", "confirm"), act(self.signer(ISSUER), "trade", "confirm", contract, amount))
        invoice: bytes = stage.do_one(
            words("发票", "invoice"),
            act(supplier, "trade", "invoice", contract, amount, self.paper("invoice"), number, today),
        )
        stage.do_one(words("验真", "attest"), act(self.signer(VERIFIER), "trade", "attest", invoice, amount, number))
        return contract, invoice

    # the voucher

    def issue(self, payee: str, face: int, due: int, line: bytes) -> bytes:
        """The issuer's maker issues, its checker approves where the policy asks for it, the payee accepts; the root."""
        stage, session = self._stage, self._stage.session
        arguments = self.issue_arguments(payee, face, due, line)
        [issued] = stage.outcomes(words("开立", "issue"), [act(self.signer(ISSUER), "voucher", "issue", *arguments)])
        waiting = event_of(issued, "approval", "Waiting")
        if waiting is not None:
            item = session.row("approval", "items", waiting[0])
            said, digest = session.act_waiting(item)
            approve = act(self._cast.signer(ISSUER, "checker"), "approval", "approve", waiting[0], digest, said)
            [issued] = stage.outcomes(words("复核", "check"), [approve])
        announced = event_of(issued, "voucher", "Issued")
        assert announced is not None, "a voucher was issued"
        root: bytes = announced[0]
        stage.do_one(words("签收", "accept"), act(self.signer(payee), "voucher", "accept", root, face, due))
        return root

    def issue_arguments(self, payee: str, face: int, due: int, line: bytes) -> tuple[Any, ...]:
        """Everything that an issue names, with a contract and an invoice made for it."""
        contract, invoice = self.trade(payee, face)
        until = self.today() + OFFER_DAYS
        return (payee, face, due, until, BANK, line, contract, ((invoice, face),), self.paper("undertaking"))

    def rests(self, spent: Sequence[bytes]) -> list[bytes]:
        """What is left in their owners' hands of tranches that were carved."""
        rows = self._stage.session.rows("voucher", "tranches", [(key,) for key in spent])
        return [row.fields["into"] for row in rows]

    def pass_on(self, what: str, payments: Sequence[tuple[str, bytes, Sequence[Part]]], due: int) -> list[list[bytes]]:
        """Each (payer, tranche, parts): offered, in one bulk payment where there are several, and all accepted."""
        until = self.today() + OFFER_DAYS
        offered = self._stage.do(
            f"{what} {words('流转', 'offer')}", [self._offer(*payment, until, due) for payment in payments]
        )
        children = [list(result) if type(result) is tuple else [result] for result in offered]
        accepts = [
            act(self.signer(part.payee), "voucher", "accept", child, part.face, due)
            for (_, _, parts), made in zip(payments, children, strict=True)
            for part, child in zip(parts, made, strict=True)
        ]
        self._stage.do(f"{what} {words('签收', 'accept')}", accepts)
        return children

    def _offer(self, payer: str, tranche: bytes, parts: Sequence[Part], until: int, due: int) -> Act:
        if len(parts) == 1:
            [part] = parts
            debt = self.paper("debt")
            return act(self.signer(payer), "voucher", "offer", tranche, part.payee, part.face, until, debt, due)
        items = tuple((self._reference(payer), part.payee, part.face, self.paper("debt")) for part in parts)
        total = sum(part.face for part in parts)
        batch = self._stage.session.suite.hasher("contract")(encode(("bulk", items)))
        return act(self.signer(payer), "bulk", "pay", tranche, batch, len(items), total, until, due, items)

    def _reference(self, payer: str) -> str:
        """A payment's name that its payer uses once, in whatever file."""
        self._references += 1
        return f"{payer}-{self._references}"

    def merge(self, what: str, holdings: Sequence[tuple[str, Sequence[bytes]]]) -> list[bytes]:
        """Each (holder, tranches) becomes one tranche; a single one stays as it is."""
        many = [(holder, tuple(sorted(ids))) for holder, ids in holdings if len(ids) > 1]
        merged = iter(
            self._stage.do(
                f"{what} {words('合并', 'merge')}",
                [act(self.signer(holder), "voucher", "merge", ids) for holder, ids in many],
            )
            if many
            else []
        )
        return [next(merged) if len(ids) > 1 else ids[0] for _, ids in holdings]

    def finance(self, what: str, wanted: Sequence[tuple[str, bytes, int]]) -> list[bytes]:
        """Each (holder, tranche, face) financed whole by the funder: ask, quote, select, sign, pay; the financings."""
        stage, funder, today = self._stage, self.signer(FUNDER), self.today()
        holders = [self.signer(holder) for holder, _, _ in wanted]
        asked = stage.do(
            f"{what} {words('询价', 'ask')}",
            [
                act(signer, "finance", "ask", tranche, face, today, False, (FUNDER,))
                for signer, (_, tranche, face) in zip(holders, wanted, strict=True)
            ],
        )
        quote = (RATE_PPM, 0, 0, 1_000_000, today)
        stage.do(f"{what} {words('报价', 'quote')}", [act(funder, "finance", "quote", one, *quote) for one in asked])
        selects = []
        for signer, application in zip(holders, asked, strict=True):
            cost = dict(zip(COST, stage.view("finance", "cost", application, FUNDER, today), strict=True))
            chosen = act(signer, "finance", "select", application, FUNDER, today, cost["net"], cost["all_in"])
            selects.append((chosen, cost["net"]))
        financings = stage.do(f"{what} {words('选定', 'select')}", [select for select, _ in selects])
        signs: list[Act] = []
        for signer, financing, (_, _, face), (_, net) in zip(holders, financings, wanted, selects, strict=True):
            contract = self.paper("financing contract")
            terms = (face, net, today)
            signs.append(act(signer, "finance", "sign_as_holder", financing, contract, *terms))
            registered = self.paper("registration")
            signs.append(act(funder, "finance", "sign_as_funder", financing, contract, registered, *terms))
        stage.do(f"{what} {words('签约', 'sign')}", signs)
        self.wait_rows(f"{what} {words('放款', 'bank pays')}", ("finance", "financings"), financings, is_financed)
        return list(financings)

    # waiting for the bank

    def wait_rows(
        self,
        what: str,
        where: tuple[str, str],
        keys: Sequence[bytes],
        done: Callable[[dict[str, Any]], bool],
        detail: Callable[[dict[str, Any]], str] = lambda _: "",
    ) -> None:
        """Wait until the bank simulator's statements have brought every row to where `done(fields)` is true; `detail`
        says of the first row how far it has come."""
        session, deadline = self._stage.session, time.monotonic() + BANK_SECONDS_MAX
        with self._stage.step(what, len(keys)) as tell:
            while True:
                rows = session.rows(*where, [(key,) for key in keys])
                count = sum(1 for row in rows if row.fields and done(row.fields))
                tell(count, detail(rows[0].fields) if rows[0].fields else "")
                if count == len(rows):
                    return
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{what}: {count} of {len(rows)} after {BANK_SECONDS_MAX} s")
                time.sleep(POLL_SECONDS)


def event_of(outcome: Outcome, contract: str, event: str) -> tuple[Any, ...] | None:
    """The values of the first such event that a transaction announced."""
    for row in outcome.receipt.events:
        if (row.contract, row.event) == (contract, event):
            return row.values
    return None


def is_financed(financing: dict[str, Any]) -> bool:
    return bool(financing["status"] == "financed")


COST: Final = ("days", "advanced", "interest", "fee", "net", "all_in")
