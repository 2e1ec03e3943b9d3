"""What execution costs, counted from the program alone.

A unit is roughly one node of the syntax tree, some 50 ns of work. The compiler charges each basic block once, where it
begins; helpers whose work grows with a size charge for the size; each use of state has a fixed price, whether the value
was at hand or had to be read. Nothing here depends on the machine, the version of Python, memory or caches, so every
node counts the same.

The counter is the one cell of a list, because a list item is the quickest thing that compiled code and helpers can
share.
"""

from __future__ import annotations

from typing import Final

VIEW_UNITS_MAX: Final = 20_000_000
SWEEP_ROW_UNITS_MAX: Final = 2_000_000
"""Enough for the sweep that puts the longest uploaded source into force."""

MAP_READ_UNITS: Final = 30
MAP_WRITE_UNITS: Final = 100
SCAN_UNITS: Final = 200
SCAN_ROW_UNITS: Final = 40
EMIT_UNITS: Final = 30
CALL_UNITS: Final = 200
HELPER_UNITS: Final = 4
ITEMS_PER_UNIT: Final = 8
SIGNATURE_UNITS: Final = 2_000
CHECK_SOURCE_UNITS_PER_BYTE: Final = 20

Meter = list[int]
"""[units left]"""


class OutOfBudget(Exception):  # noqa: N818 (it is no error: a contract may spend what it has)
    """The execution has used up its units."""
