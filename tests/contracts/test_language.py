"""What the language computes, against hand-computed values, and how it stops: bombs against limits and budget."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import sdk
from contracts.language import builtin_names, dates
from contracts.language.checker import BUILTIN
from contracts.language.compiler import compile_contract
from contracts.language.helpers import Helpers
from ledger.errors import Refused
from ledger.receipt import Status
from tests.contracts.support import chain, contract, run, value


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ("return 7 // 2 + -7 // 2", -1),
        ("return remainder(-7, 3)", 2),
        ("x = 0\nfor i in range(9):\n  if i == 3:\n    continue\n  if i > 5:\n    break\n  x += i\nreturn x", 12),
        ("x = 0\nwhile x < 10:\n    x = x + 3\nreturn x", 12),
        ("return sum(i * i for i in range(5) if i != 2)", 26),
        ("return len([i for i in (1, 2, 3)]) + len('四个汉字')", 7),
        ("return 1 if 1 < 2 <= 2 < 3 else 0", 1),
        ("return max(3, 1, 2) + min([5, 4])", 7),
        ("a, b = (1, 2)\nreturn a * 10 + b", 12),
        ("d = {'a': 1}\nd['b'] = 2\nreturn d['a'] + d.get('b', 0) + d.get('c', 4)", 7),
        ("d = {'b': 1, 'a': 2}\nx = 0\nfor k in d:\n    x = x * 10 + d[k]\nreturn x", 12),
        ("x = [1, 2, 3]\nfor i in x:\n    x.append(i)\nreturn len(x)", 6),
        ("x = [3, 1, 2]\nreturn sorted(x)[0] * 100 + sorted(x, reverse=True)[0]", 103),
        ("return 1 if (1, 'a') == (1, 'a') and not (1, 'a') == (1, 'b') else 0", 1),
        ("x = True\ny = [1]\nreturn 1 if x in y else 0", 0),
        ("return int('12') + int(True)", 13),
        ("return round_half_up(5, 2) * 10 + round_half_up(-5, 2)", 27),
        ("return apportion(100, [1, 1, 1])[0]", 34),
        ("return day_of(2022, 12, 30) - day_of(2022, 6, 30)", 183),
        ("return add_months(day_of(2022, 8, 31), 6) - day_of(2023, 2, 28)", 0),
        ("return weekday(day_of(2022, 6, 30))", 3),
        ("return date_of(19000)[0]", 2022),
        ("for i, (a, b) in enumerate([(1, 2), (3, 4)]):\n    x = i * 100 + a * 10 + b\nreturn x", 134),
        ("return len(list(zip([1, 2], (3, 4)))) + len(reversed([1, 2, 3]))", 5),
        ("x = 'a,b,c'.split(',')\nreturn len(x) if '-'.join(x) == 'a-b-c' else 0", 3),
        ("x = None\nreturn 1 if x is None and not x else 0", 1),
        ("return 1 if 'b' in 'abc' and 'abc'.startswith('ab') and 'abc'[1:] == 'bc' else 0", 1),
        ("return 2 if any(i > 2 for i in (1, 2, 3)) and not all([True, False]) else 0", 2),
        ("x = [1]\nx.extend([2, 3])\nreturn x.pop() * 10 + x.pop(0)", 31),
    ],
)
def test_computes(statements, expected):
    assert value(statements) == expected


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        ("return 'a' * 10000000000", "EXE-006"),
        ("x = [0] * 10000000000\nreturn 1", "EXE-006"),
        ("x = 'a'\nfor i in range(60):\n    x = x + x\nreturn 1", "EXE-002"),
        ("x = [1]\nfor i in range(60):\n    x = x + x\nreturn 1", "EXE-002"),
        ("x = 2\nfor i in range(20):\n    x = x * x\nreturn 1", "EXE-002"),
        ("x = 1\nfor i in range(300):\n    x = x + x\nreturn 1", "EXE-002"),
        ("x = (1,)\nfor i in range(60):\n    x = (x, x)\nreturn 1", "EXE-002"),
        ("x = []\nfor i in range(200):\n    for j in range(100):\n        x.append(i)\nreturn 1", "EXE-006"),
        ("x = {}\nfor i in range(5000):\n    x[i] = i\nreturn 1", "EXE-002"),
        ("x = 0\nwhile True:\n    x += 1", "EXE-001"),
        ("for i in range(10000):\n    for j in range(10000):\n        x = j\nreturn x", "EXE-001"),
        ("return sum(1 for i in range(100000))", "EXE-002"),
        ("return 1 // 0", "EXE-006"),
        ("return [1][5]", "EXE-006"),
        ("return {'a': 1}['b']", "EXE-006"),
        ("x = None\nreturn x + 1", "EXE-006"),
        ("return 1 + True", "EXE-006"),
        ("x = [1]\nx.append([2])\nreturn 1", "EXE-006"),
        ("x = []\ny = (x,)\nreturn 1", "EXE-006"),
        ("x = {}\nx[True] = 1\nreturn 1", "EXE-006"),
        ("x = {}\nx[[1]] = 1\nreturn 1", "EXE-006"),
        ("return 9223372036854775807 + 1", "EXE-002"),
        ("return sorted([1, 'a'])[0]", "EXE-006"),
        ("return len(sorted([((1,),), ((2, 'a'),), ((0, 2),)]))", "EXE-006"),
        ("return len(min([((1,),), ((1, 'a'),), ((1, 2),)]))", "EXE-006"),
        ("return len(max((1, (2,)), (1, (2, 'a')), (1, (2, 3))))", "EXE-006"),
        ("return len(sorted([(1, (2,)), (1, 2)]))", "EXE-006"),
        ("return len(sorted([(1, None), (2, None)]))", "EXE-006"),
        ("return 1 if 'a' < 1 else 0", "EXE-006"),
        ("if ctx.height > 10000:\n    y = 1\nreturn y", "EXE-006"),
        ("return apportion(1, [0])[0]", "EXE-006"),
        ("return fen('1')", "EXE-006"),
        ("return fen(1 == 1)", "EXE-006"),
        ("return day_of(2022, 2, 30)", "EXE-006"),
        ("return ctx.parameter('unknown')", "EXE-003"),
        ("return ctx.view('unknown', 'x')", "TX-007"),
        ("return ctx.view('calendar', 'unknown')", "TX-008"),
        ("return ctx.call('membership', 'admit', (), ())", "EXE-005"),
        ("x = ctx.source_digest('x')\nreturn 1", "EXE-005"),
        ("return ctx.view('calendar', 'is_published', 'x')", "TX-010"),
        ("return ctx.view('calendar', 'is_published')", "TX-009"),
    ],
)
def test_stops(statements, code):
    receipt = run(statements)
    assert receipt.code == code, (receipt.code, receipt.numbers, receipt.result)
    assert receipt.status is (Status.OUT_OF_BUDGET if code == "EXE-001" else Status.REFUSED)


def test_a_parameter_that_grows_in_a_loop_is_bounded():
    """It begins within 63 bits, but what is assigned to it is not known to."""
    members = (
        "    def grow(self, n: int) -> int:\n        for i in range(20):\n            n = n * n\n        return 1\n"
    )
    assert run("return self.grow(3)", members=members).code == "EXE-002"


@pytest.mark.parametrize("wrong", ["1", "'a' + 'b'", "True", "None", "b'x'", "(1,)"])
def test_a_record_takes_only_its_own_types(wrong):
    records = "class Row(Record):\n    names: tuple[Org, ...]\n"
    assert run(f"x = Row(names={wrong})\nreturn 1", records=records).status is Status.REFUSED


def test_integers_are_stored_within_63_bits():
    records = "class Row(Record):\n    number: int\n"
    assert value("return Row(number=9223372036854775807).number", records=records) == 2**63 - 1
    assert run("return Row(number=9223372036854775807 * 2).number", records=records).code == "EXE-002"


TAKING = """    def take(self, parts: tuple[tuple[Text, int], ...]) -> int:
        return parts[0][1]

    def each(self, numbers: tuple[int, ...]) -> int:
        return sum(numbers)

    def after(self, number: int | None) -> int:
        return 1 if 5 < number else 0

    def same(self, number: int) -> Fen:
        return number
