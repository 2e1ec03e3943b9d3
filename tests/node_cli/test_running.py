"""Four nodes as an operator runs them: init, genesis, run; a transaction to finality over HTTP; stop; doctor."""

import json
import re
import shutil
import signal
import sys
import time
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import plyvel
import tomli_w
import trio
from rich.cells import cell_len

from ledger.checkpoint import CheckpointCert
from ledger.codec import decode, encode
from ledger.crypto import INTERNATIONAL as SUITE
from ledger.genesis import Genesis
from ledger.receipt import Receipt
from ledger.transaction import Body, Summary, TransactionCodec
from node import layout
from node.config import NodeConfig, load_config
from tests.architecture.source import ROOT
from tests.http.test_reading import raw
from tests.node_cli.test_commands import NAMES, findings, init, lugang, specification

CBOR = {"content-type": "application/cbor"}
START_SECONDS_MAX = 60


def make_chain(folder: Path) -> list[NodeConfig]:
    """Folders of four nodes with their genesis, by the commands alone."""
    spec = specification([init(folder / name, name) for name in NAMES])
    spec["time"] = tomllib.loads("t = 2026-01-01T00:00:00Z")["t"]
    (folder / "spec.toml").write_text(tomli_w.dumps(spec), encoding="utf-8")
    assert lugang("genesis", "build", str(folder / "spec.toml")).exit_code == 0
    for name in NAMES:
        shutil.copy(folder / "genesis.cbor", folder / name)
    return [load_config(folder / name) for name in NAMES]


@asynccontextmanager
async def started(configs: list[NodeConfig]) -> AsyncIterator[list[trio.Process]]:
    """The nodes as processes; whatever is left at the end is killed."""
    processes = []
    try:
        for config in configs:
            with (config.folder / "node.log").open("ab") as log:
                command = [sys.executable, "-m", "devnet.lugang", "node", "run", "--home", str(config.folder)]
                processes.append(await trio.lowlevel.open_process(command, cwd=ROOT, stdout=log, stderr=log))
        yield processes
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def wait_ready(client: httpx.AsyncClient, config: NodeConfig) -> None:
    with trio.fail_after(START_SECONDS_MAX):
        while not await is_ready(client, config):  # noqa: ASYNC110 — another process's readiness
            await trio.sleep(0.1)


async def wait_linked(client: httpx.AsyncClient, configs: list[NodeConfig]) -> None:
    """Until each node counts all the others as connected."""
    with trio.fail_after(START_SECONDS_MAX):
        for config in configs:
            while await peers_connected(client, config) < len(configs) - 1:  # noqa: ASYNC110 — another process's links
                await trio.sleep(0.1)


async def peers_connected(client: httpx.AsyncClient, config: NodeConfig) -> int:
    return int((await client.get(f"http://{config.api}/v1/status")).json()["peers_connected"])


