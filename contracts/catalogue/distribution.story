# Who gets what of a voucher that is due: shares to the fen, a claim that waits for a court, who pays for the issuer.
firm core: role user; capacity core
firm a, b, c: role user; capacity supplier         # 甲, 乙, 丙
firm icbc, boc: role user; capacity bank
firm surety: role user; capacity guarantor
parameter voucher_split_fen_min 100
parameter maturity_default_days 90
parameter maturity_return_days 5
day 2023-01-03
given credit.lines l1: funder=icbc core=core parent=- product="" limit=5,000.00 revolving=yes occupied=1,000.01 begins=2022-06-30 ends=2023-06-30
given credit.uses r1: line=l1 group=l1 core=core amount=1,000.01 until=-
given voucher.roots r1: issuer=core payee=a bank=icbc face=1,000.01 due=2022-12-30 issued=2022-06-30 line=l1 contract=p1 undertaking=@promise penalty=90000 status=due unsettled=yes
given voucher.tranches ta: root=r1 owner=a face=500.00 level=1 since=2022-06-30 payer=core
given voucher.tranches tb: root=r1 owner=b face=333.34 level=1 since=2022-06-30 payer=core guarantees=1
given voucher.tranches tc: root=r1 owner=c face=166.67 level=1 since=2022-06-30 payer=core order=@court
given maturity.redemptions r1: issuer=core bank=icbc due=2022-12-30 rate=90000 effective=2022-12-30 phase=due turn=2023-03-30 total=1,000.01 claims=3
given payouts r1: issuer=core bank=icbc effective=2022-12-30 total=1,000.01
given claims ta: root=r1 payee=a face=500.00 withheld=no
given claims tb: root=r1 payee=b face=333.34 withheld=no
given claims tc: root=r1 payee=c face=166.67 withheld=yes
given guarantee.guarantees tb surety: tranche=tb guarantor=surety amount=333.34 contract=@surety divisible=yes since=2022-06-30
given settlement.instructions i1: purpose=collect business=r1 payer=core payee=icbc bank=icbc account=@account-icbc amount=1,000.01 currency=CNY day=2022-12-30 made=2022-12-29
given settlement.accounts icbc: account=@account-icbc bank=icbc since=2022-06-30
given settlement.accounts a: account=@account-a bank=icbc since=2022-06-30
given settlement.accounts b: account=@account-b bank=icbc since=2022-06-30
given settlement.accounts c: account=@account-c bank=icbc since=2022-06-30

# The issuer pays a third, late: 166.67, 111.11 and 55.56 are the shares; the frozen claim keeps its own until it is free.
statement s1: bank=icbc number=1 kind=0 instruction=i1 payer=@account-core payee=@account-icbc amount=333.34 day=2023-01-03
a  settlement.receive s1
----
distribution.payouts r1: shared=333.34 instructed=277.78
distribution.claims tb: instructed=111.11 share=111.11
distribution.claims tc: share=55.56
distribution.claims ta: instructed=166.67 share=166.67
maturity.redemptions r1: collected=333.34 late_fen_days=133336
instructions i1: paid=333.34
instructions i2: purpose=redeem business=tb payer=core payee=b bank=icbc account=@account-b amount=111.11 currency=CNY day=2023-01-03 made=2023-01-03
instructions i3: purpose=redeem business=ta payer=core payee=a bank=icbc account=@account-a amount=166.67 currency=CNY day=2023-01-03 made=2023-01-03
statements icbc 1: instruction=i1 kind=0 amount=333.34 day=2023-01-03
event maturity.Collected root=r1 issuer=core bank=icbc amount=333.34 left=666.67 penalty=0.00
event Instructed instruction=i2 purpose=redeem business=tb payer=core payee=b bank=icbc account=@account-b amount=111.11 day=2023-01-03 earlier=-
event Instructed instruction=i3 purpose=redeem business=ta payer=core payee=a bank=icbc account=@account-a amount=166.67 day=2023-01-03 earlier=-
event Receipted instruction=i1 payer=core payee=icbc bank=icbc number=1 kind=0 amount=333.34 left=666.67

