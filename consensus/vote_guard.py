"""May I sign this? The one file that decides, with its own small record beside the key.

First rule: positions (height, round, step) only rise; the same position may be signed again only with the same sign
bytes (a restart repeats itself, it never says something else). Second rule: nothing below `vote_from`, which is where a
node that has forgotten what it signed starts again; BARRED until it knows. Third rule: checkpoints have a track of
their own, so that Checkpoint(h) may be signed after a vote at h + 2; of one (height, attempt) only one checkpoint is
signed.

The state returned by a permission must be durable before the signature leaves (after the log's record: a guard behind
the log is normal after a crash, a guard ahead of it means that the log lost something).
"""

from __future__ import annotations

from dataclasses import replace

from consensus.messages import Height
from consensus.records import BARRED, GUARD_CHECKPOINTS_MAX, GuardState, Position


class GuardRefusal(Exception):  # noqa: N818 - it names what the guard does; it stops the node
    """Signing this could contradict what was signed before. Reaching this is a bug of the caller."""


class CheckpointConflict(Exception):  # noqa: N818 - an outcome with evidence in hand, not a slip
    """Executing a height again came to another result than the checkpoint signed before."""

    def __init__(self, height: Height, attempt: int) -> None:
        super().__init__(f"another checkpoint of height {height}, attempt {attempt}, was signed before")
        self.height = height


class VoteGuard:
    def __init__(self, state: GuardState) -> None:
        self.state = state

    @property
    def position(self) -> Position | None:
        return self.state.position

    def may_vote_at(self, height: Height) -> bool:
        return height >= self.state.vote_from

    def permit_vote(self, position: Position, digest: bytes) -> GuardState:
        """The state to make durable before signing proposal (step 0), prevote (1) or precommit (2)."""
        state = self.state
        if position[0] < state.vote_from:
            raise GuardRefusal(f"height {position[0]}, voting starts at {state.vote_from}")
        if state.position is not None and position <= state.position:
            if position == state.position and digest == state.digest:
                return state
            raise GuardRefusal(f"{position} after {state.position}")
        self.state = replace(state, position=position, digest=digest)
        return self.state

    def permit_checkpoint(self, height: Height, attempt: int, digest: bytes) -> GuardState:
        """The state to make durable before signing a checkpoint; raises `CheckpointConflict`."""
        track = self.state.checkpoints
        for signed_height, signed_attempt, signed in track:
            if signed_height == height and attempt <= signed_attempt:
                if (attempt, digest) == (signed_attempt, signed):
                    return self.state
                raise CheckpointConflict(height, attempt)
        if track and height < track[0][0]:
            raise GuardRefusal(f"checkpoint of height {height}, the oldest remembered is {track[0][0]}")
        kept = sorted((*(entry for entry in track if entry[0] != height), (height, attempt, digest)))
        self.state = replace(self.state, checkpoints=tuple(kept[-GUARD_CHECKPOINTS_MAX:]))
        return self.state

    def may_certify(self, height: Height) -> bool:
        """Does the track still reach down to `height`? What was signed below it is not remembered."""
        return not self.state.checkpoints or height >= self.state.checkpoints[0][0]

    def agrees_with_checkpoint(self, height: Height, attempt: int, digest: bytes) -> bool:
        """Does `digest` agree with what was signed of this height and attempt? True too where nothing was."""
        same = [signed for entry_height, entry_attempt, signed in self.state.checkpoints
                if (entry_height, entry_attempt) == (height, attempt)]  # fmt: skip
        return not same or same == [digest]

    def bar(self) -> GuardState:
        """From now on vote nowhere, until the others have said where they stand."""
        self.state = replace(self.state, vote_from=BARRED)
        return self.state

    def vote_from(self, height: Height) -> GuardState:
        assert self.state.vote_from == BARRED, "only a barred node is told where to start"
        self.state = replace(self.state, vote_from=height)
        return self.state
