"""Chinese words for the choices that contracts name (`live`, `offer`, `contract` …).

A choice travels, is stored, is typed and stands in `--json` as it is. In a Chinese sentence its word stands in front
of it: `合同（contract）`. Such sentences are signed, so a word that stands here is never changed or taken away: that
would change what was signed. A choice that stands nowhere is shown as it is, and a new contract's choices get their
words before it is first uploaded. Where one choice means two things, the others of its kind tell which: the kinds of a
proposal are not those of a trade's papers.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

_WORDS: Final = """
active 有效 agreed 已同意 all 全部 applied 已申请 cancelled 已注销 closed 已结束
contract 合同 dispute 争议锁定 done 已完成 draft 草案 dropped 已撤诉 due 已到期 each 逐笔
early 提前兑付锁定 expired 已过期 failed 失败 finance 融资锁定 free 可用 frozen 已冻结
granted 已授权 guaranteed 附有担保 issued 已开立 lapsed 已失效 left 已退出 live 现存 offer 待签收
offered 待签收 open 办理中 order 订单 paid 已付 pledge 质押锁定 policy 审批规则
receipt 收货单 receivable 应收账款 recording 登记中 redeemed 已兑付 refused 已拒收
rejected 已驳回 replaced 已替换 retired 已停用 returned 已退回 revoked 已撤销
scheduled 已排期 settled 已清偿 spent 已支用 stated 已通知 stored 已存证
suspended 已暂停 tender 招标 unsettled 未清偿 upheld 已支持 void 无效 waiting 等待中
withdrawn 已撤回 selected 已选定 signed 已签约 financed 已放款 ballot 表决规则 parameter 参数
status 状态 validator 验证节点 disputed 有争议 other-owner 持有人不同 other-root 原始凭证不同
out-of-order 未按编号升序或有重复
fens 分 floors 整分 orders 指令 collect 归集 redeem 兑付 fee 费用 penalty 罚息 penalty_share 罚息分配 recourse 追索
rest 尾款 guarantee 代偿
operator 支撑运营方 supervisor 主管控制方 collector 采集控制方 subject 主体方 user 使用方
admin 管理 make 经办 check 复核 core 核心企业 supplier 供应商 bank 银行 factor 保理商 guarantor 担保机构
warehouse 仓储机构 custodian 托管机构 manager 管理人 rating 评级机构 exchange 交易场所 registry 登记机构
invoice_verifier 发票查验机构 ca 电子认证机构 insurer 保险机构 law_firm 律师事务所
accepted 已受理 executed 已执行 final 已最终确认 pending 尚未最终确认 unknown 未收到
fen 金额 day 日期 time 时间 height 高度 rate 利率 integer 整数 boolean 是否 text 文字 organisation 机构代号 choice 选项
bytes 字节串 statement 银行回单 act 业务内容 id 编号 key 公钥 digest 摘要 signature 签名
record 记录 row 一组值 array 清单 nothing 空
""".split()
ZH: Final = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))
_PROPOSALS: Final = frozenset({"contract", "status", "parameter", "policy", "ballot", "validator"})


def choice_word(choice: str, language: str, among: Collection[str] = ()) -> str:
    """The word alone, for lists. `among` are all choices of its kind, where they are known."""
    if language != "zh":
        return choice
    if choice == "contract" and set(among) >= _PROPOSALS:
        return "合约"
    return ZH.get(choice, choice)


def choice_in_sentence(choice: str, language: str, among: Collection[str] = ()) -> str:
    """The word with the choice itself behind it, so that a sentence leaves no doubt which one is meant."""
    word = choice_word(choice, language, among)
    return choice if word == choice else f"{word}（{choice}）"


def tokens_in_sentence(text: str) -> str:
    """The words of a refusal's tokens: one or several (`bank/factor`), maybe with a length (`text[3]`)."""
    parts = text.split("/")
    heads = [part.partition("[") for part in parts]
    if not all(head in ZH for head, _, _ in heads):
        return text
    return f"{'、'.join(ZH[head] + bracket + rest for head, bracket, rest in heads)}（{text}）"
