"""Deterministic limits on a source, counted before any parser sees it.

Python's own parser and compiler can be made to overflow their stacks by a source that is only long or only deep
(three million minus signs are enough), and where they give up differs between versions. So this scanner, which needs
nothing but a loop, first counts bytes, tokens, tokens of one logical line, brackets, indentation and runs of prefix
operators, and refuses the words, letters and escapes that the language does not have. A source that passes it is
small enough for `ast.parse` on every version, and whatever differs between the versions' grammars cannot be written
in it.

Drivers that check sources of strangers parse in a child process all the same; this module is what they call.
"""

from __future__ import annotations

import re
from typing import Final

from contracts.language.verdicts import verdict

SOURCE_BYTES_MAX: Final = 256 * 1024
TOKENS_MAX: Final = 60_000
LINE_TOKENS_MAX: Final = 600
BRACKETS_DEPTH_MAX: Final = 16
INDENT_CHARACTERS_MAX: Final = 64
PREFIX_RUN_MAX: Final = 4
NUMBER_CHARACTERS_MAX: Final = 78
"""As many digits as 2^256 has."""

KEYWORDS_REFUSED: Final = frozenset(
    ("assert async await del except finally global lambda nonlocal raise try with yield").split()
)
SOFT_KEYWORDS: Final = frozenset(("match", "case", "type"))
"""A statement cannot begin with one of them: newer grammars give that a meaning."""

_TOKEN: Final = re.compile(
    r"""
    (?P<blank>[ ]+)
  | (?P<comment>\#[^\n]*)
  | (?P<newline>\n)
  | (?P<string>[A-Za-z]{0,3}(?:
        \"\"\"(?:[^\\]|\\.)*?\"\"\"
      | '''(?:[^\\]|\\.)*?'''
      | "(?:[^"\\\n]|\\.)*"
      | '(?:[^'\\\n]|\\.)*'
    ))
  | (?P<number>[0-9][0-9_]*(?P<tail>[A-Za-z.]*))
  | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
  | (?P<operator>->|\*\*=?|//=?|<<=?|>>=?|<=|>=|==|!=|:=|[-+*/%@&|^~<>=(){}\[\],:.;!])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES: Final = re.compile(r"\\(.)", re.DOTALL)
_PREFIXES: Final = frozenset(("-", "+", "~", "not", "*"))
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


class _Scanner:
    def __init__(self, source: str) -> None:
        self.source = source
        self.line = 1
        self.tokens = 0
        self.line_tokens = 0
        self.depth = 0
        self.run = 0
        self.at_start = True
        self.first_word = ""

    def scan(self) -> None:
        position, size = 0, len(self.source)
        while position < size:
            match = _TOKEN.match(self.source, position)
            if match is None:
                raise verdict("CHK-004", line=self.line, what=ascii(self.source[position]))
            kind, text = match.lastgroup or "", match.group()
            if kind == "tail":
                kind = "number"
            position = match.end()
            self._take(kind, text)

    def _take(self, kind: str, text: str) -> None:
        if kind == "newline":
            self.line += 1
            if not self.depth:
                self.at_start, self.line_tokens, self.run, self.first_word = True, 0, 0, ""
            return
        if kind == "blank":
            # Continuation lines inside brackets are indented as their author likes.
            if self.at_start and not self.depth and len(text) > INDENT_CHARACTERS_MAX:
                raise verdict("CHK-003", line=self.line, limit=INDENT_CHARACTERS_MAX)
            return
        if kind == "comment":
            return
        self._count(text)
        if kind == "string":
            self._string(text)
        elif kind == "number":
            self._number(text)
        elif kind == "name":
            self._name(text)
        else:
            self._operator(text)
        self.at_start = False

    def _count(self, text: str) -> None:
        self.tokens += 1
        self.line_tokens += 1
        if self.tokens > TOKENS_MAX:
            raise verdict("CHK-002", line=self.line, limit=TOKENS_MAX)
        if self.line_tokens > LINE_TOKENS_MAX:
            raise verdict("CHK-002", line=self.line, limit=LINE_TOKENS_MAX)
        self.run = self.run + 1 if text in _PREFIXES else 0
        if self.run > PREFIX_RUN_MAX:
            raise verdict("CHK-003", line=self.line, limit=PREFIX_RUN_MAX)

    def _string(self, text: str) -> None:
        prefix = text[: min(text.index(quote) for quote in "\"'" if quote in text)]
        if prefix not in ("", "b"):
            raise verdict("CHK-005", line=self.line, what=f"a string with the prefix {prefix}")
        for escape in _ESCAPES.findall(text):
            if escape not in "\\'\"n":
                raise verdict("CHK-005", line=self.line, what="an escape other than \\\\ \\' \\\" \\n")
        self.line += text.count("\n")

    def _number(self, text: str) -> None:
        if not text.replace("_", "").isdigit() or text.endswith("_") or "__" in text:
            raise verdict("CHK-005", line=self.line, what=f"the number {text[:20]}")
        if len(text) > NUMBER_CHARACTERS_MAX:
            raise verdict("CHK-002", line=self.line, limit=NUMBER_CHARACTERS_MAX)

    def _name(self, text: str) -> None:
        if text in KEYWORDS_REFUSED:
            raise verdict("CHK-005", line=self.line, what=text)
        if "__" in text or text.startswith("_"):
            raise verdict("CHK-007", line=self.line, what=text[:40])
        if self.line_tokens == 1:
            self.first_word = text
            if text in SOFT_KEYWORDS:
                raise verdict("CHK-005", line=self.line, what=f"a statement that begins with {text}")

    def _operator(self, text: str) -> None:
        if text in _OPENING:
            # `def f[T](…)` and `class A[T]` are newer than the oldest grammar that the chain supports.
            if text == "[" and self.line_tokens == 3 and self.first_word in ("def", "class"):
                raise verdict("CHK-005", line=self.line, what="a type parameter")
            self.depth += 1
            if self.depth > BRACKETS_DEPTH_MAX:
                raise verdict("CHK-003", line=self.line, limit=BRACKETS_DEPTH_MAX)
        elif text in _CLOSING:
            self.depth = max(0, self.depth - 1)
        elif text == "@" and self.line_tokens == 1:
            return
        elif text in (";", "!", ":=", "~", "&", "^", "<<", ">>", "**", "/", "%", "@") or (
            text.endswith("=") and len(text) == 3
        ):
            raise verdict("CHK-005", line=self.line, what=f"the operator {text}")


def check_caps(source: str) -> None:
    """Refuse a source that is too large, too deep, or spelled with what the language does not have.

    Raises `Refused` CHK-001…005, CHK-007.
    """
    size = len(source.encode("utf-8", "surrogatepass"))
    if size > SOURCE_BYTES_MAX:
        raise verdict("CHK-001", size=size, limit=SOURCE_BYTES_MAX)
    for number, line in enumerate(source.split("\n"), 1):
        for character in line:
            if character < " " or "\ud800" <= character <= "\udfff" or character in "\x7f\x85\u2028\u2029\ufeff":
                raise verdict("CHK-004", line=number, what=ascii(character))
    _Scanner(source).scan()
