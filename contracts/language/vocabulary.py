"""The words of the language besides Python's syntax: what `ctx` offers, the built-in functions, the methods of values.

Each with the number of arguments it takes and the type of its result. What is not in a table here does not exist.
"""

from __future__ import annotations

from typing import Final

from contracts.language.builtin_names import PURE_FUNCTIONS
from contracts.language.forms import ANY, BOOLEAN, INTEGER, LIST, NOTHING, SCALARS, TEXT, optional
from ledger.interface import Type

NUMBERS_MAX: Final = 16
"""As many as a receipt has places for."""


CONTEXT_VALUES: Final = {
    # name: (where it is found, type)
    "organisation": ("ctx.organisation", SCALARS["Org"]),
    "person": ("ctx.person", ANY),
    "caller": ("ctx.caller", TEXT),
    "contract": ("contract_name", TEXT),
    "transaction": ("ctx.session.transaction", SCALARS["Digest"]),
    "chain": ("ctx.chain", SCALARS["Digest"]),
    "day": ("ctx.session.moment.day", SCALARS["Day"]),
    "time": ("ctx.session.moment.time", SCALARS["Time"]),
    "height": ("ctx.session.moment.height", SCALARS["Height"]),
    "is_test_clock": ("ctx.session.moment.is_test_clock", BOOLEAN),
}
CONTEXT_CALLS: Final[dict[str, tuple[int, Type]]] = {
    # Each with the number of its arguments and its result.
    "new_id": (0, SCALARS["Id"]),
    "parameter": (1, INTEGER),
    "parameter_on": (2, INTEGER),
    "is_active": (1, BOOLEAN),
    "has_role": (2, BOOLEAN),
    "has_capacity": (2, BOOLEAN),
    "is_signed_by": (1, BOOLEAN),
    "signer_of_role": (1, optional(SCALARS["Org"])),
    "is_business_day": (1, BOOLEAN),
    "business_day_from": (1, SCALARS["Day"]),
    "business_day_before": (1, SCALARS["Day"]),
    "bank_statement": (1, Type("record", names=("Statement",))),
    "is_key": (1, BOOLEAN),
    "is_transport_key": (1, BOOLEAN),
    "is_signature": (3, BOOLEAN),
}
CONTEXT_READS: Final = frozenset(
    ("has_role", "has_capacity", "is_active", "is_signed_by", "is_business_day", "parameter", "parameter_on")
)
SYSTEM_CALLS: Final[dict[str, tuple[int, Type]]] = {
    # Of the system's contracts alone; the engine refuses them to others.
    "check_contract": (2, SCALARS["Digest"]),
    "fits_contract": (2, BOOLEAN),
    "source_digest": (1, SCALARS["Digest"]),
    "resume": (5, ANY),
    "amount_of": (3, INTEGER),
    "perform": (3, Type("record", names=("Receipt",))),
}
CROSS_CALLS: Final = {"call": ANY, "delegate": ANY, "view": ANY, "attempt": Type("record", names=("Receipt",))}
BUILTINS: Final[dict[str, tuple[int, int, Type]]] = {
    # name: (fewest, most arguments, result)
    "abs": (1, 1, INTEGER),
    "all": (1, 1, BOOLEAN),
    "any": (1, 1, BOOLEAN),
    "bool": (1, 1, BOOLEAN),
    "enumerate": (1, 1, ANY),
    "int": (1, 1, INTEGER),
    "len": (1, 1, INTEGER),
    "list": (0, 1, LIST),
    "max": (1, 8, ANY),
    "min": (1, 8, ANY),
    "range": (1, 3, ANY),
    "reversed": (1, 1, ANY),
    "sorted": (1, 1, LIST),
    "str": (1, 1, Type("text")),
    "sum": (1, 1, INTEGER),
    "tuple": (0, 1, ANY),
    "zip": (2, 4, ANY),
}
PURE_RESULTS: Final = {
    "add_months": SCALARS["Day"],
    "apportion": LIST,
    "date_of": Type("row", items=(INTEGER, INTEGER, INTEGER)),
    "day_of": SCALARS["Day"],
    "digest": SCALARS["Digest"],
    "fen": SCALARS["Fen"],
    "is_credit_code": BOOLEAN,
    "look_of": TEXT,
    "remainder": INTEGER,
    "round_half_up": INTEGER,
    "weekday": INTEGER,
}
assert set(PURE_RESULTS) == set(PURE_FUNCTIONS), "every function of the SDK has a result"
VALUE_METHODS: Final[dict[str, tuple[int, int, Type]]] = {
    # Of lists, dicts, texts and byte strings; helpers look at the exact type.
    "append": (1, 1, NOTHING),
    "extend": (1, 1, NOTHING),
    "pop": (0, 2, ANY),
    "get": (1, 2, ANY),
    "keys": (0, 0, ANY),
    "values": (0, 0, ANY),
    "items": (0, 0, ANY),
    "startswith": (1, 1, BOOLEAN),
    "endswith": (1, 1, BOOLEAN),
    "split": (1, 1, LIST),
    "join": (1, 1, ANY),
}
MAP_METHODS: Final = ("get", "remove", "keys", "rows")
INDEX_METHODS: Final = ("keys", "rows", "due")
