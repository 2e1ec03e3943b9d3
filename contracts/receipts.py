"""Receipts as bytes. `ledger.receipt.Receipt` says what they are; this writes the same bytes in pieces.

Every array costs the CBOR library a microsecond, and a receipt has six; what is the same in all receipts of a block, or
in all events of a kind, is therefore encoded once. A test holds the result against `Receipt.encode`.
"""

from __future__ import annotations

from typing import Any, Final

from ledger.codec import encode
from ledger.receipt import RECEIPT_BYTES_MAX, VERSION, Status

Events = list[tuple[str, str, tuple[Any, ...]]]

_ARRAY: Final = 0x80
_ROW: Final = bytes([_ARRAY | 11])
_BYTES_32: Final = b"\x58\x20"
_NULL: Final = b"\xf6"
_DONE: Final = b"\x00\xf6\x80"
"""status 0, code null, numbers []"""
_EVENT: Final = bytes([_ARRAY | 3])


def natural(number: int) -> bytes:
    """The encoding of a natural number below 2^32."""
    if number < 24:
        return bytes((number,))
    if number < 0x100:
        return bytes((0x18, number))
    if number < 0x10000:
        return b"\x19" + number.to_bytes(2, "big")
    return b"\x1a" + number.to_bytes(4, "big")


class ReceiptWriter:
    """Writes the receipts of one block."""

    def __init__(self, height: int) -> None:
        self._head = _ROW + encode(VERSION) + encode(height)
        self._kinds: dict[tuple[str, str], bytes] = {}

    def done(self, index: int, transaction: bytes, wid: bytes, result: Any, events: Events, used: int) -> bytes:
        if result is None:
            outcome = _NULL
        elif type(result) is bytes and 24 <= len(result) < 256:
            outcome = bytes((0x58, len(result))) + result
        else:
            outcome = encode(result)
        parts = (self._head, natural(index), _BYTES_32, transaction, _BYTES_32, wid, _DONE, outcome)
        return b"".join(parts) + self._events(events) + natural(used)

    def refused(
        self, index: int, transaction: bytes, wid: bytes, status: Status, code: str, numbers: tuple[Any, ...], used: int
    ) -> bytes:
        rest = (encode(int(status)), encode(code), encode(numbers), _NULL, bytes([_ARRAY]), natural(used))
        return b"".join((self._head, natural(index), _BYTES_32, transaction, _BYTES_32, wid, *rest))

    def sweep(self, index: int, events: Events, used: int) -> bytes:
        parts = (self._head, natural(index), _NULL, _NULL, _DONE, _NULL, self._events(events), natural(used))
        return b"".join(parts)

    def _events(self, events: Events) -> bytes:
        count = len(events)
        # A head up to 23 is one byte; longer ones are the first bytes of the library's own encoding.
        parts = [bytes([_ARRAY | count]) if count < 24 else encode((None,) * count)[:-count]]
        kinds, size = self._kinds, 0
        for contract, event, values in events:
            if size > RECEIPT_BYTES_MAX:
                # Too long already, which the engine will see; the rest could be a thousand times as long.
                break
            kind = kinds.get((contract, event))
            if kind is None:
                kind = kinds[contract, event] = _EVENT + encode(contract) + encode(event)
            encoded = encode(values)
            size += len(encoded)
            parts += (kind, encoded)
        return b"".join(parts)
