"""zh: 提前兑付：承诺付款人与一个持有人约定提前付款 | en: Early redemption: the issuer pays one holder before the due day

Business rule 4b.17. Only the issuer offers it, only the holder takes it, for the full face unless the holder signs for
less: the price stands in what both sign, and a rebate is the difference. Agreed, the part is locked until the business day
after the payment day; with the bank's statement of the whole price it is redeemed, and not before. Nobody else's voucher
changes. The payment day lies so far before the record day that a returned payment is back by then; what comes later is
settled between the two. `maturity` redeems a whole voucher early.
"""

from contracts.sdk import Contract, Day, Event, Fen, Id, Index, Literal, Map, Org, Record, Refusal, Text
from contracts.sdk import action, fen, sweep, view


class Early(Record):
    tranche: Id
    root: Id
    issuer: Org
    holder: Org
    bank: Org
    face: Fen
    price: Fen
    day: Day
    last: Day  # the last day on which the tranche can be as it was before the record
    status: Literal["offered", "agreed", "redeemed", "withdrawn", "lapsed"] = "offered"
    waiting: Day | None = None
    paid: Fen = 0


class Answer(Record):
    """To `settlement`: whether a payment came in time, and what is to be paid next."""

    in_time: bool
    orders: tuple[tuple[Text, Id, Org, Org, Org | None, Fen, Day], ...] = ()


class Changed(Event):
    early: Id
    tranche: Id
    issuer: Org
    holder: Org
    face: Fen
    price: Fen
    status: Text


