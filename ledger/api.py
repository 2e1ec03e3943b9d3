"""What travels over HTTP between a node and its users, under `/v1`.

Models for JSON bodies. Bytes are standard base64 text (`Base64`), digests and keys lower-case hexadecimal. What
has to be proved (receipts, values, certificates) travels as the canonical CBOR that was hashed, inside base64: a client
verifies bytes, it never re-creates them from JSON.

Every answer that states a fact about the ledger names the height at which it holds; proofs are released only under a
checkpoint certificate. A refusal is `application/problem+json` (`Problem`).
"""

from __future__ import annotations

import base64
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, EncodedBytes, EncoderProtocol, Field

from ledger.errors import Refusal, Refused
from ledger.state import KEY_BYTES_MAX, NUMBER_BYTES

PREFIX: Final = "/v1"
TRANSACTIONS_MAX: Final = 500
RECEIPTS_MAX: Final = 500
STATES_MAX: Final = 500
REQUEST_BYTES_MAX: Final = 4 * 1024 * 1024
HEIGHT_MAX: Final = 2**32 - 1
"""What a place in the index of transactions can hold."""
CBOR: Final = "application/cbor"
PROBLEM: Final = "application/problem+json"
NDJSON: Final = "application/x-ndjson"

Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$", max_length=2048)]
DIGEST_PATTERN: Final = "^[0-9a-f]{64}$"
FULL_KEY_PATTERN: Final = f"^([0-9a-f]{{2}}){{{NUMBER_BYTES},{KEY_BYTES_MAX}}}$"
Digest = Annotated[str, Field(pattern=DIGEST_PATTERN)]
FullKey = Annotated[str, Field(pattern=FULL_KEY_PATTERN)]
BASE64_PATTERN: Final = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"


class StrictBase64(EncoderProtocol):
    """The standard alphabet and its padding. The library's own decoder passes over every character that is not base64,
    so that one byte string would have endless forms and what is no base64 would often be an empty one."""

    @classmethod
    def decode(cls, data: bytes) -> bytes:
        try:
            return base64.b64decode(data, validate=True)
        except ValueError as error:
            raise ValueError(f"base64 expected: {error}") from None

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return base64.b64encode(value)

    @classmethod
    def get_json_format(cls) -> Literal["base64"]:
        return "base64"


Base64 = Annotated[bytes, EncodedBytes(encoder=StrictBase64), Field(json_schema_extra={"pattern": BASE64_PATTERN})]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Query(Model):
    """What a client asks. Strict: a number for a truth, or a text for a number, is a mistake and not a conversion."""

    model_config = ConfigDict(strict=True)


class Problem(Model):
    """A refusal: the stable code, the numbers that disagree, the sentence in both languages."""

    code: str
    status: int
    numbers: dict[str, int | str | bool | None]
    zh: str
    en: str
    retry: bool

    @classmethod
    def of(cls, refused: Refused) -> Problem:
        refusal: Refusal = refused.refusal
        return cls(
            code=refusal.code,
            status=refusal.status,
            numbers=dict(refused.numbers),
            zh=refused.text("zh"),
            en=refused.text("en"),
            retry=refusal.retry,
        )


class Submission(Query):
    """`POST /v1/transactions` as JSON; the same route takes a CBOR array of wires."""

    transactions: Annotated[list[Base64], Field(max_length=TRANSACTIONS_MAX)]


class Submitted(Model):
    """One item's answer: `accepted` (verified and on this node's disk), `known` (it was already), or `refused`."""

    id: Digest | None
    wid: Digest
    outcome: Literal["accepted", "known", "refused"]
    problem: Problem | None = None


class ReceiptsQuery(Query):
    """`POST /v1/receipts`: by transaction id."""

    ids: Annotated[list[Digest], Field(max_length=RECEIPTS_MAX)]
    proof: bool = False


class TransactionState(Model):
    """What this node knows of one transaction id.

    `unknown`; `accepted` (in its pool); `executed` at a height that is not certified yet; `final` (certified).
    `receipt` is the receipt's CBOR. `proof`, when asked for and final, is the CBOR of [header, state_root,
    receipts_root, receipt path, certificate, history path | null] (`ledger.proofs`): the certificate is of the
    receipt's height, or of a higher one and then the history path leads to it.
    """

    id: Digest
    state: Literal["unknown", "accepted", "executed", "final"]
    height: int | None = None
    index: int | None = None
    receipt: Base64 | None = None
    proof: Base64 | None = None


class BlockAnswer(Model):
    """`GET /v1/blocks/{height}`: header and certificate as CBOR, wires and receipts in order."""

    height: int
    block_hash: Digest
    header: Base64
    transactions: list[Base64]
    receipts: list[Base64]
    certificate: Base64 | None


