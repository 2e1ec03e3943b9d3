"""A bank's signed statement: the only thing by which the ledger learns that money has moved.

CBOR [1, chain, bank, statement number, kind 0 paid | 1 returned, instruction Id 34, payer account digest, payee account
digest, amount, currency, value day, earlier statement number | null], signed over H("statement", …) with the bank's
statement key, which its membership record names. Anybody may submit one; a (bank, number) is believed once.

file = CBOR [1, statement, signature]: what a bank hands out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ledger.codec import blob, blob_up_to, decode, encode, exactly, integer, one_of, optional, row, text
from ledger.crypto import HASH_BYTES, SIGNATURE_BYTES, Suite
from ledger.money import FEN_MAX, MINOR_DIGITS

VERSION: Final = 1
STATEMENT_BYTES_MAX: Final = 512
ID_BYTES: Final = 34


class Kind(IntEnum):
    PAID = 0
    RETURNED = 1


STATEMENT_SHAPE: Final = row(
    ("version", exactly(VERSION)),
    ("chain", blob(HASH_BYTES)),
    ("bank", text(24)),
    ("number", integer(1)),
    ("kind", one_of(*(int(kind) for kind in Kind))),
    ("instruction", blob(ID_BYTES)),
    ("payer_account", blob(HASH_BYTES)),
    ("payee_account", blob(HASH_BYTES)),
    ("amount", integer(1, FEN_MAX)),
    ("currency", one_of(*MINOR_DIGITS)),
    ("value_day", integer()),
    ("earlier", optional(integer(1))),
)
SIGNED_SHAPE: Final = row(
    ("version", exactly(VERSION)),
    ("statement", blob_up_to(STATEMENT_BYTES_MAX)),
    ("signature", blob(SIGNATURE_BYTES)),
)


@dataclass(frozen=True, slots=True)
class Statement:
    """`amount` in minor units; `value_day` in days since 1970, Beijing time; `earlier` is what a return takes back."""

    chain: bytes
    bank: str
    number: int
    kind: Kind
    instruction: bytes
    payer_account: bytes
    payee_account: bytes
    amount: int
    currency: str
    value_day: int
    earlier: int | None

    def encode(self) -> bytes:
        return encode(
            (
                VERSION,
                self.chain,
                self.bank,
                self.number,
                int(self.kind),
                self.instruction,
                self.payer_account,
                self.payee_account,
                self.amount,
                self.currency,
                self.value_day,
                self.earlier,
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Statement:
        """Raises `Refused` BYT-001…003."""
        value = decode(data, bytes_max=STATEMENT_BYTES_MAX)
        STATEMENT_SHAPE(value, "statement")
        _, chain, bank, number, kind, *rest = value
        return cls(chain, bank, number, Kind(kind), *rest)


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """The statement's exact bytes with the bank's signature."""

    statement: bytes
    signature: bytes

    def encode(self) -> bytes:
        return encode((VERSION, self.statement, self.signature))

    @classmethod
    def decode(cls, data: bytes) -> SignedStatement:
        """Raises `Refused` BYT-001…003."""
        value = decode(data, bytes_max=STATEMENT_BYTES_MAX + SIGNATURE_BYTES + 16)
        SIGNED_SHAPE(value, "signed statement")
        return cls(value[1], value[2])

    def verify(self, suite: Suite, key: bytes) -> Statement:
        """The statement, once the bank's key has signed it; raises `BadSignature` or `Refused`."""
        suite.verify(key, suite.hasher("statement")(self.statement), self.signature)
        return Statement.decode(self.statement)


def sign_statement(suite: Suite, secret: bytes, statement: Statement) -> SignedStatement:
    encoded = statement.encode()
    return SignedStatement(encoded, suite.sign(secret, suite.hasher("statement")(encoded)))
