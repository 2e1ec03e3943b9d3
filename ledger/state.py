"""The state commitment: one root over everything the contracts remember, with proofs of presence and of absence.

A full key is contract number u16 ‖ map number u8 ‖ key. Its bucket is the top b bits of H("place", contract ‖ map ‖
placing part). A map whose number has the bit 0x80 is placed by transaction: the placing part is the first 32 bytes of
the key, so that the records that one transaction makes share a page. The rule stands in the key itself, because who
checks a proof of absence must know the one bucket in which the key would be.

A bucket's page, up to 32 entries: H("page", b u8 ‖ bucket u32 ‖ CBOR [[full key, H("value", value)], …] ascending by
full key). Above that a compressed binary trie over the bits of H("key", full key), with H("entry", CBOR [full key,
digest]) as leaf and H("fork", bit u16 ‖ left ‖ right) as fork, closed by H("trie", b ‖ bucket ‖ count u32 ‖ top): keys
can be ground into one bucket, so a proof must stay short in a crowded one. An empty bucket is 32 zero bytes.

Above the buckets stands a tree of fixed shape and arity 16: H("tree", level u8 ‖ 16 children), 32 zero bytes when all
children are zero; state_root = H("root", b u8 ‖ top). Equal contents give equal roots, whatever happened before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import cbor2

from ledger.codec import array, blob, blob_up_to, encode, exactly, integer, row
from ledger.crowd import Crowd
from ledger.crypto import HASH_BYTES, ZERO_HASH, Hasher, Suite
from ledger.errors import BadProof, refuse

ARITY_BITS: Final = 4
ARITY: Final = 1 << ARITY_BITS
PAGE_ENTRIES_MAX: Final = 32
KEY_BYTES_MAX: Final = 512
KEY_HASH_BITS: Final = 8 * HASH_BYTES
MAP_PLACED_BY_TRANSACTION: Final = 0x80
PLACING_BYTES: Final = 32
NUMBER_BYTES: Final = 3
"""Contract number u16 and map number u8, in front of every key."""
BUCKET_BITS: Final = (4, 8, 12, 16, 20)
ZERO_CHILDREN: Final = bytes(ARITY * HASH_BYTES)
LEVELS: Final = tuple([bytes([level]) for level in range(BUCKET_BITS[-1] // ARITY_BITS + 1)])

PAGE_HEADS: Final = tuple(encode((None,) * count)[: -count or None] for count in range(PAGE_ENTRIES_MAX + 1))
ENTRY_HEADS: Final = tuple(encode((bytes(n), b""))[: -n - 1] for n in range(KEY_BYTES_MAX + 1))
DIGEST_HEAD: Final = encode(ZERO_HASH)[:-HASH_BYTES]
"""The first bytes of a page, of an entry whose key has n bytes, and of a digest."""

CROWDS_KEPT: Final = 256
"""A kept trie takes some 300 bytes an entry; a page that is not among them is put together anew."""

Entry = tuple[bytes, bytes]
"""(full key, digest of the value)"""


class StateHasher:
    """The hash functions and placing rule of one suite and bucket count; shared by writer and verifier."""

    def __init__(self, suite: Suite, bits: int) -> None:
        assert bits in BUCKET_BITS, f"bucket bits are one of {BUCKET_BITS}"
        self.bits = bits
        self._bits_byte = bytes([bits])
        self.levels = bits // ARITY_BITS
        self.value: Hasher = suite.hasher("value")
        self._place, self._page, self._tree = (suite.hasher(tag) for tag in ("place", "page", "tree"))
        self._key, self._entry, self._fork = (suite.hasher(tag) for tag in ("key", "entry", "fork"))
        self._trie, self._root = suite.hasher("trie"), suite.hasher("root")

    def bucket_of(self, full_key: bytes) -> int:
        return self.bucket_at(placing_part(full_key))

    def bucket_at(self, placing: bytes) -> int:
        return int.from_bytes(self._place(placing)[:4], "big") >> (32 - self.bits)

    def page_digest(self, bucket: int, entries: list[Entry], encoded: bytes) -> bytes:
        """The digest of a page; `encoded` is the CBOR of `entries`, which the caller stores anyway."""
        if not entries:
            return ZERO_HASH
        if len(entries) <= PAGE_ENTRIES_MAX:
            return self._page(self._bits_byte + bucket.to_bytes(4, "big") + encoded)
        top = self._trie_top([(self._key(key), self.entry_digest((key, digest))) for key, digest in entries])
        return self.trie_digest(bucket, len(entries), top)

    def key_bits(self, full_key: bytes) -> bytes:
        return self._key(full_key)

    def entry_digest(self, entry: Entry) -> bytes:
        return self._entry(encode(entry))

    def fork_digest(self, bit: int, left: bytes, right: bytes) -> bytes:
        return self._fork(bit.to_bytes(2, "big") + left + right)

    def trie_digest(self, bucket: int, count: int, top: bytes) -> bytes:
        return self._trie(bytes([self.bits]) + bucket.to_bytes(4, "big") + count.to_bytes(4, "big") + top)

    def _trie_top(self, leaves: list[tuple[bytes, bytes]]) -> bytes:
        """The top of the trie over (key hash, leaf digest) pairs, at least one."""
        if len(leaves) == 1:
            return leaves[0][1]
        bit, left, right = split(leaves)
        return self.fork_digest(bit, self._trie_top(left), self._trie_top(right))

    def crowd(self, entries: list[Entry]) -> Crowd:
        """The trie of a page, to be kept and changed."""
        return Crowd(self._key, self.entry_digest, self.fork_digest, entries)

    def trie_path(self, entries: list[Entry], wanted: bytes) -> tuple[Entry, list[tuple[int, bytes]]]:
        """The entry at which the bits of `wanted` end, and the forks from the top with the digest not taken."""
        leaves = [(self._key(key), self.entry_digest((key, digest))) for key, digest in entries]
        by_hash = {self._key(key): (key, digest) for key, digest in entries}
        bits, forks = self._key(wanted), []
        while len(leaves) > 1:
            bit, left, right = split(leaves)
            taken, other = (right, left) if bit_at(bits, bit) else (left, right)
            forks.append((bit, self._trie_top(other)))
            leaves = taken
        return by_hash[leaves[0][0]], forks

    def node_digest(self, level: int, children: bytes | bytearray) -> bytes:
        return ZERO_HASH if children == ZERO_CHILDREN else self._tree(LEVELS[level] + children)

    def root_digest(self, top: bytes) -> bytes:
        return self._root(bytes([self.bits]) + top)


def placing_part(full_key: bytes) -> bytes:
    """What of a key decides in which bucket it is."""
    return full_key[: NUMBER_BYTES + PLACING_BYTES] if full_key[2] & MAP_PLACED_BY_TRANSACTION else full_key


def bit_at(digest: bytes, bit: int) -> int:
    return digest[bit >> 3] >> (7 - (bit & 7)) & 1


def split(leaves: list[tuple[bytes, bytes]]) -> tuple[int, list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]:
    """The first bit in which the key hashes of two or more leaves differ, and the leaves with 0 and with 1 there."""
    first, differs = leaves[0][0], 0
    for key_hash, _ in leaves:
        differs |= int.from_bytes(first, "big") ^ int.from_bytes(key_hash, "big")
    bit = KEY_HASH_BITS - differs.bit_length()
    left = [leaf for leaf in leaves if not bit_at(leaf[0], bit)]
    right = [leaf for leaf in leaves if bit_at(leaf[0], bit)]
    return bit, left, right


@dataclass(frozen=True, slots=True)
class StateUpdate:
    """The new root, and each touched bucket's page as it must be stored (None: the bucket is empty now)."""

    root: bytes
    pages: dict[int, bytes | None]


