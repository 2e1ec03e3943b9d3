"""zh: 到期：登记日、归集、逾期与清偿、提前兑付、注销 | en: Maturity: record day, collection, overdue and cure, early redemption

Plan p.13, 16-17. The nominal due day never changes; payment is due on it or, by the newest calendar, on the business day
that follows. At 00:00 of the business day before, the record is taken: `distribution` enters each live tranche as a
claim, in pages, and the issuer is told to pay its bank the whole. What the bank has received is shared out there. Late
money carries a penalty: the sum of amount x days late, once rounded, as a debt of its own. An issuer that is late cannot
issue until it has paid both and says so with a signature. Once everything is redeemed and the days for returns are over,
the voucher is cancelled and its line is free.
"""

from contracts.sdk import Contract, Day, Event, Fen, Id, Index, Literal, Map, Org, Rate, Record, Refusal, Text
from contracts.sdk import action, fen, round_half_up, sweep, view

WHOLE = 1_000_000
YEAR_DAYS = 360


class Redemption(Record):
    issuer: Org
    bank: Org
    due: Day  # nominal
    rate: Rate  # penalty a year
    effective: Day  # when it is really payable
    phase: Literal["waiting", "recording", "due", "redeemed", "cancelled", "void"] = "waiting"
    turn: Day | None = None  # the next day on which something happens by itself
    cursor: Id | None = None  # how far the record has been taken
    total: Fen = 0  # faces of all claims
    collected: Fen = 0  # by the bank from the issuer
    late_fen_days: int = 0
    penalty: Fen = 0
    penalty_collected: Fen = 0
    cured: Day | None = None
    claims: int = 0


class Answer(Record):
    """To `settlement`: whether a payment came in time, and what is to be paid next."""

    in_time: bool
    orders: tuple[tuple[Text, Id, Org, Org, Org | None, Fen, Day], ...] = ()


class Scheduled(Event):
    root: Id
    issuer: Org
    due: Day
    effective: Day


class Recorded(Event):
    root: Id
    issuer: Org
    bank: Org
    claims: int
    total: Fen
    effective: Day


class Collected(Event):
    root: Id
    issuer: Org
    bank: Org
    amount: Fen
    left: Fen
    penalty: Fen


class Reopened(Event):
    root: Id
    issuer: Org
    amount: Fen


class Overdue(Event):
    root: Id
    issuer: Org
    unpaid: Fen
    defaulted: bool


class Cured(Event):
    root: Id
    issuer: Org
    penalty: Fen


class Ended(Event):
    root: Id
    issuer: Org
    phase: Text


