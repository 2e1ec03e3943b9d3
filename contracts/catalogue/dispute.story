# Transfers that were wrong: taken back when all agree, disputed when they do not.
firm core: role user; capacity core
firm a, b, c: role user; capacity supplier         # 甲, 乙, 丙
firm icbc: role user; capacity bank
firm surety, second: role user; capacity guarantor
firm operator: role operator; capacity guarantor   # the platform itself
parameter voucher_tenor_months_max 12
parameter voucher_tenor_months_warn 6
parameter voucher_offer_days_max 30
parameter voucher_penalty_rate 90000
parameter voucher_split_fen_min 100
parameter voucher_level_max 10
parameter dispute_days_max 10
day 2022-06-30
given credit.lines l1: funder=icbc core=core parent=- product="" limit=5,000.00 revolving=yes occupied=1,000.00 begins=2022-06-30 ends=2023-06-30
given credit.uses r1: line=l1 group=l1 core=core amount=1,000.00 until=-
given voucher.roots r1: issuer=core payee=a bank=icbc face=1,000.00 due=2022-12-30 issued=2022-06-30 line=l1 contract=p1 undertaking=@promise penalty=90000 status=live unsettled=yes
given voucher.tranches r1: root=r1 owner=a face=1,000.00 level=1 since=2022-06-30 payer=core

a  voucher.offer r1 b 600.00 until=2022-07-05 debt=@debt due=2022-12-30
----
tranches t1: root=r1 owner=a face=600.00 level=1 since=2022-06-30 payer=core parent=r1 lock=offer payee=b until=2022-07-05 debt=@debt
tranches t2: root=r1 owner=a face=400.00 level=1 since=2022-06-30 payer=core parent=r1
tranches r1: live=no into=t2
event Offered tranche=t1 payer=a payee=b face=600.00 until=2022-07-05

b  voucher.accept t1 600.00 2022-12-30
----
tranches t1: owner=b level=2 payer=a lock=free payee=- until=-
event Moved tranche=t1 root=r1 payer=a payee=b face=600.00 issuer=core

b  voucher.offer t1 c 100.00 until=2022-07-05 debt=@debt due=2022-12-30
----
tranches t3: root=r1 owner=b face=100.00 level=2 since=2022-06-30 payer=a parent=t1 lock=offer payee=c until=2022-07-05 debt=@debt
tranches t4: root=r1 owner=b face=500.00 level=2 since=2022-06-30 payer=a parent=t1
tranches t1: live=no into=t4
event Offered tranche=t3 payer=b payee=c face=100.00 until=2022-07-05

c  voucher.accept t3 100.00 2022-12-30
----
tranches t3: owner=c level=3 payer=b lock=free payee=- until=-
event Moved tranche=t3 root=r1 payer=b payee=c face=100.00 issuer=core

# ---- taking back: every holder of something that came of it must agree --------------------------------------------------
c  dispute.agree t1 99.00
----
refused DIS-002 face=100.00 signed=99.00: 金额为 100.00，所签为 99.00 | the amount is 100.00, 99.00 was signed

a  dispute.agree t1 600.00
----
refused DIS-001 caller=a: a 不持有该流转的凭证 | a holds nothing that came of it

c  dispute.agree t1 100.00
----
consents t1 c: head=t1 owner=c face=100.00 day=2022-06-30
event Agreed head=t1 owner=c face=100.00

b  dispute.reverse t1 600.00
----
refused DIS-003 giver=a caller=b: 该笔流转由 a 付出，不是 b | a made this transfer, not b

a  dispute.reverse t1 600.00
----
refused DIS-004 owner=b face=500.00: b 尚未同意撤回其持有的 500.00 | b, who holds 500.00, has not agreed

b  dispute.agree t1 500.00
----
consents t1 b: head=t1 owner=b face=500.00 day=2022-06-30
event Agreed head=t1 owner=b face=500.00

# A race: 乙 passes more on before 甲 acts, so what was agreed no longer holds.
b  voucher.offer t4 c 50.00 until=2022-07-05 debt=@debt due=2022-12-30
----
tranches t5: root=r1 owner=b face=50.00 level=2 since=2022-06-30 payer=a parent=t4 lock=offer payee=c until=2022-07-05 debt=@debt
tranches t6: root=r1 owner=b face=450.00 level=2 since=2022-06-30 payer=a parent=t4
tranches t4: live=no into=t6
event Offered tranche=t5 payer=b payee=c face=50.00 until=2022-07-05

