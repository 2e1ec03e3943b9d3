"""Pages that lead through the code name files and definitions that are there, and code names pages that are there."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import ROOT, read_tree

PAGES = ("docs/walk.md", "docs/ordering.md")
PLACE = re.compile(r"`([a-z_/0-9]+\.py)(?::([\w.]+))?`")


def places(page: str) -> list[tuple[str, str]]:
    return PLACE.findall((ROOT / page).read_text(encoding="utf-8"))


def definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name
        if isinstance(node, ast.ClassDef):
            yield from definitions(node.body, f"{prefix}{node.name}.")


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_there(page):
    found = places(page)
    assert len(found) > 15
    for path, name in found:
        defined = set(definitions(ast.parse((ROOT / path).read_text(encoding="utf-8")).body))
        assert not name or name in defined, f"{page}: {path}:{name}"


def test_the_rules_that_the_code_cites_are_on_the_page():
    page = (ROOT / "docs/ordering.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| ([RH]\d+) \|", page, re.MULTILINE))
    assert listed == {f"R{n}" for n in range(1, 13)} | {f"H{n}" for n in range(1, 9)}
    cited = {
        rule
        for path, text in read_tree().texts.items()
        if path.startswith(("consensus/", "node/"))
        for rule in re.findall(r"\b[RH]\d{1,2}\b", text)
    }
    assert cited - listed == set()


def test_every_page_that_is_named_is_there():
    named = {
        page
        for path, text in read_tree().texts.items()
        if not path.startswith("tests/architecture/")
        for page in re.findall(r"\bdocs/[a-z/\d-]+\.md\b", text)
    }
    assert [page for page in sorted(named) if not (ROOT / page).is_file()] == []
