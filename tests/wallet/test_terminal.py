"""What reaches the terminal and standard output: nothing that steers it, one JSON object, the documented exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from devnet.lugang import command_line
from ledger.errors import Refusal, Refused
from ledger.wording import INVISIBLE
from tests.wallet.engine_chain import EngineChain, home_of, serving
from wallet.home import Config, Home
from wallet.terminal import harmless, json_line

EVIL = "\x1b]0;owned\x07\x1b[2K\u202eevil\u2066\x9b1A\r"
RAW = re.compile("[" + "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in INVISIBLE) + "]")


def unsafe(text):
    return [character for character in RAW.findall(text) if character != "\n"]


def test_hidden_characters_are_written_out():
    assert harmless("a\x1b[2K\nb\u202e\ud800") == "a\\u{1b}[2K\nb\\u{202e}\\u{d800}"
    assert harmless("宏达（福建）🏦") == "宏达（福建）🏦"
    value = {"a": EVIL, "b": "宏达🏦", "c": "\U000e0041\ud800"}
    line = json_line(value)
    assert json.loads(line) == value
    assert unsafe(line) == []
    assert "宏达🏦" in line


class Hostile(EngineChain):
    """A chain whose genesis names its members with characters that steer terminals, and whose register takes them.

    The register of the catalogue refuses such names (MEM-015); a wallet must not rely on what a contract lets in.
    """

    @staticmethod
    def _genesis(suppliers, parameters):
        genesis = EngineChain._genesis(suppliers, parameters)
        members = tuple(replace(m, name_zh=EVIL + m.name_zh, name_en=EVIL + m.name_en) for m in genesis.members)
        rule = "look = look_of(name)"
        sources = dict(genesis.contracts)
        assert rule in sources["membership"]
        sources["membership"] = sources["membership"].replace(rule, "look = name")
        return replace(genesis, members=members, contracts=tuple(sources.items()))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_names_and_nodes_words_do_not_steer_the_terminal(run, lang):
    chain = Hostile(["alpha", "beta"])
    root = chain.issue("alpha", 1_000_000, chain.line(1_000_000_000))
    chain.pay("alpha", root, "beta", 1_000)

    with serving(chain, None, None) as nodes:
        home_of(run.home, chain, nodes, "alpha")
        words = ("call", "voucher", "offer", root.hex(), "beta", "1", "2022-07-05", "00" * 32, "--yes")
        for command in (
            ("holdings",),
            ("trace", root.hex()),
            ("inbox",),
            ("view", "voucher", "held_by", "alpha"),
            words,
        ):
            for flags in ((), ("--json",)):
                result = CliRunner().invoke(command_line(), [*command, *flags, "--lang", lang])
                assert unsafe(result.stdout + result.stderr) == [], command
    with serving(chain, None) as nodes:
        nodes[0].views = Evil()
        for flags in ((), ("--json",)):
            url = ["--node", nodes[0].url, "--lang", lang]
            result = CliRunner().invoke(command_line(), ["holdings", *flags, *url])
            assert unsafe(result.stdout + result.stderr) == []
            assert (result.exit_code, "VOU-999" in result.output) == (1, True)


class Evil(dict[tuple[str, str], Any]):
    """Every view refuses, in evil words."""

    def __missing__(self, name):
        def view(*_):
            raise Refused(Refusal("VOU-999", EVIL, EVIL), asked=EVIL)

        return view


@pytest.mark.parametrize(
    "words",
    [
        ("key", "bogus"), ("key", "new"), ("key",  "--nope"), ("inbox", "--nope"), ("call", "voucher"),
        ("pending", "approve"), ("evidence", "export"), ("call", "a", "b", "--seconds", "x"),
        ("view", "voucher", "gone", "--lang", "xx"), ("evidence", "verify", "/no/such/file"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_object_as_well(run, words):
    code = "WAL-014" if "/no/such/file" in words else "WAL-016"
    for line in (["--json", *words], [words[0], "--json", *words[1:]], [*words, "--json"]):
        result = CliRunner().invoke(command_line(), line)
        value = json.loads(result.stdout)
        assert (value["ok"], value["exit_code"], result.exit_code) == (False, 2, 2)
        assert (value["code"], "status" in value) == (code, False)
    for lang in ("zh", "en"):
        result = CliRunner().invoke(command_line(), ["--lang", lang, *words])
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"{code} ")


def test_a_refusal_is_said_on_standard_error(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "beta")
        words = ["voucher", "offer", stage.child.hex(), "gamma", "600000", "2022-07-05", "00" * 32, "--yes"]
        result = CliRunner().invoke(command_line(), ["call", *words, "--lang", "en"])
        assert (result.exit_code, "VOU-007" in result.stderr, "VOU-007" in result.stdout) == (1, True, False)
        result = CliRunner().invoke(command_line(), ["call", *words, "--json"])
        assert (result.exit_code, result.stderr) == (1, "")


def test_no_node_at_all_is_exit_code_3(stage, run):
    home_of(run.home, stage, (), "alpha")
    for command in ("status", "inbox", "holdings"):
        result = CliRunner().invoke(command_line(), [command, "--json", "--node", "http://127.0.0.1:1"])
        assert (result.exit_code, json.loads(result.stdout)["code"]) == (3, "WAL-020")


def test_ctrl_c_is_one_object_and_exit_code_130(stage, run):
    home = home_of(run.home, stage, (), "alpha")
    waits = threading.Event()

    def tell(path, answer):
        if path == "/receipts":
            waits.set()
        return answer

    with serving(stage, tell) as nodes:
        nodes[0].run = None
        home.save_config(Config(nodes=(nodes[0].url,), identity="alpha"))
        words = ["call", "voucher", "offer", stage.rest.hex(), "beta", "1", "2022-07-05", "00" * 32, "--yes", "--json"]
        process = subprocess.Popen(
            [sys.executable, "-m", "devnet.lugang", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ),
        )  # fmt: skip
        assert waits.wait(60)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    value = json.loads(stdout)
    assert (value["code"], value["exit_code"], process.returncode) == ("WAL-041", 130, 130)
    assert (len(value["transaction"]), stderr) == (64, "")


def test_no_answer_at_the_prompt_signs_nothing(stage, run):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "gamma")
        words = ["voucher", "accept", stage.offered.hex(), "--lang", "en"]
        result = CliRunner().invoke(command_line(), ["call", *words], input="")
        assert (result.exit_code, "WAL-040" in result.stderr) == (5, True)
        assert stage.tranche(stage.offered).owner == "alpha"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pin.cbor", b"\xff"), ("pin.cbor", b"\x82\x80\xf6"), ("config.json", b"[]"), ("config.json", b"{"),
        ("config.json", b'{"nodes": 5}'), ("config.json", b'{"nodes": [5], "identity": 7}'), ("seen.json", b"{"),
        ("config.json", b'{"language": []}'), ("seen.json", b'{"ids": 5, "lists": {"alpha": 5}}'),
        ("genesis.cbor", b""), ("genesis.cbor", b"\x80"), ("config.json", b"\xff\xfe"), ("config.json", b"[" * 100_000),
    ],
)  # fmt: skip
def test_a_damaged_folder_is_refused_in_words(stage, run, name, content):
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        (run.home / name).write_bytes(content)
        result = CliRunner().invoke(command_line(), ["inbox", "--json", "--node", nodes[0].url])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    value = json.loads(result.stdout)
    assert value["ok"] or value["code"] in ("WAL-014", "WAL-003", "WAL-007", "BYT-001", "BYT-003")


def test_a_swapped_genesis_is_refused(stage, run):
    """The pin belongs to the chain as well: its certificates prove nothing on another one."""
    with serving(stage, None, None) as nodes:
        home_of(run.home, stage, nodes, "alpha")
        run("inbox")
        other = EngineChain(["alpha", "beta", "xray"])
        (run.home / "genesis.cbor").write_bytes(other.genesis.encode())
        answer = run("inbox", "--json", exit_code=2)
    assert (answer["code"], "pin.cbor" in answer["numbers"]["file"]) == ("WAL-014", True)
    assert Home(run.home).pin() is not None


EMPTY_FILE = b"\x88\x6flugang-evidence\x01\x58\x20" + bytes(32)
ITEM = b"\x84\x00\x00\x00\x00"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81" * 1_000_000, "WAL-025"),
        (b"\x9a\x7f\xff\xff\xff\x00", "BYT-004"),
        (b"\x5b\x00\x00\x01\x00\x00\x00\x00\x00", "WAL-025"),
        (
            EMPTY_FILE + b"\x80\x00\x80\x9a\x00\x0f\x42\x40" + ITEM * 10**6 + b"\x80",
            "BYT-004",
        ),
        (b"", "WAL-025"),
        (b"%PDF-1.7 not evidence at all", "WAL-025"),
        (b"\xa1\x00\x00", "WAL-025"),
        (EMPTY_FILE + b"\x80\x9a\x00\x3d\x09\x00" + bytes(4 * 10**6), "BYT-004"),
    ],
    ids=["depth", "claimed items", "claimed bytes", "a million items", "empty", "another file", "a map", "tiny"],
)  # fmt: skip
def test_an_evidence_file_that_is_made_to_harm_is_refused(stage, run, tmp_path, data, code):
    home_of(run.home, stage, (), "alpha")
    file = tmp_path / "evil.lgev"
    file.write_bytes(data)
    assert run("evidence", "verify", str(file), "--json", exit_code=1)["code"] == code


def test_an_evidence_file_beyond_the_limit_is_not_read_whole(stage, run, tmp_path, monkeypatch):
    monkeypatch.setattr("wallet.commands.proofs.EVIDENCE_BYTES_MAX", 1_000)
    home_of(run.home, stage, (), "alpha")
    file = tmp_path / "large.lgev"
    with file.open("wb") as opened:
        opened.truncate(10**12)
    assert run("evidence", "verify", str(file), "--json", exit_code=1)["ok"] is False