class StateAnswer(Model):
    """`GET /v1/state/{full_key hex}`: the value (null: absent) with its proof under the certificate of `height`."""

    height: int
    full_key: FullKey
    value: Base64 | None
    proof: Base64
    certificate: Base64


class StatesQuery(Query):
    """`POST /v1/states`: many full keys, proved together at one height."""

    full_keys: Annotated[list[FullKey], Field(min_length=1, max_length=STATES_MAX)]


class StateItem(Model):
    full_key: FullKey
    value: Base64 | None
    proof: Base64


class StatesAnswer(Model):
    """The values in the order of the query, all under the one certificate of `height`."""

    height: int
    values: list[StateItem]
    certificate: Base64


class HistoryAnswer(Model):
    """`GET /v1/history/{height}?under=H`: what proves a height under the certificate of H (without `under`: of the
    highest certified height). `row` is the CBOR of [header, state_root, receipts_root, history path | null]
    (`ledger.proofs`): null where the certificate is the height's own."""

    height: int
    row: Base64
    certificate: Base64


class CertificateAnswer(Model):
    """`GET /v1/certificates/latest` and `/v1/certificates/{height}`: the checkpoint certificate as CBOR."""

    height: int
    certificate: Base64


class ValidatorsChange(Model):
    """`validators` is the CBOR of [[key, organisation], …], which act from `height` + 3; the certificate of `height`
    names their hash."""

    height: int
    validators: Base64
    certificate: Base64


class ValidatorsAnswer(Model):
    """`GET /v1/validators`: every change since the genesis, in order; the genesis's own validators are not repeated."""

    changes: list[ValidatorsChange]


class ViewQuery(Query):
    """`POST /v1/views/{contract}/{view}`: `args` is a CBOR array; `height` asks for a recent certified one."""

    args: Base64
    height: Annotated[int, Field(ge=0, le=HEIGHT_MAX)] | None = None


class ViewAnswer(Model):
    """`result` is the CBOR of what the view returned, computed on the state of the certified `height`."""

    height: int
    result: Base64
    certificate: Base64


class ContractRow(Model):
    """One line of `GET /v1/contracts`, which names the applied height that it describes."""

    name: str
    number: int
    version: int
    status: str


class ContractsAnswer(Model):
    height: int
    contracts: list[ContractRow]


class ContractAnswer(Model):
    """`GET /v1/contracts/{name}`: the interface (CBOR, digest = H("interface", …)), its status and source digest."""

    name: str
    number: int
    version: int
    status: str
    interface: Base64
    interface_digest: Digest
    source_digest: Digest


class InterfaceAnswer(Model):
    """`GET /v1/interfaces/{digest}`: an interface that is or was in force. `version` of contract `name`, in force from
    the height `since` on, was the first that had it."""

    name: str
    version: int
    since: int
    interface: Base64
    interface_digest: Digest
    source_digest: Hex


class PeerAnswer(Model):
    organisation: str
    transport_key: Hex
    connected: bool
    since_ms: int | None
    height: int | None
    certified: int | None
    observer: bool | None
    rtt_ms: int | None
    cut_ms: int = 0
    """How much longer this node has no link with the peer, for the faults that it kept sending."""


class Status(Model):
    """`GET /v1/status`. `applied` ≥ `certified`; `oldest_ms` is the age of the oldest waiting transaction."""

    chain: Digest
    name: str
    suite: str
    engine: str
    organisation: str
    validator_key: Hex
    software: str
    clock: Literal["real", "test"]
    day: int
    time_ms: int
    applied: int
    certified: int
    decided: int
    round: int
    mode: Literal["starting", "voting", "observer", "halted"]
    halt_reason: str | None
    peers_connected: int
    peers: int
    quorum: int
    pool_count: int
    pool_oldest_ms: int
    view_changes: int
    uptime_ms: int
    database_bytes: int


class FreshnessQuery(Query):
    """`POST /v1/freshness`: asks this validator to sign a nonce of 32 bytes with its highest certificate."""

    nonce: Digest


class FreshnessAnswer(Model):
    """Signed with the validator's key over H("fresh", CBOR [1, chain, nonce, height, checkpoint hash])."""

    height: int
    certificate: Base64
    key: Hex
    signature: Hex


class EventLine(Model):
    """One line of `GET /v1/events?from=CURSOR&contract=&party=`: final heights only.

    An event has cursor `height.index.n`; after each height comes a line with cursor `height` and its checkpoint, so
    that a reader knows that the height is complete. Resume with the last cursor received.
    """

    cursor: str
    height: int
    time: int | None = None
    id: Digest | None = None
    contract: str | None = None
    event: str | None = None
    values: dict[str, Any] | None = None
    checkpoint: Base64 | None = None
