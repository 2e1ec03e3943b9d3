"""The stage of a demo: people who sign, a chain that answers, and a line of progress.

`Stage.do` sends many acts at once and waits until all are final, since a person at a keyboard waits for finality but a
hundred people do not wait for one another. A refusal that the demo did not plan ends it with the chain's own sentence.

Where somebody watches, a step is a bar that fills; into a file or a pipe it is a plain line when it is done, and one
now and then while it lasts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ledger.errors import Refused
from wallet.builder import Signer
from wallet.session import Outcome, Session

FINAL_SECONDS_MAX: Final = 120
LINE_SECONDS: Final = 10
Tell = Callable[..., None]
"""`tell(done, detail="")`: how much of a step is done, and what else there is to say of it."""


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
    began: float = field(default_factory=time.monotonic)

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
        with self.step(what, len(acts)) as tell:
            transactions = []
            for single in acts:
                draft = session.draft(single.contract, single.action, single.args, [single.signer.key])
                transactions.append(session.builder.sign(draft, [single.signer.secret]))
            session.send(transactions)
            return session.finish(transactions, seconds=FINAL_SECONDS_MAX, progress=lambda done, _: tell(done))

    def step(self, what: str, total: int) -> AbstractContextManager[Tell]:
        """A step of so many parts, shown while it lasts."""
        return self._bar(what, total) if self.console.is_terminal else self._lines(what, total)

    def say(self, text: str) -> None:
        """A line of its own, with the seconds since the beginning."""
        self.console.print(f"[{time.monotonic() - self.began:4.0f} s] {text}", markup=False, soft_wrap=True)

    @contextmanager
    def _bar(self, what: str, total: int) -> Iterator[Tell]:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(12), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=self.console) as bar:
            task = bar.add_task(escape(what), total=total)

            def tell(done: int, detail: str = "") -> None:
                bar.update(task, completed=done, description=escape(f"{what} {detail}".rstrip()))

            yield tell

    @contextmanager
    def _lines(self, what: str, total: int) -> Iterator[Tell]:
        due = time.monotonic() + LINE_SECONDS
        last = (0, "")

        def tell(done: int, detail: str = "") -> None:
            nonlocal due, last
            last = (done, detail)
            if done < total and time.monotonic() > due:
                due = time.monotonic() + LINE_SECONDS
                self._say_part(what, done, total, detail)

        yield tell
        self._say_part(what, last[0], total, last[1])

    def _say_part(self, what: str, done: int, total: int, detail: str) -> None:
        self.say(f"{what} {done}/{total} {detail}".rstrip())
