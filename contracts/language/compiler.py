"""From a source to a program: Python text with counters, and the contract's interface.

A method becomes a function `f_NAME` of `ctx` and its parameters. Each basic block begins by taking its cost from
`meter[0]`; function entries and loop heads also look whether anything is left. A loop runs over a copy of what it was
given, so a change inside it can neither break it nor make its order matter. Records become slotted classes whose
constructors test every field. The program runs in a namespace of helpers that `link` fills; it imports nothing.

The program's text depends on the source alone. Compiling costs some milliseconds, so programs are kept by the digest of
their source for the life of the process.
"""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from types import CodeType
from typing import Final

from contracts.language.bounds import SHOWN_BYTES_UNCOUNTED, bytes_max
from contracts.language.calls import CallWriter
from contracts.language.checker import BUILTIN, check_source
from contracts.language.declarations import Declarations, Method
from contracts.language.forms import ANY, NOTHING, TestWriter, join
from contracts.language.meter import MAP_WRITE_UNITS
from contracts.language.pieces import SMALL_BITS, Code, SharedCode
from contracts.language.publish import make_interface
from contracts.language.records import sizes, write_record
from contracts.language.verdicts import verdict
from ledger.errors import Refused
from ledger.interface import NAME_CHARACTERS_MAX, Interface, Type

PROGRAMS_MAX: Final = 256
PROGRAM_CHARACTERS_MAX: Final = 2 * 1024 * 1024
LOOPS_DEPTH_MAX: Final = 12
"""Python takes twenty."""
_ROUNDS_MAX: Final = 6
"""How often a method is written until the types of its locals stand still."""


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled contract, not yet bound to a chain. `interface` lacks only the contract's name."""

    digest: bytes
    text: str
    code: CodeType
    found: Declarations
    uses: tuple[str, ...]
    numbers: dict[str, dict[str, Type]]

    def interface(self, name: str) -> Interface:
        return make_interface(name, self.found, self.uses, self.numbers)


