"""A transaction that travels as a file: drafted on one machine, signed on others, sent from any.

{"format": "lugang-draft", "version": 1, "chain", "body", "sentence", "interface", "names", "signatures": {key: …},
"acts": [interface, …]}, the last for acts inside of the act.
Bytes are hexadecimal. Whoever opens the file renders the sentence again from the interface, whose digest the body
names, and compares it with the signed digest. Names of organisations that are not the genesis's are the file's word and
are listed as such: a machine without a network cannot prove them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ledger.crypto import SIGNATURE_BYTES, Suite
from ledger.errors import BadSignature, Refused
from ledger.genesis import Genesis
from ledger.interface import Interface
from ledger.summary import organisations_of, summarise
from ledger.transaction import Body, Transaction, TransactionCodec
from ledger.wording import Name, Reader
from wallet.keystore import write_private
from wallet.problems import caused, problem

FORMAT: Final = "lugang-draft"
VERSION: Final = 1
FILE_BYTES_MAX: Final = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class OfflineDraft:
    """A draft and the signatures that it has so far, all of them checked when it was read."""

    body: Body
    sentence: str
    interface: Interface
    names: dict[str, Name]
    signatures: dict[bytes, bytes]
    acts: dict[bytes, Interface] = field(default_factory=dict)

    @property
    def missing(self) -> list[bytes]:
        return [key for key in self.body.signers if key not in self.signatures]

    def unproven(self, genesis: Genesis) -> list[str]:
        """Organisations whose names are the file's word alone."""
        known = {m.organisation: Name(m.name_zh, m.name_en, m.credit_code) for m in genesis.members}
        form = self.interface.action(self.body.action)
        mentioned = organisations_of(self.interface, form, self.body.args, self.acts)
        return [slug for slug in mentioned if slug not in known or self.names.get(slug) != known[slug]]

    def signed(self, suite: Suite, secret: bytes) -> OfflineDraft:
        """With one more signature; raises WAL-011 when this key is not asked to sign."""
        key = suite.public_key(secret)
        if key not in self.body.signers:
            raise problem("WAL-034", key=_head(key), expected=", ".join(map(_head, self.body.signers)))
        signature = suite.sign(secret, TransactionCodec(suite).id_of(self.body))
        return replace(self, signatures={**self.signatures, key: signature})

    def assemble(self, suite: Suite) -> Transaction:
        if self.missing:
            raise problem("WAL-036", count=len(self.missing), missing=", ".join(map(_head, self.missing)))
        signatures = tuple(self.signatures[key] for key in self.body.signers)
        return TransactionCodec(suite).assemble(self.body, signatures)

    def save(self, path: Path) -> None:
        value = {
            "format": FORMAT,
            "version": VERSION,
            "chain": self.body.chain.hex(),
            "body": self.body.encode().hex(),
            "sentence": self.sentence,
            "interface": self.interface.encode().hex(),
            "names": {slug: list(name) for slug, name in sorted(self.names.items())},
            "signatures": {key.hex(): signature.hex() for key, signature in sorted(self.signatures.items())},
            "acts": [interface.encode().hex() for interface in self.acts.values()],
        }
        write_private(path, json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8"))


def _head(key: bytes) -> str:
    return key.hex()[:16]


def read_draft(path: Path, suite: Suite, chain: bytes) -> OfflineDraft:
    """Read a draft and check all that can be checked without a network; raises WAL-035 with what is wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
        if len(data) > FILE_BYTES_MAX:
            raise ValueError(f"more than {FILE_BYTES_MAX} bytes")
        return _checked(json.loads(data), suite, chain)
    except OSError as error:
        raise problem("WAL-014", file=str(path), detail=error.strerror or str(error)) from None
    except json.JSONDecodeError:
        raise problem("WAL-035", file=str(path), detail="not JSON") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise problem("WAL-035", file=str(path), detail=str(error)[:120]) from None
    except BadSignature as fault:
        raise problem("WAL-035", file=str(path), detail=fault.detail) from None
    except Refused as refused:
        if refused.code.startswith("WAL"):
            raise
        raise caused("WAL-035", refused, file=str(path)) from None


def _checked(value: Any, suite: Suite, chain: bytes) -> OfflineDraft:
    if value["format"] != FORMAT or value["version"] != VERSION:
        raise ValueError(f"not a {FORMAT} {VERSION}")
    codec = TransactionCodec(suite)
    body = codec.decode_body(bytes.fromhex(value["body"]))
    if body.chain != chain:
        raise problem("WAL-015", found=body.chain.hex()[:16], expected=chain.hex()[:16])
    interface = Interface.decode(bytes.fromhex(value["interface"]))
    names = {str(slug): Name(*map(str, parts)) for slug, parts in value["names"].items()}
    inner = [Interface.decode(bytes.fromhex(text)) for text in value["acts"]]
    acts = {found.digest(suite): found for found in inner}
    reader = Reader(interface, names, body.summary.language, acts=acts)
    sentence, summary = summarise(suite, reader, body.action, body.args)
    if interface.contract != body.contract or summary != body.summary or sentence != value["sentence"]:
        raise ValueError("the sentence is not the one whose digest is to be signed")
    identifier = codec.id_of(body)
    signatures: dict[bytes, bytes] = {}
    for key_text, signature_text in value["signatures"].items():
        key, signature = bytes.fromhex(key_text), bytes.fromhex(signature_text)
        if key not in body.signers or len(signature) != SIGNATURE_BYTES:
            raise ValueError(f"a signature of {key_text[:16]}, who is not asked to sign")
        suite.verify(key, identifier, signature)
        signatures[key] = signature
    return OfflineDraft(body, sentence, interface, names, signatures, acts)
