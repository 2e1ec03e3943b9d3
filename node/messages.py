"""What actors tell each other. Actors never import one another: they import from here and know only boxes.

Each message is frozen and stands in the section of its receiver. Boxes are bounded. A question carries its own `reply`
channel, made by the asker with room for exactly one answer, so that answering never blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import trio

from ledger.errors import Refused
from ledger.state import StateProof
from node.transport.interface import PeerKey

T = TypeVar("T")


class Reply(Generic[T]):
    """The asker's end of one question: `reply.put(answer)` is called once, `await reply.get()` waits for it."""

    __slots__ = ("_receive", "_send")

    def __init__(self) -> None:
        self._send, self._receive = trio.open_memory_channel[T](1)

    def put(self, answer: T) -> None:
        self._send.send_nowait(answer)

    async def get(self) -> T:
        return await self._receive.receive()


# To the mempool ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SubmitOutcome:
    """`accepted`: verified and in this node's journal, fsynced. `known`: it was already, or it has been executed.

    `id` is None where the bytes could not be decoded.
    """

    wid: bytes
    id: bytes | None
    outcome: Literal["accepted", "known", "refused"]
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class Submit:
    """A client's wires; the answer has one outcome per wire, in their order."""

    wires: tuple[bytes, ...]
    reply: Reply[tuple[SubmitOutcome, ...]]


@dataclass(frozen=True, slots=True)
class PeerTransactions:
    """A batch that a peer spreads."""

    peer: PeerKey
    wires: tuple[bytes, ...]


# To the executor -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proved:
    """A value as applied at `height`, with its proof; a reader releases it only under the certificate of `height`."""

    height: int
    full_key: bytes
    value: bytes | None
    proof: StateProof


@dataclass(frozen=True, slots=True)
class Prove:
    full_key: bytes
    reply: Reply[Proved]


# To ordering ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignFreshness:
    """The validator's signature over a client's nonce and its highest certificate; the answer is the signature."""

    nonce: bytes
    height: int
    checkpoint_hash: bytes
    reply: Reply[bytes]
