"""One node's HTTP API as typed calls. It believes nothing and proves nothing: that is `wallet.trust`'s work.

Besides an answer there are three outcomes: the node cannot be reached (`UnreachableError`), it refuses (`Refused`), or
what it sends is not of the agreed form (`NotProvenError`).

A node may be hostile. What it sends is counted while it arrives, is never unpacked, and has a time in which it must be
complete: a node that sends a byte now and then would otherwise hold a wallet for ever.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter

from ledger.api import (
    CBOR,
    PREFIX,
    PROBLEM,
    BlockAnswer,
    ContractAnswer,
    ContractsAnswer,
    EventLine,
    FreshnessAnswer,
    HistoryAnswer,
    InterfaceAnswer,
    Model,
    Problem,
    StatesAnswer,
    Status,
    Submitted,
    TransactionState,
    ValidatorsAnswer,
    ViewAnswer,
)
from ledger.codec import INTEGER_MAX, encode
from ledger.errors import Refused
from wallet.problems import from_node

TIMEOUT_SECONDS: Final = 20
ANSWER_SECONDS_MAX = 60
ANSWER_BYTES_MAX = 64 * 1024 * 1024
LINE_BYTES_MAX: Final = 1024 * 1024
CHUNK_BYTES: Final = 64 * 1024

M = TypeVar("M", bound=Model)


class UnreachableError(Exception):
    """The node did not answer."""


class NotProvenError(Exception):
    """The node's answer does not hold: it is malformed, or its proof does not lead where it must."""


