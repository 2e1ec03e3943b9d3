"""The wallet's Python interface: open a chain through some nodes, prepare, sign, send, wait; read what is proven.

    session = Session(genesis_bytes, ["http://127.0.0.1:8101", …], language="zh")
    outcome = session.call(signer, "voucher", "accept", [tranche_id])

What a person sees before signing is `Draft.sentence`, whose digest is signed, and `context`, which is not: the proven
rows that the arguments point to. Nothing here prints or asks; the commands do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from ledger.choices import ZH as CHOICES
from ledger.choices import choice_word
from ledger.codec import decode, load
from ledger.errors import TOKENS, Number, Refusal, Refused, fill, number_in_chinese
from ledger.glossary import ZH, field_name, field_words
from ledger.interface import Field, Interface, MapForm
from ledger.keys import full_key
from ledger.lexicon import MEMBERSHIP, NAME_FIELDS
from ledger.receipt import Receipt, Status
from ledger.receipt_refusals import RECEIPT_REFUSALS
from ledger.state import StateProof
from ledger.statement import ID_BYTES
from ledger.summary import act_digest, acts_called, organisations_of, parts_of_kind, refusal_text, sentence
from ledger.transaction import Transaction
from ledger.wording import ACTS_SHOWN_MAX, Name, Reader, short_hex, short_id, show_value, visible
from wallet.builder import Builder, Draft, Signer
from wallet.client import Agreed, Client, Progress
from wallet.forms import MISSING
from wallet.problems import LiteralRefused, from_node, problem
from wallet.trust import ProvenReceipt

INTERFACE_CHANGED = "TX-012"
ORGANISATIONS = ("organisation", "caller", "party")
"""The numbers of the ledger's own refusals that are slugs."""
NOBODY = "-"
"""Stands in a refusal for the party of a row that has none."""
ARGUMENTS_BYTES_MAX = 64 * 1024
ACTS_INTERFACE = ("interface", "digest")
"""The argument that says under which rules the acts inside an act are signed: those in force when it is drafted."""
NEVER_GUESSED = ("payee",)
"""Who is paid is always typed: a row may still name whom an offer that lapsed was made to."""


@dataclass(frozen=True, slots=True)
class Row:
    """A proven row of a map; `record` is None where there is none. `height` is that of the proof."""

    contract: str
    map: str
    key: tuple[Any, ...]
    full_key: bytes
    value: bytes | None
    record: tuple[Any, ...] | None
    fields: dict[str, Any]
    proof: StateProof
    height: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """A final transaction: its proven receipt, and the refusal where it was refused."""

    transaction: Transaction
    proven: ProvenReceipt
    refused: Refused | None

    @property
    def receipt(self) -> Receipt:
        return self.proven.receipt

    @property
    def result(self) -> Any:
        """What the action returned; raises the refusal of a refused one."""
        if self.refused is not None:
            raise self.refused
        return self.receipt.result


