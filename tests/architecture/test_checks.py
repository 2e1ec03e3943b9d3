"""Each check is fed bad samples and must object, and good ones and must not: what cannot fail checks nothing."""

import pytest

from tests.architecture.checks import CHECKS
from tests.architecture.source import Tree
from tests.architecture.tidy import FILE_LINES_MAX, FUNCTION_LINES_MAX

LEFT_OVER = "TO" + "DO"
ADDRESS = "https://py" + "pi.org/sim" + "ple"
WORKPLACE = "/wo" + "rk/"
ACTORS = {"node/actors/rpc.py": "", "node/actors/mempool.py": ""}
PYPROJECT = {"pyproject.toml": "[project]\ndependencies = ['click>=8']\nscripts = {lugang = 'devnet.lugang:main'}\n"}


def function_of(lines: int) -> str:
    return "def long():\n" + "    call()\n" * (lines - 1)


# (check, files it must object to, word that the finding must contain)
BAD = [
    ("arrows_between_packages", {"ledger/a.py": "import consensus.pbft"}, "ledger -> consensus.pbft"),
    ("arrows_between_packages", {"consensus/a.py": "from contracts import engine"}, "consensus -> contracts"),
    ("arrows_between_packages", {"contracts/a.py": "def f():\n    from node import app"}, "contracts -> node"),
    ("arrows_between_packages", {"wallet/a.py": "from contracts.sdk import view"}, "wallet -> contracts"),
    ("arrows_between_packages", {"node/a.py": "import devnet.lugang"}, "node -> devnet"),
    ("arrows_between_packages", {"node/a.py": "from tests import helper"}, "node -> tests"),
    ("libraries_allowed", {"wallet/a.py": "import trio"}, "trio"),
    ("libraries_allowed", {"consensus/a.py": "import cbor2"}, "cbor2"),
    ("libraries_allowed", {"ledger/a.py": "import click"}, "click"),
    ("libraries_allowed", {"contracts/cli.py": "import httpx"}, "httpx"),
    (
        "catalogue_imports_the_sdk_alone",
        {"contracts/catalogue/bond.py": "from dataclasses import dataclass"},
        "dataclasses",
    ),
    ("catalogue_imports_the_sdk_alone", {"contracts/catalogue/bond.py": "from contracts.engine import x"}, "engine"),
    (
        "actors_know_boxes_not_each_other",
        {**ACTORS, "node/actors/rpc.py": "from node.actors import mempool"},
        "mempool",
    ),
    (
        "actors_know_boxes_not_each_other",
        {**ACTORS, "node/driver.py": "from node.actors import mempool\nfrom node.actors.rpc import run"},
        "mempool node.actors.rpc",
    ),
    (
        "ground_floor_in_order",
        {"ledger/codec.py": "from ledger import genesis", "ledger/genesis.py": ""},
        "ledger.genesis",
    ),
    ("ground_floor_in_order", {"ledger/odds.py": ""}, "no place"),
    (
        "ground_floor_in_order",
        {"ledger/__init__.py": "from ledger import money", "ledger/money.py": ""},
        "ledger.money",
    ),
    (
        "no_cycles",
        {"node/a.py": "import node.b", "node/b.py": "from node import c", "node/c.py": "from . import a"},
        "node.a",
    ),
    ("no_cycles", {"node/a.py": "def f():\n    import node.b", "node/b.py": "import node.a"}, "node.b"),
    ("no_forbidden_modules", {"ledger/a.py": "import time"}, "time"),
    ("no_forbidden_modules", {"consensus/a.py": "from os import path"}, "os"),
    ("no_forbidden_modules", {"contracts/a.py": "def f():\n    import random"}, "random"),
    ("no_forbidden_calls", {"ledger/a.py": "x = hash(b'')"}, "hash()"),
    ("no_forbidden_calls", {"consensus/a.py": "import datetime\nx = datetime.datetime.now()"}, "now()"),
    ("no_forbidden_calls", {"contracts/a.py": "from datetime import date\nx = date.today()"}, "date.today()"),
    ("no_async", {"consensus/a.py": "async def f():\n    await g()"}, "Await"),
    ("no_floats", {"ledger/a.py": "x = 0.5"}, "0.5"),
    ("no_floats", {"contracts/a.py": "x = 3 / 2"}, "/"),
    ("no_floats", {"contracts/a.py": "x = 3\nx /= 2"}, "/"),
    ("no_floats", {"consensus/a.py": "x = float('1')"}, "float"),
    ("no_floats", {"consensus/a.py": "import math\nx = math.sqrt(2)"}, "math.sqrt"),
    ("no_floats", {"consensus/a.py": "from math import log2"}, "math.log2"),
    ("no_set_order", {"ledger/a.py": "for x in {b'a', b'b'}:\n    f(x)"}, "{b'a', b'b'}"),
    ("no_set_order", {"consensus/a.py": "x = [v for v in set(votes)]"}, "set(votes)"),
    ("no_set_order", {"consensus/a.py": "x = list(frozenset(votes))"}, "frozenset(votes)"),
    ("no_set_order", {"contracts/a.py": "x = ','.join({str(v) for v in votes})"}, "for v in votes"),
    ("no_left_overs", {"README.md": f"{LEFT_OVER}: write this"}, LEFT_OVER),
    ("no_index_address", {"Makefile": f"pip install -i {ADDRESS} x"}, "https"),
    ("no_index_address", {"tools/x.sh": "pip install --extra-" + "index-url x"}, "index"),
    ("no_workplace_path", {"docs/x.md": f"see {WORKPLACE}main/x"}, WORKPLACE),
    ("no_blind_except", {"node/a.py": "try:\n    f()\nexcept:\n    pass"}, "everything"),
    ("no_blind_except", {"tests/a.py": "try:\n    f()\nexcept (ValueError, Exception):\n    pass"}, "Exception"),
    ("no_blind_except", {"tools/a.py": "try:\n    f()\nexcept BaseException:\n    log()"}, "BaseException"),
    ("no_sleep_in_tests", {"tests/a.py": "import time\ntime.sleep(1)"}, "time.sleep()"),
    ("no_sleep_in_tests", {"tests/a.py": "from time import sleep as rest"}, "sleep"),
    ("no_skipped_tests", {"tests/a.py": "import pytest\n@pytest.mark.xfail\ndef test_x(): pass"}, "xfail"),
    ("no_skipped_tests", {"tests/a.py": "import pytest\npytest.importorskip('x')"}, "importorskip"),
    ("files_short", {"node/a.py": "x = 1\n" * (FILE_LINES_MAX + 1)}, "node.a"),
    ("functions_short", {"node/a.py": function_of(FUNCTION_LINES_MAX + 1)}, "long"),
    ("functions_short", {"node/a.py": "async " + function_of(FUNCTION_LINES_MAX + 1)}, "long"),
    ("no_dead_modules", {"node/forgotten.py": "import node.forgotten"}, "node.forgotten"),
    ("libraries_declared", {**PYPROJECT, "node/a.py": "import pytest"}, "pytest"),
]

