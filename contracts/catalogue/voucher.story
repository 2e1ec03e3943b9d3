# A voucher of 2,000,000.00 from the core enterprise to 甲, of which 乙 and 丙 are paid.
firm core, rival: role user; capacity core
firm a, b, c: role user; capacity supplier          # 甲, 乙, 丙
firm icbc: role user; capacity bank
person ann of core: make
person chen of core: check
policy issue of core: 0.00=0, 1,000,000.00=1
parameter voucher_tenor_months_max 12
parameter voucher_tenor_months_warn 6
parameter voucher_offer_days_max 30
parameter voucher_penalty_rate 90000
parameter voucher_split_fen_min 100
parameter voucher_level_max 2
parameter maturity_default_days 30
parameter maturity_return_days 3
day 2022-06-30
given credit.lines l1: funder=icbc core=core parent=- product="" limit=5,000,000.00 revolving=yes begins=2022-06-30 ends=2023-06-30
given trade.lineages p1: seller=a buyer=core ceiling=3,000,000.00
given trade.papers p1: lineage=p1 kind=contract seller=a buyer=core amount=3,000,000.00 content=@contract dated=2022-06-30 previous=- counterparty=core pending=no confirmed=2022-06-30
given trade.invoices i1: contract=p1 lineage=p1 seller=a buyer=core gross=2,500,000.00 content=@paper number=@n dated=2022-06-30 verifier=icbc verified=2022-06-30

# ---- issue: – → draft → offered. Above a million the act waits for a checker. -----------------------------------------
ann  voucher.issue a 2,000,000.00 2022-12-30 until=2022-07-05 bank=icbc line=l1 contract=p1 invoices=[(i1, 2,000,000.00)] undertaking=@promise
----
approval.items i2: organisation=core maker=ann contract=voucher action=issue arguments=0x8961611a0bebc200… interface=@1 act=@2 amount=2,000,000.00 needed=1 checkers=[] signers=[ann] until=2022-07-30
event approval.Waiting item=i2 organisation=core contract=voucher action=issue act=@2 amount=2,000,000.00 needed=1

ann  voucher.issue c 1.00 2022-12-30 until=2022-07-05 bank=icbc line=l1 contract=p1 invoices=[(i1, 1.00)] undertaking=@promise
----
refused TRA-015 invoice=i1 seller=c buyer=core: 发票 i1 不属于卖方 c、买方 core 的该合同 | invoice i1 is not under this contract of c with core

ann  voucher.issue icbc 1.00 2022-12-30 until=2022-07-05 bank=icbc line=l1 contract=p1 invoices=[(i1, 1.00)] undertaking=@promise
----
refused VOU-011 payee=icbc: icbc 没有供应商或核心企业资质，或已过期，不能接收凭证 | icbc has no capacity supplier or core, or it has lapsed, and cannot receive vouchers

ann  voucher.issue a 1.00 2022-12-30 until=2022-07-05 bank=b line=l1 contract=p1 invoices=[(i1, 1.00)] undertaking=@promise
----
refused VOU-017 bank=b: b 没有银行资质 | b is not licensed as a bank

ann  voucher.issue a 1.00 2023-07-01 until=2022-07-05 bank=icbc line=l1 contract=p1 invoices=[(i1, 1.00)] undertaking=@promise
----
refused VOU-015 due=2023-07-01 latest=2023-06-30: 到期日 2023-07-01，最迟 2023-06-30 | due on 2023-07-01, the latest day allowed is 2023-06-30

ann  voucher.issue a 1.00 2022-12-30 until=2022-07-31 bank=icbc line=l1 contract=p1 invoices=[(i1, 1.00)] undertaking=@promise
----
refused VOU-029 until=2022-07-31 today=2022-06-30 latest=2022-07-30: 签收期限 2022-07-31 应在 2022-06-30 至 2022-07-30 之间 | open until 2022-07-31; possible is 2022-06-30 to 2022-07-30