class Session:
    """One chain seen through a client, in one language."""

    def __init__(
        self,
        genesis_bytes: bytes,
        urls: Sequence[str],
        *,
        language: str = "zh",
        pin: bytes | None = None,
        transport: httpx.BaseTransport | None = None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.client = Client(genesis_bytes, urls, pin=pin, transport=transport)
        self.language = language
        self.suite, self.chain, self.genesis = self.client.suite, self.client.chain, self.client.genesis
        self.builder = Builder(self.suite, self.chain, now_ms=now_ms)
        self.builder.names.update(
            {m.organisation: Name(m.name_zh, m.name_en, m.credit_code) for m in self.genesis.members}
        )
        self._proven_names: set[str] = set()
        self.person: Callable[[str], str | None] = lambda _: None
        """Whose key this is, by the head of it that refusals quote, where the wallet knows; `App` sets it."""

    def close(self) -> None:
        self.client.close()

    # reading

    def interface(self, contract: str) -> Interface:
        digest, interface = self.client.interface(contract)
        self.builder.interfaces[contract] = self.builder.acts[digest] = interface
        return interface

    def interface_at(self, contract: str, height: int) -> Interface:
        """That of the version which was in force at a height, for reading what it announced or refused there."""
        return self.client.registry.at(contract, height)

    def reader(self, contract: str, language: str | None = None) -> Reader:
        """For showing. What is signed is read without the glossary, from the interface alone."""
        return self.reader_by(self.interface(contract), language)

    def reader_by(self, interface: Interface, language: str | None = None) -> Reader:
        spoken = language or self.language
        words = ZH if spoken == "zh" else {}
        return Reader(interface, self.builder.names, spoken, words, self.builder.acts)

    def view(self, contract: str, view: str, args: Sequence[Any] = ()) -> Agreed:
        """A view's result, agreed on by t nodes at one certified height. Left-out arguments take their defaults."""
        form = self.interface(contract).view(view)
        values = list(args) + [field.default for field in form.arguments[len(args) :]]
        return self.client.view(contract, view, tuple(values))

    def rows(self, contract: str, map_name: str, keys: Iterable[tuple[Any, ...]]) -> list[Row]:
        """Rows of a map by their keys, each proven."""
        return self.prove([(contract, map_name, key) for key in keys])

    def prove(self, wanted: Iterable[tuple[str, str, tuple[Any, ...]]]) -> list[Row]:
        """(contract, map, key) of any maps, each row proven; 500 at a time are of one height."""
        places: dict[bytes, tuple[str, str, tuple[Any, ...]]] = {}
        for contract, map_name, key in wanted:
            form = map_named(self.interface(contract), map_name)
            places[full_key(self.client.contract_number(contract), form, key)] = (contract, map_name, key)
        found: list[Row] = []
        for where, value, proof, height in self.client.all_states(list(places)):
            contract, map_name, key = places[where]
            interface = self.interface(contract)
            names = [field.name for field in interface.record(map_named(interface, map_name).record).fields]
            record = None if value is None else load(value)
            fields = {} if record is None else dict(zip(names, record, strict=False))
            found.append(Row(contract, map_name, key, where, value, record, fields, proof, height))
        return found

    def row(self, contract: str, map_name: str, *key: Any) -> Row:
        [found] = self.rows(contract, map_name, [key])
        return found

    def learn_names(self, organisations: Iterable[str]) -> list[Row]:
        """Prove the names of these organisations from membership's records, once each; the genesis's stay for those
        whom membership does not record."""
        wanted = [slug for slug in dict.fromkeys(organisations) if slug not in self._proven_names]
        if not wanted:
            return []
        form = names_map(self.interface(MEMBERSHIP))
        if form is None:
            return []
        rows = self.rows(MEMBERSHIP, form.name, [(slug,) for slug in wanted])
        for row in rows:
            if row.fields:
                self.builder.names[row.key[0]] = Name(*(str(row.fields[name]) for name in NAME_FIELDS))
                self._proven_names.add(row.key[0])
        return rows

    # signing and sending

    def draft(self, contract: str, action: str, args: Sequence[Any], signers: Sequence[bytes]) -> Draft:
        """What is to be signed; names of organisations are proven first."""
        interface = self.interface(contract)
        self.learn_names(self.mentioned(interface, action, tuple(args)))
        return self.builder.draft(contract, action, args, signers, language=self.language)

    def mentioned(self, interface: Interface, action: str, args: tuple[Any, ...]) -> list[str]:
        """The organisations among the arguments, those of acts inside included."""
        return organisations_of(interface, interface.action(action), args, self.acts_in(interface, action, args))

    def acts_in(self, interface: Interface, action: str, args: tuple[Any, ...]) -> dict[bytes, Interface]:
        """The interface by which acts among the arguments are read, by its digest, where there are any."""
        acts = acts_called(interface, interface.action(action), args)
        if acts is None:
            return {}
        self.interface(acts.contract)
        return {digest: found for digest, found in self.builder.acts.items() if digest == acts.interface}

    def acts_not_shown(self, contract: str, action: str, args: tuple[Any, ...]) -> list[tuple[int, str]]:
        """(number, sentence) of the acts inside an act that its own sentence has no room for. They are signed, too."""
        interface = self.interface(contract)
        form = interface.action(action)
        acts = acts_called(interface, form, args)
        if acts is None:
            return []
        reader = Reader(self.builder.acts[acts.interface], self.builder.names, self.language)
        inside = [data for field, value in zip(form.arguments, args, strict=True)
                  for _, data in parts_of_kind(interface, field.type, value, ("act",))]  # fmt: skip
        return [
            (number, sentence(reader, acts.action, decode(data, bytes_max=ARGUMENTS_BYTES_MAX)))
            for number, data in enumerate(inside, 1)
            if number > ACTS_SHOWN_MAX
        ]

    def context(self, contract: str, action: str, args: Sequence[Any]) -> list[Row]:
        """The proven row that the action is about; not part of what is signed."""
        interface = self.interface(contract)
        form = interface.action(action)
        if form.who.on is None:
            return []
        target = map_named(interface, form.who.on)
        return self.rows(contract, target.name, [tuple(args[: len(target.key)])])

    def known_value(self, contract: str, action: str, read: dict[str, Any], wanted: Field) -> Any:
        """What the row that the action is about says of an argument that nobody typed: its own field of that name and
        kind, or that of a row which it points to. The signer sees it in the sentence. MISSING when nothing says so."""
        interface = self.interface(contract)
        form = interface.action(action)
        if (wanted.name, wanted.type.kind) == ACTS_INTERFACE and type(read.get("contract")) is str:
            return self.client.interface(read["contract"])[0]
        if form.who.on is None or wanted.name in NEVER_GUESSED:
            return MISSING
        target = map_named(interface, form.who.on)
        names = [field.name for field in form.arguments[: len(target.key)]]
        if wanted.name in names or any(name not in read for name in names):
            return MISSING
        [row] = self.rows(contract, target.name, [tuple(read[name] for name in names)])
        by_id = [other.name for other in interface.maps if [part.kind for part in other.key] == ["id"]]
        ids = [value for value in row.record or () if type(value) is bytes and len(value) == ID_BYTES]
        pointed = [(contract, name, (identifier,)) for name in by_id for identifier in ids]
        for candidate in (row, *(self.prove(pointed) if pointed else ())):
            fields = interface.record(map_named(interface, candidate.map).record).fields
            for field in fields:
                alike = field.name == wanted.name and field.type.kind == wanted.type.kind
                if alike and candidate.fields and candidate.fields[field.name] is not None:
                    return candidate.fields[field.name]
        return MISSING

    def strangers(self, contract: str, action: str, args: Sequence[Any]) -> list[str]:
        """The organisations among the arguments that membership does not record: proven, and before anybody signs. An
        act of membership itself may be about one that is yet to come."""
        if contract == MEMBERSHIP:
            return []
        return self.unrecorded(self.mentioned(self.interface(contract), action, tuple(args)))

    def unrecorded(self, organisations: Sequence[str]) -> list[str]:
        """Those of them that membership does not record."""
        self.learn_names(organisations)
        has_register = names_map(self.interface(MEMBERSHIP)) is not None
        return [slug for slug in organisations if slug not in self._proven_names] if has_register else []

    def act_waiting(self, row: Row) -> tuple[str, bytes]:
        """The sentence of the act that waits in a proven row of `approval.items`, and the act's digest, both computed
        here: a node cannot have a checker approve something else. Raises WAL-030."""
        fields = row.fields
        contract, action, arguments = fields["contract"], fields["action"], fields["arguments"]
        digest = act_digest(self.suite, contract, action, arguments, fields["interface"])
        if digest != fields["act"]:
            raise problem("WAL-030", node="*", detail=f"the act of {short_id(row.key[0])} has another digest")
        in_force, interface = self.client.interface(contract)
        if in_force != fields["interface"]:
            interface = self.client.registry.signed_under(contract, fields["interface"])
        args = decode(arguments, bytes_max=ARGUMENTS_BYTES_MAX)
        self.learn_names(self.mentioned(interface, action, args))
        reader = Reader(interface, self.builder.names, self.language, acts=self.builder.acts)
        text = sentence(reader, action, args)
        if in_force != fields["interface"]:
            text += reader.say("（合约已升级，须重新办理）", " (the contract was upgraded: to be made anew)")
        return text, digest

    def send(self, transactions: Sequence[Transaction]) -> None:
        """Hand over; raises the first refusal. Accepted means durable on a node, not final."""
        for answer in self.client.submit([transaction.wire for transaction in transactions]):
            if answer.problem is not None:
                raise self.worded(from_node(answer.problem))

    def finish(
        self, transactions: Sequence[Transaction], *, seconds: float = 60, progress: Progress | None = None
    ) -> list[Outcome]:
        """Wait until all are final; their outcomes in the same order."""
        proven = self.client.wait_final(transactions, seconds=seconds, progress=progress)
        return [self.outcome(transaction, proven[transaction.id]) for transaction in transactions]

    def outcome(self, transaction: Transaction, proven: ProvenReceipt) -> Outcome:
        receipt = proven.receipt
        refused = None if receipt.status is Status.DONE else self.refusal_of(transaction.body.contract, receipt)
        if refused is not None and refused.code == INTERFACE_CHANGED:
            # Else every later draft of this session would be made from the old interface, and refused again.
            self.client.registry.forget()
        return Outcome(transaction, proven, refused)

    def call(
        self,
        signers: Signer | Sequence[Signer],
        contract: str,
        action: str,
        args: Sequence[Any],
        *,
        seconds: float = 60,
        progress: Progress | None = None,
    ) -> Outcome:
        """Draft, sign, send and wait. The first signer is the caller, the others co-sign."""
        everyone = [signers] if isinstance(signers, Signer) else list(signers)
        draft = self.draft(contract, action, args, [signer.key for signer in everyone])
        transaction = self.builder.sign(draft, [signer.secret for signer in everyone])
        self.send([transaction])
        return self.finish([transaction], seconds=seconds, progress=progress)[0]

    # words

    def refusal_of(self, contract: str, receipt: Receipt) -> Refused:
        """The refusal of a receipt with its sentences: the ledger's own, or those that a contract declares."""
        code, numbers = receipt.code or "EXE-001", dict(receipt.numbers)
        known = RECEIPT_REFUSALS.get(code)
        if known is not None:
            return self.worded(Refused(known, **numbers))
        for name in self._contracts_to_ask(contract):
            try:
                interface = self.interface_at(name, receipt.height)
                readers = [self.reader_by(interface, language) for language in ("zh", "en")]
                texts = [refusal_text(reader, code, receipt.numbers) for reader in readers]
            except Refused:
                continue
            zh, en = texts
            if zh is not None and en is not None:
                return LiteralRefused(Refusal(code, zh, en), **numbers)
        shown = ", ".join(f"{name}={visible(str(value))}" for name, value in receipt.numbers)
        return LiteralRefused(Refusal(code, shown, shown), **numbers)

    def worded(self, refused: Refused) -> Refused:
        """The ledger's own refusal with names for slugs and keys, and short ids; its numbers stay what they are."""
        if isinstance(refused, LiteralRefused):
            return refused
        texts = []
        for language, template in (("zh", refused.refusal.zh), ("en", refused.refusal.en)):
            numbers = [(name, self._number_words(name, value, language)) for name, value in refused.numbers]
            texts.append(fill(template, tuple(numbers)))
        zh, en = texts
        own = refused.refusal
        return LiteralRefused(Refusal(own.code, zh, en, own.status, own.retry), **dict(refused.numbers))

    def _number_words(self, name: str, value: Number, language: str) -> Number:
        if type(value) is not str:
            return value
        if name in ORGANISATIONS:
            return "/".join(self._organisation_words(slug, language) for slug in value.split("/"))
        if name == "key":
            return self.person(value) or short_hex(value)
        if name == "field":
            return "/".join(field_words(word, language) for word in value.split("/"))
        said = number_in_chinese(name, value) if language == "zh" else value
        return short_hex(value) if said == value else said

    def _organisation_words(self, slug: str, language: str) -> str:
        name = self.builder.names.get(slug)
        if slug == NOBODY:
            return "（无）" if language == "zh" else "nobody"
        if name is None:
            return slug
        return f"{visible(name.zh)}（{slug}）" if language == "zh" else f"{visible(name.en)} ({slug})"

    def _contracts_to_ask(self, contract: str) -> list[str]:
        """A refusal may come from a contract that the called one calls."""
        used = [entry.split(".")[0] for entry in self.interface(contract).uses]
        return list(dict.fromkeys([contract, *used, *(name for name, _ in self.genesis.contracts)]))

    def show_row(self, row: Row) -> list[tuple[str, str]]:
        """(label, text) of a row's fields, organisations named."""
        reader = self.reader(row.contract)
        form = map_named(reader.interface, row.map)
        fields = reader.interface.record(form.record).fields
        self.learn_names(_organisations(fields, row.record or ()))
        return [
            (field_name(field, self.language), self.field_text(reader, field, value))
            for field, value in zip(fields, row.record or (), strict=False)
        ]

    def field_text(self, reader: Reader, field: Field, value: Any) -> str:
        """A row's or an event's value for people: choices and states as words, keys as the people they are where the
        wallet knows them. What is signed is made without this."""
        is_state = field.type.kind == "text" and field.name in TOKENS and value in CHOICES
        if is_state or (field.type.kind == "choice" and value in field.type.names):
            return choice_word(value, self.language)
        listed = field.type.kind == "array" and field.type.items[0].kind == "key"
        keys = value if listed else (value,) if field.type.kind == "key" else ()
        people = [self.person(key.hex()) for key in keys if type(key) is bytes] if type(keys) is tuple else []
        if people and all(people):
            return ("、" if self.language == "zh" else ", ").join(map(str, people))
        return show_value(reader, field.type, value)


def _organisations(fields: Sequence[Any], record: Sequence[Any]) -> list[str]:
    return [
        value
        for field, value in zip(fields, record, strict=False)
        if field.type.kind == "organisation" and isinstance(value, str)
    ]


def map_named(interface: Interface, name: str) -> MapForm:
    for form in interface.maps:
        if form.name == name:
            return form
    there = ", ".join(form.name for form in interface.maps)
    raise problem("WAL-027", contract=interface.contract, map=name[:80], expected=there or "-")


def names_map(interface: Interface) -> MapForm | None:
    """The map of membership that records organisations' names."""
    for form in interface.maps:
        fields = {field.name for field in interface.record(form.record).fields}
        if len(form.key) == 1 and form.key[0].kind == "organisation" and fields >= set(NAME_FIELDS):
            return form
    return None
