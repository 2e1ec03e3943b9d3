"""Refusals of the engine that only those who execute contracts can meet, beside the ledger's table."""

from __future__ import annotations

from typing import Final

from ledger.errors import Number, Refused
from ledger.receipt_refusals import ENGINE_REFUSALS

CONTRACT_FAULTS: Final = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, NameError)
"""What a contract's program can raise beside refusals; where it was raised tells whether the contract is at fault."""


def engine_refusal(code: str, /, **numbers: Number) -> Refused:
    """The refusal, to be raised by the caller."""
    return Refused(ENGINE_REFUSALS[code], **numbers)
