"""zh: 更正与争议：撤回流转、争议锁定与处理 | en: Corrections: taking a transfer back, disputes over a voucher

Nothing is edited. Before acceptance an offer is withdrawn (`voucher`); after it, and while nothing has been distributed, a
transfer is taken back when everybody who holds something of it agrees. Where they do not, a payer may dispute what it has
paid away: only the disputed amount is locked, for a limited number of days, and the supervisor records the outcome. The
issuer can dispute against its own supplier alone: a later holder of an accepted voucher is never stopped by that trade.
A transfer of which more than 1,024 tranches came (all that came of it, spent ones too) is not taken back at one stroke.
"""

from contracts.sdk import Contract, Day, Digest, Event, Fen, Id, Index, Literal, Map, Org, Record, Refusal, Text
from contracts.sdk import action, fen, sweep, view


class Consent(Record):
    head: Id
    owner: Org
    face: Fen
    day: Day


class Dispute(Record):
    tranche: Id
    claimant: Org
    holder: Org
    amount: Fen
    reason: Digest
    opened: Day
    until: Day
    by_issuer: bool
    outcome: Literal["open", "upheld", "rejected", "dropped", "expired"] = "open"
    waiting: Day | None = None
    ruling: Digest | None = None


class Agreed(Event):
    head: Id
    owner: Org
    face: Fen


class Reversed(Event):
    head: Id
    to: Org
    face: Fen
    tranche: Id | None


class Opened(Event):
    dispute: Id
    tranche: Id
    claimant: Org
    holder: Org
    amount: Fen
    until: Day


class Closed(Event):
    dispute: Id
    tranche: Id
    claimant: Org
    holder: Org
    outcome: Text


