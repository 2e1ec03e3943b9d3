"""`lugang trace`: a voucher's whole tree, from what was issued to what lives, every row proven."""

from __future__ import annotations

from typing import Any, Final

import click
from rich.text import Text
from rich.tree import Tree

from ledger.choices import choice_word
from ledger.money import show
from ledger.wording import iso_day, short_id, show_day, show_organisation
from wallet.commands.words import account_object, reading, row_object, say_account
from wallet.console import App, wallet_command
from wallet.exporter import tranches_of
from wallet.forms import read_id
from wallet.problems import problem
from wallet.session import Row
from wallet.terminal import harmless
from wallet.vouchers import ROOTS, TRANCHES, VOUCHER, accounts

DISTRIBUTION: Final = "distribution"
CLAIMS: Final = "claims"
WIDE_COLUMNS: Final = 120
"""Below, a line of the tree says organisations by their slugs and days in figures."""
NEVER_TAKEN: Final = ("refused", "withdrawn", "expired")
"""A root of such a status has one tranche, which nobody accepted."""


@wallet_command("trace", "凭证溯源；ID 为其编号的开头", "a voucher's tree; ID is the beginning of its id")
@click.argument("identifier", metavar="ID")
def trace(app: App, *, identifier: str) -> dict[str, Any]:
    wanted = read_id(reading(app, VOUCHER), identifier)
    root_id = root_of(app, wanted)
    keys = tranches_of(app.session, root_id)
    rows = app.session.prove([(VOUCHER, ROOTS, (root_id,)), *((VOUCHER, TRANCHES, (key,)) for key in keys)])
    root, tranches = rows[0], {row.key[0]: row for row in rows[1:] if row.record is not None}
    app.home.remember([root_id, *tranches])
    app.session.learn_names([root.fields["issuer"], *(row.fields["owner"] for row in tranches.values())])
    app.tree(draw(app, root, tranches, wanted, claims_on(app, tranches)))
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
        raise problem("WAL-029", expected=f"{VOUCHER}.{TRANCHES}", id=short_id(identifier))
    return bytes(tranche.fields["root"])


def claims_on(app: App, tranches: dict[bytes, Row]) -> dict[bytes, Row]:
    """The proven claims on tranches that have ended and live on in no other: were they paid?"""
    ended = [key for key, row in tranches.items() if not row.fields["live"] and row.fields["into"] is None]
    if not ended or DISTRIBUTION not in {name for name, _ in app.session.genesis.contracts}:
        return {}
    rows = app.session.rows(DISTRIBUTION, CLAIMS, [(key,) for key in ended])
    return {row.key[0]: row for row in rows if row.record is not None}


def ending(root: Row, row: Row, claim: Row | None) -> str:
    """What became of a tranche: it lives, was spent into others, or ended for good in the way the rows say."""
    fields, status = row.fields, str(root.fields["status"])
    if fields["live"]:
        return "live"
    if fields["into"] is not None:
        return "spent"
    if claim is not None and claim.fields["paid"] > 0:
        return "redeemed"
    if status in NEVER_TAKEN:
        return status
    return "redeemed" if root.fields["redeemed"] and not root.fields["cancelled"] else "cancelled"


def draw(app: App, root: Row, tranches: dict[bytes, Row], wanted: bytes, claims: dict[bytes, Row]) -> Tree:
    """Children hang under what they were carved from, a merger under the first of what was merged into it."""
    fields = root.fields
    issuer, due = _short_or_whole(app, fields["issuer"], fields["due"])
    status = choice_word(fields["status"], app.language)
    head = f"{short_id(root.key[0])}  {show(fields['face'])}  {issuer}  {due}  {status}"
    tree = Tree(Text(harmless(head), style="bold"))
    children: dict[bytes | None, list[bytes]] = {}
    for key, row in tranches.items():
        origin = row.fields["parent"] if row.fields["parent"] is not None else next(iter(row.fields["sources"]), None)
        children.setdefault(origin if origin in tranches else None, []).append(key)
    width = max((len(show(row.fields["face"])) for row in tranches.values()), default=0)
    waiting: list[tuple[Tree, bytes]] = [(tree, key) for key in sorted(children.get(None, ()), reverse=True)]
    while waiting:
        parent, key = waiting.pop()
        branch = parent.add(_label(app, root, tranches[key], claims.get(key), width, key == wanted))
        waiting += [(branch, child) for child in sorted(children.get(key, ()), reverse=True)]
    return tree


def _short_or_whole(app: App, organisation: str, day: int) -> tuple[str, str]:
    if app.console.is_terminal and app.console.width < WIDE_COLUMNS:
        return organisation, iso_day(day)
    return show_organisation(app.session.reader(VOUCHER), organisation), show_day(day, app.language)


def _label(app: App, root: Row, row: Row, claim: Row | None, width: int, is_wanted: bool) -> Text:
    fields = row.fields
    marks = [choice_word(ending(root, row, claim), app.language)]
    if fields["lock"] != "free":
        marks.append(f"{choice_word(fields['lock'], app.language)} → {fields['payee'] or ''}")
    if len(fields["sources"]) > 1:
        marks.append(app.words(f"由 {len(fields['sources'])} 张合并", f"{len(fields['sources'])} merged"))
    name, since = _short_or_whole(app, fields["owner"], fields["since"])
    line = f"{short_id(row.key[0])}  {show(fields['face']):>{width}}  {name}  {since}  "
    style = "bold green" if is_wanted else "" if fields["live"] else "dim"
    return Text(harmless(line + " ".join(marks)), style=style)
