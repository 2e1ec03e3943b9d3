# A voucher of 2,000,000.00 comes due: the bank gets half in time and half late; a payment comes back; a guarantor steps in.
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

given voucher.tranches ta: root=r1 owner=a face=1,000,000.00 level=1 since=2022-06-30 payer=core guarantees=1
given voucher.tranches tb: root=r1 owner=b face=333,333.33 level=2 since=2022-06-30 payer=a
given voucher.tranches tc: root=r1 owner=fac face=666,666.67 level=2 since=2022-06-30 order=@court
given guarantee.guarantees ta surety: tranche=ta guarantor=surety amount=400,000.00 contract=@surety divisible=yes since=2022-06-30
given settlement.accounts a: account=@account-a bank=icbc since=2022-06-30
given settlement.accounts b: account=@account-b bank=boc since=2022-06-30
given settlement.accounts fac: account=@account-fac bank=boc since=2022-06-30
given settlement.accounts icbc: account=@account-icbc bank=icbc since=2022-06-30
given settlement.accounts surety: account=@account-surety bank=icbc since=2022-06-30

# ---- before the day nothing happens, and only the issuer could pay early ------------------------------------------------
b  maturity.record r1
----
refused MAT-001 record=2022-12-29 today=2022-06-30: 登记日 2022-12-29，今日 2022-06-30 | the record day is 2022-12-29, today is 2022-06-30

a  maturity.redeem_early r1 day=2022-07-01
----
refused AUTH-003 field=issuer party=core caller=a: 该记录的 issuer 是 core，不是 a | the issuer is core, not a

core  maturity.redeem_early r1 day=2022-07-02
----
refused MAT-008 day=2022-07-02 today=2022-06-30 last=2022-12-29: 提前兑付日 2022-07-02 须为 2022-06-30 起、登记日 2022-12-29 前的工作日 | early payment day 2022-07-02: a business day from 2022-06-30 on and before 2022-12-29

core  maturity.cure r1
----
refused MAT-004: 凭证没有逾期 | nothing was paid late

core  maturity.cancel r1
----
refused MAT-002 phase=waiting: 凭证清分状态为 waiting | the redemption is waiting

# ---- held → due → distributing: the record day is the business day before -----------------------------------------------
day 2022-12-29
----
distribution.payouts r1: issuer=core bank=icbc effective=2022-12-30 total=2,000,000.00
distribution.claims tb: root=r1 payee=b face=333,333.33 withheld=no
distribution.claims tc: root=r1 payee=fac face=666,666.67 withheld=yes
distribution.claims ta: root=r1 payee=a face=1,000,000.00 withheld=no
maturity.redemptions r1: phase=due turn=2022-12-31 cursor=ta total=2,000,000.00 claims=3
settlement.instructions i1: purpose=collect business=r1 payer=core payee=icbc bank=icbc account=@account-icbc amount=2,000,000.00 currency=CNY day=2022-12-30 made=2022-12-29
voucher.roots r1: status=due
sweep event voucher.RootChanged root=r1 issuer=core status=due redeemed=0.00 cancelled=0.00
sweep event settlement.Instructed instruction=i1 purpose=collect business=r1 payer=core payee=icbc bank=icbc account=@account-icbc amount=2,000,000.00 day=2022-12-30 earlier=-
sweep event Recorded root=r1 issuer=core bank=icbc claims=3 total=2,000,000.00 effective=2022-12-30

b  voucher.offer tb a 1.00 until=2022-12-29 debt=@debt due=2022-12-30
----
refused VOU-014 due=2022-12-30: 2022-12-30 到期，登记日已过，不再流转 | due on 2022-12-30, the record day has passed and nothing moves any more

b  maturity.record r1
----
refused MAT-002 phase=due: 凭证清分状态为 due | the redemption is due

