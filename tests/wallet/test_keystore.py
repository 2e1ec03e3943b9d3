"""Keys at rest: the format, an independent decryption, tampering, limits, words.

The scrypt vector is RFC 7914's, the words are BIP-39's own vectors (Trezor's table).
"""

import hashlib
import json
import stat

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.crypto import INTERNATIONAL
from ledger.errors import Refused
from ledger.national import suite_named
from wallet.home import Home
from wallet.keystore import (
    CHEAP,
    STRONG,
    load_keystore,
    make_keystore,
    new_secret,
    save_keystore,
    secret_of,
    words_of,
)

SECRET = bytes(range(32))


def made(**changes):
    options = {"label": "chen", "organisation": "hongda", "cost": CHEAP, **changes}
    return make_keystore(INTERNATIONAL, SECRET, "口令 passphrase", **options)


def code_of(call, *args):
    with pytest.raises(Refused) as caught:
        call(*args)
    return caught.value.code


def test_the_file_can_be_decrypted_by_other_libraries(tmp_path):
    """hashlib's scrypt and cryptography's AES-GCM open what pycryptodome has closed."""
    save_keystore(tmp_path / "chen.json", made())
    value = json.loads((tmp_path / "chen.json").read_text(encoding="utf-8"))
    kdf, cipher = value["kdf"], value["cipher"]
    key = hashlib.scrypt("口令 passphrase".encode(), salt=bytes.fromhex(kdf["salt"]), n=kdf["n"], r=8, p=1, dklen=32)
    sealed = bytes.fromhex(value["ciphertext"] + cipher["tag"])
    associated = f"lugang-keystore|1|intl|{value['public_key']}".encode()
    assert AESGCM(key).decrypt(bytes.fromhex(cipher["nonce"]), sealed, associated) == SECRET
    assert list(value) == [
        "format", "version", "suite", "label", "organisation", "public_key", "kdf", "cipher", "ciphertext",
    ]  # fmt: skip


def test_scrypt_is_rfc_7914s():
    from Crypto.Protocol.KDF import scrypt

    expected = (
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
    )
    assert scrypt(b"password", b"NaCl", 64, N=1024, r=8, p=16).hex() == expected


def test_a_person_key_is_strong_unless_said_otherwise():
    assert (STRONG.n, STRONG.r, STRONG.p) == (131_072, 8, 1)
    assert made().is_cheap


def test_the_file_is_its_owners_alone_and_is_replaced_whole(tmp_path):
    path = tmp_path / "keys" / "chen.json"
    save_keystore(path, made())
    save_keystore(path, made())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["chen.json"]
    assert load_keystore(path).unlock("口令 passphrase", INTERNATIONAL) == SECRET


def test_a_wrong_passphrase_is_told():
    assert code_of(made().unlock, "wrong", INTERNATIONAL) == "WAL-001"


def test_a_composed_passphrase_opens_what_a_decomposed_one_closed():
    keystore = make_keystore(INTERNATIONAL, SECRET, "e\u0301", label="x", organisation="y", cost=CHEAP)
    assert keystore.unlock("\u00e9", INTERNATIONAL) == SECRET


@pytest.mark.parametrize(
    "path",
    [
        ("public_key",),
        ("suite",),
        ("kdf", "salt"),
        ("kdf", "n"),
        ("cipher", "nonce"),
        ("cipher", "tag"),
        ("ciphertext",),
    ],
    ids=".".join,
)
def test_a_changed_field_does_not_open(tmp_path, path):
    value = made().to_json()
    where = value
    for name in path[:-1]:
        where = where[name]
    old = where[path[-1]]
    where[path[-1]] = {"n": 2048, "suite": "gm"}.get(path[-1]) or ("0" if old[0] != "0" else "1") + old[1:]
    (tmp_path / "chen.json").write_text(json.dumps(value), encoding="utf-8")
    assert code_of(lambda: load_keystore(tmp_path / "chen.json").unlock("口令 passphrase", INTERNATIONAL)) in (
        "WAL-001", "WAL-002",
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"n": 512}, {"n": 2**30}, {"n": 3000}, {"n": 0}, {"n": -1024}, {"n": True}, {"n": 1024.0}, {"n": "1024"},
        {"r": 1}, {"r": 10**6}, {"p": 0}, {"p": 1000}, {"n": 2**18, "r": 16}, {"name": "pbkdf2"}, {"salt": "00"},
    ],
    ids=str,
)  # fmt: skip
def test_numbers_beyond_the_limits_are_refused_before_scrypt_runs(tmp_path, monkeypatch, change):
    def never(*_args, **_more):
        raise AssertionError("scrypt ran")

    value = made().to_json()
    value["kdf"].update(change)
    (tmp_path / "chen.json").write_text(json.dumps(value), encoding="utf-8")
    monkeypatch.setattr("wallet.keystore.scrypt", never)
    assert code_of(lambda: load_keystore(tmp_path / "chen.json").unlock("x", INTERNATIONAL)) == "WAL-002"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "7", "[" * 9000, json.dumps({"format": "lugang-keystore"}), "x" * 20_000]
)
def test_what_is_no_keystore_is_refused(tmp_path, text):
    (tmp_path / "chen.json").write_text(text, encoding="utf-8")
    assert code_of(load_keystore, tmp_path / "chen.json") == "WAL-002"


def test_a_missing_file_is_refused(tmp_path):
    assert code_of(load_keystore, tmp_path / "gone.json") == "WAL-002"


VECTORS = {
    "00" * 32: "abandon " * 23 + "art",
    "7f" * 32: "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful "
    "legal winner thank year wave sausage worth title",
    "ff" * 32: "zoo " * 23 + "vote",
    "68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c": "hamster diagram private dutch cause "
    "delay private meat slide toddler razor book happy fancy gospel tennis maple dilemma loan word shrug inflict "
    "delay length",
}


@pytest.mark.parametrize(("secret", "words"), VECTORS.items())
def test_words_are_bip_39s(secret, words):
    assert words_of(bytes.fromhex(secret), "en") == words
    assert secret_of(words).hex() == secret
    assert secret_of(f"  {words.upper()}\n").hex() == secret


def test_words_in_chinese_also_without_blanks():
    words = words_of(SECRET, "zh")
    assert len(words.split()) == 24
    assert secret_of(words) == SECRET
    assert secret_of(words.replace(" ", "")) == SECRET


@pytest.mark.parametrize("words", ["", "abandon " * 24, "abandon " * 23, "zzz " * 24, "的 " * 23 + "龘"])
def test_what_is_no_backup_is_refused_without_quoting_it(words):
    with pytest.raises(Refused) as caught:
        secret_of(words)
    assert caught.value.code == "WAL-005"
    assert "abandon" not in str(caught.value)


@pytest.mark.parametrize("name", ["intl", "gm"])
def test_new_secrets_are_keys_of_their_suite(name):
    suite = suite_named(name)
    secret = new_secret(suite)
    keystore = make_keystore(suite, secret, "p", label="a", organisation="b", cost=CHEAP)
    assert keystore.unlock("p", suite) == secret
    assert secret_of(words_of(secret, "en")) == secret


def test_a_home_keeps_several_identities_and_never_overwrites(tmp_path):
    home = Home(tmp_path)
    home.add_keystore(made())
    home.add_keystore(made(label="wang"))
    assert home.labels() == ["chen", "wang"]
    assert home.keystore("wang").organisation == "hongda"
    assert code_of(home.add_keystore, made()) == "WAL-004"
    assert code_of(home.keystore, "gone") == "WAL-003"
    assert code_of(home.keystore, "../genesis") == "WAL-011"
