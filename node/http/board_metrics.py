"""Samples made from the board at the moment of a scrape."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from node.http.health import free_bytes
from node.http.seams import NodeSeams
from node.transport.statistics import PeerStatistics

MODES: Final = ("starting", "voting", "observer", "halted")


class BoardCollector(Collector):
    """Reads the board; changes nothing."""

    def __init__(self, node: NodeSeams) -> None:
        self._node = node

    def collect(self) -> Iterable[Metric]:
        yield from self._chain()
        yield from self._pool()
        yield from self._execution()
        yield from self._storage()
        yield from self._peers()

    def _chain(self) -> Iterable[Metric]:
        board = self._node.reads.board
        chain, ordering = board.chain.value, board.ordering.value
        yield gauge("height", "Height that this node has executed", chain.applied)
        yield gauge("certified_height", "Highest height with a checkpoint certificate", chain.certified)
        yield gauge("decided_height", "Highest height that ordering has decided", ordering.decided)
        yield gauge("block_time_seconds", "Time of the last executed block, Unix", chain.applied_time_ms / 1000)
        yield gauge("round", "Round of the height that is being ordered", ordering.round)
        yield counter("view_changes", "Rounds above 0 entered since start", ordering.view_changes)
        yield gauge("quorum", "Votes that decide", ordering.quorum)
        mode = GaugeMetricFamily("lugang_mode", "1 for the mode that the node is in", labels=["mode"])
        for name in MODES:
            mode.add_metric([name], int(name == ordering.mode))
        yield mode
        yield gauge("start_time_seconds", "When this process started, Unix", board.started_ms / 1000)

    def _pool(self) -> Iterable[Metric]:
        pool = self._node.reads.board.pool
        age = 0 if pool.oldest_since_ms is None else max(0, self._node.wall_ms() - pool.oldest_since_ms)
        yield gauge("mempool_transactions", "Transactions that wait", pool.count)
        yield gauge("mempool_bytes", "Bytes of the transactions that wait", pool.bytes)
        yield gauge("mempool_oldest_seconds", "Age of the oldest waiting transaction", age / 1000)
        yield counter("mempool_accepted", "Transactions let in from clients", pool.accepted)
        yield counter("mempool_known", "Transactions of clients that had been seen before", pool.known)
        yield counter("mempool_expired", "Transactions that expired while waiting", pool.expired)
        yield by_label("mempool_refused", "Transactions of clients that were refused", "code", pool.refused)

    def _execution(self) -> Iterable[Metric]:
        execution = self._node.reads.board.execution
        yield counter("executed_blocks", "Blocks executed since start", execution.blocks)
        yield counter("executed_transactions", "Transactions executed since start", execution.transactions)
        yield counter("execution_seconds", "Time spent on executing and writing blocks", execution.total_us / 1e6)
        refused = sorted(self._node.reads.board.refused_receipts.items())
        yield by_label("execution_refused", "Transactions refused when executed; each has its receipt", "code", refused)
        last = GaugeMetricFamily("lugang_last_block_seconds", "Time of the last block by stage", labels=["stage"])
        last.add_metric(["execute"], execution.last_execute_us / 1e6)
        last.add_metric(["tree"], execution.last_tree_us / 1e6)
        last.add_metric(["write"], execution.last_write_us / 1e6)
        yield last

    def _storage(self) -> Iterable[Metric]:
        yield gauge("database_bytes", "Size of the database on disk", self._node.reads.store.bytes_on_disk())
        yield gauge("disk_free_bytes", "Space left where the database is", free_bytes(self._node.identity.data_path))
        expiry = GaugeMetricFamily(
            "lugang_key_expiry_timestamp_seconds",
            "When a key expires, Unix; +Inf: keys of this release do not expire",
            labels=["key"],
        )
        for key in ("consensus", "transport"):
            expiry.add_metric([key], inf)
        yield expiry

    def _peers(self) -> Iterable[Metric]:
        board = self._node.reads.board
        peers = () if board.transport is None else board.transport.peers
        yield gauge("peers", "Members' nodes that this node should be linked to", len(peers))
        linked = sum(peer.up_since_ms is not None for peer in peers)
        yield gauge("peers_connected", "Members' nodes that it is linked to", linked)
        yield by_label("peer_faults", "Inputs of peers that were dropped", "code", sorted(board.peer_faults.items()))
        for name, text, of in PEER_COUNTERS:
            yield by_label(name, text, "peer", [(peer.name, getattr(peer, of)) for peer in peers])
        heights = [(peer.name, board.peers[peer.key].height) for peer in peers if peer.key in board.peers]
        yield by_peer("peer_height", "Height that a peer says it has executed", heights)
        trips = [(peer.name, peer.rtt_us / 1e6) for peer in peers if peer.rtt_us is not None]
        yield by_peer("peer_rtt_seconds", "Round trip to a peer, as the kernel measures it on the link", trips)
        cut = [(peer.name, peer.cut_ms / 1000) for peer in peers]
        yield by_peer("peer_cut_seconds", "How much longer a peer is cut off for its faults", cut)
        ends = CounterMetricFamily(
            "lugang_peer_link_ends", "Links ended, by peer and reason", labels=["peer", "reason"]
        )
        for peer in peers:
            for reason, count in peer.link_ends:
                ends.add_metric([peer.name, reason], count)
        yield ends
        refused = () if board.transport is None else board.transport.refused_sockets
        yield by_label("refused_sockets", "Sockets of strangers that never became a link", "reason", refused)


PEER_COUNTERS: Final = (
    ("peer_received_bytes", "Bytes received from a peer", "bytes_in"),
    ("peer_sent_bytes", "Bytes sent to a peer", "bytes_out"),
    ("peer_received_frames", "Frames received from a peer", "frames_in"),
    ("peer_sent_frames", "Frames sent to a peer", "frames_out"),
    ("peer_throttled", "Times that a peer's budget slowed it down", "throttled"),
    ("peer_reconnects", "Links to a peer after the first", "reconnects"),
)
assert all(of in PeerStatistics.__dataclass_fields__ for _, _, of in PEER_COUNTERS)


def gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"lugang_{name}", text, value=value)


def counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"lugang_{name}", text, value=value)


def by_label(name: str, text: str, label: str, rows: Iterable[tuple[str, float]]) -> Metric:
    family = CounterMetricFamily(f"lugang_{name}", text, labels=[label])
    for key, value in rows:
        family.add_metric([key], value)
    return family


def by_peer(name: str, text: str, rows: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(f"lugang_{name}", text, labels=["peer"])
    for peer, value in rows:
        family.add_metric([peer], value)
    return family
