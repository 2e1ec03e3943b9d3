"""The genesis as the contracts' `genesis` methods are given it: one tuple in the shape of the SDK's record `Genesis`.

Rows of the genesis' `policies`: ["policy", name, organisation or "", [[from fen, checkers], …]] or
["ballot", kind, [role, …], approvals]. Parameters: [name, integer, from day], or with an array of days for a calendar:
"calendar.off" (days off besides weekends) and "calendar.work" (weekend days on which banks work).
"""

from __future__ import annotations

from typing import Any

from contracts.world import World
from ledger.errors import refuse
from ledger.genesis import Genesis


def genesis_facts(genesis: Genesis, world: World) -> tuple[Any, ...]:
    """Raises `Refused` BYT-003 when a policy or parameter has another shape."""
    members = tuple(
        (m.organisation, m.name_zh, m.name_en, m.credit_code, m.roles, m.capacities, m.administrator)
        for m in genesis.members
    )
    validators = tuple((v.key, v.organisation, v.transport_key, v.addresses) for v in genesis.validators)
    contracts = tuple(
        (bound.name, bound.number, source, bound.source_digest, bound.interface_digest)
        for bound, (_, source) in zip(world.contracts.values(), genesis.contracts, strict=True)
    )
    return (
        genesis.name,
        genesis.time,
        genesis.clock_first_day,
        members,
        validators,
        tuple(_policy(row) for row in genesis.policies),
        tuple(_parameter(*row) for row in genesis.parameters),
        contracts,
    )


def _policy(row: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(row) == 4 and row[0] == "policy":
        _, name, organisation, bands = row
        return ("policy", name, organisation, bands, (), 0)
    if len(row) == 4 and row[0] == "ballot":
        _, kind, roles, count = row
        return ("ballot", kind, "", (), roles, count)
    raise refuse("BYT-003", where="genesis.policies", expected="a policy or a ballot of 4", found=str(row)[:80])


def _parameter(name: str, value: Any, from_day: int) -> tuple[Any, ...]:
    if type(value) is int:
        return (name, value, (), from_day)
    if type(value) is tuple:
        return (name, 0, value, from_day)
    raise refuse("BYT-003", where=f"genesis.parameters.{name}", expected="an integer or days", found=str(value)[:80])
