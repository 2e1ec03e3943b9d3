"""Who validates which height, as the database has it: the genesis' set, and a row for each height at which it changes.

The batch that writes height h writes the set that acts from h + 3 as well, if that is another one than before. So the
set of every height up to A + 3 is known, also when all else of a height has been lost or pruned. What is stored is
believed only after its hash has been compared; the hashes themselves stand in the certified checkpoints.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.checkpoint import VALIDATORS_LAG, CheckpointCert
from ledger.crypto import Suite
from ledger.genesis import Genesis
from ledger.validators import ValidatorSet
from node.store import Store, damaged


@dataclass(frozen=True, slots=True)
class ValidatorsChange:
    """`validators` act from `first` on. `certificate` is that of the height that decided it, where it is held."""

    first: int
    validators: ValidatorSet
    certificate: CheckpointCert | None


class StoredValidators:
    def __init__(self, store: Store, suite: Suite, genesis: Genesis) -> None:
        self._store, self._suite = store, suite
        self.engine = genesis.engine
        self.first = genesis.validator_set()
        self._first_hash = self.first.hash(suite)
        self._sets = {self._first_hash: self.first}

    def at(self, height: int) -> ValidatorSet:
        """Raises NODE-003 when the database has lost the set or has another one under its hash."""
        return self._set(self.hash_at(height))

    def hash_at(self, height: int) -> bytes:
        return self._store.validators_hash_at(height) or self._first_hash

    def changes(self) -> tuple[ValidatorsChange, ...]:
        """Every change since the genesis, in order."""
        store = self._store
        return tuple(
            ValidatorsChange(first, self._set(digest), store.certificate(first - VALIDATORS_LAG))
            for first, digest in store.validators_changes()
        )

    def _set(self, digest: bytes) -> ValidatorSet:
        known = self._sets.get(digest)
        if known is None:
            known = self._store.validators(digest, lambda value: ValidatorSet.from_value(value, self._suite))
            if known is None or known.hash(self._suite) != digest:
                raise damaged(f"the validators {digest.hex()[:16]} are missing or others")
            self._sets[digest] = known
        return known
