"""The contract and the story that docs/contracts.md shows are checked and told as they stand there."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from contracts.cli import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "contracts.md"


def blocks() -> list[tuple[str, str]]:
    """(language, text) of every fenced block, in order."""
    found: list[tuple[str, str]] = []
    language: str | None = None
    for line in PAGE.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.startswith("```"):
            if language is not None:
                found[-1] = (language, found[-1][1] + line)
        elif language is None:
            language = line[3:].strip()
            found.append((language, ""))
        else:
            language = None
    return found


def test_the_page_shows_a_contract_that_is_one_and_a_story_that_happens(tmp_path):
    [source] = [text for language, text in blocks() if language == "python"]
    [story] = [text for _, text in blocks() if text.startswith("firm ")]
    (tmp_path / "boxes.py").write_text(source, encoding="utf-8")
    (tmp_path / "boxes.story").write_text(story, encoding="utf-8")
    for command in (["check", str(tmp_path / "boxes.py")], ["test", str(tmp_path / "boxes.story")]):
        result = CliRunner().invoke(COMMANDS["contract"], command)
        assert result.exit_code == 0, result.output
    (tmp_path / "boxes.story").write_text(story.replace("700.00", "701.00", 1), encoding="utf-8")
    result = CliRunner().invoke(COMMANDS["contract"], ["test", str(tmp_path / "boxes.story")])
    assert result.exit_code == 1
