"""Refusals of the engine that are not in the ledger's table because no wallet or node can meet them without contracts."""

from __future__ import annotations

from typing import Final

from ledger.errors import Number, Refusal, Refused

_TABLE = (
    Refusal("EXE-007", "银行回单不可采信:{detail}", "the bank's statement cannot be believed: {detail}"),
    Refusal("EXE-008", "合约 {contract} 正在执行,不得重入", "{contract} is being executed and cannot be entered again"),
)

ENGINE_REFUSALS: Final[dict[str, Refusal]] = {refusal.code: refusal for refusal in _TABLE}


def engine_refusal(code: str, /, **numbers: Number) -> Refused:
    """The refusal, to be raised by the caller."""
    return Refused(ENGINE_REFUSALS[code], **numbers)
