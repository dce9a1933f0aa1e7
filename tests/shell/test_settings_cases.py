"""Bad configuration, case by case: each file of `cases/config/` is refused with exactly the sentences it names.

A new case is a new file, nothing else. `# cites:` says which section of the booking rules it is about, `# refused:` one
sentence each, in the order of the file, and `# mend:` what has to be replaced for it to load: where there is a
boundary, by the nearest value on its other side.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from calbridge.plugins import load_plugins
from calbridge.settings import ConfigErrors, load

CASES = sorted((Path(__file__).parent / "cases" / "config").glob("*.toml"))
PLUGINS = load_plugins()


def said(text: str, word: str) -> list[str]:
    return re.findall(rf"^# {word}: (.*)$", text, re.MULTILINE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_it_is_refused_with_line_key_and_fix(case: Path) -> None:
    with pytest.raises(ConfigErrors) as caught:
        load(case, {}, PLUGINS)
    expected = tuple(f"{case.name}, {each}" for each in said(case.read_text(encoding="utf-8"), "refused"))
    assert caught.value.faults == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_it_loads_once_it_is_mended(case: Path, tmp_path: Path) -> None:
    text = case.read_text(encoding="utf-8")
    head, body = re.fullmatch(r"((?:# [^\n]*\n)+)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    for old, new in (ast.literal_eval(f"({mend.replace(' -> ', ', ')})") for mend in said(head, "mend")):
        assert body.count(old) == 1
        body = body.replace(old, new)
    path = tmp_path / "calbridge.toml"
    path.write_text(body, encoding="utf-8")
    assert list(load(path, {}, PLUGINS).clinics) == ["a"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_case_says_what_it_is_about(case: Path) -> None:
    text = case.read_text(encoding="utf-8")
    assert re.fullmatch(r"rules [1-8]", *said(text, "cites"))
    assert said(text, "mend")
    lines = text.splitlines()
    for sentence in said(text, "refused"):
        number = re.match(r"line (\d+): clinic a", sentence)
        assert number
        assert not lines[int(number[1]) - 1].startswith("#")
