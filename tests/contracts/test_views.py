"""The read side: sheets and views on snapshots, bounded."""

from __future__ import annotations

import pytest

from contracts.views import Library
from ledger.errors import Refused
from ledger.interface import Interface
from tests.contracts.support import FIXTURES, chain, contract

SOURCE = contract(
    "    rows = Map(Text, Row)\n"
    '    @action(anyone=True)\n    def write(self, ctx, n: int) -> None:\n        """zh: 写 {n} | en: Write {n}"""\n'
    '        self.rows["x"] = Row(number=n)\n        ctx.emit(Did(number=n))\n'
    '    @view\n    def read(self, ctx) -> Row:\n        """zh: 读 | en: Read"""\n        return self.rows["x"]\n'
    '    @view\n    def spin(self, ctx) -> int:\n        """zh: 转 | en: Spin"""\n'
    "        n = 0\n        while n >= 0:\n            n += 1\n        return n\n"
    '    @view\n    def fall(self, ctx) -> int:\n        """zh: 落 | en: Fall"""\n        return [1][2]\n',
    records="class Row(Record):\n    number: int\nclass Did(Event):\n    number: int\n",
)


@pytest.fixture
def told():
    return chain(trial=SOURCE)


@pytest.fixture
def library(told):
    return Library(told.suite, told.genesis, told.chain)


class Snapshot:
    def __init__(self, reader) -> None:
        self.rows = dict(reader.rows)
        self.keys = sorted(self.rows)

    def get(self, key):
        return self.rows.get(key)

    def scan(self, start, end, limit):
        return [(key, self.rows[key]) for key in self.keys if start <= key < end][:limit]


def test_each_question_is_answered_on_its_own_snapshot(told, library):
    told.do("a", "trial", "write", 1)
    first = Snapshot(told.reader)
    told.do("a", "trial", "write", 2)
    second = Snapshot(told.reader)
    for _ in range(2):
        assert library.view(first, 1, told.genesis.time, "trial", "read", ()) == (1,)
        assert library.view(second, 2, told.genesis.time, "trial", "read", ()) == (2,)
    assert library.day(first, told.genesis.time) == told.last.day


def test_a_view_is_bounded_and_its_faults_are_refusals(told, library):
    for view, code in (("spin", "RPC-007"), ("fall", "EXE-006"), ("unknown", "TX-008"), ("read", "EXE-003")):
        with pytest.raises(Refused) as caught:
            library.view(told.reader, 1, told.genesis.time, "trial", view, ())
        assert caught.value.code == code
    with pytest.raises(Refused) as caught:
        library.view(told.reader, 1, told.genesis.time, "none", "read", ())
    assert caught.value.code == "TX-007"


def test_sheets_show_every_contract_as_the_chain_has_it(told, library):
    sheets = library.sheets(told.reader)
    assert [sheet.name for sheet in sheets] == [name for name, _ in told.genesis.contracts]
    assert [sheet.number for sheet in sheets] == list(range(1, len(sheets) + 1))
    trial = library.sheet(told.reader, "trial")
    assert (trial.version, trial.status) == (1, "active")
    interface = Interface.decode(trial.interface)
    assert interface.digest(told.suite) == trial.interface_digest
    assert interface.action("write").en == "Write {n}"
    assert library.event_fields(told.reader, trial.interface_digest, "Did", 1) == ("number",)
    assert library.event_fields(told.reader, trial.interface_digest, "Did", 2) == ["0", "1"]
    assert library.event_fields(told.reader, None, "Did", 1) == ["0"]


