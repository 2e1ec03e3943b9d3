"""State keys: contract number u16 ‖ map number u8 ‖ the parts of the key, in an order that scans in the parts' order.

An integer is u64 with the sign bit flipped, a truth value one byte, fixed byte strings stand raw, text is followed by a
zero byte and contains none. A writer and whoever checks a proof must agree on these bytes, so both use this module.
"""

from __future__ import annotations

from typing import Any, Final

from ledger.crypto import HASH_BYTES, SIGNATURE_BYTES
from ledger.errors import found_name, refuse
from ledger.genesis import Genesis
from ledger.interface import INTEGER_KINDS, TEXT_KINDS, Interface, MapForm, Type
from ledger.statement import ID_BYTES

SIGN_BIT: Final = 1 << 63
NUMBER_BYTES: Final = 3


def full_key(contract_number: int, form: MapForm, parts: tuple[Any, ...]) -> bytes:
    """The full key of a row of a map; raises `Refused` TX-010 when the parts are not of the map's key types."""
    if len(parts) != len(form.key):
        raise refuse("TX-009", found=len(parts), expected=len(form.key))
    head = contract_number.to_bytes(2, "big") + bytes([form.number])
    return head + b"".join(encode_part(kind, part, form.name) for kind, part in zip(form.key, parts, strict=True))


def encode_part(kind: Type, part: Any, where: str) -> bytes:
    if kind.kind in INTEGER_KINDS and type(part) is int:
        return (part + SIGN_BIT).to_bytes(8, "big")
    if kind.kind == "boolean" and type(part) is bool:
        return bytes([part])
    if kind.kind in TEXT_KINDS and type(part) is str and "\0" not in part:
        return part.encode("utf-8") + b"\0"
    if type(part) is bytes and kind.kind in ("id", "key", "digest", "signature"):
        return part
    raise refuse("TX-010", argument=where, expected=kind.kind, found=found_name(part))


def map_of(interface: Interface, key: bytes) -> MapForm | None:
    """The map of this contract in which a full key lies."""
    for form in interface.maps:
        if len(key) >= NUMBER_BYTES and form.number == key[2]:
            return form
    return None


def parts_of_key(form: MapForm, key: bytes, key_bytes: int) -> tuple[Any, ...]:
    """The parts of a full key of this map; `key_bytes` is the suite's. Raises `Refused` BYT-001."""
    sizes = {"id": ID_BYTES, "key": key_bytes, "digest": HASH_BYTES, "signature": SIGNATURE_BYTES}
    parts: list[Any] = []
    at = NUMBER_BYTES
    for kind in form.key:
        if kind.kind in TEXT_KINDS:
            end = key.find(b"\0", at)
            end = len(key) if end < 0 else end
            parts.append(key[at:end].decode("utf-8", "replace"))
            at = end + 1
            continue
        size = 8 if kind.kind in INTEGER_KINDS else 1 if kind.kind == "boolean" else sizes.get(kind.kind, 0)
        piece, at = key[at : at + size], at + size
        if kind.kind in INTEGER_KINDS:
            parts.append(int.from_bytes(piece, "big") - SIGN_BIT)
        else:
            parts.append(piece == b"\1" if kind.kind == "boolean" else piece)
    if at != len(key):
        raise refuse("BYT-001", detail=f"a key of {form.name} with {len(key)} bytes")
    return tuple(parts)


def contract_numbers(genesis: Genesis) -> dict[str, int]:
    """The numbers of the built-in contracts: their places in the genesis, from 1. Later ones stand in the registry."""
    return {name: number for number, (name, _) in enumerate(genesis.contracts, 1)}
