"""Reading over real sockets; what is proved is verified with the ledger's own verifiers, from the genesis alone."""

import base64
from typing import Any

import pytest
import trio
import trio.testing

from ledger.block import Header
from ledger.checkpoint import CheckpointCert
from ledger.codec import decode, encode
from ledger.crypto import INTERNATIONAL as SUITE
from ledger.genesis import Genesis
from ledger.history import HistoryPath, HistoryRange
from ledger.merkle import Kind, MerkleTree
from ledger.receipt import Receipt
from ledger.state import StateHasher, StateProof, verify_state
from tests.http.world import COUNTER_KEY, INTERFACE, SHEET

BYTES_MAX = 1 << 20


def raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


async def genesis_of(node) -> tuple[Genesis, bytes]:
    data = (await node.api.get("/v1/genesis")).content
    return Genesis.decode(data), SUITE.hasher("genesis")(data)


async def test_status_names_the_chain_and_its_heights(node):
    await node.world.final(node.world.transaction())
    await node.world.seal(node.world.transaction())
    status = (await node.api.get("/v1/status")).json()
    assert status["chain"] == node.world.chain.hex()
    assert (status["applied"], status["certified"], status["mode"], status["quorum"]) == (2, 1, "voting", 4)
    assert (status["organisation"], status["peers"], status["clock"]) == ("operator", 4, "real")
    assert status["time_ms"] == 1_700_000_000_000 + 2_000


async def test_the_genesis_leads_to_the_chain_and_has_a_view(node):
    genesis, chain = await genesis_of(node)
    assert chain == node.world.chain
    view = (await node.api.get("/v1/genesis.json")).json()
    assert (view["chain"], view["name"]) == (chain.hex(), genesis.name)


async def test_a_transaction_goes_from_unknown_to_final(node):
    world = node.world
    transaction = world.transaction(5)
    path = f"/v1/receipts/{transaction.id.hex()}"

    async def state() -> Any:
        return (await node.api.get(path)).json()["state"]

    assert await state() == "unknown"
    await node.api.post("/v1/transactions", content=encode((transaction.wire,)), headers=CBOR)
    assert await state() == "accepted"
    height = await world.seal(transaction)
    assert await state() == "executed"
    world.certify(height)
    answer = (await node.api.get(path)).json()
    assert (answer["state"], answer["height"], answer["index"], answer["proof"]) == ("final", 1, 0, None)
    assert Receipt.decode(raw(answer["receipt"])).result == 5


CBOR = {"content-type": "application/cbor"}


async def test_a_receipt_is_proved_from_the_genesis(node):
    world = node.world
    transactions = [world.transaction(n) for n in range(1, 20)]
    await world.final(*transactions)
    genesis, chain = await genesis_of(node)
    answer = (await node.api.get(f"/v1/receipts/{transactions[17].id.hex()}?proof=true")).json()
    header, state_root, receipts_root, path, cert, history = decode(raw(answer["proof"]), bytes_max=BYTES_MAX)
    certificate = CheckpointCert.from_value(cert)
    certificate.verify(SUITE, chain, genesis.engine, genesis.validator_set())
    leaf = SUITE.hasher("receipt")(raw(answer["receipt"]))
    assert MerkleTree(SUITE).root_of_path(Kind.RECEIPTS, leaf, path) == receipts_root
    assert history is None
    checkpoint = certificate.checkpoint
    block_hash = Header.decode(header, SUITE).hash(SUITE)
    expected = (checkpoint.block_hash, checkpoint.state_root, checkpoint.receipts_root)
    assert (block_hash, state_root, receipts_root) == expected


async def test_a_height_without_certificate_is_proved_by_a_higher_one(node):
    world = node.world
    transaction = world.transaction()
    await world.seal(transaction)
    await world.seal(world.transaction())
    await world.final(world.transaction())
    genesis, chain = await genesis_of(node)
    answer = (await node.api.get("/v1/history/1")).json()
    header, state_root, receipts_root, path = decode(raw(answer["row"]), bytes_max=BYTES_MAX)
    certificate = CheckpointCert.decode(raw(answer["certificate"]))
    certificate.verify(SUITE, chain, genesis.engine, genesis.validator_set())
    histories = HistoryRange(SUITE)
    leaf = histories.leaf(1, Header.decode(header, SUITE).hash(SUITE), state_root, receipts_root)
    assert histories.root_of_path(1, leaf, HistoryPath.from_value(path)) == certificate.checkpoint.history_root
    receipt = (await node.api.get(f"/v1/receipts/{transaction.id.hex()}?proof=true")).json()
    assert decode(raw(receipt["proof"]), bytes_max=BYTES_MAX)[5] == path


