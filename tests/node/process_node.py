"""A whole node as a process of its own, with libp2p and the tests' machine: `python -m tests.node.process_node FOLDER`.

Its test speaks to it over a Unix socket in the folder: a length, then CBOR [question, argument]; the answer likewise.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import cbor2
import trio

from node.app import Node, build_node, run_until_signal
from node.config import load_config
from node.messages import Reply, Submit, SubmitOutcome
from tests.node.support import notes_machine, open_register

SOCKET = "control.sock"
LENGTH_BYTES = 4


class Control:
    def __init__(self, node: Node, path: Path) -> None:
        self._node = node
        self._path = path

    async def run(self, task_status=trio.TASK_STATUS_IGNORED) -> None:
        self._path.unlink(missing_ok=True)
        listener = trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_STREAM)
        await listener.bind(str(self._path))
        listener.listen(1024)
        task_status.started()
        await trio.serve_listeners(self._serve, [trio.SocketListener(listener)])

    async def _serve(self, stream: trio.SocketStream) -> None:
        try:
            while (question := await receive(stream)) is not None:
                await send(stream, await self._answer(*question))
        except trio.BrokenResourceError:
            return

    async def _answer(self, kind: str, argument):
        node = self._node
        if kind == "submit":
            reply: Reply[tuple[SubmitOutcome, ...]] = Reply()
            await node.submit(Submit(tuple(argument), reply))
            return [outcome.outcome for outcome in await reply.get()]
        if kind == "phases":
            return [node.reads.transaction(identifier).phase for identifier in argument]
        chain, ordering, execution = node.board.chain.value, node.board.ordering.value, node.board.execution
        return [
            chain.applied,
            chain.certified,
            ordering.mode,
            ordering.view_changes,
            node.board.pool.count,
            list(node.board.peer_faults.items()),
            [execution.blocks, execution.transactions, execution.total_us],
        ]


async def receive(stream: trio.abc.ReceiveStream):
    head = await _exactly(stream, LENGTH_BYTES)
    return None if head is None else cbor2.loads(await _exactly(stream, int.from_bytes(head, "big")) or b"")


async def _exactly(stream: trio.abc.ReceiveStream, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        piece = await stream.receive_some(size - len(data))
        if not piece:
            return None
        data += piece
    return data


async def send(stream: trio.abc.SendStream, value) -> None:
    data = cbor2.dumps(value)
    await stream.send_all(len(data).to_bytes(LENGTH_BYTES, "big") + data)


def add_control(node: Node) -> None:
    node.add_service(Control(node, node.config.folder / SOCKET).run)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    process = build_node(load_config(Path(sys.argv[1])), notes_machine, open_register)
    add_control(process)
    trio.run(run_until_signal, process)