class EarlyRedemption(Contract):
    offers = Map(Id, Early, placed_by="transaction")
    of_issuer = Index(offers, by=("issuer", "status"))
    of_holder = Index(offers, by=("holder", "status"))
    overtime = Index(offers, by="waiting")

    # fmt: off
    not_issuer = Refusal("ERL-001", zh="承诺付款人是 {issuer}，不是 {caller}", en="the issuer is {issuer}, not {caller}")
    not_holder = Refusal("ERL-002", zh="持有人是 {owner}，所签为 {signed}", en="the holder is {owner}, {signed} was signed")
    not_movable = Refusal("ERL-003", zh="凭证 {tranche} 现不可办理", en="{tranche} is not free now")
    wrong_amount = Refusal("ERL-004", zh="面额 {face}、价款 {price} 不合规，凭证面额 {whole}", en="{face} at {price} is not possible, the face is {whole}")
    wrong_day = Refusal("ERL-005", zh="付款日 {day} 须为 {today} 至 {last} 的工作日", en="payment day {day}: a business day from {today} to {last}")
    wrong_status = Refusal("ERL-006", zh="提前兑付状态为 {status}", en="the early redemption is {status}")
    other_terms = Refusal("ERL-007", zh="约定为 {face}、价款 {price}、{day} 付款，所签为 {signed_face}、{signed_price}、{signed_day}", en="offered were {face} for {price} on {day}, signed were {signed_face} for {signed_price} on {signed_day}")
    over = Refusal("ERL-008", zh="登记日已到，退汇须另行处理", en="the record day has come; what came back is settled between the parties")
    # fmt: on

    # who may
    @action(capacity="core", policy="early", amount="price")
    def offer(self, ctx, tranche: Id, holder: Org, face: Fen, price: Fen, day: Day) -> Id:
        """zh: 向 {holder} 提议提前兑付其所持凭证 {tranche}：面额 {face}，价款 {price}，付款日 {day} | en: Offer {holder} {price} on {day} for {face} of {tranche}"""
        root, owner, issuer, whole, due, movable = ctx.view("voucher", "terms", tranche)
        # what must hold
        ctx.require(issuer == ctx.organisation, self.not_issuer, issuer=issuer, caller=ctx.organisation)
        ctx.require(owner == holder, self.not_holder, owner=owner, signed=holder)
        ctx.require(movable, self.not_movable, tranche=tranche)
        possible = 0 < price <= face <= whole
        ctx.require(possible, self.wrong_amount, face=face, price=price, whole=fen(whole))
        record_day = ctx.business_day_before(ctx.business_day_from(due))
        last = record_day - ctx.parameter("maturity_return_days") - 1
        good = ctx.is_business_day(day) and ctx.day <= day and ctx.business_day_from(day + 1) <= last
        ctx.require(good, self.wrong_day, day=day, today=ctx.day, last=last)
        # what changes: nothing is locked
        early = ctx.new_id()
        row = Early(
            tranche=tranche,
            root=root,
            issuer=issuer,
            holder=holder,
            bank=ctx.view("maturity", "bank_of", root),
            face=face,
            price=price,
            day=day,
            last=record_day - 1,
            waiting=day,
        )
        # what is announced
        self.put(ctx, early, row, "offered")
        return early

    # who may
    @action(on="offers", party="issuer", permission="make")
    def withdraw(self, ctx, early: Id) -> None:
        """zh: 撤回提前兑付 {early} | en: Withdraw the early redemption {early}"""
        row = self.offers[early]
        self.require_status(ctx, row, "offered")
        self.put(ctx, early, row.replace(waiting=None), "withdrawn")

    # who may: the holder, whose signature under a lower price is the rebate
    @action(on="offers", party="holder", policy="transfer", amount="face")
    def agree(self, ctx, early: Id, face: Fen, price: Fen, day: Day) -> Id:
        """zh: 同意提前兑付 {early}：付款日 {day}，价款 {price}，面额 {face} | en: Agree to be paid {price} on {day} for {face}, {early}"""
        row = self.offers[early]
        # what must hold
        self.require_status(ctx, row, "offered")
        alike = row.face == face and row.price == price and row.day == day
        ctx.require(alike, self.other_terms, face=row.face, price=row.price, day=row.day, signed_face=face, signed_price=price, signed_day=day)  # fmt: skip
        owner = ctx.view("voucher", "terms", row.tranche)[1]
        ctx.require(owner == row.holder, self.not_holder, owner=owner, signed=row.holder)
        # what changes and what is announced
        until = ctx.business_day_from(day + 1)
        locked = ctx.call("voucher", "hold", row.tranche, face, "early", row.issuer, until)
        self.put(ctx, early, row.replace(tranche=locked, waiting=until), "agreed")
        return ctx.call("settlement", "instruct", (("early", early, row.issuer, row.holder, row.bank, price, day),))[0]

    @sweep(index="overtime", rows_max=32)
    def lapse(self, ctx, early: Id, row: Early) -> None:
        if row.status == "agreed":
            ctx.call("voucher", "free", row.tranche, "early")
        self.put(ctx, early, row.replace(waiting=None), "lapsed")

    # who may
    @action(callers="settlement")
    def paid(self, ctx, early: Id, amount: Fen) -> Answer:
        """zh: 提前兑付 {early} 收到 {amount} | en: {amount} were paid for {early}"""
        row = self.offers[early]
        row = row.replace(paid=row.paid + amount)
        in_time = self.status_of(ctx, row) == "agreed"
        # what changes and what is announced
        if in_time and row.paid == row.price:
            ctx.call("voucher", "buy_back", row.tranche, True, row.last)
            self.put(ctx, early, row.replace(waiting=None), "redeemed")
        else:
            self.offers[early] = row
        return Answer(in_time=in_time)

    # who may
    @action(callers="settlement")
    def returned(self, ctx, early: Id, amount: Fen, again: Fen) -> tuple[Text, Id, Org, Org, Org | None, Fen, Day]:
        """zh: 提前兑付 {early} 的付款 {amount} 被退回 | en: {amount} paid for {early} came back"""
        row = self.offers[early]
        status = row.status
        if status == "redeemed":
            ctx.require(ctx.day <= row.last, self.over)
            ctx.call("voucher", "buy_back", row.tranche, False, row.last)
            row = row.replace(waiting=row.last)
            status = "agreed"
        self.put(ctx, early, row.replace(paid=row.paid - amount), status)
        return ("early", early, row.issuer, row.holder, row.bank, again, ctx.day)

    # ---- helpers -----------------------------------------------------------------------------------------------------

    def put(self, ctx, early: Id, row: Early, status: Text) -> None:
        self.offers[early] = row.replace(status=status)
        ctx.emit(
            Changed(
                early=early, tranche=row.tranche, issuer=row.issuer, holder=row.holder, face=row.face, price=row.price,
                status=status,
            )
        )  # fmt: skip

    def status_of(self, ctx, row: Early) -> Text:
        """What has lapsed is answered alike before and after the sweep has seen it."""
        return "lapsed" if row.waiting is not None and ctx.day > row.waiting else row.status

    def require_status(self, ctx, row: Early, wanted: Text) -> None:
        status = self.status_of(ctx, row)
        ctx.require(status == wanted, self.wrong_status, status=status)

    @view
    def early(self, ctx, early: Id) -> Early:
        """zh: 提前兑付 | en: An early redemption"""
        return self.offers[early]

    @view
    def to_agree(self, ctx, holder: Org, after: Id | None = None) -> tuple[tuple[Id, Early], ...]:
        """zh: 待同意的提前兑付 | en: What a holder is offered"""
        return self.of_holder.rows(holder, "offered", after=after, limit=256)

    @view
    def offered_by(self, ctx, issuer: Org, status: Text, after: Id | None = None) -> tuple[tuple[Id, Early], ...]:
        """zh: 承诺付款人的提前兑付 | en: An issuer's early redemptions by status"""
        return self.of_issuer.rows(issuer, status, after=after, limit=256)
