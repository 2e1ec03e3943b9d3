"""Afterwards: every node is asked for everything that any node promised, and for every height of the chain.

A promise is kept when the transaction is final on every node with the same receipt, done or refused by a named rule, or
when its time had run out before a block could take it. A transaction that was told to be final must be where it was
told. What was refused must deserve it: the transaction that it needed did not come before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from devnet.bench.checking import receipts_on
from devnet.plan import DevnetPlan
from devnet.processes import LOG_FILE
from ledger.proofs import HeightProof
from ledger.receipt import Receipt, Status
from tests.kills.clients import Sent
from wallet.node_api import NodeApi

SHOWN_MAX: Final = 5
BAD_WORDS: Final = ("[error", "[critical", "Traceback")
Row = tuple[bytes, bytes, bytes]
"""Of one height: header, state root, receipts root."""


@dataclass(frozen=True, slots=True)
class Found:
    """`receipts` by node and id: what is final there. `heights` by node. `ids` of all blocks of the first node, in
    their order."""

    receipts: Mapping[str, Mapping[bytes, bytes]]
    heights: Mapping[str, Sequence[Row]]
    ids: Sequence[bytes]


def look_everywhere(plan: DevnetPlan, ids: Sequence[bytes], top: int) -> Found:
    with ThreadPoolExecutor(len(plan.nodes)) as pool:
        receipts = list(pool.map(lambda node: receipts_on(node.api_url, ids), plan.nodes))
        heights = list(pool.map(lambda node: heights_on(node.api_url, top), plan.nodes))
    names = plan.names
    return Found(
        dict(zip(names, receipts, strict=True)),
        dict(zip(names, heights, strict=True)),
        ids_on(plan.nodes[0].api_url, top),
    )


def heights_on(url: str, top: int) -> list[Row]:
    api, rows = NodeApi(url), list[Row]()
    for height in range(1, top + 1):
        proof = HeightProof.decode(api.history(height).row)
        rows.append((proof.header, proof.state_root, proof.receipts_root))
    api.close()
    return rows


def ids_on(url: str, top: int) -> list[bytes]:
    api, ids = NodeApi(url), list[bytes]()
    for height in range(1, top + 1):
        found = [Receipt.decode(encoded).id for encoded in api.block(height).receipts]
        ids.extend(identifier for identifier in found if identifier is not None)
    api.close()
    return ids


def errors_in_logs(plan: DevnetPlan) -> list[str]:
    """Lines that no node may ever write, whatever is done to it."""
    findings = []
    for name in plan.names:
        text = (plan.node_home(name) / LOG_FILE).read_text(encoding="utf-8", errors="replace")
        bad = [line for line in text.splitlines() if any(word in line for word in BAD_WORDS)]
        findings += [f"{name} says: {line[:300]}" for line in bad[:SHOWN_MAX]]
    return findings


# What follows is pure: from what was found to what is wrong.


def judge(sent: Mapping[bytes, Sent], found: Found, block_time_ms: int, valid_until: Mapping[bytes, int]) -> list[str]:
    """Everything that is not as it was promised, in plain words."""
    return [
        *promises_broken(sent, found, block_time_ms, valid_until),
        *receipts_differ(found),
        *finals_moved(sent, found),
        *heights_differ(found),
        *twice(found),
        *out_of_order(sent, found),
    ]


def promises_broken(
    sent: Mapping[bytes, Sent], found: Found, block_time_ms: int, valid_until: Mapping[bytes, int]
) -> list[str]:
    findings = []
    for name, receipts in found.receipts.items():
        lost = [
            each
            for each in sent.values()
            if each.promised is not None and each.id not in receipts and valid_until[each.id] >= block_time_ms
        ]
        findings += _said(f"accepted, and not final on {name}", (each.id for each in lost))
    return findings


def receipts_differ(found: Found) -> list[str]:
    (first, receipts), *others = found.receipts.items()
    findings = []
    for name, theirs in others:
        different = [key for key, receipt in theirs.items() if receipts.get(key, receipt) != receipt]
        findings += _said(f"another receipt on {name} than on {first}", different)
    return findings


def finals_moved(sent: Mapping[bytes, Sent], found: Found) -> list[str]:
    findings = []
    for name, receipts in found.receipts.items():
        moved = [each.id for each in sent.values() if each.final is not None and receipts.get(each.id) != each.final[3]]
        findings += _said(f"was told to be final, and is not so on {name}", moved)
    return findings


def heights_differ(found: Found) -> list[str]:
    (first, rows), *others = found.heights.items()
    return [
        f"height {height} of {name} is another one than on {first}"
        for name, theirs in others
        for height, (mine, other) in enumerate(zip(rows, theirs, strict=True), start=1)
        if mine != other
    ]


def twice(found: Found) -> list[str]:
    return _said("in more than one block", (key for key, count in Counter(found.ids).items() if count > 1))


def out_of_order(sent: Mapping[bytes, Sent], found: Found) -> list[str]:
    """A transaction is done exactly when what it needs was done before it: the chain's order is the only excuse."""
    places = {key: place for place, key in enumerate(found.ids)}
    receipts = {key: Receipt.decode(encoded) for key, encoded in next(iter(found.receipts.values())).items()}
    done = {key for key, receipt in receipts.items() if receipt.status is Status.DONE}
    wrong = []
    for each in sent.values():
        if each.id not in receipts:
            continue
        before = each.before
        may = before is None or (before in done and places[before] < places[each.id])
        if may != (each.id in done):
            wrong.append(each.id)
    return _said("done without what it needs, or refused in spite of it", wrong)


def refusals(found: Found) -> dict[str, int]:
    receipts = (Receipt.decode(encoded) for encoded in next(iter(found.receipts.values())).values())
    codes = (receipt.code or receipt.status.name for receipt in receipts if receipt.status is not Status.DONE)
    return dict(sorted(Counter(codes).items()))


def _said(what: str, ids: Iterable[bytes]) -> list[str]:
    named = sorted(ids)
    if not named:
        return []
    shown = " ".join(key.hex()[:16] for key in named[:SHOWN_MAX])
    return [f"{what}: {len(named)} ({shown}{' …' if len(named) > SHOWN_MAX else ''})"]
