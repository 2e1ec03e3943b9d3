# 乙 finances the half that 甲 has passed on; the factor sells it on to a bank.
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

given voucher.tranches ta: root=r1 owner=a face=1,000,000.00 level=1 since=2022-06-30 payer=core
given voucher.tranches tb: root=r1 owner=b face=1,000,000.00 level=2 since=2022-06-30 payer=a
given settlement.accounts b: account=@account-b bank=boc since=2022-06-30
given settlement.accounts fac: account=@account-fac bank=boc since=2022-06-30

# ---- asking locks nothing; only the holder asks, only licensed funders quote -------------------------------------------
a  finance.ask tb 1,000,000.00 until=2022-07-15 recourse=no funders=[]
----
refused FIN-001 owner=b caller=a: 凭证持有人是 b，不是 a | the holder is b, not a

b  finance.ask tb 1,000,000.01 until=2022-07-15 recourse=no funders=[]
----
refused FIN-003 asked=1,000,000.01 face=1,000,000.00: 申请 1,000,000.01，凭证面额 1,000,000.00 | 1,000,000.01 asked, the face is 1,000,000.00

b  finance.ask tb 1,000,000.00 until=2022-12-30 recourse=no funders=[]
----
refused FIN-018 until=2022-12-30 today=2022-06-30: 有效期至 2022-12-30，今日 2022-06-30 | open until 2022-12-30, today is 2022-06-30

b  finance.ask tb 1,000,000.00 until=2022-07-15 recourse=no funders=[a]
----
refused FIN-004 funder=a: a 不能为本凭证融资 | a cannot finance this voucher

b  finance.ask tb 1,000,000.00 until=2022-07-15 recourse=no funders=[fac, icbc]
----
applications a1: tranche=tb root=r1 holder=b face=1,000,000.00 until=2022-07-15 recourse=no funders=[fac, icbc]
event Asked application=a1 tranche=tb holder=b face=1,000,000.00 until=2022-07-15

ask finance.to_select b
----
result []

ask finance.to_quote fac
----
result [(a1, {tranche=tb root=r1 holder=b face=1,000,000.00 until=2022-07-15 recourse=no funders=[fac, icbc] open=yes})]

ask finance.to_quote boc
----
result []

a  finance.quote a1 rate=45000 fee_rate=0 fee_least=0.00 advance=1000000 until=2022-07-10
----
refused AUTH-005 needed=bank/factor organisation=a: 需要资质 bank/factor，a 没有或已过期 | needs the capacity bank/factor, a lacks it or it has lapsed

boc  finance.quote a1 rate=45000 fee_rate=0 fee_least=0.00 advance=1000000 until=2022-07-10
----
refused FIN-004 funder=boc: boc 不能为本凭证融资 | boc cannot finance this voucher

fac  finance.quote a1 rate=240001 fee_rate=0 fee_least=0.00 advance=1000000 until=2022-07-10
----
refused FIN-007 rate=240001 fee_rate=0 advance=1000000: 年利率 240001、手续费率 0、融资比例 1000000 不合规 | rate 240001, fee rate 0, advance 1000000 are not possible

# A race of two funders: both quote, the holder takes one.
icbc  finance.quote a1 rate=48000 fee_rate=0 fee_least=0.00 advance=1000000 until=2022-07-10
----
quotes a1 icbc: funder=icbc rate=48000 fee_rate=0 fee_least=0.00 advance=1000000 until=2022-07-10
event Quoted application=a1 holder=b funder=icbc rate=48000 until=2022-07-10

fac  finance.quote a1 rate=45000 fee_rate=1000 fee_least=500.00 advance=1000000 until=2022-07-10
----
quotes a1 fac: funder=fac rate=45000 fee_rate=1000 fee_least=500.00 advance=1000000 until=2022-07-10
event Quoted application=a1 holder=b funder=fac rate=45000 until=2022-07-10

ask finance.cost a1 fac 2022-06-30
----
result {days=183 advanced=1,000,000.00 interest=22,875.00 fee=1,000.00 net=976,125.00 all_in=48116}

ask finance.cost a1 icbc 2022-06-30
----
result {days=183 advanced=1,000,000.00 interest=24,400.00 fee=0.00 net=975,600.00 all_in=49200}

