"""Certificates out of votes that were verified one by one: an honest node can never make a bad one."""

from __future__ import annotations

from consensus.messages import BlockHash, CommitCert, Height, PolkaCert, Round, RoundCert
from consensus.pbft.votes import Tally
from ledger.checkpoint import bitmap_of


def polka_cert(height: Height, round_: Round, block_hash: BlockHash, prevotes: Tally, count: int) -> PolkaCert:
    votes = prevotes.votes_for(block_hash)
    bitmap = bitmap_of([vote.validator for vote in votes], count)
    return PolkaCert(height, round_, block_hash, bitmap, tuple(vote.signature for vote in votes))


def commit_cert(height: Height, round_: Round, block_hash: BlockHash, precommits: Tally, count: int) -> CommitCert:
    votes = precommits.votes_for(block_hash)
    bitmap = bitmap_of([vote.validator for vote in votes], count)
    return CommitCert(height, round_, block_hash, bitmap, tuple(vote.signature for vote in votes))


def round_cert(height: Height, round_: Round, precommits: Tally) -> RoundCert:
    """That a quorum precommitted something, whatever, in `round_`: the next round may start."""
    assert precommits.has_any_quorum(), "a round ends with a quorum of precommits"
    votes = precommits.one_vote_each()
    return RoundCert(height, round_, tuple((vote.validator, vote.block_hash, vote.signature) for vote in votes))
