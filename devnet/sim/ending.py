"""When a run is over, and by when it must be.

After healing the chain must decide. The bound of ordering.md: within the first f + 1 rounds whose timeouts exceed twice
the delay; to which come the round that was under way and, where the two highest nodes stood apart, one more to meet. A
run is over when every honest node has executed and certified the same height, all acknowledged requests are in the
chain, everything reported is on it, and every height that the plan asked for has been decided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from consensus.pbft.timeouts import propose_ms, vote_ms
from devnet.sim.checkers import Violation
from ledger.validators import quorum_of

if TYPE_CHECKING:
    from devnet.sim.replica import Replica
    from devnet.sim.world import World

ROUNDS_SLACK: Final = 2
MEETING_MS: Final = 25_000
"""Two round states of sleeping nodes and a body fetched: the longest that nodes take to learn where the others are."""
SECONDS_PER_HEIGHT_MS: Final = 5_000


class Ending:
    def __init__(self, world: World) -> None:
        self._world = world
        self._healed_at: tuple[int, int] | None = None

    def is_over(self) -> bool:
        """Cheap first: this is asked before every event."""
        world = self._world
        if world.healed and self._healed_at is None and all(replica.up for replica in self._honest()):
            height = max(replica.engine.height for replica in self._honest())
            self._healed_at = (height, self._highest_round(height))
        if len(world.checkers.chain) < len(world.plan.work) or len(world.submitted) < len(world.plan.work):
            return False
        return all(self._is_done(replica) for replica in self._honest())

    def _honest(self) -> list[Replica]:
        return [replica for replica in self._world.replicas if replica.is_honest]

    def _highest_round(self, height: int) -> int:
        return max(replica.engine.round for replica in self._honest() if replica.engine.height == height)

    def _is_done(self, replica: Replica) -> bool:
        top = len(self._world.checkers.chain)
        if not replica.up or replica.applied != top or replica.engine.certified != top:
            return False
        return not replica.driver.reportable and self._world.submitted.keys() <= replica.executed

    def limit_ms(self) -> int:
        """Time enough for every height to need the bound's rounds, from the highest round that healing can find on."""
        plan, timing = self._world.plan, self._world.plan.timing
        rounds = quorum_of("pbft", plan.n).f + 1 + ROUNDS_SLACK
        start = plan.heal_ms // (timing.propose_ms + 2 * timing.vote_ms)
        first = sum(propose_ms(timing, r) + 2 * vote_ms(timing, r) for r in range(start, start + rounds))
        later = sum(propose_ms(timing, r) + 2 * vote_ms(timing, r) for r in range(rounds))
        heights = len(plan.work) + 2
        return plan.heal_ms + MEETING_MS + first + heights * (later + SECONDS_PER_HEIGHT_MS)

    def check(self, is_over: bool) -> None:
        """Raises `Violation` when the end is not what healing promised."""
        world = self._world
        if not is_over:
            raise Violation("liveness", f"by {world.now} ms: {self._standing()}")
        if self._healed_at is None:
            return
        allowed = quorum_of("pbft", world.plan.n).f + ROUNDS_SLACK
        height, round_ = self._healed_at
        for decided, in_round in sorted(world.checkers.rounds.items()):
            most = round_ + allowed if decided == height else allowed
            if decided >= height and in_round > most:
                raise Violation("rounds", f"height {decided} took until round {in_round}, {most} allowed after healing")

    def _standing(self) -> str:
        lines = []
        for replica in self._honest():
            engine, missing = replica.engine, len(self._world.submitted.keys() - replica.executed)
            lines.append(
                f"{replica.index}: {engine.height}/{engine.round} A={engine.applied} S={engine.certified}"
                f" lacks {missing} reports {len(replica.driver.reportable)}"
            )
        return "; ".join(lines)
