"""The stage of a demo: people who sign, a chain that answers, and a line of progress.

`Stage.do` sends many acts at once and waits until all are final, since a person at a keyboard waits for finality but a
hundred people do not wait for one another. A refusal that the demo did not plan ends it with the chain's own sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ledger.errors import Refused
from wallet.builder import Signer
from wallet.session import Outcome, Session

FINAL_SECONDS_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody's act, ready to be signed."""

    signer: Signer
    contract: str
    action: str
    args: tuple[Any, ...]


def act(signer: Signer, contract: str, action: str, *args: Any) -> Act:
    return Act(signer, contract, action, args)


@dataclass(slots=True)
class Stage:
    """`transactions` counts what was sent; `refusals` are those that the demo wanted to show."""

    session: Session
    console: Console
    transactions: int = 0
    refusals: list[Refused] = field(default_factory=list)

    def do(self, what: str, acts: Iterable[Act]) -> list[Any]:
        """All acts at once; what each returned, in order."""
        return [outcome.result for outcome in self.outcomes(what, list(acts))]

    def do_one(self, what: str, single: Act) -> Any:
        return self.do(what, [single])[0]

    def refused(self, what: str, single: Act) -> Refused:
        """An act that the chain must refuse; the refusal."""
        [outcome] = self.outcomes(what, [single])
        assert outcome.refused is not None, f"the chain accepted what it must refuse: {what}"
        self.refusals.append(outcome.refused)
        return outcome.refused

    def view(self, contract: str, view: str, *args: Any) -> Any:
        return self.session.view(contract, view, args).result

    def outcomes(self, what: str, acts: Sequence[Act]) -> list[Outcome]:
        """All acts at once; each one's final receipt, or its refusal."""
        session = self.session
        self.transactions += len(acts)
        bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=False,
        )
        with bar:
            task = bar.add_task(what, total=len(acts))
            transactions = []
            for single in acts:
                draft = session.draft(single.contract, single.action, single.args, [single.signer.key])
                transactions.append(session.builder.sign(draft, [single.signer.secret]))
            session.send(transactions)
            return session.finish(
                transactions, seconds=FINAL_SECONDS_MAX, progress=lambda done, _: bar.update(task, completed=done)
            )
