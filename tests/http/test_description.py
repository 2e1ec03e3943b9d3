"""What `/v1/openapi.json` promises, held against what the node does."""

import re
from typing import Any

import pytest
import trio

from ledger.api import BASE64_PATTERN
from tests.http.world import SHEET

PLACES = {
    "height": "1",
    "identifier": "aa" * 32,
    "full_key": "000701",
    "name": "counter",
    "digest": "aa" * 32,
    "contract": "counter",
    "view": "total",
}


async def document(node) -> dict[str, Any]:
    described: dict[str, Any] = (await node.api.get("/v1/openapi.json")).json()
    return described


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    if isinstance(value, dict):
        here = [value["$ref"]] if "$ref" in value else []
        return here + [found for item in value.values() for found in references(item)]
    return []


async def test_every_reference_leads_to_a_schema(node):
    described = await document(node)
    found = references(described)
    assert len(found) > 20
    for reference in found:
        place: Any = described
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place["type"] == "object", reference


async def test_another_method_is_told_which_one_there_is(node):
    for path, methods in (await document(node))["paths"].items():
        (method,) = methods
        answer = await node.api.request("TRACE", path.format(**PLACES))
        assert (answer.status_code, answer.headers["allow"]) == (405, method.upper()), path


INTERFACE = SHEET.interface_digest.hex()
HEX = "0123456789abcdef" * 64
FORMS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "/v1/receipts/{identifier}": ("identifier", ("aa" * 32,), ("aa" * 31, "aa" * 33, "AA" * 32, "aa" * 31 + "a g")),
    "/v1/interfaces/{digest}": ("digest", (INTERFACE,), (INTERFACE.upper(), INTERFACE + "aa")),
    "/v1/state/{full_key}": ("full_key", ("aa" * 3, HEX), ("aa" * 2, HEX + "aa", "aaaaaaa", "AAAAAA")),
    "/v1/events": ("from", (), ("", "1.2", "1.2.3.4", "-1", "1 ", "1\n", "1" * 11, "１")),
}


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_in_the_description_is_the_one_that_is_taken(node, path):
    await node.world.final(node.world.transaction())
    name, good, bad = FORMS[path]
    (parameter,) = [p for p in (await document(node))["paths"][path]["get"]["parameters"] if p["name"] == name]
    pattern = parameter["schema"].get("pattern") or parameter["schema"]["anyOf"][0]["pattern"]
    for text in (*good, *bad):
        query = {name: text} if parameter["in"] == "query" else None
        answer = await node.api.get(path.format(**{name: text}), params=query)
        assert (answer.status_code != 400) == (text in good) == (re.fullmatch(pattern, text) is not None), text


MISTAKES = {
    "a number for a truth": ("/v1/receipts", {"ids": [], "proof": 1}),
    "a text for a truth": ("/v1/receipts", {"ids": [], "proof": "yes"}),
    "a text for a height": ("/v1/views/counter/total", {"args": "gA==", "height": "1"}),
    "a height below any": ("/v1/views/counter/total", {"args": "gA==", "height": -1}),
    "a height beyond any": ("/v1/views/counter/total", {"args": "gA==", "height": 2**32}),
    "no base64, which a lenient decoder takes for no bytes": ("/v1/transactions", {"transactions": ["!!!!"]}),
    "base64 and a space": ("/v1/views/counter/total", {"args": "gA== "}),
    "base64 without its padding": ("/v1/views/counter/total", {"args": "gA"}),
    "base64 of the other alphabet": ("/v1/transactions", {"transactions": ["-_-_"]}),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
async def test_what_the_description_excludes_is_refused(node, name):
    path, body = MISTAKES[name]
    answer = await node.api.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "RPC-001"), answer.text


async def test_base64_is_described_as_it_is_read(node):
    schemas = (await document(node))["components"]["schemas"]
    assert schemas["Submission"]["properties"]["transactions"]["items"]["pattern"] == BASE64_PATTERN
    assert schemas["StateAnswer"]["properties"]["value"]["anyOf"][0]["pattern"] == BASE64_PATTERN


async def test_a_view_waits_for_a_height_that_is_near_and_for_no_other(node):
    # Few views are admitted at one time: a height that will not come for years must not take such a place.
    await node.world.final(node.world.transaction())
    with trio.fail_after(node.world.seams.limits.view_seconds / 2):
        answer = await node.api.post("/v1/views/counter/total", json={"args": "gA==", "height": 1_000_000})
    assert (answer.status_code, answer.json()["code"]) == (409, "RPC-005")
    assert answer.json()["numbers"] == {"height": 1_000_000, "certified": 1}
