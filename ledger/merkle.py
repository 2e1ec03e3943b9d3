"""The flat 16-ary Merkle tree over a block's transactions, receipts and misbehaviour records.

Level 0 hashes up to 16 leaves at once, every upper level up to 16 digests of the level below:
node = H("merkle", kind u8 ‖ level u8 ‖ count of all leaves u32 ‖ children). Nothing is padded or doubled (a doubled
last leaf is how two lists came to share one root, CVE-2012-2459): kind, level and count make every node's place part of
its hash. All leaves of a kind have one size. No leaves: 32 zero bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final

from ledger.codec import array, blob_up_to, integer, row
from ledger.crypto import HASH_BYTES, ZERO_HASH, Hasher, Suite
from ledger.errors import BadProof

ARITY: Final = 16
LEAVES_MAX: Final = 2**32 - 1

Path = tuple[int, int, tuple[tuple[bytes, ...], ...]]
"""(index, count, siblings of level 0, of level 1, …): at each level the other children of the node on the way up."""

PATH_SHAPE: Final = row(
    ("index", integer(0, LEAVES_MAX)),
    ("count", integer(1, LEAVES_MAX)),
    ("levels", array(array(blob_up_to(64), ARITY - 1), 8)),
)


class Kind(IntEnum):
    """What the leaves are; part of every node's hash."""

    TRANSACTIONS = 0
    RECEIPTS = 1
    MISBEHAVIOUR = 2


LEAF_BYTES: Final = {Kind.TRANSACTIONS: 64, Kind.RECEIPTS: HASH_BYTES, Kind.MISBEHAVIOUR: HASH_BYTES}


class MerkleTree:
    """Roots and paths of one suite; holds nothing but the hash function."""

    def __init__(self, suite: Suite) -> None:
        self._hash: Hasher = suite.hasher("merkle")

    def _level_up(self, kind: Kind, level: int, count: int, children: Sequence[bytes]) -> list[bytes]:
        prefix, digest = bytes([kind, level]) + count.to_bytes(4, "big"), self._hash
        return [digest(prefix + b"".join(children[i : i + ARITY])) for i in range(0, len(children), ARITY)]

    def root(self, kind: Kind, leaves: Sequence[bytes]) -> bytes:
        """The root over `leaves`, each of the kind's size."""
        assert all(len(leaf) == LEAF_BYTES[kind] for leaf in leaves), "leaves of one kind have one size"
        if not leaves:
            return ZERO_HASH
        level, nodes = 0, self._level_up(kind, 0, len(leaves), leaves)
        while len(nodes) > 1:
            level += 1
            nodes = self._level_up(kind, level, len(leaves), nodes)
        return nodes[0]

    def path(self, kind: Kind, leaves: Sequence[bytes], index: int) -> Path:
        """The siblings that lead from leaf `index` to the root."""
        assert 0 <= index < len(leaves), "a path starts at a leaf"
        levels: list[tuple[bytes, ...]] = []
        nodes, place, level = list(leaves), index, 0
        while True:
            first = place - place % ARITY
            levels.append(tuple(nodes[first:place]) + tuple(nodes[place + 1 : first + ARITY]))
            nodes, place = self._level_up(kind, level, len(leaves), nodes), place // ARITY
            level += 1
            if len(nodes) == 1:
                return index, len(leaves), tuple(levels)

    def root_of_path(self, kind: Kind, leaf: bytes, path: Path) -> bytes:
        """The root that `leaf` and `path` lead to; raises `BadProof` when the path's shape cannot be that of a tree."""
        index, count, levels = path
        if not 0 <= index < count <= LEAVES_MAX:
            raise BadProof(f"leaf {index} of {count}")
        node, place, width, size = leaf, index, count, LEAF_BYTES[kind]
        for level, siblings in enumerate(levels):
            first = place - place % ARITY
            expected = min(ARITY, width - first) - 1
            if len(siblings) != expected or any(len(sibling) != size for sibling in siblings) or len(node) != size:
                raise BadProof(f"level {level} has {len(siblings)} siblings, {expected} of {size} bytes expected")
            children = [*siblings[: place - first], node, *siblings[place - first :]]
            [node] = self._level_up(kind, level, count, children)
            place, width, size = place // ARITY, -(-width // ARITY), HASH_BYTES
            if width == 1 and level != len(levels) - 1:
                raise BadProof(f"the path goes on above the root at level {level}")
        if width != 1 or not levels:
            raise BadProof(f"the path ends below the root, {width} nodes wide")
        return node


def check_path(value: Any) -> Path:
    """A decoded value as a `Path`; raises `Refused` BYT-003."""
    PATH_SHAPE(value, "path")
    path: Path = value
    return path
