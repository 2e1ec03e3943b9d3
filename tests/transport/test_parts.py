"""The parts without sockets: framing, queues, the mailbox, budgets, back-off, the log's sieve."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from node.transport.budget import Backoff, TokenBucket
from node.transport.errors import LinkEnded, library_faults
from node.transport.frames import HEARTBEAT, FrameReader, header_of
from node.transport.inbox import Allowance, Inbox
from node.transport.interface import Channel, FrameReceived, PeerKey, PeerUp, Priority, Reason
from node.transport.logs import LineBudget
from node.transport.outbox import Outbox

KEY = PeerKey(bytes(32))


@given(st.lists(st.binary(max_size=200)), st.data())
def test_frames_do_not_depend_on_how_the_stream_is_cut(payloads: list[bytes], data: st.DataObject):
    wire = b"".join(struct.pack("!I", len(payload)) + payload for payload in payloads)
    reader = FrameReader(200)
    received: list[bytes] = []
    while wire:
        size = data.draw(st.integers(1, len(wire)))
        received += reader.feed(wire[:size])
        wire = wire[size:]
    assert received == payloads
    assert reader.buffered_bytes == 0


def test_a_frame_on_the_wire():
    assert header_of(b"abc") + b"abc" == bytes.fromhex("00000003616263")
    assert bytes.fromhex("00000000") == HEARTBEAT
    assert FrameReader(3).feed(bytes.fromhex("00000000 00000003616263 0000")) == [b"", b"abc"]


@pytest.mark.parametrize("size", [101, 2**31, 2**32 - 1])
def test_a_length_over_the_limit_is_refused_on_its_header(size: int):
    reader = FrameReader(100)
    assert reader.feed(struct.pack("!I", 100) + bytes(100)) == [bytes(100)]
    with pytest.raises(LinkEnded) as ended:
        reader.feed(struct.pack("!I", size))
    assert ended.value.reason is Reason.FRAME_TOO_LARGE


offers = st.lists(st.tuples(st.binary(min_size=1, max_size=300), st.sampled_from(Priority)), max_size=60)


@given(offers, st.integers(1, 1000))
def test_an_outbox_gives_back_all_it_took_by_priority_and_within_a_priority_in_order(
    frames: list[tuple[bytes, Priority]], batch_bytes_max: int
):
    outbox = Outbox(1000, 1_000_000)
    for payload, priority in frames:
        assert outbox.offer(payload, priority)
    reader, received = FrameReader(300), []
    while outbox.frames:
        before = outbox.frames
        batch, count = outbox.take(batch_bytes_max)
        assert count == before - outbox.frames >= 1
        assert len(batch) <= batch_bytes_max or count == 1
        received += reader.feed(batch)
    assert received == [payload for payload, _ in sorted(frames, key=lambda frame: frame[1])]
    assert outbox.bytes == 0


@given(offers)
def test_an_outbox_never_exceeds_a_priority_s_share(frames: list[tuple[bytes, Priority]]):
    share = {Priority.VOTE: 100, Priority.CERTIFICATE: 100, Priority.BLOCK: 90, Priority.TRANSACTIONS: 60}
    outbox = Outbox(20, 2_000, share | {Priority.CATCH_UP: 30})
    for payload, priority in frames:
        before = (outbox.frames, outbox.bytes)
        limit = (share | {Priority.CATCH_UP: 30})[priority]
        if outbox.offer(payload, priority):
            assert outbox.frames * 100 <= 20 * limit
            assert outbox.bytes * 100 <= 2_000 * limit
        else:
            assert (outbox.frames, outbox.bytes) == before
            assert (before[0] + 1) * 100 > 20 * limit or (before[1] + len(payload) + 4) * 100 > 2_000 * limit


async def test_an_outbox_wakes_its_writer():
    outbox = Outbox(10, 100)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(outbox.wait)
        await wait_all_tasks_blocked()
        outbox.offer(b"x", Priority.VOTE)
    outbox.take(100)
    with trio.move_on_after(0) as scope:
        await outbox.wait()
    assert scope.cancelled_caught


async def test_an_allowance_is_freed_by_the_consumer_and_belongs_to_the_peer():
    inbox, allowance = Inbox(), Allowance(2, 1000, wait_seconds=20)
    for payload in (b"a", b"b"):
        await inbox.deliver(FrameReceived(KEY, Channel.BULK, payload), allowance)
    inbox.notify(PeerUp(KEY))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(inbox.deliver, FrameReceived(KEY, Channel.BULK, b"c"), allowance)
        await wait_all_tasks_blocked()
        assert allowance.frames == 2
        assert await inbox.receive() == FrameReceived(KEY, Channel.BULK, b"a")
    inbox.close()
    rest = [item async for item in inbox]
    assert rest == [FrameReceived(KEY, Channel.BULK, b"b"), PeerUp(KEY), FrameReceived(KEY, Channel.BULK, b"c")]
    assert (allowance.frames, allowance.bytes) == (0, 0)


@pytest.mark.parametrize(("frames_max", "bytes_max"), [(2, 1000), (100, 20)])
async def test_an_allowance_used_up_for_too_long_ends_the_link(autojump_clock, frames_max: int, bytes_max: int):
    inbox, allowance = Inbox(), Allowance(frames_max, bytes_max, wait_seconds=3)
    for _ in range(2):
        await inbox.deliver(FrameReceived(KEY, Channel.BULK, bytes(10)), allowance)
    began = trio.current_time()
    with pytest.raises(LinkEnded) as ended:
        await inbox.deliver(FrameReceived(KEY, Channel.BULK, bytes(10)), allowance)
    assert ended.value.reason is Reason.INBOX_OVERFLOW
    assert trio.current_time() - began == pytest.approx(3)


def test_a_token_bucket_by_hand():
    """Burst 10, 5 a second: ten at once, the eleventh waits 0.2 s, and two idle seconds refill it to the brim."""
    bucket = TokenBucket(5, 10, now=100.0)
    assert bucket.spend(10, 100.0) == 0
    assert bucket.spend(1, 100.0) == pytest.approx(0.2)
    assert bucket.spend(4, 100.2) == pytest.approx(0.8)
    assert not bucket.may_spend(11, 103.5)
    assert bucket.may_spend(10, 103.5)
    assert not bucket.may_spend(1, 103.5)


def test_a_clock_that_stands_still_or_goes_back_gives_nothing():
    bucket = TokenBucket(5, 10, now=100.0)
    bucket.spend(10, 100.0)
    assert not bucket.may_spend(1, 90.0)
    assert bucket.may_spend(1, 90.3)


@pytest.mark.parametrize(
    ("random", "pauses"),
    [(lambda: 0.0, [0.05, 0.1, 0.2, 0.4, 0.5, 0.5]), (lambda: 1.0, [0.1, 0.2, 0.4, 0.8, 1.0, 1.0])],
)
def test_back_off_by_hand(random: Callable[[], float], pauses: list[float]):
    backoff = Backoff(0.1, 1.0, random)
    assert [backoff.pause_seconds() for _ in pauses] == pytest.approx(pauses)
    backoff.reset()
    assert backoff.pause_seconds() == pytest.approx(pauses[0])


def test_the_log_s_sieve_by_hand():
    now = 0.0
    budget = LineBudget(2, lambda: now)
    assert [budget.may_pass() for _ in range(4)] == [True, True, False, False]
    now = 59.9
    assert not budget.may_pass()
    now = 60.0
    assert budget.may_pass()
    assert budget.suppressed == 3


async def test_the_border_turns_the_library_s_exceptions_into_ends_and_lets_cancellation_pass():
    with pytest.raises(LinkEnded) as ended, library_faults(Reason.BROKEN, "testing"):
        raise KeyError("inside the library")
    assert ended.value.reason is Reason.BROKEN
    with pytest.raises(LinkEnded) as grouped, library_faults(Reason.BROKEN, "testing"):
        raise ExceptionGroup("the library's nursery", [AssertionError()])
    assert grouped.value.reason is Reason.BROKEN
    with pytest.raises(KeyboardInterrupt), library_faults(Reason.BROKEN, "testing"):
        raise KeyboardInterrupt
    with trio.CancelScope() as scope, library_faults(Reason.BROKEN, "testing"):
        scope.cancel()
        await trio.sleep(60)
    assert scope.cancelled_caught


async def test_a_library_that_fails_while_it_is_cancelled_has_no_say():
    with trio.CancelScope() as scope, library_faults(Reason.BROKEN, "testing"):
        async with trio.open_nursery() as nursery:

            async def fail_on_cancellation() -> None:
                try:
                    await trio.sleep_forever()
                except trio.Cancelled:
                    raise ValueError("inside the library") from None

            nursery.start_soon(fail_on_cancellation)
            nursery.start_soon(trio.sleep_forever)
            await wait_all_tasks_blocked()
            scope.cancel()
    assert scope.cancelled_caught
