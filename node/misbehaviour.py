"""Which misbehaviour records a block may carry: proved, of this block's past, and reported once.

Like all of a block's validity this is a pure function of the chain below it. The store remembers each reported
offence under a key of its own, so that a second record of the same offence, with other signatures, is refused as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from consensus.messages import Misbehaviour, decode_message
from consensus.misbehaviour import Offence, offence_of, verify_misbehaviour
from consensus.signing import Domain
from ledger.crypto import Suite
from ledger.errors import BadProof, PeerFault
from ledger.validators import ValidatorSet
from node.layout import OFFENCE

AGE_HEIGHTS_MAX: Final = 1_000


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
