"""What a devnet consists of: which nodes, on which ports, in which folders. A value, written to `devnet.json` once.

A devnet folder holds:

    devnet.json         this plan
    genesis.toml        the written specification, genesis.cbor what the nodes start from
    nodes/NAME/         one node's home: keys, configuration, data, node.log, pid.json while it runs
    wallet/             a wallet home with the prepared people of all firms
    bank/               the bank simulator's home
    unfinished          there while it is being made; a devnet with this file was broken off and is made anew
"""

from __future__ import annotations

import json
import secrets
import shlex
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from devnet.problems import problem
from ledger.genesis import ROLES
from ledger.validators import Engine

PLAN_FILE: Final = "devnet.json"
UNFINISHED_FILE: Final = "unfinished"
DEFAULT_DIR: Final = "devnet-data"
NODES: Final = 5
"""One for each role."""
NODES_MIN: Final = 4
NODES_MAX: Final = 16
LOOPBACK: Final = "127.0.0.1"
PORTS: Final = range(20_000, 32_000)
"""Below the range (32768 to 60999 on Linux) from which the system takes a port for every outgoing connection: such a
port would now and then be gone when its node is started again."""


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One node: its name (the role that it plays, or `memberN`), its organisation and its three ports on loopback."""

    name: str
    organisation: str
    link_port: int
    api_port: int
    watch_port: int

    @property
    def api_url(self) -> str:
        return f"http://{LOOPBACK}:{self.api_port}"

    @property
    def watch_url(self) -> str:
        """Where /healthz, /readyz and /metrics are."""
        return f"http://{LOOPBACK}:{self.watch_port}"

    @property
    def link_address(self) -> str:
        return f"/ip4/{LOOPBACK}/tcp/{self.link_port}"


@dataclass(frozen=True, slots=True)
class DevnetPlan:
    """The whole network. `folder` is absolute and not stored: a devnet may be moved while it is down."""

    folder: Path
    suite: str
    engine: Engine
    nodes: tuple[NodePlan, ...]
    purpose: str = "tour"
    """What made it: `tour` (devnet up), `demo`, `bench`. The last two are made anew each time; nobody's tour is."""

    def node(self, name: str) -> NodePlan:
        """The node called `name`; raises DEV-002, which lists those that there are."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise problem("DEV-002", name=name, names=", ".join(self.names))

    @property
    def names(self) -> list[str]:
        return [node.name for node in self.nodes]

    def node_home(self, name: str) -> Path:
        return self.folder / "nodes" / name

    @property
    def genesis_file(self) -> Path:
        return self.folder / "genesis.cbor"

    @property
    def wallet_home(self) -> Path:
        return self.folder / "wallet"

    @property
    def bank_home(self) -> Path:
        return self.folder / "bank"

    def save(self) -> None:
        table = asdict(self)
        del table["folder"]
        (self.folder / PLAN_FILE).write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


def make_plan(folder: Path, node_count: int, suite: str, *, purpose: str = "tour") -> DevnetPlan:
    """A plan with free ports for `node_count` nodes, named for the five roles and then `member6`, `member7`, …"""
    if not NODES_MIN <= node_count <= NODES_MAX:
        raise problem("DEV-003", found=node_count, low=NODES_MIN, high=NODES_MAX)
    ports = free_ports(3 * node_count)
    names = [*ROLES, *(f"member{i}" for i in range(len(ROLES) + 1, NODES_MAX + 1))][:node_count]
    nodes = tuple(NodePlan(name, name, *ports[3 * i : 3 * i + 3]) for i, name in enumerate(names))
    return DevnetPlan(folder.resolve(), suite, "pbft", nodes, purpose)


def load_plan(folder: Path) -> DevnetPlan:
    """Raises DEV-001 when there is no devnet in `folder`."""
    try:
        table = json.loads((folder / PLAN_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise problem("DEV-001", folder=str(folder), command=command_for(folder, "up")) from None
    nodes = tuple(NodePlan(**node) for node in table.pop("nodes"))
    return DevnetPlan(folder=folder.resolve(), nodes=nodes, **table)


def command_for(folder: Path, arguments: str) -> str:
    """`lugang devnet ARGUMENTS` as it must be typed here to mean the devnet in `folder`."""
    where = folder.resolve()
    if where == Path(DEFAULT_DIR).resolve():
        return f"lugang devnet {arguments}"
    shown = where.relative_to(Path.cwd()) if where.is_relative_to(Path.cwd()) else where
    return f"lugang devnet {arguments} --dir {shlex.quote(str(shown))}"


def free_ports(count: int) -> list[int]:
    """Neighbouring ports of loopback that nobody listens on now. They begin at a random place, so that a devnet made
    while another one is down seldom gets the other one's."""
    first = PORTS.start + secrets.randbelow(len(PORTS) - count)
    found: list[int] = []
    for port in (*range(first, PORTS.stop), *range(PORTS.start, first)):
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise problem("DEV-013", found=len(found), wanted=count)


def is_free(port: int) -> bool:
    """Whether one can listen on this port of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection of a former life that lingers in TIME_WAIT is no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
