"""What a devnet consists of: which nodes, on which ports, in which folders. A value, written to `devnet.json` once.

A devnet folder holds:

    devnet.json         this plan
    genesis.toml        the written specification, genesis.cbor what the nodes start from
    nodes/NAME/         one node's home: keys, configuration, data, node.log, pid.json while it runs
    wallet/             a wallet home with the prepared people of all firms
    bank/               the bank simulator's home
"""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from ledger.genesis import ROLES

PLAN_FILE: Final = "devnet.json"
NODES_MIN: Final = 4
NODES_MAX: Final = 16
LOOPBACK: Final = "127.0.0.1"


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
    engine: str
    nodes: tuple[NodePlan, ...]

    def node(self, name: str) -> NodePlan:
        """The node called `name`; KeyError lists those that there are."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(f"{name} is none of {', '.join(node.name for node in self.nodes)}")

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


def make_plan(folder: Path, node_count: int, suite: str) -> DevnetPlan:
    """A plan with free ports for `node_count` nodes, named for the five roles and then `member6`, `member7`, …"""
    if not NODES_MIN <= node_count <= NODES_MAX:
        raise ValueError(f"{node_count} nodes, {NODES_MIN} to {NODES_MAX} are possible")
    ports = free_ports(3 * node_count)
    names = [*ROLES, *(f"member{i}" for i in range(len(ROLES) + 1, NODES_MAX + 1))][:node_count]
    nodes = tuple(NodePlan(name, name, *ports[3 * i : 3 * i + 3]) for i, name in enumerate(names))
    return DevnetPlan(folder.resolve(), suite, "pbft", nodes)


def load_plan(folder: Path) -> DevnetPlan:
    """Raises FileNotFoundError when there is no devnet in `folder`."""
    table = json.loads((folder / PLAN_FILE).read_text(encoding="utf-8"))
    nodes = tuple(NodePlan(**node) for node in table.pop("nodes"))
    return DevnetPlan(folder=folder.resolve(), nodes=nodes, **table)


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on now; all are held open until all are found, so none comes twice."""
    held = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for held_socket in held:
            held_socket.bind((LOOPBACK, 0))
        return [held_socket.getsockname()[1] for held_socket in held]
    finally:
        for held_socket in held:
            held_socket.close()
