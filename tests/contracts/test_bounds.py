"""Sources and values that grow: what a file declares, what a program builds, how deep both go. Each is a refusal.

None of these may reach the interpreter's own limits, whose exceptions differ between machines and would stop a node.
"""

from __future__ import annotations

import pytest

from contracts.language.compiler import compile_contract
from ledger.errors import Refused
from ledger.genesis import LIMITS
from ledger.receipt import Status
from tests.contracts.support import IMPORTS, chain, contract, run, value

ACT = '    @action(anyone=True)\n    def act(self, ctx{parameters}) -> int:\n        """zh: 试 | en: Try"""\n{body}'


def act(body: str, parameters: str = "") -> str:
    lines = "".join(f"        {line}\n" for line in body.split("\n"))
    return ACT.format(parameters=parameters, body=lines)


def loops(count: int) -> str:
    heads = "\n".join(" " * i + f"for x{i} in [1]:" for i in range(count))
    return f"{heads}\n{' ' * count}pass\nreturn 0"


def stairs(count: int) -> str:
    """Helpers of which each calls the next."""
    steps = "".join(
        f"    def step_{i}(self, n: int) -> int:\n        return self.step_{i + 1}(n)\n" for i in range(count)
    )
    return f"{steps}    def step_{count}(self, n: int) -> int:\n        return n\n{act('return self.step_0(1)')}"


def nested_records(count: int) -> str:
    return "class R0(Record):\n    n: int\n" + "".join(
        f"class R{i}(Record):\n    r: R{i - 1}\n" for i in range(1, count)
    )


INNER = "class Inner(Record):\n    number: int\nclass Wide(Record):\n    inner: tuple[Inner, ...]\n"
LAUGHS = "A = ('ha', 1)\n" + "".join(
    f"{b} = ({', '.join(a * 10)})\n" for a, b in zip("ABCDEFG", "BCDEFGH", strict=True)
)

SOURCES = {
    "a chained comparison under a comprehension": (
        act("x = [1]\ny = [i for i in (x if 0 < len(x) < 3 else x)]\nreturn 0"),
        "",
        "CHK-010",
    ),
    "loops in loops": (act(loops(13)), "", "CHK-003"),
    "a parameter twice": (act("return n", ", n: int, n: int"), "", "CHK-011"),
    "a helper's parameter twice": (
        "    def twice(self, n: int, n: int) -> int:\n        return n\n" + act("return 0"),
        "",
        "CHK-011",
    ),
    "helpers like stairs": (stairs(15), "", "CHK-003"),
    "a constant of constants": (act("x = H\nreturn 0"), LAUGHS, "CHK-011"),
    "a heavy default": (act("return 0"), f"class R(Record):\n    t: Text = '{'a' * 41}'\n", "CHK-012"),
    "a long name of a refusal's number": (act(f"ctx.refuse(self.no, {'a' * 41}=1)"), "", "CHK-011"),
    "a long name of a field": (act("return 0"), f"class R(Record):\n    {'a' * 41}: int\n", "CHK-011"),
    "a long name of a parameter": (act("return 0", f", {'a' * 41}: int"), "", "CHK-011"),
    "a row with a record": (act("return 0"), INNER + "class R(Record):\n    x: tuple[Inner, int]\n", "CHK-012"),
    "rows with records": (
        act("return 0"),
        INNER + "class R(Record):\n    x: tuple[tuple[Inner, int], ...]\n",
        "CHK-012",
    ),
    "rows in rows": (act("return 0"), "class R(Record):\n    x: tuple[tuple[int, int], int]\n", "CHK-012"),
    "records that may be missing": (
        act("return 0"),
        INNER + "class R(Record):\n    x: tuple[Inner | None, ...]\n",
        "CHK-012",
    ),
    "arrays of arrays": (act("return 0"), INNER + "class R(Record):\n    x: tuple[Wide, ...]\n", "CHK-012"),
    "an argument with rows of records": (act("return 0", ", x: tuple[tuple[Inner, int], ...]"), INNER, "CHK-012"),
    "records in records": (act("return 0"), nested_records(8), "CHK-003"),
    "a receipt of one's own": (act("x = Receipt(code=None, result=[1])\nreturn 0"), "", "CHK-010"),
    "a receipt of a tuple": (act("x = Receipt.of((None, 1))\nreturn 0"), "", "CHK-010"),
    "a receipt that is stored": ("    rows = Map(Id, Receipt)\n" + act("return 0"), "", "CHK-012"),
    "a receipt in a record": (act("return 0"), "class R(Record):\n    r: Receipt\n", "CHK-012"),
    "a receipt as an argument": (act("return 0", ", r: Receipt"), "", "CHK-012"),
    "a side effect in a comprehension": (
        "    def get(self, ctx, n: int) -> int:\n        return 0 if ctx.new_id() else 1\n"
        + act("x = [self.get(ctx, n) for n in [1]]\nreturn 0"),
        "",
        "CHK-010",
    ),
}


