"""`lugang pending`: what a maker has signed and a checker has to approve or reject (business rule 4b.13).

A checker reads the sentence of the act itself, rendered in the wallet from the proven row. That sentence stands in the
one that he signs, beside the act's digest, which the wallet computes as well.
"""

from __future__ import annotations

from typing import Any

import click

from ledger.language import counted
from ledger.wording import short_id, show_day
from wallet.commands.calls import agreement, progress_of, seconds_option, show_draft, wrong_id, yes_option
from wallet.commands.lists import waiting_rows
from wallet.commands.words import APPROVAL, finish, reading, row_object
from wallet.console import EXIT_CODES, App, wallet_command
from wallet.forms import read_id


@wallet_command("list", "待复核事项", "what waits for a checker in the organisation")
def pending_list(app: App) -> dict[str, Any]:
    rows, agreed = waiting_rows(app, app.organisation())
    ids = [row.key[0] for row in rows]
    app.home.remember(ids, (app.owner(), ids))
    objects = []
    for number, row in enumerate(rows, 1):
        text, digest = app.session.act_waiting(row)
        missing = row.fields["needed"] - len(row.fields["checkers"])
        until = show_day(row.fields["until"], app.language)
        head = f"#{number}  {short_id(row.key[0])}"
        app.say(
            f"{head}  还需 {missing} 人复核，有效期至 {until}（含当日）",
            f"{head}  {counted(missing, 'checker')} missing, until {until}",
        )
        app.say(f"    {text}", f"    {text}")
        objects.append({"number": number, "sentence": text, "act": digest.hex(), **row_object(app, row)})
    if not rows:
        app.say("没有待复核事项", "nothing waits")
    return {"items": objects, **agreement(app, agreed)}


def _decide(app: App, item: str, *, approve: bool, yes: bool, seconds: float) -> dict[str, Any]:
    identifier = read_id(reading(app, APPROVAL), item)
    row = app.session.row(APPROVAL, "items", identifier)
    if row.record is None:
        raise wrong_id(app, f"{APPROVAL}.{'approve' if approve else 'reject'}", row)
    text, digest = app.session.act_waiting(row)
    if not approve:
        app.say(f"待复核的业务：{text}", f"What waits: {text}")
    action, args = ("approve", (identifier, digest, text)) if approve else ("reject", (identifier,))
    keystore = app.keystore()
    draft = app.session.draft(APPROVAL, action, args, [keystore.public_key])
    show_draft(app, draft.sentence, APPROVAL, action, args)
    app.confirm("签名并提交？", "Sign and send?", yes)
    transaction = app.session.builder.sign(draft, [app.signer().secret])
    app.facts.update({"transaction": transaction.id.hex(), "sentence": draft.sentence, "act_sentence": text})
    app.session.send([transaction])
    app.say(f"已提交，交易 {transaction.id.hex()}", f"sent, transaction {transaction.id.hex()}")
    with progress_of(app) as progress:
        [outcome] = app.session.finish([transaction], seconds=seconds, progress=progress)
    return {**finish(app, outcome), "sentence": draft.sentence, "act_sentence": text}


_item = click.argument("item")


@wallet_command(
    "approve", "复核通过；ITEM 为列表中的编号，如 '#1'", "approve what waits; ITEM is its number there, such as '#1'"
)
@_item
@yes_option
@seconds_option
def approve(app: App, *, item: str, yes: bool, seconds: float) -> dict[str, Any]:
    return _decide(app, item, approve=True, yes=yes, seconds=seconds)


@wallet_command(
    "reject", "退回；ITEM 为列表中的编号，如 '#1'", "reject what waits; ITEM is its number there, such as '#1'"
)
@_item
@yes_option
@seconds_option
def reject(app: App, *, item: str, yes: bool, seconds: float) -> dict[str, Any]:
    return _decide(app, item, approve=False, yes=yes, seconds=seconds)


@click.group("pending", epilog=EXIT_CODES)
def pending() -> None:
    """待复核事项 · what waits for a checker"""


for _command in (pending_list, approve, reject):
    pending.add_command(_command)
