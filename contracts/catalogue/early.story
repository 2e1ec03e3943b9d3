# The issuer pays one holder before the due day, in full; another for less, which that one signs.
firm core: role user; capacity core
firm a, b: role user; capacity supplier            # 甲, 乙
firm icbc, boc: role user; capacity bank
parameter voucher_tenor_months_max 12
parameter voucher_tenor_months_warn 6
parameter voucher_offer_days_max 30
parameter voucher_penalty_rate 90000
parameter voucher_split_fen_min 100
parameter voucher_level_max 10
parameter maturity_default_days 30
parameter maturity_return_days 3
day 2022-06-30
given credit.lines l1: funder=icbc core=core parent=- product="" limit=5,000.00 revolving=yes occupied=1,000.00 begins=2022-06-30 ends=2023-06-30
given credit.uses r1: line=l1 group=l1 core=core amount=1,000.00 until=-
given voucher.roots r1: issuer=core payee=a bank=icbc face=1,000.00 due=2022-12-30 issued=2022-06-30 line=l1 contract=p1 undertaking=@promise penalty=90000 status=live unsettled=yes
given maturity.redemptions r1: issuer=core bank=icbc due=2022-12-30 rate=90000 effective=2022-12-30 turn=2022-12-29
given voucher.tranches ta: root=r1 owner=a face=600.00 level=1 since=2022-06-30 payer=core
given voucher.tranches tb: root=r1 owner=b face=400.00 level=2 since=2022-06-30 payer=a
given settlement.accounts a: account=@account-a bank=icbc since=2022-06-30
given settlement.accounts b: account=@account-b bank=boc since=2022-06-30

# ---- only the issuer offers, only the holder agrees, and both sign the same terms ----------------------------------------
a  early.offer tb b face=400.00 price=400.00 day=2022-07-01
----
refused AUTH-005 needed=core organisation=a: 需要资质 core，a 没有或已过期 | needs the capacity core, a lacks it or it has lapsed

core  early.offer tb a face=400.00 price=400.00 day=2022-07-01
----
refused ERL-002 owner=b signed=a: 持有人是 b，所签为 a | the holder is b, a was signed

core  early.offer tb b face=400.00 price=400.01 day=2022-07-01
----
refused ERL-004 face=400.00 price=400.01 whole=400.00: 面额 400.00、价款 400.01 不合规，凭证面额 400.00 | 400.00 at 400.01 is not possible, the face is 400.00

core  early.offer tb b face=400.00 price=400.00 day=2022-12-26
----
refused ERL-005 day=2022-12-26 today=2022-06-30 last=2022-12-25: 付款日 2022-12-26 须为 2022-06-30 至 2022-12-25 的工作日 | payment day 2022-12-26: a business day from 2022-06-30 to 2022-12-25

core  early.offer tb b face=400.00 price=400.00 day=2022-07-01
----
offers o1: tranche=tb root=r1 issuer=core holder=b bank=icbc face=400.00 price=400.00 day=2022-07-01 last=2022-12-28 waiting=2022-07-01
event Changed early=o1 tranche=tb issuer=core holder=b face=400.00 price=400.00 status=offered

a  early.agree o1 face=400.00 price=400.00 day=2022-07-01
----
refused AUTH-003 field=holder party=b caller=a: 该记录的 holder 是 b，不是 a | the holder is b, not a

b  early.agree o1 face=400.00 price=390.00 day=2022-07-01
----
refused ERL-007 face=400.00 price=400.00 day=2022-07-01 signed_face=400.00 signed_price=390.00 signed_day=2022-07-01: 约定为 400.00、价款 400.00、2022-07-01 付款，所签为 400.00、390.00、2022-07-01 | offered were 400.00 for 400.00 on 2022-07-01, signed were 400.00 for 390.00 on 2022-07-01

b  early.agree o1 face=400.00 price=400.00 day=2022-07-01
----
offers o1: status=agreed waiting=2022-07-04
settlement.instructions i1: purpose=early business=o1 payer=core payee=b bank=icbc account=@account-b amount=400.00 currency=CNY day=2022-07-01 made=2022-06-30
voucher.tranches tb: lock=early payee=core until=2022-07-04
event Changed early=o1 tranche=tb issuer=core holder=b face=400.00 price=400.00 status=agreed
event settlement.Instructed instruction=i1 purpose=early business=o1 payer=core payee=b bank=icbc account=@account-b amount=400.00 day=2022-07-01 earlier=-

b  voucher.offer tb a 100.00 until=2022-07-05 debt=@debt due=2022-12-30
----
refused VOU-006 lock=early payee=core until=2022-07-04: 凭证不可动用：状态 early，对方 core，至 2022-07-04 | not free: early for core until 2022-07-04

statement s1: bank=icbc number=1 kind=0 instruction=i1 payer=@account-core payee=@account-b amount=400.00 day=2022-06-30

core  settlement.receive s1
----
early.offers o1: status=redeemed waiting=- paid=400.00
instructions i1: paid=400.00 status=paid
statements icbc 1: instruction=i1 kind=0 amount=400.00 day=2022-06-30
voucher.roots r1: redeemed=400.00
voucher.tranches tb: live=no lock=free payee=- until=-
event early.Changed early=o1 tranche=tb issuer=core holder=b face=400.00 price=400.00 status=redeemed
event Receipted instruction=i1 payer=core payee=b bank=icbc number=1 kind=0 amount=400.00 left=0.00

b  voucher.offer tb a 100.00 until=2022-07-05 debt=@debt due=2022-12-30
----
refused VOU-032 status=redeemed: 凭证已结束，不能再办理：redeemed | the voucher has ended, nothing can be done with it: redeemed

