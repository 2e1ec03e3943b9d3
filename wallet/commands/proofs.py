"""`lugang evidence export|verify`: what can be shown to others and needs no node to be believed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from ledger.details import in_chinese
from ledger.errors import Refused, refuse
from ledger.evidence import EVIDENCE_BYTES_MAX, Evidence
from ledger.interface import Field
from ledger.language import counted
from ledger.verdict import judge
from ledger.wording import short_id, show_time
from wallet.commands.calls import kinds_of, transaction_id
from wallet.commands.trace import root_of
from wallet.commands.words import account_object, interface_of, reading, say_account
from wallet.console import EXIT_CODES, App, wallet_command
from wallet.exporter import Exporter
from wallet.forms import read_arguments, read_id
from wallet.home import chain_of
from wallet.keystore import write_private
from wallet.life import Life
from wallet.problems import caused, in_both, problem
from wallet.session import Row, map_named
from wallet.vouchers import VOUCHER, accounts_of_evidence

TOO_LARGE = ("BYT-002", "BYT-004")


@wallet_command(
    "export",
    "导出证据文件。至少给出一张凭证、一笔交易或一行。例：lugang evidence export a.lgev --voucher 3f9a1c",
    "write an evidence file, of a voucher, a transaction or a row at least. "
    "Example: lugang evidence export a.lgev --voucher 3f9a1c",
)
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--voucher", "vouchers", multiple=True, help="整张凭证（其任一编号） · a whole voucher, by any of its ids"
)
@click.option("--transaction", "transactions", multiple=True, help="交易 · a transaction with its receipt")
@click.option("--row", "rows", multiple=True, help="合约.表:键 · contract.map:key")
def export(
    app: App, *, output: Path, vouchers: tuple[str, ...], transactions: tuple[str, ...], rows: tuple[str, ...]
) -> dict[str, Any]:
    exporter = Exporter(app.session)
    for text in vouchers:
        exporter.add_root(root_of(app, read_id(reading(app, VOUCHER), text)))
    for text in transactions:
        exporter.add_transaction(transaction_id(app, text))
    for text in rows:
        place, _, key_text = text.partition(":")
        contract, _, map_name = place.partition(".")
        form = map_named(interface_of(app, contract), map_name)
        fields = tuple(Field(f"key{i}", kind) for i, kind in enumerate(form.key))
        key = read_arguments(reading(app, contract), fields, key_text.split(",") if key_text else ())
        proven = app.session.row(contract, map_name, *key)
        if proven.record is None:
            say_absent(app, proven)
        exporter.add_rows([proven])
    if not vouchers and not transactions and not rows:
        raise problem("WAL-011", argument="--voucher / --transaction / --row", detail="at least one of them expected")
    data = exporter.build()
    write_private(output, data)
    verdict, found, lexicon = judge(app.session.suite, app.genesis_bytes(), data)
    accounts = accounts_of_evidence(lexicon, found)
    for account in accounts:
        say_account(app, account)
    for life in exporter.lives.values():
        say_life(app, life)
    app.say(
        f"已写入 {output}：{len(data):,} 字节，{len(verdict.lines)} 条",
        f"{output}: {len(data):,} bytes, {counted(len(verdict.lines), 'fact')}",
    )
    return {"file": str(output), "bytes": len(data), "height": verdict.height, "sound": verdict.is_sound,
            "signed": len(found.transactions),
            "lives": [{"root": root.hex(), "transactions": len(life.transactions), "nodes": life.nodes,
                       "complete": life.is_certain, "silent": life.silent} for root, life in exporter.lives.items()],
            "vouchers": [account_object(account) for account in accounts]}  # fmt: skip


def say_absent(app: App, row: Row) -> None:
    """An evidence file may prove that there is nothing; who typed the wrong map did not mean that."""
    others = kinds_of(app, row.key[0]) if len(row.key) == 1 and type(row.key[0]) is bytes else []
    known = app.words(f"；该编号在 {', '.join(others)} 中", f"; it is an id of {', '.join(others)}") if others else ""
    app.say(f"注意：{row.contract}.{row.map} 中没有这一行，文件将证明它不存在{known}",
            f"mind: {row.contract}.{row.map} has no such row, and the file will prove just that{known}")  # fmt: skip


def say_life(app: App, life: Life) -> None:
    count, nodes = len(life.transactions), ", ".join(life.nodes) or app.words("无", "nobody")
    if life.is_certain:
        signed, told = counted(count, "signed transaction"), counted(len(life.nodes), "node")
        app.say(f"签署过程：{count} 笔交易，{len(life.nodes)} 个节点告知：{nodes}",
                f"its life: {signed}, told by {told}: {nodes}")  # fmt: skip
    else:
        why = "; ".join(f"{url}: {wrong}" for url, wrong in life.silent.items())
        why_zh = in_chinese(why)
        app.say(f"注意：签署过程可能不全，仅由 {nodes} 告知，需要 {life.needed} 个节点。{why_zh}",
                f"mind: its life may have gaps, told by {nodes} alone, of {life.needed} needed. {why}")  # fmt: skip


@wallet_command("verify", "离线验证证据文件，仅凭创世文件", "check an evidence file, offline, from the genesis alone")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--complete", is_flag=True, help="要求凭证完整 · demand that its vouchers are complete")
def verify(app: App, *, file: Path, complete: bool) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            if size > EVIDENCE_BYTES_MAX:
                raise refuse("BYT-002", size=size, limit=EVIDENCE_BYTES_MAX)
            data = opened.read(EVIDENCE_BYTES_MAX + 1)
    except OSError as error:
        raise problem("WAL-014", file=str(file), detail=error.strerror or str(error)) from None
    genesis = app.genesis_to_read()
    suite, _, _ = chain_of(genesis)
    try:
        verdict, found, lexicon = judge(suite, genesis, data)
    except Refused as refused:
        if refused.code in TOO_LARGE:
            raise
        raise caused("WAL-025", refused, file=str(file)) from None
    for line in verdict.lines:
        mark = "✗" if not line.ok else "!" if line.part == "interface" else "✓"
        app.say(f"{mark} {line.zh}", f"{mark} {line.en}")
    accounts = accounts_of_evidence(lexicon, found)
    for account in accounts:
        say_account(app, account)
    failing = [line for line in verdict.lines if not line.ok]
    incomplete = [account for account in accounts if not account.is_complete]
    answer = {
        "sound": verdict.is_sound, "chain": verdict.chain.hex(), "name": verdict.name, "height": verdict.height,
        "time_ms": verdict.time, "tolerance": verdict.tolerance, "test_clock": verdict.test_clock,
        "signers": list(verdict.signers), "vouchers": [account_object(account) for account in accounts],
        "lines": [{"proven": line.ok, "part": line.part, "number": line.number, "height": line.height, "zh": line.zh,
                   "en": line.en} for line in verdict.lines],
    }  # fmt: skip
    app.facts.update(answer)
    if failing and failing[0].part == "chain":
        other = Evidence.decode(data).chain
        raise problem("WAL-037", found=other.hex()[:16], expected=verdict.chain.hex()[:16])
    if failing:
        first = failing[0]
        raise in_both("WAL-031", {"first": (first.zh, first.en, f"{first.part} {first.number}")}, count=len(failing))
    if complete and (incomplete or not accounts):
        which = short_id(incomplete[0].root) if incomplete else "-"
        zh, en = f"凭证 {which} 不完整", f"voucher {which} is not complete"
        if not incomplete:
            zh, en = "没有凭证", "no voucher"
        raise in_both("WAL-031", {"first": (zh, en, which)}, count=len(incomplete))
    moment = "" if verdict.time is None else show_time(verdict.time, app.language)
    app.say(f"全部成立（高度 {verdict.height}，{moment}）", f"everything is proven (height {verdict.height}, {moment})")
    return answer


@click.group("evidence", epilog=EXIT_CODES)
def evidence() -> None:
    """证据文件 · evidence files"""


evidence.add_command(export)
evidence.add_command(verify)
