"""zh: 复核：等待复核的业务 | en: Approval: what waits for a checker

Business rule 4b.13. An act above the band of its approval policy is not done: the engine puts it here as its maker
signed it, and it is done when enough other people of the same organisation have approved it. What a checker signs is
the digest of the act, so nobody approves something else; with it he signs the sentence that he read of it. When it is done, everything is checked again as if the maker
asked now; if that refuses, the approval is refused and the act keeps waiting until its last day.
"""

from contracts.sdk import Contract, Day, Digest, Event, Fen, Id, Index, Key, LongBytes, LongText, Map, Org, Record, Refusal, Text
from contracts.sdk import action, digest, sweep, view

ROWS_MAX = 256


class Pending(Record):
    organisation: Org
    maker: Key
    contract: Text
    action: Text
    arguments: LongBytes
    interface: Digest
    act: Digest
    amount: Fen
    needed: int
    checkers: tuple[Key, ...]
    signers: tuple[Key, ...]  # of the maker's transaction, the maker first
    until: Day


class Waiting(Event):
    item: Id
    organisation: Org
    contract: Text
    action: Text
    act: Digest
    amount: Fen
    needed: int


class Approved(Event):
    item: Id
    checker: Key
    missing: int


class Ended(Event):
    item: Id
    organisation: Org
    outcome: Text


class Approval(Contract):
    items = Map(Id, Pending, placed_by="transaction")
    inbox = Index(items, by="organisation")
    lapsing = Index(items, by="until")

    other_act = Refusal("APR-001", zh="复核的内容与待复核事项不一致", en="this is not the act that waits")
    same_person = Refusal(
        "APR-002", zh="经办人与复核人不得为同一人", en="the checker is the maker, or has approved before"
    )
    over = Refusal("APR-003", zh="待复核事项已于 {until} 失效，今日 {today}", en="it lapsed on {until}, today is {today}")

    # who may: the engine, when an act needs a checker
    @action(callers="engine")
    def submit(
        self,
        ctx,
        organisation: Org,
        maker: Key,
        contract: Text,
        action: Text,
        arguments: LongBytes,
        interface: Digest,
        amount: Fen,
        needed: int,
        checkers: tuple[Key, ...],
        signers: tuple[Key, ...],
        until: Day,
    ) -> Id:
        """zh: 提交复核 {contract}.{action} | en: Let {contract}.{action} wait for a checker"""
        item = ctx.new_id()
        act = digest("act", contract, action, arguments, interface)
        self.items[item] = Pending(
            organisation=organisation,
            maker=maker,
            contract=contract,
            action=action,
            arguments=arguments,
            interface=interface,
            act=act,
            amount=amount,
            needed=needed,
            checkers=checkers,
            signers=signers,
            until=until,
        )
        ctx.emit(
            Waiting(
                item=item,
                organisation=organisation,
                contract=contract,
                action=action,
                act=act,
                amount=amount,
                needed=needed - len(checkers),
            )
        )
        return item

    # who may
    @action(on="items", party="organisation", permission="check")
    def approve(self, ctx, item: Id, act: Digest, said: LongText) -> None:
        """zh: 复核通过 {item}：{said}，内容摘要 {act} | en: Approve {item}: {said}, whose act has the digest {act}"""
        row = self.items[item]
        # what must hold
        ctx.require(act == row.act, self.other_act)
        ctx.require(ctx.day <= row.until, self.over, until=row.until, today=ctx.day)
        ctx.require(ctx.person != row.maker and ctx.person not in row.checkers, self.same_person)
        # what changes, and what is announced
        checkers = row.checkers + (ctx.person,)
        missing = row.needed - len(checkers)
        ctx.emit(Approved(item=item, checker=ctx.person, missing=max(0, missing)))
        if missing > 0:
            self.items[item] = row.replace(checkers=checkers)
            return
        self.items.remove(item)
        ctx.emit(Ended(item=item, organisation=row.organisation, outcome="done"))
        ctx.resume(row.contract, row.action, row.arguments, row.interface, row.signers + row.checkers)

    # who may
    @action(on="items", party="organisation", permission="make")
    def withdraw(self, ctx, item: Id) -> None:
        """zh: 撤回待复核事项 {item} | en: Withdraw {item}"""
        self.end(ctx, item, "withdrawn")

    # who may
    @action(on="items", party="organisation", permission="check")
    def reject(self, ctx, item: Id) -> None:
        """zh: 退回待复核事项 {item} | en: Reject {item}"""
        self.end(ctx, item, "rejected")

    def end(self, ctx, item: Id, outcome: Text) -> None:
        row = self.items[item]
        self.items.remove(item)
        ctx.emit(Ended(item=item, organisation=row.organisation, outcome=outcome))

    @sweep(index="lapsing", rows_max=64)
    def lapse(self, ctx, item: Id, row: Pending) -> None:
        self.end(ctx, item, "lapsed")

    @view
    def pending(self, ctx, item: Id) -> Pending:
        """zh: 待复核事项 | en: What waits"""
        return self.items[item]

    @view
    def waiting_in(self, ctx, organisation: Org, after: Id | None = None) -> tuple[Id, ...]:
        """zh: 机构的待复核事项 | en: What waits in an organisation"""
        return self.inbox.keys(organisation, after=after, limit=ROWS_MAX)
