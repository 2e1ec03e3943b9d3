"""What the READMEs and the pages for people tell to type exists: every `lugang …` line is taken apart by the real
commands. Nothing is run."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from devnet.lugang import command_line

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "README.zh-CN.md", "docs/operators.md", "docs/wallet.md")
PLACES = {"FOLDER": "docs", "SPEC.toml": "pyproject.toml"}
"""Stand-ins for files, where an option wants one that exists."""


def typed(page: str) -> Iterator[str]:
    """The command lines of a page's code blocks, without what is in brackets or after a comment's mark."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in re.findall(r"^```\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line.startswith("lugang ") and "…" not in line:
                yield line


LINES = [(page, line) for page in PAGES for line in typed(page)]


def test_there_is_something_to_look_at():
    assert len([line for page, line in LINES if page == "README.md"]) >= 20
    tours = [[shlex.split(line, comments=True)[:3] for page, line in LINES if page == name] for name in PAGES[:2]]
    assert tours[0] == tours[1], "both languages type the same tour"


@pytest.mark.parametrize(("page", "line"), LINES)
def test_a_line_can_be_typed(page, line, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    words = [PLACES.get(word, word) for word in shlex.split(line, comments=True)[1:]]
    command: click.Command = command_line()
    context = click.Context(command, info_name="lugang")
    while isinstance(command, click.Group) and words:
        name = words.pop(0)
        found = command.get_command(context, name)
        assert found is not None, f"{page}: no command {name}"
        command, context = found, click.Context(found, info_name=name, parent=context)
    command.parse_args(click.Context(command, info_name=command.name), words)


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_every_target_that_is_named_exists(page):
    targets = set(re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)[0].split())
    named = set(re.findall(r"\bmake ([a-z]+)\b(?! git)", (ROOT / page).read_text(encoding="utf-8")))
    assert named - {"git"} <= targets
