"""Refusals that only those who execute contracts give, and that every reader of a receipt must be able to word: of the
checker (a source that is no contract) and of the engine. They stand beside the table in `ledger.errors`; what contracts
refuse with themselves stands in their interfaces.
"""

from __future__ import annotations

from typing import Final

from ledger.errors import REFUSALS, Refusal

_CHECKER = (
    Refusal("CHK-001", "源码 {size} 字节，上限 {limit}", "the source has {size} bytes, the limit is {limit}"),
    Refusal("CHK-002", "第 {line} 行：记号过多，上限 {limit}", "line {line}: too many tokens, the limit is {limit}"),
    Refusal("CHK-003", "第 {line} 行：嵌套过深，上限 {limit}", "line {line}: nested too deeply, the limit is {limit}"),
    Refusal("CHK-004", "第 {line} 行：不允许的字符 {what}", "line {line}: the character {what} is not allowed"),
    Refusal("CHK-005", "第 {line} 行：不允许的写法 {what}", "line {line}: {what} is not part of the language"),
    Refusal("CHK-006", "语法错误", "this is not Python"),
    Refusal("CHK-007", "第 {line} 行：不允许的名称 {what}", "line {line}: the name {what} is not known here"),
    Refusal("CHK-008", "第 {line} 行：不允许的属性 {what}", "line {line}: the attribute {what} is not known"),
    Refusal("CHK-009", "第 {line} 行：不允许的方法 {what}", "line {line}: the method {what} is not known"),
    Refusal("CHK-010", "第 {line} 行：{what} 的用法不对：{why}", "line {line}: {what}: {why}"),
    Refusal("CHK-011", "第 {line} 行：声明有误：{why}", "line {line}: declaration: {why}"),
    Refusal("CHK-012", "第 {line} 行：类型有误：{why}", "line {line}: type: {why}"),
    Refusal(
        "CHK-013", "第 {line} 行：操作 {what} 未说明谁可以办理", "line {line}: the action {what} does not say who may"
    ),
    Refusal(
        "CHK-014",
        "第 {line} 行：查询 {what} 不得有副作用：{why}",
        "line {line}: the view {what} changes something: {why}",
    ),
    Refusal("CHK-015", "第 {line} 行：{what} 直接或间接调用了自身", "line {line}: {what} calls itself"),
    Refusal("CHK-016", "第 {line} 行：说明文字有误：{why}", "line {line}: docstring: {why}"),
    Refusal("CHK-017", "升级不兼容：{why}", "not a compatible upgrade: {why}"),
)
_ENGINE = (
    Refusal("EXE-007", "银行回单不可采信：{detail}", "the bank's statement cannot be believed: {detail}"),
    Refusal(
        "EXE-008", "合约 {contract} 正在执行，不得重入", "{contract} is being executed and cannot be entered again"
    ),
)

CHECKER_REFUSALS: Final[dict[str, Refusal]] = {refusal.code: refusal for refusal in _CHECKER}
ENGINE_REFUSALS: Final[dict[str, Refusal]] = {refusal.code: refusal for refusal in _ENGINE}
RECEIPT_REFUSALS: Final[dict[str, Refusal]] = {**REFUSALS, **ENGINE_REFUSALS, **CHECKER_REFUSALS}
"""Every code that a receipt may have, but for those of contracts."""
