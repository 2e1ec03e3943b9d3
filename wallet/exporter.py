"""Gathers what nodes prove into one evidence file that needs no node to be checked.

Transactions, receipts and rows come from different heights; all of them hang on the highest certificate by the
history's range. The interfaces that read them and the membership records that name organisations go along, so that a
reader in ten years gets the very sentence whose digest was signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.crypto import HASH_BYTES
from ledger.errors import Refused
from ledger.evidence import Evidence, HeaderRow, Item, header_row, receipt_item, transaction_item, value_item
from ledger.interface import Interface, Type
from ledger.lexicon import MEMBERSHIP, NAME_FIELDS, PEOPLE_MAP, REGISTRY, REGISTRY_MAP, VERSIONS_MAP
from ledger.merkle import Kind, MerkleTree
from ledger.statement import ID_BYTES
from ledger.summary import Acts, acts_called, organisations, organisations_of
from ledger.transaction import Body, Transaction
from wallet.life import Life, life_of
from wallet.problems import problem
from wallet.session import Row, Session, map_named, names_map
from wallet.vouchers import ROOTS, TRANCHES, VOUCHER

UNKNOWN: Final = ("RPC-004", "TX-007")
"""Nodes' answers about an interface or a contract that never was."""


@dataclass(slots=True)
class Exporter:
    """Collects what shall be in the file; `build` asks for what still lacks and packs it."""

    session: Session
    transactions: dict[bytes, None] = field(default_factory=dict)
    makers: dict[bytes, None] = field(default_factory=dict)
    """Transactions that made the rows' ids; an id that a sweep made has none, for the chain itself was its maker."""
    rows: list[Row] = field(default_factory=list)
    lives: dict[bytes, Life] = field(default_factory=dict)
    """What was signed about each whole voucher, as nodes told it."""

    def add_transaction(self, identifier: bytes) -> None:
        self.transactions[identifier] = None

    def add_rows(self, rows: Iterable[Row]) -> None:
        """Rows, and the transactions that made their ids."""
        for row in rows:
            self.rows.append(row)
            if row.key and type(row.key[0]) is bytes and len(row.key[0]) == ID_BYTES:
                self.makers[row.key[0][:32]] = None

    def add_root(self, root: bytes) -> None:
        """A whole voucher: what was issued, every tranche of it, and every transaction of its life, which also leads to
        those who accepted, checked, withdrew or froze."""
        tranches = tranches_of(self.session, root)
        wanted = [(VOUCHER, ROOTS, (root,)), *((VOUCHER, TRANCHES, (tranche,)) for tranche in tranches)]
        self.add_rows(self.session.prove(wanted))
        life = self._life(root, [root, *tranches])
        self.lives[root] = life
        self.makers.update(dict.fromkeys(life.transactions))

    def _life(self, root: bytes, ids: list[bytes]) -> Life:
        """From the height that made the root on; from the first transaction on where a checker came between."""
        client = self.session.client
        made = client.receipts([root[:HASH_BYTES]]).get(root[:HASH_BYTES])
        assert client.trust.highest is not None, "rows were proven"
        first, last = 1 if made is None else made.receipt.height, client.trust.highest.checkpoint.height
        life = life_of(client, ids, first, last)
        earliest = min((found.receipt.height for found in client.receipts(life.transactions).values()), default=first)
        return life if earliest >= first else life_of(client, ids, earliest, last)

    def build(self) -> bytes:
        session, client = self.session, self.session.client
        receipts = client.receipts(list({**self.transactions, **self.makers}))
        missing = [identifier for identifier in self.transactions if identifier not in receipts]
        if missing:
            raise problem("WAL-021", seconds=0, id=missing[0].hex()[:16], state="pending")
        heights = sorted({proven.receipt.height for proven in receipts.values()})
        if client.trust.highest is None:
            client.level(1)
        assert client.trust.highest is not None, "a proof was accepted"
        under = max([client.trust.highest.checkpoint.height, *heights, *(row.height for row in self.rows)])
        items: list[Item] = []
        signed: list[Transaction] = []
        for height in heights:
            level, transactions, _ = client.block(height, under)
            wanted = [(i, entry) for i, entry in enumerate(transactions) if entry.id in receipts]
            leaves = [entry.id + entry.wid for entry in transactions]
            for index, entry in wanted:
                path = MerkleTree(session.suite).path(Kind.TRANSACTIONS, leaves, index)
                items.append(transaction_item(level.height, entry.wire, path))
                proven = receipts[entry.id]
                items.append(receipt_item(level.height, proven.encoded, proven.path))
                signed.append(entry)
        interfaces = self._interfaces(signed)
        rows = [*self.rows, *self._names(signed, interfaces), *self._people(signed, interfaces)]
        rows += self._registry(interfaces)
        rows = list({(row.full_key, row.height): row for row in rows}.values())
        items += [value_item(row.height, row.full_key, row.value, row.proof) for row in rows]
        headers = self._headers(sorted({item.height for item in items} | {under}), under)
        return Evidence(
            session.chain,
            tuple(client.trust.changes),
            client.level(under, under).certificate.to_value(),
            tuple(headers),
            tuple(items),
            tuple((interface.contract, interface.encode()) for interface in interfaces.values()),
        ).encode()

    def _headers(self, heights: Sequence[int], under: int) -> Iterable[HeaderRow]:
        for height in heights:
            level = self.session.client.level(height, under)
            yield header_row(level.header, level.state_root, level.receipts_root, level.path)

    def _interfaces(self, signed: Sequence[Transaction]) -> dict[bytes, Interface]:
        """By digest: those that read the rows, and each under which something was signed, in force or not."""
        found: dict[bytes, Interface] = {}
        for entry in signed:
            interface = self._signed_under(entry.body.contract, entry.body.summary.interface, found)
            acts = None if interface is None else _acts_in(interface, entry.body)
            if acts is not None:
                self._signed_under(acts.contract, acts.interface, found)
        for row in self.rows:
            self._in_force(row.contract, found)
        return found

    def _in_force(self, contract: str, found: dict[bytes, Interface]) -> Interface:
        digest, interface = self.session.client.interface(contract)
        found[digest] = interface
        return interface

    def _signed_under(self, contract: str, digest: bytes, found: dict[bytes, Interface]) -> Interface | None:
        """None where no version ever had this interface: what was signed under it was refused, and cannot be read."""
        try:
            found[digest] = self.session.client.registry.signed_under(contract, digest)
        except Refused as refused:
            if refused.code not in UNKNOWN:
                raise
        return found.get(digest)

    def _names(self, signed: Sequence[Transaction], interfaces: dict[bytes, Interface]) -> list[Row]:
        """Membership's records of the organisations that sentences and rows mention, unless the genesis says the same:
        the genesis is in every verifier's hands anyway."""
        mentioned: dict[str, None] = {}
        for entry in signed:
            interface = interfaces.get(entry.body.summary.interface)
            if interface is not None:
                mentioned.update(dict.fromkeys(_named_in(interface, entry.body, interfaces)))
        for row in self.rows:
            interface = self._in_force(row.contract, interfaces)
            record = Type("record", names=(map_named(interface, row.map).record,))
            mentioned.update(dict.fromkeys(organisations(interface, record, row.record)))
        form_of_names = names_map(self.session.interface(MEMBERSHIP))
        if form_of_names is None or not mentioned:
            return []
        known = {m.organisation: (m.name_zh, m.name_en, m.credit_code) for m in self.session.genesis.members}
        rows = self.session.rows(MEMBERSHIP, form_of_names.name, [(slug,) for slug in mentioned])
        said = {row.key[0]: tuple(row.fields[name] for name in NAME_FIELDS) for row in rows if row.fields}
        needed = [row for row in rows if row.fields and said[row.key[0]] != known.get(row.key[0])]
        if needed:
            self._in_force(MEMBERSHIP, interfaces)
        return needed

    def _people(self, signed: Sequence[Transaction], interfaces: dict[bytes, Interface]) -> list[Row]:
        """Membership's records of those who signed: whose people they are. The genesis names the administrators."""
        membership = self.session.interface(MEMBERSHIP)
        known = {member.administrator for member in self.session.genesis.members}
        keys = dict.fromkeys(key for entry in signed for key in entry.body.signers if key not in known)
        if not keys or not any(form.name == PEOPLE_MAP for form in membership.maps):
            return []
        self._in_force(MEMBERSHIP, interfaces)
        return [row for row in self.session.rows(MEMBERSHIP, PEOPLE_MAP, [(key,) for key in keys]) if row.fields]

    def _registry(self, interfaces: dict[bytes, Interface]) -> list[Row]:
        """The registry's rows of these contracts and of their earlier versions, which bind the interfaces to the
        chain."""
        if REGISTRY not in {name for name, _ in self.session.genesis.contracts}:
            return []
        own, registry = self._in_force(REGISTRY, interfaces), self.session.client.registry
        contracts = dict.fromkeys(interface.contract for interface in interfaces.values())
        rows = self.session.rows(REGISTRY, REGISTRY_MAP, [(name,) for name in contracts])
        in_force = {row.fields["interface"] for row in rows if row.fields}
        past = [
            (interface.contract, registry.first_version_with(interface.contract, digest))
            for digest, interface in interfaces.items()
            if digest not in in_force
        ]
        if any(form.name == VERSIONS_MAP for form in own.maps):
            rows += [row for row in self.session.rows(REGISTRY, VERSIONS_MAP, past) if row.fields]
        return rows


def _acts_in(interface: Interface, body: Body) -> Acts | None:
    """None where there are none, or where the arguments do not fit, which the verdict says of the sentence."""
    try:
        return acts_called(interface, interface.action(body.action), body.args)
    except Refused:
        return None


def _named_in(interface: Interface, body: Body, interfaces: Mapping[bytes, Interface]) -> list[str]:
    try:
        return organisations_of(interface, interface.action(body.action), body.args, interfaces)
    except Refused:
        return []


def tranches_of(session: Session, root: bytes) -> list[bytes]:
    """The ids of every tranche of a root, agreed on by t nodes page by page."""
    return [key for key, _ in pages(session, VOUCHER, "all_of", (root,))]


def pages(session: Session, contract: str, view: str, args: tuple[Any, ...]) -> list[Any]:
    """All items of a view that is read page by page: its last argument `after` is the last key of the page before."""
    found: list[Any] = []
    while True:
        after = None if not found else found[-1][0] if type(found[-1]) is tuple else found[-1]
        result = session.view(contract, view, (*args, after)).result
        if not result:
            return found
        found += list(result)
