"""A chain in memory with the system contracts and whatever sources a test brings along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.rehearsal import Firm, Rehearsal, rehearsal_genesis, system_sources
from ledger.receipt import Receipt, Status

CATALOGUE = Path(__file__).parents[2] / "contracts" / "catalogue"
FIXTURES = Path(__file__).parent / "fixtures"
FIRMS = (
    Firm("operator", ("operator",)),
    Firm("supervisor", ("supervisor",)),
    *[Firm(name, ("user",), ("supplier",)) for name in ("a", "b", "c")],
    Firm("nobody"),
)
IMPORTS = """
from contracts.sdk import Bytes, Contract, Day, Digest, Event, Fen, Genesis, Height, Id, Index, Key, Literal, Map, Org
from contracts.sdk import Rate, Record, Refusal, Text, action, add_months, apportion, date_of, day_of, digest, sweep
from contracts.sdk import fen, remainder, round_half_up, view, weekday
"""


def chain(*, policies: Any = (), parameters: Any = (), **sources: str) -> Rehearsal:
    """A chain with the system contracts and `sources`, by name."""
    everything = {**system_sources(), **sources}
    return Rehearsal(rehearsal_genesis(everything, FIRMS, policies=policies, parameters=parameters))


def contract(body: str, *, records: str = "") -> str:
    """A contract with one refusal and the members of `body`, indented by four."""
    head = 'class Trial(Contract):\n    no = Refusal("TRI-001", zh="不行 {why}", en="no {why}")\n'
    return f"{IMPORTS}\n{records}\n{head}{body}"


def run(statements: str, *, records: str = "", returns: str = "int", members: str = "") -> Receipt:
    """The receipt of one action with these statements."""
    lines = "\n".join(f"        {line}" for line in statements.strip("\n").split("\n"))
    act = f'    @action(anyone=True)\n    def act(self, ctx) -> {returns}:\n        """zh: 试 | en: Try"""\n{lines}\n'
    source = contract(members + act, records=records)
    return chain(trial=source).do("a", "trial", "act")


def value(statements: str, **options: Any) -> Any:
    """What an action with these statements returns."""
    receipt = run(statements, **options)
    assert receipt.status is Status.DONE, (receipt.code, receipt.numbers)
    return receipt.result


def voucher() -> str:
    return (FIXTURES / "voucher.py").read_text(encoding="utf-8")
