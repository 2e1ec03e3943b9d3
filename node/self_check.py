"""Does the database say what was certified? Asked at every start, and more thoroughly by `doctor`.

At start: the newest height is whole; the state tree, rebuilt from all pages, has the root that this height's checkpoint
names; receipts and history have theirs; the newest certificate is genuine and certifies what this node computed. That
reads the pages and one block. The thorough check reads everything: every value against its digest, every link between
headers, every certificate. Whatever disagrees is NODE-003 with the two sides named.
"""

from __future__ import annotations

from ledger.block import Header
from ledger.checkpoint import VALIDATORS_LAG
from ledger.crypto import ZERO_HASH, Suite
from ledger.errors import BadProof
from ledger.genesis import Genesis
from ledger.history import History, HistoryRange
from ledger.merkle import Kind, MerkleTree
from ledger.state import StateHasher, StateTree, read_page
from node import layout
from node.store import Store, damaged, reporting_damage
from node.validators import StoredValidators


def check_store(store: Store, suite: Suite, genesis: Genesis) -> StateTree:
    """The state tree of the height written last (empty in an empty database); raises NODE-003."""
    hasher = StateHasher(suite, genesis.bucket_bits)
    if store.applied is None:
        return StateTree(hasher)
    with reporting_damage():
        tree = StateTree.load(hasher, store.pages())
        _compare(f"state root of height {store.applied.height}", tree.root, store.applied.state_root)
        validators = StoredValidators(store, suite, genesis)
        _check_newest(store, suite)
        _check_validators(store, validators, store.applied.height)
        _check_certificate(store, suite, validators, store.certified)
    return tree


def _check_newest(store: Store, suite: Suite) -> None:
    applied = store.applied
    assert applied is not None, "there is a newest height"
    height, checkpoint, receipts = applied.height, store.checkpoint(applied.height), store.receipts(applied.height)
    if checkpoint is None or receipts is None or store.body(height) is None:
        raise damaged(f"height {height} is not whole")
    leaf = suite.hasher("receipt")
    receipts_root = MerkleTree(suite).root(Kind.RECEIPTS, [leaf(receipt) for receipt in receipts])
    _compare(f"receipts root of height {height}", receipts_root, applied.receipts_root)
    _compare(f"state root in the checkpoint of height {height}", checkpoint.state_root, applied.state_root)
    _compare(f"block hash in the checkpoint of height {height}", checkpoint.block_hash, applied.block_hash)
    history = HistoryRange(suite).root(store.history(height))
    _compare(f"history root of height {height}", history, checkpoint.history_root)
    _compare(f"history above height {height}", store.history(height + 1).peaks, applied.history.peaks)
    if height > 0:
        _compare(f"hash of block {height}", suite.hasher("block")(store.header(height) or b""), applied.block_hash)


def _check_certificate(store: Store, suite: Suite, validators: StoredValidators, height: int) -> None:
    """The certificate of `height` is genuine, and certifies what this node has computed."""
    if height == 0:
        return
    certificate, own = store.certificate(height), store.checkpoint(height)
    if certificate is None:
        raise damaged(f"the certificate of height {height} is missing")
    try:
        certificate.verify(suite, store.chain, validators.engine, validators.at(height))
    except BadProof as fault:
        raise damaged(f"the certificate of height {height}: {fault.detail}") from None
    if own is not None:
        _compare(f"certified state root of height {height}", certificate.checkpoint.state_root, own.state_root)
        _compare(f"certified block of height {height}", certificate.checkpoint.block_hash, own.block_hash)


def _check_validators(store: Store, validators: StoredValidators, height: int) -> None:
    """The sets that act at `height` and three above are those that its checkpoint names."""
    checkpoint = store.checkpoint(height)
    if checkpoint is None:
        raise damaged(f"the checkpoint of height {height} is missing")
    _compare(f"validators of height {height}", validators.hash_at(height), checkpoint.valset_hash)
    above = height + VALIDATORS_LAG
    _compare(f"validators of height {above}", validators.hash_at(above), checkpoint.next_valset_hash)
    validators.at(above)


def check_everything(store: Store, suite: Suite, genesis: Genesis) -> None:
    """Read the whole database; raises NODE-003 with the first thing that does not fit."""
    tree = check_store(store, suite, genesis)
    if store.applied is None:
        return
    with reporting_damage():
        _check_values(store, tree)
        _check_history(store, suite)
        parent, validators = store.chain, StoredValidators(store, suite, genesis)
        for height in range(1, store.applied.height + 1):
            data = store.header(height)
            if data is None:
                raise damaged(f"block {height} is missing")
            _compare(f"parent of block {height}", Header.decode(data, suite).parent, parent)
            parent = suite.hasher("block")(data)
            _check_validators(store, validators, height)
            if store.certificate(height) is not None:
                _check_certificate(store, suite, validators, height)


def _check_history(store: Store, suite: Suite) -> None:
    """Every node of the history, made again from the checkpoints."""
    assert store.applied is not None, "there is a newest height"
    span, history, number = HistoryRange(suite), History(), 0
    for height in range(store.applied.height + 1):
        checkpoint = store.checkpoint(height)
        if checkpoint is None:
            raise damaged(f"the checkpoint of height {height} is missing")
        leaf = span.leaf(height, checkpoint.block_hash, checkpoint.state_root, checkpoint.receipts_root)
        _compare(f"history root in the checkpoint of height {height}", checkpoint.history_root, span.root(history))
        history, nodes = span.append(history, leaf)
        for node in nodes:
            _compare(f"node {number} of the history", store.history_node(number), node)
            number += 1


def _check_values(store: Store, tree: StateTree) -> None:
    """Each value has its digest in its page, and the pages name no others."""
    digests = {key: digest for _, page in store.pages() for key, digest in read_page(page)}
    with store.reader.iterator(prefix=layout.STATE, verify_checksums=True) as rows:
        for key, value in rows:
            full_key = key[len(layout.STATE) :]
            _compare(f"value at {full_key.hex()}", tree.hasher.value(value), digests.pop(full_key, ZERO_HASH))
    if digests:
        raise damaged(f"{len(digests)} values are missing, the first at {next(iter(digests)).hex()}")


def _compare(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise damaged(f"{what}: {_short(found)} where {_short(expected)} is expected")


def _short(value: object) -> str:
    return value.hex()[:16] if isinstance(value, bytes) else str(value)[:60]
