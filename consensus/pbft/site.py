"""What the rooms of one engine share: the chain's constants, the time of this step, deadlines and effects."""

from __future__ import annotations

from consensus.events import Effect
from consensus.pbft.timeouts import Deadlines
from consensus.signing import Domain
from consensus.start import Timing


class Site:
    def __init__(self, domain: Domain, timing: Timing) -> None:
        self.domain, self.timing = domain, timing
        self.deadlines = Deadlines()
        self.now_ms = 0
        self.wall_ms = 0
        self._effects: list[Effect] = []

    def emit(self, effect: Effect) -> None:
        self._effects.append(effect)

    def take_effects(self) -> list[Effect]:
        taken, self._effects = self._effects, []
        return taken


class MustStop(Exception):  # noqa: N818 - an outcome, not a slip
    """This node must not go on ordering; the reason is for the operator."""
