"""Adds the HTTP side to a node: who may be let in, and what the routes may use."""

from __future__ import annotations

import logging

from node.actors.rpc import Address, Rpc
from node.app import Node
from node.config import ConfigError, NodeConfig
from node.contract_engine import ContractReads
from node.http.limits import HttpLimits
from node.http.seams import Identity, NodeSeams
from node.transport.identity import public_key_of

log = logging.getLogger("lugang.http")


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


def add_http(node: Node) -> None:
    """For `node.app.main`: the HTTP actor becomes one of the node's services."""
    api, monitoring = addresses_of(node.config)
    opened = node.opened
    own = next(
        (entry for entry in opened.genesis.validators if entry.transport_key == public_key_of(opened.transport_seed)),
        None,
    )
    contracts = ContractReads(opened.suite, opened.genesis, opened.store)
    # Binding the contracts takes long the first time; it must not hold up votes later.
    with opened.store.leased_snapshot(max(opened.store.snapshots)) as reader:
        contracts.sheets(reader)
    seams = NodeSeams(
        reads=node.reads,
        contracts=contracts,
        identity=Identity(
            "" if own is None else own.organisation,
            opened.signer.key,
            b"" if own is None else own.transport_key,
            node.config.data,
        ),
        submit=node.submit,
        sign_freshness=node.sign_freshness,
        wall_ms=node.clock.wall_ms,
        limits=HttpLimits(),
    )
    rpc = Rpc(seams, api, monitoring)
    node.add_service(rpc.run)
    log.info("api=%s:%d monitoring=%s:%d", api.host, api.port, monitoring.host, monitoring.port)
    if not api.is_loopback:
        log.warning("%s", who_can_read(api))
