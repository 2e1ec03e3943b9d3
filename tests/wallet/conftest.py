"""A deal on a chain of the real catalogue, and a person who types the wallet's commands."""

import json

import pytest
from click.testing import CliRunner

from devnet.lugang import command_line
from tests.catalogue.stage import DUE
from tests.wallet.engine_chain import PASSPHRASE, EngineChain

YUAN = 100


class Deal(EngineChain):
    """a holds a voucher of 2,000,000 yuan, has paid b 500,000 of it and offers c 300,000."""

    def __init__(self):
        super().__init__(["alpha", "beta", "gamma"])
        self.root = self.issue("alpha", 2_000_000 * YUAN, self.line(10_000_000 * YUAN))
        self.child, self.rest = self.pay("alpha", self.root, "beta", 500_000 * YUAN)
        terms = (300_000 * YUAN, self.today + 5, bytes(32), DUE)
        self.offered = self.done("alpha", "voucher", "offer", self.rest, "gamma", *terms)


@pytest.fixture
def stage():
    return Deal()


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command as a person with a wallet folder; `--json` is read where it is asked for."""
    monkeypatch.setenv("LUGANG_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("LUGANG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LUGANG_LANG", "en")
    monkeypatch.delenv("LUGANG_NODES", raising=False)

    def invoke(*words, exit_code=0, lang="en", **options):
        result = CliRunner().invoke(command_line(), [*words, "--lang", lang], **options)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, result.output + result.stderr
        assert "Traceback" not in result.output + result.stderr
        return json.loads(result.stdout) if "--json" in words else result.output

    return Runner(tmp_path / "home", invoke)


class Runner:
    def __init__(self, home, invoke):
        self.home, self.invoke = home, invoke

    def __call__(self, *words, **options):
        return self.invoke(*words, **options)
