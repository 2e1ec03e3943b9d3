"""In which language a person is spoken to: LUGANG_LANG (zh or en), otherwise the locale; English where neither says.

The wallet goes by the same rule. What programs read (`--json`, logs, codes) does not depend on it.
"""

from __future__ import annotations

import os
from typing import Final

VARIABLE: Final = "LUGANG_LANG"
LANGUAGES: Final = ("zh", "en")


def language() -> str:
    given = os.environ.get(VARIABLE, "")
    if given in LANGUAGES:
        return given
    return "zh" if os.environ.get("LANG", "").startswith("zh") else "en"


def words(zh: str, en: str) -> str:
    """The one of the two that this person reads."""
    return zh if language() == "zh" else en
