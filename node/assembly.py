"""Bodies of proposed blocks, put together from the wids that their manifests name: one job for each manifest.

A job holds what is there and asks peers for what is missing: first the one that sent the manifest, then others that are
known to hold the block, each wid once from each peer until all have been asked. Manifests of one block may contradict
each other, so each has a job of its own under its number; ordering ends those that are no longer needed (`end`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from consensus.messages import GetBodies, PeerId
from ledger.transaction import Transaction

ASK_AGAIN_MS: Final = 500


@dataclass(slots=True, eq=False)
class Job:
    number: int
    height: int
    block_hash: bytes
    wids: tuple[bytes, ...]
    sources: list[PeerId]
    held: dict[bytes, Transaction] = field(default_factory=dict)
    missing: dict[bytes, None] = field(default_factory=dict)
    asked: int = 0
    asked_ms: int = 0


class Assembly:
    """All jobs of a node. `find(wid)` looks into the pool; `ask` sends a question to a peer; `done` tells ordering."""

    def __init__(
        self,
        *,
        find: Callable[[bytes], Transaction | None],
        ask: Callable[[PeerId, GetBodies], None],
        done: Callable[[Job], None],
    ) -> None:
        self._find = find
        self._ask = ask
        self._done = done
        self._jobs: dict[int, Job] = {}
        self._wanted: dict[bytes, list[Job]] = {}

    def resolve(
        self,
        number: int,
        height: int,
        block_hash: bytes,
        wids: tuple[bytes, ...],
        sources: Sequence[PeerId],
        now_ms: int,
    ) -> None:
        """Begin a job, or add sources to it. How many there are is the asker's to limit."""
        job = self._jobs.get(number)
        if job is not None:
            job.sources.extend(source for source in sources if source not in job.sources)
            return
        job = self._jobs[number] = Job(number, height, block_hash, wids, list(sources))
        for wid in dict.fromkeys(wids):
            transaction = self._find(wid)
            if transaction is None:
                job.missing[wid] = None
                self._wanted.setdefault(wid, []).append(job)
            else:
                job.held[wid] = transaction
        if not job.missing:
            self._done(job)
        else:
            self._ask_next(job, now_ms)

    @property
    def is_asking(self) -> bool:
        """Is a transaction missing anywhere?"""
        return bool(self._wanted)

    def wants(self, wid: bytes) -> bool:
        return wid in self._wanted

    def is_open(self, block_hash: bytes) -> bool:
        """Is any body of this block being put together?"""
        return any(job.block_hash == block_hash for job in self._jobs.values())

    def end(self, number: int) -> None:
        """This job is not needed any more."""
        job = self._jobs.get(number)
        if job is not None:
            self._drop(job)

    def on_transaction(self, transaction: Transaction) -> None:
        """A verified transaction, however it came."""
        for job in self._wanted.pop(transaction.wid, ()):
            job.held[transaction.wid] = transaction
            job.missing.pop(transaction.wid, None)
            if not job.missing:
                self._done(job)

    def serve(self, block_hash: bytes, wids: Sequence[bytes]) -> list[bytes]:
        """Those of the wires that this node holds."""
        held = [job.held for job in self._jobs.values() if job.block_hash == block_hash]
        found = (next((some[wid] for some in held if wid in some), None) or self._find(wid) for wid in wids)
        return [transaction.wire for transaction in found if transaction is not None]

    def ask_again(self, now_ms: int) -> None:
        """Go to the next source wherever the last one has not answered in time."""
        for job in self._jobs.values():
            if job.missing and now_ms - job.asked_ms >= ASK_AGAIN_MS:
                self._ask_next(job, now_ms)

    def _ask_next(self, job: Job, now_ms: int) -> None:
        if job.sources:
            source = job.sources[job.asked % len(job.sources)]
            self._ask(source, GetBodies(job.height, job.block_hash, tuple(job.missing)))
            job.asked += 1
            job.asked_ms = now_ms

    def on_applied(self, height: int) -> None:
        for job in [job for job in self._jobs.values() if job.height <= height]:
            self._drop(job)

    def _drop(self, job: Job) -> None:
        del self._jobs[job.number]
        for wid in job.missing:
            waiting = self._wanted.get(wid)
            if waiting is not None:
                waiting.remove(job)
                if not waiting:
                    del self._wanted[wid]