a  dispute.reverse t1 600.00
----
refused VOU-006 lock=offer payee=c until=2022-07-05: 凭证不可动用：状态 offer，对方 c，至 2022-07-05 | not free: offer for c until 2022-07-05

b  voucher.withdraw t5
----
tranches t5: lock=free payee=- until=-
event Noted tranche=t5 owner=b payee=c face=50.00 outcome=withdrawn

a  dispute.reverse t1 600.00
----
voucher.tranches t3: live=no into=id1
voucher.tranches t5: live=no into=id1
voucher.tranches t6: live=no into=id1
voucher.tranches id1: root=r1 owner=a face=600.00 level=1 since=2022-06-30 sources=[t3, t5, t6]
event voucher.Noted tranche=id1 owner=a payee=- face=600.00 outcome="taken back"
event Reversed head=t1 to=a face=600.00 tranche=id1

a  dispute.reverse t1 600.00
----
refused DIS-004 owner=a face=600.00: a 尚未同意撤回其持有的 600.00 | a, who holds 600.00, has not agreed

# ---- a dispute locks only what is disputed, and only the payer of this holder is heard ---------------------------------
a  voucher.offer id1 b 600.00 until=2022-07-05 debt=@debt due=2022-12-30
----
tranches t7: root=r1 owner=a face=600.00 level=1 since=2022-06-30 parent=id1 lock=offer payee=b until=2022-07-05 debt=@debt
tranches id1: live=no into=t7
event Offered tranche=t7 payer=a payee=b face=600.00 until=2022-07-05

b  voucher.accept t7 600.00 2022-12-30
----
tranches t7: owner=b level=2 payer=a lock=free payee=- until=-
event Moved tranche=t7 root=r1 payer=a payee=b face=600.00 issuer=core

core  dispute.open t7 holder=b amount=100.00 reason=@bad-goods until=2022-07-05
----
refused DIS-007 caller=core holder=b: core 不是 b 所持凭证的前手 | core has not passed this voucher to b

a  dispute.open t7 holder=c amount=100.00 reason=@bad-goods until=2022-07-05
----
refused DIS-007 caller=a holder=b: a 不是 b 所持凭证的前手 | a has not passed this voucher to b

a  dispute.open t7 holder=b amount=100.00 reason=@bad-goods until=2022-07-11
----
refused DIS-009 until=2022-07-11 latest=2022-07-10: 期限 2022-07-11，最迟 2022-07-10 | until 2022-07-11, at most 2022-07-10

a  dispute.open t7 holder=b amount=100.00 reason=@bad-goods until=2022-07-05
----
disputes d1: tranche=id2 claimant=a holder=b amount=100.00 reason=@bad-goods opened=2022-06-30 until=2022-07-05 by_issuer=no waiting=2022-07-05
voucher.tranches id2: root=r1 owner=b face=100.00 level=2 since=2022-06-30 payer=a parent=t7 lock=dispute payee=a until=2022-07-05
voucher.tranches t8: root=r1 owner=b face=500.00 level=2 since=2022-06-30 payer=a parent=t7
voucher.tranches t7: live=no into=t8
event Opened dispute=d1 tranche=id2 claimant=a holder=b amount=100.00 until=2022-07-05

b  voucher.offer t8 c 50.00 until=2022-07-05 debt=@debt due=2022-12-30
----
tranches t9: root=r1 owner=b face=50.00 level=2 since=2022-06-30 payer=a parent=t8 lock=offer payee=c until=2022-07-05 debt=@debt
tranches t10: root=r1 owner=b face=450.00 level=2 since=2022-06-30 payer=a parent=t8
tranches t8: live=no into=t10
event Offered tranche=t9 payer=b payee=c face=50.00 until=2022-07-05

ask dispute.to_rule supervisor
----
result [(d1, {tranche=id2 claimant=a holder=b amount=100.00 reason=@bad-goods opened=2022-06-30 until=2022-07-05 by_issuer=no outcome=open waiting=2022-07-05 ruling=-})]

ask dispute.to_rule a
----
result []

a  dispute.rule d1 upheld=yes amount=100.00 ruling=@ruling
----
refused AUTH-004 needed=supervisor organisation=a: 需要角色 supervisor，a 没有 | needs the role supervisor, a does not have it

supervisor  dispute.rule d1 upheld=yes amount=99.00 ruling=@ruling
----
refused DIS-002 face=100.00 signed=99.00: 金额为 100.00，所签为 99.00 | the amount is 100.00, 99.00 was signed

