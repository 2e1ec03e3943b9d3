# Who may stand in for the issuer, and what becomes of it when the voucher is split.
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

operator  guarantee.give r1 holder=a amount=100.00 contract=@surety divisible=yes
----
refused GUA-001 guarantor=operator: operator 不得为本凭证担保 | operator may not guarantee this voucher

a  guarantee.give r1 holder=a amount=100.00 contract=@surety divisible=yes
----
refused AUTH-005 needed=guarantor organisation=a: 需要资质 guarantor，a 没有或已过期 | needs the capacity guarantor, a lacks it or it has lapsed

surety  guarantee.give r1 holder=b amount=100.00 contract=@surety divisible=yes
----
refused GUA-008 owner=a signed=b: 持有人是 a，所签为 b | the holder is a, b was signed

surety  guarantee.give r1 holder=a amount=1,000.01 contract=@surety divisible=yes
----
refused GUA-003 asked=1,000.01 free=1,000.00: 担保 1,000.01，尚可担保 1,000.00 | guarantee of 1,000.01, 1,000.00 of the face are not guaranteed yet

# A race of two guarantors for the whole face.
surety  guarantee.give r1 holder=a amount=700.00 contract=@surety divisible=yes
----
guarantees r1 surety: tranche=r1 guarantor=surety amount=700.00 contract=@surety divisible=yes since=2022-06-30
voucher.tranches r1: guarantees=1
event Guaranteed tranche=r1 owner=a guarantor=surety amount=700.00

second  guarantee.give r1 holder=a amount=400.00 contract=@second divisible=no
----
refused GUA-003 asked=400.00 free=300.00: 担保 400.00，尚可担保 300.00 | guarantee of 400.00, 300.00 of the face are not guaranteed yet

surety  guarantee.give r1 holder=a amount=100.00 contract=@surety divisible=yes
----
refused GUA-004 guarantor=surety: surety 已为本凭证担保 | surety guarantees this voucher already

# A split divides it by the faces, the amount of the voucher is untouched.
a  voucher.offer r1 b 333.33 until=2022-07-05 debt=@debt due=2022-12-30
----
guarantee.guarantees g1 surety: tranche=g1 guarantor=surety amount=233.33 contract=@surety divisible=yes since=2022-06-30
guarantee.guarantees g2 surety: tranche=g2 guarantor=surety amount=466.67 contract=@surety divisible=yes since=2022-06-30
guarantee.guarantees r1 surety: removed
tranches g1: root=r1 owner=a face=333.33 level=1 since=2022-06-30 payer=core parent=r1 lock=offer payee=b until=2022-07-05 debt=@debt guarantees=1
tranches g2: root=r1 owner=a face=666.67 level=1 since=2022-06-30 payer=core parent=r1 guarantees=1
tranches r1: live=no into=g2
event Offered tranche=g1 payer=a payee=b face=333.33 until=2022-07-05

second  guarantee.give g1 holder=a amount=1.00 contract=@second divisible=no
----
refused GUA-002 tranche=g1: 凭证 g1 现不可办理 | g1 is not free now

b  voucher.accept g1 333.33 2022-12-30
----
tranches g1: owner=b level=2 payer=a lock=free payee=- until=-
event Moved tranche=g1 root=r1 payer=a payee=b face=333.33 issuer=core

# An indivisible guarantee keeps its voucher whole; and what is guaranteed is not merged.
second  guarantee.give g1 holder=b amount=50.00 contract=@second divisible=no
----
guarantees g1 second: tranche=g1 guarantor=second amount=50.00 contract=@second divisible=no since=2022-06-30
voucher.tranches g1: guarantees=2
event Guaranteed tranche=g1 owner=b guarantor=second amount=50.00

b  voucher.split g1 100.00
----
refused GUA-006 guarantor=second: second 的担保不可分割 | the guarantee by second cannot be divided

b  voucher.offer g1 c 333.33 until=2022-07-05 debt=@debt due=2022-12-30
----
guarantee.guarantees g3 second: tranche=g3 guarantor=second amount=50.00 contract=@second divisible=no since=2022-06-30
guarantee.guarantees g1 second: removed
guarantee.guarantees g3 surety: tranche=g3 guarantor=surety amount=233.33 contract=@surety divisible=yes since=2022-06-30
guarantee.guarantees g1 surety: removed
tranches g3: root=r1 owner=b face=333.33 level=2 since=2022-06-30 payer=a parent=g1 lock=offer payee=c until=2022-07-05 debt=@debt guarantees=2
tranches g1: live=no into=g3
event Offered tranche=g3 payer=b payee=c face=333.33 until=2022-07-05

a  voucher.split g2 200.00
----
guarantee.guarantees g4 surety: tranche=g4 guarantor=surety amount=140.00 contract=@surety divisible=yes since=2022-06-30
guarantee.guarantees g5 surety: tranche=g5 guarantor=surety amount=326.67 contract=@surety divisible=yes since=2022-06-30
guarantee.guarantees g2 surety: removed
tranches g4: root=r1 owner=a face=200.00 level=1 since=2022-06-30 payer=core parent=g2 guarantees=1
tranches g5: root=r1 owner=a face=466.67 level=1 since=2022-06-30 payer=core parent=g2 guarantees=1
tranches g2: live=no into=g5
event Noted tranche=g4 owner=a payee=- face=200.00 outcome=split

a  voucher.merge [g4, g5]
----
refused VOU-023 tranche=g4 why=guaranteed: 凭证 g4 不能合并：guaranteed | g4 cannot be merged: guaranteed

# The correction: an offer that is withdrawn leaves the guarantee where it was.
b  voucher.withdraw g3
----
tranches g3: lock=free payee=- until=-
event Noted tranche=g3 owner=b payee=c face=333.33 outcome=withdrawn

ask guarantee.guarantees_of g3
----
result [((g3, second), {tranche=g3 guarantor=second amount=50.00 contract=@second divisible=no since=2022-06-30}), ((g3, surety), {tranche=g3 guarantor=surety amount=233.33 contract=@surety divisible=yes since=2022-06-30})]

# Nobody pays before the issuer is late.
surety  guarantee.pay g3 surety 233.33
----
refused DTB-004 effective=-: 凭证未逾期，- 应付 | not overdue, payable on -