ask finance.to_select b
----
result [(a1, {tranche=tb root=r1 holder=b face=1,000,000.00 until=2022-07-15 recourse=no funders=[fac, icbc] open=yes})]

b  finance.select a1 fac value_day=2022-06-30 net=977,125.00 all_in=45000
----
refused FIN-010 net=976,125.00 all_in=48116 signed=977,125.00 signed_all_in=45000: 实得 976,125.00、年化综合成本 48116，所签为 977,125.00、45000 | 976,125.00 are paid out at 48116 all-in, 977,125.00 at 45000 was signed

b  finance.select a1 fac value_day=2022-07-02 net=976,125.00 all_in=48116
----
refused FIN-009 value_day=2022-07-02 today=2022-06-30 last=2022-12-29: 起息日 2022-07-02 须为 2022-06-30 起、登记日 2022-12-29 前的工作日 | value day 2022-07-02: a business day from 2022-06-30 on and before 2022-12-29

b  finance.select a1 fac value_day=2022-07-11 net=976,125.00 all_in=48116
----
refused FIN-008 until=2022-07-10 value_day=2022-07-11: 报价有效至 2022-07-10，起息日 2022-07-11 | the quote holds until 2022-07-10, the value day is 2022-07-11

b  finance.select a1 fac value_day=2022-06-30 net=976,125.00 all_in=48116
----
applications a1: open=no
financings f1: application=a1 tranche=tb root=r1 holder=b funder=fac face=1,000,000.00 rate=45000 value_day=2022-06-30 until=2022-07-01 effective_due=2022-12-30 days=183 interest=22,875.00 fee=1,000.00 net=976,125.00 rest=0.00 all_in=48116 recourse=no refactoring=no status=selected waiting=2022-07-01
voucher.tranches tb: lock=finance payee=fac until=2022-07-01
event Selected financing=f1 tranche=tb holder=b funder=fac face=1,000,000.00 interest=22,875.00 fee=1,000.00 net=976,125.00 value_day=2022-06-30 all_in=48116

ask finance.to_select b
----
result []

b  finance.select a1 icbc value_day=2022-06-30 net=975,600.00 all_in=49200
----
refused FIN-006 until=2022-07-15: 询价已于 2022-07-15 结束 | the request ended on 2022-07-15

# ---- locked: nothing else can be done with it --------------------------------------------------------------------------
b  voucher.offer tb a 1.00 until=2022-07-05 debt=@debt due=2022-12-30
----
refused VOU-006 lock=finance payee=fac until=2022-07-01: 凭证不可动用：状态 finance，对方 fac，至 2022-07-01 | not free: finance for fac until 2022-07-01

# ---- the contract, signed by both, with the registry's receipt ---------------------------------------------------------
b  finance.sign_as_holder f1 contract=@factoring face=1,000,000.00 net=976,000.00 value_day=2022-06-30
----
refused FIN-010 net=976,125.00 all_in=48116 signed=976,000.00 signed_all_in=48116: 实得 976,125.00、年化综合成本 48116，所签为 976,000.00、48116 | 976,125.00 are paid out at 48116 all-in, 976,000.00 at 48116 was signed

b  finance.sign_as_holder f1 contract=@factoring face=1,000,000.00 net=976,125.00 value_day=2022-06-30
----
financings f1: contract=@factoring holder_signed=yes
event Signed financing=f1 holder=b funder=fac contract=@factoring both=no

b  finance.sign_as_holder f1 contract=@factoring face=1,000,000.00 net=976,125.00 value_day=2022-06-30
----
refused FIN-014 organisation=b: b 已签署 | b has signed already

fac  finance.sign_as_funder f1 contract=@other registration=@zdw face=1,000,000.00 net=976,125.00 value_day=2022-06-30
----
refused FIN-013: 双方所签合同不一致 | not the contract that the other side has signed

icbc  finance.sign_as_funder f1 contract=@factoring registration=@zdw face=1,000,000.00 net=976,125.00 value_day=2022-06-30
----
refused AUTH-003 field=funder party=fac caller=icbc: 该记录的 funder 是 fac，不是 icbc | the funder is fac, not icbc

