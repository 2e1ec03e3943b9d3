"""Real processes on loopback: start them, ask them, kill them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import trio

from ledger.transaction import Transaction
from tests.node import process_node
from tests.node.support import chain_of, make_folder, make_genesis, make_transaction

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60
ASK_SECONDS = 0.05


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Processes:
    """A chain of nodes, each a process. Use as a context manager: nothing is left running."""

    def __init__(self, root: Path, count: int = 5) -> None:
        self.genesis = make_genesis(count, free_ports(count))
        self.chain = chain_of(self.genesis)
        self.configs = [make_folder(root, self.genesis, i) for i in range(count)]
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()

    @property
    def running(self) -> list[int]:
        return sorted(self._running)

    def start(self, index: int) -> None:
        log = (self.configs[index].folder / "node.log").open("ab")
        folder = str(self.configs[index].folder)
        command = [sys.executable, "-m", "tests.node.process_node", folder]
        self._running[index] = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=dict(os.environ))
        log.close()

    def pid(self, index: int) -> int:
        return self._running[index].pid

    def kill(self, index: int) -> None:
        """As hard as it gets."""
        process = self._running.pop(index)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self, index: int) -> int:
        process = self._running.pop(index)
        process.send_signal(signal.SIGTERM)
        return process.wait(PATIENCE_SECONDS)

    def log_of(self, index: int) -> str:
        return (self.configs[index].folder / "node.log").read_text()

    def transaction(self, note: str = "note") -> Transaction:
        return make_transaction(self.chain, time.time_ns() // 1_000_000 + 600_000, note)

    async def ask(self, index: int, kind: str, argument=None):
        """Ask until the node listens; a node that has ended fails the test with its log."""
        path = str(self.configs[index].folder / process_node.SOCKET)
        with trio.fail_after(PATIENCE_SECONDS):
            while True:
                assert self._running[index].poll() is None, self.log_of(index)
                try:
                    async with await trio.open_unix_socket(path) as stream:
                        await process_node.send(stream, [kind, argument])
                        answer = await process_node.receive(stream)
                        if answer is not None:
                            return answer
                except (OSError, trio.BrokenResourceError):
                    pass
                await trio.sleep(ASK_SECONDS)

    async def wait_final(self, *transactions: Transaction) -> None:
        ids = [transaction.id for transaction in transactions]
        with trio.fail_after(PATIENCE_SECONDS):
            for index in self.running:
                # The node is another process: there is nothing here to wait on but its answers.
                while set(await self.ask(index, "phases", ids)) - {"final"}:  # noqa: ASYNC110
                    await trio.sleep(ASK_SECONDS)