@pytest.mark.parametrize("name", SOURCES)
def test_source_is_refused(name):
    body, records, code = SOURCES[name]
    with pytest.raises(Refused) as caught:
        compile_contract("from contracts.sdk import Receipt\n" + contract(body, records=records))
    assert caught.value.code == code


GOOD = {
    "loops": (act(loops(12)), ""),
    "stairs": (stairs(14), ""),
    "constants": (act("x = D\nreturn len(x) + len(D)"), "".join(LAUGHS.splitlines(keepends=True)[:4])),
    "records": (act("return 0"), nested_records(6)),
    "orders": (act("return 0"), "class R(Record):\n    x: tuple[tuple[Text, Id, Org | None, int], ...] = ()\n"),
}


@pytest.mark.parametrize("name", GOOD)
def test_source_within_the_bounds_is_a_contract(name):
    body, records = GOOD[name]
    source = contract(body, records=records)
    assert chain(trial=source).do("a", "trial", "act").status is Status.DONE


FIELDS_OF_LITERALS = ("(1)", "ONE", "'a'", "(1, 2)", "(-1)", "[1]", "{1: 2}", "None", "True", "(1 if n else 2)", "b'x'")


@pytest.mark.parametrize("literal", FIELDS_OF_LITERALS)
def test_a_field_of_a_literal_is_an_undefined_computation(literal):
    source = contract(act(f"n = 0\nreturn {literal}.number"), records="ONE = 1\nclass Row(Record):\n    number: int\n")
    receipt = chain(trial=source).do("a", "trial", "act")
    assert (receipt.status, receipt.code) == (Status.REFUSED, "EXE-006")


def test_a_constant_in_many_places_stands_once_in_the_program():
    constant = f"LONG = {'(' + ', '.join(['12345678'] * 200) + ')'}\n"
    uses = "\n".join(["x = LONG"] * 1_000)
    program = compile_contract(
        f"{IMPORTS}{constant}{contract(act(uses + chr(10) + 'return len(x)'))}".replace(IMPORTS, "", 1)
    )
    assert program.text.count("12345678, ") < 200


