"""Which refusals a block's receipts hold, for the metrics, without decoding the many that hold none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ledger.crypto import HASH_BYTES
from ledger.receipt import Receipt, Status

ID: Final = b"\x58" + bytes([HASH_BYTES])
"""How CBOR begins a byte string of 32."""


def refusals_in(receipts: Iterable[bytes]) -> Iterator[str]:
    """The code of each receipt that is not `DONE`."""
    for encoded in receipts:
        if status_of(encoded) != Status.DONE:
            code = Receipt.decode(encoded).code
            yield "-" if code is None else code


def status_of(encoded: bytes) -> int:
    """The status of an encoded receipt: behind version, height, index, id and wid. The sweep's is always done."""
    at = _behind_integer(encoded, _behind_integer(encoded, 2))
    if encoded[at : at + 2] != ID:
        return Status.DONE
    return encoded[at + 2 * (len(ID) + HASH_BYTES)]


def _behind_integer(encoded: bytes, at: int) -> int:
    """Where the value behind an unsigned integer begins (RFC 8949 section 3: 0…23 in the head, else 1, 2, 4, 8)."""
    head = encoded[at]
    return at + 1 if head < 24 else at + 1 + (1 << head - 24)
