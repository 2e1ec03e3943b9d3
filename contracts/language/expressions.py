"""Expressions of a method, written as Python text that calls guarded helpers wherever a type is not proved.

What may be written inline is harmless on every value that a contract can hold: comparing integers, `is None`, an
item by index, a record's field. Fields live under `field_NAME`, which no value of Python has, so a field access can
reach nothing but a record's field. Every name in the output is made here (`v_` locals, `m_` state, `f_` methods,
`R_` records, helpers by their own name), so no name of the source is ever looked up in Python's world.

Records, arguments and results are checked when they are made; that is why a field's declared type can be relied on.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from contracts.language.builtin_names import PURE_FUNCTIONS
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
    optional,
    required,
)
from contracts.language.meter import CALL_UNITS, EMIT_UNITS, HELPER_UNITS, MAP_READ_UNITS, MAP_WRITE_UNITS, SCAN_UNITS
from contracts.language.verdicts import verdict
from ledger.interface import BYTES_KINDS, INTEGER_KINDS, TEXT_KINDS, Type

SMALL_BITS: Final = 63
BITS_MAX: Final = 256
NUMBERS_MAX: Final = 16
"""As many as a receipt has places for."""


class Code(NamedTuple):
    """An expression's text, what is known of its type, and the most bits of it as an integer."""

    text: str
    type: Type
    bits: int = BITS_MAX


CONTEXT_VALUES: Final = {
    # name: (where it is found, type)
    "organisation": ("ctx.organisation", SCALARS["Org"]),
    "person": ("ctx.person", ANY),
    "caller": ("ctx.caller", TEXT),
    "contract": ("contract_name", TEXT),
    "transaction": ("ctx.session.transaction", SCALARS["Digest"]),
    "day": ("ctx.session.moment.day", SCALARS["Day"]),
    "time": ("ctx.session.moment.time", SCALARS["Time"]),
    "height": ("ctx.session.moment.height", SCALARS["Height"]),
    "is_test_clock": ("ctx.session.moment.is_test_clock", BOOLEAN),
}
CONTEXT_CALLS: Final[dict[str, tuple[int, Type]]] = {
    # Each with the number of its arguments and its result.
    "new_id": (0, SCALARS["Id"]),
    "parameter": (1, INTEGER),
    "parameter_on": (2, INTEGER),
    "is_active": (1, BOOLEAN),
    "has_role": (2, BOOLEAN),
    "has_capacity": (2, BOOLEAN),
    "is_signed_by": (1, BOOLEAN),
    "signer_of_role": (1, optional(SCALARS["Org"])),
    "is_business_day": (1, BOOLEAN),
    "business_day_from": (1, SCALARS["Day"]),
    "business_day_before": (1, SCALARS["Day"]),
    "bank_statement": (1, Type("record", names=("Statement",))),
    "is_signature": (3, BOOLEAN),
}
CONTEXT_READS: Final = frozenset(
    ("has_role", "has_capacity", "is_active", "is_signed_by", "is_business_day", "parameter", "parameter_on")
)
SYSTEM_CALLS: Final[dict[str, tuple[int, Type]]] = {
    # Of governance and approval alone; the engine refuses them to others.
    "check_contract": (2, SCALARS["Digest"]),
    "source_digest": (1, SCALARS["Digest"]),
    "resume": (5, ANY),
    "perform": (3, Type("record", names=("Receipt",))),
}
CROSS_CALLS: Final = {"call": ANY, "delegate": ANY, "view": ANY, "attempt": Type("record", names=("Receipt",))}
BUILTINS: Final[dict[str, tuple[int, int, Type]]] = {
    # name: (fewest, most arguments, result)
    "abs": (1, 1, INTEGER),
    "all": (1, 1, BOOLEAN),
    "any": (1, 1, BOOLEAN),
    "bool": (1, 1, BOOLEAN),
    "enumerate": (1, 1, ANY),
    "int": (1, 1, INTEGER),
    "len": (1, 1, INTEGER),
    "list": (0, 1, LIST),
    "max": (1, 8, ANY),
    "min": (1, 8, ANY),
    "range": (1, 3, ANY),
    "reversed": (1, 1, ANY),
    "sorted": (1, 1, LIST),
    "str": (1, 1, TEXT),
    "sum": (1, 1, INTEGER),
    "tuple": (0, 1, ANY),
    "zip": (2, 4, ANY),
}
PURE_RESULTS: Final = {
    "add_months": SCALARS["Day"],
    "apportion": LIST,
    "date_of": Type("row", items=(INTEGER, INTEGER, INTEGER)),
    "day_of": SCALARS["Day"],
    "digest": SCALARS["Digest"],
    "is_credit_code": BOOLEAN,
    "remainder": INTEGER,
    "round_half_up": INTEGER,
    "weekday": INTEGER,
}
assert set(PURE_RESULTS) == set(PURE_FUNCTIONS)
VALUE_METHODS: Final[dict[str, tuple[int, int, Type]]] = {
    # Of lists, dicts, texts and byte strings; helpers look at the exact type.
    "append": (1, 1, NOTHING),
    "extend": (1, 1, NOTHING),
    "pop": (0, 2, ANY),
    "get": (1, 2, ANY),
    "keys": (0, 0, ANY),
    "values": (0, 0, ANY),
    "items": (0, 0, ANY),
    "startswith": (1, 1, BOOLEAN),
    "endswith": (1, 1, BOOLEAN),
    "split": (1, 1, LIST),
    "join": (1, 1, ANY),
}
MAP_METHODS: Final = ("get", "remove", "keys", "rows")
INDEX_METHODS: Final = ("keys", "rows", "due")
_ORDER: Final = {
    ast.Lt: ("<", "below"),
    ast.LtE: ("<=", "at_most"),
    ast.Gt: (">", "above"),
    ast.GtE: (">=", "at_least"),
}


