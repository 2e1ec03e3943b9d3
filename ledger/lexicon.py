"""How the bytes that an evidence file proves are to be read: contracts by number, interfaces, names, people.

Everything here follows from the genesis and from what the file itself proves. Labels of values come from interfaces.
One is bound to the chain when a signed transaction of the file, executed on the chain, names its digest (the engine
refuses any other), or when the file proves a row of the registry with its digest. An interface that neither binds is
used to read, and `bound` tells the verdict that nothing vouches for its labels.

A file may have several versions of a contract: each transaction is read by the one that it was signed under, a refusal
by the one in force at its height. Values are read by the newest, since a record's fields are only ever appended.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ledger.codec import load
from ledger.errors import Refused
from ledger.evidence import Examination
from ledger.genesis import Genesis
from ledger.glossary import field_name
from ledger.interface import Interface, Type
from ledger.keys import contract_numbers, map_of, parts_of_key
from ledger.receipt import Status
from ledger.wording import Name, Reader, show_value

MEMBERSHIP: Final = "membership"
PEOPLE_MAP: Final = "people"
REGISTRY: Final = "governance"
REGISTRY_MAP: Final = "contracts"
VERSIONS_MAP: Final = "versions"
NAME_FIELDS: Final = ("name_zh", "name_en", "credit_code")


class Lexicon:
    """Which contract has which number, which interface reads it, and who is who, as far as genesis and file prove."""

    def __init__(self, genesis: Genesis, found: Examination, key_bytes: int) -> None:
        self.found, self.key_bytes = found, key_bytes
        self.numbers = {number: name for name, number in contract_numbers(genesis).items()}
        self.bound = set(_bound_by_transactions(found))
        self.since: dict[bytes, int] = {}
        """The height from which on an interface is proven to have been in force, by its digest."""
        self.interfaces: dict[str, Interface] = {}
        """The newest of each contract."""
        for digest, interface in found.interfaces.items():
            if interface.contract not in self.interfaces or digest in self.bound:
                self.interfaces[interface.contract] = interface
        self.people: dict[bytes, str] = {m.administrator: m.organisation for m in genesis.members}
        self.names = {m.organisation: Name(m.name_zh, m.name_en, m.credit_code) for m in genesis.members}
        for value in found.values:
            self._learn_contract(value.full_key, value.value)
        for value in found.values:
            self._learn_version(value.full_key, value.value)
            self._learn_name(value.full_key, value.value)
            self._learn_person(value.full_key, value.value)

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

    def _learn_version(self, full_key: bytes, value: bytes | None) -> None:
        """A row of a version binds the interface that it had, and says since when."""
        record = self.record(full_key, value)
        if record is None or self.map_name(full_key) not in ((REGISTRY, VERSIONS_MAP), (REGISTRY, REGISTRY_MAP)):
            return
        digest, since = record[1].get("interface"), record[1].get("since")
        if type(digest) is bytes and type(since) is int:
            self.bound.add(digest)
            self.since[digest] = min(since, self.since.get(digest, since))

    def in_force(self, height: int) -> Iterator[Interface]:
        """Of each contract in the file, the version that was in force at a height, as far as the file proves it."""
        found: dict[str, tuple[int, Interface]] = {}
        for digest, interface in self.found.interfaces.items():
            since = self.since.get(digest, 0)
            if since <= height and since >= found.get(interface.contract, (0, interface))[0]:
                found[interface.contract] = since, interface
        yield from (interface for _, interface in found.values())

    def _learn_name(self, full_key: bytes, value: bytes | None) -> None:
        record = self.record(full_key, value)
        if record is None or self.contract_of(full_key) != MEMBERSHIP:
            return
        key, fields = record
        if len(key) == 1 and type(key[0]) is str and all(name in fields for name in NAME_FIELDS):
            self.names[key[0]] = Name(*(str(fields[name]) for name in NAME_FIELDS))

    def _learn_person(self, full_key: bytes, value: bytes | None) -> None:
        record = self.record(full_key, value)
        if record is not None and self.map_name(full_key) == (MEMBERSHIP, PEOPLE_MAP):
            (person, *_), fields = record
            self.people[person] = str(fields.get("organisation"))

    def signer(self, key: bytes) -> str:
        """The head of a key, and whose person it is where that is proven."""
        head = key.hex()[:12]
        return f"{head} @{self.people[key]}" if key in self.people else head

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
        return Reader(interface, self.names, language, acts=self.found.interfaces)

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
