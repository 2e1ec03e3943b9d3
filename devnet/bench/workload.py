"""What a run is asked to do, as a value that its processes share.

A transfer is two transactions of two organisations: the payer's offer, which splits a tranche, and the payee's accept.
They are numbered in the order in which they are due. Those of one payer spend one another's rests, so they must reach
the chain in order; each payer's therefore always go to the same node, and to a node one request at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

REQUESTS_PER_SECOND: Final = 20
BATCH_TRANSFERS_MAX: Final = 50
CLOSED_TPS_MAX: Final = 3_000
CLIENT_TPS_MAX: Final = 20
"""A closed loop takes as much as the chain gives; so much is signed for each of its seconds, and for each client."""


@dataclass(frozen=True, slots=True)
class Workload:
    """`rate` is transactions per second of an open loop; None means a closed loop of `clients`, each of which sends its
    next transfer when its last one is final. `hot`: one holder pays all the others."""

    rate: int | None
    clients: int
    seconds: int
    holders: int
    hot: bool

    @property
    def payers(self) -> int:
        return 1 if self.hot else self.holders

    @property
    def transfers(self) -> int:
        """How many have to be signed beforehand; every payer has the same number of them."""
        per_second = min(CLOSED_TPS_MAX, CLIENT_TPS_MAX * self.clients) if self.rate is None else self.rate
        wanted = -(-per_second * self.seconds // 2)
        return -(-wanted // self.payers) * self.payers

    @property
    def batch(self) -> int:
        """Transfers that an open loop sends together: few when little is sent, so that a low rate is not bursts."""
        assert self.rate is not None, "a closed loop sends what is ready"
        return max(1, min(BATCH_TRANSFERS_MAX, self.rate // (2 * REQUESTS_PER_SECOND)))

    def node_of(self, transfer: int, node_count: int) -> int:
        """Neighbours go together, so that a batch is one request."""
        size = BATCH_TRANSFERS_MAX if self.rate is None else self.batch
        return transfer % self.payers // size % node_count

    def payee_of(self, payer: int, turn: int) -> int:
        """Whom a payer pays at its `turn`: each of the others in their order, beginning with its neighbour."""
        return (payer + 1 + turn % (self.holders - 1)) % self.holders


@dataclass(frozen=True, slots=True)
class Transfer:
    """A signed transfer."""

    offer_id: bytes
    offer: bytes
    accept_id: bytes
    accept: bytes

    def to_value(self) -> tuple[bytes, ...]:
        return (self.offer_id, self.offer, self.accept_id, self.accept)


@dataclass(frozen=True, slots=True)
class Holding:
    """A holder with its key and the tranche that it begins with."""

    organisation: str
    secret: bytes
    tranche: bytes


def in_turns(by_payer: Sequence[Sequence[Transfer]]) -> list[Transfer]:
    """Each payer's first, then each one's second, and so on."""
    return [transfer for turn in zip(*by_payer, strict=True) for transfer in turn]
