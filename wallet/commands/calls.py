"""`lugang call`, `view` and `receipt`: act, ask, look what became of it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress as Bar

from ledger.crypto import HASH_BYTES
from ledger.errors import Refused, refuse
from ledger.interface import Action, Field, Interface
from ledger.language import counted
from ledger.summary import signed_digest
from ledger.transaction import Body
from ledger.wording import short_id, show_value
from wallet.batches import with_acts
from wallet.client import Agreed, Progress
from wallet.commands.words import (
    entry_named,
    finish,
    ids_in,
    interface_of,
    reading,
    receipt_object,
    say_receipt,
    say_row,
    with_near,
)
from wallet.console import App, wallet_command
from wallet.effects import effects_of
from wallet.forms import MISSING, PREFIX_CHARACTERS_MIN, Lookup, Reading, plain, read_arguments
from wallet.offline import OfflineDraft
from wallet.problems import problem
from wallet.session import NOBODY, Row, map_named

FINALITY_SECONDS = 60
REASON_SECONDS = 5

seconds_option = click.option("--seconds", type=click.FloatRange(0, 3600), default=FINALITY_SECONDS, show_default=True,
                        help="等待最终性的秒数 · how long to wait for finality")  # fmt: skip
yes_option = click.option("--yes", is_flag=True, help="不再询问 · do not ask")


@contextmanager
def progress_of(app: App) -> Iterator[Progress | None]:
    """A bar while something is not final yet where somebody watches; after a while, once, why it takes so long."""
    reason = _Reason(app)
    if app.as_json:
        yield None
        return
    if not app.console.is_terminal:
        yield lambda _done, _total: reason.say_once()
        return
    with Bar(console=app.console, transient=True) as bar:
        task = bar.add_task(app.words("等待最终确认", "waiting for finality"), total=None)

        def tell(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            reason.say_once()

        yield tell


class _Reason:
    """Says why nothing becomes final, when the nodes are too few for it."""

    def __init__(self, app: App) -> None:
        self._app, self._due = app, time.monotonic() + REASON_SECONDS

    def say_once(self) -> None:
        if time.monotonic() < self._due:
            return
        self._due = math.inf
        linked, needed = self._app.session.client.linked()
        if linked < needed:
            self._app.say(
                f"只有 {linked} 个节点相连，最终确认需要 {needed} 个；继续等待，已提交的交易不会丢失",
                f"only {counted(linked, 'node is', 'nodes are')} linked, {needed} are needed for finality; "
                "waiting on, what was sent is not lost",
            )


def show_draft(app: App, sentence: str, contract: str, action: str, args: tuple[Any, ...]) -> None:
    """What is signed, and, apart from it, the proven row that it is about."""
    app.say("将要签署：", "To be signed:")
    app.say(f"  {sentence}", f"  {sentence}")
    app.say(f"  （{contract}.{action}）", f"  ({contract}.{action})")
    for number, text in app.session.acts_not_shown(contract, action, args):
        app.say(f"  {number}. {text}", f"  {number}. {text}")
    for row in app.session.context(contract, action, args):
        app.say("参考（不在签署内容中）：", "For reference, not part of what is signed:")
        say_row(app, row)
    effects = effects_of(app.session, contract, action, args, app.organisation())
    for zh, en in effects:
        app.say(f"影响：{zh}", f"Effect: {en}")
    if effects:
        app.facts["effects"] = [{"zh": zh, "en": en} for zh, en in effects]


@wallet_command(
    "call",
    "办理一项业务：显示摘要，确认，签名，等待最终确认。参数写作 名称=值，或按次序只写值，"
    "lugang describe 合约 操作 列出各参数。例：lugang call voucher accept '#1'",
    "act: show the sentence, ask, sign, wait. Arguments are written NAME=VALUE, or the values alone in their order; "
    "`lugang describe CONTRACT ACTION` lists them. Example: lugang call voucher accept '#1'",
)
@click.argument("contract")
@click.argument("action")
@click.argument("arguments", nargs=-1)
@yes_option
@seconds_option
@click.option("--with", "others", multiple=True, help="共同签名的本机身份 · identities here that co-sign")
@click.option(
    "--cosigner", "cosigners", multiple=True, help="他处共同签名者的公钥，用于 --draft · keys elsewhere that co-sign"
)
@click.option("--draft", type=click.Path(path_type=Path, dir_okay=False),
              help="不发送，写入文件 · write a file for others to sign instead of sending")  # fmt: skip
def call(
    app: App,
    *,
    contract: str,
    action: str,
    arguments: tuple[str, ...],
    yes: bool,
    seconds: float,
    others: tuple[str, ...],
    cosigners: tuple[str, ...],
    draft: Path | None,
) -> dict[str, Any]:
    """Arguments are `name=value`, or bare values in the form's order."""
    interface = interface_of(app, contract)
    form = entry_named(contract, action, interface.actions)
    args = read_arguments(
        reading(app, contract),
        form.arguments,
        with_acts(interface, form, arguments, lambda *inner: _reader_of(app, *inner)),
        lambda read, field: _known_value(app, contract, action, read, field),
        what=f"{contract}.{action}",
    )
    _require_there(app, contract, action, args)
    keystores = [app.keystore(), *(app.keystore(label) for label in others)]
    keys = [keystore.public_key for keystore in keystores]
    try:
        keys += [bytes.fromhex(text) for text in cosigners]
    except ValueError:
        raise problem("WAL-011", argument="cosigner", detail="a public key in hexadecimal expected") from None
    prepared = app.session.draft(contract, action, args, keys)
    show_draft(app, prepared.sentence, contract, action, args)
    if draft is not None:
        offline = OfflineDraft(
            prepared.body, prepared.sentence, interface, dict(_names(app, interface, action, args)), {},
            app.session.acts_in(interface, action, args),
        )  # fmt: skip
        offline.save(draft)
        wanted = counted(len(keys), "signature")
        app.say(f"已写入 {draft}，待 {len(keys)} 个签名", f"written to {draft}, {wanted} to come")
        return {"file": str(draft), "sentence": prepared.sentence, "signers": [key.hex() for key in keys]}
    if cosigners:
        raise problem("WAL-011", argument="cosigner", detail="it goes with --draft")
    app.confirm("签名并提交？", "Sign and send?", yes)
    secrets = [app.signer(keystore.label).secret for keystore in keystores]
    transaction = app.session.builder.sign(prepared, secrets)
    app.home.remember([transaction.id])
    app.facts.update({"transaction": transaction.id.hex(), "sentence": prepared.sentence})
    app.session.send([transaction])
    app.say(f"已提交，交易 {transaction.id.hex()}", f"sent, transaction {transaction.id.hex()}")
    with progress_of(app) as progress:
        [outcome] = app.session.finish([transaction], seconds=seconds, progress=progress)
    return {**finish(app, outcome), **app.facts, "sentence": prepared.sentence}


