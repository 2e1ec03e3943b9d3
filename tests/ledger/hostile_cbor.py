"""Bytes that a strict reader of the profile must refuse, each with the code it is refused by.

BYT-001: no well-formed encoding, or not the one encoding. BYT-003: well-formed CBOR of a type outside the profile.
Numbers of sections are RFC 8949's.
"""

import struct
from collections.abc import Iterator

import cbor2

Case = tuple[str, bytes, str]

MANY = 100_000
LONG = 2**63 - 1

KNOWN_TAGS = {
    "date and time text": (0, cbor2.dumps("2022-06-30T00:00:00Z")),
    "epoch time": (1, b"\x1a\x62\xbc\xe8\x00"),
    "positive bignum": (2, b"\x49" + b"\x01" + bytes(8)),
    "bignum that fits an integer": (2, b"\x41\x05"),
    "negative bignum": (3, b"\x49" + b"\x01" + bytes(8)),
    "bignum of 60 KiB": (2, b"\x59\xf0\x00" + b"\xff" * 0xF000),
    "decimal": (4, b"\x82\x01\x05"),
    "decimal bomb": (4, b"\x82\x1a\x3b\x9a\xca\x00\x01"),
    "bigfloat": (5, b"\x82\x01\x05"),
    "bigfloat bomb": (5, b"\x82\x1b" + LONG.to_bytes(8, "big") + b"\x01"),
    "base64url hint": (21, b"\x41a"),
    "base64 hint": (22, b"\x41a"),
    "base16 hint": (23, b"\x41a"),
    "embedded CBOR": (24, b"\x41\x01"),
    "string reference": (25, b"\x00"),
    "string name space": (256, b"\x82\x43abc\xd8\x19\x00"),
    "shared value": (28, b"\x80"),
    "shared reference": (29, b"\x00"),
    "cycle": (28, b"\x81\xd8\x1d\x00"),
    "rational": (30, b"\x82\x01\x02"),
    "rational with denominator 0": (30, b"\x82\x01\x00"),
    "URI": (32, b"\x61a"),
    "base64url text": (33, b"\x61a"),
    "base64 text": (34, b"\x61a"),
    "regular expression": (35, cbor2.dumps("(a+)+$")),
    "broken regular expression": (35, cbor2.dumps("(")),
    "MIME message": (36, cbor2.dumps("Content-Type: text/plain\n\nx")),
    "UUID": (37, b"\x50" + bytes(16)),
    "IPv4": (52, b"\x44\x7f\x00\x00\x01"),
    "IPv6": (54, b"\x50" + bytes(16)),
    "days since the epoch": (100, b"\x01"),
    "set": (258, b"\x81\x01"),
    "IP address, old tag": (260, b"\x44\x7f\x00\x00\x01"),
    "IP network, old tag": (261, b"\xa1\x44\x7f\x00\x00\x00\x08"),
    "date text": (1004, cbor2.dumps("2022-06-30")),
    "complex number": (43000, b"\x82\xf9\x3c\x00\xf9\x3c\x00"),
    "CBOR marker": (55799, b"\x01"),
    "a tag nobody knows": (2**64 - 1, b"\x01"),
}


def head(major: int, argument: int, width: int) -> bytes:
    """A head of `width` argument bytes, whether that is the shortest or not."""
    if width == 0:
        return bytes([major << 5 | argument])
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[width]]) + argument.to_bytes(width, "big")


def tagged(number: int, content: bytes) -> bytes:
    width = 0 if number < 24 else 1 if number < 2**8 else 2 if number < 2**16 else 8
    return head(6, number, width) + content