ann  voucher.issue a 1.00 2022-12-30 until=2022-07-05 bank=icbc line=l1 contract=p1 invoices=[(i1, 2.00)] undertaking=@promise
----
refused TRA-016 total=2.00 amount=1.00: 发票使用合计 2.00，应为 1.00 | the invoices used sum to 2.00, 1.00 is needed

a  voucher.issue a 1.00 2022-12-30 until=2022-07-05 bank=icbc line=l1 contract=p1 invoices=[(i1, 1.00)] undertaking=@promise
----
refused AUTH-005 needed=core organisation=a: 需要资质 core，a 没有或已过期 | needs the capacity core, a lacks it or it has lapsed

rival  voucher.issue a 1.00 2022-12-30 until=2022-07-05 bank=icbc line=l1 contract=p1 invoices=[(i1, 1.00)] undertaking=@promise
----
refused CRE-008 core=core asked=rival: 该额度属于 core，不是 rival | the line is for core, not rival

ann+chen  voucher.issue a 2,000,000.00 2022-12-30 until=2022-07-05 bank=icbc line=l1 contract=p1 invoices=[(i1, 2,000,000.00)] undertaking=@promise
----
credit.lines l1: reserved=2,000,000.00
credit.uses u1: line=l1 group=l1 core=core amount=2,000,000.00 until=2022-07-05
trade.lineages p1: used=2,000,000.00
trade.invoices i1: used=2,000,000.00
trade.uses u1 i1: invoice=i1 amount=2,000,000.00 until=2022-07-05
roots u1: issuer=core payee=a bank=icbc face=2,000,000.00 due=2022-12-30 issued=2022-06-30 line=l1 contract=p1 undertaking=@promise penalty=90000 status=offered
tranches u1: root=u1 owner=core face=2,000,000.00 level=0 since=2022-06-30 lock=offer payee=a until=2022-07-05
event trade.Used invoice=i1 business=u1 amount=2,000,000.00 seller=a
event Issued root=u1 issuer=core payee=a face=2,000,000.00 due=2022-12-30 until=2022-07-05 long_tenor=no

# ---- offered → held: only the payee, and exactly what was offered ------------------------------------------------------
c  voucher.accept u1 2,000,000.00 2022-12-30
----
refused AUTH-003 field=payee party=a caller=c: 该记录的 payee 是 a，不是 c | the payee is a, not c

a  voucher.accept u1 2,000,000.01 2022-12-30
----
refused VOU-018 face=2,000,000.00 due=2022-12-30 signed_face=2,000,000.01 signed_due=2022-12-30: 凭证为 2,000,000.00、2022-12-30 到期，所签为 2,000,000.01、2022-12-30 | the voucher is 2,000,000.00 due 2022-12-30, 2,000,000.01 due 2022-12-30 was signed

a  voucher.offer u1 b 1,000,000.00 2022-07-05 debt=@debt due=2022-12-30
----
refused AUTH-003 field=owner party=core caller=a: 该记录的 owner 是 core，不是 a | the owner is core, not a

a  voucher.accept u1 2,000,000.00 2022-12-30
----
credit.lines l1: reserved=0.00 occupied=2,000,000.00
credit.uses u1: until=-
maturity.redemptions u1: issuer=core bank=icbc due=2022-12-30 rate=90000 effective=2022-12-30 turn=2022-12-29
trade.uses u1 i1: until=-
roots u1: status=live unsettled=yes
tranches u1: owner=a level=1 payer=core lock=free payee=- until=-
event maturity.Scheduled root=u1 issuer=core due=2022-12-30 effective=2022-12-30
event RootChanged root=u1 issuer=core status=live redeemed=0.00 cancelled=0.00
event Moved tranche=u1 root=u1 payer=core payee=a face=2,000,000.00 issuer=core