def _reader_of(app: App, contract: str, action: str) -> tuple[Reading, Action, Lookup]:
    form = entry_named(contract, action, interface_of(app, contract).actions)
    return reading(app, contract), form, lambda read, field: _known_value(app, contract, action, read, field)


def _known_value(app: App, contract: str, action: str, read: dict[str, Any], wanted: Field) -> Any:
    """What the row that the act is about says of an argument that nobody typed; of no row nothing can be known. A
    signature of whoever acts is made here, over what the action declares."""
    form = app.session.interface(contract).action(action)
    if wanted.name in form.who.signed[:1]:
        _, tag, *covered = form.who.signed
        over = signed_digest(app.suite(), app.session.chain, contract, tag, [read[name] for name in covered])
        return app.suite().sign(app.signer().secret, over)
    value = app.session.known_value(contract, action, read, wanted)
    if value is MISSING and form.who.on is not None:
        on = map_named(app.session.interface(contract), form.who.on)
        key = [field.name for field in form.arguments[: len(on.key)]]
        if all(name in read for name in key):
            _require_row(app, contract, action, [read[name] for name in key])
    return value


def _require_row(app: App, contract: str, action: str, args: Sequence[Any]) -> None:
    """The row that the act is about is of the kind that it needs, where `args` say which one."""
    for row in app.session.context(contract, action, args):
        if row.record is None and len(row.key) == 1 and type(row.key[0]) is bytes:
            raise wrong_id(app, f"{contract}.{action}", row)


def _require_party(app: App, contract: str, action: str, args: Sequence[Any]) -> None:
    """What the ledger would refuse (AUTH-003), before anybody signs: the row that the act is about is another's."""
    parties, mine = app.session.interface(contract).action(action).who.party, app.organisation()
    for row in app.session.context(contract, action, args) if parties else ():
        found = [row.fields[name] for name in parties if name in row.fields]
        if len(found) == len(parties) and mine not in found:
            app.session.learn_names([mine, *filter(None, found)])
            shown = "/".join(party or NOBODY for party in found)
            raise app.session.worded(refuse("AUTH-003", field="/".join(parties), party=shown, caller=mine))


def _require_there(app: App, contract: str, action: str, args: tuple[Any, ...]) -> None:
    """Before anybody signs: the row that the act is about is there, and whoever is named exists."""
    _require_row(app, contract, action, args)
    _require_party(app, contract, action, args)
    strangers = app.session.strangers(contract, action, args)
    if strangers:
        raise no_organisation(app, strangers)


def no_organisation(app: App, strangers: Sequence[str]) -> Refused:
    return with_near(problem("WAL-024", organisation=", ".join(strangers)[:200]), _alike(app, strangers[0]))


def _alike(app: App, typed: str) -> list[str]:
    """Organisations that this wallet knows and that somebody who typed so may have meant, by slug or by name."""
    known = app.session.builder.names
    named = [slug for slug, name in known.items() if typed in (name.zh, name.en)]
    return named or get_close_matches(typed, known, n=3)


def wrong_id(app: App, what: str, row: Row) -> Refused:
    """Why there is no such row: its id is of another map, or of none."""
    place, shown, found = f"{row.contract}.{row.map}", short_id(row.key[0]), kinds_of(app, row.key[0])
    if not found:
        return problem("WAL-029", expected=place, id=shown)
    return problem("WAL-023", what=what, expected=place, id=shown, found=", ".join(found))


