"""SM2 signatures (GB/T 32918.2, GM/T 0003.2) with SM3, by the system's OpenSSL ≥ 3.0 through ctypes.

Owns the one door to libcrypto: keys go in as x ‖ y or as a 32-byte secret, signatures as r ‖ s; DER exists only here.
The accept set is one: r and s are written as 32 bytes each with 1 ≤ r, s < n, the DER that OpenSSL sees is made here
and is therefore minimal, and OpenSSL refuses a key that is not a point of the curve. The signer's id is always given.

ctypes releases the interpreter's lock during a call, and OpenSSL allows one key in many threads, so verification runs
in parallel. OpenSSL's queue of errors belongs to the thread and is shared with Python's `ssl`: it is emptied after
every use, or the next TLS call would report ours.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from ledger.errors import BadSignature

USER_ID: Final = b"1234567812345678"
ORDER: Final = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123
KEY_BYTES: Final = 64
SECRET_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
PUBLIC_KEYS_MAX: Final = 4_096
"""Prepared public keys kept at once; each is about 2 KiB inside OpenSSL."""
SECRET_KEYS_MAX: Final = 16

_LIBRARIES: Final = ("libcrypto.so.3", "libcrypto.so.4", "libcrypto.3.dylib", "libcrypto-3-x64.dll")
_DER_BYTES_MAX: Final = 80
# SubjectPublicKeyInfo and PKCS #8 of the named curve sm2p256v1 up to the bytes that differ from key to key.
_PUBLIC_PREFIX: Final = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
_SECRET_PREFIX: Final = bytes.fromhex("3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420")

_POINTER, _SIZE, _BYTES, _INT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_int
_IN_OUT: Final = ctypes.POINTER(ctypes.c_char_p)
_SIGNATURES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "OpenSSL_version_num": (ctypes.c_ulong, ()),
    "ERR_clear_error": (None, ()),
    "d2i_PUBKEY": (_POINTER, (_POINTER, _IN_OUT, ctypes.c_long)),
    "d2i_AutoPrivateKey": (_POINTER, (_POINTER, _IN_OUT, ctypes.c_long)),
    "i2d_PUBKEY": (_INT, (_POINTER, _POINTER)),
    "EVP_PKEY_free": (None, (_POINTER,)),
    "EVP_PKEY_is_a": (_INT, (_POINTER, _BYTES)),
    "EVP_PKEY_CTX_new_from_pkey": (_POINTER, (_POINTER, _POINTER, _BYTES)),
    "EVP_PKEY_CTX_free": (None, (_POINTER,)),
    "EVP_PKEY_CTX_set1_id": (_INT, (_POINTER, _BYTES, _INT)),
    "EVP_MD_CTX_new": (_POINTER, ()),
    "EVP_MD_CTX_free": (None, (_POINTER,)),
    "EVP_MD_CTX_set_pkey_ctx": (None, (_POINTER, _POINTER)),
    "EVP_DigestSignInit_ex": (_INT, (_POINTER, _POINTER, _BYTES, _POINTER, _BYTES, _POINTER, _POINTER)),
    "EVP_DigestVerifyInit_ex": (_INT, (_POINTER, _POINTER, _BYTES, _POINTER, _BYTES, _POINTER, _POINTER)),
    "EVP_DigestSign": (_INT, (_POINTER, _POINTER, ctypes.POINTER(_SIZE), _BYTES, _SIZE)),
    "EVP_DigestVerify": (_INT, (_POINTER, _BYTES, _SIZE, _BYTES, _SIZE)),
}


@lru_cache(maxsize=1)
def _crypto() -> ctypes.CDLL:
    """The system's libcrypto with its functions typed; RuntimeError says what this machine lacks."""
    for name in _LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        try:
            for function, (result, arguments) in _SIGNATURES.items():
                entry = getattr(library, function)
                entry.restype, entry.argtypes = result, arguments
        except AttributeError as error:
            raise RuntimeError(f"{name} is no OpenSSL 3: {error}") from None
        return library
    raise RuntimeError(f"no OpenSSL 3 library is installed (tried {', '.join(_LIBRARIES)})")


class _Key:
    """An EVP_PKEY, freed with its last reference: a key that leaves the cache may still be in use by a thread."""

    __slots__ = ("_free", "pointer")

    def __init__(self, pointer: int, free: Callable[[int], None]) -> None:
        self.pointer, self._free = pointer, free

    def __del__(self) -> None:
        self._free(self.pointer)


