"""One node's HTTP API as typed calls. It believes nothing and proves nothing: that is `wallet.trust`'s work.

Besides an answer there are three outcomes: the node cannot be reached (`UnreachableError`), it refuses (`Refused`), or
what it sends is not of the agreed form (`NotProvenError`).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

import httpx

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
    Model,
    Problem,
    StatesAnswer,
    Status,
    Submitted,
    TransactionState,
    ValidatorsAnswer,
    ViewAnswer,
)
from ledger.codec import encode
from wallet.problems import from_node

TIMEOUT_SECONDS: Final = 20
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024

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
        )

    def close(self) -> None:
        self._http.close()

    def submit(self, wires: Sequence[bytes]) -> list[Submitted]:
        answer = self._send("POST", "/transactions", content=encode(tuple(wires)), headers={"content-type": CBOR})
        return self._models(Submitted, answer)

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
                    answer.read()
                    self._raise_problem(answer)
                for line in answer.iter_lines():
                    if line:
                        yield self._parse(EventLine, line)
        except httpx.HTTPError as error:
            raise UnreachableError(_short(error)) from None

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, f"{self.url}{PREFIX}{path}", **content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnreachableError(_short(error)) from None
        if len(answer.content) > ANSWER_BYTES_MAX:
            raise NotProvenError(f"an answer of {len(answer.content)} bytes")
        if answer.status_code != httpx.codes.OK:
            self._raise_problem(answer)
        return answer

    def _raise_problem(self, answer: httpx.Response) -> None:
        if not answer.headers.get("content-type", "").startswith(PROBLEM):
            raise UnreachableError(f"HTTP {answer.status_code}")
        raise from_node(self._parse(Problem, answer.text))

    def _model(self, model: type[M], answer: httpx.Response) -> M:
        return self._parse(model, answer.text)

    def _parse(self, model: type[M], text: str) -> M:
        try:
            return model.model_validate_json(text)
        except ValueError as error:
            raise NotProvenError(f"not a {model.__name__}: {_short(error)}") from None

    def _models(self, model: type[M], answer: httpx.Response) -> list[M]:
        try:
            rows = answer.json()
            return [model.model_validate(row) for row in rows]
        except (ValueError, TypeError) as error:
            raise NotProvenError(f"not a list of {model.__name__}: {_short(error)}") from None


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:160] or type(error).__name__
