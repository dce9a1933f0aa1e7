"""Which days are played: 0 to 199 (CALBRIDGE_LONG: 0 to 1999), or that of `--seed N` or CALBRIDGE_SEED, told aloud."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from calbridge.provider import Clock
from calbridge.store import Store
from calbridge.store.database import Database

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
def store(seed: int, tmp_path: Path) -> Iterator[Callable[[Clock], Store]]:
    """Opens one day's database. Every tenth is a file, opened again at each kill; the others spare the disk."""
    if seed % 10:
        database = Database.open(":memory:")
        yield lambda clock: Store(database, clock)
        database.close()
        return
    opened: list[Store] = []

    def reopened(clock: Clock) -> Store:
        for one in opened:
            one.close()
        opened[:] = [Store.open(tmp_path / "state.db", clock=clock)]
        return opened[0]

    yield reopened
    opened[0].close()
