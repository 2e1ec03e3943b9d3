"""zh: 贸易背景：合同、发票及其使用 | en: Trade: papers of one lineage, invoices, and what has been used of them

Plan p.13, 29-32; I7.

A trade's papers (tender, contract, order, receipt, receivable) hang on one lineage from the first of them on, and each
counts once the other side has confirmed it. An invoice stands under a confirmed contract and can be used once an
invoice verifier has attested it. Use is counted here for every kind of financing, on the invoice and on the lineage, so
that the same trade is never financed twice (I7). A use that belongs to an open offer ends with the offer's last day by
itself. A red letter lowers what is left; a use that exists stays, for the voucher under it stays payable.
The chain never sees a number: `number` is a keyed digest of an invoice's code and number, made by the verifier's key.
"""

from contracts.sdk import Contract, Day, Digest, Event, Fen, Id, Index, Literal, Map, Org, Record, Refusal
from contracts.sdk import action, fen, view

INVOICES_PER_USE_MAX = 50
LAPSED_PER_CALL_MAX = 32


class Lineage(Record):
    seller: Org
    buyer: Org
    ceiling: Fen = 0  # the confirmed contract's amount
    used: Fen = 0


class Paper(Record):
    lineage: Id
    kind: Literal["tender", "contract", "order", "receipt", "receivable"]
    seller: Org
    buyer: Org
    amount: Fen
    content: Digest
    dated: Day
    previous: Id | None
    counterparty: Org  # who has to confirm it
    pending: bool = True
    confirmed: Day | None = None


class Invoice(Record):
    contract: Id
    lineage: Id
    seller: Org
    buyer: Org
    gross: Fen
    content: Digest
    number: Digest
    dated: Day
    red: Fen = 0
    used: Fen = 0
    verifier: Org | None = None
    verified: Day | None = None


class Numbered(Record):
    invoice: Id
    red: bool


class Use(Record):
    invoice: Id
    amount: Fen
    until: Day | None  # an open offer's last day; None once it has been accepted


class Recorded(Event):
    paper: Id
    lineage: Id
    recorder: Org
    counterparty: Org
    amount: Fen


class Confirmed(Event):
    paper: Id
    seller: Org
    buyer: Org


class Invoiced(Event):
    invoice: Id
    seller: Org
    buyer: Org
    gross: Fen


class Attested(Event):
    invoice: Id
    verifier: Org
    seller: Org


class Reddened(Event):
    invoice: Id
    seller: Org
    buyer: Org
    amount: Fen
    uncovered: Fen  # how much more is used than the invoice still carries


class Used(Event):
    invoice: Id
    business: Id
    amount: Fen
    seller: Org


class Freed(Event):
    invoice: Id
    business: Id
    amount: Fen
    seller: Org


