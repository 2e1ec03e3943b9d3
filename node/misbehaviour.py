"""Which misbehaviour records a block may carry: proved, of this block's past, and reported once.

Like all of a block's validity this is a pure function of the chain below it. The store remembers each reported
offence under a key of its own, so that a second record of the same offence, with other signatures, is refused as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from consensus.messages import Misbehaviour, decode_message, encode_message
from consensus.misbehaviour import Offence, offence_of, verify_misbehaviour
from consensus.signing import Domain
from ledger.crypto import Suite
from ledger.errors import BadProof, PeerFault
from ledger.validators import ValidatorSet
from node.layout import OFFENCE

AGE_HEIGHTS_MAX: Final = 1_000
PER_BLOCK_MAX: Final = 8
KEPT_MAX: Final = 64


def offence_key(offence: Offence) -> bytes:
    offender, height, round_, kind = offence
    return OFFENCE + offender + height.to_bytes(8, "big") + round_.to_bytes(4, "big") + bytes([kind])


def offence_key_of(record: bytes, suite: Suite) -> bytes:
    """The key of a record that stands in a decided block."""
    misbehaviour = decode_message(record, suite)
    assert isinstance(misbehaviour, Misbehaviour), "a decided block was validated"
    return offence_key(offence_of(misbehaviour))


class MisbehaviourRules:
    """`is_reported(key)` asks the store; `validators_at` gives the set of any height of the chain."""

    def __init__(
        self, domain: Domain, validators_at: Callable[[int], ValidatorSet], is_reported: Callable[[bytes], bool]
    ) -> None:
        self._domain = domain
        self._validators_at = validators_at
        self._is_reported = is_reported

    def verify(self, record: bytes, block_height: int) -> bytes:
        """The offence's key when a block of this height may carry the record; raises `PeerFault`."""
        misbehaviour = decode_message(record, self._domain.suite)
        if not isinstance(misbehaviour, Misbehaviour):
            raise PeerFault("BYT-EVIDENCE", f"a {type(misbehaviour).__name__} among the misbehaviour records")
        try:
            offence = offence_of(misbehaviour)
            if not block_height - AGE_HEIGHTS_MAX <= offence[1] <= block_height:
                raise PeerFault("BYT-EVIDENCE", f"an offence of height {offence[1]} in block {block_height}")
            verify_misbehaviour(self._domain, misbehaviour, self._validators_at(offence[1]))
        except BadProof as fault:
            raise PeerFault("BYT-EVIDENCE", fault.detail) from None
        key = offence_key(offence)
        if self._is_reported(key):
            raise PeerFault("BYT-EVIDENCE", f"an offence of height {offence[1]} that was reported before")
        return key


class Reportable:
    """The offences that this node has been shown and no block has reported, one record each.

    `verify(record, height)` gives the offence's key, or raises `PeerFault` when a block of `height` may not carry it.
    Whatever is kept here keeps the node awake, so what no block may carry any more must go.
    """

    def __init__(self, verify: Callable[[bytes, int], bytes], suite: Suite) -> None:
        self._verify = verify
        self._suite = suite
        self._kept: dict[bytes, tuple[int, Misbehaviour, bytes]] = {}
        """By the offence's key: its height, what proves it, the same as a block carries it."""

    def __len__(self) -> int:
        return len(self._kept)

    def messages(self) -> tuple[Misbehaviour, ...]:
        return tuple(misbehaviour for _, misbehaviour, _ in self._kept.values())

    def keep(self, misbehaviour: Misbehaviour, height: int) -> bool:
        """Whether it is news to a block of `height`, the next, and there is room for it."""
        offence, record = offence_of(misbehaviour), encode_message(misbehaviour)
        key, height = offence_key(offence), max(height, offence[1])
        if key in self._kept or len(self._kept) >= KEPT_MAX or not self._may_stand_in(height, record):
            return False
        self._kept[key] = offence[1], misbehaviour, record
        return True

    def of_block(self, height: int) -> tuple[bytes, ...]:
        """What a block of `height` reports; what it may not is forgotten, but for what is of a height above it."""
        found: list[bytes] = []
        for key, (offence_height, _, record) in list(self._kept.items()):
            if offence_height <= height:
                if self._may_stand_in(height, record):
                    found.append(record)
                else:
                    del self._kept[key]
        return tuple(found[:PER_BLOCK_MAX])

    def _may_stand_in(self, height: int, record: bytes) -> bool:
        try:
            self._verify(record, height)
        except PeerFault:
            return False
        return True

    def on_decided(self, records: Iterable[bytes]) -> None:
        """A block reports these offences, by whatever record."""
        for record in records:
            self._kept.pop(offence_key_of(record, self._suite), None)
