"""From what the disk holds to where the engine begins. The rules are `consensus.recovery`'s; here its inputs are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from consensus.records import GuardState
from consensus.signing import Domain
from consensus.start import Start, fresh_start
from ledger.genesis import Genesis
from ledger.transaction import TransactionCodec
from node.frame_log import Condition
from node.guard import GuardFile
from node.held_blocks import HeldBlock
from node.store import Store
from node.wal import Entry


@dataclass(frozen=True, slots=True)
class Started:
    """The engine's start, and the blocks whose bytes the log holds."""

    start: Start
    blocks: tuple[HeldBlock, ...]


def start_from_disk(
    *,
    store: Store,
    entries: Sequence[Entry],
    condition: Condition,
    guard: GuardFile,
    domain: Domain,
    genesis: Genesis,
    codec: TransactionCodec,
) -> Started:
    assert store.applied is not None
    state = guard.load()
    assert state is not None and GuardState.decode(state) == GuardState()
    return Started(fresh_start(domain.chain, genesis.time, genesis.validator_set(), store.history(1)), ())