ask distribution.claims_of r1
----
result [(tb, {root=r1 payee=b face=333,333.33 withheld=no instructed=0.00 paid=0.00 penalty_instructed=0.00 penalty_paid=0.00 share=0.00 penalty_share=0.00 shortfall=-}), (tc, {root=r1 payee=fac face=666,666.67 withheld=yes instructed=0.00 paid=0.00 penalty_instructed=0.00 penalty_paid=0.00 share=0.00 penalty_share=0.00 shortfall=-}), (ta, {root=r1 payee=a face=1,000,000.00 withheld=no instructed=0.00 paid=0.00 penalty_instructed=0.00 penalty_paid=0.00 share=0.00 penalty_share=0.00 shortfall=-})]

day 2022-12-30
----

# ---- half of the money: every claim gets its share of the whole, to the fen; the frozen one is withheld -----------------
statement s1: bank=icbc number=1 kind=0 instruction=i1 payer=@account-core payee=@account-icbc amount=1,000,000.00 day=2022-12-30

core  settlement.receive s1
----
distribution.payouts r1: shared=1,000,000.00 instructed=666,666.67
distribution.claims tb: instructed=166,666.67 share=166,666.67
distribution.claims tc: share=333,333.33
distribution.claims ta: instructed=500,000.00 share=500,000.00
maturity.redemptions r1: collected=1,000,000.00
instructions i1: paid=1,000,000.00
instructions i2: purpose=redeem business=tb payer=core payee=b bank=icbc account=@account-b amount=166,666.67 currency=CNY day=2022-12-30 made=2022-12-30
instructions i3: purpose=redeem business=ta payer=core payee=a bank=icbc account=@account-a amount=500,000.00 currency=CNY day=2022-12-30 made=2022-12-30
statements icbc 1: instruction=i1 kind=0 amount=1,000,000.00 day=2022-12-30
event maturity.Collected root=r1 issuer=core bank=icbc amount=1,000,000.00 left=1,000,000.00 penalty=0.00
event Instructed instruction=i2 purpose=redeem business=tb payer=core payee=b bank=icbc account=@account-b amount=166,666.67 day=2022-12-30 earlier=-
event Instructed instruction=i3 purpose=redeem business=ta payer=core payee=a bank=icbc account=@account-a amount=500,000.00 day=2022-12-30 earlier=-
event Receipted instruction=i1 payer=core payee=icbc bank=icbc number=1 kind=0 amount=1,000,000.00 left=1,000,000.00

statement s2: bank=icbc number=2 kind=0 instruction=i3 payer=@account-icbc payee=@account-a amount=500,000.00 day=2022-12-30

icbc  settlement.receive s2
----
distribution.payouts r1: paid=500,000.00
distribution.claims ta: paid=500,000.00
instructions i3: paid=500,000.00 status=paid
statements icbc 2: instruction=i3 kind=0 amount=500,000.00 day=2022-12-30
event Receipted instruction=i3 payer=core payee=a bank=icbc number=2 kind=0 amount=500,000.00 left=0.00

statement s3: bank=icbc number=3 kind=0 instruction=i2 payer=@account-icbc payee=@account-b amount=166,666.67 day=2022-12-30

icbc  settlement.receive s3
----
distribution.payouts r1: paid=666,666.67
distribution.claims tb: paid=166,666.67
instructions i2: paid=166,666.67 status=paid
statements icbc 3: instruction=i2 kind=0 amount=166,666.67 day=2022-12-30
event Receipted instruction=i2 payer=core payee=b bank=icbc number=3 kind=0 amount=166,666.67 left=0.00

# ---- a returned payment reopens that claim alone, under an instruction that names the old one ---------------------------
statement s4: bank=icbc number=4 kind=1 instruction=i2 payer=@account-icbc payee=@account-b amount=166,666.67 day=2022-12-30 earlier=3

