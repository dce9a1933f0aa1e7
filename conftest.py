"""For every test: time fails none, CI draws the same examples each run, and no test that is cited is left out."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("everywhere", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "everywhere")

ARTICLES = Path(__file__).parent / "docs" / "reference" / "articles.toml"
PASSED: set[str] = set()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole programs take longest, so they begin first: at the end one process would be left alone with one of them."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/system/"))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What passed, also in other processes: their reports come to the one that leads."""
    if report.when == "call" and report.passed:
        PASSED.add(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A run of everything fails when a test that the table of the vendors' articles names is not among what passed."""
    if exitstatus or hasattr(session.config, "workerinput") or not _everything(session.config):
        return
    if missing := _cited() - PASSED - {name.partition("[")[0] for name in PASSED}:
        print(f"\narticles.toml names tests that did not run: {', '.join(sorted(missing))}")  # noqa: T201 - the verdict
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _everything(config: pytest.Config) -> bool:
    chosen = config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    return not (chosen or config.option.keyword or config.option.markexpr or config.option.collectonly)


def _cited() -> set[str]:
    articles = tomllib.loads(ARTICLES.read_text("utf-8"))["article"]
    return {name for article in articles for sentence in article["sentence"] for name in sentence.get("tests", ())}
