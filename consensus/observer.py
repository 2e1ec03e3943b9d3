"""Coming back after forgetting: Rejoin, Status, and how the others keep the chain moving meanwhile.

A node that may have lost what it signed asks with Rejoin{nonce} and waits for the signed Status of k = n − q + f + 1
other members that are not observers themselves. Any quorum that helped to certify a height it could have voted two
above has at least f + 1 members among those k, so one honest member of them has decided that height: with m the highest
height whose CommitCert is seen, no own vote was ever given at m + 3 or above. There it votes again.

A silent chain would never reach m + 3: the others count an accepted Rejoin as work, at most one in ten minutes from
each member. An answer to another nonce is a replay; an observer's answer proves nothing about what the voters know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consensus.messages import Height, Rejoin, Status
from consensus.start import Timing
from ledger.validators import Quorum

HEIGHTS_AHEAD: Final = 3
ANSWER_EVERY_MS: Final = 1000


def answers_needed(quorum: Quorum) -> int:
    return quorum.n - quorum.q + quorum.f + 1


class Rejoining:
    """The asking side, for one nonce."""

    def __init__(self, key: bytes, nonce: bytes) -> None:
        self._key, self.nonce = key, nonce
        self._heights: dict[bytes, Height] = {}

    def on_status(self, status: Status, quorum: Quorum) -> Height | None:
        """The height to vote from, once enough members have answered. `status` is verified, its certificate too."""
        if status.nonce != self.nonce or status.observer or status.key == self._key:
            return None
        known = self._heights.get(status.key, 0)
        self._heights[status.key] = max(known, status.height)
        if len(self._heights) < answers_needed(quorum):
            return None
        return max(self._heights.values()) + HEIGHTS_AHEAD


@dataclass(slots=True)
class _Accepted:
    nonce: bytes
    accepted_ms: int
    answered_ms: int
    until: Height


class RejoinDesk:
    """The answering side: whom to answer, and whose return is work."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._members: dict[bytes, _Accepted] = {}

    def on_rejoin(self, rejoin: Rejoin, decided: Height, now_ms: int) -> bool:
        """Is it to be answered? `rejoin` is verified, so there are at most as many entries as members."""
        known = self._members.get(rejoin.key)
        if known is None or now_ms - known.accepted_ms >= self._timing.rejoin_every_ms:
            self._members[rejoin.key] = _Accepted(rejoin.nonce, now_ms, now_ms, decided + HEIGHTS_AHEAD)
            return True
        if now_ms - known.answered_ms < ANSWER_EVERY_MS:
            return False
        known.answered_ms = now_ms
        return True

    def is_work(self, height: Height) -> bool:
        """Must `height` be decided for somebody's return?"""
        return any(height <= accepted.until for accepted in self._members.values())
