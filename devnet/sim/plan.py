"""One seed, one configuration: how many nodes, who is a traitor, what goes wrong and until when.

Each fault family is in or out with probability one half, since runs with few families reach states that runs with all
of them never do. Everything stops at `heal_ms`: from then on the network delays by at most `healed_delay_ms` and loses
nothing, crashed nodes are back, and the run must end well. Traitors remain traitors.

Instances 0 … n−1 run the keys of the genesis in order; further instances are twins (a second process with the key of
another instance). Times are milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from consensus.start import Timing
from devnet.sim.prng import Prng, stream
from ledger.validators import quorum_of

KINDS: Final = ("proposal", "prevote", "precommit", "checkpoint", "state", "body")
"""What a cut by phase can hold back; certificates travel with the votes of their kind."""
SIZES: Final = (4, 4, 5, 5, 5, 5, 6, 7)
REAL_SUITE_EVERY: Final = 50
TIMING: Final = Timing()
Mode = Literal["divide", "mute", "deaf"]
MODES: Final[tuple[Mode, ...]] = ("divide", "divide", "mute", "deaf")
CHANGE_EVERY: Final = 8


@dataclass(frozen=True, slots=True)
class PhaseCut:
    """Holds back messages of this (height, round, kinds). Round −1 is any.

    divide: nothing crosses between `side` and the rest; mute: nothing leaves `side`; deaf: nobody in `side` hears any.
    """

    height: int
    round: int
    kinds: tuple[str, ...]
    side: tuple[int, ...]
    mode: Mode = "divide"

    def holds_back(self, source: int, target: int) -> bool:
        if self.mode == "deaf":
            return target in self.side
        leaves = source in self.side
        return leaves != (target in self.side) and (leaves or self.mode == "divide")


@dataclass(frozen=True, slots=True)
class TimeCut:
    """Nothing crosses between `side` and the rest for a while; `one_way`: nothing leaves `side`.

    `noticed`: both ends learn that the link is down.
    """

    from_ms: int
    until_ms: int
    side: tuple[int, ...]
    one_way: bool = False
    noticed: bool = False


@dataclass(frozen=True, slots=True)
class Crash:
    """Power off after so many more effects from `from_ms` on, or at `from_ms` itself where that is 0; then on again."""

    instance: int
    from_ms: int
    after_effects: int
    down_ms: int


@dataclass(frozen=True, slots=True)
class Pause:
    """The process stands still; what arrives waits for it."""

    instance: int
    from_ms: int
    for_ms: int


@dataclass(frozen=True, slots=True)
class Traitor:
    """An instance whose messages are tampered with on the way out (`devnet.sim.traitor`)."""

    instance: int
    habits: tuple[str, ...]


HABITS: Final = ("equivocate", "withhold", "replay", "inflate", "split_blocks")


@dataclass(frozen=True, slots=True)
class Network:
    delay_ms: tuple[int, int] = (1, 20)
    loss_percent: int = 0
    duplicate_percent: int = 0
    straggler_percent: int = 0
    straggler_ms: int = 1500
    slow: tuple[tuple[int, int], ...] = ()
    """(instance, extra delay of everything it sends)"""
    time_cuts: tuple[TimeCut, ...] = ()
    phase_cuts: tuple[PhaseCut, ...] = ()


@dataclass(frozen=True, slots=True)
class Speeds:
    """How long the driver's own work takes, each drawn from 0 … max. A sync of 0 happens at once."""

    sync_ms_max: int = 0
    apply_ms_max: int = 0
    build_ms_max: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    n: int = 4
    twins: tuple[int, ...] = ()
    traitors: tuple[Traitor, ...] = ()
    work: tuple[tuple[int, int], ...] = ()
    """(delay, instance): so long after height h is first decided, a client hands the h-th request to this instance."""
    network: Network = Network()
    speeds: Speeds = Speeds()
    crashes: tuple[Crash, ...] = ()
    pauses: tuple[Pause, ...] = ()
    heal_ms: int = 0
    healed_delay_ms: int = 20
    change_at: int = 0
    """The height whose execution removes the last key of the genesis from the validators; 0: none."""
    real_suite: bool = False
    real_codec: bool = False
    timing: Timing = TIMING

    @property
    def instances(self) -> int:
        return self.n + len(self.twins)

    @property
    def false_keys(self) -> frozenset[int]:
        """The keys that are not honest, by instance number below n. Membership only."""
        return frozenset(self.twins) | frozenset(t.instance for t in self.traitors)

    @property
    def honest(self) -> tuple[int, ...]:
        return tuple(i for i in range(self.n) if i not in self.false_keys)


