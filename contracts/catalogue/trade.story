# The papers of a trade, its invoices, and what may be used of them.
firm core: role user; capacity core                # 核心企业
firm a, b: role user; capacity supplier            # 甲, 乙
firm taxes: role collector; capacity invoice_verifier
day 2022-06-30

a  trade.record contract seller=a buyer=core amount=1,000.00 content=@contract dated=2022-06-30
----
lineages l1: seller=a buyer=core
papers l1: lineage=l1 kind=contract seller=a buyer=core amount=1,000.00 content=@contract dated=2022-06-30 previous=- counterparty=core
event Recorded paper=l1 lineage=l1 recorder=a counterparty=core amount=1,000.00

core  trade.confirm l1 999.00
----
refused TRA-007 amount=1,000.00 signed=999.00: 金额为 1,000.00，所签为 999.00 | the amount is 1,000.00, 999.00 was signed

b  trade.confirm l1 1,000.00
----
refused AUTH-003 field=counterparty party=core caller=b: 该记录的 counterparty 是 core，不是 b | the counterparty is core, not b

core  trade.confirm l1 1,000.00
----
lineages l1: ceiling=1,000.00
papers l1: pending=no confirmed=2022-06-30
event Confirmed paper=l1 seller=a buyer=core

core  trade.confirm l1 1,000.00
----
refused TRA-006 day=2022-06-30: 已于 2022-06-30 确认 | confirmed on 2022-06-30 already

# A paper can only speak of a trade of its own.
a  trade.record order seller=b buyer=core amount=1.00 content=@order dated=2022-06-30
----
refused TRA-001 caller=a seller=b buyer=core: a 既非卖方 b 也非买方 core | a is neither the seller b nor the buyer core

a  trade.record order seller=a buyer=a amount=1.00 content=@order dated=2022-06-30
----
refused TRA-002 organisation=a: 卖方与买方同为 a | seller and buyer are both a

a  trade.record order seller=a buyer=core amount=0.00 content=@order dated=2022-06-30
----
refused TRA-003 amount=0.00: 金额 0.00 须大于零 | the amount 0.00 must be above zero

a  trade.record order seller=a buyer=core amount=1.00 content=@order dated=2022-07-01
----
refused TRA-005 dated=2022-07-01 today=2022-06-30: 文件日期 2022-07-01 晚于今日 2022-06-30 | dated 2022-07-01, today is 2022-06-30

b  trade.record order seller=b buyer=core amount=1.00 content=@order dated=2022-06-30 previous=l1
----
refused TRA-004 seller=a buyer=core: 前一文件属于 a 与 core 的贸易 | the previous paper belongs to a trade of a with core

a  trade.record order seller=a buyer=core amount=300.00 content=@order dated=2022-06-30 previous=l1
----
papers p1: lineage=l1 kind=order seller=a buyer=core amount=300.00 content=@order dated=2022-06-30 previous=l1 counterparty=core
event Recorded paper=p1 lineage=l1 recorder=a counterparty=core amount=300.00

# Invoices stand under a contract that both have confirmed.
a  trade.invoice p1 300.00 content=@paper number=@n-1 dated=2022-06-30
----
refused TRA-008 kind=order: 须为双方确认的合同，该文件类型 order | needs a contract that both have confirmed; this paper is of kind order

a  trade.invoice l1 300.00 content=@paper number=@n-1 dated=2022-06-30
----
invoices i1: contract=l1 lineage=l1 seller=a buyer=core gross=300.00 content=@paper number=@n-1 dated=2022-06-30
numbers @n-1: invoice=i1 red=no
event Invoiced invoice=i1 seller=a buyer=core gross=300.00

# A race: two firms bring an invoice with the same number.
given lineages l9: seller=b buyer=core ceiling=500.00
given papers p9: lineage=l9 kind=contract seller=b buyer=core amount=500.00 content=@x dated=2022-06-30 counterparty=core pending=no confirmed=2022-06-30

b  trade.invoice p9 300.00 content=@paper number=@n-1 dated=2022-06-30
----
refused TRA-009 invoice=i1: 该发票号码已登记于 i1 | this invoice number is recorded already, as i1

# Verified by one who is licensed for it and no party of the trade.
a  trade.attest i1 300.00 number=@n-1
----
refused AUTH-005 needed=invoice_verifier organisation=a: 需要资质 invoice_verifier，a 没有或已过期 | needs the capacity invoice_verifier, a lacks it or it has lapsed

taxes  trade.attest i1 301.00 number=@n-1
----
refused TRA-007 amount=300.00 signed=301.00: 金额为 300.00，所签为 301.00 | the amount is 300.00, 301.00 was signed

taxes  trade.attest i1 300.00 number=@other
----
refused TRA-009 invoice=i1: 该发票号码已登记于 i1 | this invoice number is recorded already, as i1

taxes  trade.attest i1 300.00 number=@n-1
----
invoices i1: verifier=taxes verified=2022-06-30
event Attested invoice=i1 verifier=taxes seller=a

taxes  trade.attest i1 300.00 number=@n-1
----
refused TRA-010 verifier=taxes: 该发票已由 taxes 验真 | taxes has attested this invoice already

# The correction: a red letter lowers what is left, a second one cannot take more than that.
a  trade.redden i1 100.00 content=@red number=@n-2
----
invoices i1: red=100.00
numbers @n-2: invoice=i1 red=yes
event Reddened invoice=i1 seller=a buyer=core amount=100.00 uncovered=0.00

a  trade.redden i1 201.00 content=@red number=@n-3
----
refused TRA-011 amount=201.00 left=200.00: 红字 201.00，蓝字余额 200.00 | red letter over 201.00, 200.00 of the invoice are left

# Nobody uses an invoice by hand.
a  trade.use business=i1 contract=l1 seller=a buyer=core amount=1.00 items=[(i1, 1.00)] until=2022-06-30
----
refused EXE-005 contract=trade caller=-: 合约 trade 不得由 - 调用 | contract trade may not be called by -

ask trade.invoice_of i1
----
result {contract=l1 lineage=l1 seller=a buyer=core gross=300.00 content=@paper number=@n-1 dated=2022-06-30 red=100.00 used=0.00 verifier=taxes verified=2022-06-30}

ask trade.papers_of l1
----
result [(l1, {lineage=l1 kind=contract seller=a buyer=core amount=1,000.00 content=@contract dated=2022-06-30 previous=- counterparty=core pending=no confirmed=2022-06-30}), (p1, {lineage=l1 kind=order seller=a buyer=core amount=300.00 content=@order dated=2022-06-30 previous=l1 counterparty=core pending=yes confirmed=-})]

ask trade.inbox core
----
result [(p1, {lineage=l1 kind=order seller=a buyer=core amount=300.00 content=@order dated=2022-06-30 previous=l1 counterparty=core pending=yes confirmed=-})]
