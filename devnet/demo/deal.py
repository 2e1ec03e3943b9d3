"""Who gets how much in the cascade of p.16 (plan, business figures in yuan): a pure table.

The plan gives totals per level (1, 49, 50 and 2 firms) and no single firm's share. The rule "dealer" deals them so that
every level closes to the yuan: of each column (financed, held, passed) every firm gets the floor of total / n; the yuan
left over are dealt one each round the table from the first firm, the next column going on at the next seat. What a firm
received is the sum of its three columns.

Another seed gives another cascade with the same level totals: the columns are cut at random instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final

FACE_YUAN: Final = 60_000_000
COUNTS: Final = (1, 49, 50, 2)
TOTALS: Final = (
    # financed, held, passed on
    (0, 1_920_000, 58_080_000),
    (30_790_000, 13_870_000, 13_420_000),
    (7_910_000, 4_970_000, 540_000),
    (260_000, 280_000, 0),
)
SMALLEST_YUAN: Final = 100


@dataclass(frozen=True, slots=True)
class Share:
    """One firm's part, in yuan."""

    firm: str
    financed: int
    held: int
    passed: int

    @property
    def received(self) -> int:
        return self.financed + self.held + self.passed


@dataclass(frozen=True, slots=True)
class Transfer:
    payer: str
    payee: str
    yuan: int


@dataclass(frozen=True, slots=True)
class Cascade:
    """Shares by level from the first supplier on, and the transfers between the levels in order."""

    levels: tuple[tuple[Share, ...], ...]
    transfers: tuple[tuple[Transfer, ...], ...]


def firm_name(level: int, seat: int) -> str:
    return f"l{level}-{seat:02d}"


def deal(seed: int | None = None) -> Cascade:
    """The cascade of the plan, or of a seed."""
    columns = _dealt if seed is None else _Random(seed).cut
    levels: list[tuple[Share, ...]] = []
    for level, (count, totals) in enumerate(zip(COUNTS, TOTALS, strict=True), start=1):
        shares = zip(*columns(totals, count), strict=True)
        levels.append(tuple(Share(firm_name(level, i), *share) for i, share in enumerate(shares, start=1)))
    transfers = tuple(tuple(_pay(above, below)) for above, below in pairwise(levels))
    return Cascade(tuple(levels), transfers)


def _dealt(totals: tuple[int, ...], count: int) -> list[list[int]]:
    seat, columns = 0, []
    for total in totals:
        whole, left = divmod(total, count)
        column = [whole] * count
        for _ in range(left):
            column[seat % count] += 1
            seat += 1
        columns.append(column)
    return columns


class _Random:
    """Cuts totals at random; no firm gets less than a smallest amount of what its level has."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 — a cascade to look at, no secret

    def cut(self, totals: tuple[int, ...], count: int) -> list[list[int]]:
        return [self._cut(total, count) for total in totals]

    def _cut(self, total: int, count: int) -> list[int]:
        if total == 0:
            return [0] * count
        spare = total - SMALLEST_YUAN * count
        marks = [0, *sorted(self._random.randint(0, spare) for _ in range(count - 1)), spare]
        return [high - low + SMALLEST_YUAN for low, high in pairwise(marks)]


def _pay(above: tuple[Share, ...], below: tuple[Share, ...]) -> Iterator[Transfer]:
    """Who pays whom. Between levels of like size payer i fills payee i first, and what is left goes to the others.

    The plan's cascade comes out as the plan says: the issuer's supplier pays each of 49; each of those pays its own of
    the 50 and the last one's part together; the first 25 of the 50 pay one of the two, the others the other.
    """
    payer_left = {share.firm: share.passed for share in above}
    payee_left = {share.firm: share.received for share in below}
    if len(above) > len(below):
        # Many pay few: blocks of neighbours share a payee.
        yield from _fill(list(payer_left.items()), list(payee_left.items()))
        return
    rest: list[tuple[str, int]] = []
    if len(above) > 1:
        for payer, payee in zip(payer_left, payee_left, strict=False):
            own = min(payer_left[payer], payee_left[payee])
            yield Transfer(payer, payee, own)
            payee_left[payee] -= own
            rest.append((payer, payer_left[payer] - own))
    else:
        rest = list(payer_left.items())
    yield from _fill(rest, list(payee_left.items()))


def _fill(sources: list[tuple[str, int]], wants: list[tuple[str, int]]) -> Iterator[Transfer]:
    """Pour each source into the wants in turn; amounts agree in sum."""
    open_wants = dict(wants)
    for payer, amount in sources:
        left = amount
        while left:
            payee = next(name for name, wanted in open_wants.items() if wanted)
            part = min(left, open_wants[payee])
            yield Transfer(payer, payee, part)
            left -= part
            open_wants[payee] -= part
    assert not any(open_wants.values()), "what is passed on is what is received"
