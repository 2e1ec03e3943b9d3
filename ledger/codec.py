"""The canonical CBOR profile: one value, one encoding; anything else is refused.

Allowed: definite-length arrays, shortest integers within ±(2^63 − 1), byte strings, UTF-8 text, true, false, null.
Refused: maps, floats, tags, bignums, other simple values, trailing bytes, nesting deeper than 16.
A decoded array is a tuple. An optional field keeps its place and holds null.

`load` walks the decoded value once. The walk refuses every type outside the profile and adds up how long the value's
one encoding is. An allowed value read from definite lengths and no tags takes at least that many bytes: each item's
head is as short as possible or longer, and its content is the same. So equal lengths mean equal bytes without encoding
again, and longer heads and trailing bytes are refused alike. Both conditions are needed: an indefinite array of 24
items is as long as a definite one. `decode` adds the caller's size limit, before reading.
The shapes below (`integer`, `blob`, `text`, `array`, `row` …) then check a record's fields and say what disagrees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn

import cbor2

from ledger.errors import refuse

INTEGER_MAX: Final = 2**63 - 1
DEPTH_MAX: Final = 16
_BYTES, _TEXT, _ARRAY, _MAP, _TAG = 2, 3, 4, 5, 6  # the major types of RFC 8949 section 3.1

Value = int | bool | str | bytes | None | tuple["Value", ...]
Shape = Callable[[Any, str], None]


def _refuse_tag(*_: object) -> NoReturn:
    raise ValueError("tags are not allowed")


# Every tag that cbor2 6.3 gives a meaning to; `tag_hook` sees the others.
_KNOWN_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)
_NO_TAGS: Final[dict[int, Any]] = dict.fromkeys(_KNOWN_TAGS, _refuse_tag)

encode: Final[Callable[[Any], bytes]] = cbor2.dumps
"""Encode a value that the program itself has built from allowed types."""


def load(data: bytes) -> Any:
    """The value that `data` is the one encoding of; raises `Refused` BYT-001 or BYT-003.

    For callers that have limited the size themselves; others use `decode`.
    """
    try:
        value = cbor2.loads(
            data,
            max_depth=DEPTH_MAX,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
            semantic_decoders=_NO_TAGS,
            tag_hook=_refuse_tag,
            immutable=True,
        )
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError):
        # The library's own words would stand in receipts, and differ from one version of it to the next.
        raise refuse("BYT-001", detail="no value of the profile in definite lengths") from None
    if encoded_size(value) != len(data):
        raise refuse("BYT-001", detail="another encoding of the same value, or bytes after it")
    return value


def decode(data: bytes, *, bytes_max: int, elements_max: int | None = None) -> Any:
    """The value that `data` is the one encoding of; raises `Refused` BYT-001 to BYT-004.

    Whoever takes large data from strangers says how many values it may hold: a million small integers keep the
    processor a fifth of a second, a megabyte in byte strings no time at all.
    """
    if len(data) > bytes_max:
        raise refuse("BYT-002", size=len(data), limit=bytes_max)
    if elements_max is not None and len(data) > elements_max:
        check_elements(data, elements_max)
    return load(data)


def check_elements(data: bytes, elements_max: int) -> None:
    """Refuse, before anything is built, what holds more than `elements_max` values: BYT-004, or BYT-001 for a head that
    the profile has no use for. A value of one byte becomes dozens in memory, so a limit on bytes alone limits nothing
    for whoever reads strangers' files. Only heads are read: what a string holds is stepped over."""
    place, announced, left, end = 0, 1, 1, len(data)
    while left and place < end:
        head = data[place]
        major, place = head >> 5, place + 1
        argument = head & 31
        if argument >= 24:
            if argument > 27:
                raise refuse("BYT-001", detail="an indefinite length")
            width = 1 << (argument - 24)
            argument = int.from_bytes(data[place : place + width], "big")
            place += width
        left -= 1
        if major == _ARRAY:
            left += argument
            announced += argument
            if announced > elements_max:
                raise refuse("BYT-004", count=min(announced, INTEGER_MAX), limit=elements_max)
        elif major in (_BYTES, _TEXT):
            place += argument
        elif major in (_MAP, _TAG):
            raise refuse("BYT-001", detail="maps and tags are not allowed")


def encoded_size(value: Any, where: str = "value") -> int:
    """The length of the value's encoding; refuses what is not of the profile: BYT-003 for a type, BYT-001 for a depth.

    cbor2 does not count an empty array as a level, and a value that the program built has not been through cbor2.
    """
    return _array_size((value,), where, -1) - 1


def _array_size(values: tuple[Any, ...], where: str, depth: int) -> int:
    if depth == DEPTH_MAX:
        raise refuse("BYT-001", detail=f"arrays nested deeper than {DEPTH_MAX}")
    count = len(values)
    size = 1 if count < 24 else _head_size(count)
    for value in values:
        kind = type(value)
        if kind is bytes:
            # Most of what is decoded is byte strings, so they are measured without a call.
            length = len(value)
            size += length + (1 if length < 24 else 2 if length < 256 else _head_size(length))
        elif kind is tuple:
            size += _array_size(value, where, depth + 1)
        else:
            size += _scalar_size(value, kind, where)
    return size


