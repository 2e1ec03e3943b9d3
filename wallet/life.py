"""Which transactions belong to a voucher's life: everything that was signed about it, found in nodes' events.

Rows prove what a voucher is and, by their ids, which transactions made them; that somebody accepted, withdrew, froze or
checked left no id behind. The events of final heights name what they are about, so a transaction belongs to a voucher
when one of its events names one of the voucher's tranches, or what such an event names beside it of its own making: a
financing, a dispute, an item that waited for a checker.

Events are a node's word. What they lead to is proven like everything else; what a node leaves out is not. So t nodes
are asked and everything that any of them names is taken: one honest node among them makes it whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.api import EventLine
from ledger.statement import ID_BYTES
from wallet.client import Client

EVENTS_MAX: Final = 2_000_000
APPROVAL: Final = "approval"
ITEM: Final = "item"
_ID_DIGITS: Final = 2 * ID_BYTES
_TRANSACTION_DIGITS: Final = 64


@dataclass(frozen=True, slots=True)
class Mention:
    """One event: the transaction that it is of, and the ids that it names."""

    transaction: str
    contract: str
    ids: frozenset[str]
    item: str | None


@dataclass(slots=True)
class Life:
    """What t nodes told. `nodes` are those that told all of it; `needed` of them make sure of an honest one."""

    transactions: list[bytes]
    nodes: list[str]
    needed: int
    silent: dict[str, str] = field(default_factory=dict)

    @property
    def is_certain(self) -> bool:
        return len(self.nodes) >= self.needed


def life_of(client: Client, ids: Iterable[bytes], first: int, last: int) -> Life:
    """The transactions in heights `first` to `last` that are about these ids, and those that led to them before."""
    told, silent = client.events_between(first, last, EVENTS_MAX)
    mentions = [mention_of(line) for lines in told.values() for line in lines if line.id is not None]
    found = closure(mentions, {identifier.hex() for identifier in ids})
    return Life([bytes.fromhex(text) for text in found], list(told), client.trust.nodes_needed(), silent)


def mention_of(line: EventLine) -> Mention:
    values: dict[str, Any] = line.values or {}
    item = values.get(ITEM) if line.contract == APPROVAL else None
    ids = frozenset(text for value in values.values() for text in _ids(value))
    return Mention(line.id or "", line.contract or "", ids, item if type(item) is str else None)


def _ids(value: Any) -> list[str]:
    if type(value) is str:
        return [value] if len(value) == _ID_DIGITS else []
    return [text for part in value for text in _ids(part)] if isinstance(value, list) else []


def closure(mentions: Sequence[Mention], known: set[str]) -> list[str]:
    """The transactions that name what is known, in the order in which they were told.

    An id becomes known beside a known one when the same transaction made it: other vouchers' tranches, lines and trades
    that an event also names were made by others and stay outside. What waited for a checker is known by the approval
    that did it, and leads to whoever asked for it and to the other checkers.
    """
    known, taken = set(known), dict[str, None]()
    while True:
        before = (len(known), len(taken))
        for mention in mentions:
            if mention.ids & known:
                taken[mention.transaction] = None
                known.update(text for text in mention.ids if text[:_TRANSACTION_DIGITS] == mention.transaction)
            if mention.transaction in taken and mention.item is not None:
                known.add(mention.item)
                taken.setdefault(mention.item[:_TRANSACTION_DIGITS])
        if before == (len(known), len(taken)):
            return list(taken)
