"""Nodes that do harm rather than lie: answers without end, packed, slow, of other forms; old heights signed anew; words
that pass for the wallet's own. The wallet ends in time, says what happened, and asks another node."""

import base64
import contextlib
import gzip
import json
import socket
import threading
import time

import pytest

import wallet.node_api
from ledger.api import Problem
from ledger.codec import encode, load
from ledger.errors import Refused
from ledger.receipt import Status
from tests.ledger.toy_chain import SUITE, ToyChain, secret
from tests.wallet.lying_node import LyingNode, b64
from tests.wallet.test_client import IDS, client_of, nodes, swap, toy
from wallet.builder import Signer
from wallet.client import Client
from wallet.node_api import NodeApi, NotProvenError, UnreachableError
from wallet.problems import from_node
from wallet.session import Session

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


class RawNode:
    """Sends `first`, then `again` over and over, every `pause` seconds, until it is left."""

    def __init__(self, first, again=b"", pause=0.0):
        self.first, self.again, self.pause = first, again, pause
        self.done = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def serve(self):
        while not self.done.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.recv(65_536)
                connection.sendall(self.first)
                while self.again and not self.done.wait(self.pause):
                    connection.sendall(self.again)
                # Closing with unread bytes would reset the connection before the answer is read.
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65_536):
                    pass


@contextlib.contextmanager
def api_of(first, again=b"", pause=0.0):
    with RawNode(first, again, pause) as node:
        api = NodeApi(node.url)
        try:
            yield api
        finally:
            api.close()


def fault_of(function, *args):
    with pytest.raises((NotProvenError, UnreachableError)) as caught:
        function(*args)
    return str(caught.value)


def test_an_endless_answer_is_cut_at_the_limit(monkeypatch):
    monkeypatch.setattr(wallet.node_api, "ANSWER_BYTES_MAX", 1_000_000)
    with api_of(CHUNKED, b"10000\r\n" + b" " * 65_536 + b"\r\n") as api:
        assert fault_of(api.status) == "an answer of more than 1000000 bytes"


@pytest.mark.parametrize("first", [CHUNKED, HEAD, b"HTTP/1.1 200"], ids=["body", "headers", "status line"])
def test_an_answer_that_drips_is_cut_in_time(monkeypatch, first):
    monkeypatch.setattr(wallet.node_api, "ANSWER_SECONDS_MAX", 0.3)
    again = {CHUNKED: b"1\r\n \r\n", HEAD: b"x: y\r\n"}.get(first, b" ")
    with api_of(first, again, 0.02) as api:
        started = time.monotonic()
        fault_of(api.status)
        assert time.monotonic() - started < 5


def test_a_packed_answer_is_not_unpacked():
    bomb = gzip.compress(b"0" * 50_000_000)
    with api_of(HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(bomb) + bomb) as api:
        assert fault_of(api.status) == "an answer packed as gzip"


def test_a_node_sends_nobody_elsewhere():
    with api_of(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/v1/status\r\ncontent-length: 0\r\n\r\n") as api:
        assert fault_of(api.status) == "HTTP 302"


def test_an_endless_event_is_cut(monkeypatch):
    monkeypatch.setattr(wallet.node_api, "LINE_BYTES_MAX", 100_000)
    with api_of(CHUNKED, b"8000\r\n" + b" " * 32_768 + b"\r\n") as api:
        assert fault_of(lambda: list(api.events("0"))) == "a line of more than 100000 bytes"


STATUS = {
    "chain": "00", "name": "x", "suite": "intl", "engine": "pbft", "organisation": "a", "validator_key": "00",
    "software": "1", "clock": "real", "day": 1, "time_ms": 1, "applied": 1, "certified": 1, "decided": 1, "round": 0,
    "mode": "voting", "halt_reason": None, "peers_connected": 0, "peers": 0, "quorum": 3, "pool_count": 0,
    "pool_oldest_ms": 0, "view_changes": 0, "uptime_ms": 0, "database_bytes": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b"\xff\xfe not UTF-8",
        json.dumps({**STATUS, "name": "caf\xe9"}, ensure_ascii=False).encode("latin-1"),
        b"<html>it works</html>",
        b"",
        b"null",
        b"[]",
        json.dumps({**STATUS, "certified": 0}).encode().replace(b'"certified": 0', b'"certified": ' + b"9" * 5_000),
        json.dumps({**STATUS, "certified": 2**63}).encode(),
        json.dumps({**STATUS, "more": 1}).encode(),
    ],
    ids=["arrays", "objects", "bytes", "latin-1", "html", "empty", "null", "list", "digits", "64 bits", "extra"],
)
@pytest.mark.parametrize("media_type", ["application/json", "text/html; charset=utf-7", "image/png"])
def test_what_is_not_of_the_form_is_said(body, media_type):
    kind = f"connection: close\r\ncontent-type: {media_type}"
    head = f"HTTP/1.1 200 OK\r\n{kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    with api_of(head + body) as api:
        assert fault_of(api.status).startswith("not a Status: ")
        if body != b"[]":
            said_of_list = fault_of(lambda: api.receipts([bytes(32)], proof=False))
            assert said_of_list.startswith("not a list of TransactionState: ")


def said(**changes):
    answer = {"code": "VOU-007", "status": 422, "numbers": {}, "zh": "不行", "en": "no", "retry": False, **changes}
    return Problem.model_validate(answer)