class ExpressionWriter:
    """Writes the expressions of one method. `cost` grows by the units of what has been written."""

    def __init__(self, found: Declarations, method: Method, tests: TestWriter, shared: SharedCode) -> None:
        self.found = found
        self.method = method
        self.tests = tests
        self.shared = shared
        self.cost = 0
        self.locals: dict[str, Type] = {entry.name: entry.type for entry in method.parameters}
        self.small = frozenset(self.locals) - _assigned_names(method.node)
        """Parameters that are never assigned: their integers were checked to lie within 63 bits."""
        self._scopes: list[dict[str, Code]] = []
        self._scope_count = 0

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
        if wanted.kind == "row":
            # Its integers may have grown beyond what is stored.
            return False
        return code.type in (wanted, required(wanted)) and "any" not in {item.kind for item in wanted.items}

    def stored(self, code: Code) -> str:
        """The text of a value that goes into a tuple, list or dict: a scalar, a tuple or a record."""
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
            bits = SMALL_BITS if node.id in self.small else BITS_MAX
            return Code(f"v_{node.id}", self.locals[node.id], bits)
        if node.id in self.found.constants:
            return literal(self.found.constants[node.id])
        raise verdict("CHK-007", line=node.lineno, what=node.id)

    def _tuple(self, node: ast.Tuple) -> Code:
        parts = [self.write(item) for item in node.elts]
        texts = [self.stored(part) for part in parts]
        kinds = tuple(ANY if part.type.kind in ("row", "list", "dict") else part.type for part in parts)
        return Code(f"({', '.join(texts)}{',' if len(texts) == 1 else ''})", Type("row", items=kinds))

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
            return f"({left.text} is {'not ' if isinstance(operator, ast.IsNot) else ''}None)"
        if isinstance(operator, ast.Eq | ast.NotEq):
            sign = "==" if isinstance(operator, ast.Eq) else "!="
            if _are_alike(left.type, right.type):
                return f"({left.text} {sign} {right.text})"
            return f"({'' if sign == '==' else 'not '}{self.helper('equal', left.text, right.text)})"
        sign, name = _ORDER[type(operator)]
        if is_integer(left.type) and is_integer(right.type):
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
        place = self.write(node.slice)
        kind = _item_type(value.type, node.slice)
        return Code(f"{value.text}[{place.text}]", kind, SMALL_BITS if value.type.kind == "array" else BITS_MAX)

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
        value = self.write(node.value)
        kind = None
        if value.type.kind == "record":
            kind = self.found.field_type(value.type.names[0], node.attr)
        else:
            kind = self.shared.field_types.get(node.attr)
        if kind is None:
            raise verdict("CHK-008", line=node.lineno, what=node.attr)
        return Code(f"{value.text}.field_{node.attr}", kind, SMALL_BITS)

    def state_name(self, node: ast.expr) -> str:
        """X of `self.X`, else nothing."""
        is_self = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
        return node.attr if is_self and isinstance(node, ast.Attribute) else ""

    # -- comprehensions

    def _generatorexp(self, node: ast.GeneratorExp) -> Code:
        return Code(self._comprehension(node), LIST)

    def _listcomp(self, node: ast.ListComp) -> Code:
        return Code(self.helper("list_of", self._comprehension(node)), LIST)

    def _comprehension(self, node: ast.GeneratorExp | ast.ListComp) -> str:
        """A comprehension changes nothing, so it may be worked out at once and paid per item before it runs."""
        if len(node.generators) != 1 or node.generators[0].is_async:
            raise self.refuse(node, "a comprehension", "has one for")
        loop = node.generators[0]
        source = self.write(loop.iter)
        before = self.cost
        scope: dict[str, Code] = {}
        target = self._targets(loop.target, _each_type(source), scope)
        self._scopes.append(scope)
        conditions = "".join(f" if {self.write(test).text}" for test in loop.ifs)
        item = self.stored(self.write(node.elt))
        self._scopes.pop()
        per_item, self.cost = self.cost - before, before
        self._check_pure(node)
        return f"[{item} for {target} in each({source.text}, {per_item}){conditions}]"

    def _targets(self, node: ast.expr, kind: Type, scope: dict[str, Code]) -> str:
        if isinstance(node, ast.Name):
            self._scope_count += 1
            name = f"c_{self._scope_count}"
            scope[node.id] = Code(name, kind)
            return name
        if isinstance(node, ast.Tuple):
            kinds = kind.items if kind.kind == "row" and len(kind.items) == len(node.elts) else (ANY,) * len(node.elts)
            return f"({', '.join(self._targets(e, k, scope) for e, k in zip(node.elts, kinds, strict=True))},)"
        raise self.refuse(node, "for", "assigns plain names")

    def _check_pure(self, comprehension: ast.GeneratorExp | ast.ListComp) -> None:
        parts = [comprehension.elt, *comprehension.generators[0].ifs]
        for node in [inner for part in parts for inner in ast.walk(part)]:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner, name = node.func.value, node.func.attr
                is_read = self.state_name(owner) in self.found.maps and name == "get"
                is_read |= isinstance(owner, ast.Name) and owner.id == "ctx" and name in CONTEXT_READS
                if not is_read and name not in ("replace", "of", "startswith", "endswith", "get"):
                    raise self.refuse(node, "a comprehension", f"does not call {name}")

    # -- calls

    def _call(self, node: ast.Call) -> Code:
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            raise verdict("CHK-005", line=node.lineno, what="*")
        if any(keyword.arg is None for keyword in node.keywords):
            raise verdict("CHK-005", line=node.lineno, what="**")
        if isinstance(node.func, ast.Name):
            return self._call_name(node, node.func.id)
        if not isinstance(node.func, ast.Attribute):
            raise self.refuse(node, "a call", "is of a name or a method")
        owner, name = node.func.value, node.func.attr
        if isinstance(owner, ast.Name) and owner.id == "ctx":
            return self._call_context(node, name)
        if isinstance(owner, ast.Name) and owner.id == "self":
            return self._call_own(node, name)
        state = self.state_name(owner)
        if state in self.found.maps:
            return self._call_map(node, state, name)
        if state in self.found.indexes:
            return self._call_index(node, state, name)
        if isinstance(owner, ast.Name) and owner.id in self.found.records and name == "of":
            return self._record_of(node, owner.id)
        if name == "replace" and node.keywords:
            return self._replace(node, owner)
        return self._call_value(node, owner, name)

    def _call_name(self, node: ast.Call, name: str) -> Code:
        if name in self.found.records:
            return self._construct(node, name)
        if name in PURE_RESULTS:
            arguments = [self.write(argument).text for argument in self._plain(node)]
            return Code(self.helper(name, *arguments), PURE_RESULTS[name])
        if name not in BUILTINS:
            raise verdict("CHK-007", line=node.lineno, what=name)
        fewest, most, kind = BUILTINS[name]
        reverse = ""
        if name == "sorted" and len(node.keywords) == 1 and node.keywords[0].arg == "reverse":
            reverse = self.write(node.keywords[0].value).text
        elif node.keywords:
            raise self.refuse(node, name, "takes no keywords")
        if not fewest <= len(node.args) <= most:
            raise self.refuse(node, name, f"takes {fewest} to {most} arguments")
        arguments_ = [self.write(argument) for argument in node.args]
        texts = [argument.text for argument in arguments_] + ([reverse] if reverse else [])
        if name in ("min", "max") and len(arguments_) > 1 and all(is_integer(a.type) for a in arguments_):
            return Code(f"{name}({', '.join(texts)})", arguments_[0].type, max(a.bits for a in arguments_))
        if name == "tuple" and arguments_ and arguments_[0].type.kind == "array":
            return arguments_[0]
        return Code(self.helper(f"call_{name}", *texts), kind, 32 if name == "len" else BITS_MAX)

    def _plain(self, node: ast.Call) -> list[ast.expr]:
        if node.keywords:
            raise self.refuse(node, "this call", "takes no keywords")
        return node.args

    def _construct(self, node: ast.Call, name: str) -> Code:
        form = self.found.records[name]
        if node.args:
            raise self.refuse(node, name, "is made with keywords")
        given: dict[str, str] = {}
        known = {entry.name: entry.type for entry in form.fields}
        for keyword in node.keywords:
            assert keyword.arg is not None
            if keyword.arg not in known or keyword.arg in given:
                raise self.refuse(node, name, f"has no field {keyword.arg}, or it is given twice")
            given[keyword.arg] = self.write(keyword.value).text
        for entry in form.fields:
            if entry.name not in given and not entry.has_default:
                raise self.refuse(node, name, f"lacks the field {entry.name}")
        self.cost += len(form.fields)
        order = [entry.name for entry in form.fields if entry.name in given]
        if order == list(given):
            defaults = {entry.name: literal(entry.default).text for entry in form.fields if entry.has_default}
            texts = [given.get(entry.name, defaults.get(entry.name, "")) for entry in form.fields]
        else:
            texts = [f"field_{field}={text}" for field, text in given.items()]
        return Code(f"R_{name}({', '.join(texts)})", Type("record", names=(name,)))

    def _record_of(self, node: ast.Call, name: str) -> Code:
        if len(self._plain(node)) != 1:
            raise self.refuse(node, f"{name}.of", "takes one tuple")
        self.cost += len(self.found.records[name].fields)
        return Code(f"of_{name}({self.write(node.args[0]).text})", Type("record", names=(name,)))

    def _replace(self, node: ast.Call, owner: ast.expr) -> Code:
        value = self.write(owner)
        changes = [(keyword.arg or "", self.write(keyword.value)) for keyword in node.keywords]
        names = tuple(name for name, _ in changes)
        texts = [code.text for _, code in changes]
        if node.args or len(set(names)) != len(names):
            raise self.refuse(node, "replace", "takes each field once, by keyword")
        self.cost += HELPER_UNITS + len(names)
        if value.type.kind == "record":
            record = value.type.names[0]
            for name in names:
                if self.found.field_type(record, name) is None:
                    raise verdict("CHK-008", line=node.lineno, what=f"{record}.{name}")
            proved = frozenset(
                name
                for name, code in changes
                if (kind := self.found.field_type(record, name)) is not None and self._is_proved(code, kind)
            )
            function = self.shared.replacer(record, names, proved, self.found, self.tests)
            return Code(f"{function}({', '.join([value.text, *texts])})", required(value.type))
        for name in names:
            if name not in self.shared.field_types:
                raise verdict("CHK-008", line=node.lineno, what=name)
        pairs = "".join(f"('field_{name}', {text}), " for name, text in zip(names, texts, strict=True))
        return Code(f"replace_any({value.text}, ({pairs}))", ANY)

    def _call_value(self, node: ast.Call, owner: ast.expr, name: str) -> Code:
        if name not in VALUE_METHODS:
            raise verdict("CHK-009", line=node.lineno, what=name)
        fewest, most, kind = VALUE_METHODS[name]
        if not fewest <= len(self._plain(node)) <= most:
            raise self.refuse(node, name, f"takes {fewest} to {most} arguments")
        value = self.write(owner)
        arguments = [self.write(argument) for argument in node.args]
        texts = [self.stored(code) if name == "append" else code.text for code in arguments]
        return Code(self.helper(f"method_{name}", value.text, *texts), kind)

    def _call_own(self, node: ast.Call, name: str) -> Code:
        method = self.found.methods.get(name)
        if method is None:
            raise verdict("CHK-009", line=node.lineno, what=f"self.{name}")
        arguments = list(self._plain(node))
        texts: list[str] = []
        if method.has_context:
            first = arguments.pop(0) if arguments else None
            if not isinstance(first, ast.Name) or first.id != "ctx" or not self.method.has_context:
                raise self.refuse(node, f"self.{name}", "is given ctx first")
            texts.append("ctx")
        needed = [entry for entry in method.parameters if not entry.has_default]
        if not len(needed) <= len(arguments) <= len(method.parameters):
            raise self.refuse(node, f"self.{name}", f"takes {len(needed)} to {len(method.parameters)} arguments")
        for entry, argument in zip(method.parameters, arguments, strict=False):
            texts.append(self.typed(self.write(argument), entry.type))
        texts.extend(literal(entry.default).text for entry in method.parameters[len(arguments) :])
        self.cost += HELPER_UNITS
        return Code(f"f_{name}({', '.join(texts)})", method.returns, SMALL_BITS)

    def _call_map(self, node: ast.Call, state: str, name: str) -> Code:
        form = self.found.maps[state]
        record = Type("record", names=(form.record,))
        if name in ("keys", "rows"):
            key = form.key[0] if len(form.key) == 1 else Type("row", items=form.key)
            return self._scan(node, f"m_{state}_{name}", form.key, key, record)
        if name not in MAP_METHODS or len(self._plain(node)) != 1:
            raise verdict("CHK-009", line=node.lineno, what=f"self.{state}.{name}")
        self.cost += MAP_READ_UNITS if name == "get" else MAP_WRITE_UNITS
        kind = optional(record) if name == "get" else NOTHING
        return Code(f"m_{state}_{name}({self.key_of(state, node.args[0])})", kind)

    def _call_index(self, node: ast.Call, state: str, name: str) -> Code:
        form = self.found.indexes[state]
        source = self.found.maps[form.map]
        key = source.key[0] if len(source.key) == 1 else Type("row", items=source.key)
        record = Type("record", names=(source.record,))
        kinds = tuple(required(self.found.field_type(source.record, field) or ANY) for field in form.by)
        if name not in INDEX_METHODS or (name == "due" and not node.args):
            raise verdict("CHK-009", line=node.lineno, what=f"self.{state}.{name}")
        if name == "due":
            if len(node.args) == 2 and not node.keywords:
                node = ast.copy_location(ast.Call(node.func, node.args[:1], [ast.keyword("limit", node.args[1])]), node)
            kinds = kinds[:1]
        return self._scan(node, f"i_{state}_{name}", kinds, key, record)

    def _scan(self, node: ast.Call, function: str, kinds: tuple[Type, ...], key: Type, record: Type) -> Code:
        keywords = {keyword.arg: self.write(keyword.value) for keyword in node.keywords}
        is_known = set(keywords) <= {"after", "limit"} and len(keywords) == len(node.keywords)
        if not is_known or len(node.args) > len(kinds):
            raise self.refuse(node, "a scan", "takes the first parts, then after and limit as keywords")
        parts = [self.typed(self.write(part), kind) for part, kind in zip(node.args, kinds, strict=False)]
        after = self.typed(keywords["after"], optional(key)) if "after" in keywords else "None"
        limit = keywords["limit"].text if "limit" in keywords else "256"
        self.cost += SCAN_UNITS
        text = f"{function}(({''.join(f'{part}, ' for part in parts)}), {after}, {limit})"
        item = Type("row", items=(key, record)) if function.endswith("_rows") else key
        return Code(text, Type("array", items=(item,), limit=1024))

    # -- ctx

    def _call_context(self, node: ast.Call, name: str) -> Code:
        if not self.method.has_context:
            raise verdict("CHK-007", line=node.lineno, what="ctx")
        if name in ("require", "refuse", "emit"):
            raise self.refuse(node, f"ctx.{name}", "stands alone, not inside an expression")
        if name in CROSS_CALLS:
            return self._call_other(node, name)
        table = CONTEXT_CALLS if name in CONTEXT_CALLS else SYSTEM_CALLS
        if name not in table:
            raise verdict("CHK-009", line=node.lineno, what=f"ctx.{name}")
        count, kind = table[name]
        self.shared.needs.update(dict.fromkeys(kind.names))
        if len(self._plain(node)) != count:
            raise self.refuse(node, f"ctx.{name}", f"takes {count} arguments")
        arguments = [self.write(argument).text for argument in node.args]
        self.cost += 1 if name == "new_id" else CALL_UNITS
        return Code(f"ctx.{name}({', '.join(arguments)})", kind, SMALL_BITS)

    def _call_other(self, node: ast.Call, name: str) -> Code:
        arguments = self._plain(node)
        target = [a.value for a in arguments[:2] if isinstance(a, ast.Constant) and type(a.value) is str]
        if len(target) != 2:
            raise self.refuse(node, f"ctx.{name}", "names contract and action as literals")
        if name != "view":
            self.shared.uses.setdefault(f"{target[0]}.{target[1]}")
        self.shared.needs.update(dict.fromkeys(CROSS_CALLS[name].names))
        rest = "".join(f"{self.stored(self.write(argument))}, " for argument in arguments[2:])
        self.cost += CALL_UNITS
        return Code(f"ctx.{name}({target[0]!a}, {target[1]!a}, ({rest}))", CROSS_CALLS[name])

    def emission(self, node: ast.Call) -> str:
        """`ctx.emit(…)` as a statement."""
        if len(self._plain(node)) != 1:
            raise self.refuse(node, "ctx.emit", "takes one event")
        event = self.write(node.args[0])
        if event.type.kind != "record" or event.type.names[0] not in self.found.events or event.type.optional:
            raise self.refuse(node, "ctx.emit", "takes an event of this file")
        self.cost += EMIT_UNITS
        name = event.type.names[0]
        return f"ctx.session.events.append((contract_name, {name!r}, pack_{name}({event.text})))"

    def refusal(self, node: ast.Call, argument: ast.expr, keywords: Sequence[ast.keyword]) -> str:
        """The exception of `ctx.refuse(…)` and `ctx.require(…)`."""
        name = self.state_name(argument)
        if name not in self.found.refusals:
            raise self.refuse(node, "a refusal", "is one of this contract's, self.NAME")
        numbers: list[str] = []
        if len(keywords) > NUMBERS_MAX:
            raise self.refuse(node, "a refusal", f"quotes at most {NUMBERS_MAX} numbers")
        for keyword in keywords:
            if keyword.arg is None:
                raise verdict("CHK-005", line=node.lineno, what="**")
            code = self.write(keyword.value)
            self.shared.note_number(name, keyword.arg, code.type)
            numbers.append(f"({keyword.arg!r}, {code.text}), ")
        return f"refused(refusal_{name}, ({''.join(numbers)}))"


