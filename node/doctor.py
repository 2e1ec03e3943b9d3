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
NO_CONFIGURATION: Final = ("没有配置", "no configuration")
RUNNING: Final = ("节点正在运行", "the node is running")
CONDITIONS_ZH: Final = {
    Condition.INTACT: "完好",
    Condition.TAIL_CUT: "末尾中断",
    Condition.DAMAGED: "已损坏",
    Condition.LOST: "缺失",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's result in both languages: `detail` (English) and `detail_zh` have the numbers, then the cure."""

    check: str
    verdict: Verdict
    detail_zh: str
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
        yield Finding("config", "wrong", error.zh, error.en, *cure)
    else:
        file = str(patient.home / "node.toml")
        yield Finding("config", "good", file, file)


def check_genesis(patient: Patient) -> Iterator[Finding]:
    if patient.config is None:
        yield Finding("genesis", "skipped", *NO_CONFIGURATION)
        return
    try:
        patient.genesis, patient.suite, patient.chain = load_genesis(patient.config.genesis)
        patient.suite.self_test()
    except ConfigError as error:
        cure = (
            "向任一成员索取 genesis.cbor，核对链标识后放入节点目录",
            "get genesis.cbor from any member, compare the chain's name, and put it into the folder",
        )
        yield Finding("genesis", "wrong", error.zh, error.en, *cure)
    except RuntimeError as error:
        cure = "安装支持 SM2 的 OpenSSL 3", "install an OpenSSL 3 that has SM2"
        yield Finding("genesis", "wrong", f"国密套件不可用：{error}", str(error), *cure)
    else:
        name, chain = patient.genesis.name, patient.chain.hex()[:16]
        yield Finding("genesis", "good", f"{name}，链 {chain}…", f"{name}, chain {chain}…")


def check_keys(patient: Patient) -> Iterator[Finding]:
    config, genesis, suite = patient.config, patient.genesis, patient.suite
    if config is None:
        yield Finding("keys", "skipped", *NO_CONFIGURATION)
        return
    try:
        consensus, transport = read_secret(config.consensus_key), read_secret(config.transport_key)
    except KeyFileError as error:
        cure = (
            "按提示修正；密钥遗失则须由治理更换验证节点",
            "do what the text says; a lost key needs a change of the validator by governance",
        )
        yield Finding("keys", "wrong", error.zh, error.en, *cure)
        return
    if genesis is None or suite is None:
        both = "两个密钥均可读取；没有创世文件可供核对", "both can be read; no genesis to compare with"
        yield Finding("keys", "skipped", *both)
        return
    key, link = suite.public_key(consensus), suite_named("intl").public_key(transport)
    patient.own = next((entry for entry in genesis.validators if entry.key == key), None)
    if patient.own is None:
        zh = f"共识密钥 {key.hex()[:16]}… 不是本创世文件的验证节点：本节点只能旁观"
        en = f"consensus key {key.hex()[:16]}… is no validator of this genesis: the node will only observe"
        cure = "确认 genesis.cbor 与密钥属于同一条链", "make sure that genesis.cbor and the keys are of the same chain"
        yield Finding("keys", "wrong", zh, en, *cure)
    elif patient.own.transport_key != link:
        named = patient.own.transport_key.hex()[:16]
        zh = f"通信密钥 {link.hex()[:16]}…，创世文件所列为 {named}…：其他节点不会与本节点相连"
        en = f"transport key {link.hex()[:16]}…, the genesis names {named}…: the others will not link to this node"
        cure = "放回建链时的 transport.key", "put back the transport.key that the genesis was made with"
        yield Finding("keys", "wrong", zh, en, *cure)
    else:
        owner, head = patient.own.organisation, key.hex()[:16]
        yield Finding("keys", "good", f"{owner} 的验证节点，密钥 {head}…", f"validator of {owner}, key {head}…")


def check_ports(patient: Patient) -> Iterator[Finding]:
    config = patient.config
    if config is None:
        yield Finding("ports", "skipped", *NO_CONFIGURATION)
        return
    patient.is_running = is_locked(config.database)
    if patient.is_running:
        zh = "有进程正在使用数据库；可用 lugang node status 询问节点"
        en = "a process has the database open; `lugang node status` asks the node itself"
        yield Finding("running", "notice", zh, en)
        return
    wanted = list(listening_ports(config.listen))
    try:
        wanted += [(address.host, address.port) for address in addresses_of(config)]
    except ConfigError:
        yield Finding("ports", "skipped", "API 地址无法读取", "the addresses of the API cannot be read")
        return
    for host, port in wanted:
        problem = bind_problem(host, port)
        if problem is None:
            yield Finding("ports", "good", f"{host}:{port} 空闲", f"{host}:{port} is free")
        else:
            cure = "停止占用者，或在 node.toml 中换端口", "stop who holds it, or choose another port in node.toml"
            yield Finding("ports", "wrong", f"{host}:{port}：{problem[0]}", f"{host}:{port}: {problem[1]}", *cure)
    if patient.own is not None:
        ports = {port for _, port in listening_ports(patient.own.addresses)}
        if ports and not ports & {port for _, port in listening_ports(config.listen)}:
            dialled, listening = ", ".join(patient.own.addresses), ", ".join(config.listen)
            zh = f"其他节点连接 {dialled}，本节点监听 {listening}"
            en = f"the others dial {dialled}, this node listens on {listening}"
            cure = "确认端口转发，或改 listen", "make sure that the port is forwarded, or change `listen`"
            yield Finding("ports", "notice", zh, en, *cure)


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
        zh = f"{place} 剩余 {free} 字节，需要 {DISK_FREE_BYTES_MIN}"
        en = f"{free} bytes free at {place}, {DISK_FREE_BYTES_MIN} wanted"
        yield Finding("disk", "wrong", zh, en, *cure)
    else:
        yield Finding("disk", "good", f"剩余 {free / 1e9:.1f} GB", f"{free / 1e9:.1f} GB free")


def check_clock(patient: Patient) -> Iterator[Finding]:
    now_ms = time.time_ns() // 1_000_000
    if patient.genesis is not None and now_ms < patient.genesis.time:
        cure = "校准系统时钟（chrony 或 systemd-timesyncd）", "set the clock (chrony or systemd-timesyncd)"
        now, genesis = shown(now_ms), shown(patient.genesis.time)
        zh, en = f"{now} 早于创世时间 {genesis}", f"{now} is before the genesis, {genesis}"
        yield Finding("clock", "wrong", zh, en, *cure)
    else:
        yield Finding("clock", "good", shown(now_ms), shown(now_ms))


def check_guard(patient: Patient) -> Iterator[Finding]:
    """The guard and the log together decide whether the node may vote at once; either alone lost makes it observe."""
    config = patient.config
    if config is None:
        yield Finding("guard", "skipped", *NO_CONFIGURATION)
        return
    record = GuardFile(config.guard).load()
    observe = (
        "无需处理：节点将先旁观，向其他成员求证后自行恢复投票",
        "nothing to do: the node observes first, asks the other members, and votes again by itself",
    )
    if record is None:
        zh, en = f"{config.guard} 缺失或无法读取", f"{config.guard} is missing or cannot be read"
        yield Finding("guard", "notice", zh, en, *observe)
    else:
        try:
            state = GuardState.decode(record)
        except Refused as refused:
            zh, en = f"{config.guard}：{refused.code} {refused.text('zh')}", f"{config.guard}: {refused}"
            yield Finding("guard", "notice", zh, en, *observe)
        else:
            at = state.position
            never = "从未签署", "never signed"
            signed = never if at is None else (f"最后签署高度 {at[0]}", f"last signed height {at[0]}")
            yield Finding("guard", "good", *signed)
    for name, path in (("log", config.wal), ("pool journal", config.pool)):
        if patient.is_running:
            yield Finding(name, "skipped", *RUNNING)
            continue
        condition, frames, size = inspect_log(path)
        zh, en = f"{frames} 帧，{size} 字节", f"{frames} frames, {size} bytes"
        if condition is Condition.INTACT:
            yield Finding(name, "good", zh, en)
        elif condition is Condition.TAIL_CUT:
            cut = "；最后一次写入因崩溃中断，将被舍弃", "; the last write was cut off by a crash and will be dropped"
            yield Finding(name, "good", zh + cut[0], en + cut[1])
        else:
            yield Finding(name, "notice", f"{zh}；{CONDITIONS_ZH[condition]}", f"{en}; {condition.value}", *observe)


def check_database(patient: Patient) -> Iterator[Finding]:
    config, genesis, suite = patient.config, patient.genesis, patient.suite
    if config is None or genesis is None or suite is None:
        yield Finding("database", "skipped", "没有配置或创世文件", "no configuration or no genesis")
        return
    if patient.is_running:
        yield Finding("database", "skipped", *RUNNING)
        return
    if not (config.database / "CURRENT").exists():
        none_yet = "尚无数据库；节点首次启动时建立", "there is none yet; the node makes it at its first start"
        yield Finding("database", "notice", *none_yet)
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
        yield Finding("database", "notice", "空", "empty")
        return
    zh = f"高度 {applied.height}，已认证 {store.certified}，状态与认证相符"
    en = f"height {applied.height}, certified {store.certified}, state as certified"
    yield Finding("database", "good", zh, en)
    if time.time_ns() // 1_000_000 + CLOCK_AHEAD_MS_MAX < applied.block_time:
        cure = "校准系统时钟", "set the clock"
        last = shown(applied.block_time)
        zh, en = f"最后区块的时间为 {last}，晚于现在", f"the last block is of {last}, later than now"
        yield Finding("clock", "wrong", zh, en, *cure)
    if wrong:
        cure = "运行 lugang node rebuild", "run `lugang node rebuild`"
        zh = f"{len(wrong)} 行与记录不符，首先 {wrong[0]}"
        en = f"{len(wrong)} rows do not follow from the records, the first {wrong[0]}"
        yield Finding("indexes", "wrong", zh, en, *cure)
    else:
        yield Finding("indexes", "good", "与记录相符", "follow from the records")


def damaged_finding(refused: Refused) -> Finding:
    zh, en = refused.text("zh"), refused.text("en")
    return Finding("database", "wrong", zh, en, zh, en)


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
