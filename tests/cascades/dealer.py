"""A random cascade through real wallets, and beside it, in plain dictionaries, what must come of it.

`Dealer` deals rounds of acts to several sessions, each of which asks another node first, and keeps its own account of
who must hold what: nothing of that account is read from the chain. What was offered may be accepted, refused,
withdrawn, or left to expire. Everything follows from the seed but ids, which come from random salts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from devnet.cast import BANK, FUNDER, ISSUER, VERIFIER
from devnet.demo.business import event_of
from devnet.onboarding import Cast
from ledger.transaction import Transaction
from wallet.builder import Signer
from wallet.session import Outcome, Session

YUAN = 100
SUPPLIERS = ("supplier-a", "supplier-b", "supplier-c")
OFFER_DAYS = 5
RATE = 45_000
ADVANCE = 1_000_000


@dataclass(slots=True)
class Held:
    """What the dealer expects of one tranche. `offered` is whom it is locked for."""

    root: bytes
    owner: str
    face: int
    live: bool = True
    offered: str | None = None


@dataclass(slots=True)
class Expected:
    """The dealer's own books: `issued` faces of roots that were accepted, `void` of those that never were."""

    issued: dict[bytes, int] = field(default_factory=dict)
    void: dict[bytes, int] = field(default_factory=dict)
    waiting: dict[bytes, int] = field(default_factory=dict)
    tranches: dict[bytes, Held] = field(default_factory=dict)
    financed: dict[bytes, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


Step = Callable[[Outcome], None]


class Dealer:
    def __init__(self, sessions: Sequence[Session], cast: Cast, seed: int, line_fen: int) -> None:
        self.sessions, self.cast, self.random = list(sessions), cast, Random(seed)
        self.expected, self._papers, self._turn = Expected(), 0, 0
        self.today = self.sessions[0].client.ask(lambda node: node.status()).day
        self.due = self.today + 183
        limit = self.one(FUNDER, "credit", "grant", ISSUER, line_fen, "voucher", True)
        self.line: bytes = limit.result
        self.one(FUNDER, "credit", "activate", self.line, self.today, self.due + 30)

    # sending

    @property
    def session(self) -> Session:
        """Another node's turn."""
        self._turn += 1
        return self.sessions[self._turn % len(self.sessions)]

    def signer(self, organisation: str, person: str = "maker") -> Signer:
        return self.cast.signer(organisation, person)

    def signed(self, session: Session, signer: Signer, contract: str, action: str, *args: Any) -> Transaction:
        return session.builder.sign(session.draft(contract, action, args, [signer.key]), [signer.secret])

    def one(self, organisation: str, contract: str, action: str, *args: Any) -> Outcome:
        [outcome] = self.together([(organisation, contract, action, *args)])
        return outcome

    def together(self, acts: Sequence[tuple[Any, ...]]) -> list[Outcome]:
        """All at once, shared out among the nodes; every one must be done."""
        by_session: dict[int, list[int]] = {}
        transactions = list[Transaction]()
        for i, (organisation, *rest) in enumerate(acts):
            session = self.session
            by_session.setdefault(self._turn % len(self.sessions), []).append(i)
            transactions.append(self.signed(session, self.signer(organisation), *rest))
        for turn, places in by_session.items():
            self.sessions[turn].send([transactions[i] for i in places])
        outcomes = self.sessions[0].finish(transactions)
        for outcome in outcomes:
            if outcome.refused is not None:
                raise outcome.refused
        return outcomes

    def paper(self) -> bytes:
        self._papers += 1
        return self.sessions[0].suite.hasher("cascade")(b"%d %d" % (self._papers, self.random.getrandbits(32)))

    # acts

    def issue(self, count: int) -> None:
        """New vouchers: most are accepted; others refused, withdrawn, or left to expire."""
        wanted = [(self.random.choice(SUPPLIERS), self.random.randint(2, 180) * 10_000 * YUAN) for _ in range(count)]
        papers = [("contract", seller, ISSUER, face, self.paper(), self.today, None) for seller, face in wanted]
        contracts = self.results([(row[1], "trade", "record", *row) for row in papers])
        self.results([(ISSUER, "trade", "confirm", one, row[3]) for one, row in zip(contracts, papers, strict=True)])
        numbers = [self.paper() for _ in wanted]
        invoices = self.results([
            (seller, "trade", "invoice", contract, face, self.paper(), number, self.today)
            for (seller, face), contract, number in zip(wanted, contracts, numbers, strict=True)
        ])  # fmt: skip
        rows = list(zip(wanted, contracts, invoices, numbers, strict=True))
        self.results([(VERIFIER, "trade", "attest", invoice, face, number) for (_, face), _, invoice, number in rows])
        issues = self.together([
            (ISSUER, "voucher", "issue", payee, face, self.due, self.today + OFFER_DAYS, BANK, self.line, contract,
             ((invoice, face),), self.paper())
            for (payee, face), contract, invoice, _ in rows
        ])  # fmt: skip
        settle = list[tuple[Any, ...]]()
        for (payee, face), outcome in zip(wanted, issues, strict=True):
            root = self._checked(outcome)
            fate = self.random.choices(("accept", "refuse", "withdraw", "leave"), (85, 5, 5, 5))[0]
            self.expected.count(f"issue {fate}")
            self.expected.tranches[root] = Held(root, ISSUER, face, offered=payee)
            self.expected.waiting[root] = face
            settle += self._settle(root, fate, payee, ISSUER)
        self.together(settle)

    def results(self, acts: Sequence[tuple[Any, ...]]) -> list[Any]:
        return [outcome.result for outcome in self.together(acts)]

    def _checked(self, outcome: Outcome) -> bytes:
        """The root, after the issuer's checker has approved where the policy asks for one."""
        waiting = event_of(outcome, "approval", "Waiting")
        if waiting is not None:
            session = self.session
            said, digest = session.act_waiting(session.row("approval", "items", waiting[0]))
            checker = self.signer(ISSUER, "checker")
            outcome = session.call(checker, "approval", "approve", [waiting[0], digest, said])
            self.expected.count("checked")
        issued = event_of(outcome, "voucher", "Issued")
        assert issued is not None, outcome.refused
        return bytes(issued[0])

    def _settle(self, tranche: bytes, fate: str, payee: str, payer: str) -> list[tuple[Any, ...]]:
        """The act by which an offer ends, and what the dealer expects after it."""
        held, expected = self.expected.tranches[tranche], self.expected
        if fate == "leave":
            return []
        if tranche in expected.waiting:
            face = expected.waiting.pop(tranche)
            (expected.issued if fate == "accept" else expected.void)[tranche] = face
            held.live = fate == "accept"
        held.offered = None
        if fate == "accept":
            held.owner = payee
            return [(payee, "voucher", "accept", tranche, held.face, self.due)]
        return [(payee, "voucher", "refuse", tranche) if fate == "refuse" else (payer, "voucher", "withdraw", tranche)]

    def free(self, owners: Sequence[str] = SUPPLIERS) -> list[bytes]:
        return [
            key
            for key, held in self.expected.tranches.items()
            if held.live and held.offered is None and held.owner in owners and held.root in self.expected.issued
        ]

    def pick(self, count: int) -> list[bytes]:
        free = self.free()
        return self.random.sample(free, min(count, len(free)))

    def _carved(self, tranche: bytes, face: int, child: bytes) -> None:
        """A part was carved: the dealer knows the rest's id without asking, it is the next one of the transaction."""
        held = self.expected.tranches[tranche]
        held.live = False
        self.expected.tranches[child] = Held(held.root, held.owner, face)
        if held.face > face:
            rest = child[:32] + (int.from_bytes(child[32:], "big") + 1).to_bytes(2, "big")
            self.expected.tranches[rest] = Held(held.root, held.owner, held.face - face)

    def part_of(self, tranche: bytes) -> int:
        face = self.expected.tranches[tranche].face
        return face if self.random.random() < 0.2 else self.random.randint(1, face)

    def transfer(self, count: int) -> None:
        chosen = [(key, self.part_of(key)) for key in self.pick(count)]
        acts, payees = [], []
        for key, face in chosen:
            owner = self.expected.tranches[key].owner
            payees.append(self.random.choice([name for name in SUPPLIERS if name != owner]))
            until = self.today + OFFER_DAYS
            acts.append((owner, "voucher", "offer", key, payees[-1], face, until, self.paper(), self.due))
        children, settle = self.results(acts), list[tuple[Any, ...]]()
        for (key, face), payee, child in zip(chosen, payees, children, strict=True):
            owner = self.expected.tranches[key].owner
            self._carved(key, face, child)
            self.expected.tranches[child].offered = payee
            fate = self.random.choices(("accept", "refuse", "withdraw", "leave"), (60, 14, 14, 12))[0]
            self.expected.count(f"transfer {fate}")
            settle += self._settle(child, fate, payee, owner)
        self.together(settle)

    def split(self, count: int) -> None:
        chosen = [(key, self.part_of(key)) for key in self.pick(count)]
        acts = [(self.expected.tranches[key].owner, "voucher", "split", key, face) for key, face in chosen]
        for (key, face), child in zip(chosen, self.results(acts), strict=True):
            self._carved(key, face, child)
            self.expected.count("split")

    def merge(self) -> None:
        groups: dict[tuple[str, bytes], list[bytes]] = {}
        for key in self.free():
            held = self.expected.tranches[key]
            groups.setdefault((held.owner, held.root), []).append(key)
        many = [(owner, root, sorted(keys)[:9]) for (owner, root), keys in groups.items() if len(keys) > 1]
        merged = self.results([(owner, "voucher", "merge", tuple(keys)) for owner, _, keys in many])
        for (owner, root, keys), made in zip(many, merged, strict=True):
            face = 0
            for key in keys:
                self.expected.tranches[key].live = False
                face += self.expected.tranches[key].face
            self.expected.tranches[made] = Held(root, owner, face)
            self.expected.count("merge")

    def finance(self, count: int) -> list[bytes]:
        """Whole tranches sold to the funder, who pays through the bank; the financings, not yet paid."""
        chosen = self.pick(count)
        owners = [self.expected.tranches[key].owner for key in chosen]
        faces = [self.expected.tranches[key].face for key in chosen]
        asks = [
            (owner, "finance", "ask", key, face, self.today, False, (FUNDER,))
            for owner, key, face in zip(owners, chosen, faces, strict=True)
        ]
        asked = self.results(asks)
        quote = (RATE, 0, 0, ADVANCE, self.today)
        self.results([(FUNDER, "finance", "quote", one, *quote) for one in asked])
        costs = [self.session.view("finance", "cost", [one, FUNDER, self.today]).result for one in asked]
        selects = [
            (owner, "finance", "select", one, FUNDER, self.today, cost[4], cost[5])
            for owner, one, cost in zip(owners, asked, costs, strict=True)
        ]
        made, signs = self.results(selects), list[tuple[Any, ...]]()
        for owner, one, face, cost in zip(owners, made, faces, costs, strict=True):
            contract, terms = self.paper(), (face, cost[4], self.today)
            signs.append((owner, "finance", "sign_as_holder", one, contract, *terms))
            signs.append((FUNDER, "finance", "sign_as_funder", one, contract, self.paper(), *terms))
        self.together(signs)
        for key, one in zip(chosen, made, strict=True):
            self.expected.tranches[key].owner = FUNDER
            self.expected.financed[one] = self.expected.tranches[key].face
            self.expected.count("finance")
        return list(made)

    # time

    def step_to(self, day: int) -> None:
        self.one("supervisor", "calendar", "step", day)
        self.today = day

    def expire(self) -> None:
        """Past every open offer's last day: silence refuses."""
        self.step_to(self.today + OFFER_DAYS + 1)
        for held in self.expected.tranches.values():
            held.offered = None
        for root, face in self.expected.waiting.items():
            self.expected.void[root] = face
            self.expected.tranches[root].live = False
        self.expected.waiting.clear()
