"""Rebuilding a damaged database from the blocks that it still holds: what `lugang node rebuild` does.

Blocks are the truth, everything else follows from them. A new database is made beside the old one: each height's
header, body and certificate of decision are read from the old one, checked as if a stranger had sent them, and executed
again; where the old one has a certificate, the result must be what was certified. At the first height that cannot be
used the rebuilding ends, and the node fetches the rest from its peers; of a database that LevelDB's own repair cannot
open either, that is everything. The old database is moved aside, never deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import plyvel
import trio

from consensus.messages import CommitCert, VoteKind, decode_message
from consensus.signing import Domain
from ledger.block import BlockBody, Header
from ledger.checkpoint import verify_quorum
from ledger.crypto import Suite, verify_many
from ledger.errors import BadProof, PeerFault, Refused
from ledger.genesis import Genesis
from ledger.state import StateHasher, StateTree
from ledger.transaction import TransactionCodec
from node import layout
from node.actors.executor import Executor
from node.board import Board, ChainStatus, OrderingStatus
from node.box import Box
from node.config import ConfigError, NodeConfig, load_genesis
from node.frame_log import sync_folder
from node.held_blocks import make_block
from node.layout import SignAgain
from node.machine import Machine
from node.messages import Execute
from node.store import Store, open_store
from node.validators import StoredValidators
from node.watch import Watch

MachineFactory = Callable[[Store, Genesis, Suite], Machine]
Progress = Callable[[int, int], None]
"""Told the height that is rebuilt and the highest one of the old database, after each height."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The height reached, why it ended there (None: nothing above it was found), where the old database lies, and the
    (height, state root) of what will be signed again: to be compared with other members before anybody starts."""

    height: int
    ended: str | None
    aside: Path
    results: tuple[tuple[int, bytes], ...] = ()


def rebuild_database(
    config: NodeConfig, make_machine: MachineFactory, tell: Progress, again: SignAgain | None = None
) -> Rebuilt:
    """Make the database anew from its own blocks; the node must not run meanwhile. `again`: the results from a height
    on are signed as another attempt, where those signed before could reach no quorum. Raises `ConfigError` where that
    height is certified, for what a quorum has signed is not signed again, or is yet to come."""
    genesis, suite, chain = load_genesis(config.genesis)
    new, copy = config.database.with_name("db.new"), config.database.with_name("db.copy")
    shutil.rmtree(new, ignore_errors=True)
    store = open_store(new, chain)
    try:
        if again is not None:
            store.order_again(again)
        ended = _fill(store, config.database, Domain(suite, chain, genesis.engine), genesis, make_machine, tell)
        height = 0 if store.applied is None else store.applied.height
        results = _results(store, again, height)
        if again is not None and again.height <= store.certified:
            raise ConfigError(
                f"高度 {again.height} 已有共同签认（至 {store.certified}），不能再次签认",
                f"height {again.height} is certified (up to {store.certified}) and is not signed again",
            )
        if again is not None and again.height > height + 1:
            # Heights to come would be signed as an attempt that nobody else knows of.
            raise ConfigError(
                f"本节点执行至高度 {height}，高度 {again.height} 尚未到达，不能再次签认",
                f"this node has executed up to height {height}; height {again.height} is yet to come",
            )
    finally:
        store.close()
    aside = config.database.with_name(f"db.aside-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    config.database.rename(aside)
    shutil.rmtree(copy, ignore_errors=True)
    new.rename(config.database)
    sync_folder(config.database.parent)
    return Rebuilt(height, ended, aside, results)


def _results(store: Store, again: SignAgain | None, top: int) -> tuple[tuple[int, bytes], ...]:
    if again is None:
        return ()
    own = [store.checkpoint(height) for height in range(again.height, top + 1)]
    return tuple((checkpoint.height, checkpoint.state_root) for checkpoint in own if checkpoint is not None)


def _fill(
    store: Store, old: Path, domain: Domain, genesis: Genesis, make_machine: MachineFactory, tell: Progress
) -> str | None:
    """Execute what the old database has into the new one; why it ended below the old height."""
    try:
        database = _open_or_repair(old)
    except plyvel.Error as error:
        return f"the database cannot be opened, even after a repair: {error}"
    blocks = _Blocks(Store(database, domain.chain, old), store, domain, genesis)
    try:
        return trio.run(_execute_all, store, blocks, make_machine, tell)
    finally:
        blocks.close()


async def _execute_all(store: Store, blocks: _Blocks, make_machine: MachineFactory, tell: Progress) -> str | None:
    executor = _executor(store, blocks, make_machine)
    executor.write_genesis()
    top = blocks.top()
    for height in range(1, top + 1):
        assert store.applied is not None, "height 0 is written"
        try:
            block = blocks.checked(height, store.applied.block_hash)
        except (PeerFault, BadProof, Refused, plyvel.Error) as fault:
            return f"height {height}: {fault}"
        await executor.execute(block)
        problem = blocks.certify(height, store)
        if problem is not None:
            return problem
        tell(height, top)
    return None


def _executor(store: Store, blocks: _Blocks, make_machine: MachineFactory) -> Executor:
    genesis, suite = blocks.genesis, blocks.suite
    board = Board(0, Watch(ChainStatus(0, genesis.time, 0)), Watch(OrderingStatus(0, 1, 0, "starting", 0, 0)))
    return Executor(
        store=store,
        tree=StateTree(StateHasher(suite, genesis.bucket_bits)),
        machine=make_machine(store, genesis, suite),
        suite=suite,
        chain=store.chain,
        genesis=genesis,
        board=board,
        to_ordering=_nobody,
        to_mempool=_nobody,
        box=Box(2),
    )


def _nobody(_: object) -> None:
    """There are no other actors here."""


class _Blocks:
    """The old database, of which only the rows of blocks are read, each believed only after it was checked.

    Who validates a height is asked of the new database, where the heights below it have just been executed.
    """

    def __init__(self, old: Store, new: Store, domain: Domain, genesis: Genesis) -> None:
        self.genesis, self.suite = genesis, domain.suite
        self._codec = TransactionCodec(domain.suite)
        self._domain = domain
        self._validators = StoredValidators(new, domain.suite, genesis)
        self._old = old

    def close(self) -> None:
        self._old.close()

    def top(self) -> int:
        """The highest height of which a row of a block can be read; the pointer to it may be what is damaged."""
        top = 0
        for prefix in (layout.HEADER, layout.BODY, layout.DECISION):
            try:
                with self._old.reader.iterator(prefix=prefix, include_value=False, reverse=True) as keys:
                    top = max(top, *(layout.height_in(key) for key in islice(keys, 1)), 0)
            except plyvel.Error:
                continue
        return top

    def checked(self, height: int, parent: bytes) -> Execute:
        """The block of `height`; raises `PeerFault`, `BadProof` or `Refused` when it is not the decided one."""
        header_bytes, body, decision = self._old.header(height), self._old.body(height), self._old.decision(height)
        if header_bytes is None or body is None or decision is None:
            raise BadProof("header, body or decision is missing")
        header = Header.decode(header_bytes, self.suite)
        if (header.height, header.parent) != (height, parent):
            raise BadProof("it does not follow the block below")
        contents = BlockBody.decode(body)
        transactions = tuple(self._codec.decode(wire) for wire in contents.transactions)
        block = make_block(self.suite, header, transactions, contents.misbehaviour)
        cert = decode_message(decision, self.suite)
        if not isinstance(cert, CommitCert) or (cert.height, cert.block_hash) != (height, block.block_hash):
            raise BadProof("the decision is of another block")
        self._verify_decision(cert)
        if any(verify_many(self.suite, [signed for t in transactions for signed in t.signed()])):
            raise BadProof("a transaction's signature is not good")
        return Execute(header, block.header_bytes, block.block_hash, body, transactions, block.misbehaviour, decision)

    def _verify_decision(self, cert: CommitCert) -> None:
        valset_hash = self._validators.hash_at(cert.height)
        digest = self._domain.vote(valset_hash, VoteKind.PRECOMMIT, cert.height, cert.round, cert.block_hash)
        verify_quorum(
            self.suite,
            self.genesis.engine,
            self._validators.at(cert.height),
            digest,
            bitmap=cert.bitmap,
            signatures=cert.signatures,
        )

    def certify(self, height: int, store: Store) -> str | None:
        """Carry the certificate over; why not to go on, when it certifies something else than what was computed."""
        try:
            certificate = self._old.certificate(height)
            if certificate is not None:
                certificate.verify(self.suite, store.chain, self.genesis.engine, self._validators.at(height))
        except (BadProof, Refused, plyvel.Error):
            # A damaged certificate says nothing about the result; peers have it, and a higher one covers this height.
            return None
        own = store.checkpoint(height)
        if certificate is None or own is None:
            return None
        if not own.agrees_with(certificate.checkpoint):
            return f"height {height}: executing it again gives another result than the certified one"
        store.put_certificate(certificate)
        store.drop_snapshots()
        return None


def _open_or_repair(path: Path) -> plyvel.DB:
    """LevelDB's own repair keeps every table that can be read; it works on a copy."""
    try:
        return plyvel.DB(str(path), create_if_missing=False, paranoid_checks=True)
    except (plyvel.CorruptionError, plyvel.IOError):
        copy = path.with_name("db.copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(path, copy)
        plyvel.repair_db(str(copy))
        return plyvel.DB(str(copy), create_if_missing=False)
