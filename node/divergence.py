"""When own execution differs from that of the others: what differs, and where to look. For people; decides nothing.

The engine stops ordering for good as soon as an own checkpoint differs from a certified one, or when no result can
reach a quorum. Nothing of this node's is overwritten. Which roots differ is known at once, from the two checkpoints.
Then the peers are asked for the hashes of their receipts and for the digests of what they wrote. An answer whose
receipts hash to the root that the others have signed names, beyond doubt, the first transaction whose receipt differs.
The first state key that differs is what that peer says. Without such an answer only the roots are named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from consensus.messages import GetOutcome, Outcome, PeerId
from consensus.outcome import WRITES_MAX, Writes
from ledger.checkpoint import Checkpoint
from ledger.crypto import Suite
from ledger.merkle import Kind, MerkleTree
from ledger.receipt import Receipt
from node.messages import SendToPeer
from node.store import Store

HEIGHTS_KEPT: Final = 8
ROWS_KEPT_MAX: Final = 100_000
ANSWER_EVERY_MS: Final = 2_000
FIELDS: Final = ("block_hash", "state_root", "receipts_root", "valset_hash", "next_valset_hash", "history_root")


class RecentWrites:
    """What the last few blocks wrote, in memory alone: the executor tells it, ordering reads it."""

    def __init__(self) -> None:
        self._heights: dict[int, list[tuple[bytes, bytes | None]]] = {}

    def keep(self, height: int, digests: Iterable[tuple[bytes, bytes | None]]) -> None:
        self._heights[height] = list(digests)
        while len(self._heights) > HEIGHTS_KEPT or sum(map(len, self._heights.values())) > ROWS_KEPT_MAX:
            del self._heights[next(iter(self._heights))]

    def of(self, height: int) -> Writes | None:
        """By key. Hardly ever asked for, so sorted only now."""
        known = self._heights.get(height)
        return None if known is None else tuple(sorted(known, key=lambda entry: entry[0]))


@dataclass(slots=True)
class Diverged:
    own: Checkpoint
    other: Checkpoint
    reason: str
    is_explained: bool = False


class Divergence:
    def __init__(self, store: Store, suite: Suite, writes: RecentWrites, send: SendToPeer) -> None:
        self._store = store
        self._writes = writes
        self._send = send
        self._merkle = MerkleTree(suite)
        self._receipt_hash = suite.hasher("receipt")
        self._answered_ms: dict[PeerId, int] = {}
        self._case: Diverged | None = None

    # A peer's case

    def on_question(self, peer: PeerId, question: GetOutcome, now_ms: int) -> None:
        if now_ms - self._answered_ms.get(peer, -ANSWER_EVERY_MS) < ANSWER_EVERY_MS:
            return
        receipts = self._receipts(question.height)
        if receipts is not None:
            self._answered_ms[peer] = now_ms
            writes = self._writes.of(question.height)
            complete = writes is not None and len(writes) <= WRITES_MAX
            self._send(peer, Outcome(question.height, receipts, (writes or ())[:WRITES_MAX], complete))

    def _receipts(self, height: int) -> tuple[bytes, ...] | None:
        receipts = self._store.receipts(height)
        return None if receipts is None else tuple(map(self._receipt_hash, receipts))

    # The own case

    def begin(self, own: Checkpoint, other: Checkpoint, reason: str) -> str:
        """The reason to stop with what differs; asks all linked peers for more."""
        differing = [name for name in FIELDS if getattr(own, name) != getattr(other, name)]
        roots = [f"{name} own {_hex(getattr(own, name))} other {_hex(getattr(other, name))}" for name in differing]
        self._case = Diverged(own, other, "; ".join((reason, *roots)))
        if differing and own.block_hash == other.block_hash:
            self._send(None, GetOutcome(own.height))
        else:
            # Another history, or this node's own word of before: transactions cannot be compared.
            self._case.is_explained = True
        return self._case.reason

    def on_link(self, peer: PeerId) -> None:
        if self._case is not None and not self._case.is_explained:
            self._send(peer, GetOutcome(self._case.own.height))

    def on_answer(self, outcome: Outcome) -> str | None:
        """The reason with the first transaction and key that differ, when the answer tells."""
        case = self._case
        if case is None or case.is_explained or outcome.height != case.own.height:
            return None
        if self._merkle.root(Kind.RECEIPTS, list(outcome.receipts)) != case.other.receipts_root:
            return None
        found = [text for text in (self._first_transaction(outcome), self._first_key(outcome)) if text is not None]
        if not found:
            return None
        case.is_explained = True
        return "; ".join((case.reason, *found))

    def _first_transaction(self, outcome: Outcome) -> str | None:
        own = self._receipts(outcome.height) or ()
        for index, (one, other) in enumerate(zip(own, outcome.receipts, strict=False)):
            if one != other:
                receipts = self._store.receipts(outcome.height)
                assert receipts is not None, "they have just been read"
                identifier = Receipt.decode(receipts[index]).id
                name = "what follows the transactions" if identifier is None else f"transaction {identifier.hex()}"
                return f"first receipt that differs: {index}, {name}"
        return None

    def _first_key(self, outcome: Outcome) -> str | None:
        own, theirs = dict(self._writes.of(outcome.height) or ()), dict(outcome.writes)
        if not own or not theirs:
            return None
        last = None if outcome.complete else max(theirs)
        for key in sorted(own.keys() | theirs.keys()):
            if last is not None and key > last:
                return None
            if own.get(key, b"") != theirs.get(key, b""):
                values = f"own {_digest(own, key)} other {_digest(theirs, key)}"
                return f"first state key that differs, as a peer says: {key.hex()} {values}"
        return None


def _digest(writes: dict[bytes, bytes | None], key: bytes) -> str:
    if key not in writes:
        return "not written"
    digest = writes[key]
    return "removed" if digest is None else _hex(digest)


def _hex(value: bytes) -> str:
    return value.hex()[:16]
