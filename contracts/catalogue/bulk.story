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

a  bulk.pay r1 batch=0x62e67530f670e09b2db9bdf2a9be302622a042bb615a9c09c18404253514920d count=2 total=300.00 until=2022-07-05 due=2022-12-30 items=[{reference=inv-1 payee=b face=100.00 debt=@d1}, {reference=inv-2 payee=c face=200.01 debt=@d2}]
----
refused BLK-002 count=2 total=300.01 signed_count=2 signed_total=300.00: 清单 2 项合计 300.01，所签为 2 项 300.00 | 2 items with 300.01, signed were 2 with 300.00

a  bulk.pay r1 batch=0x82baa62dfaf4967b7eced273b37ab3db239b760c51e5270491b95331041e9854 count=2 total=300.00 until=2022-07-05 due=2022-12-30 items=[{reference=inv-1 payee=b face=100.00 debt=@d1}, {reference=inv-1 payee=c face=200.00 debt=@d2}]
----
refused BLK-003 reference=inv-1: 业务编号 inv-1 重复 | the reference inv-1 stands twice

a  bulk.pay r1 batch=0x250b02436556d252646ce9f02b9ae5b72d975d9b92c02e06066df8967da71cdb count=0 total=0.00 until=2022-07-05 due=2022-12-30 items=[]
----
refused BLK-001 count=0 limit=500: 共 0 项，应为 1 至 500 项 | 0 items, 1 to 500 are possible

b  bulk.pay r1 batch=0xc4de67d42269b141ee86f4766cd9651a00e9663c4da1dee65a106286f16b9365 count=1 total=100.00 until=2022-07-05 due=2022-12-30 items=[{reference=inv-1 payee=c face=100.00 debt=@d1}]
----
refused VOU-024 owner=a caller=b: 持有人是 a，不是 b | the holder is a, not b

# One item that cannot be, and nothing is done.
a  bulk.pay r1 batch=0x512632d0d14c82663fe203cbef562be21e7a946a569b5061be552571010f6ef2 count=2 total=300.00 until=2022-07-05 due=2022-12-30 items=[{reference=inv-1 payee=b face=100.00 debt=@d1}, {reference=inv-2 payee=icbc face=200.00 debt=@d2}]
----
refused VOU-011 payee=icbc: icbc 没有供应商或核心企业资质，或已过期，不能接收凭证 | icbc has no capacity supplier or core, or it has lapsed, and cannot receive vouchers

a  bulk.pay r1 batch=0xf3f5b72b12f0523ef9fb8f1403c0233de627ab823cd18aba61649f0b7c8c4b12 count=3 total=600.00 until=2022-07-05 due=2022-12-30 items=[{reference=inv-1 payee=b face=100.00 debt=@d1}, {reference=inv-2 payee=c face=200.00 debt=@d2}, {reference=inv-3 payee=b face=300.00 debt=@d3}]
----
batches a @1: count=3 total=600.00 day=2022-06-30 children=[id1, id2, id3]
references a inv-1: batch=@1
references a inv-2: batch=@1
references a inv-3: batch=@1
voucher.tranches id1: root=r1 owner=a face=100.00 level=1 since=2022-06-30 payer=core parent=r1 lock=offer payee=b until=2022-07-05 debt=@d1
voucher.tranches id2: root=r1 owner=a face=200.00 level=1 since=2022-06-30 payer=core parent=r1 lock=offer payee=c until=2022-07-05 debt=@d2
voucher.tranches id3: root=r1 owner=a face=300.00 level=1 since=2022-06-30 payer=core parent=r1 lock=offer payee=b until=2022-07-05 debt=@d3
voucher.tranches t1: root=r1 owner=a face=400.00 level=1 since=2022-06-30 payer=core parent=r1
voucher.tranches r1: live=no into=t1
event voucher.Offered tranche=id1 payer=a payee=b face=100.00 until=2022-07-05
event voucher.Offered tranche=id2 payer=a payee=c face=200.00 until=2022-07-05
event voucher.Offered tranche=id3 payer=a payee=b face=300.00 until=2022-07-05
event Paid batch=@1 payer=a count=3 total=600.00

# Sent again it answers as before; the same file cannot mean something else.
a  bulk.pay r1 batch=0xf3f5b72b12f0523ef9fb8f1403c0233de627ab823cd18aba61649f0b7c8c4b12 count=3 total=600.00 until=2022-07-05 due=2022-12-30 items=[{reference=inv-1 payee=b face=100.00 debt=@d1}, {reference=inv-2 payee=c face=200.00 debt=@d2}, {reference=inv-3 payee=b face=300.00 debt=@d3}]
----

# The digest that was signed must be that of the items; a reference is used once, in whatever file.
a  bulk.pay r1 batch=@file count=1 total=100.00 until=2022-07-05 due=2022-12-30 items=[{reference=inv-9 payee=b face=100.00 debt=@d9}]
----
refused BLK-005 signed=@file: 所签清单 @file 与明细不符 | @file was signed, the items are of another file

a  bulk.pay t1 batch=0xba993de546348b4bcee6f7c60d914d2f6fbd849d470eb75b4c23eec6a100ae29 count=2 total=200.00 until=2022-07-05 due=2022-12-30 items=[{reference=inv-9 payee=b face=100.00 debt=@d9}, {reference=inv-2 payee=c face=100.00 debt=@d2}]
----
refused BLK-006 reference=inv-2 batch=@1: 业务编号 inv-2 已在清单 @1 中办理 | the reference inv-2 was used in @1

a  bulk.pay t1 batch=0x108148008508247246fedc58e11fca5cc39ce4bcf55add4e2754801c1035dca0 count=1 total=100.00 until=2022-07-05 due=2022-12-30 items=[{reference="" payee=b face=100.00 debt=@d9}]
----
refused BLK-007 reference="" limit=64: 业务编号 "" 应为 1 至 64 字 | the reference "" must have 1 to 64 characters

ask bulk.reference a inv-2
----
result {batch=@1}

# A race: the two items for 乙 are separate offers; 丙 cannot take one of them.
c  voucher.accept id1 100.00 2022-12-30
----
refused AUTH-003 field=payee party=b caller=c: 该记录的 payee 是 b，不是 c | the payee is b, not c

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

ask bulk.batch a @1
----
result {count=3 total=600.00 day=2022-06-30 children=[id1, id2, id3]}
