"""A database in memory that behaves like LevelDB where the node's store relies on it.

Batches are whole or not at all and keep their order on the disk: a synchronous one makes all before it durable, and a
loss of power takes a number of the newest that were not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from devnet.sim.prng import Prng

Rows = dict[bytes, bytes | None]


class Batch:
    """Gathers puts and deletes until `write`."""

    def __init__(self, database: Database, *, sync: bool) -> None:
        self._database = database
        self._sync = sync
        self._rows: Rows = {}

    def put(self, key: bytes, value: bytes) -> None:
        self._rows[key] = value

    def delete(self, key: bytes) -> None:
        self._rows[key] = None

    def write(self) -> None:
        self._database.write(self._rows, sync=self._sync)

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, *_: object) -> None:
        self.write()


class Database:
    """What the store calls of `plyvel.DB`."""

    def __init__(self) -> None:
        self._rows: dict[bytes, bytes] = {}
        self._undo: list[Rows] = []
        """For each batch that is not durable yet what its keys held before, the oldest first."""

    def write(self, rows: Rows, *, sync: bool) -> None:
        before = {key: self._rows.get(key) for key in rows}
        self._put(rows)
        if sync:
            self._undo.clear()
        else:
            self._undo.append(before)

    def _put(self, rows: Rows) -> None:
        for key, value in rows.items():
            if value is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = value

    def power_off(self, fate: Prng) -> None:
        for _ in range(fate.below(len(self._undo) + 1)):
            self._put(self._undo.pop())
        self._undo.clear()

    def write_batch(self, *, sync: bool = False) -> Batch:
        return Batch(self, sync=sync)

    def put(self, key: bytes, value: bytes, *, sync: bool = False) -> None:
        self.write({key: value}, sync=sync)

    def get(self, key: bytes, default: Any = None) -> Any:
        return self._rows.get(key, default)

    @contextmanager
    def iterator(
        self,
        *,
        start: bytes = b"",
        stop: bytes | None = None,
        prefix: bytes = b"",
        include_key: bool = True,
        include_value: bool = True,
        reverse: bool = False,
    ) -> Iterator[Iterator[Any]]:
        """`start` is included, `stop` is not."""
        keys = [key for key in self._rows if key >= start and key.startswith(prefix) and (stop is None or key < stop)]
        rows = ((key, self._rows[key]) for key in sorted(keys, reverse=reverse))
        if include_key and include_value:
            yield rows
        else:
            yield (key if include_key else value for key, value in rows)

    def snapshot(self) -> Database:
        """Nobody reads an old state here."""
        return self

    def close(self) -> None:
        """The rows stay, as on a disk."""
