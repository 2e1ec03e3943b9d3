"""Whose turn it is.

proposer(h, 0) is the creator of block h − 1 while it is a validator, has made fewer than K blocks in a row and the
block was not empty; else its successor, the next higher key. Round r adds r. A proposer that works keeps working (plain
rotation loses most of the rate with one of five down), and an idle one hands on.

The rule reads the creator and not the round of the commit: nodes may learn different commit rounds of one block, and
would then disagree about the next proposer.
"""

from __future__ import annotations

from bisect import bisect_right

from consensus.messages import Round
from consensus.start import Timing, Tip
from consensus.validator_window import HeightValidators
from ledger.block import Header


def proposer_of(tip: Tip, validators: HeightValidators, round_: Round, timing: Timing) -> int:
    """The row of the validator that proposes in `round_` of the height above `tip`."""
    keys = validators.keys
    keeps = tip.creator in keys and tip.tenure < timing.tenure_blocks_max and not tip.empty
    # A creator that has left has a successor all the same: the next higher key. Height 0 was made by nobody.
    first = keys.index(tip.creator) if keeps else bisect_right(keys, tip.creator) % len(keys)
    return (first + round_) % len(keys)


def tenure_of(tip: Tip, creator: bytes, timing: Timing) -> int:
    """The number of blocks in a row that `creator` has made with the one above `tip`."""
    goes_on = creator == tip.creator and tip.tenure < timing.tenure_blocks_max and not tip.empty
    return tip.tenure + 1 if goes_on else 1


def check_header(header: Header, tip: Tip, validators: HeightValidators, chain: bytes, timing: Timing) -> str | None:
    """What is wrong with a header above `tip`, or None. No clock: a block once valid stays valid (H7)."""
    if (header.chain, header.height, header.parent) != (chain, tip.height + 1, tip.block_hash):
        return f"height {header.height} on another parent or chain"
    if header.valset_hash != validators.hash:
        return "names other validators"
    if header.time <= tip.time:
        return f"time {header.time}, its parent's is {tip.time}"
    expected = validators.keys[proposer_of(tip, validators, header.created_round, timing)]
    if header.creator != expected:
        return f"created by {header.creator.hex()[:12]} in a round of {expected.hex()[:12]}"
    if header.tenure != tenure_of(tip, header.creator, timing):
        return f"tenure {header.tenure}, {tenure_of(tip, header.creator, timing)} expected"
    if header.body_bytes > timing.body_bytes_max:
        return f"a body of {header.body_bytes} bytes, the limit is {timing.body_bytes_max}"
    return None
