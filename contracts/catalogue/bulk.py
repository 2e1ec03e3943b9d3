"""zh: 批量支付：一份清单，多笔凭证支付 | en: Bulk payment: one file, many payments by voucher

The digest that names the file is that of its items, digest("bulk", items), and the contract compares: who signs or checks
digest, count and total has signed every item. Each has a reference of the organisation's own choice, which it uses once,
in whatever file. All items are offered or none. A file sent again gets the first answer and does nothing.
"""

from contracts.sdk import Contract, Day, Digest, Event, Fen, Id, Map, Org, Record, Refusal, Text
from contracts.sdk import action, digest, fen, view

ITEMS_MAX = 500
REFERENCE_MAX = 64


class Item(Record):
    """zh: 明细 | en: An item
    reference: 业务编号 | Reference
    payee: 收款方 | Payee
    face: 金额 | Amount
    debt: 基础债务文件 | Paper of the debt"""

    reference: Text
    payee: Org
    face: Fen
    debt: Digest


class Batch(Record):
    count: int
    total: Fen
    day: Day
    children: tuple[Id, ...]


class Reference(Record):
    batch: Digest


class Paid(Event):
    batch: Digest
    payer: Org
    count: int
    total: Fen


class Bulk(Contract):
    batches = Map((Org, Digest), Batch)
    references = Map((Org, Text), Reference)

    # fmt: off
    wrong_count = Refusal("BLK-001", zh="共 {count} 项，应为 1 至 {limit} 项", en="{count} items, 1 to {limit} are possible")
    wrong_total = Refusal("BLK-002", zh="清单 {count} 项合计 {total}，所签为 {signed_count} 项 {signed_total}", en="{count} items with {total}, signed were {signed_count} with {signed_total}")
    twice = Refusal("BLK-003", zh="业务编号 {reference} 重复", en="the reference {reference} stands twice")
    other_items = Refusal("BLK-005", zh="所签清单 {signed} 与明细不符", en="{signed} was signed, the items are of another file")
    used = Refusal("BLK-006", zh="业务编号 {reference} 已在清单 {batch} 中办理", en="the reference {reference} was used in {batch}")
    bad_reference = Refusal("BLK-007", zh="业务编号 {reference} 应为 1 至 {limit} 字", en="the reference {reference} must have 1 to {limit} characters")
    # fmt: on

    # who may
    @action(capacity=("supplier", "core"), policy="transfer", amount="total")
    def pay(
        self, ctx, tranche: Id, batch: Digest, count: int, total: Fen, until: Day, due: Day,
        items: tuple[Item, ...],
    ) -> tuple[Id, ...]:  # fmt: skip
        """zh: 以凭证 {tranche} 批量支付清单 {batch} 共 {count} 笔、合计 {total}，到期日 {due}，签收期限 {until}（含当日） | en: Pay file {batch}, {count} items, {total} in all, of {tranche}, due on {due}; open to the end of {until}
        items: 明细 | Items"""
        # what must hold
        ctx.require(1 <= len(items) <= ITEMS_MAX, self.wrong_count, count=len(items), limit=ITEMS_MAX)
        sum_of_items = fen(sum([item.face for item in items]))
        alike = len(items) == count and sum_of_items == total
        ctx.require(
            alike, self.wrong_total, count=len(items), total=sum_of_items, signed_count=count, signed_total=total
        )
        ctx.require(digest("bulk", items) == batch, self.other_items, signed=batch)
        done = self.batches.get((ctx.organisation, batch))
        if done is not None:
            return done.children
        known = {}
        for item in items:
            ctx.require(item.reference not in known, self.twice, reference=item.reference)
            self.require_new(ctx, item.reference)
            known[item.reference] = True
        # what changes: `voucher` looks whether the caller holds the tranche and whether each payee may receive it
        parts = tuple([(item.payee, item.face, item.debt) for item in items])
        children = ctx.call("voucher", "offer_many", tranche, ctx.organisation, until, due, parts)
        for item in items:
            self.references[(ctx.organisation, item.reference)] = Reference(batch=batch)
        self.batches[(ctx.organisation, batch)] = Batch(count=count, total=total, day=ctx.day, children=children)
        # what is announced
        ctx.emit(Paid(batch=batch, payer=ctx.organisation, count=count, total=total))
        return children

    def require_new(self, ctx, reference: Text) -> None:
        ctx.require(1 <= len(reference) <= REFERENCE_MAX, self.bad_reference, reference=reference, limit=REFERENCE_MAX)
        before = self.references.get((ctx.organisation, reference))
        ctx.require(before is None, self.used, reference=reference, batch=before.batch)

    @view
    def batch(self, ctx, payer: Org, batch: Digest) -> Batch | None:
        """zh: 批量支付的结果 | en: What became of a batch"""
        return self.batches.get((payer, batch))

    @view
    def reference(self, ctx, payer: Org, reference: Text) -> Reference | None:
        """zh: 业务编号所属清单 | en: The file in which a reference was used"""
        return self.references.get((payer, reference))
