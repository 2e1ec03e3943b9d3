"""The contract engine on the node's database: what joins `contracts` to the executor and to the HTTP side.

The engine asks for `get` and `scan`; a LevelDB or a snapshot of it has both under other names. Nothing else is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from contracts.engine import Engine
from contracts.engine import Execution as EngineExecution
from contracts.state_map import Row
from contracts.views import Library, Sheet
from ledger.block import Header
from ledger.crypto import Suite
from ledger.genesis import Genesis
from ledger.transaction import Transaction
from node.http.seams import ContractSheet, ViewCall
from node.machine import Execution
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


class ContractMachine:
    """The engine as the executor wants it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def genesis(self) -> Execution:
        return _execution(self._engine.genesis())

    def apply(
        self, header: Header, transactions: tuple[Transaction, ...], misbehaviour: tuple[bytes, ...]
    ) -> Execution:
        return _execution(self._engine.apply(header, transactions, misbehaviour))


def make_machine(store: Store, genesis: Genesis, suite: Suite) -> ContractMachine:
    return ContractMachine(Engine(suite, genesis, store.chain, LevelReader(store.reader)))


def _execution(done: EngineExecution) -> Execution:
    return Execution(done.receipts, done.state, done.indexes, done.previous, done.next_validators, done.day)


def _sheet(sheet: Sheet) -> ContractSheet:
    return ContractSheet(
        sheet.name,
        sheet.number,
        sheet.version,
        sheet.status,
        sheet.interface,
        sheet.interface_digest,
        sheet.source_digest,
    )


class ContractReads:
    """The library of contracts as the HTTP side wants it."""

    def __init__(self, suite: Suite, genesis: Genesis, chain: bytes) -> None:
        self._library = Library(suite, genesis, chain)
        self._readers: dict[int, LevelReader] = {}

    def sheets(self, reader: Reader) -> Sequence[ContractSheet]:
        return [_sheet(sheet) for sheet in self._library.sheets(self._reader(reader))]

    def sheet(self, reader: Reader, name: str) -> ContractSheet:
        return _sheet(self._library.sheet(self._reader(reader), name))

    def view(self, reader: Reader, question: ViewCall) -> Any:
        return self._library.view(
            self._reader(reader),
            question.height,
            question.time,
            question.contract,
            question.view,
            question.arguments,
        )

    def event_fields(self, contract: str, event: str, count: int) -> Sequence[str]:
        return self._library.event_fields(contract, event, count)

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
