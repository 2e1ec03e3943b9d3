"""The trie of one crowded page, kept between blocks so that a changed entry costs its own path and no more.

Its shape is the one that `ledger.state` defines: a fork stands at the first bit in which the key hashes below it
differ, so equal entries make equal tries whatever happened before, and the digest at the top is the same as when all of
it is computed anew. Digests are computed when they are asked for, those above a changed leaf only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ledger.crypto import HASH_BYTES, Hasher


class Leaf:
    __slots__ = ("bits", "digest")

    def __init__(self, bits: int, digest: bytes) -> None:
        self.bits = bits
        self.digest = digest


class Fork:
    """`shift` counts from the least significant bit of a key hash: the higher, the nearer to the top."""

    __slots__ = ("digest", "high", "low", "shift")

    def __init__(self, shift: int, low: Node, high: Node) -> None:
        self.shift = shift
        self.low = low
        self.high = high
        self.digest: bytes | None = None


Node = Leaf | Fork


class Crowd:
    """All entries of one page. `entry_digest` and `fork_digest` are the state hasher's, `key_hash` is H("key", …)."""

    __slots__ = ("_count", "_entry_digest", "_fork_digest", "_key_hash", "_top")

    def __init__(
        self,
        key_hash: Hasher,
        entry_digest: Callable[[tuple[bytes, bytes]], bytes],
        fork_digest: Callable[[int, bytes, bytes], bytes],
        entries: Iterable[tuple[bytes, bytes]],
    ) -> None:
        self._key_hash = key_hash
        self._entry_digest = entry_digest
        self._fork_digest = fork_digest
        self._top: Node | None = None
        self._count = 0
        for key, digest in entries:
            self.put(key, digest)

    def __len__(self) -> int:
        return self._count

    def put(self, key: bytes, digest: bytes) -> None:
        """Add the entry, or give it another value."""
        bits, leaf_digest = self._bits(key), self._entry_digest((key, digest))
        if self._top is None:
            self._top, self._count = Leaf(bits, leaf_digest), 1
            return
        found = self._descend(bits)
        if found.bits == bits:
            self._spoil(bits, -1)
            found.digest = leaf_digest
            return
        shift = (found.bits ^ bits).bit_length() - 1
        parent, below = self._spoil(bits, shift)
        leaf = Leaf(bits, leaf_digest)
        self._set(parent, bits, Fork(shift, below, leaf) if bits >> shift & 1 else Fork(shift, leaf, below))
        self._count += 1

    def change(self, key: bytes, digest: bytes | None) -> None:
        """Add the entry, give it another value, or with None take it out if it is there."""
        if digest is not None:
            self.put(key, digest)
        elif self._top is not None:
            bits = self._bits(key)
            if self._descend(bits).bits == bits:
                self._remove(bits)

    def _remove(self, bits: int) -> None:
        grand: Fork | None = None
        parent: Fork | None = None
        node = self._top
        while isinstance(node, Fork):
            node.digest = None
            grand, parent = parent, node
            node = node.high if bits >> node.shift & 1 else node.low
        self._count -= 1
        if parent is None:
            self._top = None
        else:
            self._set(grand, bits, parent.low if bits >> parent.shift & 1 else parent.high)

    @property
    def top(self) -> bytes:
        """The digest of the whole trie, at least one entry."""
        assert self._top is not None, "an empty page has no trie"
        return self._digest(self._top)

    def _digest(self, node: Node) -> bytes:
        if isinstance(node, Leaf):
            return node.digest
        if node.digest is None:
            bit = 8 * HASH_BYTES - 1 - node.shift
            node.digest = self._fork_digest(bit, self._digest(node.low), self._digest(node.high))
        return node.digest

    def _bits(self, key: bytes) -> int:
        return int.from_bytes(self._key_hash(key), "big")

    def _descend(self, bits: int) -> Leaf:
        node = self._top
        while isinstance(node, Fork):
            node = node.high if bits >> node.shift & 1 else node.low
        assert node is not None
        return node

    def _spoil(self, bits: int, shift: int) -> tuple[Fork | None, Node]:
        """Forget the digests on the way of `bits` above `shift`: (the last fork on it, what stands below)."""
        parent: Fork | None = None
        node = self._top
        while isinstance(node, Fork) and node.shift > shift:
            node.digest = None
            parent = node
            node = node.high if bits >> node.shift & 1 else node.low
        assert node is not None
        return parent, node

    def _set(self, parent: Fork | None, bits: int, node: Node) -> None:
        if parent is None:
            self._top = node
        elif bits >> parent.shift & 1:
            parent.high = node
        else:
            parent.low = node
