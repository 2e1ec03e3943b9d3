"""The node's database: what has been executed and certified, in one LevelDB folder.

Theory of operation. `commit` writes one executed height in one synchronous batch; nothing else ever writes rows of a
block. `put_certificate` adds a certificate that a quorum has made since. `layout` has the table of keys. The store
knows no rules of the chain: it is handed what ordering has decided and the executor has computed. Reads are safe from
any task and thread; `commit` is called by the executor alone, from a thread; `snapshots` belongs to the loop's thread.

A damaged database is never repaired in silence: whatever does not fit raises NODE-003 with what is damaged and what to
run. See `self_check` for what is compared at start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import cbor2
import plyvel

from ledger.checkpoint import VALIDATORS_LAG, Checkpoint, CheckpointCert
from ledger.codec import encode, load
from ledger.errors import Refused, refuse
from ledger.history import History, node_number
from ledger.validators import ValidatorSet
from node import layout
from node.layout import Applied, Place, SignAgain, at_height

TABLE_BYTES: Final = 48 * 1024 * 1024
"""What LevelDB collects in memory before it writes a table out, of the first node."""
TABLE_STEP_BYTES: Final = 8 * 1024 * 1024
TABLE_STEPS: Final = 5
BLOCK_CACHE_BYTES: Final = 64 * 1024 * 1024
OPEN_FILES_MAX: Final = 256
BLOOM_BITS: Final = 10
"""Nearly every look-up of a transaction id is for one that is absent; the filter answers those from memory."""
SNAPSHOTS_KEPT: Final = 64
"""Certified heights that can still be read whole, so that a client can put one question to several nodes."""
CURE: Final = "lugang node rebuild"


class Reader(Protocol):
    """The database as it is, or a snapshot of it."""

    def get(self, key: bytes, default: Any = None) -> Any: ...

    def iterator(self, **bounds: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class ExecutedBlock:
    """Everything that one height leaves behind, ready to be written.

    `writes` are rows of state and indexes under their database keys (None: removed). `history_nodes` are new, in the
    order of making. `offences` are the keys of the misbehaviour that the block reports. `validators` is the set that
    acts from VALIDATORS_LAG heights above on, with its hash, where it is another one than before.
    """

    applied: Applied
    header: bytes
    body: bytes
    decision: bytes
    receipts: tuple[bytes, ...]
    ids: tuple[bytes, ...]
    checkpoint: Checkpoint
    writes: Mapping[bytes, bytes | None]
    pages: Mapping[int, bytes | None]
    history_nodes: Sequence[bytes]
    offences: tuple[bytes, ...] = ()
    validators: tuple[bytes, ValidatorSet] | None = None


class Store:
    """One open database. Made by `open_store`; closed by its owner."""

    def __init__(self, database: Any, chain: bytes, path: Path) -> None:
        self._db = database
        self.chain = chain
        self.path = path
        self.applied: Applied | None = None
        self.certified = 0
        self.snapshots: dict[int, Any] = {}
        """A snapshot for each height above the certified one, for that one itself and for some below it."""
        self._leases: Counter[int] = Counter()

    def order_again(self, order: SignAgain) -> None:
        """Keep the operator's order; see `SignAgain`."""
        self._db.put(layout.SIGN_AGAIN, order.encode(), sync=True)

    def attempt_of(self, height: int) -> int:
        """As which attempt the checkpoint of a height is signed."""
        value = self.get(layout.SIGN_AGAIN)
        return layout.FIRST_ATTEMPT if value is None else SignAgain.decode(value).attempt_of(height)

    # Writing ---------------------------------------------------------------------------------------------------------

    def commit(self, block: ExecutedBlock) -> None:
        """Write a height in one synchronous batch. When this returns, the height survives a loss of power."""
        applied = block.applied
        expected = 0 if self.applied is None else self.applied.height + 1
        assert applied.height == expected, f"height {applied.height} after {expected - 1}"
        batch = self._db.write_batch(sync=True)
        put, delete, height = batch.put, batch.delete, applied.height
        for key, value in block.writes.items():
            if value is None:
                delete(key)
            else:
                put(key, value)
        for bucket, page in block.pages.items():
            if page is None:
                delete(layout.page_key(bucket))
            else:
                put(layout.page_key(bucket), page)
        first = 2 * (applied.history.leaves - 1) - (applied.history.leaves - 1).bit_count()
        for i, node in enumerate(block.history_nodes):
            put(layout.node_key(first + i), node)
        for index, identifier in enumerate(block.ids):
            put(layout.TRANSACTION + identifier, layout.place_value(height, index))
        for offence in block.offences:
            put(offence, height.to_bytes(8, "big"))
        put(at_height(layout.HEADER, height), block.header)
        put(at_height(layout.BODY, height), block.body)
        put(at_height(layout.DECISION, height), block.decision)
        put(at_height(layout.RECEIPTS, height), encode(block.receipts))
        put(at_height(layout.CHECKPOINT, height), block.checkpoint.encode())
        if block.validators is not None:
            digest, validators = block.validators
            put(layout.VALIDATORS + digest, encode(validators.to_value()))
            put(at_height(layout.VALIDATORS_FROM, height + VALIDATORS_LAG), digest)
        put(layout.APPLIED, applied.encode())
        batch.write()
        self.applied = applied

    def put_certificate(self, certificate: CheckpointCert) -> None:
        """Keep a verified certificate. Not synchronous: a lost one is made again from checkpoints sent again."""
        height = certificate.checkpoint.height
        with self._db.write_batch() as batch:
            batch.put(at_height(layout.CERTIFICATE, height), certificate.encode())
            if height > self.certified:
                batch.put(layout.CERTIFIED, height.to_bytes(8, "big"))
        self.certified = max(self.certified, height)

    # Reading ---------------------------------------------------------------------------------------------------------

    @property
    def reader(self) -> Reader:
        reader: Reader = self._db
        return reader

    def get(self, key: bytes) -> bytes | None:
        value: bytes | None = self._db.get(key)
        return value

    @property
    def final(self) -> int:
        """The highest height that is certified and on this disk: others may certify one before it is executed here."""
        return min(self.certified, 0 if self.applied is None else self.applied.height)

    def header(self, height: int) -> bytes | None:
        return self.get(at_height(layout.HEADER, height))

    def body(self, height: int) -> bytes | None:
        return self.get(at_height(layout.BODY, height))

    def decision(self, height: int) -> bytes | None:
        return self.get(at_height(layout.DECISION, height))

    def receipts(self, height: int) -> tuple[bytes, ...] | None:
        value = self.get(at_height(layout.RECEIPTS, height))
        return None if value is None else tuple(cbor2.loads(value))

    def checkpoint(self, height: int) -> Checkpoint | None:
        value = self.get(at_height(layout.CHECKPOINT, height))
        return None if value is None else Checkpoint.decode(value)

    def certificate(self, height: int) -> CheckpointCert | None:
        value = self.get(at_height(layout.CERTIFICATE, height))
        return None if value is None else CheckpointCert.decode(value)

    def certificate_from(self, height: int) -> CheckpointCert | None:
        """The lowest certificate that is held of `height` or above."""
        start, stop = at_height(layout.CERTIFICATE, height), at_height(layout.CERTIFICATE, 2**63)
        with self._db.iterator(start=start, stop=stop, include_key=False) as rows:
            for value in rows:
                return CheckpointCert.decode(value)
        return None

    def place_of(self, identifier: bytes) -> Place | None:
        """Where the transaction was executed, None when it never was: the index against repetition."""
        value = self.get(layout.TRANSACTION + identifier)
        return None if value is None else Place.decode(value)

    def is_executed(self, identifier: bytes) -> bool:
        """Asked for every transaction several times, so without a word too many."""
        return self._db.get(layout.TRANSACTION + identifier) is not None

    def page(self, bucket: int) -> bytes | None:
        return self.get(layout.page_key(bucket))

    def pages(self) -> Iterator[tuple[int, bytes]]:
        with self._db.iterator(prefix=layout.PAGE, verify_checksums=True) as rows:
            for key, value in rows:
                yield layout.bucket_in(key), value

    def history_node(self, number: int) -> bytes:
        value = self.get(layout.node_key(number))
        if value is None:
            raise damaged(f"no node {number} of the history")
        return value

    def history(self, leaves: int) -> History:
        """The range over the heights 0 … leaves − 1."""
        first, peaks = 0, []
        for level in range(leaves.bit_length() - 1, -1, -1):
            if leaves >> level & 1:
                peaks.append(self.history_node(node_number(first, level)))
                first += 1 << level
        return History(leaves, tuple(peaks))

    def validators(self, digest: bytes, decode: Callable[[Any], ValidatorSet]) -> ValidatorSet | None:
        value = self.get(layout.VALIDATORS + digest)
        return None if value is None else decode(load(value))

    def validators_hash_at(self, height: int) -> bytes | None:
        """The hash of the set that validates `height`; None while it is the genesis'."""
        start, stop = layout.VALIDATORS_FROM, at_height(layout.VALIDATORS_FROM, height + 1)
        with self._db.iterator(start=start, stop=stop, include_key=False, reverse=True) as rows:
            found: bytes | None = next(rows, None)
        return found

    def validators_changes(self) -> list[tuple[int, bytes]]:
        """The heights from which another set validates, ascending, and its hash."""
        with self._db.iterator(prefix=layout.VALIDATORS_FROM) as rows:
            return [(layout.height_in(key), digest) for key, digest in rows]

    def bytes_on_disk(self) -> int:
        total = 0
        for entry in self.path.iterdir():
            # LevelDB removes files whenever a compaction ends.
            with suppress(FileNotFoundError):
                total += entry.stat().st_size
        return total

    # Snapshots -------------------------------------------------------------------------------------------------------

    def keep_snapshot(self) -> None:
        """Remember the state of the height written last; called in the loop's thread right after `commit`."""
        assert self.applied is not None
        self.snapshots[self.applied.height] = self._db.snapshot()

    def drop_snapshots(self) -> None:
        """Close those below the last few certified heights, except while somebody reads them."""
        certified = sorted(height for height in self.snapshots if height <= self.certified)
        for height in certified[:-SNAPSHOTS_KEPT]:
            if not self._leases[height]:
                self.snapshots.pop(height).close()

    def certified_heights(self) -> range:
        """From the lowest to the highest certified height that can still be read whole; empty when there is none."""
        heights = [height for height in self.snapshots if height <= self.certified]
        return range(min(heights), max(heights) + 1) if heights else range(0)

    @contextmanager
    def leased_snapshot(self, height: int) -> Iterator[Reader]:
        """The whole state of a height of `certified_heights`, which stays readable inside, also from other threads."""
        self._leases[height] += 1
        try:
            yield self.snapshots[height]
        finally:
            self._leases[height] -= 1
            if not self._leases[height]:
                del self._leases[height]

    def close(self) -> None:
        for snapshot in self.snapshots.values():
            snapshot.close()
        self.snapshots.clear()
        self._db.close()


