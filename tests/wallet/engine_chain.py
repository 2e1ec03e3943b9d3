"""A chain on which the real engine runs the real catalogue, sealed by a toy quorum; served over HTTP by LyingNode.

`EngineChain` speaks the trade's language (it is a `Stage`), signs every transaction with real keys under the sentence
that a wallet would have shown, and keeps each block as a node would.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from contracts.language.compiler import compile_contract
from contracts.rehearsal import FIRST_TIME_MS
from ledger.genesis import Genesis, ValidatorEntry
from ledger.interface import Interface
from ledger.receipt import Receipt
from ledger.summary import summarise
from ledger.transaction import Body, Transaction, TransactionCodec
from ledger.wording import Name, Reader
from tests.catalogue.stage import Stage, secret_of
from tests.ledger.toy_chain import SUITE, SealedChain, key
from tests.wallet.lying_node import Lie, LyingNode
from wallet.home import Config, Home
from wallet.keystore import CHEAP, make_keystore

PASSPHRASE = "devnet"
CHECKED_FROM_FEN = 5_000_000_00


class EngineChain(Stage):
    """`sealed` is what nodes of this chain would store."""

    sealed: _Sealed

    @staticmethod
    def _genesis(suppliers: tuple[str, ...], parameters: tuple[tuple[str, Any, int], ...]) -> Genesis:
        genesis = Stage._genesis(suppliers, parameters)
        validators = tuple(
            ValidatorEntry(key(f"validator {i}"), genesis.members[i].organisation, key(f"transport {i}"), ())
            for i in range(4)
        )
        members = tuple(
            replace(m, name_zh=f"{m.organisation}公司", name_en=m.organisation.title()) for m in genesis.members
        )
        policy = ("policy", "transfer", "", ((0, 0), (CHECKED_FROM_FEN, 1)))
        return replace(genesis, validators=validators, members=members, policies=(*genesis.policies, policy))

    def transaction(
        self, person: str, contract: str, action: str, args: tuple[Any, ...], cosigners: tuple[str, ...] = ()
    ) -> Transaction:
        names = {m.organisation: Name(m.name_zh, m.name_en, m.credit_code) for m in self.genesis.members}
        _, summary = summarise(SUITE, Reader(self.interface(contract), names, "zh"), action, args)
        self._count += 1
        signers = tuple(self.key(name) for name in (person, *cosigners))
        salt = self._count.to_bytes(16, "big")
        body = Body(self.chain, signers, salt, FIRST_TIME_MS + 600_000, contract, action, args, summary)
        return TransactionCodec(SUITE).sign(body, tuple(secret_of(name) for name in (person, *cosigners)))

    def apply(self, transactions: Sequence[Transaction], misbehaviour: Sequence[bytes] = ()) -> list[Receipt]:
        if not hasattr(self, "sealed"):
            self.sealed = _Sealed(self)
        receipts = super().apply(transactions, misbehaviour)
        self.sealed.follow(self)
        self.sealed.store(self.last.state)
        self.sealed.seal(list(transactions), list(self.last.receipts))
        return receipts


class _Sealed(SealedChain):
    """The state of height 0 is what the genesis's execution wrote."""

    def __init__(self, stage: EngineChain) -> None:
        self._rows, self._stage = stage.last.state, stage
        super().__init__(stage.genesis, FIRST_TIME_MS)
        self.interfaces = {name: stage.interface(name) for name, _ in stage.genesis.contracts}

    def fill(self) -> None:
        self.store(self._rows)

    def editions(self) -> Iterator[tuple[str, int, int, Interface]]:
        for name in self.interfaces:
            for version, row in self._stage.ask("governance", "versions_of", name, None):
                source = self._stage.view("governance", "source", row.source)
                yield name, version, row.since, compile_contract(source).interface(name)

    def follow(self, stage: EngineChain) -> None:
        """The contracts as the last block left them; the next block runs under those."""
        contracts = stage.engine.world.contracts
        if any(self.interfaces.get(name) != contracts[name].interface for name in contracts):
            self.interfaces = {name: bound.interface for name, bound in contracts.items()}
            self.numbers = {name: bound.number for name, bound in contracts.items()}


class Asking(dict[tuple[str, str], Callable[..., Any]]):
    """Every view of the catalogue, answered by the engine."""

    def __init__(self, stage: EngineChain) -> None:
        super().__init__()
        self._stage = stage

    def __missing__(self, name: tuple[str, str]) -> Callable[..., Any]:
        return lambda *args: self._stage.view(*name, *args)


@contextlib.contextmanager
def serving(stage: EngineChain, *lies: Lie | None) -> Iterator[list[LyingNode]]:
    """One node per entry, honest where it is None."""
    with contextlib.ExitStack() as stack:
        found = []
        for i, lie in enumerate(lies):
            node = stack.enter_context(LyingNode(stage.sealed, validator=f"validator {i}", lie=lie))
            node.views, node.run = Asking(stage), lambda transaction: stage.apply([transaction])
            found.append(node)
        yield found


def home_of(folder: Path, stage: EngineChain, nodes: Sequence[LyingNode], *people: str) -> Home:
    """A wallet with the administrators of these organisations; the first is chosen."""
    home = Home(folder)
    home.pin_genesis(stage.genesis.encode())
    for person in people:
        home.add_keystore(
            make_keystore(SUITE, secret_of(person), PASSPHRASE, label=person, organisation=person, cost=CHEAP)
        )
    home.save_config(Config(nodes=tuple(node.url for node in nodes), identity=people[0] if people else None))
    return home
