# One file pays three suppliers out of one voucher.
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

a  bulk.pay r1 batch=@file count=2 total=300.00 until=2022-07-05 items=[{reference=inv-1 payee=b face=100.00 debt=@d1}, {reference=inv-2 payee=c face=200.01 debt=@d2}]
----
refused BLK-002 count=2 total=300.01 signed_count=2 signed_total=300.00: 清单 2 项合计 300.01,所签为 2 项 300.00 | 2 items with 300.01, signed were 2 with 300.00

a  bulk.pay r1 batch=@file count=2 total=300.00 until=2022-07-05 items=[{reference=inv-1 payee=b face=100.00 debt=@d1}, {reference=inv-1 payee=c face=200.00 debt=@d2}]
----
refused BLK-003 reference=inv-1: 参考号 inv-1 重复 | the reference inv-1 stands twice

a  bulk.pay r1 batch=@file count=0 total=0.00 until=2022-07-05 items=[]
----
refused BLK-001 count=0 limit=500: 共 0 项,应为 1 至 500 项 | 0 items, 1 to 500 are possible

b  bulk.pay r1 batch=@file count=1 total=100.00 until=2022-07-05 items=[{reference=inv-1 payee=c face=100.00 debt=@d1}]
----
refused VOU-024 owner=a caller=b: 持有人是 a,不是 b | the holder is a, not b

# One item that cannot be, and nothing is done.
a  bulk.pay r1 batch=@file count=2 total=300.00 until=2022-07-05 items=[{reference=inv-1 payee=b face=100.00 debt=@d1}, {reference=inv-2 payee=icbc face=200.00 debt=@d2}]
----
refused VOU-011 payee=icbc: icbc 不能接收本凭证 | icbc cannot receive this voucher

a  bulk.pay r1 batch=@file count=3 total=600.00 until=2022-07-05 items=[{reference=inv-1 payee=b face=100.00 debt=@d1}, {reference=inv-2 payee=c face=200.00 debt=@d2}, {reference=inv-3 payee=b face=300.00 debt=@d3}]
----
batches a @file: count=3 total=600.00 day=2022-06-30 children=[id1, id2, id3]
voucher.tranches id1: root=r1 owner=a face=100.00 level=1 since=2022-06-30 payer=core parent=r1 lock=offer payee=b until=2022-07-05 debt=@d1
voucher.tranches id2: root=r1 owner=a face=200.00 level=1 since=2022-06-30 payer=core parent=r1 lock=offer payee=c until=2022-07-05 debt=@d2
voucher.tranches id3: root=r1 owner=a face=300.00 level=1 since=2022-06-30 payer=core parent=r1 lock=offer payee=b until=2022-07-05 debt=@d3
voucher.tranches t1: root=r1 owner=a face=400.00 level=1 since=2022-06-30 payer=core parent=r1
voucher.tranches r1: live=no into=t1
event voucher.Offered tranche=id1 payer=a payee=b face=100.00 until=2022-07-05
event voucher.Offered tranche=id2 payer=a payee=c face=200.00 until=2022-07-05
event voucher.Offered tranche=id3 payer=a payee=b face=300.00 until=2022-07-05
event Paid batch=@file payer=a count=3 total=600.00

# Sent again it answers as before; the same file cannot mean something else.
a  bulk.pay r1 batch=@file count=3 total=600.00 until=2022-07-05 items=[{reference=inv-1 payee=b face=100.00 debt=@d1}, {reference=inv-2 payee=c face=200.00 debt=@d2}, {reference=inv-3 payee=b face=300.00 debt=@d3}]
----

a  bulk.pay r1 batch=@file count=1 total=100.00 until=2022-07-05 items=[{reference=inv-9 payee=b face=100.00 debt=@d9}]
----
refused BLK-004 count=3 total=600.00: 该清单已按 3 项 600.00 办理 | this file was carried out before, with 3 items and 600.00

# A race: the two items for 乙 are separate offers; 丙 cannot take one of them.
c  voucher.accept id1 100.00 2022-12-30
----
refused AUTH-003 field=payee party=b caller=c: 该记录的 payee 是 b,不是 c | the payee is b, not c

b  voucher.accept id1 100.00 2022-12-30
----
tranches id1: owner=b level=2 payer=a lock=free payee=- until=-
event Moved tranche=id1 root=r1 payer=a payee=b face=100.00 issuer=core

b  voucher.refuse id3
----
tranches id3: lock=free payee=- until=-
event Noted tranche=id3 owner=a payee=b face=300.00 outcome=refused

# The correction: what was not accepted is withdrawn, item by item.
a  voucher.withdraw id2
----
tranches id2: lock=free payee=- until=-
event Noted tranche=id2 owner=a payee=c face=200.00 outcome=withdrawn

ask bulk.batch a @file
----
result {count=3 total=600.00 day=2022-06-30 children=[id1, id2, id3]}
