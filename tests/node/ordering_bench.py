"""The ordering actor over an engine that does nothing but note its events, with everything it writes to others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import trio
import trio.testing

from consensus.messages import CertifiedBlock, PeerId
from consensus.signing import Domain
from consensus.verify import NotYet, Verified
from ledger.errors import PeerFault
from node.actors.ordering import Ordering
from node.board import Board, ChainStatus, OrderingStatus
from node.box import Box
from node.held_blocks import HeldBlock, HeldBlocks
from node.messages import CaughtUp
from node.watch import Watch
from tests.node.blocks import CHAIN, GENESIS
from tests.node.support import SUITE

ANNE, BERTA, CARLA = PeerId(b"anne"), PeerId(b"berta"), PeerId(b"carla")


class NotingEngine:
    def __init__(self) -> None:
        self.height, self.round = 1, 0
        self.events: list[Any] = []
        self.answers: dict[type, list[Any]] = {}
        row = SimpleNamespace(set=GENESIS.validator_set(), quorum=SimpleNamespace(q=4))
        self.validators = SimpleNamespace(current=lambda: row)

    def wants(self, message: object) -> bool:
        return True

    def step(self, event: Any) -> list[Any]:
        self.events.append(event)
        return self.answers.pop(type(event), [])


class ScriptedVerifier:
    """Every message is good, not yet, or false, as the test says."""

    def __init__(self) -> None:
        self.domain = Domain(SUITE, CHAIN)
        self.says = "good"

    def verify(self, message: Any, view: object) -> Verified[Any]:
        if self.says == "not yet":
            raise NotYet("as the test says")
        if self.says == "false":
            raise PeerFault("BYT-CERT", "as the test says")
        return Verified(message)


class OrderingBench:
    def __init__(self) -> None:
        self.engine, self.verifier, self.blocks = NotingEngine(), ScriptedVerifier(), HeldBlocks(SUITE)
        self.now_ms = 0
        self.sent: list[tuple[PeerId | None, Any]] = []
        self.mempool: list[Any] = []
        self.catch_up: list[Any] = []
        self.board = Board(0, Watch(ChainStatus(0, 0, 0)), Watch(OrderingStatus(0, 1, 0, "starting", 0, 4)))
        parts = SimpleNamespace(
            engine=self.engine,
            verifier=self.verifier,
            genesis=GENESIS,
            store=SimpleNamespace(applied=SimpleNamespace(height=0, block_hash=CHAIN), certified=0),
            board=self.board,
            blame=lambda peer, code: self.board.peer_faults.update([code]),
            clock=SimpleNamespace(now_ms=lambda: self.now_ms, wall_ms=lambda: self.now_ms),
            durable=SimpleNamespace(is_waiting=False, settled=lambda _: None),
            wal=None,
            guard=None,
            to_executor=None,
            decided=SimpleNamespace(set=None),
            blocks=self.blocks,
            permission=SimpleNamespace(on_applied=lambda _: None, verify_record=None),
            directory=SimpleNamespace(key_of=lambda peer: peer, adopt=lambda _: (), follow=lambda *_: False),
            nodes=(),
            send=lambda to, message: self.sent.append((to, message)),
            to_mempool=self.mempool.append,
            to_catch_up=self.catch_up.append,
            to_ticker=lambda _: None,
        )
        self.box: Box[Any] = Box(1024)
        self.ordering = Ordering(parts, self.box)  # type: ignore[arg-type]

    async def tell(self, *messages: Any) -> None:
        for message in messages:
            self.box.post(message)
        await trio.testing.wait_all_tasks_blocked()

    def events(self, kind: type) -> list[Any]:
        return [event for event in self.engine.events if isinstance(event, kind)]

    def told(self, kind: type) -> list[Any]:
        return [message for message in self.mempool if isinstance(message, kind)]


def handed(number: int, block: HeldBlock) -> CaughtUp:
    cert: Any = SimpleNamespace(block_hash=block.block_hash)
    return CaughtUp(number, block.misbehaviour, CertifiedBlock(block.header, block.body, cert))
