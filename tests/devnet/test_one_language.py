"""Every command speaks one language at a time: the one that was asked for, in help, in wrong usage, in faults."""

from __future__ import annotations

import json
import os
import re

import click
import pytest
from click.testing import CliRunner

from devnet.lugang import PARTS, command_line
from devnet.tongue import listen
from ledger.language import half_of, language_in

CHINESE = re.compile("[一-鿿]")
ENGLISH_WORDS = re.compile(r"(?<![-\w/.<{\[|])[a-z]{3,} [a-z]{2,} [a-z]{2,}")
"""Three words in a row: no option, no choice, no example of a value; commands to type are taken out before."""
TYPED = re.compile(r"lugang( [a-z]+)+|\[default: [^]]*\]")


def speaks_english(text: str) -> bool:
    return ENGLISH_WORDS.search(TYPED.sub("", text)) is not None


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in ("LUGANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("COLUMNS", "200")


def run(*words: str, lang: str, **options):
    return CliRunner().invoke(command_line(), list(words), env={"LUGANG_LANG": lang}, **options)


def paths() -> list[tuple[str, ...]]:
    root, found = command_line(), []
    context = click.Context(root)

    def walk(command: click.Command, path: tuple[str, ...]) -> None:
        found.append(path)
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                walk(inner, (*path, name))

    walk(root, ())
    return found


PATHS = paths()


@pytest.mark.parametrize("path", PATHS, ids=[" ".join(path) or "lugang" for path in PATHS])
def test_help_is_in_the_language_asked_for(path):
    english = run(*path, "--help", lang="en").output
    assert "Usage:" in english
    assert [line for line in english.splitlines() if CHINESE.search(line)] == []
    chinese = run(*path, "--help", lang="zh").output
    clicks_own = ("Show this message", "Show the version")
    said = [line for line in chinese.splitlines() if not any(own in line for own in clicks_own)]
    assert CHINESE.search(chinese)
    assert [line for line in said if speaks_english(line)] == []


WRONG = [
    ((), ("no-such-command",)),
    (("node",), ("no-such",)),
    (("devnet",), ("no-such",)),
    (("evidence",), ("no-such",)),
    (("inbox",), ("--no-such",)),
    (("node", "status"), ("--no-such",)),
    (("node", "init"), ()),
    (("node", "init"), ("--organisation", "x", "--keys", "odd")),
    (("genesis", "show"), ("no-such-file",)),
    (("devnet", "bench"), ("--rate", "1")),
    (("devnet", "bench"), ("--rate", "9", "--clients", "9")),
    (("devnet", "up"), ("--suite", "rot13")),
    (("devnet", "logs"), ()),
    (("call",), ()),
    (("audit",), ("surplus",)),
    (("contract", "check"), ()),
    (("contract", "check"), ("no-such-file",)),
]


@pytest.mark.parametrize(("path", "wrong"), WRONG, ids=[" ".join((*path, *wrong)) for path, wrong in WRONG])
def test_wrong_usage_is_said_in_one_language_and_as_an_object_in_both(path, wrong):
    chinese, english = run(*path, *wrong, lang="zh"), run(*path, *wrong, lang="en")
    assert (chinese.exit_code, english.exit_code) == (2, 2)
    assert CHINESE.search(chinese.stderr)
    assert not speaks_english(chinese.stderr), chinese.stderr
    assert not CHINESE.search(english.stderr), english.stderr
    answer = json.loads(run(*path, *wrong, "--json", lang="zh").stdout)
    assert (answer["ok"], answer["exit_code"]) == (False, 2)
    assert CHINESE.search(answer["zh"])
    assert not speaks_english(answer["zh"]), answer["zh"]
    assert not CHINESE.search(answer["en"]), answer["en"]


def test_a_nodes_faults_are_said_in_one_language_and_as_an_object_in_both(tmp_path):
    for words in (("node", "rebuild", "--yes", "--home"), ("node", "run", "--home")):
        chinese, english = run(*words, str(tmp_path), lang="zh"), run(*words, str(tmp_path), lang="en")
        assert (chinese.exit_code, english.exit_code) == (3, 3)
        assert "文件或目录不存在" in chinese.stderr
        assert not CHINESE.search(english.stderr)
    answer = json.loads(run("node", "rebuild", "--yes", "--home", str(tmp_path), "--json", lang="zh").stdout)
    assert (answer["ok"], answer["exit_code"]) == (False, 3)
    assert "不存在" in answer["zh"]
    assert answer["error"] == answer["en"]
    assert not CHINESE.search(answer["en"])


def test_a_doctors_findings_are_in_the_language_asked_for(tmp_path):
    (tmp_path / "node.toml").write_text('listen = ["/ip4/127.0.0.1/tcp/0"]\napi = "0.0.0.0:1"\n')
    chinese = run("node", "doctor", "--home", str(tmp_path), lang="zh").stdout
    assert not speaks_english(chinese), chinese
    assert not CHINESE.search(run("node", "doctor", "--home", str(tmp_path), lang="en").stdout)


def test_a_contract_is_checked_in_one_language(tmp_path):
    good = tmp_path / "purse.py"
    good.write_text("import os\n")
    chinese = run("contract", "check", str(good), lang="zh")
    english = run("contract", "check", str(good), lang="en")
    assert (chinese.exit_code, english.exit_code) == (1, 1)
    assert "第 1 行" in chinese.stderr
    assert "line 1" in english.stderr
    assert not CHINESE.search(english.stderr)


def test_the_language_is_asked_for_anywhere(monkeypatch):
    assert listen(["--lang", "zh", "node", "status"], own=False) == ["node", "status"]
    assert os.environ["LUGANG_LANG"] == "zh"
    assert listen(["inbox", "--lang=en"], own=True) == ["inbox", "--lang=en"]
    assert os.environ["LUGANG_LANG"] == "en"
    assert listen(["call", "--", "--lang", "zh"], own=False) == ["call", "--", "--lang", "zh"]
    assert listen(["node", "--lang", "fr"], own=False) == ["node", "--lang", "fr"]
    assert os.environ["LUGANG_LANG"] == "en"


def test_the_language_follows_the_variable_then_the_locale():
    assert language_in({"LUGANG_LANG": "zh", "LANG": "en_GB.UTF-8"}) == "zh"
    assert language_in({"LUGANG_LANG": "fr", "LANG": "zh_CN.UTF-8"}) == "zh"
    assert language_in({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}) == "en"
    assert language_in({}) == "en"
    assert (half_of("名称 · name", "zh"), half_of("名称 · name", "en")) == ("名称", "name")
    assert half_of("一。\n\nOne.\n\nTwo.", "en") == "One.\n\nTwo."
    assert half_of("a · b", "zh") == "a · b"


def test_every_part_has_a_line_in_each_language():
    for name, part in PARTS.items():
        assert CHINESE.search(part.help_zh), name
        assert not CHINESE.search(part.help_en), name
