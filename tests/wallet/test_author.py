"""The way of a contract's author and of those who vote: upload, read, approve, upgrade, freeze, with the wallet."""

import pytest

from contracts.rehearsal import catalogue_source
from ledger.errors import Refused
from tests.wallet.engine_chain import EngineChain, home_of, serving
from wallet.forms import Reading, read_value

TINY = '''"""zh: 便签 | en: Notes"""

from contracts.sdk import Contract, Map, Record, Text, action, view


class Note(Record):
    text: Text


class Notes(Contract):
    notes = Map(Text, Note)

    @action(anyone=True)
    def write(self, ctx, name: Text, text: Text) -> None:
        """zh: 将 {name} 记为 {text} | en: Note {text} as {name}"""
        self.notes[name] = Note(text=text)

    @view
    def read(self, ctx, name: Text) -> Text:
        """zh: 便签 | en: A note"""
        return self.notes[name].text
'''


@pytest.fixture
def way(run, tmp_path):
    """Types commands as operator or supervisor of a chain of the whole catalogue."""
    stage = EngineChain(["alpha"])
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "operator", "supervisor", "alpha")
        file = tmp_path / "notes.py"
        file.write_text(TINY, encoding="utf-8")
        yield stage, run, file


def upload(run, file, **options):
    words = ("name=notes", f"source=@{file}", "height=0", "--yes", "--json", "--key", "operator")
    return run("call", "governance", "upload", *words, **options)


def approve(run):
    run("inbox", "--key", "supervisor")
    return run("call", "governance", "approve", "#1", "--yes", "--json", "--key", "supervisor")


def test_from_a_file_to_a_call_and_on_to_an_upgrade_and_a_freeze(way, tmp_path):
    stage, run, file = way
    made = upload(run, file)
    digest = stage.suite.hasher("source")(file.read_bytes()).hex()
    assert made["effects"][0]["en"] == f"a new contract notes, as soon as it is approved, source {digest}"
    # Who votes finds it among what awaits him, and reads exactly what was uploaded; who uploaded does not vote.
    [item] = run("inbox", "--json", "--key", "supervisor")["items"]
    assert (item["name"], item["actions"]) == ("notes", ["approve"])
    assert run("inbox", "--json", "--key", "operator")["items"] == []
    read = run("source", "--proposal", made["result"], "--output", str(tmp_path / "read.py"), "--json")
    assert (read["digest"], (tmp_path / "read.py").read_bytes()) == (digest, file.read_bytes())
    approve(run)
    run("call", "notes", "write", "a", "first", "--yes", "--key", "alpha")

    file.write_text(TINY.replace("Note {text} as", "Write {text} as"), encoding="utf-8")
    upload(run, file)
    approve(run)
    told = run("describe", "notes", "--json")
    assert (told["version"], told["status"]) == (2, "active")
    assert "Write {text}" in run("describe", "notes")
    assert "Note {text} as" in run("source", "notes", "--version", "1")
    assert run("source", "notes", "--version", "3", "--json", exit_code=2)["code"] == "WAL-011"
    assert run("source", "nothing", "--json", exit_code=1)["code"] == "TX-007"

    words = ("notes", "frozen", "--yes", "--json", "--key", "operator")
    run("call", "governance", "propose_status", *words)
    approve(run)
    refused = run("call", "notes", "write", "a", "second", "--yes", "--json", "--key", "alpha", exit_code=1)
    assert refused["code"] == "TX-011"
    assert "frozen" in run("describe", "notes")
    assert '"first"' in run("view", "notes", "read", "a")


def test_a_source_that_is_none_is_refused_in_words(way):
    _, run, file = way
    file.write_text(TINY.replace("Note(text=text)", "open(name)"), encoding="utf-8")
    refused = upload(run, file, exit_code=1)
    assert (refused["code"], refused["en"]) == ("CHK-007", "line 16: the name open is not known here")


