"""zh: 到期清分：登记日、兑付指令、按比例清分、逾期与清偿、注销 | en: Maturity: record day, redemption, pro-rata distribution, overdue and cure

Plan p.13, 16-17; I5. The nominal due day never changes; payment is due on it or, by the newest calendar, on the business
day that follows. At 00:00 of the business day before, the record is taken: each live tranche becomes one claim, whose
owner (of a pledged one: the pledgee) is paid; a frozen or disputed one is withheld. The issuer pays its bank the whole;
out of what the bank has received so far every claim gets its share of the total, cumulatively, by largest remainder with
ties by tranche id, so that any number of short payments ends at the face to the fen. (As money comes in, a share can
fall by one fen. Who has been told to pay it out is not asked for it back: others wait for that fen, one each in order
of id, until the next payment.) A root with many claims is recorded and shared out page by page, in blocks that follow:
floors first, then the fen that are left along an index of the remainders, then the instructions; so the shares are the
very same as at one look. A returned payment reopens that claim alone. Late money carries a penalty: the sum of amount x days late, once rounded, as a debt of its own. An issuer
that is late cannot issue until it has paid both and says so with a signature. Once everything is redeemed and the days
for returns are over, the voucher is cancelled and its line is free.
"""

from contracts.sdk import Contract, Day, Digest, Event, Fen, Id, Index, Literal, Map, Org, Rate, Record, Refusal, Text
from contracts.sdk import action, apportion, fen, round_half_up, sweep, view

WHOLE = 1_000_000
YEAR_DAYS = 360
PAGE_ROWS = 1024  # what `trace` hands over at once
ACT_ROWS = 1000  # claims of one step in a transaction
SWEEP_ROWS = 200  # and in a sweep, which has less to spend


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
    instructed: Fen = 0
    paid: Fen = 0
    late_fen_days: int = 0
    penalty: Fen = 0
    penalty_collected: Fen = 0
    penalty_instructed: Fen = 0
    penalty_paid: Fen = 0
    cured: Day | None = None
    claims: int = 0
    shared: Fen = 0  # how much of what was collected has been shared out
    penalty_shared: Fen = 0


class Claim(Record):
    root: Id
    payee: Org
    face: Fen
    withheld: bool
    instructed: Fen = 0
    paid: Fen = 0
    penalty_instructed: Fen = 0
    penalty_paid: Fen = 0
    share: Fen = 0  # of what was shared out
    penalty_share: Fen = 0
    shortfall: int | None = None  # total - remainder, while fen are left to share out: the largest remainder is first


class Sharing(Record):
    """Money that is being shared out: floors in order of id, fen that are left by remainder, orders in order of id."""

    penalty: bool
    target: Fen  # what is shared out in all
    turn: Day
    step: Literal["floors", "fens", "orders"] = "floors"
    cursor: Id | None = None
    left: Fen = 0  # of the target
    over: Fen = 0  # how much more than their shares claims were told to be paid before


class Honour(Record):
    """A guarantor, or who sold with recourse, pays for the issuer and will own as much."""

    face: Fen
    left: Fen
    paid: Fen  # what the claim had received when this was instructed
    recourse: bool = False


class Moved(Record):
    to: Id


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


class Redeemed(Event):
    tranche: Id
    root: Id
    payee: Org
    face: Fen


