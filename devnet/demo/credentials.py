"""A data-asset credential through its four steps (plan p.34-37): grant, issue, store, exercise, by the five members.

The payloads are invented and stay off the chain; what goes on it are digests and signatures, each made with its
signer's own key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from devnet.demo.business import Business
from devnet.demo.stage import Stage, act
from ledger.summary import signed_digest
from node.language import words
from wallet.builder import Signer

SCOPE: Final = "港口作业 port operations"
PURPOSE: Final = "授信审核 credit review"
VALID_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class CredentialPlayed:
    """The ids, and the plan's two expressions as the chain holds them."""

    asset: bytes
    act: bytes
    asset_expression: tuple[Any, ...]
    circulation_expression: tuple[Any, ...]


class CredentialPlay:
    """One credential about the issuer's port operations, used by the bank once."""

    def __init__(self, stage: Stage, business: Business) -> None:
        self._stage, self._business = stage, business
        self._suite = stage.session.suite

    def play(self) -> CredentialPlayed:
        stage, signer = self._stage, self._business.signer
        supervisor, collector, subject, user = (signer(name) for name in ("supervisor", "collector", "subject", "user"))
        today = self._business.today()
        ends = today + VALID_DAYS
        spaces = (("subject-space", subject), ("bank-space-01", user))
        stage.do(words("数字空间", "spaces"), [act(who, "credential", "open_space", name) for name, who in spaces])

        content = self._business.paper("blank")
        blank_signature = self._sign(supervisor, "blank", content)
        terms = (SCOPE, PURPOSE, 1, 100, today, ends)
        granted = act(supervisor, "credential", "grant", "collector", content, blank_signature, *terms)
        blank: bytes = stage.do_one(words("授权·印证", "grant"), granted)
        countersignature = self._sign(collector, "blank", content)
        stage.do_one(
            words("会签", "countersign"), act(collector, "credential", "countersign", blank, content, countersignature)
        )

        consent_paper = self._business.paper("consent")
        consent = stage.do_one(
            words("同意", "consent"), act(subject, "credential", "consent", blank, consent_paper, ends)
        )
        entity, address = self._business.paper("entity"), self._address("subject-space")
        entity_signature = self._sign(collector, "entity", entity)
        issued = ("subject", consent, address, entity, entity_signature, ends)
        asset: bytes = stage.do_one(
            words("确权·发证", "issue"), act(collector, "credential", "issue", blank, 1, *issued)
        )

        custody = self._business.paper("custody receipt")
        stage.do_one(words("产权·存证", "store"), act(subject, "credential", "store", asset, entity, custody))

        allowed = act(subject, "credential", "allow", asset, "user", PURPOSE, 1, ends, 0)
        grant: bytes = stage.do_one(words("授权用证", "allow"), allowed)
        shown = self._business.paper("presentation")
        acceptance = self._sign(user, "presentation", shown, grant)
        fields = (address, content, blank_signature, entity, entity_signature)
        exercise = (grant, *fields, self._address("bank-space-01"), PURPOSE, 0, shown, acceptance)
        circulation: bytes = stage.do_one(
            words("行权·用证", "exercise"), act(user, "credential", "exercise", *exercise)
        )
        stage.do_one(words("见证", "witness"), act(signer("operator"), "credential", "witness", circulation))
        return CredentialPlayed(
            asset,
            circulation,
            stage.view("credential", "expression", asset),
            stage.view("credential", "circulation", circulation),
        )

    def _sign(self, signer: Signer, *values: Any) -> bytes:
        """What the action declares: a signature over the tag, the chain, the contract and these values."""
        tag, *rest = values
        over = signed_digest(self._suite, self._stage.session.chain, "credential", tag, rest)
        return self._suite.sign(signer.secret, over)

    def _address(self, space: str) -> str:
        return f"space:{space}/{self._business.paper('ciphertext').hex()}"
