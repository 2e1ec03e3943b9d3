"""What an evidence file proves, in plain words: every proven item as a sentence, every failing part by name.

A transaction's sentence is rendered again from the file's interface and compared with the digest that was signed, so a
court reads what the signer read. Names come from the genesis and from membership records that the file itself proves.

Labels of values come from interfaces. One is bound to the chain when a signed transaction of the file, executed on the
chain, names its digest (the engine refuses any other), or when the file proves the registry's row with its digest. An
interface that neither binds is used to read, and the verdict says that nothing vouches for its labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ledger.codec import load
from ledger.crypto import Suite
from ledger.errors import BadProof, BadSignature, Refused
from ledger.evidence import Evidence, Examination, Examiner, Failure, Item, ItemKind, ProvenTransaction
from ledger.genesis import Genesis
from ledger.glossary import field_name
from ledger.interface import Interface, Type
from ledger.keys import contract_numbers, map_of, parts_of_key
from ledger.receipt import Receipt, Status
from ledger.summary import organisations_of, refusal_text, sentence, summary_digest
from ledger.transaction import TransactionCodec
from ledger.wording import Name, Reader, show_time, show_value

MEMBERSHIP: Final = "membership"
REGISTRY: Final = "governance"
REGISTRY_MAP: Final = "contracts"
NAME_FIELDS: Final = ("name_zh", "name_en", "credit_code")
FAULT_TOLERANCE: Final = {"pbft": "bft", "raft": "cft"}


class Line(NamedTuple):
    """One thing that the file proves (`ok`) or fails to. `number` is the item's or part's place, from 1."""

    ok: bool
    part: str
    number: int
    height: int | None
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`tolerance`: `bft` (a minority may lie) or `cft` (a minority may crash, none may lie)."""

    chain: bytes
    name: str
    height: int | None
    time: int | None
    tolerance: str
    test_clock: bool
    signers: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def is_sound(self) -> bool:
        return all(line.ok for line in self.lines)


class Lexicon:
    """Which contract has which number, which interface reads it, and who is who, as far as genesis and file prove."""

    def __init__(self, genesis: Genesis, found: Examination, key_bytes: int) -> None:
        self.found, self.key_bytes = found, key_bytes
        self.numbers = {number: name for name, number in contract_numbers(genesis).items()}
        self.bound = set(_bound_by_transactions(found))
        self.interfaces: dict[str, Interface] = {}
        for digest, interface in found.interfaces.items():
            if interface.contract not in self.interfaces or digest in self.bound:
                self.interfaces[interface.contract] = interface
        self.names = {m.organisation: Name(m.name_zh, m.name_en, m.credit_code) for m in genesis.members}
        for value in found.values:
            self._learn_contract(value.full_key, value.value)
        for value in found.values:
            self._learn_name(value.full_key, value.value)

    def _learn_contract(self, full_key: bytes, value: bytes | None) -> None:
        """A row of the registry binds a contract's number and interface to the chain."""
        record = self.record(full_key, value)
        if record is None or self.map_name(full_key) != (REGISTRY, REGISTRY_MAP):
            return
        (name, *_), fields = record
        digest, number = fields.get("interface"), fields.get("number")
        if type(digest) is bytes and type(number) is int:
            self.bound.add(digest)
            self.numbers[number] = str(name)
            if digest in self.found.interfaces:
                self.interfaces[str(name)] = self.found.interfaces[digest]

    def _learn_name(self, full_key: bytes, value: bytes | None) -> None:
        record = self.record(full_key, value)
        if record is None or self.contract_of(full_key) != MEMBERSHIP:
            return
        key, fields = record
        if len(key) == 1 and type(key[0]) is str and all(name in fields for name in NAME_FIELDS):
            self.names[key[0]] = Name(*(str(fields[name]) for name in NAME_FIELDS))

    def map_name(self, full_key: bytes) -> tuple[str, str] | None:
        """(contract, map) that a full key belongs to, where an interface of the file says so."""
        contract = self.contract_of(full_key)
        form = map_of(self.interfaces[contract], full_key) if contract in self.interfaces else None
        return None if contract is None or form is None else (contract, form.name)

    def contract_of(self, full_key: bytes) -> str | None:
        return self.numbers.get(int.from_bytes(full_key[:2], "big"))

    def record(self, full_key: bytes, value: bytes | None) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """The key's parts and the record's fields by name; None where no interface of the file reads them."""
        interface = self.interfaces.get(self.contract_of(full_key) or "")
        form = None if interface is None else map_of(interface, full_key)
        if interface is None or form is None or value is None:
            return None
        try:
            parts, fields = parts_of_key(form, full_key, self.key_bytes), load(value)
            names = [field.name for field in interface.record(form.record).fields]
        except (Refused, KeyError):
            return None
        if type(fields) is not tuple or len(fields) > len(names):
            return None
        return parts, dict(zip(names, fields, strict=False))

    def reader(self, interface: Interface, language: str) -> Reader:
        return Reader(interface, self.names, language)

    def describe_value(self, full_key: bytes, value: bytes | None, language: str) -> str:
        """`voucher.tranches 3f9a….1: owner …, face …`, or the bare bytes where nothing reads them."""
        contract = self.contract_of(full_key)
        interface = self.interfaces.get(contract or "")
        form = None if interface is None else map_of(interface, full_key)
        record = self.record(full_key, value)
        if interface is None or form is None or (record is None and value is not None):
            return f"{contract or '?'} {full_key.hex()[:24]}…" + ("" if value is None else f": {value.hex()[:24]}…")
        reader = self.reader(interface, language)
        parts = parts_of_key(form, full_key, self.key_bytes)
        key = " ".join(_show(reader, kind, part) for kind, part in zip(form.key, parts, strict=True))
        head = f"{interface.contract}.{form.name} {key}"
        if record is None:
            return head
        fields = {field.name: field for field in interface.record(form.record).fields}
        colon, comma = reader.say("：", ": "), reader.say("，", ", ")
        shown = [
            f"{field_name(fields[name], language)} {_show(reader, fields[name].type, entry)}"
            for name, entry in record[1].items()
        ]
        return head + colon + comma.join(shown)