def _read_key(function: str, der: bytes) -> _Key | None:
    """The key that `der` holds; None when OpenSSL refuses it or leaves bytes over."""
    library = _crypto()
    start = ctypes.c_char_p(der)
    pointer = getattr(library, function)(None, ctypes.byref(start), len(der))
    if not pointer:
        library.ERR_clear_error()
        return None
    key = _Key(pointer, library.EVP_PKEY_free)
    return key if library.EVP_PKEY_is_a(pointer, b"SM2") == 1 else None


@lru_cache(maxsize=PUBLIC_KEYS_MAX)
def _public(key: bytes) -> _Key:
    found = _read_key("d2i_PUBKEY", _PUBLIC_PREFIX + key) if len(key) == KEY_BYTES else None
    if found is None:
        raise BadSignature(f"{len(key)} bytes that are no point of SM2's curve")
    return found


@lru_cache(maxsize=SECRET_KEYS_MAX)
def _secret(secret: bytes) -> _Key:
    # d = n − 1 has no signature: it computes the inverse of 1 + d (GM/T 0003.2 section 6.1).
    if len(secret) != SECRET_BYTES or not 1 <= int.from_bytes(secret, "big") <= ORDER - 2:
        raise ValueError("an SM2 secret is a number from 1 to n − 2 in 32 bytes")
    found = _read_key("d2i_AutoPrivateKey", _SECRET_PREFIX + secret)
    if found is None:
        raise RuntimeError("this OpenSSL was built without SM2")
    return found


@contextmanager
def _operation(key: _Key, initialise: str) -> Iterator[tuple[ctypes.CDLL, int]]:
    """A digest context for one signature: SM3, the signer's id, this key."""
    library = _crypto()
    digest = library.EVP_MD_CTX_new()
    context = library.EVP_PKEY_CTX_new_from_pkey(None, key.pointer, None)
    try:
        ready = digest and context and library.EVP_PKEY_CTX_set1_id(context, USER_ID, len(USER_ID)) == 1
        if ready:
            library.EVP_MD_CTX_set_pkey_ctx(digest, context)
            ready = getattr(library, initialise)(digest, None, b"SM3", None, None, key.pointer, None) == 1
        if not ready:
            raise RuntimeError("this OpenSSL was built without SM2 or SM3")
        yield library, digest
    finally:
        library.EVP_MD_CTX_free(digest)
        library.EVP_PKEY_CTX_free(context)
        library.ERR_clear_error()


def public_key(secret: bytes) -> bytes:
    """x ‖ y of the secret's key; raises ValueError when the number is none."""
    library, key = _crypto(), _secret(secret)
    der = ctypes.create_string_buffer(len(_PUBLIC_PREFIX) + KEY_BYTES)
    end = ctypes.c_void_p(ctypes.addressof(der))
    size = library.i2d_PUBKEY(key.pointer, ctypes.byref(end))
    if size != len(der.raw) or not der.raw.startswith(_PUBLIC_PREFIX):
        raise RuntimeError("this OpenSSL writes SM2 keys in another form")
    return der.raw[len(_PUBLIC_PREFIX) :]


def check_key(key: bytes) -> None:
    """Raise `BadSignature` unless `key` is x ‖ y of a point of the curve, both below the field's prime."""
    _public(key)


def sign(secret: bytes, message: bytes) -> bytes:
    """r ‖ s over SM3(Z ‖ message), Z from the id and the key (section 5.5); another one at each call."""
    buffer, size = ctypes.create_string_buffer(_DER_BYTES_MAX), ctypes.c_size_t(_DER_BYTES_MAX)
    with _operation(_secret(secret), "EVP_DigestSignInit_ex") as (library, digest):
        if library.EVP_DigestSign(digest, buffer, ctypes.byref(size), message, len(message)) != 1:
            raise RuntimeError("OpenSSL could not make an SM2 signature")
    r, s = decode_dss_signature(buffer.raw[: size.value])
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(key: bytes, message: bytes, signature: bytes) -> None:
    """Return when `key` signed `message`; raises `BadSignature`."""
    public = _public(key)
    if len(signature) != SIGNATURE_BYTES:
        raise BadSignature(f"a signature of {len(signature)} bytes, {SIGNATURE_BYTES} expected")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not 1 <= r < ORDER or not 1 <= s < ORDER:
        raise BadSignature("r and s are numbers from 1 to n − 1")
    der = encode_dss_signature(r, s)
    with _operation(public, "EVP_DigestVerifyInit_ex") as (library, digest):
        if library.EVP_DigestVerify(digest, der, len(der), message, len(message)) != 1:
            raise BadSignature("the signature does not belong to this key and these bytes")
