"""From a written specification (TOML) to a genesis, and from a genesis to a view in JSON.

The specification is for people: tables with names, dates as dates, keys as hexadecimal, contracts by the name of a
built-in or the path of a file beside the specification. The genesis file is for machines; only its bytes are hashed.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any, Final

from ledger.errors import Refused, refuse
from ledger.genesis import LIMITS, TIMEOUTS_MS, Genesis, Member, ValidatorEntry, check_genesis, complete

EPOCH: Final = datetime.date(1970, 1, 1)
DEFAULT_BUCKET_BITS: Final = 16
MEMBER_FIELDS: Final = {"organisation", "name_zh", "name_en", "credit_code", "roles", "capacities", "administrator"}
VALIDATOR_FIELDS: Final = {"key", "organisation", "transport_key", "addresses"}
SPEC_FIELDS: Final = {
    "name",
    "suite",
    "engine",
    "time",
    "clock_first_day",
    "bucket_bits",
    "limits",
    "timeouts_ms",
    "members",
    "validators",
    "policies",
    "parameters",
    "contracts",
}


def build_genesis(spec: dict[str, Any], source_of: Callable[[str], str]) -> Genesis:
    """The genesis that `spec` (the parsed TOML) describes; `source_of(name)` reads a contract's source.

    Raises `Refused` BYT-003 naming the field that is wrong.
    """
    _only(spec, SPEC_FIELDS, "the specification")
    try:
        genesis = Genesis(
            name=spec["name"],
            suite=spec.get("suite", "intl"),
            engine=spec.get("engine", "pbft"),
            time=_milliseconds(spec["time"]),
            clock_first_day=day_number(spec["clock_first_day"]) if "clock_first_day" in spec else None,
            limits=complete(LIMITS, spec.get("limits", {})),
            timeouts_ms=complete(TIMEOUTS_MS, spec.get("timeouts_ms", {})),
            bucket_bits=spec.get("bucket_bits", DEFAULT_BUCKET_BITS),
            members=tuple(_member(table) for table in spec["members"]),
            validators=tuple(_validator(table) for table in spec["validators"]),
            policies=tuple(_frozen(row) for row in spec.get("policies", [])),
            parameters=tuple(_parameter(row) for row in spec.get("parameters", [])),
            contracts=tuple((Path(name).stem, source_of(name)) for name in spec["contracts"]),
        )
    except KeyError as error:
        raise refuse("BYT-003", where="the specification", expected="every field", found=str(error)) from None
    except (ValueError, TypeError) as error:
        raise refuse(
            "BYT-003", where="the specification", expected="values of the right form", found=str(error)
        ) from None
    check_genesis(genesis)
    return Genesis.decode(genesis.encode())


def source_reader(folder: Path) -> Callable[[str], str]:
    """Reads built-in contracts by their plain name and others as files relative to `folder`."""

    def read(name: str) -> str:
        if name.isidentifier():
            return (resources.files("contracts.catalogue") / f"{name}.py").read_text(encoding="utf-8")
        return (folder / name).read_text(encoding="utf-8")

    return read


def day_number(day: datetime.date) -> int:
    """Days since 1970-01-01."""
    if type(day) is not datetime.date:
        raise ValueError(f"{day!r} is not a date like 2022-06-30")
    return (day - EPOCH).days


def view_of(genesis: Genesis, chain: bytes) -> dict[str, Any]:
    """The genesis as JSON-ready data; the sources of contracts appear by their length only."""
    return {
        "chain": chain.hex(),
        "name": genesis.name,
        "suite": genesis.suite,
        "engine": genesis.engine,
        "time_ms": genesis.time,
        "clock_first_day": None if genesis.clock_first_day is None else str(day_of(genesis.clock_first_day)),
        "limits": dict(genesis.limits),
        "timeouts_ms": dict(genesis.timeouts_ms),
        "bucket_bits": genesis.bucket_bits,
        "members": [
            {
                "organisation": member.organisation,
                "name_zh": member.name_zh,
                "name_en": member.name_en,
                "credit_code": member.credit_code,
                "roles": list(member.roles),
                "capacities": list(member.capacities),
                "administrator": member.administrator.hex(),
            }
            for member in genesis.members
        ],
        "validators": [
            {
                "key": entry.key.hex(),
                "organisation": entry.organisation,
                "transport_key": entry.transport_key.hex(),
                "addresses": list(entry.addresses),
            }
            for entry in genesis.validators
        ],
        "policies": _plain(genesis.policies),
        "parameters": _plain(genesis.parameters),
        "contracts": [{"name": name, "characters": len(source)} for name, source in genesis.contracts],
    }


def day_of(number: int) -> datetime.date:
    return EPOCH + datetime.timedelta(days=number)


def _plain(value: Any) -> Any:
    """Tables of values of the profile as JSON; byte strings as hexadecimal."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value


def _milliseconds(moment: Any) -> int:
    if type(moment) is int:
        return moment
    if type(moment) is not datetime.datetime or moment.tzinfo is None:
        raise ValueError(f"time = {moment!r} is neither milliseconds nor a moment with its offset")
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return (moment - epoch) // datetime.timedelta(milliseconds=1)


def _member(table: dict[str, Any]) -> Member:
    _only(table, MEMBER_FIELDS, "a member")
    return Member(
        table["organisation"],
        table["name_zh"],
        table["name_en"],
        table["credit_code"],
        tuple(table["roles"]),
        tuple(table.get("capacities", ())),
        bytes.fromhex(table["administrator"]),
    )


def _validator(table: dict[str, Any]) -> ValidatorEntry:
    _only(table, VALIDATOR_FIELDS, "a validator")
    return ValidatorEntry(
        bytes.fromhex(table["key"]),
        table["organisation"],
        bytes.fromhex(table["transport_key"]),
        tuple(table["addresses"]),
    )


def _parameter(row: Any) -> tuple[str, Any, int]:
    name, value, from_day = row
    return name, _frozen(value), from_day if type(from_day) is int else day_number(from_day)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _only(table: dict[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise _unknown(where, unknown)


def _unknown(where: str, names: list[str]) -> Refused:
    return refuse("BYT-003", where=where, expected="only known fields", found=", ".join(names))