def _bound_by_transactions(found: Examination) -> Iterator[bytes]:
    done = {entry.receipt.id for entry in found.receipts if entry.receipt.status is Status.DONE}
    for entry in found.transactions:
        if entry.transaction.id in done:
            yield entry.transaction.body.summary.interface


def _show(reader: Reader, kind: Type, value: Any) -> str:
    try:
        return show_value(reader, kind, value)
    except Refused:
        return str(value)


class Judge:
    """Puts an examination into words."""

    def __init__(self, suite: Suite, genesis: Genesis, evidence: Evidence, found: Examination) -> None:
        self.suite, self.genesis, self.evidence, self.found = suite, genesis, evidence, found
        self.lexicon = Lexicon(genesis, found, suite.key_bytes)

    def verdict(self) -> Verdict:
        lines = [*self._chain(), *self._failures(), *self._transactions(), *self._receipts(), *self._values()]
        lines += self._interfaces()
        checkpoint = None if self.found.certificate is None else self.found.certificate.checkpoint
        return Verdict(
            self.found.chain,
            self.genesis.name,
            None if checkpoint is None else checkpoint.height,
            None if checkpoint is None else checkpoint.block_time,
            FAULT_TOLERANCE[self.genesis.engine],
            self.genesis.clock_first_day is not None,
            self.found.signers,
            tuple(lines),
        )

    def _chain(self) -> Iterator[Line]:
        if self.found.certificate is None:
            return
        checkpoint, signers = self.found.certificate.checkpoint, ", ".join(self.found.signers)
        changes = len(self.evidence.history)
        yield Line(
            True, "certificate", 1, checkpoint.height,
            f"高度 {checkpoint.height}（{show_time(checkpoint.block_time, 'zh')}）由 {signers} 共同签认"
            f"，验证人变更 {changes} 次均有证明",
            f"height {checkpoint.height} ({show_time(checkpoint.block_time, 'en')}) is certified by {signers}; "
            f"{changes} changes of validators are proven",
        )  # fmt: skip
        if self.genesis.engine == "raft":
            yield Line(
                True, "engine", 1, None,
                "共识为 cft：容忍节点故障，不防节点作恶",
                "the engine is cft: it tolerates nodes that crash, not nodes that lie",
            )  # fmt: skip
        if self.genesis.clock_first_day is not None:
            yield Line(
                True, "clock", 1, None,
                "TEST CLOCK 测试时钟：业务日期不是真实日期",
                "TEST CLOCK: business days on this chain are not real days",
            )  # fmt: skip

    def _failures(self) -> Iterator[Line]:
        for failure in self.found.failures:
            zh, en = self._what_failed(failure, "zh"), self._what_failed(failure, "en")
            yield Line(
                False, failure.part, failure.number, failure.height,
                f"{zh}不成立：{failure.reason}",
                f"{en} is not proven: {failure.reason}",
            )  # fmt: skip

    def _what_failed(self, failure: Failure, language: str) -> str:
        if failure.part == "item":
            item = self.evidence.items[failure.number - 1]
            claim = self._claim(item, language)
            return f"第 {failure.number} 项（{claim}）" if language == "zh" else f"item {failure.number} ({claim})"
        parts = {
            "chain": "链",
            "validators": "验证人变更",
            "certificate": "认证",
            "header": "区块头",
            "interface": "接口",
        }
        at = "" if failure.height is None else f"（高度 {failure.height}）"
        if language == "zh":
            return f"{parts[failure.part]} {failure.number}{at}"
        at = "" if failure.height is None else f" (height {failure.height})"
        return f"{failure.part} {failure.number}{at}"

    def _claim(self, item: Item, language: str) -> str:
        """What an unproven item says it is, as far as it can be read."""
        try:
            match item.kind:
                case ItemKind.TRANSACTION:
                    body = TransactionCodec(self.suite).decode(item.content).body
                    return f"{body.contract}.{body.action}"
                case ItemKind.RECEIPT:
                    return _receipt_head(Receipt.decode(item.content), language)
                case ItemKind.PRESENT:
                    return self.lexicon.describe_value(item.content[0], item.content[1], language)
                case _:
                    return self.lexicon.describe_value(item.content, None, language)
        except (Refused, BadProof, BadSignature, TypeError, IndexError, ValueError):
            return "无法读取" if language == "zh" else "unreadable"

    def _transactions(self) -> Iterator[Line]:
        for entry in self.found.transactions:
            body = entry.transaction.body
            interface = self.found.interfaces.get(body.summary.interface)
            if interface is None:
                yield self._transaction_line(
                    True, entry, "文件未附其接口，无法复述原文", "its interface is not in the file"
                )
                continue
            fault = self._sentence_fault(entry, interface)
            if fault is None:
                zh, en = (self._sentence(entry, interface, language) for language in ("zh", "en"))
                shown = "签署时所见" if body.summary.language == "zh" else "签署时所见为英文"
                yield self._transaction_line(True, entry, f"{zh}（{shown}，摘要相符）", f"{en} (digest as signed)")
            else:
                yield self._transaction_line(False, entry, *fault)

    def _sentence(self, entry: ProvenTransaction, interface: Interface, language: str) -> str:
        body = entry.transaction.body
        return sentence(self.lexicon.reader(interface, language), body.action, body.args)

    def _sentence_fault(self, entry: ProvenTransaction, interface: Interface) -> tuple[str, str] | None:
        """None when the sentence that the interface gives is the one whose digest was signed."""
        body = entry.transaction.body
        try:
            text = self._sentence(entry, interface, body.summary.language)
            digest = summary_digest(self.suite, body.summary.language, body.summary.interface, text)
        except Refused as refused:
            return f"参数与接口不符：{refused.text('zh')}", f"the arguments do not fit: {refused.text('en')}"
        if digest == body.summary.digest and interface.contract == body.contract:
            return None
        mentioned = organisations_of(interface, interface.action(body.action), body.args)
        unknown = [slug for slug in mentioned if slug not in self.lexicon.names]
        if unknown:
            listed = ", ".join(unknown)
            return (
                f"文件未证明机构名称 {listed}，无法核对签署原文",
                f"the names of {listed} are not proven in this file",
            )
        return f"签署的原文不是：{text}", f"what was signed is another sentence than: {text}"

    def _transaction_line(self, ok: bool, entry: ProvenTransaction, zh: str, en: str) -> Line:
        body, identifier = entry.transaction.body, entry.transaction.id.hex()[:16]
        keys = ", ".join(key.hex()[:12] for key in body.signers)
        return Line(
            ok, "transaction", entry.number, entry.height,
            f"第 {entry.number} 项：交易 {identifier}（{body.contract}.{body.action}，签名密钥 {keys}，"
            f"高度 {entry.height} 第 {entry.index + 1} 笔）：{zh}",
            f"item {entry.number}: transaction {identifier} ({body.contract}.{body.action}, signed by {keys}, "
            f"height {entry.height}, place {entry.index + 1}): {en}",
        )  # fmt: skip

    def _receipts(self) -> Iterator[Line]:
        for entry in self.found.receipts:
            zh, en = (f"{_receipt_head(entry.receipt, lang)}{self._why(entry.receipt, lang)}" for lang in ("zh", "en"))
            yield Line(
                True, "receipt", entry.number, entry.height,
                f"第 {entry.number} 项：{zh}", f"item {entry.number}: {en}",
            )  # fmt: skip

    def _why(self, receipt: Receipt, language: str) -> str:
        if receipt.code is None:
            return ""
        for interface in self.found.interfaces.values():
            text = refusal_text(self.lexicon.reader(interface, language), receipt.code, receipt.numbers)
            if text is not None:
                return f"（{text}）" if language == "zh" else f" ({text})"
        return f" {dict(receipt.numbers)}" if receipt.numbers else ""

    def _values(self) -> Iterator[Line]:
        for entry in self.found.values:
            shown = {lang: self.lexicon.describe_value(entry.full_key, entry.value, lang) for lang in ("zh", "en")}
            kind = "absent" if entry.value is None else "value"
            zh, en = ("不存在", "does not exist") if entry.value is None else ("", "")
            yield Line(
                True, kind, entry.number, entry.height,
                f"第 {entry.number} 项：高度 {entry.height} 时 {shown['zh']}{zh}",
                f"item {entry.number}: at height {entry.height} {shown['en']} {en}".rstrip(),
            )  # fmt: skip

    def _interfaces(self) -> Iterator[Line]:
        for number, (digest, interface) in enumerate(self.found.interfaces.items(), 1):
            if digest not in self.lexicon.bound:
                yield Line(
                    True, "interface", number, None,
                    f"注意：合约 {interface.contract} 的字段名称仅由本文件给出，未经链上证明",
                    f"mind: nothing vouches for the labels of contract {interface.contract} but this file",
                )  # fmt: skip


def _receipt_head(receipt: Receipt, language: str) -> str:
    identifier = "-" if receipt.id is None else receipt.id.hex()[:16]
    results = {
        Status.DONE: ("已执行", "done"),
        Status.REFUSED: (f"被拒绝 {receipt.code}", f"refused {receipt.code}"),
        Status.OUT_OF_BUDGET: (f"超出预算 {receipt.code}", f"out of budget {receipt.code}"),
    }
    zh, en = results[receipt.status]
    return f"交易 {identifier} 的回执：{zh}" if language == "zh" else f"receipt of {identifier}: {en}"


def judge(suite: Suite, genesis_bytes: bytes, file: bytes) -> tuple[Verdict, Examination, Lexicon]:
    """The verdict on a file under a genesis, with what was proven and the lexicon that reads it.

    Raises `Refused` where the file is no evidence file at all.
    """
    genesis = Genesis.decode(genesis_bytes)
    evidence = Evidence.decode(file)
    found = Examiner(suite, suite.hasher("genesis")(genesis_bytes), genesis, evidence).run()
    judge_of_file = Judge(suite, genesis, evidence, found)
    return judge_of_file.verdict(), found, judge_of_file.lexicon
