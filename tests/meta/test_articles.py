"""The table of the vendors' articles names tests that exist; that they ran is checked at the end of a whole run."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ARTICLES = tomllib.loads((ROOT / "docs" / "reference" / "articles.toml").read_text("utf-8"))["article"]
SENTENCES = [pytest.param(each, id=f"{a['key']}-{each['n']}") for a in ARTICLES for each in a["sentence"]]


@pytest.fixture(scope="module")
def collected() -> set[str]:
    """Every test of the files that are named, and each parametrised one also without its parameters."""
    files = sorted({name.partition("::")[0] for a in ARTICLES for s in a["sentence"] for name in s.get("tests", ())})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    names = [line for line in done.stdout.splitlines() if "::" in line]
    return {*names, *(name.partition("[")[0] for name in names)}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_has_tests_that_exist_or_says_why_not(sentence: dict[str, Any], collected: set[str]) -> None:
    said = [key for key in ("tests", "screen", "not_yet") if sentence.get(key)]
    assert len(said) == 1
    assert set(sentence.get("tests", ())) <= collected


def test_each_article_counts_its_sentences() -> None:
    for article in ARTICLES:
        numbers = [each["n"] for each in article["sentence"]]
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_whole_run_without_a_cited_test_fails(tmp_path: Path) -> None:
    """The repository's own conftest over a suite of one passing test, which the table names, or names wrongly."""
    (tmp_path / "docs" / "reference").mkdir(parents=True)
    (tmp_path / "conftest.py").write_text((ROOT / "conftest.py").read_text("utf-8"), "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n", "utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_one.py").write_text("def test_one():\n    pass\n", "utf-8")
    for name, code in (("test_one", 0), ("test_other", 1)):
        table = f'[[article]]\n[[article.sentence]]\ntests = ["tests/test_one.py::{name}"]\n'
        (tmp_path / "docs" / "reference" / "articles.toml").write_text(table, "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout
        assert ("did not run: tests/test_one.py::test_other" in done.stdout) is bool(code)
