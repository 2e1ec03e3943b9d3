"""A whole cascade against a devnet that runs: deal, race, expire, mature; after each, the sums from outside.

python -m tests.cascades.live FOLDER [--seed N] [--rounds N] [--width N] [--races N]

against `lugang devnet up --dir FOLDER`
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from devnet.onboarding import Cast
from devnet.plan import DevnetPlan, load_plan
from ledger.transaction import Transaction
from tests.cascades.dealer import SUPPLIERS, YUAN, Dealer, Held
from tests.cascades.sums import check, i5
from wallet.session import Session

LINE_FEN = 5_000_000_000 * YUAN
BANK_SECONDS_MAX = 90
SPENT_ALREADY = "VOU-005"


@contextmanager
def sessions_of(plan: DevnetPlan) -> Iterator[list[Session]]:
    """One session per node, each asking its own node first and believing none."""
    urls, genesis = [node.api_url for node in plan.nodes], plan.genesis_file.read_bytes()
    with ExitStack() as stack:
        sessions = [Session(genesis, urls[i:] + urls[:i]) for i in range(len(urls))]
        for session in sessions:
            stack.callback(session.close)
        yield sessions


def race(plan: DevnetPlan, dealer: Dealer) -> str:
    """Two offers of one tranche to two payees, handed to two nodes at the same moment; the refusal's code.

    One is done, the other is refused; every node by itself says which, with the same proven receipts.
    """
    [tranche] = dealer.random.sample(dealer.free(), 1)
    held = dealer.expected.tranches[tranche]
    payees = [name for name in SUPPLIERS if name != held.owner]
    signer, until = dealer.signer(held.owner), dealer.today + 1
    offers = [
        dealer.signed(session, signer, "voucher", "offer", tranche, payee, held.face, until, dealer.paper(), dealer.due)
        for session, payee in zip(dealer.sessions, payees, strict=False)
    ]
    together(dealer.sessions, offers)
    outcomes = dealer.sessions[0].finish(offers)
    won, lost = sorted(outcomes, key=lambda outcome: outcome.refused is not None)
    assert won.refused is None, won.refused
    assert lost.refused is not None, "both offers of one tranche were done"
    codes = {alone(plan, node.api_url, offers, [outcome.receipt.code for outcome in outcomes]) for node in plan.nodes}
    assert len(codes) == 1
    payee = won.transaction.body.args[1]
    held.live = False
    dealer.expected.tranches[won.result] = Held(held.root, held.owner, held.face, offered=payee)
    dealer.expected.count("race")
    return lost.refused.code


def together(sessions: Sequence[Session], offers: Sequence[Transaction]) -> None:
    """Each offer to a node of its own, released at one moment."""
    start, taken = threading.Barrier(len(offers)), list[str]()

    def send(session: Session, offer: Transaction) -> None:
        start.wait()
        [answer] = session.client.nodes[0].submit([offer.wire])
        taken.append(answer.outcome)

    threads = [threading.Thread(target=send, args=pair) for pair in zip(sessions, offers, strict=False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken == ["accepted"] * len(offers)


def alone(plan: DevnetPlan, url: str, offers: Sequence[Transaction], codes: Sequence[str | None]) -> tuple[str, ...]:
    """What one node by itself proves of both offers, once it has caught up with the others."""
    session = Session(plan.genesis_file.read_bytes(), [url])
    try:
        found = [outcome.receipt for outcome in session.finish(offers, seconds=30)]
    finally:
        session.close()
    assert [receipt.code for receipt in found] == list(codes)
    return tuple(f"{receipt.height}.{receipt.index} {receipt.status} {receipt.code}" for receipt in found)


def wait_financed(session: Session, financings: Sequence[bytes]) -> None:
    """Until the bank's statements have brought every financing to its end."""

    def paid() -> bool:
        rows = session.rows("finance", "financings", [(key,) for key in financings])
        return all(row.fields["status"] == "financed" for row in rows)

    wait_for(session, paid)


def wait_redeemed(session: Session, roots: Sequence[bytes]) -> None:
    def paid() -> bool:
        rows = session.rows("voucher", "roots", [(key,) for key in roots])
        return all(row.fields["redeemed"] == row.fields["face"] for row in rows)

    wait_for(session, paid)


def wait_for(session: Session, done: Callable[[], bool]) -> None:
    """Look again whenever the chain has come a height further."""
    deadline = time.monotonic() + BANK_SECONDS_MAX
    height, _ = session.client.freshness()
    if done():
        return
    for line in session.client.events(str(height)):
        if line.id is None and done():
            return
        assert time.monotonic() < deadline, "the bank has not paid in time"


def play(plan: DevnetPlan, seed: int, rounds: int, *, width: int = 6, races: int = 1) -> dict[str, int]:
    """Deal `rounds` rounds, check after half of them and after all, then expire, mature and check the redemption."""
    with sessions_of(plan) as sessions:
        dealer = Dealer(sessions, Cast(sessions[0], plan.wallet_home), seed, LINE_FEN)
        dealer.issue(width)
        for number in range(rounds):
            dealer.transfer(width)
            dealer.split(max(1, width // 2))
            if number % 3 == 1:
                dealer.merge()
            if number % 3 == 2:
                dealer.issue(max(1, width // 3))
            if number == rounds // 2:
                wait_financed(sessions[0], dealer.finance(2))
                check(sessions[1], dealer)
        assert {race(plan, dealer) for _ in range(races)} == {SPENT_ALREADY}
        counted = check(sessions[2], dealer)
        dealer.expire()
        check(sessions[3], dealer)
        dealer.step_to(dealer.due - 1)
        dealer.step_to(dealer.due)
        roots = list(dealer.expected.issued)
        wait_redeemed(sessions[0], roots)
        total = i5(sessions[1], dealer)
        assert total == sum(dealer.expected.issued.values())
        return {**counted, **dealer.expected.counts, "redeemed_fen": total}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--races", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    counts = play(load_plan(given.folder), given.seed, given.rounds, width=given.width, races=given.races)
    for name, count in counts.items():
        print(f"{name:20} {count:,}")
    print(f"I1-I8 hold; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
