"""The plan's p.17: 200 issued to A, 100 passed to B, B finances; at maturity A is owed 100 and the funder 100."""

from tests.catalogue.stage import DUE, Stage, day

WAN = 10_000 * 100


def test_page_17_through_maturity() -> None:
    stage = Stage(["a", "b"])
    line = stage.line(500 * WAN)
    root = stage.issue("a", 200 * WAN, line)
    passed, _ = stage.pay("a", root, "b", 100 * WAN)
    financing = stage.finance("b", passed, 100 * WAN)
    [(instruction, row)] = stage.open_instructions("icbc", "finance")
    # 1,000,000.00 x 4.5 % x 183 / 360 = 22,875.00
    assert row.amount == 97_712_500
    stage.done("operator", "settlement", "receive", stage.statement(instruction, row.amount, "boc"))
    assert stage.ask("finance", "financing", financing).status == "financed"
    assert stage.tranche(passed).owner == "icbc"

    stage.go_to(day("2022-12-29"))
    claims = {row.payee: row.face for _, row in stage.ask("distribution", "claims_of", root, None)}
    assert claims == {"a": 100 * WAN, "icbc": 100 * WAN}
    stage.go_to(DUE)
    stage.collect(200 * WAN)
    assert stage.distribute() == {"a": 100 * WAN, "icbc": 100 * WAN}
    assert stage.ask("voucher", "root", root).status == "redeemed"
    stage.go_to(DUE + 4)
    assert stage.ask("voucher", "root", root).status == "cancelled"
    assert stage.view("credit", "figures", line)[:6] == (500 * WAN, 0, 500 * WAN, 0, 0, 0)
