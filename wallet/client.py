"""A client of many nodes that believes none of them.

Every fact is proven from the genesis before it is returned (`wallet.trust`). A node that cannot be reached is passed
over; one whose answer does not hold is remembered in `complaints` and passed over too. Only when no node is left does
the caller hear of it.

Lists cannot be proven complete by one node: indexes are not hashed. So a view is asked of t nodes at one certified
height, where t is enough that one of them is honest, and the answer says which nodes agreed.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx

from ledger.api import RECEIPTS_MAX, STATES_MAX, TRANSACTIONS_MAX, EventLine, Status, Submitted, ViewAnswer
from ledger.checkpoint import CheckpointCert
from ledger.codec import decode
from ledger.crypto import Suite
from ledger.errors import Number, Refused, refuse
from ledger.interface import Interface
from ledger.receipt import Receipt
from ledger.state import StateProof
from ledger.transaction import Transaction
from ledger.validators import quorum_of
from wallet.home import chain_of
from wallet.node_api import NodeApi, NotProvenError, UnreachableError
from wallet.problems import problem
from wallet.registry import Registry
from wallet.trust import BEHIND, BehindError, Level, ProvenReceipt, ProvenState, Trust

VIEW_BYTES_MAX: Final = 4 * 1024 * 1024
AGREEMENT_SECONDS: Final = 15
BEHIND_SECONDS: Final = 10
RESUBMIT_SECONDS: Final = 5
POLL_SECONDS: Final = 0.1
EVENTS_SECONDS: Final = 600

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""(final so far, all)"""


@dataclass(frozen=True, slots=True)
class Agreed:
    """A view's result on which `nodes` agree at one certified height; `needed` of them make sure of an honest one."""

    result: Any
    height: int
    nodes: tuple[str, ...]
    needed: int

    @property
    def is_certain(self) -> bool:
        return len(self.nodes) >= self.needed


@dataclass(frozen=True, slots=True)
class Complaint:
    node: str
    detail: str


def no_answer(silent: Sequence[tuple[str, str]]) -> Refused:
    """WAL-020 with every node that was asked, those of one reason together."""
    reasons: dict[str, list[str]] = {}
    for url, why in silent:
        reasons.setdefault(why, []).append(url)
    told = [f"{', '.join(urls)}: {why}" for why, urls in reasons.items()]
    return problem("WAL-020", detail="; ".join(told) or "no node is configured")


