"""What the chain's parameters and approval policies are called: proposals about them are signed and must be understood.

A parameter travels, is stored and is typed by its name; in a sentence its words stand behind it. As such sentences are
signed, words that stand here are never changed or taken away. A name that stands nowhere is shown as it is, so that a
misspelt one looks like what it is. The unit of a value stands with the parameter that has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Called(NamedTuple):
    zh: str
    en: str


PARAMETERS: Final[Mapping[str, Called]] = {
    "voucher_tenor_months_max": Called("凭证最长期限，月", "longest term of a voucher, months"),
    "voucher_tenor_months_warn": Called("凭证期限提示线，月", "term of a voucher from which on it is marked, months"),
    "voucher_offer_days_max": Called("签收期限最长，天", "longest time that an offer stays open, days"),
    "voucher_split_fen_min": Called("拆分最低金额，分", "smallest part of a voucher, fen"),
    "voucher_level_max": Called("最多流转层级", "most levels that a voucher passes down"),
    "voucher_penalty_rate": Called("逾期罚息年利率，百万分之一", "penalty a year on what is late, parts per million"),
    "finance_rate_max": Called("融资年化综合成本上限，百万分之一", "highest all-in cost a year, parts per million"),
    "maturity_default_days": Called("到期后多少天未付即为违约", "days after the due day until a default"),
    "maturity_return_days": Called("付款可退回的天数", "days within which a payment may come back"),
    "dispute_days_max": Called("争议最长期限，天", "longest time of a dispute, days"),
}
POLICIES: Final[Mapping[str, Called]] = {
    "issue": Called("开立凭证", "issuing vouchers"),
    "transfer": Called("转让凭证", "passing vouchers on"),
    "receive": Called("签收凭证", "accepting vouchers"),
    "finance": Called("凭证融资", "financing of vouchers"),
    "quote": Called("融资报价", "quotes for financing"),
    "guarantee": Called("担保", "guarantees"),
    "credit": Called("授信额度", "credit lines"),
    "freeze": Called("依指令冻结", "freezing by order"),
    "account": Called("收款账户", "accounts that money is paid to"),
    "batch": Called("批量办理", "batches"),
    "cure": Called("逾期清偿", "curing what is overdue"),
    "early": Called("提前兑付", "payment before the due day"),
    "credential": Called("数据凭证", "data credentials"),
    "dispute": Called("争议", "disputes"),
}
_NAMED_BY: Final[Mapping[tuple[str, str, str], Mapping[str, Called]]] = {
    ("governance", "propose_parameter", "name"): PARAMETERS,
    ("governance", "propose_policy", "name"): POLICIES,
    ("governance", "set_policy", "name"): POLICIES,
}
"""(contract, action, argument): which of the two its text names."""


def setting_in_words(place: tuple[str, str, str], name: object, language: str) -> str | None:
    """`name（words）` where the argument at this place names a parameter or a policy that is known; else None."""
    called = _NAMED_BY.get(place, {}).get(name) if isinstance(name, str) else None
    return None if called is None else with_words(str(name), called, language)


def with_words(name: str, called: Called | None, language: str) -> str:
    if called is None:
        return name
    return f"{name}（{called.zh}）" if language == "zh" else f"{name} ({called.en})"
