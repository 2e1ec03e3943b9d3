"""The read side: which contracts there are, what they show, and their views on a snapshot of the state.

A `Library` keeps worlds of bound contracts for reuse: binding costs milliseconds, a question microseconds. A world is
used by one caller at a time and forgets its rows when it moves to another snapshot. Nothing is ever written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.bound import BoundContract
from contracts.context import Session
from contracts.engine import Engine
from contracts.language.compiler import compile_contract
from contracts.language.meter import VIEW_UNITS_MAX, OutOfBudget
from contracts.refusals import CONTRACT_FAULTS
from contracts.state_map import StateReader
from contracts.world import World
from ledger.crypto import ZERO_HASH, Suite
from ledger.errors import refuse
from ledger.genesis import Genesis, ValidatorEntry
from ledger.interface import Interface

WORLDS_MAX: Final = 4
REGISTRY: Final = "governance"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A contract as the chain has it: `interface` is canonical CBOR and `interface_digest` its digest."""

    name: str
    number: int
    version: int
    status: str
    interface: bytes
    interface_digest: bytes
    source_digest: bytes


@dataclass(frozen=True, slots=True)
class Edition:
    """An interface that is or was in force: `version` is the first one of the contract that had it, from the height
    `since` on."""

    name: str
    version: int
    since: int
    interface: bytes
    interface_digest: bytes
    source_digest: bytes


