"""A person's key in a file: scrypt and AES-256-GCM, replaced by rename, readable by its owner alone.

{"format": "lugang-keystore", "version": 1, "suite", "label", "organisation", "public_key", "kdf": {"name": "scrypt",
"n", "r", "p", "salt"}, "cipher": {"name": "aes-256-gcm", "nonce", "tag"}, "ciphertext"}; bytes are hexadecimal. The
associated data is `lugang-keystore|1|suite|public_key`, so a key cannot be passed off as another's.

The numbers of scrypt stand in the file and are checked against limits before scrypt runs, or a file from outside could
take all memory. A devnet's keys use the smallest allowed ones; `is_cheap` says so wherever such a key is shown.

The backup is the secret's 24 words (BIP-39), in English or Chinese.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from Crypto.Cipher import AES
from Crypto.Protocol.KDF import scrypt
from mnemonic import Mnemonic

from ledger.crypto import SECRET_BYTES, SUITE_NAMES, Suite
from wallet.problems import problem

FORMAT: Final = "lugang-keystore"
VERSION: Final = 1
FILE_BYTES_MAX: Final = 16 * 1024
N_MIN, N_MAX = 2**10, 2**18
R_MAX: Final = 16
P_MAX: Final = 4
MEMORY_BYTES_MAX: Final = 256 * 1024 * 1024
SALT_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
WORD_COUNT: Final = 24
WORD_LANGUAGES: Final = {"en": "english", "zh": "chinese_simplified"}


@dataclass(frozen=True, slots=True)
class Cost:
    """What scrypt spends: memory is 128 · n · r bytes."""

    n: int
    r: int
    p: int


STRONG: Final = Cost(131_072, 8, 1)
CHEAP: Final = Cost(N_MIN, 8, 1)
"""For keys of a devnet, which anybody who can read its directory may use anyway."""


@dataclass(frozen=True, slots=True)
class Keystore:
    """The file's fields; the secret is in `ciphertext`."""

    suite: str
    label: str
    organisation: str
    public_key: bytes
    cost: Cost
    salt: bytes
    nonce: bytes
    tag: bytes
    ciphertext: bytes

    @property
    def is_cheap(self) -> bool:
        return self.cost.n < STRONG.n

    @property
    def associated(self) -> bytes:
        return f"{FORMAT}|{VERSION}|{self.suite}|{self.public_key.hex()}".encode("ascii")

    def to_json(self) -> dict[str, Any]:
        cost = self.cost
        return {
            "format": FORMAT,
            "version": VERSION,
            "suite": self.suite,
            "label": self.label,
            "organisation": self.organisation,
            "public_key": self.public_key.hex(),
            "kdf": {"name": "scrypt", "n": cost.n, "r": cost.r, "p": cost.p, "salt": self.salt.hex()},
            "cipher": {"name": "aes-256-gcm", "nonce": self.nonce.hex(), "tag": self.tag.hex()},
            "ciphertext": self.ciphertext.hex(),
        }

    def unlock(self, passphrase: str, suite: Suite) -> bytes:
        """The secret; raises WAL-001 when the passphrase is wrong or the file was changed."""
        cipher = AES.new(_derive(passphrase, self.salt, self.cost), AES.MODE_GCM, nonce=self.nonce)
        cipher.update(self.associated)
        try:
            secret = cipher.decrypt_and_verify(self.ciphertext, self.tag)
        except ValueError:
            raise problem("WAL-001", label=self.label) from None
        if suite.name != self.suite or suite.public_key(secret) != self.public_key:
            raise problem("WAL-002", label=self.label, detail="the secret is not this public key's")
        return secret


