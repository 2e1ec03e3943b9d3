"""One link: a multiplexed connection to one peer, its two streams, and the tasks that serve them.

A link lives and dies as a whole. Its tasks are one reader and one writer for each stream, the multiplexer, an
acceptor of streams and a watcher for silence; whichever notices the end first says why (`end`), the socket is
aborted, and `run` returns the reason. No exception caused by the peer leaves `run`; a bug of ours does.

Rules that the library forces on us, with the number of the guard:
* a stream has exactly one writing task (9), and a write that was cut short, by a time limit or by cancellation, is
  never followed by another: the connection goes (6, 7);
* readers always drain; where the consumer does not keep up for too long, the link goes before the peer's library
  gives up on its window (8);
* streams are few, and each that is not one of the two is reset when its handler ends (12, 13).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

import trio
from libp2p.custom_types import TProtocol
from libp2p.stream_muxer.yamux.yamux import YamuxStream

from node.transport.channels import read_frames, write_frames
from node.transport.config import BULK_SHARE_PERCENT, CHANNEL_FRAME_BYTES_MAX, TransportConfig
from node.transport.counters import PeerCounters
from node.transport.errors import LinkEnded, library_faults
from node.transport.inbox import Allowance, Inbox
from node.transport.interface import Channel, FrameReceived, PeerKey, PeerUp, Priority, Reason, Sent
from node.transport.muxing import GuardedYamux, Meter, MuxedStream
from node.transport.negotiation import answer, propose
from node.transport.outbox import Outbox

PROTOCOLS: Final[dict[TProtocol, Channel]] = {
    TProtocol("/lugang/votes/1"): Channel.VOTES,
    TProtocol("/lugang/bulk/1"): Channel.BULK,
}
_PARTING: Final = frozenset({Reason.SHUTDOWN, Reason.UNREGISTERED, Reason.REPLACED})
"""Ends of our own choosing: a peer that still listens is told before the socket closes."""


class Link:
    """Everything between one `PeerUp` and its `PeerDown`, and the setting up before it."""

    def __init__(
        self,
        peer: PeerKey,
        muxer: GuardedYamux,
        *,
        config: TransportConfig,
        counters: PeerCounters,
        allowance: Allowance,
        inbox: Inbox,
    ) -> None:
        self.peer = peer
        self.outboxes = {
            Channel.VOTES: Outbox(config.votes_queue_frames_max, config.votes_queue_bytes_max),
            Channel.BULK: Outbox(config.bulk_queue_frames_max, config.bulk_queue_bytes_max, BULK_SHARE_PERCENT),
        }
        self.is_up = False
        self.up_since_ms: int | None = None
        self.ended: LinkEnded | None = None
        self._muxer = muxer
        self._config = config
        self._counters = counters
        self._allowance = allowance
        self._inbox = inbox
        self._streams: dict[Channel, MuxedStream] = {}
        self._attached = trio.Event()
        self._scope = trio.CancelScope()

    @property
    def was_up(self) -> bool:
        return self.up_since_ms is not None

    @property
    def throttled(self) -> int:
        """How often the peer was made to wait."""
        return self._muxer.session.meter.throttled

    def round_trip_us(self) -> int | None:
        return self._muxer.session.socket.round_trip_us()

    def send_nowait(self, channel: Channel, frame: bytes, priority: Priority) -> Sent:
        """Queue a frame. A votes queue that is full has a peer behind it that is of no use: the link goes."""
        longest = CHANNEL_FRAME_BYTES_MAX[channel]
        assert 0 < len(frame) <= longest, f"a frame of {len(frame)} bytes, the channel takes 1 to {longest}"
        if not self.is_up or self.ended is not None:
            return Sent.NOT_CONNECTED
        outbox = self.outboxes[channel]
        if outbox.offer(frame, priority):
            return Sent.QUEUED
        if channel is Channel.VOTES:
            self.end(LinkEnded(Reason.VOTES_OVERFLOW, f"{outbox.frames} frames of {outbox.bytes} bytes are waiting"))
        return Sent.QUEUE_FULL

    def end(self, ended: LinkEnded) -> None:
        """Say why the link is over; the first to say so is believed. Never waits."""
        if self.ended is None:
            self.ended = self._muxer.violation or ended
        if self.ended.reason not in _PARTING:
            self._muxer.session.socket.abort()
        self._scope.cancel()

    async def run(self) -> LinkEnded:
        """Set up and serve until the end; return how it ended. Announces `PeerUp`; `PeerDown` is the caller's."""
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._guarded, self._multiplex)
                    nursery.start_soon(self._guarded, self._watch_silence)
                    nursery.start_soon(self._guarded, partial(self._accept_streams, nursery))
                    nursery.start_soon(self._guarded, partial(self._set_up, nursery))
        finally:
            self.is_up = False
        if self._muxer.bug is not None:
            raise self._muxer.bug
        assert self.ended is not None, "a link ends for a reason"
        return self.ended

    async def _guarded(self, task: Callable[[], Awaitable[None]]) -> None:
        try:
            await task()
        except LinkEnded as ended:
            self.end(ended)

    async def part(self) -> None:
        """After `run`: close what is left, politely where the link was well, and soon in any case."""
        socket = self._muxer.session.socket
        if not socket.torn and (self.ended is None or self.ended.reason in _PARTING):
            scope = trio.CancelScope(deadline=trio.current_time() + self._config.close_seconds, shield=True)
            with scope, suppress(LinkEnded), library_faults(Reason.SHUTDOWN, "close"):
                await self._muxer.close()
        socket.abort()

    async def _multiplex(self) -> None:
        with library_faults(Reason.BROKEN, "multiplexer"):
            await self._muxer.start()
        raise LinkEnded(Reason.PEER_CLOSED, "the connection is closed")

    async def _set_up(self, nursery: trio.Nursery) -> None:
        with trio.move_on_after(self._config.handshake_seconds) as scope:
            if self._muxer.is_initiator:
                for protocol in PROTOCOLS:
                    await self._open_stream(protocol)
            await self._attached.wait()
            await self._streams[Channel.VOTES].widen(self._config.votes_window_bytes)
            await self._streams[Channel.BULK].widen(self._config.bulk_window_bytes)
        if scope.cancelled_caught:
            raise LinkEnded(Reason.SETUP_TIMEOUT, f"streams not open within {self._config.handshake_seconds} s")
        self.is_up = True
        self.up_since_ms = time.time_ns() // 1_000_000
        self._counters.links += 1
        self._inbox.notify(PeerUp(self.peer))
        for channel, stream in self._streams.items():
            nursery.start_soon(self._guarded, partial(self._read, channel, stream))
            nursery.start_soon(self._guarded, partial(self._write, channel, stream))

    async def _open_stream(self, protocol: TProtocol) -> None:
        with library_faults(Reason.BROKEN, f"opening {protocol}"):
            stream = MuxedStream(self._muxer, await self._muxer.open_stream())
            await propose(stream, protocol)
        self._attach(PROTOCOLS[protocol], stream)

    def _attach(self, channel: Channel, stream: MuxedStream) -> None:
        self._streams[channel] = stream
        if len(self._streams) == len(Channel):
            self._attached.set()

    async def _accept_streams(self, nursery: trio.Nursery) -> None:
        """Only the dialling side's two streams are wanted; a few others are refused politely, then no more."""
        accepted = 0
        while accepted <= self._config.streams_per_link_max:
            with library_faults(Reason.PEER_CLOSED, "accepting streams"):
                stream = await self._muxer.accept_stream()
            assert isinstance(stream, YamuxStream)
            accepted += 1
            nursery.start_soon(self._guarded, partial(self._admit, MuxedStream(self._muxer, stream)))
        raise LinkEnded(Reason.TOO_MANY_STREAMS, f"more than {self._config.streams_per_link_max} in one link")

    async def _admit(self, stream: MuxedStream) -> None:
        channel: Channel | None = None
        limit = trio.move_on_after(self._config.handshake_seconds)
        with limit, suppress(LinkEnded), library_faults(Reason.BROKEN, "negotiation"):
            channel = PROTOCOLS[await answer(stream, PROTOCOLS)]
        if channel is not None and channel not in self._streams and not self._muxer.is_initiator:
            self._attach(channel, stream)
            return
        with library_faults(Reason.PEER_CLOSED, "reset"):
            await stream.reset()

    async def _watch_silence(self) -> None:
        """Counts beats, not seconds: where our own process was stopped for long, that is one beat and not many."""
        meter = self._muxer.session.meter
        seen, silent = -1, 0
        while silent < self._config.silent_heartbeats_max:
            await trio.sleep(self._config.heartbeat_seconds)
            silent = silent + 1 if meter.signs_of_life == seen else 0
            seen = meter.signs_of_life
        raise LinkEnded(Reason.SILENT, f"{silent} heartbeats missed")

    async def _read(self, channel: Channel, stream: MuxedStream) -> None:
        meter = self._muxer.session.meter
        mailbox = Mailbox(self.peer, channel, self._inbox, self._allowance, meter)
        longest = CHANNEL_FRAME_BYTES_MAX[channel]
        await read_frames(stream, meter, self._config, self._counters, mailbox, longest)

    async def _write(self, channel: Channel, stream: MuxedStream) -> None:
        beats = channel is Channel.VOTES
        await write_frames(stream, self.outboxes[channel], self._config, self._counters, beats=beats)


class Mailbox:
    """The process' mailbox as one stream of one peer sees it."""

    def __init__(self, peer: PeerKey, channel: Channel, inbox: Inbox, allowance: Allowance, meter: Meter) -> None:
        self._peer = peer
        self._channel = channel
        self._inbox = inbox
        self._allowance = allowance
        self._meter = meter

    def deliver_now(self, payloads: list[bytes]) -> bool:
        if not self._allowance.may_occupy(len(payloads), sum(map(len, payloads))):
            return False
        for payload in payloads:
            self._inbox.put(FrameReceived(self._peer, self._channel, payload), self._allowance)
        return True

    async def deliver(self, payload: bytes) -> None:
        await self._inbox.deliver(FrameReceived(self._peer, self._channel, payload), self._allowance)
        self._meter.signs_of_life += 1  # Where we were slow, the peer was not silent.
