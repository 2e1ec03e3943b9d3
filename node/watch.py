"""A value that one task writes and many may wait on. The latest value counts; those in between may be missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import trio

T = TypeVar("T")


class Watch(Generic[T]):
    """Written by one owner with `set`; `wait_for` returns the first value seen that fulfils a condition."""

    __slots__ = ("_changed", "_value")

    def __init__(self, value: T) -> None:
        self._value = value
        self._changed = trio.Event()

    @property
    def value(self) -> T:
        return self._value

    def set(self, value: T) -> None:
        self._value = value
        changed, self._changed = self._changed, trio.Event()
        changed.set()

    async def wait_for(self, fulfils: Callable[[T], bool]) -> T:
        while not fulfils(self._value):
            await self._changed.wait()
        return self._value

    async def wait_change(self) -> T:
        await self._changed.wait()
        return self._value
