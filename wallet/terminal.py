"""What may reach a terminal: no character that steers it, and under `--json` one object on one line. How a command
that failed says so and leaves.

Texts come from the chain, from nodes and from files, so each may hold escape sequences or marks that turn the direction
of reading. People read them written out (`\\u{1b}`); in JSON they are escaped, which changes no value.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import click

from ledger.errors import Refused
from ledger.wording import INVISIBLE, short_hex

_SURROGATES: Final = (0xD800, 0xDFFF)
_UNSAFE: Final = (*INVISIBLE, _SURROGATES)
_LINE_ENDS: Final = "\n"
LONG_HEX: Final = re.compile(r"\b[0-9a-f]{64}(?:[0-9a-f]{4})?\b")
"""Ids and digests, which people get shortened; `--json` has them whole among the numbers."""


def _is_unsafe(character: str) -> bool:
    point = ord(character)
    return any(low <= point <= high for low, high in _UNSAFE)


def harmless(text: str) -> str:
    """`text` with every character that nobody sees written out; lines stay lines."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"\\u{{{ord(c):x}}}" if c not in _LINE_ENDS and _is_unsafe(c) else c for c in text)


def json_line(value: dict[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isascii() else "".join(map(_json_character, text))


def _json_character(character: str) -> str:
    # The encoder itself knows how a character beyond the first plane is escaped.
    return json.dumps(character)[1:-1] if _is_unsafe(character) else character


def answer_json(value: dict[str, Any]) -> None:
    """The one object of a command under `--json`."""
    click.echo(json_line(value))


def leave(
    refused: Refused, exit_code: int, *, language: str, as_json: bool, facts: Mapping[str, Any] | None = None
) -> NoReturn:
    """Say a refusal and end with the exit code of its kind: the one way in which a command fails.

    `status` in an answer is that of a receipt or a record, a word; the one that a node gives over HTTP stays there.
    """
    if as_json:
        said = {"code": refused.code, "numbers": dict(refused.numbers), "zh": refused.text("zh"),
                "en": refused.text("en"), "retry": refused.refusal.retry}  # fmt: skip
        answer_json({"ok": False, **said, "exit_code": exit_code, **(facts or {})})
    else:
        click.echo(harmless(f"{refused.code} {LONG_HEX.sub(_short, refused.text(language))}"), err=True)
    sys.exit(exit_code)


def _short(match: re.Match[str]) -> str:
    return short_hex(match[0])
