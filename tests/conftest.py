"""What all tests share: `--rewrite` for golden texts, and property tests that are the same on every run."""

import pytest
from hypothesis import settings

# A landing must not depend on luck, so the examples follow from the test alone; `--hypothesis-profile explore` draws
# new ones. No deadline: a time is measured by the benchmark and never asserted.
settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("explore", deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write golden texts anew; review the diff")


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--rewrite"))
