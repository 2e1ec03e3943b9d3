"""What a person types and is told when it cannot be done; nothing here starts a node."""

import json
import os
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from devnet.cli import devnet
from devnet.network import verify_ports
from devnet.plan import LOOPBACK, command_for, is_free, make_plan
from devnet.prepare import prepare
from ledger.errors import Refused

NAMES = "operator, supervisor, collector, subject, user"
EPHEMERAL = range(32_768, 61_000)
"""From these Linux takes the ports of outgoing connections."""


def run(*arguments: object, language: str = "en") -> Result:
    return CliRunner().invoke(devnet, [str(word) for word in arguments], env={"LUGANG_LANG": language})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A devnet of five that was made and never started, and then finished by hand."""
    plan = make_plan(tmp_path_factory.mktemp("devnet") / "here", 5, "intl")
    prepare(plan, limits={}, timeouts_ms={})
    (plan.folder / "unfinished").unlink()
    return plan


@pytest.mark.parametrize(
    "command", [("down",), ("status",), ("start",), ("logs", "user"), ("bank", "book"), ("bank", "order", "pay")]
)
def test_where_there_is_no_devnet_the_way_to_one_is_said(tmp_path, command):
    folder = tmp_path / "none"
    result = run(*command, "--dir", folder)
    assert result.exit_code == 3
    assert result.output == f"DEV-001 there is no devnet in {folder}. First run: lugang devnet up --dir {folder}\n"
    assert "请先运行：lugang devnet up" in run(*command, "--dir", folder, language="zh").output
    told = json.loads(run(*command, "--dir", folder, "--json").output)
    assert (told["ok"], told["code"], told["exit_code"]) == (False, "DEV-001", 3)


@pytest.mark.parametrize("command", ["kill", "stop", "start", "logs"])
def test_a_wrong_name_is_wrong_usage_and_the_names_are_said(made, command):
    result = run(command, "nosuch", "--dir", made.folder)
    assert result.exit_code == 2
    assert NAMES in result.output


@pytest.mark.parametrize("nodes", [3, 17])
def test_a_wrong_number_of_nodes_makes_nothing(tmp_path, nodes):
    result = run("up", "--nodes", nodes, "--dir", tmp_path / "new")
    assert result.exit_code == 2
    assert f"{nodes} nodes; 4 to 16 are possible" in result.output
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("option", "wanted", "found"), [("--nodes", 7, "5"), ("--suite", "gm", "intl")])
def test_up_does_not_pass_over_options_that_the_chain_is_not_made_with(made, option, wanted, found):
    result = run("up", option, wanted, "--dir", made.folder)
    assert result.exit_code == 2
    assert all(word in result.output for word in (option, str(wanted), found, "--fresh"))


def test_a_folder_that_is_no_devnet_is_left_alone(tmp_path):
    (tmp_path / "letters.txt").write_text("mine")
    assert run("up", "--dir", tmp_path).exit_code == 3
    assert run("up", "--fresh", "--dir", tmp_path).exit_code == 3
    assert run("demo", "--dir", tmp_path).exit_code == 3
    assert (tmp_path / "letters.txt").read_text() == "mine"


def test_a_demo_does_not_remove_somebodys_tour(made):
    result = run("demo", "--dir", made.folder)
    assert result.exit_code == 3
    assert "DEV-010" in result.output
    assert (made.folder / "devnet.json").exists()


@pytest.mark.parametrize("number", ["0", "-1", "99999", "abc"])
def test_alter_is_judged_before_anything_is_played(tmp_path, number):
    result = run("demo", "--alter", number, "--dir", tmp_path / "demo")
    assert result.exit_code == 2
    assert number in result.output
    assert "1 to 1000" in result.output
    assert not (tmp_path / "demo").exists()


def test_a_stopped_chain_says_how_to_go_on(made):
    shown = run("status", "--dir", made.folder).output
    assert f"the way back: lugang devnet up --dir {made.folder}" in shown
    told = json.loads(run("status", "--json", "--dir", made.folder).output)
    assert (told["can_finish"], told["quorum"], told["voting"]) == (False, 4, 0)
    assert [node["running"] for node in told["nodes"]] == [False] * 5


@pytest.mark.parametrize("command", ["down", "kill", "stop"])
def test_every_command_answers_programs_with_one_object(made, command):
    told = json.loads(run(command, "--json", "--dir", made.folder).output)
    assert told["ok"] is True
    assert set(told["processes"].values()) == {"not running"}


def test_hints_mean_the_same_devnet_from_where_one_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command_for(tmp_path / "devnet-data", "status") == "lugang devnet status"
    assert command_for(tmp_path / "x", "start user") == "lugang devnet start user --dir x"
    (tmp_path / "y").mkdir()
    monkeypatch.chdir(tmp_path / "y")
    assert command_for(tmp_path / "devnet-data", "up") == f"lugang devnet up --dir {tmp_path}/devnet-data"
    assert command_for(tmp_path / "a b", "up") == f"lugang devnet up --dir '{tmp_path}/a b'"


def test_ports_are_free_and_not_of_those_that_the_system_gives_away(made):
    ports = [port for node in made.nodes for port in (node.link_port, node.api_port, node.watch_port)]
    assert len(set(ports)) == 15
    assert not [port for port in ports if port in EPHEMERAL]


def test_a_taken_port_is_named_with_whoever_has_it(made):
    node = made.node("subject")
    with socket.socket() as listener:
        listener.bind((LOOPBACK, node.api_port))
        listener.listen()
        assert not is_free(node.api_port)
        with pytest.raises(Refused) as caught:
            verify_ports(made, node)
        result = run("up", "--dir", made.folder)
    said = caught.value.text("en")
    wanted = (f"port {node.api_port}", "api of subject", f"process {os.getpid()}", "--fresh")
    assert all(word in said for word in wanted)
    assert result.exit_code == 3
    assert not (made.node_home("operator") / "node.log").exists(), "no node was started"


def test_bank_order_names_a_wrong_amount(made):
    result = run("bank", "order", "short", "--amount", "1,23", "--dir", made.folder)
    assert result.exit_code == 2
    assert "1,23" in result.output


def test_asking_a_devnet_loads_neither_simulator_nor_benchmark():
    heavy = ("devnet.sim", "devnet.bench", "plotext")
    program = f"import sys, devnet.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
