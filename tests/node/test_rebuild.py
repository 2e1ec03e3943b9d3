"""A database is rebuilt from its own blocks, checked as if a stranger had sent them."""

from __future__ import annotations

import plyvel
import pytest

from ledger.errors import Refused
from node import layout
from node.rebuild import rebuild_database
from node.self_check import check_everything
from node.store import open_store
from tests.node.cluster import running_cluster
from tests.node.support import SUITE, notes_machine


@pytest.fixture
async def chain(tmp_path):
    """(config of a stopped node, its chain, height, genesis), with a few blocks."""
    async with running_cluster(tmp_path, 4) as cluster:
        for number in range(4):
            transaction = cluster.transaction(str(number))
            await cluster.submit(0, transaction)
            await cluster.wait_final(transaction)
        await cluster.stop(0)
        yield cluster.configs[0], cluster.chain, cluster.nodes[1].reads.applied, cluster.genesis


def damage(config, *keys: bytes, value: bytes | None = None) -> None:
    database = plyvel.DB(str(config.database))
    for key in keys:
        if value is None:
            database.delete(key)
        else:
            database.put(key, value)
    database.close()


def rows(path) -> dict[bytes, bytes]:
    database = plyvel.DB(str(path))
    found = dict(database.iterator())
    database.close()
    return found


async def test_lost_state_comes_back_whole(chain):
    config, name, height, genesis = chain
    before = rows(config.database)
    damage(config, *(key for key in before if key[:1] in (layout.STATE, layout.PAGE)))
    with pytest.raises(Refused, match="NODE-003"):
        check_everything(open_store(config.database, name), SUITE, genesis)
    rebuilt = await run_in_thread(config)
    assert (rebuilt.height, rebuilt.ended) == (height, None)
    assert rows(config.database) == before
    assert rebuilt.aside.is_dir()


async def test_a_false_block_ends_the_rebuilding_below_it(chain):
    config, name, _, genesis = chain
    damage(config, layout.at_height(layout.BODY, 3), value=rows(config.database)[layout.at_height(layout.BODY, 2)])
    rebuilt = await run_in_thread(config)
    assert rebuilt.height == 2
    assert rebuilt.ended is not None
    assert rebuilt.ended.startswith("height 3: ")
    store = open_store(config.database, name)
    check_everything(store, SUITE, genesis)
    store.close()


async def test_a_database_that_does_not_open_is_read_from_a_repaired_copy(chain):
    config, name, height, genesis = chain
    for file in config.database.glob("MANIFEST-*"):
        file.write_bytes(b"nothing of use")
    rebuilt = await run_in_thread(config)
    assert rebuilt.height == height
    store = open_store(config.database, name)
    check_everything(store, SUITE, genesis)
    store.close()
    assert not config.database.with_name("db.copy").exists()


async def run_in_thread(config):
    """`rebuild_database` has an event loop of its own, as the command that calls it has none."""
    import trio

    return await trio.to_thread.run_sync(rebuild_database, config, notes_machine, lambda *_: None)
