"""A process of its own with one node in it, for the tests that kill and stop processes.

Arguments: its number, its port, and `number:port` of each peer. Says on standard output, a line each: `ready`, and
`up N`, `down N REASON`, `got N COUNT` as things happen. Sends a rising count to every peer that is up.
"""

from __future__ import annotations

import sys

import trio

from node.transport.config import TransportConfig
from node.transport.interface import Channel, FrameReceived, PeerDown, PeerUp, Priority
from node.transport.libp2p_transport import Libp2pTransport
from tests.transport.support import KEYS, SEEDS, peer

CONFIG = TransportConfig(backoff_initial_seconds=0.05, backoff_seconds_max=0.5, heartbeat_seconds=0.25)


def say(*words: object) -> None:
    print(*words, flush=True)


async def tell(transport: Libp2pTransport) -> None:
    async for item in transport.incoming:
        number = KEYS.index(item.peer)
        if isinstance(item, PeerUp):
            say("up", number)
        elif isinstance(item, PeerDown):
            say("down", number, item.reason.value)
        else:
            assert isinstance(item, FrameReceived)
            say("got", number, item.payload.decode())


async def main(number: int, port: int, others: list[tuple[int, int]]) -> None:
    registry = [peer(other, other_port) for other, other_port in others]
    transport = Libp2pTransport(SEEDS[number], [f"/ip4/127.0.0.1/tcp/{port}"], registry, CONFIG)
    async with trio.open_nursery() as nursery:
        await nursery.start(transport.run)
        nursery.start_soon(tell, transport)
        say("ready")
        for count in range(1_000_000):
            for key in transport.connected():
                transport.send_nowait(key, Channel.VOTES, b"%d" % count, Priority.VOTE)
            await trio.sleep(0.05)


if __name__ == "__main__":
    peers = [argument.split(":") for argument in sys.argv[3:]]
    trio.run(main, int(sys.argv[1]), int(sys.argv[2]), [(int(number), int(port)) for number, port in peers])
