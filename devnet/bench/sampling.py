"""CPU and memory of the node processes, read from the system while a run goes on; and what a signature costs here.

The cost of a signature check is taken again and again during the run, by the clock of the process' own CPU time: on a
busy machine everything costs more than on an idle one, and a floor from another moment would not be comparable.
"""

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

VERIFIED: Final = 100


@dataclass(frozen=True, slots=True)
class Sample:
    """At one moment: CPU seconds and resident bytes of every node in the plan's order, and busy CPU seconds of all that
    runs on the machine. `verify_seconds` is what one signature check cost then."""

    at: float
    cpu_seconds: tuple[float, ...]
    memory_bytes: tuple[int, ...]
    machine_seconds: float
    verify_seconds: float


class Sampler:
    """Looks at the nodes of a running devnet whenever it is told to."""

    def __init__(self, plan: DevnetPlan, suite: Suite) -> None:
        self._suite = suite
        secret, self._digest = new_secret(suite), bytes(range(32))
        self._key, self._signature = suite.public_key(secret), suite.sign(secret, self._digest)
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
            self._verify_seconds(),
        )
        self.samples.append(sample)
        return sample

    def _verify_seconds(self) -> float:
        started = time.process_time()
        for _ in range(VERIFIED):
            self._suite.verify(self._key, self._digest, self._signature)
        return (time.process_time() - started) / VERIFIED
