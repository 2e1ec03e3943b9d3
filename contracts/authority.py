"""Who may: what an action declares, enforced before its body runs.

The caller is what the signature says: a key, that belongs to a person, who belongs to an organisation. Then in
order: person and organisation are active, the organisation holds one of the roles and one of the licensed
capacities, the person has the permission, the row is there, the organisation is a party of it. Approval policies
come last, since an act that would be refused anyway does not wait for a checker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from contracts.bound import BoundAction
from ledger.errors import refuse


class Registers:
    """The rows of the system contracts that the engine reads, each a function from key to record or None."""

    __slots__ = ("capacities", "clock", "contracts", "in_force", "organisations", "parameters", "people", "policies")

    def __init__(self, maps: dict[str, Callable[[Any], Any]]) -> None:
        self.people = maps["people"]
        self.organisations = maps["organisations"]
        self.capacities = maps["capacities"]
        self.parameters = maps["parameters"]
        self.policies = maps["policies"]
        self.contracts = maps["contracts"]
        self.clock = maps["clock"]
        self.in_force: dict[str, tuple[Any, int, int]] = {}
        """Of each parameter that was asked for the row, the day, and the value on that day: rows do not change."""


class Authority:
    def __init__(self, registers: Registers) -> None:
        self._registers = registers

    def caller(self, key: bytes) -> tuple[Any, Any]:
        """The person of a key and the organisation, both active; raises AUTH-001, AUTH-002."""
        person = self._registers.people(key)
        if person is None or person.field_status != "active":
            raise refuse("AUTH-001", key=key.hex()[:16])
        organisation = self._registers.organisations(person.field_organisation)
        if organisation.field_status != "active":
            name, status = person.field_organisation, organisation.field_status
            raise refuse("AUTH-002", organisation=name, status=status)
        return person, organisation

    def check(self, action: BoundAction, args: tuple[Any, ...], key: bytes, person: Any, member: Any, day: int) -> None:
        """Raises AUTH-003…006, EXE-003."""
        organisation = person.field_organisation
        if action.roles and not any(role in member.field_roles for role in action.roles):
            raise refuse("AUTH-004", needed="/".join(action.roles), organisation=organisation)
        if action.capacities:
            for name in action.capacities:
                licence = self._registers.capacities((organisation, name))
                if licence is not None and day <= licence.field_until:
                    break
            else:
                raise refuse("AUTH-005", needed="/".join(action.capacities), organisation=organisation)
        if action.permission is not None and action.permission not in person.field_permissions:
            raise refuse("AUTH-006", key=key.hex()[:16], needed=action.permission)
        if action.on is not None:
            row = action.on(args[0] if action.key_parts == 1 else args[: action.key_parts])
            for field in action.party:
                if getattr(row, field) == organisation:
                    return
            if action.party:
                self._no_party(action, row, organisation)

    @staticmethod
    def _no_party(action: BoundAction, row: Any, organisation: str) -> NoReturn:
        parties = [getattr(row, field) for field in action.party]
        shown = "/".join([party if party is not None else "-" for party in parties])
        raise refuse("AUTH-003", field="/".join(action.form.who.party), party=shown, caller=organisation)

    def row(self, action: BoundAction, args: tuple[Any, ...]) -> Any:
        """The row that the action is on; refuses a missing one."""
        if action.on is None:
            return None
        return action.on(args[0] if action.key_parts == 1 else args[: action.key_parts])

    def checkers_needed(self, action: BoundAction, args: tuple[Any, ...], organisation: str) -> int:
        """By the organisation's own table, or else the one for all; without any, none."""
        policy = action.policy
        if policy is None:
            return 0
        row = self._registers.policies((organisation, policy))
        if row is None:
            row = self._registers.policies(("", policy))
            if row is None:
                return 0
        amount = 0 if action.amount is None else args[action.amount]
        needed = 0
        for band in row.field_bands:
            if amount >= band.field_from_amount:
                needed = band.field_checkers
        return int(needed)

    def checkers(self, signers: tuple[bytes, ...], maker: bytes, organisation: str) -> tuple[bytes, ...]:
        """The other people of the organisation who signed too and may check."""
        found: list[bytes] = []
        for key in signers:
            person = self._registers.people(key)
            if key == maker or person is None or person.field_organisation != organisation:
                continue
            if person.field_status == "active" and "check" in person.field_permissions:
                found.append(key)
        return tuple(found)
