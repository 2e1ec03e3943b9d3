"""One registered peer: at most one link at a time, made again whenever it has ended.

The dialling side calls until it is answered, with its own back-off; the other side waits for the call. A second call
from a peer whose link still stands means that the peer has lost its end of it, so the newer connection wins. How
often a peer may do that is bounded, for each link costs everybody above a `PeerUp`.
"""

from __future__ import annotations

import math
import random

import trio

from node.transport.budget import Backoff, TokenBucket
from node.transport.config import TransportConfig
from node.transport.counters import PeerCounters, frozen
from node.transport.dialing import connect
from node.transport.errors import LinkEnded
from node.transport.identity import peer_id_of, we_dial
from node.transport.inbox import Allowance, Inbox
from node.transport.interface import Channel, Peer, PeerDown, PeerKey, Priority, Reason, Sent
from node.transport.links import Link
from node.transport.logs import log
from node.transport.muxing import GuardedYamux
from node.transport.outbox import Outbox
from node.transport.statistics import PeerStatistics, QueueStatistics
from node.transport.upgrade import Upgrader


class PeerKeeper:
    """Keeps the link to one peer for as long as `run` runs."""

    def __init__(self, peer: Peer, own: PeerKey, upgrader: Upgrader, config: TransportConfig, inbox: Inbox) -> None:
        self.peer = peer
        self.link: Link | None = None
        self.counters = PeerCounters()
        self._upgrader = upgrader
        self._config = config
        self._inbox = inbox
        self._allowance = Allowance(
            config.inbox_frames_per_peer_max, config.inbox_bytes_per_peer_max, config.inbox_wait_seconds
        )
        self.we_dial = we_dial(own, peer.key)
        self._calls = TokenBucket(config.links_per_second, config.links_burst, trio.current_time())
        self._called: GuardedYamux | None = None
        self._somebody_called = trio.Event()
        self._scope = trio.CancelScope()
        self._cut_until = -math.inf

    async def run(self) -> None:
        """Link after link, until `dismiss` or cancellation."""
        try:
            with self._scope:
                await (self._keep_dialling() if self.we_dial else self._keep_answering())
        finally:
            self._hang_up()

    def dismiss(self) -> None:
        """The peer has left the registry: part from it and come to an end."""
        if self.link is not None:
            self.link.end(LinkEnded(Reason.UNREGISTERED, "no longer in the registry"))
        self._scope.cancel()

    def cut_off(self, seconds: float) -> None:
        """No link for so long: the peer keeps sending what no correct node sends."""
        self._cut_until = trio.current_time() + seconds
        log.warning("%s keeps sending faults and is cut off for %d s", self.peer.name, seconds)
        self._hang_up()
        if self.link is not None:
            self.link.end(LinkEnded(Reason.FAULTY, f"cut off for {seconds:.0f} s"))

    @property
    def cut_ms(self) -> int:
        """For how long from now the peer is cut off."""
        return int(1000 * max(0.0, self._cut_until - trio.current_time()))

    def _hang_up(self) -> None:
        """Drop a connection that nobody has served yet."""
        if self._called is not None:
            self._called.session.socket.abort()
            self._called = None

    def check_call(self) -> None:
        """May this peer, which has just proved who it is, call us now? Raises `LinkEnded` where not."""
        if self.cut_ms:
            raise LinkEnded(Reason.FAULTY, f"{self.peer.name} is cut off for {self.cut_ms} ms more")
        if self.we_dial:
            raise LinkEnded(Reason.WRONG_DIRECTION, f"it is for us to dial {self.peer.name}")
        if not self._calls.may_spend(1, trio.current_time()):
            raise LinkEnded(Reason.TOO_MANY_LINKS, f"{self.peer.name} connects too often")

    def take_call(self, muxer: GuardedYamux) -> None:
        """Own an authenticated connection from the peer; the newest one wins."""
        self._hang_up()
        if self.link is not None:
            self.link.end(LinkEnded(Reason.REPLACED, "the peer has connected again"))
        self._called = muxer
        self._somebody_called.set()

    def send_nowait(self, channel: Channel, frame: bytes, priority: Priority) -> Sent:
        sent = Sent.NOT_CONNECTED if self.link is None else self.link.send_nowait(channel, frame, priority)
        if sent is not Sent.QUEUED:
            self.counters.refused_frames[sent] += 1
        return sent

    async def _keep_dialling(self) -> None:
        backoff = Backoff(
            self._config.backoff_initial_seconds,
            self._config.backoff_seconds_max,
            random.random,
        )
        while True:
            await trio.sleep(self.cut_ms / 1000)
            try:
                muxer = await self._dial()
            except LinkEnded as failure:
                self.counters.dial_failures += 1
                log.debug("dialling %s failed: %s", self.peer.name, failure)
            else:
                began = trio.current_time()
                await self._serve(muxer)
                # A peer that answers and hangs up at once must not be called in a tight loop.
                if trio.current_time() - began >= self._config.backoff_seconds_max:
                    backoff.reset()
            await trio.sleep(backoff.pause_seconds())

    async def _dial(self) -> GuardedYamux:
        socket = await connect(self.peer.addresses, self._config)
        try:
            return await self._upgrader.outbound(socket, peer_id_of(self.peer.key))
        except BaseException:
            socket.abort()
            raise

    async def _keep_answering(self) -> None:
        while True:
            await self._somebody_called.wait()
            self._somebody_called = trio.Event()
            muxer, self._called = self._called, None
            assert muxer is not None
            await self._serve(muxer)

    async def _serve(self, muxer: GuardedYamux) -> None:
        """Run one link from its setting up to its end, and tell of both."""
        link = self.link = Link(
            self.peer.key,
            muxer,
            config=self._config,
            counters=self.counters,
            allowance=self._allowance,
            inbox=self._inbox,
        )
        try:
            await link.run()
        finally:
            self.link = None
            reason = Reason.SHUTDOWN if link.ended is None else link.ended.reason
            self.counters.link_ends[reason] += 1
            self.counters.throttled += muxer.session.meter.throttled
            if link.was_up:
                self._inbox.notify(PeerDown(self.peer.key, reason))
            # As text: a record that held the exception would keep the whole link for as long as somebody keeps records.
            log.info("link to %s ended: %s", self.peer.name, str(link.ended or reason.value))
            await link.part()

    def statistics(self) -> PeerStatistics:
        counters, link = self.counters, self.link
        outboxes = {} if link is None else link.outboxes
        return PeerStatistics(
            name=self.peer.name,
            key=self.peer.key,
            up_since_ms=None if link is None else link.up_since_ms,
            links=counters.links,
            reconnects=max(0, counters.links - 1),
            dial_failures=counters.dial_failures,
            bytes_in=counters.bytes_in,
            bytes_out=counters.bytes_out,
            frames_in=counters.frames_in,
            frames_out=counters.frames_out,
            cut_ms=self.cut_ms,
            rtt_us=None if link is None else link.round_trip_us(),
            throttled=counters.throttled + (0 if link is None else link.throttled),
            votes_queue=_queue(outboxes.get(Channel.VOTES)),
            bulk_queue=_queue(outboxes.get(Channel.BULK)),
            inbox=_queue(self._allowance),
            link_ends=frozen(counters.link_ends),
            refused_frames=frozen(counters.refused_frames),
        )


def _queue(queue: Outbox | Allowance | None) -> QueueStatistics:
    return QueueStatistics(0, 0) if queue is None else QueueStatistics(queue.frames, queue.bytes)
