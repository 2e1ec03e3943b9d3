"""When a height is awake. A silent chain makes no empty blocks, runs no ordering timer and grows by nothing.

At round 0 of a height, with no own record of it, a node sleeps until there is something to do: eligible work of its
own, a proposal of the height, messages of it signed by t validators (so at least one honest one is awake), or work of
the chain itself. Once it has voted, or in any later round, it stays awake until the height is decided.
"""

from __future__ import annotations

from consensus.messages import Height
from consensus.observer import RejoinDesk
from consensus.pbft.rounds import Rounds, Step
from consensus.validator_window import ValidatorWindow


class Waking:
    """What could go into a block now, and the reasons to decide a height without anything in it."""

    def __init__(self, window: ValidatorWindow, rejoins: RejoinDesk) -> None:
        self._window, self._rejoins = window, rejoins
        self.work = 0
        """Eligible transactions and unreported misbehaviour, as the driver last said of this height."""
        self.heartbeat_due = False

    def enter_height(self) -> None:
        self.work, self.heartbeat_due = 0, False

    def is_awake(self, rounds: Rounds) -> bool:
        if rounds.round > 0 or rounds.step is not Step.PROPOSE or self.work > 0:
            return True
        if rounds.book.has_proposal() or len(rounds.book.signers()) >= rounds.validators.quorum.t:
            return True
        return self.has_chain_work(rounds.height)

    def has_chain_work(self, height: Height) -> bool:
        return self.heartbeat_due or self._rejoins.is_work(height) or self._window.change_pending(height)
