"""Expressions of a method, written as Python text that calls guarded helpers wherever a type is not proved.

What may be written inline is harmless on every value that a contract can hold: comparing integers, `is None`, an
item by index, a record's field. Fields live under `field_NAME`, which no value of Python has, so a field access can
reach nothing but a record's field. Every name in the output is made here (`v_` locals, `m_` state, `f_` methods,
`R_` records, helpers by their own name), so no name of the source is ever looked up in Python's world.

Records, arguments and results are checked when they are made; that is why a field's declared type can be relied on.
"""

from __future__ import annotations

import ast
from typing import Final

from contracts.language.declarations import Declarations, Method
from contracts.language.forms import (
    ANY,
    BOOLEAN,
    DICT,
    INTEGER,
    LIST,
    NOTHING,
    SCALARS,
    TEXT,
    TestWriter,
    is_integer,
    is_scalar,
    join,
    required,
)
from contracts.language.meter import HELPER_UNITS, MAP_READ_UNITS
from contracts.language.pieces import BITS_MAX, SMALL_BITS, Code, SharedCode, literal
from contracts.language.records import has_size
from contracts.language.verdicts import verdict
from contracts.language.vocabulary import (
    CONTEXT_READS,
    CONTEXT_VALUES,
)
from ledger.interface import BYTES_KINDS, INTEGER_KINDS, TEXT_KINDS, Type

_ORDER: Final = {
    ast.Lt: ("<", "below"),
    ast.LtE: ("<=", "at_most"),
    ast.Gt: (">", "above"),
    ast.GtE: (">=", "at_least"),
}


