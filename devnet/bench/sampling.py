"""CPU and memory of the node processes, read from the system while a run goes on; and what a signature costs here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psutil

from devnet import processes
from devnet.plan import DevnetPlan
from ledger.crypto import Suite
from wallet.keystore import new_secret

VERIFIED: Final = 2_000


@dataclass(frozen=True, slots=True)
class Sample:
    """At one moment: CPU seconds and resident bytes of every node in the plan's order, and busy CPU seconds of all that
    runs on the machine."""

    at: float
    cpu_seconds: tuple[float, ...]
    memory_bytes: tuple[int, ...]
    machine_seconds: float


class Sampler:
    """Looks at the nodes of a running devnet whenever it is told to."""

    def __init__(self, plan: DevnetPlan) -> None:
        found = [processes.find(plan.node_home(node.name)) for node in plan.nodes]
        self._processes: Sequence[psutil.Process] = [process for process in found if process is not None]
        assert len(self._processes) == len(found), "every node runs"
        self.samples: list[Sample] = []

    def look(self) -> Sample:
        times = [process.cpu_times() for process in self._processes]
        machine = psutil.cpu_times()
        sample = Sample(
            time.monotonic(),
            tuple(own.user + own.system for own in times),
            tuple(process.memory_info().rss for process in self._processes),
            machine.user + machine.system + machine.nice + machine.irq + machine.softirq,
        )
        self.samples.append(sample)
        return sample


def verify_seconds(suite: Suite) -> float:
    """CPU seconds of one signature check on this machine, now."""
    secret = new_secret(suite)
    key, digest = suite.public_key(secret), bytes(range(32))
    signature = suite.sign(secret, digest)
    started = time.process_time()
    for _ in range(VERIFIED):
        suite.verify(key, digest, signature)
    return (time.process_time() - started) / VERIFIED
