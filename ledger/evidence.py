"""The evidence file `*.lgev`: transactions, receipts and values of the ledger with all that proves them.

CBOR ["lugang-evidence", 1, chain, [[height, validators, certificate], …], certificate,
[[height, header, state root, receipts root, history path | null], …], [[kind, height, content, path], …],
[[contract, interface], …]].

The file proves nothing of itself: `examine` starts from the genesis. It follows the validators' history (a certified
change at h acts from h + 3), checks the one certificate, hangs every header on it (its own height directly, lower ones
by the history's range) and every item on a header. A part that fails is named and what hangs on it is not proven; the
rest is still examined, so that a reader learns everything that is wrong with a file and not only the first thing.

What the proven bytes mean in words is said by `ledger.verdict`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, NamedTuple

from ledger.block import Header
from ledger.checkpoint import VALIDATORS_LAG, CheckpointCert, indices_of
from ledger.codec import (
    anything,
    array,
    blob,
    blob_up_to,
    check_elements,
    encode,
    exactly,
    integer,
    load,
    one_of,
    row,
    text,
)
from ledger.crypto import HASH_BYTES, Suite, verify_many
from ledger.details import in_chinese
from ledger.errors import BadProof, BadSignature, Refused, refuse
from ledger.genesis import Genesis
from ledger.history import HistoryPath, HistoryRange
from ledger.interface import INTERFACE_BYTES_MAX, Interface
from ledger.merkle import Kind, MerkleTree, Path, check_path
from ledger.proofs import verify_height
from ledger.receipt import Receipt
from ledger.state import KEY_BYTES_MAX, StateHasher, StateProof, verify_state
from ledger.transaction import Transaction, TransactionCodec
from ledger.validators import ValidatorSet

MAGIC: Final = "lugang-evidence"
VERSION: Final = 1
EVIDENCE_BYTES_MAX: Final = 64 * 1024 * 1024
EVIDENCE_ELEMENTS_MAX: Final = 4_000_000
ITEMS_MAX: Final = 100_000
HEADERS_MAX: Final = 100_000
CHANGES_MAX: Final = 10_000
INTERFACES_MAX: Final = 256
VALUE_BYTES_MAX: Final = 256 * 1024


_FULL_KEY: Final = blob_up_to(KEY_BYTES_MAX)
_PRESENT: Final = row(("full_key", _FULL_KEY), ("value", blob_up_to(VALUE_BYTES_MAX)))


class ItemKind(IntEnum):
    TRANSACTION = 0
    RECEIPT = 1
    PRESENT = 2
    ABSENT = 3


class Item(NamedTuple):
    """`content`: a wire, a receipt's bytes, (full key, value), or a full key."""

    kind: int
    height: int
    content: Any
    path: Any


def claim_of_value(item: Item) -> tuple[bytes, bytes | None]:
    """The full key that a PRESENT or ABSENT item speaks of, and its value; raises `Refused` BYT-003 where its content,
    which the file's form leaves open, is neither."""
    if item.kind == ItemKind.PRESENT:
        _PRESENT(item.content, "content")
        full_key, value = item.content
        return full_key, value
    _FULL_KEY(item.content, "content")
    return item.content, None


class HeaderRow(NamedTuple):
    height: int
    header: Any
    state_root: bytes
    receipts_root: bytes
    path: Any


