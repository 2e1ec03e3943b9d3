"""`lugang sign`, `cosign`, `submit`: a draft that travels as a file, signed where there is no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ledger.language import counted
from wallet.commands.calls import progress_of, seconds_option, yes_option
from wallet.commands.words import finish
from wallet.console import App, wallet_command
from wallet.home import chain_of
from wallet.offline import read_draft


def _sign(app: App, file: Path, yes: bool) -> dict[str, Any]:
    suite, chain, genesis = chain_of(app.genesis_bytes())
    draft = read_draft(file, suite, chain)
    app.say("将要签署：", "To be signed:")
    app.say(f"  {draft.sentence}", f"  {draft.sentence}")
    for slug in draft.unproven(genesis):
        app.say(f"注意：{slug} 的名称仅由文件给出，离线无法证明", f"mind: the name of {slug} is the file's word alone")
    app.confirm("签名？", "Sign?", yes)
    signed = draft.signed(suite, app.signer().secret)
    signed.save(file)
    missing = len(signed.missing)
    app.say(f"已签名，还缺 {missing} 个签名", f"signed; {counted(missing, 'signature')} to come")
    return {"file": str(file), "sentence": draft.sentence, "missing": [key.hex() for key in signed.missing]}


_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@wallet_command("sign", "离线签署文件", "sign a draft, without a network")
@_file
@yes_option
def sign(app: App, *, file: Path, yes: bool) -> dict[str, Any]:
    return _sign(app, file, yes)


@wallet_command("cosign", "在他人起草的文件上共同签名", "add one's signature to a draft that another person began")
@_file
@yes_option
def cosign(app: App, *, file: Path, yes: bool) -> dict[str, Any]:
    return _sign(app, file, yes)


@wallet_command("submit", "提交已签署的文件", "send a signed draft and wait")
@_file
@seconds_option
def submit(app: App, *, file: Path, seconds: float) -> dict[str, Any]:
    suite, chain, _ = chain_of(app.genesis_bytes())
    transaction = read_draft(file, suite, chain).assemble(suite)
    app.facts["transaction"] = transaction.id.hex()
    app.session.send([transaction])
    app.say(f"已提交，交易 {transaction.id.hex()}", f"sent, transaction {transaction.id.hex()}")
    with progress_of(app) as progress:
        [outcome] = app.session.finish([transaction], seconds=seconds, progress=progress)
    return finish(app, outcome)
