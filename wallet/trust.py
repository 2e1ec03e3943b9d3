"""What a wallet believes: certificates that lead from the genesis, and what is proven under them. No node is believed.

`Trust` follows the validators' history, remembers the highest certificate that it has ever seen and asks every later
one to contain it: retired validators' keys could sign another history, but not one that contains what was seen.

A method takes a node's answer and returns facts, or raises `NotProvenError` with what does not hold. Nothing here asks
nodes by itself; the two places that need a further answer are given a function for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ledger.api import (
    BlockAnswer,
    ContractAnswer,
    FreshnessAnswer,
    HistoryAnswer,
    InterfaceAnswer,
    StatesAnswer,
    TransactionState,
    ValidatorsAnswer,
    ViewAnswer,
)
from ledger.block import Header, transactions_root
from ledger.checkpoint import CheckpointCert, indices_of
from ledger.codec import anything, array, decode, encode, row
from ledger.crypto import Suite
from ledger.errors import BadProof, BadSignature, Refused
from ledger.evidence import Succession
from ledger.genesis import Genesis
from ledger.history import HistoryPath, HistoryRange
from ledger.interface import Interface
from ledger.merkle import Kind, MerkleTree, Path
from ledger.proofs import HeightProof, ReceiptProof, freshness_digest, verify_height
from ledger.receipt import Receipt
from ledger.state import StateHasher, StateProof, verify_state
from ledger.transaction import Transaction, TransactionCodec
from ledger.validators import ValidatorSet, quorum_of
from wallet.node_api import NotProvenError, UnreachableError

PROOF_BYTES_MAX: Final = 4 * 1024 * 1024
PIN_BYTES_MAX: Final = 64 * 1024 * 1024
CHANGES_MAX: Final = 10_000
CERTIFICATES_KEPT_MAX: Final = 1_000
BEHIND: Final = "RPC-005"
"""What a node answers that has not yet certified the height asked for."""

FetchHistory = Callable[[int, int], HistoryAnswer]
FetchValidators = Callable[[], ValidatorsAnswer]

_PIN = row(
    ("changes", array(row(("height", anything), ("validators", anything), ("certificate", anything)), CHANGES_MAX)),
    ("certificate", anything),
)


class BehindError(UnreachableError):
    """The node cannot yet prove what was asked: it has not seen the highest height that the wallet has."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(str(refused))
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Level:
    """A height that is proven: its header and roots, and the certificate with the path that prove it."""

    header: Header
    state_root: bytes
    receipts_root: bytes
    certificate: CheckpointCert
    path: HistoryPath | None

    @property
    def height(self) -> int:
        return self.header.height


@dataclass(frozen=True, slots=True)
class ProvenReceipt:
    """A final receipt, its place in the receipts' tree, and the height that it is of."""

    receipt: Receipt
    encoded: bytes
    path: Path
    level: Level


@dataclass(frozen=True, slots=True)
class ProvenState:
    """Values (None: absent) of one height, each with its proof."""

    certificate: CheckpointCert
    values: dict[bytes, bytes | None]
    proofs: dict[bytes, StateProof]

    @property
    def height(self) -> int:
        return self.certificate.checkpoint.height


