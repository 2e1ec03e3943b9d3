"""What a contract sees of the world besides its own state: who asks, when, and what it may ask for.

One `Context` serves one call; calls between contracts get one each, and share the `Session` of their transaction. The
program reaches only the attributes and methods that the compiler lists; the underscored rest is the engine's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from contracts.authority import Authority, Registers
from contracts.bound import BoundContract
from contracts.ground import Ground
from contracts.language.meter import CHECK_SOURCE_UNITS_PER_BYTE, SIGNATURE_UNITS, OutOfBudget
from contracts.language.sdk_functions import wrong_type
from contracts.refusals import CONTRACT_FAULTS, engine_refusal
from contracts.state_map import no_row, rollback
from ledger.crypto import INTERNATIONAL, Suite
from ledger.errors import BadSignature, Refused, refuse
from ledger.statement import SignedStatement, Statement

CALL_DEPTH_MAX: Final = 16
NEW_IDS_MAX: Final = 65_536
DAY_MS: Final = 86_400_000
BEIJING_MS: Final = 28_800_000
_SUFFIXES: Final = tuple(number.to_bytes(2, "big") for number in range(64))


def day_of_time(time_ms: int) -> int:
    """The day in Beijing of a time in milliseconds."""
    return (time_ms + BEIJING_MS) // DAY_MS


class Moment:
    """When a session takes place: the block's height, and the business time and day of the calendar."""

    __slots__ = ("day", "height", "is_test_clock", "time")

    def __init__(self, height: int, time: int, day: int, *, is_test_clock: bool) -> None:
        self.height = height
        self.time = time
        self.day = day
        self.is_test_clock = is_test_clock


class Session:
    """One transaction, one block's sweep, one view: what all calls inside it share."""

    __slots__ = ("approved", "contracts", "events", "moment", "new_ids", "signers", "transaction")

    def __init__(self, transaction: bytes, signers: tuple[bytes, ...], moment: Moment) -> None:
        self.transaction = transaction
        self.signers = signers
        self.moment = moment
        self.events: list[tuple[str, str, tuple[Any, ...]]] = []
        self.new_ids = 0
        self.approved = False
        """Whether the checkers' approvals have been given already: an act that had waited, or a batch."""
        self.contracts: list[str] = []
        """The contracts on the way to the running call, outermost first."""


class Surroundings(Protocol):
    """What a context asks of the chain's contracts as a whole: `contracts.world.World`."""

    ground: Ground
    registers: Registers
    authority: Authority

    def call(self, context: Context, contract: str, name: str, args: tuple[Any, ...], *, delegated: bool) -> Any: ...

    def ask(self, session: Session, contract: str, name: str, args: tuple[Any, ...]) -> Any: ...

    def check_contract(self, name: str, source: str) -> bytes: ...

    def source_digest(self, source: str) -> bytes: ...

    def resume(
        self, context: Context, contract: str, name: str, args: bytes, interface: bytes, signers: tuple[bytes, ...]
    ) -> Any: ...

    def amount_of(self, contract: str, name: str, args: bytes) -> int: ...

    def perform(self, context: Context, contract: str, name: str, args: bytes) -> Any: ...

    def fault_of_contract(self, error: BaseException) -> Refused: ...


