"""zh: 凭证担保：担保、随拆分按比例分割、代偿 | en: Guarantees of vouchers: given, divided with a split, honoured

Plan p.13. A licensed guarantor stands in for the issuer up to an amount of one tranche; the platform's operator never
does. A guarantee goes with its voucher: on a split it is divided in proportion to the faces by largest remainder, or the
split is refused where the contract of guarantee says that it is indivisible. A guarantor that pays owns that much.
"""

from contracts.sdk import Contract, Day, Digest, Event, Fen, Id, Index, Map, Org, Record, Refusal
from contracts.sdk import action, apportion, fen, view

PER_TRANCHE_MAX = 8
OPEN_MAX = 64


class Guarantee(Record):
    tranche: Id
    guarantor: Org
    amount: Fen
    contract: Digest
    divisible: bool
    since: Day


class Guaranteed(Event):
    tranche: Id
    owner: Org
    guarantor: Org
    amount: Fen


class Honoured(Event):
    tranche: Id
    guarantor: Org
    face: Fen
    left: Fen


class Guarantees(Contract):
    guarantees = Map((Id, Org), Guarantee, placed_by="transaction")
    by_guarantor = Index(guarantees, by="guarantor")

    # fmt: off
    not_allowed = Refusal("GUA-001", zh="{guarantor} 不得为本凭证担保", en="{guarantor} may not guarantee this voucher")
    not_movable = Refusal("GUA-002", zh="凭证 {tranche} 现不可办理", en="{tranche} is not free now")
    over_face = Refusal("GUA-003", zh="担保 {asked}，尚可担保 {free}", en="guarantee of {asked}, {free} of the face are not guaranteed yet")
    given_before = Refusal("GUA-004", zh="{guarantor} 已为本凭证担保", en="{guarantor} guarantees this voucher already")
    too_many = Refusal("GUA-005", zh="担保 {count} 项，上限 {limit}", en="{count} guarantees, at most {limit}")
    indivisible = Refusal("GUA-006", zh="{guarantor} 的担保不可分割", en="the guarantee by {guarantor} cannot be divided")
    too_much = Refusal("GUA-007", zh="代偿 {asked}，担保余额 {amount}", en="{asked} asked, the guarantee is {amount}")
    other_owner = Refusal("GUA-008", zh="持有人是 {owner}，所签为 {signed}", en="the holder is {owner}, {signed} was signed")
    too_small = Refusal("GUA-009", zh="代偿后一方份额 {part}，最低 {limit}", en="one part would be {part}, the smallest is {limit}")
    # fmt: on

    # who may
    @action(capacity="guarantor", policy="guarantee", amount="amount")
    def give(self, ctx, tranche: Id, holder: Org, amount: Fen, contract: Digest, divisible: bool) -> None:
        """zh: 为 {holder} 持有的凭证 {tranche} 担保 {amount} | en: Guarantee {amount} of {tranche}, held by {holder}
        contract: 保证合同 | Contract of guarantee
        divisible: 可随拆分分割 | Divided when the voucher is split"""
        guarantor = ctx.organisation
        root, owner, issuer, face, due, movable = ctx.view("voucher", "terms", tranche)
        # what must hold: never the operator, never a party of the claim itself
        allowed = not ctx.has_role(guarantor, "operator") and guarantor != owner and guarantor != issuer
        ctx.require(allowed, self.not_allowed, guarantor=guarantor)
        ctx.require(owner == holder, self.other_owner, owner=owner, signed=holder)
        ctx.require(movable, self.not_movable, tranche=tranche)
        ctx.require((tranche, guarantor) not in self.guarantees, self.given_before, guarantor=guarantor)
        known = self.guarantees.rows(tranche, limit=PER_TRANCHE_MAX)
        ctx.require(len(known) < PER_TRANCHE_MAX, self.too_many, count=len(known) + 1, limit=PER_TRANCHE_MAX)
        free = fen(face - sum([row.amount for key, row in known]))
        ctx.require(0 < amount <= free, self.over_face, asked=amount, free=free)
        # what changes: the amount of the voucher does not
        self.guarantees[(tranche, guarantor)] = Guarantee(
            tranche=tranche, guarantor=guarantor, amount=amount, contract=contract, divisible=divisible, since=ctx.day
        )
        ctx.call("voucher", "secure", tranche, len(known) + 1)
        # what is announced
        ctx.emit(Guaranteed(tranche=tranche, owner=owner, guarantor=guarantor, amount=amount))

    # who may
    @action(callers="voucher")
    def carve(self, ctx, tranche: Id, keys: tuple[Id, ...], faces: tuple[Fen, ...]) -> None:
        """zh: 凭证 {tranche} 拆分为 {keys}，担保随之分割 | en: {tranche} became {keys}; its guarantees go with them"""
        for known, row in self.guarantees.rows(tranche, limit=PER_TRANCHE_MAX):
            ctx.require(row.divisible or len(keys) == 1, self.indivisible, guarantor=row.guarantor)
            shares = apportion(row.amount, faces)
            for i in range(len(keys)):
                self.guarantees[(keys[i], row.guarantor)] = row.replace(tranche=keys[i], amount=shares[i])
            self.guarantees.remove(known)

    # who may
    @action(on="guarantees", party="guarantor", policy="guarantee", amount="face")
    def pay(self, ctx, tranche: Id, guarantor: Org, face: Fen) -> Id:
        """zh: {guarantor} 就逾期凭证 {tranche} 代偿面额 {face}，付款后取得相应凭证 | en: {guarantor} pays for {face} of the overdue {tranche} and will own as much"""
        row = self.guarantees[(tranche, guarantor)]
        root, owner, issuer, whole, due, movable = ctx.view("voucher", "terms", tranche)
        # what must hold
        ctx.require(0 < face <= row.amount, self.too_much, asked=face, amount=row.amount)
        least = fen(ctx.parameter("voucher_split_fen_min"))
        part = fen(min(face, whole - face))
        ctx.require(face == whole or part >= least, self.too_small, part=part, limit=least)
        # what changes once the bank has stated the payment
        return ctx.call("distribution", "pay_for", tranche, guarantor, face)

    # who may
    @action(callers="distribution")
    def honoured(self, ctx, tranche: Id, guarantor: Org, face: Fen) -> None:
        """zh: {guarantor} 已就凭证 {tranche} 代偿 {face} | en: {guarantor} has paid for {face} of {tranche}"""
        row = self.guarantees[(tranche, guarantor)]
        left = row.amount - face
        # what changes
        self.guarantees[(tranche, guarantor)] = row.replace(amount=left)
        # what is announced
        ctx.emit(Honoured(tranche=tranche, guarantor=guarantor, face=face, left=left))

    @view
    def open_for(self, ctx, guarantor: Org) -> int:
        """zh: 对现存凭证的担保项数，至多 64 | en: Guarantees of vouchers that live, 64 at most"""
        count = 0
        after = None
        more = True
        while more and count < OPEN_MAX:
            page = self.by_guarantor.rows(guarantor, after=after, limit=OPEN_MAX)
            for key, row in page:
                after = key
                if row.amount > 0 and ctx.view("trace", "is_live", key[0]):
                    count = count + 1
            more = len(page) == OPEN_MAX
        return count

    @view
    def guarantees_of(self, ctx, tranche: Id) -> tuple[tuple[tuple[Id, Org], Guarantee], ...]:
        """zh: 凭证的担保 | en: A tranche's guarantees"""
        return self.guarantees.rows(tranche, limit=PER_TRANCHE_MAX)

    @view
    def given_by(self, ctx, guarantor: Org) -> tuple[tuple[tuple[Id, Org], Guarantee], ...]:
        """zh: 担保人的担保 | en: What a guarantor has given"""
        return self.by_guarantor.rows(guarantor, limit=256)