class Reopened(Event):
    tranche: Id
    root: Id
    payee: Org
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
    claims = Map(Id, Claim, placed_by="transaction")
    honours = Map((Id, Org), Honour, placed_by="transaction")
    moved = Map(Id, Moved, placed_by="transaction")  # where a claim went that a guarantor took a part of
    sharings = Map(Id, Sharing, placed_by="transaction")
    unfinished = Index(sharings, by="turn")
    by_shortfall = Index(claims, by=("root", "shortfall"))
    turns = Index(redemptions, by="turn")
    of_issuer = Index(redemptions, by=("issuer", "due"))
    of_root = Index(claims, by="root")
    of_payee = Index(claims, by="payee")

    # fmt: off
    too_early = Refusal("MAT-001", zh="登记日 {record}，今日 {today}", en="the record day is {record}, today is {today}")
    wrong_phase = Refusal("MAT-002", zh="凭证清分状态为 {phase}", en="the redemption is {phase}")
    not_paid = Refusal("MAT-003", zh="尚欠本金 {unpaid}、罚息 {penalty}", en="{unpaid} of principal and {penalty} of penalty are unpaid")
    not_late = Refusal("MAT-004", zh="凭证没有逾期", en="nothing was paid late")
    cured_before = Refusal("MAT-005", zh="已于 {day} 清偿", en="cured on {day} already")
    not_withheld = Refusal("MAT-006", zh="该兑付未被暂扣", en="this claim is not withheld")
    still_withheld = Refusal("MAT-007", zh="凭证仍被冻结或有争议", en="still frozen or disputed")
    wrong_day = Refusal("MAT-008", zh="提前兑付日 {day} 须为 {today} 起、登记日 {last} 前的工作日", en="early payment day {day}: a business day from {today} on and before {last}")
    not_overdue = Refusal("MAT-009", zh="凭证未逾期，{effective} 应付", en="not overdue, payable on {effective}")
    under_way = Refusal("MAT-010", zh="该凭证尚有在途兑付 {amount}", en="{amount} are still on their way to this claim")
    too_much = Refusal("MAT-011", zh="代偿 {asked}，凭证面额 {face}", en="{asked} asked, the face is {face}")
    asked_before = Refusal("MAT-015", zh="代偿付款已指令，尚未到账", en="this payment has been instructed and has not arrived yet")
    over = Refusal("MAT-012", zh="凭证已注销，退汇须另行处理", en="the voucher is cancelled; what came back is settled between the parties")
    sharing_out = Refusal("MAT-016", zh="{target} 正在清分", en="{target} are being shared out")
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
            turn = ctx.day + ctx.parameter("maturity_return_days") + 1
            self.redemptions[root] = row.replace(phase="redeemed", turn=turn)
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
        page = ctx.view("trace", "record_of", root, row.cursor)
        total = row.total
        claims = row.claims
        cursor = row.cursor
        for tranche, payee, face, withheld in page:
            cursor = tranche
            if face > 0:
                total = total + face
                claims = claims + 1
                self.claims[tranche] = Claim(root=root, payee=payee, face=face, withheld=withheld)
        row = row.replace(phase="recording", total=total, claims=claims, cursor=cursor, turn=ctx.day)
        if len(page) < PAGE_ROWS:
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
    def paid(self, ctx, business: Id, purpose: Text, payer: Org, amount: Fen, day: Day) -> Answer:
        """zh: {business} 收到 {payer} 付款 {amount} | en: {payer} has paid {amount} for {business}"""
        orders = ()
        if purpose == "collect":
            orders = self.collect(ctx, business, amount, day)
        elif purpose == "penalty":
            row = self.redemptions[business]
            self.redemptions[business] = row.replace(penalty_collected=row.penalty_collected + amount)
            orders = self.share(ctx, business)
        elif purpose == "redeem":
            self.pay_claim(ctx, self.current(business), amount)
        elif purpose == "penalty_share":
            self.pay_penalty(ctx, self.current(business), amount)
        elif (business, payer) in self.honours:
            return Answer(in_time=self.honour(ctx, business, payer, amount))
        return Answer(in_time=True, orders=orders)

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
        return self.share(ctx, root) + orders

    # ---- sharing out -------------------------------------------------------------------------------------------------

    # who may: money that has arrived is shared out, whoever asks
    @action(on="sharings", anyone=True)
    def share_on(self, ctx, root: Id) -> None:
        """zh: 继续清分凭证 {root} 的款项 | en: Go on sharing out what came in for {root}"""
        ctx.call("settlement", "instruct", self.share_page(ctx, root, ACT_ROWS))

    @sweep(index="unfinished", rows_max=4, when="reached")
    def share_in_turn(self, ctx, root: Id, sharing: Sharing) -> None:
        ctx.call("settlement", "instruct", self.share_page(ctx, root, SWEEP_ROWS))

    def share(self, ctx, root: Id) -> tuple[tuple[Text, Id, Org, Org, Org | None, Fen, Day], ...]:
        """Begin to share out what came in, unless an earlier sum still is; then that one is finished first."""
        if root not in self.sharings:
            self.start_sharing(ctx, root)
            if root in self.sharings:
                return self.share_page(ctx, root, ACT_ROWS)
        return ()

    def start_sharing(self, ctx, root: Id) -> None:
        row = self.redemptions[root]
        if row.collected > row.shared:
            self.sharings[root] = Sharing(penalty=False, target=row.collected, turn=ctx.day, left=row.collected)
        elif row.penalty_collected > row.penalty_shared:
            target = row.penalty_collected
            self.sharings[root] = Sharing(penalty=True, target=target, turn=ctx.day, left=target)

    def share_page(self, ctx, root: Id, rows_max: int) -> tuple[tuple[Text, Id, Org, Org, Org | None, Fen, Day], ...]:
        """One page of each step that can be taken; what is to be instructed now."""
        sharing = self.sharings[root]
        if sharing.step == "floors":
            sharing = self.share_floors(root, sharing, rows_max)
        if sharing.step == "fens":
            sharing = self.share_fens(root, sharing, rows_max)
        self.sharings[root] = sharing
        return self.share_orders(ctx, root, sharing, rows_max) if sharing.step == "orders" else ()

    def share_floors(self, root: Id, sharing: Sharing, rows_max: int) -> Sharing:
        total = self.redemptions[root].total
        left = sharing.left
        over = sharing.over
        page = self.of_root.rows(root, after=sharing.cursor, limit=rows_max)
        for tranche, claim in page:
            product = sharing.target * claim.face
            floor = product // total
            part = product - floor * total
            shortfall = total - part if part > 0 else None
            left = left - floor
            over = over + max(0, self.told(sharing, claim) - floor)
            self.claims[tranche] = self.with_share(sharing, claim, floor).replace(shortfall=shortfall)
        if len(page) < rows_max:
            return sharing.replace(step="fens", cursor=None, left=left, over=over)
        return sharing.replace(cursor=page[len(page) - 1][0], left=left, over=over)

    def share_fens(self, root: Id, sharing: Sharing, rows_max: int) -> Sharing:
        """A claim that has its fen, or needs none, leaves the index, so that each page begins where it begins."""
        left = sharing.left
        over = sharing.over
        page = self.by_shortfall.rows(root, limit=rows_max)
        for tranche, claim in page:
            share = claim.penalty_share if sharing.penalty else claim.share
            if left > 0:
                left = left - 1
                if self.told(sharing, claim) > share:
                    over = over - 1
                share = share + 1
            self.claims[tranche] = self.with_share(sharing, claim, share).replace(shortfall=None)
        step = "orders" if len(page) < rows_max else "fens"
        return sharing.replace(step=step, left=left, over=over)

    def share_orders(
        self, ctx, root: Id, sharing: Sharing, rows_max: int
    ) -> tuple[tuple[Text, Id, Org, Org, Org | None, Fen, Day], ...]:
        """What each claim has to get beyond what was instructed before."""
        row = self.redemptions[root]
        room = sharing.target - (row.penalty_instructed if sharing.penalty else row.instructed)
        told = 0
        over = sharing.over
        orders = []
        page = self.of_root.rows(root, after=sharing.cursor, limit=rows_max)
        for tranche, claim in page:
            wanted = self.due_now(sharing.penalty, claim)
            if wanted > 0 and over > 0:
                over = over - 1
                wanted = wanted - 1
            amount = 0 if claim.withheld else max(0, min(wanted, room - told))
            if amount > 0:
                told = told + amount
                self.claims[tranche] = self.with_order(sharing.penalty, claim, amount)
                orders.append(self.order(ctx, tranche, row, claim, sharing.penalty, amount))
        self.book(root, sharing.penalty, told)
        if len(page) == rows_max:
            self.sharings[root] = sharing.replace(cursor=page[len(page) - 1][0], over=over)
        else:
            self.end_sharing(ctx, root, sharing)
        return tuple(orders)

    def end_sharing(self, ctx, root: Id, sharing: Sharing) -> None:
        row = self.redemptions[root]
        target = sharing.target
        self.redemptions[root] = row.replace(penalty_shared=target) if sharing.penalty else row.replace(shared=target)
        self.sharings.remove(root)
        # What has come in meanwhile begins its own turn.
        self.start_sharing(ctx, root)

    def book(self, root: Id, penalty: bool, amount: Fen) -> None:
        row = self.redemptions[root]
        if penalty:
            row = row.replace(penalty_instructed=row.penalty_instructed + amount)
        else:
            row = row.replace(instructed=row.instructed + amount)
        self.redemptions[root] = row

    def order(
        self, ctx, tranche: Id, row: Redemption, claim: Claim, penalty: bool, amount: Fen
    ) -> tuple[Text, Id, Org, Org, Org | None, Fen, Day]:
        purpose = "penalty_share" if penalty else "redeem"
        return (purpose, tranche, row.issuer, claim.payee, row.bank, amount, ctx.day)

    def with_order(self, penalty: bool, claim: Claim, amount: Fen) -> Claim:
        if penalty:
            return claim.replace(penalty_instructed=claim.penalty_instructed + amount)
        return claim.replace(instructed=claim.instructed + amount)

    def due_now(self, penalty: bool, claim: Claim) -> int:
        if penalty:
            return claim.penalty_share - claim.penalty_instructed
        return claim.share - claim.instructed

    def told(self, sharing: Sharing, claim: Claim) -> Fen:
        return claim.penalty_instructed if sharing.penalty else claim.instructed

    def with_share(self, sharing: Sharing, claim: Claim, share: Fen) -> Claim:
        return claim.replace(penalty_share=share) if sharing.penalty else claim.replace(share=share)

    def pay_claim(self, ctx, tranche: Id, amount: Fen) -> None:
        claim = self.claims[tranche]
        row = self.redemptions[claim.root]
        claim = claim.replace(paid=claim.paid + amount)
        row = row.replace(paid=row.paid + amount)
        if claim.paid == claim.face:
            ctx.call("voucher", "redeem", tranche, True)
            ctx.emit(Redeemed(tranche=tranche, root=claim.root, payee=claim.payee, face=claim.face))
        if row.paid == row.total:
            row = row.replace(phase="redeemed", turn=ctx.day + ctx.parameter("maturity_return_days") + 1)
            ctx.emit(Ended(root=claim.root, issuer=row.issuer, phase="redeemed"))
        self.claims[tranche] = claim
        self.redemptions[claim.root] = row

    # who may
    @action(callers="settlement")
    def returned(
        self, ctx, business: Id, purpose: Text, payer: Org, payee: Org, amount: Fen, again: Fen, day: Day
    ) -> tuple[Text, Id, Org, Org, Org | None, Fen, Day]:
        """zh: {business} 的付款 {amount} 被退回 | en: {amount} paid for {business} came back"""
        whole = purpose == "collect" or purpose == "penalty"
        tranche = business if whole else self.current(business)
        root = business if whole else self.claims[tranche].root
        row = self.redemptions[root]
        # what must hold
        ctx.require(row.phase != "cancelled", self.over)
        # what changes
        if purpose == "collect":
            late = row.late_fen_days - amount * max(0, day - row.effective)
            self.redemptions[root] = row.replace(collected=row.collected - amount, late_fen_days=late)
            ctx.call("voucher", "mark", root, "unsettled")
        elif purpose == "penalty":
            self.redemptions[root] = row.replace(penalty_collected=row.penalty_collected - amount)
        elif purpose == "redeem":
            self.reopen(ctx, tranche, row, amount)
        elif purpose == "penalty_share":
            self.pay_penalty(ctx, tranche, -amount)
        elif (business, payer) in self.honours:
            honour = self.honours[(business, payer)]
            self.honours[(business, payer)] = honour.replace(left=honour.left + amount)
        # what is announced
        ctx.emit(Reopened(tranche=tranche, root=root, payee=payee, amount=amount))
        bank = None if purpose == "guarantee" or purpose == "recourse" else row.bank
        return (purpose, business, payer, payee, bank, again, max(ctx.day, row.effective))

    def pay_penalty(self, ctx, tranche: Id, amount: int) -> None:
        claim = self.claims[tranche]
        row = self.redemptions[claim.root]
        self.claims[tranche] = claim.replace(penalty_paid=claim.penalty_paid + amount)
        self.redemptions[claim.root] = row.replace(penalty_paid=row.penalty_paid + amount)

    def current(self, tranche: Id) -> Id:
        """The claim that a payment for `tranche` is booked on today."""
        known = self.moved.get(tranche)
        while known is not None:
            tranche = known.to
            known = self.moved.get(tranche)
        return tranche

    def reopen(self, ctx, tranche: Id, row: Redemption, amount: Fen) -> None:
        claim = self.claims[tranche]
        if claim.paid == claim.face:
            ctx.call("voucher", "redeem", tranche, False)
        self.claims[tranche] = claim.replace(paid=claim.paid - amount)
        turn = row.turn if row.phase == "due" else None
        self.redemptions[claim.root] = row.replace(phase="due", paid=row.paid - amount, turn=turn)

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

    # ---- withheld claims and guarantors ------------------------------------------------------------------------------

    # who may
    @action(on="claims", anyone=True)
    def release(self, ctx, tranche: Id) -> None:
        """zh: 凭证 {tranche} 已解冻，恢复兑付 | en: {tranche} is free again: pay what was withheld"""
        claim = self.claims[tranche]
        # what must hold
        ctx.require(claim.withheld, self.not_withheld)
        self.require_shared(ctx, claim.root)
        ctx.require(not ctx.view("trace", "is_withheld", tranche), self.still_withheld)
        # what changes
        self.pay_withheld(ctx, tranche, claim)

    # who may
    @action(on="claims", role="supervisor", policy="freeze")
    def direct(self, ctx, tranche: Id, to: Org, order: Digest) -> None:
        """zh: 依指令 {order} 将凭证 {tranche} 的兑付款付至 {to} | en: By order {order} pay what {tranche} gets to {to}"""
        claim = self.claims[tranche]
        # what must hold
        ctx.require(claim.withheld, self.not_withheld)
        self.require_shared(ctx, claim.root)
        # what changes
        self.pay_withheld(ctx, tranche, claim.replace(payee=to))

    def require_shared(self, ctx, root: Id) -> None:
        known = self.sharings.get(root)
        ctx.require(known is None, self.sharing_out, target=known.target)

    def pay_withheld(self, ctx, tranche: Id, claim: Claim) -> None:
        """What was reserved for the claim; never more than what has come in and nobody was told to be paid."""
        row = self.redemptions[claim.root]
        claim = claim.replace(withheld=False)
        orders = []
        for penalty, room in (
            (False, row.shared - row.instructed),
            (True, row.penalty_shared - row.penalty_instructed),
        ):
            amount = min(self.due_now(penalty, claim), room)
            if amount > 0:
                claim = self.with_order(penalty, claim, amount)
                orders.append(self.order(ctx, tranche, row, claim, penalty, amount))
                self.book(claim.root, penalty, amount)
        self.claims[tranche] = claim
        ctx.call("settlement", "instruct", tuple(orders))

    # who may
    @action(callers=("guarantee", "finance"))
    def pay_for(self, ctx, tranche: Id, guarantor: Org, face: Fen) -> Id:
        """zh: {guarantor} 就凭证 {tranche} 代偿 {face} | en: {guarantor} pays for {face} of {tranche}"""
        ctx.require(tranche in self.claims, self.not_overdue, effective=None)
        claim = self.claims[tranche]
        row = self.redemptions[claim.root]
        # what must hold
        late = row.phase == "due" and row.collected < row.total and ctx.day > row.effective
        ctx.require(late, self.not_overdue, effective=row.effective)
        self.require_shared(ctx, claim.root)
        ctx.require((tranche, guarantor) not in self.honours, self.asked_before)
        ctx.require(claim.instructed == claim.paid, self.under_way, amount=fen(claim.instructed - claim.paid))
        ctx.require(0 < face <= claim.face, self.too_much, asked=face, face=claim.face)
        # what changes: who takes a part over pays what that part has not received yet
        amount = face - apportion(claim.paid, (face, claim.face - face))[0]
        recourse = ctx.caller == "finance"
        self.honours[(tranche, guarantor)] = Honour(face=face, left=amount, paid=claim.paid, recourse=recourse)
        order = ("recourse" if recourse else "guarantee", tranche, guarantor, claim.payee, None, amount, ctx.day)
        return ctx.call("settlement", "instruct", (order,))[0]

    def honour(self, ctx, tranche: Id, guarantor: Org, amount: Fen) -> bool:
        """Whether the payment came in time: once the issuer's own money is on its way, it is settled between the two."""
        honour = self.honours[(tranche, guarantor)]
        if amount < honour.left:
            self.honours[(tranche, guarantor)] = honour.replace(left=honour.left - amount)
            return True
        self.honours.remove((tranche, guarantor))
        claim = self.claims.get(tranche)
        if claim is None or claim.paid != honour.paid or claim.instructed != claim.paid or claim.root in self.sharings:
            return False
        if not honour.recourse:
            ctx.call("guarantee", "honoured", tranche, guarantor, honour.face)
        taken, rest = ctx.call("voucher", "subrogate", tranche, honour.face, guarantor)
        self.claims.remove(tranche)
        faces = (honour.face, claim.face - honour.face)
        instructed = apportion(claim.instructed, faces)
        paid = apportion(claim.paid, faces)
        late = apportion(claim.penalty_instructed, faces)
        late_paid = apportion(claim.penalty_paid, faces)
        share = apportion(claim.share, faces)
        late_share = apportion(claim.penalty_share, faces)
        owners = (guarantor, claim.payee)
        keys = (taken, rest)
        for i in range(2):
            if faces[i] > 0:
                self.claims[keys[i]] = claim.replace(
                    payee=owners[i],
                    face=faces[i],
                    instructed=instructed[i],
                    paid=paid[i],
                    penalty_instructed=late[i],
                    penalty_paid=late_paid[i],
                    share=share[i],
                    penalty_share=late_share[i],
                )
        if rest != tranche:
            self.moved[tranche] = Moved(to=rest)
        return True

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
    def is_redeemed(self, ctx, tranche: Id) -> bool:
        """zh: 是否已兑付 | en: Whether a tranche has been paid in full"""
        claim = self.claims.get(tranche)
        return claim is not None and claim.paid == claim.face

    @view
    def claim(self, ctx, tranche: Id) -> Claim:
        """zh: 凭证的兑付 | en: A tranche's claim"""
        return self.claims[tranche]

    @view
    def claims_of(self, ctx, root: Id, after: Id | None = None) -> tuple[tuple[Id, Claim], ...]:
        """zh: 兑付清单 | en: The redemption list"""
        return self.of_root.rows(root, after=after, limit=256)

    @view
    def owed_to(self, ctx, payee: Org, after: Id | None = None) -> tuple[tuple[Id, Claim], ...]:
        """zh: 应收兑付款 | en: The claims of a payee"""
        return self.of_payee.rows(payee, after=after, limit=256)

    @view
    def due_of(self, ctx, issuer: Org, after: Id | None = None) -> tuple[tuple[Id, Redemption], ...]:
        """zh: 承诺付款人的到期凭证 | en: An issuer's redemptions, earliest first"""
        return self.of_issuer.rows(issuer, after=after, limit=256)