fac  finance.sign_as_funder f1 contract=@factoring registration=@zdw face=1,000,000.00 net=976,125.00 value_day=2022-06-30
----
financings f1: status=signed registration=@zdw funder_signed=yes instruction=id1
settlement.instructions id1: purpose=finance business=f1 payer=fac payee=b bank=- account=@account-b amount=976,125.00 currency=CNY day=2022-06-30 made=2022-06-30
event settlement.Instructed instruction=id1 purpose=finance business=f1 payer=fac payee=b bank=- account=@account-b amount=976,125.00 day=2022-06-30 earlier=-
event Signed financing=f1 holder=b funder=fac contract=@factoring both=yes

b  finance.cancel f1
----
refused FIN-019 until=2022-07-01: 已签署的融资须等到 2022-07-01 之后才能取消 | signed by both; it ends by itself after 2022-07-01

# ---- delivery versus payment: the owner changes with the bank's statement, and not before ------------------------------
statement s1: bank=boc number=1 kind=0 instruction=id1 payer=@account-fac payee=@account-b amount=976,000.00 day=2022-06-30

fac  settlement.receive s1
----
finance.financings f1: paid=976,000.00
instructions id1: paid=976,000.00
statements boc 1: instruction=id1 kind=0 amount=976,000.00 day=2022-06-30
event Receipted instruction=id1 payer=fac payee=b bank=boc number=1 kind=0 amount=976,000.00 left=125.00

statement s2: bank=boc number=2 kind=0 instruction=id1 payer=@account-fac payee=@account-b amount=125.00 day=2022-06-30

fac  settlement.receive s2
----
credit.exposures r1 fac: funder=fac core=core amount=1,000,000.00
finance.financings f1: status=financed waiting=- paid=976,125.00
instructions id1: paid=976,125.00 status=paid
statements boc 2: instruction=id1 kind=0 amount=125.00 day=2022-06-30
voucher.tranches tb: owner=fac payer=- lock=free payee=- until=-
event voucher.Moved tranche=tb root=r1 payer=b payee=fac face=1,000,000.00 issuer=core
event finance.Financed financing=f1 tranche=tb holder=b funder=fac face=1,000,000.00 net=976,125.00 refactoring=no
event Receipted instruction=id1 payer=fac payee=b bank=boc number=2 kind=0 amount=125.00 left=0.00

# ---- re-factoring: the factor sells half of it to the bank, which pays through itself ----------------------------------
fac  finance.ask tb 500,000.00 until=2022-07-15 recourse=no funders=[icbc]
----
applications a2: tranche=tb root=r1 holder=fac face=500,000.00 until=2022-07-15 recourse=no funders=[icbc]
event Asked application=a2 tranche=tb holder=fac face=500,000.00 until=2022-07-15

icbc  finance.quote a2 rate=40000 fee_rate=0 fee_least=0.00 advance=800000 until=2022-07-10
----
quotes a2 icbc: funder=icbc rate=40000 fee_rate=0 fee_least=0.00 advance=800000 until=2022-07-10
event Quoted application=a2 holder=fac funder=icbc rate=40000 until=2022-07-10

ask finance.cost a2 icbc 2022-06-30
----
result {days=183 advanced=400,000.00 interest=8,133.33 fee=0.00 net=391,866.67 all_in=40830}

fac  finance.select a2 icbc value_day=2022-06-30 net=391,866.67 all_in=40830
----
applications a2: open=no
financings f2: application=a2 tranche=id2 root=r1 holder=fac funder=icbc face=500,000.00 rate=40000 value_day=2022-06-30 until=2022-07-01 effective_due=2022-12-30 days=183 interest=8,133.33 fee=0.00 net=391,866.67 rest=100,000.00 all_in=40830 recourse=no refactoring=yes status=selected waiting=2022-07-01
voucher.tranches id2: root=r1 owner=fac face=500,000.00 level=2 since=2022-06-30 parent=tb lock=finance payee=icbc until=2022-07-01
voucher.tranches t1: root=r1 owner=fac face=500,000.00 level=2 since=2022-06-30 parent=tb
voucher.tranches tb: live=no into=t1
event Selected financing=f2 tranche=id2 holder=fac funder=icbc face=500,000.00 interest=8,133.33 fee=0.00 net=391,866.67 value_day=2022-06-30 all_in=40830

fac  finance.sign_as_holder f2 contract=@again face=500,000.00 net=391,866.67 value_day=2022-06-30
----
financings f2: contract=@again holder_signed=yes
event Signed financing=f2 holder=fac funder=icbc contract=@again both=no