class SharedCode:
    """What the methods of one contract share: casters, replacers, facts for the interface."""

    def __init__(self, found: Declarations) -> None:
        self.functions: list[str] = []
        self.uses: dict[str, None] = {}
        self.needs: dict[str, None] = dict.fromkeys(found.imported)
        """Records of the SDK that the program must have."""
        self.numbers: dict[str, dict[str, Type]] = {}
        self.field_types: dict[str, Type] = {}
        self._casters: dict[Type, str] = {}
        self._replacers: dict[tuple[str, tuple[str, ...], frozenset[str]], str] = {}
        for record in found.records.values():
            for entry in record.fields:
                known = self.field_types.get(entry.name, entry.type)
                self.field_types[entry.name] = known if known == entry.type else ANY

    def note_number(self, refusal: str, name: str, kind: Type) -> None:
        known = self.numbers.setdefault(refusal, {})
        known[name] = join(known.get(name, kind), kind)

    def caster(self, kind: Type, tests: TestWriter) -> str:
        """A function that returns its argument when it has the type."""
        if kind not in self._casters:
            name = self._casters[kind] = f"as_type_{len(self._casters)}"
            test = tests.test(kind, "value")
            self.functions.append(
                f"def {name}(value):\n    if {test}:\n        return value\n"
                f"    raise wrong_type({kind.kind!r}, value)\n"
            )
        return self._casters[kind]

    def replacer(
        self, record: str, names: tuple[str, ...], proved: frozenset[str], found: Declarations, tests: TestWriter
    ) -> str:
        """A function that copies a record with `names` changed, testing what is not proved."""
        key = (record, names, proved)
        if key not in self._replacers:
            function = self._replacers[key] = f"with_{len(self._replacers)}_{record}"
            lines = [f"def {function}(old, {', '.join(f'n_{name}' for name in names)}):"]
            lines.append(f"    if type(old) is not R_{record}:\n        raise wrong_type({record!r}, old)")
            for name in names:
                kind = found.field_type(record, name)
                assert kind is not None
                if name not in proved:
                    lines.append(f"    if not {tests.test(kind, f'n_{name}')}:")
                    lines.append(f"        raise wrong_type({f'{record}.{name}'!r}, n_{name})")
            lines.append(f"    new = make(R_{record})")
            for entry in found.records[record].fields:
                source = f"n_{entry.name}" if entry.name in names else f"old.field_{entry.name}"
                lines.append(f"    new.field_{entry.name} = {source}")
            lines.append("    return new\n")
            self.functions.append("\n".join(lines))
        return self._replacers[key]


def _assigned_names(node: ast.FunctionDef) -> frozenset[str]:
    names = (inner for inner in ast.walk(node) if isinstance(inner, ast.Name))
    return frozenset(name.id for name in names if isinstance(name.ctx, ast.Store))


def literal(value: Any) -> Code:
    """The code of a constant."""
    if value is None:
        return Code("None", NOTHING)
    if type(value) is bool:
        return Code(str(value), BOOLEAN)
    if type(value) is int:
        return Code(str(value) if value >= 0 else f"({value})", INTEGER, value.bit_length())
    if type(value) in (str, bytes):
        # Tests of texts and byte strings are cheap: a literal is tested against the length that is wanted of it.
        return Code(ascii(value), Type("text" if type(value) is str else "bytes"))
    parts = [literal(item) for item in value]
    text = ", ".join(part.text for part in parts)
    kinds = tuple(ANY if part.type.kind == "row" else part.type for part in parts)
    return Code(f"({text}{',' if len(parts) == 1 else ''})", Type("row", items=kinds))


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
