"""What the chain's registry proves of contracts: numbers, the interfaces in force, and those of earlier versions.

An interface in force is proven by the registry's row, on whose own interface t nodes agree. One that somebody signed
under is named by its digest in the signed bytes: whoever hands out bytes with that digest hands out that interface, so
one node is enough and nothing else is believed of it. Which version was in force at a height, say the registry's rows
of versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from ledger.codec import decode
from ledger.errors import refuse
from ledger.genesis import Genesis
from ledger.interface import Interface, MapForm
from ledger.keys import contract_numbers, full_key
from ledger.lexicon import REGISTRY, REGISTRY_MAP, VERSIONS_MAP
from ledger.state import StateProof
from wallet.node_api import NodeApi, NotProvenError
from wallet.problems import problem
from wallet.trust import Trust

ROW_BYTES_MAX: Final = 64 * 1024

T = TypeVar("T")


class Asks(Protocol):
    """What the registry needs of the client."""

    genesis: Genesis
    trust: Trust
    nodes: list[NodeApi]

    def ask(self, question: Callable[[NodeApi], T]) -> T: ...
    def answers(self, question: Callable[[NodeApi], T]) -> Iterator[tuple[NodeApi, T]]: ...
    def all_states(self, full_keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes | None, StateProof, int]]: ...


@dataclass(frozen=True, slots=True)
class Known:
    """A contract in force: `version` of it has been since the height `since`. `status` is that of the registry."""

    number: int
    digest: bytes
    interface: Interface
    version: int
    since: int
    status: str


class Registry:
    def __init__(self, client: Asks) -> None:
        self._client = client
        self._known: dict[str, Known] = {}
        self._editions: dict[bytes, tuple[int, Interface]] = {}
        self._past: dict[str, list[tuple[int, bytes]]] = {}

    def forget(self) -> None:
        """Ask again from now on: a contract was upgraded."""
        self._known.clear()
        self._past.clear()

    # in force

    def in_force(self, contract: str) -> Known:
        """Raises TX-007 where there is no such contract."""
        if contract not in self._known:
            if not any(name == REGISTRY for name, _ in self._client.genesis.contracts):
                found = self._agree(contract)
            else:
                found = self._own() if contract == REGISTRY else self._prove(contract)
            self._known[contract] = found
        return self._known[contract]

    def _own(self) -> Known:
        """The registry's own interface: t nodes agree on it, and the row that it leads to must name it as well."""
        agreed = self._agree(REGISTRY)
        row = self._row(agreed, REGISTRY)
        if (row.get("number"), row.get("interface")) != (agreed.number, agreed.digest):
            detail = f"{REGISTRY} does not register its own interface"
            raise problem("WAL-030", node=self._client.nodes[0].url, detail=detail)
        return Known(agreed.number, agreed.digest, agreed.interface, row["version"], row["since"], row["status"])

    def _prove(self, contract: str) -> Known:
        """One node's answer, which the registry's proven row must name: its number and its interface's digest."""
        row = self._row(self.in_force(REGISTRY), contract)

        def question(node: NodeApi) -> Known:
            digest, interface = self._client.trust.interface(node.contract(contract), contract)
            if digest != row["interface"]:
                raise NotProvenError(f"interface {digest.hex()[:16]} of {contract} is not the registered one")
            return Known(row["number"], digest, interface, row["version"], row["since"], row["status"])

        return self._client.ask(question)

    def _row(self, registry: Known, contract: str) -> dict[str, Any]:
        """The registry's proven row of a contract; raises TX-007 where there is none."""
        [found] = self._rows(registry, REGISTRY_MAP, [(contract,)])
        if not found:
            raise refuse("TX-007", contract=contract)
        return found

    def _rows(self, registry: Known, map_name: str, keys: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """Proven rows of the registry by their fields' names, empty where there is none."""
        form = _map_of(registry.interface, map_name)
        if form is None:
            return [{} for _ in keys]
        names = [field.name for field in registry.interface.record(form.record).fields]
        where = [full_key(registry.number, form, key) for key in keys]
        values = {key: value for key, value, _, _ in self._client.all_states(where)}
        rows = [() if (value := values[key]) is None else decode(value, bytes_max=ROW_BYTES_MAX) for key in where]
        return [dict(zip(names, row, strict=False)) for row in rows]

    def _agree(self, contract: str) -> Known:
        client = self._client
        votes: dict[tuple[int, bytes], list[str]] = {}
        found: dict[tuple[int, bytes], Interface] = {}
        known = contract_numbers(client.genesis).get(contract)

        def question(node: NodeApi) -> tuple[int, bytes]:
            answer = node.contract(contract)
            digest, interface = client.trust.interface(answer, contract)
            if known is not None and answer.number != known:
                raise NotProvenError(f"contract {contract} has number {known}, not {answer.number}")
            found[answer.number, digest] = interface
            return answer.number, digest

        for node, vote in client.answers(question):
            votes.setdefault(vote, []).append(node.url)
            if len(votes[vote]) >= min(client.trust.nodes_needed(), len(client.nodes)):
                number, digest = vote
                return Known(number, digest, found[vote], 1, 0, "active")
        best = max((len(urls) for urls in votes.values()), default=0)
        detail = "; ".join(f"{digest.hex()[:12]}: {', '.join(urls)}" for (_, digest), urls in votes.items())
        raise problem("WAL-022", found=best, needed=client.trust.nodes_needed(), detail=detail or contract)

    # earlier versions

    def signed_under(self, contract: str, digest: bytes) -> Interface:
        """The interface of a contract whose digest stands in something signed."""
        known = self.in_force(contract)
        return known.interface if known.digest == digest else self._edition(contract, digest)[1]

    def first_version_with(self, contract: str, digest: bytes) -> int:
        """The number of the version that brought this interface, as a node says it; the registry's row proves it."""
        known = self.in_force(contract)
        return known.version if known.digest == digest else self._edition(contract, digest)[0]

    def at(self, contract: str, height: int) -> Interface:
        """The interface of the version that was in force at a height; raises TX-007 where there was none."""
        known = self.in_force(contract)
        if known.since <= height:
            return known.interface
        held = [digest for since, digest in self._versions(contract, known) if since <= height]
        if not held:
            raise refuse("TX-007", contract=contract)
        return self.signed_under(contract, held[-1])

    def _versions(self, contract: str, known: Known) -> list[tuple[int, bytes]]:
        """(since, interface's digest) of each version before the one in force, proven."""
        if contract not in self._past:
            numbers: list[tuple[Any, ...]] = [(contract, version) for version in range(1, known.version)]
            rows = self._rows(self.in_force(REGISTRY), VERSIONS_MAP, numbers)
            self._past[contract] = [(row["since"], row["interface"]) for row in rows if row]
        return self._past[contract]

    def _edition(self, contract: str, digest: bytes) -> tuple[int, Interface]:
        if digest not in self._editions:

            def question(node: NodeApi) -> tuple[int, Interface]:
                answer = node.interface(digest)
                return answer.version, self._client.trust.edition(answer, contract, digest)

            self._editions[digest] = self._client.ask(question)
        return self._editions[digest]


def _map_of(interface: Interface, name: str) -> MapForm | None:
    return next((form for form in interface.maps if form.name == name), None)
