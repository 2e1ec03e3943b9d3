"""What an evidence file proves, in plain words: every proven item as a sentence, every failing part by name.

A transaction's sentence is rendered again from the file's interface and compared with the digest that was signed, so a
court reads what the signer read. Names come from the genesis and from membership records that the file itself proves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from ledger.codec import encode
from ledger.crypto import Suite
from ledger.errors import BadProof, BadSignature, Refused
from ledger.evidence import Evidence, Examination, Examiner, Failure, Item, ItemKind, ProvenTransaction, claim_of_value
from ledger.genesis import Genesis
from ledger.interface import Interface
from ledger.language import counted
from ledger.lexicon import Lexicon
from ledger.receipt import Receipt, Status
from ledger.receipt_refusals import RECEIPT_REFUSALS
from ledger.summary import act_digest, acts_called, organisations_of, refusal_text, sentence, summary_digest
from ledger.transaction import Body, TransactionCodec
from ledger.wording import show_time

__all__ = ["Judge", "Lexicon", "Line", "Verdict", "judge"]

APPROVE: Final = ("approval", "approve")
APPROVE_ARGUMENTS: Final = 3
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


class Judge:
    """Puts an examination into words."""

    def __init__(self, suite: Suite, genesis: Genesis, evidence: Evidence, found: Examination) -> None:
        self.suite, self.genesis, self.evidence, self.found = suite, genesis, evidence, found
        self.lexicon = Lexicon(genesis, found, suite.key_bytes)

    def verdict(self) -> Verdict:
        failures = list(self._failures())
        items = [*self._transactions(), *self._receipts(), *self._values()]
        items += [line for line in failures if line.part == "item"]
        lines = [*self._chain(), *(line for line in failures if line.part != "item")]
        lines += [*sorted(items, key=lambda line: line.number), *self._interfaces()]
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
            f"{counted(changes, 'change')} of the validators proven",
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
            zh, en = f"{zh}不成立：{failure.zh}", f"{en} is not proven: {failure.en}"
            if failure.part == "chain":
                # The rest was not looked at: this is no forgery, it is another chain's file.
                zh, en = failure.zh, failure.en
            yield Line(False, failure.part, failure.number, failure.height, zh, en)

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
                case _:
                    return self.lexicon.describe_value(*claim_of_value(item), language)
        except (Refused, BadProof, BadSignature, TypeError, IndexError, ValueError):
            return "无法读取" if language == "zh" else "unreadable"

    def _transactions(self) -> Iterator[Line]:
        for entry in self.found.transactions:
            body = entry.transaction.body
            interface = self.found.interfaces.get(body.summary.interface)
            if interface is None or not self._reads_acts(interface, body):
                yield self._transaction_line(
                    True, entry, "文件未附其接口，无法复述原文", "its interface is not in the file"
                )
                continue
            fault = self._sentence_fault(entry, interface) or self._approval_fault(entry)
            if fault is None:
                zh, en = (self._sentence(entry, interface, language) for language in ("zh", "en"))
                shown = "签署时所见" if body.summary.language == "zh" else "签署时所见为英文"
                yield self._transaction_line(True, entry, f"{zh}（{shown}，摘要相符）", f"{en} (digest as signed)")
            else:
                yield self._transaction_line(False, entry, *fault)

    def _reads_acts(self, interface: Interface, body: Body) -> bool:
        """Whether the file has the interface of the acts inside the act, where there are any."""
        try:
            acts = acts_called(interface, interface.action(body.action), body.args)
        except Refused:
            return True  # what is wrong with it is said with its sentence
        return acts is None or acts.interface in self.found.interfaces

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
        form = interface.action(body.action)
        mentioned = organisations_of(interface, form, body.args, self.found.interfaces)
        unknown = [slug for slug in mentioned if slug not in self.lexicon.names]
        if unknown:
            listed = ", ".join(unknown)
            return (
                f"文件未证明机构名称 {listed}，无法核对签署原文",
                f"the names of {listed} are not proven in this file",
            )
        return f"签署的原文不是：{text}", f"what was signed is another sentence than: {text}"

    def _approval_fault(self, entry: ProvenTransaction) -> tuple[str, str] | None:
        """None unless a checker signed other words than those of the act whose digest he signed with them. An act whose
        own transaction is not in the file cannot be compared: its digest alone says which one it is."""
        body = entry.transaction.body
        if (body.contract, body.action) != APPROVE or len(body.args) != APPROVE_ARGUMENTS:
            return None
        _, act, said = body.args
        for other in self.found.transactions:
            acting = other.transaction.body
            interface = self.found.interfaces.get(acting.summary.interface)
            signed = (acting.contract, acting.action, encode(acting.args), acting.summary.interface)
            if interface is None or act_digest(self.suite, *signed) != act:
                continue
            meant = self._sentence(other, interface, body.summary.language)
            if meant != said:
                return (
                    f"复核人所见「{said}」与所复核业务（第 {other.number} 项）不符：{meant}",
                    f'the checker read "{said}", but what he approved (item {other.number}) is: {meant}',
                )
            return None
        return None

    def _transaction_line(self, ok: bool, entry: ProvenTransaction, zh: str, en: str) -> Line:
        body, identifier = entry.transaction.body, entry.transaction.id.hex()[:16]
        people = self.lexicon.people
        keys = ", ".join(
            f"{key.hex()[:12]} @{people[key]}" if key in people else key.hex()[:12] for key in body.signers
        )
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
        for interface in self._refusers(receipt):
            text = refusal_text(self.lexicon.reader(interface, language), receipt.code, receipt.numbers)
            if text is not None:
                return f"（{text}）" if language == "zh" else f" ({text})"
        known = RECEIPT_REFUSALS.get(receipt.code)
        if known is not None:
            text = Refused(known, **dict(receipt.numbers)).text(language)
        else:
            text = ", ".join(f"{name}={value}" for name, value in receipt.numbers)
        return "" if not text else f"（{text}）" if language == "zh" else f" ({text})"

    def _refusers(self, receipt: Receipt) -> Iterator[Interface]:
        """The interfaces that may word a refusal, the likeliest first: the transaction's own, which may call others."""
        for entry in self.found.transactions:
            interface = self.found.interfaces.get(entry.transaction.body.summary.interface)
            if entry.transaction.id == receipt.id and interface is not None:
                yield interface
        yield from self.lexicon.in_force(receipt.height)
        yield from self.found.interfaces.values()

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
