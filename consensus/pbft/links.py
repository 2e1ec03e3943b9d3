"""What is known of the other nodes: who is linked, and where each says it stands. Hints only; nobody is believed."""

from __future__ import annotations

from consensus.messages import Height, PeerId, Round


class Peer:
    __slots__ = ("answered_ms", "certified", "down_since_ms", "height", "linked", "round")

    def __init__(self, down_since_ms: int) -> None:
        self.linked = False
        self.down_since_ms = down_since_ms
        self.height: Height = 0
        self.round: Round = 0
        self.certified: Height = 0
        self.answered_ms: int | None = None


class Links:
    """Peers by key. Only those that the driver has linked are kept, and validators."""

    def __init__(self) -> None:
        self._peers: dict[PeerId, Peer] = {}
        self._assumed_down_ms = 0

    def begin(self, now_ms: int) -> None:
        """A peer that has never been linked counts as down from `now_ms` on: links take a while after a start."""
        self._assumed_down_ms = now_ms

    def up(self, peer: PeerId) -> None:
        self._get(peer).linked = True

    def down(self, peer: PeerId, now_ms: int) -> None:
        known = self._get(peer)
        known.linked, known.down_since_ms, known.answered_ms = False, now_ms, None

    def get(self, peer: PeerId) -> Peer:
        return self._get(peer)

    def down_since(self, peer: PeerId) -> int | None:
        """Since when the link is down, or None while it is up."""
        known = self._peers.get(peer)
        if known is None:
            return self._assumed_down_ms
        return None if known.linked else known.down_since_ms

    def linked(self) -> list[PeerId]:
        return sorted(peer for peer, known in self._peers.items() if known.linked)

    def claims_above(self, height: Height) -> int:
        """How many linked peers say that they are above `height`."""
        return sum(known.linked and known.height > height for known in self._peers.values())

    def _get(self, peer: PeerId) -> Peer:
        known = self._peers.get(peer)
        if known is None:
            known = self._peers[peer] = Peer(self._assumed_down_ms)
        return known
