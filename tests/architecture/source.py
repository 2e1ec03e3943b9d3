"""The project's files as the architecture checks see them: text, syntax trees and resolved imports.

A check is a function from a `Tree` to its `Finding`s. A test can hand it a tree made up of a few bad lines, and the run
over the real files hands it what `read_tree` found: both go the same way. Directories that do not exist are empty.
"""

import ast
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ledger", "consensus", "contracts", "wallet", "node", "devnet")
FOLDERS = (*PACKAGES, "tests", "tools", "docs", ".ci")
TEXT_SUFFIXES = frozenset({".py", ".md", ".toml", ".lock", ".sh", ".story", ".txt", ".json", ".csv", ""})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check objects to. `rule` and `detail` are what an entry of exceptions.py names."""

    path: str
    line: int
    rule: str
    detail: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Module:
    path: str
    name: str
    syntax: ast.Module

    @property
    def package(self) -> str:
        return self.name.split(".")[0]


@dataclass(frozen=True, slots=True)
class Import:
    target: str
    line: int

    @property
    def package(self) -> str:
        return self.target.split(".")[0]


class Tree:
    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = dict(sorted(texts.items()))
        self.modules = [
            Module(path, module_name(path), ast.parse(text, path))
            for path, text in self.texts.items()
            if path.endswith(".py")
        ]
        self.names = frozenset(module.name for module in self.modules)

    def modules_of(self, *packages: str) -> Iterator[Module]:
        return (module for module in self.modules if module.package in packages)

    def imports(self, module: Module) -> Iterator[Import]:
        """Every import at any depth of the file, also those for type checkers and inside functions."""
        return iter(dict.fromkeys(self._imports(module)))

    def _imports(self, module: Module) -> Iterator[Import]:
        for node in ast.walk(module.syntax):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(alias.name, node.lineno)
            elif isinstance(node, ast.ImportFrom):
                base = absolute_base(module, node)
                for alias in node.names:
                    inner = f"{base}.{alias.name}"
                    yield Import(inner if inner in self.names else base, node.lineno)


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def absolute_base(module: Module, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    climb = node.level - (1 if module.path.endswith("/__init__.py") else 0)
    parts = module.name.split(".")
    return ".".join([*parts[: len(parts) - climb], *([node.module] if node.module else [])])


def function_name(node: ast.AST) -> str | None:
    return node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an attribute chain that starts at a name, else the empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


@functools.cache
def read_tree() -> Tree:
    inner = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    files = (path for path in (*ROOT.iterdir(), *inner) if path.is_file() and path.suffix in TEXT_SUFFIXES)
    return Tree(
        {
            path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
            for path in files
            if "__pycache__" not in path.parts
        }
    )
