"""A chain for the node's tests: five validators, and a machine that keeps each transaction's arguments under its id."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.engine import Execution
from ledger.block import Header
from ledger.codec import encode
from ledger.crypto import INTERNATIONAL, International
from ledger.genesis import LIMITS, TIMEOUTS_MS, Genesis, Member, ValidatorEntry, complete
from ledger.receipt import Receipt, Status
from ledger.transaction import Body, Summary, Transaction, TransactionCodec
from node.config import NodeConfig, create_folder, load_config, write_config

SUITE = International()
CODEC = TransactionCodec(SUITE)
ROLES = ("operator", "supervisor", "collector", "subject", "user")
GENESIS_TIME = 1_700_000_000_000
SECRETS = [bytes([number]) * 32 for number in range(1, 11)]
SEEDS = [bytes([100 + number]) * 32 for number in range(1, 11)]
PERSON = bytes([77]) * 32


def make_genesis(count: int = 5, ports: list[int] | None = None, timeouts: dict[str, int] | None = None) -> Genesis:
    names = [f"{ROLES[i % 5]}-{i}" for i in range(count)]
    members = tuple(
        Member(name, name, name, f"{i:018d}", (ROLES[i % 5],), (), SUITE.public_key(SECRETS[i]))
        for i, name in enumerate(names)
    )
    validators = tuple(
        ValidatorEntry(
            SUITE.public_key(SECRETS[i]),
            name,
            INTERNATIONAL.public_key(SEEDS[i]),
            () if ports is None else (f"/ip4/127.0.0.1/tcp/{ports[i]}",),
        )
        for i, name in enumerate(names)
    )
    return Genesis(
        name="test chain",
        suite="intl",
        engine="pbft",
        time=GENESIS_TIME,
        clock_first_day=None,
        limits=complete(LIMITS, {}),
        timeouts_ms=complete(TIMEOUTS_MS, timeouts or {}),
        bucket_bits=8,
        members=members,
        validators=validators,
        policies=(),
        parameters=(),
        contracts=(),
    )


def chain_of(genesis: Genesis) -> bytes:
    return SUITE.hasher("genesis")(genesis.encode())


def make_folder(root: Path, genesis: Genesis, index: int, **values) -> NodeConfig:
    folder = root / f"node-{index}"
    listen = genesis.validators[index].addresses
    write_config(folder, listen=listen, **values)
    (folder / "genesis.cbor").write_bytes(genesis.encode())
    config = load_config(folder)
    create_folder(config, SECRETS[index], SEEDS[index])
    return config


def make_transaction(chain: bytes, valid_until: int, note: str = "note", secret: bytes = PERSON) -> Transaction:
    summary = Summary("en", bytes(32), bytes(32))
    body = Body(chain, (SUITE.public_key(secret),), os.urandom(16), valid_until, "notes", "write", (note,), summary)
    return CODEC.sign(body, (secret,))


@dataclass
class NotesMachine:
    """State: (contract 1, map 1, transaction id) → [height, arguments]. Deterministic, and a whole state machine."""

    genesis_file: Genesis

    def genesis(self) -> Execution:
        return self._execution((), {b"\x00\x01\x01genesis": encode((0, ("genesis",)))})

    def apply(
        self, header: Header, transactions: tuple[Transaction, ...], misbehaviour: tuple[bytes, ...]
    ) -> Execution:
        state, receipts = {}, []
        for index, transaction in enumerate(transactions):
            state[b"\x00\x01\x01" + transaction.id] = encode((header.height, transaction.body.args))
            receipts.append(self._receipt(header.height, index, transaction))
        state[b"\x00\x01\x02counter"] = encode((header.height, len(transactions)))
        receipts.append(self._receipt(header.height, len(transactions), None))
        return self._execution(tuple(receipts), state)

    def _receipt(self, height: int, index: int, transaction: Transaction | None) -> bytes:
        identifier, wid = (None, None) if transaction is None else (transaction.id, transaction.wid)
        return Receipt(height, index, identifier, wid, Status.DONE, None, (), None, (), 1).encode()

    def _execution(self, receipts: tuple[bytes, ...], state: Mapping[bytes, bytes]) -> Execution:
        rows = {b"s" + key: value for key, value in state.items()}
        return Execution(receipts, state, rows, self.genesis_file.validator_set(), 19_000)


@dataclass(frozen=True)
class OpenRegister:
    """These chains have no register of people, and the nodes of their genesis."""

    genesis: Genesis

    def check_caller(self, key: bytes) -> None:
        return

    def nodes(self) -> tuple[ValidatorEntry, ...]:
        return self.genesis.validators


def open_register(store, genesis, suite) -> OpenRegister:
    return OpenRegister(genesis)


def notes_machine(store, genesis, suite) -> NotesMachine:
    return NotesMachine(genesis)
