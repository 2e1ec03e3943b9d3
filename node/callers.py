"""Which keys may call: the register of people and organisations as the last applied block left it, asked at the door.

A transaction whose caller no register knows would be ordered only to be refused when it is executed, and keys cost
nothing to make: without this question anybody could fill the pool and the blocks. The question protects the pool and
nothing else. Registers move with the height, so nodes may differ on it for a moment; what is in a proposed block was
never asked here, and its execution decides for all nodes alike.

Keys that may call are remembered until a block touches the register. Those that may not are asked for each time, so
that a flood of them takes no memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

KNOWN_KEYS_MAX: Final = 100_000
CheckCaller = Callable[[bytes], None]
"""Raises `Refused` with the code that the execution of a call by this key would give: AUTH-001, AUTH-002."""


class Callers:
    def __init__(self, look_up: CheckCaller) -> None:
        self._look_up = look_up
        self._known: set[bytes] = set()

    def check(self, key: bytes) -> None:
        """Raise `Refused` when nothing this key calls can be done. Asked for every transaction, most of them known."""
        if key not in self._known:
            self._look_up(key)
            if len(self._known) >= KNOWN_KEYS_MAX:
                self._known.clear()
            self._known.add(key)

    def forget(self) -> None:
        """A block has changed a person or an organisation: whoever was known may have been suspended."""
        self._known.clear()
