"""Agreeing on what a stream is for, by libp2p's multistream-select, within bounds of its own.

The library's negotiator believes any announced length and goes on asking for ever; here it is given a stream that
runs dry after a kilobyte, and its caller a time limit.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from libp2p.custom_types import TProtocol
from libp2p.io.abc import ReadWriteCloser
from libp2p.io.exceptions import ConnectionClosedError
from libp2p.protocol_muxer.multiselect import Multiselect
from libp2p.protocol_muxer.multiselect_client import MultiselectClient
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator

from node.transport.muxing import MuxedStream

NEGOTIATION_BYTES_MAX: Final = 1024


class _Bounded(ReadWriteCloser):
    def __init__(self, stream: MuxedStream) -> None:
        self._stream = stream
        self._left = NEGOTIATION_BYTES_MAX

    async def read(self, n: int | None = None) -> bytes:
        if not self._left:
            raise ConnectionClosedError("too many bytes for a negotiation")
        data = await self._stream.read(min(self._left, self._left if n is None else n))
        self._left -= len(data)
        return data

    async def write(self, data: bytes) -> None:
        await self._stream.write(data)

    async def close(self) -> None:
        await self._stream.reset()

    def get_remote_address(self) -> tuple[str, int] | None:
        return None


async def propose(stream: MuxedStream, protocol: TProtocol) -> None:
    """Ask the peer for `protocol` on a stream that we opened."""
    await MultiselectClient().select_one_of([protocol], MultiselectCommunicator(_Bounded(stream)))


async def answer(stream: MuxedStream, protocols: Collection[TProtocol]) -> TProtocol:
    """Let the peer choose one of `protocols` on a stream that it opened."""
    chosen, _ = await Multiselect(dict.fromkeys(protocols)).negotiate(MultiselectCommunicator(_Bounded(stream)))
    assert chosen is not None
    return chosen
