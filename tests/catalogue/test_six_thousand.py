"""The plan's p.16 at contract level: the cascade, its interest, its maturity with a short payment and a return."""

from __future__ import annotations

from ledger.statement import Kind
from tests.catalogue.cascade import LEVELS, deal, transfers
from tests.catalogue.stage import DUE, YUAN, Stage, digest

WAN = 10_000 * YUAN
FACE = 6000 * WAN
# Level, interest in fen: one financing a firm, 4.5 % over 183 days, each rounded once.
INTEREST = {1: 0, 2: 70_432_144, 3: 18_094_150, 4: 594_750}


def test_the_rule_of_dealing_gives_the_table_of_the_worked_example() -> None:
    second = [(seat.received, seat.financed, seat.held, seat.passed) for seat in deal(2)]
    assert second[:6] == [(1_185_307, 628_368, 283_061, 273_878)] * 6
    assert second[6:17] == [(1_185_306, 628_368, 283_061, 273_877)] * 11
    assert second[17:28] == [(1_185_306, 628_367, 283_062, 273_877)] * 11
    assert second[28:] == [(1_185_306, 628_367, 283_061, 273_878)] * 21
    third = {(seat.received, seat.financed, seat.held, seat.passed) for seat in deal(3)}
    assert third == {(268_400, 158_200, 99_400, 10_800)}
    fourth = {(seat.received, seat.financed, seat.held, seat.passed) for seat in deal(4)}
    assert fourth == {(270_000, 130_000, 140_000, 0)}
    assert len(transfers()) == 197
    discharged = sum(amount for _, _, amount in transfers()) + 6000 * 10_000
    assert discharged == 13_204 * 10_000


class Cascade:
    """Who holds which tranche while the cascade is played."""

    def __init__(self, stage: Stage, root: bytes) -> None:
        self.stage = stage
        self.free = {deal(1)[0].name: root}
        self.got: dict[str, list[bytes]] = {}

    def play_level(self, level: int) -> None:
        """One firm's payments follow each other, the firms of a level share blocks."""
        rows = [row for row in transfers() if row[0].startswith(f"l{level}-")]
        if level == 1:
            self.pay_in_bulk(rows)
            return
        turns: list[list[tuple[str, str, int]]] = []
        for row in rows:
            turn = sum(1 for other in turns if any(payer == row[0] for payer, _, _ in other))
            if turn == len(turns):
                turns.append([])
            turns[turn].append(row)
        for turn_rows in turns:
            self.pay_together(turn_rows)

    def pay_in_bulk(self, rows: list[tuple[str, str, int]]) -> None:
        """49 offers of one holder are open at once."""
        payer = rows[0][0]
        items = tuple((f"{payer}/{payee}", payee, yuan * YUAN, digest(f"debt {payee}")) for _, payee, yuan in rows)
        total = sum(item[2] for item in items)
        args = (self.free[payer], self.stage.file_digest(items), len(items), total, self.stage.today + 5, DUE, items)
        children = self.stage.done(payer, "bulk", "pay", *args)
        assert self.stage.done(payer, "bulk", "pay", *args) == children
        waiting = [len(self.stage.ask("voucher", "inbox", payee, None)) for _, payee, _ in rows]
        assert waiting == [1] * 49
        self.accept([(payee, child, yuan) for (_, payee, yuan), child in zip(rows, children, strict=True)])
        self.free[payer] = children[0][:32] + len(items).to_bytes(2, "big")

    def pay_together(self, rows: list[tuple[str, str, int]]) -> None:
        stage = self.stage
        offers = []
        for payer, payee, yuan in rows:
            args = (self.free[payer], payee, yuan * YUAN, stage.today + 5, digest("debt"), DUE)
            offers.append(stage.transaction(payer, "voucher", "offer", args))
        children = stage.all_done(offers)
        for (payer, _, _), child in zip(rows, children, strict=True):
            self.free[payer] = child[:32] + (1).to_bytes(2, "big")
        self.accept([(payee, child, yuan) for (_, payee, yuan), child in zip(rows, children, strict=True)])

    def accept(self, rows: list[tuple[str, bytes, int]]) -> None:
        stage = self.stage
        stage.all_done([stage.transaction(p, "voucher", "accept", (c, yuan * YUAN, DUE)) for p, c, yuan in rows])
        for payee, child, _ in rows:
            self.got.setdefault(payee, []).append(child)

    def merge_level(self, level: int) -> None:
        """A firm that has received several tranches makes one of them."""
        for seat in deal(level):
            held = sorted(self.got[seat.name])
            if len(held) > 1:
                self.free[seat.name] = self.stage.done(seat.name, "voucher", "merge", tuple(held))
            else:
                self.free[seat.name] = held[0]
            assert self.stage.tranche(self.free[seat.name]).face == seat.received * YUAN

    def finance_level(self, level: int) -> int:
        """Each firm finances its part with one financing; the interest of the level."""
        stage, interest = self.stage, 0
        for seat in deal(level):
            if not seat.financed:
                continue
            financing = stage.finance(seat.name, self.free[seat.name], seat.financed * YUAN)
            row = stage.ask("finance", "financing", financing)
            interest += row.interest
            stage.bank_pays(row.instruction, bank="boc")
        return interest


