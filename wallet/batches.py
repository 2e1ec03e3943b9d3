"""A list of acts from a file, as `batch.run` wants it: nobody types encoded arguments.

    lugang call batch run contract=voucher action=offer mode=all items=@offers.csv

Each row gives `reference` and the arguments of one act by their names, written as for `lugang call`; what it leaves out
is found in the proven row that the act is about. File, count and total follow from the list, so that they are true; a
person who types one of them keeps what he typed, and the chain compares.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from ledger.codec import encode
from ledger.errors import Refused
from ledger.interface import Action, Interface
from ledger.money import show
from ledger.wording import has_kind
from wallet.forms import Lookup, Reading, read_arguments, rows_of_file
from wallet.problems import caused, problem

REFERENCE: Final = "reference"
NAMED: Final = ("contract", "action")
"""The arguments that say of which act the list is; they are given by name."""
ReaderOf = Callable[[str, str], tuple[Reading, Action, Lookup]]
"""Of a contract and its action: how arguments are read, the action's form, and what is known of those left out."""


def with_acts(interface: Interface, form: Action, words: Sequence[str], reader_of: ReaderOf) -> tuple[str, ...]:
    """The typed words with a list of acts `NAME=@FILE` encoded; others stay as they are."""
    names = [f.name for f in form.arguments if f.type.kind == "array" and has_kind(interface, f.type, "act")]
    given = dict(word.partition("=")[::2] for word in words)
    name = next((name for name in names if given.get(name, "").startswith("@")), "")
    if not name:
        return tuple(words)
    expected = ", ".join(field.name for field in form.arguments)
    for other in NAMED:
        if other not in given:
            what = f"{interface.contract}.{form.name}"
            raise problem("WAL-018", what=what, argument=other, hint=f"{other}=…", expected=expected)
    path = Path(given[name][1:])
    items, total = _encoded(path, *reader_of(given["contract"], given["action"]))
    texts = {"file": f"@{path}", "count": str(len(items)), "total": show(total)}
    known = [f"{field.name}={texts[field.name]}" for field in form.arguments
             if field.name in texts and field.name not in given]  # fmt: skip
    left = [word for word in words if word.partition("=")[0] != name]
    encoded = [[reference, act.hex()] for reference, act in items]
    return (*left, *known, f"{name}={json.dumps(encoded, ensure_ascii=False)}")


def _encoded(path: Path, reading: Reading, form: Action, lookup: Lookup) -> tuple[list[tuple[str, bytes]], int]:
    """(reference, encoded arguments) of each item, and the sum of the amounts that approval goes by."""
    items, total = list[tuple[str, bytes]](), 0
    names = [field.name for field in form.arguments]
    amount = names.index(form.who.amount) if form.who.amount in names else None
    for number, row in enumerate(rows_of_file(path), 1):
        try:
            args = read_arguments(reading, form.arguments, _words(row), lookup, what=form.name)
        except Refused as refused:
            raise caused("WAL-038", refused, file=str(path), number=number) from None
        items.append((str(row[REFERENCE]).strip(), encode(args)))
        total += 0 if amount is None else args[amount]
    return items, total


def _words(row: Any) -> list[str]:
    if not isinstance(row, dict) or None in row or not str(row.get(REFERENCE) or "").strip():
        raise problem("WAL-011", argument=REFERENCE, detail="an item is an object, or a row of a table with a head")
    parts = {name.strip(): value for name, value in row.items() if name.strip() != REFERENCE}
    return [f"{name}={_text(value)}" for name, value in parts.items() if value not in (None, "")]


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
