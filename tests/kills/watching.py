"""What the nodes tell while it all goes on: when each height was first seen to be final, and how each node fares.

Every node's event stream is followed and taken up again when it breaks off. A height counts as final from the first
stream that completes it; nobody may ever complete it again under another checkpoint.
"""

from __future__ import annotations

import base64
import json
import time
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

import httpx
import trio

from devnet.bench.load import NOBODY
from devnet.plan import DevnetPlan, NodePlan
from ledger.api import PREFIX, Status
from ledger.validators import quorum_of

AGAIN_SECONDS: Final = 0.1
LOOK_SECONDS: Final = 0.5
SILENCE_SECONDS_MAX: Final = 5.0
BEHIND_HEIGHTS_MAX: Final = 1
"""Who votes at a height has executed the one two below it."""
MODES_OF_HEALTH: Final = ("voting", "starting")


class Sample(NamedTuple):
    """What a node said of itself at one moment. `can_vote`: it votes and is not behind; `works`: something waits."""

    at: float
    can_vote: bool
    works: bool


@dataclass(slots=True)
class Watched:
    """`first_seen` by height; `checkpoints` by height, as it was first told; `contradictions` are heights
    that were final twice with different ones. `modes`: what else than voting a node said of itself, and why."""

    quorum: int
    first_seen: dict[int, float] = field(default_factory=dict)
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    top: int = 0
    checkpoints: dict[int, bytes] = field(default_factory=dict)
    contradictions: list[int] = field(default_factory=list)
    modes: dict[tuple[str, str, str], int] = field(default_factory=dict)


class Watching:
    def __init__(self, plan: DevnetPlan) -> None:
        self._plan = plan
        self.watched = Watched(quorum_of(plan.engine, len(plan.nodes)).q)

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            for node in self._plan.nodes:
                nursery.start_soon(self._follow, node)
                nursery.start_soon(self._look, node)

    async def _follow(self, node: NodePlan) -> None:
        """The stream says nothing while nothing becomes final, so silence is no fault; a reset connection ends it."""
        params = {"contract": NOBODY}
        async with httpx.AsyncClient(timeout=httpx.Timeout(SILENCE_SECONDS_MAX, read=None), trust_env=False) as client:
            while True:
                with suppress(httpx.HTTPError):
                    async with client.stream("GET", f"{node.api_url}{PREFIX}/events", params=params) as answer:
                        async for text in answer.aiter_lines():
                            line = json.loads(text)
                            if "checkpoint" in line:
                                self._note(line["height"], base64.b64decode(line["checkpoint"]))
                                params["from"] = str(line["height"])
                await trio.sleep(AGAIN_SECONDS)

    def _note(self, height: int, checkpoint: bytes) -> None:
        watched = self.watched
        watched.first_seen.setdefault(height, time.monotonic())
        if watched.checkpoints.setdefault(height, checkpoint) != checkpoint:
            watched.contradictions.append(height)

    async def _look(self, node: NodePlan) -> None:
        async with httpx.AsyncClient(timeout=SILENCE_SECONDS_MAX, trust_env=False) as client:
            while True:
                with suppress(httpx.HTTPError):
                    answer = await client.get(f"{node.api_url}{PREFIX}/status")
                    if answer.status_code == httpx.codes.OK:
                        self._note_status(node.name, Status.model_validate_json(answer.content))
                await trio.sleep(LOOK_SECONDS)

    def _note_status(self, name: str, status: Status) -> None:
        watched = self.watched
        if status.mode not in MODES_OF_HEALTH:
            key = (name, status.mode, status.halt_reason or "")
            watched.modes[key] = watched.modes.get(key, 0) + 1
        watched.top = max(watched.top, status.applied)
        can_vote = status.mode == "voting" and watched.top - status.applied <= BEHIND_HEIGHTS_MAX
        sample = Sample(time.monotonic(), can_vote, status.pool_count > 0)
        watched.samples.setdefault(name, []).append(sample)


def next_final(first_seen: Mapping[int, float], began: float) -> float | None:
    """Seconds until a height becomes final after `began`; None when none ever did."""
    later = [at for at in first_seen.values() if at > began]
    return min(later) - began if later else None


def longest_standstill(first_seen: Mapping[int, float], began: float, ended: float) -> float:
    """The longest time within which nothing became final."""
    marks = [began, *sorted(at for at in first_seen.values() if began < at < ended), ended]
    return max(after - before for before, after in pairwise(marks))


def idle_with_quorum(watched: Watched, began: float, ended: float) -> float:
    """For so many seconds between two moments a quorum could vote and had work: a chain that stands still then fails.

    A node counts as able around a moment when it said so within a second before it and after it.
    """
    steps = int((ended - began) / LOOK_SECONDS)
    moments = (began + LOOK_SECONDS * step for step in range(1, steps))
    return LOOK_SECONDS * sum(_is_able(watched, at) for at in moments)


def _is_able(watched: Watched, at: float) -> bool:
    able = works = 0
    for samples in watched.samples.values():
        place = bisect_right(samples, at, key=lambda sample: sample.at)
        around = samples[max(0, place - 1) : place + 1]
        if len(around) == 2 and all(sample.can_vote and abs(sample.at - at) < 2 * LOOK_SECONDS for sample in around):
            able += 1
            works += all(sample.works for sample in around)
    return able >= watched.quorum and works > 0
