"""`lugang trace`: a voucher's whole tree, from what was issued to what lives, every row proven."""

from __future__ import annotations

from typing import Any

import click
from rich.text import Text
from rich.tree import Tree

from ledger.money import show
from ledger.wording import short_id, show_day, show_organisation
from wallet.commands.words import account_object, reading, row_object, say_account
from wallet.console import App, wallet_command
from wallet.exporter import ROOTS, TRANCHES, VOUCHER, tranches_of
from wallet.forms import read_id
from wallet.problems import problem
from wallet.session import Row
from wallet.terminal import harmless
from wallet.vouchers import accounts


@wallet_command("trace", "凭证溯源", "a voucher's tree")
@click.argument("identifier", metavar="ID")
def trace(app: App, *, identifier: str) -> dict[str, Any]:
    wanted = read_id(reading(app, VOUCHER), identifier)
    root_id = root_of(app, wanted)
    keys = tranches_of(app.session, root_id)
    rows = app.session.prove([(VOUCHER, ROOTS, (root_id,)), *((VOUCHER, TRANCHES, (key,)) for key in keys)])
    root, tranches = rows[0], {row.key[0]: row for row in rows[1:] if row.record is not None}
    app.home.remember([root_id, *tranches])
    app.session.learn_names([root.fields["issuer"], *(row.fields["owner"] for row in tranches.values())])
    app.tree(draw(app, root, tranches, wanted))
    [account] = accounts(
        [(root_id, root.fields, root.height)], [(key, row.fields, row.height) for key, row in tranches.items()]
    )
    say_account(app, account)
    return {
        "issued": row_object(app, root),
        "tranches": [row_object(app, row) for row in tranches.values()],
        **account_object(account),
    }


def root_of(app: App, identifier: bytes) -> bytes:
    """The root of a tranche; a root's first tranche has the root's own id."""
    root, tranche = app.session.prove([(VOUCHER, ROOTS, (identifier,)), (VOUCHER, TRANCHES, (identifier,))])
    if root.record is not None:
        return identifier
    if tranche.record is None:
        raise problem("WAL-013", prefix=short_id(identifier))
    return bytes(tranche.fields["root"])


def draw(app: App, root: Row, tranches: dict[bytes, Row], wanted: bytes) -> Tree:
    """Children hang under what they were carved from, a merger under the first of what was merged into it."""
    reader = app.session.reader(VOUCHER)
    fields = root.fields
    head = (f"{short_id(root.key[0])}  {show(fields['face'])}  {show_organisation(reader, fields['issuer'])}  "
            f"{show_day(fields['due'], app.language)}  {fields['status']}")  # fmt: skip
    tree = Tree(Text(harmless(head), style="bold"))
    children: dict[bytes | None, list[bytes]] = {}
    for key, row in tranches.items():
        origin = row.fields["parent"] if row.fields["parent"] is not None else next(iter(row.fields["sources"]), None)
        children.setdefault(origin if origin in tranches else None, []).append(key)
    waiting: list[tuple[Tree, bytes]] = [(tree, key) for key in sorted(children.get(None, ()), reverse=True)]
    while waiting:
        parent, key = waiting.pop()
        branch = parent.add(_label(app, tranches[key], key == wanted))
        waiting += [(branch, child) for child in sorted(children.get(key, ()), reverse=True)]
    return tree


def _label(app: App, row: Row, is_wanted: bool) -> Text:
    fields, reader = row.fields, app.session.reader(VOUCHER)
    marks = [app.words("现存", "live") if fields["live"] else app.words("已支用", "spent")]
    if fields["lock"] != "free":
        marks.append(f"{fields['lock']} → {fields['payee'] or ''}")
    if len(fields["sources"]) > 1:
        marks.append(app.words(f"由 {len(fields['sources'])} 张合并", f"{len(fields['sources'])} merged"))
    name = show_organisation(reader, fields["owner"])
    line = f"{short_id(row.key[0])}  {show(fields['face'])}  {name}  {show_day(fields['since'], app.language)}  "
    style = "bold green" if is_wanted else "" if fields["live"] else "dim"
    return Text(harmless(line + " ".join(marks)), style=style)