def plan_of(seed: int) -> Plan:
    """The configuration of a seed."""
    draw = stream(seed, "plan")
    n = draw.pick(SIZES)
    f = quorum_of("pbft", n).f
    twins, traitors = _false_ones(draw, n, f)
    instances = n + len(twins)
    heights = draw.between(2, 4)
    # Three in ten have nothing but cuts by phase: other faults would only disturb what those set up.
    phases_only = draw.chance(30)
    heal = 20_000 if phases_only else draw.between(1_000, 12_000)
    change = draw.below(CHANGE_EVERY) == 0 and n > 4
    return Plan(
        seed=seed,
        n=n,
        twins=twins,
        traitors=traitors,
        work=tuple((_delay(draw), draw.below(n)) for _ in range(heights + 3 if change else heights)),
        network=_phases_only(draw, instances, heights) if phases_only else _network(draw, instances, heights, heal),
        speeds=_speeds(draw),
        crashes=() if phases_only else _crashes(draw, instances, heal),
        pauses=() if phases_only else _pauses(draw, instances, heal),
        heal_ms=heal,
        healed_delay_ms=draw.pick((5, 20, 100)),
        change_at=draw.between(1, 2) if change else 0,
        real_suite=seed % REAL_SUITE_EVERY == 0,
        real_codec=seed % REAL_SUITE_EVERY in (0, 1),
    )


def _false_ones(draw: Prng, n: int, f: int) -> tuple[tuple[int, ...], tuple[Traitor, ...]]:
    """At most f keys in all, each a twin or a traitor."""
    chosen = draw.shuffled(range(n))[: draw.between(0, f)] if draw.chance(80) else []
    twins = tuple(sorted(i for i in chosen if draw.chance(50)))
    traitors = tuple(Traitor(i, draw.some(HABITS) or ("equivocate",)) for i in sorted(chosen) if i not in twins)
    return twins, traitors


def _soon(draw: Prng, heal: int) -> int:
    """Most chains are through with their heights long before the healing."""
    return min(heal, draw.pick((200, 1_000, 4_000, heal)))


def _delay(draw: Prng) -> int:
    return 0 if draw.chance(50) else draw.below(1_500)


def _network(draw: Prng, instances: int, heights: int, heal: int) -> Network:
    lossy, doubled, straggling, slow, timed, phased = (draw.chance(50) for _ in range(6))
    return Network(
        delay_ms=draw.pick(((1, 1), (1, 20), (5, 100), (1, 800))),
        loss_percent=draw.pick((2, 10, 30)) if lossy else 0,
        duplicate_percent=draw.pick((5, 30)) if doubled else 0,
        straggler_percent=draw.pick((2, 20)) if straggling else 0,
        straggler_ms=draw.pick((300, 1500, 6000)),
        slow=tuple((i, draw.between(50, 1500)) for i in draw.some(range(instances))[:2]) if slow else (),
        time_cuts=tuple(_time_cut(draw, instances, heal) for _ in range(draw.between(1, 4))) if timed else (),
        phase_cuts=tuple(_phase_cuts(draw, instances, heights)) if phased else (),
    )


def _phases_only(draw: Prng, instances: int, heights: int) -> Network:
    return Network(phase_cuts=tuple(_phase_cuts(draw, instances, heights)))