# ---- the payment comes back: the voucher lives again, and the new instruction names the old one --------------------------
statement s2: bank=icbc number=2 kind=1 instruction=i1 payer=@account-core payee=@account-b amount=400.00 day=2022-06-30 earlier=1

core  settlement.receive s2
----
early.offers o1: status=agreed waiting=2022-12-28 paid=0.00
instructions i1: paid=0.00 status=returned
instructions i2: purpose=early business=o1 payer=core payee=b bank=icbc account=@account-b amount=400.00 currency=CNY day=2022-06-30 made=2022-06-30 earlier=i1
statements icbc 2: instruction=i1 kind=1 amount=400.00 day=2022-06-30
statements icbc 1: returned=yes
voucher.roots r1: redeemed=0.00
voucher.tranches tb: live=yes lock=early payee=core until=2022-12-28
event early.Changed early=o1 tranche=tb issuer=core holder=b face=400.00 price=400.00 status=agreed
event Instructed instruction=i2 purpose=early business=o1 payer=core payee=b bank=icbc account=@account-b amount=400.00 day=2022-06-30 earlier=i1
event Receipted instruction=i1 payer=core payee=b bank=icbc number=2 kind=1 amount=400.00 left=400.00

statement s3: bank=icbc number=3 kind=0 instruction=i2 payer=@account-core payee=@account-b amount=400.00 day=2022-06-30

core  settlement.receive s3
----
early.offers o1: status=redeemed waiting=- paid=400.00
instructions i2: paid=400.00 status=paid
statements icbc 3: instruction=i2 kind=0 amount=400.00 day=2022-06-30
voucher.roots r1: redeemed=400.00
voucher.tranches tb: live=no lock=free payee=- until=-
event early.Changed early=o1 tranche=tb issuer=core holder=b face=400.00 price=400.00 status=redeemed
event Receipted instruction=i2 payer=core payee=b bank=icbc number=3 kind=0 amount=400.00 left=0.00

# ---- a signed rebate, for the rest: then all is redeemed, the issuer owes nothing and the line is free after the days for returns
core  early.offer ta a face=600.00 price=590.00 day=2022-07-01
----
offers o2: tranche=ta root=r1 issuer=core holder=a bank=icbc face=600.00 price=590.00 day=2022-07-01 last=2022-12-28 waiting=2022-07-01
event Changed early=o2 tranche=ta issuer=core holder=a face=600.00 price=590.00 status=offered

core  early.withdraw o2
----
offers o2: status=withdrawn waiting=-
event Changed early=o2 tranche=ta issuer=core holder=a face=600.00 price=590.00 status=withdrawn

a  early.agree o2 face=600.00 price=590.00 day=2022-07-01
----
refused ERL-006 status=withdrawn: 提前兑付状态为 withdrawn | the early redemption is withdrawn

core  early.offer ta a face=600.00 price=590.00 day=2022-07-01
----
offers o3: tranche=ta root=r1 issuer=core holder=a bank=icbc face=600.00 price=590.00 day=2022-07-01 last=2022-12-28 waiting=2022-07-01
event Changed early=o3 tranche=ta issuer=core holder=a face=600.00 price=590.00 status=offered

ask early.to_agree a
----
result [(o3, {tranche=ta root=r1 issuer=core holder=a bank=icbc face=600.00 price=590.00 day=2022-07-01 last=2022-12-28 status=offered waiting=2022-07-01 paid=0.00})]

a  early.agree o3 face=600.00 price=590.00 day=2022-07-01
----
offers o3: status=agreed waiting=2022-07-04
settlement.instructions i3: purpose=early business=o3 payer=core payee=a bank=icbc account=@account-a amount=590.00 currency=CNY day=2022-07-01 made=2022-06-30
voucher.tranches ta: lock=early payee=core until=2022-07-04
event Changed early=o3 tranche=ta issuer=core holder=a face=600.00 price=590.00 status=agreed
event settlement.Instructed instruction=i3 purpose=early business=o3 payer=core payee=a bank=icbc account=@account-a amount=590.00 day=2022-07-01 earlier=-

statement s4: bank=icbc number=4 kind=0 instruction=i3 payer=@account-core payee=@account-a amount=590.00 day=2022-06-30

core  settlement.receive s4
----
early.offers o3: status=redeemed waiting=- paid=590.00
maturity.redemptions r1: phase=redeemed turn=2022-07-04
instructions i3: paid=590.00 status=paid
statements icbc 4: instruction=i3 kind=0 amount=590.00 day=2022-06-30
voucher.roots r1: status=redeemed redeemed=1,000.00 unsettled=no
voucher.tranches ta: live=no lock=free payee=- until=-
event voucher.RootChanged root=r1 issuer=core status=redeemed redeemed=1,000.00 cancelled=0.00
event maturity.Ended root=r1 issuer=core phase=redeemed
event early.Changed early=o3 tranche=ta issuer=core holder=a face=600.00 price=590.00 status=redeemed
event Receipted instruction=i3 payer=core payee=a bank=icbc number=4 kind=0 amount=590.00 left=0.00

day 2022-07-04
----
credit.lines l1: occupied=0.00
credit.uses r1: removed
maturity.redemptions r1: phase=cancelled turn=-
voucher.roots r1: status=cancelled
sweep event voucher.RootChanged root=r1 issuer=core status=cancelled redeemed=1,000.00 cancelled=0.00
sweep event maturity.Ended root=r1 issuer=core phase=cancelled
