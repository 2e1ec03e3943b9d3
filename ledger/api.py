"""What travels over HTTP between a node and its users, under `/v1`.

Models for JSON bodies. Bytes are standard base64 text (`Base64Bytes`), digests and keys lower-case hexadecimal. What
has to be proved (receipts, values, certificates) travels as the canonical CBOR that was hashed, inside base64: a client
verifies bytes, it never re-creates them from JSON.

Every answer that states a fact about the ledger names the height at which it holds; proofs are released only under a
checkpoint certificate. A refusal is `application/problem+json` (`Problem`).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from ledger.errors import Refusal, Refused

PREFIX: Final = "/v1"
TRANSACTIONS_MAX: Final = 500
RECEIPTS_MAX: Final = 500
STATES_MAX: Final = 500
REQUEST_BYTES_MAX: Final = 4 * 1024 * 1024
CBOR: Final = "application/cbor"
PROBLEM: Final = "application/problem+json"
NDJSON: Final = "application/x-ndjson"

Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$", max_length=2048)]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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


class Submission(Model):
    """`POST /v1/transactions` as JSON; the same route takes a CBOR array of wires."""

    transactions: Annotated[list[Base64Bytes], Field(max_length=TRANSACTIONS_MAX)]


class Submitted(Model):
    """One item's answer: `accepted` (verified and on this node's disk), `known` (it was already), or `refused`."""

    id: Hex | None
    wid: Hex
    outcome: Literal["accepted", "known", "refused"]
    problem: Problem | None = None


class ReceiptsQuery(Model):
    """`POST /v1/receipts`: by transaction id."""

    ids: Annotated[list[Hex], Field(max_length=RECEIPTS_MAX)]
    proof: bool = False


class TransactionState(Model):
    """What this node knows of one transaction id.

    `unknown`; `accepted` (in its pool); `executed` at a height that is not certified yet; `final` (certified).
    `receipt` is the receipt's CBOR. `proof`, when asked for and final, is the CBOR of [header, state_root,
    receipts_root, receipt path, certificate, history path | null] (`ledger.proofs`): the certificate is of the
    receipt's height, or of a higher one and then the history path leads to it.
    """

    id: Hex
    state: Literal["unknown", "accepted", "executed", "final"]
    height: int | None = None
    index: int | None = None
    receipt: Base64Bytes | None = None
    proof: Base64Bytes | None = None


class BlockAnswer(Model):
    """`GET /v1/blocks/{height}`: header and certificate as CBOR, wires and receipts in order."""

    height: int
    block_hash: Hex
    header: Base64Bytes
    transactions: list[Base64Bytes]
    receipts: list[Base64Bytes]
    certificate: Base64Bytes | None


class StateAnswer(Model):
    """`GET /v1/state/{full_key hex}`: the value (null: absent) with its proof under the certificate of `height`."""

    height: int
    full_key: Hex
    value: Base64Bytes | None
    proof: Base64Bytes
    certificate: Base64Bytes


class StatesQuery(Model):
    """`POST /v1/states`: many full keys, proved together at one height."""

    full_keys: Annotated[list[Hex], Field(max_length=STATES_MAX)]


class StateItem(Model):
    full_key: Hex
    value: Base64Bytes | None
    proof: Base64Bytes


class StatesAnswer(Model):
    """The values in the order of the query, all under the one certificate of `height`."""

    height: int
    values: list[StateItem]
    certificate: Base64Bytes


class HistoryAnswer(Model):
    """`GET /v1/history/{height}?under=H`: what proves a height under the certificate of H (without `under`: of the
    highest certified height). `row` is the CBOR of [header, state_root, receipts_root, history path | null]
    (`ledger.proofs`): null where the certificate is the height's own."""

    height: int
    row: Base64Bytes
    certificate: Base64Bytes


class CertificateAnswer(Model):
    """`GET /v1/certificates/latest` and `/v1/certificates/{height}`: the checkpoint certificate as CBOR."""

    height: int
    certificate: Base64Bytes


class ValidatorsChange(Model):
    """`validators` is the CBOR of [[key, organisation], …], which act from `height` + 3; the certificate of `height`
    names their hash."""

    height: int
    validators: Base64Bytes
    certificate: Base64Bytes


class ValidatorsAnswer(Model):
    """`GET /v1/validators`: every change since the genesis, in order; the genesis's own validators are not repeated."""

    changes: list[ValidatorsChange]


class ViewQuery(Model):
    """`POST /v1/views/{contract}/{view}`: `args` is a CBOR array; `height` asks for a recent certified one."""

    args: Base64Bytes
    height: int | None = None


class ViewAnswer(Model):
    """`result` is the CBOR of what the view returned, computed on the state of the certified `height`."""

    height: int
    result: Base64Bytes
    certificate: Base64Bytes


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
    interface: Base64Bytes
    interface_digest: Hex
    source_digest: Hex


class InterfaceAnswer(Model):
    """`GET /v1/interfaces/{digest}`: an interface that is or was in force. `version` of contract `name`, in force from
    the height `since` on, was the first that had it."""

    name: str
    version: int
    since: int
    interface: Base64Bytes
    interface_digest: Hex
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

    chain: Hex
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


class FreshnessQuery(Model):
    """`POST /v1/freshness`: asks this validator to sign a nonce of 32 bytes with its highest certificate."""

    nonce: Hex


class FreshnessAnswer(Model):
    """Signed with the validator's key over H("fresh", CBOR [1, chain, nonce, height, checkpoint hash])."""

    height: int
    certificate: Base64Bytes
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
    id: Hex | None = None
    contract: str | None = None
    event: str | None = None
    values: dict[str, Any] | None = None
    checkpoint: Base64Bytes | None = None
