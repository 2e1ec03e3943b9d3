"""zh: 凭证融资：询价、报价、选定、签约、放款、再保理 | en: Financing a voucher: quotes, contract, delivery versus payment, re-factoring

Plan p.13, 15-17; I3. A holder asks, funders quote, and quotes lock nothing; the holder's selection does. What is financed
is carved first and financed whole. Both sign one contract; the payment is instructed; with the bank's statement that the
money is there the voucher changes its owner, in that transaction and not before. Without one by the business day after
the value day the lock falls, and money that comes later opens a dispute.

Days d = effective due day - value day, fixed when selected for that value day. Advance A = F x advance; interest
I = round(A x rate x d / 360); fee = max(least fee, round(A x fee rate)); paid out A - I - fee; F - A, less nothing, goes to
the seller when the voucher has been redeemed. All-in annual rate = (I + fee) / paid out x 360 / d. A funder that sells on
asks here like any holder: that is re-factoring.

Without recourse unless both have agreed on it. With it, when the issuer is late, the funder may have the holder that sold
pay what the voucher has not received; with that payment the voucher is the holder's again, and what the advance had left
over is owed to it. Recourse goes with the whole voucher as it was bought: a funder that has split or sold it has none here.
"""

from contracts.sdk import Contract, Day, Digest, Event, Fen, Id, Index, Literal, Map, Org, Rate, Record, Refusal, Text
from contracts.sdk import action, fen, round_half_up, sweep, view

WHOLE = 1_000_000  # parts per million
YEAR_DAYS = 360
FUNDERS_MAX = 20
VIEW_ROWS = 256
ROWS_MAX = 1024


class Application(Record):
    tranche: Id
    root: Id
    holder: Org
    face: Fen
    until: Day
    recourse: bool
    funders: tuple[Org, ...]  # whom the holder asks; empty: any licensed funder
    open: bool = True


class Quote(Record):
    funder: Org
    rate: Rate
    fee_rate: Rate
    fee_least: Fen
    advance: Rate
    until: Day


class Cost(Record):
    """What a financing costs, worked out for one value day."""

    days: int
    advanced: Fen
    interest: Fen
    fee: Fen
    net: Fen
    all_in: Rate


class Financing(Record):
    application: Id
    tranche: Id
    root: Id
    holder: Org
    funder: Org
    face: Fen
    rate: Rate
    value_day: Day
    until: Day  # the lock's last day
    effective_due: Day
    days: int
    interest: Fen
    fee: Fen
    net: Fen
    rest: Fen  # to the holder once the voucher has been redeemed
    all_in: Rate
    recourse: bool
    refactoring: bool
    status: Literal[
        "selected", "signed", "financed", "lapsed", "cancelled", "disputed", "returned", "settled", "recourse"
    ]
    waiting: Day | None  # the last day for the payment, while it is awaited
    contract: Digest | None = None
    registration: Digest | None = None  # the registry's receipt
    holder_signed: bool = False
    funder_signed: bool = False
    instruction: Id | None = None
    paid: Fen = 0


class Answer(Record):
    """To `settlement`: whether a payment came in time, and what is to be paid next."""

    in_time: bool
    orders: tuple[tuple[Text, Id, Org, Org, Org | None, Fen, Day], ...] = ()


class Asked(Event):
    application: Id
    tranche: Id
    holder: Org
    face: Fen
    until: Day


class Quoted(Event):
    application: Id
    holder: Org
    funder: Org
    rate: Rate
    until: Day


class Selected(Event):
    financing: Id
    tranche: Id
    holder: Org
    funder: Org
    face: Fen
    interest: Fen
    fee: Fen
    net: Fen
    value_day: Day
    all_in: Rate


class Signed(Event):
    financing: Id
    holder: Org
    funder: Org
    contract: Digest
    both: bool


class Financed(Event):
    financing: Id
    tranche: Id
    holder: Org
    funder: Org
    face: Fen
    net: Fen
    refactoring: bool


class Ended(Event):
    financing: Id
    tranche: Id
    holder: Org
    funder: Org
    status: Text


