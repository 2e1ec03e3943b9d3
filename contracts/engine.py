"""The contract engine: a decided block in, receipts and everything that changes out.

`Engine.genesis()` is height 0; `apply` executes one block on the state as last written and returns an `Execution`.
The engine reads rows through a `StateReader` and writes none: the driver hashes and writes what it is given, in one
batch, before the next `apply`. Everything outside (height, time, the transactions in order) comes as arguments, so
equal blocks give equal executions on every machine, warm or cold.

A transaction that is refused changes nothing and has a receipt that says why. After the transactions the sweeps run;
the last receipt is theirs. A new version of a contract that the sweep activates acts from the next block on.

The block's budget decides who begins, a transaction's own who ends: whoever begins has all of its own, so what a
transaction comes to never depends on what it shares a block with. A block thus costs at most its budget, one
transaction's, and the sweeps' quarter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.bound import BoundContract, BoundSweep
from contracts.context import Context, Moment, Session, day_of_time
from contracts.language.meter import SWEEP_ROW_UNITS_MAX, OutOfBudget
from contracts.premises import genesis_facts
from contracts.receipts import Events, ReceiptWriter
from contracts.refusals import CONTRACT_FAULTS
from contracts.state_map import STATE, StateReader
from contracts.world import World
from ledger.block import Header
from ledger.codec import encode, encoded_size, load
from ledger.crypto import Suite
from ledger.errors import Number, Refused, refuse
from ledger.genesis import Genesis, ValidatorEntry
from ledger.receipt import EVENTS_MAX, RECEIPT_BYTES_MAX, Status
from ledger.transaction import Transaction
from ledger.validators import ValidatorSet, make_validator_set

CURSORS_PREFIX: Final = b"\0\0\0"
"""Full keys of the engine's own rows, contract number 0: `contract.sweep` ‖ 0 → [index entry to go on behind]."""
_RESERVED_BYTES: Final = 16 * 1024
"""Of the sweep's receipt, for its head and the block's misbehaviour."""
_EVENT_BYTES_MAX: Final = 2 * 42 + 1
"""Of an event's names and head."""
SWEEPS_SHARE: Final = 4
"""The sweeps of a block have a quarter of its budget for themselves, for they must go on when blocks are full."""
GENESIS_UNITS_MAX: Final = 2_000_000_000
"""Of one contract's part in height 0, which nobody waits for."""
QUOTED_CHARACTERS_MAX: Final = 200
"""Of a text that a refusal quotes, as much stands in the receipt."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What a block came to.

    Shapes: `state` full keys (contract u16, map u8, key) → encoded values, None where removed; `rows` the same and the
    indexes' entries, which are not hashed, under their database keys; `receipts` encoded, the sweep's
    last; `units` what each transaction was charged. `next_validators` is the set after this block, `day` the business
    day. `callers_changed`: a row of people or organisations may be another one now. `nodes`: the register of
    validators' nodes by key, where it may be another one.
    """

    receipts: tuple[bytes, ...]
    state: Mapping[bytes, bytes | None]
    rows: Mapping[bytes, bytes | None]
    next_validators: ValidatorSet
    day: int
    callers_changed: bool = False
    nodes: tuple[ValidatorEntry, ...] | None = None
    units: tuple[int, ...] = ()


