"""The loader of the one command: help loads no part, a called command loads its own, and faults are plain sentences."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from devnet.lugang import PARTS, Part, Parts, command_line

HEAVY = ("trio", "libp2p", "plyvel", "fastapi", "nacl", "cbor2", "node", "wallet", "contracts", "consensus")


@pytest.fixture
def hello_module(tmp_path, monkeypatch):
    (tmp_path / "hello_part.py").write_text(
        "import click\n@click.command()\n@click.argument('who')\ndef hello(who):\n    click.echo(f'hello {who}')\n"
        "COMMANDS = {'hello': hello}\n",
        encoding="utf-8",
    )
    (tmp_path / "broken_part.py").write_text("import a_library_nobody_has\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "hello_part"
    for name in ("hello_part", "broken_part"):
        sys.modules.pop(name, None)


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("LUGANG_LANG", "en")


def group(**modules: str) -> Parts:
    return Parts("lugang", {name: Part(module, "问候", "greets") for name, module in modules.items()}, "top")


def test_a_called_command_is_loaded_from_its_part(hello_module):
    result = CliRunner().invoke(group(hello=hello_module), ["hello", "five"])
    assert (result.exit_code, result.output) == (0, "hello five\n")


def test_help_shows_every_row_and_loads_none(hello_module):
    result = CliRunner().invoke(group(hello=hello_module, gone="no_such_part"), ["--help"])
    assert result.exit_code == 0
    assert "hello" in result.output
    assert "greets" in result.output
    assert "问候" in CliRunner().invoke(group(hello=hello_module), ["--lang", "zh", "--help"]).output
    assert "gone" in result.output
    assert hello_module not in sys.modules


@pytest.mark.parametrize(
    ("module", "missing"), [("no_such_part", "no_such_part"), ("broken_part", "a_library_nobody_has")]
)
def test_a_part_that_cannot_be_loaded_is_a_plain_sentence(hello_module, module, missing):
    result = CliRunner().invoke(group(gone=module), ["gone"])
    assert result.exit_code == 3
    assert missing in result.output
    assert "make env" in result.output
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_an_unknown_command_is_refused_with_the_nearest_name(hello_module):
    result = CliRunner().invoke(group(hello=hello_module), ["hallo"])
    assert result.exit_code == 2
    assert "there is no command hallo. Did you mean hello?" in result.output
    assert "没有" not in result.output
    result = CliRunner().invoke(group(hello=hello_module), ["hallo", "--lang=zh"])
    assert result.exit_code == 2
    assert "没有命令 hallo。是否想用 hello？" in result.output
    assert "there is" not in result.output


def test_an_unknown_option_stays_clicks_own_refusal(hello_module):
    result = CliRunner().invoke(group(hello=hello_module), ["--nonsense"])
    assert result.exit_code == 2
    assert "--nonsense" in result.output


def test_the_version_is_the_distributions():
    result = CliRunner().invoke(command_line(), ["--version"])
    assert result.exit_code == 0
    assert result.output.startswith("lugang, version ")


def test_the_real_help_imports_nothing_heavy():
    program = (
        "import sys\nfrom devnet.lugang import main\nsys.argv = ['lugang', '--help']\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"
    for name in PARTS:
        assert name in done.stdout


def test_python_without_asserts_is_refused():
    program = "from devnet.lugang import main\nmain()\n"
    done = subprocess.run(
        [sys.executable, "-O", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "-O" in done.stderr


def test_a_row_is_a_click_command(hello_module):
    context = click.Context(group(hello=hello_module))
    command = group(hello=hello_module).get_command(context, "hello")
    assert isinstance(command, click.Command)
