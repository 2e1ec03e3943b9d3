"""What may reach a terminal: no character that steers it, and under `--json` one object on one line.

Texts come from the chain, from nodes and from files, so each may hold escape sequences or marks that turn the direction
of reading. People read them written out (`\\u{1b}`); in JSON they are escaped, which changes no value.
"""

from __future__ import annotations

import json
from typing import Any, Final

import click

from ledger.wording import INVISIBLE

_SURROGATES: Final = (0xD800, 0xDFFF)
_UNSAFE: Final = (*INVISIBLE, _SURROGATES)
_LINE_ENDS: Final = "\n"


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
