"""Chinese names of the fields that contracts use, for showing rows and events to people.

Only for display: what is signed takes its labels from the interface alone (`ledger.summary`), so that a word changed
here changes no digest. A label that the interface gives goes first; a field that stands nowhere keeps its own name.
"""

from __future__ import annotations

from typing import Final

from ledger.interface import Field
from ledger.wording import label_of

_WORDS: Final = """
account 账户 act 内容摘要 action 操作 administrator 管理员 advance 融资比例 advanced 融资金额 all_in 年化综合成本
amount 金额 application 询价 approvals 同意方 asset 资产 available 可用 bank 银行 bands 分档 begins 生效日
blank 空白凭证 business 业务 buyer 买方 cancelled 已注销 capacity 资质 ceiling 上限 checker 复核人 checkers 已复核
claims 兑付笔数 collected 已归集 collector 采集方 confirmed 确认日 consent 同意 content 内容摘要 contract 合同
core 核心企业 count 笔数 counterparty 对方 credit_code 统一社会信用代码 cured 清偿日 currency 币种 dated 日期
day 日期 debt 基础债务 document 文件 due 到期日 earlier 原回单 effective 实际到期日 effective_due 实际到期日
ends 截止日 excess 超额 face 面额 fee 费用 financed 已融资 financing 融资 first 首号 frozen 冻结 funder 资金方
funders 询价对象 gross 票面金额 group 总额度 guarantees 担保数 guarantor 担保方 holder 持有人 instructed 已指令
instruction 付款指令 interest 利息 interface 接口 into 转为 invoice 发票 invoices 发票 issued 开立日
issuer 承诺付款人 item 待办 kind 类别 level 流转层级 limit 限额 lineage 贸易谱系 line 额度 live 现存 lock 锁定
maker 经办人 name 名称 name_en 英文名称 name_zh 中文名称 needed 需复核人数 net 实得金额 number 编号
occupied 占用 order 指令 orders 订单 organisation 机构 outcome 结果 owner 持有人 paid 已付 paper 贸易文件
parent 上级 payee 收款方 payer 付款方 penalty 罚息 permissions 权限 person 人员 phase 阶段 previous 前一文件
product 产品 purpose 用途 rate 利率 reason 原因 receipt 回执 recourse 追索 red 红字金额 redeemed 已兑付
registration 登记 reserved 预占 revolving 循环 roles 角色 root 原始凭证 seller 卖方 serial 序号 since 起始日
source 来源 sources 合并来源 status 状态 steps 分段值 subject 主体方 successor 承继机构 total 合计 tranche 凭证
undertaking 付款承诺书 unsettled 未清偿 unwitnessed 未见证 until 期限 used 已用 user 使用方 value 数值 value_day 起息日
verified 查验日 verifier 查验方 version 版本 waiting 等待至 withheld 暂扣 year 年份
acceptance 对出示内容的签名
address 地址 addresses 地址 allocated 已分配 arguments 办理内容 at 时间 batch 批次
blank_digest 空白凭证摘要 blank_signature 空白凭证签名 both 双方已签 by 办理方
by_issuer 由承诺付款人提出 children 子凭证
claimant 争议提出方 claimed 付款方自报 claimed_bank 自报付款行 claimed_day 自报付款日 countersignature 会签
cursor 进度 custody 存证回执 days 天数 days_off 放假日 defaulted 逾期金额 dispute 争议 divisible 可分割 done 已办理
early 提前兑付 entity_digest 实体凭证摘要 entity_signature 实体凭证签名 evidence 存证 fee_least 最低手续费
fee_rate 手续费率 file 文件 from_day 生效日 funder_signed 资金方已签 grant 用证授权 head 流转起点 height 高度
holder_signed 转让方已签 in_time 是否及时 is_frozen 已冻结 is_test 测试时钟 key 公钥 known 此前已办理 last 末号
late_fen_days 逾期积数 left 剩余 long_tenor 长期限 made 指令日 missing 尚需复核人数 notice 通知 offset 偏移天数
open 未决 opened 开立日 over 已结束 penalty_collected 已收罚息 penalty_instructed 已指令罚息 penalty_paid 已付罚息
penalty_share 应分罚息 penalty_shared 已分罚息 pending 待确认方 place 次序 presentation 出示内容摘要 price 价款
proposal 提案 proposer 提案方 record 记录 recorder 登记方 refactoring 再保理 refused 被拒 replaced_by 替换为 rest 尾款
returned 退回 revoked 已撤销 ruling 裁定书 scope 范围 share 应分金额 shared 已分金额 shortfall 短付金额 signature 签名
signers 签名人 state 状态 statement_key 回单签名公钥 step 步骤 stored 已存证 supervisor 主管控制方 suspended_by 暂停方
target 去向 text 源码 time 时间 title 标题 to 转至 transport_key 通信公钥 turn 轮次 uncovered 未覆盖金额 unpaid 未付金额
usable 可用 uses 次数 witness 见证方 work_days 调休上班日
""".split()
ZH: Final = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))


#: Words that mean another thing under another kind: by name and kind.
_BY_KIND: Final = {
    ("contract", "text"): "合约",  # a contract of the chain by its name; any other is a paper between two firms
    ("since", "height"): "起始高度",
    ("issued", "integer"): "已签发数",
}


def field_words(name: str, language: str) -> str:
    """A field that only its name is known of."""
    return ZH.get(name, name) if language == "zh" else name


def field_name(field: Field, language: str) -> str:
    """What people read beside a value: the interface's label, else the Chinese word, else the field's own name."""
    label = label_of(field, language)
    if language != "zh":
        return label
    by_kind = _BY_KIND.get((field.name, field.type.kind))
    if by_kind is not None:
        return by_kind
    return ZH.get(field.name, label) if label == field.name else label
