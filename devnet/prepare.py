"""Makes a devnet's folder: keys, specification, genesis, node homes, a wallet with prepared people, the bank's book.

Everything random is made here, once. Nothing runs yet. After the nodes are up, `devnet.onboarding` enrols the people by
ordinary transactions.
"""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomli_w

from devnet.bank.book import Book
from devnet.cast import Firm, cast_of, credit_code
from devnet.plan import UNFINISHED_FILE, DevnetPlan
from devnet.problems import problem
from devnet.rulebook import parameter_rows, policy_rows
from ledger.crypto import Suite
from ledger.national import suite_named
from node.config import create_folder, load_config, write_config
from node.genesis_spec import build_genesis, source_reader
from wallet.home import Config, Home
from wallet.keystore import CHEAP, make_keystore, new_secret, write_private

PASSPHRASE: Final = "devnet"  # noqa: S105 — public on purpose
"""Everybody's passphrase on a devnet. Its keys are worth nothing."""
FIRST_DAY: Final = datetime.date(2022, 6, 30)
"""The value day of the plan's worked examples, six months before 2022-12-30."""
PEOPLE: Final = ("admin", "maker", "checker")
STATEMENT_KEY: Final = "statement"
CONTRACTS: Final = (
    "membership",
    "governance",
    "calendar",
    "approval",
    "batch",
    "trade",
    "credit",
    "voucher",
    "guarantee",
    "dispute",
    "finance",
    "maturity",
    "distribution",
    "settlement",
    "trace",
    "bulk",
    "credential",
    "archive",
    "early",
)


@dataclass(frozen=True, slots=True)
class Secrets:
    """One person's or node's key pair."""

    secret: bytes
    public: bytes


def prepare(plan: DevnetPlan, *, limits: dict[str, int], timeouts_ms: dict[str, int]) -> None:
    """Write everything into `plan.folder`, which is made; raises DEV-008 when it is there already.

    The devnet is marked as unfinished; whoever has brought it to where it should be says so with `finish`.
    """
    try:
        plan.folder.mkdir(parents=True, exist_ok=False)
    except (FileExistsError, NotADirectoryError):
        raise problem("DEV-008", folder=str(plan.folder)) from None
    (plan.folder / UNFINISHED_FILE).touch()
    try:
        _prepare(plan, limits, timeouts_ms)
    except BaseException:
        shutil.rmtree(plan.folder)
        raise


def _prepare(plan: DevnetPlan, limits: dict[str, int], timeouts_ms: dict[str, int]) -> None:
    suite = suite_named(plan.suite)
    cast = cast_of(node.name for node in plan.nodes)
    wallet = Home(plan.wallet_home)
    administrators: dict[str, bytes] = {}
    for firm in cast:
        for label, keys in _people(firm, suite):
            _add_identity(wallet, suite, label, firm.organisation, keys)
            if label.endswith(".admin"):
                administrators[firm.organisation] = keys.public
    consensus = {node.name: _make(suite) for node in plan.nodes}
    transport = {node.name: _make(suite_named("intl")) for node in plan.nodes}
    spec: dict[str, Any] = {
        "name": "陆港链试验网 · Lugang devnet",
        "suite": plan.suite,
        "engine": plan.engine,
        "time": datetime.datetime.now(datetime.UTC).replace(microsecond=0),
        "clock_first_day": FIRST_DAY,
        "limits": limits,
        "timeouts_ms": timeouts_ms,
        "members": [_member(firm, i, administrators[firm.organisation]) for i, firm in enumerate(cast, start=1)],
        "validators": [
            {
                "key": consensus[node.name].public.hex(),
                "organisation": node.organisation,
                "transport_key": transport[node.name].public.hex(),
                "addresses": [node.link_address],
            }
            for node in plan.nodes
        ],
        "policies": policy_rows(),
        "parameters": parameter_rows(),
        "contracts": list(CONTRACTS),
    }
    (plan.folder / "genesis.toml").write_text(tomli_w.dumps(spec), encoding="utf-8")
    genesis = build_genesis(spec, source_reader(plan.folder)).encode()
    plan.genesis_file.write_bytes(genesis)
    wallet.pin_genesis(genesis)
    wallet.save_config(Config(nodes=tuple(node.api_url for node in plan.nodes), identity="supplier-a.maker"))
    for node in plan.nodes:
        _node_home(plan, node.name, consensus[node.name].secret, transport[node.name].secret)
    _bank_home(plan, suite, cast)
    plan.save()


def _make(suite: Suite) -> Secrets:
    secret = new_secret(suite)
    return Secrets(secret, suite.public_key(secret))


def _people(firm: Firm, suite: Suite) -> Iterator[tuple[str, Secrets]]:
    for person in PEOPLE:
        yield f"{firm.organisation}.{person}", _make(suite)


def _add_identity(wallet: Home, suite: Suite, label: str, organisation: str, keys: Secrets) -> None:
    wallet.add_keystore(
        make_keystore(suite, keys.secret, PASSPHRASE, label=label, organisation=organisation, cost=CHEAP)
    )


def _member(firm: Firm, serial: int, administrator: bytes) -> dict[str, Any]:
    return {
        "organisation": firm.organisation,
        "name_zh": firm.name_zh,
        "name_en": firm.name_en,
        "credit_code": credit_code(serial),
        "roles": list(firm.roles),
        "capacities": list(firm.capacities),
        "administrator": administrator.hex(),
    }


def _node_home(plan: DevnetPlan, name: str, consensus_secret: bytes, transport_seed: bytes) -> None:
    node, home = plan.node(name), plan.node_home(name)
    address = node.link_address
    api, watch = node.api_url.removeprefix("http://"), node.watch_url.removeprefix("http://")
    write_config(home, listen=(address,), api=api, metrics=watch)
    shutil.copyfile(plan.genesis_file, home / "genesis.cbor")
    create_folder(load_config(home), consensus_secret, transport_seed)


def _bank_home(plan: DevnetPlan, suite: Suite, cast: tuple[Firm, ...]) -> None:
    plan.bank_home.mkdir()
    write_private(plan.bank_home / f"{STATEMENT_KEY}.key", new_secret(suite).hex().encode("ascii"))
    book = Book(plan.bank_home)
    for firm in cast:
        book.open_account(firm.organisation, firm.funds_yuan * 100)
    book.close()


def read_statement_secret(bank_home: Path) -> bytes:
    """The key with which the bank simulator signs its statements."""
    return bytes.fromhex((bank_home / f"{STATEMENT_KEY}.key").read_text(encoding="ascii"))
