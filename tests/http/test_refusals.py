"""Every row of bad input: a stable code and the numbers, in both languages; nothing changes; it is counted."""

import base64
import json
from typing import Any

import pytest
import trio

from ledger.api import RECEIPTS_MAX, TRANSACTIONS_MAX, Submitted
from ledger.codec import encode
from ledger.errors import REFUSALS
from ledger.receipt import Receipt
from ledger.transaction import WIRE_BYTES_MAX
from tests.http.world import CLIENT, NOW, SUITE

CBOR = {"content-type": "application/cbor"}
JSON = {"content-type": "application/json"}


async def submit(node, *wires: bytes) -> Any:
    answer = await node.api.post("/v1/transactions", content=encode(wires), headers=CBOR)
    assert answer.status_code == 200, answer.text
    return answer.json()


def with_byte_behind(world) -> bytes:
    wire: bytes = world.transaction().wire
    return wire[:-65] + b"\x00" + wire[-65:]


LATE, LONG, OTHER = NOW - 60_000, NOW + 10**9, b"\x07" * 32
BAD_WIRES: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "malformed bytes": (lambda w: b"\xff" * 300, "TX-001", {}),
    "no bytes": (lambda w: b"", "TX-001", {}),
    "no signatures": (lambda w: w.transaction().wire[:-65] + b"\x00", "TX-001", {}),
    "bytes behind the body": (with_byte_behind, "BYT-001", {}),
    "wrong signature": (lambda w: w.wrongly_signed(), "TX-003", {"index": 0}),
    "wrong chain": (lambda w: w.transaction(chain=OTHER).wire, "TX-002", {"found": "07" * 8}),
    "expired": (lambda w: w.transaction(valid_until=LATE).wire, "TX-004", {"valid_until": LATE}),
    "valid for too long": (lambda w: w.transaction(valid_until=LONG).wire, "TX-005", {"valid_until": LONG}),
    "oversized": (lambda w: w.transaction().wire + b"\x00" * WIRE_BYTES_MAX, "BYT-002", {"limit": WIRE_BYTES_MAX}),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_WIRES)
async def test_a_bad_transaction_is_refused_alone(node, name):
    make, code, numbers = BAD_WIRES[name]
    world = node.world
    before, good = world.state_root, world.transaction().wire
    wire = make(world)
    refused, accepted = await submit(node, wire, good)
    assert (refused["outcome"], refused["problem"]["code"]) == ("refused", code)
    assert refused["wid"] == SUITE.hasher("wire")(wire).hex()
    assert numbers.items() <= refused["problem"]["numbers"].items()
    assert refused["problem"]["zh"] != refused["problem"]["en"]
    assert "{" not in refused["problem"]["en"] + refused["problem"]["zh"]
    assert accepted["outcome"] == "accepted"
    assert (world.state_root, len(world.pool)) == (before, 1)
    assert await node.metric("lugang_refusals_total", code=code) == 1.0


async def test_a_replay_is_known_and_changes_nothing(node):
    world = node.world
    transaction = world.transaction(5)
    assert (await submit(node, transaction.wire))[0]["outcome"] == "accepted"
    assert [row["outcome"] for row in await submit(node, transaction.wire, transaction.wire)] == ["known", "known"]
    await world.final(transaction)
    root = world.state_root
    assert (await submit(node, transaction.wire))[0]["outcome"] == "known"
    assert world.state_root == root


async def test_a_transaction_that_fails_at_execution_has_a_receipt_with_its_code(node):
    world = node.world
    transaction = world.transaction(101)
    assert (await submit(node, transaction.wire))[0]["outcome"] == "accepted"
    before = world.state_root
    await world.final(transaction, world.transaction(1000), world.transaction(0))
    assert world.state_root == before
    assert await node.metric("lugang_execution_refused_total", code="CNT-001") == 2.0
    answer = (await node.api.get(f"/v1/receipts/{transaction.id.hex()}")).json()
    receipt = Receipt.decode(base64.b64decode(answer["receipt"]))
    assert (receipt.code, receipt.numbers) == ("CNT-001", (("asked", 101), ("limit", 100)))


async def test_the_outcome_written_by_hand_is_the_models(node):
    rows = await submit(node, node.world.transaction().wire, b"\xff")
    assert [Submitted.model_validate(row).model_dump(mode="json") for row in rows] == rows


async def test_json_submission_answers_like_cbor(node):
    wire = node.world.transaction().wire
    body = {"transactions": [base64.b64encode(wire).decode(), base64.b64encode(b"x").decode()]}
    rows = (await node.api.post("/v1/transactions", json=body)).json()
    assert [row["outcome"] for row in rows] == ["accepted", "refused"]


async def test_nothing_submitted_is_answered_with_nothing(node):
    assert await submit(node) == []


