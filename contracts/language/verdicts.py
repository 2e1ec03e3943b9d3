"""Why a source is not a contract: stable codes with the line, in both languages.

The same source gets the same verdict on every CPython that the chain supports, since an upload's verdict stands in a
receipt. What only some versions can parse (new syntax) is therefore refused before the parser, or under the one code of
a syntax error, which names no line.
"""

from __future__ import annotations

from ledger.errors import Refused
from ledger.receipt_refusals import CHECKER_REFUSALS


def verdict(code: str, /, **numbers: int | str) -> Refused:
    """The refusal of a source, to be raised by the caller."""
    return Refused(CHECKER_REFUSALS[code], **numbers)
