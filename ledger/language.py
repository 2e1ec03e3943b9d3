"""In which of the two languages a person is spoken to, and texts that are written in both.

The one rule for every command: `LUGANG_LANG` (zh or en), otherwise the locale; English where neither says. What
programs read (`--json`, logs, codes) does not depend on it. Nothing here reads the environment: whoever prints does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VARIABLE: Final = "LUGANG_LANG"
LANGUAGES: Final = ("zh", "en")
BESIDE: Final = " · "
BELOW: Final = "\n\n"


def language_in(environment: Mapping[str, str]) -> str:
    given = environment.get(VARIABLE, "")
    if given in LANGUAGES:
        return given
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG", "")
    return "zh" if locale.startswith("zh") else "en"


def half_of(text: str, language: str) -> str:
    """Of a text written as `中文 · English`, or as 中文, an empty line, English: the half in this language. A text that
    is not written so stays whole."""
    for between in (BELOW, BESIDE):
        zh, found, en = text.partition(between)
        if found and not zh.isascii():
            return zh.strip() if language == "zh" else en.strip()
    return text
