"""`lugang source`: the source of a contract, of a version of it or of a proposal, proven, to be read before a vote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ledger.lexicon import REGISTRY, REGISTRY_MAP, VERSIONS_MAP
from wallet.commands.words import reading
from wallet.console import App, wallet_command
from wallet.forms import read_id
from wallet.problems import problem
from wallet.session import Row

PROPOSALS, SOURCES = "proposals", "sources"


@wallet_command("source", "合约或提案的源码，经链上证明", "the proven source of a contract or of a proposal")
@click.argument("contract", required=False)
@click.option("--version", type=click.IntRange(1), help="历史版本 · an earlier version")
@click.option("--proposal", help="提案 · a proposal to upload or upgrade")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="写入文件 · write it to a file, as it was uploaded",
)
def source(
    app: App, *, contract: str | None, version: int | None, proposal: str | None, output: Path | None
) -> dict[str, Any]:
    digest = _row(app, contract, version, proposal).fields.get("source")
    if digest is None:
        raise problem("WAL-011", argument="--proposal", detail=app.words("该提案不含源码", "it uploads nothing"))
    text = str(app.session.row(REGISTRY, SOURCES, digest).fields["text"])
    shown = {"source": text, "digest": digest.hex()}
    if output is not None:
        output.write_text(text, encoding="utf-8", newline="")
        app.say(f"已写入 {output}，源码摘要 {digest.hex()}", f"{output}: source {digest.hex()}")
        return {**shown, "file": str(output)}
    for line in text.split("\n"):
        app.say(line, line)
    return shown


def _row(app: App, contract: str | None, version: int | None, proposal: str | None) -> Row:
    if (contract is None) == (proposal is None):
        raise problem("WAL-011", argument="CONTRACT / --proposal", detail=app.words("须给出其一", "one of them"))
    if proposal is not None:
        row = app.session.row(REGISTRY, PROPOSALS, read_id(reading(app, REGISTRY), proposal))
    elif version is not None:
        row = app.session.row(REGISTRY, VERSIONS_MAP, contract, version)
    else:
        row = app.session.row(REGISTRY, REGISTRY_MAP, contract)
    if row.record is None and contract is not None:
        app.session.interface(contract)
        raise problem("WAL-011", argument="--version", detail=app.words("没有该版本", "there is no such version"))
    if row.record is None:
        raise problem("WAL-013", prefix=proposal)
    return row