class Client:
    """One wallet's view of one chain through `urls`."""

    def __init__(
        self,
        genesis_bytes: bytes,
        urls: Sequence[str],
        *,
        pin: bytes | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        suite, chain, genesis = chain_of(genesis_bytes)
        self.suite: Suite = suite
        self.chain, self.genesis, self.genesis_bytes = chain, genesis, genesis_bytes
        self.trust = Trust(suite, chain, genesis, pin)
        self.nodes = [NodeApi(url, transport) for url in dict.fromkeys(urls)]
        self.complaints: list[Complaint] = []
        self.registry = Registry(self)

    def close(self) -> None:
        for node in self.nodes:
            node.close()

    # asking

    def ask(self, question: Callable[[NodeApi], T]) -> T:
        """The first good answer. A node's refusal stands only when t nodes give one: a liar may deny what exists."""
        refused: list[Refused] = []
        silent: list[tuple[str, str]] = []
        false: Refused | None = None
        behind: Refused | None = None
        for node in list(self.nodes):
            try:
                return question(node)
            except Refused as fault:
                refused.append(fault)
                if len(refused) >= self.trust.nodes_needed():
                    break
            except BehindError as fault:
                behind = fault.refused
            except UnreachableError as fault:
                silent.append((node.url, str(fault)))
                self._last(node)
            except NotProvenError as fault:
                self._complain(node, str(fault))
                false = false or problem("WAL-030", node=node.url, detail=str(fault))
        if refused:
            raise refused[0]
        if behind is not None:
            raise behind
        if false is not None:
            raise false
        raise no_answer(silent)

    def _last(self, node: NodeApi) -> None:
        """Ask this node after the others from now on."""
        self.nodes.remove(node)
        self.nodes.append(node)

    def _complain(self, node: NodeApi, detail: str) -> None:
        self.complaints.append(Complaint(node.url, detail))
        self._last(node)

    def accepter(self, node: NodeApi) -> Callable[[bytes], CheckpointCert]:
        """Checks certificates that `node` sends, asking it for what the check needs besides."""

        def accept(encoded: bytes) -> CheckpointCert:
            return self.trust.accept(encoded, node.history, node.validators)

        return accept

    # facts

    def level(self, height: int, under: int | None = None) -> Level:
        """A height with its proof under the certificate of `under`, or the highest."""

        def question(node: NodeApi) -> Level:
            answer = node.history(height, under)
            return self.trust.level(answer, height, self.accepter(node)(answer.certificate))

        return self.ask(question)

    def states(self, full_keys: Sequence[bytes]) -> ProvenState:
        """Proven values, all of one height that is not below what this client has already seen."""
        assert len(full_keys) <= STATES_MAX, "the caller asks in batches"
        keys = list(full_keys)
        seen = 0 if self.trust.highest is None else self.trust.highest.checkpoint.height

        def question(node: NodeApi) -> ProvenState:
            proven = self.trust.states(node.states(keys), keys, self.accepter(node))
            if proven.height < seen:
                raise BehindError(refuse(BEHIND, height=seen, certified=proven.height))
            return proven

        return self._ask_patiently(question)

    def _ask_patiently(self, question: Callable[[NodeApi], T]) -> T:
        """Ask again for a while where the nodes that answer have not yet certified what was seen elsewhere."""
        deadline = time.monotonic() + BEHIND_SECONDS
        while True:
            try:
                return self.ask(question)
            except Refused as refused:
                if refused.code != BEHIND or time.monotonic() > deadline:
                    raise
                time.sleep(POLL_SECONDS)

    def all_states(self, full_keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes | None, StateProof, int]]:
        """(key, value, proof, height) of any number of keys; each batch has a height of its own."""
        for first in range(0, len(full_keys), STATES_MAX):
            batch = list(dict.fromkeys(full_keys[first : first + STATES_MAX]))
            proven = self.states(batch)
            for key in batch:
                yield key, proven.values[key], proven.proofs[key], proven.height

    def block(self, height: int, under: int | None = None) -> tuple[Level, list[Transaction], list[Receipt]]:
        level = self.level(height, under)

        def question(node: NodeApi) -> tuple[Level, list[Transaction], list[Receipt]]:
            return level, *self.trust.block(node.block(height), level)

        return self.ask(question)

    def interface(self, contract: str) -> tuple[bytes, Interface]:
        """The interface in force, with its digest."""
        known = self.registry.in_force(contract)
        return known.digest, known.interface

    def contract_number(self, contract: str) -> int:
        return self.registry.in_force(contract).number

    def answers(self, question: Callable[[NodeApi], T]) -> Iterator[tuple[NodeApi, T]]:
        """Each node's answer in turn; raises only when none gives any."""
        first: Refused | None = None
        silent: list[tuple[str, str]] = []
        answered = False
        for node in list(self.nodes):
            try:
                answer = question(node)
            except BehindError as fault:
                first = first or fault.refused
                continue
            except UnreachableError as fault:
                silent.append((node.url, str(fault)))
                continue
            except NotProvenError as fault:
                self._complain(node, str(fault))
                first = first or problem("WAL-030", node=node.url, detail=str(fault))
                continue
            except Refused as refused:
                first = refused if first is None or first.code.startswith("WAL") else first
                continue
            answered = True
            yield node, answer
        if not answered:
            raise first or no_answer(silent)

    def view(self, contract: str, view: str, args: tuple[Any, ...]) -> Agreed:
        """A view's result on which t nodes agree at one certified height."""
        deadline = time.monotonic() + AGREEMENT_SECONDS
        while True:
            try:
                agreed = self._view_once(contract, view, args)
            except Refused as refused:
                if refused.code != BEHIND or time.monotonic() > deadline:
                    raise
                time.sleep(POLL_SECONDS)
                continue
            if agreed.is_certain or len(agreed.nodes) == len(self.nodes):
                return agreed
            if time.monotonic() > deadline:
                detail = f"{contract}.{view} @ {agreed.height}: {', '.join(agreed.nodes)}"
                raise problem("WAL-022", found=len(agreed.nodes), needed=agreed.needed, detail=detail)
            time.sleep(POLL_SECONDS)

    def _view_once(self, contract: str, view: str, args: tuple[Any, ...]) -> Agreed:
        """Ask one node at its height, the others at the same; the largest agreeing group is returned. A height below
        the highest one seen is not taken: honest nodes would confirm an old list, too."""
        answers: dict[bytes, list[str]] = {}
        height: int | None = None
        seen = 0 if self.trust.highest is None else self.trust.highest.checkpoint.height

        def question(node: NodeApi) -> ViewAnswer:
            answer = node.view(contract, view, args, height)
            self.trust.view(answer, self.accepter(node))
            if height is not None and answer.height != height:
                raise UnreachableError(f"answered for height {answer.height}, not {height}")
            if answer.height < seen:
                raise BehindError(refuse(BEHIND, height=seen, certified=answer.height))
            return answer

        for node, answer in self.answers(question):
            height = answer.height
            answers.setdefault(answer.result, []).append(node.url)
            if len(answers[answer.result]) >= self.trust.nodes_needed():
                break
        result, urls = max(answers.items(), key=lambda item: len(item[1]))
        needed = self.trust.nodes_needed()
        if len(urls) >= needed:
            for other, liars in answers.items():
                if other != result:
                    self.complaints += [
                        Complaint(url, f"{contract}.{view}: another result at height {height} than {', '.join(urls)}")
                        for url in liars
                    ]
        assert height is not None, "some node answered"
        return Agreed(decode(result, bytes_max=VIEW_BYTES_MAX), height, tuple(urls), needed)

    # transactions

    def submit(self, wires: Sequence[bytes]) -> list[Submitted]:
        """Hand transactions to a node that accepts them durably; one answer per wire."""
        answers: list[Submitted] = []
        for first in range(0, len(wires), TRANSACTIONS_MAX):
            batch = list(wires[first : first + TRANSACTIONS_MAX])

            def question(node: NodeApi, batch: list[bytes] = batch) -> tuple[str, list[Submitted]]:
                return node.url, node.submit(batch)

            answers += self._confirm_refusals(batch, *self.ask(question))
        return answers

    def _confirm_refusals(self, batch: list[bytes], asked_first: str, rows: list[Submitted]) -> list[Submitted]:
        """What one node refuses is given to others, until one takes it or t nodes refuse. A node could otherwise say
        "refused" and pass the transaction on, and whoever believes that signs again and pays twice."""
        asked = 1
        for node in [other for other in self.nodes if other.url != asked_first]:
            refused = [i for i, row in enumerate(rows) if row.problem is not None]
            if not refused or asked >= self.trust.nodes_needed():
                break
            try:
                second = node.submit([batch[i] for i in refused])
            except (UnreachableError, Refused):
                continue
            except NotProvenError as fault:
                self._complain(node, str(fault))
                continue
            asked += 1
            for i, row in zip(refused, second, strict=True):
                rows[i] = row
        return rows

    def receipts(self, ids: Sequence[bytes]) -> dict[bytes, ProvenReceipt]:
        """The proven receipts of those that are final; what is not final is not in the answer."""
        found: dict[bytes, ProvenReceipt] = {}
        for first in range(0, len(ids), RECEIPTS_MAX):
            batch = list(ids[first : first + RECEIPTS_MAX])

            def question(node: NodeApi, batch: list[bytes] = batch) -> dict[bytes, ProvenReceipt]:
                states = node.receipts(batch, proof=True)
                if [state.id for state in states] != [identifier.hex() for identifier in batch]:
                    raise NotProvenError("states of other transactions than asked for")
                return {
                    identifier: self.trust.receipt(state, identifier, self.accepter(node))
                    for identifier, state in zip(batch, states, strict=True)
                    if state.state == "final"
                }

            found.update(self._ask_patiently(question))
        return found

    def wait_final(
        self,
        transactions: Sequence[Transaction],
        *,
        seconds: float = 60,
        progress: Progress | None = None,
    ) -> dict[bytes, ProvenReceipt]:
        """Proven receipts of all; raises WAL-021. Transactions that stay unseen are handed to another node again: the
        same bytes have the same id, so they can run only once."""
        waiting = {transaction.id: transaction.wire for transaction in transactions}
        count, found = len(waiting), dict[bytes, ProvenReceipt]()
        started = resubmitted = time.monotonic()
        while True:
            fresh = self.receipts(list(waiting))
            found.update(fresh)
            for identifier in fresh:
                del waiting[identifier]
            if progress is not None:
                progress(len(found), count)
            now = time.monotonic()
            if not waiting:
                return found
            if now - started > seconds:
                raise self._not_final(next(iter(waiting)), seconds)
            if now - resubmitted > RESUBMIT_SECONDS:
                resubmitted = now
                self._last(self.nodes[0])
                self.submit(list(waiting.values()))
            time.sleep(POLL_SECONDS)

    def _not_final(self, identifier: bytes, seconds: float) -> Refused:
        state = self.ask(lambda node: node.receipts([identifier], proof=False))[0].state
        told: dict[str, Number] = {"seconds": int(seconds), "id": identifier.hex()[:16], "state": state}
        linked, needed = self.linked()
        if linked < needed:
            return problem("WAL-033", linked=linked, needed=needed, **told)
        return problem("WAL-021", **told)

    # the nodes themselves

    def linked(self) -> tuple[int, int]:
        """How many nodes the best linked one counts with itself, and how many a quorum needs: with fewer nothing
        becomes final. Unproven, and good enough to say why one waits."""
        said = [status for _, status, _ in self.statuses() if status is not None]
        needed = quorum_of(self.genesis.engine, len(self.genesis.validators)).q
        return max((status.peers_connected + 1 for status in said), default=0), needed

    def statuses(self) -> list[tuple[str, Status | None, str]]:
        """(url, what the node says of itself, what is wrong): nothing here is proven."""
        rows: list[tuple[str, Status | None, str]] = []
        for node in self.nodes:
            try:
                status = node.status()
            except (UnreachableError, NotProvenError, Refused) as fault:
                rows.append((node.url, None, str(fault)))
            else:
                other = "" if status.chain == self.chain.hex() else f"chain {status.chain[:16]}"
                rows.append((node.url, status, other))
        return rows

    def freshness(self) -> tuple[int, list[str]]:
        """The highest height that validators vouch for right now, and the organisations that signed our nonce."""
        nonce, height, organisations = secrets.token_bytes(32), 0, list[str]()
        for node in list(self.nodes):
            try:
                answer = node.freshness(nonce)
                organisations.append(self.trust.freshness(answer, nonce, self.accepter(node)))
            except NotProvenError as fault:
                self._complain(node, str(fault))
            except (UnreachableError, Refused):
                continue
            else:
                height = max(height, answer.height)
        return height, organisations

    def events_between(
        self, first: int, last: int, events_max: int
    ) -> tuple[dict[str, list[EventLine]], dict[str, str]]:
        """The final events of heights `first` to `last` as t nodes tell them, and why others did not. Unproven."""
        told, silent = dict[str, list[EventLine]](), dict[str, str]()
        for node in list(self.nodes):
            if len(told) >= self.trust.nodes_needed():
                break
            try:
                told[node.url] = _events_of(node, first, last, events_max)
            except NotProvenError as fault:
                self._complain(node, str(fault))
                silent[node.url] = str(fault)
            except (UnreachableError, Refused) as fault:
                silent[node.url] = str(fault)
        return told, silent

    def events(self, cursor: str, **filters: str) -> Iterator[EventLine]:
        """A node's stream of final events, unproven: a reader proves what it acts on by receipts or values."""
        if not self.nodes:
            raise problem("WAL-020", detail="no node is configured")
        return self.nodes[0].events(cursor, **filters)


def _events_of(node: NodeApi, first: int, last: int, events_max: int) -> list[EventLine]:
    """Everything between, or nothing: raises `UnreachableError` when the stream ends before it is complete."""
    lines, deadline = list[EventLine](), time.monotonic() + EVENTS_SECONDS
    for line in node.events(str(first - 1)):
        if line.height > last or (line.height == last and line.checkpoint is not None):
            return lines
        if line.id is not None:
            lines.append(line)
        if len(lines) > events_max or time.monotonic() > deadline:
            raise UnreachableError(f"the events of heights {first} to {last} do not come to an end")
    raise UnreachableError(f"the events end before height {last}")
