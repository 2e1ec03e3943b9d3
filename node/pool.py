"""The transactions that wait to be ordered: a plain data structure without IO, clock or verification.

Order is that of arrival, oldest first. A transaction is *waiting* until a block with its id is decided, then *decided*
until that block is applied, then gone. Entries are found by wid (a block names exact bytes) and by id (one request has
one place, whatever signatures carry it). Everything is bounded: the whole pool, each caller's share, each peer's share;
but a validator peer that has nothing in the pool may always put in one, so that a full pool cannot starve anybody.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from consensus.messages import PeerId
from ledger.errors import Refused, refuse
from ledger.genesis import LIMITS
from ledger.transaction import Transaction
from node.costs import Costs

CLIENTS: Final = PeerId(b"")
"""The source of what came in through this node's own API."""


GONE_WIDS_MAX: Final = 20_000
EXPIRY_SLACK: Final = 10_000
"""Executed entries stay in the heap of expiry times until there are this many more of them than of live ones."""


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """What a node holds at most. The last three are the chain's: `pool_limits_of` takes them from its genesis."""

    transactions_max: int = 60_000
    bytes_max: int = 96 * 1024 * 1024
    transactions_per_caller_max: int = 20_000
    transactions_per_peer_max: int = 40_000
    lifetime_ms_max: int = LIMITS["transaction_lifetime_ms_max"]
    transaction_units_max: int = LIMITS["transaction_budget_max"]
    block_units_max: int = LIMITS["block_budget_max"]


@dataclass(slots=True)
class Pooled:
    """One entry. `segment` is where the journal holds it, None when this node has promised nothing."""

    transaction: Transaction
    source: PeerId
    since_ms: int
    segment: int | None = None
    spread_ms: int = 0
    decided: bool = False


