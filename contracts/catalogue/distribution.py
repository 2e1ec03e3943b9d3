"""zh: 分付：兑付清单、按比例清分、逐笔付款、代偿与暂扣 | en: Distribution: the claims on a voucher, their shares, payments, guarantors

Plan p.16-17; I5. `maturity` knows when a voucher is due and what its issuer has paid; here stands who gets it. On the
record day each live tranche becomes one claim, whose owner (of a pledged one: the pledgee) is paid; a frozen or disputed
one is withheld. Out of what the bank has received so far every claim gets its share of the total, cumulatively, by
largest remainder with ties by tranche id, so that any number of short payments ends at the face to the fen. (As money
comes in, a share can fall by one fen. Who has been told to pay it out is not asked for it back: others wait for that
fen, one each in order of id, until the next payment.) A root with many claims is recorded and shared out page by page,
in blocks that follow: floors first, then the fen that are left along an index of the remainders, then the instructions;
so the shares are the very same as at one look. A returned payment reopens that claim alone. Who pays for the issuer
takes as much of the claim over.
"""

from contracts.sdk import Contract, Day, Digest, Event, Fen, Id, Index, Literal, Map, Org, Record, Refusal, Text
from contracts.sdk import action, apportion, fen, sweep, view

PAGE_ROWS = 1024  # what `trace` hands over at once
ACT_ROWS = 1000  # claims of one step in a transaction
SWEEP_ROWS = 200  # and in a sweep, which has less to spend


class Payout(Record):
    """A root whose record has begun, and what its claims were told to be paid and have been paid."""

    issuer: Org
    bank: Org
    effective: Day
    total: Fen = 0  # faces of all claims
    shared: Fen = 0  # how much of what was collected has been shared out
    instructed: Fen = 0
    paid: Fen = 0
    penalty_shared: Fen = 0
    penalty_instructed: Fen = 0
    penalty_paid: Fen = 0


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