b  dispute.drop d1
----
refused AUTH-003 field=claimant party=a caller=b: 该记录的 claimant 是 a，不是 b | the claimant is a, not b

supervisor  dispute.rule d1 upheld=yes amount=100.00 ruling=@ruling
----
disputes d1: outcome=upheld waiting=- ruling=@ruling
voucher.tranches id2: owner=a payer=- lock=free payee=- until=-
event voucher.Moved tranche=id2 root=r1 payer=b payee=a face=100.00 issuer=core
event Closed dispute=d1 tranche=id2 claimant=a holder=b outcome=upheld

ask dispute.to_rule supervisor
----
result []

supervisor  dispute.rule d1 upheld=no amount=100.00 ruling=@ruling
----
refused DIS-008 outcome=upheld: 争议结果已为 upheld | the dispute is upheld

# ---- the issuer can dispute against its own supplier alone; what it wins is annulled and frees its line -----------------
core  dispute.open t2 holder=a amount=150.00 reason=@no-goods until=2022-07-01
----
disputes d2: tranche=id3 claimant=core holder=a amount=150.00 reason=@no-goods opened=2022-06-30 until=2022-07-01 by_issuer=yes waiting=2022-07-01
voucher.tranches id3: root=r1 owner=a face=150.00 level=1 since=2022-06-30 payer=core parent=t2 lock=dispute payee=core until=2022-07-01
voucher.tranches t11: root=r1 owner=a face=250.00 level=1 since=2022-06-30 payer=core parent=t2
voucher.tranches t2: live=no into=t11
event Opened dispute=d2 tranche=id3 claimant=core holder=a amount=150.00 until=2022-07-01

supervisor  dispute.rule d2 upheld=yes amount=150.00 ruling=@ruling
----
credit.lines l1: occupied=850.00
credit.uses r1: amount=850.00
disputes d2: outcome=upheld waiting=- ruling=@ruling
voucher.roots r1: cancelled=150.00
voucher.tranches id3: live=no lock=free payee=- until=-
event Closed dispute=d2 tranche=id3 claimant=core holder=a outcome=upheld

ask voucher.root r1
----
result {issuer=core payee=a bank=icbc face=1,000.00 due=2022-12-30 issued=2022-06-30 line=l1 contract=p1 undertaking=@promise penalty=90000 status=live redeemed=0.00 cancelled=150.00 unsettled=yes}

# ---- without an outcome the lock falls by itself ------------------------------------------------------------------------
core  dispute.open t11 holder=a amount=10.00 reason=@no-goods until=2022-07-01
----
disputes d3: tranche=id4 claimant=core holder=a amount=10.00 reason=@no-goods opened=2022-06-30 until=2022-07-01 by_issuer=yes waiting=2022-07-01
voucher.tranches id4: root=r1 owner=a face=10.00 level=1 since=2022-06-30 payer=core parent=t11 lock=dispute payee=core until=2022-07-01
voucher.tranches t12: root=r1 owner=a face=240.00 level=1 since=2022-06-30 payer=core parent=t11
voucher.tranches t11: live=no into=t12
event Opened dispute=d3 tranche=id4 claimant=core holder=a amount=10.00 until=2022-07-01

day 2022-07-02
----
dispute.disputes d3: outcome=expired waiting=-
voucher.tranches id4: lock=free payee=- until=-
sweep event voucher.Noted tranche=id4 owner=a payee=core face=10.00 outcome=released
sweep event Closed dispute=d3 tranche=id4 claimant=core holder=a outcome=expired

supervisor  dispute.rule d3 upheld=yes amount=10.00 ruling=@ruling
----
refused DIS-008 outcome=expired: 争议结果已为 expired | the dispute is expired

ask dispute.disputes_of a
----
result [(d2, {tranche=id3 claimant=core holder=a amount=150.00 reason=@no-goods opened=2022-06-30 until=2022-07-01 by_issuer=yes outcome=upheld waiting=- ruling=@ruling}), (d3, {tranche=id4 claimant=core holder=a amount=10.00 reason=@no-goods opened=2022-06-30 until=2022-07-01 by_issuer=yes outcome=expired waiting=- ruling=-}), (d1, {tranche=id2 claimant=a holder=b amount=100.00 reason=@bad-goods opened=2022-06-30 until=2022-07-05 by_issuer=no outcome=upheld waiting=- ruling=@ruling})]
