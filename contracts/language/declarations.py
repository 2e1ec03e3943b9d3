"""What a contract's file declares: records, events, constants, maps, indexes, refusals and methods with who may.

The file is read in order, top to bottom, and must consist of nothing but: a docstring, the import from `contracts.sdk`,
constants in capitals, records and events, and one contract class. A name is declared once and before it is used.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field, replace
from typing import Any, Final

from contracts.language.bounds import CONSTANT_WEIGHT_MAX, DEFAULT_WEIGHT_MAX, check_stored, weight
from contracts.language.builtin_names import BUILTIN_RECORD_NAMES, SDK_NAMES
from contracts.language.forms import KEY_KINDS, NOTHING, is_scalar, read_type, required
from contracts.language.sentences import Docstring, labels_in, read_docstring, two_languages
from contracts.language.verdicts import verdict
from ledger.codec import INTEGER_MAX
from ledger.interface import BYTES_KINDS, ENCODED_KINDS, Field, IndexForm, MapForm, RecordForm, Type, Who
from ledger.state import MAP_PLACED_BY_TRANSACTION

DECLARATIONS_MAX: Final = 120
FIELDS_MAX: Final = 40
ARGUMENTS_MAX: Final = 16
KEY_PARTS_MAX: Final = 3
CODE: Final = re.compile(r"[A-Z]{3}-[0-9]{3}")
NAME_CHARACTERS_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class RefusalDeclaration:
    name: str
    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class SweepForm:
    index: str
    rows_max: int
    when: str


@dataclass(slots=True)
class Method:
    """`kind` is action, view, sweep, genesis or helper."""

    name: str
    kind: str
    has_context: bool
    parameters: tuple[Field, ...]
    returns: Type
    node: ast.FunctionDef
    docstring: Docstring
    who: Who | None = None
    sweep: SweepForm | None = None


@dataclass(slots=True)
class Declarations:
    """Everything that a file declares. `records` has events too, and the records that the SDK declares."""

    zh: str = ""
    en: str = ""
    constants: dict[str, Any] = field(default_factory=dict)
    records: dict[str, RecordForm] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    maps: dict[str, MapForm] = field(default_factory=dict)
    indexes: dict[str, IndexForm] = field(default_factory=dict)
    refusals: dict[str, RefusalDeclaration] = field(default_factory=dict)
    methods: dict[str, Method] = field(default_factory=dict)

    def field_type(self, record: str, name: str) -> Type | None:
        for entry in self.records[record].fields:
            if entry.name == name:
                return entry.type
        return None


class Reader:
    """Reads a parsed file into `Declarations`; raises `Refused` CHK-005…016."""

    def __init__(self, builtin_records: dict[str, RecordForm], *, is_builtin: bool = False) -> None:
        self.found = Declarations(records=dict(builtin_records))
        self._is_builtin = is_builtin
        self._has_contract = False

    def read(self, module: ast.Module) -> Declarations:
        body = list(module.body)
        if body and _is_text(body[0]):
            text = body.pop(0).value.value  # type: ignore[attr-defined]
            self.found.zh, self.found.en = two_languages(text.strip().split("\n", 1)[0])
        for node in body:
            self._statement(node)
        if not self._has_contract and not self._is_builtin:
            raise verdict("CHK-011", line=1, why="there is no class that is a Contract")
        return self.found

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.ImportFrom):
            self._import(node)
        elif isinstance(node, ast.Assign):
            self._constant(node)
        elif isinstance(node, ast.ClassDef):
            _no_type_parameters(node)
            self._class(node)
        else:
            raise verdict("CHK-005", line=node.lineno, what=f"{type(node).__name__} outside the contract")

    def _import(self, node: ast.ImportFrom) -> None:
        if node.module == "__future__" or node.module != "contracts.sdk" or node.level:
            raise verdict("CHK-005", line=node.lineno, what=f"an import from {str(node.module)[:40]}")
        for alias in node.names:
            if alias.name not in SDK_NAMES or alias.asname is not None:
                raise verdict("CHK-007", line=node.lineno, what=alias.name[:40])
            self.found.imported.add(alias.name)

    def _constant(self, node: ast.Assign) -> None:
        target = node.targets[0]
        if len(node.targets) != 1 or not isinstance(target, ast.Name) or not target.id.isupper():
            raise verdict("CHK-011", line=node.lineno, why="outside the contract only constants in capitals are set")
        self._claim(target.id, node.lineno)
        value = constant_of(node.value, self.found.constants)
        if weight(value, CONSTANT_WEIGHT_MAX) > CONSTANT_WEIGHT_MAX:
            raise verdict("CHK-011", line=node.lineno, why=f"a constant heavier than {CONSTANT_WEIGHT_MAX}")
        self.found.constants[target.id] = value

    def _claim(self, name: str, line: int) -> None:
        taken = (self.found.constants, self.found.records, self.found.maps, self.found.indexes, self.found.refusals)
        if any(name in group for group in taken) or name in self.found.methods or self._is_reserved(name):
            raise verdict("CHK-011", line=line, why=f"{name} is declared twice")
        if len(name) > NAME_CHARACTERS_MAX:
            raise verdict("CHK-011", line=line, why=f"a name is longer than {NAME_CHARACTERS_MAX}")
        if sum(len(group) for group in taken) + len(self.found.methods) > 4 * DECLARATIONS_MAX:
            raise verdict("CHK-011", line=line, why=f"more than {4 * DECLARATIONS_MAX} names")

    def _is_reserved(self, name: str) -> bool:
        return name in SDK_NAMES and not self._is_builtin

    def _class(self, node: ast.ClassDef) -> None:
        base = node.bases[0].id if len(node.bases) == 1 and isinstance(node.bases[0], ast.Name) else ""
        if base not in ("Record", "Event", "Contract") or node.keywords or node.decorator_list:
            raise verdict("CHK-005", line=node.lineno, what=f"the class {node.name}")
        if base not in self.found.imported:
            raise verdict("CHK-007", line=node.lineno, what=base)
        if base != "Contract":
            self._claim(node.name, node.lineno)
            self.found.records[node.name] = self._record(node)
            if base == "Event":
                self.found.events.add(node.name)
        elif self._has_contract:
            raise verdict("CHK-011", line=node.lineno, why="a second contract in one file")
        else:
            self._has_contract = True
            self._contract(node)

    def _record(self, node: ast.ClassDef) -> RecordForm:
        fields: list[Field] = []
        title, *said = [""]
        for i, entry in enumerate(node.body):
            if not i and _is_text(entry):
                title, *said = entry.value.value.strip().split("\n")  # type: ignore[attr-defined]
                continue
            if isinstance(entry, ast.Pass):
                continue
            if not isinstance(entry, ast.AnnAssign) or not isinstance(entry.target, ast.Name) or not entry.simple:
                raise verdict("CHK-011", line=entry.lineno, why="a record has only annotated fields")
            fields.append(self._field(entry, fields))
        if len(fields) > FIELDS_MAX:
            raise verdict("CHK-011", line=node.lineno, why=f"a record has more than {FIELDS_MAX} fields")
        return RecordForm(node.name, self._labelled(fields, labels_in(said), node.lineno), *two_languages(title))

    @staticmethod
    def _labelled(fields: list[Field], labels: dict[str, tuple[str, str]], line: int) -> tuple[Field, ...]:
        unknown = sorted(set(labels) - {entry.name for entry in fields})
        if unknown:
            raise verdict("CHK-016", line=line, why=f"a label for {unknown[0]}, which is no field")
        none = ("", "")
        return tuple(
            replace(entry, label_zh=labels.get(entry.name, none)[0], label_en=labels.get(entry.name, none)[1])
            for entry in fields
        )

    def _field(self, entry: ast.AnnAssign, before: list[Field]) -> Field:
        assert isinstance(entry.target, ast.Name)
        name, kind = entry.target.id, read_type(entry.annotation, self.found.records)
        if any(other.name == name for other in before) or name in ("replace", "of"):
            raise verdict("CHK-011", line=entry.lineno, why=f"the field {name} stands twice")
        if not self._is_builtin:
            check_stored(kind, self.found.records, entry.lineno)
        if entry.value is None:
            if before and before[-1].has_default:
                raise verdict("CHK-011", line=entry.lineno, why=f"the field {name} without default follows a default")
            return Field(name, kind)
        return Field(name, kind, has_default=True, default=self._default(kind, entry.value))

    def _default(self, kind: Type, node: ast.expr) -> Any:
        value = constant_of(node, self.found.constants)
        if not fits(kind, value):
            raise verdict("CHK-012", line=node.lineno, why="the default has another type")
        if weight(value, DEFAULT_WEIGHT_MAX) > DEFAULT_WEIGHT_MAX:
            raise verdict("CHK-012", line=node.lineno, why=f"a default heavier than {DEFAULT_WEIGHT_MAX}")
        return value

    def _contract(self, node: ast.ClassDef) -> None:
        for i, entry in enumerate(node.body):
            if not i and _is_text(entry):
                continue
            if isinstance(entry, ast.Assign):
                self._member(entry)
            elif isinstance(entry, ast.FunctionDef):
                _no_type_parameters(entry)
                self._method(entry)
            else:
                raise verdict("CHK-005", line=entry.lineno, what=f"{type(entry).__name__} in the contract's class")

    def _member(self, node: ast.Assign) -> None:
        target, call = node.targets[0], node.value
        if len(node.targets) != 1 or not isinstance(target, ast.Name) or not isinstance(call, ast.Call):
            raise verdict("CHK-011", line=node.lineno, why="a contract has maps, indexes, refusals and methods")
        kind = call.func.id if isinstance(call.func, ast.Name) else ""
        if kind not in ("Map", "Index", "Refusal") or kind not in self.found.imported:
            raise verdict("CHK-007", line=node.lineno, what=kind or "this call")
        self._claim(target.id, node.lineno)
        keywords = _keywords(call)
        if kind == "Map":
            self.found.maps[target.id] = self._map(target.id, call, keywords)
        elif kind == "Index":
            self.found.indexes[target.id] = self._index(target.id, call, keywords)
        else:
            self.found.refusals[target.id] = self._refusal(target.id, call, keywords)

    def _map(self, name: str, call: ast.Call, keywords: dict[str, ast.expr]) -> MapForm:
        _only(call, 2, keywords, ("placed_by",))
        key_node, record_node = call.args
        parts = key_node.elts if isinstance(key_node, ast.Tuple) else [key_node]
        key = tuple(read_type(part, self.found.records) for part in parts)
        record = record_node.id if isinstance(record_node, ast.Name) else ""
        if not 1 <= len(key) <= KEY_PARTS_MAX or any(part.kind not in KEY_KINDS or part.optional for part in key):
            raise verdict("CHK-012", line=call.lineno, why=f"a key has 1 to {KEY_PARTS_MAX} scalars, no optional ones")
        if record not in self.found.records or record in self.found.events:
            raise verdict("CHK-012", line=call.lineno, why="a map holds a record of this file")
        check_stored(Type("record", names=(record,)), self.found.records, call.lineno)
        placed = literal_text(keywords.get("placed_by")) or "key"
        if placed not in ("key", "transaction") or (placed == "transaction" and key[0].kind != "id"):
            raise verdict("CHK-011", line=call.lineno, why="placed_by is key, or transaction where the key is an Id")
        number = len(self.found.maps)
        if number >= MAP_PLACED_BY_TRANSACTION:
            raise verdict("CHK-011", line=call.lineno, why=f"more than {MAP_PLACED_BY_TRANSACTION} maps")
        number |= MAP_PLACED_BY_TRANSACTION if placed == "transaction" else 0
        return MapForm(name, number, key, record, placed)

    def _index(self, name: str, call: ast.Call, keywords: dict[str, ast.expr]) -> IndexForm:
        _only(call, 1, keywords, ("by", "where"))
        source = call.args[0].id if isinstance(call.args[0], ast.Name) else ""
        if source not in self.found.maps:
            raise verdict("CHK-007", line=call.lineno, what=source or "this map")
        record = self.found.maps[source].record
        by = texts_of(keywords.get("by"))
        where = literal_text(keywords.get("where"))
        for part in by:
            kind = self.found.field_type(record, part)
            if kind is None or required(kind).kind not in KEY_KINDS | {"boolean", "choice"}:
                raise verdict("CHK-011", line=call.lineno, why=f"{part} is no field that can order rows")
        if not by or (where is not None and self.found.field_type(record, where) is None):
            raise verdict("CHK-011", line=call.lineno, why="an index is by fields of the map's record")
        return IndexForm(name, len(self.found.indexes), source, by, where)

    def _refusal(self, name: str, call: ast.Call, keywords: dict[str, ast.expr]) -> RefusalDeclaration:
        _only(call, 1, keywords, ("zh", "en"))
        code = literal_text(call.args[0]) or ""
        zh, en = literal_text(keywords.get("zh")), literal_text(keywords.get("en"))
        if not CODE.fullmatch(code) or not zh or not en or max(len(zh), len(en)) > 400:
            raise verdict("CHK-011", line=call.lineno, why="a refusal has a code like VOU-007 and a sentence zh and en")
        if any(other.code == code for other in self.found.refusals.values()):
            raise verdict("CHK-011", line=call.lineno, why=f"the code {code} is used twice")
        return RefusalDeclaration(name, code, zh, en)

    # -- methods

    def _method(self, node: ast.FunctionDef) -> None:
        self._claim(node.name, node.lineno)
        kind, who, sweep = "helper", None, None
        if len(node.decorator_list) > 1:
            raise verdict("CHK-005", line=node.lineno, what="a second decorator")
        for decorator in node.decorator_list:
            kind, who, sweep = self._decorator(decorator)
        if node.name == "genesis":
            kind = "genesis"
        docstring = read_docstring(node, needed=kind == "action")
        has_context, parameters = self._parameters(node, kind, docstring)
        returns = NOTHING if node.returns is None else read_type(node.returns, self.found.records)
        method = Method(node.name, kind, has_context, parameters, returns, node, docstring, who, sweep)
        self._check_method(method)
        self.found.methods[node.name] = method

    def _decorator(self, node: ast.expr) -> tuple[str, Who | None, SweepForm | None]:
        if isinstance(node, ast.Name) and node.id == "view" and "view" in self.found.imported:
            return "view", None, None
        name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if name not in ("action", "sweep") or name not in self.found.imported:
            raise verdict("CHK-005", line=node.lineno, what="a decorator of one's own")
        assert isinstance(node, ast.Call)
        keywords = _keywords(node)
        if name == "action":
            return "action", self._who(node, keywords), None
        _only(node, 0, keywords, ("index", "rows_max", "when"))
        index, when = literal_text(keywords.get("index")) or "", literal_text(keywords.get("when")) or "passed"
        rows_max = constant_of(keywords["rows_max"], {}) if "rows_max" in keywords else 64
        if index not in self.found.indexes or when not in ("passed", "reached") or type(rows_max) is not int:
            raise verdict("CHK-011", line=node.lineno, why="a sweep is by a declared index, passed or reached")
        if not 1 <= rows_max <= 256:
            raise verdict("CHK-011", line=node.lineno, why="rows_max is 1 to 256")
        return "sweep", None, SweepForm(index, rows_max, when)

    def _who(self, node: ast.Call, keywords: dict[str, ast.expr]) -> Who:
        names = ("role", "capacity", "on", "party", "policy", "amount", "permission", "callers", "anyone", "signed")
        _only(node, 0, keywords, names)
        anyone = constant_of(keywords["anyone"], {}) if "anyone" in keywords else False
        who = Who(
            roles=texts_of(keywords.get("role")),
            capacities=texts_of(keywords.get("capacity")),
            on=literal_text(keywords.get("on")),
            party=texts_of(keywords.get("party")),
            policy=literal_text(keywords.get("policy")),
            amount=literal_text(keywords.get("amount")),
            permission=literal_text(keywords.get("permission")),
            callers=texts_of(keywords.get("callers")),
            anyone=anyone is True,
            signed=texts_of(keywords.get("signed")),
        )
        if who.on is not None and who.on not in self.found.maps:
            raise verdict("CHK-007", line=node.lineno, what=who.on)
        if who.party and who.on is None:
            raise verdict("CHK-011", line=node.lineno, why="party needs on")
        for party in who.party:
            assert who.on is not None
            kind = self.found.field_type(self.found.maps[who.on].record, party)
            if kind is None or kind.kind != "organisation":
                raise verdict("CHK-011", line=node.lineno, why=f"party {party} is no field with an Org")
        return who

    def _parameters(self, node: ast.FunctionDef, kind: str, docstring: Docstring) -> tuple[bool, tuple[Field, ...]]:
        arguments = node.args
        if arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg:
            raise verdict("CHK-005", line=node.lineno, what="parameters other than plain ones")
        plain = list(arguments.args)
        if not plain or plain.pop(0).arg != "self":
            raise verdict("CHK-011", line=node.lineno, why="a method's first parameter is self")
        has_context = bool(plain) and plain[0].arg == "ctx"
        if has_context:
            plain.pop(0)
        elif kind != "helper":
            raise verdict("CHK-011", line=node.lineno, why="the second parameter is ctx")
        if len(plain) > ARGUMENTS_MAX or len(arguments.defaults) > len(plain):
            raise verdict("CHK-011", line=node.lineno, why=f"more than {ARGUMENTS_MAX} parameters")
        first_default = len(plain) - len(arguments.defaults)
        fields: list[Field] = []
        for i, argument in enumerate(plain):
            if argument.annotation is None:
                raise verdict("CHK-012", line=argument.lineno, why=f"the parameter {argument.arg} has no type")
            type_ = read_type(argument.annotation, self.found.records)
            if any(entry.name == argument.arg for entry in fields):
                raise verdict("CHK-011", line=argument.lineno, why=f"the parameter {argument.arg[:40]} stands twice")
            if kind in ("action", "view"):
                check_stored(type_, self.found.records, argument.lineno)
            labels = docstring.labels.get(argument.arg, ("", ""))
            if i < first_default:
                fields.append(Field(argument.arg, type_, *labels))
            else:
                default = self._default(type_, arguments.defaults[i - first_default])
                fields.append(Field(argument.arg, type_, *labels, has_default=True, default=default))
        unknown = sorted(set(docstring.labels) - {entry.name for entry in fields})
        if unknown:
            raise verdict("CHK-016", line=node.lineno, why=f"a label for {unknown[0]}, which is no parameter")
        return has_context, tuple(fields)

    @staticmethod
    def _check_signed(method: Method, signed: tuple[str, ...]) -> None:
        kinds = {entry.name: entry.type for entry in method.parameters}
        signature, names, covered = kinds.get(signed[0]), list(kinds), signed[2:]
        fits = signature is not None and signature.kind == "signature" and not signature.optional and len(signed) > 2
        if not fits or any(name not in names[: names.index(signed[0])] for name in covered):
            why = "signed names a Signature among the parameters, a tag and parameters before it that it covers"
            raise verdict("CHK-011", line=method.node.lineno, why=why)

    def _check_method(self, method: Method) -> None:
        line, who = method.node.lineno, method.who
        if method.kind == "action":
            assert who is not None
            named = (who.roles, who.capacities, who.party, who.policy, who.permission, who.callers, who.anyone)
            if not any(named):
                raise verdict("CHK-013", line=line, what=method.name)
            if who.on is not None:
                key = self.found.maps[who.on].key
                given = tuple(entry.type for entry in method.parameters[: len(key)])
                if given != key:
                    raise verdict("CHK-011", line=line, why=f"the first parameters are not a key of {who.on}")
            if who.amount is not None and who.amount not in {
                entry.name for entry in method.parameters if entry.type.kind in ("fen", "integer")
            }:
                raise verdict("CHK-011", line=line, why=f"amount {who.amount} is no parameter with an amount")
            if who.signed:
                self._check_signed(method, who.signed)
        if method.kind == "sweep":
            self._check_sweep(method)
        if method.kind == "genesis":
            expected = Type("record", names=("Genesis",))
            if tuple(entry.type for entry in method.parameters) != (expected,) or method.returns != NOTHING:
                raise verdict("CHK-011", line=line, why="genesis(self, ctx, facts: Genesis) -> None")

    def _check_sweep(self, method: Method) -> None:
        assert method.sweep is not None
        index = self.found.indexes[method.sweep.index]
        source = self.found.maps[index.map]
        record = Type("record", names=(source.record,))
        first = self.found.field_type(source.record, index.by[0])
        assert first is not None
        if tuple(entry.type for entry in method.parameters) != (*source.key, record):
            raise verdict("CHK-011", line=method.node.lineno, why="a sweep is given the key and the row")
        if required(first).kind not in ("day", "time", "height") or len(index.by) != 1:
            raise verdict("CHK-011", line=method.node.lineno, why="a sweep's index is by one Day, Time or Height")


def constant_of(node: ast.expr, known: dict[str, Any]) -> Any:
    """The value of a literal, a known constant, or a tuple of them; raises `Refused` CHK-011."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, str, bytes, bool, type(None)):
        value = node.value
        if type(value) is int and value > INTEGER_MAX:
            raise verdict("CHK-011", line=node.lineno, why="a constant beyond 63 bits")
        return value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = constant_of(node.operand, known)
        if type(value) is int:
            return -value
    if isinstance(node, ast.Name) and node.id in known:
        return known[node.id]
    if isinstance(node, ast.Tuple):
        return tuple(constant_of(item, known) for item in node.elts)
    raise verdict("CHK-011", line=node.lineno, why="a constant is a literal, or a tuple of literals")


