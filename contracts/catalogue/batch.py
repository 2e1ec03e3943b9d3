"""zh: 批量办理：一份文件，多笔业务 | en: Batch: one file, many acts

Business rule 4b.11. One file is named by its digest; every item has a reference of the organisation's own choice and the
arguments of one act, all of one action. `all`: every item is done or none. `each`: an item that is refused changes
nothing and says why. An item whose reference was done before is not done again. Who signs or checks signs digest, count
and total, and reads the sentence of every item, under the interface that stands beside it; the total must be that of the
items. Every item passes all checks that it would pass alone, also its own
approval policy, so a batch is no way around one.
"""

from contracts.sdk import Act, Contract, Digest, Event, Fen, Id, Literal, Map, Org, Record, Refusal, Text
from contracts.sdk import action, fen, view

ITEMS_MAX = 500
REFERENCE_MAX = 64


class Item(Record):
    """zh: 明细 | en: An item
    reference: 业务编号 | Reference
    arguments: 办理内容 | Arguments"""

    reference: Text
    arguments: Act


class Reference(Record):
    file: Digest
    batch: Id


class Run(Event):
    batch: Id
    organisation: Org
    file: Digest
    done: int
    known: int
    refused: int


class Batch(Contract):
    references = Map((Org, Text), Reference)

    wrong_count = Refusal("BCH-001", zh="清单 {count} 笔，实为 {found} 笔", en="{count} items announced, {found} found")
    wrong_total = Refusal("BCH-002", zh="总额 {total}，明细合计 {found}", en="the total is {total}, the items sum to {found}")
    too_many = Refusal("BCH-003", zh="最多 {limit} 笔", en="at most {limit} items")
    bad_reference = Refusal("BCH-004", zh="业务编号 {reference} 重复或过长", en="the reference {reference} stands twice or is too long")
    other_rules = Refusal("BCH-006", zh="所签依据的合约 {contract} 接口 {signed} 已变更为 {current}", en="the interface of {contract} is {current}, {signed} was signed")
    stopped = Refusal("BCH-005", zh="第 {place} 笔业务编号 {reference} 不能办理：{code}", en="item {place} ({reference}) is refused: {code}")

    # who may: any person who may make acts; every item is checked for itself
    @action(permission="make", policy="batch", amount="total")
    def run(
        self,
        ctx,
        file: Digest,
        count: int,
        total: Fen,
        contract: Text,
        action: Text,
        interface: Digest,
        mode: Literal["all", "each"],
        items: tuple[Item, ...],
    ) -> tuple[tuple[Text, Text], ...]:
        """zh: 批量办理 {contract}.{action}：{count} 笔，总额 {total}，文件 {file} | en: Do {contract}.{action} for {count} items, {total} in all, file {file}
        interface: 接口 | Interface
        mode: 办理方式 | Mode
        items: 明细 | Items"""
        # what must hold; the items were read under the rules that are signed
        current = ctx.view("governance", "interface_of", contract)
        ctx.require(interface == current, self.other_rules, contract=contract, signed=interface, current=current)
        ctx.require(len(items) <= ITEMS_MAX, self.too_many, limit=ITEMS_MAX)
        ctx.require(len(items) == count, self.wrong_count, count=count, found=len(items))
        seen = {}
        found = 0
        for item in items:
            is_good = item.reference not in seen and 1 <= len(item.reference) <= REFERENCE_MAX
            ctx.require(is_good, self.bad_reference, reference=item.reference)
            seen[item.reference] = True
            found += ctx.amount_of(contract, action, item.arguments)
        ctx.require(found == total, self.wrong_total, total=total, found=fen(found))
        # what changes
        batch = ctx.new_id()
        outcomes = []
        done, known = (0, 0)
        for place, item in enumerate(items):
            if (ctx.organisation, item.reference) in self.references:
                known += 1
                outcomes.append((item.reference, "known"))
                continue
            receipt = ctx.perform(contract, action, item.arguments)
            if receipt.code is None:
                done += 1
                self.references[ctx.organisation, item.reference] = Reference(file=file, batch=batch)
                outcomes.append((item.reference, "done"))
            else:
                ctx.require(
                    mode == "each", self.stopped, place=place + 1, reference=item.reference, code=receipt.code
                )
                outcomes.append((item.reference, receipt.code))
        # what is announced
        ctx.emit(
            Run(
                batch=batch,
                organisation=ctx.organisation,
                file=file,
                done=done,
                known=known,
                refused=count - done - known,
            )
        )
        return tuple(outcomes)

    @view
    def reference(self, ctx, organisation: Org, reference: Text) -> Reference | None:
        """zh: 业务编号所属批次 | en: The batch in which a reference was done"""
        return self.references.get((organisation, reference))