class ExpressionWriter:
    """Writes the expressions of one method but for calls, which `calls.CallWriter` adds.

    `cost` grows by the units of what has been written.
    """

    def __init__(self, found: Declarations, method: Method, tests: TestWriter, shared: SharedCode) -> None:
        self.found = found
        self.method = method
        self.tests = tests
        self.shared = shared
        self.cost = 0
        self.locals: dict[str, Type] = {entry.name: entry.type for entry in method.parameters}
        self.wide: set[str] = set()
        """Names whose integers may be longer than 63 bits. Those of parameters and of what is stored are not."""
        self._scopes: list[dict[str, Code]] = []
        self._scope_count = 0
        self._kept = 0
        """Values that chained comparisons keep in a name of their own."""

    # -- entry

    def write(self, node: ast.expr) -> Code:
        self.cost += 1
        writer = getattr(self, f"_{type(node).__name__.lower()}", None)
        if writer is None:
            raise verdict("CHK-005", line=node.lineno, what=type(node).__name__)
        code: Code = writer(node)
        return code

    def refuse(self, node: ast.AST, what: str, why: str) -> Exception:
        return verdict("CHK-010", line=getattr(node, "lineno", 0), what=what, why=why)

    def helper(self, name: str, *arguments: str) -> str:
        self.cost += HELPER_UNITS
        return f"{name}({', '.join(arguments)})"

    def typed(self, code: Code, wanted: Type) -> str:
        """The text of `code`, with a test at run time where its type is not proved to be `wanted`."""
        if self._is_proved(code, wanted):
            return code.text
        return f"{self.shared.caster(wanted, self.tests)}({code.text})"

    def _is_proved(self, code: Code, wanted: Type) -> bool:
        if wanted == ANY:
            return True
        if wanted.optional and code.type == NOTHING:
            return True
        if is_integer(required(wanted)):
            is_wanted = is_integer(code.type) or (wanted.optional and is_integer(required(code.type)))
            return is_wanted and code.bits <= SMALL_BITS
        if wanted.kind == "row" or (wanted.kind == "array" and code.type.kind == "row"):
            # Its integers may have grown beyond what is stored.
            return code.bits <= SMALL_BITS and _fits(code.type, wanted)
        return code.type in (wanted, required(wanted)) and "any" not in {item.kind for item in wanted.items}

    def paid(self, text: str, kind: Type) -> str:
        """The text of a record that is stored or announced, paid for by its size where that can differ."""
        return f"paid_{kind.names[0]}({text})" if has_size(kind, self.found.records) else text

    def stored(self, code: Code) -> str:
        """The text of a value that goes into a tuple, list or dict: a scalar, a tuple or a record."""
        if is_flat_row(code.type):
            self.cost += HELPER_UNITS + len(code.type.items)
            return code.text
        return code.text if is_scalar(code.type) or code.type.kind == "record" else self.helper("frozen", code.text)

    # -- names and literals

    def _constant(self, node: ast.Constant) -> Code:
        value = node.value
        if type(value) not in (int, str, bytes, bool, type(None)):
            raise verdict("CHK-005", line=node.lineno, what="this literal")
        return literal(value)

    def _name(self, node: ast.Name) -> Code:
        for scope in reversed(self._scopes):
            if node.id in scope:
                return scope[node.id]
        if node.id in self.locals:
            bits = BITS_MAX if node.id in self.wide else SMALL_BITS
            return Code(f"v_{node.id}", self.locals[node.id], bits)
        if node.id in self.found.constants:
            return self.shared.constant(node.id, self.found.constants[node.id])
        raise verdict("CHK-007", line=node.lineno, what=node.id)

    def _tuple(self, node: ast.Tuple) -> Code:
        parts = [self.write(item) for item in node.elts]
        texts = [self.stored(part) for part in parts]
        kinds = tuple(ANY if part.type.kind in ("list", "dict") else part.type for part in parts)
        kinds = tuple(ANY if kind.kind == "row" and not is_flat_row(kind) else kind for kind in kinds)
        bits = max([part.inner_bits for part in parts if _holds_integers(part.type)], default=0)
        return Code(f"({', '.join(texts)}{',' if len(texts) == 1 else ''})", Type("row", items=kinds), bits)

    def _list(self, node: ast.List) -> Code:
        return Code(f"[{', '.join(self.stored(self.write(item)) for item in node.elts)}]", LIST)

    def _dict(self, node: ast.Dict) -> Code:
        pairs = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                raise verdict("CHK-005", line=node.lineno, what="a dict inside a dict literal")
            pairs.append(f"({self.helper('key', self.write(key).text)}, {self.stored(self.write(value))})")
        return Code(self.helper("dict_of", f"[{', '.join(pairs)}]"), DICT)

    # -- operators

    def _binop(self, node: ast.BinOp) -> Code:
        left, right = self.write(node.left), self.write(node.right)
        operator = type(node.op)
        both = is_integer(left.type) and is_integer(right.type)
        if operator is ast.Add:
            return self._sum(left, right, "+", "add", both)
        if operator is ast.Sub:
            return self._sum(left, right, "-", "subtract", both)
        if operator is ast.Mult:
            bits = left.bits + right.bits
            if both and bits <= BITS_MAX:
                return Code(f"({left.text} * {right.text})", _unit(left, right), bits)
            return Code(self.helper("multiply", left.text, right.text), _unit(left, right) if both else INTEGER)
        if operator is ast.FloorDiv:
            if both:
                return Code(f"({left.text} // {right.text})", left.type, left.bits + 1)
            return Code(self.helper("divide", left.text, right.text), INTEGER)
        raise verdict("CHK-005", line=node.lineno, what=f"the operator {operator.__name__}")

    def _sum(self, left: Code, right: Code, sign: str, name: str, both: bool) -> Code:
        bits = max(left.bits, right.bits) + 1
        if both and bits <= BITS_MAX:
            return Code(f"({left.text} {sign} {right.text})", _unit(left, right), bits)
        if both:
            return Code(f"wide({left.text} {sign} {right.text})", _unit(left, right))
        kind = INTEGER if sign == "-" else _concatenation(left.type, right.type)
        return Code(self.helper(name, left.text, right.text), kind)

    def _unaryop(self, node: ast.UnaryOp) -> Code:
        operand = self.write(node.operand)
        if isinstance(node.op, ast.Not):
            return Code(f"(not {operand.text})", BOOLEAN)
        if is_integer(operand.type):
            return Code(f"(-{operand.text})", operand.type, operand.bits)
        return Code(self.helper("subtract", "0", operand.text), INTEGER)

    def _boolop(self, node: ast.BoolOp) -> Code:
        parts = [self.write(value) for value in node.values]
        kind, bits = parts[0].type, max(part.bits for part in parts)
        for part in parts[1:]:
            kind = join(kind, part.type)
        word = " and " if isinstance(node.op, ast.And) else " or "
        return Code(f"({word.join(part.text for part in parts)})", kind, bits)

    def _ifexp(self, node: ast.IfExp) -> Code:
        test, yes, no = self.write(node.test), self.write(node.body), self.write(node.orelse)
        kind = join(yes.type, no.type)
        return Code(f"({yes.text} if {test.text} else {no.text})", kind, max(yes.bits, no.bits))

    def _compare(self, node: ast.Compare) -> Code:
        parts: list[str] = []
        state = self.state_name(node.comparators[0])
        if state in self.found.maps and isinstance(node.ops[0], ast.In | ast.NotIn) and len(node.ops) == 1:
            self.cost += MAP_READ_UNITS
            negation = "not " if isinstance(node.ops[0], ast.NotIn) else ""
            return Code(f"({negation}m_{state}_has({self.key_of(state, node.left)}))", BOOLEAN)
        left = self.write(node.left)
        for i, (operator, right_node) in enumerate(zip(node.ops, node.comparators, strict=True)):
            right = self.write(right_node)
            is_last = i == len(node.ops) - 1
            if not is_last and not right.text.isidentifier():
                self._scope_count += 1
                self._kept += 1
                name = f"t_{self._scope_count}"
                parts.append(self._relation(node, operator, left, right._replace(text=f"({name} := {right.text})")))
                right = right._replace(text=name)
            else:
                parts.append(self._relation(node, operator, left, right))
            left = right
        return Code(parts[0] if len(parts) == 1 else f"({' and '.join(parts)})", BOOLEAN)

    def _relation(self, node: ast.Compare, operator: ast.cmpop, left: Code, right: Code) -> str:
        if isinstance(operator, ast.In | ast.NotIn):
            negation = "not " if isinstance(operator, ast.NotIn) else ""
            return f"({negation}{self.helper('contains', right.text, left.text)})"
        if isinstance(operator, ast.Is | ast.IsNot):
            if right.type != NOTHING:
                raise self.refuse(node, "is", "compares with None only")
            left = self._hidden(node.left, left)
            return f"({left.text} is {'not ' if isinstance(operator, ast.IsNot) else ''}None)"
        if isinstance(operator, ast.Eq | ast.NotEq):
            sign = "==" if isinstance(operator, ast.Eq) else "!="
            if _are_alike(left.type, right.type):
                return f"({left.text} {sign} {right.text})"
            return f"({'' if sign == '==' else 'not '}{self.helper('equal', left.text, right.text)})"
        sign, name = _ORDER[type(operator)]
        if is_integer(required(left.type)) and is_integer(required(right.type)):
            # Python refuses to order a number and null, which is a fault of the contract.
            return f"({left.text} {sign} {right.text})"
        return self.helper(name, left.text, right.text)

    # -- items, slices, fields

    def _subscript(self, node: ast.Subscript) -> Code:
        name = self.state_name(node.value)
        if name in self.found.maps:
            self.cost += MAP_READ_UNITS
            record = Type("record", names=(self.found.maps[name].record,))
            return Code(f"m_{name}_row({self.key_of(name, node.slice)})", record)
        value = self.write(node.value)
        if isinstance(node.slice, ast.Slice):
            if node.slice.step is not None:
                raise self.refuse(node, "a slice", "has no step")
            ends = [self.write(end).text if end is not None else "None" for end in (node.slice.lower, node.slice.upper)]
            kind = value.type if value.type.kind in ("array", "list", "text") else ANY
            return Code(self.helper("part", value.text, *ends), kind)
        value = self._hidden(node.value, value)
        place = self.write(node.slice)
        kind = _item_type(value.type, node.slice)
        bits = value.inner_bits if value.type.kind in ("array", "row") else BITS_MAX
        return Code(f"{value.text}[{place.text}]", kind, bits)

    def key_of(self, state: str, node: ast.expr) -> str:
        """A map's key, with the exact types of its parts."""
        key = self.found.maps[state].key
        if len(key) == 1:
            return self.typed(self.write(node), key[0])
        if isinstance(node, ast.Tuple) and len(node.elts) == len(key):
            parts = [self.typed(self.write(part), kind) for part, kind in zip(node.elts, key, strict=True)]
            self.cost += 1
            return f"({', '.join(parts)})"
        return self.typed(self.write(node), Type("row", items=key))

    def _attribute(self, node: ast.Attribute) -> Code:
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "ctx"):
            if node.value.id == "ctx" and self.method.has_context and node.attr in CONTEXT_VALUES:
                return Code(*CONTEXT_VALUES[node.attr], SMALL_BITS)
            raise verdict("CHK-008", line=node.lineno, what=f"{node.value.id}.{node.attr}")
        value = self._hidden(node.value, self.write(node.value))
        kind = None
        if value.type.kind == "record":
            kind = self.found.field_type(value.type.names[0], node.attr)
        else:
            kind = self.shared.field_types.get(node.attr)
        if kind is None:
            raise verdict("CHK-008", line=node.lineno, what=node.attr)
        return Code(f"{value.text}.field_{node.attr}", kind, SMALL_BITS)

    def _hidden(self, node: ast.expr, code: Code) -> Code:
        """A literal behind a call, where Python's compiler would have an opinion about it and warn."""
        is_constant = isinstance(node, ast.Name) and node.id in self.found.constants
        if is_constant or isinstance(node, ast.Constant | ast.Tuple | ast.List | ast.UnaryOp | ast.BoolOp | ast.IfExp):
            return code._replace(text=f"same({code.text})")
        return code

    def state_name(self, node: ast.expr) -> str:
        """X of `self.X`, else nothing."""
        is_self = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
        return node.attr if is_self and isinstance(node, ast.Attribute) else ""

    # -- comprehensions

    def _generatorexp(self, node: ast.GeneratorExp) -> Code:
        return Code(self._comprehension(node)[0], LIST)

    def _listcomp(self, node: ast.ListComp) -> Code:
        return Code(self.helper("list_of", self._comprehension(node)[0]), LIST)

    def tuple_of(self, node: ast.GeneratorExp | ast.ListComp) -> Code:
        """A comprehension as a tuple: of a tested array no longer than that, so tested like it where its items are."""
        self.cost += 2 * HELPER_UNITS
        text, item, source = self._comprehension(node, extra=2)
        is_tested = source.type.kind == "array" and not source.type.optional and source.type.limit > 0
        if is_tested and is_scalar(item.type) and (item.bits <= SMALL_BITS or not _holds_integers(item.type)):
            return Code(f"tuple({text})", Type("array", items=(item.type,), limit=source.type.limit))
        return Code(f"tuple({text})", ANY)

    def _comprehension(self, node: ast.GeneratorExp | ast.ListComp, extra: int = 0) -> tuple[str, Code, Code]:
        """A comprehension changes nothing, so it may be worked out at once and paid per item before it runs.

        With the code of the item and of what it runs over.
        """
        if len(node.generators) != 1 or node.generators[0].is_async:
            raise self.refuse(node, "a comprehension", "has one for")
        loop, kept = node.generators[0], self._kept
        source = self.write(loop.iter)
        if self._kept != kept:
            raise self.refuse(node, "a comprehension", "runs over something with a chained comparison in it")
        before = self.cost
        scope: dict[str, Code] = {}
        target = self._targets(loop.target, _each_type(source), source.inner_bits, scope)
        self._scopes.append(scope)
        conditions = "".join(f" if {self.write(test).text}" for test in loop.ifs)
        made = self.write(node.elt)
        item = self.stored(made)
        self._scopes.pop()
        per_item, self.cost = self.cost - before + extra, before
        self._check_pure(node)
        return f"[{item} for {target} in each({source.text}, {per_item}){conditions}]", made, source

    def _targets(self, node: ast.expr, kind: Type, bits: int, scope: dict[str, Code]) -> str:
        if isinstance(node, ast.Name):
            self._scope_count += 1
            name = f"c_{self._scope_count}"
            scope[node.id] = Code(name, kind, bits)
            return name
        if isinstance(node, ast.Tuple):
            kinds = kind.items if kind.kind == "row" and len(kind.items) == len(node.elts) else (ANY,) * len(node.elts)
            return f"({', '.join(self._targets(e, k, bits, scope) for e, k in zip(node.elts, kinds, strict=True))},)"
        raise self.refuse(node, "for", "assigns plain names")

    def _check_pure(self, comprehension: ast.GeneratorExp | ast.ListComp) -> None:
        parts = [comprehension.elt, *comprehension.generators[0].ifs]
        for node in [inner for part in parts for inner in ast.walk(part)]:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner, name = node.func.value, node.func.attr
                is_read = self.state_name(owner) in self.found.maps and name == "get"
                is_read |= isinstance(owner, ast.Name) and owner.id == "ctx" and name in CONTEXT_READS
                is_own = isinstance(owner, ast.Name) and owner.id == "self"
                if not is_read and (is_own or name not in ("replace", "of", "startswith", "endswith", "get")):
                    raise self.refuse(node, "a comprehension", f"does not call {name}")


