"""After a run: every accepted transaction is looked for on every node, and all nodes must tell the same of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from devnet.plan import DevnetPlan
from ledger.api import RECEIPTS_MAX
from ledger.receipt import Receipt, Status
from wallet.node_api import NodeApi


@dataclass(frozen=True, slots=True)
class Landed:
    """Where a transaction is final. `refused` is the code of the chain's refusal."""

    height: int
    refused: str | None


@dataclass(frozen=True, slots=True)
class Checked:
    """`landed` by id: final on every node, with the same receipt. `missing` counts, by node, what is not final there;
    `different` what has another receipt there than on the first node."""

    landed: Mapping[bytes, Landed]
    missing: Mapping[str, int]
    different: Mapping[str, int]

    @property
    def is_consistent(self) -> bool:
        return not any(self.different.values())


def check_all(plan: DevnetPlan, ids: Sequence[bytes], progress: Callable[[int], None]) -> Checked:
    """Ask every node for every id. `progress` hears of each node that is done."""
    answers: list[dict[bytes, bytes]] = []
    with ThreadPoolExecutor(len(plan.nodes)) as pool:
        for found in pool.map(lambda node: receipts_on(node.api_url, ids), plan.nodes):
            answers.append(found)
            progress(len(answers))
    first, names = answers[0], [node.name for node in plan.nodes]
    missing = {name: len(ids) - len(found) for name, found in zip(names, answers, strict=True)}
    different = {
        name: sum(1 for key, receipt in found.items() if first.get(key, receipt) != receipt)
        for name, found in zip(names, answers, strict=True)
    }
    everywhere = [key for key in ids if all(key in found for found in answers)]
    return Checked({key: _landed(first[key]) for key in everywhere}, missing, different)


def receipts_on(url: str, ids: Sequence[bytes]) -> dict[bytes, bytes]:
    """The receipts of those that are final on one node."""
    found: dict[bytes, bytes] = {}
    api = NodeApi(url)
    for i in range(0, len(ids), RECEIPTS_MAX):
        asked = ids[i : i + RECEIPTS_MAX]
        for identifier, row in zip(asked, api.receipts(asked, proof=False), strict=True):
            if row.state == "final" and row.receipt is not None:
                found[identifier] = row.receipt
    api.close()
    return found


def _landed(encoded: bytes) -> Landed:
    receipt = Receipt.decode(encoded)
    return Landed(receipt.height, None if receipt.status is Status.DONE else receipt.code or "EXE-001")