icbc  settlement.receive s4
----
distribution.payouts r1: paid=500,000.00
distribution.claims tb: paid=0.00
instructions i2: paid=0.00 status=returned
instructions i4: purpose=redeem business=tb payer=core payee=b bank=icbc account=@account-b amount=166,666.67 currency=CNY day=2022-12-30 made=2022-12-30 earlier=i2
statements icbc 4: instruction=i2 kind=1 amount=166,666.67 day=2022-12-30
statements icbc 3: returned=yes
event distribution.Reopened tranche=tb root=r1 payee=b amount=166,666.67
event Instructed instruction=i4 purpose=redeem business=tb payer=core payee=b bank=icbc account=@account-b amount=166,666.67 day=2022-12-30 earlier=i2
event Receipted instruction=i2 payer=core payee=b bank=icbc number=4 kind=1 amount=166,666.67 left=166,666.67

# ---- the withheld claim goes where the court says, or to its owner once it is free --------------------------------------
fac  distribution.release tc
----
refused DTB-003: 凭证仍被冻结或有争议 | still frozen or disputed

fac  distribution.direct tc to=fac order=@court
----
refused AUTH-004 needed=supervisor organisation=fac: 需要角色 supervisor，fac 没有 | needs the role supervisor, fac does not have it

supervisor  voucher.unfreeze tc order=@court
----
tranches tc: order=-
event Noted tranche=tc owner=fac payee=- face=666,666.67 outcome=unfrozen

fac  distribution.release tc
----
payouts r1: instructed=1,000,000.00
claims tc: withheld=no instructed=333,333.33
settlement.instructions i5: purpose=redeem business=tc payer=core payee=fac bank=icbc account=@account-fac amount=333,333.33 currency=CNY day=2022-12-30 made=2022-12-30
event settlement.Instructed instruction=i5 purpose=redeem business=tc payer=core payee=fac bank=icbc account=@account-fac amount=333,333.33 day=2022-12-30 earlier=-

fac  distribution.release tc
----
refused DTB-002: 该兑付未被暂扣 | this claim is not withheld

# ---- distributing → overdue: the issuer is blocked, the guarantor may pay and then owns as much -------------------------
surety  guarantee.pay ta surety 400,000.00
----
refused DTB-004 effective=2022-12-30: 凭证未逾期，2022-12-30 应付 | not overdue, payable on 2022-12-30

day 2023-01-03
----
maturity.redemptions r1: turn=2023-01-29
sweep event Overdue root=r1 issuer=core unpaid=1,000,000.00 defaulted=no

ask maturity.status r1
----
result overdue

a  guarantee.pay ta surety 400,000.00
----
refused AUTH-003 field=guarantor party=surety caller=a: 该记录的 guarantor 是 surety，不是 a | the guarantor is surety, not a

surety  guarantee.pay ta surety 400,000.01
----
refused GUA-007 asked=400,000.01 amount=400,000.00: 代偿 400,000.01，担保余额 400,000.00 | 400,000.01 asked, the guarantee is 400,000.00

surety  guarantee.pay ta surety 400,000.00
----
distribution.honours ta surety: face=400,000.00 left=200,000.00 paid=500,000.00
settlement.instructions i6: purpose=guarantee business=ta payer=surety payee=a bank=- account=@account-a amount=200,000.00 currency=CNY day=2023-01-03 made=2023-01-03
event settlement.Instructed instruction=i6 purpose=guarantee business=ta payer=surety payee=a bank=- account=@account-a amount=200,000.00 day=2023-01-03 earlier=-

statement s5: bank=boc number=1 kind=0 instruction=i6 payer=@account-surety payee=@account-a amount=200,000.00 day=2023-01-03

