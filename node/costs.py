"""What transactions will probably cost to execute, guessed from what their like have cost.

A block has a budget, and whoever stands behind it when it is used up is refused and has to send again. So a proposer
fills a block only as far as it expects the budget to reach, and leaves the rest for the next one. It does not execute
what it proposes. It remembers, for each action, the dearest units per byte of wire that a recent block has charged:
what an action does to many items comes with their bytes. What it has never seen it takes to cost all that a transaction
may. A wrong guess breaks no rule: the block is good, and what did not fit is refused with EXE-009.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ledger.transaction import Transaction

ACTIONS_MAX: Final = 4_096
SHARES: Final = 1024
"""A rate is counted in 1/1024 units per byte."""


class Costs:
    def __init__(self, transaction_units_max: int) -> None:
        self._units_max = transaction_units_max
        self._rates: dict[tuple[str, str], int] = {}

    def learn(self, executed: Iterable[tuple[Transaction, int]]) -> None:
        """Transactions of one block, each with the units that it was charged."""
        dearest: dict[tuple[str, str], int] = {}
        for transaction, units in executed:
            action = transaction.body.contract, transaction.body.action
            rate = units * SHARES // len(transaction.wire) + 1
            if rate > dearest.get(action, 0):
                dearest[action] = rate
        rates = self._rates
        for action, rate in dearest.items():
            # What was dear once is expected to be so again, a little less with each block that shows otherwise.
            known = rates.pop(action, 0)
            rates[action] = max(rate, known - known // 8)
        while len(rates) > ACTIONS_MAX:
            del rates[next(iter(rates))]

    def guess(self, transaction: Transaction) -> int:
        """The units that it will probably be charged, at least one."""
        body = transaction.body
        rate = self._rates.get((body.contract, body.action))
        if rate is None:
            return self._units_max
        return min(self._units_max, rate * len(transaction.wire) // SHARES + 1)
