"""Writes the node's encrypted key files; `node.keys` reads them. The format is the wallet's: `lugang-keystore`, 1."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from node.keys import SECRET_BYTES

SCRYPT_N: Final = 1 << 17
SCRYPT_R: Final = 8
SCRYPT_P: Final = 1
TAG_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class KeyLabel:
    """What stands in a key file in the clear."""

    suite: str
    label: str
    organisation: str
    public_key: bytes


def write_keystore(path: Path, secret: bytes, passphrase: bytes, label: KeyLabel) -> None:
    """A new key file under a passphrase, mode 0600; an existing one is never overwritten."""
    assert len(secret) == SECRET_BYTES, "a secret is 32 bytes"
    salt, nonce = os.urandom(32), os.urandom(12)
    key = hashlib.scrypt(passphrase, salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, maxmem=1 << 28, dklen=32)
    public = label.public_key.hex()
    sealed = AESGCM(key).encrypt(nonce, secret, f"lugang-keystore|1|{label.suite}|{public}".encode())
    content = {
        "format": "lugang-keystore",
        "version": 1,
        "suite": label.suite,
        "label": label.label,
        "organisation": label.organisation,
        "public_key": public,
        "kdf": {"name": "scrypt", "n": SCRYPT_N, "r": SCRYPT_R, "p": SCRYPT_P, "salt": salt.hex()},
        "cipher": {"name": "aes-256-gcm", "nonce": nonce.hex(), "tag": sealed[-TAG_BYTES:].hex()},
        "ciphertext": sealed[:-TAG_BYTES].hex(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2, ensure_ascii=False)
        file.flush()
        os.fsync(handle)