icbc  finance.sign_as_funder f2 contract=@again registration=@zdw2 face=500,000.00 net=391,866.67 value_day=2022-06-30
----
financings f2: status=signed registration=@zdw2 funder_signed=yes instruction=id3
settlement.instructions id3: purpose=finance business=f2 payer=icbc payee=fac bank=- account=@account-fac amount=391,866.67 currency=CNY day=2022-06-30 made=2022-06-30
event settlement.Instructed instruction=id3 purpose=finance business=f2 payer=icbc payee=fac bank=- account=@account-fac amount=391,866.67 day=2022-06-30 earlier=-
event Signed financing=f2 holder=fac funder=icbc contract=@again both=yes

statement s3: bank=icbc number=1 kind=0 instruction=id3 payer=@account-icbc payee=@account-fac amount=391,866.67 day=2022-06-30

icbc  settlement.receive s3
----
instructions id3: status=stated claimed=391,866.67 claimed_day=2022-06-30 claimed_bank=icbc
statements icbc 1: instruction=id3 kind=0 amount=391,866.67 day=2022-06-30
event Claimed instruction=id3 payer=icbc payee=fac amount=391,866.67
event Receipted instruction=id3 payer=icbc payee=fac bank=icbc number=1 kind=0 amount=391,866.67 left=391,866.67

fac  settlement.confirm id3 391,866.67
----
credit.uses r1: financed=500,000.00
credit.exposures r1 fac: amount=500,000.00
credit.exposures r1 icbc: funder=icbc core=core amount=500,000.00
finance.financings f2: status=financed waiting=- paid=391,866.67
instructions id3: paid=391,866.67 status=paid claimed=0.00
voucher.tranches id2: owner=icbc lock=free payee=- until=-
event voucher.Moved tranche=id2 root=r1 payer=fac payee=icbc face=500,000.00 issuer=core
event finance.Financed financing=f2 tranche=id2 holder=fac funder=icbc face=500,000.00 net=391,866.67 refactoring=yes

# ---- the correction: a payment that comes back locks what was bought until it is paid again ----------------------------
statement s4: bank=icbc number=2 kind=1 instruction=id3 payer=@account-icbc payee=@account-fac amount=391,866.67 day=2022-06-30 earlier=1

fac  settlement.receive s4
----
finance.financings f2: status=returned paid=0.00
instructions id3: paid=0.00 status=returned
instructions i1: purpose=finance business=f2 payer=icbc payee=fac bank=- account=@account-fac amount=391,866.67 currency=CNY day=2022-06-30 made=2022-06-30 earlier=id3
statements icbc 2: instruction=id3 kind=1 amount=391,866.67 day=2022-06-30
statements icbc 1: returned=yes
voucher.tranches id2: lock=dispute payee=fac until=2022-12-30
event finance.Ended financing=f2 tranche=id2 holder=fac funder=icbc status=returned
event Instructed instruction=i1 purpose=finance business=f2 payer=icbc payee=fac bank=- account=@account-fac amount=391,866.67 day=2022-06-30 earlier=id3
event Receipted instruction=id3 payer=icbc payee=fac bank=icbc number=2 kind=1 amount=391,866.67 left=391,866.67

icbc  finance.ask id2 1.00 until=2022-07-15 recourse=no funders=[]
----
refused FIN-002 tranche=id2: 凭证 id2 现不可动用 | id2 is not free to move now

statement s5: bank=boc number=3 kind=0 instruction=i1 payer=@account-icbc payee=@account-fac amount=391,866.67 day=2022-06-30

fac  settlement.receive s5
----
finance.financings f2: status=financed paid=391,866.67
instructions i1: paid=391,866.67 status=paid
statements boc 3: instruction=i1 kind=0 amount=391,866.67 day=2022-06-30
voucher.tranches id2: lock=free payee=- until=-
event voucher.Noted tranche=id2 owner=icbc payee=fac face=500,000.00 outcome=released
event finance.Financed financing=f2 tranche=id2 holder=fac funder=icbc face=500,000.00 net=391,866.67 refactoring=yes
event Receipted instruction=i1 payer=icbc payee=fac bank=boc number=3 kind=0 amount=391,866.67 left=0.00

