"""Which seeds the default tests run."""

from pathlib import Path

DEFAULT_SEEDS = 240


def regression_seeds() -> list[int]:
    """The first word of each line of `seeds.txt` that is no comment."""
    lines = (Path(__file__).parent / "seeds.txt").read_text(encoding="utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line and not line.startswith("#")]
