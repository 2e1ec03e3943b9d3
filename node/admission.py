"""The door of the mempool: from the bytes of a transaction to a verified `Transaction`, each one verified once.

Cheap questions come first (size, form, chain, repetition, times, room, whether the caller is registered), signatures
last and in chunks: between two chunks other tasks run, or on a host with cores to spare the chunk runs in a thread.
What has failed is remembered for a while, so that the same bad bytes cost their signature check once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import trio

from consensus.messages import PeerId
from ledger.crypto import Hasher, Signed, verify_many
from ledger.errors import BadSignature, Refused, refuse
from ledger.transaction import Transaction, TransactionCodec
from node.callers import Callers
from node.pool import CLIENTS, Pool

CHUNK_SIGNATURES: Final = 64
INLINE_SIGNATURES: Final = 16
"""Without threads a chunk holds the event loop for 0.7 ms, and a vote passes through several turns of it on its way."""
REMEMBERED_BAD_MAX: Final = 8_192


class Candidate(NamedTuple):
    """One wire on its way in. `transaction` is None when it was refused before decoding or is known. Made for every
    wire, and a named tuple is made in half the time of a frozen dataclass."""

    wid: bytes
    transaction: Transaction | None
    refused: Refused | None
    known: bool = False


class Admission:
    """Decides what may enter the pool. `is_executed(id)` asks the store, `callers` the register of people."""

    def __init__(
        self,
        *,
        codec: TransactionCodec,
        chain: bytes,
        pool: Pool,
        is_executed: Callable[[bytes], bool],
        callers: Callers,
        threads: int,
    ) -> None:
        self._codec = codec
        self._chain = chain
        self._pool = pool
        self.is_executed = is_executed
        self._callers = callers
        self.forget_callers = callers.forget
        self._wid: Hasher = codec.suite.hasher("wire")
        self._limiter = trio.CapacityLimiter(threads) if threads else None
        self._bad: dict[bytes, Refused] = {}

    def decode(self, wire: bytes) -> Candidate:
        """Bytes to a well-formed transaction of this chain; whether it has a place in the pool is not asked."""
        return self._decode(wire, self._wid(wire))

    def _decode(self, wire: bytes, wid: bytes) -> Candidate:
        if wid in self._bad:
            return Candidate(wid, None, self._bad[wid])
        try:
            transaction = self._codec.decode(wire, wid)
            if transaction.body.chain != self._chain:
                found, expected = transaction.body.chain.hex()[:16], self._chain.hex()[:16]
                raise refuse("TX-002", found=found, expected=expected)
        except Refused as refused:
            return Candidate(wid, None, refused)
        return Candidate(wid, transaction, None)

    def recall(self, wire: bytes) -> Candidate:
        """Like `decode`, but what the pool holds has been verified and comes back as known."""
        wid = self._wid(wire)
        held = self._pool.find(wid)
        return self._decode(wire, wid) if held is None else Candidate(wid, held, None, known=True)

    def examine(self, wire: bytes, source: PeerId, now_ms: int) -> Candidate:
        """Everything short of the signatures."""
        wid = self._wid(wire)
        held = self._pool.find(wid)
        if held is not None:
            return Candidate(wid, held, None, known=True)
        if source != CLIENTS and self._pool.was_here(wid):
            return Candidate(wid, None, None, known=True)
        candidate = self._decode(wire, wid)
        transaction = candidate.transaction
        if transaction is None:
            return candidate
        try:
            if self._pool.has_id(transaction.id) or self.is_executed(transaction.id):
                return Candidate(wid, transaction, None, known=True)
            self._pool.check_time(transaction, now_ms)
            self._pool.check_room(transaction, source)
            self._callers.check(transaction.body.signers[0])
        except Refused as refused:
            return Candidate(wid, transaction, refused)
        return candidate

    async def verify(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates that are still open come back as they are, or refused with TX-003."""
        open_ones = [c for c in candidates if c.transaction is not None and c.refused is None and not c.known]
        items: list[Signed] = []
        owners: list[bytes] = []
        for candidate in open_ones:
            assert candidate.transaction is not None
            signed = candidate.transaction.signed()
            items += signed
            owners += [candidate.wid] * len(signed)
        faults: dict[bytes, int] = {}
        size = INLINE_SIGNATURES if self._limiter is None else CHUNK_SIGNATURES
        for start in range(0, len(items), size):
            answers = await self._chunk(items[start : start + size])
            for offset, answer in enumerate(answers):
                if answer is not None:
                    wid = owners[start + offset]
                    faults.setdefault(wid, start + offset - owners.index(wid))
        return [self._judged(candidate, faults) for candidate in candidates]

    def _judged(self, candidate: Candidate, faults: dict[bytes, int]) -> Candidate:
        if candidate.wid not in faults or candidate.refused is not None or candidate.known:
            return candidate
        refused = refuse("TX-003", index=faults[candidate.wid])
        if len(self._bad) >= REMEMBERED_BAD_MAX:
            self._bad.pop(next(iter(self._bad)))
        self._bad[candidate.wid] = refused
        return Candidate(candidate.wid, candidate.transaction, refused)

    async def _chunk(self, items: list[Signed]) -> list[BadSignature | None]:
        if self._limiter is not None:
            return await trio.to_thread.run_sync(verify_many, self._codec.suite, items, limiter=self._limiter)
        await trio.lowlevel.checkpoint()
        return verify_many(self._codec.suite, items)