GOOD = [
    (
        "arrows_between_packages",
        {"devnet/a.py": "import node.app\nimport wallet.cli", "node/a.py": "import ledger.codec"},
    ),
    (
        "libraries_allowed",
        {"contracts/cli.py": "import click", "ledger/a.py": "import hashlib", "node/a.py": "import trio"},
    ),
    ("catalogue_imports_the_sdk_alone", {"contracts/catalogue/bond.py": "from contracts.sdk import contract, view"}),
    ("actors_know_boxes_not_each_other", {**ACTORS, "node/app.py": "from node.actors import mempool, rpc"}),
    ("actors_know_boxes_not_each_other", {**ACTORS, "node/driver.py": "from node.actors import mempool"}),
    ("ground_floor_in_order", {"ledger/codec.py": "from ledger.errors import Refused", "ledger/errors.py": ""}),
    ("ground_floor_in_order", {"ledger/state/tree.py": "import ledger.state.page", "ledger/state/page.py": ""}),
    ("no_cycles", {"node/a.py": "import node.b\nimport node.c", "node/b.py": "import node.c", "node/c.py": ""}),
    ("no_forbidden_modules", {"contracts/cli.py": "import pathlib", "node/a.py": "import time"}),
    ("no_forbidden_calls", {"ledger/a.py": "x = clock.now()\ndef __hash__(self): ..."}),
    ("no_async", {"node/a.py": "async def f():\n    await g()"}),
    ("no_floats", {"ledger/a.py": "import math\nx = 3 // 2 + math.isqrt(9)", "devnet/a.py": "x = 1 / 3"}),
    ("no_set_order", {"ledger/a.py": "for x in sorted({1, 2}):\n    f(x)\ny = sum(v for v in set(z))"}),
    ("no_index_address", {"README.md": "See https://example.org/guide"}),
    ("no_workplace_path", {"docs/x.md": "the network/work/life balance"}),
    ("no_blind_except", {"node/a.py": "try:\n    f()\nexcept (ValueError, OSError):\n    pass"}),
    ("no_blind_except", {"node/a.py": "try:\n    f()\nexcept BaseException:\n    close()\n    raise"}),
    ("no_sleep_in_tests", {"tests/a.py": "import trio\nasync def test_x(): await trio.sleep(1)"}),
    ("files_short", {"node/a.py": "x = 1\n" * FILE_LINES_MAX, "tests/a.py": "x = 1\n" * (FILE_LINES_MAX + 1)}),
    ("functions_short", {"node/a.py": function_of(FUNCTION_LINES_MAX)}),
    (
        "no_dead_modules",
        {**PYPROJECT, "devnet/lugang.py": "PARTS = 'node.cli'", "node/cli.py": "", "node/__init__.py": ""},
    ),
    ("libraries_declared", {**PYPROJECT, "node/a.py": "import click\nimport json\nimport ledger.codec"}),
]


@pytest.mark.parametrize(("check", "files", "word"), BAD)
def test_the_check_objects(check, files, word):
    findings = [str(finding) for finding in CHECKS[check](Tree(files))]
    assert any(word in finding for finding in findings), findings


@pytest.mark.parametrize(("check", "files"), GOOD)
def test_the_check_lets_pass(check, files):
    assert [str(finding) for finding in CHECKS[check](Tree(files))] == []


def test_every_check_has_a_bad_sample():
    assert {check for check, _, _ in BAD} == set(CHECKS)


def test_a_cycle_is_named_whole():
    tree = Tree({"node/a.py": "import node.b", "node/b.py": "import node.c", "node/c.py": "import node.b"})
    assert [finding.detail for finding in CHECKS["no_cycles"](tree)] == ["node.b -> node.c -> node.b"]
