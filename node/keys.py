"""The node's own keys: the consensus key and the transport key, each in a file of its own, mode 0600.

A key file is either a keystore (`lugang-keystore`, encrypted under a passphrase by scrypt and AES-256-GCM) or, for
devnets, 64 hexadecimal characters. The passphrase comes from a file or from the environment, never from an argument.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SECRET_BYTES: Final = 32
ENVIRONMENT_NAME: Final = "LUGANG_PASSPHRASE"
ENVIRONMENT_NAME_OF_FILE: Final = "LUGANG_PASSPHRASE_FILE"
SCRYPT_N_MAX: Final = 1 << 20
SCRYPT_BYTES_MAX: Final = 2 * 1024 * 1024 * 1024


class KeyFileError(Exception):
    """A key file that cannot be used, and why; never anything of what is in it."""


def write_secret(path: Path, secret: bytes) -> None:
    """A new plain key file for a devnet; an existing one is never overwritten."""
    assert len(secret) == SECRET_BYTES, "a secret is 32 bytes"
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secret.hex() + "\n")
        file.flush()
        os.fsync(handle)


def read_secret(path: Path) -> bytes:
    """The 32-byte secret of a key file; raises `KeyFileError`."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: {error}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyFileError(f"{path} may be read by others (mode {stat.S_IMODE(mode):o}); run chmod 600 {path}")
    if text.startswith("{"):
        return _open_keystore(path, text)
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        raise KeyFileError(f"{path} is neither a keystore nor hexadecimal") from None
    if len(secret) != SECRET_BYTES:
        raise KeyFileError(f"{path} holds {len(secret)} bytes, {SECRET_BYTES} expected")
    return secret


def _open_keystore(path: Path, text: str) -> bytes:
    try:
        store: dict[str, Any] = json.loads(text)
        kdf, cipher = store["kdf"], store["cipher"]
        n, r, p = (int(kdf[name]) for name in ("n", "r", "p"))
        salt, nonce, tag = (_bytes(value) for value in (kdf["salt"], cipher["nonce"], cipher["tag"]))
        sealed = _bytes(store["ciphertext"]) + tag
        associated = f"lugang-keystore|1|{store['suite']}|{store['public_key']}".encode()
        known = (store["format"], store["version"], kdf["name"], cipher["name"])
    except (ValueError, KeyError, TypeError):
        raise KeyFileError(f"{path} is not a keystore of version 1") from None
    if known != ("lugang-keystore", 1, "scrypt", "aes-256-gcm"):
        raise KeyFileError(f"{path} is not a keystore of version 1")
    if not (2 <= n <= SCRYPT_N_MAX and 1 <= r <= 32 and 1 <= p <= 16 and 128 * n * r <= SCRYPT_BYTES_MAX):
        raise KeyFileError(f"{path} asks for scrypt n={n} r={r} p={p}, beyond the limits")
    key = hashlib.scrypt(_passphrase(path), salt=salt, n=n, r=r, p=p, maxmem=256 * n * r + (1 << 20), dklen=32)
    try:
        return AESGCM(key).decrypt(nonce, sealed, associated)
    except InvalidTag:
        raise KeyFileError(f"{path}: wrong passphrase, or the file was changed") from None


def _bytes(value: str) -> bytes:
    """Hexadecimal or base64, as keystores of either habit have it."""
    try:
        return bytes.fromhex(value)
    except ValueError:
        return base64.b64decode(value, validate=True)


def _passphrase(path: Path) -> bytes:
    file = os.environ.get(ENVIRONMENT_NAME_OF_FILE)
    if file:
        return Path(file).read_bytes().rstrip(b"\r\n")
    passphrase = os.environ.get(ENVIRONMENT_NAME)
    if not passphrase:
        raise KeyFileError(f"{path} is encrypted: set {ENVIRONMENT_NAME_OF_FILE} or {ENVIRONMENT_NAME}")
    return passphrase.encode()