def test_a_nodes_words_are_marked_and_pass_for_no_words_of_the_wallet():
    assert from_node(said()).text("en") == "the node says: no"
    assert from_node(said(code="POOL-001", numbers={"count": 1, "limit": 2})).text("en") == "the pool is full: 1 of 2"
    assert len(from_node(said(zh="好" * 10**6)).text("zh")) < 2_000
    for wrong in (said(code="WAL-040"), said(code="\x1b[2J"), said(code=""), said(numbers={"a": "x" * 10_000}),
                  said(code="TX-001", numbers={"x" * 10_000: 1})):  # fmt: skip
        with pytest.raises(ValueError, match=r"is too long|code"):
            from_node(wrong)


def signer():
    return Signer(SUITE, secret("admin hongda"), "hongda")


def test_a_refusal_by_one_node_is_checked_with_another():
    """Else it says "refused", passes the transaction on, and the person pays twice."""
    chain, _ = toy()

    def refuse(path, answer):
        if path == "/transactions":
            return [{**row, "outcome": "refused", "problem": said().model_dump()} for row in answer]
        return answer

    with nodes(chain, refuse, None, None) as found:
        session = Session(chain.file, [node.url for node in found], language="en")
        outcome = session.call(signer(), "voucher", "accept", (IDS[0],))
        session.close()
    assert (outcome.refused, outcome.receipt.status) == (None, Status.DONE)
    with nodes(chain, refuse, refuse, None) as found:
        session = Session(chain.file, [node.url for node in found], language="en")
        with pytest.raises(Refused) as caught:
            session.call(signer(), "voucher", "accept", (IDS[2],))
        session.close()
    assert caught.value.text("en") == "the node says: no"


def test_refused_without_a_reason_is_no_answer():
    chain, _ = toy()
    lie = swap("/transactions", lambda rows: rows[0].update(outcome="refused"))
    with nodes(chain, lie, None) as found:
        session = Session(chain.file, [node.url for node in found], language="en")
        assert session.call(signer(), "voucher", "accept", (IDS[0],)).refused is None
        assert session.client.complaints[0].detail == "refused, yet without a reason"
        session.close()


def test_a_node_that_takes_and_never_runs_is_left_for_another(monkeypatch):
    monkeypatch.setattr("wallet.client.RESUBMIT_SECONDS", 0.1)
    chain, _ = toy()
    with nodes(chain, None, None) as found:
        found[0].run = None
        session = Session(chain.file, [node.url for node in found], language="en")
        assert session.call(signer(), "voucher", "accept", (IDS[0],), seconds=20).refused is None
        session.close()
    assert "/transactions" in found[1].asked


def test_certificates_of_another_chain_prove_nothing():
    chain, _ = toy()
    other = ToyChain(chain.genesis)
    other.chain = SUITE.hasher("genesis")(b"another")
    for _ in range(4):
        other.block()
    with contextlib.ExitStack() as stack:
        node = stack.enter_context(LyingNode(other))
        client = Client(chain.file, [node.url])
        stack.callback(client.close)
        with pytest.raises(Refused) as caught:
            client.level(1)
    assert caught.value.code == "WAL-030"


def test_an_old_height_signed_anew_is_not_believed():
    """Keys of validators that have retired can sign a height below the one seen; it must lie in the seen history."""
    chain, transaction = toy()
    fork = ToyChain(chain.genesis)
    for _ in range(2):
        fork.write("voucher", "tranches", (IDS[0],), ("bank", 1))
        fork.block()

    def forged(path, answer):
        if path == "/states":
            answer["certificate"] = b64(fork.blocks[2].certificate.encode())
            value, proof = fork.state_proof(where, 2)
            answer["values"][0] |= {"value": b64(value or b""), "proof": b64(encode(proof.to_value()))}
        if path == "/receipts" and answer[0].get("proof"):
            parts = list(load(base64.b64decode(answer[0]["proof"])))
            parts[4] = fork.blocks[2].certificate.to_value()
            answer[0]["proof"] = b64(encode(tuple(parts)))
        return answer

    where = chain.key_of("voucher", "tranches", (IDS[0],))
    with client_of(chain, forged, None) as (client, (liar, _)):
        client.level(1)
        assert client.trust.highest.checkpoint.height == 4
        assert load(client.states([where]).values[where]) == ("hongda", 100)
        assert [c.node for c in client.complaints] == [liar.url]
        assert "contains another height 2" in client.complaints[0].detail
    with client_of(chain, forged, None) as (client, (liar, _)):
        client.level(1)
        assert client.receipts([transaction.id])[transaction.id].receipt.height == 3
        assert [c.node for c in client.complaints] == [liar.url]


def test_a_list_of_an_old_height_is_not_taken_though_others_confirm_it():
    chain, _ = toy()
    with client_of(chain, None, None, None) as (client, found):
        found[0].behind = 2
        client.level(4, 4)
        agreed = client.view("voucher", "held_by", ("hongda",))
    assert (agreed.height, agreed.is_certain) == (4, True)
    assert found[0].url not in agreed.nodes


def test_a_list_that_every_node_answers_differently_is_no_list(monkeypatch):
    monkeypatch.setattr("wallet.client.AGREEMENT_SECONDS", 0.2)
    chain, _ = toy()

    def only(n):
        return swap("/views", lambda answer: answer.update(result=b64(encode(tuple(IDS[:n])))))

    with client_of(chain, only(1), only(2), only(3)) as (client, _), pytest.raises(Refused) as caught:
        client.view("voucher", "held_by", ("hongda",))
    assert caught.value.code == "WAL-022"
