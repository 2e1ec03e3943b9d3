"""The state commitment against a second, naive computation from its description, and its proofs under attack."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from random import Random

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.crypto import INTERNATIONAL
from ledger.errors import BadProof, Refused
from ledger.state import StateHasher, StateProof, StateTree, verify_state

BITS = 4
HASHER = StateHasher(INTERNATIONAL, BITS)


def naive_hash(tag: str, data: bytes) -> bytes:
    full = b"lugang/1/" + tag.encode()
    return hashlib.sha256(bytes([len(full)]) + full + data).digest()


def naive_bucket(key: bytes, bits: int) -> int:
    placed = key[:35] if key[2] & 0x80 else key
    return int.from_bytes(naive_hash("place", placed), "big") >> (256 - bits)


def naive_trie(leaves: list[tuple[int, bytes]], bit: int = 0) -> bytes:
    """Leaves are (hash of the key as a number, entry digest); bit 0 is the highest."""
    if len(leaves) == 1:
        return leaves[0][1]
    left = [leaf for leaf in leaves if not leaf[0] >> (255 - bit) & 1]
    right = [leaf for leaf in leaves if leaf[0] >> (255 - bit) & 1]
    if not left or not right:
        return naive_trie(leaves, bit + 1)
    return naive_hash("fork", bit.to_bytes(2, "big") + naive_trie(left, bit + 1) + naive_trie(right, bit + 1))


def naive_page(bucket: int, entries: list[tuple[bytes, bytes]], bits: int) -> bytes:
    head = bytes([bits]) + bucket.to_bytes(4, "big")
    if not entries:
        return bytes(32)
    if len(entries) <= 32:
        return naive_hash("page", head + cbor2.dumps([list(entry) for entry in entries]))
    leaves = [
        (int.from_bytes(naive_hash("key", key), "big"), naive_hash("entry", cbor2.dumps([key, digest])))
        for key, digest in entries
    ]
    return naive_hash("trie", head + len(entries).to_bytes(4, "big") + naive_trie(leaves))


def naive_root(contents: dict[bytes, bytes], bits: int = BITS) -> bytes:
    buckets: list[list[tuple[bytes, bytes]]] = [[] for _ in range(1 << bits)]
    for key in sorted(contents):
        buckets[naive_bucket(key, bits)].append((key, naive_hash("value", contents[key])))
    nodes = [naive_page(bucket, entries, bits) for bucket, entries in enumerate(buckets)]
    level = 0
    while len(nodes) > 1:
        level += 1
        groups = [b"".join(nodes[i : i + 16]) for i in range(0, len(nodes), 16)]
        nodes = [naive_hash("tree", bytes([level]) + g) if any(g) else bytes(32) for g in groups]
    return naive_hash("root", bytes([bits]) + nodes[0])


def keep(held, changes):
    for key, value in changes.items():
        if value is None:
            held.pop(key, None)
        else:
            held[key] = value


class Ledger:
    """A tree with its pages in a dictionary and the contents beside it."""

    def __init__(self, bits: int = BITS) -> None:
        self.hasher = StateHasher(INTERNATIONAL, bits)
        self.tree = StateTree(self.hasher)
        self.pages: dict[int, bytes] = {}
        self.contents: dict[bytes, bytes] = {}

    def write(self, changes: Mapping[bytes, bytes | None]) -> bytes:
        digests = {key: None if value is None else self.hasher.value(value) for key, value in changes.items()}
        update = self.tree.update(digests.items(), self.pages.get)
        keep(self.pages, update.pages)
        keep(self.contents, changes)
        return update.root


def key_of(number: int, map_number: int = 0) -> bytes:
    return bytes([0, 1, map_number]) + number.to_bytes(34, "big")


keys = st.builds(key_of, st.integers(0, 400), st.sampled_from([0, 1, 0x80]))
histories = st.lists(st.dictionaries(keys, st.none() | st.binary(max_size=8), max_size=60), max_size=6)


@given(histories)
@settings(max_examples=60)
def test_root_is_the_naive_one_after_any_history(history):
    ledger = Ledger()
    assert ledger.tree.root == naive_root({})
    for changes in history:
        assert ledger.write(changes) == naive_root(ledger.contents)


crowding = st.builds(key_of, st.integers(0, 70), st.sampled_from([0x80, 0x81]))
crowded_histories = st.lists(st.dictionaries(crowding, st.none() | st.binary(max_size=2), max_size=90), max_size=8)


@given(crowded_histories, st.sampled_from([1, 256]))
@settings(max_examples=60)
def test_a_crowded_page_s_root_is_the_naive_one_however_it_came_about(history, kept):
    """All keys share two pages, which grow past the limit and shrink again; one or both tries are kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.state.CROWDS_KEPT", kept)
        ledger = Ledger()
        for changes in [{key_of(i, 0x80): b"" for i in range(30)}, *history]:
            assert ledger.write(changes) == naive_root(ledger.contents)


repeated = st.lists(st.tuples(crowding, st.none() | st.binary(max_size=2)), max_size=120)


