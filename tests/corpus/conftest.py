"""Tests over the corpus of real calendar files; where it is not there, they say so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Tests are no packages: what these share is found beside this file.
sys.path.insert(0, str(Path(__file__).parent))

from real_files import CORPUS  # found through the line above


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say why nothing runs where there is no corpus."""
    if not CORPUS.is_dir():
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="there is no ../shared/corpus"))