def test_what_came_after_the_genesis_awaits_people_too(way):
    """Its views that list what awaits an organisation are asked like those of the first hour."""
    _, run, file = way
    source = TINY.replace("text: Text\n\n\n", "text: Text\n    owner: Org\n\n\n").replace(
        "import Contract, Map,", "import Contract, Map, Org,"
    )
    source = source.replace("Note(text=text)", "Note(text=text, owner=ctx.organisation)")
    source += (
        "\n    @view\n    def to_read(self, ctx, owner: Org) -> tuple[tuple[Text, Note], ...]:\n"
        '        """zh: 待阅 | en: To read"""\n        return self.notes.rows(limit=256)\n'
    )  # fmt: skip
    file.write_text(source, encoding="utf-8")
    upload(run, file)
    approve(run)
    run("call", "notes", "write", "a", "first", "--yes", "--key", "alpha")
    assert [item["kind"] for item in run("inbox", "--json", "--key", "alpha")["items"]] == ["To read"]


BAD_LISTS = """
    closed = Refusal("NOT-001", zh="不列", en="nothing is listed")

    @view
    def to_read(self, ctx, owner: Org) -> tuple[tuple[Text, Note], ...]:
        \"""zh: 待阅 | en: To read\"""
        return self.notes.rows(limit=256)

    @view
    def to_spin(self, ctx, owner: Org, after: Text | None = None) -> tuple[tuple[Text, Note], ...]:
        \"""zh: 无尽 | en: Endless\"""
        return self.notes.rows(limit=256)

    @view
    def to_refuse(self, ctx, owner: Org) -> tuple[tuple[Text, Note], ...]:
        \"""zh: 拒绝 | en: Refused\"""
        ctx.require(False, self.closed)
        return self.notes.rows(limit=256)

    @view
    def to_misname(self, ctx, owner: Org) -> tuple[tuple[int, Note], ...]:
        \"""zh: 错键 | en: Misnamed\"""
        return tuple((1, row) for key, row in self.notes.rows(limit=256))
"""


def test_a_contract_that_lists_badly_hides_only_its_own_lists(way):
    """None of its views may keep anybody from the rest of the inbox, and what is missing is named."""
    _, run, file = way
    source = TINY.replace("import Contract, Map, Record,", "import Contract, Map, Org, Record, Refusal,") + BAD_LISTS
    file.write_text(source, encoding="utf-8")
    upload(run, file)
    approve(run)
    run("call", "notes", "write", "a", "first", "--yes", "--key", "alpha")
    seen = run("inbox", "--json", "--key", "alpha")
    assert [item["kind"] for item in seen["items"]] == ["To read"]
    found = [(entry["view"], entry["code"]) for entry in seen["unread"]]
    assert found == [("to_spin", "WAL-039"), ("to_refuse", "NOT-001"), ("to_misname", "TX-010")]
    assert not seen["complete"]
    told = run("inbox", "--key", "alpha")
    assert "mind: notes.to_spin could not be listed, more may await: WAL-039 notes.to_spin has more than 100" in told
    assert "To read" in told


def test_only_a_text_that_nobody_types_is_read_from_a_file(tmp_path):
    governance = EngineChain(["alpha"]).interface("governance")
    name, source, _ = governance.action("upload").arguments
    reading = Reading(governance, "intl", ())
    assert read_value(reading, name.type, "@here", "name") == "@here"
    file = tmp_path / "text"
    file.write_bytes("一\r\n二\n".encode())
    assert read_value(reading, source.type, f"@{file}", "source") == "一\r\n二\n"
    file.write_bytes(b"\xff")
    for text, code in ((f"@{file}", "WAL-028"), (f"@{file}.none", "WAL-014")):
        with pytest.raises(Refused) as caught:
            read_value(reading, source.type, text, "source")
        assert caught.value.code == code
    assert catalogue_source("governance").startswith('"""zh: ')