class Distribution(Contract):
    payouts = Map(Id, Payout, placed_by="transaction")
    claims = Map(Id, Claim, placed_by="transaction")
    honours = Map((Id, Org), Honour, placed_by="transaction")
    moved = Map(Id, Moved, placed_by="transaction")  # where a claim went that a guarantor took a part of
    sharings = Map(Id, Sharing, placed_by="transaction")
    unfinished = Index(sharings, by="turn")
    by_shortfall = Index(claims, by=("root", "shortfall"))
    of_root = Index(claims, by="root")
    of_payee = Index(claims, by="payee")

    # fmt: off
    over = Refusal("DTB-001", zh="凭证已注销，退汇须另行处理", en="the voucher is cancelled; what came back is settled between the parties")
    not_withheld = Refusal("DTB-002", zh="该兑付未被暂扣", en="this claim is not withheld")
    still_withheld = Refusal("DTB-003", zh="凭证仍被冻结或有争议", en="still frozen or disputed")
    not_overdue = Refusal("DTB-004", zh="凭证未逾期，{effective} 应付", en="not overdue, payable on {effective}")
    under_way = Refusal("DTB-005", zh="该凭证尚有在途兑付 {amount}", en="{amount} are still on their way to this claim")
    too_much = Refusal("DTB-006", zh="代偿 {asked}，凭证面额 {face}", en="{asked} asked, the face is {face}")
    asked_before = Refusal("DTB-007", zh="代偿付款已指令，尚未到账", en="this payment has been instructed and has not arrived yet")
    sharing_out = Refusal("DTB-008", zh="{target} 正在清分", en="{target} are being shared out")
    # fmt: on

    # ---- the record --------------------------------------------------------------------------------------------------

    # who may
    @action(callers="maturity")
    def enter(self, ctx, root: Id, issuer: Org, bank: Org, effective: Day, after: Id | None) -> tuple[Fen, int, Id | None, bool]:  # fmt: skip
        """zh: 登记凭证 {root} 的一页兑付清单：{issuer} 通过 {bank} 于 {effective} 兑付，自 {after} 之后 | en: Enter a page of the claims on {root}, which {issuer} redeems through {bank} on {effective}, from {after} on"""
        payout = self.payouts.get(root)
        if payout is None:
            payout = Payout(issuer=issuer, bank=bank, effective=effective)
        page = ctx.view("trace", "record_of", root, after)
        entered = 0
        claims = 0
        for tranche, payee, face, withheld in page:
            after = tranche
            if face > 0:
                entered = entered + face
                claims = claims + 1
                self.claims[tranche] = Claim(root=root, payee=payee, face=face, withheld=withheld)
        self.payouts[root] = payout.replace(total=payout.total + entered)
        return (entered, claims, after, len(page) < PAGE_ROWS)

    # ---- sharing out -------------------------------------------------------------------------------------------------

    # who may
    @action(callers="maturity")
    def share(self, ctx, root: Id) -> tuple[tuple[Text, Id, Org, Org, Org | None, Fen, Day], ...]:
        """zh: 清分凭证 {root} 归集的款项 | en: Share out what came in for {root}"""
        # An earlier sum that still is being shared out is finished first.
        if root not in self.sharings:
            self.start_sharing(ctx, root)
            if root in self.sharings:
                return self.share_page(ctx, root, ACT_ROWS)
        return ()

    # who may: money that has arrived is shared out, whoever asks
    @action(on="sharings", anyone=True)
    def share_on(self, ctx, root: Id) -> None:
        """zh: 继续清分凭证 {root} 的款项 | en: Go on sharing out what came in for {root}"""
        ctx.call("settlement", "instruct", self.share_page(ctx, root, ACT_ROWS))

    @sweep(index="unfinished", rows_max=4, when="reached")
    def share_in_turn(self, ctx, root: Id, sharing: Sharing) -> None:
        ctx.call("settlement", "instruct", self.share_page(ctx, root, SWEEP_ROWS))

    def start_sharing(self, ctx, root: Id) -> None:
        row = self.payouts[root]
        phase, collected, penalty, total = ctx.view("maturity", "standing", root)
        if collected > row.shared:
            self.sharings[root] = Sharing(penalty=False, target=collected, turn=ctx.day, left=collected)
        elif penalty > row.penalty_shared:
            self.sharings[root] = Sharing(penalty=True, target=penalty, turn=ctx.day, left=penalty)

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
        total = self.payouts[root].total
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
        row = self.payouts[root]
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
        row = self.payouts[root]
        target = sharing.target
        self.payouts[root] = row.replace(penalty_shared=target) if sharing.penalty else row.replace(shared=target)
        self.sharings.remove(root)
        # What has come in meanwhile begins its own turn.
        self.start_sharing(ctx, root)

    def book(self, root: Id, penalty: bool, amount: Fen) -> None:
        row = self.payouts[root]
        if penalty:
            row = row.replace(penalty_instructed=row.penalty_instructed + amount)
        else:
            row = row.replace(instructed=row.instructed + amount)
        self.payouts[root] = row

    def order(
        self, ctx, tranche: Id, row: Payout, claim: Claim, penalty: bool, amount: Fen
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

    # ---- payments ----------------------------------------------------------------------------------------------------

    # who may
    @action(callers="settlement")
    def paid(self, ctx, business: Id, purpose: Text, payer: Org, amount: Fen) -> Answer:
        """zh: {business} 收到 {payer} 付款 {amount}，用途 {purpose} | en: {payer} has paid {amount} for {business}, {purpose}"""
        if purpose == "redeem":
            self.pay_claim(ctx, self.current(business), amount)
        elif purpose == "penalty_share":
            self.pay_penalty(self.current(business), amount)
        elif (business, payer) in self.honours:
            return Answer(in_time=self.honour(ctx, business, payer, amount))
        return Answer(in_time=True)

    def pay_claim(self, ctx, tranche: Id, amount: Fen) -> None:
        claim = self.claims[tranche]
        row = self.payouts[claim.root]
        claim = claim.replace(paid=claim.paid + amount)
        row = row.replace(paid=row.paid + amount)
        if claim.paid == claim.face:
            ctx.call("voucher", "redeem", tranche, True)
            ctx.emit(Redeemed(tranche=tranche, root=claim.root, payee=claim.payee, face=claim.face))
        self.claims[tranche] = claim
        self.payouts[claim.root] = row
        if row.paid == row.total:
            ctx.call("maturity", "mark", claim.root, "redeemed")

    # who may
    @action(callers="settlement")
    def returned(
        self, ctx, business: Id, purpose: Text, payer: Org, payee: Org, amount: Fen, again: Fen
    ) -> tuple[Text, Id, Org, Org, Org | None, Fen, Day]:
        """zh: {payer} 向 {payee} 就 {business} 的付款 {amount} 被退回，用途 {purpose}，重新指令 {again} | en: {amount} that {payer} paid {payee} for {business}, {purpose}, came back; {again} are instructed anew"""
        tranche = self.current(business)
        root = self.claims[tranche].root
        row = self.payouts[root]
        phase, collected, penalty, total = ctx.view("maturity", "standing", root)
        # what must hold
        ctx.require(phase != "cancelled", self.over)
        # what changes
        if purpose == "redeem":
            self.reopen(ctx, tranche, row, amount)
        elif purpose == "penalty_share":
            self.pay_penalty(tranche, -amount)
        elif (business, payer) in self.honours:
            honour = self.honours[(business, payer)]
            self.honours[(business, payer)] = honour.replace(left=honour.left + amount)
        # what is announced
        ctx.emit(Reopened(tranche=tranche, root=root, payee=payee, amount=amount))
        bank = None if purpose == "guarantee" or purpose == "recourse" else row.bank
        return (purpose, business, payer, payee, bank, again, max(ctx.day, row.effective))

    def pay_penalty(self, tranche: Id, amount: int) -> None:
        claim = self.claims[tranche]
        row = self.payouts[claim.root]
        self.claims[tranche] = claim.replace(penalty_paid=claim.penalty_paid + amount)
        self.payouts[claim.root] = row.replace(penalty_paid=row.penalty_paid + amount)

    def current(self, tranche: Id) -> Id:
        """The claim that a payment for `tranche` is booked on today."""
        known = self.moved.get(tranche)
        while known is not None:
            tranche = known.to
            known = self.moved.get(tranche)
        return tranche

    def reopen(self, ctx, tranche: Id, row: Payout, amount: Fen) -> None:
        claim = self.claims[tranche]
        if claim.paid == claim.face:
            ctx.call("voucher", "redeem", tranche, False)
        self.claims[tranche] = claim.replace(paid=claim.paid - amount)
        self.payouts[claim.root] = row.replace(paid=row.paid - amount)
        ctx.call("maturity", "mark", claim.root, "due")

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
        row = self.payouts[claim.root]
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
        effective = self.payouts[claim.root].effective
        phase, collected, penalty, total = ctx.view("maturity", "standing", claim.root)
        # what must hold
        late = phase == "due" and collected < total and ctx.day > effective
        ctx.require(late, self.not_overdue, effective=effective)
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
    def payout(self, ctx, root: Id) -> Payout:
        """zh: 分付情况 | en: What the claims on a root were paid"""
        return self.payouts[root]

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