surety  settlement.receive s5
----
distribution.claims ta: removed
distribution.claims c1: root=r1 payee=surety face=400,000.00 withheld=no instructed=200,000.00 paid=200,000.00 share=200,000.00
distribution.claims c2: root=r1 payee=a face=600,000.00 withheld=no instructed=300,000.00 paid=300,000.00 share=300,000.00
distribution.honours ta surety: removed
distribution.moved ta: to=c2
guarantee.guarantees ta surety: removed
guarantee.guarantees c2 surety: tranche=c2 guarantor=surety amount=0.00 contract=@surety divisible=yes since=2022-06-30
instructions i6: paid=200,000.00 status=paid
statements boc 1: instruction=i6 kind=0 amount=200,000.00 day=2023-01-03
voucher.tranches c1: root=r1 owner=surety face=400,000.00 level=1 since=2023-01-03 parent=ta
voucher.tranches c2: root=r1 owner=a face=600,000.00 level=1 since=2023-01-03 payer=core parent=ta guarantees=1
voucher.tranches ta: live=no into=c2 guarantees=0
event guarantee.Honoured tranche=ta guarantor=surety face=400,000.00 left=0.00
event voucher.Moved tranche=c1 root=r1 payer=a payee=surety face=400,000.00 issuer=core
event Receipted instruction=i6 payer=surety payee=a bank=boc number=1 kind=0 amount=200,000.00 left=0.00

# ---- the rest, ten days late: 1,000,000.00 x 10 days x 9 % / 360 = 2,500.00 of penalty, a debt of its own ---------------
day 2023-01-09

statement s6: bank=icbc number=5 kind=0 instruction=i1 payer=@account-core payee=@account-icbc amount=1,000,000.00 day=2023-01-09

core  settlement.receive s6
----
distribution.payouts r1: shared=2,000,000.00 instructed=2,000,000.00
distribution.claims c1: instructed=400,000.00 share=400,000.00
distribution.claims c2: instructed=600,000.00 share=600,000.00
distribution.claims tb: instructed=333,333.33 share=333,333.33
distribution.claims tc: instructed=666,666.67 share=666,666.67
maturity.redemptions r1: collected=2,000,000.00 late_fen_days=1000000000 penalty=2,500.00
instructions i1: paid=2,000,000.00 status=paid
instructions i7: purpose=redeem business=c1 payer=core payee=surety bank=icbc account=@account-surety amount=200,000.00 currency=CNY day=2023-01-09 made=2023-01-09
instructions i8: purpose=redeem business=c2 payer=core payee=a bank=icbc account=@account-a amount=300,000.00 currency=CNY day=2023-01-09 made=2023-01-09
instructions i9: purpose=redeem business=tb payer=core payee=b bank=icbc account=@account-b amount=166,666.66 currency=CNY day=2023-01-09 made=2023-01-09
instructions i10: purpose=redeem business=tc payer=core payee=fac bank=icbc account=@account-fac amount=333,333.34 currency=CNY day=2023-01-09 made=2023-01-09
instructions i11: purpose=penalty business=r1 payer=core payee=icbc bank=icbc account=@account-icbc amount=2,500.00 currency=CNY day=2023-01-09 made=2023-01-09
statements icbc 5: instruction=i1 kind=0 amount=1,000,000.00 day=2023-01-09
event maturity.Collected root=r1 issuer=core bank=icbc amount=1,000,000.00 left=0.00 penalty=2,500.00
event Instructed instruction=i7 purpose=redeem business=c1 payer=core payee=surety bank=icbc account=@account-surety amount=200,000.00 day=2023-01-09 earlier=-
event Instructed instruction=i8 purpose=redeem business=c2 payer=core payee=a bank=icbc account=@account-a amount=300,000.00 day=2023-01-09 earlier=-
event Instructed instruction=i9 purpose=redeem business=tb payer=core payee=b bank=icbc account=@account-b amount=166,666.66 day=2023-01-09 earlier=-
event Instructed instruction=i10 purpose=redeem business=tc payer=core payee=fac bank=icbc account=@account-fac amount=333,333.34 day=2023-01-09 earlier=-
event Instructed instruction=i11 purpose=penalty business=r1 payer=core payee=icbc bank=icbc account=@account-icbc amount=2,500.00 day=2023-01-09 earlier=-
event Receipted instruction=i1 payer=core payee=icbc bank=icbc number=5 kind=0 amount=1,000,000.00 left=0.00

