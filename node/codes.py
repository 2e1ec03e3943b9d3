"""docs/codes.md: every code that a user can meet, from the tables where they are declared.

Areas: `BYT` bytes, `TX` a transaction's form, `POOL` waiting, `AUTH` who may, `EXE` execution, `CHK` the checker of
contracts, `RPC` the HTTP API, `NODE` the node itself, and three letters for each contract of the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Final

from contracts.language.compiler import compile_contract
from ledger.errors import REFUSALS, Refusal
from ledger.interface import Interface
from ledger.receipt_refusals import CHECKER_REFUSALS, ENGINE_REFUSALS

AREAS: Final = {
    "BYT": "字节与编码 · bytes and encoding",
    "TX": "交易的形式 · a transaction's form",
    "POOL": "交易池 · waiting to be ordered",
    "AUTH": "谁可以办理 · who may",
    "EXE": "执行 · execution",
    "CHK": "合约检查 · the checker of contracts",
    "RPC": "接口 · the HTTP API",
    "NODE": "节点 · the node itself",
}
HEAD: Final = """# Codes

<!-- Written by `lugang node codes > docs/codes.md`; a test compares. Change the declarations, then run it again. -->

Every refusal has a code that is never used for anything else, the numbers that disagree, and a sentence in Chinese and
in English. Over HTTP it is `application/problem+json` with the status below; of a transaction that was refused when it
was executed, code and numbers stand in its receipt. *Again* says whether the same request, unchanged, may succeed
later. Places in braces are filled with the numbers.
"""


def catalogue() -> Iterator[Interface]:
    """The interfaces of the built-in contracts, by name."""
    folder = resources.files("contracts.catalogue")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".py"))
    for name in names:
        if not name.startswith("_"):
            source = (folder / name).read_text(encoding="utf-8")
            yield compile_contract(source).interface(name.removesuffix(".py"))


def codes_markdown() -> str:
    """The whole document."""
    known = {**REFUSALS, **ENGINE_REFUSALS, **CHECKER_REFUSALS}
    assert len(known) == len(REFUSALS) + len(ENGINE_REFUSALS) + len(CHECKER_REFUSALS), "a code is declared twice"
    parts = [HEAD]
    for area, title in AREAS.items():
        rows = [refusal for code, refusal in sorted(known.items()) if code.partition("-")[0] == area]
        parts.append(f"## {area} {title}\n\n" + _table(_of_table(rows)))
        known = {code: refusal for code, refusal in known.items() if refusal not in rows}
    assert not known, f"of no area: {', '.join(known)}"
    for interface in catalogue():
        if interface.refusals:
            declared = sorted((r.code, "", "", r.zh, r.en) for r in interface.refusals)
            letters = declared[0][0].partition("-")[0]
            parts.append(f"## {letters} 合约 `{interface.contract}` · contract\n\n" + _table(declared))
    return "\n".join(parts)


def _of_table(refusals: Iterable[Refusal]) -> list[tuple[str, str, str, str, str]]:
    return [(r.code, str(r.status), "yes" if r.retry else "", r.zh, r.en) for r in refusals]


def _table(rows: Iterable[tuple[str, str, str, str, str]]) -> str:
    lines = ["| code | status | again | 中文 | English |", "|---|---|---|---|---|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
