"""What a reader should not have to meet: left-overs, swallowed errors, giants, dead files, addresses of one workplace.

Lengths are counted in lines, outside of tests. They are the outer bound; the aim is far below (CONTRIBUTING.md).
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions

from tests.architecture.arrows import CATALOGUE, is_third_party
from tests.architecture.source import PACKAGES, Finding, Module, Tree, dotted, function_name

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 80

# Written in halves, since this file is searched too.
LEFT_OVERS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")
INDEX_ADDRESS = re.compile(
    r"https?://\S*(" + "|".join(["py" + "pi", "python" + "hosted", "/sim" + "ple"]) + r")|--(extra-)?index" + "-url"
)
WORKPLACE = re.compile(r"(?<![\w.-])/" + r"work/")
BLIND = frozenset({"Exception", "BaseException"})
SKIPS = frozenset({"skip", "skipif", "xfail", "importorskip"})


def no_pattern(tree: Tree, rule: str, pattern: re.Pattern[str]) -> Iterator[Finding]:
    for path, text in tree.texts.items():
        for number, line in enumerate(text.splitlines(), start=1):
            if found := pattern.search(line):
                yield Finding(path, number, rule, found[0])


def no_left_overs(tree: Tree) -> Iterator[Finding]:
    return no_pattern(tree, "left-over", LEFT_OVERS)


def no_index_address(tree: Tree) -> Iterator[Finding]:
    return no_pattern(tree, "index-address", INDEX_ADDRESS)


def no_workplace_path(tree: Tree) -> Iterator[Finding]:
    return no_pattern(tree, "workplace", WORKPLACE)


def no_blind_except(tree: Tree) -> Iterator[Finding]:
    for module in tree.modules:
        for node in ast.walk(module.syntax):
            # Who ends with a bare `raise` swallows nothing: it only cleans up, also when it is cancelled.
            if isinstance(node, ast.ExceptHandler) and not reraises(node):
                caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                names = ["everything" if kind is None else dotted(kind) for kind in caught]
                for name in names:
                    if name == "everything" or name in BLIND:
                        yield Finding(module.path, node.lineno, "blind-except", name)


def reraises(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def no_sleep_in_tests(tree: Tree) -> Iterator[Finding]:
    for module in tree.modules_of("tests"):
        for node in ast.walk(module.syntax):
            from_time = isinstance(node, ast.ImportFrom) and node.module == "time"
            if isinstance(node, ast.Call) and dotted(node.func) == "time.sleep":
                yield Finding(module.path, node.lineno, "sleep", "time.sleep()")
            elif from_time and isinstance(node, ast.ImportFrom) and any(alias.name == "sleep" for alias in node.names):
                yield Finding(module.path, node.lineno, "sleep", "from time import sleep")


def no_skipped_tests(tree: Tree) -> Iterator[Finding]:
    for module in tree.modules_of("tests"):
        for node in ast.walk(module.syntax):
            if isinstance(node, ast.Attribute) and node.attr in SKIPS and dotted(node).startswith("pytest."):
                yield Finding(module.path, node.lineno, "skip", dotted(node))


def files_short(tree: Tree) -> Iterator[Finding]:
    for module in tree.modules_of(*PACKAGES, "tools"):
        lines = len(tree.texts[module.path].splitlines())
        if lines > FILE_LINES_MAX:
            yield Finding(module.path, lines, "file-length", module.name)


def functions_short(tree: Tree) -> Iterator[Finding]:
    for module in tree.modules_of(*PACKAGES, "tools"):
        for node in ast.walk(module.syntax):
            name = function_name(node)
            if name and isinstance(node, ast.stmt) and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES_MAX:
                yield Finding(module.path, node.lineno, "function-length", name)


def no_dead_modules(tree: Tree) -> Iterator[Finding]:
    alive = set(names_in_text(tree))
    for module in tree.modules:
        alive |= {wanted.target for wanted in tree.imports(module)} - {module.name}
    for module in tree.modules_of(*PACKAGES):
        special = module.path.endswith(("/__init__.py", "/__main__.py")) or module.name.startswith(CATALOGUE)
        if not special and module.name not in alive:
            yield Finding(module.path, 1, "dead-module", module.name)


def names_in_text(tree: Tree) -> Iterator[str]:
    """Modules started by name: the entry point of the command, `python -m devnet.part`, a row of a table."""
    for module in tree.modules:
        for node in ast.walk(module.syntax):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    project = tomllib.loads(tree.texts.get("pyproject.toml", "")).get("project", {})
    for target in project.get("scripts", {}).values():
        yield target.split(":")[0]


def libraries_declared(tree: Tree) -> Iterator[Finding]:
    """What is imported must be a dependency by its own name, not by the grace of somebody else's dependencies."""
    wanted = tomllib.loads(tree.texts.get("pyproject.toml", "")).get("project", {}).get("dependencies", [])
    declared = {normalised(re.split(r"[^\w.-]", requirement)[0]) for requirement in wanted}
    providers = packages_distributions()
    for module in tree.modules_of(*PACKAGES):
        for name, line in third_party(tree, module):
            if not declared & {normalised(provider) for provider in providers.get(name, [])}:
                yield Finding(module.path, line, "undeclared", name)


def third_party(tree: Tree, module: Module) -> Iterator[tuple[str, int]]:
    for wanted in tree.imports(module):
        if is_third_party(wanted.package):
            yield wanted.package, wanted.line


def normalised(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
