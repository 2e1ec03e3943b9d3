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
    assert "用法：" not in english
    assert [line for line in english.splitlines() if CHINESE.search(line)] == []
    chinese = run(*path, "--help", lang="zh").output
    assert "用法：" in chinese
    assert "选项：" in chinese
    assert [line for line in chinese.splitlines() if speaks_english(line)] == []


@pytest.mark.parametrize("path", [(), ("pending",), ("node",), ("devnet",), ("contract",)], ids=str)
def test_a_group_alone_shows_its_help_and_its_exit_codes(path):
    for lang, said in (("zh", ("用法：", "退出码：")), ("en", ("Usage:", "Exit codes:"))):
        alone = run(*path, lang=lang)
        assert (alone.exit_code, alone.stdout) == (2, "")
        assert [word for word in said if word not in alone.stderr] == []
        assert alone.stderr == run(*path, "--help", lang=lang).stdout
    answer = json.loads(run(*path, "--json", lang="zh").stdout)
    assert (answer["code"], answer["exit_code"]) == ("WAL-016", 2)


def test_every_option_says_what_it_is_for():
    root = command_line()
    for path in PATHS:
        command: click.Command = root
        for name in path:
            assert isinstance(command, click.Group)
            command = command.get_command(click.Context(root), name) or pytest.fail(name)
        silent = [entry.opts for entry in command.params if isinstance(entry, click.Option) and not entry.help]
        assert silent == [], path


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
    code = "DEV-014" if "--clients" in wrong else "WAL-016"
    assert (chinese.stderr[:7], english.stderr[:7]) == (code, code)
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
    assert listen(["--lang", "zh", "node", "status"]) == (["node", "status"], "zh")
    assert os.environ["LUGANG_LANG"] == "zh"
    assert listen(["inbox", "--lang=en"]) == (["inbox"], "en")
    assert os.environ["LUGANG_LANG"] == "en"
    assert listen(["call", "--", "--lang", "zh"]) == (["call", "--", "--lang", "zh"], None)


def test_a_language_that_is_none_is_refused_whoever_asks_for_it():
    for words in (("node", "status", "--lang", "fr"), ("--lang=fr", "inbox"), ("inbox", "--lang")):
        refused = run(*words, lang="zh")
        assert (refused.exit_code, refused.stderr[:8]) == (2, "WAL-016 ")
        assert "zh 或 en" in refused.stderr
    refused = run("inbox", lang="fr")
    assert (refused.exit_code, refused.stderr) == (2, "WAL-016 wrong usage: LUGANG_LANG is zh or en, not fr\n")
    assert run("--lang", "zh", "pending", "--help", lang="fr").exit_code == 0


def test_help_is_asked_for_in_both_usual_ways():
    for path in ((), ("call",), ("devnet", "up")):
        assert run(*path, "-h", lang="zh").stdout == run(*path, "--help", lang="zh").stdout


def test_what_belongs_to_the_last_name_may_stand_before_it(tmp_path):
    home = ("--home", str(tmp_path))
    expected = run("config", *home, "--json", "--lang", "zh", lang="en").stdout
    assert json.loads(expected)["code"] == "WAL-010"
    assert run("--json", "--lang", "zh", "config", *home, lang="en").stdout == expected
    expected = run("key", "list", "--json", *home, lang="en").stdout
    assert json.loads(expected)["ok"]
    for words in (("--json", "key", "list"), ("key", "--json", "list"), ("--lang=zh", "--json", "key", "list")):
        assert run(*words, *home, lang="en").stdout == expected


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