class StateTree:
    """The tree's nodes in memory, one bytearray a level. Pages are the caller's to store."""

    def __init__(self, hasher: StateHasher) -> None:
        self.hasher = hasher
        self._levels = [
            bytearray(HASH_BYTES << (hasher.bits - ARITY_BITS * level)) for level in range(hasher.levels + 1)
        ]
        self._crowds: dict[int, Crowd] = {}

    @classmethod
    def load(cls, hasher: StateHasher, pages: Iterable[tuple[int, bytes]]) -> StateTree:
        """Rebuild from all stored pages."""
        tree = cls(hasher)
        tree._climb({bucket: hasher.page_digest(bucket, read_page(page), page) for bucket, page in pages})
        return tree

    @property
    def root(self) -> bytes:
        return self.hasher.root_digest(bytes(self._levels[-1]))

    def update(
        self, changes: Iterable[tuple[bytes, bytes | None]], stored_page: Callable[[int], bytes | None]
    ) -> StateUpdate:
        """Apply (full key, value digest or None for absent) and return the new root and pages.

        `stored_page(bucket)` reads the page as last stored; it is asked only for buckets that are not empty.
        """
        # What one transaction made lies together, so its place is worked out once.
        together: dict[bytes, list[tuple[bytes, bytes | None]]] = {}
        for change in changes:
            together.setdefault(placing_part(change[0]), []).append(change)
        by_bucket: dict[int, list[tuple[bytes, bytes | None]]] = {}
        bucket_at = self.hasher.bucket_at
        for placing, rows in together.items():
            known = by_bucket.setdefault(bucket_at(placing), rows)
            if known is not rows:
                known += rows
        pages: dict[int, bytes | None] = {}
        digests: dict[int, bytes] = {}
        for bucket, rows in by_bucket.items():
            stored = stored_page(bucket) if self._is_occupied(bucket) else None
            page: dict[bytes, bytes] = {} if stored is None else dict(cbor2.loads(stored))
            for key, digest in rows:
                if digest is None:
                    page.pop(key, None)
                else:
                    page[key] = digest
            entries = sorted(page.items())
            encoded = write_page(entries)
            pages[bucket] = encoded if entries else None
            if len(entries) > PAGE_ENTRIES_MAX:
                top = self._crowd(bucket, entries, rows).top
                digests[bucket] = self.hasher.trie_digest(bucket, len(entries), top)
            else:
                self._crowds.pop(bucket, None)
                digests[bucket] = self.hasher.page_digest(bucket, entries, encoded)
        self._climb(digests)
        return StateUpdate(self.root, pages)

    def prove(self, full_key: bytes, stored_page: Callable[[int], bytes | None]) -> StateProof:
        """The proof that `full_key` has the value it has, or that it has none."""
        bucket = self.hasher.bucket_of(full_key)
        stored = stored_page(bucket) if self._is_occupied(bucket) else None
        entries = [] if stored is None else read_page(stored)
        levels = tuple(self._siblings(bucket, level) for level in range(self.hasher.levels))
        if len(entries) <= PAGE_ENTRIES_MAX:
            return StateProof(tuple(entries), None, (), levels)
        entry, forks = self.hasher.trie_path(entries, full_key)
        return StateProof((entry,), len(entries), tuple(forks), levels)

    def _crowd(self, bucket: int, entries: list[Entry], rows: list[tuple[bytes, bytes | None]]) -> Crowd:
        """The bucket's trie with these entries, `rows` of which are new; the tries used last are kept."""
        crowd = self._crowds.pop(bucket, None)
        if crowd is None:
            crowd = self.hasher.crowd(entries)
        else:
            for key, digest in rows:
                crowd.change(key, digest)
        assert len(crowd) == len(entries), "the trie that was kept has the page's entries"
        self._crowds[bucket] = crowd
        if len(self._crowds) > CROWDS_KEPT:
            del self._crowds[next(iter(self._crowds))]
        return crowd

    def _is_occupied(self, bucket: int) -> bool:
        start = HASH_BYTES * bucket
        return self._levels[0][start : start + HASH_BYTES] != ZERO_HASH

    def _climb(self, digests: dict[int, bytes]) -> None:
        for level in range(self.hasher.levels):
            nodes = self._levels[level]
            for place, digest in digests.items():
                nodes[HASH_BYTES * place : HASH_BYTES * (place + 1)] = digest
            span, node_digest = HASH_BYTES * ARITY, self.hasher.node_digest
            parents = {place >> ARITY_BITS: b"" for place in digests}
            digests = {p: node_digest(level + 1, nodes[span * p : span * (p + 1)]) for p in parents}
        for digest in digests.values():
            self._levels[-1][:] = digest

    def _siblings(self, bucket: int, level: int) -> bytes:
        place, nodes = bucket >> (ARITY_BITS * level), self._levels[level]
        first = HASH_BYTES * (place - place % ARITY)
        here = HASH_BYTES * place
        return bytes(nodes[first:here] + nodes[here + HASH_BYTES : first + HASH_BYTES * ARITY])


