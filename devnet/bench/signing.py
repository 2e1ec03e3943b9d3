"""Signs all transfers of a run before its clock starts, in as many processes as there are processors.

Every payer's transfers form a chain: an offer spends the rest of the one before, whose id follows from that offer's own
(transaction id ‖ 0 is the payee's part, ‖ 1 the rest). So the chains are signed apart from one another, each in order.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from devnet.bench.holders import TRANSFER_FEN
from devnet.bench.workload import Holding, Transfer, Workload
from devnet.demo.plays import DUE
from ledger.interface import Interface
from ledger.national import suite_named
from ledger.transaction import Transaction
from ledger.wording import Name
from wallet.builder import Builder

LIFETIME_MS: Final = 3_300_000
"""Below the hour that a devnet's genesis allows, so that signing may take a while."""
JOBS_PER_PROCESS: Final = 8


@dataclass(frozen=True, slots=True)
class SigningJob:
    """What a signing process has to know; `payers` are places in `holdings`."""

    suite: str
    chain: bytes
    interface: Interface
    names: Mapping[str, Name]
    holdings: Sequence[Holding]
    until: int
    workload: Workload
    payers: Sequence[int]


def sign_all(job: SigningJob, progress: Callable[[int], None]) -> list[list[Transfer]]:
    """All payers' transfers, by payer; `job.payers` names all of them. `progress` hears how many payers are done."""
    processes = os.cpu_count() or 1
    size = max(1, -(-len(job.payers) // (processes * JOBS_PER_PROCESS)))
    parts = [job.payers[i : i + size] for i in range(0, len(job.payers), size)]
    done: list[list[Transfer]] = []
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _take_job, (job,)) as pool:
        for signed in pool.map(_sign_part, parts):
            done.extend(signed)
            progress(len(done))
    return done


_at_work: list[PayerSigner] = []
"""A signing process is given its job once, which is much larger than a part's numbers."""


def _take_job(job: SigningJob) -> None:
    _at_work.append(PayerSigner(job))


def _sign_part(payers: Sequence[int]) -> list[list[Transfer]]:
    [signer] = _at_work
    return [signer.sign(payer) for payer in payers]


class PayerSigner:
    """Signs for any holder of the job, as that holder's wallet would."""

    def __init__(self, job: SigningJob) -> None:
        suite = suite_named(job.suite)
        self._job = job
        self._builder = Builder(suite, job.chain, now_ms=lambda: time.time_ns() // 1_000_000, lifetime_ms=LIFETIME_MS)
        self._builder.interfaces["voucher"] = job.interface
        self._builder.names.update(job.names)
        self._keys = [suite.public_key(holding.secret) for holding in job.holdings]
        self._paper = suite.hasher("bench")

    def sign(self, payer: int) -> list[Transfer]:
        """One payer's transfers in order."""
        job, own, tranche = self._job, self._job.holdings[payer], self._job.holdings[payer].tranche
        transfers: list[Transfer] = []
        for turn in range(job.workload.transfers // job.workload.payers):
            payee = job.workload.payee_of(payer, turn)
            paper = self._paper(f"debt {payer} {turn}".encode())
            arguments = (tranche, job.holdings[payee].organisation, TRANSFER_FEN, job.until, paper, DUE)
            offer = self._signed(payer, "offer", arguments, own.secret)
            child, tranche = offer.id + b"\0\0", offer.id + b"\0\1"
            accept = self._signed(payee, "accept", (child, TRANSFER_FEN, DUE), job.holdings[payee].secret)
            transfers.append(Transfer(offer.id, offer.wire, accept.id, accept.wire))
        return transfers

    def _signed(self, holder: int, action: str, arguments: tuple[Any, ...], secret: bytes) -> Transaction:
        return self._builder.sign(self._builder.draft("voucher", action, arguments, [self._keys[holder]]), [secret])
