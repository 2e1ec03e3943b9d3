"""The validators of one height and the sizes of their quorums.

f = ⌊(n−1)/3⌋ traitors are tolerated, q = ⌈(n+f+1)/2⌉ votes decide, t = f+1 votes hold an honest one. Two quorums of q
share at least f+1 members, so at least one honest one. (2f+1 would be too few where n ≠ 3f+1: at n = 5 it forks.)
Crash faults only: a majority decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

from ledger.codec import array, blob, encode, row, text
from ledger.crypto import Suite
from ledger.errors import refuse

VALIDATORS_MAX: Final = 64
Engine = Literal["pbft", "raft"]
ENGINES: Final[tuple[Engine, ...]] = ("pbft", "raft")


@dataclass(frozen=True, slots=True)
class Quorum:
    """The sizes for `n` validators."""

    n: int
    f: int
    q: int
    t: int


def quorum_of(engine: Engine, n: int) -> Quorum:
    assert n >= 1, "a set of validators is not empty"
    if engine == "raft":
        return Quorum(n, (n - 1) // 2, n // 2 + 1, 1)
    f = (n - 1) // 3
    return Quorum(n, f, (n + f + 2) // 2, f + 1)


@dataclass(frozen=True, slots=True)
class Validator:
    """One row: the consensus key and the organisation that answers for it."""

    key: bytes
    organisation: str


@dataclass(frozen=True, slots=True)
class ValidatorSet:
    """The rows ascending by key; validator i is the i-th row."""

    rows: tuple[Validator, ...]

    def __post_init__(self) -> None:
        keys = [row.key for row in self.rows]
        assert keys == sorted(set(keys)), "validators ascend by key and none is twice"

    def __len__(self) -> int:
        return len(self.rows)

    def index_of(self, key: bytes) -> int | None:
        """The validator's number, or None for a key that does not vote."""
        for i, validator in enumerate(self.rows):
            if validator.key == key:
                return i
        return None

    def to_value(self) -> tuple[Any, ...]:
        return tuple((validator.key, validator.organisation) for validator in self.rows)

    @classmethod
    def from_value(cls, value: Any, suite: Suite, where: str = "validators") -> ValidatorSet:
        """Check and build; raises `Refused` BYT-003."""
        array(row(("key", blob(suite.key_bytes)), ("organisation", text(24))), VALIDATORS_MAX, 1)(value, where)
        keys = [entry[0] for entry in value]
        if any(low >= high for low, high in pairwise(keys)):
            raise refuse("BYT-003", where=where, expected="keys in ascending order", found="another order")
        return cls(tuple(Validator(*entry) for entry in value))

    def hash(self, suite: Suite) -> bytes:
        return suite.hasher("valset")(encode(self.to_value()))


def make_validator_set(pairs: dict[bytes, str]) -> ValidatorSet:
    """The set for `{key: organisation}`."""
    return ValidatorSet(tuple(Validator(key, pairs[key]) for key in sorted(pairs)))