# ---- no statement by the business day after the value day: the lock falls; money that comes later opens a dispute -------
a  finance.ask ta 200,000.00 until=2022-07-15 recourse=no funders=[]
----
applications a3: tranche=ta root=r1 holder=a face=200,000.00 until=2022-07-15 recourse=no funders=[]
event Asked application=a3 tranche=ta holder=a face=200,000.00 until=2022-07-15

boc  finance.quote a3 rate=45000 fee_rate=0 fee_least=0.00 advance=1000000 until=2022-07-10
----
quotes a3 boc: funder=boc rate=45000 fee_rate=0 fee_least=0.00 advance=1000000 until=2022-07-10
event Quoted application=a3 holder=a funder=boc rate=45000 until=2022-07-10

a  finance.select a3 boc value_day=2022-06-30 net=195,425.00 all_in=46053
----
applications a3: open=no
financings f3: application=a3 tranche=id4 root=r1 holder=a funder=boc face=200,000.00 rate=45000 value_day=2022-06-30 until=2022-07-01 effective_due=2022-12-30 days=183 interest=4,575.00 fee=0.00 net=195,425.00 rest=0.00 all_in=46053 recourse=no refactoring=no status=selected waiting=2022-07-01
voucher.tranches id4: root=r1 owner=a face=200,000.00 level=1 since=2022-06-30 payer=core parent=ta lock=finance payee=boc until=2022-07-01
voucher.tranches t2: root=r1 owner=a face=800,000.00 level=1 since=2022-06-30 payer=core parent=ta
voucher.tranches ta: live=no into=t2
event Selected financing=f3 tranche=id4 holder=a funder=boc face=200,000.00 interest=4,575.00 fee=0.00 net=195,425.00 value_day=2022-06-30 all_in=46053

a  finance.sign_as_holder f3 contract=@third face=200,000.00 net=195,425.00 value_day=2022-06-30
----
financings f3: contract=@third holder_signed=yes
event Signed financing=f3 holder=a funder=boc contract=@third both=no

boc  finance.sign_as_funder f3 contract=@third registration=@zdw3 face=200,000.00 net=195,425.00 value_day=2022-06-30
----
financings f3: status=signed registration=@zdw3 funder_signed=yes instruction=id5
settlement.instructions id5: purpose=finance business=f3 payer=boc payee=a bank=- account=- amount=195,425.00 currency=CNY day=2022-06-30 made=2022-06-30
event settlement.Instructed instruction=id5 purpose=finance business=f3 payer=boc payee=a bank=- account=- amount=195,425.00 day=2022-06-30 earlier=-
event Signed financing=f3 holder=a funder=boc contract=@third both=yes

day 2022-07-02
----
finance.financings f3: status=lapsed waiting=-
settlement.instructions id5: status=closed
voucher.tranches id4: lock=free payee=- until=-
sweep event voucher.Noted tranche=id4 owner=a payee=boc face=200,000.00 outcome=released
sweep event settlement.Closed instruction=id5 payer=boc payee=a left=195,425.00
sweep event Ended financing=f3 tranche=id4 holder=a funder=boc status=lapsed

a  settlement.register account=@account-a bank=icbc
----
accounts a: account=@account-a bank=icbc since=2022-07-02
event Registered organisation=a bank=icbc

statement s6: bank=icbc number=3 kind=0 instruction=id5 payer=@account-boc payee=@account-a amount=195,425.00 day=2022-07-01

boc  settlement.receive s6
----
finance.financings f3: status=disputed paid=195,425.00
instructions id5: paid=195,425.00
statements icbc 3: instruction=id5 kind=0 amount=195,425.00 day=2022-07-01
event finance.Ended financing=f3 tranche=id4 holder=a funder=boc status=disputed
event Receipted instruction=id5 payer=boc payee=a bank=icbc number=3 kind=0 amount=195,425.00 left=0.00

ask finance.to_sign b
----
result []