class Trust:
    """The verifier of one chain. `pin` is what an earlier session saved."""

    def __init__(self, suite: Suite, chain: bytes, genesis: Genesis, pin: bytes | None = None) -> None:
        self.suite, self.chain, self.genesis = suite, chain, genesis
        self.succession = Succession(suite, chain, genesis)
        self.changes: list[tuple[int, Any, Any]] = []
        self.highest: CheckpointCert | None = None
        self._merkle, self._range = MerkleTree(suite), HistoryRange(suite)
        self._state, self._codec = StateHasher(suite, genesis.bucket_bits), TransactionCodec(suite)
        self._receipt_leaf = suite.hasher("receipt")
        self._good: dict[bytes, CheckpointCert] = {}
        if pin is not None:
            self._restore(pin)

    # certificates

    def _restore(self, pin: bytes) -> None:
        value = decode(pin, bytes_max=PIN_BYTES_MAX)
        _PIN(value, "pin")
        for height, validators, certificate in value[0]:
            self._extend(height, validators, certificate)
        certificate = CheckpointCert.from_value(value[1])
        self.succession.check(certificate)
        self.highest = certificate

    def save(self) -> bytes | None:
        """What `pin` restores; None before the first certificate."""
        if self.highest is None:
            return None
        return encode((tuple(self.changes), self.highest.to_value()))

    def _extend(self, height: int, validators: Any, certificate: Any) -> None:
        rows = ValidatorSet.from_value(validators, self.suite)
        self.succession.extend(height, rows, CheckpointCert.from_value(certificate))
        self.changes.append((height, validators, certificate))

    def accept(self, encoded: bytes, fetch_history: FetchHistory, fetch_validators: FetchValidators) -> CheckpointCert:
        """The certificate, once its quorum and its consistency with the highest one seen are proven."""
        if encoded in self._good:
            return self._good[encoded]
        try:
            certificate = CheckpointCert.decode(encoded)
            self._follow(certificate, fetch_validators)
            self.succession.check(certificate)
            self._link(certificate, fetch_history)
        except (Refused, BadProof, BadSignature) as fault:
            if isinstance(fault, Refused) and fault.code == BEHIND:
                raise BehindError(fault) from None
            raise NotProvenError(f"certificate: {reason(fault)}") from None
        if len(self._good) >= CERTIFICATES_KEPT_MAX:
            self._good.clear()
        self._good[encoded] = certificate
        return certificate

    def _follow(self, certificate: CheckpointCert, fetch_validators: FetchValidators) -> None:
        """Learn changes of the validators when the certificate is by others than those known for its height."""
        checkpoint = certificate.checkpoint
        if self.succession.at(checkpoint.height).hash(self.suite) == checkpoint.valset_hash:
            return
        known = self.changes[-1][0] if self.changes else 0
        for change in fetch_validators().changes:
            if change.height > known:
                validators = decode(change.validators, bytes_max=PROOF_BYTES_MAX)
                self._extend(change.height, validators, CheckpointCert.decode(change.certificate).to_value())

    def _link(self, certificate: CheckpointCert, fetch_history: FetchHistory) -> None:
        """One history contains the new certificate and the highest one seen; the higher of them is held from now on.
        Also a lower one must lie in it: retired validators can sign old heights anew."""
        new, held = certificate.checkpoint, self.highest
        if held is None:
            self.highest = certificate
            return
        old = held.checkpoint
        if new.height == old.height and _facts(certificate) != _facts(held):
            raise BadProof(f"another block {new.height} was certified before: two histories were signed")
        if new.height > old.height:
            if not self._contains(certificate, held, fetch_history):
                raise BadProof(f"the history does not contain the height {old.height} that was seen before")
            self.highest = certificate
        elif new.height < old.height and not self._contains(held, certificate, fetch_history):
            raise BadProof(f"the history that was seen before contains another height {new.height}")

    def _contains(self, high: CheckpointCert, low: CheckpointCert, fetch_history: FetchHistory) -> bool:
        wanted = low.checkpoint
        answer = fetch_history(wanted.height, high.checkpoint.height)
        level = self._level(HeightProof.decode(answer.row), high)
        found = (level.height, level.header.hash(self.suite), level.state_root, level.receipts_root)
        return found == (wanted.height, wanted.block_hash, wanted.state_root, wanted.receipts_root)

    # facts under a certificate

    def _level(self, proof: HeightProof, certificate: CheckpointCert) -> Level:
        """A height proven under a checked certificate; raises `BadProof` or `Refused`."""
        header = Header.decode(proof.header, self.suite)
        claimed = (header.height, header.hash(self.suite), proof.state_root, proof.receipts_root)
        verify_height(self._range, certificate.checkpoint, claimed, proof.history_path)
        return Level(header, proof.state_root, proof.receipts_root, certificate, proof.history_path)

    def level(self, answer: HistoryAnswer, height: int, certificate: CheckpointCert) -> Level:
        """The height asked for, as a node proves it under `certificate`."""
        try:
            level = self._level(HeightProof.decode(answer.row), certificate)
        except (Refused, BadProof) as fault:
            raise NotProvenError(f"height {height}: {reason(fault)}") from None
        if level.height != height:
            raise NotProvenError(f"height {level.height} was proven, {height} was asked for")
        return level

    def receipt(
        self, answer: TransactionState, identifier: bytes, accept: Callable[[bytes], CheckpointCert]
    ) -> ProvenReceipt:
        """A final receipt of transaction `identifier`."""
        if answer.receipt is None or answer.proof is None:
            raise NotProvenError("final, yet without receipt or proof")
        try:
            proof = ReceiptProof.decode(answer.proof)
            level = self._level(proof.height, accept(proof.certificate.encode()))
            leaf = self._receipt_leaf(answer.receipt)
            root = self._merkle.root_of_path(Kind.RECEIPTS, leaf, proof.receipt_path)
            if root != level.receipts_root:
                raise BadProof("the receipt is not in its block")
            receipt = Receipt.decode(answer.receipt)
        except (Refused, BadProof) as fault:
            raise NotProvenError(f"receipt {identifier.hex()[:16]}: {reason(fault)}") from None
        if receipt.id != identifier or receipt.height != level.height:
            raise NotProvenError(f"the receipt of another transaction than {identifier.hex()[:16]}")
        return ProvenReceipt(receipt, answer.receipt, proof.receipt_path, level)

    def states(
        self, answer: StatesAnswer, full_keys: list[bytes], accept: Callable[[bytes], CheckpointCert]
    ) -> ProvenState:
        """The values of exactly the keys that were asked for."""
        certificate = accept(answer.certificate)
        values: dict[bytes, bytes | None] = {}
        proofs: dict[bytes, StateProof] = {}
        if [item.full_key for item in answer.values] != [key.hex() for key in full_keys]:
            raise NotProvenError("other keys were answered than asked for")
        for item, full_key in zip(answer.values, full_keys, strict=True):
            try:
                proof = StateProof.from_value(decode(item.proof, bytes_max=PROOF_BYTES_MAX))
                verify_state(self._state, certificate.checkpoint.state_root, full_key, item.value, proof)
            except (Refused, BadProof) as fault:
                raise NotProvenError(f"value {full_key.hex()[:24]}: {reason(fault)}") from None
            values[full_key], proofs[full_key] = item.value, proof
        return ProvenState(certificate, values, proofs)

    def block(self, answer: BlockAnswer, level: Level) -> tuple[list[Transaction], list[Receipt]]:
        """The transactions and receipts of a proven height, all of them."""
        try:
            transactions = [self._codec.decode(wire) for wire in answer.transactions]
            root = transactions_root(self.suite, [(entry.id, entry.wid) for entry in transactions])
            leaves = [self._receipt_leaf(receipt) for receipt in answer.receipts]
            if root != level.header.tx_root or self._merkle.root(Kind.RECEIPTS, leaves) != level.receipts_root:
                raise BadProof("transactions or receipts are not the certified ones")
            return transactions, [Receipt.decode(receipt) for receipt in answer.receipts]
        except (Refused, BadProof) as fault:
            raise NotProvenError(f"block {level.height}: {reason(fault)}") from None

    def interface(self, answer: ContractAnswer, name: str) -> tuple[bytes, Interface]:
        """The interface with its digest. It is bound to the chain by the transactions that are signed under it."""
        try:
            interface = Interface.decode(answer.interface)
        except Refused as fault:
            raise NotProvenError(f"interface of {name}: {fault}") from None
        digest = interface.digest(self.suite)
        if digest.hex() != answer.interface_digest or interface.contract != name or answer.name != name:
            raise NotProvenError(f"the interface of {interface.contract} under a wrong digest or name")
        return digest, interface

    def edition(self, answer: InterfaceAnswer, name: str, digest: bytes) -> Interface:
        """The interface of this contract with this digest, which was signed and is all the proof that it needs."""
        try:
            interface = Interface.decode(answer.interface)
        except Refused as fault:
            raise NotProvenError(f"interface {digest.hex()[:16]}: {fault}") from None
        if interface.digest(self.suite) != digest or interface.contract != name:
            raise NotProvenError(f"another interface than {digest.hex()[:16]} of {name}")
        return interface

    def view(self, answer: ViewAnswer, accept: Callable[[bytes], CheckpointCert]) -> int:
        """The certified height at which the node says it computed; the result itself is compared between nodes."""
        certificate = accept(answer.certificate)
        if certificate.checkpoint.height != answer.height:
            raise NotProvenError(f"a certificate of {certificate.checkpoint.height} for height {answer.height}")
        return answer.height

    def freshness(self, answer: FreshnessAnswer, nonce: bytes, accept: Callable[[bytes], CheckpointCert]) -> str:
        """The organisation whose validator signed our nonce with its highest certificate."""
        certificate = accept(answer.certificate)
        checkpoint = certificate.checkpoint
        hashed = checkpoint.sign_bytes(self.suite)
        digest = freshness_digest(self.suite, self.chain, nonce, answer.height, hashed)
        try:
            key = bytes.fromhex(answer.key)
            self.suite.verify(key, digest, bytes.fromhex(answer.signature))
        except BadSignature as fault:
            raise NotProvenError(f"freshness: {fault.detail}") from None
        if checkpoint.height != answer.height:
            raise NotProvenError("a freshness answer of another height than its certificate")
        for validator in self.succession.at(answer.height).rows:
            if validator.key == key:
                return validator.organisation
        raise NotProvenError("a freshness answer by a key that is no validator's")

    def signers(self, certificate: CheckpointCert) -> tuple[str, ...]:
        """The organisations whose validators signed a certificate."""
        validators = self.succession.at(certificate.checkpoint.height)
        return tuple(validators.rows[i].organisation for i in indices_of(certificate.bitmap, len(validators)))

    def nodes_needed(self) -> int:
        """How many nodes must say the same so that one of them is honest."""
        height = 0 if self.highest is None else self.highest.checkpoint.height
        return quorum_of(self.genesis.engine, len(self.succession.at(height))).t


def _facts(certificate: CheckpointCert) -> tuple[bytes, bytes, bytes, bytes]:
    checkpoint = certificate.checkpoint
    return checkpoint.block_hash, checkpoint.state_root, checkpoint.receipts_root, checkpoint.history_root


def reason(fault: Exception) -> str:
    """What a fault says, in one line."""
    return fault.detail if isinstance(fault, BadProof | BadSignature) else str(fault)
