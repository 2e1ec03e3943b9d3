# What a bank says is believed once, when it is signed, fits, and is not the payer speaking for itself.
firm core: role user; capacity core
firm a, b: role user; capacity supplier            # 甲, 乙
firm icbc, boc: role user; capacity bank
firm fac: role user; capacity factor               # 保理公司
firm surety: role user; capacity guarantor
parameter voucher_tenor_months_max 12
parameter voucher_tenor_months_warn 6
parameter voucher_offer_days_max 30
parameter voucher_penalty_rate 90000
parameter voucher_split_fen_min 100
parameter voucher_level_max 10
parameter finance_rate_max 240000
parameter maturity_default_days 30
parameter maturity_return_days 3
parameter dispute_days_max 10
day 2022-06-30
given credit.lines l1: funder=icbc core=core parent=- product="" limit=5,000,000.00 revolving=yes occupied=2,000,000.00 begins=2022-06-30 ends=2023-06-30
given credit.uses r1: line=l1 group=l1 core=core amount=2,000,000.00 until=-
given voucher.roots r1: issuer=core payee=a bank=icbc face=2,000,000.00 due=2022-12-30 issued=2022-06-30 line=l1 contract=p1 undertaking=@promise penalty=90000 status=live unsettled=yes
given maturity.redemptions r1: issuer=core bank=icbc due=2022-12-30 rate=90000 effective=2022-12-30 turn=2022-12-29

given finance.financings f1: application=a1 tranche=t1 root=r1 holder=a funder=boc face=500.00 rate=45000 value_day=2022-06-30 until=2022-07-01 effective_due=2022-12-30 days=183 interest=0.00 fee=0.00 net=500.00 rest=0.00 all_in=0 recourse=no refactoring=no status=signed waiting=2022-07-01 instruction=i1
given voucher.tranches t1: root=r1 owner=a face=500.00 level=1 since=2022-06-30 lock=finance payee=boc until=2022-07-01
given settlement.instructions i1: purpose=finance business=f1 payer=boc payee=a bank=- account=- amount=500.00 currency=CNY day=2022-06-30 made=2022-06-30

statement s1: bank=icbc number=1 kind=0 instruction=i1 payer=@account-boc payee=@account-a amount=500.00 day=2022-06-30

# The payee has no account yet; it is registered with a bank.
boc  settlement.receive s1
----
refused SET-007 payee=a: 收款方 a 未登记账户 | the payee a has registered no account

a  settlement.register account=@account-a bank=b
----
refused SET-001 bank=b: b 没有银行资质 | b is not licensed as a bank

a  settlement.register account=@account-a bank=icbc
----
accounts a: account=@account-a bank=icbc since=2022-06-30
event Registered organisation=a bank=icbc

# ---- statements that are not believed ----------------------------------------------------------------------------------
statement w1: bank=icbc number=9 kind=0 instruction=i1 payer=@account-boc payee=@account-b amount=500.00 day=2022-06-30

boc  settlement.receive w1
----
refused SET-008 payee=a: 回单收款账户与收款方 a 登记的账户不符 | not the registered account of the payee a

statement w2: bank=icbc number=9 kind=0 instruction=i1 payer=@account-boc payee=@account-a amount=500.01 day=2022-06-30

boc  settlement.receive w2
----
refused SET-006 amount=500.01 left=500.00: 回单金额 500.01，待付 500.00 | 500.01 stated, 500.00 are left to pay

statement w3: bank=icbc number=9 kind=0 instruction=i1 payer=@account-boc payee=@account-a amount=500.00 day=2022-07-01

boc  settlement.receive w3
----
refused SET-009 day=2022-07-01 made=2022-06-30 today=2022-06-30: 起息日 2022-07-01 应在 2022-06-30 至 2022-06-30 之间 | value day 2022-07-01; possible is 2022-06-30 to 2022-06-30

statement w4: bank=icbc number=9 kind=0 instruction=i1 payer=@account-boc payee=@account-a amount=500.00 currency=USD day=2022-06-30

boc  settlement.receive w4
----
refused SET-005 found=USD expected=CNY: 币种 USD，应为 CNY | the currency is USD, CNY was instructed

statement w5: bank=icbc number=9 kind=0 instruction=i1 payer=@account-boc payee=@account-a amount=500.00 day=2022-06-30 signer=boc

boc  settlement.receive w5
----
refused EXE-007 detail=not signed by icbc: 银行回单不可采信：not signed by icbc | the bank's statement cannot be believed: not signed by icbc

