"""The three kinds of failure, and the catalogue of the codes that every node and wallet shares.

* `Refused`: a user asked for what the rules do not allow. It carries a stable code and the numbers that disagree;
  it becomes a failed receipt or an answer with an HTTP status. Nothing has changed.
* `PeerFault`: another node sent what no correct node sends. It is counted and the input dropped.
* Anything else (`AssertionError` first of all) is our own bug and stops the node with its reason.

A code is never used again for another meaning. Codes of contracts (`VOU-007`) are declared by the contracts; those of
the areas BYT TX POOL AUTH EXE RPC NODE are declared here, next to each other, so that `docs/codes.md` can be made from
this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ledger.choices import tokens_in_sentence
from ledger.details import in_chinese
from ledger.language import joined

Number = int | str | bool | None
"""What a refusal may quote: an integer, a short text (a name, a hexadecimal digest), a truth value or nothing."""

TOKENS: Final = frozenset(
    {"expected", "found", "kind", "lock", "mode", "needed", "outcome", "phase", "state", "status", "why"}
)
"""The numbers whose texts are choices, kinds of values, roles or capacities; a Chinese sentence gives their words."""

DETAILS: Final = frozenset({"detail", "reason", "what"})
"""The numbers that say what did not hold, in English."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A way in which a request can be refused: the code, its sentence in both languages, and the HTTP status.

    `zh` and `en` are templates with `{name}` places for the numbers. `retry` says whether the same request may
    succeed later without being changed.
    """

    code: str
    zh: str
    en: str
    status: int = 422
    retry: bool = False


class Refused(Exception):  # noqa: N818 — the domain's word for an expected answer, no error of the program
    """A request that the rules do not allow, with the numbers that disagree."""

    def __init__(self, refusal: Refusal, /, **numbers: Number) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.numbers: tuple[tuple[str, Number], ...] = tuple(numbers.items())

    @property
    def code(self) -> str:
        return self.refusal.code

    def text(self, language: str) -> str:
        """The sentence in `language` ("zh" or "en") with its numbers filled in."""
        if language != "zh":
            return fill(self.refusal.en, self.numbers)
        return fill(self.refusal.zh, tuple((name, number_in_chinese(name, number)) for name, number in self.numbers))

    def __str__(self) -> str:
        return f"{self.code} {self.text('en')}"


def number_in_chinese(name: str, number: Number) -> Number:
    if type(number) is not str:
        return number
    return tokens_in_sentence(number) if name in TOKENS else in_chinese(number) if name in DETAILS else number


class PeerFault(Exception):  # noqa: N818 — the fault is the peer's
    """Another node sent what no correct node sends. `code` is stable and counted; `detail` is for the log."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail


class BadSignature(PeerFault):
    """A signature that its key did not make over these bytes, or a key or signature that is no valid encoding."""

    def __init__(self, detail: str) -> None:
        super().__init__("BYT-SIG", detail)


