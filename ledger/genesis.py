"""The genesis: the one file from which every node and every verifier starts.

`genesis.cbor` is canonical CBOR; chain = H("genesis", file) with the suite that the file names. It holds the members
with their roles and keys, the first validators and where they listen, the limits and timeouts, the bucket count of the
state, the approval policies, the dated parameters, and the sources of the built-in contracts, which come under the same
checker as any later upload. JSON is a view of it, never the hashed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ledger.codec import anything, array, blob, decode, encode, exactly, integer, one_of, row, text
from ledger.crypto import SUITE_NAMES
from ledger.errors import BadSignature, refuse
from ledger.national import suite_named
from ledger.state import BUCKET_BITS
from ledger.validators import ENGINES, VALIDATORS_MAX, Engine, ValidatorSet, make_validator_set

VERSION: Final = 1
MAGIC: Final = "lugang-genesis"
GENESIS_BYTES_MAX: Final = 8 * 1024 * 1024
ROLES: Final = ("operator", "supervisor", "collector", "subject", "user")
PBFT_VALIDATORS_MIN: Final = 4
ORGANISATION_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")

LIMITS: Final = {
    # name: default. Every limit's unit stands last in its name.
    "block_transactions_max": 2_000,
    "block_body_bytes_max": 4 * 1024 * 1024,
    "transaction_lifetime_ms_max": 3_600_000,
    "transaction_budget_max": 10_000_000,
    "block_budget_max": 20_000_000,
    "clock_drift_ms_max": 5_000,
    "tenure_blocks_max": 8,
    "link_bytes_per_second_min": 1_000_000,
}
TIMEOUTS_MS: Final = {
    "propose_ms": 1_000,
    "propose_step_ms": 500,
    "vote_ms": 500,
    "vote_step_ms": 250,
    "timeout_ms_max": 30_000,
    "body_ms_max": 10_000,
    "linger_ms": 200,
    "round_state_ms": 1_000,
    "round_state_idle_ms": 10_000,
    "proposer_down_ms": 200,
}


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation of the first hour; `administrator` is the key that enrols its people."""

    organisation: str
    name_zh: str
    name_en: str
    credit_code: str
    roles: tuple[str, ...]
    capacities: tuple[str, ...]
    administrator: bytes