async def test_the_history_of_the_certificates_own_height_needs_no_path(node):
    await node.world.final(node.world.transaction())
    answer = (await node.api.get("/v1/history/1?under=1")).json()
    assert decode(raw(answer["row"]), bytes_max=BYTES_MAX)[3] is None


async def test_many_receipts_come_in_the_order_asked(node):
    world = node.world
    known, unknown = world.transaction(3), world.transaction(4)
    await world.final(known)
    ids = [unknown.id.hex(), known.id.hex(), unknown.id.hex()]
    rows = (await node.api.post("/v1/receipts", json={"ids": ids, "proof": True})).json()
    assert [(row["id"], row["state"], row["proof"] is None) for row in rows] == [
        (ids[0], "unknown", True), (ids[1], "final", False), (ids[2], "unknown", True),
    ]  # fmt: skip


async def test_waiting_for_a_receipt_ends_when_it_is_final(node):
    world = node.world
    transaction = world.transaction()
    height = await world.seal(transaction)
    answers: list[Any] = []

    async def ask() -> None:
        answers.append((await node.api.get(f"/v1/receipts/{transaction.id.hex()}?wait_ms=20000")).json()["state"])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert answers == []
        world.certify(height)
    assert answers == ["final"]


async def test_waiting_in_vain_ends_with_what_is_known(node):
    answer = (await node.api.get(f"/v1/receipts/{'00' * 32}?wait_ms=1")).json()
    assert answer["state"] == "unknown"


async def test_a_block_has_its_wires_receipts_and_certificate(node):
    world = node.world
    transactions = [world.transaction(1), world.transaction(200)]
    await world.final(*transactions)
    block = (await node.api.get("/v1/blocks/1")).json()
    assert [raw(wire) for wire in block["transactions"]] == [t.wire for t in transactions]
    assert Header.decode(raw(block["header"]), SUITE).hash(SUITE).hex() == block["block_hash"]
    receipts = [Receipt.decode(raw(receipt)) for receipt in block["receipts"]]
    assert [(r.status, r.code) for r in receipts] == [(0, None), (1, "CNT-001"), (0, None)]
    assert CheckpointCert.decode(raw(block["certificate"])).checkpoint.height == 1


async def test_presence_and_absence_of_state_are_proved(node):
    world = node.world
    await world.final(world.transaction(42))
    genesis, chain = await genesis_of(node)
    hasher = StateHasher(SUITE, genesis.bucket_bits)
    for key, value in ((COUNTER_KEY, encode((42,))), (b"\x00\x07\x01nothing", None)):
        answer = (await node.api.get(f"/v1/state/{key.hex()}")).json()
        assert (None if answer["value"] is None else raw(answer["value"])) == value
        certificate = CheckpointCert.decode(raw(answer["certificate"]))
        certificate.verify(SUITE, chain, genesis.engine, genesis.validator_set())
        proof = StateProof.from_value(decode(raw(answer["proof"]), bytes_max=BYTES_MAX))
        verify_state(hasher, certificate.checkpoint.state_root, key, value, proof)


async def test_many_values_share_one_certificate(node):
    await node.world.final(node.world.transaction(42))
    keys = [COUNTER_KEY.hex(), b"\x00\x07\x01x".hex()]
    answer = (await node.api.post("/v1/states", json={"full_keys": keys})).json()
    assert [row["full_key"] for row in answer["values"]] == keys
    assert [row["value"] is None for row in answer["values"]] == [False, True]
    assert CheckpointCert.decode(raw(answer["certificate"])).checkpoint.height == answer["height"] == 1


async def test_a_proof_waits_for_its_certificate(node):
    world = node.world
    height = await world.seal(world.transaction(7))
    answers: list[Any] = []

    async def ask() -> None:
        answers.append((await node.api.get(f"/v1/state/{COUNTER_KEY.hex()}")).json()["height"])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert answers == []
        world.certify(height)
    assert answers == [height]


