"""The 16-ary tree against a naive one written from the layout, and every way to bend a path."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.codec import decode, encode
from ledger.crypto import INTERNATIONAL
from ledger.errors import BadProof, Refused
from ledger.merkle import LEAF_BYTES, Kind, MerkleTree, Path, check_path
from ledger.national import suite_named

TREE = MerkleTree(INTERNATIONAL)
LEAVES = st.lists(st.binary(min_size=32, max_size=32), max_size=40)
COUNTS = (1, 2, 15, 16, 17, 31, 32, 33, 255, 256, 257, 272, 273, 300)


def leaf(i: int, kind: Kind) -> bytes:
    return hashlib.sha512(b"leaf %d" % i).digest()[: LEAF_BYTES[kind]]


def leaves_of(count: int, kind: Kind = Kind.RECEIPTS) -> list[bytes]:
    return [leaf(i, kind) for i in range(count)]


def naive_root(kind: int, leaves: list[bytes], algorithm: str = "sha256") -> bytes:
    """Bottom up from the text of the layout, recursively, one node at a time."""
    if not leaves:
        return bytes(32)

    def node(level: int, index: int) -> bytes:
        below = -(-len(leaves) // 16**level)
        places = range(index * 16, min(index * 16 + 16, below))
        children = [leaves[i] if level == 0 else node(level - 1, i) for i in places]
        data = bytes([kind, level]) + len(leaves).to_bytes(4, "big") + b"".join(children)
        return hashlib.new(algorithm, b"\x0flugang/1/merkle" + data).digest()

    top = 0
    while 16 ** (top + 1) < len(leaves):
        top += 1
    return node(top, 0)


@pytest.mark.parametrize("kind", Kind)
def test_roots_of_0_to_300_leaves(kind):
    for count in range(301):
        leaves = leaves_of(count, kind)
        assert TREE.root(kind, leaves) == naive_root(kind, leaves), count


def test_a_root_of_four_levels():
    leaves = leaves_of(4097)
    root = TREE.root(Kind.RECEIPTS, leaves)
    assert root == naive_root(1, leaves)
    for index in (0, 15, 16, 4095, 4096):
        path = TREE.path(Kind.RECEIPTS, leaves, index)
        assert len(path[2]) == 4
        assert TREE.root_of_path(Kind.RECEIPTS, leaves[index], path) == root


def test_the_national_suite_hashes_with_its_own_function():
    leaves = leaves_of(40)
    assert MerkleTree(suite_named("gm")).root(Kind.RECEIPTS, leaves) == naive_root(1, leaves, "sm3")


@pytest.mark.parametrize("count", range(1, 301, 13))
@pytest.mark.parametrize("kind", [Kind.TRANSACTIONS, Kind.RECEIPTS])
def test_every_path_leads_to_the_root(kind, count):
    leaves = leaves_of(count, kind)
    root = TREE.root(kind, leaves)
    for index in range(count):
        path = TREE.path(kind, leaves, index)
        assert check_path(decode(encode(path), bytes_max=1 << 16)) == path
        assert TREE.root_of_path(kind, leaves[index], path) == root


def leads_to(root: bytes, leaf_bytes: bytes, path: Path, kind: Kind = Kind.RECEIPTS) -> bool:
    try:
        return TREE.root_of_path(kind, leaf_bytes, path) == root
    except BadProof:
        return False


def bent(path: Path) -> list[Path]:
    """Every path that differs in one field: index, count, one sibling, one level."""
    index, count, levels = path
    others: list[Path] = [(i, count, levels) for i in range(-1, count + 17) if i != index]
    others += [(index, c, levels) for c in range(count + 20) if c != count]
    others += [(index, c, levels) for c in (16 * count, count + 256, 2**32 - 1, 2**32, 2**63 - 1)]
    others += [(index, count, levels[:i] + levels[i + 1 :]) for i in range(len(levels))]
    others += [(index, count, (*levels[:i], (), *levels[i:])) for i in range(len(levels) + 1)]
    others += [(index, count, (*levels[:i], levels[i], *levels[i:])) for i in range(len(levels))]
    for i, level in enumerate(levels):
        changed: list[tuple[bytes, ...]] = [(*level, bytes(32)), (bytes(32), *level), level[:-1], level[1:]]
        changed.append(level[::-1])
        for j, sibling in enumerate(level):
            instead = (bytes(32), sibling[:-1], sibling + b"\0", b"")
            changed += [(*level[:j], other, *level[j + 1 :]) for other in instead]
        others += [(index, count, (*levels[:i], each, *levels[i + 1 :])) for each in changed if each != level]
    return others


@pytest.mark.parametrize("count", COUNTS)
def test_no_bent_path_leads_to_the_root(count):
    leaves = leaves_of(count)
    root = TREE.root(Kind.RECEIPTS, leaves)
    for index in {0, count // 2, count - 1}:
        path = TREE.path(Kind.RECEIPTS, leaves, index)
        for other in bent(path):
            assert not leads_to(root, leaves[index], other), other[:2]
        for other_leaf in (leaf(count, Kind.RECEIPTS), bytes(32), leaves[index][:-1], leaves[index] + b"\0", b""):
            assert not leads_to(root, other_leaf, path)


@pytest.mark.parametrize("count", [1, 17, 256, 257, 300])
def test_a_path_that_ends_below_the_root_or_goes_on_above_it_is_no_path(count):
    leaves = leaves_of(count)
    index, _, levels = TREE.path(Kind.RECEIPTS, leaves, count - 1)
    for wrong in (levels[:-1], (*levels, ()), (*levels, (bytes(32),))):
        with pytest.raises(BadProof):
            TREE.root_of_path(Kind.RECEIPTS, leaves[-1], (index, count, wrong))


def test_a_kinds_leaves_prove_nothing_of_another_kind():
    leaves = leaves_of(20)
    roots = {TREE.root(kind, leaves) for kind in (Kind.RECEIPTS, Kind.MISBEHAVIOUR)}
    assert len(roots) == 2
    root, path = TREE.root(Kind.RECEIPTS, leaves), TREE.path(Kind.RECEIPTS, leaves, 3)
    assert not leads_to(root, leaves[3], path, Kind.MISBEHAVIOUR)
    assert not leads_to(root, leaves[3], path, Kind.TRANSACTIONS)


def test_an_inner_node_is_no_leaf():
    """The digests of level 0 as leaves of a smaller tree: level and count make another root of them."""
    leaves = leaves_of(256)
    root = TREE.root(Kind.RECEIPTS, leaves)
    inner = [
        hashlib.sha256(b"\x0flugang/1/merkle\x01\x00\x00\x00\x01\x00" + b"".join(leaves[i : i + 16])).digest()
        for i in range(0, 256, 16)
    ]
    assert TREE.root(Kind.RECEIPTS, inner) != root
    path = TREE.path(Kind.RECEIPTS, leaves, 0)
    assert path[2][1] == tuple(inner[1:])
    assert not leads_to(root, inner[0], (0, 16, (path[2][1],)))
    assert not leads_to(root, inner[0], (0, 256, (path[2][1],)))


def test_a_doubled_last_leaf_is_another_list():
    """CVE-2012-2459: where an odd leaf is doubled, [a, b, c] and [a, b, c, c] share a root."""
    for count in (1, 3, 15, 17, 31, 33):
        leaves = leaves_of(count)
        assert TREE.root(Kind.RECEIPTS, leaves) != TREE.root(Kind.RECEIPTS, [*leaves, leaves[-1]])


@settings(max_examples=50)
@given(LEAVES, LEAVES)
def test_different_lists_have_different_roots(one, other):
    if one != other:
        assert TREE.root(Kind.RECEIPTS, one) != TREE.root(Kind.RECEIPTS, other)


def test_leaves_of_a_wrong_size_are_our_own_mistake():
    with pytest.raises(AssertionError):
        TREE.root(Kind.RECEIPTS, [bytes(64)])
    with pytest.raises(AssertionError):
        TREE.path(Kind.RECEIPTS, leaves_of(3), 3)


@pytest.mark.parametrize(
    "value",
    [
        (), (0, 1), (0, 0, ()), (-1, 1, ()), (0, 2**32, ()), (0, 1, ((bytes(65),),)), (0, 1, ((bytes(32),) * 16,)),
        (0, 1, ((),) * 9), (0, 1, (bytes(32),)), (0, 1, None), ("0", 1, ()), (True, 1, ()), [0, 1, ()],
    ],
)  # fmt: skip
def test_a_value_that_is_no_path_is_refused(value):
    with pytest.raises(Refused, match="BYT-003"):
        check_path(value)