def play() -> tuple[Stage, bytes, dict[int, int]]:
    names = [seat.name for level in (1, 2, 3, 4) for seat in deal(level)]
    stage = Stage(names)
    line = stage.line(8000 * WAN)
    root = stage.issue("l1-01", FACE, line)
    cascade = Cascade(stage, root)
    interest = {}
    for level in (1, 2, 3, 4):
        if level > 1:
            cascade.merge_level(level)
        if level < 4:
            cascade.play_level(level)
        interest[level] = cascade.finance_level(level)
    return stage, root, interest


def test_page_16_through_a_short_payment_a_return_and_the_cure() -> None:
    stage, root, interest = play()
    assert interest == INTEREST

    held, financed, received = level_totals(stage)
    assert held == {level: row[2] * YUAN for level, row in enumerate(LEVELS, 1)}
    assert financed == {level: row[1] * YUAN for level, row in enumerate(LEVELS, 1)}
    assert [received[level] for level in (1, 2, 3, 4)] == [6000 * WAN, 5808 * WAN, 1342 * WAN, 54 * WAN]

    stage.go_to(DUE - 1)
    claims = stage.rows("distribution", "claims")
    live = {key: row for key, row in stage.rows("voucher", "tranches").items() if row.live}
    assert claims.keys() == live.keys()
    assert sum(row.face for row in claims.values()) == FACE
    assert stage.ask("maturity", "redemption", root).total == FACE

    stage.go_to(DUE)
    stage.collect(FACE // 3)
    paid = stage.distribute()
    assert sum(paid.values()) == FACE // 3
    stage.go_to(DUE + 10)
    assert stage.ask("maturity", "status", root) == "overdue"
    stage.collect(FACE - FACE // 3)
    [(_, penalty)] = stage.open_instructions(purpose="penalty")
    # 40,000,000.00 for 10 days at 9 %: 100,000.00
    assert penalty.amount == 10_000_000
    stage.collect(penalty.amount, purpose="penalty")
    rest = stage.distribute()
    late = stage.distribute(purpose="penalty_share")
    assert sum(late.values()) == penalty.amount
    for payee, amount in rest.items():
        paid[payee] = paid.get(payee, 0) + amount
    funder = paid.pop("icbc")
    assert (funder, sum(paid.values())) == (3_896_000_000, 2_104_000_000)
    assert stage.ask("voucher", "root", root).status == "redeemed"

    # One payment comes back: that claim alone reopens, and is paid again under a new instruction.
    tranche, claim = next((key, row) for key, row in claims.items() if row.payee == "l2-07")
    [(paid_before, number)] = [
        (key[1], row.instruction)
        for key, row in stage.rows("settlement", "statements").items()
        if stage.ask("settlement", "instruction", row.instruction).business == tranche
        and row.amount > claim.face // 2
        and stage.ask("settlement", "instruction", row.instruction).purpose == "redeem"
    ]
    amount = stage.ask("settlement", "instruction", number).amount
    back = stage.statement(number, amount, kind=Kind.RETURNED, earlier=paid_before)
    stage.done("operator", "settlement", "receive", back)
    assert stage.ask("voucher", "root", root).status == "due"
    [(anew, row)] = stage.open_instructions(purpose="redeem")
    assert (row.earlier, row.amount, row.payee) == (number, amount, "l2-07")
    stage.bank_pays(anew)
    assert stage.ask("voucher", "root", root).status == "redeemed"

    stage.done("core", "maturity", "cure", root)
    stage.go_to(DUE + 14)
    assert stage.ask("voucher", "root", root).status == "cancelled"


def level_totals(stage: Stage) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    """From the tranches alone: what each level holds, has financed, and has received in payment."""
    held = dict.fromkeys((1, 2, 3, 4), 0)
    financed = dict.fromkeys((1, 2, 3, 4), 0)
    tranches = stage.rows("voucher", "tranches")
    for row in tranches.values():
        if row.live:
            column = financed if row.owner == "icbc" else held
            column[row.level] += row.face
    received = {level: held[level] + financed[level] for level in (1, 2, 3, 4)}
    for level in (3, 2, 1):
        received[level] += received[level + 1]
    return held, financed, received