FORM, MULTIPART = ({"content-type": kind} for kind in ("application/x-www-form-urlencoded", "multipart/form-data"))
TOO_MANY_IDS = json.dumps({"ids": ["aa" * 32] * (RECEIPTS_MAX + 1)}).encode()
BEYOND_ANY = b'{"args":"gA==","height":1e400}'
REQUESTS = {
    "unknown path": ("GET", "/v1/nowhere", None, {}, 404, "RPC-004"),
    "path of another version": ("GET", "/v2/status", None, {}, 404, "RPC-004"),
    "slash behind": ("GET", "/v1/status/", None, {}, 404, "RPC-004"),
    "other method": ("DELETE", "/v1/status", None, {}, 405, "RPC-008"),
    "unknown method": ("BREW", "/v1/transactions", None, {}, 405, "RPC-008"),
    "misspelt filter": ("GET", "/v1/events?contrakt=x", None, {}, 400, "RPC-001"),
    "height with letters": ("GET", "/v1/blocks/ten", None, {}, 400, "RPC-001"),
    "negative height": ("GET", "/v1/blocks/-1", None, {}, 400, "RPC-001"),
    "endless height": ("GET", "/v1/blocks/" + "9" * 5000, None, {}, 400, "RPC-001"),
    "height beyond any": ("GET", "/v1/certificates/4294967296", None, {}, 400, "RPC-001"),
    "block not there": ("GET", "/v1/blocks/9", None, {}, 404, "RPC-004"),
    "height to come": ("GET", "/v1/certificates/9", None, {}, 409, "RPC-005"),
    "id too short": ("GET", "/v1/receipts/aa", None, {}, 400, "RPC-001"),
    "id in capitals": ("GET", "/v1/receipts/" + "AA" * 32, None, {}, 400, "RPC-001"),
    "id with spaces": ("GET", "/v1/receipts/" + "%20" + "aa" * 32, None, {}, 400, "RPC-001"),
    "proof neither yes nor no": ("GET", f"/v1/receipts/{'aa' * 32}?proof=perhaps", None, {}, 400, "RPC-001"),
    "negative wait": ("GET", f"/v1/receipts/{'aa' * 32}?wait_ms=-1", None, {}, 400, "RPC-001"),
    "key of no map": ("GET", "/v1/state/aa", None, {}, 400, "RPC-001"),
    "key too long": ("GET", "/v1/state/" + "aa" * 600, None, {}, 400, "RPC-001"),
    "no keys": ("POST", "/v1/states", b'{"full_keys":[]}', JSON, 400, "RPC-001"),
    "no interface of that digest": ("GET", f"/v1/interfaces/{'00' * 32}", None, {}, 404, "RPC-004"),
    "no digest": ("GET", "/v1/interfaces/nothing", None, {}, 400, "RPC-001"),
    "no contract of that name": ("GET", "/v1/contracts/nobody", None, {}, 404, "TX-007"),
    "no body type": ("POST", "/v1/transactions", b"\x80", {}, 415, "RPC-009"),
    "form body": ("POST", "/v1/transactions", b"a=b", FORM, 415, "RPC-009"),
    "multipart body": ("POST", "/v1/receipts", b"--x--", MULTIPART, 415, "RPC-009"),
    "cbor where json is wanted": ("POST", "/v1/receipts", b"\x80", CBOR, 415, "RPC-009"),
    "cbor map": ("POST", "/v1/transactions", b"\xa0", CBOR, 400, "BYT-003"),
    "cbor with a float inside": ("POST", "/v1/transactions", b"\x81\xf9\x3c\x00", CBOR, 400, "BYT-003"),
    "cbor cut off": ("POST", "/v1/transactions", b"\x82\x41a", CBOR, 400, "BYT-001"),
    "cbor with bytes behind": ("POST", "/v1/transactions", b"\x80\x00", CBOR, 400, "BYT-001"),
    "cbor of endless length": ("POST", "/v1/transactions", b"\x9b" + b"\xff" * 8, CBOR, 400, "BYT-001"),
    "cbor without length": ("POST", "/v1/transactions", b"\x9f\xff", CBOR, 400, "BYT-001"),
    "cbor nested": ("POST", "/v1/transactions", b"\x81" * 5000 + b"\x80", CBOR, 400, "BYT-001"),
    "cbor of text": ("POST", "/v1/transactions", b"\x81\x61a", CBOR, 400, "RPC-001"),
    "cbor number": ("POST", "/v1/transactions", b"\x00", CBOR, 400, "RPC-001"),
    "empty cbor": ("POST", "/v1/transactions", b"", CBOR, 400, "BYT-001"),
    "too many": ("POST", "/v1/transactions", encode([b""] * (TRANSACTIONS_MAX + 1)), CBOR, 413, "RPC-003"),
    "far too many": ("POST", "/v1/transactions", encode([b""] * 20_000), CBOR, 413, "BYT-004"),
    "numbers by the million": ("POST", "/v1/transactions", encode([0] * 1_000_000), CBOR, 413, "BYT-004"),
    "json cut off": ("POST", "/v1/receipts", b'{"ids":["', JSON, 400, "RPC-001"),
    "json nested": ("POST", "/v1/receipts", b'{"ids":' + b"[" * 100_000, JSON, 400, "RPC-001"),
    "json nested objects": ("POST", "/v1/receipts", b'{"a":' * 50_000, JSON, 400, "RPC-001"),
    "json not UTF-8": ("POST", "/v1/receipts", b'{"ids":["\xff"]}', JSON, 400, "RPC-001"),
    "json of another form": ("POST", "/v1/receipts", b'{"identifiers":[]}', JSON, 400, "RPC-001"),
    "json with a field too many": ("POST", "/v1/receipts", b'{"ids":[],"admin":true}', JSON, 400, "RPC-001"),
    "json with too many": ("POST", "/v1/receipts", TOO_MANY_IDS, JSON, 400, "RPC-001"),
    "json number beyond any": ("POST", "/v1/views/counter/total", BEYOND_ANY, JSON, 400, "RPC-001"),
    "base64 that is none": ("POST", "/v1/transactions", b'{"transactions":["A"]}', JSON, 400, "RPC-001"),
    "empty json": ("POST", "/v1/receipts", b"", JSON, 400, "RPC-001"),
    "view arguments no array": ("POST", "/v1/views/counter/total", b"\x00", CBOR, 400, "RPC-001"),
    "view arguments too large": ("POST", "/v1/views/counter/total", encode((b"\x00" * 70_000,)), CBOR, 413, "BYT-002"),
    "no view of that name": ("POST", "/v1/views/counter/sum", b"\x80", CBOR, 404, "TX-008"),
    "no contract for the view": ("POST", "/v1/views/nobody/sum", b"\x80", CBOR, 404, "TX-007"),
    "nonce too short": ("POST", "/v1/freshness", b'{"nonce":"00"}', JSON, 400, "RPC-001"),
    "cursor that is none": ("GET", "/v1/events?from=1.2", None, {}, 400, "RPC-001"),
    "cursor with signs": ("GET", "/v1/events?from=%2B1", None, {}, 400, "RPC-001"),
    "cursor to come": ("GET", "/v1/events?from=9", None, {}, 409, "RPC-005"),
    "name of another host": ("GET", "/v1/status", None, {"host": "rebound.example"}, 400, "RPC-001"),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
async def test_a_bad_request_is_a_problem_with_a_code(node, name):
    method, path, content, headers, status, code = REQUESTS[name]
    await node.world.final(node.world.transaction())
    root = node.world.state_root
    answer = await node.api.request(method, path, content=content, headers=headers)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == status == REFUSALS[code].status
    assert set(problem) == {"code", "status", "numbers", "zh", "en", "retry"}
    assert len(answer.content) < 2_000
    assert "Traceback" not in answer.text
    assert '.py"' not in answer.text
    assert node.world.state_root == root
    assert await node.metric("lugang_refusals_total", code=code) == 1.0


async def test_before_the_first_certificate_views_and_freshness_wait(node):
    for path, body in (("/v1/views/counter/total", {"args": "gA=="}), ("/v1/freshness", {"nonce": "00" * 32})):
        answer = await node.api.post(path, json=body)
        assert (answer.status_code, answer.json()["code"], answer.json()["retry"]) == (409, "RPC-005", True)


async def test_a_height_too_long_ago_for_views_names_those_that_can_be_read(node):
    world = node.world
    for _ in range(70):
        await world.final()
    answer = await node.api.post("/v1/views/counter/total", json={"args": "gA==", "height": 3})
    assert (answer.status_code, answer.json()["code"]) == (410, "RPC-013")
    assert answer.json()["numbers"] == {"height": 3, "first": 7, "last": 70}
    assert (await node.api.post("/v1/views/counter/total", json={"args": "gA==", "height": 7})).status_code == 200


async def test_a_stranger_is_refused_at_the_door(node):
    world = node.world
    world.strangers[SUITE.public_key(CLIENT)] = 10**9
    [refused] = await submit(node, world.transaction().wire)
    assert refused["outcome"] == "refused"
    assert refused["problem"]["code"] == "AUTH-001"
    assert refused["problem"]["numbers"] == {"key": SUITE.public_key(CLIENT).hex()[:16]}
    assert len(world.pool) == 0
    assert await node.metric("lugang_refusals_total", code="AUTH-001") == 1.0


async def test_whom_the_next_block_registers_is_not_sent_away(node):
    # A client that has seen its registration on another node may be a block ahead of this one.
    world = node.world
    world.strangers[SUITE.public_key(CLIENT)] = world.board.chain.value.applied + 1
    answers = []

    async def ask() -> None:
        answers.extend(await submit(node, world.transaction().wire))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await world.stranger_came.wait()
        await world.seal()
    assert [row["outcome"] for row in answers] == ["accepted"]
