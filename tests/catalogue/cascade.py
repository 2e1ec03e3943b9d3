"""The plan's p.16 as a table of firms: 6000, 5808, 1342 and 54 (ten thousand yuan) over 1, 49, 50 and 2 firms.

The rule of dealing: at each level the totals of what is financed, held and passed on are dealt to the firms by whole
yuan, each firm the floor of total/n, and the yuan left over one each round the table from the first firm on, the next
column going on at the next seat. What a firm has received is the sum.
"""

from __future__ import annotations

from dataclasses import dataclass

WAN = 10_000
LEVELS = (
    # firms, financed, held, passed on, in yuan
    (1, 0, 192 * WAN, 5808 * WAN),
    (49, 3079 * WAN, 1387 * WAN, 1342 * WAN),
    (50, 791 * WAN, 497 * WAN, 54 * WAN),
    (2, 26 * WAN, 28 * WAN, 0),
)


@dataclass(frozen=True, slots=True)
class Seat:
    """A firm's part of the cascade, in yuan."""

    name: str
    financed: int
    held: int
    passed: int

    @property
    def received(self) -> int:
        return self.financed + self.held + self.passed


def deal(level: int) -> list[Seat]:
    count, *totals = LEVELS[level - 1]
    columns, seat = [], 0
    for total in totals:
        base, left = divmod(total, count)
        column = [base] * count
        for i in range(left):
            column[(seat + i) % count] += 1
        seat = (seat + left) % count
        columns.append(column)
    financed, held, passed = columns
    return [Seat(f"l{level}-{i + 1:02d}", financed[i], held[i], passed[i]) for i in range(count)]


def transfers() -> list[tuple[str, str, int]]:
    """(payer, payee, yuan): the one firm of level 1 to each of level 2; firm i of level 2 to firm i of level 3 and,
    with what it has left, to firm 50; the first half of level 3 to the first firm of level 4, the rest to the
    second."""
    top, second, third, fourth = (deal(level) for level in (1, 2, 3, 4))
    rows = [(top[0].name, seat.name, seat.received) for seat in second]
    for i, seat in enumerate(second):
        rows.append((seat.name, third[i].name, third[i].received))
        rows.append((seat.name, third[49].name, seat.passed - third[i].received))
    rows += [(seat.name, fourth[i // 25].name, seat.passed) for i, seat in enumerate(third)]
    return rows