"""
HUGE = "9223372036854775807 * 2"


@pytest.mark.parametrize(
    ("statements", "outcome"),
    [
        ("x = 5\nfor i in (1, 2):\n    x = i\nreturn self.take((('a', x),))", 2),
        ("return self.take(tuple([('a', i) for i in (7, 8)]))", 7),
        ("return self.each(tuple([part[1] for part in (('a', 7), ('b', 8))]))", 15),
        ("return self.after(6) * 10 + self.same(3)", 13),
        (f"return self.take((('a', {HUGE}),))", "EXE-006"),
        (f"x = {HUGE}\nreturn self.take((('a', x),))", "EXE-006"),
        (f"x = ('a', 1)\nx = ('a', {HUGE})\nreturn self.take((x,))", "EXE-006"),
        (f"x = 1\nfor i in (1, 2):\n    n = self.take((('a', x),))\n    x = {HUGE}\nreturn n", "EXE-006"),
        (f"for x in (1, {HUGE}):\n    n = self.take((('a', x),))\nreturn n", "EXE-006"),
        (f"for x, y in ((1, 2), (1, {HUGE})):\n    n = self.take((('a', y),))\nreturn n", "EXE-006"),
        (f"return self.each(tuple([i for i in (1, {HUGE})]))", "EXE-006"),
        (f"return self.same({HUGE})", "EXE-002"),
        ("return self.take((('a', True),))", "EXE-006"),
        ("return self.take((('a', None),))", "EXE-006"),
        ("return self.take((('a',),))", "EXE-006"),
        ("return self.each((1, 2) + (True,))", "EXE-006"),
        ("return self.after(None)", "EXE-006"),
    ],
)
def test_what_is_proved_of_a_row_is_so(statements, outcome):
    """A test is left out only where the types and sizes of all parts are known."""
    receipt = run(statements, members=TAKING)
    assert (receipt.result if receipt.status is Status.DONE else receipt.code) == outcome, receipt


def test_an_event_takes_only_its_own_types():
    records = "class Said(Event):\n    number: int\n    names: tuple[Text, ...] = ()\n"
    assert run("ctx.emit(Said(number=1, names=('a',)))\nreturn 1", records=records).events[0].values == (1, ("a",))
    assert run("x = Said(number=1)\nctx.emit(x)\nreturn 1", records=records).events[0].values == (1, ())
    assert run(f"ctx.emit(Said(number={HUGE}))\nreturn 1", records=records).code == "EXE-002"
    assert run("ctx.emit(Said(number=True))\nreturn 1", records=records).code == "EXE-006"
    assert run("ctx.emit(Said(number=1, names=(1,)))\nreturn 1", records=records).code == "EXE-006"


def test_rows_put_side_by_side_are_weighed():
    members = """    def pairs(self, one: tuple[int, ...], other: tuple[tuple[int, int], ...]) -> int:
        made = zip(one, other)
        for first, second in made:
            one = (second[0],)
        return len(made) * 100 + one[0]
