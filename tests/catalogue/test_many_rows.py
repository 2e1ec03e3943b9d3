"""Where an organisation or a voucher has more rows than a page, nothing is hidden behind those that do not concern."""

from __future__ import annotations

from tests.catalogue.stage import DUE, Stage, digest

FACE = 1_000_000


def offered(stage: Stage, tranche: bytes, payee: str, count: int, until: int) -> bytes:
    """That many offers of 100 fen in one file; the rest."""
    name = f"{payee}-{until}-{stage.height}"
    items = tuple((f"{name}-{i}", payee, 100, digest("debt")) for i in range(count))
    batch = stage.file_digest(items)
    children = stage.done("a", "bulk", "pay", tranche, batch, count, 100 * count, until, DUE, items)
    return bytes(children[0][:32]) + count.to_bytes(2, "big")


def test_an_open_offer_is_found_behind_hundreds_that_have_lapsed() -> None:
    stage = Stage(("a", "b"))
    root = stage.issue("a", FACE, stage.line(FACE))
    rest = offered(stage, root, "b", 450, stage.today + 2)
    rest = offered(stage, rest, "b", 300, stage.today + 20)
    stage.done("operator", "calendar", "step", stage.today + 3)
    lapsed = sum(1 for row in stage.rows("voucher", "tranches").values() if row.lock == "offer")
    assert lapsed > 600, "the sweep has not seen them all"
    seen: list[bytes] = []
    while page := stage.ask("voucher", "inbox", "b", seen[-1] if seen else None):
        seen += [key for key, _ in page]
    assert len(seen) == len(set(seen)) == 300


def test_a_transfer_is_taken_back_though_its_root_has_become_more_than_a_thousand() -> None:
    stage = Stage(("a", "b"))
    root = stage.issue("a", FACE, stage.line(FACE))
    child, rest = stage.pay("a", root, "b", 5_000)
    for _ in range(3):
        assert rest is not None
        rest = offered(stage, rest, "b", 400, stage.today + 5)
    part = stage.done("b", "voucher", "split", child, 2_000)
    leaves = stage.ask("trace", "leaves", child)
    assert {leaf.tranche: leaf.face for leaf in leaves} == {part: 2_000, part[:32] + b"\0\1": 3_000}
    stage.done("b", "dispute", "agree", child, 5_000)
    back = stage.done("a", "dispute", "reverse", child, 5_000)
    assert (stage.tranche(back).owner, stage.tranche(back).face) == ("a", 5_000)
    assert stage.refused("a", "dispute", "agree", root, FACE) == ("TRC-001", {"limit": 1024})
