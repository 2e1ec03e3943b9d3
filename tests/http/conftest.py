"""A running node without consensus for each test; its HTTP actor must be alive at the end."""

import pytest

from tests.http.world import running


@pytest.fixture
async def node(tmp_path):
    async with running(tmp_path) as started:
        yield started
        assert started.failed == []
        assert (await started.watch.get("/healthz")).text == "ok\n"
