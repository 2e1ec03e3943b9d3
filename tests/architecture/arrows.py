"""Who may import whom: the floors of the house, the order inside the ground floor, the actors, and no cycles.

docs/decisions/0003 has the reasons. Everything that is allowed is said in the tables at the top of this file.
"""

import sys
from collections.abc import Iterator, Mapping

from tests.architecture.source import PACKAGES, Finding, Module, Tree

ARROWS: Mapping[str, frozenset[str]] = {
    "ledger": frozenset(),
    "consensus": frozenset({"ledger"}),
    "contracts": frozenset({"ledger"}),
    "wallet": frozenset({"ledger"}),
    "node": frozenset({"ledger", "consensus", "contracts"}),
    "devnet": frozenset(PACKAGES),
    "tests": frozenset(PACKAGES),
    "tools": frozenset(),
}

# A module of the ground floor may import only modules that stand before it. A new module gets its place here first.
LEDGER_ORDER = (
    "language", "choices", "details", "errors", "receipt_refusals",
    "money", "codec", "crypto", "crowd", "sm2", "national", "merkle",
    "history", "validators", "transaction", "block", "receipt", "checkpoint", "statement", "state", "genesis",
    "interface", "keys", "wording", "glossary", "settings", "summary", "proofs", "evidence", "lexicon", "verdict",
    "api",
)  # fmt: skip

# The floors that must stay free of IO name every library they may use; the wallet too, for it must stay small and
# independent of the node. A cli.py may use click and rich besides.
LIBRARIES: Mapping[str, frozenset[str]] = {
    "ledger": frozenset({"cbor2", "nacl", "cryptography", "pydantic"}),
    "consensus": frozenset(),
    "contracts": frozenset(),
    "wallet": frozenset({"click", "rich", "httpx", "pydantic", "Crypto", "mnemonic"}),
}
CLI_LIBRARIES = frozenset({"click", "rich"})

CATALOGUE = "contracts.catalogue."
CATALOGUE_MAY_IMPORT = "contracts.sdk"
ACTORS = "node.actors."
COMPOSITION_ROOT = "node.app"


def arrows_between_packages(tree: Tree) -> Iterator[Finding]:
    for module in tree.modules_of(*ARROWS):
        for wanted in tree.imports(module):
            package = wanted.package
            if package in ARROWS and package != module.package and package not in ARROWS[module.package]:
                yield Finding(module.path, wanted.line, "arrow", f"{module.package} -> {wanted.target}")


def libraries_allowed(tree: Tree) -> Iterator[Finding]:
    for module in tree.modules_of(*LIBRARIES):
        allowed = LIBRARIES[module.package]
        if module.name == f"{module.package}.cli":
            allowed |= CLI_LIBRARIES
        for wanted in tree.imports(module):
            if is_third_party(wanted.package) and wanted.package not in allowed:
                yield Finding(module.path, wanted.line, "library", wanted.package)


def is_third_party(package: str) -> bool:
    return package not in sys.stdlib_module_names and package not in ARROWS


def catalogue_imports_the_sdk_alone(tree: Tree) -> Iterator[Finding]:
    for module in tree.modules:
        if module.name.startswith(CATALOGUE):
            for wanted in tree.imports(module):
                if wanted.target != CATALOGUE_MAY_IMPORT:
                    yield Finding(module.path, wanted.line, "catalogue", wanted.target)


def actors_know_boxes_not_each_other(tree: Tree) -> Iterator[Finding]:
    for module in tree.modules_of(*PACKAGES):
        if module.name == COMPOSITION_ROOT:
            continue
        actors = {wanted.target: wanted.line for wanted in tree.imports(module) if wanted.target.startswith(ACTORS)}
        allowed = 0 if f"{module.name}.".startswith(ACTORS) else 1
        if len(actors) > allowed:
            yield Finding(module.path, max(actors.values()), "actors", " ".join(sorted(actors)))


def ground_floor_in_order(tree: Tree) -> Iterator[Finding]:
    for module in tree.modules_of("ledger"):
        place = ledger_place(module.name)
        if place is None:
            yield Finding(module.path, 1, "ledger-order", f"{module.name} has no place in LEDGER_ORDER")
            continue
        for wanted in tree.imports(module):
            if wanted.package == "ledger" and not stands_before(wanted.target, module, place):
                yield Finding(module.path, wanted.line, "ledger-order", f"{module.name} -> {wanted.target}")


def ledger_place(name: str) -> int | None:
    """The package's own __init__ stands at -1: it may import nothing and everything may import it."""
    parts = name.split(".")
    if len(parts) == 1:
        return -1
    return LEDGER_ORDER.index(parts[1]) if parts[1] in LEDGER_ORDER else None


def stands_before(target: str, module: Module, place: int) -> bool:
    target_place = ledger_place(target)
    if target_place is None:
        return False
    same_component = target.split(".")[:2] == module.name.split(".")[:2] and target != module.name
    return target_place < place or same_component


def no_cycles(tree: Tree) -> Iterator[Finding]:
    graph = {
        module.name: sorted({wanted.target for wanted in tree.imports(module) if wanted.target in tree.names})
        for module in tree.modules
    }
    paths = {module.name: module.path for module in tree.modules}
    for circle in circles(graph):
        yield Finding(paths[circle[0]], 1, "cycle", " -> ".join([*circle, circle[0]]))


def circles(graph: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """One circle for each back edge of a depth-first walk; none exactly when the graph has none."""
    done: set[str] = set()
    for start in graph:
        trail: list[str] = []
        waiting = [(start, 0)]
        while waiting:
            name, depth = waiting.pop()
            if depth < len(trail):
                done.update(trail[depth:])
                del trail[depth:]
            if name in trail:
                yield trail[trail.index(name) :]
            elif name not in done:
                trail.append(name)
                waiting.extend((target, len(trail)) for target in graph[name])
        done.update(trail)
