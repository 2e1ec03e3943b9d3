"""The Makefile with stand-ins for the program and the installer: what a shell sees, and what is left."""

import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[2] / "Makefile"


@pytest.fixture
def folder(tmp_path):
    """A project whose `lugang` notes how it was called and ends with what stands in the file `ends`."""
    shutil.copy(MAKEFILE, tmp_path / "Makefile")
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "env.sh").write_text("exit $(cat env-ends 2>/dev/null || echo 0)\n")
    program = binaries / "lugang"
    program.write_text('#!/bin/sh\necho "$@" >>called\nexit "$(cat ends 2>/dev/null || echo 0)"\n')
    program.chmod(0o755)
    return tmp_path


def make(folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def called(folder) -> list[str]:
    file = folder / "called"
    return file.read_text().splitlines() if file.exists() else []


@pytest.mark.parametrize("code", [0, 1, 2])
@pytest.mark.parametrize("arguments", [(), ("ALTER=3",), ("SEED=7", "ALTER=3")])
def test_the_shell_sees_the_demos_own_exit_code(folder, code, arguments):
    (folder / "ends").write_text(str(code))
    assert make(folder, "demo", *arguments).returncode == code
    [call] = called(folder)
    options = call.removeprefix("devnet demo").split()
    assert options == [part for name in arguments for part in (f"--{name.split('=')[0].lower()}", name.split("=")[1])]


@pytest.mark.parametrize(("env", "demo"), [("1", "0"), ("3", "0"), ("0", "143")])
def test_no_other_failure_passes_for_a_forgery_found(folder, env, demo):
    (folder / "env-ends").write_text(env)
    (folder / "ends").write_text(demo)
    assert make(folder, "demo", "ALTER=3").returncode == 2


def test_bare_make_prints_the_targets_and_starts_nothing(folder):
    done = make(folder)
    assert done.returncode == 0
    for target in ("demo", "test", "env", "lint", "lock", "clean"):
        assert f"make {target} " in done.stdout
    assert called(folder) == []


def test_a_dry_run_starts_nothing(folder):
    assert make(folder, "-n", "demo").returncode == 0
    assert called(folder) == []


def test_clean_takes_devnets_down_and_removes_them(folder):
    for name in ("devnet-data", "demo-data"):
        (folder / name).mkdir()
        (folder / name / "devnet.json").write_text("{}")
    assert make(folder, "clean").returncode == 0
    assert sorted(called(folder)) == ["devnet down --dir demo-data", "devnet down --dir devnet-data"]
    assert not [name for name in ("devnet-data", "demo-data", ".venv") if (folder / name).exists()]