def longer_heads() -> Iterator[Case]:
    """Section 4.2.1: an argument in more bytes than it needs."""
    for major, name in enumerate(("integer", "negative", "bytes", "text", "array")):
        item = (b"", b"", b"x", b"x", b"\x00")[major]
        for width, argument in ((1, 5), (1, 23), (2, 24), (2, 255), (4, 256), (4, 65535), (8, 65536), (8, 2**32 - 1)):
            if not item or argument < 2**16:
                yield f"{name} {argument} in {width} bytes", head(major, argument, width) + item * argument, "BYT-001"
    yield "longer head deep inside", b"\x82\x01\x82\x41a\x18\x05", "BYT-001"


def indefinite() -> Iterator[Case]:
    """Section 3.2: lengths that are not told in advance."""
    for name, data in {
        "array": b"\x9f\x01\xff",
        "empty array": b"\x9f\xff",
        "bytes": b"\x5f\x41a\x41b\xff",
        "bytes without pieces": b"\x5f\xff",
        "text": b"\x7f\x61a\x61b\xff",
        "text split inside a character": b"\x7f\x61\xe4\x62\xb8\xad\xff",
        "map": b"\xbf\x01\x02\xff",
        "inside an array": b"\x81\x9f\xff",
        "never ended": b"\x9f" + b"\x01" * 1000,
        "nested without end": b"\x9f" * 1000,
    }.items():
        yield f"indefinite {name}", data, "BYT-001"
    for count in (23, 24, 255, 256, 65_536):
        # From 24 items on the break byte is no longer than the head that it saves: the length alone would not tell.
        yield f"indefinite array of {count}", b"\x9f" + b"\x01" * count + b"\xff", "BYT-001"
    yield "break alone", b"\xff", "BYT-001"
    yield "break in an array", b"\x82\x01\xff", "BYT-001"


def tags() -> Iterator[Case]:
    for name, (number, content) in KNOWN_TAGS.items():
        yield f"tag {number}: {name}", tagged(number, content), "BYT-001"
        yield f"tag {number} in an array: {name}", b"\x82\x01" + tagged(number, content), "BYT-001"
    yield "a hundred thousand tags", b"\xc1" * MANY + b"\x01", "BYT-001"
    yield "ten thousand shared values", b"\x99\x27\x10" + b"\xd8\x1c\x80" * 10_000, "BYT-001"


def simple_values() -> Iterator[Case]:
    """Section 3.3: major type 7 other than false, true, null."""
    yield "undefined", b"\xf7", "BYT-003"
    for number in (0, 1, 16, 19):
        yield f"simple {number}", bytes([0xE0 | number]), "BYT-003"
    for number in (32, 255):
        yield f"simple {number} in two bytes", bytes([0xF8, number]), "BYT-003"
    for number in (0, 20, 21, 22, 23, 24, 31):
        yield f"simple {number} in two bytes, reserved", bytes([0xF8, number]), "BYT-001"
    for number, name in ((28, "reserved"), (29, "reserved"), (30, "reserved")):
        for major in range(8):
            yield f"additional information {number} ({name}), major {major}", bytes([major << 5 | number]), "BYT-001"
    for value in (0.0, -0.0, 1.0, 1.5, float("inf"), float("-inf"), float("nan"), 5e-324, 1e300):
        yield f"double {value}", b"\xfb" + struct.pack(">d", value), "BYT-003"
    for half in ("0000", "3c00", "7c00", "7e00", "7e01", "fe00"):
        yield f"half {half}", bytes.fromhex("f9" + half), "BYT-003"
    for single in ("00000000", "7fc00000", "7f800001", "47c35000"):
        yield f"single {single}", bytes.fromhex("fa" + single), "BYT-003"


def maps() -> Iterator[Case]:
    yield "empty map", b"\xa0", "BYT-003"
    yield "map", b"\xa1\x61a\x01", "BYT-003"
    yield "map in an array", b"\x81\xa1\x61a\x01", "BYT-003"
    yield "map with a key twice", b"\xa2\x61a\x01\x61a\x02", "BYT-001"
    yield "map with integer keys", b"\xa1\x01\x02", "BYT-001"
    yield "map with array keys", b"\xa1\x81\x01\x02", "BYT-001"
    yield "map with unequal NaN keys", b"\xa2\xf9\x7e\x00\x01\xf9\x7e\x00\x02", "BYT-001"
    yield "map with keys out of order", b"\xa2\x61b\x01\x61a\x02", "BYT-003"
    yield "map without its last value", b"\xa1\x61a", "BYT-001"