core  maturity.cure r1
----
refused MAT-003 unpaid=0.00 penalty=2,500.00: 尚欠本金 0.00、罚息 2,500.00 | 0.00 of principal and 2,500.00 of penalty are unpaid

statement s7: bank=icbc number=6 kind=0 instruction=i11 payer=@account-core payee=@account-icbc amount=2,500.00 day=2023-01-09

core  settlement.receive s7
----
distribution.payouts r1: penalty_shared=2,500.00 penalty_instructed=2,500.00
distribution.claims c1: penalty_instructed=500.00 penalty_share=500.00
distribution.claims c2: penalty_instructed=750.00 penalty_share=750.00
distribution.claims tb: penalty_instructed=416.67 penalty_share=416.67
distribution.claims tc: penalty_instructed=833.33 penalty_share=833.33
maturity.redemptions r1: penalty_collected=2,500.00
instructions i11: paid=2,500.00 status=paid
instructions i12: purpose=penalty_share business=c1 payer=core payee=surety bank=icbc account=@account-surety amount=500.00 currency=CNY day=2023-01-09 made=2023-01-09
instructions i13: purpose=penalty_share business=c2 payer=core payee=a bank=icbc account=@account-a amount=750.00 currency=CNY day=2023-01-09 made=2023-01-09
instructions i14: purpose=penalty_share business=tb payer=core payee=b bank=icbc account=@account-b amount=416.67 currency=CNY day=2023-01-09 made=2023-01-09
instructions i15: purpose=penalty_share business=tc payer=core payee=fac bank=icbc account=@account-fac amount=833.33 currency=CNY day=2023-01-09 made=2023-01-09
statements icbc 6: instruction=i11 kind=0 amount=2,500.00 day=2023-01-09
event Instructed instruction=i12 purpose=penalty_share business=c1 payer=core payee=surety bank=icbc account=@account-surety amount=500.00 day=2023-01-09 earlier=-
event Instructed instruction=i13 purpose=penalty_share business=c2 payer=core payee=a bank=icbc account=@account-a amount=750.00 day=2023-01-09 earlier=-
event Instructed instruction=i14 purpose=penalty_share business=tb payer=core payee=b bank=icbc account=@account-b amount=416.67 day=2023-01-09 earlier=-
event Instructed instruction=i15 purpose=penalty_share business=tc payer=core payee=fac bank=icbc account=@account-fac amount=833.33 day=2023-01-09 earlier=-
event Receipted instruction=i11 payer=core payee=icbc bank=icbc number=6 kind=0 amount=2,500.00 left=0.00

a  maturity.cure r1
----
refused AUTH-003 field=issuer party=core caller=a: 该记录的 issuer 是 core，不是 a | the issuer is core, not a

core  maturity.cure r1
----
redemptions r1: cured=2023-01-09
voucher.roots r1: unsettled=no
event Cured root=r1 issuer=core penalty=2,500.00

core  maturity.cure r1
----
refused MAT-005 day=2023-01-09: 已于 2023-01-09 清偿 | cured on 2023-01-09 already

ask distribution.claims_of r1
----
result [(c1, {root=r1 payee=surety face=400,000.00 withheld=no instructed=400,000.00 paid=200,000.00 penalty_instructed=500.00 penalty_paid=0.00 share=400,000.00 penalty_share=500.00 shortfall=-}), (c2, {root=r1 payee=a face=600,000.00 withheld=no instructed=600,000.00 paid=300,000.00 penalty_instructed=750.00 penalty_paid=0.00 share=600,000.00 penalty_share=750.00 shortfall=-}), (tb, {root=r1 payee=b face=333,333.33 withheld=no instructed=333,333.33 paid=0.00 penalty_instructed=416.67 penalty_paid=0.00 share=333,333.33 penalty_share=416.67 shortfall=-}), (tc, {root=r1 payee=fac face=666,666.67 withheld=no instructed=666,666.67 paid=0.00 penalty_instructed=833.33 penalty_paid=0.00 share=666,666.67 penalty_share=833.33 shortfall=-})]
