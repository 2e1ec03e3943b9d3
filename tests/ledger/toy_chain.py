"""A toy chain for tests: it signs real blocks, states and certificates, but executes nothing.

Whoever uses it says which writes and receipts a block has. Everything that it hands out is what a node would store: the
verifiers under test cannot tell the difference and must not need to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.block import Header, misbehaviour_root, transactions_root
from ledger.checkpoint import Checkpoint, CheckpointCert, bitmap_of
from ledger.codec import encode
from ledger.crypto import INTERNATIONAL, ZERO_HASH
from ledger.genesis import LIMITS, TIMEOUTS_MS, Genesis, Member, ValidatorEntry, complete
from ledger.history import History, HistoryPath, HistoryRange
from ledger.interface import Action, Field, Interface, MapForm, RecordForm, RefusalForm, Type, View, Who
from ledger.keys import contract_numbers, full_key
from ledger.merkle import Kind, MerkleTree, Path
from ledger.receipt import EventRow, Receipt, Status
from ledger.state import StateHasher, StateProof, StateTree
from ledger.transaction import Body, Transaction, TransactionCodec
from ledger.validators import ValidatorSet, make_validator_set, quorum_of

SUITE = INTERNATIONAL
START_MS = 1_656_950_400_000
FIRST_DAY = 19_178
FEN, DAY, ORG, ID, TEXT = Type("fen"), Type("day"), Type("organisation"), Type("id"), Type("text", limit=80)

MEMBERSHIP = Interface(
    "membership", "成员", "members", (), (), (), (),
    (RecordForm("Organisation", (Field("name_zh", TEXT), Field("name_en", TEXT), Field("credit_code", TEXT))),),
    (MapForm("organisations", 0, (ORG,), "Organisation", "key"),), (), (),
)  # fmt: skip
OFFER = Action(
    "offer",
    (
        Field("tranche", ID, "凭证", "tranche"),
        Field("payee", ORG, "收款方", "payee"),
        Field("face", FEN, "金额", "amount"),
        Field("until", DAY, "签收期限", "open until"),
    ),
    ID,
    Who(on="tranches", party=("owner",), capacities=("supplier",)),
    "向 {payee} 转让 {face}，{until} 前签收有效",
    "Offer {face} to {payee}, open until {until}",
)
VOUCHER = Interface(
    "voucher", "凭证", "vouchers",
    (OFFER, Action("accept", (Field("tranche", ID, "凭证", "tranche"),), Type("nothing"), Who(anyone=True),
                   "签收 {tranche}", "Accept {tranche}")),
    (View("held_by", (Field("owner", ORG),), Type("array", items=(ID,), limit=256), "持有", "held by"),),
    (RefusalForm("too_much", "VOU-007", "要约 {asked}，可用 {free}", "{asked} asked, {free} free",
                 (Field("asked", FEN), Field("free", FEN))),),
    (RecordForm("Moved", (Field("tranche", ID, "凭证", "tranche"), Field("party", ORG, "对方", "party"),
                          Field("face", FEN, "金额", "amount"))),),
    (RecordForm("Tranche", (Field("owner", ORG, "持有人", "owner"), Field("face", FEN, "面额", "face"))),),
    (MapForm("tranches", 0x80, (ID,), "Tranche", "transaction"),), (), (),
)  # fmt: skip
INTERFACES = {"membership": MEMBERSHIP, "voucher": VOUCHER}


def secret(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def key(name: str) -> bytes:
    return SUITE.public_key(secret(name))


def toy_genesis(*, engine: Any = "pbft", validators: int = 4, test_clock: bool = False) -> Genesis:
    names = [("operator", "运营", "91350100M000100Y43"), ("hongda", "宏达建材", "91110000600037341L"),
             ("bank", "银行", "91440300708461136T")]  # fmt: skip
    members = [
        Member(slug, zh, slug.title(), code, ("operator",), ("supplier",), key(f"admin {slug}"))
        for slug, zh, code in names
    ]
    entries = [
        ValidatorEntry(
            key(f"validator {i}"), names[i % 3][0], key(f"transport {i}"), (f"/ip4/127.0.0.1/tcp/{4000 + i}",)
        )
        for i in range(validators)
    ]
    return Genesis(
        "toy", "intl", engine, START_MS, FIRST_DAY if test_clock else None, complete(LIMITS, {}),
        complete(TIMEOUTS_MS, {}), 8, tuple(members), tuple(entries), (), (),
        (("membership", "toy"), ("voucher", "toy")),
    )  # fmt: skip


@dataclass
class ToyBlock:
    header: Header
    transactions: list[Transaction]
    receipts: list[bytes]
    state_root: bytes
    receipts_root: bytes
    certificate: CheckpointCert
    values: dict[bytes, bytes]
    pages: dict[int, bytes]
    history: History


@dataclass
class SealedChain:
    """Blocks from height 1 on a given state. `change_to` names other validators; they act three heights later."""

    genesis: Genesis = field(default_factory=toy_genesis)
    start_ms: int = START_MS
    blocks: dict[int, ToyBlock] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.file = self.genesis.encode()
        self.chain = SUITE.hasher("genesis")(self.file)
        self.numbers = contract_numbers(self.genesis)
        self.interfaces = dict(INTERFACES)
        self.hasher, self.merkle = StateHasher(SUITE, self.genesis.bucket_bits), MerkleTree(SUITE)
        self.tree, self.range, self.codec = StateTree(self.hasher), HistoryRange(SUITE), TransactionCodec(SUITE)
        self._tree_of = (0, self.tree)
        self.values: dict[bytes, bytes] = {}
        self.pages: dict[int, bytes] = {}
        self.nodes: list[bytes] = []
        self.history = History()
        self.sets: list[tuple[int, ValidatorSet]] = [(0, self.genesis.validator_set())]
        self.changes: list[tuple[int, ValidatorSet]] = []
        self.fill()
        self._remember(0, ZERO_HASH, self.tree.root, ZERO_HASH)

    def fill(self) -> None:
        """What the state holds at height 0."""

    @property
    def height(self) -> int:
        return len(self.blocks)

    def editions(self) -> Iterator[tuple[str, int, int, Interface]]:
        """(contract, version, since, interface) of all that is or was in force; here nothing is ever upgraded."""
        for name, interface in self.interfaces.items():
            yield name, 1, 0, interface

    def key_of(self, contract: str, map_name: str, parts: tuple[Any, ...]) -> bytes:
        [form] = [form for form in self.interfaces[contract].maps if form.name == map_name]
        return full_key(self.numbers[contract], form, parts)

    def write(self, contract: str, map_name: str, parts: tuple[Any, ...], record: tuple[Any, ...] | None) -> bytes:
        """Goes into the state with the next block."""
        where = self.key_of(contract, map_name, parts)
        self.store({where: None if record is None else encode(record)})
        return where

    def store(self, rows: Mapping[bytes, bytes | None]) -> None:
        for where, value in rows.items():
            if value is None:
                self.values.pop(where, None)
            else:
                self.values[where] = value
        digests = [(where, None if value is None else self.hasher.value(value)) for where, value in rows.items()]
        update = self.tree.update(digests, self.pages.get)
        for bucket, page in update.pages.items():
            if page is None:
                self.pages.pop(bucket, None)
            else:
                self.pages[bucket] = page

    def validators_at(self, height: int) -> ValidatorSet:
        return [rows for start, rows in self.sets if start <= height][-1]

    def change_to(self, names: list[str]) -> None:
        """The next block names these validators."""
        rows = make_validator_set({key(name): "bank" for name in names})
        self.sets.append((self.height + 1 + 3, rows))
        self.changes.append((self.height + 1, rows))

    def block(self, *transactions: tuple[Transaction, Receipt]) -> ToyBlock:
        receipts = [receipt.encode() for _, receipt in transactions]
        last = Receipt(self.height + 1, len(receipts), None, None, Status.DONE, None, (), None, (), 0)
        return self.seal([transaction for transaction, _ in transactions], [*receipts, last.encode()])

    def seal(self, wires: list[Transaction], receipts: list[bytes]) -> ToyBlock:
        """The next block, over the state as it stands now."""
        height = self.height + 1
        parent = self.blocks[height - 1].header.hash(SUITE) if height > 1 else ZERO_HASH
        header = Header(
            self.chain, height, parent, self.start_ms + 1000 * height, key("validator 0"), 0, 0, len(wires),
            transactions_root(SUITE, [(t.id, t.wid) for t in wires]), misbehaviour_root(SUITE, []),
            sum(len(t.wire) for t in wires), self.validators_at(height).hash(SUITE),
        )  # fmt: skip
        leaf = SUITE.hasher("receipt")
        receipts_root = self.merkle.root(Kind.RECEIPTS, [leaf(receipt) for receipt in receipts])
        certificate = self.certify(header, self.tree.root, receipts_root)
        block = ToyBlock(header, wires, receipts, self.tree.root, receipts_root, certificate,
                         dict(self.values), dict(self.pages), self.history)  # fmt: skip
        self.blocks[height] = block
        self._remember(height, header.hash(SUITE), self.tree.root, receipts_root)
        return block

    def certify(self, header: Header, state_root: bytes, receipts_root: bytes, signers: Any = None) -> CheckpointCert:
        """`signers` are the names of secret keys by validator number; by default the quorum of lowest number."""
        validators, height = self.validators_at(header.height), header.height
        checkpoint = Checkpoint(
            self.chain, self.genesis.engine, validators.hash(SUITE), height, 0, header.hash(SUITE), header.time,
            state_root, receipts_root, self.validators_at(height + 3).hash(SUITE), self.range.root(self.history),
        )  # fmt: skip
        secrets = {key(name): secret(name) for name in (f"validator {i}" for i in range(16))}
        indices = list(range(quorum_of(self.genesis.engine, len(validators)).q)) if signers is None else signers
        digest = checkpoint.sign_bytes(SUITE)
        signatures = tuple(SUITE.sign(secrets[validators.rows[i].key], digest) for i in indices)
        return CheckpointCert(checkpoint, bitmap_of(indices, len(validators)), signatures)

    def _remember(self, height: int, block_hash: bytes, state_root: bytes, receipts_root: bytes) -> None:
        leaf = self.range.leaf(height, block_hash, state_root, receipts_root)
        self.history, made = self.range.append(self.history, leaf)
        self.nodes += made

    # what a node would answer

    def history_path(self, height: int, under: int) -> HistoryPath | None:
        if height == under:
            return None
        return self.range.path(self.blocks[under].history, height, self.nodes.__getitem__)

    def transaction_path(self, height: int, index: int) -> Path:
        leaves = [t.id + t.wid for t in self.blocks[height].transactions]
        return self.merkle.path(Kind.TRANSACTIONS, leaves, index)

    def receipt_path(self, height: int, index: int) -> Path:
        leaf = SUITE.hasher("receipt")
        return self.merkle.path(Kind.RECEIPTS, [leaf(receipt) for receipt in self.blocks[height].receipts], index)

    def state_proof(self, where: bytes, height: int | None = None) -> tuple[bytes | None, StateProof]:
        height = height or self.height
        block = self.blocks[height]
        if self._tree_of[0] != height:
            self._tree_of = (height, StateTree.load(self.hasher, list(block.pages.items())))
        return block.values.get(where), self._tree_of[1].prove(where, block.pages.get)


class ToyChain(SealedChain):
    """Height 1 is there from the beginning; its state holds the genesis's members."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.block()

    def fill(self) -> None:
        for member in self.genesis.members:
            self.write("membership", "organisations", (member.organisation,),
                       (member.name_zh, member.name_en, member.credit_code))  # fmt: skip


def signed(chain: ToyChain, who: str, act: str, args: tuple[Any, ...], summary: Any) -> Transaction:
    contract, action = act.split(".")
    body = Body(chain.chain, (key(who),), hashlib.sha256(repr((action, args)).encode()).digest()[:16],
                START_MS + 600_000, contract, action, args, summary)  # fmt: skip
    return chain.codec.sign(body, (secret(who),))


def receipt_of(height: int, index: int, transaction: Transaction, **changes: Any) -> Receipt:
    fields: dict[str, Any] = {
        "height": height, "index": index, "id": transaction.id, "wid": transaction.wid, "status": Status.DONE,
        "code": None, "numbers": (), "result": None, "events": (), "budget_used": 10,
    }  # fmt: skip
    return Receipt(**{**fields, **changes})


def moved(identifier: bytes, party: str, face: int) -> EventRow:
    return EventRow("voucher", "Moved", (identifier, party, face))
