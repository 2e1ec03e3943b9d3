"""The contract engine on the node's database: what joins `contracts` to the executor and to the HTTP side.

The engine asks for `get` and `scan`; a LevelDB or a snapshot of it has both under other names. Nothing else is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from contracts.engine import Engine
from contracts.state_map import INDEX, STATE, Row, StateMap
from contracts.views import Edition, Library, Sheet
from ledger.codec import load
from ledger.crypto import Suite
from ledger.genesis import Genesis, ValidatorEntry
from node.http.seams import ViewCall
from node.store import Reader, Store

READERS_KEPT: Final = 8


class LevelReader:
    """The engine's view of a database or a snapshot."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.get = reader.get

    def scan(self, start: bytes, end: bytes, limit: int) -> list[Row]:
        with self.reader.iterator(start=start, stop=end) as rows:
            return list(islice(rows, limit))


def make_machine(store: Store, genesis: Genesis, suite: Suite) -> Engine:
    """The `node.machine.Machine` over a store."""
    return Engine(suite, genesis, store.chain, LevelReader(store.reader))


class ContractReads:
    """The library of contracts as the HTTP side wants it."""

    def __init__(self, suite: Suite, genesis: Genesis, store: Store) -> None:
        self._library = Library(suite, genesis, store.chain)
        self._store = store
        self._versions_known_at = -1
        self._readers: dict[int, LevelReader] = {}

    def sheets(self, reader: Reader) -> Sequence[Sheet]:
        return self._library.sheets(self._reader(reader))

    def sheet(self, reader: Reader, name: str) -> Sheet:
        return self._library.sheet(self._reader(reader), name)

    def view(self, reader: Reader, question: ViewCall) -> Any:
        return self._library.view(
            self._reader(reader),
            question.height,
            question.time,
            question.contract,
            question.view,
            question.arguments,
        )

    def check_caller(self, key: bytes) -> None:
        """Whether the last applied block lets anything be done by this key; raises `Refused` AUTH-001, AUTH-002."""
        with self._store.leased_snapshot(max(self._store.snapshots)) as reader:
            self._library.check_caller(self._reader(reader), key)

    def nodes(self) -> tuple[ValidatorEntry, ...]:
        """The validators' nodes in the last applied block's register."""
        with self._store.leased_snapshot(max(self._store.snapshots)) as reader:
            return self._library.nodes(self._reader(reader))

    def edition(self, reader: Reader, interface_digest: bytes) -> Edition:
        return self._library.edition(self._reader(reader), interface_digest)

    def event_fields(self, contract: str, event: str, count: int, height: int) -> Sequence[str]:
        with self._store.leased_snapshot(max(self._store.snapshots)) as newest:
            if height > self._versions_known_at:
                self._library.learn_versions(self._reader(newest))
                self._versions_known_at = max(self._store.snapshots)
            digest = self._library.in_force(contract, height)
            return self._library.event_fields(self._reader(newest), digest, event, count)

    def day(self, reader: Reader, time: int) -> int:
        return self._library.day(self._reader(reader), time)

    def _reader(self, reader: Reader) -> LevelReader:
        """The same object for the same snapshot, so that the library can tell that what it has read still holds."""
        known = self._readers.get(id(reader))
        if known is None:
            known = self._readers[id(reader)] = LevelReader(reader)
            for old in list(self._readers)[:-READERS_KEPT]:
                self._readers.pop(old, None)
        return known


def make_register(store: Store, genesis: Genesis, suite: Suite) -> ContractReads:
    """The `node.machine.Register` over a store. Contracts are bound here already: later that would hold up votes."""
    reads = ContractReads(suite, genesis, store)
    with store.leased_snapshot(max(store.snapshots)) as reader:
        reads.sheets(reader)
    return reads


def check_indexes(store: Store, genesis: Genesis, suite: Suite) -> list[str]:
    """The rows of indexes that do not follow from the records, or are missing: `index key` in hexadecimal, sorted.

    Indexes are not under the state root, so only this comparison finds a wrong one.
    """
    if store.applied is None:
        return []
    engine = Engine(suite, genesis, store.chain, LevelReader(store.reader))
    wrong: list[str] = []
    for bound in engine.world.contracts.values():
        for rows in bound.maps.values():
            for index in rows.indexes:
                expected = {
                    entry[1] for key, record in _records(store, rows) if (entry := index.entry(key, record)) is not None
                }
                with store.reader.iterator(prefix=INDEX + index.prefix, include_value=False) as keys:
                    found = {key[len(INDEX) :] for key in keys}
                wrong += [f"{bound.name}.{index.form.name} {key.hex()}" for key in sorted(expected ^ found)]
    return wrong


def _records(store: Store, rows: StateMap) -> Iterator[tuple[Any, Any]]:
    with store.reader.iterator(prefix=STATE + rows.prefix) as found:
        for key, value in found:
            yield rows.key_of(key[len(STATE) :]), rows.unpack(load(value))
