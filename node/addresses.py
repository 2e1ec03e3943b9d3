"""Where the HTTP listeners are, and who can reach them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from node.config import ConfigError, NodeConfig


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
        raise ConfigError(f"{name}: {text} is not host:port")
    return Address(host.removeprefix("[").removesuffix("]"), int(port))


def addresses_of(config: NodeConfig) -> tuple[Address, Address]:
    """Where the API and the monitoring listen; raises `ConfigError` for an open API that nobody has allowed."""
    api, monitoring = parse_address(config.api, "api"), parse_address(config.metrics, "metrics")
    if not api.is_loopback and not config.api_open_to_network:
        raise ConfigError(
            f"api = {config.api} lets everybody who can reach that address read this node. "
            "To allow it, set api_open_to_network = true in node.toml, or give --open-reads once"
        )
    return api, monitoring


def who_can_read(api: Address) -> str:
    """What an operator must know before the API is open."""
    if api.is_loopback:
        return f"只有本机程序可读 {api.host}:{api.port} · programs of this machine alone can read {api.host}:{api.port}"
    return (
        f"注意:凡能连到 {api.host}:{api.port} 者,均可读取本链全部凭证、金额、机构与回执,无需身份。\n"
        f"Mind: whoever can reach {api.host}:{api.port} can read every voucher, amount, organisation and receipt of "
        "this chain, without saying who they are."
    )
