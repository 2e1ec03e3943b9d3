"""The genesis: one file, one encoding; every wrong field is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger.crypto import INTERNATIONAL
from ledger.errors import Refused
from ledger.genesis import LIMITS, TIMEOUTS_MS, Genesis, Member, ValidatorEntry, complete


def key(number: int) -> bytes:
    return INTERNATIONAL.public_key(bytes([number]) * 32)


def make(**changes) -> Genesis:
    members = tuple(
        Member(f"org-{i}", f"机构{i}", f"Org {i}", f"9135010{i}", ("user",), ("bank",), key(10 + i)) for i in range(4)
    )
    validators = tuple(
        ValidatorEntry(key(20 + i), f"org-{i}", key(30 + i), (f"/ip4/127.0.0.1/tcp/{4000 + i}",)) for i in range(4)
    )
    genesis = Genesis(
        name="试验链",
        suite="intl",
        engine="pbft",
        time=1_700_000_000_000,
        clock_first_day=None,
        limits=complete(LIMITS, {}),
        timeouts_ms=complete(TIMEOUTS_MS, {"vote_ms": 200}),
        bucket_bits=16,
        members=members,
        validators=validators,
        policies=(("policy", "issue", "", ((0, 1),), (), 0),),
        parameters=(("tenor_days_max", 366, 0),),
        contracts=(("membership", "source"),),
    )
    return replace(genesis, **changes)


def test_round_trip_and_tables():
    genesis = make(clock_first_day=19_173)
    assert Genesis.decode(genesis.encode()) == genesis
    assert genesis.timeout_ms("vote_ms") == 200
    assert genesis.limit("tenure_blocks_max") == 8
    assert [row.key for row in genesis.validator_set().rows] == sorted(entry.key for entry in genesis.validators)


GOOD = make()
SMALL_ORDER = bytes([1]) + bytes(31)
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a member twice": ({"members": GOOD.members + GOOD.members[:1]}, "genesis.members"),
    "a slug with capitals": ({"members": (replace(GOOD.members[0], organisation="A"), *GOOD.members[1:])}, "2 to 24"),
    "a validator twice": ({"validators": GOOD.validators + GOOD.validators[:1]}, "genesis.validators"),
    "three validators": ({"validators": GOOD.validators[:3]}, "at least 4"),
    "a validator of nobody": (
        {"validators": (replace(GOOD.validators[0], organisation="nobody"), *GOOD.validators[1:])},
        "a member",
    ),
    "a key for all messages": (
        {"validators": (replace(GOOD.validators[0], key=SMALL_ORDER), *GOOD.validators[1:])},
        "usable",
    ),
    "an administrator's key of the other suite": (
        {"members": (replace(GOOD.members[0], administrator=bytes(64)), *GOOD.members[1:])},
        "32 bytes",
    ),
    "a limit missing": ({"limits": GOOD.limits[1:]}, "known names"),
    "timeouts in another order": ({"timeouts_ms": GOOD.timeouts_ms[::-1]}, "known names"),
    "an unknown suite": ({"suite": "none"}, "intl or gm"),
    "odd bucket bits": ({"bucket_bits": 7}, "bucket_bits"),
    "a first day that no calendar has": ({"clock_first_day": 2**40}, "first_day"),
    "a contract twice": ({"contracts": GOOD.contracts * 2}, "contracts"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(case):
    changes, word = WRONG[case]
    with pytest.raises(Refused) as caught:
        Genesis.decode(replace(GOOD, **changes).encode())
    assert caught.value.code == "BYT-003"
    assert word in str(caught.value)


def test_every_cut_file_is_refused():
    data = GOOD.encode()
    for end in range(0, len(data), 7):
        with pytest.raises(Refused):
            Genesis.decode(data[:end])
