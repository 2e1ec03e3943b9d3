"""What keeps the pure floors the same on every machine: no IO, clock, threads, floats, no order of a set.

A cli.py stands at the edge, reads files and prints, and is left out. Syntax is all that is looked at, so this finds
what is written plainly; the rest is for the tests that compare bytes and traces under several hash seeds.
"""

import ast
from collections.abc import Iterator

from tests.architecture.source import Finding, Module, Tree, dotted

PURE_PACKAGES = ("ledger", "consensus", "contracts")

FORBIDDEN_MODULES = frozenset(
    "aiohttp anyio asyncio calendar concurrent contextvars fcntl glob http httpx importlib io locale logging "
    "multiprocessing os pathlib pickle platform queue random requests sched secrets select selectors shutil signal "
    "socket sqlite3 ssl structlog subprocess tempfile threading time trio urllib uuid".split()
)
# hash() of text and bytes differs from one process to the next, id() from one object to the next.
FORBIDDEN_CALLS = frozenset("open print input breakpoint hash id globals __import__".split())
CLOCKS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today")
WHOLE_NUMBER_MATH = frozenset("comb factorial gcd isqrt lcm perm prod".split())
ORDER_FREE = frozenset("sorted sum any all min max len set frozenset".split())
ORDERED = frozenset("list tuple enumerate iter next".split())


def pure_modules(tree: Tree) -> Iterator[Module]:
    return (module for module in tree.modules_of(*PURE_PACKAGES) if not module.name.endswith(".cli"))


def no_forbidden_modules(tree: Tree) -> Iterator[Finding]:
    for module in pure_modules(tree):
        for wanted in tree.imports(module):
            if wanted.package in FORBIDDEN_MODULES:
                yield Finding(module.path, wanted.line, "import", wanted.target)


def no_forbidden_calls(tree: Tree) -> Iterator[Finding]:
    for module in pure_modules(tree):
        for node in ast.walk(module.syntax):
            if isinstance(node, ast.Call):
                called = dotted(node.func)
                if called in FORBIDDEN_CALLS or any(f".{called}".endswith(f".{clock}") for clock in CLOCKS):
                    yield Finding(module.path, node.lineno, "call", f"{called}()")


def no_async(tree: Tree) -> Iterator[Finding]:
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    for module in pure_modules(tree):
        for node in ast.walk(module.syntax):
            if isinstance(node, kinds):
                yield Finding(module.path, node.lineno, "async", type(node).__name__)


def no_floats(tree: Tree) -> Iterator[Finding]:
    for module in pure_modules(tree):
        for node in ast.walk(module.syntax):
            if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
                yield Finding(module.path, node.lineno, "float", repr(node.value))
            elif isinstance(node, ast.Name) and node.id in {"float", "complex"}:
                yield Finding(module.path, node.lineno, "float", node.id)
            elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
                yield Finding(module.path, node.lineno, "float", "/")
            elif isinstance(node, ast.Attribute) and dotted(node.value) == "math":
                if node.attr not in WHOLE_NUMBER_MATH:
                    yield Finding(module.path, node.lineno, "float", f"math.{node.attr}")
            elif isinstance(node, ast.ImportFrom) and node.module == "math":
                for alias in node.names:
                    if alias.name not in WHOLE_NUMBER_MATH:
                        yield Finding(module.path, node.lineno, "float", f"math.{alias.name}")


def no_set_order(tree: Tree) -> Iterator[Finding]:
    for module in pure_modules(tree):
        order_free = set(order_free_generators(module.syntax))
        for node in ast.walk(module.syntax):
            for looped_over in ordered_uses(node):
                if is_set(looped_over) and node not in order_free:
                    yield Finding(module.path, looped_over.lineno, "set-order", ast.unparse(looped_over)[:60])


def order_free_generators(syntax: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(syntax):
        if isinstance(node, ast.Call) and dotted(node.func) in ORDER_FREE:
            yield from node.args


def ordered_uses(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.For):
        yield node.iter
    elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp):
        yield from (generator.iter for generator in node.generators)
    elif isinstance(node, ast.Call):
        joins = isinstance(node.func, ast.Attribute) and node.func.attr == "join"
        if joins or dotted(node.func) in ORDERED:
            yield from node.args


def is_set(node: ast.expr) -> bool:
    literal = isinstance(node, ast.Set | ast.SetComp)
    return literal or (isinstance(node, ast.Call) and dotted(node.func) in {"set", "frozenset"})
