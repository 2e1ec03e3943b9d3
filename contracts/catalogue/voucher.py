"""zh: 数字债权凭证：开立、签收、转让、拆分、合并、冻结、溯源 | en: Vouchers: issue, accept, transfer, split, merge, freeze, trace

Plan p.13, 15-17; I1-I4, I6. A core enterprise undertakes to pay its supplier at a date; the supplier may pass any part
on. A root is what was issued, a tranche is what somebody holds of it. This contract alone writes tranches: `finance`,
`guarantee`, `maturity` and `dispute` ask it. A spent tranche stays as history and names what came out of it.

* Obligor, due date and root never change. Every carving keeps the sum; a tranche has at most one lock.
* An offer carves a child at once and locks that child alone; the rest is free in the same transaction. The child's id is
  the transaction's id ‖ 0 (a batch: 0 to n-1) and the rest's is the next one, so both are known before submission.
* Silence refuses: from the day after `until` on an offer binds nobody, whether or not the sweep has seen it.
* From the business day before the effective due day on nothing moves; that day's owners are paid.
"""

from contracts.sdk import Contract, Day, Digest, Event, Fen, Id, Index, Literal, Map, Org, Rate, Record, Refusal, Text
from contracts.sdk import action, add_months, fen, sweep, view

MERGE_ITEMS_MAX = 100
ROWS_MAX = 1024
VIEW_ROWS = 256
HOLIDAY_DAYS_MAX = 25  # no run of days off is longer


class Root(Record):
    issuer: Org
    payee: Org
    bank: Org  # pays the holders out of what the issuer gives it
    face: Fen
    due: Day
    issued: Day
    line: Id
    contract: Id
    undertaking: Digest
    penalty: Rate  # a year, on what is paid late; fixed when issued
    status: Literal["offered", "refused", "withdrawn", "expired", "live", "due", "redeemed", "cancelled"]
    redeemed: Fen = 0
    cancelled: Fen = 0
    unsettled: bool = False  # accepted and not yet paid in full by the issuer


class Tranche(Record):
    root: Id
    owner: Org
    face: Fen
    level: int  # how many suppliers down from the issuer
    since: Day
    payer: Org | None = None  # who passed it on in payment of a debt
    parent: Id | None = None
    sources: tuple[Id, ...] = ()  # what was merged into it
    live: bool = True
    into: Id | None = None  # once spent: the rest, or what it was merged into
    lock: Literal["free", "offer", "finance", "pledge", "dispute", "early"] = "free"
    payee: Org | None = None  # for whom it is locked; after a lapse, was
    until: Day | None = None  # the lock's last day
    debt: Digest | None = None  # the paper of the debt that the transfer pays
    order: Digest | None = None  # frozen by this court or risk order
    guarantees: int = 0  # how many the contract `guarantee` keeps for it


class Issued(Event):
    root: Id
    issuer: Org
    payee: Org
    face: Fen
    due: Day
    until: Day
    long_tenor: bool


class Offered(Event):
    tranche: Id
    payer: Org
    payee: Org
    face: Fen
    until: Day


class Moved(Event):
    tranche: Id
    root: Id
    payer: Org
    payee: Org
    face: Fen
    issuer: Org


class Noted(Event):  # a tranche stays with its owner: a lock ended, a split, a merger, a freeze
    tranche: Id
    owner: Org
    payee: Org | None
    face: Fen
    outcome: Text


class RootChanged(Event):
    root: Id
    issuer: Org
    status: Text
    redeemed: Fen
    cancelled: Fen