@given(st.lists(repeated, max_size=5), st.booleans())
@settings(max_examples=60)
def test_a_key_may_change_more_than_once_in_an_update_and_the_last_value_counts(history, restarts):
    """Written and removed, removed and written again; also where the node starts anew between two blocks."""
    ledger = Ledger()
    ledger.write({key_of(i, map_number): b"" for i in range(31) for map_number in (0x80, 0x81)})
    for changes in history:
        digests = [(key, None if value is None else ledger.hasher.value(value)) for key, value in changes]
        update = ledger.tree.update(digests, ledger.pages.get)
        keep(ledger.pages, update.pages)
        keep(ledger.contents, dict(changes))
        assert update.root == naive_root(ledger.contents)
        if restarts:
            ledger.tree = StateTree.load(ledger.hasher, ledger.pages.items())
            assert ledger.tree.root == update.root


def test_crowded_pages_are_tries_and_roots_forget_the_order():
    # 900 keys in 16 buckets: about 56 a page, so every page is a trie.
    contents = {key_of(i): bytes([i % 256]) for i in range(900)}
    one, other = Ledger(), Ledger()
    root = one.write(contents)
    assert root == naive_root(contents)
    order = list(contents)
    Random(3).shuffle(order)
    other.write({key_of(i): b"gone" for i in range(880, 980)})
    for i in range(0, len(order), 50):
        other.write({key: contents[key] for key in order[i : i + 50]})
    assert other.write({key_of(i): None for i in range(900, 980)}) == root
    assert StateTree.load(one.hasher, one.pages.items()).root == root


@pytest.mark.parametrize(("bits", "count"), [(4, 0), (4, 40), (4, 900), (8, 300), (16, 300)])
def test_presence_and_absence_are_proved(bits, count):
    ledger = Ledger(bits)
    root = ledger.write({key_of(i): b"v%d" % i for i in range(count)})
    for i in range(count + 50):
        key, value = key_of(i), ledger.contents.get(key_of(i))
        proof = StateProof.from_value(ledger.tree.prove(key, ledger.pages.get).to_value())
        verify_state(ledger.hasher, root, key, value, proof)
        with pytest.raises(BadProof):
            verify_state(ledger.hasher, root, key, b"another" if value is None else None, proof)
        with pytest.raises(BadProof):
            verify_state(ledger.hasher, root, key, b"forged", proof)


def test_a_proof_serves_its_own_key_alone():
    ledger = Ledger()
    root = ledger.write({key_of(i): b"x" for i in range(900)})
    absent = key_of(5_000)
    for i in range(60):
        proof = ledger.tree.prove(key_of(i), ledger.pages.get)
        if ledger.hasher.bucket_of(absent) == ledger.hasher.bucket_of(key_of(i)):
            own = ledger.tree.prove(absent, ledger.pages.get)
            if own.entries == proof.entries:
                continue
        with pytest.raises(BadProof):
            verify_state(ledger.hasher, root, absent, None, proof)


def mutations(value):
    """The value with one leaf changed, every place in turn."""
    if isinstance(value, tuple):
        for i, item in enumerate(value):
            for changed in mutations(item):
                yield (*value[:i], changed, *value[i + 1 :])
            yield value[:i] + value[i + 1 :]
    elif isinstance(value, bytes) and value:
        yield bytes([value[0] ^ 1]) + value[1:]
        yield value[:-1]
    elif isinstance(value, int):
        yield value + 1


@pytest.mark.parametrize("count", [3, 900])
def test_no_change_of_a_proof_proves(count):
    ledger = Ledger()
    root = ledger.write({key_of(i): b"x" for i in range(count)})
    key = key_of(1)
    genuine = ledger.tree.prove(key, ledger.pages.get).to_value()
    tried = 0
    for changed in mutations(genuine):
        tried += 1
        with pytest.raises((BadProof, Refused)):
            verify_state(ledger.hasher, root, key, b"x", StateProof.from_value(changed))
    assert tried > 8


def test_siblings_of_a_transaction_share_a_page():
    transaction = bytes(range(32))
    placed = {bytes([0, 7, 0x81]) + transaction + n.to_bytes(2, "big") for n in range(20)}
    spread = {bytes([0, 7, 0x01]) + transaction + n.to_bytes(2, "big") for n in range(20)}
    assert len({HASHER.bucket_of(key) for key in placed}) == 1
    assert len({HASHER.bucket_of(key) for key in spread}) > 1


def test_proofs_stay_short_in_a_page_crowded_on_purpose():
    hasher = StateHasher(INTERNATIONAL, 4)
    bucket = hasher.bucket_of(key_of(0))
    ground = [key for key in map(key_of, range(40_000)) if hasher.bucket_of(key) == bucket][:2_000]
    ledger = Ledger(4)
    root = ledger.write(dict.fromkeys(ground, b"x"))
    proof = ledger.tree.prove(ground[700], ledger.pages.get)
    verify_state(ledger.hasher, root, ground[700], b"x", proof)
    # 2,000 keys stand at a depth of about 11; 40 would be one in a billion.
    assert len(proof.forks) < 40
    assert len(cbor2.dumps(proof.to_value())) < 2_500
