"""How much an engine keeps: every entry of every container that can be reached from it.

Counted from outside, without knowing which buffers there are, so that one that is added later is counted as well.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from consensus.pbft.engine import Engine

ENTRIES_PER_VALIDATOR: Final = 80
ENTRIES_PER_ROUND_AND_VALIDATOR: Final = 10
"""About twice what runs were seen to keep: three books and a few certificates."""
ENTRIES_PER_OFFENDER_AND_HEIGHT: Final = 40
"""Eight offences of five fields; the engine remembers at most 1024 in all."""
ENTRIES_OF_REPORTS_MAX: Final = 5 * 1024


def entries_max(validators: int, height: int, round_: int) -> int:
    reports = min(ENTRIES_OF_REPORTS_MAX, height * (validators - 1) // 3 * ENTRIES_PER_OFFENDER_AND_HEIGHT)
    return validators * (ENTRIES_PER_VALIDATOR + ENTRIES_PER_ROUND_AND_VALIDATOR * (round_ + 1)) + reports


def entries_of(engine: Engine) -> int:
    """The chain's constants are left out: the suite, the hashers, the caches of the simulator's domain."""
    rooms = (engine._heights, engine._inbox, engine._gossip, engine._checkpoints, engine._desk, engine._links)
    waiting: list[Any] = list(rooms)
    seen = {id(engine._site)}
    count = 0
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            count += len(item)
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, (list, tuple, set, frozenset, deque)):
            count += len(item)
            waiting += item
        elif type(item).__module__.startswith("consensus."):
            names = [*getattr(type(item), "__slots__", ()), *getattr(item, "__dict__", ())]
            waiting += [getattr(item, name) for name in names if hasattr(item, name)]
    return count