class Voucher(Contract):
    roots = Map(Id, Root, placed_by="transaction")
    tranches = Map(Id, Tranche, placed_by="transaction")
    holdings = Index(tranches, by="owner", where="live")
    awaiting = Index(tranches, by=("payee", "lock"), where="until")
    lapsing = Index(tranches, by="until")
    tree = Index(tranches, by="root")
    carved_from = Index(tranches, by="parent")
    issued_by = Index(roots, by="issuer")
    unpaid = Index(roots, by=("issuer", "due"), where="unsettled")

    # fmt: off
    carved = Refusal("VOU-005", zh="凭证已拆分或转出，后续凭证 {into}", en="spent already; {into} came out of it")
    not_free = Refusal("VOU-006", zh="凭证不可动用：状态 {lock}，对方 {payee}，至 {until}", en="not free: {lock} for {payee} until {until}")
    too_much = Refusal("VOU-007", zh="金额 {asked}，可用 {free}", en="{asked} asked, {free} free")
    too_small = Refusal("VOU-009", zh="拆分金额 {asked}，最低 {limit}", en="{asked} asked, the smallest part is {limit}")
    too_deep = Refusal("VOU-010", zh="流转层级 {level}，上限 {limit}", en="level {level}, at most {limit}")
    no_payee = Refusal("VOU-011", zh="{payee} 没有供应商或核心企业资质，或已过期，不能接收凭证", en="{payee} has no capacity supplier or core, or it has lapsed, and cannot receive vouchers")
    frozen = Refusal("VOU-012", zh="凭证已依指令 {order} 冻结", en="frozen by order {order}")
    not_live = Refusal("VOU-013", zh="凭证状态为 {status}", en="the voucher is {status}")
    closed = Refusal("VOU-014", zh="{due} 到期，登记日已过，不再流转", en="due on {due}, the record day has passed and nothing moves any more")
    too_long = Refusal("VOU-015", zh="到期日 {due}，最迟 {latest}", en="due on {due}, the latest day allowed is {latest}")
    blocked = Refusal("VOU-016", zh="{issuer} 的凭证 {root} 于 {due} 到期未清偿，暂停开立", en="{issuer} has not paid {root}, due on {due}, and cannot issue")
    no_bank = Refusal("VOU-017", zh="{bank} 没有银行资质", en="{bank} is not licensed as a bank")
    other_terms = Refusal("VOU-018", zh="凭证为 {face}、{due} 到期，所签为 {signed_face}、{signed_due}", en="the voucher is {face} due {due}, {signed_face} due {signed_due} was signed")
    no_offer = Refusal("VOU-019", zh="凭证不在待签收状态，现为 {lock}", en="there is no open offer, the voucher is {lock}")
    wrong_count = Refusal("VOU-020", zh="共 {count} 项，应为 {least} 至 {limit} 项", en="{count} items, {least} to {limit} are possible")
    not_alike = Refusal("VOU-023", zh="凭证 {tranche} 不能合并：{why}", en="{tranche} cannot be merged: {why}")
    not_owner = Refusal("VOU-024", zh="持有人是 {owner}，不是 {caller}", en="the holder is {owner}, not {caller}")
    frozen_before = Refusal("VOU-027", zh="凭证已冻结", en="frozen already")
    not_frozen = Refusal("VOU-028", zh="所引指令与冻结指令不符", en="not frozen by this order")
    wrong_day = Refusal("VOU-029", zh="签收期限 {until} 应在 {today} 至 {latest} 之间", en="open until {until}; possible is {today} to {latest}")
    other_lock = Refusal("VOU-030", zh="凭证为 {lock}，不是 {wanted}", en="the voucher is {lock}, not {wanted}")
    ended = Refusal("VOU-032", zh="凭证已结束，不能再办理：{status}", en="the voucher has ended, nothing can be done with it: {status}")
    not_active = Refusal("VOU-033", zh="{payee} 不是状态正常的成员，不能接收凭证", en="{payee} is no active member and cannot receive vouchers")
    own_payee = Refusal("VOU-034", zh="{payee} 是持有人自己，或是承诺付款人，不能向其支付", en="{payee} holds the voucher itself or has to pay it, and cannot be paid with it")
    other_due = Refusal("VOU-031", zh="凭证 {due} 到期，所签为 {signed}", en="the voucher is due on {due}, {signed} was signed")
    # fmt: on

    # ---- issue -------------------------------------------------------------------------------------------------------

    # who may
    @action(capacity="core", policy="issue", amount="face")
    def issue(
        self, ctx, payee: Org, face: Fen, due: Day, until: Day, bank: Org, line: Id, contract: Id,
        invoices: tuple[tuple[Id, Fen], ...], undertaking: Digest,
    ) -> Id:  # fmt: skip
        """zh: 开立凭证并承诺付款：收款方 {payee}，金额 {face}，到期日 {due}，由 {bank} 兑付，签收期限 {until}（含当日） | en: Issue a voucher and undertake to pay {payee} {face} on {due} through {bank}; open to the end of {until}
        line: 额度 | Line
        contract: 合同 | Contract
        invoices: 发票及使用金额 | Invoices and the amounts used
        undertaking: 付款承诺书 | Payment undertaking"""
        issuer = ctx.organisation
        # what must hold
        self.require_receiver(ctx, payee, issuer, issuer)
        ctx.require(ctx.has_capacity(bank, "bank"), self.no_bank, bank=bank)
        latest = add_months(ctx.day, ctx.parameter("voucher_tenor_months_max"))
        ctx.require(ctx.day < due <= latest, self.too_long, due=due, latest=latest)
        self.require_until(ctx, until, due)
        for key, row in self.unpaid.rows(issuer, limit=1):
            ctx.require(ctx.business_day_from(row.due) >= ctx.day, self.blocked, issuer=issuer, root=key, due=row.due)
        # what changes
        root = ctx.new_id()
        ctx.call("credit", "reserve", root, line, issuer, face, until)
        ctx.call("trade", "use", root, contract, payee, issuer, face, invoices, until)
        self.roots[root] = Root(
            issuer=issuer, payee=payee, bank=bank, face=face, due=due, issued=ctx.day, line=line, contract=contract,
            undertaking=undertaking, penalty=ctx.parameter("voucher_penalty_rate"), status="offered",
        )  # fmt: skip
        self.tranches[root] = Tranche(
            root=root, owner=issuer, face=face, level=0, since=ctx.day, lock="offer", payee=payee, until=until
        )
        # what is announced
        long_tenor = due > add_months(ctx.day, ctx.parameter("voucher_tenor_months_warn"))
        ctx.emit(Issued(root=root, issuer=issuer, payee=payee, face=face, due=due, until=until, long_tenor=long_tenor))
        return root

    # ---- offers ------------------------------------------------------------------------------------------------------

    # who may
    @action(on="tranches", party="owner", capacity=("supplier", "core"), policy="transfer")
    def offer(self, ctx, tranche: Id, payee: Org, face: Fen, until: Day, debt: Digest, due: Day) -> Id:
        """zh: 以凭证 {tranche} 向 {payee} 支付 {face}，到期日 {due}，签收期限 {until}（含当日） | en: Pay {face} of {tranche}, due on {due}, to {payee}; open to the end of {until}
        debt: 基础债务文件 | Paper of the debt that is paid"""
        return self.offer_parts(ctx, tranche, ctx.organisation, until, due, ((payee, face, debt),))[0]

    # who may
    @action(callers="bulk")
    def offer_many(self, ctx, tranche: Id, owner: Org, until: Day, due: Day, parts: tuple[tuple[Org, Fen, Digest], ...]) -> tuple[Id, ...]:  # fmt: skip
        """zh: {owner} 以凭证 {tranche}（{due} 到期）批量支付 {parts}，至 {until} | en: {owner} pays {parts} of {tranche}, due on {due}, until {until}"""
        return self.offer_parts(ctx, tranche, owner, until, due, parts)

    def offer_parts(self, ctx, tranche: Id, owner: Org, until: Day, due: Day, parts: tuple[tuple[Org, Fen, Digest], ...]) -> tuple[Id, ...]:  # fmt: skip
        # what must hold
        held = self.free_row(ctx, tranche)
        root = self.movable_root(ctx, held.root)
        ctx.require(held.owner == owner, self.not_owner, owner=held.owner, caller=owner)
        ctx.require(root.due == due, self.other_due, due=root.due, signed=due)
        deepest = ctx.parameter("voucher_level_max")
        ctx.require(held.level < deepest, self.too_deep, level=held.level + 1, limit=deepest)
        self.require_until(ctx, until, root.due)
        for payee, face, debt in parts:
            self.require_receiver(ctx, payee, owner, root.issuer)
        # what changes
        children = self.carve(ctx, tranche, held, tuple([part[1] for part in parts]))
        for child, part in zip(children, parts):
            payee, face, debt = part
            self.tranches[child] = self.tranches[child].replace(lock="offer", payee=payee, until=until, debt=debt)
            # what is announced
            ctx.emit(Offered(tranche=child, payer=owner, payee=payee, face=face, until=until))
        return children[: len(parts)]

    # who may
    @action(on="tranches", party="payee", capacity=("supplier", "core"), policy="receive", amount="face")
    def accept(self, ctx, tranche: Id, face: Fen, due: Day) -> None:
        """zh: 签收凭证 {tranche}：金额 {face}，到期日 {due} | en: Accept {tranche}: {face}, due on {due}"""
        held = self.tranches[tranche]
        root = self.roots[held.root]
        # what must hold
        self.require_offer(ctx, held)
        ctx.require(held.order is None, self.frozen, order=held.order)
        alike = held.face == face and root.due == due
        ctx.require(alike, self.other_terms, face=held.face, due=root.due, signed_face=face, signed_due=due)
        self.require_movable(ctx, root, root.status == "offered")
        # what changes for a new voucher
        if root.status == "offered":
            ctx.call("credit", "occupy", held.root)
            ctx.call("trade", "keep", held.root)
            ctx.call("maturity", "schedule", held.root, root.issuer, root.bank, root.due, root.penalty)
            self.set_root(ctx, held.root, root.replace(status="live", unsettled=True))
        # what changes and what is announced: the debtor is told with it who its creditor is now
        moved = held.replace(level=held.level + 1, lock="free", payee=None, until=None)
        self.pass_on(ctx, tranche, moved, held.payee, held.owner)

    # who may
    @action(on="tranches", party="payee", permission="make")
    def refuse(self, ctx, tranche: Id) -> None:
        """zh: 拒收凭证 {tranche} | en: Refuse {tranche}"""
        held = self.tranches[tranche]
        # what must hold
        self.require_offer(ctx, held)
        # what changes and what is announced
        self.end_lock(ctx, tranche, held, "refused")

    # who may
    @action(on="tranches", party="owner", permission="make")
    def withdraw(self, ctx, tranche: Id) -> None:
        """zh: 撤回待签收的凭证 {tranche} | en: Withdraw the offer of {tranche}"""
        held = self.tranches[tranche]
        # what must hold
        self.require_offer(ctx, held)
        # what changes and what is announced
        self.end_lock(ctx, tranche, held, "withdrawn")

    @sweep(index="lapsing", rows_max=64)
    def lapse(self, ctx, tranche: Id, held: Tranche) -> None:
        self.end_lock(ctx, tranche, held, "expired")
        self.tranches[tranche] = self.tranches[tranche].replace(payee=held.payee)

    # ---- split, merge, freeze ----------------------------------------------------------------------------------------

    # who may
    @action(on="tranches", party="owner", permission="make")
    def split(self, ctx, tranche: Id, face: Fen) -> Id:
        """zh: 从凭证 {tranche} 拆出 {face} | en: Split {face} off {tranche}"""
        # what must hold
        held = self.free_row(ctx, tranche)
        self.movable_root(ctx, held.root)
        # what changes
        child = self.carve(ctx, tranche, held, (face,))[0]
        # what is announced
        self.tell(ctx, child, held.replace(face=face), "split")
        return child

    # who may
    @action(permission="make")
    def merge(self, ctx, tranches: tuple[Id, ...]) -> Id:
        """zh: 合并凭证 {tranches} | en: Merge {tranches}"""
        # what must hold
        ctx.require(2 <= len(tranches) <= MERGE_ITEMS_MAX, self.wrong_count, count=len(tranches), least=2, limit=MERGE_ITEMS_MAX)  # fmt: skip
        for key in tranches:
            ctx.require(self.tranches[key].owner == ctx.organisation, self.not_alike, tranche=key, why="other-owner")
        # what changes
        merged = self.join(ctx, tranches, ctx.organisation)
        # what is announced
        self.tell(ctx, merged, self.tranches[merged], "merged")
        return merged

    # who may
    @action(on="tranches", role="supervisor", policy="freeze")
    def freeze(self, ctx, tranche: Id, order: Digest) -> None:
        """zh: 依指令 {order} 冻结凭证 {tranche} | en: Freeze {tranche} by order {order}"""
        held = self.tranches[tranche]
        # what must hold
        self.require_live(ctx, held)
        ctx.require(held.order is None, self.frozen_before)
        # what changes
        self.tranches[tranche] = held.replace(order=order)
        # what is announced
        self.tell(ctx, tranche, held, "frozen")

    # who may
    @action(on="tranches", role="supervisor", policy="freeze")
    def unfreeze(self, ctx, tranche: Id, order: Digest) -> None:
        """zh: 撤销指令 {order}，解冻凭证 {tranche} | en: Lift order {order} from {tranche}"""
        held = self.tranches[tranche]
        # what must hold
        ctx.require(held.order == order, self.not_frozen)
        # what changes
        self.tranches[tranche] = held.replace(order=None)
        # what is announced
        self.tell(ctx, tranche, held, "unfrozen")

    # ---- what finance, guarantee, maturity and dispute ask for -------------------------------------------------------

    # who may
    @action(callers=("finance", "dispute", "early"))
    def hold(
        self, ctx, tranche: Id, face: Fen, lock: Literal["finance", "dispute", "early"], payee: Org, until: Day
    ) -> Id:
        """zh: 锁定凭证 {tranche} 中的 {face}，对方 {payee}，至 {until} | en: Lock {face} of {tranche} for {payee} until {until}"""
        # what must hold
        held = self.free_row(ctx, tranche)
        self.movable_root(ctx, held.root)
        # what changes: a whole tranche needs no carving
        key = tranche
        if face != held.face:
            key = self.carve(ctx, tranche, held, (face,))[0]
        self.tranches[key] = self.tranches[key].replace(lock=lock, payee=payee, until=until)
        return key

    # who may
    @action(callers=("finance", "dispute", "early"))
    def free(self, ctx, tranche: Id, lock: Literal["finance", "dispute", "early"]) -> None:
        """zh: 解除凭证 {tranche} 的锁定 | en: Unlock {tranche}"""
        held = self.tranches[tranche]
        # what changes: a lock that fell by time may be gone already
        if held.lock == lock:
            self.end_lock(ctx, tranche, held, "released")

    # who may
    @action(callers=("finance", "dispute"))
    def move(self, ctx, tranche: Id, lock: Literal["finance", "dispute"]) -> None:
        """zh: 凭证 {tranche} 交付锁定对方 | en: {tranche} passes to whom it is locked for"""
        held = self.tranches[tranche]
        root = self.roots[held.root]
        # what must hold
        ctx.require(self.is_locked(ctx, held) and held.lock == lock, self.other_lock, lock=held.lock, wanted=lock)
        ctx.require(held.order is None, self.frozen, order=held.order)
        self.require_movable(ctx, root, False)
        # what changes and what is announced
        self.pass_on(ctx, tranche, held.replace(lock="free", payee=None, until=None), held.payee, None)

    # who may
    @action(callers="distribution")
    def redeem(self, ctx, tranche: Id, paid: bool) -> None:
        """zh: 凭证 {tranche} 兑付，是否已付：{paid} | en: {tranche} is paid: {paid}"""
        held = self.tranches[tranche]
        root = self.roots[held.root]
        sign = 1 if paid else -1  # a returned payment makes the claim live again
        ctx.require(held.live == paid, self.not_live, status=root.status)
        redeemed = root.redeemed + sign * held.face
        status = "redeemed" if redeemed + root.cancelled == root.face else "due"
        self.tranches[tranche] = held.replace(live=not paid)
        self.set_root(ctx, held.root, root.replace(redeemed=redeemed, status=status))
        ctx.call("credit", "settle", held.root, held.owner, sign * held.face)

    # who may
    @action(callers="early")
    def buy_back(self, ctx, tranche: Id, paid: bool, until: Day) -> None:
        """zh: 凭证 {tranche} 提前兑付，是否已付：{paid} | en: {tranche} is paid before its due day: {paid}"""
        held = self.tranches[tranche]
        root = self.roots[held.root]
        # what must hold
        ctx.require(held.live == paid, self.not_live, status=root.status)
        ctx.require(held.order is None, self.frozen, order=held.order)
        # what changes; the issuer that has paid all of it early owes nothing at the due day
        redeemed = root.redeemed + (held.face if paid else -held.face)
        is_whole = redeemed + root.cancelled == root.face
        was_whole = root.status == "redeemed"
        if paid:
            self.tranches[tranche] = held.replace(live=False, lock="free", payee=None, until=None)
        else:
            self.tranches[tranche] = held.replace(live=True, lock="early", payee=root.issuer, until=until)
        status = "redeemed" if is_whole else "live"
        self.set_root(ctx, held.root, root.replace(redeemed=redeemed, status=status, unsettled=not is_whole))
        ctx.call("credit", "settle", held.root, held.owner, held.face if paid else -held.face)
        if is_whole or was_whole:
            ctx.call("maturity", "paid_early", held.root, is_whole)

    # who may
    @action(callers="maturity")
    def mark(self, ctx, root: Id, step: Literal["due", "settled", "unsettled", "cancelled"]) -> None:
        """zh: 凭证 {root} 的状态：{step} | en: {root}: {step}"""
        row = self.roots[root]
        if step == "due":
            ctx.require(row.status == "live", self.not_live, status=row.status)
            row = row.replace(status="due")
        elif step == "cancelled":
            ctx.require(row.status == "redeemed", self.not_live, status=row.status)
            ctx.call("credit", "release", root, row.redeemed)
            row = row.replace(status="cancelled")
        else:
            row = row.replace(unsettled=step == "unsettled")
        self.set_root(ctx, root, row)

    # who may
    @action(callers="guarantee")
    def secure(self, ctx, tranche: Id, guarantees: int) -> None:
        """zh: 凭证 {tranche} 现有 {guarantees} 项担保 | en: {tranche} now has {guarantees} guarantees"""
        self.tranches[tranche] = self.tranches[tranche].replace(guarantees=guarantees)

    # who may
    @action(callers="distribution")
    def subrogate(self, ctx, tranche: Id, face: Fen, guarantor: Org) -> tuple[Id, Id]:
        """zh: {guarantor} 代偿后取得凭证 {tranche} 中的 {face} | en: {guarantor} has paid and owns {face} of {tranche}"""
        held = self.tranches[tranche]
        # what must hold
        self.require_live(ctx, held)
        # what changes: other guarantees stay with what the holder keeps
        taken, rest = tranche, tranche
        if face != held.face:
            taken, rest = self.carve(ctx, tranche, held.replace(guarantees=0), (face,))
            self.tranches[rest] = self.tranches[rest].replace(guarantees=held.guarantees)
            if held.guarantees > 0:
                ctx.call("guarantee", "carve", tranche, (rest,), (held.face - face,))
        # what is announced
        ctx.call("credit", "settle", held.root, held.owner, face)
        self.pass_on(ctx, taken, self.tranches[taken], guarantor, None)
        return (taken, rest)

    # who may
    @action(callers="dispute")
    def annul(self, ctx, tranche: Id) -> None:
        """zh: 注销凭证 {tranche}，释放额度 | en: Annul {tranche} and release its part of the line"""
        held = self.tranches[tranche]
        root = self.roots[held.root]
        # what must hold
        ctx.require(held.live and root.status == "live", self.not_live, status=root.status)
        if held.lock != "dispute":
            self.free_row(ctx, tranche)
        # what changes
        cancelled = root.cancelled + held.face
        is_over = cancelled + root.redeemed == root.face
        status = "live" if not is_over else "cancelled" if root.redeemed == 0 else "redeemed"
        self.tranches[tranche] = held.replace(live=False, lock="free", payee=None, until=None)
        self.set_root(ctx, held.root, root.replace(cancelled=cancelled, status=status, unsettled=status == "live"))
        ctx.call("credit", "settle", held.root, held.owner, held.face)
        ctx.call("credit", "release", held.root, held.face)
        if status == "cancelled":
            ctx.call("trade", "release", held.root)
        elif status == "redeemed":
            ctx.call("maturity", "paid_early", held.root, True)

    # who may
    @action(callers="dispute")
    def take_back(self, ctx, leaves: tuple[Id, ...], to: Org, level: int) -> Id:
        """zh: {leaves} 退回 {to} | en: {leaves} go back to {to}"""
        # what changes; who had bought part of it is no longer exposed to the issuer, and who had sold it on is again
        for tranche in leaves:
            held = self.tranches[tranche]
            ctx.call("credit", "settle", held.root, held.owner, held.face)
        back = self.join(ctx, leaves, to)
        row = self.tranches[back]
        ctx.call("credit", "settle", row.root, to, -row.face)
        self.tranches[back] = row.replace(level=level)
        # what is announced
        self.tell(ctx, back, self.tranches[back], "taken back")
        return back

    # ---- helpers -----------------------------------------------------------------------------------------------------

    def free_row(self, ctx, tranche: Id) -> Tranche:
        """The tranche with no trace of a lock that has fallen; refuses unless its owner may dispose of it."""
        held = self.tranches[tranche]
        self.require_live(ctx, held)
        ctx.require(held.order is None, self.frozen, order=held.order)
        if held.lock == "free":
            return held
        ctx.require(not self.is_locked(ctx, held), self.not_free, lock=held.lock, payee=held.payee, until=held.until)
        return held.replace(lock="free", payee=None, until=None)

    def is_locked(self, ctx, held: Tranche) -> bool:
        return held.lock != "free" and (held.until is None or ctx.day <= held.until)

    def movable_root(self, ctx, key: Id) -> Root:
        root = self.roots[key]
        self.require_movable(ctx, root, False)
        return root

    def require_movable(self, ctx, root: Root, offered: bool) -> None:
        """Answers alike on the record day before and after the record has been taken."""
        ctx.require(root.status != "due" and not self.is_closed(ctx, root), self.closed, due=root.due)
        ctx.require(root.status == "live" or offered, self.not_live, status=root.status)

    def is_closed(self, ctx, root: Root) -> bool:
        """From 00:00 of the business day before the effective due day on; far from it the calendar is not asked."""
        if ctx.day < root.due - HOLIDAY_DAYS_MAX:
            return False
        return ctx.day >= ctx.business_day_before(ctx.business_day_from(root.due))

    def require_receiver(self, ctx, payee: Org, owner: Org, issuer: Org) -> None:
        licensed = ctx.has_capacity(payee, "supplier") or ctx.has_capacity(payee, "core")
        ctx.require(payee != owner and payee != issuer, self.own_payee, payee=payee)
        ctx.require(ctx.is_active(payee), self.not_active, payee=payee)
        ctx.require(licensed, self.no_payee, payee=payee)

    def require_live(self, ctx, held: Tranche) -> None:
        """What is spent lives on in another one. What lives on in none has ended, and its root knows how."""
        if not held.live:
            ctx.require(held.into is None, self.carved, into=held.into)
            root = self.roots[held.root]
            part = "redeemed" if root.cancelled == 0 else "cancelled" if root.redeemed == 0 else "closed"
            ctx.refuse(self.ended, status=root.status if root.cancelled == root.face else part)

    def require_offer(self, ctx, held: Tranche) -> None:
        """An offer that has lapsed is answered alike before and after the sweep has seen it."""
        if held.lock == "offer" and self.is_locked(ctx, held):
            return
        ctx.require(self.roots[held.root].status != "offered", self.ended, status="expired")
        self.require_live(ctx, held)
        ctx.refuse(self.no_offer, lock="free" if held.lock == "offer" else held.lock)

    def require_until(self, ctx, until: Day, due: Day) -> None:
        latest = min(due - 1, ctx.day + ctx.parameter("voucher_offer_days_max"))
        ctx.require(ctx.day <= until <= latest, self.wrong_day, until=until, today=ctx.day, latest=latest)

    def carve(self, ctx, tranche: Id, held: Tranche, faces: tuple[Fen, ...]) -> tuple[Id, ...]:
        """Spend a tranche: its children come first, then the rest. Sums agree and each part is large enough."""
        asked = fen(sum(faces))
        rest = held.face - asked
        ctx.require(rest >= 0, self.too_much, asked=asked, free=held.face)
        parts = faces if rest == 0 else faces + (rest,)
        least = fen(max(1, ctx.parameter("voucher_split_fen_min")))
        keys = []
        for part in parts:
            face = fen(part)
            ctx.require(face >= least or len(parts) == 1, self.too_small, asked=face, limit=least)
            key = ctx.new_id()
            self.tranches[key] = held.replace(face=face, parent=tranche, sources=(), since=ctx.day, debt=None)
            keys.append(key)
        self.tranches[tranche] = held.replace(live=False, into=keys[len(keys) - 1])
        if held.guarantees > 0:
            ctx.call("guarantee", "carve", tranche, tuple(keys), parts)
        return tuple(keys)

    def join(self, ctx, keys: tuple[Id, ...], owner: Org) -> Id:
        """Spend tranches of one root, in ascending order so that none stands twice, and make one of them."""
        root = self.tranches[keys[0]].root
        self.movable_root(ctx, root)
        merged = ctx.new_id()
        face = 0
        level = 0
        before = None
        for key in keys:
            held = self.free_row(ctx, key)
            ctx.require(before is None or before < key, self.not_alike, tranche=key, why="out-of-order")
            ctx.require(held.root == root, self.not_alike, tranche=key, why="other-root")
            ctx.require(held.guarantees == 0, self.not_alike, tranche=key, why="guaranteed")
            self.tranches[key] = held.replace(live=False, into=merged)
            before = key
            face = face + held.face
            level = max(level, held.level)
        self.tranches[merged] = Tranche(root=root, owner=owner, face=face, level=level, since=ctx.day, sources=keys)
        return merged

    def pass_on(self, ctx, tranche: Id, held: Tranche, owner: Org, payer: Org | None) -> None:
        self.tranches[tranche] = held.replace(owner=owner, payer=payer, since=ctx.day)
        issuer = self.roots[held.root].issuer
        ctx.emit(Moved(tranche=tranche, root=held.root, payer=held.owner, payee=owner, face=held.face, issuer=issuer))

    def tell(self, ctx, tranche: Id, held: Tranche, outcome: Text) -> None:
        ctx.emit(Noted(tranche=tranche, owner=held.owner, payee=held.payee, face=held.face, outcome=outcome))

    def end_lock(self, ctx, tranche: Id, held: Tranche, outcome: Text) -> None:
        root = self.roots[held.root]
        freed = held.replace(lock="free", payee=None, until=None)
        if root.status == "offered":
            freed = freed.replace(live=False)
            ctx.call("credit", "release", held.root, held.face)
            ctx.call("trade", "release", held.root)
            self.set_root(ctx, held.root, root.replace(status=outcome, cancelled=held.face))
        self.tranches[tranche] = freed
        self.tell(ctx, tranche, held, outcome)

    def set_root(self, ctx, key: Id, row: Root) -> None:
        if self.roots[key].status != row.status:
            ctx.emit(
                RootChanged(
                    root=key, issuer=row.issuer, status=row.status, redeemed=row.redeemed, cancelled=row.cancelled
                )
            )
        self.roots[key] = row

    # ---- views -------------------------------------------------------------------------------------------------------

    @view
    def root(self, ctx, root: Id) -> Root:
        """zh: 原始凭证 | en: What was issued"""
        row = self.roots[root]
        if row.status == "offered" and ctx.day > self.tranches[root].until:
            return row.replace(status="expired", cancelled=row.face)
        return row

    @view
    def tranche(self, ctx, tranche: Id) -> Tranche:
        """zh: 凭证 | en: A tranche"""
        return self.tranches[tranche]

    @view
    def terms(self, ctx, tranche: Id) -> tuple[Id, Org, Org, Fen, Day, bool]:
        """zh: 凭证要素：原始凭证、持有人、承诺付款人、金额、到期日、可否动用 | en: Root, owner, issuer, face, due day, whether it may move"""
        held = self.tranches[tranche]
        root = self.roots[held.root]
        free = held.live and held.order is None and not self.is_locked(ctx, held)
        movable = free and root.status == "live" and not self.is_closed(ctx, root)
        return (held.root, held.owner, root.issuer, held.face, root.due, movable)

    @view
    def passage(self, ctx, tranche: Id) -> tuple[Org | None, Org, Org, Fen, int]:
        """zh: 前手、持有人、承诺付款人、面额、层级 | en: Who passed it on, to whom, who issued it, its face and level"""
        held = self.tranches[tranche]
        return (held.payer, held.owner, self.roots[held.root].issuer, held.face, held.level)

    @view
    def held_by(self, ctx, owner: Org, after: Id | None = None) -> tuple[tuple[Id, Tranche], ...]:
        """zh: 持有的凭证 | en: What an organisation holds"""
        return self.holdings.rows(owner, after=after, limit=256)

    @view
    def inbox(self, ctx, organisation: Org, after: Id | None = None) -> tuple[tuple[Id, Tranche], ...]:
        """zh: 待签收的凭证 | en: Offers that await the organisation"""
        offers = []
        more = True
        while more:
            page = self.awaiting.rows(organisation, "offer", after=after, limit=VIEW_ROWS)
            for key, held in page:
                after = key
                # What has lapsed and was not swept yet leaves a gap here, which the next page fills.
                if self.is_locked(ctx, held) and len(offers) < VIEW_ROWS:
                    offers.append((key, held))
            more = len(page) == VIEW_ROWS and len(offers) < VIEW_ROWS
        return tuple(offers)

    @view
    def issued(self, ctx, issuer: Org, after: Id | None = None) -> tuple[tuple[Id, Root], ...]:
        """zh: 开立的凭证 | en: What an organisation has issued"""
        return self.issued_by.rows(issuer, after=after, limit=256)

    @view
    def open_for(self, ctx, organisation: Org) -> tuple[int, int]:
        """zh: 持有的与未清偿的凭证张数，各至多 256 | en: How many an organisation holds and has not paid, 256 of each at most"""
        offered = self.awaiting.keys(organisation, "offer", limit=256)
        owed = self.unpaid.keys(organisation, limit=256)
        return (len(self.holdings.keys(organisation, limit=256)) + len(offered), len(owed))

    @view
    def came_of(self, ctx, tranche: Id, after: Id | None = None) -> tuple[tuple[Id, Tranche], ...]:
        """zh: 由该凭证直接拆出或并入的凭证 | en: What was carved directly from a tranche, or what it was merged into"""
        held = self.tranches[tranche]
        if held.into is not None and after is None and self.tranches[held.into].parent != tranche:
            return ((held.into, self.tranches[held.into]),)
        return self.carved_from.rows(tranche, after=after, limit=ROWS_MAX)

    @view
    def all_of(self, ctx, root: Id, after: Id | None = None) -> tuple[tuple[Id, Tranche], ...]:
        """zh: 同一原始凭证下的全部凭证 | en: Every tranche of a root, spent ones too"""
        return self.tree.rows(root, after=after, limit=ROWS_MAX)
