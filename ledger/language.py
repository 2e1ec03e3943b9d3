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
WIDE: Final = (("\u3000", "\u303f"), ("\u4e00", "\u9fff"), ("\uff00", "\uff60"))
"""Chinese characters and marks, each as wide as high."""


def language_in(environment: Mapping[str, str]) -> str:
    given = environment.get(VARIABLE, "")
    if given in LANGUAGES:
        return given
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG", "")
    return "zh" if locale.startswith("zh") else "en"


def joined(before: str, inserted: str) -> str:
    """`before` with `inserted` behind it. Templates put a space around what is inserted, as Chinese has it around
    figures and foreign words; between two Chinese characters or marks it has none."""
    if before.endswith(" ") and _is_wide(before[-2:-1]) and _is_wide(inserted[:1]):
        return before[:-1] + inserted
    if inserted.startswith(" ") and _is_wide(before[-1:]) and _is_wide(inserted[1:2]):
        return before + inserted[1:]
    return before + inserted


def _is_wide(character: str) -> bool:
    return any(low <= character <= high for low, high in WIDE)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its English noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def half_of(text: str, language: str) -> str:
    """Of a text written as `中文 · English`, or as 中文, an empty line, English: the half in this language. A text that
    is not written so stays whole."""
    for between in (BELOW, BESIDE):
        zh, found, en = text.partition(between)
        if found and not zh.isascii():
            return zh.strip() if language == "zh" else en.strip()
    return text
