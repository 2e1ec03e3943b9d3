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

from node.language import Unusable, reason_of

SECRET_BYTES: Final = 32
ENVIRONMENT_NAME: Final = "LUGANG_PASSPHRASE"
ENVIRONMENT_NAME_OF_FILE: Final = "LUGANG_PASSPHRASE_FILE"
SCRYPT_N_MAX: Final = 1 << 20
SCRYPT_BYTES_MAX: Final = 2 * 1024 * 1024 * 1024


class KeyFileError(Unusable):
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
        zh, en = reason_of(error)
        raise KeyFileError(f"不能读取 {path}：{zh}", f"{path}: {en}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        bits = f"{stat.S_IMODE(mode):o}"
        raise KeyFileError(
            f"{path} 可被他人读取（权限 {bits}）；请运行 chmod 600 {path}",
            f"{path} may be read by others (mode {bits}); run chmod 600 {path}",
        )
    if text.startswith("{"):
        return _open_keystore(path, text)
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        raise KeyFileError(
            f"{path} 既不是密钥文件，也不是十六进制", f"{path} is neither a keystore nor hexadecimal"
        ) from None
    if len(secret) != SECRET_BYTES:
        raise KeyFileError(
            f"{path} 有 {len(secret)} 字节，应为 {SECRET_BYTES} 字节",
            f"{path} holds {len(secret)} bytes, {SECRET_BYTES} expected",
        )
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
        raise _no_keystore(path) from None
    if known != ("lugang-keystore", 1, "scrypt", "aes-256-gcm"):
        raise _no_keystore(path)
    if not (2 <= n <= SCRYPT_N_MAX and 1 <= r <= 32 and 1 <= p <= 16 and 128 * n * r <= SCRYPT_BYTES_MAX):
        asked = f"scrypt n={n} r={r} p={p}"
        raise KeyFileError(f"{path} 要求 {asked}，超出上限", f"{path} asks for {asked}, beyond the limits")
    key = hashlib.scrypt(_passphrase(path), salt=salt, n=n, r=r, p=p, maxmem=256 * n * r + (1 << 20), dklen=32)
    try:
        return AESGCM(key).decrypt(nonce, sealed, associated)
    except InvalidTag:
        raise KeyFileError(
            f"{path}：口令错误，或文件已被改动", f"{path}: wrong passphrase, or the file was changed"
        ) from None


def _no_keystore(path: Path) -> KeyFileError:
    return KeyFileError(f"{path} 不是第 1 版密钥文件", f"{path} is not a keystore of version 1")


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
        names = ENVIRONMENT_NAME_OF_FILE, ENVIRONMENT_NAME
        raise KeyFileError(
            f"{path} 已加密：请设置 {names[0]} 或 {names[1]}", f"{path} is encrypted: set {names[0]} or {names[1]}"
        )
    return passphrase.encode()
