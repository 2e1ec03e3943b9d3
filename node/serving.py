"""Adds the HTTP side to a node: what the routes may use."""

from __future__ import annotations

import logging

from ledger.crypto import INTERNATIONAL
from node.actors.rpc import Rpc
from node.addresses import addresses_of, who_can_read
from node.app import Node
from node.contract_engine import ContractReads
from node.http.limits import HttpLimits
from node.http.seams import Identity, NodeSeams

log = logging.getLogger("lugang.http")


def add_http(node: Node) -> None:
    """The HTTP actor becomes one of the node's services; before the node runs."""
    api, monitoring = addresses_of(node.config)
    opened = node.opened
    link = INTERNATIONAL.public_key(opened.transport_seed)
    own = next((entry for entry in opened.genesis.validators if entry.transport_key == link), None)
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
