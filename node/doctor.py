"""`lugang node doctor`: what is wrong with a node's folder, in words, and how to cure it. It changes nothing.

Theory of operation. The checks run in order from what everything needs (configuration, genesis, keys) to what takes
long (the database). A check whose basis is missing is skipped and says so. A running node holds its database; then
the checks that need it are left to the node itself, which has made them at its start.

Every finding has a verdict: `good`; `notice`, for what an operator should know; `wrong`, for what keeps the node from
doing its work; `skipped`. Nothing here may write into the folder: even a torn log is only looked at.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import plyvel

from consensus.records import GuardState
from ledger.crypto import Suite
from ledger.errors import Refused
from ledger.genesis import Genesis, ValidatorEntry
from ledger.national import suite_named
from node.addresses import addresses_of, bind_problem, listening_ports
from node.config import ConfigError, NodeConfig, load_config, load_genesis
from node.contract_engine import check_indexes
from node.frame_log import Condition, inspect_log
from node.guard import GuardFile
from node.http.health import DISK_FREE_BYTES_MIN
from node.keys import KeyFileError, read_secret
from node.self_check import check_everything, check_store
from node.store import Store, open_store

Verdict = Literal["good", "notice", "wrong", "skipped"]
CLOCK_AHEAD_MS_MAX: Final = 5_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's result. `detail` has the numbers; the cure is for people, in both languages."""

    check: str
    verdict: Verdict
    detail: str
    cure_zh: str = ""
    cure_en: str = ""


@dataclass(slots=True)
class Patient:
    """What the earlier checks have found out for the later ones."""

    home: Path
    thorough: bool
    config: NodeConfig | None = None
    genesis: Genesis | None = None
    suite: Suite | None = None
    chain: bytes = b""
    own: ValidatorEntry | None = None
    is_running: bool = False


Check = Callable[[Patient], Iterator[Finding]]


def examine(home: Path, *, thorough: bool = False) -> list[Finding]:
    """All findings, in the order of the checks."""
    patient = Patient(home, thorough)
    return [finding for check in CHECKS for finding in check(patient)]


def check_config(patient: Patient) -> Iterator[Finding]:
    try:
        patient.config = load_config(patient.home)
        addresses_of(patient.config)
    except ConfigError as error:
        cure = (
            "修正 node.toml，或重新运行 lugang node init",
            "correct node.toml, or make the node with `lugang node init`",
        )
        yield Finding("config", "wrong", str(error), *cure)
    else:
        yield Finding("config", "good", str(patient.home / "node.toml"))


def check_genesis(patient: Patient) -> Iterator[Finding]:
    if patient.config is None:
        yield Finding("genesis", "skipped", "no configuration")
        return
    try:
        patient.genesis, patient.suite, patient.chain = load_genesis(patient.config.genesis)
        patient.suite.self_test()
    except ConfigError as error:
        cure = (
            "向任一成员索取 genesis.cbor，核对链标识后放入节点目录",
            "get genesis.cbor from any member, compare the chain's name, and put it into the folder",
        )
        yield Finding("genesis", "wrong", str(error), *cure)
    except RuntimeError as error:
        cure = "安装支持 SM2 的 OpenSSL 3", "install an OpenSSL 3 that has SM2"
        yield Finding("genesis", "wrong", str(error), *cure)
    else:
        yield Finding("genesis", "good", f"{patient.genesis.name}, chain {patient.chain.hex()[:16]}…")


def check_keys(patient: Patient) -> Iterator[Finding]:
    config, genesis, suite = patient.config, patient.genesis, patient.suite
    if config is None:
        yield Finding("keys", "skipped", "no configuration")
        return
    try:
        consensus, transport = read_secret(config.consensus_key), read_secret(config.transport_key)
    except KeyFileError as error:
        cure = (
            "按提示修正；密钥遗失则须由治理更换验证节点",
            "do what the text says; a lost key needs a change of the validator by governance",
        )
        yield Finding("keys", "wrong", str(error), *cure)
        return
    if genesis is None or suite is None:
        yield Finding("keys", "skipped", "both can be read; no genesis to compare with")
        return
    key, link = suite.public_key(consensus), suite_named("intl").public_key(transport)
    patient.own = next((entry for entry in genesis.validators if entry.key == key), None)
    if patient.own is None:
        detail = f"consensus key {key.hex()[:16]}… is no validator of this genesis: the node will only observe"
        cure = "确认 genesis.cbor 与密钥属于同一条链", "make sure that genesis.cbor and the keys are of the same chain"
        yield Finding("keys", "wrong", detail, *cure)
    elif patient.own.transport_key != link:
        named = patient.own.transport_key.hex()[:16]
        detail = f"transport key {link.hex()[:16]}…, the genesis names {named}…: the others will not link to this node"
        cure = "放回建链时的 transport.key", "put back the transport.key that the genesis was made with"
        yield Finding("keys", "wrong", detail, *cure)
    else:
        yield Finding("keys", "good", f"validator of {patient.own.organisation}, key {key.hex()[:16]}…")


