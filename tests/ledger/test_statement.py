"""A bank's statement: what its key signed, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from ledger.crypto import INTERNATIONAL
from ledger.errors import BadSignature, Refused
from ledger.national import suite_named
from ledger.statement import Kind, SignedStatement, Statement, sign_statement

SECRET = bytes(range(32))
STATEMENT = Statement(
    chain=bytes(32),
    bank="clearing",
    number=7,
    kind=Kind.PAID,
    instruction=bytes(34),
    payer_account=bytes([1]) * 32,
    payee_account=bytes([2]) * 32,
    amount=12_345,
    currency="CNY",
    value_day=19_000,
    earlier=None,
)


@pytest.mark.parametrize("suite_name", ["intl", "gm"])
def test_round_trip_under_the_banks_key(suite_name):
    suite = suite_named(suite_name)
    signed = sign_statement(suite, SECRET, STATEMENT)
    again = SignedStatement.decode(signed.encode())
    assert again.verify(suite, suite.public_key(SECRET)) == STATEMENT
    with pytest.raises(BadSignature):
        again.verify(suite, suite.public_key(bytes([9]) * 32))


CHANGES: dict[str, Any] = {
    "chain": bytes([1]) * 32, "bank": "other", "number": 8, "kind": Kind.RETURNED, "instruction": bytes([1]) * 34,
    "payer_account": bytes(32), "payee_account": bytes(32), "amount": 12_346, "currency": "USD", "value_day": 19_001,
    "earlier": 3,
}  # fmt: skip


def test_every_field_is_signed():
    assert set(CHANGES) == {field.name for field in fields(Statement)}
    signed = sign_statement(INTERNATIONAL, SECRET, STATEMENT)
    for name, value in CHANGES.items():
        forged = SignedStatement(replace(STATEMENT, **{name: value}).encode(), signed.signature)
        with pytest.raises(BadSignature):
            forged.verify(INTERNATIONAL, INTERNATIONAL.public_key(SECRET))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("chain", bytes(31)),
        ("number", 0),
        ("instruction", bytes(32)),
        ("payer_account", b""),
        ("amount", 0),
        ("amount", -5),
        ("currency", "ABC"),
        ("value_day", -1),
        ("earlier", 0),
        ("bank", "x" * 25),
    ],
)
def test_a_signed_statement_out_of_form_is_refused(name, value):
    signed = sign_statement(INTERNATIONAL, SECRET, replace(STATEMENT, **{name: value}))
    with pytest.raises(Refused) as caught:
        signed.verify(INTERNATIONAL, INTERNATIONAL.public_key(SECRET))
    assert caught.value.code == "BYT-003"
