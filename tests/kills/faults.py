"""What is done to the nodes while the load runs: drawn from a seed, done to real processes, noted with its times.

A fault is a kill -9 of one node, of the node whose turn it is to propose, of two nodes (no quorum is left), of all at
once, or a pause of a node (SIGSTOP, then SIGCONT). Killed nodes are started again after 0 to 10 seconds each. Half of
the faults follow within 4 seconds of that, while nodes still start and catch up; half when they should be back.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Final

import httpx
import trio

from devnet import network, processes
from devnet.plan import DevnetPlan
from ledger.api import BlockAnswer, Status
from ledger.block import Header
from ledger.genesis import Genesis
from ledger.national import suite_named
from tests.kills.watching import BEHIND_HEIGHTS_MAX
from wallet.node_api import NodeApi, NotProvenError, UnreachableError

DOWN_SECONDS_MAX: Final = 10.0
PAUSE_SECONDS_MAX: Final = 20.0
SHORT_REST_SECONDS: Final = (0.0, 4.0)
LONG_REST_SECONDS: Final = (8.0, 14.0)
ASK_SECONDS: Final = 2.0


class Kind(Enum):
    ONE = "one node"
    PROPOSER = "the proposer"
    TWO = "two nodes"
    ALL = "all nodes"
    PAUSE = "one node paused"


WEIGHTS: Final = {Kind.ONE: 30, Kind.PROPOSER: 30, Kind.TWO: 10, Kind.ALL: 12, Kind.PAUSE: 18}


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the seed says. `order` is of all nodes: the first ones are hit; `down_seconds` belongs to each place in it.
    `rest_seconds` pass between the last one's return and the next fault."""

    kind: Kind
    order: tuple[int, ...]
    down_seconds: tuple[float, ...]
    rest_seconds: float

    @property
    def count(self) -> int:
        return {Kind.TWO: 2, Kind.ALL: len(self.order)}.get(self.kind, 1)


def draw(source: random.Random, node_count: int) -> Drawn:
    [kind] = source.choices(list(WEIGHTS), list(WEIGHTS.values()))
    order = tuple(source.sample(range(node_count), node_count))
    longest = PAUSE_SECONDS_MAX if kind is Kind.PAUSE else DOWN_SECONDS_MAX
    # Half of them come back within a second or so: in the middle of what the others do about it.
    down = tuple(longest * source.random() ** 3 for _ in range(node_count))
    rest = source.uniform(*source.choice((SHORT_REST_SECONDS, LONG_REST_SECONDS)))
    return Drawn(kind, order, down, rest)


@dataclass(slots=True)
class Fault:
    """A fault as it happened. Times are seconds of the monotonic clock. `others_could_go_on`: when it began, a quorum
    of nodes that it spared voted and was not behind."""

    kind: Kind
    victims: tuple[str, ...]
    began: float
    others_could_go_on: bool
    back: dict[str, float] = field(default_factory=dict)

    @property
    def ended(self) -> float:
        return max(self.back.values(), default=self.began)


class Faults:
    """Does what is drawn, one fault after another, until it is cancelled; then `mend` brings everybody back."""

    def __init__(self, plan: DevnetPlan, seed: int) -> None:
        self._plan = plan
        self._random = random.Random(seed)
        self._genesis = Genesis.decode(plan.genesis_file.read_bytes())
        self.done: list[Fault] = []
        self.ended_by_itself: list[str] = []

    async def run(self, until: float) -> None:
        """No fault begins after `until`; whoever is down then is brought back in its time."""
        while True:
            drawn = draw(self._random, len(self._plan.nodes))
            await trio.sleep(drawn.rest_seconds)
            if time.monotonic() >= until:
                return
            await self._do(drawn)

    async def _do(self, drawn: Drawn) -> None:
        states = await self._states()
        self._note_ended()
        order = [self._plan.names[place] for place in drawn.order]
        if drawn.kind is Kind.PROPOSER and (proposer := await trio.to_thread.run_sync(self._proposer, states)):
            order = [proposer, *(name for name in order if name != proposer)]
        victims = tuple(order[: drawn.count])
        fault = Fault(drawn.kind, victims, time.monotonic(), _could_go_on(states, victims))
        self.done.append(fault)
        async with trio.open_nursery() as nursery:
            for name in victims:
                nursery.start_soon(self._pause if drawn.kind is Kind.PAUSE else self._kill, name)
        async with trio.open_nursery() as nursery:
            for name, seconds in zip(victims, drawn.down_seconds, strict=False):
                nursery.start_soon(self._bring_back, fault, name, seconds)

    async def _bring_back(self, fault: Fault, name: str, seconds: float) -> None:
        await trio.sleep(seconds)
        if fault.kind is Kind.PAUSE:
            self._resume(name)
        else:
            await trio.to_thread.run_sync(network.start_nodes, self._plan, [name])
        fault.back[name] = time.monotonic()

    async def _kill(self, name: str) -> None:
        await trio.to_thread.run_sync(processes.kill, self._plan.node_home(name))

    async def _pause(self, name: str) -> None:
        process = processes.find(self._plan.node_home(name))
        if process is not None:
            process.suspend()

    def _resume(self, name: str) -> None:
        process = processes.find(self._plan.node_home(name))
        if process is not None:
            process.resume()

    def _note_ended(self) -> None:
        """Between faults every node runs; one that does not has ended of its own accord."""
        for name in self._plan.names:
            if processes.find(self._plan.node_home(name)) is None:
                self.ended_by_itself.append(name)
                network.start_nodes(self._plan, [name])

    async def _states(self) -> dict[str, Status | None]:
        """What each node says of itself now; None of one that does not answer."""
        found: dict[str, Status | None] = {}
        async with httpx.AsyncClient(timeout=ASK_SECONDS, trust_env=False) as client, trio.open_nursery() as nursery:
            for node in self._plan.nodes:
                nursery.start_soon(partial(_ask, client, node.name, node.api_url, found))
        return found

    def _proposer(self, states: dict[str, Status | None]) -> str | None:
        """Whose turn it is, by the newest block that anybody has, as the rule of ordering says it."""
        known = [(status.applied, status.round, name) for name, status in states.items() if status is not None]
        if not known or max(known)[0] == 0:
            return None
        height, round_, name = max(known)
        api = NodeApi(self._plan.node(name).api_url)
        try:
            block: BlockAnswer = api.block(height)
        except (UnreachableError, NotProvenError):
            return None
        finally:
            api.close()
        header = Header.decode(block.header, suite_named(self._plan.suite))
        keys = sorted(validator.key for validator in self._genesis.validators)
        keeps = header.tenure < self._genesis.limit("tenure_blocks_max") and header.tx_count > 0
        turn = keys[(keys.index(header.creator) + (0 if keeps else 1) + round_) % len(keys)]
        return next(entry.organisation for entry in self._genesis.validators if entry.key == turn)


async def _ask(client: httpx.AsyncClient, name: str, url: str, found: dict[str, Status | None]) -> None:
    found[name] = None
    try:
        answer = await client.get(f"{url}/v1/status")
        if answer.status_code == httpx.codes.OK:
            found[name] = Status.model_validate_json(answer.content)
    except httpx.HTTPError:
        return


def _could_go_on(states: dict[str, Status | None], victims: Sequence[str]) -> bool:
    top = max((status.applied for status in states.values() if status is not None), default=0)
    spared = [
        status
        for name, status in states.items()
        if name not in victims
        and status is not None
        and status.mode == "voting"
        and top - status.applied <= BEHIND_HEIGHTS_MAX
    ]
    return bool(spared) and len(spared) >= spared[0].quorum
