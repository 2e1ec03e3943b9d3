"""What the node needs of the contract engine: one decided block in, everything that it changes out; and a few look-ups.

The machine keeps no disk of its own. It reads the state below the block through the store and answers with rows; the
executor hashes and writes them. Between `apply` and the next one the rows have been written. `contracts.engine.Engine`
is the one of every chain; tests of the node have simpler ones.
"""

from __future__ import annotations

from typing import Protocol

from contracts.engine import Execution
from ledger.block import Header
from ledger.genesis import ValidatorEntry
from ledger.transaction import Transaction


class Machine(Protocol):
    def genesis(self) -> Execution:
        """The state at height 0, from the genesis alone."""
        ...

    def apply(
        self, header: Header, transactions: tuple[Transaction, ...], misbehaviour: tuple[bytes, ...]
    ) -> Execution:
        """Execute the block on the state as last written."""
        ...


class Register(Protocol):
    """The chain's own books as the last applied height left them: who may call, and which nodes there are."""

    def check_caller(self, key: bytes) -> None:
        """Raises `Refused` AUTH-001 or AUTH-002 where every call by this key would be refused."""
        ...

    def nodes(self) -> tuple[ValidatorEntry, ...]:
        """The validators' nodes, ascending by key."""
        ...