async def test_a_view_runs_on_the_certified_height_and_on_recent_ones(node):
    world = node.world
    await world.final(world.transaction(10))
    await world.final(world.transaction(20))
    await world.seal(world.transaction(99))
    arguments = encode(("x", 1))
    for height, total in ((None, 30), (1, 10), (2, 30)):
        query = {"args": base64.b64encode(arguments).decode(), "height": height}
        answer = (await node.api.post("/v1/views/counter/total", json=query)).json()
        at = height or 2
        assert answer["height"] == at
        assert decode(raw(answer["result"]), bytes_max=BYTES_MAX) == (total, at, ("x", 1))
        assert CheckpointCert.decode(raw(answer["certificate"])).checkpoint.height == at
    direct = await node.api.post("/v1/views/counter/total?height=1", content=arguments, headers=CBOR)
    assert decode(raw(direct.json()["result"]), bytes_max=BYTES_MAX)[0] == 10


async def test_contracts_and_their_interfaces(node):
    await node.world.final(node.world.transaction())
    listing = (await node.api.get("/v1/contracts")).json()
    assert listing == {"height": 1, "contracts": [{"name": "counter", "number": 7, "version": 1, "status": "active"}]}
    sheet = (await node.api.get("/v1/contracts/counter")).json()
    assert raw(sheet["interface"]) == INTERFACE
    assert sheet["interface_digest"] == SHEET.interface_digest.hex()
    assert (await node.api.get("/v1/contracts/counter/interface")).content == INTERFACE
    edition = (await node.api.get(f"/v1/interfaces/{SHEET.interface_digest.hex()}")).json()
    assert raw(edition["interface"]) == INTERFACE
    assert (edition["name"], edition["version"], edition["since"]) == ("counter", 1, 0)


async def test_certificates_by_height_and_the_latest(node):
    world = node.world
    await world.final(world.transaction())
    await world.final(world.transaction())
    for name, height in (("latest", 2), ("1", 1)):
        answer = (await node.api.get(f"/v1/certificates/{name}")).json()
        assert CheckpointCert.decode(raw(answer["certificate"])).checkpoint.height == answer["height"] == height


async def test_validators_have_not_changed_since_the_genesis(node):
    assert (await node.api.get("/v1/validators")).json() == {"changes": []}


async def test_peers_are_the_other_validators(node):
    rows = (await node.api.get("/v1/peers")).json()
    assert [row["organisation"] for row in rows] == ["supervisor", "collector", "subject", "user"]
    assert {row["connected"] for row in rows} == {False}


async def test_freshness_is_signed_over_the_nonce_and_the_highest_certificate(node):
    world = node.world
    certificate = await certify_one(world)
    nonce = bytes(range(32))
    answer = (await node.api.post("/v1/freshness", json={"nonce": nonce.hex()})).json()
    digest = certificate.checkpoint.sign_bytes(SUITE)
    signed = SUITE.hasher("fresh")(encode((1, world.chain, nonce, 1, digest)))
    SUITE.verify(bytes.fromhex(answer["key"]), signed, bytes.fromhex(answer["signature"]))
    assert answer["key"] == world.validator_key.hex()


async def certify_one(world) -> Any:
    return world.certify(await world.seal(world.transaction()))


async def test_openapi_describes_every_route_and_needs_no_foreign_network(node):
    document = (await node.api.get("/v1/openapi.json")).json()
    assert sorted(document["paths"]) == sorted(
        f"/v1/{path}"
        for path in (
            "status", "peers", "freshness", "transactions", "genesis", "genesis.json", "blocks/{height}",
            "receipts/{identifier}", "receipts", "state/{full_key}", "states", "certificates/latest",
            "certificates/{height}", "history/{height}", "validators", "contracts", "contracts/{name}",
            "contracts/{name}/interface", "interfaces/{digest}", "views/{contract}/{view}", "events",
        )
    )  # fmt: skip
    for path in ("/docs", "/redoc"):
        assert (await node.api.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/v1/blocks/1", "/v1/certificates/1", "/v1/history/1"])
async def test_what_is_not_there_yet_is_refused_with_the_heights(node, path):
    answer = await node.api.get(path)
    assert answer.status_code in (404, 409)
    assert answer.headers["content-type"] == "application/problem+json"
