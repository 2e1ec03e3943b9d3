"""A peer that keeps sending faults is cut off for a while, longer each time; one that errs now and then is not."""

from __future__ import annotations

import trio

from consensus.messages import PeerId
from node.blame import CUT_MS_MAX, CUT_MS_MIN, FAULTS_MAX, FORGIVEN_EVERY_MS, FORGOTTEN_AFTER_MS, Blame
from node.board import Board, ChainStatus, OrderingStatus
from node.transport.interface import Channel, PeerKey, Priority
from node.watch import Watch
from tests.node.cluster import PATIENCE_SECONDS, running_cluster

BAD, OTHER = PeerId(b"bad"), PeerId(b"other")


class Bench:
    def __init__(self) -> None:
        self.now = 5_000
        self.board = Board(0, Watch(ChainStatus(0, 0, 0)), Watch(OrderingStatus(0, 1, 0, "starting", 0, 4)))
        self.cuts: list[tuple[PeerId, float]] = []
        self.blame = Blame(self.board, self, lambda *cut: self.cuts.append(cut))

    def now_ms(self) -> int:
        return self.now

    def wall_ms(self) -> int:
        return self.now

    def note(self, count: int, peer: PeerId = BAD) -> None:
        for _ in range(count):
            self.blame.note(peer, "BYT-001")


def test_each_cut_is_twice_as_long_as_the_last():
    bench, seconds = Bench(), CUT_MS_MIN / 1000
    for times in range(9):
        bench.note(FAULTS_MAX)
        assert len(bench.cuts) == times
        bench.note(1)
        assert bench.cuts[times] == (BAD, min(seconds * 2**times, CUT_MS_MAX / 1000))
        # What was on its way already counts, but not against the peer.
        bench.note(10 * FAULTS_MAX)
        assert len(bench.cuts) == times + 1
        bench.now += int(bench.cuts[times][1] * 1000)
    assert bench.board.peer_faults["BYT-001"] == 9 * (11 * FAULTS_MAX + 1)
    bench.now += FORGOTTEN_AFTER_MS + 1
    bench.note(FAULTS_MAX + 1)
    assert bench.cuts[-1] == (BAD, seconds)


def test_a_fault_now_and_then_is_forgiven():
    bench = Bench()
    for _ in range(20 * FAULTS_MAX):
        bench.note(1)
        bench.note(1, OTHER)
        bench.now += FORGIVEN_EVERY_MS
    assert bench.cuts == []


async def test_a_node_that_sends_rubbish_is_cut_off_by_its_peer_and_the_chain_goes_on(tmp_path):
    async with running_cluster(tmp_path) as cluster:
        sender, victim = cluster.transports[4], cluster.transports[0]
        for _ in range(FAULTS_MAX + 5):
            sender.send_nowait(victim.key, Channel.VOTES, b"rubbish", Priority.VOTE)
        with trio.fail_after(PATIENCE_SECONDS):
            while sender.key not in victim.cut:
                await cluster.nodes[0].board.ordering.wait_change()
        assert victim.cut == {PeerKey(sender.key): CUT_MS_MIN / 1000}
        assert cluster.nodes[0].board.peer_faults["BYT-001"] > FAULTS_MAX
        # Four of five decide, also with a node that only three others hear.
        last = cluster.transaction("last")
        await cluster.submit(4, last)
        await cluster.wait_final(last)