"""
    assert value("return self.pairs((1, 2), ((3, 4), (5, 6), (7, 8)))", members=members) == 205
    one, two = (run(f"return self.pairs({(1,) * n}, {((3, 4),) * n})", members=members) for n in (2, 9))
    assert two.budget_used - one.budget_used >= 7 * 5


def test_what_is_spent_follows_from_the_source_alone():
    statements = "x = 0\nfor i in range(100):\n    x += i\nreturn x"
    assert run(statements).budget_used == run(statements).budget_used
    assert run(statements.replace("100", "200")).budget_used > 1.5 * run(statements).budget_used


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.integers(-(2**63) + 1, 2**63 - 1).filter(bool))
@settings(max_examples=50, deadline=None)
def test_division_is_floor_division(a, b):
    helpers = Helpers([10**9], lambda _: b"")
    assert helpers.divide(a, b) * b + helpers.remainder(a, b) == a


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2999, 12, 31)), st.integers(-500, 500))
def test_dates_agree_with_the_calendar(day, months):
    number = (day - datetime.date(1970, 1, 1)).days
    assert dates.date_of(number) == (day.year, day.month, day.day)
    assert dates.day_of(day.year, day.month, day.day) == number
    assert dates.weekday(number) == day.weekday()
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    if 1900 <= year <= 2999:
        last = dates.month_days(year, month + 1)
        assert dates.date_of(dates.add_months(number, months)) == (year, month + 1, min(day.day, last))


@pytest.mark.parametrize(
    "code", ["91350100M000100Y43", "91110000600037341L", "91440300708461136T", "9111010878399888X0"]
)
def test_published_credit_codes_are_right_and_their_neighbours_wrong(code):
    helpers = Helpers([10**9], lambda _: b"")
    assert helpers.is_credit_code(code)
    assert not helpers.is_credit_code(code[:-1] + ("1" if code[-1] == "0" else "0"))
    assert not helpers.is_credit_code(code[:-1])
    assert not helpers.is_credit_code("I" + code[1:])


def test_the_compiler_knows_exactly_the_names_of_the_sdk():
    assert set(sdk.__all__) == builtin_names.SDK_NAMES


def test_the_engine_makes_the_records_that_the_sdk_declares():
    for name, form in BUILTIN.items():
        assert list(getattr(sdk, name).__annotations__) == [entry.name for entry in form.fields]


def test_the_program_depends_on_the_source_alone():
    source = contract('    @view\n    def look(self, ctx) -> int:\n        """zh: 看 | en: Look"""\n        return 1\n')
    one = compile_contract(source)
    assert compile_contract(source) is one
    with pytest.raises(Refused):
        compile_contract(source + "\nimport os\n")


@pytest.mark.parametrize(("number", "kind"), [("sum(x)", "integer"), ("fen(sum(x))", "fen")])
def test_a_sum_is_shown_as_an_amount_when_it_says_so(number, kind):
    act = f"x = [100, 23]\n        ctx.require(x[0] == 1, self.no, why={number})\n        return 0\n"
    head = '    @action(anyone=True)\n    def act(self, ctx) -> int:\n        """zh: 试 | en: Try"""\n        '
    told = chain(trial=contract(head + act))
    assert told.do("a", "trial", "act").numbers == (("why", 123),)
    [refusal] = [form for form in told.engine.world.contracts["trial"].interface.refusals if form.code == "TRI-001"]
    assert [(entry.name, entry.type.kind) for entry in refusal.numbers] == [("why", kind)]


def test_an_amount_is_a_number_like_others():
    assert value("return fen(100) + fen([23][0])") == 123


def test_a_record_of_what_another_contract_returns_may_have_gained_fields_there_and_lost_none():
    records = "class Pair(Record):\n    first: int\n    second: int\n"
    for values in ("(1, 2)", "(1, 2, 'new', None)"):
        assert value(f"pair = Pair.of({values})\nreturn pair.first * 10 + pair.second", records=records) == 12
    for values in ("(1,)", "()", "(1, 'two')", "(1, 'two', 3)"):
        receipt = run(f"pair = Pair.of({values})\nreturn pair.first", records=records)
        assert receipt.code in ("EXE-006", "CHK-012"), (values, receipt.code, receipt.numbers)