class MethodWriter:
    """Writes one method as a function."""

    def __init__(self, found: Declarations, method: Method, tests: TestWriter, shared: SharedCode) -> None:
        self.method = method
        self.expressions = CallWriter(found, method, tests, shared)
        self.found = found
        self.lines: list[str] = []
        self.assigned: dict[str, Type] = {}
        self._loops = 0

    def write(self) -> list[str]:
        method = self.method
        for _ in range(_ROUNDS_MAX):
            before = dict(self.expressions.locals), len(self.expressions.wide)
            self.lines, self._loops = [], 0
            self._function()
            if (self.expressions.locals, len(self.expressions.wide)) == before:
                break
        else:
            # Types that do not settle are not known; every use of them is tested at run time.
            for name in self.assigned:
                self.expressions.locals[name] = ANY
                self.expressions.wide.add(name)
            self.lines = []
            self._function()
        parameters = [f"v_{entry.name}" for entry in method.parameters]
        context = ["ctx"] if method.has_context else []
        return [f"def f_{method.name}({', '.join([*context, *parameters])}):", *self.lines, ""]

    def _function(self) -> None:
        body = list(self.method.node.body)
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            body.pop(0)
        self._block(body, 1, is_head=True, extra=2)
        if self.method.returns == NOTHING or self.method.returns.optional:
            self.lines.append("    return None")
        else:
            self.lines.append(f"    raise wrong_type({self.method.returns.kind!r}, None)")

    # -- blocks and their costs

    def _block(self, statements: list[ast.stmt], depth: int, *, is_head: bool = False, extra: int = 0) -> None:
        """Statements of one level; the cost of each straight run stands before it."""
        indent = "    " * depth
        place = self._reserve()
        start, count = self.expressions.cost - extra, len(self.lines)
        for statement in statements:
            self.expressions.cost += 1
            if isinstance(statement, ast.If | ast.For | ast.While):
                self._compound(statement, depth, place, start, is_head)
                place, is_head = self._reserve(), False
                start = self.expressions.cost
            else:
                self._simple(statement, depth)
        self._charge(place, self.expressions.cost - start, indent, is_head)
        if len(self.lines) == count:
            self.lines.append(f"{indent}pass")

    def _reserve(self) -> int:
        self.lines.append("")
        return len(self.lines) - 1

    def _charge(self, place: int, cost: int, indent: str, is_head: bool) -> None:
        lines = [f"{indent}meter[0] -= {cost}"] if cost else []
        if is_head:
            lines.append(f"{indent}if meter[0] < 0:\n{indent}    raise OutOfBudget")
        self.lines[place] = "\n".join(lines)

    def _compound(self, node: ast.If | ast.For | ast.While, depth: int, place: int, start: int, is_head: bool) -> None:
        indent = "    " * depth
        if isinstance(node, ast.If):
            test = self.expressions.write(node.test).text
            self._charge(place, self.expressions.cost - start, indent, is_head)
            self.lines.append(f"{indent}if {test}:")
            self._block(node.body, depth + 1)
            if node.orelse:
                self.lines.append(f"{indent}else:")
                self._block(node.orelse, depth + 1)
            return
        if node.orelse:
            raise verdict("CHK-005", line=node.lineno, what="else after a loop")
        before = self.expressions.cost
        if isinstance(node, ast.While):
            head, extra = f"while {self.expressions.write(node.test).text}:", self.expressions.cost - before
        else:
            source = self.expressions.write(node.iter)
            kind = source.type.items[0] if source.type.kind == "array" and not source.type.optional else ANY
            if _is_range(node.iter):
                kind = Type("integer")
            target = self._target(node.target, kind, source.inner_bits)
            if source.type.kind in ("array", "row") and not source.type.optional:
                # A tuple, which nothing changes; each round pays for its item.
                head, extra = f"for {target} in {source.text}:", 2
            else:
                head, extra = f"for {target} in each({source.text}, 1):", 1
        self._charge(place, self.expressions.cost - start, indent, is_head)
        self.lines.append(f"{indent}{head}")
        if self._loops == LOOPS_DEPTH_MAX:
            raise verdict("CHK-003", line=node.lineno, limit=LOOPS_DEPTH_MAX)
        self._loops += 1
        self._block(node.body, depth + 1, is_head=True, extra=extra)
        self._loops -= 1

    # -- statements

    def _simple(self, node: ast.stmt, depth: int) -> None:
        indent = "    " * depth
        if isinstance(node, ast.Pass):
            self.lines.append(f"{indent}pass")
        elif isinstance(node, ast.Break | ast.Continue):
            if not self._loops:
                raise verdict("CHK-006")
            self.lines.append(f"{indent}{type(node).__name__.lower()}")
        elif isinstance(node, ast.Return):
            self._return(node, indent)
        elif isinstance(node, ast.Expr):
            self._expression(node, indent)
        elif isinstance(node, ast.Assign):
            if len(node.targets) != 1:
                raise self.expressions.refuse(node, "an assignment", "has one target")
            self._assign(node.targets[0], self.expressions.write(node.value), indent)
        elif isinstance(node, ast.AnnAssign):
            if node.value is None or not isinstance(node.target, ast.Name):
                raise self.expressions.refuse(node, "an annotation", "stands at an assignment to a name")
            self._assign(node.target, self.expressions.write(node.value), indent)
        elif isinstance(node, ast.AugAssign):
            self._augment(node, indent)
        else:
            raise verdict("CHK-005", line=node.lineno, what=type(node).__name__)

    def _return(self, node: ast.Return, indent: str) -> None:
        code = Code("None", NOTHING) if node.value is None else self.expressions.write(node.value)
        if self.method.returns == NOTHING and code.type != NOTHING:
            raise self.expressions.refuse(node, "return", "the method is declared to return None")
        text = self.expressions.typed(code, self.method.returns)
        is_outside = self.method.kind in ("action", "view")
        if is_outside and bytes_max(self.method.returns, self.found.records) > SHOWN_BYTES_UNCOUNTED:
            text = f"shown({text})"
        self.lines.append(f"{indent}return {text}")

    def _expression(self, node: ast.Expr, indent: str) -> None:
        call = node.value
        if not isinstance(call, ast.Call):
            raise self.expressions.refuse(node, "a value", "stands alone and does nothing")
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        is_context = isinstance(owner, ast.Name) and owner.id == "ctx" and self.method.has_context
        if is_context and name == "require" and len(call.args) == 2:
            test = self.expressions.write(call.args[0]).text
            refusal = self.expressions.refusal(call, call.args[1], call.keywords)
            self.lines.append(f"{indent}if not {test}:\n{indent}    raise {refusal}")
        elif is_context and name == "refuse" and len(call.args) == 1:
            self.lines.append(f"{indent}raise {self.expressions.refusal(call, call.args[0], call.keywords)}")
        elif is_context and name == "emit":
            self.lines.append(indent + self.expressions.emission(call))
        else:
            self.lines.append(indent + self.expressions.write(call).text)

    def _assign(self, target: ast.expr, code: Code, indent: str) -> None:
        if isinstance(target, ast.Subscript):
            self._store(target, code, indent)
        else:
            text = self._target(target, code.type, code.inner_bits)
            self.lines.append(f"{indent}{text} = {code.text}")

    def _store(self, target: ast.Subscript, code: Code, indent: str) -> None:
        writer = self.expressions
        name = writer.state_name(target.value)
        if isinstance(target.slice, ast.Slice):
            raise writer.refuse(target, "an assignment", "is not to a slice")
        if name in self.found.maps:
            writer.cost += MAP_WRITE_UNITS
            record = Type("record", names=(self.found.maps[name].record,))
            row, key = writer.typed(code, record), writer.key_of(name, target.slice)
            size = sizes(self.found.records[record.names[0]], "r_row.field_")
            if size != "0":
                # What is stored is paid for by its size, where that can differ.
                self.lines += [f"{indent}r_row = {row}", f"{indent}r_size = {size}"]
                self.lines.append(f"{indent}if r_size:\n{indent}    take_bytes(r_size)")
                row = "r_row"
            self.lines.append(f"{indent}m_{name}_set({key}, {row})")
            return
        value, place = writer.write(target.value), writer.write(target.slice)
        self.lines.append(indent + writer.helper("put", value.text, place.text, writer.stored(code)))

    def _augment(self, node: ast.AugAssign, indent: str) -> None:
        if not isinstance(node.target, ast.Name):
            raise self.expressions.refuse(node, "an assignment with an operator", "is to a name")
        read = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
        sum_ = ast.copy_location(ast.BinOp(read, node.op, node.value), node)
        self._assign(node.target, self.expressions.write(sum_), indent)

    def _target(self, node: ast.expr, kind: Type, bits: int) -> str:
        """The text of a target, after noting what types its names can have."""
        if isinstance(node, ast.Name):
            if node.id in ("self", "ctx") or node.id in self.found.constants or node.id in self.found.records:
                raise verdict("CHK-007", line=node.lineno, what=node.id)
            self._note(node.id, kind, bits)
            return f"v_{node.id}"
        if isinstance(node, ast.Tuple) and node.elts:
            is_row = kind.kind == "row" and len(kind.items) == len(node.elts) and not kind.optional
            kinds = kind.items if is_row else (ANY,) * len(node.elts)
            return f"({', '.join(self._target(e, k, bits) for e, k in zip(node.elts, kinds, strict=True))},)"
        raise self.expressions.refuse(node, "an assignment", "is to plain names")

    def _note(self, name: str, kind: Type, bits: int) -> None:
        if bits > SMALL_BITS:
            self.expressions.wide.add(name)
        locals_ = self.expressions.locals
        locals_[name] = join(locals_[name], kind) if name in locals_ else kind
        self.assigned[name] = locals_[name]


