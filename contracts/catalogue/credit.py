"""zh: 授信额度：授信、分配、激活、占用、释放、冻结、清零、恢复 | en: Credit lines, their sub-limits and their use

Plan p.13; I8.

A line belongs to a funder and stands for one core enterprise; a group's line is cut into sub-lines for its companies,
products or branches, each again a line. Whatever uses a line uses every line above it in the same step, or none. Per line
limit + excess = available + reserved + occupied + frozen (I8): `excess` is how far a limit was lowered below its use.
An open offer reserves, its acceptance occupies, redemption releases; on a line that does not revolve what is released
is gone from the limit. A reservation ends with the offer's last day by itself. A freeze takes what is available and stops
acceptance; what is occupied stays untouched. When the line's own funder finances what was issued under it, the use is
only marked as financed; any other buyer's claim on the core enterprise is noted as that buyer's exposure.
"""

from contracts.sdk import Contract, Day, Digest, Event, Fen, Id, Index, Map, Org, Record, Refusal, Text
from contracts.sdk import action, fen, view

LINES_ABOVE_MAX = 8
LAPSED_PER_CALL_MAX = 32
ROWS_MAX = 1024


class Line(Record):
    funder: Org
    core: Org
    parent: Id | None
    product: Text  # what it is for: a product, a branch; empty for everything
    limit: Fen
    revolving: bool
    allocated: Fen = 0  # to sub-lines
    reserved: Fen = 0
    occupied: Fen = 0
    frozen: Fen = 0
    begins: Day | None = None  # usable from this day on; None until the funder activates it
    ends: Day | None = None
    is_frozen: bool = False
    order: Digest | None = None  # the supervisor's order, which the funder cannot lift


class Use(Record):
    line: Id
    group: Id  # the line on top, with which all below it share
    core: Org
    amount: Fen
    until: Day | None  # an open offer's last day; None once occupied
    financed: Fen = 0  # of it, what the line's own funder has financed


class Exposure(Record):
    funder: Org
    core: Org
    amount: Fen


class Figures(Record):
    limit: Fen
    excess: Fen
    available: Fen
    reserved: Fen
    occupied: Fen
    frozen: Fen
    usable: bool


class Granted(Event):
    line: Id
    funder: Org
    core: Org
    limit: Fen


class Activated(Event):
    line: Id
    funder: Org
    core: Org
    begins: Day
    ends: Day


class Changed(Event):
    line: Id
    funder: Org
    core: Org
    limit: Fen


class Frozen(Event):
    line: Id
    funder: Org
    core: Org
    amount: Fen
    by: Org


class Restored(Event):
    line: Id
    funder: Org
    core: Org
    by: Org