@dataclass(frozen=True, slots=True)
class ValidatorEntry:
    """A validator of the first hour: consensus key, organisation, libp2p key (Ed25519), multiaddresses."""

    key: bytes
    organisation: str
    transport_key: bytes
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Genesis:
    """All fields of the file. Shapes: `limits` and `timeouts_ms` are complete tables of (name, integer), ascending by
    name; `policies` and `parameters` are rows that the governance contract reads; `clock_first_day` is None on a real
    clock, else the first business day of a test clock."""

    name: str
    suite: str
    engine: Engine
    time: int
    clock_first_day: int | None
    limits: tuple[tuple[str, int], ...]
    timeouts_ms: tuple[tuple[str, int], ...]
    bucket_bits: int
    members: tuple[Member, ...]
    validators: tuple[ValidatorEntry, ...]
    policies: tuple[tuple[Any, ...], ...]
    parameters: tuple[tuple[str, Any, int], ...]
    contracts: tuple[tuple[str, str], ...]

    def limit(self, name: str) -> int:
        return dict(self.limits)[name]

    def timeout_ms(self, name: str) -> int:
        return dict(self.timeouts_ms)[name]

    def validator_set(self) -> ValidatorSet:
        return make_validator_set({entry.key: entry.organisation for entry in self.validators})

    def encode(self) -> bytes:
        clock = ("real",) if self.clock_first_day is None else ("test", self.clock_first_day)
        members = tuple(
            (m.organisation, (m.name_zh, m.name_en), m.credit_code, m.roles, m.capacities, m.administrator)
            for m in self.members
        )
        validators = tuple((v.key, v.organisation, v.transport_key, v.addresses) for v in self.validators)
        return encode(
            (
                MAGIC,
                VERSION,
                self.name,
                self.suite,
                self.engine,
                self.time,
                clock,
                self.limits,
                self.timeouts_ms,
                self.bucket_bits,
                members,
                validators,
                self.policies,
                self.parameters,
                self.contracts,
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Genesis:
        """Raises `Refused` BYT-001…003 with what is wrong."""
        value = decode(data, bytes_max=GENESIS_BYTES_MAX)
        GENESIS_SHAPE(value, "genesis")
        _, _, name, suite, engine, time, clock, limits, timeouts, bits, members, validators, *tables = value
        genesis = cls(
            name,
            suite,
            engine,
            time,
            clock[1] if len(clock) == 2 else None,
            limits,
            timeouts,
            bits,
            tuple(Member(org, names[0], names[1], code, *rest) for org, names, code, *rest in members),
            tuple(ValidatorEntry(*entry) for entry in validators),
            *tables,
        )
        check_genesis(genesis)
        return genesis


FIRST_DAY_MAX: Final = 376_199
"""2999-12-31, the last day that contracts compute with."""


def _clock(value: Any, where: str) -> None:
    if value != ("real",):
        row(("kind", exactly("test")), ("first_day", integer(0, FIRST_DAY_MAX)))(value, where)


_NAMED_INTEGER: Final = row(("name", text(40)), ("value", integer()))
_KEY: Final = blob(32, 64)
GENESIS_SHAPE: Final = row(
    ("magic", exactly(MAGIC)),
    ("version", exactly(VERSION)),
    ("name", text(80)),
    ("suite", one_of(*SUITE_NAMES)),
    ("engine", one_of(*ENGINES)),
    ("time", integer(1)),
    ("clock", _clock),
    ("limits", array(_NAMED_INTEGER, 64)),
    ("timeouts_ms", array(_NAMED_INTEGER, 64)),
    ("bucket_bits", one_of(*BUCKET_BITS)),
    (
        "members",
        array(
            row(
                ("organisation", text(24)),
                ("names", row(("zh", text(80)), ("en", text(80)))),
                ("credit_code", text(18)),
                ("roles", array(one_of(*ROLES), len(ROLES))),
                ("capacities", array(text(24), 32)),
                ("administrator", _KEY),
            ),
            10_000,
            1,
        ),
    ),
    (
        "validators",
        array(
            row(
                ("key", _KEY),
                ("organisation", text(24)),
                ("transport_key", blob(32)),
                ("addresses", array(text(128), 8)),
            ),
            VALIDATORS_MAX,
            1,
        ),
    ),
    ("policies", array(array(anything, 16), 1_000)),
    ("parameters", array(row(("name", text(60)), ("value", anything), ("from_day", integer())), 1_000)),
    ("contracts", array(row(("name", text(40)), ("source", text(256 * 1024))), 200)),
)


def check_genesis(genesis: Genesis) -> None:
    """The rules between fields; raises `Refused` BYT-003."""
    _check_table("limits", genesis.limits, LIMITS)
    _check_table("timeouts_ms", genesis.timeouts_ms, TIMEOUTS_MS)
    key_bytes = 32 if genesis.suite == "intl" else 64
    organisations = [member.organisation for member in genesis.members]
    for slug in organisations:
        if not 2 <= len(slug) <= 24 or not set(slug) <= ORGANISATION_CHARACTERS:
            raise _wrong("members.organisation", "2 to 24 of a-z, 0-9, -", slug)
    keys = [entry.key for entry in genesis.validators]
    administrators = [member.administrator for member in genesis.members]
    for where, values in (
        ("members", organisations),
        ("members.credit_code", [member.credit_code for member in genesis.members]),
        ("validators", keys),
        ("validators.transport_key", [entry.transport_key for entry in genesis.validators]),
        ("contracts", [name for name, _ in genesis.contracts]),
    ):
        if len(set(values)) != len(values):
            raise _wrong(where, "no entry twice", "a repeated one")
    if any(len(key) != key_bytes for key in keys + administrators):
        raise _wrong("keys", f"{key_bytes} bytes in suite {genesis.suite}", "another length")
    _check_keys("validators.key", genesis.suite, keys)
    _check_keys("members.administrator", genesis.suite, administrators)
    _check_keys("validators.transport_key", "intl", [entry.transport_key for entry in genesis.validators])
    if not {entry.organisation for entry in genesis.validators} <= set(organisations):
        raise _wrong("validators.organisation", "a member", "an organisation that is none")
    if genesis.engine == "pbft" and len(keys) < PBFT_VALIDATORS_MIN:
        raise _wrong("validators", f"at least {PBFT_VALIDATORS_MIN} for pbft", str(len(keys)))


def _check_keys(where: str, suite_name: str, keys: list[bytes]) -> None:
    # Verification alone accepts some keys of mixed order, to which one signature can be fitted for many messages.
    suite = suite_named(suite_name)
    for key in keys:
        try:
            suite.check_key(key)
        except BadSignature as fault:
            raise _wrong(where, "usable public keys", f"{key.hex()[:16]}: {fault.detail}") from None


def _check_table(where: str, table: tuple[tuple[str, int], ...], known: dict[str, int]) -> None:
    if [name for name, _ in table] != sorted(known):
        raise _wrong(where, "exactly the known names in order", ", ".join(name for name, _ in table)[:200])


def _wrong(where: str, expected: str, found: str) -> Exception:
    return refuse("BYT-003", where=f"genesis.{where}", expected=expected, found=found)


def complete(known: dict[str, int], given: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """The full table for a genesis: the defaults, replaced where `given` says so. KeyError names an unknown entry."""
    for name in given:
        if name not in known:
            raise KeyError(f"{name} is not one of {', '.join(sorted(known))}")
    return tuple(sorted({**known, **given}.items()))
