"""Calls, written as Python text: built-in functions, records, the contract's own methods, maps, indexes and `ctx`."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Final

from contracts.language.builtin_names import SEALED_RECORDS
from contracts.language.expressions import ExpressionWriter, is_flat_row
from contracts.language.forms import ANY, INTEGER, NOTHING, is_integer, is_scalar, optional, required
from contracts.language.meter import CALL_UNITS, EMIT_UNITS, HELPER_UNITS, MAP_READ_UNITS, MAP_WRITE_UNITS, SCAN_UNITS
from contracts.language.pieces import BITS_MAX, SMALL_BITS, Code, literal
from contracts.language.verdicts import verdict
from contracts.language.vocabulary import (
    BUILTINS,
    CONTEXT_CALLS,
    CROSS_CALLS,
    INDEX_METHODS,
    MAP_METHODS,
    NUMBERS_MAX,
    PURE_RESULTS,
    SYSTEM_CALLS,
    VALUE_METHODS,
)
from ledger.interface import BYTES_KINDS, TEXT_KINDS, Type

_COMPREHENSIONS: Final = (ast.GeneratorExp, ast.ListComp)
_SIZED_KINDS: Final = frozenset(("array", "row", "list", *TEXT_KINDS, *BYTES_KINDS))


class CallWriter(ExpressionWriter):
    """The whole writer of a method's expressions."""

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
            self._not_sealed(node, owner.id)
            return self._record_of(node, owner.id)
        if name == "replace" and node.keywords:
            return self._replace(node, owner)
        return self._call_value(node, owner, name)

    def _call_name(self, node: ast.Call, name: str) -> Code:
        if name in self.found.records:
            self._not_sealed(node, name)
            return self._construct(node, name)
        if name in PURE_RESULTS:
            written = [self.write(argument) for argument in self._plain(node)]
            if name == "fen" and len(written) == 1 and is_integer(written[0].type):
                return Code(written[0].text, PURE_RESULTS[name], written[0].bits)
            return Code(self.helper(name, *[argument.text for argument in written]), PURE_RESULTS[name])
        if name not in BUILTINS:
            raise verdict("CHK-007", line=node.lineno, what=name)
        if name == "tuple" and len(self._plain(node)) == 1 and isinstance(node.args[0], _COMPREHENSIONS):
            return self.tuple_of(node.args[0])
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
        known = self._builtin_of_known(name, arguments_) if not reverse else None
        return known or Code(self.helper(f"call_{name}", *texts), kind, 32 if name == "len" else BITS_MAX)

    def _builtin_of_known(self, name: str, arguments: list[Code]) -> Code | None:
        """A function whose arguments' types leave nothing to test, if it is one."""
        texts, kinds = [argument.text for argument in arguments], [argument.type for argument in arguments]
        if any(kind.optional for kind in kinds):
            return None
        if name == "len" and kinds[0].kind in _SIZED_KINDS:
            self.cost += HELPER_UNITS
            return Code(f"len({texts[0]})", INTEGER, 32)
        if any(kind.kind != "array" for kind in kinds):
            return None
        limit = min(kind.limit for kind in kinds)
        items = tuple(kind.items[0] for kind in kinds)
        if name == "sum" and limit and is_integer(items[0]):
            return Code(self.helper("sum_of", texts[0]), INTEGER, SMALL_BITS + limit.bit_length())
        if name == "zip" and all(is_scalar(item) or item.kind == "record" or is_flat_row(item) for item in items):
            weight = 1 + len(items) + sum(len(item.items) for item in items if item.kind == "row")
            rows = Type("array", items=(Type("row", items=items),), limit=limit)
            return Code(self.helper("zip_of", str(weight), *texts), rows)
        return None

    def _not_sealed(self, node: ast.Call, record: str) -> None:
        if record in SEALED_RECORDS:
            raise self.refuse(node, record, "is made by the engine alone")

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
        count = len(self.found.records[name].fields)
        self.cost += count
        return Code(f"of_{name}(known({self.write(node.args[0]).text}, {count}))", Type("record", names=(name,)))

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
            self._not_sealed(node, record)
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
        argument = node.args[0]
        is_made_here = isinstance(argument, ast.Call) and isinstance(argument.func, ast.Name)
        event = self.write(argument)
        if event.type.kind != "record" or event.type.names[0] not in self.found.events or event.type.optional:
            raise self.refuse(node, "ctx.emit", "takes an event of this file")
        self.cost += EMIT_UNITS
        name = event.type.names[0]
        values = f"pack_{name}({self.paid(event.text, event.type)})"
        if is_made_here and event.text.startswith(f"R_{name}("):
            values = f"event_{name}({event.text.removeprefix(f'R_{name}(')}"
        return f"ctx.session.events.append((contract_name, {name!r}, {values}))"

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