# ---- offered → refused, withdrawn, expired: line and invoice are free again --------------------------------------------
ann  voucher.issue a 100.00 2022-12-30 until=2022-06-30 bank=icbc line=l1 contract=p1 invoices=[(i1, 100.00)] undertaking=@promise
----
credit.lines l1: reserved=100.00
credit.uses u2: line=l1 group=l1 core=core amount=100.00 until=2022-06-30
trade.lineages p1: used=2,000,100.00
trade.invoices i1: used=2,000,100.00
trade.uses u2 i1: invoice=i1 amount=100.00 until=2022-06-30
roots u2: issuer=core payee=a bank=icbc face=100.00 due=2022-12-30 issued=2022-06-30 line=l1 contract=p1 undertaking=@promise penalty=90000 status=offered
tranches u2: root=u2 owner=core face=100.00 level=0 since=2022-06-30 lock=offer payee=a until=2022-06-30
event trade.Used invoice=i1 business=u2 amount=100.00 seller=a
event Issued root=u2 issuer=core payee=a face=100.00 due=2022-12-30 until=2022-06-30 long_tenor=no

a  voucher.refuse u2
----
credit.lines l1: reserved=0.00
credit.uses u2: removed
trade.lineages p1: used=2,000,000.00
trade.invoices i1: used=2,000,000.00
trade.uses u2 i1: removed
roots u2: status=refused cancelled=100.00
tranches u2: live=no lock=free payee=- until=-
event trade.Freed invoice=i1 business=u2 amount=100.00 seller=a
event RootChanged root=u2 issuer=core status=refused redeemed=0.00 cancelled=100.00
event Noted tranche=u2 owner=core payee=a face=100.00 outcome=refused

ann  voucher.issue a 100.00 2022-12-30 until=2022-06-30 bank=icbc line=l1 contract=p1 invoices=[(i1, 100.00)] undertaking=@promise
----
credit.lines l1: reserved=100.00
credit.uses u3: line=l1 group=l1 core=core amount=100.00 until=2022-06-30
trade.lineages p1: used=2,000,100.00
trade.invoices i1: used=2,000,100.00
trade.uses u3 i1: invoice=i1 amount=100.00 until=2022-06-30
roots u3: issuer=core payee=a bank=icbc face=100.00 due=2022-12-30 issued=2022-06-30 line=l1 contract=p1 undertaking=@promise penalty=90000 status=offered
tranches u3: root=u3 owner=core face=100.00 level=0 since=2022-06-30 lock=offer payee=a until=2022-06-30
event trade.Used invoice=i1 business=u3 amount=100.00 seller=a
event Issued root=u3 issuer=core payee=a face=100.00 due=2022-12-30 until=2022-06-30 long_tenor=no

ann  voucher.withdraw u3
----
credit.lines l1: reserved=0.00
credit.uses u3: removed
trade.lineages p1: used=2,000,000.00
trade.invoices i1: used=2,000,000.00
trade.uses u3 i1: removed
roots u3: status=withdrawn cancelled=100.00
tranches u3: live=no lock=free payee=- until=-
event trade.Freed invoice=i1 business=u3 amount=100.00 seller=a
event RootChanged root=u3 issuer=core status=withdrawn redeemed=0.00 cancelled=100.00
event Noted tranche=u3 owner=core payee=a face=100.00 outcome=withdrawn

ann  voucher.issue a 100.00 2023-06-30 until=2022-06-30 bank=icbc line=l1 contract=p1 invoices=[(i1, 100.00)] undertaking=@promise
----
credit.lines l1: reserved=100.00
credit.uses u4: line=l1 group=l1 core=core amount=100.00 until=2022-06-30
trade.lineages p1: used=2,000,100.00
trade.invoices i1: used=2,000,100.00
trade.uses u4 i1: invoice=i1 amount=100.00 until=2022-06-30
roots u4: issuer=core payee=a bank=icbc face=100.00 due=2023-06-30 issued=2022-06-30 line=l1 contract=p1 undertaking=@promise penalty=90000 status=offered
tranches u4: root=u4 owner=core face=100.00 level=0 since=2022-06-30 lock=offer payee=a until=2022-06-30
event trade.Used invoice=i1 business=u4 amount=100.00 seller=a
event Issued root=u4 issuer=core payee=a face=100.00 due=2023-06-30 until=2022-06-30 long_tenor=yes

