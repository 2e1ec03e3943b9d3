"""What the HTTP side needs of the rest of the node, and nothing more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from contracts.views import Edition, Sheet
from node.http.limits import HttpLimits
from node.messages import SignFreshness, Submit
from node.reads import Reads
from node.store import Reader


@dataclass(frozen=True, slots=True)
class ViewCall:
    """A question to a contract on the state of `height`, whose block has the time `time`."""

    height: int
    time: int
    contract: str
    view: str
    arguments: tuple[Any, ...]


class Contracts(Protocol):
    """The read side of the contract engine. `reader` is a snapshot of the database at one height, `time` its time."""

    def sheets(self, reader: Reader) -> Sequence[Sheet]:
        """All contracts, ascending by number."""
        ...

    def sheet(self, reader: Reader, name: str) -> Sheet:
        """Raises `Refused` TX-007."""
        ...

    def view(self, reader: Reader, question: ViewCall) -> Any:
        """What the view returns, within a budget. Called from worker threads, several at once; raises `Refused`."""
        ...

    def edition(self, reader: Reader, interface_digest: bytes) -> Edition:
        """An interface that is or was in force, by its digest. Called from worker threads; raises `Refused` RPC-004."""
        ...

    def event_fields(self, contract: str, event: str, count: int, height: int) -> Sequence[str]:
        """The names of an event's values by the contract's version of `height`; numbers as names where that has no
        event with `count` of them."""
        ...

    def day(self, reader: Reader, time: int) -> int:
        """The business day: from the block's time, or from the test clock's state."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this node is."""

    organisation: str
    validator_key: bytes
    transport_key: bytes
    data_path: Path
    """The folder whose disk must not fill up."""


@dataclass(frozen=True, slots=True)
class NodeSeams:
    """Everything that a route may use."""

    reads: Reads
    contracts: Contracts
    identity: Identity
    submit: Callable[[Submit], Awaitable[None]]
    """Puts a question into the mempool's bounded door; waits while the door is full."""
    sign_freshness: Callable[[SignFreshness], None]
    wall_ms: Callable[[], int]
    limits: HttpLimits
