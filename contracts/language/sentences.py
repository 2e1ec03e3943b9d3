"""Docstrings as data: the sentence that a signer is shown, and the labels of the arguments.

First line `zh: 向 {payee} 转让 {face} | en: Transfer {face} to {payee}`; lines `face: 金额 | amount` label
arguments, and in a record its fields.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.language.verdicts import verdict
from ledger.interface import SENTENCE_CHARACTERS_MAX

_SENTENCE: Final = re.compile(r"zh: (\S.*?) \| en: (\S.*)")
_PLACE: Final = re.compile(r"\{([a-z_0-9]*)\}")
_LABEL: Final = re.compile(r"([a-z][a-z_0-9]*): ([^|]+) \| ([^|]+)")


@dataclass(frozen=True, slots=True)
class Docstring:
    """Shape of `labels`: argument → (zh, en)."""

    zh: str
    en: str
    labels: dict[str, tuple[str, str]]


def two_languages(line: str) -> tuple[str, str]:
    """`zh: … | en: …` apart; another text serves both languages."""
    text = line.strip()
    match = _SENTENCE.fullmatch(text)
    if match is not None:
        return match[1][:SENTENCE_CHARACTERS_MAX], match[2][:SENTENCE_CHARACTERS_MAX]
    return text[:SENTENCE_CHARACTERS_MAX], text[:SENTENCE_CHARACTERS_MAX]


def read_docstring(node: ast.FunctionDef, *, needed: bool) -> Docstring:
    """The method's docstring; an action's must have the sentence, with places for its own parameters only."""
    first = node.body[0] if node.body else None
    if (
        not isinstance(first, ast.Expr)
        or not isinstance(first.value, ast.Constant)
        or type(first.value.value) is not str
    ):
        if needed:
            raise verdict("CHK-016", line=node.lineno, why="an action begins with zh: … | en: …")
        return Docstring("", "", {})
    lines = [line.strip() for line in first.value.value.strip().split("\n")]
    if needed and _SENTENCE.fullmatch(lines[0]) is None:
        raise verdict("CHK-016", line=node.lineno, why="an action begins with zh: … | en: …")
    zh, en = two_languages(lines[0])
    names = {argument.arg for argument in node.args.args} - {"self", "ctx"}
    for place in _PLACE.findall(zh + en):
        if needed and place not in names:
            raise verdict("CHK-016", line=node.lineno, why=f"{{{place}}} is no parameter")
    return Docstring(zh, en, labels_in(lines[1:]))


def labels_in(lines: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The lines that label arguments or fields; others are for people who read the source."""
    matches = [_LABEL.fullmatch(line.strip()) for line in lines]
    return {match[1]: (match[2].strip(), match[3].strip()) for match in matches if match is not None}
