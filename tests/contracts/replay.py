"""Plays a fixed history and prints what it comes to; run under several interpreters and hash seeds by the tests.

Arguments: "cold" makes a new engine before every block.
"""

from __future__ import annotations

import hashlib
import random
import sys
from pathlib import Path

from contracts.language.compiler import compile_contract
from contracts.rehearsal import Rehearsal
from ledger.errors import Refused
from tests.contracts.support import CATALOGUE, FIXTURES, chain, contract
from tests.contracts.test_escapes import FILES, HEAD, STATEMENTS


def history(*, cold: bool, seed: int = 7, blocks: int = 12) -> tuple[str, Rehearsal]:
    """Random acts on purses, a third of them refused; the digest over receipts, state and indexes of all blocks."""
    draw = random.Random(seed)
    sources = {name: (FIXTURES / f"{name}.py").read_text(encoding="utf-8") for name in ("purse", "caller")}
    told = chain(purse=sources["purse"], caller=sources["caller"], policies=(("policy", "pay", "", ((0, 0), (70, 1))),))
    told.do("a", "membership", "enrol", told.key("c1"), ("check",))
    purses = [told.do(person, "purse", "make", 100, None).result for person in ("a", "b", "c") for _ in range(4)]
    digest = hashlib.sha256()
    for _ in range(blocks):
        if cold:
            told.restart()
        transactions = []
        for _ in range(draw.randrange(1, 20)):
            person = draw.choice("abc")
            purse, other = draw.choice(purses), draw.choice(purses)
            act = draw.choice(("pay", "close", "date", "take", "try_both", "make", "step"))
            if act == "pay":
                transactions.append(told.transaction(person, "purse", "pay", (purse, other, draw.randrange(100))))
            elif act == "close" and draw.random() < 0.1:
                transactions.append(told.transaction(person, "purse", "close", (purse,)))
            elif act == "date":
                transactions.append(
                    told.transaction(person, "purse", "date", (purse, told.last.day + draw.randrange(3)))
                )
            elif act in ("take", "try_both"):
                transactions.append(told.transaction(person, "caller", act, (purse, other, draw.randrange(300))))
            elif act == "make":
                transactions.append(told.transaction(person, "purse", "make", (draw.randrange(9), None)))
            elif act == "step":
                transactions.append(told.transaction("operator", "calendar", "step", (told.last.day + 1,)))
        told.apply(transactions)
        for receipt in told.last.receipts:
            digest.update(receipt)
        for key, value in sorted(told.last.rows.items()):
            digest.update(key + b"\0" + (value or b"gone"))
    return digest.hexdigest(), told


def verdicts() -> str:
    """What the checker says of the corpus, and the interfaces of the catalogue."""
    digest = hashlib.sha256()
    samples = [
        contract(
            "    rows = Map(Id, Row)\n" + HEAD + f"        {s}\n        return 0\n",
            records="class Row(Record):\n    number: int\n",
        )
        for s in STATEMENTS.values()
    ]
    for source in (*samples, *FILES.values()):
        try:
            compile_contract(source)
        except Refused as refused:
            digest.update(repr((refused.code, refused.numbers)).encode())
    for path in sorted(Path(CATALOGUE).glob("*.py")):
        if path.stem != "__init__":
            digest.update(compile_contract(path.read_text(encoding="utf-8")).interface(path.stem).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    print(history(cold="cold" in sys.argv)[0], verdicts())