class Credit(Contract):
    lines = Map(Id, Line, placed_by="transaction")
    uses = Map(Id, Use, placed_by="transaction")  # by the business that uses the line: a voucher's root
    exposures = Map((Id, Org), Exposure, placed_by="transaction")  # business, buyer
    of_core = Index(lines, by="core")
    of_funder = Index(lines, by="funder")
    under = Index(lines, by="parent")
    temporary = Index(uses, by=("group", "until"))
    exposed = Index(exposures, by=("funder", "core"))

    # fmt: off
    not_amount = Refusal("CRE-001", zh="金额 {amount} 须大于零", en="the amount {amount} must be above zero")
    over_parent = Refusal("CRE-002", zh="可分配 {free}，申请 {asked}", en="{asked} asked, {free} are left to allocate")
    too_deep = Refusal("CRE-003", zh="额度层级上限 {limit}", en="lines can be nested {limit} deep")
    wrong_window = Refusal("CRE-004", zh="有效期 {begins} 至 {ends} 有误，今日 {today}", en="the window {begins} to {ends} is not possible, today is {today}")
    not_in_window = Refusal("CRE-005", zh="额度 {line} 有效期 {begins} 至 {ends}，今日 {today}", en="line {line} is usable from {begins} to {ends}, today is {today}")
    is_frozen_line = Refusal("CRE-006", zh="额度 {line} 已冻结", en="line {line} is frozen")
    not_enough = Refusal("CRE-007", zh="额度 {line} 可用 {free}，申请占用 {asked}", en="{asked} asked, {free} of line {line} are available")
    other_core = Refusal("CRE-008", zh="该额度属于 {core}，不是 {asked}", en="the line is for {core}, not {asked}")
    frozen_before = Refusal("CRE-009", zh="额度已冻结", en="the line is frozen already")
    not_frozen = Refusal("CRE-010", zh="额度未冻结", en="the line is not frozen")
    by_order = Refusal("CRE-011", zh="额度依监管指令冻结，仅主管方可恢复", en="frozen by the supervisor's order, which only the supervisor lifts")
    used_before = Refusal("CRE-012", zh="业务 {business} 已占用额度", en="{business} uses a line already")
    lapsed = Refusal("CRE-013", zh="额度预占已于 {until} 到期", en="the reservation ended on {until}")
    below_allocated = Refusal("CRE-014", zh="已分配 {allocated}，限额不能降至 {limit}", en="{allocated} are allocated, the limit cannot become {limit}")
    other_order = Refusal("CRE-015", zh="所引指令与冻结指令不符", en="not the order by which the line was frozen")
    not_core = Refusal("CRE-016", zh="{core} 没有核心企业资质", en="{core} is not licensed as a core enterprise")
    # fmt: on

    # ---- from grant to clearing --------------------------------------------------------------------------------------

    # who may
    @action(capacity=("bank", "factor"), policy="credit")
    def grant(self, ctx, core: Org, limit: Fen, product: Text, revolving: bool) -> Id:
        """zh: 授予 {core} 额度 {limit}，激活后可用 | en: Grant {core} a line of {limit}, usable once activated
        product: 产品或分支 | Product or branch
        revolving: 循环使用 | Revolving"""
        # what must hold
        ctx.require(limit > 0, self.not_amount, amount=limit)
        ctx.require(ctx.has_capacity(core, "core"), self.not_core, core=core)
        # what changes
        line = ctx.new_id()
        self.lines[line] = Line(
            funder=ctx.organisation, core=core, parent=None, product=product, limit=limit, revolving=revolving
        )
        # what is announced
        ctx.emit(Granted(line=line, funder=ctx.organisation, core=core, limit=limit))
        return line

    # who may
    @action(on="lines", party="core", policy="credit")
    def allocate(self, ctx, line: Id, core: Org, limit: Fen, product: Text) -> Id:
        """zh: 从额度 {line} 向 {core} 分配 {limit} | en: Allocate {limit} of line {line} to {core}
        product: 产品或分支 | Product or branch"""
        parent = self.lines[line]
        # what must hold
        ctx.require(limit > 0, self.not_amount, amount=limit)
        ctx.require(ctx.has_capacity(core, "core"), self.not_core, core=core)
        free = fen(max(0, parent.limit - parent.allocated))
        ctx.require(limit <= free, self.over_parent, asked=limit, free=free)
        ctx.require(len(self.chain(ctx, line)) < LINES_ABOVE_MAX, self.too_deep, limit=LINES_ABOVE_MAX)
        # what changes
        child = ctx.new_id()
        self.lines[line] = parent.replace(allocated=parent.allocated + limit)
        self.lines[child] = Line(
            funder=parent.funder, core=core, parent=line, product=product, limit=limit, revolving=parent.revolving
        )
        # what is announced
        ctx.emit(Granted(line=child, funder=parent.funder, core=core, limit=limit))
        return child

    # who may
    @action(on="lines", party="funder", policy="credit")
    def activate(self, ctx, line: Id, begins: Day, ends: Day) -> None:
        """zh: 激活额度 {line}，有效期 {begins} 至 {ends} | en: Activate line {line} from {begins} to {ends}"""
        row = self.lines[line]
        # what must hold
        ctx.require(begins <= ends and ctx.day <= ends, self.wrong_window, begins=begins, ends=ends, today=ctx.day)
        # what changes
        self.lines[line] = row.replace(begins=begins, ends=ends)
        # what is announced
        ctx.emit(Activated(line=line, funder=row.funder, core=row.core, begins=begins, ends=ends))

    # who may
    @action(on="lines", party="funder", policy="credit")
    def change(self, ctx, line: Id, limit: Fen) -> None:
        """zh: 额度 {line} 的限额调整为 {limit} | en: Change the limit of line {line} to {limit}"""
        row = self.lines[line]
        # what must hold
        ctx.require(limit >= 0, self.not_amount, amount=limit)
        ctx.require(limit >= row.allocated, self.below_allocated, allocated=row.allocated, limit=limit)
        # what changes
        self.set_limit(ctx, line, row, limit)

    # who may
    @action(on="lines", party="funder", policy="credit")
    def clear(self, ctx, line: Id) -> None:
        """zh: 额度 {line} 清零：限额降为已占用额 | en: Clear line {line}: its limit becomes what is occupied"""
        row = self.lines[line]
        # what changes
        self.set_limit(ctx, line, row, row.occupied)

    def set_limit(self, ctx, line: Id, row: Line, limit: Fen) -> None:
        changed = row.replace(limit=limit)
        if row.is_frozen:
            changed = changed.replace(frozen=max(0, limit - row.reserved - row.occupied))
        self.lines[line] = changed
        ctx.emit(Changed(line=line, funder=row.funder, core=row.core, limit=limit))

    # ---- freeze and restore ------------------------------------------------------------------------------------------

    # who may
    @action(on="lines", party="funder", policy="freeze")
    def freeze(self, ctx, line: Id) -> None:
        """zh: 冻结额度 {line} 的可用部分 | en: Freeze what is available of line {line}"""
        row = self.lines[line]
        # what must hold
        ctx.require(not row.is_frozen, self.frozen_before)
        # what changes and what is announced
        self.set_frozen(ctx, line, row, row.order)

    # who may
    @action(on="lines", role="supervisor", policy="freeze")
    def freeze_by_order(self, ctx, line: Id, order: Digest) -> None:
        """zh: 依指令 {order} 冻结额度 {line} | en: Freeze line {line} by order {order}"""
        row = self.lines[line]
        # what must hold
        ctx.require(row.order is None, self.frozen_before)
        # what changes and what is announced
        self.set_frozen(ctx, line, row, order)

    # who may
    @action(on="lines", party="funder", policy="freeze")
    def restore(self, ctx, line: Id) -> None:
        """zh: 恢复额度 {line} | en: Restore line {line}"""
        row = self.lines[line]
        # what must hold
        ctx.require(row.is_frozen, self.not_frozen)
        ctx.require(row.order is None, self.by_order)
        # what changes and what is announced
        self.set_restored(ctx, line, row)

    # who may
    @action(on="lines", role="supervisor", policy="freeze")
    def restore_by_order(self, ctx, line: Id, order: Digest) -> None:
        """zh: 撤销指令 {order}，恢复额度 {line} | en: Lift order {order} and restore line {line}"""
        row = self.lines[line]
        # what must hold
        ctx.require(row.order is not None, self.not_frozen)
        ctx.require(row.order == order, self.other_order)
        # what changes and what is announced
        self.set_restored(ctx, line, row)

    def set_frozen(self, ctx, line: Id, row: Line, order: Digest | None) -> None:
        amount = max(0, row.limit - row.reserved - row.occupied)
        self.lines[line] = row.replace(is_frozen=True, order=order, frozen=amount)
        ctx.emit(Frozen(line=line, funder=row.funder, core=row.core, amount=amount, by=ctx.organisation))

    def set_restored(self, ctx, line: Id, row: Line) -> None:
        self.lines[line] = row.replace(is_frozen=False, order=None, frozen=0)
        ctx.emit(Restored(line=line, funder=row.funder, core=row.core, by=ctx.organisation))

    # ---- use, by the contracts that finance --------------------------------------------------------------------------

    # who may
    @action(callers="voucher")
    def reserve(self, ctx, business: Id, line: Id, core: Org, amount: Fen, until: Day) -> None:
        """zh: 预占额度 {line} {amount}，至 {until} | en: Reserve {amount} of line {line} until {until}"""
        # what must hold
        lowest = self.lines[line]
        ctx.require(lowest.core == core, self.other_core, core=lowest.core, asked=core)
        ctx.require(business not in self.uses, self.used_before, business=business)
        chain = self.chain(ctx, line)
        group = chain[len(chain) - 1]
        self.free_lapsed(ctx, group)
        for key in chain:
            row = self.lines[key]
            usable = row.begins is not None and row.begins <= ctx.day and ctx.day <= row.ends
            ctx.require(usable, self.not_in_window, line=key, begins=row.begins, ends=row.ends, today=ctx.day)
            ctx.require(not row.is_frozen, self.is_frozen_line, line=key)
            free = self.free_of(ctx, row)
            ctx.require(amount <= free, self.not_enough, line=key, asked=amount, free=free)
            # what changes
            self.lines[key] = row.replace(reserved=row.reserved + amount)
        self.uses[business] = Use(line=line, group=group, core=core, amount=amount, until=until)

    # who may
    @action(callers="voucher")
    def occupy(self, ctx, business: Id) -> None:
        """zh: {business} 的预占转为占用 | en: What {business} reserved becomes occupied"""
        use = self.uses[business]
        # what must hold: an offer made inside the window may be accepted after it, a freeze stops it
        ctx.require(use.until is not None and ctx.day <= use.until, self.lapsed, until=use.until)
        for key in self.chain(ctx, use.line):
            row = self.lines[key]
            ctx.require(not row.is_frozen, self.is_frozen_line, line=key)
            # what changes
            self.lines[key] = row.replace(reserved=row.reserved - use.amount, occupied=row.occupied + use.amount)
        self.uses[business] = use.replace(until=None)

    # who may
    @action(callers="voucher")
    def release(self, ctx, business: Id, amount: Fen) -> None:
        """zh: 释放 {business} 占用的 {amount} | en: Release {amount} that {business} uses"""
        use = self.uses.get(business)
        # what changes: nothing when a lapsed reservation has already been freed
        if use is not None:
            self.free(ctx, business, use, min(amount, use.amount))

    # who may
    @action(callers="finance")
    def note(self, ctx, business: Id, buyer: Org, seller: Org, amount: Fen) -> None:
        """zh: {buyer} 自 {seller} 买入 {business} 项下 {amount}，登记敞口 | en: {buyer} has bought {amount} of {business} from {seller}: note the exposure"""
        # what changes: what a funder sells on is no longer its own
        self.expose(ctx, business, seller, -amount)
        if (business, buyer) not in self.exposures:
            self.exposures[(business, buyer)] = Exposure(funder=buyer, core=self.uses[business].core, amount=0)
        self.expose(ctx, business, buyer, amount)

    # who may
    @action(callers="voucher")
    def settle(self, ctx, business: Id, owner: Org, amount: int) -> None:
        """zh: {owner} 所持 {business} 项下 {amount} 已兑付（负数为退回） | en: {amount} of {business} held by {owner} were paid, or came back where negative"""
        self.expose(ctx, business, owner, -amount)

    def expose(self, ctx, business: Id, funder: Org, change: int) -> None:
        """A buyer's exposure; the line's own funder never counts twice, its use is only marked as financed."""
        known = self.exposures.get((business, funder))
        if known is None:
            return
        amount = max(0, known.amount + change)
        self.exposures[(business, funder)] = known.replace(amount=amount)
        use = self.uses.get(business)
        if use is not None and self.lines[use.line].funder == funder:
            self.uses[business] = use.replace(financed=amount)

    def free(self, ctx, business: Id, use: Use, amount: Fen) -> None:
        for key in self.chain(ctx, use.line):
            row = self.lines[key]
            if use.until is not None:
                row = row.replace(reserved=row.reserved - amount)
            elif row.revolving:
                row = row.replace(occupied=row.occupied - amount)
            else:
                row = row.replace(occupied=row.occupied - amount, limit=max(0, row.limit - amount))
            if row.is_frozen:
                row = row.replace(frozen=max(0, row.limit - row.reserved - row.occupied))
            self.lines[key] = row
        if amount < use.amount:
            self.uses[business] = use.replace(amount=use.amount - amount)
        else:
            self.uses.remove(business)

    def free_lapsed(self, ctx, group: Id) -> None:
        """An offer that nobody accepted holds nothing any more, whether or not the sweep has seen it yet."""
        for key, use in self.temporary.rows(group, limit=LAPSED_PER_CALL_MAX):
            if use.until is not None and use.until < ctx.day:
                self.free(ctx, key, use, use.amount)

    def free_of(self, ctx, row: Line) -> Fen:
        return max(0, row.limit - row.reserved - row.occupied - row.frozen)

    def chain(self, ctx, line: Id) -> tuple[Id, ...]:
        """The line and every line above it, lowest first."""
        lines = [line]
        parent = self.lines[line].parent
        while parent is not None:
            lines.append(parent)
            parent = self.lines[parent].parent
        return tuple(lines)

    # ---- views -------------------------------------------------------------------------------------------------------

    @view
    def line(self, ctx, line: Id) -> Line:
        """zh: 额度 | en: A line"""
        return self.lines[line]

    @view
    def figures(self, ctx, line: Id) -> Figures:
        """zh: 额度状况：限额、超额、可用、预占、占用、冻结 | en: A line's figures"""
        row = self.lines[line]
        used = row.reserved + row.occupied + row.frozen
        usable = row.begins is not None and row.begins <= ctx.day and ctx.day <= row.ends and not row.is_frozen
        return Figures(
            limit=row.limit,
            excess=max(0, used - row.limit),
            available=max(0, row.limit - used),
            reserved=row.reserved,
            occupied=row.occupied,
            frozen=row.frozen,
            usable=usable,
        )

    @view
    def lines_of(self, ctx, core: Org, after: Id | None = None) -> tuple[tuple[Id, Line], ...]:
        """zh: 核心企业的额度 | en: A core enterprise's lines"""
        return self.of_core.rows(core, after=after, limit=256)

    @view
    def lines_granted(self, ctx, funder: Org, after: Id | None = None) -> tuple[tuple[Id, Line], ...]:
        """zh: 资金方授予的额度 | en: The lines that a funder has granted"""
        return self.of_funder.rows(funder, after=after, limit=256)

    @view
    def to_activate(self, ctx, funder: Org) -> tuple[tuple[Id, Line], ...]:
        """zh: 待激活的额度 | en: Lines that their funder has yet to activate"""
        return tuple((key, row) for key, row in self.of_funder.rows(funder, limit=ROWS_MAX) if row.begins is None)

    @view
    def open_for(self, ctx, organisation: Org) -> int:
        """zh: 尚有限额或占用的额度项数，双方各至多 256 | en: Lines with a limit or in use, of either side, 256 of each at most"""
        count = 0
        for key, row in self.of_core.rows(organisation, limit=256) + self.of_funder.rows(organisation, limit=256):
            if row.limit + row.reserved + row.occupied > 0:
                count = count + 1
        return count

    @view
    def sub_lines(self, ctx, line: Id, after: Id | None = None) -> tuple[tuple[Id, Line], ...]:
        """zh: 下级额度 | en: The lines cut from a line"""
        return self.under.rows(line, after=after, limit=256)

    @view
    def use_of(self, ctx, business: Id) -> Use:
        """zh: 业务占用的额度 | en: What a business uses of a line"""
        return self.uses[business]

    @view
    def funder_of(self, ctx, line: Id) -> Org:
        """zh: 额度的资金方 | en: A line's funder"""
        return self.lines[line].funder

    @view
    def exposures_of(
        self, ctx, funder: Org, core: Org, after: tuple[Id, Org] | None = None
    ) -> tuple[tuple[tuple[Id, Org], Exposure], ...]:
        """zh: 资金方对核心企业的敞口 | en: What a funder holds on a core enterprise"""
        return self.exposed.rows(funder, core, after=after, limit=256)
