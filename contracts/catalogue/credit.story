# A group line with a sub-line; what uses the lower one uses both. Contracts use lines, people only look after them.
firm icbc: role user; capacity bank                 # 资金方
firm boc: role user; capacity bank
firm core, mill: role user; capacity core           # 集团, 子公司
firm a: role user; capacity supplier
parameter voucher_tenor_months_max 12
parameter voucher_tenor_months_warn 6
parameter voucher_offer_days_max 30
parameter voucher_penalty_rate 90000
parameter voucher_split_fen_min 1
parameter voucher_level_max 10
day 2022-06-30

icbc  credit.grant core 1,000.00 product="" revolving=yes
----
lines l1: funder=icbc core=core parent=- product="" limit=1,000.00 revolving=yes
event Granted line=l1 funder=icbc core=core limit=1,000.00

a  credit.grant core 1,000.00 product="" revolving=yes
----
refused AUTH-005 needed=bank/factor organisation=a: 需要资质 bank/factor，a 没有或已过期 | needs the capacity bank/factor, a lacks it or it has lapsed

icbc  credit.grant a 1,000.00 product="" revolving=yes
----
refused CRE-016 core=a: a 没有核心企业资质 | a is not licensed as a core enterprise

icbc  credit.grant core 0.00 product="" revolving=yes
----
refused CRE-001 amount=0.00: 金额 0.00 须大于零 | the amount 0.00 must be above zero

# The group cuts its line: the parts never exceed the whole.
core  credit.allocate l1 mill 600.00 product=steel
----
lines l1: allocated=600.00
lines l2: funder=icbc core=mill parent=l1 product=steel limit=600.00 revolving=yes
event Granted line=l2 funder=icbc core=mill limit=600.00

core  credit.allocate l1 core 400.01 product=coal
----
refused CRE-002 asked=400.01 free=400.00: 可分配 400.00，申请 400.01 | 400.01 asked, 400.00 are left to allocate

mill  credit.allocate l1 mill 1.00 product=coal
----
refused AUTH-003 field=core party=core caller=mill: 该记录的 core 是 core，不是 mill | the core is core, not mill

# Only the funder activates, and only it or the supervisor freezes.
icbc  credit.activate l1 2022-07-01 2022-06-30
----
refused CRE-004 begins=2022-07-01 ends=2022-06-30 today=2022-06-30: 有效期 2022-07-01 至 2022-06-30 有误，今日 2022-06-30 | the window 2022-07-01 to 2022-06-30 is not possible, today is 2022-06-30

boc  credit.activate l1 2022-06-30 2023-06-30
----
refused AUTH-003 field=funder party=icbc caller=boc: 该记录的 funder 是 icbc，不是 boc | the funder is icbc, not boc

ask credit.to_activate icbc
----
result [(l1, {funder=icbc core=core parent=- product="" limit=1,000.00 revolving=yes allocated=600.00 reserved=0.00 occupied=0.00 frozen=0.00 begins=- ends=- is_frozen=no order=-}), (l2, {funder=icbc core=mill parent=l1 product=steel limit=600.00 revolving=yes allocated=0.00 reserved=0.00 occupied=0.00 frozen=0.00 begins=- ends=- is_frozen=no order=-})]

icbc  credit.activate l1 2022-06-30 2023-06-30
----
lines l1: begins=2022-06-30 ends=2023-06-30
event Activated line=l1 funder=icbc core=core begins=2022-06-30 ends=2023-06-30

ask credit.to_activate icbc
----
result [(l2, {funder=icbc core=mill parent=l1 product=steel limit=600.00 revolving=yes allocated=0.00 reserved=0.00 occupied=0.00 frozen=0.00 begins=- ends=- is_frozen=no order=-})]

icbc  credit.activate l2 2022-07-01 2023-06-30
----
lines l2: begins=2022-07-01 ends=2023-06-30
event Activated line=l2 funder=icbc core=mill begins=2022-07-01 ends=2023-06-30