def test_every_version_that_was_in_force_is_handed_out_by_its_interface(told, library):
    first = library.sheet(told.reader, "trial").interface_digest
    renamed = SOURCE.replace("class Did(Event):\n    number", "class Did(Event):\n    figure")
    for source in (renamed.replace("ctx.emit(Did(number", "ctx.emit(Did(figure"), SOURCE):
        proposal = told.do("operator", "governance", "upload", "trial", source, 0).result
        told.do("supervisor", "governance", "approve", proposal)
    in_force = told.view("governance", "versions_of", "trial", None)
    [second] = {interface for _, (_, interface, _) in in_force} - {first}
    # Approved in the blocks 2 and 4. A third version has the first one's interface again, and the first is named.
    assert [(version, since) for version, (_, _, since) in in_force] == [(1, 0), (2, 3), (3, 5)]
    edition = library.edition(told.reader, first)
    assert (edition.name, edition.version, edition.since) == ("trial", 1, 0)
    cold = Library(told.suite, told.genesis, told.chain)
    edition = cold.edition(told.reader, second)
    assert (edition.name, edition.version, edition.since) == ("trial", 2, 3)
    assert Interface.decode(edition.interface).digest(told.suite) == second
    with pytest.raises(Refused) as unknown:
        cold.edition(told.reader, bytes(32))
    assert unknown.value.code == "RPC-004"


def test_events_are_named_by_the_version_of_their_height(told, library):
    renamed = (
        SOURCE.replace("number", "figure")
        .replace("Row(figure", "Row(number")
        .replace("Record):\n    figure", "Record):\n    number")
    )
    proposal = told.do("operator", "governance", "upload", "trial", renamed, 0).result
    told.do("supervisor", "governance", "approve", proposal)
    library.learn_versions(told.reader)
    names = [library.event_fields(told.reader, library.in_force("trial", height), "Did", 1) for height in (1, 2, 3, 9)]
    assert names == [("number",), ("number",), ("figure",), ("figure",)]
    assert library.in_force("nothing", 1) is None


def test_a_contract_that_comes_later_is_unknown_to_an_older_snapshot(told, library):
    before = Snapshot(told.reader)
    proposal = told.do("operator", "governance", "upload", "later", SOURCE.replace("TRI-", "LAT-"), 0).result
    told.do("supervisor", "governance", "approve", proposal)
    assert library.sheet(told.reader, "later").version == 1
    with pytest.raises(Refused):
        library.sheet(before, "later")


def test_the_door_asks_who_may_call_on_the_newest_snapshot(told, library):
    before = Snapshot(told.reader)
    library.check_caller(before, told.key("a"))
    with pytest.raises(Refused) as unknown:
        library.check_caller(before, told.key("ann"))
    assert (unknown.value.code, dict(unknown.value.numbers)) == ("AUTH-001", {"key": told.key("ann").hex()[:16]})
    told.do("a", "membership", "enrol", told.key("ann"), ("make",))
    assert told.last.callers_changed
    library.check_caller(Snapshot(told.reader), told.key("ann"))
    told.do("a", "trial", "write", 1)
    assert not told.last.callers_changed
    told.do("supervisor", "membership", "suspend", "a", bytes(32))
    assert told.last.callers_changed
    with pytest.raises(Refused) as suspended:
        library.check_caller(Snapshot(told.reader), told.key("ann"))
    assert suspended.value.code == "AUTH-002"


def test_views_may_ask_back_sixteen_deep_and_see_what_the_act_has_written_so_far():
    told = chain(**{name: (FIXTURES / f"{name}.py").read_text(encoding="utf-8") for name in ("halfway", "onlooker")})
    # The act, and then two views for each level: 1 + 2 × 7 are within the sixteen, 1 + 2 × 8 are not.
    receipt = told.do("a", "halfway", "write_and_ask", 7)
    assert (receipt.code, receipt.result) == (None, (1,))
    assert told.view("halfway", "held", 0) == (1, 2)
    receipt = told.do("a", "halfway", "write_and_ask", 8)
    assert (receipt.code, dict(receipt.numbers)) == ("EXE-004", {"limit": 16})
    # Asked from outside, without the act, a seventeenth view is one too many as well.
    assert told.view("halfway", "held", 7) == (1, 2)
    with pytest.raises(Refused) as deep:
        told.view("halfway", "held", 8)
    assert deep.value.code == "EXE-004"
