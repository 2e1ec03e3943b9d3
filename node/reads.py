"""The read side of the node: what the HTTP API, the metrics and the command line may ask.

Everything that states a fact about the ledger comes with the height at which it holds. A receipt is `final` when its
height is at or below the certified one; a proof is released only under a checkpoint certificate. Nothing here changes
anything, and nothing here is trusted by the node itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

import trio

from ledger.block import BlockBody, Header
from ledger.checkpoint import VALIDATORS_LAG, CheckpointCert
from ledger.crypto import Suite
from ledger.errors import refuse
from ledger.genesis import Genesis
from ledger.history import HistoryRange
from ledger.merkle import Kind, MerkleTree
from ledger.proofs import HeightProof, ReceiptProof
from ledger.state import StateProof
from ledger.validators import ValidatorSet
from node.board import Board
from node.layout import Place
from node.messages import Prove, Proved, Reply
from node.store import Reader, Store, damaged
from node.validators import StoredValidators, ValidatorsChange

PROOF_WAIT_SECONDS: Final = 10
RECEIPT_HEIGHTS_KEPT: Final = 16
TransactionPhase = Literal["unknown", "accepted", "executed", "final"]


@dataclass(frozen=True, slots=True)
class BlockView:
    """A block as stored. `certificate` is the checkpoint certificate of exactly this height, when it is held."""

    height: int
    header: Header
    header_bytes: bytes
    transactions: tuple[bytes, ...]
    receipts: tuple[bytes, ...]
    certificate: CheckpointCert | None


@dataclass(frozen=True, slots=True)
class TransactionView:
    phase: TransactionPhase
    place: Place | None
    receipt: bytes | None


@dataclass(frozen=True, slots=True)
class StateView:
    """A proved value; `certificate` is of `height` itself, whose state root the proof leads to."""

    height: int
    full_key: bytes
    value: bytes | None
    proof: StateProof
    certificate: CheckpointCert


class Reads:
    """Answers from the store and the board. `is_pooled(id)` says whether the mempool holds a transaction."""

    def __init__(
        self,
        *,
        store: Store,
        board: Board,
        suite: Suite,
        genesis: Genesis,
        is_pooled: Callable[[bytes], bool],
        ask_executor: Callable[[Prove], None],
    ) -> None:
        self.store = store
        self.board = board
        self.suite = suite
        self.genesis = genesis
        self._is_pooled = is_pooled
        self._ask_executor = ask_executor
        self._merkle = MerkleTree(suite)
        self._validators = StoredValidators(store, suite, genesis)
        self._range = HistoryRange(suite)
        self._receipt_hash = suite.hasher("receipt")
        self._leaves: tuple[int, list[bytes]] = (0, [])
        self._recent_receipts: dict[int, tuple[bytes, ...]] = {}

    @property
    def applied(self) -> int:
        return self.board.chain.value.applied

    @property
    def certified(self) -> int:
        return self.board.chain.value.certified

    def block(self, height: int) -> BlockView | None:
        header, body, receipts = self.store.header(height), self.store.body(height), self.store.receipts(height)
        if height < 1 or header is None or body is None or receipts is None:
            return None
        wires = BlockBody.decode(body).transactions
        certificate = self.store.certificate(height)
        return BlockView(height, Header.decode(header, self.suite), header, wires, receipts, certificate)

    def transaction(self, identifier: bytes) -> TransactionView:
        place = self.store.place_of(identifier)
        if place is None:
            return TransactionView("accepted" if self._is_pooled(identifier) else "unknown", None, None)
        receipts = self._receipts_of(place.height)
        phase: TransactionPhase = "final" if place.height <= self.certified else "executed"
        return TransactionView(phase, place, receipts[place.index])

    def receipt_proof(self, place: Place) -> bytes:
        """The CBOR of a final receipt's `ReceiptProof`.

        The certificate is of the receipt's height, or the lowest higher one that is held, and then the history path
        leads from the height to it. Raises RPC-005 when the height is not certified.
        """
        certificate = self.store.certificate_from(place.height)
        checkpoint = self.store.checkpoint(place.height)
        header = self.store.header(place.height)
        if certificate is None or checkpoint is None or header is None:
            raise refuse("RPC-005", height=place.height, certified=self.certified)
        path = self._merkle.path(Kind.RECEIPTS, self._receipt_leaves(place.height), place.index)
        above = certificate.checkpoint.height
        history = None
        if above != place.height:
            history = self._range.path(self.store.history(above), place.height, self.store.history_node)
        level = HeightProof(header, checkpoint.state_root, checkpoint.receipts_root, history)
        return ReceiptProof(level, path, certificate).encode()

    def _receipt_leaves(self, height: int) -> list[bytes]:
        """The leaves of one height; the last height asked for is remembered, for clients ask for many of a block."""
        if self._leaves[0] != height:
            self._leaves = (height, [self._receipt_hash(receipt) for receipt in self._receipts_of(height)])
        return self._leaves[1]

    def _receipts_of(self, height: int) -> tuple[bytes, ...]:
        """Split once: clients ask for the receipts of one block one by one."""
        receipts = self._recent_receipts.get(height)
        if receipts is None:
            receipts = self.store.receipts(height)
            if receipts is None:
                raise damaged(f"no receipts of height {height}")
            if len(self._recent_receipts) >= RECEIPT_HEIGHTS_KEPT:
                del self._recent_receipts[next(iter(self._recent_receipts))]
            self._recent_receipts[height] = receipts
        return receipts

    def certificate(self, height: int | None = None) -> CheckpointCert | None:
        """The certificate of `height`, or the highest one held; None when there is none (height 0 needs none)."""
        return self.store.certificate(self.certified if height is None else height)

    async def states(self, full_keys: tuple[bytes, ...]) -> tuple[StateView, ...]:
        """Values with their proofs, at least one, all of one height.

        They are computed at the applied height and held back until a quorum has certified it.
        """
        reply: Reply[tuple[Proved, ...]] = Reply()
        self._ask_executor(Prove(full_keys, reply))
        with trio.move_on_after(PROOF_WAIT_SECONDS):
            values = await reply.get()
            height = values[0].height
            await self.board.chain.wait_for(lambda chain: chain.certified >= height)
            certificate = self.store.certificate(height)
            if certificate is not None:
                return tuple(StateView(height, v.full_key, v.value, v.proof, certificate) for v in values)
        raise refuse("RPC-005", height=self.applied, certified=self.certified)

    @contextmanager
    def certified_state(self, height: int | None = None) -> Iterator[tuple[int, Reader]]:
        """The whole state of a recent certified height (None: of the highest), for views.

        Raises RPC-005 for a height that is not certified yet, RPC-013 for one that is too long ago.
        """
        held = self.store.certified_heights()
        if not held or (height is not None and height > held[-1]):
            raise refuse("RPC-005", height=self.applied if height is None else height, certified=self.certified)
        if height is not None and height not in self.store.snapshots:
            raise refuse("RPC-013", height=height, first=held[0], last=held[-1])
        chosen = held[-1] if height is None else height
        with self.store.leased_snapshot(chosen) as reader:
            yield chosen, reader

    def validators_at(self, height: int) -> ValidatorSet:
        return self._validators.at(height)

    def validators_changes(self) -> tuple[ValidatorsChange, ...]:
        """Every change since the genesis that is certified, in order."""
        return tuple(change for change in self._validators.changes() if change.first - VALIDATORS_LAG <= self.certified)
