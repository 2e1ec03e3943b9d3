"""A chain of one in memory, without consensus, signatures or a disk: for stories, for `contract test`, for tests.

Blocks are executed by the engine that nodes run; only what surrounds it is made up here: people's keys follow from
their names, each act is a block of its own, time goes on by a second a block.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contracts.context import Session, day_of_time
from contracts.engine import Engine, Execution
from ledger.block import Header
from ledger.crypto import INTERNATIONAL, ZERO_HASH, Suite
from ledger.genesis import LIMITS, TIMEOUTS_MS, Genesis, Member, ValidatorEntry, complete
from ledger.national import suite_named
from ledger.receipt import Receipt
from ledger.transaction import Body, Summary, Transaction

CATALOGUE: Final = Path(__file__).with_name("catalogue")
SYSTEM: Final = ("membership", "governance", "calendar", "approval", "batch")
FIRST_TIME_MS: Final = 1_656_550_800_000
"""2022-06-30 09:00 in Beijing."""
BLOCK_MS: Final = 1_000


class MemoryReader:
    """The database as a dict, with its keys in order."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}
        self._keys: list[bytes] = []

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    def scan(self, start: bytes, end: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        first = bisect_left(self._keys, start)
        last = min(bisect_left(self._keys, end, first), first + limit)
        return [(key, self.rows[key]) for key in self._keys[first:last]]

    def write(self, execution: Execution) -> None:
        for key, value in execution.rows.items():
            self._put(key, value)

    def _put(self, key: bytes, value: bytes | None) -> None:
        is_known = key in self.rows
        if value is not None:
            self.rows[key] = value
            if not is_known:
                insort(self._keys, key)
        elif is_known:
            del self.rows[key], self._keys[bisect_left(self._keys, key)]


def secret_named(name: str) -> bytes:
    """A secret that follows from a name: nothing is secret in a rehearsal."""
    return hashlib.sha256(f"secret {name}".encode()).digest()


def key_named(name: str, suite: Suite) -> bytes:
    key = _KEYS.get((suite.name, name))
    if key is None:
        key = _KEYS[suite.name, name] = suite.public_key(secret_named(name))
    return key


_KEYS: Final[dict[tuple[str, str], bytes]] = {}


def credit_code_named(name: str) -> str:
    """A made-up credit code with the right check digit."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    number = int.from_bytes(hashlib.sha256(b"code " + name.encode()).digest()[:8], "big")
    digits = [9, 1, *(number // 10**i % 10 for i in range(15))]
    total = sum(digit * pow(3, i, 31) for i, digit in enumerate(digits))
    return "".join(alphabet[digit] for digit in digits) + alphabet[-total % 31]


@dataclass(frozen=True, slots=True)
class Firm:
    """A member of the rehearsal; its administrator's key is `key_named(organisation)`."""

    organisation: str
    roles: tuple[str, ...] = ()
    capacities: tuple[str, ...] = ()


def rehearsal_genesis(
    sources: Mapping[str, str],
    firms: Sequence[Firm],
    *,
    suite_name: str = "intl",
    first_day: int | None = None,
    policies: tuple[tuple[Any, ...], ...] = (),
    parameters: tuple[tuple[str, Any, int], ...] = (),
) -> Genesis:
    suite = suite_named(suite_name)
    members = tuple(
        Member(
            firm.organisation,
            firm.organisation,
            firm.organisation,
            credit_code_named(firm.organisation),
            firm.roles,
            firm.capacities,
            key_named(firm.organisation, suite),
        )
        for firm in firms
    )
    validators = tuple(
        ValidatorEntry(
            *(key_named(f"validator {i}", suite), firms[i % len(firms)].organisation),
            *(key_named(f"link {i}", INTERNATIONAL), ()),
        )
        for i in range(4)
    )
    return Genesis(
        name="rehearsal",
        suite=suite_name,
        engine="pbft",
        time=FIRST_TIME_MS,
        clock_first_day=day_of_time(FIRST_TIME_MS) if first_day is None else first_day,
        limits=complete(LIMITS, {}),
        timeouts_ms=complete(TIMEOUTS_MS, {}),
        bucket_bits=8,
        members=members,
        validators=validators,
        policies=policies,
        parameters=parameters,
        contracts=tuple(sources.items()),
    )


def system_sources() -> dict[str, str]:
    return {name: catalogue_source(name) for name in SYSTEM}


def catalogue_source(name: str) -> str:
    """The source of a contract of the catalogue."""
    return CATALOGUE.joinpath(f"{name}.py").read_text(encoding="utf-8")


def catalogue_names() -> list[str]:
    """The contracts of the catalogue: the system's first, in the order in which a genesis has them, then by name."""
    names = sorted(path.stem for path in CATALOGUE.glob("*.py"))
    return [*SYSTEM, *[name for name in names if name not in (*SYSTEM, "__init__")]]


class Rehearsal:
    """One chain in memory. `do` is an act as a block of its own; `apply` a block of prepared transactions."""

    def __init__(self, genesis: Genesis) -> None:
        self.genesis = genesis
        self.suite = suite_named(genesis.suite)
        self.chain = self.suite.hasher("genesis")(genesis.encode())
        self.reader = MemoryReader()
        self.height = 0
        self._count = 0
        self.before: dict[bytes, bytes | None] = {}
        """What stood in the database before the last block, under each key that it has written."""
        self.engine = Engine(self.suite, genesis, self.chain, self.reader)
        self.last = self.engine.genesis()
        self.reader.write(self.last)

    def restart(self) -> None:
        """Go on with a cold engine."""
        self.engine = Engine(self.suite, self.genesis, self.chain, self.reader)

    def interface_digest(self, contract: str) -> bytes:
        """Of the interface in force; zeros where there is no such contract."""
        bound = self.engine.world.contracts.get(contract)
        return ZERO_HASH if bound is None else bound.interface_digest

    def key(self, name: str) -> bytes:
        return key_named(name, self.suite)

    def transaction(
        self, person: str, contract: str, action: str, args: tuple[Any, ...], cosigners: tuple[str, ...] = ()
    ) -> Transaction:
        """A transaction as if signed. Ids ascend, so that rows of one day come in the order in which they were made."""
        digest = self.interface_digest(contract)
        signers = tuple(self.key(name) for name in (person, *cosigners))
        self._count += 1
        salt = self._count.to_bytes(16, "big")
        summary = Summary("zh", digest, ZERO_HASH)
        body = Body(self.chain, signers, salt, FIRST_TIME_MS * 2, contract, action, args, summary)
        identifier = self._count.to_bytes(8, "big") + self.suite.hasher("tx")(salt)[:24]
        return Transaction(identifier, identifier, b"", body, ())

    def apply(self, transactions: Sequence[Transaction], misbehaviour: Sequence[bytes] = ()) -> list[Receipt]:
        """Execute and write a block; its receipts, the sweep's last."""
        self.height += 1
        self.last = self.engine.apply(self.header(len(transactions)), transactions, misbehaviour)
        self.before = {key: self.reader.get(key) for key in self.last.rows}
        self.reader.write(self.last)
        return [Receipt.decode(receipt) for receipt in self.last.receipts]

    def header(self, count: int) -> Header:
        return Header(
            chain=self.chain,
            height=self.height,
            parent=ZERO_HASH,
            time=FIRST_TIME_MS + BLOCK_MS * self.height,
            creator=self.genesis.validators[0].key,
            created_round=0,
            tenure=0,
            tx_count=count,
            tx_root=ZERO_HASH,
            evidence_root=ZERO_HASH,
            body_bytes=0,
            valset_hash=ZERO_HASH,
        )

    def do(self, person: str, contract: str, action: str, *args: Any, cosigners: tuple[str, ...] = ()) -> Receipt:
        return self.apply([self.transaction(person, contract, action, args, cosigners)])[0]

    def given(self, contract: str, rows: str, key: Any, values: tuple[Any, ...]) -> None:
        """Write a row as if it had come about."""
        bound = self.engine.world.contracts[contract]
        table = bound.maps[rows]
        table.calls["set"](key, bound.maker(table.form.record)(values))
        state: dict[bytes, bytes | None] = {}
        written: dict[bytes, bytes | None] = {}
        table.finish(state, written)
        self.engine.world.journal.clear()
        self.reader.write(Execution((), state, written, self.last.next_validators, self.last.day))

    def view(self, contract: str, view: str, *args: Any) -> Any:
        """Ask the engine itself, between blocks."""
        world = self.engine.world
        world.meter[0] = 10**9
        header = self.header(0)
        session = Session(ZERO_HASH, (), world.moment(header.height, header.time))
        return world.ask(session, contract, view, args)
