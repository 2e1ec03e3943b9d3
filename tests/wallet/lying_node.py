"""LyingNode: a simulator of a node's HTTP API over real sockets, honest until it is told to lie.

It serves a `SealedChain` under `/v1` with the models of `ledger.api`. A lie is a function from (path, honest answer) to
the answer that is sent; it may also return None, and then the connection is cut.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

from ledger.api import Problem
from ledger.codec import encode, load
from ledger.errors import Refused, refuse
from ledger.receipt import Receipt
from ledger.transaction import Transaction
from tests.ledger.toy_chain import SUITE, SealedChain, key, receipt_of, secret

Lie = Callable[[str, Any], Any]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def for_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return [for_json(item) for item in value] if isinstance(value, tuple) else value


class LyingNode:
    """`views` answers views: (contract, view) → function of the arguments. `run` makes a block of a transaction that
    was submitted; None keeps transactions waiting. `outcome` changes the receipts of the toy's own `run`."""

    def __init__(self, chain: SealedChain, *, validator: str = "validator 0", lie: Lie | None = None) -> None:
        self.chain, self.validator, self.lie = chain, validator, lie
        self.views: Mapping[tuple[str, str], Callable[..., Any]] = {}
        self.run: Callable[[Transaction], object] | None = self.run_toy
        self.outcome: dict[str, Any] = {}
        self.waiting: list[Transaction] = []
        self.asked: list[str] = []
        self.behind = 0
        self.peers_connected = 3
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version, wbufsize = "HTTP/1.1", 1 << 16

            def do_GET(self) -> None:
                node.serve(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> LyingNode:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def run_toy(self, transaction: Transaction) -> None:
        self.chain.block((transaction, receipt_of(self.chain.height + 1, 0, transaction, **self.outcome)))

    @property
    def height(self) -> int:
        return self.chain.height - self.behind

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        url = urlparse(request.path)
        path = url.path.removeprefix("/v1")
        self.asked.append(path)
        content = request.rfile.read(int(request.headers.get("content-length") or 0))
        status = 200
        try:
            answer = self.answer(path, {name: values[0] for name, values in parse_qs(url.query).items()}, content)
        except Refused as refused:
            answer, status = Problem.of(refused).model_dump(), refused.refusal.status
        if self.lie is not None:
            answer = self.lie(path, answer)
        if answer is None:
            request.close_connection = True
            return
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("content-type", "application/json" if status == 200 else "application/problem+json")
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def answer(self, path: str, query: dict[str, str], content: bytes) -> Any:
        _, kind, *rest = path.split("/")
        handler = getattr(self, f"on_{kind}", None)
        if handler is None:
            raise refuse("RPC-004", what=path)
        return handler(rest, query, content)

    def on_contracts(self, rest: list[str], _query: Any, _content: bytes) -> Any:
        if not rest:
            rows = [
                {"name": name, "number": n, "version": 1, "status": "active"} for name, n in self.chain.numbers.items()
            ]
            return {"height": self.height, "contracts": rows}
        if rest[0] not in self.chain.interfaces:
            raise refuse("TX-007", contract=rest[0])
        interface = self.chain.interfaces[rest[0]]
        return {
            "name": rest[0], "number": self.chain.numbers[rest[0]], "version": 1, "status": "active",
            "interface": b64(interface.encode()), "interface_digest": interface.digest(SUITE).hex(),
            "source_digest": "00" * 32,
        }  # fmt: skip

    def on_interfaces(self, rest: list[str], _query: Any, _content: bytes) -> Any:
        for name, version, since, interface in self.chain.editions():
            if interface.digest(SUITE).hex() == rest[0]:
                return {
                    "name": name, "version": version, "since": since, "interface": b64(interface.encode()),
                    "interface_digest": rest[0], "source_digest": "00" * 32,
                }  # fmt: skip
        raise refuse("RPC-004", what=f"interface {rest[0]}")

    def certificate(self, height: int) -> str:
        return b64(self.chain.blocks[height].certificate.encode())

    def on_states(self, _rest: list[str], _query: Any, content: bytes) -> Any:
        rows = []
        for text in json.loads(content)["full_keys"]:
            value, proof = self.chain.state_proof(bytes.fromhex(text), self.height)
            rows.append({"full_key": text, "value": None if value is None else b64(value),
                         "proof": b64(encode(proof.to_value()))})  # fmt: skip
        return {"height": self.height, "values": rows, "certificate": self.certificate(self.height)}

    def on_history(self, rest: list[str], query: dict[str, str], _content: bytes) -> Any:
        height, under = int(rest[0]), int(query.get("under", self.height))
        if not 1 <= height <= under <= self.height:
            raise refuse("RPC-005", height=height, certified=self.height)
        block, path = self.chain.blocks[height], self.chain.history_path(height, under)
        row = (
            block.header.encode(),
            block.state_root,
            block.receipts_root,
            None if path is None else path.to_value(),
        )
        return {"height": height, "row": b64(encode(row)), "certificate": self.certificate(under)}

    def on_validators(self, _rest: list[str], _query: Any, _content: bytes) -> Any:
        return {
            "changes": [
                {"height": h, "validators": b64(encode(rows.to_value())), "certificate": self.certificate(h)}
                for h, rows in self.chain.changes
            ]
        }

    def on_views(self, rest: list[str], _query: Any, content: bytes) -> Any:
        query = json.loads(content)
        height = query["height"] or self.height
        if height > self.height:
            raise refuse("RPC-005", height=height, certified=self.height)
        arguments = load(base64.b64decode(query["args"]))
        result = self.views[rest[0], rest[1]](*arguments)
        return {"height": height, "result": b64(encode(result)), "certificate": self.certificate(height)}

    def on_blocks(self, rest: list[str], _query: Any, _content: bytes) -> Any:
        height = int(rest[0])
        block = self.chain.blocks[height]
        return {
            "height": height, "block_hash": block.header.hash(SUITE).hex(), "header": b64(block.header.encode()),
            "transactions": [b64(t.wire) for t in block.transactions], "receipts": [b64(r) for r in block.receipts],
            "certificate": self.certificate(height),
        }  # fmt: skip

    def on_transactions(self, _rest: list[str], _query: Any, content: bytes) -> Any:
        answers = []
        for wire in load(content):
            transaction = self.chain.codec.decode(wire)
            known = any(transaction.id == other.id for other in self.waiting) or self.place(transaction.id) is not None
            if not known and self.run is None:
                self.waiting.append(transaction)
            elif not known and self.run is not None:
                self.run(transaction)
            answers.append({"id": transaction.id.hex(), "wid": transaction.wid.hex(),
                            "outcome": "known" if known else "accepted"})  # fmt: skip
        return answers

    def place(self, identifier: bytes) -> tuple[int, int] | None:
        for height, block in self.chain.blocks.items():
            for index, transaction in enumerate(block.transactions):
                if transaction.id == identifier:
                    return height, index
        return None

    def on_receipts(self, _rest: list[str], _query: Any, content: bytes) -> Any:
        query = json.loads(content)
        return [self.transaction_state(bytes.fromhex(text), query["proof"]) for text in query["ids"]]

    def transaction_state(self, identifier: bytes, proof: bool) -> Any:
        place = self.place(identifier)
        if place is None or place[0] > self.height:
            known = any(identifier == other.id for other in self.waiting)
            return {"id": identifier.hex(), "state": "accepted" if known else "unknown"}
        height, index = place
        block = self.chain.blocks[height]
        answer = {"id": identifier.hex(), "state": "final", "height": height, "index": index,
                  "receipt": b64(block.receipts[index])}  # fmt: skip
        if proof:
            path = self.chain.history_path(height, self.height)
            parts = (block.header.encode(), block.state_root, block.receipts_root,
                     self.chain.receipt_path(height, index), self.chain.blocks[self.height].certificate.to_value(),
                     None if path is None else path.to_value())  # fmt: skip
            answer["proof"] = b64(encode(parts))
        return answer

    def on_events(self, _rest: list[str], query: dict[str, str], _content: bytes) -> Any:
        """All that is there behind a whole height; the stream then ends."""
        lines = []
        for height in range(int(query["from"]) + 1, self.height + 1):
            block = self.chain.blocks[height]
            for index, encoded in enumerate(block.receipts):
                receipt = Receipt.decode(encoded)
                for n, (contract, event, values) in enumerate(receipt.events):
                    forms = {form.name: form for form in self.chain.interfaces[contract].events}
                    names = [field.name for field in forms[event].fields]
                    lines.append({
                        "cursor": f"{height}.{index}.{n}", "height": height, "contract": contract, "event": event,
                        "id": None if receipt.id is None else receipt.id.hex(),
                        "values": dict(zip(names, map(for_json, values), strict=True)),
                    })  # fmt: skip
            lines.append({"cursor": str(height), "height": height, "checkpoint": self.certificate(height)})
        return "".join(json.dumps(line) + "\n" for line in lines).encode()

    def on_freshness(self, _rest: list[str], _query: Any, content: bytes) -> Any:
        nonce = bytes.fromhex(json.loads(content)["nonce"])
        checkpoint = self.chain.blocks[self.height].certificate.checkpoint
        said = encode((1, self.chain.chain, nonce, self.height, checkpoint.sign_bytes(SUITE)))
        signature = SUITE.sign(secret(self.validator), SUITE.hasher("fresh")(said))
        return {"height": self.height, "certificate": self.certificate(self.height),
                "key": key(self.validator).hex(), "signature": signature.hex()}  # fmt: skip

    def on_status(self, _rest: list[str], _query: Any, _content: bytes) -> Any:
        return {
            "chain": self.chain.chain.hex(), "name": "toy", "suite": "intl", "engine": "pbft", "organisation": "bank",
            "validator_key": key(self.validator).hex(), "software": "LyingNode", "clock": "real", "day": 19_178,
            "time_ms": 1_656_950_400_000, "applied": self.height, "certified": self.height, "decided": self.height,
            "round": 0, "mode": "voting", "halt_reason": None, "peers_connected": self.peers_connected,
            "peers": 3, "quorum": 3,
            "pool_count": 0, "pool_oldest_ms": 0, "view_changes": 0, "uptime_ms": 1, "database_bytes": 1,
        }  # fmt: skip
