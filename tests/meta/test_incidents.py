"""Every regression scenario and every point of "CalDAV servers in the wild" has a test that bears its number."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCENARIOS = {*range(1, 17), 23, 24, 26, 27, 30, 31}
"""Those of a calendar, and the link in a mail; the others are the portal's, the matching's and the engine's."""
WILD = set(range(1, 13))


def named() -> set[str]:
    """The name of every test function of the repository."""
    files = [path for folder in ("tests", "plugins", "contrib") for path in (ROOT / folder).rglob("test_*.py")]
    return {
        node.name
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def numbers(prefix: str) -> set[int]:
    """The numbers behind a prefix in the names of tests: `test_r7_...`, `test_wild_6_7_8_9_...`."""
    found = (re.match(rf"test_{prefix}((?:_?\d+)(?:_(?:and_)?\d+)*)_", name) for name in named())
    return {int(number) for match in found if match for number in re.findall(r"\d+", match.group(1))}


def test_every_scenario_has_a_test_that_bears_its_number() -> None:
    assert SCENARIOS - numbers("r") == set()


def test_every_point_of_the_servers_in_the_wild_has_one_too() -> None:
    assert WILD - numbers("wild") == set()
