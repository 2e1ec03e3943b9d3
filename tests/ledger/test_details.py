"""Every detail that a proof, a file or a node fails with is said in Chinese too: the sources are read for them."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.details import in_chinese
from ledger.errors import refuse

ROOT = Path(__file__).parents[2]
CHINESE = re.compile("[一-鿿]")
FAULTS = ("BadProof", "BadSignature", "NotProvenError", "UnreachableError", "MalformedError", "_malformed")
ASKED_FOR = re.compile(r"[^a-z]*|[a-z](-[a-z])? .*|--?[a-z]+|hex|zh / en|1–40 .*")
"""What stands as it is in both languages: an option, how a value is written, numbers alone."""
SPELT = {
    "7; 32, 32, 64 expected": ["key 31, hash 32, signature 64 bytes; 32, 32, 64 expected"],
    "the 7 is not the certified one": [
        f"the {name} is not the certified one" for name in ("height", "block hash", "state root", "receipts root")
    ],
}
"""What varies in these is no word or number of its own."""


def written(node: ast.expr) -> Iterator[str]:
    """The texts that an expression gives, 7 in the place of what varies."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=parts):
            texts = [""]
            for part in parts:
                inner = part.value if isinstance(part, ast.FormattedValue) else part
                choices = list(written(inner)) if isinstance(inner, ast.Constant | ast.IfExp) else ["7"]
                texts = [text + choice for text in texts for choice in choices]
            yield from texts
        case ast.IfExp(body=one, orelse=other):
            yield from written(one)
            yield from written(other)
        case ast.BoolOp(values=values):
            for value in values:
                yield from written(value)
        case _:
            return


def details() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted([*ROOT.glob("ledger/*.py"), *ROOT.glob("wallet/**/*.py"), *ROOT.glob("contracts/**/*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            given = node.args[:1] if name in FAULTS else []
            given += [word.value for word in node.keywords if word.arg == "detail" and name in ("refuse", "problem")]
            for expression in given:
                for text in written(expression):
                    found[text] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


def test_every_detail_of_the_sources_has_its_chinese_words():
    made = {spelt: where for text, where in details().items() for spelt in SPELT.get(text, [text])}
    found = {text: where for text, where in made.items() if not ASKED_FOR.fullmatch(text)}
    assert len(found) > 90
    assert {text: where for text, where in found.items() if not CHINESE.search(in_chinese(text))} == {}


def test_what_varies_stands_in_its_place():
    assert in_chinese("a certificate of chain ab12, not cd34") == "证书属于链 ab12，不是 cd34"
    assert in_chinese("a history of 2 heights under a certificate of height 3") == "高度 3 的证书之下有 2 个高度的历史"
    inner = "certificate: validator 3: the signature does not belong to this key and these bytes"
    assert in_chinese(inner) == "证书：验证人 3：签名与密钥、内容不符"
    nodes = "http://127.0.0.1:1: [Errno 111] Connection refused; http://h:2: timed out"
    assert in_chinese(nodes) == "http://127.0.0.1:1：连接被拒绝，节点没有运行或端口不对；http://h:2：超时"


def test_what_is_not_known_stays_as_it_is():
    for text in ("", "a: b", "something else; altogether", "证书", "x" * 10_000):
        assert in_chinese(text) == text


def test_a_refusals_detail_is_in_its_sentences_language_and_whole_among_its_numbers():
    refused = refuse("BYT-001", detail="an indefinite length")
    assert refused.text("zh") == "编码不规范：长度不定"
    assert refused.text("en") == "not the canonical encoding: an indefinite length"
    assert refused.numbers == (("detail", "an indefinite length"),)


@pytest.mark.parametrize("text", ["a of , " * 500, "validator 1: " * 300, "x; " * 1300])
def test_no_text_makes_it_slow(text):
    began = time.process_time()
    in_chinese(text[:4000])
    assert time.process_time() - began < 1