def fits(kind: Type, value: Any) -> bool:
    """Whether a constant has the type."""
    if value is None:
        return kind.optional
    if kind.kind == "array":
        return type(value) is tuple and all(fits(kind.items[0], item) for item in value)
    if kind.kind == "row":
        pairs = zip(kind.items, value, strict=False) if type(value) is tuple else ()
        return type(value) is tuple and len(value) == len(kind.items) and all(fits(k, v) for k, v in pairs)
    if kind.kind == "choice":
        return value in kind.names
    if kind.kind == "boolean":
        return type(value) is bool
    if kind.kind in ("text", "organisation"):
        return type(value) is str and len(value) <= kind.limit
    if kind.kind in BYTES_KINDS:
        is_open = kind.kind == "bytes" or kind.kind in ENCODED_KINDS
        return type(value) is bytes and (len(value) == kind.limit or (is_open and len(value) < kind.limit))
    return is_scalar(kind) and type(value) is int and kind.kind != "nothing"


def literal_text(node: ast.expr | None) -> str | None:
    if node is None:
        return None
    if isinstance(node, ast.Constant) and type(node.value) is str:
        return node.value
    raise verdict("CHK-011", line=node.lineno, why="a text literal is wanted here")


def texts_of(node: ast.expr | None) -> tuple[str, ...]:
    """One text or a tuple of texts."""
    if node is None:
        return ()
    items = node.elts if isinstance(node, ast.Tuple) else [node]
    return tuple(literal_text(item) or "" for item in items)


def _keywords(call: ast.Call) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in found:
            raise verdict("CHK-005", line=call.lineno, what="keywords from a dict, or twice the same")
        found[keyword.arg] = keyword.value
    return found


def _only(call: ast.Call, positional: int, keywords: dict[str, ast.expr], allowed: tuple[str, ...]) -> None:
    if len(call.args) != positional or any(isinstance(argument, ast.Starred) for argument in call.args):
        raise verdict("CHK-011", line=call.lineno, why=f"{positional} plain arguments are wanted here")
    for name in keywords:
        if name not in allowed:
            raise verdict("CHK-007", line=call.lineno, what=name)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and type(node.value.value) is str


def _no_type_parameters(node: ast.ClassDef | ast.FunctionDef) -> None:
    # The scanner has refused them already; versions that know the syntax would otherwise accept more than others.
    if getattr(node, "type_params", None):
        raise verdict("CHK-006")


assert set(BUILTIN_RECORD_NAMES) <= set(SDK_NAMES)