def is_flat_row(kind: Type) -> bool:
    """Whether values are tuples of so many scalars, of which nothing has to be weighed."""
    return kind.kind == "row" and not kind.optional and all(is_scalar(item) for item in kind.items)


def _holds_integers(kind: Type) -> bool:
    return kind.kind not in (*TEXT_KINDS, *BYTES_KINDS, "boolean", "nothing", "record")


def _fits(kind: Type, wanted: Type) -> bool:
    """Whether every value of `kind` has the type that is wanted, when its integers lie within 63 bits."""
    if kind == NOTHING or kind.optional:
        return wanted.optional and (kind == NOTHING or _fits(required(kind), wanted))
    if kind.kind == "row" and wanted.kind == "array":
        return len(kind.items) <= wanted.limit and all(_fits(item, wanted.items[0]) for item in kind.items)
    if kind.kind == "row" and wanted.kind == "row":
        are_as_many = len(kind.items) == len(wanted.items)
        return are_as_many and all(_fits(item, part) for item, part in zip(kind.items, wanted.items, strict=True))
    if is_integer(required(wanted)):
        return is_integer(kind)
    return (is_scalar(kind) or kind.kind == "record") and kind in (wanted, required(wanted))


def _unit(left: Code, right: Code) -> Type:
    """Fen and fen are fen, a day and a number are a day; everything else is a number."""
    kinds = {left.type.kind, right.type.kind}
    if kinds in ({"fen"}, {"fen", "integer"}):
        return SCALARS["Fen"]
    if kinds == {"day", "integer"}:
        return SCALARS["Day"]
    return INTEGER