def _is_range(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"


def _reader_of_arguments(method: Method, tests: TestWriter) -> list[str]:
    """`take_NAME(args)`: the arguments as values, or the refusal that names the wrong one."""
    count = len(method.parameters)
    lines = [
        f"def take_{method.name}(args):",
        f"    if len(args) != {count}:",
        f"        raise wrong_count({count}, args)",
    ]
    names = [f"a{i}" for i in range(count)]
    if count:
        lines.append(f"    ({', '.join(names)},) = args")
    for name, entry in zip(names, method.parameters, strict=True):
        conversion = from_plain(entry.type, name)
        if conversion != name:
            lines.append(f"    {name} = {conversion}")
        lines.append(f"    if not {tests.test(entry.type, name)}:")
        lines.append(f"        raise wrong_argument({entry.name!r}, {entry.type.kind!r}, {name})")
    return [*lines, f"    return ({', '.join(names)}{',' if count == 1 else ''})", ""]


def from_plain(kind: Type, text: str) -> str:
    """The expression that turns tuples into the records that a type holds; what does not fit stays as it is."""
    if kind.kind == "record":
        return f"(of_{kind.names[0]}({text}) if type({text}) is tuple else {text})"
    if kind.kind == "array" and kind.items[0].kind == "record":
        inner = f"of_{kind.items[0].names[0]}(item)"
        return f"(tuple([{inner} for item in {text}]) if type({text}) is tuple else {text})"
    return text


def compile_contract(source: str) -> Program:
    """Check and compile; raises `Refused` CHK-001…016 with the line."""
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).digest()
    program = _PROGRAMS.get(digest)
    if program is None:
        program = _compile(source, digest)
        if len(_PROGRAMS) >= PROGRAMS_MAX:
            _PROGRAMS.clear()
        _PROGRAMS[digest] = program
    return program


