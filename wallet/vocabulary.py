"""Chinese words for the choices that contracts record (`live`, `offer`, `free` …), for showing rows to people.

Only for display. What people type and what `--json` says stays the choice itself, and a sentence that is signed takes
its words from the interface alone. A choice that stands nowhere is shown as it is.
"""

from __future__ import annotations

from typing import Final

_WORDS: Final = """
active 有效 agreed 已同意 all 全部 applied 已申请 cancelled 已注销 closed 已结束
contract 合同 dispute 争议锁定 done 已完成 draft 草案 dropped 已撤诉 due 已到期 each 逐笔
early 提前兑付锁定 expired 已过期 failed 失败 finance 融资锁定 free 可用 frozen 已冻结
granted 已授权 issued 已开立 lapsed 已失效 left 已退出 live 现存 offer 待签收
offered 待签收 open 办理中 order 订单 paid 已付 pledge 质押锁定 policy 复核规则
receipt 收货单 receivable 应收账款 recording 登记中 redeemed 已兑付 refused 已拒收
rejected 已驳回 replaced 已替换 retired 已停用 returned 已退回 revoked 已撤销
scheduled 已排期 settled 已清偿 spent 已支用 stated 已通知 stored 已存证
suspended 已暂停 tender 招标 unsettled 未清偿 upheld 已支持 void 无效 waiting 等待中
withdrawn 已撤回
""".split()
ZH: Final = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))


def choice_word(choice: str, language: str) -> str:
    return ZH.get(choice, choice) if language == "zh" else choice