class Engine:
    """The engine of one chain. `reader` is the database as the last block left it (or empty, before the genesis)."""

    def __init__(self, suite: Suite, genesis: Genesis, chain: bytes, reader: StateReader) -> None:
        self._genesis = genesis
        self._world = World(suite, chain, len(genesis.contracts), reader)
        self._reader = reader
        self._sweep_hash = suite.hasher("sweep")
        self._misbehaviour_hash = suite.hasher("misbehaviour")
        self._units_max = genesis.limit("transaction_budget_max")
        self._block_units_max = genesis.limit("block_budget_max")
        self._validators: dict[bytes, ValidatorEntry] | None = None
        self._cursors: dict[bytes, bytes] = {}
        self._receipts = ReceiptWriter(0)
        self._announced = 0
        """Bytes of events in this block's sweeps."""
        self._clock: Any = None
        self._moment = Moment(0, 0, 0, is_test_clock=False)
        self._is_loaded = False

    @property
    def world(self) -> World:
        """The contracts in force, for whoever describes them."""
        self._load()
        return self._world

    @property
    def nodes(self) -> tuple[ValidatorEntry, ...]:
        """The nodes of the register's validators, ascending by key."""
        if self._validators is None:
            self._load()
        assert self._validators is not None, "validators are known since the engine was loaded"
        return tuple(self._validators[key] for key in sorted(self._validators))

    def move_to(self, reader: StateReader) -> None:
        """Read from another snapshot from now on; for engines that only answer questions."""
        if reader is self._world.source.reader:
            return
        self._reader = self._world.source.reader = reader
        for bound in self._world.contracts.values():
            for rows in bound.maps.values():
                rows.live.clear()
        self._is_loaded, self._validators = False, None

    # -- height 0

    def genesis(self) -> Execution:
        """The state that the genesis describes: each contract's `genesis` method, in the genesis' order."""
        genesis, world = self._genesis, self._world
        for number, (name, source) in enumerate(genesis.contracts, 1):
            world.bind(name, number, source)
        world.read_registers()
        facts = genesis_facts(genesis, world)
        is_test = genesis.clock_first_day is not None
        day = genesis.clock_first_day if genesis.clock_first_day is not None else day_of_time(genesis.time)
        moment = Moment(0, genesis.time, day, is_test_clock=is_test)
        for bound in list(world.contracts.values()):
            if bound.genesis is None:
                continue
            session = Session(world.ground.chain, (), moment)
            world.meter[0] = GENESIS_UNITS_MAX
            bound.genesis(Context(world, session, bound, "", b"", ""), bound.maker("Genesis")(facts))
        self._validators = {}
        execution = self._finish((), {}, day, ())
        self._is_loaded = False
        return execution

    # -- blocks

    def apply(
        self, header: Header, transactions: Sequence[Transaction], misbehaviour: Sequence[bytes] = ()
    ) -> Execution:
        """Execute a block on the state as last written."""
        self._load()
        world = self._world
        for bound in world.contracts.values():
            for rows in bound.maps.values():
                rows.evict()
        self._receipts = ReceiptWriter(header.height)
        sweep = self._sweep_hash(world.ground.chain + header.height.to_bytes(8, "big"))
        self._clock = world.registers.clock("clock")
        self._moment = world.moment(header.height, header.time)
        world.source.fresh.clear()
        world.source.fresh.update(dict.fromkeys([*[transaction.id for transaction in transactions], sweep]))
        receipts, charged, total = [], [], 0
        for index, transaction in enumerate(transactions):
            receipt, used = self._transaction(header, index, transaction, total)
            receipts.append(receipt)
            charged.append(used)
            total += used
        state: dict[bytes, bytes | None] = {}
        session = Session(sweep, (), world.moment(header.height, header.time))
        receipts.append(self._sweep(header, len(transactions), session, misbehaviour, state))
        return self._finish(tuple(receipts), state, session.moment.day, tuple(charged))

    def _load(self) -> None:
        """Bind what is in force; at the start, and after a block that changed the registry."""
        if self._is_loaded:
            return
        world = self._world
        if "governance" not in world.contracts:
            names = [name for name, _ in self._genesis.contracts]
            number = names.index("governance") + 1
            world.bind("governance", number, self._genesis.contracts[number - 1][1])
        world.load()
        if self._validators is None:
            rows = world.contracts["governance"].maps["validators"].scan_all()
            self._validators = {key: _entry(key, row) for key, row in rows}
            stored = self._reader.scan(STATE + CURSORS_PREFIX, STATE + CURSORS_PREFIX[:-1] + b"\1", 1_024)
            self._cursors = {key[4:]: load(value)[0] for key, value in stored}
        self._is_loaded = True

    def _transaction(self, header: Header, index: int, transaction: Transaction, total: int) -> tuple[bytes, int]:
        """The receipt and the units used; `total` were used by those before it."""
        world, body = self._world, transaction.body
        meter, mark = world.meter, len(world.journal)
        meter[0] = units = self._units_max
        clock = world.registers.clock("clock")
        if clock is not self._clock:
            self._clock, self._moment = clock, world.moment(header.height, header.time)
        session = Session(transaction.id, body.signers, self._moment)
        status, code, result = Status.DONE, None, None
        numbers: tuple[tuple[str, Number], ...] = ()
        try:
            if total >= self._block_units_max:
                raise refuse("EXE-009", used=total, limit=self._block_units_max)
            bound = world.contract(body.contract)
            if body.summary.interface != bound.interface_digest:
                signed, current = body.summary.interface.hex()[:16], bound.interface_digest.hex()[:16]
                raise refuse("TX-012", signed=signed, current=current)
            action = world.action(bound, body.action)
            result = world.act(session, bound, action, action.take(body.args), body.signers[0])
        except Refused as refused:
            status, code, numbers = Status.REFUSED, refused.code, refused.numbers
        except OutOfBudget:
            status, code, numbers = Status.OUT_OF_BUDGET, "EXE-001", (("budget", units),)
        except CONTRACT_FAULTS as error:
            fault = world.fault_of_contract(error)
            status, code, numbers = Status.REFUSED, fault.code, fault.numbers
        used = units - max(0, meter[0])
        events = session.events
        if status is Status.DONE:
            if len(events) <= EVENTS_MAX:
                receipt = self._receipts.done(index, transaction.id, transaction.wid, result, events, used)
                if len(receipt) <= RECEIPT_BYTES_MAX:
                    world.journal.clear()
                    return receipt, used
            status, code, numbers = Status.REFUSED, "EXE-002", (("detail", "the receipt is too large"),)
        world.rollback(mark)
        assert code is not None, "a refusal has a code"
        numbers = tuple(
            [(name, value[:QUOTED_CHARACTERS_MAX] if type(value) is str else value) for name, value in numbers]
        )
        return self._receipts.refused(index, transaction.id, transaction.wid, status, code, numbers, used), used

    # -- sweeps

    def _sweep(
        self,
        header: Header,
        index: int,
        session: Session,
        misbehaviour: Sequence[bytes],
        state: dict[bytes, bytes | None],
    ) -> bytes:
        """Run all sweeps of active contracts, by the contracts' numbers; the sweep's receipt."""
        world, used, self._announced = self._world, 0, 0
        session.events += [("engine", "Misbehaviour", (self._misbehaviour_hash(record),)) for record in misbehaviour]
        for bound in sorted(world.contracts.values(), key=lambda contract: contract.number):
            row = world.registers.contracts(bound.name)
            if not bound.sweeps or row is None or row.field_status != "active":
                continue
            for sweep in bound.sweeps:
                left = self._block_units_max // SWEEPS_SHARE - used
                used += self._sweep_one(header, bound, sweep, session, state, left)
        world.journal.clear()
        return self._receipts.sweep(index, session.events, used)

    def _sweep_one(
        self,
        header: Header,
        bound: BoundContract,
        sweep: BoundSweep,
        session: Session,
        state: dict[bytes, bytes | None],
        units: int,
    ) -> int:
        """One sweep's due rows. A row that is refused stays; the cursor then leads past it to the others."""
        meter = self._world.meter
        # A height is compared with the next block's: what begins there must be in force when that block comes.
        now = {"day": session.moment.day, "time": session.moment.time, "height": header.height + 1}[sweep.kind]
        name = f"{bound.name}.{sweep.name}".encode("ascii") + b"\0"
        meter[0] = budget = SWEEP_ROW_UNITS_MAX
        keys = sweep.index.due(now - (not sweep.is_reached), sweep.rows_max, meter, self._cursors.get(name))
        used, refused = budget - meter[0], False
        entries = [sweep.index.entry(key, sweep.index.rows.calls["get"](key)) for key in keys]
        for key, entry in zip(keys, entries, strict=True):
            meter[0] = granted = max(0, min(budget, units - used))
            refused |= not self._sweep_row(bound, sweep, session, key, entry)
            used += granted - max(0, meter[0])
        cursor = None
        if len(keys) == sweep.rows_max and (refused or name in self._cursors):
            last = entries[-1]
            cursor = None if last is None else last[1]
        if cursor != self._cursors.get(name):
            state[CURSORS_PREFIX + name] = None if cursor is None else encode((cursor,))
            if cursor is None:
                del self._cursors[name]
            else:
                self._cursors[name] = cursor
        return used

    def _sweep_row(self, bound: BoundContract, sweep: BoundSweep, session: Session, key: Any, entry: Any) -> bool:
        """Whether the row was swept, or an earlier one of this block has changed it meanwhile."""
        world = self._world
        record = sweep.index.rows.calls["get"](key)
        if sweep.index.entry(key, record) != entry:
            return True
        mark, announced = len(world.journal), len(session.events)
        session.contracts = [bound.name]
        context = Context(world, session, bound, "", b"", "")
        is_done = False
        try:
            sweep.run(context, *(key if type(key) is tuple else (key,)), record)
            is_done = self._has_room(session.events, announced)
        except (Refused, OutOfBudget):
            # Nobody has asked, so nobody has to be told: the row stays due and is tried again.
            pass
        except CONTRACT_FAULTS as error:
            # Called for what it raises: a fault of ours stops the node, a contract's own is as good as a refusal.
            world.fault_of_contract(error)
        if not is_done:
            world.rollback(mark)
            del session.events[announced:]
        session.contracts = []
        return is_done

    def _has_room(self, events: Events, announced: int) -> bool:
        """Whether what a row has announced still fits the sweep's receipt; if not, the row waits for the next block."""
        size = sum([_EVENT_BYTES_MAX + encoded_size(values) for _, _, values in events[announced:]])
        if len(events) > EVENTS_MAX or self._announced + size > RECEIPT_BYTES_MAX - _RESERVED_BYTES:
            return False
        self._announced += size
        return True

    # -- the end of a block

    def _finish(
        self, receipts: tuple[bytes, ...], state: dict[bytes, bytes | None], day: int, units: tuple[int, ...]
    ) -> Execution:
        world = self._world
        governance = world.contracts["governance"]
        assert self._validators is not None, "validators are known since the engine was loaded"
        validators = governance.maps["validators"]
        for key in validators.dirty:
            row = validators.live.get(key)
            self._validators.pop(key, None)
            if row is not None:
                self._validators[key] = _entry(key, row)
        rows: dict[bytes, bytes | None] = {STATE + key: value for key, value in state.items()}
        nodes = self.nodes if validators.dirty else None
        registry = len(governance.maps["contracts"].dirty)
        members = world.contracts["membership"].maps
        callers_changed = bool(members["people"].dirty or members["organisations"].dirty)
        for bound in sorted(world.contracts.values(), key=lambda contract: contract.number):
            for changed in bound.maps.values():
                if changed.dirty:
                    changed.finish(state, rows)
        world.journal.clear()
        self._is_loaded = not registry
        validators_now = make_validator_set({key: entry.organisation for key, entry in self._validators.items()})
        return Execution(receipts, state, rows, validators_now, day, callers_changed, nodes, units)


def _entry(key: bytes, row: Any) -> ValidatorEntry:
    return ValidatorEntry(key, row.field_organisation, row.field_transport_key, row.field_addresses)
