"""A transfer is taken back after a funder has bought part of it: exposures follow who holds (I8)."""

from __future__ import annotations

from tests.catalogue.stage import YUAN, Stage

FACE = 1_000 * YUAN


def exposure(stage: Stage, root: bytes, funder: str) -> int:
    row = stage.rows("credit", "exposures").get((root, funder))
    return 0 if row is None else int(row.amount)


def test_what_a_funder_gives_back_is_no_exposure_of_its() -> None:
    stage = Stage(("a", "b"))
    root = stage.issue("a", FACE, stage.line(10 * FACE))
    child, _ = stage.pay("a", root, "b", 600 * YUAN)
    financing = stage.finance("b", child, 200 * YUAN, "factor")
    stage.bank_pays(stage.ask("finance", "financing", financing).instruction, bank="boc")
    assert exposure(stage, root, "factor") == 200 * YUAN
    assert {leaf.owner: leaf.face for leaf in stage.ask("trace", "leaves", child)} == {
        "factor": 200 * YUAN, "b": 400 * YUAN
    }  # fmt: skip
    stage.done("factor", "dispute", "agree", child, 200 * YUAN)
    stage.done("b", "dispute", "agree", child, 400 * YUAN)
    back = stage.done("a", "dispute", "reverse", child, 600 * YUAN)
    assert (stage.tranche(back).owner, stage.tranche(back).face) == ("a", 600 * YUAN)
    assert exposure(stage, root, "factor") == 0
    held = [row for row in stage.rows("voucher", "tranches").values() if row.live and row.owner == "factor"]
    assert held == []