# A voucher that mill wants to issue; trade papers are ready.
given trade.lineages t1: seller=a buyer=mill ceiling=900.00
given trade.papers t1: lineage=t1 kind=contract seller=a buyer=mill amount=900.00 content=@x dated=2022-06-30 previous=- counterparty=mill pending=no confirmed=2022-06-30
given trade.invoices i1: contract=t1 lineage=t1 seller=a buyer=mill gross=900.00 content=@y number=@n dated=2022-06-30 verifier=icbc verified=2022-06-30

mill  voucher.issue a 500.00 2022-12-30 until=2022-07-05 bank=icbc line=l2 contract=t1 invoices=[(i1, 500.00)] undertaking=@promise
----
refused CRE-005 line=l2 begins=2022-07-01 ends=2023-06-30 today=2022-06-30: 额度 l2 有效期 2022-07-01 至 2023-06-30，今日 2022-06-30 | line l2 is usable from 2022-07-01 to 2023-06-30, today is 2022-06-30

day 2022-07-01

core  voucher.issue a 500.00 2022-12-30 until=2022-07-05 bank=icbc line=l2 contract=t1 invoices=[(i1, 500.00)] undertaking=@promise
----
refused CRE-008 core=mill asked=core: 该额度属于 mill，不是 core | the line is for mill, not core

mill  voucher.issue a 500.00 2022-12-30 until=2022-07-05 bank=icbc line=l2 contract=t1 invoices=[(i1, 500.00)] undertaking=@promise
----
credit.lines l2: reserved=500.00
credit.lines l1: reserved=500.00
credit.uses u1: line=l2 group=l1 core=mill amount=500.00 until=2022-07-05
trade.lineages t1: used=500.00
trade.invoices i1: used=500.00
trade.uses u1 i1: invoice=i1 amount=500.00 until=2022-07-05
roots u1: issuer=mill payee=a bank=icbc face=500.00 due=2022-12-30 issued=2022-07-01 line=l2 contract=t1 undertaking=@promise penalty=90000 status=offered
tranches u1: root=u1 owner=mill face=500.00 level=0 since=2022-07-01 lock=offer payee=a until=2022-07-05
event trade.Used invoice=i1 business=u1 amount=500.00 seller=a
event Issued root=u1 issuer=mill payee=a face=500.00 due=2022-12-30 until=2022-07-05 long_tenor=no

# A race for what is left of the sub-line.
mill  voucher.issue a 100.01 2022-12-30 until=2022-07-05 bank=icbc line=l2 contract=t1 invoices=[(i1, 100.01)] undertaking=@promise
----
refused CRE-007 line=l2 asked=100.01 free=100.00: 额度 l2 可用 100.00，申请占用 100.01 | 100.01 asked, 100.00 of line l2 are available

ask credit.figures l1
----
result {limit=1,000.00 excess=0.00 available=500.00 reserved=500.00 occupied=0.00 frozen=0.00 usable=yes}

# The acceptance occupies, unless the line is frozen meanwhile.
icbc  credit.freeze l1
----
lines l1: frozen=500.00 is_frozen=yes
event Frozen line=l1 funder=icbc core=core amount=500.00 by=icbc

a  voucher.accept u1 500.00 2022-12-30
----
refused CRE-006 line=l1: 额度 l1 已冻结 | line l1 is frozen

icbc  credit.freeze l1
----
refused CRE-009: 额度已冻结 | the line is frozen already

supervisor  credit.freeze_by_order l1 order=@order
----
lines l1: order=@order
event Frozen line=l1 funder=icbc core=core amount=500.00 by=supervisor

icbc  credit.restore l1
----
refused CRE-011: 额度依监管指令冻结，仅主管方可恢复 | frozen by the supervisor's order, which only the supervisor lifts

supervisor  credit.restore_by_order l1 order=@other
----
refused CRE-015: 所引指令与冻结指令不符 | not the order by which the line was frozen

supervisor  credit.restore_by_order l1 order=@order
----
lines l1: frozen=0.00 is_frozen=no order=-
event Restored line=l1 funder=icbc core=core by=supervisor

icbc  credit.restore l1
----
refused CRE-010: 额度未冻结 | the line is not frozen

