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
_HEADS: Final = tuple([bytes([_ARRAY | count]) for count in range(24)])


def natural(number: int) -> bytes:
    """The encoding of a natural number below 2^32."""
    if number < 24:
        return bytes((number,))
    if number < 0x100:
        return bytes((0x18, number))
    if number < 0x10000:
        return b"\x19" + number.to_bytes(2, "big")
    return b"\x1a" + number.to_bytes(4, "big")


_NATURALS: Final = tuple([natural(number) for number in range(4_096)])
_BYTES: Final = tuple([encode(bytes(size))[: -size or None] for size in range(256)])
"""The heads of short byte strings."""


class ReceiptWriter:
    """Writes the receipts of one block."""

    def __init__(self, height: int) -> None:
        self._head = _ROW + encode(VERSION) + encode(height)
        self._kinds: dict[tuple[str, str], bytes] = {}
        self._texts: dict[str, bytes] = {}

    def done(self, index: int, transaction: bytes, wid: bytes, result: Any, events: Events, used: int) -> bytes:
        place = _NATURALS[index] if index < 4_096 else natural(index)
        parts = [self._head, place, _BYTES_32, transaction, _BYTES_32, wid, _DONE]
        self._add(parts, result)
        self._add_events(parts, events)
        parts.append(_NATURALS[used] if used < 4_096 else natural(used))
        return b"".join(parts)

    def refused(
        self, index: int, transaction: bytes, wid: bytes, status: Status, code: str, numbers: tuple[Any, ...], used: int
    ) -> bytes:
        rest = (encode(int(status)), encode(code), encode(numbers), _NULL, bytes([_ARRAY]), natural(used))
        return b"".join((self._head, natural(index), _BYTES_32, transaction, _BYTES_32, wid, *rest))

    def sweep(self, index: int, events: Events, used: int) -> bytes:
        parts = [self._head, natural(index), _NULL, _NULL, _DONE, _NULL]
        self._add_events(parts, events)
        parts.append(natural(used))
        return b"".join(parts)

    def _add_events(self, parts: list[bytes], events: Events) -> None:
        count = len(events)
        # A head up to 23 is one byte; longer ones are the first bytes of the library's own encoding.
        parts.append(_HEADS[count] if count < 24 else encode((None,) * count)[:-count])
        kinds, size = self._kinds, 0
        for contract, event, values in events:
            if size > RECEIPT_BYTES_MAX:
                # Too long already, which the engine will see; the rest could be a thousand times as long.
                break
            kind = kinds.get((contract, event))
            if kind is None:
                kind = kinds[contract, event] = _EVENT + encode(contract) + encode(event)
            count = len(values)
            if count > 23:
                encoded = encode(values)
                size += len(encoded)
                parts += (kind, encoded)
                continue
            parts += (kind, _HEADS[count])
            for value in values:
                size += self._add(parts, value)

    def _add(self, parts: list[bytes], value: Any) -> int:
        """Add a value's encoding, by the library where it is not of the usual kinds; the answer is at most its size."""
        kind = type(value)
        if kind is bytes and len(value) < 256:
            parts += (_BYTES[len(value)], value)
            return len(value)
        if kind is int and 0 <= value < 0x1_0000_0000:
            parts.append(_NATURALS[value] if value < 4_096 else natural(value))
            return 1
        if kind is str:
            encoded = self._texts.get(value)
            if encoded is None:
                encoded = self._texts[value] = encode(value)
        else:
            encoded = encode(value)
        parts.append(encoded)
        return len(encoded)
