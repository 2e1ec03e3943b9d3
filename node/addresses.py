"""Where a node listens, who can reach it there, and whether somebody else listens there already."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from node.config import ConfigError, NodeConfig
from node.language import reason_of, words


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0 takes any free one."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse_address(text: str, name: str) -> Address:
    """`host:port`, an IPv6 host in brackets; raises `ConfigError`."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise ConfigError(f"{name}：{text} 不是 主机:端口", f"{name}: {text} is not host:port")
    return Address(host.removeprefix("[").removesuffix("]"), int(port))


def addresses_of(config: NodeConfig) -> tuple[Address, Address]:
    """Where the API and the monitoring listen; raises `ConfigError` for an open API that nobody has allowed."""
    api, monitoring = parse_address(config.api, "api"), parse_address(config.metrics, "metrics")
    if not api.is_loopback and not config.api_open_to_network:
        raise ConfigError(
            f"api = {config.api} 使凡能连到该地址者均可读取本节点。"
            "如需开放，请在 node.toml 中设 api_open_to_network = true，或本次启动加 --open-reads",
            f"api = {config.api} lets everybody who can reach that address read this node. "
            "To allow it, set api_open_to_network = true in node.toml, or give --open-reads once",
        )
    return api, monitoring


def who_can_read(api: Address) -> str:
    """What an operator must know before the API is open."""
    if api.is_loopback:
        place = f"{api.host}:{api.port}"
        return words(f"只有本机程序可读 {place}", f"programs of this machine alone can read {place}")
    return words(
        f"注意：凡能连到 {api.host}:{api.port} 者，均可读取本链全部凭证、金额、机构与回执，无需身份。",
        f"Mind: whoever can reach {api.host}:{api.port} can read every voucher, amount, organisation and receipt of "
        "this chain, without saying who they are.",
    )


def verify_free(config: NodeConfig) -> None:
    """Every address of the configuration can be listened on now; raises `ConfigError` with the first that cannot."""
    api, monitoring = addresses_of(config)
    wanted = [("listen", host, port) for host, port in listening_ports(config.listen)]
    wanted += [("api", api.host, api.port), ("metrics", monitoring.host, monitoring.port)]
    for setting, host, port in wanted:
        problem = None if port == 0 else bind_problem(host, port)
        if problem is not None:
            zh, en = problem
            raise ConfigError(
                f"不能在 {host}:{port}（node.toml 的 {setting}）监听：{zh}。"
                f"查看占用者：ss -ltnp 'sport = :{port}'；结束它，或在 node.toml 中换一个端口",
                f"cannot listen on {host}:{port} ({setting} in node.toml): {en}. "
                f"Who has it: ss -ltnp 'sport = :{port}'; end that program, or choose another port in node.toml",
            )


def listening_ports(addresses: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Host and port of addresses like `/ip4/10.0.0.7/tcp/4001`; names of hosts are left to the resolver."""
    for address in addresses:
        parts = address.split("/")
        if len(parts) >= 5 and parts[1] in ("ip4", "ip6") and parts[3] == "tcp" and parts[4].isdecimal():
            yield parts[2], int(parts[4])


def bind_problem(host: str, port: int) -> tuple[str, str] | None:
    """What hinders listening there, in Chinese and English, or None."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return reason_of(error)
    return None