class Maturity(Contract):
    redemptions = Map(Id, Redemption, placed_by="transaction")
    turns = Index(redemptions, by="turn")
    of_issuer = Index(redemptions, by=("issuer", "due"))

    # fmt: off
    too_early = Refusal("MAT-001", zh="登记日 {record}，今日 {today}", en="the record day is {record}, today is {today}")
    wrong_phase = Refusal("MAT-002", zh="凭证清分状态为 {phase}", en="the redemption is {phase}")
    not_paid = Refusal("MAT-003", zh="尚欠本金 {unpaid}、罚息 {penalty}", en="{unpaid} of principal and {penalty} of penalty are unpaid")
    not_late = Refusal("MAT-004", zh="凭证没有逾期", en="nothing was paid late")
    cured_before = Refusal("MAT-005", zh="已于 {day} 清偿", en="cured on {day} already")
    wrong_day = Refusal("MAT-008", zh="提前兑付日 {day} 须为 {today} 起、登记日 {last} 前的工作日", en="early payment day {day}: a business day from {today} on and before {last}")
    over = Refusal("MAT-012", zh="凭证已注销，退汇须另行处理", en="the voucher is cancelled; what came back is settled between the parties")
    window_open = Refusal("MAT-014", zh="退汇期至 {until}", en="returns are possible until {until}")
    # fmt: on

    # ---- record day --------------------------------------------------------------------------------------------------

    # who may
    @action(callers="voucher")
    def schedule(self, ctx, root: Id, issuer: Org, bank: Org, due: Day, rate: Rate) -> None:
        """zh: 凭证 {root} 于 {due} 由 {issuer} 通过 {bank} 兑付 | en: {issuer} redeems {root} on {due} through {bank}"""
        effective = ctx.business_day_from(due)
        # what changes
        self.redemptions[root] = Redemption(
            issuer=issuer,
            bank=bank,
            due=due,
            rate=rate,
            effective=effective,
            turn=ctx.business_day_before(effective),
        )
        # what is announced
        ctx.emit(Scheduled(root=root, issuer=issuer, due=due, effective=effective))

    # who may: the day has come or it has not, whoever asks
    @action(on="redemptions", anyone=True)
    def record(self, ctx, root: Id) -> None:
        """zh: 对凭证 {root} 进行登记日登记 | en: Take the record of {root}"""
        row = self.redemptions[root]
        # what must hold
        ctx.require(row.phase == "waiting" or row.phase == "recording", self.wrong_phase, phase=row.phase)
        record_day = ctx.business_day_before(ctx.business_day_from(row.due))
        ctx.require(row.phase == "recording" or ctx.day >= record_day, self.too_early, record=record_day, today=ctx.day)
        # what changes and what is announced
        self.take_record(ctx, root, row)

    # who may
    @action(on="redemptions", party="issuer", policy="early")
    def redeem_early(self, ctx, root: Id, day: Day) -> None:
        """zh: 于 {day} 按面额提前兑付凭证 {root} | en: Redeem {root} early at its face on {day}"""
        row = self.redemptions[root]
        # what must hold
        ctx.require(row.phase == "waiting", self.wrong_phase, phase=row.phase)
        last = ctx.business_day_before(ctx.business_day_from(row.due))
        possible = ctx.is_business_day(day) and ctx.day <= day and day < last
        ctx.require(possible, self.wrong_day, day=day, today=ctx.day, last=last)
        # what changes and what is announced
        self.begin(ctx, root, row.replace(effective=day))

    # who may
    @action(callers="voucher")
    def paid_early(self, ctx, root: Id, paid: bool) -> None:
        """zh: 凭证 {root} 是否已全部提前兑付：{paid} | en: All of {root} is paid early: {paid}"""
        row = self.redemptions[root]
        # what must hold
        ctx.require(row.phase == "waiting" or row.phase == "redeemed", self.wrong_phase, phase=row.phase)
        # what changes
        if paid:
            self.redemptions[root] = row.replace(phase="redeemed", turn=self.end_of_returns(ctx))
            ctx.emit(Ended(root=root, issuer=row.issuer, phase="redeemed"))
        else:
            turn = ctx.business_day_before(ctx.business_day_from(row.due))
            self.redemptions[root] = row.replace(phase="waiting", turn=turn)

    def take_record(self, ctx, root: Id, row: Redemption) -> None:
        if row.phase == "waiting":
            row = row.replace(effective=ctx.business_day_from(row.due))
        self.begin(ctx, root, row)

    def begin(self, ctx, root: Id, row: Redemption) -> None:
        """One page of the record; the first one stops all movement, the last one asks the issuer for the money."""
        if row.phase == "waiting" and ctx.attempt("voucher", "mark", root, "due").code is not None:
            # Everything was taken back or annulled before: nothing is left to redeem.
            self.redemptions[root] = row.replace(phase="void", turn=None)
            return
        page = ctx.call("distribution", "enter", root, row.issuer, row.bank, row.effective, row.cursor)
        entered, found, cursor, is_last = page
        total = fen(row.total + entered)
        claims = row.claims + found
        row = row.replace(phase="recording", total=total, claims=claims, cursor=cursor, turn=ctx.day)
        if is_last:
            row = row.replace(phase="due", turn=row.effective + 1)
            order = ("collect", root, row.issuer, row.bank, row.bank, total, row.effective)
            ctx.call("settlement", "instruct", (order,))
            ctx.emit(Recorded(root=root, issuer=row.issuer, bank=row.bank, claims=claims, total=total, effective=row.effective))  # fmt: skip
        self.redemptions[root] = row

    @sweep(index="turns", rows_max=8, when="reached")
    def take_turn(self, ctx, root: Id, row: Redemption) -> None:
        if row.phase == "waiting":
            effective = ctx.business_day_from(row.due)
            record_day = ctx.business_day_before(effective)
            if ctx.day < record_day:
                self.redemptions[root] = row.replace(effective=effective, turn=record_day)
            else:
                self.take_record(ctx, root, row)
        elif row.phase == "recording":
            self.begin(ctx, root, row)
        elif row.phase == "due":
            self.tell_overdue(ctx, root, row)
        else:
            self.end(ctx, root, row)

    def tell_overdue(self, ctx, root: Id, row: Redemption) -> None:
        default_day = row.effective + ctx.parameter("maturity_default_days")
        defaulted = ctx.day >= default_day
        turn = None if defaulted or row.collected == row.total else default_day
        self.redemptions[root] = row.replace(turn=turn)
        if row.collected < row.total:
            ctx.emit(Overdue(root=root, issuer=row.issuer, unpaid=row.total - row.collected, defaulted=defaulted))

    # ---- money -------------------------------------------------------------------------------------------------------

    # who may
    @action(callers="settlement")
    def paid(self, ctx, root: Id, purpose: Text, amount: Fen, day: Day) -> Answer:
        """zh: 凭证 {root} 于 {day} 归集 {amount}，用途 {purpose} | en: {amount} came in for {root} on {day}, {purpose}"""
        if purpose == "collect":
            return Answer(in_time=True, orders=self.collect(ctx, root, amount, day))
        row = self.redemptions[root]
        self.redemptions[root] = row.replace(penalty_collected=row.penalty_collected + amount)
        return Answer(in_time=True, orders=ctx.call("distribution", "share", root))

    def collect(
        self, ctx, root: Id, amount: Fen, day: Day
    ) -> tuple[tuple[Text, Id, Org, Org, Org | None, Fen, Day], ...]:
        row = self.redemptions[root]
        collected = row.collected + amount
        late = row.late_fen_days + amount * max(0, day - row.effective)
        row = row.replace(collected=collected, late_fen_days=late)
        orders = ()
        if collected == row.total:
            penalty = round_half_up(late * row.rate, WHOLE * YEAR_DAYS)
            if penalty > row.penalty:
                orders = (("penalty", root, row.issuer, row.bank, row.bank, penalty - row.penalty, ctx.day),)
                row = row.replace(penalty=penalty)
            if late == 0:
                ctx.call("voucher", "mark", root, "settled")
        self.redemptions[root] = row
        ctx.emit(Collected(root=root, issuer=row.issuer, bank=row.bank, amount=amount, left=row.total - collected, penalty=row.penalty))  # fmt: skip
        return ctx.call("distribution", "share", root) + orders

    # who may
    @action(callers="settlement")
    def returned(
        self, ctx, root: Id, purpose: Text, amount: Fen, again: Fen, day: Day
    ) -> tuple[Text, Id, Org, Org, Org | None, Fen, Day]:
        """zh: 凭证 {root} 于 {day} 归集的 {amount} 被退回，用途 {purpose}，重新指令 {again} | en: {amount} that came in for {root} on {day}, {purpose}, went back; {again} are instructed anew"""
        row = self.redemptions[root]
        # what must hold
        ctx.require(row.phase != "cancelled", self.over)
        # what changes
        if purpose == "collect":
            late = row.late_fen_days - amount * max(0, day - row.effective)
            self.redemptions[root] = row.replace(collected=row.collected - amount, late_fen_days=late)
            ctx.call("voucher", "mark", root, "unsettled")
        else:
            self.redemptions[root] = row.replace(penalty_collected=row.penalty_collected - amount)
        # what is announced
        ctx.emit(Reopened(root=root, issuer=row.issuer, amount=amount))
        return (purpose, root, row.issuer, row.bank, row.bank, again, max(ctx.day, row.effective))

    # who may: the last claim is paid, or a payment of one came back
    @action(callers="distribution")
    def mark(self, ctx, root: Id, phase: Literal["redeemed", "due"]) -> None:
        """zh: 凭证 {root} 的清分状态：{phase} | en: The redemption of {root} is {phase}"""
        row = self.redemptions[root]
        if phase == "redeemed":
            self.redemptions[root] = row.replace(phase="redeemed", turn=self.end_of_returns(ctx))
            ctx.emit(Ended(root=root, issuer=row.issuer, phase="redeemed"))
        elif row.phase == "redeemed":
            self.redemptions[root] = row.replace(phase="due", turn=None)

    def end_of_returns(self, ctx) -> Day:
        return ctx.day + ctx.parameter("maturity_return_days") + 1

    # ---- overdue, cure, cancellation ---------------------------------------------------------------------------------

    # who may
    @action(on="redemptions", party="issuer", policy="cure")
    def cure(self, ctx, root: Id) -> None:
        """zh: 声明凭证 {root} 的逾期本金与罚息已清偿 | en: Declare that what was late on {root} is paid with its penalty"""
        row = self.redemptions[root]
        # what must hold
        ctx.require(row.late_fen_days > 0 or row.collected < row.total, self.not_late)
        ctx.require(row.cured is None, self.cured_before, day=row.cured)
        paid = row.collected == row.total and row.penalty_collected == row.penalty
        unpaid = fen(row.total - row.collected)
        penalty = fen(row.penalty - row.penalty_collected)
        ctx.require(paid, self.not_paid, unpaid=unpaid, penalty=penalty)
        # what changes
        self.redemptions[root] = row.replace(cured=ctx.day)
        ctx.call("voucher", "mark", root, "settled")
        # what is announced
        ctx.emit(Cured(root=root, issuer=row.issuer, penalty=row.penalty))

    # who may
    @action(on="redemptions", party=("issuer", "bank"), permission="make")
    def cancel(self, ctx, root: Id) -> None:
        """zh: 注销已兑付的凭证 {root}，释放额度 | en: Cancel the redeemed voucher {root} and release its line"""
        row = self.redemptions[root]
        # what must hold
        ctx.require(row.phase == "redeemed", self.wrong_phase, phase=row.phase)
        ctx.require(ctx.day >= row.turn, self.window_open, until=row.turn)
        # what changes and what is announced
        self.end(ctx, root, row)

    def end(self, ctx, root: Id, row: Redemption) -> None:
        ctx.call("voucher", "mark", root, "cancelled")
        self.redemptions[root] = row.replace(phase="cancelled", turn=None)
        ctx.emit(Ended(root=root, issuer=row.issuer, phase="cancelled"))

    # ---- views -------------------------------------------------------------------------------------------------------

    @view
    def redemption(self, ctx, root: Id) -> Redemption:
        """zh: 清分记录 | en: A root's redemption"""
        return self.redemptions[root]

    @view
    def bank_of(self, ctx, root: Id) -> Org:
        """zh: 兑付银行 | en: The bank that pays the holders"""
        return self.redemptions[root].bank

    @view
    def status(self, ctx, root: Id) -> Text:
        """zh: 到期状态（按今日判定） | en: The status as of today"""
        row = self.redemptions[root]
        if row.phase == "waiting":
            closed = ctx.day >= ctx.business_day_before(ctx.business_day_from(row.due))
            return "due" if closed else "waiting"
        if row.phase != "due" and row.phase != "recording":
            return row.phase
        if row.collected < row.total and ctx.day > row.effective:
            return "defaulted" if ctx.day >= row.effective + ctx.parameter("maturity_default_days") else "overdue"
        return "distributing" if row.collected > 0 else "due"

    @view
    def standing(self, ctx, root: Id) -> tuple[Text, Fen, Fen, Fen]:
        """zh: 清分状态、已归集本金与罚息、应付本金 | en: The phase, what came in of principal and of penalty, and the principal"""
        row = self.redemptions[root]
        return (row.phase, row.collected, row.penalty_collected, row.total)

    @view
    def due_of(self, ctx, issuer: Org, after: Id | None = None) -> tuple[tuple[Id, Redemption], ...]:
        """zh: 承诺付款人的到期凭证 | en: An issuer's redemptions, earliest first"""
        return self.of_issuer.rows(issuer, after=after, limit=256)
