"""The mountain range against a naive one that is computed anew from all leaves, and every way to bend a path."""

import hashlib

import pytest

from ledger.codec import decode, encode
from ledger.crypto import INTERNATIONAL
from ledger.errors import BadProof, Refused
from ledger.history import History, HistoryPath, HistoryRange, node_number

RANGE = HistoryRange(INTERNATIONAL)
COUNT = 130


def tagged(tag: bytes, data: bytes) -> bytes:
    full = b"lugang/1/mmr/" + tag
    return hashlib.sha256(bytes([len(full)]) + full + data).digest()


def parts(height: int) -> tuple[bytes, bytes, bytes]:
    block, state, receipts = (hashlib.sha256(b"%d %d" % (height, i)).digest() for i in range(3))
    return block, state, receipts


def naive_leaf(height: int) -> bytes:
    return tagged(b"leaf", height.to_bytes(8, "big") + b"".join(parts(height)))


def naive_tree(leaves: list[bytes]) -> bytes:
    """A full binary tree over a power of two of leaves."""
    if len(leaves) == 1:
        return leaves[0]
    half = len(leaves) // 2
    return tagged(b"node", naive_tree(leaves[:half]) + naive_tree(leaves[half:]))


def naive_peaks(leaves: list[bytes]) -> list[bytes]:
    """The largest power of two first, then the rest."""
    if not leaves:
        return []
    size = 1
    while size * 2 <= len(leaves):
        size *= 2
    return [naive_tree(leaves[:size]), *naive_peaks(leaves[size:])]


def naive_root(leaves: list[bytes]) -> bytes:
    return tagged(b"root", len(leaves).to_bytes(8, "big") + b"".join(naive_peaks(leaves)))


def grown(count: int) -> tuple[list[History], list[bytes]]:
    """The ranges over 0, 1, … `count` leaves and all nodes in the order of making."""
    ranges, nodes = [History()], []
    for height in range(count):
        history, made = RANGE.append(ranges[-1], RANGE.leaf(height, *parts(height)))
        ranges.append(history)
        nodes += made
    return ranges, nodes


RANGES, NODES = grown(COUNT)
LEAVES = [naive_leaf(height) for height in range(COUNT)]


def test_every_range_has_the_root_that_its_leaves_have():
    for count, history in enumerate(RANGES):
        assert history.leaves == count
        assert list(history.peaks) == naive_peaks(LEAVES[:count])
        assert RANGE.root(history) == naive_root(LEAVES[:count])
    assert len({RANGE.root(history) for history in RANGES}) == COUNT + 1


def test_nodes_are_numbered_in_the_order_in_which_they_are_made():
    assert len(set(NODES)) == len(NODES)
    for level in range(8):
        for first in range(0, COUNT - (1 << level) + 1, 1 << level):
            assert NODES[node_number(first, level)] == naive_tree(LEAVES[first : first + (1 << level)])


def test_every_height_of_every_range_has_a_path_to_its_root():
    for count in [*range(1, 36), 63, 64, 65, 127, 128, 129, 130]:
        root = naive_root(LEAVES[:count])
        for height in range(count):
            path = RANGE.path(RANGES[count], height, NODES.__getitem__)
            assert HistoryPath.from_value(decode(encode(path.to_value()), bytes_max=1 << 13)) == path
            assert RANGE.root_of_path(height, LEAVES[height], path) == root


def leads_to(root: bytes, height: int, leaf: bytes, path: HistoryPath) -> bool:
    try:
        return RANGE.root_of_path(height, leaf, path) == root
    except BadProof:
        return False


def bent(path: HistoryPath) -> list[HistoryPath]:
    others = [HistoryPath(n, path.siblings, path.peaks) for n in range(-1, 2 * path.leaves + 3) if n != path.leaves]
    others += [HistoryPath(n, path.siblings, path.peaks) for n in (2**62, 2**63 - 1)]
    for name in ("siblings", "peaks"):
        row = getattr(path, name)
        changed = [(*row, bytes(32)), (bytes(32), *row), row[:-1], row[1:], row[::-1], (*row, *row), ()]
        changed += [(*row[:i], bytes(32), *row[i + 1 :]) for i in range(len(row))]
        for each in changed:
            if each != row:
                siblings, peaks = (each, path.peaks) if name == "siblings" else (path.siblings, each)
                others.append(HistoryPath(path.leaves, siblings, peaks))
    return others


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 11, 64, 100])
def test_no_bent_path_leads_to_the_root(count):
    root = naive_root(LEAVES[:count])
    for height in {0, count // 2, count - 1}:
        path = RANGE.path(RANGES[count], height, NODES.__getitem__)
        for other in bent(path):
            assert not leads_to(root, height, LEAVES[height], other)
        for other_height in (-1, height - 1, height + 1, height ^ 1, count, 2**63):
            assert other_height == height or not leads_to(root, other_height, LEAVES[height], path)
        assert not leads_to(root, height, LEAVES[height - 1] if count > 1 else bytes(32), path)


def test_an_inner_node_is_no_leaf():
    """The node over leaves 0 and 1, presented as the leaf of a shorter path."""
    path = RANGE.path(RANGES[4], 0, NODES.__getitem__)
    shorter = HistoryPath(4, path.siblings[1:], path.peaks)
    assert not leads_to(naive_root(LEAVES[:4]), 0, naive_tree(LEAVES[:2]), shorter)
    fewer = HistoryPath(2, path.siblings[1:], path.peaks)
    assert not leads_to(naive_root(LEAVES[:4]), 0, naive_tree(LEAVES[:2]), fewer)


def test_each_part_of_a_leaf_counts():
    block, state, receipts = parts(5)
    leaves = {
        RANGE.leaf(*fields)
        for fields in [
            (5, block, state, receipts), (6, block, state, receipts), (5, state, block, receipts),
            (5, block, receipts, state), (5, receipts, state, block),
        ]
    }  # fmt: skip
    assert len(leaves) == 5


def test_a_path_starts_inside_the_range():
    for height in (-1, 3):
        with pytest.raises(AssertionError):
            RANGE.path(RANGES[3], height, NODES.__getitem__)


@pytest.mark.parametrize(
    "value",
    [
        (), (0, (), (bytes(32),)), (1, (), ()), (1, (bytes(31),), (bytes(32),)), (1, (bytes(32),) * 64, (bytes(32),)),
        (1, (), (bytes(32),) * 64), (1, None, (bytes(32),)), (2**63, (), (bytes(32),)), (True, (), (bytes(32),)),
    ],
)  # fmt: skip
def test_a_value_that_is_no_path_is_refused(value):
    with pytest.raises(Refused, match="BYT-003"):
        HistoryPath.from_value(value)