a  voucher.accept u1 500.00 2022-12-30
----
credit.lines l2: reserved=0.00 occupied=500.00
credit.lines l1: reserved=0.00 occupied=500.00
credit.uses u1: until=-
maturity.redemptions u1: issuer=mill bank=icbc due=2022-12-30 rate=90000 effective=2022-12-30 turn=2022-12-29
trade.uses u1 i1: until=-
roots u1: status=live unsettled=yes
tranches u1: owner=a level=1 payer=mill lock=free payee=- until=-
event maturity.Scheduled root=u1 issuer=mill due=2022-12-30 effective=2022-12-30
event RootChanged root=u1 issuer=mill status=live redeemed=0.00 cancelled=0.00
event Moved tranche=u1 root=u1 payer=mill payee=a face=500.00 issuer=mill

# The correction: a limit below what is used leaves an excess, and cannot fall below what has been cut from it.
icbc  credit.change l2 400.00
----
lines l2: limit=400.00
event Changed line=l2 funder=icbc core=mill limit=400.00

ask credit.figures l2
----
result {limit=400.00 excess=100.00 available=0.00 reserved=0.00 occupied=500.00 frozen=0.00 usable=yes}

icbc  credit.change l1 599.99
----
refused CRE-014 allocated=600.00 limit=599.99: 已分配 600.00，限额不能降至 599.99 | 600.00 are allocated, the limit cannot become 599.99

icbc  credit.clear l1
----
lines l1: limit=500.00
event Changed line=l1 funder=icbc core=core limit=500.00

ask credit.figures l1
----
result {limit=500.00 excess=0.00 available=0.00 reserved=0.00 occupied=500.00 frozen=0.00 usable=yes}

mill  voucher.issue a 1.00 2022-12-30 until=2022-07-05 bank=icbc line=l2 contract=t1 invoices=[(i1, 1.00)] undertaking=@promise
----
refused CRE-007 line=l2 asked=1.00 free=0.00: 额度 l2 可用 0.00，申请占用 1.00 | 1.00 asked, 0.00 of line l2 are available

# What nobody has accepted is free again the day after, whether or not a sweep came.
icbc  credit.change l1 2,000.00
----
lines l1: limit=2,000.00
event Changed line=l1 funder=icbc core=core limit=2,000.00

icbc  credit.change l2 1,000.00
----
lines l2: limit=1,000.00
event Changed line=l2 funder=icbc core=mill limit=1,000.00

mill  voucher.issue a 300.00 2022-12-30 until=2022-07-01 bank=icbc line=l2 contract=t1 invoices=[(i1, 300.00)] undertaking=@promise
----
credit.lines l2: reserved=300.00
credit.lines l1: reserved=300.00
credit.uses u2: line=l2 group=l1 core=mill amount=300.00 until=2022-07-01
trade.lineages t1: used=800.00
trade.invoices i1: used=800.00
trade.uses u2 i1: invoice=i1 amount=300.00 until=2022-07-01
roots u2: issuer=mill payee=a bank=icbc face=300.00 due=2022-12-30 issued=2022-07-01 line=l2 contract=t1 undertaking=@promise penalty=90000 status=offered
tranches u2: root=u2 owner=mill face=300.00 level=0 since=2022-07-01 lock=offer payee=a until=2022-07-01
event trade.Used invoice=i1 business=u2 amount=300.00 seller=a
event Issued root=u2 issuer=mill payee=a face=300.00 due=2022-12-30 until=2022-07-01 long_tenor=no

day 2022-07-02
----
credit.lines l2: reserved=0.00
credit.lines l1: reserved=0.00
credit.uses u2: removed
trade.lineages t1: used=500.00
trade.invoices i1: used=500.00
trade.uses u2 i1: removed
voucher.roots u2: status=expired cancelled=300.00
voucher.tranches u2: live=no lock=free until=-
sweep event trade.Freed invoice=i1 business=u2 amount=300.00 seller=a
sweep event voucher.RootChanged root=u2 issuer=mill status=expired redeemed=0.00 cancelled=300.00
sweep event voucher.Noted tranche=u2 owner=mill payee=a face=300.00 outcome=expired

ask credit.figures l2
----
result {limit=1,000.00 excess=0.00 available=500.00 reserved=0.00 occupied=500.00 frozen=0.00 usable=yes}