# ---- recourse: the issuer is late, who sold with recourse pays what is missing and has the voucher again ----------------
given credit.uses r2: line=l1 group=l1 core=core amount=1,000.00 until=-
given voucher.roots r2: issuer=core payee=a bank=icbc face=1,000.00 due=2022-07-01 issued=2022-06-01 line=l1 contract=p2 undertaking=@promise penalty=90000 status=due unsettled=yes
given voucher.tranches tr: root=r2 owner=boc face=600.00 level=1 since=2022-06-02
given voucher.tranches tn: root=r2 owner=boc face=400.00 level=1 since=2022-06-02
given maturity.redemptions r2: issuer=core bank=icbc due=2022-07-01 rate=90000 effective=2022-07-01 phase=due total=1,000.00 claims=2 collected=500.00
given distribution.payouts r2: issuer=core bank=icbc effective=2022-07-01 total=1,000.00 shared=500.00 instructed=500.00 paid=500.00
given distribution.claims tr: root=r2 payee=boc face=600.00 withheld=no instructed=300.00 paid=300.00 share=300.00
given distribution.claims tn: root=r2 payee=boc face=400.00 withheld=no instructed=200.00 paid=200.00 share=200.00
given financings fr: application=a9 tranche=tr root=r2 holder=a funder=boc face=600.00 rate=45000 value_day=2022-06-02 until=2022-06-03 effective_due=2022-07-01 days=29 interest=1.00 fee=0.00 net=479.00 rest=120.00 all_in=0 recourse=yes refactoring=no status=financed waiting=-
given financings fn: application=a9 tranche=tn root=r2 holder=a funder=boc face=400.00 rate=45000 value_day=2022-06-02 until=2022-06-03 effective_due=2022-07-01 days=29 interest=1.00 fee=0.00 net=399.00 rest=0.00 all_in=0 recourse=no refactoring=no status=financed waiting=-
given settlement.accounts boc: account=@account-boc bank=boc since=2022-06-30

boc  finance.take_recourse fn a 400.00
----
refused FIN-020: 该融资无追索权 | this financing is without recourse

a  finance.take_recourse fr a 600.00
----
refused AUTH-003 field=funder party=boc caller=a: 该记录的 funder 是 boc，不是 a | the funder is boc, not a

boc  finance.take_recourse fr a 599.99
----
refused FIN-021 face=600.00 signed=599.99: 面额 600.00，所签为 599.99 | the face is 600.00, 599.99 was signed

boc  finance.pay_rest fr
----
refused FIN-017: 凭证尚未兑付 | the voucher has not been redeemed

boc  finance.take_recourse fr a 600.00
----
distribution.honours tr a: face=600.00 left=300.00 paid=300.00 recourse=yes
financings fr: status=recourse instruction=id6
settlement.instructions id6: purpose=recourse business=tr payer=a payee=boc bank=- account=@account-boc amount=300.00 currency=CNY day=2022-07-02 made=2022-07-02
event settlement.Instructed instruction=id6 purpose=recourse business=tr payer=a payee=boc bank=- account=@account-boc amount=300.00 day=2022-07-02 earlier=-
event Ended financing=fr tranche=tr holder=a funder=boc status=recourse

boc  finance.take_recourse fr a 600.00
----
refused FIN-012 status=recourse: 融资状态为 recourse | the financing is recourse

statement s7: bank=icbc number=9 kind=0 instruction=id6 payer=@account-a payee=@account-boc amount=300.00 day=2022-07-02

a  settlement.receive s7
----
distribution.claims tr: payee=a
distribution.honours tr a: removed
instructions id6: paid=300.00 status=paid
statements icbc 9: instruction=id6 kind=0 amount=300.00 day=2022-07-02
voucher.tranches tr: owner=a since=2022-07-02
event voucher.Moved tranche=tr root=r2 payer=boc payee=a face=600.00 issuer=core
event Receipted instruction=id6 payer=a payee=boc bank=icbc number=9 kind=0 amount=300.00 left=0.00

# What the advance had left over is the holder's now.
a  finance.pay_rest fr
----
financings fr: status=settled instruction=id7
settlement.instructions id7: purpose=rest business=fr payer=boc payee=a bank=- account=@account-a amount=120.00 currency=CNY day=2022-07-02 made=2022-07-02
event settlement.Instructed instruction=id7 purpose=rest business=fr payer=boc payee=a bank=- account=@account-a amount=120.00 day=2022-07-02 earlier=-

ask distribution.claim tr
----
result {root=r2 payee=a face=600.00 withheld=no instructed=300.00 paid=300.00 penalty_instructed=0.00 penalty_paid=0.00 share=300.00 penalty_share=0.00 shortfall=-}