day 2022-07-01
----
credit.lines l1: reserved=0.00
credit.uses u4: removed
trade.lineages p1: used=2,000,000.00
trade.invoices i1: used=2,000,000.00
trade.uses u4 i1: removed
voucher.roots u4: status=expired cancelled=100.00
voucher.tranches u4: live=no lock=free until=-
sweep event trade.Freed invoice=i1 business=u4 amount=100.00 seller=a
sweep event RootChanged root=u4 issuer=core status=expired redeemed=0.00 cancelled=100.00
sweep event Noted tranche=u4 owner=core payee=a face=100.00 outcome=expired

a  voucher.accept u4 100.00 2023-06-30
----
refused VOU-032 status=expired: 凭证已结束，不能再办理：expired | the voucher has ended, nothing can be done with it: expired

# ---- held → transfer offered → held by the payee. A race: 乙 and 丙 both are promised the same tranche. -----------------
a  voucher.offer u1 b 1,000,000.00 2022-07-05 debt=@debt due=2022-12-30
----
tranches t1: root=u1 owner=a face=1,000,000.00 level=1 since=2022-07-01 payer=core parent=u1 lock=offer payee=b until=2022-07-05 debt=@debt
tranches t2: root=u1 owner=a face=1,000,000.00 level=1 since=2022-07-01 payer=core parent=u1
tranches u1: live=no into=t2
event Offered tranche=t1 payer=a payee=b face=1,000,000.00 until=2022-07-05

a  voucher.offer u1 c 1,500,000.00 2022-07-05 debt=@debt due=2022-12-30
----
refused VOU-005 into=t2: 凭证已拆分或转出，后续凭证 t2 | spent already; t2 came out of it

a  voucher.offer t2 c 1,500,000.00 2022-07-05 debt=@debt due=2022-12-30
----
refused VOU-007 asked=1,500,000.00 free=1,000,000.00: 金额 1,500,000.00，可用 1,000,000.00 | 1,500,000.00 asked, 1,000,000.00 free

a  voucher.offer t2 c 0.99 2022-07-05 debt=@debt due=2022-12-30
----
refused VOU-009 asked=0.99 limit=1.00: 拆分金额 0.99，最低 1.00 | 0.99 asked, the smallest part is 1.00

# The due day stands in the sentence that is signed, so it must be the voucher's.
a  voucher.offer t2 c 1.00 2022-07-05 debt=@debt due=2022-12-31
----
refused VOU-031 due=2022-12-30 signed=2022-12-31: 凭证 2022-12-30 到期，所签为 2022-12-31 | the voucher is due on 2022-12-30, 2022-12-31 was signed

a  voucher.offer t2 core 1.00 2022-07-05 debt=@debt due=2022-12-30
----
refused VOU-034 payee=core: core 是持有人自己，或是承诺付款人，不能向其支付 | core holds the voucher itself or has to pay it, and cannot be paid with it

b  voucher.offer t2 c 1.00 2022-07-05 debt=@debt due=2022-12-30
----
refused AUTH-003 field=owner party=a caller=b: 该记录的 owner 是 a，不是 b | the owner is a, not b

# The offered part is locked, the rest is free in the same moment.
a  voucher.offer t1 c 1.00 2022-07-05 debt=@debt due=2022-12-30
----
refused VOU-006 lock=offer payee=b until=2022-07-05: 凭证不可动用：状态 offer，对方 b，至 2022-07-05 | not free: offer for b until 2022-07-05

c  voucher.accept t1 1,000,000.00 2022-12-30
----
refused AUTH-003 field=payee party=b caller=c: 该记录的 payee 是 b，不是 c | the payee is b, not c

b  voucher.accept t1 1,000,000.00 2022-12-30
----
tranches t1: owner=b level=2 payer=a lock=free payee=- until=-
event Moved tranche=t1 root=u1 payer=a payee=b face=1,000,000.00 issuer=core

b  voucher.accept t1 1,000,000.00 2022-12-30
----
refused AUTH-003 field=payee party=- caller=b: 该记录的 payee 是 -，不是 b | the payee is -, not b