def check_ports(patient: Patient) -> Iterator[Finding]:
    config = patient.config
    if config is None:
        yield Finding("ports", "skipped", "no configuration")
        return
    patient.is_running = is_locked(config.database)
    if patient.is_running:
        yield Finding("running", "notice", "a process has the database open; `lugang node status` asks the node itself")
        return
    wanted = list(listening_ports(config.listen))
    try:
        wanted += [(address.host, address.port) for address in addresses_of(config)]
    except ConfigError:
        yield Finding("ports", "skipped", "the addresses of the API cannot be read")
        return
    for host, port in wanted:
        problem = bind_problem(host, port)
        if problem is None:
            yield Finding("ports", "good", f"{host}:{port} is free")
        else:
            cure = "停止占用者，或在 node.toml 中换端口", "stop who holds it, or choose another port in node.toml"
            yield Finding("ports", "wrong", f"{host}:{port}: {problem}", *cure)
    if patient.own is not None:
        ports = {port for _, port in listening_ports(patient.own.addresses)}
        if ports and not ports & {port for _, port in listening_ports(config.listen)}:
            detail = (
                f"the others dial {', '.join(patient.own.addresses)}, this node listens on {', '.join(config.listen)}"
            )
            cure = "确认端口转发，或改 listen", "make sure that the port is forwarded, or change `listen`"
            yield Finding("ports", "notice", detail, *cure)


def is_locked(database: Path) -> bool:
    """Whether a process has the database open, which LevelDB says when one tries to open it."""
    if not (database / "LOCK").exists():
        return False
    try:
        plyvel.DB(str(database), create_if_missing=False).close()
    except plyvel.IOError as error:
        return "lock" in str(error).lower()
    except plyvel.Error:
        return False
    return False


def check_disk(patient: Patient) -> Iterator[Finding]:
    place = patient.home if patient.config is None else patient.config.data
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < DISK_FREE_BYTES_MIN:
        cure = "腾出空间；节点在写满前不再就绪", "make room; the node is not ready below this"
        yield Finding("disk", "wrong", f"{free} bytes free at {place}, {DISK_FREE_BYTES_MIN} wanted", *cure)
    else:
        yield Finding("disk", "good", f"{free / 1e9:.1f} GB free")


def check_clock(patient: Patient) -> Iterator[Finding]:
    now_ms = time.time_ns() // 1_000_000
    if patient.genesis is not None and now_ms < patient.genesis.time:
        cure = "校准系统时钟（chrony 或 systemd-timesyncd）", "set the clock (chrony or systemd-timesyncd)"
        yield Finding("clock", "wrong", f"{shown(now_ms)} is before the genesis, {shown(patient.genesis.time)}", *cure)
    else:
        yield Finding("clock", "good", shown(now_ms))


def check_guard(patient: Patient) -> Iterator[Finding]:
    """The guard and the log together decide whether the node may vote at once; either alone lost makes it observe."""
    config = patient.config
    if config is None:
        yield Finding("guard", "skipped", "no configuration")
        return
    record = GuardFile(config.guard).load()
    observe = (
        "无需处理：节点将先旁观，向其他成员求证后自行恢复投票",
        "nothing to do: the node observes first, asks the other members, and votes again by itself",
    )
    if record is None:
        yield Finding("guard", "notice", f"{config.guard} is missing or cannot be read", *observe)
    else:
        try:
            state = GuardState.decode(record)
        except Refused as refused:
            yield Finding("guard", "notice", f"{config.guard}: {refused}", *observe)
        else:
            signed = "never signed" if state.position is None else f"last signed height {state.position[0]}"
            yield Finding("guard", "good", signed)
    for name, path in (("log", config.wal), ("pool journal", config.pool)):
        if patient.is_running:
            yield Finding(name, "skipped", "the node is running")
            continue
        condition, frames, size = inspect_log(path)
        detail = f"{frames} frames, {size} bytes"
        if condition is Condition.INTACT:
            yield Finding(name, "good", detail)
        elif condition is Condition.TAIL_CUT:
            yield Finding(name, "good", f"{detail}; the last write was cut off by a crash and will be dropped")
        else:
            yield Finding(name, "notice", f"{detail}; {condition.value}", *observe)


def check_database(patient: Patient) -> Iterator[Finding]:
    config, genesis, suite = patient.config, patient.genesis, patient.suite
    if config is None or genesis is None or suite is None:
        yield Finding("database", "skipped", "no configuration or no genesis")
        return
    if patient.is_running:
        yield Finding("database", "skipped", "the node is running")
        return
    if not (config.database / "CURRENT").exists():
        yield Finding("database", "notice", "there is none yet; the node makes it at its first start")
        return
    try:
        store = open_store(config.database, patient.chain)
    except Refused as refused:
        yield damaged_finding(refused)
        return
    try:
        yield from examine_store(patient, store, suite, genesis)
    finally:
        store.close()


def examine_store(patient: Patient, store: Store, suite: Suite, genesis: Genesis) -> Iterator[Finding]:
    try:
        (check_everything if patient.thorough else check_store)(store, suite, genesis)
        wrong = check_indexes(store, genesis, suite)
    except Refused as refused:
        yield damaged_finding(refused)
        return
    applied = store.applied
    if applied is None:
        yield Finding("database", "notice", "empty")
        return
    yield Finding("database", "good", f"height {applied.height}, certified {store.certified}, state as certified")
    if time.time_ns() // 1_000_000 + CLOCK_AHEAD_MS_MAX < applied.block_time:
        cure = "校准系统时钟", "set the clock"
        yield Finding("clock", "wrong", f"the last block is of {shown(applied.block_time)}, later than now", *cure)
    if wrong:
        cure = "运行 lugang node rebuild", "run `lugang node rebuild`"
        yield Finding(
            "indexes", "wrong", f"{len(wrong)} rows do not follow from the records, the first {wrong[0]}", *cure
        )
    else:
        yield Finding("indexes", "good", "follow from the records")


def damaged_finding(refused: Refused) -> Finding:
    return Finding("database", "wrong", refused.text("en"), refused.text("zh"), refused.text("en"))


def shown(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


CHECKS: Final[tuple[Check, ...]] = (
    check_config,
    check_genesis,
    check_keys,
    check_ports,
    check_disk,
    check_clock,
    check_guard,
    check_database,
)