class Pool:
    def __init__(self, limits: PoolLimits) -> None:
        self.limits = limits
        self.costs = Costs(limits.transaction_units_max)
        self._by_wid: dict[bytes, Pooled] = {}
        self._by_id: dict[bytes, Pooled] = {}
        self._waiting: dict[bytes, Pooled] = {}
        self._expiry: list[tuple[int, bytes]] = []
        self._callers: dict[bytes, int] = {}
        self._sources: dict[bytes, int] = {}
        self._decided: set[bytes] = set()
        self._gone: dict[bytes, None] = {}
        self.bytes = 0

    def __len__(self) -> int:
        """Those waiting; decided ones are as good as gone."""
        return len(self._waiting)

    def has_id(self, identifier: bytes) -> bool:
        return identifier in self._by_id

    def find(self, wid: bytes) -> Transaction | None:
        entry = self._by_wid.get(wid)
        return None if entry is None else entry.transaction

    def was_here(self, wid: bytes) -> bool:
        """These bytes have left the pool a short while ago: a peer that spreads them again need not be read."""
        return wid in self._gone

    def entry(self, identifier: bytes) -> Pooled | None:
        return self._by_id.get(identifier)

    @property
    def oldest(self) -> Pooled | None:
        return next(iter(self._waiting.values()), None)

    def check_room(self, transaction: Transaction, source: PeerId) -> None:
        """Raise POOL-001 or POOL-002 when there is no place for it; asked before its signatures are verified."""
        limits, caller = self.limits, transaction.body.signers[0]
        if source != CLIENTS and not self._sources.get(source):
            return
        if self._callers.get(caller, 0) >= limits.transactions_per_caller_max:
            raise refuse("POOL-002", organisation=caller.hex()[:16], limit=limits.transactions_per_caller_max)
        if source != CLIENTS and self._sources[source] >= limits.transactions_per_peer_max:
            raise refuse("POOL-002", organisation=source.hex()[:16], limit=limits.transactions_per_peer_max)
        full = len(self._by_id) >= limits.transactions_max
        if full or self.bytes + len(transaction.wire) > limits.bytes_max:
            raise refuse("POOL-001", count=len(self._by_id), limit=limits.transactions_max)

    def has_room(self, transaction: Transaction, source: PeerId) -> bool:
        try:
            self.check_room(transaction, source)
        except Refused:
            return False
        return True

    def check_time(self, transaction: Transaction, now_ms: int) -> None:
        """Raise TX-004 or TX-005 when a block of this time may not hold it: what waits here is work for a block."""
        until = transaction.body.valid_until
        if until < now_ms:
            raise refuse("TX-004", valid_until=until, time=now_ms)
        latest = now_ms + self.limits.lifetime_ms_max
        if until > latest:
            raise refuse("TX-005", valid_until=until, latest=latest)

    def add(self, entry: Pooled) -> None:
        """Take in a verified transaction whose id is not here."""
        transaction = entry.transaction
        assert transaction.id not in self._by_id, "an id has one place"
        self._by_id[transaction.id] = self._by_wid[transaction.wid] = entry
        if transaction.id in self._decided:
            entry.decided = True
        else:
            self._waiting[transaction.id] = entry
        heapq.heappush(self._expiry, (transaction.body.valid_until, transaction.id))
        caller = transaction.body.signers[0]
        self._callers[caller] = self._callers.get(caller, 0) + 1
        self._sources[entry.source] = self._sources.get(entry.source, 0) + 1
        self.bytes += len(transaction.wire)

    def take(self, *, time: int, count_max: int, bytes_max: int) -> tuple[Transaction, ...]:
        """The oldest waiting ones that a block of `time` may hold; they stay in the pool until decided.

        One that would probably be too dear for what the others leave of the block's budget waits for the next block,
        and so does everything behind it: what comes later may need what came before (an acceptance its offer), and
        would be refused if it overtook it. The oldest always has its place.
        """
        taken: list[Transaction] = []
        size, latest = 0, time + self.limits.lifetime_ms_max
        left, guess = self.limits.block_units_max, self.costs.guess
        for entry in self._waiting.values():
            transaction = entry.transaction
            if not time <= transaction.body.valid_until <= latest:
                continue
            if size + len(transaction.wire) + 5 > bytes_max or len(taken) >= count_max:
                break
            units = guess(transaction)
            if units > left and taken:
                break
            left -= units
            size += len(transaction.wire) + 5
            taken.append(transaction)
        return tuple(taken)

    def eligible_count(self, time: int) -> int:
        """How many wait and have not expired; those leave with the next applied block, and are no reason for one."""
        oldest = self._expiry[0][0] if self._expiry else 0
        if oldest >= time:
            return len(self._waiting)
        return sum(1 for entry in self._waiting.values() if entry.transaction.body.valid_until >= time)

    def waiting(self) -> Iterator[Pooled]:
        """Oldest first."""
        return iter(self._waiting.values())

    def on_decided(self, identifiers: Iterable[bytes]) -> None:
        for identifier in identifiers:
            self._decided.add(identifier)
            entry = self._waiting.pop(identifier, None)
            if entry is not None:
                entry.decided = True

    def on_applied(
        self, identifiers: Sequence[bytes], time: int, units: Sequence[int] = ()
    ) -> tuple[list[Pooled], list[Pooled]]:
        """Remove what was executed and what can no longer be: (executed, expired). `units` is what each was charged."""
        executed: list[Pooled] = []
        expired: list[Pooled] = []
        charged: list[tuple[Transaction, int]] = []
        for identifier, used in zip(identifiers, units or (0,) * len(identifiers), strict=True):
            self._decided.discard(identifier)
            entry = self._remove(identifier)
            if entry is not None:
                executed.append(entry)
                charged.append((entry.transaction, used))
        self.costs.learn(charged)
        if len(self._expiry) > 2 * len(self._by_id) + EXPIRY_SLACK:
            self._expiry = [(e.transaction.body.valid_until, i) for i, e in self._by_id.items()]
            heapq.heapify(self._expiry)
        while self._expiry and self._expiry[0][0] < time:
            _, identifier = heapq.heappop(self._expiry)
            entry = self._by_id.get(identifier)
            if entry is not None and not entry.decided:
                self._remove(identifier)
                expired.append(entry)
        return executed, expired

    def _remove(self, identifier: bytes) -> Pooled | None:
        entry = self._by_id.pop(identifier, None)
        if entry is None:
            return None
        transaction = entry.transaction
        self._waiting.pop(identifier, None)
        del self._by_wid[transaction.wid]
        self._gone[transaction.wid] = None
        if len(self._gone) > GONE_WIDS_MAX:
            del self._gone[next(iter(self._gone))]
        _count_down(self._callers, transaction.body.signers[0])
        _count_down(self._sources, entry.source)
        self.bytes -= len(transaction.wire)
        return entry


def _count_down(counts: dict[bytes, int], key: bytes) -> None:
    counts[key] -= 1
    if counts[key] == 0:
        del counts[key]