_PROGRAMS: Final[dict[bytes, Program]] = {}


def _compile(source: str, digest: bytes) -> Program:
    found = check_source(source)
    tests, shared = TestWriter(), SharedCode(found)
    methods: list[str] = []
    for method in found.methods.values():
        methods += MethodWriter(found, method, tests, shared).write()
        if method.kind in ("action", "view"):
            methods += _reader_of_arguments(method, tests)
    records = [
        line
        for record in found.records.values()
        if _is_needed(record.name, shared)
        for line in write_record(record, tests, is_event=record.name in found.events)
    ]
    constants = [f"{name} = {value}" for name, value in shared.constants.items()]
    text = "\n".join(["", *constants, *tests.functions, *records, *shared.functions, *methods])
    if len(text) > PROGRAM_CHARACTERS_MAX:
        raise verdict("CHK-002", line=1, limit=PROGRAM_CHARACTERS_MAX)
    # Everything in `text` was written by this package from the checked tree; nothing of the source is pasted into it.
    try:
        code = compile(text, "<contract>", "exec", dont_inherit=True, optimize=0)
    except SyntaxError:
        # None is known. A source that finds one is no contract; that it stopped every node would be worse.
        raise verdict("CHK-006") from None
    _check_after(found)
    program = Program(digest, text, code, found, tuple(shared.uses), shared.numbers)
    _check_interface(program)
    return program


def _is_needed(record: str, shared: SharedCode) -> bool:
    if record.startswith("Genesis"):
        return "Genesis" in shared.needs
    return record not in BUILTIN or record in shared.needs


def _check_after(found: Declarations) -> None:
    """An empty contract is an author's mistake."""
    if not any(method.kind in ("action", "view") for method in found.methods.values()):
        raise verdict("CHK-011", line=1, why="a contract has at least one action or view")


def _check_interface(program: Program) -> None:
    """What is shown of a contract must be within the limits of those who read it."""
    try:
        Interface.decode(program.interface("x" * NAME_CHARACTERS_MAX).encode())
    except Refused as refused:
        raise verdict("CHK-011", line=1, why=refused.text("en")) from None
