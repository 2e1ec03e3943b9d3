"""zh: 凭证溯源：上至原始凭证，下至全部后续 | en: Tracing a voucher: up to what was issued, down to all that came of it

Plan p.13, 15. It keeps nothing and changes nothing: it reads the tranches of `voucher`, each of which names what it was
carved from, what was merged into it and what came out of it. Trade papers stand in the steps as digests.
"""

from contracts.sdk import Contract, Day, Digest, Fen, Id, Org, Record, Refusal, Text, view

ROWS_MAX = 1024


class Tranche(Record):
    """As `voucher` keeps it."""

    root: Id
    owner: Org
    face: Fen
    level: int
    since: Day
    payer: Org | None
    parent: Id | None
    sources: tuple[Id, ...]
    live: bool
    into: Id | None
    lock: Text
    payee: Org | None
    until: Day | None
    debt: Digest | None
    order: Digest | None
    guarantees: int


class Step(Record):
    tranche: Id
    place: Text  # above, here or below
    parent: Id | None  # carved from
    into: Id | None  # what it became when it was spent: the rest, or what it was merged into
    owner: Org
    face: Fen
    level: int
    since: Day
    live: bool
    lock: Text
    debt: Digest | None


class Leaf(Record):
    tranche: Id
    owner: Org
    face: Fen


class Trace(Contract):
    too_large = Refusal(
        "TRC-001",
        zh="其后的凭证超过 {limit} 张，请逐页读取",
        en="more than {limit} tranches came of it: read them page by page",
    )

    @view
    def origin(self, ctx, tranche: Id) -> tuple[Step, ...]:
        """zh: 溯源至原始凭证，由上至下 | en: Where a tranche came from, top first"""
        keys = [tranche]
        rows = [Tranche.of(ctx.view("voucher", "tranche", tranche))]
        at = 0
        while at < len(keys):
            for key in self.origins(rows[at]):
                if key not in keys:
                    keys.append(key)
                    rows.append(Tranche.of(ctx.view("voucher", "tranche", key)))
            at = at + 1
        steps = [self.step(tranche, "here", rows[0])]
        for i in range(1, len(keys)):
            steps.append(self.step(keys[i], "above", rows[i]))
        return tuple(reversed(steps))

    @view
    def descent(self, ctx, tranche: Id) -> tuple[Step, ...]:
        """zh: 其后的全部流转 | en: The tranche and all that came out of it"""
        steps = []
        for key, row in self.downwards(ctx, tranche):
            steps.append(self.step(key, "here" if key == tranche else "below", row))
        return tuple(steps)

    @view
    def leaves(self, ctx, tranche: Id) -> tuple[Leaf, ...]:
        """zh: 由该凭证产生的现存凭证 | en: The live tranches that came out of this one"""
        found = []
        for key, row in self.downwards(ctx, tranche):
            if row.live:
                found.append((key, row.owner, row.face))
        return tuple([Leaf(tranche=key, owner=owner, face=face) for key, owner, face in sorted(found)])

    @view
    def is_pure(self, ctx, tranche: Id) -> bool:
        """zh: 其后续是否未与其他凭证合并 | en: Whether nothing from elsewhere was merged into what came out of it"""
        rows = self.downwards(ctx, tranche)
        below = {}
        for key, row in rows:
            below[key] = True
        for key, row in rows:
            for origin in self.origins(row):
                if key != tranche and origin not in below:
                    return False
        return True

    @view
    def record_of(self, ctx, root: Id, after: Id | None) -> tuple[tuple[Id, Org, Fen, bool], ...]:
        """zh: 登记日清单：凭证、收款方、金额（0 为已转出）、是否暂扣 | en: For the record day: tranche, payee, face (0: spent), withheld"""
        rows = []
        for key, values in ctx.view("voucher", "all_of", root, after):
            row = Tranche.of(values)
            payee = row.payee if row.lock == "pledge" else row.owner
            rows.append((key, payee, row.face if row.live else 0, self.holds_back(ctx, row)))
        return tuple(rows)

    @view
    def is_withheld(self, ctx, tranche: Id) -> bool:
        """zh: 是否暂扣兑付款：冻结或争议中 | en: Whether its money is held back: frozen, or disputed"""
        return self.holds_back(ctx, Tranche.of(ctx.view("voucher", "tranche", tranche)))

    @view
    def is_live(self, ctx, tranche: Id) -> bool:
        """zh: 是否现存 | en: Whether a tranche lives"""
        return Tranche.of(ctx.view("voucher", "tranche", tranche)).live

    # ---- helpers -----------------------------------------------------------------------------------------------------

    def holds_back(self, ctx, row: Tranche) -> bool:
        return row.order is not None or (row.lock == "dispute" and row.until is not None and ctx.day <= row.until)

    def origins(self, row: Tranche) -> tuple[Id, ...]:
        return row.sources if row.parent is None else (row.parent,)

    def downwards(self, ctx, tranche: Id) -> tuple[tuple[Id, Tranche], ...]:
        """The tranche and all that came out of it, nearest first; how much else its root has become does not matter."""
        found = [(tranche, Tranche.of(ctx.view("voucher", "tranche", tranche)))]
        seen = {tranche: True}
        at = 0
        while at < len(found):
            known, row = found[at]
            at = at + 1
            if row.live:
                continue
            page = ctx.view("voucher", "came_of", known, None)
            ctx.require(len(found) + len(page) <= ROWS_MAX, self.too_large, limit=ROWS_MAX)
            for key, values in page:
                if key not in seen:
                    seen[key] = True
                    found.append((key, Tranche.of(values)))
        return tuple(found)

    def step(self, key: Id, place: Text, row: Tranche) -> Step:
        return Step(
            tranche=key,
            place=place,
            parent=row.parent,
            into=row.into,
            owner=row.owner,
            face=row.face,
            level=row.level,
            since=row.since,
            live=row.live,
            lock=row.lock,
            debt=row.debt,
        )
