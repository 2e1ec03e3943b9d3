"""init, genesis and doctor on real folders; what is broken on purpose is named, with a cure."""

import json
import os
import socket
import stat
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import plyvel
import pytest
import tomli_w
from click.testing import CliRunner, Result

from ledger.crypto import INTERNATIONAL
from ledger.genesis import Genesis
from node.cli import COMMANDS
from node.config import ConfigError, load_config, load_genesis
from node.guard import GuardFile
from node.keys import read_secret
from tests.ledger.toy_chain import toy_genesis

PASSPHRASE = "correct horse battery"
NAMES = ("operator", "supervisor", "collector", "subject")


def lugang(*arguments: str, env: dict[str, str] | None = None, stdin: str | None = None) -> Result:
    group, *rest = arguments
    clean = {"LUGANG_PASSPHRASE": None, "LUGANG_PASSPHRASE_FILE": None, "LUGANG_LANG": "en"}
    return CliRunner().invoke(COMMANDS[group], rest, env={**clean, **(env or {})}, input=stdin)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def init(home: Path, name: str, *more: str) -> dict[str, Any]:
    """Make a node's folder; the validator's table that the command prints."""
    ports = [free_port() for _ in range(3)]
    listen = ("--listen", f"/ip4/127.0.0.1/tcp/{ports[0]}")
    where = ("--api", f"127.0.0.1:{ports[1]}", "--metrics", f"127.0.0.1:{ports[2]}")
    result = lugang(
        "node", "init", "--home", str(home), "--organisation", name, "--keys", "plain", *listen, *where, *more
    )
    assert result.exit_code == 0, result.output
    (table,) = tomllib.loads(result.output)["validators"]
    return dict(table)