def _time_cut(draw: Prng, instances: int, heal: int) -> TimeCut:
    start = draw.below(_soon(draw, heal))
    end = min(heal, start + draw.between(200, 8_000))
    return TimeCut(start, end, draw.some(range(instances)), draw.chance(30), draw.chance(50))


VOTING: Final = ("proposal", "prevote", "precommit")


def _phase_cuts(draw: Prng, instances: int, heights: int) -> list[PhaseCut]:
    """What random times almost never hit: for each height one of four patterns."""
    cuts: list[PhaseCut] = []
    patterns = (_random_rounds, _lock_apart, _lock_apart, _whole_rounds, _quiet)
    for height in range(1, heights + 1):
        cuts += draw.pick(patterns)(draw, instances, height)
        if draw.chance(20):
            kind = draw.pick(("checkpoint", "state", "body"))
            cuts.append(PhaseCut(height, -1, (kind,), draw.some(range(instances))))
    return cuts


def _random_rounds(draw: Prng, instances: int, height: int) -> list[PhaseCut]:
    """Each kind of message of a few rounds has a division of its own."""
    cuts = []
    for round_ in range(draw.between(1, 3)):
        for kind in VOTING:
            if draw.chance(60):
                kinds = (kind, "body") if kind == "proposal" and draw.chance(50) else (kind,)
                cuts.append(PhaseCut(height, round_, kinds, draw.some(range(instances)), draw.pick(MODES)))
    return cuts


def _lock_apart(draw: Prng, instances: int, height: int) -> list[PhaseCut]:
    """Locks that nobody else learns of: the proposal reaches a bare quorum, and the prevote of one of them nobody.

    That one sees a polka and locks; the others see a quorum of prevotes and none for a block. In the next round another
    locks something else in the same way, or no proposal arrives at all.
    """
    cuts, everybody = [], tuple(range(instances))
    for round_ in range(draw.between(1, 4)):
        shape = draw.below(4)
        if shape == 0:
            cuts.append(PhaseCut(height, round_, ("proposal",), everybody, "deaf"))
            continue
        order = draw.shuffled(everybody)
        cuts.append(PhaseCut(height, round_, ("prevote",), (order[-1],), "mute"))
        if shape != 1 or round_ == 0:
            cuts.append(PhaseCut(height, round_, ("proposal",), tuple(order[: (instances - 1) // 3]), "deaf"))
    return cuts


def _whole_rounds(draw: Prng, instances: int, height: int) -> list[PhaseCut]:
    """One division for everything of a round: the shape in which twins fork a chain whose quorum is too small."""
    rounds = range(draw.between(1, 4))
    return [PhaseCut(height, r, (*VOTING, "body"), draw.some(range(instances))) for r in rounds]


def _quiet(draw: Prng, instances: int, height: int) -> list[PhaseCut]:
    """One instance is not heard in some rounds; a quorum needs all others."""
    silent = draw.below(instances)
    return [PhaseCut(height, round_, VOTING, (silent,), "mute") for round_ in range(draw.between(0, 3))]


def _speeds(draw: Prng) -> Speeds:
    return Speeds(draw.pick((0, 0, 3, 40)), draw.pick((0, 5, 300)), draw.pick((0, 0, 10, 400)))


def _crashes(draw: Prng, instances: int, heal: int) -> tuple[Crash, ...]:
    if draw.chance(50):
        return ()
    if draw.chance(20):
        moment = draw.below(_soon(draw, heal))
        return tuple(Crash(i, moment, draw.below(4), draw.between(1, 500)) for i in range(instances))
    return tuple(
        Crash(draw.below(instances), draw.below(_soon(draw, heal)), draw.below(150), draw.between(1, 3_000))
        for _ in range(draw.between(1, 5))
    )


def _pauses(draw: Prng, instances: int, heal: int) -> tuple[Pause, ...]:
    if draw.chance(70):
        return ()
    pauses = (Pause(draw.below(instances), draw.below(_soon(draw, heal)), draw.between(100, 10_000)) for _ in range(2))
    return tuple(sorted(pauses, key=lambda pause: pause.from_ms))
