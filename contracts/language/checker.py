"""From source text to declarations that keep to the language: caps, parse, an allow-list of syntax, declarations,
and the rules between methods (no recursion, views change nothing). Names, attributes and types inside methods are
the compiler's to resolve; `compiler.compile_contract` runs both, and only what comes out of it is a contract.
"""

from __future__ import annotations

import ast
from typing import Final

from contracts.language.bounds import check_levels
from contracts.language.builtin_names import BUILTIN_RECORDS
from contracts.language.caps import check_caps
from contracts.language.declarations import Declarations, Method, Reader
from contracts.language.forms import ANY, TEXT, optional
from contracts.language.verdicts import verdict
from ledger.interface import Field, RecordForm

SYNTAX_DEPTH_MAX: Final = 48
NODES_MAX: Final = 80_000

STATEMENTS: Final = frozenset(
    (
        *("Assign", "AnnAssign", "AugAssign", "Break", "ClassDef", "Continue", "Expr", "For", "FunctionDef", "If"),
        *("ImportFrom", "Pass", "Return", "While"),
    )
)
EXPRESSIONS: Final = frozenset(
    (
        *("Attribute", "BinOp", "BoolOp", "Call", "Compare", "Constant", "Dict", "GeneratorExp", "IfExp", "List"),
        *("ListComp", "Name", "Slice", "Subscript", "Tuple", "UnaryOp"),
    )
)
OPERATORS: Final = frozenset(
    (
        *("Add", "And", "BitOr", "Eq", "FloorDiv", "Gt", "GtE", "In", "Is", "IsNot", "Lt", "LtE", "Mult", "Not"),
        *("NotEq", "NotIn", "Or", "Sub", "USub"),
    )
)
PARTS: Final = frozenset(("Load", "Store", "alias", "arg", "arguments", "comprehension", "keyword"))
ALLOWED: Final = STATEMENTS | EXPRESSIONS | OPERATORS | PARTS

WRITING_CALLS: Final = frozenset(("emit", "call", "delegate", "attempt", "new_id"))
"""What a view, and whatever it calls, must not do through `ctx`."""


def parse(source: str) -> ast.Module:
    """The syntax tree of a source that has passed `check_caps`; raises `Refused` CHK-003, CHK-005, CHK-006."""
    try:
        module = ast.parse(source, "contract", "exec", type_comments=False)
    except (SyntaxError, ValueError):
        # Which line the parser names, and which words it finds, differ from version to version.
        raise verdict("CHK-006") from None
    _check_nodes(module)
    return module


def _check_nodes(module: ast.Module) -> None:
    waiting: list[tuple[ast.AST, int, int]] = [(node, 1, 1) for node in reversed(module.body)]
    count = 0
    while waiting:
        node, depth, line = waiting.pop()
        line = getattr(node, "lineno", line)
        count += 1
        name = type(node).__name__
        if name in ("TypeAlias", "TryStar", "TypeVar"):
            raise verdict("CHK-006")
        if name not in ALLOWED:
            raise verdict("CHK-005", line=line, what=name)
        if depth > SYNTAX_DEPTH_MAX or count > NODES_MAX:
            raise verdict("CHK-003", line=line, limit=SYNTAX_DEPTH_MAX)
        waiting.extend((child, depth + 1, line) for child in reversed(list(ast.iter_child_nodes(node))))


def check_source(source: str) -> Declarations:
    """Everything that a source declares; raises `Refused` CHK-001…016."""
    check_caps(source)
    found = Reader(BUILTIN).read(parse(source))
    _check_calls(found)
    return found


def _builtin_records() -> dict[str, RecordForm]:
    """The engine's records, and the one record with a field of any type."""
    records = Reader({}, is_builtin=True).read(parse(BUILTIN_RECORDS)).records
    records["Receipt"] = RecordForm("Receipt", (Field("code", optional(TEXT)), Field("result", ANY)))
    return records


def _check_calls(found: Declarations) -> None:
    """No method reaches itself or goes too deep, and no view reaches a change."""
    calls = {name: _own_calls(method, found) for name, method in found.methods.items()}
    for name, method in found.methods.items():
        reached: dict[str, None] = {}
        waiting = list(calls[name])
        while waiting:
            other = waiting.pop()
            if other == name:
                raise verdict("CHK-015", line=method.node.lineno, what=name)
            if other not in reached:
                reached[other] = None
                waiting.extend(calls[other])
        if method.kind == "view":
            for member in (name, *reached):
                _check_reads_only(method, found.methods[member], found)
    check_levels(calls, {name: method.node.lineno for name, method in found.methods.items()})


def _own_calls(method: Method, found: Declarations) -> list[str]:
    names: list[str] = []
    for node in ast.walk(method.node):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            target = found.methods.get(node.attr)
            if target is not None:
                if target.kind not in ("helper", "view"):
                    raise verdict("CHK-009", line=node.lineno, what=f"self.{node.attr}")
                names.append(node.attr)
    return names


def _check_reads_only(view: Method, member: Method, found: Declarations) -> None:
    for node in [inner for inner in ast.walk(member.node) if isinstance(inner, ast.expr)]:
        why = ""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ctx":
            why = f"ctx.{node.attr}" if node.attr in WRITING_CALLS else ""
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.value, ast.Attribute):
            inner = node.value
            is_map = isinstance(inner.value, ast.Name) and inner.value.id == "self" and inner.attr in found.maps
            if is_map and isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                why = f"self.{inner.attr}"
            elif is_map and isinstance(node, ast.Attribute) and node.attr == "remove":
                why = f"self.{inner.attr}.remove"
        if why:
            raise verdict("CHK-014", line=node.lineno, what=view.name, why=why)


BUILTIN: Final = _builtin_records()
