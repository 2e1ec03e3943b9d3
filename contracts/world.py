"""The contracts of one chain over one state: looking them up, entering them, calls between them, undoing.

`World` is what the engine (which writes) and the views (which only read) have in common. It holds the meter, the undo
journal, the source of rows and the bound contracts.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final

from contracts.authority import Authority, Registers
from contracts.bound import BoundAction, BoundContract
from contracts.context import CALL_DEPTH_MAX, DAY_MS, Context, Moment, Session, day_of_time
from contracts.ground import Ground
from contracts.language import dates, helpers
from contracts.language.compiler import compile_contract
from contracts.language.meter import SIGNATURE_UNITS, OutOfBudget
from contracts.refusals import engine_refusal
from contracts.state_map import Source, StateReader, rollback
from contracts.upgrades import check_upgrade
from ledger import money
from ledger.codec import decode, encode, load
from ledger.crypto import Suite
from ledger.errors import BadSignature, Refused, refuse
from ledger.transaction import WIRE_BYTES_MAX

PENDING_DAYS: Final = 30
_CONTRACT_FILES: Final = frozenset(("<contract>", helpers.__file__, dates.__file__, money.__file__))
_REGISTERS: Final = {
    "people": "membership",
    "organisations": "membership",
    "capacities": "membership",
    "parameters": "governance",
    "policies": "governance",
    "contracts": "governance",
    "clock": "calendar",
}


class World:
    registers: Registers
    authority: Authority

    def __init__(self, suite: Suite, chain: bytes, genesis_contracts: int, reader: StateReader) -> None:
        self.source = Source(reader)
        self.ground = Ground(suite, chain, genesis_contracts, self.source)
        self.meter = self.ground.meter
        self.journal = self.ground.journal
        self.contracts: dict[str, BoundContract] = {}
        self._source_hash = suite.hasher("source")

    # -- which contracts there are

    def bind(self, name: str, number: int, source: str) -> BoundContract:
        bound = self.contracts[name] = BoundContract(
            self.ground, name, number, compile_contract(source), self.source_digest(source)
        )
        return bound

    def read_registers(self) -> None:
        """After the system contracts are bound, or one of them was bound again."""
        maps = {name: self.contracts[contract].maps[name].calls["get"] for name, contract in _REGISTERS.items()}
        self.registers = Registers(maps)
        self.authority = Authority(self.registers)

    def load(self) -> None:
        """Bind what the registry says is in force. The registry is found through the genesis' own governance code."""
        for name, row in self.contracts["governance"].maps["contracts"].scan_all():
            bound = self.contracts.get(name)
            if bound is None or bound.source_digest != row.field_source:
                text = self.contracts["governance"].maps["sources"].calls["row"](row.field_source).field_text
                self.bind(name, row.field_number, text)
        self.read_registers()

    def source_digest(self, source: str) -> bytes:
        return self._source_hash(source.encode("utf-8"))

    def check_contract(self, name: str, source: str) -> bytes:
        """The interface's digest of a source that could come into force as `name`; raises CHK codes."""
        program = compile_contract(source)
        known = self.contracts.get(name)
        if known is not None:
            check_upgrade(known.program.found, program.found)
        return program.interface(name).digest(self.ground.suite)

    # -- sessions and faults

    def moment(self, height: int, time: int) -> Moment:
        """The block's time, moved by the calendar's offset where the clock is a test clock."""
        clock = self.registers.clock("clock")
        if clock is None or not clock.field_is_test:
            return Moment(height, time, day_of_time(time), is_test_clock=False)
        offset = clock.field_offset
        return Moment(height, time + DAY_MS * offset, day_of_time(time) + offset, is_test_clock=True)

    def rollback(self, mark: int) -> None:
        rollback(self.journal, mark)

    @staticmethod
    def fault_of_contract(error: BaseException) -> Refused:
        """EXE-006 for what a contract computed wrongly; anything else is our own bug and is raised again.

        Only the kind of the fault is told: which line Python blames differs between versions.
        """
        if not _is_in_contract(error.__traceback__):
            raise error
        detail = "a value of another type was expected"
        if isinstance(error, ZeroDivisionError):
            detail = "division by zero"
        elif isinstance(error, LookupError):
            detail = "no such item"
        return refuse("EXE-006", detail=detail)

    # -- acting

    def contract(self, name: str) -> BoundContract:
        """Raises TX-007, TX-011."""
        bound = self.contracts.get(name)
        row = None if bound is None else self.registers.contracts(name)
        if bound is None or row is None or row.field_status == "retired":
            raise refuse("TX-007", contract=name[:40])
        if row.field_status != "active":
            raise refuse("TX-011", contract=name)
        return bound

    def action(self, bound: BoundContract, name: str) -> BoundAction:
        action = bound.actions.get(name)
        if action is None:
            raise refuse("TX-008", contract=bound.name, action=name[:40])
        return action

    def act(
        self, session: Session, bound: BoundContract, action: BoundAction, args: tuple[Any, ...], key: bytes
    ) -> Any:
        """An action by a person: everything that `who` declares, then the body, or else it waits for checkers."""
        if not action.for_people:
            raise refuse("EXE-005", contract=bound.name, caller="-")
        authority = self.authority
        person, member = authority.caller(key)
        organisation = person.field_organisation
        authority.check(action, args, key, person, member, session.moment.day)
        if action.signed is not None:
            self._check_signature(bound, action.form.who.signed[0], action.signed, args, key)
        if action.policy is not None and not session.approved:
            needed = authority.checkers_needed(action, args, organisation)
            if needed:
                found = authority.checkers(session.signers, key, organisation)
                if len(found) < needed:
                    return self._wait(session, bound, action, args, key, organisation, needed, found)
        return self.enter(session, bound, action, args, organisation, key, "")

    def _check_signature(
        self,
        bound: BoundContract,
        argument: str,
        signed: tuple[int, str, tuple[int, ...]],
        args: tuple[Any, ...],
        key: bytes,
    ) -> None:
        place, tag, covered = signed
        self.meter[0] -= SIGNATURE_UNITS
        if self.meter[0] < 0:
            raise OutOfBudget
        over = bound.helpers.digest(tag, self.ground.chain, bound.name, *[args[i] for i in covered])
        try:
            self.ground.suite.verify(key, over, args[place])
        except BadSignature:
            raise refuse("AUTH-010", argument=argument, key=key.hex()[:16]) from None

    def enter(
        self,
        session: Session,
        bound: BoundContract,
        action: BoundAction,
        args: tuple[Any, ...],
        organisation: str,
        person: bytes,
        caller: str,
    ) -> Any:
        """Run the body."""
        way = session.contracts
        if bound.name in way:
            raise engine_refusal("EXE-008", contract=bound.name)
        if len(way) >= CALL_DEPTH_MAX:
            raise refuse("EXE-004", limit=CALL_DEPTH_MAX)
        way.append(bound.name)
        result = action.run(Context(self, session, bound, organisation, person, caller), *args)
        way.pop()
        return bound.helpers.plain(result) if action.has_records else result

    def _wait(
        self,
        session: Session,
        bound: BoundContract,
        action: BoundAction,
        args: tuple[Any, ...],
        key: bytes,
        organisation: str,
        needed: int,
        found: tuple[bytes, ...],
    ) -> None:
        """Keep the act for its checkers; inside another contract's call nothing can wait."""
        if session.contracts:
            raise refuse("AUTH-007", needed=needed + 1, found=len(found) + 1)
        approval = self.contracts["approval"]
        amount = 0 if action.amount is None else args[action.amount]
        pending = (
            *(organisation, key, bound.name, action.form.name, encode(bound.helpers.plain(args))),
            *(bound.interface_digest, amount, needed, found, session.signers, session.moment.day + PENDING_DAYS),
        )
        submit = self.action(approval, "submit")
        self.enter(session, approval, submit, submit.take(pending), "", b"", "engine")

    # -- calls between contracts

    def call(self, context: Context, contract: str, name: str, args: tuple[Any, ...], *, delegated: bool) -> Any:
        bound = self.contract(contract)
        action = self.action(bound, name)
        if context.name not in action.form.who.callers:
            raise refuse("EXE-005", contract=f"{contract}.{name}", caller=context.name)
        values = action.take(args)
        session = context.session
        if not delegated:
            self.authority.row(action, values)
            return self.enter(session, bound, action, values, "", b"", context.name)
        if not context.person:
            raise refuse("AUTH-001", key="-")
        person, member = self.authority.caller(context.person)
        organisation = person.field_organisation
        self.authority.check(action, values, context.person, person, member, session.moment.day)
        if action.signed is not None:
            self._check_signature(bound, action.form.who.signed[0], action.signed, values, context.person)
        needed = 0 if session.approved else self.authority.checkers_needed(action, values, organisation)
        found = self.authority.checkers(session.signers, context.person, organisation) if needed else ()
        if len(found) < needed:
            raise refuse("AUTH-007", needed=needed + 1, found=len(found) + 1)
        return self.enter(session, bound, action, values, organisation, context.person, context.name)

    def ask(self, session: Session, contract: str, name: str, args: tuple[Any, ...]) -> Any:
        """A view of a contract, frozen or not: what is frozen can still be read."""
        bound = self.contracts.get(contract)
        if bound is None or self.registers.contracts(contract) is None:
            raise refuse("TX-007", contract=contract[:40])
        view = bound.views.get(name)
        if view is None:
            raise refuse("TX-008", contract=contract, action=name[:40])
        if len(session.contracts) >= CALL_DEPTH_MAX:
            raise refuse("EXE-004", limit=CALL_DEPTH_MAX)
        session.contracts.append(contract)
        result = view.run(Context(self, session, bound, "", b"", ""), *view.take(args))
        session.contracts.pop()
        return bound.helpers.plain(result) if view.has_records else result

    # -- acts that others have signed before

    def resume(self, context: Context, contract: str, name: str, args: bytes, interface: bytes, signers: Any) -> Any:
        """An act that waited, now with its checkers: done as if the maker asked now, under the interface it signed."""
        session = context.session
        bound = self.contract(contract)
        if bound.interface_digest != interface:
            raise refuse("TX-012", signed=interface.hex()[:16], current=bound.interface_digest.hex()[:16])
        action = self.action(bound, name)
        before, session.signers, session.approved = session.signers, (*signers, *session.signers), True
        result = self.act(session, bound, action, action.take(load(args)), signers[0])
        session.signers, session.approved = before, False
        return result

    def amount_of(self, contract: str, name: str, args: bytes) -> int:
        _, action, values = self._item(contract, name, args)
        return 0 if action.amount is None else int(values[action.amount])

    def perform(self, context: Context, contract: str, name: str, args: bytes) -> Any:
        """One item of a batch, with all checks on the person. The batch's policy does not replace the item's own."""
        bound, action, values = self._item(contract, name, args)
        session = context.session
        before, session.approved = session.approved, False
        result = self.act(session, bound, action, values, context.person)
        session.approved = before
        return result

    def _item(self, contract: str, name: str, args: bytes) -> tuple[BoundContract, BoundAction, tuple[Any, ...]]:
        bound = self.contract(contract)
        action = self.action(bound, name)
        values = decode(args, bytes_max=WIRE_BYTES_MAX)
        if type(values) is not tuple:
            raise refuse("TX-009", found=0, expected=len(action.form.arguments))
        return bound, action, action.take(values)


def _is_in_contract(traceback: TracebackType | None) -> bool:
    """Whether an exception came out of a contract's program or the helpers that work for it."""
    assert traceback is not None, "an exception that was raised has a traceback"
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_code.co_filename in _CONTRACT_FILES
