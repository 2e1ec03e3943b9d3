"""Published ways out of Python sandboxes, and bombs: each is refused at deployment with its line and a reason.

The corpus follows the advisories named beside the samples. Every sample stands in the body of an otherwise good action,
so that nothing but the sample itself can be what is refused.
"""

from __future__ import annotations

import random
import re

import pytest

from contracts.language.compiler import compile_contract
from ledger.errors import Refused
from tests.contracts.support import FIXTURES, contract

HEAD = '    @action(anyone=True)\n    def act(self, ctx, text: Text) -> int:\n        """zh: 试 | en: Try"""\n'

STATEMENTS = {
    "subclasses": "x = ().__class__.__base__.__subclasses__()",
    "class by getattr": "x = getattr((), 'x')",
    "generator frame CVE-2023-37271": "x = (i for i in [1]).gi_frame.f_back.f_builtins",
    "generator frame without underscore CVE-2026-53753": "x = text.gi_frame",
    "function globals": "x = self.act.func_globals",
    "format CVE-2023-41039": "x = '{0.x}'.format(text)",
    "format_map CVE-2016-10745": "x = '{x}'.format_map({'x': text})",
    "format as a value CVE-2024-56326": "x = text.format",
    "method as a value": "x = text.upper",
    "error's object CVE-2024-47532": "try:\n            x = 1\n        except KeyError as e:\n            x = e.obj",
    "except star CVE-2025-22153": "try:\n            x = 1\n        except* ValueError:\n            x = 2",
    "formatter CVE-2026-76825": "x = Formatter().get_field('0', (text,), {})",
    "type's dict": "x = type(text).mro",
    "name by chr": "x = chr(95) + chr(95)",
    "modules": "x = sys.modules",
    "eval": "x = eval('1')",
    "compile": "x = compile('1', 'x', 'eval')",
    "import": "import os",
    "import inside": "from os import system",
    "open": "x = open('/etc/passwd')",
    "print": "print(text)",
    "input": "x = input()",
    "hash": "x = hash(text)",
    "id": "x = id(text)",
    "set": "x = {1, 2}",
    "set comprehension": "x = {i for i in [1]}",
    "dict comprehension": "x = {i: i for i in [1]}",
    "float": "x = 1.5",
    "exponent": "x = 1e9",
    "complex": "x = 2j",
    "true division": "x = 1 / 2",
    "percent": "x = '%s' % text",
    "f-string": "x = f'{text}'",
    "byte format": "x = rb'x'",
    "unicode name": "x = '\\N{BULLET}'",
    "power tower": "x = 9**9**9",
    "shift bomb": "x = 1<<10**9",
    "lambda": "x = lambda: 1",
    "walrus": "x = (y := 1)",
    "global": "global x",
    "nonlocal": "nonlocal x",
    "assert": "assert text",
    "raise": "raise ValueError",
    "with": "with text as x:\n            pass",
    "yield": "x = yield",
    "await": "x = await text",
    "async for": "async for x in text:\n            pass",
    "delete": "del text",
    "inner function": "def inner(y):\n            return y",
    "inner class": "class Inner:\n            pass",
    "match": "match text:\n            case 'a':\n                pass",
    "type alias": "type X = int",
    "star argument": "x = max(*[1, 2])",
    "double star argument": "x = dict(**{})",
    "starred target": "x, *y = [1, 2]",
    "dunder in a string call": "x = text.__len__()",
    "attribute assignment": "ctx.organisation = 'b'",
    "self assignment": "self.no = 1",
    "context as a value": "x = ctx",
    "self as a value": "x = self",
    "context's engine": "x = ctx.session",
    "context's private": "x = ctx._world",
    "unknown context call": "x = ctx.system('ls')",
    "system call of governance is no name": "x = ctx.commit()",
    "refusal as a value": "x = self.no",
    "map as a value": "x = self.rows",
    "decorator's function": "x = action(anyone=True)",
    "record class as a value": "x = Row",
    "class attribute": "x = Row.of",
    "keyword-only shadow CVE-2026-55830": "x = [1].append(item=2)",
    "str translate": "x = text.translate({})",
    "encode with codec": "x = text.encode('rot13')",
    "decode": "x = b'x'.decode()",
    "bytes hex": "x = bytes.fromhex('00')",
    "sort with key": "x = sorted([1], key=text)",
    "list sort": "x = [1].sort()",
    "ellipsis": "x = ...",
    "imaginary unit attr": "x = (1).real",
    "matrix product": "x = text @ text",
    "bit operations": "x = 1 & 2",
    "inversion": "x = ~1",
    "semicolon": "x = 1; y = 2",
    "line continuation": "x = 1 + \\\n            2",
    "tab": "x =\t1",
    "non-ASCII name": "变量 = 1",
    "print to the context": "ctx.emit(text)",
    "event that is none": "ctx.emit(Row(number=1))",
    "refusal by code": "ctx.refuse('TRI-001')",
    "dynamic contract name": "x = ctx.call(text, 'act')",
    "else after loop": "for x in [1]:\n            pass\n        else:\n            pass",
    "two generators": "x = [i for i in [1] for j in [2]]",
    "side effect in a comprehension": "x = [ctx.new_id() for i in [1]]",
    "assignment to a slice": "x = [1]\n        x[0:1] = [2]",
    "chained assignment": "x = y = 1",
    "recursion": "x = self.act(ctx, text)",
    "unary bomb": "x = " + "-" * 300 + "1",
    "bracket bomb": "x = " + "(" * 200 + ")" * 200,
    "long line": "x = " + "1 + " * 400 + "1",
    "long integer": "x = " + "9" * 200,
    "conditional chain": "x = " + "1 if text else " * 60 + "2",
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_is_refused_with_line_and_reason(name):
    rows = "    rows = Map(Id, Row)\n"
    source = contract(
        rows + HEAD + f"        {STATEMENTS[name]}\n        return 0\n", records="class Row(Record):\n    number: int\n"
    )
    good = source.replace(STATEMENTS[name], "x = 1")
    compile_contract(good)
    first = good.split("\n").index("        x = 1") + 1
    with pytest.raises(Refused) as caught:
        compile_contract(source)
    numbers = dict(caught.value.numbers)
    assert caught.value.code.startswith("CHK-")
    assert "zh" in dir(caught.value.refusal)
    assert caught.value.text("zh") != caught.value.text("en")
    if caught.value.code != "CHK-006":
        line = numbers["line"]
        assert isinstance(line, int)
        assert first <= line <= first + 2, numbers


FILES = {
    "three million minus signs": "x = " + "-" * 3_000_000 + "1",
    "only brackets": "(" * 100_000,
    "deep indentation": "".join(" " * i + "if 1:\n" for i in range(300)),
    "endless elif": "if 1:\n  pass\n" + "elif 1:\n  pass\n" * 20_000,
    "NUL": "x = 1\0",
    "surrogate": "x = '\ud800'",
    "carriage return": "x = 1\r\ny = 2",
    "form feed": "x = 1\x0c",
    "byte order mark": "\ufeffx = 1",
    "another module": "from os import path",
    "a submodule": "from contracts.sdk.os import path",
    "relative import": "from . import sdk",
    "import with a new name": "from contracts.sdk import Map as M",
    "private name of the SDK": "from contracts.sdk import NoReturn",
    "future": "from __future__ import annotations",
    "star import": "from contracts.sdk import *",
    "module statement": "x = 1",
    "constant by a call": "X = len([1])",
    "constant by a name": "X = Y",
    "function outside": "def f():\n    return 1",
    "class of one's own": "class A:\n    pass",
    "class with a metaclass": "from contracts.sdk import Record\nclass A(Record, metaclass=type):\n    pass",
    "decorated class": "from contracts.sdk import Record\n@x\nclass A(Record):\n    pass",
    "record with a method": "from contracts.sdk import Record\nclass A(Record):\n    def f(self):\n        return 1",
    "record of an unknown type": "from contracts.sdk import Record\nclass A(Record):\n    x: float",
    "record without types": "from contracts.sdk import Record\nclass A(Record):\n    x = 1",
    "generic class": "from contracts.sdk import Record\nclass A[T](Record):\n    x: int",
    "generic function": "from contracts.sdk import Contract\nclass A(Contract):\n    def f[T](self):\n        pass",
    "two contracts": "from contracts.sdk import Contract\nclass A(Contract):\n    pass\nclass B(Contract):\n    pass",
    "nothing": "",
    "no contract": "from contracts.sdk import Record\nclass A(Record):\n    x: int",
    "empty contract": "from contracts.sdk import Contract\nclass A(Contract):\n    'x'",
    "unterminated text": "x = 'abc",
    "unterminated docstring": "x = '''abc",
    "unbalanced": "x = (1",
    "too many bytes": "#" * 300_000,
    "too many tokens": "X = 1\n" * 40_000,
}


@pytest.mark.parametrize("name", FILES)
def test_file_is_refused(name):
    with pytest.raises(Refused) as caught:
        compile_contract(FILES[name])
    assert caught.value.code.startswith("CHK-")


METHODS = {
    "nobody said who": ("@action()\n    def act(self, ctx) -> int:", "CHK-013"),
    "unknown map": ("@action(on='rowz')\n    def act(self, ctx, row: Id) -> int:", "CHK-007"),
    "party without map": ("@action(party='owner')\n    def act(self, ctx) -> int:", "CHK-011"),
    "own decorator": ("@property\n    def act(self, ctx) -> int:", "CHK-005"),
    "two decorators": ("@view\n    @action(anyone=True)\n    def act(self, ctx) -> int:", "CHK-005"),
    "decorator by a computed value": ("@action(role='a' + 'b')\n    def act(self, ctx) -> int:", "CHK-011"),
    "untyped parameter": ("@action(anyone=True)\n    def act(self, ctx, x) -> int:", "CHK-012"),
    "keyword-only parameter": ("@action(anyone=True)\n    def act(self, ctx, *, x: int) -> int:", "CHK-005"),
    "positional-only parameter": ("@action(anyone=True)\n    def act(self, ctx, x: int, /) -> int:", "CHK-005"),
    "star parameter": ("@action(anyone=True)\n    def act(self, ctx, *x: int) -> int:", "CHK-005"),
    "a signature that is none": (
        "@action(anyone=True, signed=('n', 't', 'd'))\n    def act(self, ctx, d: Digest, n: int) -> int:",
        "CHK-011",
    ),
    "a signature over nothing": (
        "@action(anyone=True, signed=('s', 't'))\n    def act(self, ctx, d: Digest, s: Signature) -> int:",
        "CHK-011",
    ),
    "a signature over itself": (
        "@action(anyone=True, signed=('s', 't', 's'))\n    def act(self, ctx, s: Signature) -> int:",
        "CHK-011",
    ),
    "a signature over what comes behind it": (
        "@action(anyone=True, signed=('s', 't', 'd'))\n    def act(self, ctx, s: Signature, d: Digest) -> int:",
        "CHK-011",
    ),
    "no self": ("@action(anyone=True)\n    def act(ctx) -> int:", "CHK-011"),
    "no ctx": ("@action(anyone=True)\n    def act(self) -> int:", "CHK-011"),
    "list parameter": ("@action(anyone=True)\n    def act(self, ctx, x: list[int]) -> int:", "CHK-012"),
    "default of another type": ("@action(anyone=True)\n    def act(self, ctx, x: int = 'a') -> int:", "CHK-012"),
}


@pytest.mark.parametrize("name", METHODS)
def test_method_is_refused(name):
    head, code = METHODS[name]
    with pytest.raises(Refused) as caught:
        compile_contract(contract(f'    {head}\n        """zh: 试 | en: Try"""\n        return 0\n'))
    assert caught.value.code == code


def test_action_needs_a_sentence_in_both_languages():
    with pytest.raises(Refused) as caught:
        compile_contract(
            contract('    @action(anyone=True)\n    def act(self, ctx) -> int:\n        """Try"""\n        return 0\n')
        )
    assert caught.value.code == "CHK-016"


@pytest.mark.parametrize(
    "body",
    ["self.rows[key] = Row(number=1)", "self.rows.remove(key)", "ctx.emit(Did(number=1))", "self.helper(ctx, key)"],
)
def test_view_changes_nothing(body):
    members = (
        "    rows = Map(Id, Row)\n"
        "    @view\n    def look(self, ctx, key: Id) -> int:\n"
        f"        {body}\n        return 0\n"
        "    def helper(self, ctx, key: Id) -> None:\n        self.rows[key] = Row(number=1)\n"
    )
    records = "class Row(Record):\n    number: int\nclass Did(Event):\n    number: int\n"
    with pytest.raises(Refused) as caught:
        compile_contract(contract(members, records=records))
    assert caught.value.code == "CHK-014"


def test_helpers_do_not_call_each_other_in_circles():
    members = (
        "    def one(self, n: int) -> int:\n        return self.two(n)\n"
        "    def two(self, n: int) -> int:\n        return self.one(n)\n"
        "    @view\n    def look(self, ctx) -> int:\n        return self.one(1)\n"
    )
    with pytest.raises(Refused) as caught:
        compile_contract(contract(members))
    assert caught.value.code == "CHK-015"


TOKEN = re.compile(r"[A-Za-z_]\w*|\d+|\s+|.", re.DOTALL)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_sources_are_refused_and_never_crash_the_checker(seed):
    draw = random.Random(seed)
    texts = [TOKEN.findall((FIXTURES / name).read_text(encoding="utf-8")) for name in ("voucher.py", "purse.py")]
    words = sorted({token for tokens in texts for token in tokens})
    pool = [*words, "if", "for", "while", "None", "[0]", "()", "is", "~"]
    codes = []
    for _ in range(40):
        tokens = list(draw.choice(texts))
        for _ in range(draw.randrange(1, 4)):
            place = draw.randrange(len(tokens))
            if draw.random() < 0.4:
                del tokens[place : place + draw.randrange(1, 4)]
            else:
                tokens.insert(place, draw.choice(pool))
        try:
            compile_contract("".join(tokens))
        except Refused as refused:
            codes.append(refused.code)
    assert codes
    assert all(code.startswith("CHK-") for code in codes)