_ITEM: Final = row(
    ("kind", one_of(*(int(kind) for kind in ItemKind))),
    ("height", integer()),
    ("content", anything),
    ("path", anything),
)
EVIDENCE_SHAPE: Final = row(
    ("magic", exactly(MAGIC)),
    ("version", exactly(VERSION)),
    ("chain", blob(HASH_BYTES)),
    (
        "history",
        array(row(("height", integer(1)), ("validators", anything), ("certificate", anything)), CHANGES_MAX),
    ),
    ("certificate", anything),
    (
        "headers",
        array(
            row(
                ("height", integer(1)),
                ("header", anything),
                ("state_root", blob(HASH_BYTES)),
                ("receipts_root", blob(HASH_BYTES)),
                ("path", anything),
            ),
            HEADERS_MAX,
        ),
    ),
    ("items", array(_ITEM, ITEMS_MAX)),
    ("interfaces", array(row(("contract", text(40)), ("bytes", blob_up_to(INTERFACE_BYTES_MAX))), INTERFACES_MAX)),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The file's parts, of the right form, nothing checked yet.

    `history` holds (height, validators' value, certificate's value); `interfaces` (contract, interface bytes).
    """

    chain: bytes
    history: tuple[tuple[int, Any, Any], ...]
    certificate: Any
    headers: tuple[HeaderRow, ...]
    items: tuple[Item, ...]
    interfaces: tuple[tuple[str, bytes], ...]

    def encode(self) -> bytes:
        parts = (self.history, self.certificate, self.headers, self.items, self.interfaces)
        return encode((MAGIC, VERSION, self.chain, *parts))

    @classmethod
    def decode(cls, data: bytes) -> Evidence:
        """Raises `Refused` BYT-001…004."""
        if len(data) > EVIDENCE_BYTES_MAX:
            raise refuse("BYT-002", size=len(data), limit=EVIDENCE_BYTES_MAX)
        check_elements(data, EVIDENCE_ELEMENTS_MAX)
        value = load(data)
        EVIDENCE_SHAPE(value, "evidence")
        _, _, chain, history, certificate, headers, items, interfaces = value
        rows = tuple(HeaderRow(*entry) for entry in headers)
        return cls(chain, history, certificate, rows, tuple(Item(*entry) for entry in items), interfaces)


def transaction_item(height: int, wire: bytes, path: Path) -> Item:
    return Item(ItemKind.TRANSACTION, height, wire, path)


def receipt_item(height: int, receipt: bytes, path: Path) -> Item:
    return Item(ItemKind.RECEIPT, height, receipt, path)


def value_item(height: int, full_key: bytes, value: bytes | None, proof: StateProof) -> Item:
    """A value that is there, or (None) that nothing is there."""
    if value is None:
        return Item(ItemKind.ABSENT, height, full_key, proof.to_value())
    return Item(ItemKind.PRESENT, height, (full_key, value), proof.to_value())


def header_row(header: Header, state_root: bytes, receipts_root: bytes, path: HistoryPath | None) -> HeaderRow:
    return HeaderRow(
        header.height, header.to_value(), state_root, receipts_root, None if path is None else path.to_value()
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """What is wrong with which part. `part`: chain, validators, certificate, header, item, interface; `number` counts
    from 1 within the part; the reason in Chinese and in English."""

    part: str
    number: int
    height: int | None
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ProvenTransaction:
    number: int
    height: int
    index: int
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class ProvenReceipt:
    number: int
    height: int
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class ProvenValue:
    """`value` None: nothing is at this key at this height."""

    number: int
    height: int
    full_key: bytes
    value: bytes | None


@dataclass(slots=True)
class Examination:
    """What a file proves under a genesis, and where it fails. `number`s are the items' places, counted from 1."""

    chain: bytes
    certificate: CheckpointCert | None = None
    signers: tuple[str, ...] = ()
    headers: dict[int, Header] = field(default_factory=dict)
    state_roots: dict[int, bytes] = field(default_factory=dict)
    receipts_roots: dict[int, bytes] = field(default_factory=dict)
    transactions: list[ProvenTransaction] = field(default_factory=list)
    receipts: list[ProvenReceipt] = field(default_factory=list)
    values: list[ProvenValue] = field(default_factory=list)
    interfaces: dict[bytes, Interface] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.failures


class Succession:
    """Who certifies which heights: the genesis's validators, then each certified change, in order."""

    def __init__(self, suite: Suite, chain: bytes, genesis: Genesis) -> None:
        self._suite, self._chain, self._engine = suite, chain, genesis.engine
        self._sets: list[tuple[int, ValidatorSet]] = [(0, genesis.validator_set())]

    def at(self, height: int) -> ValidatorSet:
        """The validators of a height, as far as the history goes."""
        return [validators for start, validators in self._sets if start <= height][-1]

    def check(self, certificate: CheckpointCert) -> ValidatorSet:
        """Return the validators whose quorum signed this certificate; raises `BadProof`."""
        validators = self.at(certificate.checkpoint.height)
        certificate.verify(self._suite, self._chain, self._engine, validators)
        return validators

    def extend(self, height: int, validators: ValidatorSet, certificate: CheckpointCert) -> None:
        """Take over a change: the certificate of `height` names validators that act from `height` + 3."""
        start = height + VALIDATORS_LAG
        if certificate.checkpoint.height != height:
            raise BadProof(f"the certificate is of height {certificate.checkpoint.height}, not {height}")
        if start <= self._sets[-1][0]:
            raise BadProof(f"height {height} does not come after the change before it")
        self.check(certificate)
        if certificate.checkpoint.next_valset_hash != validators.hash(self._suite):
            raise BadProof(f"the certificate of height {height} names other validators")
        self._sets.append((start, validators))


class Examiner:
    """One pass over one file; `examine` is its use."""

    def __init__(self, suite: Suite, chain: bytes, genesis: Genesis, evidence: Evidence) -> None:
        self._suite, self._evidence = suite, evidence
        self._chain = chain
        self._succession = Succession(suite, chain, genesis)
        self._merkle, self._history = MerkleTree(suite), HistoryRange(suite)
        self._codec, self._state = TransactionCodec(suite), StateHasher(suite, genesis.bucket_bits)
        self._receipt_leaf = suite.hasher("receipt")
        self.found = Examination(chain)

    def run(self) -> Examination:
        if self._evidence.chain != self._chain:
            named = f"the file is of chain {self._evidence.chain.hex()[:16]}, the genesis of {self._chain.hex()[:16]}"
            self._fail("chain", 1, None, BadProof(named))
            return self.found
        for number, (height, validators, certificate) in enumerate(self._evidence.history, 1):
            try:
                self._succession.extend(
                    height,
                    ValidatorSet.from_value(validators, self._suite),
                    CheckpointCert.from_value(certificate),
                )
            except (Refused, BadProof) as fault:
                self._fail("validators", number, height, fault)
                return self.found
        try:
            self._certificate()
        except (Refused, BadProof) as fault:
            self._fail("certificate", 1, None, fault)
            return self.found
        self._each("header", ((entry.height, entry) for entry in self._evidence.headers), self._header)
        self._each("interface", ((None, entry) for entry in self._evidence.interfaces), self._interface)
        self._each("item", ((entry.height, entry) for entry in self._evidence.items), self._item)
        return self.found

    def _fail(self, part: str, number: int, height: int | None, fault: Refused | BadProof | BadSignature) -> None:
        if isinstance(fault, Refused):
            zh, en = f"{fault.code} {fault.text('zh')}", str(fault)
        else:
            zh, en = in_chinese(fault.detail), fault.detail
        self.found.failures.append(Failure(part, number, height, zh, en))

    def _each(self, part: str, entries: Iterable[tuple[int | None, Any]], check: Any) -> None:
        for number, (height, entry) in enumerate(entries, 1):
            try:
                check(number, entry)
            except (Refused, BadProof, BadSignature) as fault:
                self._fail(part, number, height, fault)

    def _certificate(self) -> None:
        certificate = CheckpointCert.from_value(self._evidence.certificate)
        validators = self._succession.check(certificate)
        self.found.certificate = certificate
        indices = indices_of(certificate.bitmap, len(validators))
        self.found.signers = tuple(validators.rows[i].organisation for i in indices)

    def _header(self, _: int, entry: HeaderRow) -> None:
        assert self.found.certificate is not None, "headers hang on a checked certificate"
        checkpoint = self.found.certificate.checkpoint
        header = Header.from_value(entry.header, self._suite)
        block_hash = header.hash(self._suite)
        if header.height != entry.height or header.chain != self._chain:
            raise BadProof(f"the header is of height {header.height}, chain {header.chain.hex()[:16]}")
        path = None if entry.path is None else HistoryPath.from_value(entry.path)
        claimed = (entry.height, block_hash, entry.state_root, entry.receipts_root)
        verify_height(self._history, checkpoint, claimed, path)
        self.found.headers[entry.height] = header
        self.found.state_roots[entry.height] = entry.state_root
        self.found.receipts_roots[entry.height] = entry.receipts_root

    def _interface(self, _: int, entry: tuple[str, bytes]) -> None:
        contract, encoded = entry
        interface = Interface.decode(encoded)
        if interface.contract != contract:
            raise BadProof(f"the interface is of contract {interface.contract}, not {contract}")
        self.found.interfaces[interface.digest(self._suite)] = interface

    def _item(self, number: int, item: Item) -> None:
        if item.height not in self.found.headers:
            raise BadProof(f"no proven header of height {item.height}")
        match item.kind:
            case ItemKind.TRANSACTION:
                self._transaction(number, item)
            case ItemKind.RECEIPT:
                self._receipt(number, item)
            case _:
                self._value(number, item, *claim_of_value(item))

    def _transaction(self, number: int, item: Item) -> None:
        anything(item.content, "content")
        if type(item.content) is not bytes:
            raise BadProof("the transaction is no byte string")
        transaction = self._codec.decode(item.content)
        path = check_path(item.path)
        root = self._merkle.root_of_path(Kind.TRANSACTIONS, transaction.id + transaction.wid, path)
        if root != self.found.headers[item.height].tx_root:
            raise BadProof(f"transaction {transaction.id.hex()[:16]} is not in the block of height {item.height}")
        for fault in verify_many(self._suite, transaction.signed()):
            if fault is not None:
                raise fault
        if transaction.body.chain != self._chain:
            raise BadProof("the transaction was signed for another chain")
        self.found.transactions.append(ProvenTransaction(number, item.height, path[0], transaction))

    def _receipt(self, number: int, item: Item) -> None:
        if type(item.content) is not bytes:
            raise BadProof("the receipt is no byte string")
        receipt = Receipt.decode(item.content)
        path = check_path(item.path)
        root = self._merkle.root_of_path(Kind.RECEIPTS, self._receipt_leaf(item.content), path)
        if root != self.found.receipts_roots[item.height]:
            raise BadProof(f"the receipt is not among those of height {item.height}")
        self.found.receipts.append(ProvenReceipt(number, item.height, receipt))

    def _value(self, number: int, item: Item, full_key: bytes, value: bytes | None) -> None:
        if len(full_key) < 3:
            raise BadProof("a key without contract and map")
        proof = StateProof.from_value(item.path)
        verify_state(self._state, self.found.state_roots[item.height], full_key, value, proof)
        self.found.values.append(ProvenValue(number, item.height, full_key, value))


def examine(suite: Suite, genesis_bytes: bytes, file: bytes) -> Examination:
    """What `file` proves, from the genesis alone. Raises `Refused` only where the file is no evidence file at all."""
    genesis = Genesis.decode(genesis_bytes)
    assert genesis.suite == suite.name, "the suite is the genesis's"
    chain = suite.hasher("genesis")(genesis_bytes)
    return Examiner(suite, chain, genesis, Evidence.decode(file)).run()