def _scalar_size(value: Any, kind: type, where: str) -> int:
    if kind is str:
        size = len(value) if value.isascii() else _text_size(value, where)
        return size + (1 if size < 24 else _head_size(size))
    if kind is int:
        if 0 <= value < 24:
            return 1
        if not -INTEGER_MAX <= value <= INTEGER_MAX:
            found = f"{value.bit_length()} bits"
            raise refuse("BYT-003", where=where, expected="an integer within 63 bits", found=found)
        return _head_size(value if value >= 0 else ~value)
    if value is None or kind is bool:
        return 1
    raise refuse("BYT-003", where=where, expected="an allowed type", found=kind.__name__)


def _head_size(argument: int) -> int:
    """The bytes of the shortest head that carries `argument`, a magnitude or a length (RFC 8949 section 3)."""
    if argument < 1 << 8:
        return 1 if argument < 24 else 2
    return 3 if argument < 1 << 16 else 5 if argument < 1 << 32 else 9


def check_value(value: Any, where: str = "value") -> None:
    """Refuse a value that is not of the profile, so that whatever passes can be encoded and read again."""
    encoded_size(value, where)


def _text_size(value: str, where: str) -> int:
    try:
        return len(value.encode("utf-8"))
    except UnicodeEncodeError:
        raise refuse("BYT-003", where=where, expected="UTF-8 text", found="a lone surrogate") from None


def _mismatch(where: str, expected: str, value: Any) -> NoReturn:
    found = type(value).__name__
    if type(value) in (bytes, str, tuple):
        found += f" of {len(value)}"
    elif type(value) is int:
        found = str(value) if value.bit_length() <= 64 else f"an integer of {value.bit_length()} bits"
    raise refuse("BYT-003", where=where, expected=expected, found=found)


def _shown(value: Any) -> str:
    """A scalar in the place of a constant. Writing out megabytes in order to show forty characters would take long."""
    if type(value) is tuple:
        return f"tuple of {len(value)}"
    return str(value[:40] if type(value) in (bytes, str) else value)[:40]


def integer(minimum: int = 0, maximum: int = INTEGER_MAX) -> Shape:
    """An integer within [minimum, maximum]."""

    def check(value: Any, where: str) -> None:
        if type(value) is not int or not minimum <= value <= maximum:
            _mismatch(where, f"an integer from {minimum} to {maximum}", value)

    return check


def boolean(value: Any, where: str) -> None:
    if type(value) is not bool:
        _mismatch(where, "true or false", value)


def exactly(constant: Value) -> Shape:
    """One constant: a record's version or its type."""

    def check(value: Any, where: str) -> None:
        if type(value) is not type(constant) or value != constant:
            raise refuse("BYT-003", where=where, expected=str(constant), found=_shown(value))

    return check


def one_of(*constants: Value) -> Shape:
    def check(value: Any, where: str) -> None:
        if not any(type(value) is type(constant) and value == constant for constant in constants):
            raise refuse("BYT-003", where=where, expected=" or ".join(map(str, constants)), found=_shown(value))

    return check


def blob(*lengths: int) -> Shape:
    """A byte string of one of the given lengths."""

    def check(value: Any, where: str) -> None:
        if type(value) is not bytes or len(value) not in lengths:
            _mismatch(where, f"{' or '.join(map(str, lengths))} bytes", value)

    return check


def blob_up_to(length_max: int) -> Shape:
    def check(value: Any, where: str) -> None:
        if type(value) is not bytes or len(value) > length_max:
            _mismatch(where, f"at most {length_max} bytes", value)

    return check


def text(length_max: int) -> Shape:
    """UTF-8 text of at most `length_max` characters."""

    def check(value: Any, where: str) -> None:
        if type(value) is not str or len(value) > length_max:
            _mismatch(where, f"a text of at most {length_max}", value)
        if not value.isascii():
            _text_size(value, where)

    return check


def array(item: Shape, count_max: int, count_min: int = 0) -> Shape:
    """An array of `count_min` to `count_max` items of one shape."""

    def check(value: Any, where: str) -> None:
        if type(value) is not tuple or not count_min <= len(value) <= count_max:
            _mismatch(where, f"an array of {count_min} to {count_max}", value)
        for i, entry in enumerate(value):
            item(entry, f"{where}[{i}]")

    return check


def row(*fields: tuple[str, Shape]) -> Shape:
    """An array with one place for each named field."""

    def check(value: Any, where: str) -> None:
        if type(value) is not tuple or len(value) != len(fields):
            _mismatch(where, f"an array of {len(fields)}", value)
        for (name, shape), entry in zip(fields, value, strict=True):
            shape(entry, f"{where}.{name}")

    return check


def optional(shape: Shape) -> Shape:
    def check(value: Any, where: str) -> None:
        if value is not None:
            shape(value, where)

    return check


def anything(value: Any, where: str) -> None:
    """Any value of the profile (a contract's arguments and results)."""
    check_value(value, where)