class Finance(Contract):
    applications = Map(Id, Application, placed_by="transaction")
    quotes = Map((Id, Org), Quote, placed_by="transaction")
    financings = Map(Id, Financing, placed_by="transaction")
    of_holder = Index(applications, by="holder", where="open")
    asked_of_all = Index(applications, by="until", where="open")
    by_holder = Index(financings, by="holder")
    by_funder = Index(financings, by="funder")
    by_tranche = Index(financings, by="tranche")
    holder_status = Index(financings, by=("holder", "status"))
    funder_status = Index(financings, by=("funder", "status"))
    overtime = Index(financings, by="waiting")

    # fmt: off
    not_holder = Refusal("FIN-001", zh="凭证持有人是 {owner}，不是 {caller}", en="the holder is {owner}, not {caller}")
    not_movable = Refusal("FIN-002", zh="凭证 {tranche} 现不可动用", en="{tranche} is not free to move now")
    too_much = Refusal("FIN-003", zh="申请 {asked}，凭证面额 {face}", en="{asked} asked, the face is {face}")
    wrong_funder = Refusal("FIN-004", zh="{funder} 不能为本凭证融资", en="{funder} cannot finance this voucher")
    too_many = Refusal("FIN-005", zh="资金方 {count} 家，上限 {limit}", en="{count} funders, at most {limit}")
    closed = Refusal("FIN-006", zh="询价已于 {until} 结束", en="the request ended on {until}")
    wrong_rate = Refusal("FIN-007", zh="年利率 {rate}、手续费率 {fee_rate}、融资比例 {advance} 不合规", en="rate {rate}, fee rate {fee_rate}, advance {advance} are not possible")
    quote_over = Refusal("FIN-008", zh="报价有效至 {until}，起息日 {value_day}", en="the quote holds until {until}, the value day is {value_day}")
    wrong_value_day = Refusal("FIN-009", zh="起息日 {value_day} 须为 {today} 起、登记日 {last} 前的工作日", en="value day {value_day}: a business day from {today} on and before {last}")
    other_net = Refusal("FIN-010", zh="实得 {net}、年化综合成本 {all_in}，所签为 {signed}、{signed_all_in}", en="{net} are paid out at {all_in} all-in, {signed} at {signed_all_in} was signed")
    not_positive = Refusal("FIN-011", zh="扣除息费后为 {net}", en="interest and fee leave {net}")
    wrong_status = Refusal("FIN-012", zh="融资状态为 {status}", en="the financing is {status}")
    other_contract = Refusal("FIN-013", zh="双方所签合同不一致", en="not the contract that the other side has signed")
    signed_before = Refusal("FIN-014", zh="{organisation} 已签署", en="{organisation} has signed already")
    no_rest = Refusal("FIN-016", zh="没有待退尾款", en="there is no rest to pay")
    not_redeemed = Refusal("FIN-017", zh="凭证尚未兑付", en="the voucher has not been redeemed")
    wrong_days = Refusal("FIN-018", zh="有效期至 {until}，今日 {today}", en="open until {until}, today is {today}")
    binding = Refusal("FIN-019", zh="已签署的融资须等到 {until} 之后才能取消", en="signed by both; it ends by itself after {until}")
    no_recourse = Refusal("FIN-020", zh="该融资无追索权", en="this financing is without recourse")
    other_amount = Refusal("FIN-021", zh="面额 {face}，所签为 {signed}", en="the face is {face}, {signed} was signed")
    # fmt: on

    # ---- asking and quoting ------------------------------------------------------------------------------------------

    # who may
    @action(capacity=("supplier", "core", "factor", "bank"), permission="make")
    def ask(self, ctx, tranche: Id, face: Fen, until: Day, recourse: bool, funders: tuple[Org, ...]) -> Id:
        """zh: 以凭证 {tranche} 中的 {face} 询价融资，报价截止 {until}（含当日） | en: Ask funders to finance {face} of {tranche}, to the end of {until}
        recourse: 有追索 | With recourse
        funders: 询价对象（空为不限） | Funders asked, empty for any"""
        root, owner, issuer, whole, due, movable = ctx.view("voucher", "terms", tranche)
        # what must hold
        ctx.require(owner == ctx.organisation, self.not_holder, owner=owner, caller=ctx.organisation)
        ctx.require(movable, self.not_movable, tranche=tranche)
        ctx.require(0 < face <= whole, self.too_much, asked=face, face=fen(whole))
        ctx.require(ctx.day <= until < due, self.wrong_days, until=until, today=ctx.day)
        ctx.require(len(funders) <= FUNDERS_MAX, self.too_many, count=len(funders), limit=FUNDERS_MAX)
        for funder in funders:
            self.require_funder(ctx, funder, owner, issuer)
        # what changes: nothing is locked
        application = ctx.new_id()
        self.applications[application] = Application(
            tranche=tranche, root=root, holder=owner, face=face, until=until, recourse=recourse, funders=funders
        )
        # what is announced
        ctx.emit(Asked(application=application, tranche=tranche, holder=owner, face=face, until=until))
        return application

    # who may
    @action(on="applications", party="holder", permission="make")
    def stop(self, ctx, application: Id) -> None:
        """zh: 停止询价 {application} | en: Stop asking, {application}"""
        row = self.applications[application]
        # what must hold
        ctx.require(row.open, self.closed, until=row.until)
        # what changes
        self.applications[application] = row.replace(open=False)

    # who may
    @action(on="applications", capacity=("bank", "factor"), policy="quote")
    def quote(
        self, ctx, application: Id, rate: Rate, fee_rate: Rate, fee_least: Fen, advance: Rate, until: Day
    ) -> None:
        """zh: 对 {application} 报价：年利率 {rate}，手续费率 {fee_rate}，最低手续费 {fee_least}，融资比例 {advance}，有效至 {until} | en: Quote for {application}: {rate} a year, fee {fee_rate} but at least {fee_least}, advance {advance}, until {until}"""
        row = self.applications[application]
        # what must hold
        ctx.require(row.open and ctx.day <= row.until, self.closed, until=row.until)
        asked = len(row.funders) == 0 or ctx.organisation in row.funders
        ctx.require(asked and ctx.organisation != row.holder, self.wrong_funder, funder=ctx.organisation)
        highest = ctx.parameter("finance_rate_max")
        possible = 0 <= rate <= highest and 0 <= fee_rate <= highest and fee_least >= 0 and 0 < advance <= WHOLE
        ctx.require(possible, self.wrong_rate, rate=rate, fee_rate=fee_rate, advance=advance)
        ctx.require(until >= ctx.day, self.wrong_days, until=until, today=ctx.day)
        # what changes
        self.quotes[(application, ctx.organisation)] = Quote(
            funder=ctx.organisation, rate=rate, fee_rate=fee_rate, fee_least=fee_least, advance=advance, until=until
        )
        # what is announced
        ctx.emit(Quoted(application=application, holder=row.holder, funder=ctx.organisation, rate=rate, until=until))

    # ---- selection and contract --------------------------------------------------------------------------------------

    # who may
    @action(on="applications", party="holder", policy="finance", amount="net")
    def select(self, ctx, application: Id, funder: Org, value_day: Day, net: Fen, all_in: Rate) -> Id:
        """zh: 就询价 {application} 选定 {funder} 融资：起息日 {value_day}，实得 {net}，年化综合成本 {all_in} | en: Select {funder} for {application}: {net} paid out, value day {value_day}, {all_in} a year all-in"""
        row = self.applications[application]
        quote = self.quotes[(application, funder)]
        root, owner, issuer, whole, due, movable = ctx.view("voucher", "terms", row.tranche)
        # what must hold
        ctx.require(row.open and ctx.day <= row.until, self.closed, until=row.until)
        ctx.require(owner == row.holder, self.not_holder, owner=owner, caller=row.holder)
        self.require_funder(ctx, funder, owner, issuer)
        ctx.require(value_day <= quote.until, self.quote_over, until=quote.until, value_day=value_day)
        effective = ctx.business_day_from(due)
        last = ctx.business_day_before(effective)
        until = ctx.business_day_from(value_day + 1)
        possible = ctx.is_business_day(value_day) and ctx.day <= value_day and until < last
        ctx.require(possible, self.wrong_value_day, value_day=value_day, today=ctx.day, last=last)
        cost = self.cost_of(ctx, row.face, quote, value_day, effective)
        ctx.require(cost.net > 0, self.not_positive, net=cost.net)
        ctx.require(cost.net == net and cost.all_in == all_in, self.other_net, net=cost.net, all_in=cost.all_in, signed=net, signed_all_in=all_in)  # fmt: skip
        # what changes
        tranche = ctx.call("voucher", "hold", row.tranche, row.face, "finance", funder, until)
        financing = ctx.new_id()
        self.applications[application] = row.replace(open=False)
        self.financings[financing] = Financing(
            application=application, tranche=tranche, root=root, holder=owner, funder=funder, face=row.face,
            rate=quote.rate, value_day=value_day, until=until, effective_due=effective, days=cost.days,
            interest=cost.interest, fee=cost.fee, net=cost.net, rest=row.face - cost.advanced, all_in=cost.all_in,
            recourse=row.recourse, refactoring=ctx.has_capacity(owner, "factor") or ctx.has_capacity(owner, "bank"),
            status="selected", waiting=until,
        )  # fmt: skip
        # what is announced
        ctx.emit(Selected(financing=financing, tranche=tranche, holder=owner, funder=funder, face=row.face, interest=cost.interest, fee=cost.fee, net=cost.net, value_day=value_day, all_in=cost.all_in))  # fmt: skip
        return financing

    # who may
    @action(on="financings", party="holder", policy="finance", amount="net")
    def sign_as_holder(self, ctx, financing: Id, contract: Digest, face: Fen, net: Fen, value_day: Day) -> None:
        """zh: 转让方签署融资 {financing} 的合同 {contract}：转让面额 {face}，起息日 {value_day}，实得 {net} | en: Sign contract {contract} of financing {financing} as holder: {face} pass for {net} on {value_day}"""
        row = self.signable(ctx, financing, contract, face, net, value_day)
        # what must hold
        ctx.require(not row.holder_signed, self.signed_before, organisation=row.holder)
        # what changes and what is announced
        self.sign(ctx, financing, row.replace(holder_signed=True, contract=contract))

    # who may
    @action(on="financings", party="funder", policy="finance", amount="net")
    def sign_as_funder(
        self, ctx, financing: Id, contract: Digest, registration: Digest, face: Fen, net: Fen, value_day: Day
    ) -> None:
        """zh: 资金方签署融资 {financing} 的合同 {contract}：受让面额 {face}，起息日 {value_day}，付款 {net} | en: Sign contract {contract} of financing {financing} as funder: {face} bought for {net}, paid on {value_day}
        registration: 动产融资登记证明 | Receipt of the registry of security interests"""
        row = self.signable(ctx, financing, contract, face, net, value_day)
        # what must hold
        ctx.require(not row.funder_signed, self.signed_before, organisation=row.funder)
        # what changes and what is announced
        self.sign(ctx, financing, row.replace(funder_signed=True, contract=contract, registration=registration))

    def signable(self, ctx, financing: Id, contract: Digest, face: Fen, net: Fen, value_day: Day) -> Financing:
        row = self.financings[financing]
        status = self.status_of(ctx, row)
        ctx.require(status == "selected", self.wrong_status, status=status)
        ctx.require(row.contract is None or row.contract == contract, self.other_contract)
        alike = row.net == net and row.face == face and row.value_day == value_day
        ctx.require(alike, self.other_net, net=row.net, all_in=row.all_in, signed=net, signed_all_in=row.all_in)
        return row

    def sign(self, ctx, financing: Id, row: Financing) -> None:
        both = row.holder_signed and row.funder_signed
        if both:
            instruction = ctx.call("settlement", "instruct", (("finance", financing, row.funder, row.holder, None, row.net, row.value_day),))[0]  # fmt: skip
            row = row.replace(status="signed", instruction=instruction)
        self.financings[financing] = row
        ctx.emit(Signed(financing=financing, holder=row.holder, funder=row.funder, contract=row.contract, both=both))

    # who may
    @action(on="financings", party=("holder", "funder"), permission="make")
    def cancel(self, ctx, financing: Id) -> None:
        """zh: 取消融资 {financing} | en: Cancel financing {financing}"""
        row = self.financings[financing]
        # what must hold: a contract that both have signed binds both until its last day
        status = self.status_of(ctx, row)
        ctx.require(status != "signed", self.binding, until=row.until)
        ctx.require(status == "selected", self.wrong_status, status=status)
        # what changes and what is announced
        self.end(ctx, financing, row, "cancelled")

    @sweep(index="overtime", rows_max=32)
    def lapse(self, ctx, financing: Id, row: Financing) -> None:
        self.end(ctx, financing, row, "lapsed")

    def end(self, ctx, financing: Id, row: Financing, status: Text) -> None:
        ctx.call("voucher", "free", row.tranche, "finance")
        if row.instruction is not None:
            ctx.call("settlement", "close", row.instruction)
        self.financings[financing] = row.replace(status=status, waiting=None)
        ctx.emit(Ended(financing=financing, tranche=row.tranche, holder=row.holder, funder=row.funder, status=status))

    # ---- delivery versus payment -------------------------------------------------------------------------------------

    # who may
    @action(callers="settlement")
    def paid(self, ctx, financing: Id, purpose: Text, amount: Fen) -> Answer:
        """zh: 融资 {financing} 收到付款 {amount} | en: Financing {financing} was paid {amount}"""
        row = self.financings[financing]
        if purpose == "rest":
            self.financings[financing] = row.replace(rest=row.rest - amount)
            return Answer(in_time=True)
        row = row.replace(paid=row.paid + amount)
        # what must hold: the lock still stands, by the day, whether or not the sweep has run
        in_time = row.status == "returned" or self.status_of(ctx, row) == "signed"
        if not in_time:
            self.open_dispute(ctx, financing, row)
        elif row.paid == row.net:
            self.deliver(ctx, financing, row)
        else:
            self.financings[financing] = row
        return Answer(in_time=in_time)

    def deliver(self, ctx, financing: Id, row: Financing) -> None:
        # what changes
        if row.status == "returned":
            ctx.call("voucher", "free", row.tranche, "dispute")
        else:
            ctx.call("voucher", "move", row.tranche, "finance")
            ctx.call("credit", "note", row.root, row.funder, row.holder, row.face)
        self.financings[financing] = row.replace(status="financed", waiting=None)
        # what is announced
        ctx.emit(Financed(financing=financing, tranche=row.tranche, holder=row.holder, funder=row.funder, face=row.face, net=row.net, refactoring=row.refactoring))  # fmt: skip

    def open_dispute(self, ctx, financing: Id, row: Financing) -> None:
        """Money came after the lock had fallen: the parties settle it, the voucher stays where it is."""
        if row.status == "signed":
            ctx.call("voucher", "free", row.tranche, "finance")
        self.financings[financing] = row.replace(status="disputed", waiting=None)
        ctx.emit(Ended(financing=financing, tranche=row.tranche, holder=row.holder, funder=row.funder, status="disputed"))  # fmt: skip

    # who may
    @action(callers="settlement")
    def returned(
        self, ctx, financing: Id, purpose: Text, amount: Fen, again: Fen
    ) -> tuple[Text, Id, Org, Org, Org | None, Fen, Day]:
        """zh: 融资 {financing} 的付款 {amount} 被退回 | en: {amount} of financing {financing} came back"""
        row = self.financings[financing]
        if purpose == "rest":
            self.financings[financing] = row.replace(rest=row.rest + amount)
        else:
            self.take_back(ctx, financing, row.replace(paid=row.paid - amount))
        return (purpose, financing, row.funder, row.holder, None, again, ctx.day)

    def take_back(self, ctx, financing: Id, row: Financing) -> None:
        """The voucher has moved against money that is gone again: whoever bought it cannot move it until it has paid,
        unless it has been sold on already; then the debt is between the two of them alone."""
        if row.status == "financed":
            ctx.attempt("voucher", "hold", row.tranche, row.face, "dispute", row.holder, row.effective_due)
            row = row.replace(status="returned")
            ctx.emit(Ended(financing=financing, tranche=row.tranche, holder=row.holder, funder=row.funder, status="returned"))  # fmt: skip
        self.financings[financing] = row

    # who may
    @action(on="financings", party=("holder", "funder"), permission="make")
    def pay_rest(self, ctx, financing: Id) -> Id:
        """zh: 凭证已兑付，指令支付融资 {financing} 的尾款 | en: The voucher is redeemed: instruct the rest of financing {financing}"""
        row = self.financings[financing]
        # what must hold
        ctx.require((row.status == "financed" or row.status == "recourse") and row.rest > 0, self.no_rest)
        root, owner, issuer, whole, due, movable = ctx.view("voucher", "terms", row.tranche)
        bought_back = row.status == "recourse" and owner == row.holder
        ctx.require(bought_back or ctx.view("distribution", "is_redeemed", row.tranche), self.not_redeemed)
        # what changes
        instruction = ctx.call("settlement", "instruct", (("rest", financing, row.funder, row.holder, None, row.rest, ctx.day),))[0]  # fmt: skip
        self.financings[financing] = row.replace(status="settled", instruction=instruction)
        return instruction

    # who may
    @action(on="financings", party="funder", policy="finance", amount="face")
    def take_recourse(self, ctx, financing: Id, holder: Org, face: Fen) -> Id:
        """zh: 凭证逾期，就融资 {financing} 的面额 {face} 向 {holder} 追索 | en: The voucher is overdue: take recourse to {holder} for {face} of financing {financing}"""
        row = self.financings[financing]
        root, owner, issuer, whole, due, movable = ctx.view("voucher", "terms", row.tranche)
        # what must hold: `maturity` looks whether the voucher is overdue and nothing is on its way
        ctx.require(row.recourse and holder == row.holder, self.no_recourse)
        ctx.require(row.status == "financed", self.wrong_status, status=row.status)
        ctx.require(owner == row.funder, self.not_holder, owner=owner, caller=row.funder)
        ctx.require(face == row.face, self.other_amount, face=row.face, signed=face)
        # what changes; the voucher is the holder's again once a bank has stated the payment
        instruction = ctx.call("distribution", "pay_for", row.tranche, row.holder, face)
        self.financings[financing] = row.replace(status="recourse", instruction=instruction)
        # what is announced
        ctx.emit(Ended(financing=financing, tranche=row.tranche, holder=row.holder, funder=row.funder, status="recourse"))  # fmt: skip
        return instruction

    # ---- helpers -----------------------------------------------------------------------------------------------------

    def status_of(self, ctx, row: Financing) -> Text:
        """What has lapsed is answered alike before and after the sweep has seen it."""
        return "lapsed" if row.waiting is not None and ctx.day > row.waiting else row.status

    def require_funder(self, ctx, funder: Org, owner: Org, issuer: Org) -> None:
        licensed = ctx.has_capacity(funder, "bank") or ctx.has_capacity(funder, "factor")
        able = licensed and ctx.is_active(funder) and funder != owner and funder != issuer
        ctx.require(able, self.wrong_funder, funder=funder)

    def cost_of(self, ctx, face: Fen, quote: Quote, value_day: Day, effective: Day) -> Cost:
        """Each cash flow is rounded once, half up, in fen."""
        days = effective - value_day
        advance = round_half_up(face * quote.advance, WHOLE)
        interest = round_half_up(advance * quote.rate * days, WHOLE * YEAR_DAYS)
        fee = max(quote.fee_least, round_half_up(advance * quote.fee_rate, WHOLE))
        net = advance - interest - fee
        all_in = round_half_up((interest + fee) * WHOLE * YEAR_DAYS, net * days) if net > 0 and days > 0 else 0
        return Cost(days=days, advanced=advance, interest=interest, fee=fee, net=net, all_in=all_in)

    # ---- views -------------------------------------------------------------------------------------------------------

    @view
    def application(self, ctx, application: Id) -> Application:
        """zh: 融资申请 | en: A request"""
        return self.applications[application]

    @view
    def financing(self, ctx, financing: Id) -> Financing:
        """zh: 融资 | en: A financing"""
        return self.financings[financing]

    @view
    def quotes_for(self, ctx, application: Id) -> tuple[tuple[tuple[Id, Org], Quote], ...]:
        """zh: 收到的报价 | en: The quotes for a request"""
        return self.quotes.rows(application, limit=256)

    @view
    def cost(self, ctx, application: Id, funder: Org, value_day: Day) -> Cost:
        """zh: 试算：利息、费用、实得、年化综合成本 | en: What a quote would cost"""
        row = self.applications[application]
        root, owner, issuer, whole, due, movable = ctx.view("voucher", "terms", row.tranche)
        return self.cost_of(ctx, row.face, self.quotes[(application, funder)], value_day, ctx.business_day_from(due))

    @view
    def to_quote(self, ctx, funder: Org, after: Id | None = None) -> tuple[tuple[Id, Application], ...]:
        """zh: 待报价的询价 | en: Requests that a funder may answer"""
        found = []
        more = True
        while more:
            page = self.asked_of_all.rows(after=after, limit=VIEW_ROWS)
            for key, row in page:
                after = key
                is_asked = len(row.funders) == 0 or funder in row.funders
                if ctx.day <= row.until and row.holder != funder and is_asked and len(found) < VIEW_ROWS:
                    found.append((key, row))
            more = len(page) == VIEW_ROWS and len(found) < VIEW_ROWS
        return tuple(found)

    @view
    def asked_by(self, ctx, holder: Org, after: Id | None = None) -> tuple[tuple[Id, Application], ...]:
        """zh: 自己的询价 | en: A holder's open requests"""
        return self.of_holder.rows(holder, after=after, limit=256)

    @view
    def to_select(self, ctx, holder: Org) -> tuple[tuple[Id, Application], ...]:
        """zh: 已有报价、待选定的询价 | en: Requests with quotes to choose from"""
        found = []
        for key, row in self.of_holder.rows(holder, limit=ROWS_MAX):
            if ctx.day <= row.until and len(self.quotes.keys(key, limit=1)) > 0:
                found.append((key, row))
        return tuple(found)

    @view
    def to_sign(self, ctx, organisation: Org) -> tuple[tuple[Id, Financing], ...]:
        """zh: 待签署的融资 | en: Financings that await the organisation's signature"""
        held = self.holder_status.rows(organisation, "selected", limit=ROWS_MAX)
        found = [(key, row) for key, row in held if not row.holder_signed and ctx.day <= row.until]
        bought = self.funder_status.rows(organisation, "selected", limit=ROWS_MAX)
        return tuple(found + [(key, row) for key, row in bought if not row.funder_signed and ctx.day <= row.until])

    @view
    def financings_of(self, ctx, tranche: Id) -> tuple[tuple[Id, Financing], ...]:
        """zh: 凭证的融资记录 | en: A tranche's financings"""
        return self.by_tranche.rows(tranche, limit=256)

    @view
    def open_for(self, ctx, organisation: Org) -> int:
        """zh: 待签、待付、可追索或尚有尾款的融资件数，双方各至多 64 | en: Financings to sign or to pay, with open recourse or a rest, 64 of each side at most"""
        return self.count_open(ctx, organisation, True) + self.count_open(ctx, organisation, False)

    def count_open(self, ctx, organisation: Org, is_holder: bool) -> int:
        count = 0
        for status in ("selected", "signed", "financed"):
            after = None
            more = True
            while more and count < ROWS_MAX:
                if is_holder:
                    page = self.holder_status.rows(organisation, status, after=after, limit=ROWS_MAX)
                else:
                    page = self.funder_status.rows(organisation, status, after=after, limit=ROWS_MAX)
                for key, row in page:
                    after = key
                    if self.is_open(ctx, row):
                        count = count + 1
                more = len(page) == ROWS_MAX
        return min(count, ROWS_MAX)

    def is_open(self, ctx, row: Financing) -> bool:
        status = self.status_of(ctx, row)
        if status == "financed":
            over = ctx.view("maturity", "standing", row.root)[0] in ("redeemed", "cancelled", "void")
            return row.rest > 0 or (row.recourse and not over)
        return status == "signed" or (status == "selected" and ctx.day <= row.until)

    @view
    def bought_by(self, ctx, funder: Org, after: Id | None = None) -> tuple[tuple[Id, Financing], ...]:
        """zh: 资金方的融资 | en: A funder's financings"""
        return self.by_funder.rows(funder, after=after, limit=256)