def write_page(entries: list[Entry]) -> bytes:
    """The CBOR of a page's entries. In pieces, with heads that the library has encoded once: it spends a microsecond on
    each array, and pages are written more often than anything else."""
    count = len(entries)
    parts = [PAGE_HEADS[count] if count <= PAGE_ENTRIES_MAX else encode((None,) * count)[:-count]]
    for key, digest in entries:
        parts += (ENTRY_HEADS[len(key)], key, DIGEST_HEAD, digest)
    return b"".join(parts)


def read_page(stored: bytes) -> list[Entry]:
    """A page that this node has stored itself."""
    return [(key, digest) for key, digest in cbor2.loads(stored)]


PROOF_SHAPE: Final = row(
    ("version", exactly(1)),
    ("entries", array(row(("key", blob_up_to(KEY_BYTES_MAX)), ("digest", blob(HASH_BYTES))), PAGE_ENTRIES_MAX)),
    ("crowd", integer(0, 2**32 - 1)),
    ("forks", array(row(("bit", integer(0, KEY_HASH_BITS - 1)), ("other", blob(HASH_BYTES))), KEY_HASH_BITS)),
    ("levels", array(blob(HASH_BYTES * (ARITY - 1)), BUCKET_BITS[-1] // ARITY_BITS, 1)),
)


@dataclass(frozen=True, slots=True)
class StateProof:
    """What leads from a key to a state root.

    Shapes: `entries` is the whole page ascending by key, or in a crowded page (`crowd` = its number of entries, above
    32) the single entry at which the key's bits end; `forks` are (bit, digest not taken) from the top of the trie;
    `levels` holds 15 sibling digests per level of the tree, from the buckets upward.
    """

    entries: tuple[Entry, ...]
    crowd: int | None
    forks: tuple[tuple[int, bytes], ...]
    levels: tuple[bytes, ...]

    def to_value(self) -> tuple[Any, ...]:
        return (1, self.entries, self.crowd or 0, self.forks, self.levels)

    @classmethod
    def from_value(cls, value: Any, where: str = "state proof") -> StateProof:
        """Raises `Refused` BYT-003."""
        PROOF_SHAPE(value, where)
        _, entries, crowd, forks, levels = value
        if crowd and (len(entries) != 1 or crowd <= PAGE_ENTRIES_MAX):
            raise refuse(
                "BYT-003", where=where, expected="one entry of a crowded page", found=f"{len(entries)}, {crowd}"
            )
        if not crowd and forks:
            raise refuse("BYT-003", where=where, expected="no forks in a page", found=len(forks))
        return cls(entries, crowd or None, forks, levels)

    def root(self, hasher: StateHasher, full_key: bytes) -> bytes:
        """The state root that this proof leads to from the one bucket of `full_key`; raises `BadProof`."""
        if len(self.levels) != hasher.levels:
            raise BadProof(f"{len(self.levels)} levels, {hasher.levels} expected")
        bucket = hasher.bucket_of(full_key)
        node = self._page_digest(hasher, full_key, bucket)
        for level, siblings in enumerate(self.levels):
            place = bucket >> (ARITY_BITS * level)
            here = HASH_BYTES * (place % ARITY)
            node = hasher.node_digest(level + 1, siblings[:here] + node + siblings[here:])
        return hasher.root_digest(node)

    def _page_digest(self, hasher: StateHasher, full_key: bytes, bucket: int) -> bytes:
        if self.crowd is None:
            keys = [key for key, _ in self.entries]
            if any(low >= high for low, high in pairwise(keys)):
                raise BadProof("the page's keys do not ascend")
            return hasher.page_digest(bucket, list(self.entries), encode(self.entries))
        bits, found = hasher.key_bits(full_key), hasher.key_bits(self.entries[0][0])
        node = hasher.entry_digest(self.entries[0])
        below = KEY_HASH_BITS
        for bit, other in reversed(self.forks):
            if bit >= below or bit_at(bits, bit) != bit_at(found, bit):
                raise BadProof(f"fork at bit {bit} does not lead from the key to the entry")
            node = hasher.fork_digest(bit, other, node) if bit_at(bits, bit) else hasher.fork_digest(bit, node, other)
            below = bit
        return hasher.trie_digest(bucket, self.crowd, node)

    def digest_of(self, full_key: bytes) -> bytes | None:
        """The value digest given for `full_key`, None for absent. Only after `root` has been compared."""
        for key, digest in self.entries:
            if key == full_key:
                return digest
        return None


def verify_state(
    hasher: StateHasher, state_root: bytes, full_key: bytes, value: bytes | None, proof: StateProof
) -> None:
    """Return when the state under `state_root` holds `value` at `full_key` (None: holds nothing); raises `BadProof`."""
    if proof.root(hasher, full_key) != state_root:
        raise BadProof(f"the proof of {full_key.hex()} leads to another state root")
    digest = proof.digest_of(full_key)
    if digest != (None if value is None else hasher.value(value)):
        raise BadProof(f"the state holds {'nothing' if digest is None else 'another value'} at {full_key.hex()}")
