"""Between a node's engine and its driver: a power failure can fall before any effect, and the checkers see each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from consensus.events import Effect, Event, Tick
from consensus.messages import Height, OrderingMessage, Round
from consensus.pbft.engine import Engine
from consensus.verify import ValidatorsView
from devnet.sim.checkers import Checkers
from devnet.sim.stage import Host


class WatchedEngine:
    """What the driver takes for the engine."""

    def __init__(self, engine: Engine, host: Host, checkers: Checkers, maybe_crash: Callable[[], None]) -> None:
        self._engine, self._host, self._checkers, self._maybe_crash = engine, host, checkers, maybe_crash

    @property
    def validators(self) -> ValidatorsView:
        return self._engine.validators

    @property
    def height(self) -> Height:
        return self._engine.height

    @property
    def round(self) -> Round:
        return self._engine.round

    def wants(self, message: OrderingMessage) -> bool:
        return self._engine.wants(message)

    def step(self, event: Event) -> Iterable[Effect]:
        effects = self._engine.step(event)
        if effects or not isinstance(event, Tick):
            return self._watched(event, effects)
        return effects

    def _watched(self, event: Event, effects: list[Effect]) -> Iterator[Effect]:
        """What stands before a `yield` happens before the driver performs that effect, after the one before it."""
        checkers, host = self._checkers, self._host
        for effect in effects:
            self._maybe_crash()
            if host.is_honest:
                checkers.on_effect(host, effect)
            yield effect
        if host.is_honest and not isinstance(event, Tick):
            checkers.on_step(host, event)