statement w6: bank=icbc number=9 kind=1 instruction=i1 payer=@account-boc payee=@account-a amount=500.00 day=2022-06-30 earlier=1

boc  settlement.receive w6
----
refused SET-010 bank=icbc number=1: icbc 的第 1 号付款回单不存在或不对应 | icbc has no such payment under number 1

statement w7: bank=icbc number=9 kind=0 instruction=i9 payer=@account-boc payee=@account-a amount=500.00 day=2022-06-30

boc  settlement.receive w7
----
refused EXE-003 key=i9 map=instructions: 没有记录 i9（表 instructions） | no record i9 in instructions

# ---- a bank that states its own payment is believed when the payee or another bank confirms -----------------------------
statement s2: bank=boc number=1 kind=0 instruction=i1 payer=@account-boc payee=@account-a amount=200.00 day=2022-06-30

boc  settlement.receive s2
----
instructions i1: status=stated claimed=200.00 claimed_day=2022-06-30 claimed_bank=boc
statements boc 1: instruction=i1 kind=0 amount=200.00 day=2022-06-30
event Claimed instruction=i1 payer=boc payee=a amount=200.00
event Receipted instruction=i1 payer=boc payee=a bank=boc number=1 kind=0 amount=200.00 left=500.00

statement s3: bank=boc number=2 kind=0 instruction=i1 payer=@account-boc payee=@account-a amount=100.00 day=2022-06-30

boc  settlement.receive s3
----
refused SET-012 amount=200.00: 付款方自报 200.00 尚待确认 | 200.00 stated by the payer itself still wait for confirmation

b  settlement.confirm i1 200.00
----
refused AUTH-003 field=payee party=a caller=b: 该记录的 payee 是 a，不是 b | the payee is a, not b

a  settlement.confirm i1 100.00
----
refused SET-014 amount=200.00 signed=100.00: 待确认 200.00，所签为 100.00 | 200.00 is to be confirmed, 100.00 was signed

a  settlement.confirm i1 200.00
----
finance.financings f1: paid=200.00
instructions i1: paid=200.00 status=open claimed=0.00

a  settlement.confirm i1 200.00
----
refused SET-013: 没有待确认的付款 | there is no payment to confirm

# A race: two people bring the same statement, then a forger uses its number again.
statement s4: bank=icbc number=1 kind=0 instruction=i1 payer=@account-boc payee=@account-a amount=100.00 day=2022-06-30

a  settlement.receive s4
----
finance.financings f1: paid=300.00
instructions i1: paid=300.00
statements icbc 1: instruction=i1 kind=0 amount=100.00 day=2022-06-30
event Receipted instruction=i1 payer=boc payee=a bank=icbc number=1 kind=0 amount=100.00 left=200.00

boc  settlement.receive s4
----
refused SET-002 bank=icbc number=1: icbc 的第 1 号回单已使用 | statement 1 of icbc has been used already

# ---- the correction: money that comes back is instructed anew, and comes back once --------------------------------------
statement s5: bank=icbc number=2 kind=1 instruction=i1 payer=@account-boc payee=@account-a amount=100.00 day=2022-06-30 earlier=1

a  settlement.receive s5
----
finance.financings f1: paid=200.00
instructions i1: paid=200.00 status=returned
instructions i2: purpose=finance business=f1 payer=boc payee=a bank=- account=@account-a amount=300.00 currency=CNY day=2022-06-30 made=2022-06-30 earlier=i1
statements icbc 2: instruction=i1 kind=1 amount=100.00 day=2022-06-30
statements icbc 1: returned=yes
event Instructed instruction=i2 purpose=finance business=f1 payer=boc payee=a bank=- account=@account-a amount=300.00 day=2022-06-30 earlier=i1
event Receipted instruction=i1 payer=boc payee=a bank=icbc number=2 kind=1 amount=100.00 left=300.00

statement s6: bank=icbc number=3 kind=1 instruction=i1 payer=@account-boc payee=@account-a amount=100.00 day=2022-06-30 earlier=1

a  settlement.receive s6
----
refused SET-011 bank=icbc number=1: icbc 的第 1 号付款已退回 | payment 1 of icbc was returned already

ask settlement.to_pay boc
----
result [(i2, {purpose=finance business=f1 payer=boc payee=a bank=- account=@account-a amount=300.00 currency=CNY day=2022-06-30 made=2022-06-30 paid=0.00 status=open earlier=i1 claimed=0.00 claimed_day=- claimed_bank=-})]