def kinds_of(app: App, identifier: bytes) -> list[str]:
    """The maps that have a row under this id, as `contract.map`."""
    session = app.session
    places = [
        (name, form.name, (identifier,))
        for name, _ in session.genesis.contracts
        for form in session.interface(name).maps
        if [part.kind for part in form.key] == ["id"]
    ]
    return [f"{row.contract}.{row.map}" for row in session.prove(places) if row.record is not None]


def _names(app: App, interface: Interface, action: str, args: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for slug in app.session.mentioned(interface, action, args):
        if slug in app.session.builder.names:
            yield slug, app.session.builder.names[slug]


def agreement(app: App, agreed: Agreed) -> dict[str, Any]:
    """Say which nodes agree on a list, and whether that makes it certain."""
    nodes = ", ".join(agreed.nodes)
    if agreed.is_certain:
        agreeing = counted(len(agreed.nodes), "node agrees", "nodes agree")
        app.say(f"高度 {agreed.height}，{len(agreed.nodes)} 个节点结果一致：{nodes}",
                f"height {agreed.height}; {agreeing}: {nodes}")  # fmt: skip
    else:
        app.say(
            f"高度 {agreed.height}；注意：仅询问了 {nodes}，完整性需要 {agreed.needed} 个节点一致",
            f"height {agreed.height}; mind: only {nodes} was asked, completeness takes {agreed.needed} nodes",
        )
    return {"height": agreed.height, "nodes": list(agreed.nodes), "nodes_needed": agreed.needed,
            "complete": agreed.is_certain}  # fmt: skip


@wallet_command(
    "view",
    "查询合约。参数写法与 call 相同，lugang describe 合约 列出各项查询。例：lugang view voucher held_by supplier-a",
    "ask a contract. Arguments are written as for call; `lugang describe CONTRACT` lists the views. "
    "Example: lugang view voucher held_by supplier-a",
)
@click.argument("contract")
@click.argument("view_name", metavar="VIEW")
@click.argument("arguments", nargs=-1)
def view(app: App, *, contract: str, view_name: str, arguments: tuple[str, ...]) -> dict[str, Any]:
    interface = interface_of(app, contract)
    form = entry_named(contract, view_name, interface.views)
    args = read_arguments(reading(app, contract), form.arguments, arguments, what=f"{contract}.{view_name}")
    agreed = app.session.view(contract, view_name, args)
    app.home.remember(ids_in((agreed.result,)))
    reader = app.session.reader(contract)
    if form.returns.kind == "array" and form.returns.items:
        for item in agreed.result:
            app.say(*[f"· {show_value(reader, form.returns.items[0], item)}"] * 2)
        app.say(f"共 {len(agreed.result)} 项", counted(len(agreed.result), "row"))
    else:
        app.say(*[show_value(reader, form.returns, agreed.result)] * 2)
    return {"result": plain(interface, form.returns, agreed.result), **agreement(app, agreed)}


@wallet_command("receipt", "交易的回执及证明", "the proven receipt of a transaction")
@click.argument("transaction")
def receipt(app: App, *, transaction: str) -> dict[str, Any]:
    identifier = transaction_id(app, transaction)
    found = app.session.client.receipts([identifier])
    if identifier not in found:
        state = app.session.client.ask(lambda node: node.receipts([identifier], proof=False))[0].state
        words = {"unknown": "未知", "accepted": "已受理", "executed": "已执行，尚未认证", "final": "已最终确认"}
        app.say(f"交易 {identifier.hex()}：{words[state]}", f"transaction {identifier.hex()}: {state}")
        return {"transaction": identifier.hex(), "state": state}
    proven = found[identifier]
    body = _signed_body(app, proven.receipt.height, identifier)
    refused = None
    if proven.receipt.code is not None and body is not None:
        refused = app.session.refusal_of(body.contract, proven.receipt)
        app.say(f"{refused.code} {refused.text('zh')}", f"{refused.code} {refused.text('en')}")
    say_receipt(app, proven, refused)
    return {**receipt_object(app, proven, body), "state": "final"}


def _signed_body(app: App, height: int, identifier: bytes) -> Body | None:
    """What was signed, read from the proven block."""
    _, transactions, _ = app.session.client.block(height)
    return next((entry.body for entry in transactions if entry.id == identifier), None)


def transaction_id(app: App, text: str) -> bytes:
    """A whole transaction id, or the beginning of one that this wallet has seen."""
    wanted = text.lower().rstrip("…")
    known = [seen for seen in app.home.seen() if len(seen) == 2 * HASH_BYTES and seen.startswith(wanted)]
    if len(wanted) == 2 * HASH_BYTES and set(wanted) <= set("0123456789abcdef"):
        return bytes.fromhex(wanted)
    if not known or len(wanted) < PREFIX_CHARACTERS_MIN:
        raise problem("WAL-013", prefix=text)
    if len(known) > 1:
        raise problem("WAL-012", prefix=text, found=", ".join(seen[:16] for seen in known[:5]))
    return bytes.fromhex(known[0])