def specification(validators: list[dict[str, Any]]) -> dict[str, Any]:
    members = [
        {
            "organisation": name,
            "name_zh": f"成员{name}",
            "name_en": name,
            "credit_code": f"9100000000000000{i:02d}",
            "roles": [name],
            "administrator": INTERNATIONAL.public_key(bytes([50 + i]) * 32).hex(),
        }
        for i, name in enumerate(NAMES)
    ]
    return {
        "name": "测试链",
        "time": "2026-01-01T00:00:00Z",
        "bucket_bits": 8,
        "contracts": ["membership", "governance", "calendar", "approval"],
        "members": members,
        "validators": validators,
    }


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Four folders and their genesis, made with the commands alone."""
    folder = tmp_path_factory.mktemp("chain")
    validators = [init(folder / name, name) for name in NAMES]
    spec = specification(validators)
    spec["time"] = tomllib.loads("t = 2026-01-01T00:00:00Z")["t"]
    (folder / "spec.toml").write_text(tomli_w.dumps(spec), encoding="utf-8")
    result = lugang("genesis", "build", str(folder / "spec.toml"))
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def home(chain, tmp_path):
    """A fresh folder of a validator of the chain, as its operator has it before the first start."""
    validators = [init(tmp_path / name, name) for name in NAMES]
    spec = tomllib.loads((chain / "spec.toml").read_text(encoding="utf-8")) | {"validators": validators}
    (tmp_path / "spec.toml").write_text(tomli_w.dumps(spec), encoding="utf-8")
    out = tmp_path / "operator" / "genesis.cbor"
    assert lugang("genesis", "build", str(tmp_path / "spec.toml"), "--out", str(out)).exit_code == 0
    return tmp_path / "operator"


def findings(home: Path, *more: str) -> dict[str, dict[str, str]]:
    result = lugang("node", "doctor", "--home", str(home), "--json", *more)
    told = json.loads(result.output)
    rows = told["findings"]
    assert told["ok"] is (result.exit_code == 0)
    assert result.exit_code == (1 if any(row["verdict"] == "wrong" for row in rows) else 0)
    wrong = [row for row in rows if row["verdict"] == "wrong"]
    assert all(row["cure_zh"] and row["cure_en"] for row in wrong)
    return {row["check"]: row for row in reversed(rows)}


def test_init_makes_private_keys_guard_logs_and_configuration(home):
    config = load_config(home)
    for key in (config.consensus_key, config.transport_key):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert len(read_secret(key)) == 32
    assert GuardFile(config.guard).load() is not None
    assert config.wal.is_dir()
    assert config.pool.is_dir()


def test_a_folder_is_made_once(home):
    before = (home / "keys" / "consensus.key").read_bytes()
    again = ("node", "init", "--home", str(home), "--organisation", "operator", "--keys", "plain")
    result = lugang(*again)
    assert result.exit_code == 3
    assert "made once" in result.output
    (home / "node.toml").unlink()
    assert lugang(*again).exit_code == 3
    assert (home / "keys" / "consensus.key").read_bytes() == before


def test_how_keys_are_kept_must_be_said(tmp_path):
    result = lugang("node", "init", "--home", str(tmp_path / "x"), "--organisation", "operator")
    assert result.exit_code == 2
    assert "--keys" in result.output


def test_encrypted_keys_open_with_their_passphrase_alone(tmp_path, monkeypatch):
    home = tmp_path / "node"
    typed = f"{PASSPHRASE}\n{PASSPHRASE}\n"
    command = ("node", "init", "--home", str(home), "--organisation", "operator", "--keys", "encrypted")
    result = lugang(*command, stdin=typed)
    assert result.exit_code == 0, result.output
    assert PASSPHRASE not in result.output
    (row,) = tomllib.loads(result.stdout[result.stdout.index("[[") :])["validators"]
    config = load_config(home)
    stored = json.loads(config.consensus_key.read_text(encoding="utf-8"))
    assert (stored["format"], stored["public_key"]) == ("lugang-keystore", row["key"])
    monkeypatch.setenv("LUGANG_PASSPHRASE", PASSPHRASE)
    secret = read_secret(config.consensus_key)
    assert INTERNATIONAL.public_key(secret).hex() == row["key"]
    assert secret.hex() not in config.consensus_key.read_text(encoding="utf-8")
    monkeypatch.setenv("LUGANG_PASSPHRASE", "another passphrase")
    assert findings(home)["keys"]["verdict"] == "wrong"


def test_a_short_passphrase_is_refused_before_anything_is_made(tmp_path):
    command = ("node", "init", "--home", str(tmp_path / "n"), "--organisation", "operator", "--keys", "encrypted")
    assert lugang(*command, env={"LUGANG_PASSPHRASE": "short"}).exit_code == 3
    assert not (tmp_path / "n").exists()


def test_equal_specifications_give_equal_bytes_and_show_names_the_chain(chain, tmp_path):
    out = tmp_path / "again.cbor"
    built = lugang("genesis", "build", str(chain / "spec.toml"), "--out", str(out))
    data = (chain / "genesis.cbor").read_bytes()
    assert out.read_bytes() == data
    shown = json.loads(lugang("genesis", "show", str(out), "--json").output)
    assert shown["chain"] in built.output
    assert shown["chain"] == INTERNATIONAL.hasher("genesis")(data).hex()
    assert [entry["organisation"] for entry in shown["validators"]] == list(NAMES)
    assert Genesis.decode(data).name == "测试链"
    assert "测试链" in lugang("genesis", "show", str(out)).output


def test_a_genesis_is_never_overwritten(chain):
    result = lugang("genesis", "build", str(chain / "spec.toml"))
    assert result.exit_code == 3
    assert "exists" in result.output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"contracts": ["no_such"]}, "no_such"),
        ({"colour": "red"}, "colour"),
        ({"validators": []}, "validators"),
        ({"suite": "rot13"}, "suite"),
    ],
)
def test_a_wrong_specification_is_named(chain, tmp_path, change, said):
    spec = tomllib.loads((chain / "spec.toml").read_text(encoding="utf-8")) | change
    (tmp_path / "spec.toml").write_text(tomli_w.dumps(spec), encoding="utf-8")
    result = lugang("genesis", "build", str(tmp_path / "spec.toml"))
    assert result.exit_code == 3
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_healthy_folder_before_its_first_start(home):
    found = findings(home)
    assert {name: row["verdict"] for name, row in found.items()} == {
        "config": "good", "genesis": "good", "keys": "good", "ports": "good", "disk": "good", "clock": "good",
        "guard": "good", "log": "good", "pool journal": "good", "database": "notice",
    }  # fmt: skip
    assert found["keys"]["detail"].startswith("validator of operator")
    for language, word in (("zh", "正常"), ("en", "good")):
        people = lugang("node", "doctor", "--home", str(home), env={"LUGANG_LANG": language})
        assert people.exit_code == 0
        assert word in people.output


def test_a_taken_port_is_said_before_anything_is_opened(home):
    api = load_config(home).api
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(api.rpartition(":")[2])))
        other.listen()
        result = lugang("node", "run", "--home", str(home), env={"LUGANG_LANG": "en"})
    assert result.exit_code == 3
    assert f"cannot listen on {api} (api in node.toml)" in result.output
    assert "Traceback" not in result.output
    assert not load_config(home).database.exists()


def test_programs_are_answered_with_one_object(home, tmp_path):
    made = init_json(tmp_path / "another")
    assert (made["ok"], made["organisation"], len(made["key"])) == (True, "subject", 64)
    built = json.loads(
        lugang("genesis", "build", str(tmp_path / "spec.toml"), "--out", str(tmp_path / "g"), "--json").output
    )
    assert (built["ok"], built["file"]) == (True, str(tmp_path / "g"))
    missing = lugang("node", "status", "--home", str(tmp_path / "none"), "--json")
    told = json.loads(missing.output)
    assert (told["ok"], told["exit_code"], missing.exit_code) == (False, 3, 3)


def init_json(folder: Path) -> dict[str, Any]:
    wanted = ("--home", str(folder), "--organisation", "subject", "--keys", "plain", "--json")
    return dict(json.loads(lugang("node", "init", *wanted).output))


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def break_config(home: Path) -> None:
    (home / "node.toml").write_text("listen = 7\n", encoding="utf-8")


def open_api(home: Path) -> None:
    replace_in(home / "node.toml", 'api = "127.0.0.1:', 'api = "0.0.0.0:')


def lose_genesis(home: Path) -> None:
    (home / "genesis.cbor").unlink()


def damage_genesis(home: Path) -> None:
    (home / "genesis.cbor").write_bytes(b"\xff" + (home / "genesis.cbor").read_bytes())


def show_key_to_all(home: Path) -> None:
    (home / "keys" / "consensus.key").chmod(0o644)


def another_key(home: Path) -> None:
    (home / "keys" / "consensus.key").write_text("11" * 32 + "\n", encoding="utf-8")


def another_transport_key(home: Path) -> None:
    (home / "keys" / "transport.key").write_text("11" * 32 + "\n", encoding="utf-8")


def damage_database(home: Path) -> None:
    (home / "data" / "db").mkdir()
    (home / "data" / "db" / "CURRENT").write_text("MANIFEST-000404\n", encoding="utf-8")


def foreign_database(home: Path) -> None:
    database = plyvel.DB(str(home / "data" / "db"), create_if_missing=True)
    database.put(b"x", b"y")
    database.close()


@pytest.mark.parametrize(
    ("break_it", "check", "said"),
    [
        (break_config, "config", "listen must be"),
        (open_api, "config", "everybody who can reach"),
        (lose_genesis, "genesis", "No such file"),
        (damage_genesis, "genesis", "BYT-001"),
        (show_key_to_all, "keys", "chmod 600"),
        (another_key, "keys", "no validator of this genesis"),
        (another_transport_key, "keys", "will not link"),
        (damage_database, "database", "damaged"),
        (foreign_database, "database", "does not say of which chain"),
    ],
)
def test_the_doctor_names_what_is_wrong(home, break_it, check, said):
    break_it(home)
    row = findings(home)[check]
    assert (row["verdict"], said in row["detail"]) == ("wrong", True), row


def test_a_taken_port_is_wrong(home):
    port = int(load_config(home).api.rpartition(":")[2])
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port))
        holder.listen()
        rows = json.loads(lugang("node", "doctor", "--home", str(home), "--json").output)["findings"]
    assert [row["verdict"] for row in rows if str(port) in row["detail"]] == ["wrong"]


def test_a_lost_guard_or_log_is_worth_a_notice(home):
    config = load_config(home)
    config.guard.unlink()
    for file in config.wal.iterdir():
        file.unlink()
    found = findings(home)
    assert (found["guard"]["verdict"], found["log"]["verdict"]) == ("notice", "notice")
    assert list(config.wal.iterdir()) == [], "the doctor changes nothing"


def test_run_refuses_an_open_api_without_the_flag(home):
    open_api(home)
    result = lugang("node", "run", "--home", str(home))
    assert result.exit_code == 3
    assert "--open-reads" in result.output


def test_run_refuses_a_damaged_database_with_its_cure(home):
    damage_database(home)
    result = lugang("node", "run", "--home", str(home))
    assert result.exit_code == 4
    assert "lugang node rebuild" in result.output
    rebuilt = lugang("node", "rebuild", "--home", str(home), "--yes")
    assert rebuilt.exit_code == 0
    assert "rebuilt up to height 0" in rebuilt.output
    assert findings(home, "--thorough")["database"]["verdict"] == "good"
    assert sorted(entry.name[:9] for entry in (home / "data").glob("db*")) == ["db", "db.aside-"]


def test_of_a_database_that_cannot_be_read_at_all_nothing_is_kept(home):
    (home / "data" / "db").mkdir()
    (home / "data" / "db" / "CURRENT").mkdir()
    rebuilt = lugang("node", "rebuild", "--home", str(home), "--yes")
    assert rebuilt.exit_code == 0
    assert "cannot be opened, even after a repair" in rebuilt.output
    assert "the next start fetches them from the others" in rebuilt.output
    assert sorted(entry.name[:9] for entry in (home / "data").glob("db*")) == ["db", "db.aside-"]


def test_status_of_a_node_that_does_not_answer(tmp_path):
    url = f"http://127.0.0.1:{free_port()}"
    for language, words in (("zh", "没有应答"), ("en", "does not answer")):
        result = lugang("node", "status", "--url", url, env={"LUGANG_LANG": language})
        assert result.exit_code == 1
        assert words in result.output
    assert os.environ.get("LUGANG_PASSPHRASE") is None


def test_a_genesis_of_an_engine_that_is_not_here_is_refused(tmp_path):
    path = tmp_path / "genesis.cbor"
    path.write_bytes(toy_genesis(engine="raft", validators=3).encode())
    with pytest.raises(ConfigError, match="the engine is raft, this release has pbft"):
        load_genesis(path)
    path.write_bytes(toy_genesis().encode())
    assert load_genesis(path)[0].engine == "pbft"


def test_a_genesis_shows_whatever_a_parameter_can_be(tmp_path):
    path = tmp_path / "genesis.cbor"
    path.write_bytes(replace(toy_genesis(), parameters=(("key", (b"\x01\xff", (1, None)), 0),)).encode())
    shown = json.loads(lugang("genesis", "show", str(path), "--json").output)
    assert shown["parameters"] == [["key", ["01ff", [1, None]], 0]]
