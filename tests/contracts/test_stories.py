"""Every story of the catalogue is what really happens, and the command says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts.cli import COMMANDS
from contracts.notation import Names, Notation, StoryError, words_of
from contracts.rehearsal import SYSTEM
from contracts.story import Story, compare, rewritten
from ledger.interface import Interface, Type
from tests.contracts.support import CATALOGUE, FIXTURES

STORIES = [*sorted(CATALOGUE.glob("*.story")), FIXTURES / "voucher.story"]


def read_story(path: Path) -> Story:
    texts = [file.read_text(encoding="utf-8") for file in (path, path.with_suffix(".py"))]
    return Story(path.stem, *texts)


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story_is_what_happens(path: Path) -> None:
    story = read_story(path)
    differences = [(block.line, block.command, happens) for block, happens in compare(story)]
    assert differences == []


def test_the_systems_contracts_have_stories():
    assert set(SYSTEM) <= {path.stem for path in STORIES}


def test_a_rewritten_story_is_the_same_story():
    path = FIXTURES / "voucher.story"
    assert rewritten(read_story(path)) == path.read_text(encoding="utf-8")


def altered(tmp_path: Path, before: str, after: str) -> Path:
    text = (FIXTURES / "voucher.story").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "voucher.py").write_text((FIXTURES / "voucher.py").read_text(encoding="utf-8"), encoding="utf-8")
    path = tmp_path / "voucher.story"
    path.write_text(text.replace(before, after), encoding="utf-8")
    return path


def test_a_wrong_figure_is_named(tmp_path: Path) -> None:
    path = altered(
        tmp_path, "tranches t2: root=r1 owner=a face=1,000,000.00", "tranches t2: root=r1 owner=a face=999,999.99"
    )
    result = CliRunner().invoke(COMMANDS["contract"], ["test", str(path)])
    assert result.exit_code == 1
    assert "999,999.99" in result.output
    assert CliRunner().invoke(COMMANDS["contract"], ["test", "--rewrite", str(path)]).exit_code == 0
    assert CliRunner().invoke(COMMANDS["contract"], ["test", str(path)]).exit_code == 0


def test_a_command_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    path = altered(tmp_path, "face=1,000,000.00 until=2022-07-05\n----", "fase=1,000,000.00 until=2022-07-05\n----")
    result = CliRunner().invoke(COMMANDS["contract"], ["test", str(path)])
    assert result.exit_code == 1
    assert "line 5" in result.output


def test_check_says_what_the_chain_would_say(tmp_path: Path) -> None:
    good = CliRunner().invoke(COMMANDS["contract"], ["check", str(FIXTURES / "voucher.py")])
    assert good.exit_code == 0
    assert "action offer(tranche: id, payee: organisation, face: fen, until: day)" in good.output
    bad = tmp_path / "bad.py"
    bad.write_text("import os\n", encoding="utf-8")
    result = CliRunner().invoke(COMMANDS["contract"], ["check", str(bad)])
    assert result.exit_code == 1
    assert "CHK-005" in result.output
    assert "1" in result.output


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Type("fen"), "1,234.56", 123_456),
        (Type("fen"), "-0.01", -1),
        (Type("day"), "1970-01-02", 1),
        (Type("boolean"), "yes", True),
        (Type("integer", True), "-", None),
        (Type("array", items=(Type("fen"),)), "[1,000.00, 2.00]", (100_000, 200)),
        (
            Type("array", items=(Type("row", items=(Type("text"), Type("fen"))),)),
            "[(a, 1.00), (b, 2.00)]",
            (("a", 100), ("b", 200)),
        ),
        (Type("text"), '"two words"', "two words"),
    ],
)
def test_values_are_written_as_they_are_read(kind, text, value):
    notation, nothing = Notation(Names(lambda _: b"")), Interface("", "", "", (), (), (), (), (), (), (), ())
    assert words_of(f"x {text} y") == ["x", text, "y"]
    assert notation.read(kind, text, nothing) == value
    assert notation.write(kind, value, nothing) == text


def test_wrong_values_are_refused():
    notation, nothing = Notation(Names(lambda _: b"")), Interface("", "", "", (), (), (), (), (), (), (), ())
    for kind, text in (
        (Type("fen"), "1.234"),
        (Type("day"), "2022-02-30"),
        (Type("array", items=(Type("fen"),)), "1.00"),
    ):
        with pytest.raises(StoryError):
            notation.read(kind, text, nothing)
