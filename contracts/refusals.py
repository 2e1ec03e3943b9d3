"""Refusals of the engine that only those who execute contracts can meet, beside the ledger's table."""

from __future__ import annotations

from typing import Final

from ledger.errors import Number, Refusal, Refused

_TABLE = (
    Refusal("EXE-007", "银行回单不可采信：{detail}", "the bank's statement cannot be believed: {detail}"),
    Refusal(
        "EXE-008", "合约 {contract} 正在执行，不得重入", "{contract} is being executed and cannot be entered again"
    ),
)

CONTRACT_FAULTS: Final = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, NameError)
"""What a contract's program can raise beside refusals; where it was raised tells whether the contract is at fault."""
ENGINE_REFUSALS: Final[dict[str, Refusal]] = {refusal.code: refusal for refusal in _TABLE}


def engine_refusal(code: str, /, **numbers: Number) -> Refused:
    """The refusal, to be raised by the caller."""
    return Refused(ENGINE_REFUSALS[code], **numbers)
