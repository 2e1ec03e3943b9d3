"""Five real processes over libp2p on loopback, with LevelDB, logs and guards on disk."""

from __future__ import annotations

from tests.node.processes import Processes


async def test_five_processes_commit_and_survive_being_killed(tmp_path):
    with Processes(tmp_path) as nodes:
        for index in range(5):
            nodes.start(index)
        first = nodes.transaction("first")
        assert await nodes.ask(0, "submit", [first.wire]) == ["accepted"]
        await nodes.wait_final(first)

        nodes.kill(1)
        second = nodes.transaction("second")
        assert await nodes.ask(2, "submit", [second.wire]) == ["accepted"]
        await nodes.wait_final(first, second)
        nodes.start(1)
        await nodes.wait_final(first, second)

        third = [nodes.transaction(f"third {i}") for i in range(20)]
        for i, transaction in enumerate(third):
            assert await nodes.ask(i % 5, "submit", [transaction.wire]) == ["accepted"]
        for index in range(5):
            nodes.kill(index)
        for index in range(5):
            nodes.start(index)
        await nodes.wait_final(first, second, *third)
        for index in range(5):
            status = await nodes.ask(index, "status")
            assert status[2] == "voting", nodes.log_of(index)
        assert [nodes.stop(index) for index in range(5)] == [0] * 5
