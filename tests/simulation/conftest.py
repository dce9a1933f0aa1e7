"""Which days are played: 0 to 199 (CALBRIDGE_LONG: 0 to 1999), or the one of `--seed N` or CALBRIDGE_SEED, with its trace."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

# The days are too big for one test file, and tests are no packages: their parts are found beside this file.
sys.path.insert(0, str(Path(__file__).parent))

DAYS, MANY_DAYS = 200, 2000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="play this one clinic-day and print what happened")


def wanted(config: pytest.Config) -> int | None:
    """The one seed asked for; the option is unknown when the whole suite is run from the root."""
    named = config.getoption("--seed", default=None)
    text = os.environ.get("CALBRIDGE_SEED", "")
    return named if isinstance(named, int) else int(text) if text else None


def pytest_generate_tests(metafunc: Any) -> None:
    if "seed" in metafunc.fixturenames:
        one = wanted(metafunc.config)
        days = MANY_DAYS if os.environ.get("CALBRIDGE_LONG") else DAYS
        metafunc.parametrize("seed", range(days) if one is None else [one])


@pytest.fixture
def tell(pytestconfig: pytest.Config) -> bool:
    """Print the trace also of a day that went well."""
    return wanted(pytestconfig) is not None


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where a day keeps its state."""
    return tmp_path / "state.db"
