"""The two worked examples of the plan as plays: p.17 with two suppliers, p.16 as the cascade of 102."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

from devnet.bank.book import Book
from devnet.demo.business import Business, Part
from devnet.demo.deal import FACE_YUAN, Cascade, Share
from devnet.demo.redeeming import Redeeming, Trouble
from devnet.demo.stage import Stage
from ledger.errors import Refused
from node.genesis_spec import day_number
from node.language import words

FEN: Final = 100
DUE: Final = day_number(datetime.date(2022, 12, 30))
"""Six months after 2022-06-30, a Friday: the effective due day is the same."""
RECORD_DAY: Final = day_number(datetime.date(2022, 12, 29))
LINE_FEN: Final = 100_000_000 * FEN
P17_FACE: Final = 2_000_000 * FEN
FIRST_PAYMENT: Final = 40_000_000 * FEN


@dataclass(frozen=True, slots=True)
class Played:
    """What a play came to: the root, its financings, and what the chain refused on the way on purpose."""

    root: bytes
    financings: tuple[bytes, ...]
    refused: tuple[Refused, ...] = ()


def play_p17(business: Business, line: bytes) -> Played:
    """200 (万元) issued to A, 100 of it passed to B, B finances the whole of its 100."""
    root = business.issue("supplier-a", P17_FACE, DUE, line)
    half = P17_FACE // 2
    [[child]] = business.pass_on("p.17 A→B", [("supplier-a", root, [Part("supplier-b", half)])], DUE)
    financings = business.finance("p.17 B", [("supplier-b", child, half)])
    return Played(root, tuple(financings))


class CascadePlay:
    """p.16: each level receives, merges what came in pieces, finances a part, keeps a part and passes the rest on."""

    def __init__(self, business: Business, cascade: Cascade) -> None:
        self._business, self._cascade = business, cascade
        self._owned: dict[str, list[bytes]] = {}
        self._financings: list[bytes] = []
        self._transfers = 0

    def play(self, line: bytes) -> Played:
        [first] = self._cascade.levels[0]
        root = self._business.issue(first.firm, FACE_YUAN * FEN, DUE, line)
        self._owned[first.firm] = [root]
        for level, shares in enumerate(self._cascade.levels, start=1):
            self._level(words(f"第 {level} 层", f"level {level}"), shares, level)
        return Played(root, tuple(self._financings))

    def _level(self, name: str, shares: tuple[Share, ...], level: int) -> None:
        business = self._business
        whole = business.merge(name, [(share.firm, self._owned[share.firm]) for share in shares])
        tranche = dict(zip((share.firm for share in shares), whole, strict=True))
        wanted = [(share.firm, tranche[share.firm], share.financed * FEN) for share in shares if share.financed]
        if wanted:
            self._financings += business.finance(name, wanted)
            rests = business.rests([spent for _, spent, _ in wanted])
            tranche.update(zip((firm for firm, _, _ in wanted), rests, strict=True))
        if level > len(self._cascade.transfers):
            return
        transfers = self._cascade.transfers[level - 1]
        payments = [
            (firm, tranche[firm], [Part(t.payee, t.yuan * FEN) for t in transfers if t.payer == firm])
            for firm in tranche
        ]
        for (_, _, parts), children in zip(payments, business.pass_on(name, payments, DUE), strict=True):
            for part, child in zip(parts, children, strict=True):
                self._owned.setdefault(part.payee, []).append(child)
        self._tell_transfers(len(transfers), level)

    def _tell_transfers(self, count: int, level: int) -> None:
        self._transfers += count
        of = sum(map(len, self._cascade.transfers))
        self._business.say(words(
            f"流转 {self._transfers}/{of} 笔：第 {level} 层付给第 {level + 1} 层 {count} 笔",
            f"transfers {self._transfers}/{of}: {count} from level {level} to level {level + 1}",
        ))  # fmt: skip


def redeem_p16(stage: Stage, business: Business, book: Book, played: Played, line: bytes) -> tuple[Redeeming, Refused]:
    """Through a short payment, the penalty, a returned payment and the cure."""
    redeeming = Redeeming(stage, business, book, played.root)
    redeeming.take_record(RECORD_DAY)
    late_issue = business.issue_arguments("supplier-c", 1_000 * FEN, DUE + 30, line)
    trouble = Trouble(FIRST_PAYMENT, returned_to="l2-01")
    return redeeming, redeeming.pay_with_trouble(DUE, trouble, late_issue)