class Context:
    """See `contracts.sdk.Context` for what each name means to a contract; the compiler knows where each is found."""

    __slots__ = ("_bound", "_world", "caller", "organisation", "person", "session")

    def __init__(
        self, world: Surroundings, session: Session, bound: BoundContract, organisation: str, person: bytes, caller: str
    ) -> None:
        self._world = world
        self._bound = bound
        self.session = session
        self.organisation = organisation
        self.person = person
        self.caller = caller

    @property
    def name(self) -> str:
        """The contract that runs in this context."""
        return self._bound.name

    @property
    def chain(self) -> bytes:
        return self._world.ground.chain

    # -- ids

    def new_id(self) -> bytes:
        session = self.session
        number = session.new_ids
        session.new_ids = number + 1
        if number < len(_SUFFIXES):
            return session.transaction + _SUFFIXES[number]
        if number >= NEW_IDS_MAX:
            raise refuse("EXE-002", detail=f"more than {NEW_IDS_MAX} new ids")
        return session.transaction + number.to_bytes(2, "big")

    # -- other contracts

    def call(self, contract: str, action: str, args: tuple[Any, ...]) -> Any:
        return self._world.call(self, contract, action, self._plain(args), delegated=False)

    def delegate(self, contract: str, action: str, args: tuple[Any, ...]) -> Any:
        return self._world.call(self, contract, action, self._plain(args), delegated=True)

    def attempt(self, contract: str, action: str, args: tuple[Any, ...]) -> Any:
        return self._receipt(lambda: self.call(contract, action, args))

    def view(self, contract: str, view: str, args: tuple[Any, ...]) -> Any:
        return self._world.ask(self.session, contract, view, self._plain(args))

    def _plain(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        plain: tuple[Any, ...] = self._bound.helpers.plain(args)
        return plain

    def _receipt(self, act: Callable[[], Any]) -> Any:
        """Run `act`; a refusal, or a fault of the contract that it calls, undoes what it did and is returned.

        A budget that is used up is not: there is nothing left to go on with.
        """
        world, session = self._world, self.session
        mark, announced, depth = len(world.ground.journal), len(session.events), len(session.contracts)
        approved, signers = session.approved, session.signers
        try:
            return self._bound.record("Receipt")(None, act())
        except Refused as refused:
            code = refused.code
        except CONTRACT_FAULTS as error:
            code = world.fault_of_contract(error).code
        rollback(world.ground.journal, mark)
        del session.events[announced:], session.contracts[depth:]
        session.approved, session.signers = approved, signers
        return self._bound.record("Receipt")(code, None)

    # -- the registers of the system contracts

    def parameter(self, name: Any) -> int:
        if type(name) is not str:
            raise wrong_type("ctx.parameter", None)
        registers, day = self._world.registers, self.session.moment.day
        row, known = registers.parameters(name), registers.in_force.get(name)
        if known is None or known[0] is not row or known[1] != day:
            known = row, day, self.parameter_on(name, day)
            registers.in_force[name] = known
        return known[2]

    def parameter_on(self, name: Any, day: Any) -> int:
        if type(name) is not str or type(day) is not int:
            raise wrong_type("ctx.parameter", None)
        row = self._world.registers.parameters(name)
        value = None
        for from_day, step in () if row is None else row.field_steps:
            if from_day <= day:
                value = step
        if type(value) is not int:
            raise no_row("parameters", name)
        return value

    def is_active(self, organisation: Any) -> bool:
        if type(organisation) is not str:
            raise wrong_type("an organisation", None)
        row = self._world.registers.organisations(organisation)
        return row is not None and row.field_status == "active"

    def has_role(self, organisation: Any, role: Any) -> bool:
        row = self._organisation(organisation)
        return row is not None and role in row.field_roles

    def has_capacity(self, organisation: Any, capacity: Any) -> bool:
        if type(organisation) is not str or type(capacity) is not str:
            raise wrong_type("ctx.has_capacity", None)
        row = self._world.registers.capacities((organisation, capacity))
        return row is not None and self.session.moment.day <= row.field_until

    def _organisation(self, organisation: Any) -> Any:
        if type(organisation) is not str:
            raise wrong_type("an organisation", None)
        return self._world.registers.organisations(organisation)

    def is_signed_by(self, organisation: Any) -> bool:
        if type(organisation) is not str:
            raise wrong_type("an organisation", None)
        return organisation in self._signers()

    def signer_of_role(self, role: Any) -> str | None:
        for organisation in self._signers():
            if self.has_role(organisation, role):
                return organisation
        return None

    def _signers(self) -> list[str]:
        """The organisations whose people have signed and may make acts, in the signers' order."""
        found: list[str] = []
        for key in self.session.signers:
            person = self._world.registers.people(key)
            may = person is not None and person.field_status == "active" and "make" in person.field_permissions
            if may and self.is_active(person.field_organisation):
                found.append(person.field_organisation)
        return found

    def is_business_day(self, day: Any) -> bool:
        return bool(self.view("calendar", "is_business_day", (day,)))

    def business_day_from(self, day: Any) -> int:
        return int(self.view("calendar", "business_day_from", (day,)))

    def business_day_before(self, day: Any) -> int:
        return int(self.view("calendar", "business_day_before", (day,)))

    # -- signatures

    def bank_statement(self, signed: Any) -> Any:
        """Every way in which a statement cannot be believed is one refusal, EXE-007 with the reason."""
        if type(signed) is not bytes:
            raise wrong_type("ctx.bank_statement", None)
        self._charge(SIGNATURE_UNITS)
        world = self._world
        file = SignedStatement.decode(signed)
        named = Statement.decode(file.statement)
        bank = self._organisation(named.bank)
        key = None if bank is None else bank.field_statement_key
        if key is None:
            raise engine_refusal("EXE-007", detail=f"{named.bank} has no statement key")
        try:
            statement = file.verify(world.ground.suite, key)
        except BadSignature:
            raise engine_refusal("EXE-007", detail=f"not signed by {named.bank}") from None
        if statement.chain != world.ground.chain:
            raise engine_refusal("EXE-007", detail="for another chain")
        return self._bound.record("Statement")(
            statement.bank,
            statement.number,
            int(statement.kind),
            statement.instruction,
            statement.payer_account,
            statement.payee_account,
            statement.amount,
            statement.currency,
            statement.value_day,
            statement.earlier,
        )

    def is_signature(self, key: Any, signed: Any, signature: Any) -> bool:
        if type(key) is not bytes or type(signed) is not bytes or type(signature) is not bytes or len(signed) != 32:
            raise wrong_type("ctx.is_signature", None)
        self._charge(SIGNATURE_UNITS)
        try:
            self._world.ground.suite.verify(key, signed, signature)
        except BadSignature:
            return False
        return True

    def is_key(self, key: Any) -> bool:
        return self._is_key_of(self._world.ground.suite, key, "ctx.is_key")

    def is_transport_key(self, key: Any) -> bool:
        """Nodes know each other by Ed25519 keys in both suites."""
        return self._is_key_of(INTERNATIONAL, key, "ctx.is_transport_key")

    def _is_key_of(self, suite: Suite, key: Any, what: str) -> bool:
        if type(key) is not bytes:
            raise wrong_type(what, None)
        self._charge(SIGNATURE_UNITS)
        try:
            suite.check_key(key)
        except BadSignature:
            return False
        return True

    def _charge(self, units: int) -> None:
        meter = self._world.ground.meter
        meter[0] -= units
        if meter[0] < 0:
            raise OutOfBudget

    # -- for system contracts alone

    def check_contract(self, name: Any, source: Any) -> bytes:
        """The digest of the interface that `source` would have under `name`; refuses with CHK codes."""
        self._only("governance")
        if type(name) is not str or type(source) is not str:
            raise wrong_type("ctx.check_contract", None)
        self._charge(CHECK_SOURCE_UNITS_PER_BYTE * len(source))
        return self._world.check_contract(name, source)

    def fits_contract(self, name: Any, source: Any) -> bool:
        """Whether `check_contract` would let it in now."""
        try:
            self.check_contract(name, source)
        except Refused:
            return False
        return True

    def source_digest(self, source: Any) -> bytes:
        self._only("governance")
        if type(source) is not str:
            raise wrong_type("ctx.source_digest", None)
        return self._world.source_digest(source)

    def resume(self, contract: Any, action: Any, arguments: Any, interface: Any, signers: Any) -> Any:
        """Do an act that waited, as its maker and with its signers."""
        self._only("approval")
        return self._world.resume(self, contract, action, arguments, interface, signers)

    def amount_of(self, contract: Any, action: Any, arguments: Any) -> int:
        """The amount of one item of a batch, by which approval policies go."""
        self._only("batch")
        return self._world.amount_of(contract, action, arguments)

    def perform(self, contract: Any, action: Any, arguments: Any) -> Any:
        """Do one item of a batch as the person who signed the batch."""
        self._only("batch")
        return self._receipt(lambda: self._world.perform(self, contract, action, arguments))

    def _only(self, contract: str) -> None:
        if self._bound.name != contract or not self._bound.is_system:
            raise refuse("EXE-005", contract="engine", caller=self._bound.name)
