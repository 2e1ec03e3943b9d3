"""The names that a contract can import from `contracts.sdk`, and the records that the SDK declares.

A test holds this list against the SDK itself.
"""

from __future__ import annotations

from typing import Final

BUILTIN_RECORD_NAMES: Final = (
    "Genesis",
    "GenesisContract",
    "GenesisMember",
    "GenesisParameter",
    "GenesisPolicy",
    "GenesisValidator",
    "Receipt",
    "Statement",
)
SEALED_RECORDS: Final = frozenset(("Receipt",))
"""Their fields hold values of any type, which only the engine can vouch for."""
PURE_FUNCTIONS: Final = (
    "add_months",
    "apportion",
    "date_of",
    "day_of",
    "digest",
    "fen",
    "is_credit_code",
    "look_of",
    "remainder",
    "round_half_up",
    "weekday",
)
_TYPE_NAMES: Final = (
    *("Bytes", "Day", "Digest", "Fen", "Height", "Id", "Key", "Literal", "LongBytes", "LongText", "Org", "Rate"),
    *("Act", "Signature", "SignedStatement", "Text", "Time"),
    *("Context", "Contract", "Event", "Index", "Map", "Record", "Refusal"),
)
SDK_NAMES: Final = frozenset(
    (*BUILTIN_RECORD_NAMES, *PURE_FUNCTIONS, *_TYPE_NAMES, "action", "sweep", "view"),
)

# The records that the engine makes, in the language itself.
BUILTIN_RECORDS: Final = """
from contracts.sdk import Contract, Bytes, Day, Digest, Fen, Id, Key, LongText, Org, Record, Text, Time

class Statement(Record):
    bank: Org
    number: int
    kind: int
    instruction: Id
    payer_account: Digest
    payee_account: Digest
    amount: Fen
    currency: Text
    value_day: Day
    earlier: int | None

class GenesisMember(Record):
    organisation: Org
    name_zh: Text
    name_en: Text
    credit_code: Text
    roles: tuple[Text, ...]
    capacities: tuple[Text, ...]
    administrator: Key

class GenesisValidator(Record):
    key: Key
    organisation: Org
    transport_key: Bytes
    addresses: tuple[Text, ...]

class GenesisPolicy(Record):
    kind: Text
    name: Text
    organisation: Text
    bands: tuple[tuple[Fen, int], ...]
    roles: tuple[Text, ...]
    count: int

class GenesisParameter(Record):
    name: Text
    value: int
    days: tuple[Day, ...]
    from_day: Day

class GenesisContract(Record):
    name: Text
    number: int
    source: LongText
    digest: Digest
    interface: Digest

class Genesis(Record):
    name: Text
    time: Time
    clock_first_day: Day | None
    members: tuple[GenesisMember, ...]
    validators: tuple[GenesisValidator, ...]
    policies: tuple[GenesisPolicy, ...]
    parameters: tuple[GenesisParameter, ...]
    contracts: tuple[GenesisContract, ...]
"""
