"""Several whole nodes in one process, with real folders, over a `MemoryNetwork`; they can be dropped and restarted."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from ledger.genesis import Genesis
from ledger.transaction import Transaction
from node.app import MachineFactory, Node, build_node
from node.messages import Reply, Submit, SubmitOutcome
from node.transport.interface import PeerKey
from tests.node.memory_transport import MemoryNetwork, MemoryTransport
from tests.node.support import (
    chain_of,
    make_folder,
    make_genesis,
    make_transaction,
    notes_machine,
    open_register,
)

PATIENCE_SECONDS = 30
NOTES_EVERYWHERE: Mapping[int, MachineFactory] = {}


class Cluster:
    def __init__(
        self, root: Path, genesis: Genesis, nursery: trio.Nursery, machines: Mapping[int, MachineFactory]
    ) -> None:
        self.genesis = genesis
        self.chain = chain_of(genesis)
        self.network = MemoryNetwork()
        self.configs = [make_folder(root, genesis, i) for i in range(len(genesis.validators))]
        self.nodes: dict[int, Node] = {}
        self.transports: dict[int, MemoryTransport] = {}
        self._nursery = nursery
        self.machines = dict(machines)
        self._scopes: dict[int, trio.CancelScope] = {}

    async def start(self, index: int) -> Node:
        transport = MemoryTransport(self.network, PeerKey(self.genesis.validators[index].transport_key))
        self.transports[index] = transport
        node = self.nodes[index] = build_node(
            self.configs[index],
            self.machines.get(index, notes_machine),
            open_register,
            transport=transport,
        )
        await self._nursery.start(self._run, index, node)
        return node

    async def _run(self, index: int, node: Node, task_status=trio.TASK_STATUS_IGNORED) -> None:
        with trio.CancelScope() as scope:
            self._scopes[index] = scope
            await node.run(task_status)

    async def stop(self, index: int) -> None:
        """Everything in memory is lost, as by a crash: a node writes nothing when it is told to stop."""
        self._scopes.pop(index).cancel()
        node = self.nodes.pop(index)
        with trio.fail_after(PATIENCE_SECONDS):
            await node.closed.wait()

    def transaction(self, note: str = "note") -> Transaction:
        return make_transaction(self.chain, time.time_ns() // 1_000_000 + 60_000, note)

    async def submit(self, index: int, *transactions: Transaction) -> tuple[SubmitOutcome, ...]:
        reply: Reply[tuple[SubmitOutcome, ...]] = Reply()
        await self.nodes[index].submit(Submit(tuple(t.wire for t in transactions), reply))
        with trio.fail_after(PATIENCE_SECONDS):
            return await reply.get()

    async def wait_final(self, *transactions: Transaction) -> None:
        """Until every running node has certified all of them."""
        with trio.fail_after(PATIENCE_SECONDS):
            for node in self.nodes.values():
                for transaction in transactions:
                    while node.reads.transaction(transaction.id).phase != "final":
                        await node.board.chain.wait_change()


@asynccontextmanager
async def running_cluster(
    root: Path,
    count: int = 5,
    timeouts: dict[str, int] | None = None,
    machines: Mapping[int, MachineFactory] = NOTES_EVERYWHERE,
) -> AsyncIterator[Cluster]:
    """`machines` are those of the nodes that do not run the plain one."""
    async with trio.open_nursery() as nursery:
        cluster = Cluster(root, make_genesis(count, timeouts=timeouts), nursery, machines)
        for index in range(count):
            await cluster.start(index)
        yield cluster
        nursery.cancel_scope.cancel()
