"""What the executor needs of the contract engine: one decided block in, everything that it changes out.

The machine keeps no disk of its own. It reads the state below the block through the store and answers with rows; the
executor hashes and writes them. Between `apply` and the next one the rows have been written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ledger.block import Header
from ledger.transaction import Transaction
from ledger.validators import ValidatorSet


@dataclass(frozen=True, slots=True)
class Execution:
    """What a block came to.

    `state` maps full keys (contract u16, map u8, key) to encoded values, None for removed. `indexes` are rows that are
    not hashed, keys as the machine likes below their own prefix. `previous` are old values, by database key, that the
    machine knows anyway. `receipts` are encoded, the sweep's last.
    """

    receipts: tuple[bytes, ...]
    state: Mapping[bytes, bytes | None]
    indexes: Mapping[bytes, bytes | None]
    previous: Mapping[bytes, bytes | None]
    next_validators: ValidatorSet
    day: int


class Machine(Protocol):
    def genesis(self) -> Execution:
        """The state at height 0, from the genesis alone."""
        ...

    def apply(
        self, header: Header, transactions: tuple[Transaction, ...], misbehaviour: tuple[bytes, ...]
    ) -> Execution:
        """Execute the block on the state as last written."""
        ...