class Library:
    """Answers questions about contracts and to them, on the snapshot that each question brings along."""

    def __init__(self, suite: Suite, genesis: Genesis, chain: bytes) -> None:
        self._suite = suite
        self._genesis = genesis
        self._chain = chain
        self._idle: list[Engine] = []
        self._encoded: dict[bytes, bytes] = {}
        self._in_force: dict[str, tuple[tuple[int, bytes], ...]] = {}
        """By contract: (from which height, the interface's digest) of its versions, as far as they were read."""
        self._names: dict[tuple[bytes, str], tuple[str, ...]] = {}
        """Of an event's values, by its interface's digest and its name."""

    def sheets(self, reader: StateReader) -> list[Sheet]:
        """All contracts, ascending by number."""
        engine = self._take(reader)
        world = engine.world
        found = [
            self._sheet(world, bound) for name, bound in world.contracts.items() if world.registers.contracts(name)
        ]
        self._give_back(engine)
        return sorted(found, key=lambda sheet: sheet.number)

    def sheet(self, reader: StateReader, name: str) -> Sheet:
        """Raises `Refused` TX-007."""
        for sheet in self.sheets(reader):
            if sheet.name == name:
                return sheet
        raise refuse("TX-007", contract=name[:40])

    def interface(self, reader: StateReader, name: str) -> Interface:
        """Raises `Refused` TX-007."""
        return Interface.decode(self.sheet(reader, name).interface)

    def edition(self, reader: StateReader, interface_digest: bytes) -> Edition:
        """The interface with this digest, of any version that was ever in force; raises `Refused` RPC-004. An older
        one is compiled again from its source, which the chain keeps."""
        engine = self._take(reader)
        try:
            found = self._ask(engine, 0, 0, REGISTRY, "versions_with", (interface_digest,))
            if not found:
                raise refuse("RPC-004", what=f"interface {interface_digest.hex()[:16]}")
            name, version = found[0]
            source_digest, _, since = dict(self._versions(engine, name))[version]
            encoded = self._encoded.get(interface_digest)
            if encoded is None:
                bound = engine.world.contracts[name]
                interface = bound.interface
                if bound.interface_digest != interface_digest:
                    source = self._ask(engine, 0, 0, REGISTRY, "source", (source_digest,))
                    interface = compile_contract(source).interface(name)
                encoded = self._remember(interface_digest, interface)
        finally:
            self._give_back(engine)
        return Edition(name, version, since, encoded, interface_digest, source_digest)

    def view(
        self, reader: StateReader, height: int, time: int, contract: str, view: str, arguments: tuple[Any, ...]
    ) -> Any:
        """What the view returns; raises `Refused`, RPC-007 when it would take too long."""
        engine = self._take(reader)
        try:
            return self._ask(engine, height, time, contract, view, arguments)
        finally:
            self._give_back(engine)

    def _ask(self, engine: Engine, height: int, time: int, contract: str, view: str, arguments: tuple[Any, ...]) -> Any:
        world = engine.world
        world.meter[0] = VIEW_UNITS_MAX
        session = Session(ZERO_HASH, (), world.moment(height, time))
        try:
            return world.ask(session, contract, view, arguments)
        except OutOfBudget:
            raise refuse("RPC-007", budget=VIEW_UNITS_MAX) from None
        except CONTRACT_FAULTS as error:
            raise world.fault_of_contract(error) from None

    def _versions(self, engine: Engine, name: str) -> list[tuple[int, tuple[bytes, bytes, int]]]:
        """(version, (source digest, interface digest, since)) of all versions of a contract, the oldest first."""
        rows: list[tuple[int, tuple[bytes, bytes, int]]] = []
        while page := self._ask(engine, 0, 0, REGISTRY, "versions_of", (name, rows[-1][0] if rows else None)):
            rows += page
        return rows

    def day(self, reader: StateReader, time: int) -> int:
        """The business day: from the block's time, or from the test clock's state."""
        engine = self._take(reader)
        day = engine.world.moment(0, time).day
        self._give_back(engine)
        return day

    def check_caller(self, reader: StateReader, key: bytes) -> None:
        """Raises `Refused` AUTH-001 or AUTH-002 where every call by this key would be refused."""
        engine = self._take(reader)
        try:
            engine.world.authority.caller(key)
        finally:
            # What is absent is remembered as well, and strangers can make up as many keys as they like.
            engine.world.contracts["membership"].maps["people"].evict()
            self._give_back(engine)

    def nodes(self, reader: StateReader) -> tuple[ValidatorEntry, ...]:
        """The register of the validators' nodes, ascending by key."""
        engine = self._take(reader)
        nodes = engine.nodes
        self._give_back(engine)
        return nodes

    def learn_versions(self, reader: StateReader) -> None:
        """Read which versions of which contracts there are by now, for `in_force`."""
        engine = self._take(reader)
        for name, row in engine.world.contracts[REGISTRY].maps["contracts"].scan_all():
            if len(self._in_force.get(name, ())) != row.field_version:
                rows = self._versions(engine, name)
                self._in_force[name] = tuple([(since, interface) for _, (_, interface, since) in rows])
        self._give_back(engine)

    def in_force(self, contract: str, height: int) -> bytes | None:
        """The digest of the interface that a contract had at a height, as far as its versions were learned."""
        digests = [digest for since, digest in self._in_force.get(contract, ()) if since <= height]
        return digests[-1] if digests else None

    def event_fields(self, reader: StateReader, interface: bytes | None, event: str, count: int) -> Sequence[str]:
        """The names of an event's values by the interface (its digest) under which it was announced; numbers as names
        where that has no such event."""
        if interface is not None and interface not in self._encoded:
            self.edition(reader, interface)
        names = () if interface is None else self._names.get((interface, event), ())
        return names if len(names) == count else [str(i) for i in range(count)]

    def _sheet(self, world: World, bound: BoundContract) -> Sheet:
        row = world.registers.contracts(bound.name)
        encoded = self._encoded.get(bound.interface_digest)
        if encoded is None:
            encoded = self._remember(bound.interface_digest, bound.interface)
        return Sheet(
            *(bound.name, bound.number, row.field_version, row.field_status),
            *(encoded, bound.interface_digest, bound.source_digest),
        )

    def _remember(self, digest: bytes, interface: Interface) -> bytes:
        encoded = self._encoded[digest] = interface.encode()
        for event in interface.events:
            self._names[digest, event.name] = tuple(entry.name for entry in event.fields)
        return encoded

    def _take(self, reader: StateReader) -> Engine:
        """A world on this snapshot. Lists are popped and appended in one step, so callers may be several threads."""
        engine = self._idle.pop() if self._idle else Engine(self._suite, self._genesis, self._chain, reader)
        engine.move_to(reader)
        return engine

    def _give_back(self, engine: Engine) -> None:
        if len(self._idle) < WORLDS_MAX:
            self._idle.append(engine)