# Two levels are allowed here, so 乙 cannot pass it on.
b  voucher.offer t1 c 1.00 2022-07-05 debt=@debt due=2022-12-30
----
refused VOU-010 level=3 limit=2: 流转层级 3，上限 2 | level 3, at most 2

# ---- split and merge ---------------------------------------------------------------------------------------------------
a  voucher.split t2 400,000.00
----
tranches t3: root=u1 owner=a face=400,000.00 level=1 since=2022-07-01 payer=core parent=t2
tranches t4: root=u1 owner=a face=600,000.00 level=1 since=2022-07-01 payer=core parent=t2
tranches t2: live=no into=t4
event Noted tranche=t3 owner=a payee=- face=400,000.00 outcome=split

a  voucher.merge [t3, t1]
----
refused VOU-023 tranche=t1 why=other-owner: 凭证 t1 不能合并：other-owner | t1 cannot be merged: other-owner

a  voucher.merge [t3]
----
refused VOU-020 count=1 least=2 limit=100: 共 1 项，应为 2 至 100 项 | 1 items, 2 to 100 are possible

ask voucher.held_by a
----
result [(t3, {root=u1 owner=a face=400,000.00 level=1 since=2022-07-01 payer=core parent=t2 sources=[] live=yes into=- lock=free payee=- until=- debt=- order=- guarantees=0}), (t4, {root=u1 owner=a face=600,000.00 level=1 since=2022-07-01 payer=core parent=t2 sources=[] live=yes into=- lock=free payee=- until=- debt=- order=- guarantees=0})]

# ---- freeze: nothing moves, and only the order that froze it lifts it --------------------------------------------------
supervisor  voucher.freeze t1 order=@court
----
tranches t1: order=@court
event Noted tranche=t1 owner=b payee=- face=1,000,000.00 outcome=frozen

b  voucher.split t1 1.00
----
refused VOU-012 order=@court: 凭证已依指令 @court 冻结 | frozen by order @court

a  voucher.freeze t1 order=@court
----
refused AUTH-004 needed=supervisor organisation=a: 需要角色 supervisor，a 没有 | needs the role supervisor, a does not have it

supervisor  voucher.unfreeze t1 order=@other
----
refused VOU-028: 所引指令与冻结指令不符 | not frozen by this order

supervisor  voucher.unfreeze t1 order=@court
----
tranches t1: order=-
event Noted tranche=t1 owner=b payee=- face=1,000,000.00 outcome=unfrozen

# ---- the correction: everybody who holds something of it agrees, and the transfer is taken back -------------------------
a  dispute.reverse t1 1,000,000.00
----
refused DIS-004 owner=b face=1,000,000.00: b 尚未同意撤回其持有的 1,000,000.00 | b, who holds 1,000,000.00, has not agreed

b  dispute.agree t1 1,000,000.00
----
consents t1 b: head=t1 owner=b face=1,000,000.00 day=2022-07-01
event Agreed head=t1 owner=b face=1,000,000.00

a  dispute.reverse t1 1,000,000.00
----
voucher.tranches t1: live=no into=id1
voucher.tranches id1: root=u1 owner=a face=1,000,000.00 level=1 since=2022-07-01 sources=[t1]
event voucher.Noted tranche=id1 owner=a payee=- face=1,000,000.00 outcome="taken back"
event Reversed head=t1 to=a face=1,000,000.00 tranche=id1

# ---- maturity. The record day is the business day before; then 甲 and 乙 get a third, the rest three days late. ---------
a  voucher.offer id1 b 1,000,000.00 2022-07-15 debt=@debt due=2022-12-30
----
tranches t5: root=u1 owner=a face=1,000,000.00 level=1 since=2022-07-01 parent=id1 lock=offer payee=b until=2022-07-15 debt=@debt
tranches id1: live=no into=t5
event Offered tranche=t5 payer=a payee=b face=1,000,000.00 until=2022-07-15

b  voucher.accept t5 1,000,000.00 2022-12-30
----
tranches t5: owner=b level=2 payer=a lock=free payee=- until=-
event Moved tranche=t5 root=u1 payer=a payee=b face=1,000,000.00 issuer=core

