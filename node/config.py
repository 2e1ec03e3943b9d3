"""A node's folder and its `node.toml`.

```
node.toml             what is written below
genesis.cbor          the chain
keys/consensus.key    keys/transport.key    keys/guard      (the guard lies beside the key that it guards)
data/db               data/wal              data/pool
```
`create_folder` makes key files, guard, log and journal together, once: a guard that says "never signed" is believed
only because it was made in the same moment as the key and the log. Paths in the file are relative to the folder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from consensus.records import GuardState
from ledger.crypto import Suite
from ledger.errors import Refused
from ledger.genesis import Genesis
from ledger.national import suite_named
from node.frame_log import FrameLog
from node.guard import GuardFile
from node.keys import write_secret
from node.language import Unusable, reason_of

FILE_NAME: Final = "node.toml"
DEFAULTS: Final[dict[str, Any]] = {
    "genesis": "genesis.cbor",
    "consensus_key": "keys/consensus.key",
    "transport_key": "keys/transport.key",
    "guard": "keys/guard",
    "data": "data",
    "api": "127.0.0.1:8080",
    "metrics": "127.0.0.1:9090",
    "api_open_to_network": False,
    "verify_threads": 0,
    "log_json": False,
}
REQUIRED: Final = ("listen",)
ENGINES_HERE: Final = ("pbft",)
"""A genesis may name another engine. Run by this one under that one's quorums, its chain would be neither."""


class ConfigError(Unusable):
    """The folder or its node.toml cannot be used; the text says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """What `node.toml` says. `api` and `metrics` are host:port; `listen` are multiaddresses."""

    folder: Path
    genesis: Path
    consensus_key: Path
    transport_key: Path
    guard: Path
    data: Path
    listen: tuple[str, ...]
    api: str
    metrics: str
    api_open_to_network: bool
    verify_threads: int
    log_json: bool

    @property
    def database(self) -> Path:
        return self.data / "db"

    @property
    def wal(self) -> Path:
        return self.data / "wal"

    @property
    def pool(self) -> Path:
        return self.data / "pool"


KINDS: Final = {
    str: ("文字", "a text"),
    bool: ("true 或 false", "true or false"),
    int: ("整数", "an integer"),
}


def unreadable(path: Path, error: OSError | ValueError) -> ConfigError:
    zh, en = reason_of(error)
    place = getattr(error, "filename", None) or path
    return ConfigError(f"不能读取 {place}：{zh}", f"{place}: {en}")


def made_before(path: Path) -> ConfigError:
    return ConfigError(f"{path} 已存在；节点目录只建立一次", f"{path} exists; a node's folder is made once")


def load_config(folder: Path) -> NodeConfig:
    """Raises `ConfigError`."""
    path = folder / FILE_NAME
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise unreadable(path, error) from None
    unknown = table.keys() - DEFAULTS.keys() - set(REQUIRED)
    missing = set(REQUIRED) - table.keys()
    if unknown or missing:
        extra, lacking = ", ".join(sorted(unknown)) or "-", ", ".join(missing) or "-"
        raise ConfigError(
            f"{path}：多余的设置 {extra}；缺少的设置 {lacking}", f"{path}: unknown {extra}; missing {lacking}"
        )
    values = {**DEFAULTS, **table}
    for name, default in DEFAULTS.items():
        if type(values[name]) is not type(default):
            zh, en = KINDS[type(default)]
            raise ConfigError(f"{path}：{name} 应为{zh}", f"{path}: {name} must be {en}")
    listen = values["listen"]
    if not isinstance(listen, list) or not all(isinstance(address, str) for address in listen):
        raise ConfigError(f"{path}：listen 应为地址列表", f"{path}: listen must be a list of multiaddresses")
    for name in ("genesis", "consensus_key", "transport_key", "guard", "data"):
        values[name] = folder / values[name]
    return NodeConfig(folder=folder, **{**values, "listen": tuple(listen)})


def write_config(folder: Path, *, listen: tuple[str, ...], **values: Any) -> None:
    """A `node.toml` with what differs from the defaults."""
    lines = [f"listen = [{', '.join(_toml(address) for address in listen)}]"]
    for name, value in values.items():
        assert name in DEFAULTS, f"{name} is a setting"
        lines.append(f"{name} = {_toml(value)}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE_NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    assert '"' not in value and "\\" not in value, "settings are plain text"  # noqa: PT018
    return f'"{value}"'


def create_folder(
    config: NodeConfig,
    consensus_secret: bytes,
    transport_seed: bytes,
    write_key: Callable[[Path, bytes], None] = write_secret,
) -> None:
    """Keys, guard, log and journal of a new node; raises `ConfigError` when one of them is there already.

    `write_key` makes the key files; unencrypted ones, unless another is given.
    """
    for path in (config.consensus_key, config.transport_key, config.guard, config.wal, config.pool, config.database):
        if path.exists():
            raise made_before(path)
    write_key(config.transport_key, transport_seed)
    FrameLog.create(config.wal)
    FrameLog.create(config.pool)
    GuardFile(config.guard).replace(GuardState().encode())
    write_key(config.consensus_key, consensus_secret)


def load_genesis(path: Path) -> tuple[Genesis, Suite, bytes]:
    """The genesis, its suite and the chain's id; raises `ConfigError`."""
    try:
        data = path.read_bytes()
        genesis = Genesis.decode(data)
    except OSError as error:
        raise unreadable(path, error) from None
    except Refused as refused:
        zh, en = (f"{refused.code} {refused.text(language)}" for language in ("zh", "en"))
        raise ConfigError(f"{path}：{zh}", f"{path}: {en}") from None
    if genesis.engine not in ENGINES_HERE:
        here = ", ".join(ENGINES_HERE)
        raise ConfigError(
            f"{path}：共识引擎为 {genesis.engine}，本版本只有 {here}",
            f"{path}: the engine is {genesis.engine}, this release has {here}",
        )
    suite = suite_named(genesis.suite)
    return genesis, suite, suite.hasher("genesis")(data)
