"""Which days are played: 0 to 199 (CALBRIDGE_LONG: 0 to 1999), or that of `--seed N` or CALBRIDGE_SEED, told aloud."""

from __future__ import annotations

import os
import shutil
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


@pytest.fixture(scope="session")
def memory() -> Iterator[Database]:
    """One migrated database for all days: migrating takes longer than a day."""
    database = Database.open(":memory:")
    yield database
    database.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that days on disk begin with."""
    path = tmp_path_factory.mktemp("clinic-days") / "empty.db"
    Store.open(path).close()
    return path


@pytest.fixture
def store(seed: int, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Clock], Store]]:
    """Opens one day's database. Every tenth is a file, opened again at each kill; the others spare the disk."""
    if seed % 10:
        from clinic_day.database import empty

        database = request.getfixturevalue("memory")
        empty(database)
        yield lambda clock: Store(database, clock)
        return
    path = shutil.copy(request.getfixturevalue("migrated"), tmp_path / "state.db")
    opened: list[Store] = []

    def reopened(clock: Clock) -> Store:
        for one in opened:
            one.close()
        opened[:] = [Store.open(path, clock=clock)]
        return opened[0]

    yield reopened
    opened[0].close()