a  settlement.register account=@account-a bank=icbc
----
accounts a: account=@account-a bank=icbc since=2022-07-01
event Registered organisation=a bank=icbc

b  settlement.register account=@account-b bank=icbc
----
accounts b: account=@account-b bank=icbc since=2022-07-01
event Registered organisation=b bank=icbc

icbc  settlement.register account=@account-icbc bank=icbc
----
accounts icbc: account=@account-icbc bank=icbc since=2022-07-01
event Registered organisation=icbc bank=icbc

day 2022-12-29
----
approval.items i2: removed
distribution.payouts u1: issuer=core bank=icbc effective=2022-12-30 total=2,000,000.00
distribution.claims t3: root=u1 payee=a face=400,000.00 withheld=no
distribution.claims t4: root=u1 payee=a face=600,000.00 withheld=no
distribution.claims t5: root=u1 payee=b face=1,000,000.00 withheld=no
maturity.redemptions u1: phase=due turn=2022-12-31 cursor=t5 total=2,000,000.00 claims=3
settlement.instructions i3: purpose=collect business=u1 payer=core payee=icbc bank=icbc account=@account-icbc amount=2,000,000.00 currency=CNY day=2022-12-30 made=2022-12-29
voucher.roots u1: status=due
sweep event approval.Ended item=i2 organisation=core outcome=lapsed
sweep event RootChanged root=u1 issuer=core status=due redeemed=0.00 cancelled=0.00
sweep event settlement.Instructed instruction=i3 purpose=collect business=u1 payer=core payee=icbc bank=icbc account=@account-icbc amount=2,000,000.00 day=2022-12-30 earlier=-
sweep event maturity.Recorded root=u1 issuer=core bank=icbc claims=3 total=2,000,000.00 effective=2022-12-30

a  voucher.offer t3 c 1.00 2022-12-29 debt=@debt due=2022-12-30
----
refused VOU-014 due=2022-12-30: 2022-12-30 到期，登记日已过，不再流转 | due on 2022-12-30, the record day has passed and nothing moves any more

day 2022-12-30
----

statement s1: bank=icbc number=1 kind=0 instruction=i3 payer=@account-core payee=@account-icbc amount=700,000.00 day=2022-12-30

core  settlement.receive s1
----
distribution.payouts u1: shared=700,000.00 instructed=700,000.00
distribution.claims t3: instructed=140,000.00 share=140,000.00
distribution.claims t4: instructed=210,000.00 share=210,000.00
distribution.claims t5: instructed=350,000.00 share=350,000.00
maturity.redemptions u1: collected=700,000.00
instructions i3: paid=700,000.00
instructions i4: purpose=redeem business=t3 payer=core payee=a bank=icbc account=@account-a amount=140,000.00 currency=CNY day=2022-12-30 made=2022-12-30
instructions i5: purpose=redeem business=t4 payer=core payee=a bank=icbc account=@account-a amount=210,000.00 currency=CNY day=2022-12-30 made=2022-12-30
instructions i6: purpose=redeem business=t5 payer=core payee=b bank=icbc account=@account-b amount=350,000.00 currency=CNY day=2022-12-30 made=2022-12-30
statements icbc 1: instruction=i3 kind=0 amount=700,000.00 day=2022-12-30
event maturity.Collected root=u1 issuer=core bank=icbc amount=700,000.00 left=1,300,000.00 penalty=0.00
event Instructed instruction=i4 purpose=redeem business=t3 payer=core payee=a bank=icbc account=@account-a amount=140,000.00 day=2022-12-30 earlier=-
event Instructed instruction=i5 purpose=redeem business=t4 payer=core payee=a bank=icbc account=@account-a amount=210,000.00 day=2022-12-30 earlier=-
event Instructed instruction=i6 purpose=redeem business=t5 payer=core payee=b bank=icbc account=@account-b amount=350,000.00 day=2022-12-30 earlier=-
event Receipted instruction=i3 payer=core payee=icbc bank=icbc number=1 kind=0 amount=700,000.00 left=1,300,000.00