def numbers() -> Iterator[Case]:
    yield "2^63", b"\x1b" + (2**63).to_bytes(8, "big"), "BYT-003"
    yield "2^64 - 1", b"\x1b" + b"\xff" * 8, "BYT-003"
    yield "-2^63", b"\x3b" + (2**63 - 1).to_bytes(8, "big"), "BYT-003"
    yield "-2^63 - 1", b"\x3b" + (2**63).to_bytes(8, "big"), "BYT-003"
    yield "-2^64", b"\x3b" + b"\xff" * 8, "BYT-003"
    yield "2^63 deep inside", b"\x81\x81\x1b" + (2**63).to_bytes(8, "big"), "BYT-003"


def texts() -> Iterator[Case]:
    """Section 3.1 and RFC 3629: what is no UTF-8."""
    for name, content in {
        "lone surrogate": b"\xed\xa0\x80",
        "surrogate pair": b"\xed\xa0\xbd\xed\xb8\x80",
        "a lone continuation": b"\x80",
        "a cut character": b"\xe4\xb8",
        "overlong NUL": b"\xc0\x80",
        "overlong slash": b"\xe0\x80\xaf",
        "beyond U+10FFFF": b"\xf4\x90\x80\x80",
        "five bytes": b"\xf8\x88\x80\x80\x80",
        "Latin-1": b"\xe9t\xe9",
        "byte order mark of UTF-16": b"\xff\xfe",
    }.items():
        yield f"text with {name}", head(3, len(content), 0) + content, "BYT-001"


def ends() -> Iterator[Case]:
    """Too few bytes, too many, and lengths that promise what is not there."""
    yield "nothing", b"", "BYT-001"
    for name, data in (("integer", b"\x01"), ("array", b"\x82\x01\x02"), ("bytes", b"\x41a"), ("null", b"\xf6")):
        yield f"{name} and a byte more", data + b"\x00", "BYT-001"
        yield f"{name} twice", data + data, "BYT-001"
        yield f"{name} and a break", data + b"\xff", "BYT-001"
    for major, name in ((2, "bytes"), (3, "text"), (4, "array"), (5, "map")):
        for width, length in (
            *((width, 2 ** (8 * width) - 1) for width in (1, 2, 4, 8)),
            (4, 2**31),
            (8, 2**40),
            (8, LONG),
        ):
            yield f"{name} that promises {length}", head(major, length, width), "BYT-001"
            yield f"{name} that promises {length}, inside", b"\x82\x01" + head(major, length, width) + b"abc", "BYT-001"
    for width in (1, 2, 4, 8):
        yield f"an argument of {width} bytes cut short", head(0, 1 << (8 * width - 1), width)[:-1], "BYT-001"


def nesting() -> Iterator[Case]:
    for depth in (17, 400, 401, MANY):
        yield f"arrays {depth} deep", b"\x81" * depth + b"\x01", "BYT-001"
        yield f"arrays {depth} deep around nothing", b"\x81" * (depth - 1) + b"\x80", "BYT-001"
        yield f"arrays {depth} deep, never ended", b"\x82" * depth, "BYT-001"
    for name, opener in {"maps": b"\xa1\x61a", "tagged arrays": b"\xc1\x81", "embedded": b"\xd8\x18\x81"}.items():
        yield f"{name} {MANY} deep", opener * MANY, "BYT-001"


HOSTILE: tuple[Case, ...] = (
    *longer_heads(),
    *indefinite(),
    *tags(),
    *simple_values(),
    *maps(),
    *numbers(),
    *texts(),
    *ends(),
    *nesting(),
)
