"""Chinese names of the fields that contracts use, for showing rows and events to people.

Only for display: what is signed takes its labels from the interface alone (`ledger.summary`), so that a word changed
here changes no digest. A label that the interface gives goes first; a field that stands nowhere keeps its own name.
"""

from __future__ import annotations

from typing import Final

from ledger.interface import Field
from ledger.wording import label_of

_WORDS: Final = """
account 账户 act 内容摘要 action 操作 administrator 管理员 advance 融资比例 all_in 年化综合成本 amount 金额
application 询价 approvals 同意方 asset 资产 available 可用 bank 银行 bands 分档 begins 生效日 blank 空白凭证
business 业务 buyer 买方 cancelled 已注销 capacity 资质 ceiling 上限 checker 复核人 checkers 已复核
claims 兑付笔数 collected 已归集 collector 采集方 confirmed 确认日 consent 同意 content 内容摘要 contract 合同
core 核心企业 count 笔数 counterparty 对方 credit_code 统一社会信用代码 cured 清偿日 currency 币种 dated 日期
day 日期 debt 基础债务 document 文件 due 到期日 earlier 原回单 effective 实际到期日 effective_due 实际到期日
ends 截止日 excess 超额 face 面额 fee 费用 financed 已融资 financing 融资 first 首日 frozen 冻结 funder 资金方
funders 询价对象 gross 票面金额 group 总额度 guarantees 担保数 guarantor 担保方 holder 持有人 instructed 已指令
instruction 付款指令 interest 利息 interface 接口 into 转为 invoice 发票 invoices 发票 issued 开立日
issuer 承诺付款人 item 待办 kind 类别 level 流转层级 limit 限额 lineage 贸易谱系 line 额度 live 现存 lock 锁定
maker 经办人 name 名称 name_en 英文名称 name_zh 中文名称 needed 需复核人数 net 实付金额 number 编号
occupied 占用 order 指令 orders 订单 organisation 机构 outcome 结果 owner 持有人 paid 已付 paper 贸易文件
parent 上级 payee 收款方 payer 付款方 penalty 罚息 permissions 权限 person 人员 phase 阶段 previous 前一文件
product 产品 purpose 用途 rate 利率 reason 原因 receipt 回执 recourse 追索 red 红字金额 redeemed 已兑付
registration 登记 reserved 预占 revolving 循环 roles 角色 root 原始凭证 seller 卖方 serial 序号 since 起始日
source 来源 sources 合并来源 status 状态 steps 分段值 subject 主体方 successor 承继机构 total 合计 tranche 凭证
undertaking 付款承诺书 unsettled 未清偿 until 期限 used 已用 user 使用方 value 数值 value_day 起息日
verified 查验日 verifier 查验方 version 版本 waiting 等待至 withheld 暂扣 year 年份
""".split()
ZH: Final = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))


def field_words(name: str, language: str) -> str:
    """A field that only its name is known of."""
    return ZH.get(name, name) if language == "zh" else name


def field_name(field: Field, language: str) -> str:
    """What people read beside a value: the interface's label, else the Chinese word, else the field's own name."""
    label = label_of(field, language)
    return ZH.get(field.name, label) if language == "zh" and label == field.name else label
