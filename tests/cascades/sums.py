"""I1 to I8 summed by hand over proven rows, against what the dealer expects. It shares no code with `lugang audit`."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from devnet.cast import BANK, ISSUER
from tests.cascades.dealer import Dealer
from wallet.session import Session

Rows = dict[Any, dict[str, Any]]


def all_of(session: Session, contract: str, view: str, *args: Any) -> list[Any]:
    """Every key of a paged view, on each page of which t nodes agree."""
    keys = list[Any]()
    while True:
        agreed = session.view(contract, view, [*args, keys[-1] if keys else None])
        assert agreed.is_certain
        if not agreed.result:
            return keys
        keys += [row[0] for row in agreed.result]


def proven(session: Session, contract: str, table: str, keys: list[Any]) -> Rows:
    """Rows that are there, each with its own proof from the genesis."""
    parts = [key if type(key) is tuple else (key,) for key in keys]
    rows = session.rows(contract, table, parts)
    return {row.key if len(row.key) > 1 else row.key[0]: row.fields for row in rows if row.record is not None}


def check(session: Session, dealer: Dealer) -> dict[str, int]:
    """Raises AssertionError with what disagrees; returns what was counted."""
    expected = dealer.expected
    roots = proven(session, "voucher", "roots", all_of(session, "voucher", "issued", ISSUER))
    mine = {**expected.issued, **expected.void, **expected.waiting}
    ours = {key: row for key, row in roots.items() if row["line"] == dealer.line}
    assert {key: row["face"] for key, row in ours.items()} == mine
    tranches: Rows = {}
    for root in ours:
        tranches.update(proven(session, "voucher", "tranches", all_of(session, "voucher", "all_of", root)))
    owners_and_faces(tranches, dealer)
    i1_i2_i4(ours, tranches, dealer)
    i3_i6(session, tranches, dealer)
    i7_i8(session, ours, dealer)
    return {"roots": len(ours), "tranches": len(tranches), "live": sum(row["live"] for row in tranches.values())}


def owners_and_faces(tranches: Rows, dealer: Dealer) -> None:
    """Row by row, what the dealer's own account says: to the fen, and nothing beside it."""
    wanted = {
        key: (held.root, held.owner if held.live else None, held.face, held.live, held.offered)
        for key, held in dealer.expected.tranches.items()
    }
    found = {
        key: (
            row["root"], row["owner"] if row["live"] else None, row["face"], row["live"],
            row["payee"] if row["lock"] == "offer" else None,
        )
        for key, row in tranches.items()
    }  # fmt: skip
    assert found == wanted


def i1_i2_i4(roots: Rows, tranches: Rows, dealer: Dealer) -> None:
    live, parts = defaultdict[bytes, int](int), defaultdict[bytes, list[int]](list)
    spent_into = defaultdict[bytes, list[bytes]](list)
    for key, row in tranches.items():
        assert row["face"] >= 1
        assert row["level"] >= 0
        live[row["root"]] += row["face"] * row["live"]
        origins = [row["parent"]] if row["parent"] is not None else list(row["sources"])
        for origin in origins:
            assert tranches[origin]["root"] == row["root"]  # I4: root, and with it obligor and due day
            assert not tranches[origin]["live"]
            spent_into[origin].append(key)
        if row["parent"] is not None:
            parts[row["parent"]].append(row["face"])
        if row["sources"]:
            assert sum(tranches[source]["face"] for source in row["sources"]) == row["face"]  # I2, merged
    for key, faces in parts.items():
        assert sum(faces) == tranches[key]["face"]  # I2, carved
    for key in tranches:
        merged = [made for made in spent_into[key] if tranches[made]["sources"]]
        assert len(merged) <= 1
        assert not (merged and parts[key])
    for key, row in roots.items():
        assert live[key] + row["redeemed"] + row["cancelled"] == row["face"]  # I1
        assert (row["issuer"], row["bank"], row["due"]) == (ISSUER, BANK, dealer.due)
        assert row["cancelled"] == (row["face"] if key in dealer.expected.void else 0)


def i3_i6(session: Session, tranches: Rows, dealer: Dealer) -> None:
    """What was financed lives on whole in the funder's hand; a lock stands on what lives, and on nothing else."""
    financings = proven(session, "finance", "financings", list(dealer.expected.financed))
    for key, face in dealer.expected.financed.items():
        row = financings[key]
        assert (row["face"], tranches[row["tranche"]]["face"]) == (face, face)
    locked = {key for key, row in tranches.items() if row["lock"] != "free"}
    assert locked == {key for key, held in dealer.expected.tranches.items() if held.offered is not None}
    assert all(tranches[key]["live"] for key in locked)


def i7_i8(session: Session, roots: Rows, dealer: Dealer) -> None:
    uses: Rows = {}
    for root in roots:
        agreed = session.view("trade", "uses_of", [root])
        uses.update(proven(session, "trade", "uses", [row[0] for row in agreed.result]))
    used = defaultdict[bytes, int](int)
    for (_, invoice), row in uses.items():
        used[invoice] += row["amount"]
    for invoice, row in proven(session, "trade", "invoices", list(used)).items():
        assert used[invoice] == row["used"] <= row["gross"] - row["red"]
    alive = {**dealer.expected.issued, **dealer.expected.waiting}
    assert sum(used.values()) == sum(face for root, face in alive.items() if root in roots)
    line = proven(session, "credit", "lines", [dealer.line])[dealer.line]
    taken = proven(session, "credit", "uses", list(roots))
    assert line["occupied"] + line["reserved"] == sum(row["amount"] for row in taken.values())
    assert line["reserved"] == sum(dealer.expected.waiting.values())
    figures = session.view("credit", "figures", [dealer.line]).result
    limit, excess, available, reserved, occupied, frozen = figures[:6]
    assert limit + excess == available + reserved + occupied + frozen
    assert (reserved, occupied) == (line["reserved"], line["occupied"])


def i5(session: Session, dealer: Dealer) -> int:
    """At maturity: the claims are exactly what lived on the record day, holder by holder; how much that is."""
    total = 0
    for root in dealer.expected.issued:
        claims = proven(session, "distribution", "claims", all_of(session, "distribution", "claims_of", root))
        lived = {key: held for key, held in dealer.expected.tranches.items() if held.live and held.root == root}
        assert {key: (row["payee"], row["face"]) for key, row in claims.items()} == {
            key: (held.owner, held.face) for key, held in lived.items()
        }
        total += sum(row["face"] for row in claims.values())
    return total
