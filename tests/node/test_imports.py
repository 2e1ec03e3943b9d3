"""What takes seconds to import is imported by the running node alone."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("node.cli", ("libp2p", "fastapi")),
        ("node.app", ("libp2p", "fastapi")),
        ("node.serving", ("libp2p",)),
    ],
)
def test_heavy_libraries_are_left_alone(module, without):
    code = f"import sys, {module}; print(*(name for name in {without!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
