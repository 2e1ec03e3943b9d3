"""Every check against the real files, less the listed exceptions; and the project's own tables against each other."""

import functools
import importlib
import re
import tomllib

import click
import pytest

from devnet.lugang import PARTS
from tests.architecture.checks import CHECKS
from tests.architecture.exceptions import EXCEPTIONS
from tests.architecture.source import ROOT, Finding, Tree, read_tree
from tests.architecture.tidy import normalised


def key(finding: Finding) -> tuple[str, str, str]:
    return (finding.path, finding.rule, finding.detail)


@functools.cache
def project() -> Tree:
    """The files are read and parsed once for all checks."""
    return read_tree()


@functools.cache
def findings_of(name: str) -> tuple[Finding, ...]:
    return tuple(CHECKS[name](project()))


@pytest.mark.parametrize("name", CHECKS)
def test_the_project_keeps_the_rule(name):
    findings = [str(finding) for finding in findings_of(name) if key(finding) not in EXCEPTIONS]
    assert not findings, "\n" + "\n".join(findings)


@pytest.mark.parametrize("name", CHECKS)
def test_a_tree_without_files_keeps_the_rule(name):
    assert list(CHECKS[name](Tree({}))) == []


def test_no_exception_outlives_its_need():
    needed = {key(finding) for name in CHECKS for finding in findings_of(name)}
    assert set(EXCEPTIONS) - needed == set()


def test_every_exception_has_a_reason():
    assert [entry for entry, reason in EXCEPTIONS.items() if len(reason.split()) < 4] == []


def test_every_row_of_the_command_table_is_there():
    for name, part in PARTS.items():
        assert isinstance(importlib.import_module(part.module).COMMANDS[name], click.Command), name


def locked(file: str) -> dict[str, str]:
    text = (ROOT / file).read_text(encoding="utf-8")
    return {normalised(name): version for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE)}


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-build.lock"])
def test_the_lock_names_versions_and_hashes_and_no_address(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-zA-Z])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    assert len(entries) == len(locked(file))
    for entry in entries:
        assert re.match(r"[\w.-]+==[\w.]+( ;[^\\]+)? \\\n", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash)", text, re.MULTILINE)


def test_the_lock_has_every_direct_dependency_at_its_pin():
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = content["dependency-groups"]
    wanted = [*content["project"]["dependencies"], *groups["test"], *groups["lint"], *groups["build"]]
    versions = locked("requirements.lock") | locked("requirements-build.lock")
    for requirement in wanted:
        name, _, version = re.sub(r"\[.*?\]", "", requirement).partition("==")
        assert normalised(name) in versions
        assert not version or versions[normalised(name)] == version


def test_the_builder_is_the_one_in_the_lock():
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert content["build-system"]["requires"] == [f"setuptools=={locked('requirements-build.lock')['setuptools']}"]