ask distribution.payout r1
----
result {issuer=core bank=icbc effective=2022-12-30 total=1,000.01 shared=333.34 instructed=277.78 paid=0.00 penalty_shared=0.00 penalty_instructed=0.00 penalty_paid=0.00}

c  distribution.release tc
----
refused DTB-003: 凭证仍被冻结或有争议 | still frozen or disputed

a  distribution.release ta
----
refused DTB-002: 该兑付未被暂扣 | this claim is not withheld

a  distribution.share_on r1
----
refused EXE-003 key=r1 map=sharings: 没有记录 r1（表 sharings） | no record r1 in sharings

# 乙's money is on its way, so nobody can pay for the issuer there yet.
surety  guarantee.pay tb surety 333.34
----
refused DTB-005 amount=111.11: 该凭证尚有在途兑付 111.11 | 111.11 are still on their way to this claim

b  distribution.direct tc to=b order=@ruling
----
refused AUTH-004 needed=supervisor organisation=b: 需要角色 supervisor，b 没有 | needs the role supervisor, b does not have it

# The court directs what was withheld to 甲: the share that waited is instructed at once.
supervisor  distribution.direct tc to=a order=@ruling
----
payouts r1: instructed=333.34
claims tc: payee=a withheld=no instructed=55.56
settlement.instructions i4: purpose=redeem business=tc payer=core payee=a bank=icbc account=@account-a amount=55.56 currency=CNY day=2023-01-03 made=2023-01-03
event settlement.Instructed instruction=i4 purpose=redeem business=tc payer=core payee=a bank=icbc account=@account-a amount=55.56 day=2023-01-03 earlier=-

supervisor  distribution.direct tc to=a order=@ruling
----
refused DTB-002: 该兑付未被暂扣 | this claim is not withheld

# A race: the bank pays 乙, and only then the guarantor pays what is still missing. Twice at once it cannot.
statement s2: bank=icbc number=2 kind=0 instruction=i2 payer=@account-core payee=@account-b amount=111.11 day=2023-01-03
b  settlement.receive s2
----
distribution.payouts r1: paid=111.11
distribution.claims tb: paid=111.11
instructions i2: paid=111.11 status=paid
statements icbc 2: instruction=i2 kind=0 amount=111.11 day=2023-01-03
event Receipted instruction=i2 payer=core payee=b bank=icbc number=2 kind=0 amount=111.11 left=0.00

surety  guarantee.pay tb surety 333.35
----
refused GUA-007 asked=333.35 amount=333.34: 代偿 333.35，担保余额 333.34 | 333.35 asked, the guarantee is 333.34

surety  guarantee.pay tb surety 333.34
----
distribution.honours tb surety: face=333.34 left=222.23 paid=111.11
settlement.instructions i5: purpose=guarantee business=tb payer=surety payee=b bank=- account=@account-b amount=222.23 currency=CNY day=2023-01-03 made=2023-01-03
event settlement.Instructed instruction=i5 purpose=guarantee business=tb payer=surety payee=b bank=- account=@account-b amount=222.23 day=2023-01-03 earlier=-

surety  guarantee.pay tb surety 333.34
----
refused DTB-007: 代偿付款已指令，尚未到账 | this payment has been instructed and has not arrived yet

ask distribution.owed_to a
----
result [(tc, {root=r1 payee=a face=166.67 withheld=no instructed=55.56 paid=0.00 penalty_instructed=0.00 penalty_paid=0.00 share=55.56 penalty_share=0.00 shortfall=-}), (ta, {root=r1 payee=a face=500.00 withheld=no instructed=166.67 paid=0.00 penalty_instructed=0.00 penalty_paid=0.00 share=166.67 penalty_share=0.00 shortfall=-})]

ask distribution.is_redeemed tb
----
result no
