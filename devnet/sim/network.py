"""The transport: how long a message takes from one instance to another, and whether it comes at all, or twice.

Cuts by phase look at what a message is about (height, round, kind), not at the time: a division that lasts exactly one
voting step of one round is what separates locks, and random times hit it practically never.
"""

from __future__ import annotations

from typing import Final

from consensus.messages import (
    Bodies,
    Certificate,
    CheckpointVote,
    CommitCert,
    Manifest,
    PeerMessage,
    PolkaCert,
    Proposal,
    RoundCert,
    RoundState,
    Vote,
    VoteKind,
)
from devnet.sim.plan import PhaseCut, Plan
from devnet.sim.prng import Prng

ANY_ROUND: Final = -1
Phase = tuple[str, int, int]
"""(kind, height, round)"""


def phase_of(message: PeerMessage) -> Phase | None:
    """What a message is about; None for what no cut by phase holds back."""
    match message:
        case Vote(kind, height, round_):
            return ("prevote" if kind is VoteKind.PREVOTE else "precommit"), height, round_
        case Proposal():
            return "proposal", message.height, message.round
        case PolkaCert(height, round_):
            return "prevote", height, round_
        case CommitCert(height, round_) | RoundCert(height, round_):
            return "precommit", height, round_
        case RoundState(height, round_):
            return "state", height, round_
        case CheckpointVote():
            return "checkpoint", message.height, ANY_ROUND
        case Certificate(cert):
            return "checkpoint", cert.checkpoint.height, ANY_ROUND
        case Manifest(header):
            return "body", header.height, header.created_round
        case Bodies(height):
            return "body", height, ANY_ROUND
        case _:
            return None


def name_of(message: PeerMessage) -> str:
    """For traces: short, and the same in every process."""
    match message:
        case Vote(kind, height, round_, block_hash, validator):
            value = "nil" if block_hash is None else block_hash.hex()[:6]
            return f"{kind.name.lower()} {height}/{round_} {value} by {validator}"
        case Proposal(round_, header, valid_round, _, validator):
            again = "" if valid_round is None else f" again from {valid_round}"
            return f"proposal {header.height}/{round_} {header.tx_root.hex()[:6]}{again} by {validator}"
        case CheckpointVote():
            return f"checkpoint {message.height} by {message.validator}"
        case RoundState(height, round_, step, _, _, certified):
            return f"state {height}/{round_}/{step} S={certified}"
        case _:
            phase = phase_of(message)
            return type(message).__name__ if phase is None else f"{type(message).__name__} {phase[1]}/{phase[2]}"


class Transport:
    def __init__(self, plan: Plan, draw: Prng) -> None:
        self._plan, self._draw, self._network = plan, draw, plan.network
        self._slow = dict(plan.network.slow)
        self._phases: dict[tuple[str, int], list[PhaseCut]] = {}
        for cut in plan.network.phase_cuts:
            for kind in cut.kinds:
                self._phases.setdefault((kind, cut.height), []).append(cut)

    def delays(self, source: int, target: int, message: PeerMessage, now: int) -> tuple[int, ...]:
        """One delay for each copy that arrives; none when it is lost."""
        if now >= self._plan.heal_ms:
            return (1 + self._draw.below(self._plan.healed_delay_ms),)
        network, draw = self._network, self._draw
        if self._is_cut(source, target, now) or (self._phases and self._is_held_back(source, target, message)):
            return ()
        low, high = network.delay_ms
        delay = draw.between(low, high) + self._slow.get(source, 0)
        if network.loss_percent and draw.chance(network.loss_percent):
            return ()
        if network.straggler_percent and draw.chance(network.straggler_percent):
            delay += draw.below(network.straggler_ms)
        if network.duplicate_percent and draw.chance(network.duplicate_percent):
            return (delay, delay + draw.below(200))
        return (delay,)

    def _is_cut(self, source: int, target: int, now: int) -> bool:
        for cut in self._network.time_cuts:
            if cut.from_ms <= now < cut.until_ms:
                leaves, enters = source in cut.side, target in cut.side
                if leaves != enters and (leaves or not cut.one_way):
                    return True
        return False

    def _is_held_back(self, source: int, target: int, message: PeerMessage) -> bool:
        phase = phase_of(message)
        if phase is None:
            return False
        kind, height, round_ = phase
        for cut in self._phases.get((kind, height), ()):
            if (cut.round == round_ or ANY_ROUND in (cut.round, round_)) and cut.holds_back(source, target):
                return True
        return False

    def is_noticed_cut(self, one: int, other: int, now: int) -> bool:
        return now < self._plan.heal_ms and any(
            cut.noticed and cut.from_ms <= now < cut.until_ms and (one in cut.side) != (other in cut.side)
            for cut in self._network.time_cuts
        )
