"""From what was noted to the figures: a pure function, so that anybody can compute them again from the CSV files.

A transaction is *accepted* when a node has answered so, and *final* when the generator heard that the height it is in
has its certificate; both count from the moment when it was due. Rates count what happened within the run's seconds,
costs everything from the first transaction to the last one's end.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devnet.bench.checking import Checked
from devnet.bench.load import Notes
from devnet.bench.sampling import Sample

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One transaction. Times in milliseconds after the run's start; `outcome` is the node's answer at its door,
    `refused` the chain's refusal."""

    id: bytes
    is_offer: bool
    node: int
    due_ms: float
    answered_ms: float | None
    outcome: str | None
    height: int | None
    final_ms: float | None
    refused: str | None

    @property
    def is_accepted(self) -> bool:
        return self.outcome in ("accepted", "known")


def rows_of(notes: Notes, checked: Checked) -> list[Row]:
    """Every transaction that was sent, in the order in which they were due."""
    final_at = dict(notes.heights)
    rows: list[Row] = []
    for number, (identifier, node, due, answered, outcome) in enumerate(notes.rows):
        landed = checked.landed.get(identifier)
        at = None if landed is None else final_at.get(landed.height)
        rows.append(
            Row(
                id=identifier,
                is_offer=number % 2 == 0,
                node=node,
                due_ms=_ms(due - notes.started),
                answered_ms=None if answered is None else _ms(answered - notes.started),
                outcome=outcome,
                height=None if landed is None else landed.height,
                final_ms=None if at is None else _ms(at - notes.started),
                refused=None if landed is None else landed.refused,
            )
        )
    return rows


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that is at least as large as `share` of all; `values` ascend."""
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else None


def latencies(rows: Sequence[Row], field: str) -> dict[str, float | None]:
    """p50, p95 and p99 of `accepted` or `final`."""
    if field == "accepted":
        values = sorted(row.answered_ms - row.due_ms for row in rows if row.is_accepted and row.answered_ms is not None)
    else:
        values = sorted(row.final_ms - row.due_ms for row in rows if row.final_ms is not None)
    found = {f"p{share}_{field}_ms": percentile(values, share / 100) for share in (50, 95, 99)}
    return {name: None if value is None else round(value, 1) for name, value in found.items()}


def count_figures(rows: Sequence[Row], seconds: float) -> dict[str, Any]:
    """What became of the transactions. `lost`: accepted, and not final on every node."""
    accepted = [row for row in rows if row.is_accepted]
    final = [row for row in rows if row.height is not None]
    done_in_time = [row for row in final if row.refused is None and row.final_ms is not None]
    return {
        "submitted": len(rows),
        "accepted": len(accepted),
        "final": len(final),
        "refused": sum(row.refused is not None for row in final),
        "turned_away": sum(not row.is_accepted for row in rows),
        "lost": sum(row.height is None for row in accepted),
        "accepted_tps": _rate([row.answered_ms for row in accepted], seconds),
        "final_tps": _rate([row.final_ms for row in done_in_time], seconds),
        "refusals": dict(sorted(Counter(row.refused for row in final if row.refused is not None).items())),
        "outcomes": dict(sorted(Counter(str(row.outcome) for row in rows).items())),
    }


def cost_figures(samples: Sequence[Sample], notes: Notes, final: int) -> dict[str, Any]:
    """CPU of all nodes over the whole run, the generator's own, and what else the machine was doing."""
    first, last = samples[0], samples[-1]
    nodes = sum(last.cpu_seconds) - sum(first.cpu_seconds)
    wall = last.at - first.at
    machine = last.machine_seconds - first.machine_seconds
    return {
        "cpu_s": round(nodes, 2),
        "cpu_s_per_1000": round(1000 * nodes / final, 3) if final else None,
        "nodes_cores": round(nodes / wall, 2),
        "generator_cores": round(notes.cpu_seconds / wall, 3),
        "others_cores": round(max(0.0, machine - nodes - notes.cpu_seconds) / wall, 2),
    }


def memory_figures(names: Sequence[str], samples: Sequence[Sample]) -> dict[str, Any]:
    """Resident memory of each node at the start, in the middle and at the end of the run, and its largest."""
    middle = samples[len(samples) // 2]
    return {
        name: {
            "start_mib": round(samples[0].memory_bytes[i] / MIB, 1),
            "middle_mib": round(middle.memory_bytes[i] / MIB, 1),
            "end_mib": round(samples[-1].memory_bytes[i] / MIB, 1),
            "max_mib": round(max(sample.memory_bytes[i] for sample in samples) / MIB, 1),
        }
        for i, name in enumerate(names)
    }


def floor_figures(samples: Sequence[Sample], cpu_s_per_1000: float | None) -> dict[str, Any]:
    """The floor from signature checks alone: one signature a transaction, checked once on every node. A check is taken
    to cost what it cost in the middle of all samples of the run."""
    verify_s = percentile(sorted(sample.verify_seconds for sample in samples), 0.5) or 0.0
    floor = 1000 * verify_s * len(samples[0].cpu_seconds)
    return {
        "verify_us": round(1e6 * verify_s, 1),
        "floor_cpu_s_per_1000": round(floor, 3),
        "times_floor": None if cpu_s_per_1000 is None else round(cpu_s_per_1000 / floor, 2),
    }


def by_second(rows: Sequence[Row]) -> Mapping[int, tuple[int, float]]:
    """For each second in which something became final: how many, and the p50 of their latency."""
    found: dict[int, list[float]] = {}
    for row in rows:
        if row.final_ms is not None:
            found.setdefault(int(row.final_ms // 1000), []).append(row.final_ms - row.due_ms)
    return {second: (len(values), percentile(sorted(values), 0.5) or 0.0) for second, values in sorted(found.items())}


def _rate(times_ms: Sequence[float | None], seconds: float) -> float:
    return round(sum(at is not None and at <= 1000 * seconds for at in times_ms) / seconds, 1)


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 2)
