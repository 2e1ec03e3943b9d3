"""The genesis' tables as the parts of the node want them."""

from __future__ import annotations

from consensus.start import Timing
from ledger.genesis import Genesis
from node.pool import PoolLimits


def timing_of(genesis: Genesis) -> Timing:
    limits, timeouts = dict(genesis.limits), dict(genesis.timeouts_ms)
    return Timing(
        propose_ms=timeouts["propose_ms"],
        propose_step_ms=timeouts["propose_step_ms"],
        vote_ms=timeouts["vote_ms"],
        vote_step_ms=timeouts["vote_step_ms"],
        timeout_ms_max=timeouts["timeout_ms_max"],
        body_ms_max=timeouts["body_ms_max"],
        body_bytes_per_s=limits["link_bytes_per_second_min"],
        link_down_ms=timeouts["proposer_down_ms"],
        round_state_ms=timeouts["round_state_ms"],
        round_state_asleep_ms=timeouts["round_state_idle_ms"],
        drift_ms=limits["clock_drift_ms_max"],
        tenure_blocks_max=limits["tenure_blocks_max"],
        body_bytes_max=limits["block_body_bytes_max"],
    )


def pool_limits_of(genesis: Genesis) -> PoolLimits:
    limits = dict(genesis.limits)
    return PoolLimits(
        lifetime_ms_max=limits["transaction_lifetime_ms_max"],
        transaction_units_max=limits["transaction_budget_max"],
        block_units_max=limits["block_budget_max"],
    )
