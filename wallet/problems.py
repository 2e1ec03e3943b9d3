"""What can go wrong in a wallet, and the exit code of each kind. Codes WAL-… are the wallet's own.

Exit codes: 0 done; 1 refused by the ledger, or something is not proven; 2 wrong usage; 3 no node answered in time, or
finality was not seen in time; 4 a key or a passphrase is wrong or missing; 5 the person said no; 130 interrupted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ledger.api import Problem
from ledger.errors import REFUSALS, Number, Refusal, Refused, fill

EXIT_REFUSED: Final = 1
EXIT_USAGE: Final = 2
EXIT_NETWORK: Final = 3
EXIT_KEY: Final = 4
EXIT_DECLINED: Final = 5
EXIT_INTERRUPTED: Final = 130
CODE: Final = re.compile(r"[A-Z]{2,10}-[0-9A-Z]{1,8}", re.ASCII)
OWN_AREA: Final = "WAL-"
NAME_CHARACTERS_MAX: Final = 64
TEXT_CHARACTERS_MAX: Final = 1_000

_TABLE: Final = (
    (EXIT_KEY, Refusal("WAL-001", "口令不正确，或密钥文件已被改动：{label}",
                       "wrong passphrase, or the key file was changed: {label}")),
    (EXIT_KEY, Refusal("WAL-002", "密钥文件 {label} 无效：{detail}", "the key file {label} is not valid: {detail}")),
    (EXIT_KEY, Refusal("WAL-003", "没有名为 {label} 的身份。运行 lugang key list 查看",
                       "there is no identity {label}; `lugang key list` shows them")),
    (EXIT_KEY, Refusal("WAL-004", "身份 {label} 已存在", "identity {label} exists already")),
    (EXIT_KEY, Refusal("WAL-005", "助记词无效：{detail}", "these words are no backup: {detail}")),
    (EXIT_KEY, Refusal("WAL-006", "需要口令：请用 --passphrase-file、环境变量 LUGANG_PASSPHRASE 或在终端输入",
                       "a passphrase is needed: --passphrase-file, LUGANG_PASSPHRASE, or a terminal to ask at")),
    (EXIT_KEY, Refusal("WAL-007",
                       "钱包目录 {home} 中尚未选择身份（现有 {count} 个）。用 --key 名称，或运行 lugang key use 名称；"
                       "新建用 lugang key new，别的钱包目录用 LUGANG_HOME 指定",
                       "no identity is chosen in the wallet's folder {home} (there: {count}): --key NAME, or "
                       "`lugang key use NAME`; `lugang key new` makes one, LUGANG_HOME names another folder")),
    (EXIT_KEY, Refusal("WAL-008", "密钥 {label} 属于套件 {found}，本链为 {expected}",
                       "key {label} is of suite {found}, this chain is {expected}")),
    (EXIT_USAGE, Refusal("WAL-010",
                         "钱包目录 {home} 尚未配置链。运行 lugang config --genesis 文件 --node 网址；"
                         "别的钱包目录用 LUGANG_HOME 指定",
                         "no chain is configured in the wallet's folder {home}: run `lugang config --genesis FILE "
                         "--node URL`; LUGANG_HOME names another folder")),
    (EXIT_USAGE, Refusal("WAL-011", "参数 {argument}：{detail}", "argument {argument}: {detail}")),
    (EXIT_USAGE, Refusal("WAL-012", "编号前缀 {prefix} 有歧义：{found}", "the prefix {prefix} is ambiguous: {found}")),
    (EXIT_USAGE, Refusal("WAL-013", "没有以 {prefix} 开头的已知编号；请先查看列表，或给出完整编号",
                         "no id known here begins with {prefix}; list them first or give the whole id")),
    (EXIT_USAGE, Refusal("WAL-014", "文件 {file}：{detail}", "file {file}: {detail}")),
    (EXIT_USAGE, Refusal("WAL-015", "创世文件是链 {found}，钱包已固定为 {expected}",
                         "this genesis is chain {found}, the wallet is pinned to {expected}")),
    (EXIT_USAGE, Refusal("WAL-016", "用法错误：{detail}", "wrong usage: {detail}")),
    (EXIT_USAGE, Refusal("WAL-017",
                         "身份 {label} 最近看到的列表有 {count} 行，没有第 {number} 行；请先运行 lugang inbox",
                         "the last list that {label} was shown has no row {number} (rows: {count}); "
                         "run `lugang inbox` first")),
    (EXIT_USAGE, Refusal("WAL-018", "{what} 缺少参数 {argument}，写法如 {hint}；各参数依次为 {expected}",
                         "{what} lacks the argument {argument}, written like {hint}; its arguments are {expected}")),
    (EXIT_USAGE, Refusal("WAL-019", "{what} 没有参数 {argument}；各参数依次为 {expected}",
                         "{what} has no argument {argument}; its arguments are {expected}")),
    (EXIT_USAGE, Refusal("WAL-023", "{what} 需要 {expected} 的编号，{id} 是 {found}",
                         "{what} takes the id of {expected}; {id} is of {found}")),
    (EXIT_USAGE, Refusal("WAL-024", "链上没有机构 {organisation}，未签名；机构名单见 lugang view membership "
                         "list_organisations",
                         "the chain has no organisation {organisation}, nothing was signed; "
                         "`lugang view membership list_organisations` lists them")),
    (EXIT_REFUSED, Refusal("WAL-025", "文件 {file} 不是证据文件，或已截断、损坏：{detail}",
                           "the file {file} is not an evidence file, or it was cut or damaged: {detail}")),
    (EXIT_USAGE, Refusal("WAL-026", "文件 {file} 不是创世文件，或已截断、损坏：{detail}",
                         "the file {file} is not a genesis file, or it was cut or damaged: {detail}")),
    (EXIT_USAGE, Refusal("WAL-036", "文件还缺 {count} 个签名，公钥开头为 {missing}",
                         "signatures that the file still lacks: {count}, by the keys that begin {missing}")),
    (EXIT_USAGE, Refusal("WAL-034", "密钥 {key} 不在签名人之列，签名人公钥开头为 {expected}",
                         "key {key} is not asked to sign; the signers' keys begin {expected}")),
    (EXIT_USAGE, Refusal("WAL-035", "文件 {file} 不是待签文件，或已被改动：{detail}",
                         "the file {file} is not a draft, or it was changed: {detail}")),
    (EXIT_USAGE, Refusal("WAL-028", "参数 {argument} 不能是 {text}：{detail}；写法如 {hint}",
                         "the argument {argument} cannot be {text}: {detail}; it is written like {hint}")),
    (EXIT_USAGE, Refusal("WAL-038", "清单 {file} 第 {number} 笔：{detail}", "item {number} of {file}: {detail}")),
    (EXIT_REFUSED, Refusal("WAL-039", "{contract}.{view} 超过 {limit} 页，清单没有尽头",
                           "{contract}.{view} has more than {limit} pages and does not come to an end")),
    (EXIT_USAGE, Refusal("WAL-029", "链上 {expected} 中没有编号 {id}",
                         "the chain has no {id} in {expected}")),
    (EXIT_USAGE, Refusal("WAL-027", "合约 {contract} 没有表 {map}；有 {expected}",
                         "the contract {contract} has no map {map}; it has {expected}")),
    (EXIT_NETWORK, Refusal("WAL-020", "没有节点应答：{detail}。试验网用 lugang devnet up 启动；别的节点用 --node 指定",
                           "no node answered: {detail}. `lugang devnet up` starts a devnet; --node names another node",
                           503, True)),
    (EXIT_NETWORK, Refusal("WAL-021", "{seconds} 秒内未见最终性；交易 {id} 目前状态 {state}",
                           "no finality within {seconds} s; transaction {id} is {state}", 504, True)),
    (EXIT_NETWORK, Refusal("WAL-033",
                           "{seconds} 秒内未见最终性：只有 {linked} 个节点相连，需要 {needed} 个；"
                           "交易 {id} 目前状态 {state}，节点恢复后会继续执行，用 lugang receipt 查看",
                           "no finality within {seconds} s: too few nodes are linked, {linked} of {needed} needed; "
                           "transaction {id} is {state} and goes on once enough are back, `lugang receipt` tells",
                           504, True)),
    (EXIT_NETWORK, Refusal("WAL-022", "只有 {found} 个节点在同一高度给出相同结果，需要 {needed} 个：{detail}",
                           "nodes that agree at one height: {found}, needed: {needed}: {detail}", 503, True)),
    (EXIT_REFUSED, Refusal("WAL-030", "节点 {node} 的回答未能证明：{detail}",
                           "the answer of node {node} is not proven: {detail}")),
    (EXIT_REFUSED, Refusal("WAL-031", "证据未通过验证：{count} 处，首先 {first}",
                           "the evidence does not hold (places: {count}), first {first}")),
    (EXIT_REFUSED, Refusal("WAL-037",
                           "证据属于另一条链 {found}，所用创世文件是链 {expected}。请用 --genesis 给出那条链的创世文件"
                           "；重建的试验网是另一条链",
                           "the evidence is of another chain, {found}; the genesis used is of chain {expected}. "
                           "Give the file of that chain with --genesis; a devnet made anew is another chain")),
    (EXIT_REFUSED, Refusal("WAL-032", "对账不符：{count} 处", "the books do not agree; violations: {count}")),
    (EXIT_DECLINED, Refusal("WAL-040", "已取消，未签名；程序调用请加 --yes",
                              "cancelled, nothing was signed; a program adds --yes")),
    (EXIT_INTERRUPTED, Refusal("WAL-041", "已中断；已提交的交易仍可能最终执行，请用 lugang receipt 查看",
                               "interrupted; what was sent may still become final, `lugang receipt` tells")),
)  # fmt: skip

WALLET_REFUSALS: Final = {refusal.code: refusal for _, refusal in _TABLE}
_EXITS: Final = {refusal.code: exit_code for exit_code, refusal in _TABLE}
assert len(WALLET_REFUSALS) == len(_TABLE), "a code is declared twice"


def problem(code: str, /, **numbers: Number) -> Refused:
    """The refusal of this catalogue, to be raised by the caller."""
    return Refused(WALLET_REFUSALS[code], **numbers)


def caused(code: str, cause: Refused, /, **numbers: Number) -> Refused:
    """The refusal of this catalogue whose {detail} is another refusal, in its own words; the number is its code."""
    zh, en = (f"{cause.code} {cause.text(language)}" for language in ("zh", "en"))
    return in_both(code, {"detail": (zh, en, cause.code)}, **numbers)


def in_both(code: str, said: Mapping[str, tuple[str, str, str]], /, **numbers: Number) -> Refused:
    """The refusal of this catalogue with places that are filled in each language: Chinese, English, and the number."""
    known, places = WALLET_REFUSALS[code], tuple(numbers.items())
    zh = fill(known.zh, (*places, *((name, texts[0]) for name, texts in said.items())))
    en = fill(known.en, (*places, *((name, texts[1]) for name, texts in said.items())))
    both = Refusal(code, zh, en, known.status, known.retry)
    return LiteralRefused(both, **numbers, **{name: texts[2] for name, texts in said.items()})


def from_node(answer: Problem) -> Refused:
    """A node's refusal. Its sentence is our own where the code is known here; another one is marked as the node's word.
    Raises `ValueError` for what no node sends: a code of the wallet's own would pass the node off as the wallet."""
    if not CODE.fullmatch(answer.code) or answer.code.startswith(OWN_AREA):
        raise ValueError(f"code {answer.code[:20]}")
    for name, number in answer.numbers.items():
        if len(name) > NAME_CHARACTERS_MAX or len(str(number)) > TEXT_CHARACTERS_MAX:
            raise ValueError(f"{name[:NAME_CHARACTERS_MAX]} is too long")
    known = REFUSALS.get(answer.code)
    if known is not None:
        return Refused(known, **answer.numbers)
    zh, en = f"节点称：{answer.zh[:TEXT_CHARACTERS_MAX]}", f"the node says: {answer.en[:TEXT_CHARACTERS_MAX]}"
    return LiteralRefused(Refusal(answer.code, zh, en, answer.status, answer.retry), **answer.numbers)


class LiteralRefused(Refused):
    """A refusal whose sentences are already filled in."""

    def text(self, language: str) -> str:
        return self.refusal.zh if language == "zh" else self.refusal.en


def exit_code_of(refused: Refused) -> int:
    return _EXITS.get(refused.code, EXIT_REFUSED)
