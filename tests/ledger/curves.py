"""Ed25519 and SM2 in plain arithmetic, slow and short, to craft what no library would sign (RFC 8032, GB/T 32918).

Independent of the libraries under test; nothing here is constant-time.
"""

import hashlib
from typing import Final

# --- edwards25519, RFC 8032 section 5.1 ---

P: Final = 2**255 - 19
D: Final = -121665 * pow(121666, -1, P) % P
L: Final = 2**252 + 27742317777372353535851937790883648493

Point = tuple[int, int]
IDENTITY: Final[Point] = (0, 1)


def add(a: Point, b: Point) -> Point:
    product = D * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, P)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P)
    return x % P, y % P


def multiply(scalar: int, point: Point) -> Point:
    total = IDENTITY
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def recover(y: int, sign: int) -> Point | None:
    """The point of a y coordinate (section 5.1.3), None when there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    return (P - x) % P if x % 2 != sign else x, y % P


def encode_point(point: Point, beyond: int = 0, flip: int = 0) -> bytes:
    """Section 5.1.2. `beyond` adds p to y, `flip` turns the sign bit over: other writings of a point, if they fit."""
    return (point[1] + beyond * P | ((point[0] & 1) ^ flip) << 255).to_bytes(32, "little")


_base = recover(4 * pow(5, -1, P) % P, 0)
assert _base is not None
BASE: Final[Point] = _base


def _order_eight() -> Point:
    for y in range(2, 100):
        point = recover(y, 0)
        if point is not None:
            torsion = multiply(L, point)
            if multiply(4, torsion) != IDENTITY:
                return torsion
    raise AssertionError("an eighth of all points would do")


TORSION: Final[tuple[Point, ...]] = tuple(multiply(i, _order_eight()) for i in range(8))
"""The eight points of small order; number i has order 8 / gcd(i, 8)."""


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def expand(secret: bytes) -> tuple[int, bytes]:
    """Section 5.1.5: the scalar and the prefix of a 32-byte secret."""
    digest = hashlib.sha512(secret).digest()
    scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    return scalar, digest[32:]


def ed25519_sign(secret: bytes, message: bytes, other_prefix: bytes = b"") -> bytes:
    """Section 5.1.6. With another prefix than the secret's own, another signature that is as good."""
    scalar, prefix = expand(secret)
    prefix = other_prefix or prefix
    key = encode_point(multiply(scalar, BASE))
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    r = encode_point(multiply(nonce, BASE))
    return r + ((nonce + challenge(r, key, message) * scalar) % L).to_bytes(32, "little")


# --- the curve of SM2, GB/T 32918.5 ---

SM2_P: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
SM2_A: Final = SM2_P - 3
SM2_B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
SM2_N: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
SM2_G: Final[Point] = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)


def sm2_add(a: Point | None, b: Point | None) -> Point | None:
    """None is the point at infinity."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % SM2_P == 0:
            return None
        slope = (3 * a[0] * a[0] + SM2_A) * pow(2 * a[1], -1, SM2_P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, SM2_P)
    x = (slope * slope - a[0] - b[0]) % SM2_P
    return x, (slope * (a[0] - x) - a[1]) % SM2_P


def sm2_multiply(scalar: int, point: Point | None) -> Point | None:
    total = None
    while scalar:
        if scalar & 1:
            total = sm2_add(total, point)
        point, scalar = sm2_add(point, point), scalar >> 1
    return total


def raw(point: Point) -> bytes:
    return point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def sm2_digest(key: bytes, message: bytes, user_id: bytes = b"1234567812345678") -> int:
    """e of GB/T 32918.2 section 6.1: SM3 over Z and the message."""
    numbers = b"".join(number.to_bytes(32, "big") for number in (SM2_A, SM2_B, *SM2_G))
    z = hashlib.new("sm3", (8 * len(user_id)).to_bytes(2, "big") + user_id + numbers + key).digest()
    return int.from_bytes(hashlib.new("sm3", z + message).digest(), "big")


def sm2_sign(secret: int, nonce: int, e: int) -> tuple[int, int]:
    """(r, s) of section 6.1 with a chosen nonce."""
    point = sm2_multiply(nonce, SM2_G)
    assert point is not None
    r = (e + point[0]) % SM2_N
    return r, pow(1 + secret, -1, SM2_N) * (nonce - r * secret) % SM2_N
