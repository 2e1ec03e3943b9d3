"""Transactions from parts, without a node and without a disk: the sentence, the body, the signatures.

`Builder` is given what must be known of a chain (its identity, interfaces, proven names) and is pure but for the salt
and the clock that its caller hands in. The session, the offline files and whoever signs many transactions use it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.crypto import Suite
from ledger.interface import Interface
from ledger.summary import summarise
from ledger.transaction import SALT_BYTES, Body, Transaction, TransactionCodec
from ledger.wording import Names, Reader

LIFETIME_MS: Final = 600_000


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that may sign now, and the organisation whose person holds it."""

    suite: Suite
    secret: bytes
    organisation: str

    @property
    def key(self) -> bytes:
        return self.suite.public_key(self.secret)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be signed, and the sentence that the signers are shown; its digest stands in the body."""

    body: Body
    sentence: str


class Builder:
    """Builds and signs for one chain. `interfaces`, `acts` (the same by digest) and `names` may grow while it lives."""

    def __init__(
        self,
        suite: Suite,
        chain: bytes,
        *,
        now_ms: Callable[[], int],
        lifetime_ms: int = LIFETIME_MS,
        salt: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.suite, self.chain = suite, chain
        self.codec = TransactionCodec(suite)
        self.interfaces: dict[str, Interface] = {}
        self.acts: dict[bytes, Interface] = {}
        self.names: dict[str, Any] = {}
        self._digests: dict[str, tuple[Interface, bytes]] = {}
        self._now_ms, self._lifetime_ms, self._salt = now_ms, lifetime_ms, salt

    def draft(
        self,
        contract: str,
        action: str,
        args: Sequence[Any],
        signers: Sequence[bytes],
        *,
        language: str = "zh",
        names: Names | None = None,
    ) -> Draft:
        """The body of a call and its sentence; raises `Refused` TX-008…010 when the arguments do not fit."""
        values, interface = tuple(args), self.interfaces[contract]
        reader = Reader(interface, self.names if names is None else names, language, acts=self.acts)
        text, summary = summarise(self.suite, reader, action, values, self._digest_of(interface))
        valid_until = self._now_ms() + self._lifetime_ms
        salt = self._salt(SALT_BYTES)
        body = Body(self.chain, tuple(signers), salt, valid_until, contract, action, values, summary)
        return Draft(body, text)

    def _digest_of(self, interface: Interface) -> bytes:
        held = self._digests.get(interface.contract)
        if held is None or held[0] is not interface:
            held = self._digests[interface.contract] = (interface, interface.digest(self.suite))
        return held[1]

    def sign(self, draft: Draft, secrets_of_signers: Sequence[bytes]) -> Transaction:
        return self.codec.sign(draft.body, tuple(secrets_of_signers))