def damaged(detail: str) -> Refused:
    return refuse("NODE-003", detail=detail, cure=CURE)


@contextmanager
def reporting_damage() -> Iterator[None]:
    """Whatever LevelDB or a decoder says about the stored bytes is damage, reported as such."""
    try:
        yield
    except (plyvel.CorruptionError, plyvel.IOError) as error:
        raise damaged(str(error)) from error
    except Refused as refused:
        if refused.code.startswith("BYT"):
            raise damaged(str(refused)) from refused
        raise


def table_bytes(place: int) -> int:
    """How large the table in memory of the node at this place among the validators becomes before it is written out.

    All nodes write the same rows. With tables of one size all of them would write theirs out in the same second, and
    the whole chain would be slow in it; with sizes apart a quorum is always free of that work.
    """
    return TABLE_BYTES + place % TABLE_STEPS * TABLE_STEP_BYTES


def open_store(path: Path, chain: bytes, place: int = 0) -> Store:
    """Open or create the database of this chain; raises NODE-003 when it is damaged or another chain's.

    `place` is the node's among the validators, see `table_bytes`.
    """
    path.mkdir(parents=True, exist_ok=True)
    with reporting_damage():
        database = plyvel.DB(
            str(path),
            create_if_missing=True,
            paranoid_checks=True,
            write_buffer_size=table_bytes(place),
            max_open_files=OPEN_FILES_MAX,
            lru_cache_size=BLOCK_CACHE_BYTES,
            bloom_filter_bits=BLOOM_BITS,
        )
        return store_over(database, chain, path)


def store_over(database: Any, chain: bytes, path: Path) -> Store:
    """The store in an open database; closes it when it is damaged or another chain's."""
    store = Store(database, chain, path)
    try:
        _read_pointers(store, database)
    except BaseException:
        store.close()
        raise
    return store


def _read_pointers(store: Store, database: Any) -> None:
    meta = encode((layout.LAYOUT_VERSION, store.chain))
    found = database.get(layout.META)
    if found is None:
        with database.iterator(include_value=False) as keys:
            if next(keys, None) is not None:
                raise damaged("the database does not say of which chain it is")
        database.put(layout.META, meta, sync=True)
    elif found != meta:
        raise damaged("the database is of another chain or of another layout")
    applied = database.get(layout.APPLIED)
    store.applied = None if applied is None else Applied.decode(applied)
    store.certified = int.from_bytes(database.get(layout.CERTIFIED) or b"", "big")
    if store.applied is not None:
        store.keep_snapshot()
