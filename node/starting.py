"""From what the disk holds to where the engine begins: reads what `consensus.recovery`, which has the rules, wants."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import cbor2

from consensus.events import Applied
from consensus.messages import CommitCert, decode_message
from consensus.records import BadRecord, GuardState, Record, decode_record
from consensus.recovery import DatabaseFacts, LogFacts, recover
from consensus.signing import Domain
from consensus.start import Start, Tip, tip_of
from ledger.block import BlockBody, Header
from ledger.checkpoint import VALIDATORS_LAG, CheckpointCert
from ledger.errors import PeerFault, Refused
from ledger.genesis import Genesis
from ledger.transaction import TransactionCodec
from node.frame_log import Condition
from node.held_blocks import HeldBlock, make_block
from node.store import Store, damaged
from node.validators import StoredValidators
from node.wal import Entry, EntryKind

HEIGHTS_BELOW: Final = 8
"""So many heights below the certified one keep their validators in the engine: late messages of theirs still count."""
log = logging.getLogger("lugang.node")


@dataclass(frozen=True, slots=True)
class Started:
    """The engine's start, and the blocks above the applied height whose bytes the log holds."""

    start: Start
    blocks: tuple[HeldBlock, ...]


class GuardRecord(Protocol):
    """The guard's file, `node.guard.GuardFile`."""

    def load(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Disk:
    """What of the disk the start depends on."""

    store: Store
    entries: Sequence[Entry]
    condition: Condition
    guard: GuardRecord


def start_from_disk(disk: Disk, domain: Domain, key: bytes, genesis: Genesis, nonce: bytes) -> Started:
    """Read guard, log and database; let the rules decide; say in the log what they have decided.

    `nonce` is fresh randomness, should this node have to ask to rejoin.
    """
    applied = disk.store.applied
    assert applied is not None, "height 0 is written before the engine starts"
    blocks, records, sound = _read_log(disk.entries, domain, applied.height)
    facts = LogFacts(
        records=records,
        headers={block.block_hash: block.header for block in blocks},
        lost=disk.condition is Condition.LOST,
        damaged=disk.condition is Condition.DAMAGED or not sound,
    )
    database = _database_facts(disk.store, domain, StoredValidators(disk.store, domain.suite, genesis))
    start = recover(domain, key, _read_guard(disk.guard), facts, database, nonce=nonce)
    top = applied.height + len(start.decided)
    log.info("recovered applied=%d decided=%d restored=%s", applied.height, top, start.restored is not None)
    return Started(start, blocks)


def _read_guard(guard: GuardRecord) -> GuardState | None:
    record = guard.load()
    try:
        return None if record is None else GuardState.decode(record)
    except Refused:
        # As good as none: nobody knows what was signed, so this node observes until the others have said from where on.
        return None


def _read_log(
    entries: Sequence[Entry], domain: Domain, applied: int
) -> tuple[tuple[HeldBlock, ...], tuple[Record, ...], bool]:
    """Blocks above the applied height, all records, and whether every entry could be read."""
    codec = TransactionCodec(domain.suite)
    blocks: dict[bytes, HeldBlock] = {}
    records: list[Record] = []
    for entry in entries:
        try:
            if entry.kind is EntryKind.RECORD:
                records.append(decode_record(entry.payload, domain.suite))
            elif entry.height > applied:
                block = _read_block(entry.payload, domain, codec)
                blocks[block.block_hash] = block
        except (BadRecord, Refused, PeerFault):
            return tuple(blocks.values()), tuple(records), False
    return tuple(blocks.values()), tuple(records), True


def _read_block(payload: bytes, domain: Domain, codec: TransactionCodec) -> HeldBlock:
    """A block as the log keeps it. Its signatures were verified before it was written."""
    header_bytes, body = cbor2.loads(payload)
    contents = BlockBody.decode(body)
    transactions = tuple(codec.decode(wire) for wire in contents.transactions)
    return make_block(domain.suite, Header.decode(header_bytes, domain.suite), transactions, contents.misbehaviour)


def _database_facts(store: Store, domain: Domain, validators: StoredValidators) -> DatabaseFacts:
    applied = store.applied
    assert applied is not None
    certificate = _certificate_at_or_below(store, applied.height)
    certified = 0 if certificate is None else certificate.checkpoint.height
    lowest, highest = max(0, certified - HEIGHTS_BELOW), applied.height + VALIDATORS_LAG
    return DatabaseFacts(
        applied=_tip(store, domain),
        validators={height: validators.at(height) for height in range(lowest, highest + 1)},
        certified=certificate,
        history=store.history(certified + 1),
        results=tuple(_result(store, height, validators) for height in range(certified + 1, applied.height + 1)),
        commit=_commit(store, domain, applied.height),
    )


def _certificate_at_or_below(store: Store, height: int) -> CheckpointCert | None:
    """The highest one held that this node has executed; a higher one is learned again."""
    for candidate in range(min(height, store.certified), 0, -1):
        certificate = store.certificate(candidate)
        if certificate is not None:
            return certificate
    return None


def _tip(store: Store, domain: Domain) -> Tip:
    applied = store.applied
    assert applied is not None
    if applied.height == 0:
        return Tip(0, domain.chain, applied.block_time, b"", 0, True)
    header = store.header(applied.height)
    if header is None:
        raise damaged(f"block {applied.height} is missing")
    return tip_of(Header.decode(header, domain.suite), applied.block_hash)


def _result(store: Store, height: int, validators: StoredValidators) -> Applied:
    checkpoint = store.checkpoint(height)
    if checkpoint is None:
        raise damaged(f"the checkpoint of height {height} is missing")
    return Applied(
        height=height,
        block_hash=checkpoint.block_hash,
        block_time=checkpoint.block_time,
        state_root=checkpoint.state_root,
        receipts_root=checkpoint.receipts_root,
        next_validators=validators.at(height + VALIDATORS_LAG),
        attempt=checkpoint.attempt,
    )


def _commit(store: Store, domain: Domain, height: int) -> CommitCert | None:
    decision = store.decision(height)
    if not decision:
        return None
    message = decode_message(decision, domain.suite)
    assert isinstance(message, CommitCert), "a decision is stored with its certificate"
    return message