class NodeApi:
    """`transport` lets a test put something else than the network below."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        # A node may not send us elsewhere, and a proxy set for browsers has no business between a wallet and its node.
        # Certificates are looked at where there are any: loading the authorities takes longer than a request.
        self._http = httpx.Client(
            timeout=TIMEOUT_SECONDS,
            transport=transport,
            follow_redirects=False,
            trust_env=False,
            verify=self.url.startswith("https://"),
            headers={"accept-encoding": "identity"},
        )
        self._socket: socket.socket | None = None

    def close(self) -> None:
        self._http.close()

    def submit(self, wires: Sequence[bytes]) -> list[Submitted]:
        answer = self._send("POST", "/transactions", content=encode(tuple(wires)), headers={"content-type": CBOR})
        rows = self._models(Submitted, answer)
        if len(rows) != len(wires):
            raise NotProvenError(f"{len(rows)} answers for {len(wires)} transactions")
        for row in rows:
            if (row.outcome == "refused") != (row.problem is not None):
                raise NotProvenError(f"{row.outcome}, yet {'with' if row.problem else 'without'} a reason")
            if row.problem is not None:
                self._refusal(row.problem)
        return rows

    def receipts(self, ids: Sequence[bytes], *, proof: bool) -> list[TransactionState]:
        query = {"ids": [identifier.hex() for identifier in ids], "proof": proof}
        return self._models(TransactionState, self._send("POST", "/receipts", json=query))

    def block(self, height: int) -> BlockAnswer:
        return self._model(BlockAnswer, self._send("GET", f"/blocks/{height}"))

    def states(self, full_keys: Sequence[bytes]) -> StatesAnswer:
        query = {"full_keys": [key.hex() for key in full_keys]}
        return self._model(StatesAnswer, self._send("POST", "/states", json=query))

    def history(self, height: int, under: int | None = None) -> HistoryAnswer:
        params = {} if under is None else {"under": under}
        return self._model(HistoryAnswer, self._send("GET", f"/history/{height}", params=params))

    def validators(self) -> ValidatorsAnswer:
        return self._model(ValidatorsAnswer, self._send("GET", "/validators"))

    def view(self, contract: str, view: str, args: tuple[Any, ...], height: int | None = None) -> ViewAnswer:
        query = {"args": base64.b64encode(encode(args)).decode("ascii"), "height": height}
        return self._model(ViewAnswer, self._send("POST", f"/views/{contract}/{view}", json=query))

    def contract(self, name: str) -> ContractAnswer:
        return self._model(ContractAnswer, self._send("GET", f"/contracts/{name}"))

    def interface(self, digest: bytes) -> InterfaceAnswer:
        return self._model(InterfaceAnswer, self._send("GET", f"/interfaces/{digest.hex()}"))

    def contracts(self) -> ContractsAnswer:
        return self._model(ContractsAnswer, self._send("GET", "/contracts"))

    def status(self) -> Status:
        return self._model(Status, self._send("GET", "/status"))

    def freshness(self, nonce: bytes) -> FreshnessAnswer:
        return self._model(FreshnessAnswer, self._send("POST", "/freshness", json={"nonce": nonce.hex()}))

    def events(self, cursor: str, **filters: str) -> Iterator[EventLine]:
        """The stream of final events from behind `cursor`; ends when the node closes it."""
        try:
            with self._http.stream("GET", f"{self.url}{PREFIX}/events", params={"from": cursor, **filters}) as answer:
                if answer.status_code != httpx.codes.OK:
                    self._raise_problem(_read(answer))
                for line in _lines(answer):
                    yield self._parse(EventLine, line)
        except httpx.HTTPError as error:
            raise UnreachableError(_short(error)) from None

    def _send(self, method: str, path: str, **content: Any) -> bytes:
        url, extensions = f"{self.url}{PREFIX}{path}", {"trace": self._note_socket}
        try:
            with self._in_time(), self._http.stream(method, url, extensions=extensions, **content) as answer:
                reply = _read(answer)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise UnreachableError(_short(error)) from None
        if reply.status != httpx.codes.OK:
            self._raise_problem(reply)
        return reply.body

    def _note_socket(self, event: str, info: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")

    @contextlib.contextmanager
    def _in_time(self) -> Iterator[None]:
        """Cut the connection when an answer is not complete in time, however it is dripped."""
        timer = threading.Timer(ANSWER_SECONDS_MAX, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        if self._socket is not None:
            # The plain method: that of a TLS socket would leave the reader without its layer.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _raise_problem(self, reply: _Reply) -> None:
        if not reply.media_type.startswith(PROBLEM):
            raise UnreachableError(f"HTTP {reply.status}")
        raise self._refusal(self._parse(Problem, reply.body))

    def _refusal(self, answer: Problem) -> Refused:
        try:
            return from_node(answer)
        except ValueError as error:
            raise NotProvenError(f"a refusal of a form that no node sends: {_short(error)}") from None

    def _model(self, model: type[M], body: bytes) -> M:
        return self._parse(model, body)

    def _parse(self, model: type[M], body: bytes) -> M:
        try:
            found = model.model_validate_json(body)
            _check_integers(found)
        except ValueError as error:
            raise NotProvenError(f"not a {model.__name__}: {_short(error)}") from None
        return found

    def _models(self, model: type[M], body: bytes) -> list[M]:
        try:
            rows = _list_of(model).validate_json(body)
            _check_integers(rows)
        except ValueError as error:
            raise NotProvenError(f"not a list of {model.__name__}: {_short(error)}") from None
        return rows


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    media_type: str
    body: bytes


def _read(answer: httpx.Response) -> _Reply:
    """The whole answer as it was sent, unless it is too large; raises `NotProvenError`."""
    packed = answer.headers.get("content-encoding", "identity")
    if packed != "identity":
        raise NotProvenError(f"an answer packed as {packed[:20]}")
    parts, size = list[bytes](), 0
    for part in answer.iter_raw(CHUNK_BYTES):
        size += len(part)
        if size > ANSWER_BYTES_MAX:
            raise NotProvenError(f"an answer of more than {ANSWER_BYTES_MAX} bytes")
        parts.append(part)
    return _Reply(answer.status_code, answer.headers.get("content-type", ""), b"".join(parts))


def _lines(answer: httpx.Response) -> Iterator[bytes]:
    held = b""
    for part in answer.iter_raw():
        *whole, held = (held + part).split(b"\n")
        if len(held) > LINE_BYTES_MAX:
            raise NotProvenError(f"a line of more than {LINE_BYTES_MAX} bytes")
        yield from filter(None, whole)
    if held:
        yield held


@cache
def _list_of(model: type[M]) -> TypeAdapter[list[M]]:
    return TypeAdapter(list[model])  # type: ignore[valid-type]


def _check_integers(value: Any) -> None:
    """Numbers of the ledger have 63 bits; Python cannot even show some larger ones."""
    if isinstance(value, BaseModel):
        for part in vars(value).values():
            _check_integers(part)
    elif isinstance(value, list):
        for part in value:
            _check_integers(part)
    elif isinstance(value, dict):
        for part in value.values():
            _check_integers(part)
    elif type(value) is int and abs(value) > INTEGER_MAX:
        raise ValueError(f"an integer of {value.bit_length()} bits")


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:160].removesuffix(".") or type(error).__name__