DEEPER = {
    "literal": "x = (x,)",
    "enumerate": "x = enumerate(x)",
    "zip": "x = zip(x, x)",
    "items": "d = {}\n    d['a'] = x\n    x = d.items()",
}
USES = {
    "nothing": "",
    "equal": "if x == x:\n    return 2",
    "below": "if x < x:\n    return 2",
    "contains": "if x in [x]:\n    return 2",
    "key": "d = {}\ny = d[x]",
    "argument": "y = ctx.attempt('trial', 'act', x)",
    "digest": "y = digest('a', x)",
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("way", DEEPER)
def test_tuples_do_not_grow_down(way, use):
    receipt = run(f"x = (1,)\nfor i in range(2000):\n    {DEEPER[way]}\n{USES[use]}\nreturn 1")
    assert (receipt.status, receipt.code) == (Status.REFUSED, "EXE-002")


def test_integers_out_of_tuples_that_were_put_together_stay_within_256_bits():
    receipt = run("x = 3\nfor i in range(64):\n    x = ((x,) + (x,))[0] * ((x,) + (x,))[0]\nreturn 0")
    assert (receipt.status, receipt.code) == (Status.REFUSED, "EXE-002")


def test_a_text_of_a_text_is_no_shorter():
    records, members = "class Row(Record):\n    text: Text\n", "    rows = Map(Id, Row)\n"
    body = (
        "s = 'a'\nfor i in range(10):\n    s = s + s\nk = ctx.new_id()\nself.rows[k] = Row(text='a')\n"
        "self.rows[k] = self.rows[k].replace(text=str(s))\nreturn 0"
    )
    assert run(body, records=records, members=members).code == "EXE-006"


def test_no_text_has_a_zero_byte():
    """An index is written at the block's end, where nothing can be refused any more."""
    source = contract(
        "    rows = Map(Id, Row)\n    by_text = Index(rows, by='text')\n    by_firm = Index(rows, by='firm')\n"
        + act("self.rows[ctx.new_id()] = Row(text=text, firm=firm)\nreturn 0", ", text: Text, firm: Org"),
        records="class Row(Record):\n    text: Text\n    firm: Org\n",
    )
    told = chain(trial=source)
    assert told.do("a", "trial", "act", "a\0b", "a").code == "TX-010"
    assert told.do("a", "trial", "act", "a", "a\0b").code == "TX-010"
    assert told.do("a", "trial", "act", "a", "a").status is Status.DONE


def test_a_made_receipt_is_not_changed():
    body = "x = [ctx.attempt('purse', 'nothing')]\ny = x[0].replace(result=[1])\nreturn 0"
    source = "from contracts.sdk import Receipt\n" + contract(act(body))
    assert chain(trial=source).do("a", "trial", "act").code == "EXE-006"


@pytest.mark.parametrize(
    "work",
    [
        "b = x == y",
        "b = (x,) == (y,)",
        "b = x in [y]",
        "x = Row(**)",
        "x = x.replace(a=t)",
        "r = ctx.attempt('purse', 'nothing', x)",
    ],
)
def test_work_on_large_records_is_paid_for(work):
    """Eight arrays of a thousand items: no act on them costs less than a unit for each eighth item it looks at."""
    fields = "".join(f"    {name}: tuple[int, ...]\n" for name in "abcdefgh")
    made = f"Row({', '.join(f'{name}=t' for name in 'abcdefgh')})"
    body = f"t = tuple([i for i in range(1000)])\nx = {made}\ny = {made}\n"
    records = f"class Row(Record):\n{fields}"
    once, twice = (
        run(body + f"{work.replace('Row(**)', made)}\n" * times + "return 0", records=records).budget_used
        for times in (1, 2)
    )
    touched = 1_000 if "replace" in work else 8_000
    assert twice - once >= touched // 8


def test_contracts_call_each_other_sixteen_deep_through_all_their_helpers():
    """The interpreter has a thousand frames; the language's limits together stay within them."""
    steps = "".join(
        f"    def s{i}(self, ctx, n: int) -> int:\n        return self.s{i + 1}(ctx, n)\n" for i in range(14)
    )
    members = (
        steps
        + "    def s14(self, ctx, n: int) -> int:\n        return 1 + ctx.view('trial', 'look', n - 1) if n else 0\n"
        + "    @view\n    def look(self, ctx, n: int) -> int:\n        return self.s0(ctx, n)\n"
    )
    assert value("return ctx.view('trial', 'look', 14)", members=members) == 14
    assert run("return ctx.view('trial', 'look', 15)", members=members).code == "EXE-004"


HEAP = "s = 'a'\nfor i in range(16):\n    s = s + s\nt = (s,)\nfor i in range(10):\n    t = t + t\n"
PILE = "class Pile(Record):\n    x: tuple[LongText, ...]\nclass Piled(Event):\n    x: tuple[LongText, ...]\n"
HEAPS = {
    "stored": "self.piles[ctx.new_id()] = Pile(x=t)",
    "announced": "ctx.emit(Piled(x=t))",
    "digested": "d = digest('a', t)",
    "digested in a record": "d = digest('a', Pile(x=t))",
}


@pytest.mark.parametrize("way", HEAPS)
def test_the_same_long_text_a_thousand_times_is_never_encoded(way):
    """It is held once in memory; its encoding would be 64 MB, or all that the machine has."""
    source = "from contracts.sdk import LongText\n" + contract(
        "    piles = Map(Id, Pile)\n" + act(f"{HEAP}{HEAPS[way]}\nreturn 0"), records=PILE
    )
    receipt = chain(trial=source).do("a", "trial", "act")
    assert (receipt.status, receipt.code) == (Status.REFUSED, "EXE-002")


def test_a_result_of_long_texts_is_refused_before_it_is_encoded():
    body = act(f"{HEAP}return t").replace("-> int", "-> tuple[LongText, ...]")
    receipt = chain(trial="from contracts.sdk import LongText\n" + contract(body)).do("a", "trial", "act")
    assert (receipt.status, receipt.code) == (Status.REFUSED, "EXE-002")


def test_what_is_stored_is_paid_by_the_byte():
    members, records = "    rows = Map(int, Row)\n", "class Row(Record):\n    text: LongText\n"
    body = "s = 'a'\nfor i in range({doublings}):\n    s = s + s\n{work}return 0"

    def price(doublings: int) -> int:
        """Of storing the text a second time."""
        used = []
        for times in (1, 2):
            source = "from contracts.sdk import LongText\n" + contract(
                members + act(body.format(doublings=doublings, work="self.rows[1] = Row(text=s)\n" * times)),
                records=records,
            )
            used.append(chain(trial=source).do("a", "trial", "act").budget_used)
        return used[1] - used[0]

    assert price(16) - price(3) == (65_536 - 8) // 4


SWEEPER = """
class Due(Record):
    day: Day

class Said(Event):
    text: Text

class Sweeper(Contract):
    rows = Map(int, Due)
    due = Index(rows, by="day")

    @action(anyone=True)
    def fill(self, ctx, count: int) -> None:
        \"\"\"zh: 填 {count} | en: Fill {count}\"\"\"
        for i in range(count):
            self.rows[i] = Due(day=ctx.day)

    @sweep(index="due", rows_max=256)
    def say(self, ctx, number: int, row: Due) -> None:
        for i in range(EVENTS):
            ctx.emit(Said(text=TEXT))
        self.rows.remove(number)

    @view
    def left(self, ctx) -> int:
        return len(self.rows.keys(limit=1024))
"""


@pytest.mark.parametrize(("events", "text", "swept"), [(20, "", 102), (4, "x" * 500, 104), (3_000, "", 0)])
def test_sweeps_announce_no_more_than_their_receipt_holds(events, text, swept):
    source = IMPORTS + f"EVENTS = {events}\nTEXT = '{text}'\n" + SWEEPER
    told = chain(sweeper=source)
    assert told.do("a", "sweeper", "fill", 200).status is Status.DONE
    receipts = told.apply([told.transaction("operator", "calendar", "step", (told.last.day + 1,))])
    assert len(receipts[-1].events) == swept * events
    assert told.view("sweeper", "left") == 200 - swept
    told.apply([])
    assert told.view("sweeper", "left") == max(0, 200 - 2 * swept)


def test_nothing_is_left_when_the_budget_is_not():
    receipt = run("x = [i for i in range(16000)]\nwhile True:\n    y = sorted(x)\nreturn 0")
    assert (receipt.status, receipt.budget_used) == (Status.OUT_OF_BUDGET, LIMITS["transaction_budget_max"])
