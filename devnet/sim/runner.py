"""One plan in, one outcome out; and many seeds over several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Final

from consensus.vote_guard import GuardRefusal
from devnet.sim.checkers import Violation
from devnet.sim.ending import Ending
from devnet.sim.plan import Plan, plan_of
from devnet.sim.world import World
from ledger.errors import PeerFault, Refused

CHUNK_SEEDS: Final = 20
BUGS: Final = (AssertionError, GuardRefusal, PeerFault, Refused, LookupError, TypeError, ValueError, AttributeError)
"""What an engine or a driver raises when it is wrong: a real node would have stopped there."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. `violation` is (name, detail), None when nothing was found."""

    seed: int
    violation: tuple[str, str] | None
    digest: str
    now_ms: int
    events: int
    heights: int
    round_max: int
    crashes: int

    def __str__(self) -> str:
        found = "ok" if self.violation is None else f"{self.violation[0]}: {self.violation[1]}"
        return (
            f"seed {self.seed} trace {self.digest} {self.events} events {self.now_ms} ms "
            f"{self.heights} heights round {self.round_max} {self.crashes} crashes: {found}"
        )


def run_plan(plan: Plan, trace: Callable[[str], None] | None = None) -> Outcome:
    world = World(plan, trace)
    ending = Ending(world)
    found: tuple[str, str] | None = None
    try:
        world.prepare()
        ending.check(world.run(ending.is_over, ending.limit_ms()))
    except Violation as violation:
        found = (violation.name, violation.detail)
    except BUGS as error:
        found = ("bug", f"{type(error).__name__}: {error}")
    return Outcome(
        seed=plan.seed,
        violation=found,
        digest=world.digest(),
        now_ms=world.now,
        events=world.events,
        heights=len(world.checkers.chain),
        round_max=max(world.checkers.rounds.values(), default=0),
        crashes=world.crashes,
    )


def run_seed(seed: int, trace: Callable[[str], None] | None = None) -> Outcome:
    return run_plan(plan_of(seed), trace)


def run_chunk(seeds: range) -> list[Outcome]:
    return [run_seed(seed) for seed in seeds]


def run_seeds(seeds: range, jobs: int) -> Iterator[Outcome]:
    """The outcomes as they come. Closing the iterator drops what has not started."""
    chunks = [seeds[i : i + CHUNK_SEEDS] for i in range(0, len(seeds), CHUNK_SEEDS)]
    if jobs == 1:
        for chunk in chunks:
            yield from run_chunk(chunk)
        return
    with ProcessPoolExecutor(jobs) as pool:
        futures = [pool.submit(run_chunk, chunk) for chunk in chunks]
        try:
            for future in as_completed(futures):
                yield from future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
