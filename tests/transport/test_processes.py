"""Nodes in processes of their own: one is killed and comes back, one is stopped and goes on; links mend themselves."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from tests.transport.support import unused_port

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 40


class Member:
    """A child process and what it has said so far."""

    def __init__(self, process: trio.Process) -> None:
        self.process = process
        self.said: list[str] = []
        self._news = trio.Event()

    async def listen(self) -> None:
        assert self.process.stdout is not None
        rest = b""
        async with self.process.stdout as stdout:
            async for chunk in stdout:
                *lines, rest = (rest + chunk).split(b"\n")
                self.said += [line.decode() for line in lines]
                self._news.set()
                self._news = trio.Event()

    async def says(self, beginning: str, after: int = 0) -> str:
        """Wait for a line with this beginning among those from the `after`th on."""
        with trio.fail_after(PATIENCE_SECONDS):
            while True:
                for line in self.said[after:]:
                    if line.startswith(beginning):
                        return line
                await self._news.wait()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@asynccontextmanager
async def member(number: int, ports: list[int]) -> AsyncIterator[Member]:
    others = [f"{other}:{port}" for other, port in enumerate(ports) if other != number]
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "tests.transport.member", str(number), str(ports[number]), *others],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    child = Member(process)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child.listen)
        try:
            await child.says("ready")
            yield child
        finally:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()
            # Nothing awaits after this: a cancellation would take the place of a failed assertion.
            nursery.cancel_scope.cancel()


async def talking(one: Member, other: Member, one_number: int, other_number: int) -> None:
    """New counts arrive on both sides."""
    marks = len(one.said), len(other.said)
    await one.says(f"got {other_number} ", after=marks[0])
    await other.says(f"got {one_number} ", after=marks[1])


async def test_a_killed_member_comes_back_under_its_identity_and_port():
    ports = [unused_port() for _ in range(3)]
    async with member(0, ports) as a, member(1, ports) as b:
        async with member(2, ports) as c:
            for other, number in ((a, 0), (b, 1)):
                await talking(c, other, 2, number)
            marks = len(a.said), len(b.said)
            c.signal(signal.SIGKILL)
            # The kernel closes the sockets of the dead: noticed at once, not by silence.
            assert await a.says("down 2", after=marks[0]) == "down 2 peer_closed"
            assert await b.says("down 2", after=marks[1]) == "down 2 peer_closed"
            await talking(a, b, 0, 1)
        async with member(2, ports) as c:
            for other, number in ((a, 0), (b, 1)):
                await talking(c, other, 2, number)


async def test_a_killed_caller_comes_back():
    ports = [unused_port() for _ in range(2)]
    async with member(1, ports) as called:
        for _ in range(2):
            async with member(0, ports) as caller:
                await talking(caller, called, 0, 1)
                mark = len(called.said)
                caller.signal(signal.SIGKILL)
                assert await called.says("down 0", after=mark) == "down 0 peer_closed"


async def test_a_stopped_member_is_noticed_and_taken_back_when_it_goes_on():
    ports = [unused_port() for _ in range(3)]
    async with member(0, ports) as a, member(1, ports) as b, member(2, ports) as c:
        await talking(a, b, 0, 1)
        await talking(a, c, 0, 2)
        await talking(b, c, 1, 2)
        marks = len(a.said), len(c.said)
        b.signal(signal.SIGSTOP)
        try:
            for other, mark in ((a, marks[0]), (c, marks[1])):
                reason = (await other.says("down 1", after=mark)).split()[2]
                assert reason in {"silent", "write_timeout"}
            await talking(a, c, 0, 2)
        finally:
            b.signal(signal.SIGCONT)
        await talking(a, b, 0, 1)
        await talking(b, c, 1, 2)
