"""The state of one map while blocks are executed: decoded records in a dict, an undo journal, one encoding a block.

Contracts read and write frozen records in `live`, which stays warm across blocks; a hit is one look-up. `journal` is
shared by all maps of a chain: a refusal plays it back to a mark. `dirty` has each key that the block has set, with what
stood there before the block; at the block's end each is encoded once. Whatever is in `live` has passed its record's
constructor, so that a warm node holds nothing that a cold one could not decode.

Indexes follow from the records. They are brought up to date at the block's end, or when somebody scans: then `touched`
tells which keys may have moved.

Nothing here does IO: rows are read through a `StateReader` and returned as rows to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final, Protocol

from contracts.language.meter import SCAN_ROW_UNITS, Meter, OutOfBudget
from ledger.codec import encode, load
from ledger.errors import Refused, refuse
from ledger.interface import IndexForm, MapForm, Type
from ledger.keys import encode_part, parts_of_key
from ledger.state import KEY_BYTES_MAX, PLACING_BYTES

STATE: Final = b"s"
INDEX: Final = b"i"
"""Prefixes of database keys. `s` ‖ contract u16 ‖ map u8 ‖ key; `i` ‖ contract u16 ‖ index u8 ‖ fields ‖ key."""
SCAN_ROWS_MAX: Final = 1_024
LIVE_ROWS_MAX: Final = 50_000
MISSING: Final[Any] = object()

Row = tuple[bytes, bytes]
Journal = list[tuple[dict[Any, Any], Any, Any, list[Any]]]
"""(live dict, key, what stood there, the map's touched list)"""
Entry = tuple[bytes, bytes]
"""An index's: (fields' bytes, whole key)."""


class StateReader(Protocol):
    """The database, or a snapshot of it, as the last block left it."""

    def get(self, key: bytes) -> bytes | None: ...

    def scan(self, start: bytes, end: bytes, limit: int) -> list[Row]:
        """At most `limit` rows with start ≤ key < end, ascending."""
        ...


class Source:
    """Where the maps of one chain read; replaced when a reader of snapshots moves to another height."""

    __slots__ = ("fresh", "reader")

    def __init__(self, reader: StateReader) -> None:
        self.reader = reader
        self.fresh: dict[bytes, None] = {}
        """Ids of this block's transactions: an id that they make cannot have stood in the database before, so a row
        under it need not be looked for. Always the same dict."""


def rollback(journal: Journal, mark: int) -> None:
    """Put everything back to where it stood at `mark`."""
    while len(journal) > mark:
        live, key, old, touched = journal.pop()
        if old is MISSING:
            live.pop(key, None)
        else:
            live[key] = old
        touched.append(key)


def no_row(name: str, key: Any) -> Refused:
    parts = key if type(key) is tuple else (key,)
    text = ":".join([part.hex() if type(part) is bytes else str(part) for part in parts])
    return refuse("EXE-003", key=text[:80], map=name)


class Changes:
    """What a block has changed in one map: `every` (key, old, new) in the order of the first writes, None for no row;
    the same as `born` (key, new) and `altered` (key, old, new), the old one there."""

    __slots__ = ("altered", "born", "every")

    def __init__(self) -> None:
        self.every: list[tuple[Any, Any, Any]] = []
        self.born: list[tuple[Any, Any]] = []
        self.altered: list[tuple[Any, Any, Any]] = []


class Live(dict[Any, Any]):
    """The rows that are at hand. One that is not is read; None is remembered as absent."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self._read = read

    def __missing__(self, key: Any) -> Any:
        value = self[key] = self._read(key)
        return value


class StateMap:
    """One map of one contract. `pack` and `unpack` are the compiled ways between a record and its tuple."""

    def __init__(
        self,
        form: MapForm,
        contract_number: int,
        key_bytes: int,
        source: Source,
        journal: Journal,
        pack: Callable[[Any], tuple[Any, ...]],
        unpack: Callable[[tuple[Any, ...]], Any],
    ) -> None:
        self.form = form
        self.prefix = contract_number.to_bytes(2, "big") + bytes([form.number])
        self.source = source
        self.journal = journal
        self.pack = pack
        self.unpack = unpack
        self.live = Live(self._read)
        self.dirty: dict[Any, Any] = {}
        self.touched: list[Any] = []
        self.indexes: list[StateIndex] = []
        self._changes, self._changes_at = Changes(), 0
        self._key_bytes = key_bytes
        self._is_single = len(form.key) == 1
        self.is_raw = self._is_single and form.key[0].kind in ("id", "digest", "key")
        self.calls = self._functions()

    # -- keys

    def full_key(self, key: Any) -> bytes:
        """Contract, map and key as bytes; refuses a key that no proof could carry."""
        if self.is_raw:
            full: bytes = self.prefix + key
            return full
        full = self.prefix + b"".join(encode_parts(self.form.key, (key,) if self._is_single else key, self.form.name))
        if len(full) > KEY_BYTES_MAX:
            raise refuse("EXE-002", detail=f"a key of {self.form.name} has {len(full)} bytes")
        return full

    def key_of(self, full_key: bytes) -> Any:
        if self.is_raw:
            return full_key[3:]
        parts = parts_of_key(self.form, full_key, self._key_bytes)
        return parts[0] if self._is_single else parts

    # -- reading and writing; the compiled program has tested the types of keys and records

    def _read(self, key: Any) -> Any:
        stored = self.source.reader.get(STATE + self.full_key(key))
        if stored is None:
            return None
        value = self.unpack(load(stored))
        value.stored = stored
        return value

    def _functions(self) -> dict[str, Callable[..., Any]]:
        """What a program calls, bound to this map's dicts: a hit costs one look-up and no attribute."""
        live, dirty, journal, touched, fresh, raw, name = (
            *(self.live, self.dirty, self.journal, self.touched),
            *(self.source.fresh, self.is_raw, self.form.name),
        )

        def row(key: Any) -> Any:
            value = live[key]
            if value is None:
                raise no_row(name, key)
            return value

        def has(key: Any) -> bool:
            return live[key] is not None

        def put(key: Any, value: Any) -> None:
            old = live.get(key, MISSING)
            if old is MISSING and not (raw and key[:PLACING_BYTES] in fresh):
                old = live[key]
            if key not in dirty:
                dirty[key] = None if old is MISSING else old
            journal.append((live, key, old, touched))
            touched.append(key)
            live[key] = value

        def remove(key: Any) -> None:
            row(key)
            put(key, None)

        return {"get": live.__getitem__, "row": row, "has": has, "set": put, "remove": remove}

    # -- scans

    def scan(self, first: tuple[Any, ...], after: Any, limit: Any, meter: Meter) -> list[tuple[Any, Any]]:
        """Rows whose key begins with the parts `first`, from behind `after`, ascending by key bytes."""
        check_limit(limit)
        start = self.prefix + b"".join(encode_parts(self.form.key, first, self.form.name))
        end = after_prefix(start)
        if after is not None:
            start = max(start, self.full_key(after) + b"\0")
        changed = {self.full_key(key): key for key in self.dirty}
        rows = read_rows(self.source.reader, STATE, start, end, limit, changed)
        found = [(full, self.key_of(full)) for full, _ in rows]
        for full, key in changed.items():
            if start <= full < end and self.live.get(key) is not None:
                found.append((full, key))
        found.sort()
        charge_rows(meter, len(changed) // 8 + min(len(found), limit))
        get = self.calls["get"]
        return [(key, get(key)) for _, key in found[:limit]]

    def scan_all(self) -> list[tuple[Any, Any]]:
        """Every row that the database has. Between blocks, of small registers."""
        assert not self.dirty, "the whole is read between blocks"
        rows = read_rows(self.source.reader, STATE, self.prefix, after_prefix(self.prefix), 2**31, ())
        keys = [self.key_of(full) for full, _ in rows]
        return [(key, self.calls["get"](key)) for key in keys]

    # -- the block's end

    def changes(self) -> Changes:
        """What the block has changed so far; made anew when something has been touched since."""
        if self._changes_at != len(self.touched):
            self._changes, self._changes_at = self._find_changes(), len(self.touched)
        return self._changes

    def _find_changes(self) -> Changes:
        live, changes = self.live, Changes()
        every, born, altered = changes.every, changes.born, changes.altered
        for key, old in self.dirty.items():
            new = live.get(key)
            if new is old:
                continue
            if old is not None:
                altered.append((key, old, new))
            else:
                born.append((key, new))
            every.append((key, old, new))
        return changes

    def finish(self, state: dict[bytes, bytes | None], rows: dict[bytes, bytes | None]) -> None:
        """Add this map's changes: encoded values to `state` by full key; these and the indexes' entries to `rows`, by
        database key."""
        pack, prefix, raw, changes = self.pack, self.prefix, self.is_raw, self.changes()
        for index in self.indexes:
            index.finish(rows)
        for key, old, new in changes.every:
            full = prefix + key if raw else self.full_key(key)
            # A record remembers its bytes: what it is now it will be again when it is replaced.
            before = None if old is None else old.stored
            value = None
            if new is not None:
                value = new.stored = encode(pack(new))
            if value != before:
                state[full] = rows[STATE + full] = value
        self.forget_block()

    def forget_block(self) -> None:
        self.dirty.clear()
        self.touched.clear()
        self._changes, self._changes_at = Changes(), 0
        for index in self.indexes:
            index.forget_block()

    def evict(self) -> None:
        """Between blocks, when everything is written: forget the oldest quarter of a full dict."""
        assert not self.dirty, "eviction is between blocks"
        if len(self.live) > LIVE_ROWS_MAX:
            for key in list(self.live)[: LIVE_ROWS_MAX // 4]:
                del self.live[key]


class Groups(dict[Any, bytes]):
    """The bytes of the fields of an index, by their values: few values recur in the many rows of a block."""

    def __init__(self, make: Callable[[Any], bytes]) -> None:
        self._make = make

    def __missing__(self, values: Any) -> bytes:
        group = self[values] = self._make(values)
        return group


class StateIndex:
    """An index: database keys in the order of the fields `by`, then of the map's key; values are empty.

    During a block the database is behind. `gone` are entries that no longer hold, `came` those that hold now, grouped
    by their fields' bytes; `moved` remembers what each key contributed.
    """

    def __init__(self, form: IndexForm, kinds: tuple[Type, ...], contract_number: int, rows: StateMap) -> None:
        self.form = form
        self.rows = rows
        self.prefix = contract_number.to_bytes(2, "big") + bytes([form.number])
        self._kinds = kinds
        self._is_bytes = len(kinds) == 1 and kinds[0].kind in ("id", "key", "digest")
        self._values = attrgetter(*[f"field_{name}" for name in form.by])
        self._where = None if form.where is None else attrgetter(f"field_{form.where}")
        self._came: dict[bytes, dict[bytes, Any]] = {}
        self._gone: dict[bytes, None] = {}
        self._moved: dict[Any, Entry] = {}
        self._groups = Groups(self._group)
        self._seen = 0
        rows.indexes.append(self)

    def entry(self, key: Any, record: Any) -> Entry | None:
        """The entry of a record, None when it is not in the index."""
        if record is None:
            return None
        found = self._entries([(key, record)])
        return found[0][:2] if found else None

    def _entries(self, records: Iterable[tuple[Any, Any]]) -> list[tuple[bytes, bytes, Any]]:
        """(fields' bytes, whole key, the map's key) of those records that are in the index."""
        values, where, groups = self._values, self._where, self._groups
        if where is not None:
            records = [row for row in records if (flag := where(row[1])) is not None and flag is not False]
        if self.rows.is_raw:
            return [(group, group + key, key) for key, record in records if (group := groups[values(record)])]
        full = self.rows.full_key
        return [(group, group + full(key)[3:], key) for key, record in records if (group := groups[values(record)])]

    def _group(self, values: Any) -> bytes:
        """The bytes of a row's fields, none when one of them is empty."""
        if self._is_bytes:
            return b"" if values is None else self.prefix + values
        parts = values if len(self._kinds) > 1 else (values,)
        if None in parts:
            return b""
        return self.prefix + b"".join(encode_parts(self._kinds, parts, self.form.name))

    def _moved_by(self, changes: Changes) -> tuple[list[tuple[bytes, bytes, Any]], list[tuple[bytes, bytes, Any]]]:
        """The entries that no longer hold and those that hold now. Most changes leave most indexes alone."""
        values, where = self._values, self._where
        altered = [
            (key, old, new)
            for key, old, new in changes.altered
            if new is None
            or values(old) != values(new)
            or (where is not None and _is_set(where(old)) != _is_set(where(new)))
        ]
        gone = self._entries([(key, old) for key, old, _ in altered])
        came = self._entries([(key, new) for key, _, new in altered if new is not None])
        return gone, came + self._entries(changes.born)

    def finish(self, rows: dict[bytes, bytes | None]) -> None:
        """Add what this block changes in the index: an entry has no value but is there or not."""
        if self._seen:
            self._sync()
            gone = [INDEX + entry for entry in self._gone]
            came = [INDEX + entry for members in self._came.values() for entry in members]
        else:
            # Nobody has looked during the block, so nothing has to be kept for a second look.
            gone_entries, came_entries = self._moved_by(self.rows.changes())
            gone = [INDEX + entry for _, entry, _ in gone_entries]
            came = [INDEX + entry for _, entry, _ in came_entries]
        rows.update(dict.fromkeys(gone))
        rows.update(dict.fromkeys(came, b""))

    def forget_block(self) -> None:
        self._came.clear()
        self._gone.clear()
        self._moved.clear()
        self._groups.clear()
        self._seen = 0

    def _sync(self) -> None:
        """Take in what has been set or rolled back since the last scan."""
        touched = self.rows.touched
        if not self._seen:
            gone, came = self._moved_by(self.rows.changes())
            self._gone.update(dict.fromkeys([entry for _, entry, _ in gone]))
            for group, entry, key in came:
                self._came.setdefault(group, {})[entry] = key
                self._moved[key] = (group, entry)
        else:
            for key in dict.fromkeys(touched[self._seen :]):
                self._move(key)
        self._seen = len(touched)

    def _move(self, key: Any) -> None:
        """Take in one row again, whatever it contributed before."""
        known = self._moved.pop(key, None)
        if known is not None:
            del self._came[known[0]][known[1]]
        before, now = self.entry(key, self.rows.dirty[key]), self.entry(key, self.rows.live.get(key))
        if before == now:
            if before is not None:
                self._gone.pop(before[1], None)
            return
        if before is not None:
            self._gone[before[1]] = None
        if now is not None:
            self._came.setdefault(now[0], {})[now[1]] = key
            self._moved[key] = now

    def scan(self, first: tuple[Any, ...], after: Any, limit: Any, meter: Meter) -> list[Any]:
        """Keys of the rows whose fields begin with `first`, from behind the row `after`."""
        check_limit(limit)
        start = group = self.prefix + b"".join(encode_parts(self._kinds, first, self.form.name))
        end = after_prefix(start)
        if after is not None:
            record = self.rows.calls["row"](after)
            entry = self.entry(after, record)
            if entry is None:
                # The row has left the index since the last page; go on where it would stand under these fields.
                if len(first) != len(self._kinds):
                    raise no_row(self.form.name, after)
                entry = (start, start + self.rows.full_key(after)[3:])
            start = max(start, entry[1] + b"\0")
        return self._range(start, end, limit, meter, group if len(first) == len(self._kinds) else None)

    def due(self, bound: Any, limit: Any, meter: Meter, after: bytes | None = None) -> list[Any]:
        """Keys of the rows whose first field is at most `bound`, from behind the entry `after`."""
        check_limit(limit)
        end = after_prefix(self.prefix + encode_part(self._kinds[0], bound, self.form.name))
        return self._range(self.prefix if after is None else after + b"\0", end, limit, meter, None)

    def _range(self, start: bytes, end: bytes, limit: int, meter: Meter, group: bytes | None) -> list[Any]:
        """The entries with start ≤ entry < end; `group` where all of them have the same fields."""
        self._sync()
        rows = read_rows(self.rows.source.reader, INDEX, start, end, limit, self._gone)
        found = [(entry, MISSING) for entry, _ in rows]
        groups = list(self._came.values()) if group is None else [self._came.get(group, {})]
        for members in groups:
            found += [(entry, key) for entry, key in members.items() if start <= entry < end]
        found.sort(key=lambda row: row[0])
        charge_rows(meter, min(len(found), limit) + len(groups) // 8)
        return [self._key_of(entry) if key is MISSING else key for entry, key in found[:limit]]

    def _key_of(self, entry: bytes) -> Any:
        at = 3
        for kind in self._kinds:
            if kind.kind in ("text", "organisation", "choice"):
                at = entry.index(b"\0", at) + 1
            elif kind.kind in ("id", "digest", "key"):
                at += {"id": 34, "digest": 32}.get(kind.kind, self.rows._key_bytes)
            else:
                at += 1 if kind.kind == "boolean" else 8
        return self.rows.key_of(self.rows.prefix + entry[at:])


def _is_set(value: Any) -> bool:
    return value is not None and value is not False


def encode_parts(kinds: Sequence[Type], parts: tuple[Any, ...], name: str) -> list[bytes]:
    """The bytes of the first parts of a key."""
    if len(parts) > len(kinds):
        raise refuse("EXE-006", detail=f"{name} is ordered by {len(kinds)} parts")
    return [encode_part(kind, part, name) for kind, part in zip(kinds, parts, strict=False)]


def after_prefix(prefix: bytes) -> bytes:
    """The first key behind all that begin with `prefix`."""
    stripped = prefix.rstrip(b"\xff")
    assert stripped, "a prefix begins with a contract's number"
    return stripped[:-1] + bytes([stripped[-1] + 1])


def read_rows(reader: StateReader, space: bytes, start: bytes, end: bytes, limit: int, hidden: Any) -> list[Row]:
    """Up to `limit` rows of the database that are not `hidden`, keys without the space's prefix."""
    found: list[Row] = []
    while start < end:
        wanted = limit - len(found)
        rows = reader.scan(space + start, space + end, wanted)
        found += [(key[1:], value) for key, value in rows if key[1:] not in hidden]
        if len(rows) < wanted or len(found) >= limit:
            break
        start = rows[-1][0][1:] + b"\0"
    return found


def check_limit(limit: Any) -> None:
    if type(limit) is not int or not 1 <= limit <= SCAN_ROWS_MAX:
        raise refuse("EXE-006", detail=f"a scan's limit is 1 to {SCAN_ROWS_MAX}")


def charge_rows(meter: Meter, rows: int) -> None:
    meter[0] -= SCAN_ROW_UNITS * rows
    if meter[0] < 0:
        raise OutOfBudget