day 2023-01-03
----
maturity.redemptions u1: turn=2023-01-29
sweep event maturity.Overdue root=u1 issuer=core unpaid=1,300,000.00 defaulted=no

ann  voucher.issue a 1.00 2023-12-29 until=2023-01-05 bank=icbc line=l1 contract=p1 invoices=[(i1, 1.00)] undertaking=@promise
----
refused VOU-016 issuer=core root=u1 due=2022-12-30: core 的凭证 u1 于 2022-12-30 到期未清偿，暂停开立 | core has not paid u1, due on 2022-12-30, and cannot issue

ask maturity.status u1
----
result overdue

statement s2: bank=icbc number=2 kind=0 instruction=i3 payer=@account-core payee=@account-icbc amount=1,300,000.00 day=2023-01-03

core  settlement.receive s2
----
distribution.payouts u1: shared=2,000,000.00 instructed=2,000,000.00
distribution.claims t3: instructed=400,000.00 share=400,000.00
distribution.claims t4: instructed=600,000.00 share=600,000.00
distribution.claims t5: instructed=1,000,000.00 share=1,000,000.00
maturity.redemptions u1: collected=2,000,000.00 late_fen_days=520000000 penalty=1,300.00
instructions i3: paid=2,000,000.00 status=paid
instructions i7: purpose=redeem business=t3 payer=core payee=a bank=icbc account=@account-a amount=260,000.00 currency=CNY day=2023-01-03 made=2023-01-03
instructions i8: purpose=redeem business=t4 payer=core payee=a bank=icbc account=@account-a amount=390,000.00 currency=CNY day=2023-01-03 made=2023-01-03
instructions i9: purpose=redeem business=t5 payer=core payee=b bank=icbc account=@account-b amount=650,000.00 currency=CNY day=2023-01-03 made=2023-01-03
instructions i10: purpose=penalty business=u1 payer=core payee=icbc bank=icbc account=@account-icbc amount=1,300.00 currency=CNY day=2023-01-03 made=2023-01-03
statements icbc 2: instruction=i3 kind=0 amount=1,300,000.00 day=2023-01-03
event maturity.Collected root=u1 issuer=core bank=icbc amount=1,300,000.00 left=0.00 penalty=1,300.00
event Instructed instruction=i7 purpose=redeem business=t3 payer=core payee=a bank=icbc account=@account-a amount=260,000.00 day=2023-01-03 earlier=-
event Instructed instruction=i8 purpose=redeem business=t4 payer=core payee=a bank=icbc account=@account-a amount=390,000.00 day=2023-01-03 earlier=-
event Instructed instruction=i9 purpose=redeem business=t5 payer=core payee=b bank=icbc account=@account-b amount=650,000.00 day=2023-01-03 earlier=-
event Instructed instruction=i10 purpose=penalty business=u1 payer=core payee=icbc bank=icbc account=@account-icbc amount=1,300.00 day=2023-01-03 earlier=-
event Receipted instruction=i3 payer=core payee=icbc bank=icbc number=2 kind=0 amount=1,300,000.00 left=0.00

ask voucher.root u1
----
result {issuer=core payee=a bank=icbc face=2,000,000.00 due=2022-12-30 issued=2022-06-30 line=l1 contract=p1 undertaking=@promise penalty=90000 status=due redeemed=0.00 cancelled=0.00 unsettled=yes}

ask trace.origin t5
----
result [{tranche=u1 place=above parent=- into=t2 owner=a face=2,000,000.00 level=1 since=2022-06-30 live=no lock=free debt=-}, {tranche=t1 place=above parent=u1 into=id1 owner=b face=1,000,000.00 level=2 since=2022-07-01 live=no lock=free debt=@debt}, {tranche=id1 place=above parent=- into=t5 owner=a face=1,000,000.00 level=1 since=2022-07-01 live=no lock=free debt=-}, {tranche=t5 place=here parent=id1 into=- owner=b face=1,000,000.00 level=2 since=2022-07-01 live=yes lock=free debt=@debt}]