async def is_ready(client: httpx.AsyncClient, config: NodeConfig) -> bool:
    try:
        return (await client.get(f"http://{config.metrics}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


def administrators_wire(genesis: Genesis, chain: bytes, secret: bytes, valid_until: int) -> tuple[bytes, bytes]:
    """Id and wire of a well-signed transaction to a contract that does not exist."""
    summary = Summary("zh", bytes(32), bytes(32))
    key = SUITE.public_key(secret)
    body = Body(chain, (key,), bytes(16), valid_until, "nobody", "act", (), summary)
    transaction = TransactionCodec(SUITE).sign(body, (secret,))
    return transaction.id, transaction.wire


async def test_from_init_to_a_proved_receipt_and_back(tmp_path):
    configs = make_chain(tmp_path)
    async with started(configs) as processes, httpx.AsyncClient(timeout=40) as client:
        for config in configs:
            await wait_ready(client, config)
        apis = [f"http://{config.api}/v1" for config in configs]
        data = (await client.get(f"{apis[0]}/genesis")).content
        genesis, chain = Genesis.decode(data), SUITE.hasher("genesis")(data)
        now = int((await client.get(f"{apis[0]}/status")).json()["time_ms"])
        # Its first block, which a new chain makes by itself, may be there already.
        assert now >= genesis.time

        valid_until = time.time_ns() // 1_000_000 + 600_000
        identifier, wire = administrators_wire(genesis, chain, bytes([50]) * 32, valid_until)
        (outcome,) = (await client.post(f"{apis[1]}/transactions", content=encode((wire,)), headers=CBOR)).json()
        assert outcome["outcome"] == "accepted"
        path = f"receipts/{identifier.hex()}?proof=true&wait_ms=30000"
        for api in apis:
            answer = (await client.get(f"{api}/{path}")).json()
            assert answer["state"] == "final", answer
            receipt = Receipt.decode(raw(answer["receipt"]))
            assert (receipt.code, receipt.numbers) == ("TX-007", (("contract", "nobody"),))
            certificate = CheckpointCert.from_value(decode(raw(answer["proof"]), bytes_max=1 << 20)[4])
            certificate.verify(SUITE, chain, genesis.engine, genesis.validator_set())

        # A quorum is ready with one link still missing.
        await wait_linked(client, configs)
        status = json.loads(lugang("node", "status", "--home", str(configs[0].folder), "--json").output)
        assert (status["status"]["peers_connected"], status["status"]["mode"]) == (3, "voting")
        for language, word in (("zh", "投票"), ("en", "voting")):
            shown = lugang("node", "status", "--home", str(configs[0].folder), env={"LUGANG_LANG": language}).output
            assert word in shown
            assert max(map(cell_len, shown.splitlines())) <= 80
        running = findings(configs[0].folder)
        assert running["running"]["verdict"] == "notice"
        assert running["database"]["verdict"] == "skipped"
        metrics = (await client.get(f"http://{configs[1].metrics}/metrics")).text
        assert 'lugang_execution_refused_total{code="TX-007"} 1.0' in metrics
        assert "lugang_final_seconds_count 1.0" in metrics

        for process in processes:
            process.send_signal(signal.SIGTERM)
        with trio.fail_after(20):
            assert [await process.wait() for process in processes] == [0, 0, 0, 0]
    for config in configs:
        found = findings(config.folder, "--thorough")
        assert [row["check"] for row in found.values() if row["verdict"] in ("wrong", "notice")] == []
        assert re.match(r"height (\d), certified \1, state as certified", found["database"]["detail"])
        assert found["indexes"]["verdict"] == "good"
        log = (config.folder / "node.log").read_text(encoding="utf-8")
        assert "error" not in log
        assert (config.folder / "keys" / "consensus.key").read_text(encoding="utf-8").strip() not in log
    await rebuild_what_all_have_lost(configs)


async def rebuild_what_all_have_lost(configs: list[NodeConfig]) -> None:
    """No member has the state any more, nor has anybody to fetch blocks from; each has its own blocks."""
    for config in configs:
        before = rows_of(config.database)
        damage(config.database, *(key for key in before if key[:1] in (layout.STATE, layout.PAGE, layout.INDEX)))
        assert findings(config.folder)["database"]["verdict"] == "wrong"
        # The command has an event loop of its own.
        result = await trio.to_thread.run_sync(lugang, "node", "rebuild", "--home", str(config.folder), "--yes")
        height = max(layout.height_in(key) for key in before if key[:1] == layout.HEADER)
        assert result.exit_code == 0, result.output
        assert f"height {height} / {height}" in result.output
        assert f"rebuilt up to height {height}" in result.output
        assert "cannot be used" not in result.output
        assert rows_of(config.database) == before
        assert findings(config.folder, "--thorough")["database"]["verdict"] == "good"


def rows_of(path: Path) -> dict[bytes, bytes]:
    database = plyvel.DB(str(path))
    rows = dict(database.iterator())
    database.close()
    return rows


def damage(path: Path, *keys: bytes) -> None:
    database = plyvel.DB(str(path))
    for key in keys:
        database.delete(key)
    database.close()
