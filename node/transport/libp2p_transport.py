"""The transport itself: one listener, one keeper for each registered peer, one nursery around all of it.

`run` is the only place where tasks are started, so cancelling it ends everything: links part politely, sockets
close, the mailbox ends. An exception that leaves it is a bug of ours; see `errors` for where the peers' doings stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import trio
from libp2p.peer.id import ID

from node.transport.config import TransportConfig
from node.transport.counters import frozen
from node.transport.dialing import host_and_port
from node.transport.door import Door
from node.transport.errors import LinkEnded
from node.transport.identity import peer_id_of, public_key_of
from node.transport.inbox import Inbox
from node.transport.interface import Channel, Peer, PeerKey, Priority, Reason, Sent
from node.transport.logs import limit_library_log, log
from node.transport.muxing import GuardedYamux
from node.transport.peers import PeerKeeper
from node.transport.statistics import TransportStatistics
from node.transport.upgrade import Upgrader

if TYPE_CHECKING:
    from trio_typing import TaskStatus


class Libp2pTransport:
    """Links over TCP, Noise and Yamux. Made at rest; `run` brings it to life, once."""

    def __init__(
        self,
        seed: bytes,
        listen_addresses: Sequence[str],
        registry: Iterable[Peer],
        config: TransportConfig | None = None,
    ) -> None:
        self.key = public_key_of(seed)
        self.incoming = Inbox()
        self._config = config or TransportConfig()
        self._listen = [host_and_port(address) for address in listen_addresses]
        self._log_budget = limit_library_log(self._config.library_log_lines_per_minute)
        self._upgrader = Upgrader(seed, self._config)
        self._door = Door(self._upgrader, self._config, self._check_caller, self._hand_in)
        self._registry = self._checked(registry)
        self._keepers: dict[PeerKey, PeerKeeper] = {}
        self._by_id: dict[ID, PeerKeeper] = {}
        self._nursery: trio.Nursery | None = None
        self.listening: tuple[tuple[str, int], ...] = ()
        """Where `run` really listens, host and port; differs from what was asked for where a port was 0."""

    async def run(self, *, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        assert self._nursery is None, "a transport runs once"
        listeners: list[trio.SocketListener] = []
        try:
            for host, port in self._listen:
                listeners += await trio.open_tcp_listeners(port, host=host)
            self.listening = tuple(listener.socket.getsockname()[:2] for listener in listeners)
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                self._follow_registry()
                for listener in listeners:
                    nursery.start_soon(self._door.serve, listener)
                task_status.started()
                await trio.sleep_forever()
        finally:
            for listener in listeners:
                listener.socket.close()
            self.incoming.close()

    def set_registry(self, peers: Iterable[Peer]) -> None:
        """Take effect at once: who is left out is cut off, who is new is called, who has moved is called there.

        What comes later than the start comes from the chain, where members may agree on an address that is none: it is
        left out, since a node that stops helps nobody.
        """
        self._registry = self._checked(replace(peer, addresses=_usable(peer)) for peer in peers)
        if self._nursery is not None:
            self._follow_registry()

    def send_nowait(self, peer: PeerKey, channel: Channel, frame: bytes, priority: Priority) -> Sent:
        keeper = self._keepers.get(peer)
        return Sent.NOT_CONNECTED if keeper is None else keeper.send_nowait(channel, frame, priority)

    def cut_off(self, peer: PeerKey, seconds: float) -> None:
        keeper = self._keepers.get(peer)
        if keeper is not None:
            keeper.cut_off(seconds)

    def connected(self) -> tuple[PeerKey, ...]:
        return tuple(key for key, keeper in self._keepers.items() if keeper.link is not None and keeper.link.is_up)

    def statistics(self) -> TransportStatistics:
        return TransportStatistics(
            peers=tuple(keeper.statistics() for keeper in self._keepers.values()),
            half_open=self._door.half_open,
            accepted_sockets=self._door.accepted,
            refused_sockets=frozen(self._door.refused),
            library_log_suppressed=self._log_budget.suppressed,
        )

    def _checked(self, peers: Iterable[Peer]) -> dict[PeerKey, Peer]:
        """By key and in the order of keys; every address is read once here, so that a bad one fails early."""
        registry = {peer.key: peer for peer in sorted(peers, key=lambda peer: peer.key) if peer.key != self.key}
        for peer in registry.values():
            for address in peer.addresses:
                host_and_port(address)
        return registry

    def _follow_registry(self) -> None:
        assert self._nursery is not None
        for key in [key for key in self._keepers if key not in self._registry]:
            self._keepers.pop(key).dismiss()
            del self._by_id[peer_id_of(key)]
        for key, peer in self._registry.items():
            if key in self._keepers:
                self._keepers[key].peer = peer
                continue
            keeper = PeerKeeper(peer, self.key, self._upgrader, self._config, self.incoming)
            self._keepers[key] = self._by_id[peer_id_of(key)] = keeper
            self._nursery.start_soon(keeper.run, name=f"link to {peer.name}")

    def _keeper_of(self, peer_id: ID) -> PeerKeeper:
        keeper = self._by_id.get(peer_id)
        if keeper is None:
            raise LinkEnded(Reason.UNREGISTERED, f"{peer_id} is not in the registry")
        return keeper

    def _check_caller(self, peer_id: ID) -> None:
        self._keeper_of(peer_id).check_call()

    def _hand_in(self, peer_id: ID, muxer: GuardedYamux) -> None:
        self._keeper_of(peer_id).take_call(muxer)


def _usable(peer: Peer) -> tuple[str, ...]:
    good: list[str] = []
    for address in peer.addresses:
        try:
            host_and_port(address)
        except ValueError as error:
            log.warning("the registered address of %s cannot be called: %s", peer.name, error)
        else:
            good.append(address)
    return tuple(good)