class Trade(Contract):
    lineages = Map(Id, Lineage, placed_by="transaction")
    papers = Map(Id, Paper, placed_by="transaction")
    invoices = Map(Id, Invoice, placed_by="transaction")
    numbers = Map(Digest, Numbered)
    uses = Map((Id, Id), Use, placed_by="transaction")  # business, invoice
    of_lineage = Index(papers, by="lineage")
    to_confirm = Index(papers, by="counterparty", where="pending")
    of_seller = Index(invoices, by="seller")
    temporary = Index(uses, by=("invoice", "until"))

    # fmt: off
    not_party = Refusal("TRA-001", zh="{caller} 既非卖方 {seller} 也非买方 {buyer}", en="{caller} is neither the seller {seller} nor the buyer {buyer}")
    same_party = Refusal("TRA-002", zh="卖方与买方同为 {organisation}", en="seller and buyer are both {organisation}")
    not_amount = Refusal("TRA-003", zh="金额 {amount} 须大于零", en="the amount {amount} must be above zero")
    other_trade = Refusal("TRA-004", zh="前一文件属于 {seller} 与 {buyer} 的贸易", en="the previous paper belongs to a trade of {seller} with {buyer}")
    in_future = Refusal("TRA-005", zh="文件日期 {dated} 晚于今日 {today}", en="dated {dated}, today is {today}")
    confirmed_before = Refusal("TRA-006", zh="已于 {day} 确认", en="confirmed on {day} already")
    other_amount = Refusal("TRA-007", zh="金额为 {amount}，所签为 {signed}", en="the amount is {amount}, {signed} was signed")
    no_contract = Refusal("TRA-008", zh="须为双方确认的合同，该文件类型 {kind}", en="needs a contract that both have confirmed; this paper is of kind {kind}")
    twice = Refusal("TRA-009", zh="该发票号码已登记于 {invoice}", en="this invoice number is recorded already, as {invoice}")
    attested_before = Refusal("TRA-010", zh="该发票已由 {verifier} 验真", en="{verifier} has attested this invoice already")
    too_red = Refusal("TRA-011", zh="红字 {amount}，蓝字余额 {left}", en="red letter over {amount}, {left} of the invoice are left")
    not_attested = Refusal("TRA-012", zh="发票 {invoice} 未经验真", en="invoice {invoice} has not been attested")
    not_enough = Refusal("TRA-013", zh="发票可用 {free}，申请使用 {asked}", en="{asked} asked, {free} of the invoice are free")
    over_contract = Refusal("TRA-014", zh="该贸易合同可用 {free}，申请使用 {asked}", en="{asked} asked, {free} of the trade's contract are free")
    not_of_trade = Refusal("TRA-015", zh="发票 {invoice} 不属于卖方 {seller}、买方 {buyer} 的该合同", en="invoice {invoice} is not under this contract of {seller} with {buyer}")
    wrong_sum = Refusal("TRA-016", zh="发票使用合计 {total}，应为 {amount}", en="the invoices used sum to {total}, {amount} is needed")
    wrong_count = Refusal("TRA-017", zh="发票 {count} 张，应为 1 至 {limit} 张", en="{count} invoices; 1 to {limit} can be used at once")
    used_before = Refusal("TRA-018", zh="业务 {business} 已使用发票 {invoice}", en="{business} uses invoice {invoice} already")
    not_verifier = Refusal("TRA-019", zh="{caller} 是交易方，不能验真自己的发票", en="{caller} is a party of the trade and cannot attest its invoice")
    # fmt: on

    # ---- papers ------------------------------------------------------------------------------------------------------

    # who may
    @action(capacity=("core", "supplier"), permission="make")
    def record(
        self,
        ctx,
        kind: Literal["tender", "contract", "order", "receipt", "receivable"],
        seller: Org,
        buyer: Org,
        amount: Fen,
        content: Digest,
        dated: Day,
        previous: Id | None,
    ) -> Id:
        """zh: 登记 {kind}：卖方 {seller}，买方 {buyer}，金额 {amount}，日期 {dated} | en: Record a paper ({kind}) of {seller} with {buyer} over {amount}, dated {dated}
        content: 文件摘要 | Digest of the paper
        previous: 前一文件 | Previous paper"""
        # what must hold
        ctx.require(
            ctx.organisation == seller or ctx.organisation == buyer,
            self.not_party,
            caller=ctx.organisation,
            seller=seller,
            buyer=buyer,
        )
        ctx.require(seller != buyer, self.same_party, organisation=seller)
        ctx.require(amount > 0, self.not_amount, amount=amount)
        ctx.require(dated <= ctx.day, self.in_future, dated=dated, today=ctx.day)
        paper = ctx.new_id()
        lineage = paper
        if previous is not None:
            earlier = self.papers[previous]
            ctx.require(
                earlier.seller == seller and earlier.buyer == buyer,
                self.other_trade,
                seller=earlier.seller,
                buyer=earlier.buyer,
            )
            lineage = earlier.lineage
        # what changes
        if previous is None:
            self.lineages[lineage] = Lineage(seller=seller, buyer=buyer)
        counterparty = buyer if ctx.organisation == seller else seller
        self.papers[paper] = Paper(
            lineage=lineage,
            kind=kind,
            seller=seller,
            buyer=buyer,
            amount=amount,
            content=content,
            dated=dated,
            previous=previous,
            counterparty=counterparty,
        )
        # what is announced
        ctx.emit(
            Recorded(paper=paper, lineage=lineage, recorder=ctx.organisation, counterparty=counterparty, amount=amount)
        )
        return paper

    # who may
    @action(on="papers", party="counterparty", permission="make")
    def confirm(self, ctx, paper: Id, amount: Fen) -> None:
        """zh: 确认文件 {paper}，金额 {amount} | en: Confirm paper {paper} over {amount}"""
        row = self.papers[paper]
        # what must hold
        ctx.require(row.confirmed is None, self.confirmed_before, day=row.confirmed)
        ctx.require(row.amount == amount, self.other_amount, amount=row.amount, signed=amount)
        # what changes
        self.papers[paper] = row.replace(pending=False, confirmed=ctx.day)
        if row.kind == "contract":
            lineage = self.lineages[row.lineage]
            self.lineages[row.lineage] = lineage.replace(ceiling=lineage.ceiling + amount)
        # what is announced
        ctx.emit(Confirmed(paper=paper, seller=row.seller, buyer=row.buyer))

    # ---- invoices ----------------------------------------------------------------------------------------------------

    # who may
    @action(on="papers", party="seller", permission="make")
    def invoice(self, ctx, contract: Id, gross: Fen, content: Digest, number: Digest, dated: Day) -> Id:
        """zh: 在合同 {contract} 下登记发票 {gross}，开票日 {dated} | en: Record an invoice of {gross} under contract {contract}, dated {dated}
        content: 发票摘要 | Digest of the invoice
        number: 发票代码与号码的摘要 | Digest of the code and number"""
        paper = self.papers[contract]
        # what must hold
        ctx.require(paper.kind == "contract" and paper.confirmed is not None, self.no_contract, kind=paper.kind)
        ctx.require(gross > 0, self.not_amount, amount=gross)
        ctx.require(dated <= ctx.day, self.in_future, dated=dated, today=ctx.day)
        self.require_new(ctx, number)
        # what changes
        invoice = ctx.new_id()
        self.numbers[number] = Numbered(invoice=invoice, red=False)
        self.invoices[invoice] = Invoice(
            contract=contract,
            lineage=paper.lineage,
            seller=paper.seller,
            buyer=paper.buyer,
            gross=gross,
            content=content,
            number=number,
            dated=dated,
        )
        # what is announced
        ctx.emit(Invoiced(invoice=invoice, seller=paper.seller, buyer=paper.buyer, gross=gross))
        return invoice

    # who may
    @action(on="invoices", capacity="invoice_verifier", permission="make")
    def attest(self, ctx, invoice: Id, gross: Fen, number: Digest) -> None:
        """zh: 验真发票 {invoice}，价税合计 {gross} | en: Attest invoice {invoice} over {gross}
        number: 发票代码与号码的摘要 | Digest of the code and number"""
        row = self.invoices[invoice]
        # what must hold
        ctx.require(row.verifier is None, self.attested_before, verifier=row.verifier)
        ctx.require(
            ctx.organisation != row.seller and ctx.organisation != row.buyer, self.not_verifier, caller=ctx.organisation
        )
        ctx.require(row.gross == gross, self.other_amount, amount=row.gross, signed=gross)
        ctx.require(row.number == number, self.twice, invoice=invoice)
        # what changes
        self.invoices[invoice] = row.replace(verifier=ctx.organisation, verified=ctx.day)
        # what is announced
        ctx.emit(Attested(invoice=invoice, verifier=ctx.organisation, seller=row.seller))

    # who may
    @action(on="invoices", party=("seller", "verifier"), permission="make")
    def redden(self, ctx, invoice: Id, amount: Fen, content: Digest, number: Digest) -> None:
        """zh: 对发票 {invoice} 开具红字 {amount} | en: Red letter over {amount} against invoice {invoice}
        content: 红字发票摘要 | Digest of the red letter
        number: 红字发票代码与号码的摘要 | Digest of its code and number"""
        row = self.invoices[invoice]
        # what must hold
        left = fen(row.gross - row.red)
        ctx.require(0 < amount <= left, self.too_red, amount=amount, left=left)
        self.require_new(ctx, number)
        # what changes: no use is touched, a voucher that exists stays payable
        self.numbers[number] = Numbered(invoice=invoice, red=True)
        self.invoices[invoice] = row.replace(red=row.red + amount)
        # what is announced
        uncovered = max(0, row.used - left + amount)
        ctx.emit(Reddened(invoice=invoice, seller=row.seller, buyer=row.buyer, amount=amount, uncovered=uncovered))

    # ---- use, by the contracts that finance --------------------------------------------------------------------------

    # who may
    @action(callers="voucher")
    def use(
        self,
        ctx,
        business: Id,
        contract: Id,
        seller: Org,
        buyer: Org,
        amount: Fen,
        items: tuple[tuple[Id, Fen], ...],
        until: Day,
    ) -> None:
        """zh: 使用发票 {items} 合计 {amount} | en: Use invoices {items}, {amount} in all"""
        # what must hold
        paper = self.papers[contract]
        ctx.require(paper.kind == "contract" and paper.confirmed is not None, self.no_contract, kind=paper.kind)
        ctx.require(
            1 <= len(items) <= INVOICES_PER_USE_MAX, self.wrong_count, count=len(items), limit=INVOICES_PER_USE_MAX
        )
        total = fen(sum([part for invoice, part in items]))
        ctx.require(total == amount, self.wrong_sum, total=total, amount=amount)
        for invoice, part in items:
            self.free_lapsed(ctx, invoice)
            row = self.invoices[invoice]
            ctx.require(
                row.contract == contract and row.seller == seller and row.buyer == buyer,
                self.not_of_trade,
                invoice=invoice,
                seller=seller,
                buyer=buyer,
            )
            ctx.require(row.verifier is not None, self.not_attested, invoice=invoice)
            ctx.require((business, invoice) not in self.uses, self.used_before, business=business, invoice=invoice)
            free = fen(max(0, row.gross - row.red - row.used))
            ctx.require(0 < part <= free, self.not_enough, asked=part, free=free)
            # what changes
            self.invoices[invoice] = row.replace(used=row.used + part)
            self.uses[(business, invoice)] = Use(invoice=invoice, amount=part, until=until)
            # what is announced
            ctx.emit(Used(invoice=invoice, business=business, amount=part, seller=seller))
        lineage = self.lineages[paper.lineage]
        left = fen(lineage.ceiling - lineage.used)
        ctx.require(amount <= left, self.over_contract, asked=amount, free=left)
        self.lineages[paper.lineage] = lineage.replace(used=lineage.used + amount)

    # who may
    @action(callers="voucher")
    def keep(self, ctx, business: Id) -> None:
        """zh: 业务 {business} 已生效，发票使用转为长期 | en: {business} is in force, its use of invoices stays"""
        for key, row in self.uses.rows(business, limit=INVOICES_PER_USE_MAX):
            self.uses[key] = row.replace(until=None)

    # who may
    @action(callers="voucher")
    def release(self, ctx, business: Id) -> None:
        """zh: 业务 {business} 未成立，释放发票 | en: {business} did not come about, its invoices are free again"""
        for key, row in self.uses.rows(business, limit=INVOICES_PER_USE_MAX):
            self.free(ctx, key[0], row)

    def free(self, ctx, business: Id, row: Use) -> None:
        invoice = self.invoices[row.invoice]
        self.invoices[row.invoice] = invoice.replace(used=invoice.used - row.amount)
        lineage = self.lineages[invoice.lineage]
        self.lineages[invoice.lineage] = lineage.replace(used=lineage.used - row.amount)
        self.uses.remove((business, row.invoice))
        ctx.emit(Freed(invoice=row.invoice, business=business, amount=row.amount, seller=invoice.seller))

    def free_lapsed(self, ctx, invoice: Id) -> None:
        """An offer that nobody accepted holds nothing any more, whether or not the sweep has seen it yet."""
        for key, row in self.temporary.rows(invoice, limit=LAPSED_PER_CALL_MAX):
            if row.until is not None and row.until < ctx.day:
                self.free(ctx, key[0], row)

    def require_new(self, ctx, number: Digest) -> None:
        known = self.numbers.get(number)
        if known is not None:
            ctx.refuse(self.twice, invoice=known.invoice)

    # ---- views -------------------------------------------------------------------------------------------------------

    @view
    def paper(self, ctx, paper: Id) -> Paper:
        """zh: 贸易文件 | en: A paper"""
        return self.papers[paper]

    @view
    def invoice_of(self, ctx, invoice: Id) -> Invoice:
        """zh: 发票 | en: An invoice"""
        return self.invoices[invoice]

    @view
    def lineage(self, ctx, lineage: Id) -> Lineage:
        """zh: 贸易谱系及已用额 | en: A trade and how much of it is used"""
        return self.lineages[lineage]

    @view
    def papers_of(self, ctx, lineage: Id, after: Id | None = None) -> tuple[tuple[Id, Paper], ...]:
        """zh: 同一贸易的全部文件 | en: All papers of a trade"""
        return self.of_lineage.rows(lineage, after=after, limit=256)

    @view
    def invoices_of(self, ctx, seller: Org, after: Id | None = None) -> tuple[tuple[Id, Invoice], ...]:
        """zh: 卖方的发票 | en: A seller's invoices"""
        return self.of_seller.rows(seller, after=after, limit=256)

    @view
    def uses_of(self, ctx, business: Id) -> tuple[tuple[tuple[Id, Id], Use], ...]:
        """zh: 业务所用发票 | en: The invoices that a business uses"""
        return self.uses.rows(business, limit=INVOICES_PER_USE_MAX)

    @view
    def inbox(self, ctx, organisation: Org) -> tuple[tuple[Id, Paper], ...]:
        """zh: 待该机构确认的文件 | en: Papers that await the organisation's confirmation"""
        return self.to_confirm.rows(organisation, limit=256)
