"""What all parts of one run share: the clock and the heap, the keys, the facts of the chain, the trace.

The world is a stage with replicas on it. Parts that judge, lie or drive a node know the stage, never the world, and of
a node no more than `Host` and `Machine` say.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable
from typing import Final, Protocol

from consensus.messages import Misbehaviour, PeerId, PeerMessage
from consensus.pbft.engine import Engine
from devnet.sim.disk import Disk
from devnet.sim.plan import Plan
from devnet.sim.prng import stream
from devnet.sim.tokens import Hand, RememberingDomain, TokenSuite, make_hand
from ledger.crypto import INTERNATIONAL, Suite
from ledger.genesis import LIMITS, TIMEOUTS_MS, Genesis, ValidatorEntry, complete
from ledger.transaction import Body, Summary, Transaction, TransactionCodec
from ledger.validators import ValidatorSet
from node.driver import DriverMessage
from node.held_blocks import HeldBlocks
from node.messages import AppliedBlock, Executed

GENESIS_TIME: Final = 1_000_000
WALL_AT_ZERO: Final = 1_000_000_000
LIFETIME_MS: Final = 10**12
BLOCK_TRANSACTIONS_MAX: Final = 16
CHAIN: Final = hashlib.sha256(b"simulated chain").digest()


class Host(Protocol):
    """What a judge or a mask may see of a node."""

    index: int
    key: PeerId
    hand: Hand
    disk: Disk
    engine: Engine
    blocks: HeldBlocks
    reports: dict[bytes, Misbehaviour]
    spoil_height: int | None

    @property
    def is_honest(self) -> bool: ...

    @property
    def applied(self) -> int: ...


class Machine(Host, Protocol):
    """What the parts of a node ask of the machine that they run on."""

    executed: set[bytes]

    def say(self, to: PeerId | None, message: PeerMessage) -> None: ...

    def tell(self, message: DriverMessage) -> None: ...

    def wall(self) -> int: ...

    def later(self, time: int, call: Callable[[], None], what: str) -> None: ...

    def after(self, ms_max: int, call: Callable[[], None], what: str) -> None: ...

    def is_paused(self, call: Callable[[], None], what: str) -> bool: ...

    def maybe_crash(self) -> None: ...

    def keep_house(self) -> None: ...

    def on_synced(self) -> None: ...

    def on_executed(self, done: Executed, applied: AppliedBlock) -> None: ...


class Stage:
    def __init__(self, plan: Plan, trace: Callable[[str], None] | None = None) -> None:
        self.plan = plan
        self.now = 0
        self._heap: list[tuple[int, int, int, int, Callable[[], None], str]] = []
        self._sequence = 0
        self._trace = trace
        self.suite: Suite = INTERNATIONAL if plan.real_suite else TokenSuite()
        self.signed: set[tuple[bytes, bytes]] = set()
        hands = [make_hand(self.suite, f"validator {i}", self.signed) for i in range(plan.n)]
        self.hands: list[Hand] = sorted(hands, key=lambda hand: hand.key)
        self.domain = RememberingDomain(self.suite, CHAIN)
        self._codec = TransactionCodec(self.suite)
        self.genesis = _genesis_of(self.hands)
        self.genesis_validators = self.genesis.validator_set()
        self.transactions: dict[bytes, Transaction] = {}
        self.fate = stream(plan.seed, "fate")
        self.honest: dict[int, bytes] = {i: self.hands[i].key for i in plan.honest}
        """The honest instances and their keys."""

    # time

    def at(self, time: int, instance: int, life: int, call: Callable[[], None], what: str) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (time, self._sequence, instance, life, call, what))

    @property
    def sequence(self) -> int:
        return self._sequence

    def wall(self) -> int:
        return WALL_AT_ZERO + self.now

    @property
    def healed(self) -> bool:
        return self.now >= self.plan.heal_ms

    def note(self, line: str) -> None:
        """A line for the reader of a trace; not part of its hash."""
        if self._trace is not None:
            self._trace(f"{self.now:>7} {line}")

    # what the chain is made of

    def make_transaction(self, number: int) -> Transaction:
        salt = number.to_bytes(16, "big")
        summary = Summary("en", bytes(32), bytes(32))
        valid_until = WALL_AT_ZERO + LIFETIME_MS // 2
        body = Body(CHAIN, (bytes(self.suite.key_bytes),), salt, valid_until, "token", "pay", (number,), summary)
        transaction = self._codec.assemble(body, (bytes(64),))
        self.transactions[transaction.wire] = transaction
        return transaction

    def next_validators(self, height: int) -> ValidatorSet:
        """Those that the execution of `height` names for height + 3: a pure function of the height."""
        change = self.plan.change_at
        rows = self.genesis_validators.rows
        return ValidatorSet(rows[:-1]) if change and height >= change else self.genesis_validators

    def validators_at(self, height: int) -> ValidatorSet:
        return self.next_validators(max(0, height - 3))

    # who is honest

    def is_honest_key(self, key: bytes) -> bool:
        return key in self.honest.values()

    def distrust(self, instance: int) -> None:
        """From here on this instance is nobody's to vouch for."""
        self.honest.pop(instance, None)


def _genesis_of(hands: list[Hand]) -> Genesis:
    limits = {"block_transactions_max": BLOCK_TRANSACTIONS_MAX, "transaction_lifetime_ms_max": LIFETIME_MS}
    return Genesis(
        name="simulated chain",
        suite="intl",
        engine="pbft",
        time=GENESIS_TIME,
        clock_first_day=None,
        limits=complete(LIMITS, limits),
        timeouts_ms=complete(TIMEOUTS_MS, {}),
        bucket_bits=0,
        members=(),
        validators=tuple(ValidatorEntry(hand.key, f"org-{i}", hand.key, ()) for i, hand in enumerate(hands)),
        policies=(),
        parameters=(),
        contracts=(),
    )