def _concatenation(left: Type, right: Type) -> Type:
    """What `+` makes of two arrays, or of an array and a row, of one item type; of unknown length, so tested again."""
    kinds = {left.kind, right.kind}
    items = dict.fromkeys((*left.items, *right.items))
    if kinds <= {"array", "row"} and len(items) == 1 and not left.optional and not right.optional:
        return Type("array", items=tuple(items))
    return ANY


def _are_alike(left: Type, right: Type) -> bool:
    """Whether `==` of Python says what the language says: never that true equals 1."""
    for kinds in (INTEGER_KINDS, TEXT_KINDS, BYTES_KINDS, ("boolean",)):
        if left.kind in kinds and (right.kind in kinds or right == NOTHING):
            return True
    return left == NOTHING and is_scalar(right)


def _item_type(kind: Type, place: ast.expr) -> Type:
    if kind.optional:
        return ANY
    if kind.kind == "array":
        return kind.items[0]
    if kind.kind == "row" and isinstance(place, ast.Constant) and type(place.value) is int:
        return kind.items[place.value] if place.value < len(kind.items) else ANY
    return TEXT if kind.kind == "text" else ANY


def _each_type(source: Code) -> Type:
    return source.type.items[0] if source.type.kind == "array" and not source.type.optional else ANY