def _derive(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    # NFKC: two keyboards may compose the same characters differently.
    text = unicodedata.normalize("NFKC", passphrase)
    key = scrypt(text.encode("utf-8"), salt, 32, N=cost.n, r=cost.r, p=cost.p)
    assert isinstance(key, bytes), "one key was asked for"
    return key


def make_keystore(
    suite: Suite, secret: bytes, passphrase: str, *, label: str, organisation: str, cost: Cost = STRONG
) -> Keystore:
    """Encrypt `secret` under a fresh salt and nonce."""
    public_key, salt, nonce = (
        suite.public_key(secret),
        secrets.token_bytes(SALT_BYTES),
        secrets.token_bytes(NONCE_BYTES),
    )
    blank = Keystore(suite.name, label, organisation, public_key, cost, salt, nonce, b"", b"")
    cipher = AES.new(_derive(passphrase, salt, cost), AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
    cipher.update(blank.associated)
    ciphertext, tag = cipher.encrypt_and_digest(secret)
    return Keystore(suite.name, label, organisation, public_key, cost, salt, nonce, tag, ciphertext)


def new_secret(suite: Suite) -> bytes:
    """32 random bytes that are a secret of the suite (a few are none in SM2)."""
    while True:
        secret = secrets.token_bytes(SECRET_BYTES)
        with contextlib.suppress(ValueError):
            suite.public_key(secret)
            return secret


def write_private(path: Path, content: bytes) -> None:
    """Write for the owner's eyes alone and replace in one step: a crash leaves the old file or the new one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), stat.S_IRUSR | stat.S_IWUSR)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def save_keystore(path: Path, keystore: Keystore) -> None:
    write_private(path, json.dumps(keystore.to_json(), ensure_ascii=False, indent=2).encode("utf-8") + b"\n")


def load_keystore(path: Path) -> Keystore:
    """Read and check the form and the limits; raises WAL-002 with what is wrong."""
    label = path.stem
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise problem("WAL-002", label=label, detail=error.strerror or str(error)) from None
    if len(data) > FILE_BYTES_MAX:
        raise problem("WAL-002", label=label, detail=f"more than {FILE_BYTES_MAX} bytes")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise problem("WAL-002", label=label, detail="not JSON") from None
    try:
        return _from_json(value)
    except MalformedError as error:
        raise problem("WAL-002", label=label, detail=str(error)) from None


class MalformedError(Exception):
    """What is wrong with a keystore's JSON."""


def _from_json(value: Any) -> Keystore:
    kdf, cipher = _part(value, "kdf", dict), _part(value, "cipher", dict)
    constants = ((value, "format", FORMAT), (value, "version", VERSION), (kdf, "name", "scrypt"),
                 (cipher, "name", "aes-256-gcm"))  # fmt: skip
    for where, name, expected in constants:
        if _part(where, name, type(expected)) != expected:
            raise MalformedError(f"{name} is not {expected}")
    suite = _part(value, "suite", str)
    if suite not in SUITE_NAMES:
        raise MalformedError(f"suite is not one of {', '.join(SUITE_NAMES)}")
    cost = Cost(*(_part(kdf, name, int) for name in ("n", "r", "p")))
    check_cost(cost)
    return Keystore(
        suite,
        _part(value, "label", str),
        _part(value, "organisation", str),
        _bytes(value, "public_key", 32 if suite == "intl" else 64),
        cost,
        _bytes(kdf, "salt", SALT_BYTES),
        _bytes(cipher, "nonce", NONCE_BYTES),
        _bytes(cipher, "tag", TAG_BYTES),
        _bytes(value, "ciphertext", SECRET_BYTES),
    )


def check_cost(cost: Cost) -> None:
    """Refuse numbers that would make scrypt weak, slow or large beyond the limits."""
    if not N_MIN <= cost.n <= N_MAX or cost.n & (cost.n - 1):
        raise MalformedError(f"kdf n is {cost.n}, a power of two from {N_MIN} to {N_MAX} expected")
    if not 8 <= cost.r <= R_MAX or not 1 <= cost.p <= P_MAX:
        raise MalformedError(f"kdf r is {cost.r} (8 to {R_MAX}), p is {cost.p} (1 to {P_MAX})")
    if 128 * cost.n * cost.r > MEMORY_BYTES_MAX:
        raise MalformedError(f"kdf takes {128 * cost.n * cost.r} bytes, at most {MEMORY_BYTES_MAX}")


def _part(value: Any, name: str, kind: type) -> Any:
    part = value.get(name) if type(value) is dict else None
    if type(part) is not kind:
        raise MalformedError(f"{name} is missing or of the wrong type")
    return part


def _bytes(value: Any, name: str, size: int) -> bytes:
    text = _part(value, name, str)
    if len(text) != 2 * size or not set(text) <= set("0123456789abcdef"):
        raise MalformedError(f"{name} is not {size} bytes in hexadecimal")
    return bytes.fromhex(text)


def words_of(secret: bytes, language: str) -> str:
    """The 24 words of a secret, in English or Chinese."""
    return str(Mnemonic(WORD_LANGUAGES[language]).to_mnemonic(secret))


def secret_of(words: str) -> bytes:
    """The secret of 24 words in either language; raises WAL-005."""
    given = unicodedata.normalize("NFKD", words).split()
    if len(given) == 1 and not words.isascii():
        given = list(given[0])
    if len(given) != WORD_COUNT:
        raise problem("WAL-005", detail=f"{len(given)} words, {WORD_COUNT} expected")
    ascii_only = all(word.isascii() for word in given)
    lexicon = Mnemonic(WORD_LANGUAGES["en" if ascii_only else "zh"])
    try:
        return bytes(lexicon.to_entropy([word.lower() for word in given]))
    except (ValueError, LookupError) as error:
        # The message quotes words of a secret; only what kind of fault it is may be shown.
        reason = "checksum" if "checksum" in str(error) else "unknown word"
        raise problem("WAL-005", detail=reason) from None
