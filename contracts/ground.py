"""What all contracts of one chain stand on: its suite, the meter, the undo journal, the source of rows."""

from __future__ import annotations

from dataclasses import dataclass, field

from contracts.language.meter import Meter
from contracts.state_map import Journal, Source
from ledger.crypto import Suite


@dataclass(frozen=True, slots=True)
class Ground:
    """Shared by every bound contract. Contracts numbered up to `genesis_contracts` came with the genesis."""

    suite: Suite
    chain: bytes
    genesis_contracts: int
    source: Source
    meter: Meter = field(default_factory=lambda: [0])
    journal: Journal = field(default_factory=list)
