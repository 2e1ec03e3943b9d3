"""What a fresh devnet holds besides its people, so that a newcomer can start with the wallet at once: a credit line, a
confirmed contract with its invoice, and a voucher of two million yuan that waits for the issuer's checker."""

from __future__ import annotations

import datetime
from typing import Final

from rich.console import Console

from devnet.cast import ISSUER
from devnet.demo.business import Business
from devnet.demo.stage import Stage, act
from devnet.onboarding import Cast
from devnet.plan import DevnetPlan
from node.genesis_spec import day_number
from wallet.session import Session

FACE_FEN: Final = 2_000_000_00
LINE_FEN: Final = 100_000_000_00
DUE: Final = day_number(datetime.date(2022, 12, 30))
PAYEE: Final = "supplier-a"


def prepare_tour(plan: DevnetPlan, session: Session) -> None:
    """The issuer's maker has asked for a voucher to `PAYEE`; nobody has approved it yet."""
    cast = Cast(session, plan.wallet_home)
    stage = Stage(session, Console(quiet=True))
    business = Business(stage, cast, {})
    line = business.open_line(LINE_FEN, DUE + 30)
    arguments = business.issue_arguments(PAYEE, FACE_FEN, DUE, line)
    stage.outcomes("issue", [act(cast.signer(ISSUER), "voucher", "issue", *arguments)])