class BadProof(Exception):  # noqa: N818 — named like BadSignature
    """A proof that does not lead to the root it claims; verification stops here."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def fill(template: str, numbers: tuple[tuple[str, Number], ...]) -> str:
    """Put `numbers` into the `{name}` places of `template`; an unknown place stays as it is.

    Not `str.format`: its fields reach attributes, and templates also come from contracts.
    """
    text = template
    for name, value in numbers:
        first, *rest = text.split("{" + name + "}")
        for part in rest:
            first = joined(joined(first, "-" if value is None else str(value)), part)
        text = first
    return text


_FOUND: Final = {bool: "boolean", int: "integer", str: "text", bytes: "bytes", tuple: "array"}


def found_name(value: Any) -> str:
    """What was found in a value's place, in the words of `ledger.interface` and not in those of a programming language;
    of what has a length, with the length."""
    name = "nothing" if value is None else _FOUND.get(type(value), "something else")
    return f"{name}[{len(value)}]" if type(value) in (bytes, str, tuple) else name


_TABLE = (
    Refusal("BYT-001", "编码不规范：{detail}", "not the canonical encoding: {detail}", 400),
    Refusal("BYT-002", "长度 {size} 字节，上限 {limit}", "{size} bytes, the limit is {limit}", 413),
    Refusal("BYT-003", "{where} 应为 {expected}，实为 {found}", "{where} must be {expected}, found {found}", 400),
    Refusal("BYT-004", "共 {count} 个元素，上限 {limit}", "{count} elements, the limit is {limit}", 413),
    Refusal("TX-001", "交易格式错误：{detail}", "malformed transaction: {detail}", 400),
    Refusal("TX-002", "交易属于链 {found}，本链为 {expected}", "for chain {found}, this is chain {expected}"),
    Refusal("TX-003", "第 {index} 个签名无效", "signature {index} is not valid", 400),
    Refusal(
        "TX-004",
        "已过期：有效至 {valid_until}，区块时间 {time}",
        "expired: valid until {valid_until}, block time {time}",
    ),
    Refusal(
        "TX-005",
        "有效期过长：有效至 {valid_until}，最晚 {latest}",
        "valid for too long: until {valid_until}, at most {latest}",
    ),
    Refusal("TX-006", "交易 {id} 已执行过", "transaction {id} has been executed before", 409),
    Refusal("TX-007", "没有合约 {contract}", "there is no contract {contract}", 404),
    Refusal("TX-008", "合约 {contract} 没有操作 {action}", "contract {contract} has no action {action}", 404),
    Refusal("TX-009", "参数个数 {found}，应为 {expected}", "{found} arguments, {expected} expected"),
    Refusal(
        "TX-010",
        "参数 {argument} 的类型应为{expected}，实为{found}",
        "argument {argument} must be of kind {expected}, found {found}",
    ),
    Refusal("TX-011", "合约 {contract} 已冻结", "contract {contract} is frozen", 423),
    Refusal(
        "TX-012",
        "签名所依据的合约接口 {signed} 已不是现行接口 {current}",
        "signed under interface {signed}, the one in force is {current}",
        409,
    ),
    Refusal(
        "TX-013",
        "没有合约 {contract} 的接口 {interface}，无法显示所含业务",
        "the interface {interface} of contract {contract} is not at hand, so the acts inside cannot be shown",
    ),
    Refusal("POOL-001", "交易池已满：{count} 笔，上限 {limit}", "the pool is full: {count} of {limit}", 503, True),
    Refusal(
        "POOL-002",
        "机构 {organisation} 待处理交易过多：上限 {limit}",
        "too many waiting from {organisation}: limit {limit}",
        429,
        True,
    ),
    Refusal("AUTH-001", "密钥 {key} 未登记", "key {key} is not registered", 403),
    Refusal(
        "AUTH-002", "机构 {organisation} 状态为 {status}，不能办理", "organisation {organisation} is {status}", 403
    ),
    Refusal("AUTH-003", "该记录的 {field} 是 {party}，不是 {caller}", "the {field} is {party}, not {caller}", 403),
    Refusal(
        "AUTH-004",
        "需要角色 {needed}，{organisation} 没有",
        "needs the role {needed}, {organisation} does not have it",
        403,
    ),
    Refusal(
        "AUTH-005",
        "需要资质 {needed}，{organisation} 没有或已过期",
        "needs the capacity {needed}, {organisation} lacks it or it has lapsed",
        403,
    ),
    Refusal("AUTH-006", "人员 {key} 没有权限 {needed}", "person {key} lacks the permission {needed}", 403),
    Refusal("AUTH-007", "需要 {needed} 名不同人员，现有 {found}", "needs {needed} different people, has {found}", 403),
    Refusal("AUTH-008", "复核人必须与经办人同属 {expected}", "the checker must belong to {expected}", 403),
    Refusal("AUTH-009", "没有待复核事项 {item}", "there is no pending item {item}", 404),
    Refusal(
        "AUTH-010",
        "参数 {argument} 不是密钥 {key} 对所列内容的签名",
        "{argument} is not the signature of the key {key} over what it has to cover",
        403,
    ),
    Refusal("EXE-001", "执行超出预算 {budget}", "the execution ran out of its budget of {budget}"),
    Refusal("EXE-002", "数值越界：{detail}", "a value is out of range: {detail}"),
    Refusal("EXE-003", "没有记录 {key}（表 {map}）", "no record {key} in {map}", 404),
    Refusal("EXE-004", "调用过深：上限 {limit}", "calls are nested too deeply: limit {limit}"),
    Refusal(
        "EXE-005", "合约 {contract} 不得由 {caller} 调用", "contract {contract} may not be called by {caller}", 403
    ),
    Refusal("EXE-006", "合约运算错误：{detail}", "the contract computed something undefined: {detail}"),
    Refusal(
        "EXE-009",
        "区块已满：排在前面的交易用去预算 {used}，上限 {limit}。本笔未执行，请重新发送",
        "the block is full: those before this one have used {used} units of {limit}; nothing was done, send it again",
        503,
    ),
    Refusal("RPC-001", "请求格式错误：{detail}", "malformed request: {detail}", 400),
    Refusal("RPC-002", "请求 {size} 字节，上限 {limit}", "the request has {size} bytes, the limit is {limit}", 413),
    Refusal("RPC-003", "一次最多 {limit} 笔，收到 {count}", "at most {limit} at a time, got {count}", 413),
    Refusal("RPC-004", "没有找到 {what}", "{what} was not found", 404),
    Refusal(
        "RPC-005",
        "高度 {height} 尚未认证，现为 {certified}",
        "height {height} is not certified yet, {certified} is",
        409,
        True,
    ),
    Refusal("RPC-006", "请求过于频繁，请 {seconds} 秒后再试", "too many requests, try again in {seconds} s", 429, True),
    Refusal("RPC-007", "查询超出预算 {budget}", "the query ran out of its budget of {budget}", 422),
    Refusal("RPC-008", "{path} 不支持 {method}", "{path} does not take {method}", 405),
    Refusal(
        "RPC-009", "内容类型应为 {expected}，实为 {found}", "the content type must be {expected}, found {found}", 415
    ),
    Refusal(
        "RPC-010",
        "游标 {cursor} 已被清理，最早为 {first}",
        "cursor {cursor} was pruned, the first held is {first}",
        410,
    ),
    Refusal("RPC-011", "{what} 未在 {seconds} 秒内完成", "{what} did not come to an end within {seconds} s", 408, True),
    Refusal("RPC-012", "{what}过多：上限 {limit}", "too many {what}: limit {limit}", 503, True),
    Refusal(
        "RPC-013",
        "高度 {height} 的状态已不可查，可查 {first} 至 {last}",
        "the state of height {height} cannot be read any more, {first} to {last} can",
        410,
    ),
    Refusal("NODE-001", "节点正在停止", "the node is stopping", 503, True),
    Refusal("NODE-002", "节点尚未就绪：{reason}", "the node is not ready: {reason}", 503, True),
    Refusal("NODE-003", "数据库损坏：{detail}。请运行 {cure}", "the database is damaged: {detail}. Run {cure}", 500),
    Refusal(
        "NODE-004",
        "节点内部错误，节点将停止，原因见日志",
        "an error inside the node, which stops now; its log has the reason",
        500,
        True,
    ),
)

REFUSALS: Final[dict[str, Refusal]] = {refusal.code: refusal for refusal in _TABLE}
assert len(REFUSALS) == len(_TABLE), "a code is declared twice"


def refuse(code: str, /, **numbers: Number) -> Refused:
    """The `Refused` for a code of this catalogue, to be raised by the caller."""
    return Refused(REFUSALS[code], **numbers)
