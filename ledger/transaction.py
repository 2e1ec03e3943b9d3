"""A transaction: what people sign.

body = CBOR [version 1, chain 32, signers [key, … 1..8], salt 16, valid_until ms, contract, action, args […],
summary [language, interface 32, digest 32]];  id = H("tx", body), which every signer signs;
wire = body ‖ signature × n ‖ u8 n in the signers' order, at most 64 KiB;  wid = H("wire", wire).

The id leaves the signatures out, so that nobody can make a second id of the same request; the wid covers every byte, so
that a block commits to what its nodes really hold. signers[0] is the caller, the others co-sign.

`summary` is the digest of the sentence that the signer was shown and of the contract interface it was rendered from.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ledger.codec import decode, encode, load
from ledger.crypto import HASH_BYTES, SIGNATURE_BYTES, Signed, Suite
from ledger.errors import Refused, refuse

VERSION: Final = 1
WIRE_BYTES_MAX: Final = 64 * 1024
SIGNERS_MAX: Final = 8
SALT_BYTES: Final = 16
NAME_CHARACTERS_MAX: Final = 40
LANGUAGES: Final = ("zh", "en")


class Summary(NamedTuple):
    """What the signer was shown: the language, the digest of the contract's interface, the digest of the sentence."""

    language: str
    interface: bytes
    digest: bytes


class Body(NamedTuple):
    """The part that is signed. Named tuples in this module: making one costs a quarter of a frozen dataclass."""

    chain: bytes
    signers: tuple[bytes, ...]
    salt: bytes
    valid_until: int
    contract: str
    action: str
    args: tuple[Any, ...]
    summary: Summary

    def encode(self) -> bytes:
        return encode(
            (
                VERSION,
                self.chain,
                self.signers,
                self.salt,
                self.valid_until,
                self.contract,
                self.action,
                self.args,
                self.summary,
            )
        )


class Transaction(NamedTuple):
    """A decoded, well-formed transaction. Well-formed says nothing about its signatures: see `signed`."""

    id: bytes
    wid: bytes
    wire: bytes
    body: Body
    signatures: tuple[bytes, ...]

    def signed(self) -> list[Signed]:
        """One (key, hash, signature) per signer, for `verify_many`."""
        return [(key, self.id, signature) for key, signature in zip(self.body.signers, self.signatures, strict=True)]


class TransactionCodec:
    """Decodes and signs the transactions of one suite."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self._key_bytes = suite.key_bytes
        self._id, self._wid = suite.hasher("tx"), suite.hasher("wire")

    def id_of(self, body: Body) -> bytes:
        return self._id(body.encode())

    def sign(self, body: Body, secrets: tuple[bytes, ...]) -> Transaction:
        """Sign with one secret per signer, in the signers' order."""
        digest = self.id_of(body)
        return self.assemble(body, tuple(self.suite.sign(secret, digest) for secret in secrets))

    def assemble(self, body: Body, signatures: tuple[bytes, ...]) -> Transaction:
        """The transaction of a body and the signatures that its signers made, perhaps on other machines."""
        assert len(signatures) == len(body.signers), "one signature per signer"
        return self.decode(body.encode() + b"".join(signatures) + bytes([len(signatures)]))

    def decode(self, wire: bytes, wid: bytes | None = None) -> Transaction:
        """Split, decode and check the form of `wire`, not its signatures; raises `Refused` (BYT-001…003, TX-001).

        `wid` is the wire's hash where the caller has it already.
        """
        size = len(wire)
        if size > WIRE_BYTES_MAX:
            raise refuse("BYT-002", size=size, limit=WIRE_BYTES_MAX)
        count = wire[-1] if size else 0
        body_end = size - 1 - count * SIGNATURE_BYTES
        if not 1 <= count <= SIGNERS_MAX or body_end < 1:
            raise _malformed(f"{count} signatures in {size} bytes")
        encoded = wire[:body_end]
        body = self._body(load(encoded), count)
        signatures = tuple([wire[i : i + SIGNATURE_BYTES] for i in range(body_end, size - 1, SIGNATURE_BYTES)])
        return Transaction(self._id(encoded), wid or self._wid(wire), wire, body, signatures)

    def decode_body(self, encoded: bytes) -> Body:
        """A body without its signatures, as it travels to a co-signer; raises `Refused`."""
        value = decode(encoded, bytes_max=WIRE_BYTES_MAX)
        signers = value[2] if type(value) is tuple and len(value) == 9 else ()
        count = len(signers) if type(signers) is tuple else 0
        if count > SIGNERS_MAX:
            raise _malformed(f"{count} signers, at most {SIGNERS_MAX}")
        return self._body(value, count)

    def _body(self, value: Any, signer_count: int) -> Body:
        # Checked by hand, not by shapes: this runs for every transaction on every node. `load` has checked that each
        # value is of the profile; what is left is each field's own type and length.
        if type(value) is not tuple or len(value) != 9:
            raise _malformed("the body is not an array of 9")
        version, chain, signers, salt, valid_until, contract, action, args, summary = value
        if type(version) is not int or version != VERSION:
            raise _malformed(f"version {version!s:.20}, {VERSION} expected")
        if type(chain) is not bytes or len(chain) != HASH_BYTES:
            raise _malformed("chain is not 32 bytes")
        if type(signers) is not tuple or len(signers) != signer_count or not signers:
            raise _malformed("the signers do not match the signatures")
        key_bytes = self._key_bytes
        for key in signers:
            if type(key) is not bytes or len(key) != key_bytes:
                raise _malformed(f"a signer's key is not {key_bytes} bytes")
        if signer_count > 1 and len(set(signers)) != signer_count:
            raise _malformed("a signer stands twice")
        if type(salt) is not bytes or len(salt) != SALT_BYTES:
            raise _malformed("salt is not 16 bytes")
        if type(valid_until) is not int or valid_until < 0:
            raise _malformed("valid_until is not a time in milliseconds")
        for name in (contract, action):
            if type(name) is not str or not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isascii():
                raise _malformed("contract and action are short ASCII names")
        if type(args) is not tuple:
            raise _malformed("args is not an array")
        return Body(chain, signers, salt, valid_until, contract, action, args, _summary(summary))


def _summary(value: Any) -> Summary:
    if type(value) is not tuple or len(value) != 3:
        raise _malformed("summary is not an array of 3")
    language, interface, digest = value
    if type(language) is not str or language not in LANGUAGES:
        raise _malformed("the summary's language is zh or en")
    for part in (interface, digest):
        if type(part) is not bytes or len(part) != HASH_BYTES:
            raise _malformed("the summary's digests are 32 bytes")
    return Summary(language, interface, digest)


def _malformed(detail: str) -> Refused:
    return refuse("TX-001", detail=detail)