class Disputes(Contract):
    consents = Map((Id, Org), Consent, placed_by="transaction")
    disputes = Map(Id, Dispute, placed_by="transaction")
    overtime = Index(disputes, by="waiting")
    by_outcome = Index(disputes, by="outcome")
    against = Index(disputes, by="holder")
    by_claimant = Index(disputes, by="claimant")

    # fmt: off
    not_holder = Refusal("DIS-001", zh="{caller} 不持有该流转的凭证", en="{caller} holds nothing that came of it")
    other_face = Refusal("DIS-002", zh="金额为 {face}，所签为 {signed}", en="the amount is {face}, {signed} was signed")
    not_giver = Refusal("DIS-003", zh="该笔流转由 {giver} 付出，不是 {caller}", en="{giver} made this transfer, not {caller}")
    not_agreed = Refusal("DIS-004", zh="{owner} 尚未同意撤回其持有的 {face}", en="{owner}, who holds {face}, has not agreed")
    mixed = Refusal("DIS-005", zh="其后续已与其他凭证合并或已兑付，不能撤回", en="it was merged with others or paid, and cannot be taken back")
    no_transfer = Refusal("DIS-006", zh="凭证 {tranche} 并非一笔流转", en="{tranche} is not what a transfer made")
    not_concerned = Refusal("DIS-007", zh="{caller} 不是 {holder} 所持凭证的前手", en="{caller} has not passed this voucher to {holder}")
    not_open = Refusal("DIS-008", zh="争议结果已为 {outcome}", en="the dispute is {outcome}")
    too_long = Refusal("DIS-009", zh="期限 {until}，最迟 {latest}", en="until {until}, at most {latest}")
    # fmt: on

    # ---- taking back -------------------------------------------------------------------------------------------------

    # who may: whoever holds something that came of the transfer
    @action(capacity=("supplier", "core", "bank", "factor"), policy="transfer", amount="face")
    def agree(self, ctx, head: Id, face: Fen) -> None:
        """zh: 同意撤回流转 {head}，退回所持 {face} | en: Agree to take back {head}, giving up {face}"""
        leaves = ctx.view("trace", "leaves", head)
        held = fen(sum([leaf[2] for leaf in leaves if leaf[1] == ctx.organisation]))
        # what must hold
        ctx.require(held > 0, self.not_holder, caller=ctx.organisation)
        ctx.require(held == face, self.other_face, face=held, signed=face)
        # what changes
        self.consents[(head, ctx.organisation)] = Consent(head=head, owner=ctx.organisation, face=face, day=ctx.day)
        # what is announced
        ctx.emit(Agreed(head=head, owner=ctx.organisation, face=face))

    # who may: whoever made the transfer; of a root, its issuer
    @action(capacity=("supplier", "core"), policy="transfer", amount="face")
    def reverse(self, ctx, head: Id, face: Fen) -> Id | None:
        """zh: 撤回流转 {head}，金额 {face} | en: Take back {head}, {face}"""
        # what must hold
        giver, holder, issuer, whole, level = ctx.view("voucher", "passage", head)
        ctx.require(giver is not None, self.no_transfer, tranche=head)
        ctx.require(giver == ctx.organisation, self.not_giver, giver=giver, caller=ctx.organisation)
        ctx.require(ctx.view("trace", "is_pure", head), self.mixed)
        leaves = ctx.view("trace", "leaves", head)
        total = 0
        for tranche, owner, amount in leaves:
            total = total + amount
        ctx.require(total == whole, self.mixed)
        ctx.require(whole == face, self.other_face, face=fen(whole), signed=face)
        for tranche, owner, amount in leaves:
            known = self.consents.get((head, owner))
            held = fen(sum([leaf[2] for leaf in leaves if leaf[1] == owner]))
            ctx.require(known is not None and known.face == held, self.not_agreed, owner=owner, face=held)
        # what changes
        back = None
        if giver == issuer:
            for tranche, owner, amount in leaves:
                ctx.call("voucher", "annul", tranche)
        else:
            back = ctx.call("voucher", "take_back", tuple([leaf[0] for leaf in leaves]), giver, level - 1)
        # what is announced
        ctx.emit(Reversed(head=head, to=giver, face=face, tranche=back))
        return back

    # ---- disputes ----------------------------------------------------------------------------------------------------

    # who may
    @action(capacity=("supplier", "core"), permission="make")
    def open(self, ctx, tranche: Id, holder: Org, amount: Fen, reason: Digest, until: Day) -> Id:
        """zh: 对 {holder} 所持凭证 {tranche} 提出争议 {amount}，期限 {until} | en: Dispute {amount} of {tranche}, held by {holder}, until {until}
        reason: 争议理由 | Reasons"""
        payer, owner, issuer, face, level = ctx.view("voucher", "passage", tranche)
        # what must hold: only the payer of this very holder is heard, and nobody against who bought the voucher
        ctx.require(owner == holder, self.not_concerned, caller=ctx.organisation, holder=owner)
        ctx.require(payer == ctx.organisation, self.not_concerned, caller=ctx.organisation, holder=owner)
        latest = ctx.day + ctx.parameter("dispute_days_max")
        ctx.require(ctx.day <= until <= latest, self.too_long, until=until, latest=latest)
        # what changes
        locked = ctx.call("voucher", "hold", tranche, amount, "dispute", ctx.organisation, until)
        dispute = ctx.new_id()
        self.disputes[dispute] = Dispute(
            tranche=locked,
            claimant=ctx.organisation,
            holder=owner,
            amount=amount,
            reason=reason,
            opened=ctx.day,
            until=until,
            by_issuer=ctx.organisation == issuer,
            waiting=until,
        )
        # what is announced
        ctx.emit(Opened(dispute=dispute, tranche=locked, claimant=ctx.organisation, holder=owner, amount=amount, until=until))  # fmt: skip
        return dispute

    # who may
    @action(on="disputes", party="claimant", permission="make")
    def drop(self, ctx, dispute: Id) -> None:
        """zh: 撤销争议 {dispute} | en: Drop dispute {dispute}"""
        row = self.disputes[dispute]
        # what must hold
        self.require_open(ctx, row)
        # what changes and what is announced
        self.close(ctx, dispute, row, "dropped", None)

    # who may
    @action(on="disputes", role="supervisor", policy="dispute")
    def rule(self, ctx, dispute: Id, upheld: bool, amount: Fen, ruling: Digest) -> None:
        """zh: 裁定争议 {dispute}，金额 {amount}，是否支持申请人：{upheld} | en: Rule on dispute {dispute} over {amount}: upheld {upheld}
        ruling: 裁定书 | Ruling"""
        row = self.disputes[dispute]
        # what must hold
        self.require_open(ctx, row)
        ctx.require(row.amount == amount, self.other_face, face=row.amount, signed=amount)
        # what changes and what is announced
        self.close(ctx, dispute, row, "upheld" if upheld else "rejected", ruling)

    @sweep(index="overtime", rows_max=32)
    def expire(self, ctx, dispute: Id, row: Dispute) -> None:
        self.close(ctx, dispute, row, "expired", None)

    def require_open(self, ctx, row: Dispute) -> None:
        """What has lapsed is answered alike before and after the sweep has seen it."""
        outcome = "expired" if row.outcome == "open" and ctx.day > row.until else row.outcome
        ctx.require(outcome == "open", self.not_open, outcome=outcome)

    def close(self, ctx, dispute: Id, row: Dispute, outcome: Text, ruling: Digest | None) -> None:
        if outcome != "upheld":
            ctx.call("voucher", "free", row.tranche, "dispute")
        elif row.by_issuer:
            ctx.call("voucher", "annul", row.tranche)
        else:
            ctx.call("voucher", "move", row.tranche, "dispute")
        self.disputes[dispute] = row.replace(outcome=outcome, waiting=None, ruling=ruling)
        ctx.emit(Closed(dispute=dispute, tranche=row.tranche, claimant=row.claimant, holder=row.holder, outcome=outcome))  # fmt: skip

    # ---- views -------------------------------------------------------------------------------------------------------

    @view
    def dispute(self, ctx, dispute: Id) -> Dispute:
        """zh: 争议 | en: A dispute"""
        return self.disputes[dispute]

    @view
    def to_rule(self, ctx, supervisor: Org, after: Id | None = None) -> tuple[tuple[Id, Dispute], ...]:
        """zh: 待裁定的争议 | en: Disputes that wait for a ruling"""
        is_supervisor = ctx.has_role(supervisor, "supervisor")
        return self.by_outcome.rows("open", after=after, limit=256) if is_supervisor else ()

    @view
    def consents_to(self, ctx, head: Id) -> tuple[tuple[tuple[Id, Org], Consent], ...]:
        """zh: 已同意撤回者 | en: Who has agreed to take a transfer back"""
        return self.consents.rows(head, limit=256)

    @view
    def disputes_of(self, ctx, organisation: Org) -> tuple[tuple[Id, Dispute], ...]:
        """zh: 涉及该机构的争议 | en: The disputes that concern an organisation"""
        return self.against.rows(organisation, limit=256) + self.by_claimant.rows(organisation, limit=256)
