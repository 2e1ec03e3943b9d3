"""zh: 批量支付:一份清单,多笔凭证支付 | en: Bulk payment: one file, many payments by voucher

One digest names the file, every item has a reference of its own, and the signer signs digest, count and total. All items
are offered or none. A file sent again gets the first answer and does nothing.
"""

from contracts.sdk import Contract, Day, Digest, Event, Fen, Id, Map, Org, Record, Refusal, Text
from contracts.sdk import action, view

ITEMS_MAX = 500


class Item(Record):
    reference: Text
    payee: Org
    face: Fen
    debt: Digest


class Batch(Record):
    count: int
    total: Fen
    day: Day
    children: tuple[Id, ...]


class Paid(Event):
    batch: Digest
    payer: Org
    count: int
    total: Fen


class Bulk(Contract):
    batches = Map((Org, Digest), Batch)

    # fmt: off
    wrong_count = Refusal("BLK-001", zh="共 {count} 项,应为 1 至 {limit} 项", en="{count} items, 1 to {limit} are possible")
    wrong_total = Refusal("BLK-002", zh="清单 {count} 项合计 {total},所签为 {signed_count} 项 {signed_total}", en="{count} items with {total}, signed were {signed_count} with {signed_total}")
    twice = Refusal("BLK-003", zh="参考号 {reference} 重复", en="the reference {reference} stands twice")
    other_file = Refusal("BLK-004", zh="该清单已按 {count} 项 {total} 办理", en="this file was carried out before, with {count} items and {total}")
    # fmt: on

    # who may
    @action(capacity=("supplier", "core"), policy="transfer", amount="total")
    def pay(
        self, ctx, tranche: Id, batch: Digest, count: int, total: Fen, until: Day, items: tuple[Item, ...]
    ) -> tuple[Id, ...]:
        """zh: 以凭证 {tranche} 批量支付 {count} 笔、合计 {total},{until} 前签收有效 | en: Pay {count} items, {total} in all, of {tranche}, open until {until}
        batch: 清单文件 | File of the batch
        items: 明细 | Items"""
        done = self.batches.get((ctx.organisation, batch))
        if done is not None:
            ctx.require(
                done.count == count and done.total == total, self.other_file, count=done.count, total=done.total
            )
            return done.children
        # what must hold
        ctx.require(1 <= len(items) <= ITEMS_MAX, self.wrong_count, count=len(items), limit=ITEMS_MAX)
        sum_of_items = self.fen(sum([item.face for item in items]))
        alike = len(items) == count and sum_of_items == total
        ctx.require(
            alike, self.wrong_total, count=len(items), total=sum_of_items, signed_count=count, signed_total=total
        )
        known = {}
        for item in items:
            ctx.require(item.reference not in known, self.twice, reference=item.reference)
            known[item.reference] = True
        # what changes: `voucher` looks whether the caller holds the tranche and whether each payee may receive it
        parts = tuple([(item.payee, item.face, item.debt) for item in items])
        children = ctx.call("voucher", "offer_many", tranche, ctx.organisation, until, parts)
        self.batches[(ctx.organisation, batch)] = Batch(count=count, total=total, day=ctx.day, children=children)
        # what is announced
        ctx.emit(Paid(batch=batch, payer=ctx.organisation, count=count, total=total))
        return children

    def fen(self, amount: int) -> Fen:
        """Says that a sum is an amount, so that a refusal shows it as one."""
        return amount

    @view
    def batch(self, ctx, payer: Org, batch: Digest) -> Batch | None:
        """zh: 批量支付的结果 | en: What became of a batch"""
        return self.batches.get((payer, batch))
