"""Every key and every entry of a file is found where it is written, however it is written."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.settings.lines import Path, Place, place_for, places_of

KEYS = st.sampled_from(["a", "b-c", "d_1", "e f", 'g"h', "i.j", "#k", "7", "[l]"])
SPACES = st.sampled_from(["", " ", "\t"])
BREAKS = st.sampled_from(["", " ", "\n", "\n  # ]}\n"])
Tree = dict[str, Any]


def quoted(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else json.dumps(key)


class Writer:
    """Writes a document of random shape in random style; every leaf is a number of its own, so that it can be found."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.numbers = count(1_000)

    def draw(self, strategy: st.SearchStrategy[Any]) -> Any:
        return self.data.draw(strategy)

    def leaf(self) -> str:
        number = next(self.numbers)
        shapes = [f"{number}", f'"{number}"', f"'{number}#]'", f'"\\"{number}\\u0041,"', f"'''{number}\nk = 1'''"]
        shapes.append(f'"""{number}\n]"x"""""')
        return str(self.draw(st.sampled_from(shapes)))

    def value(self, depth: int) -> str:
        kind = self.draw(st.sampled_from(["leaf", "leaf", "array", "table"])) if depth else "leaf"
        if kind == "array":
            entries = [self.value(depth - 1) for _ in range(self.draw(st.integers(0, 3)))]
            return "[" + "".join(f"{self.draw(BREAKS)}{each}{self.draw(BREAKS)}," for each in entries) + "]"
        if kind == "table":
            keys = self.draw(st.lists(KEYS, max_size=3, unique=True))
            return "{" + ", ".join(f" {quoted(key)}{self.draw(SPACES)}= {self.value(depth - 1)}" for key in keys) + " }"
        return self.leaf()

    def pairs(self) -> str:
        lines = []
        for key in self.draw(st.lists(KEYS, max_size=3, unique=True)):
            dotted = self.draw(st.lists(KEYS, max_size=2))
            name = f"{self.draw(SPACES)}.".join(quoted(part) for part in (key, *dotted))
            lines.append(f"{self.draw(SPACES)}{name} ={self.draw(SPACES)}{self.value(2)} # {key}\n")
        return "".join(lines)

    def document(self) -> str:
        parts = [self.pairs()]
        for key in self.draw(st.lists(st.sampled_from(["t", "u", "v.w", "x"]), max_size=4, unique=True)):
            if self.draw(st.booleans()):
                parts.append(f"[{key}]\n{self.pairs()}")
            else:
                parts += [f"[[{key}]] # one\n{self.pairs()}\n" for _ in range(self.draw(st.integers(1, 3)))]
                parts.append(f"[{key}.below]\n{self.pairs()}")
        return "".join(parts)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if pairs is None:
        yield path, str(value).strip('"')[:4]
        return
    for part, inner in pairs:
        yield from leaves(inner, (*path, part))


@given(data=st.data())
def test_every_leaf_is_found_on_its_line(data: st.DataObject) -> None:
    text = Writer(data).document()
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # two of the random keys clash
    places, lines = places_of(text), text.split("\n")
    for path, number in leaves(document):
        place = places[path]
        line = next(index for index, line in enumerate(lines, 1) if number in line)
        assert (path, place.line) == (path, line)
        assert 1 <= place.column <= len(lines[place.line - 1])
    assert all(place_for(places, (*path, "more")) == place for path, place in places.items())


FILE = """\
top = 1
[clinics.a]
name = "A" # [clinics.b]
closures = [
  { from = 1, until = 2 },

  { from = 3,
    until = [4, 5] }]
rules.extra.late.hour = 6
text = '''
name = "B"
'''
[[clinics.a.week]]
days = []
[[clinics.a.week]]
[clinics.a.week.more]
days = []
"""


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("top",), 1, 1),
        (("clinics",), 2, 1),
        (("clinics", "a", "name"), 3, 1),
        (("clinics", "b"), 2, 1),
        (("clinics", "a", "closures", 0, "until"), 5, 15),
        (("clinics", "a", "closures", 1), 7, 3),
        (("clinics", "a", "closures", 1, "until", 1), 8, 17),
        (("clinics", "a", "closures", 2), 4, 1),
        (("clinics", "a", "rules", "extra"), 9, 1),
        (("clinics", "a", "rules", "extra", "late", "hour"), 9, 1),
        (("clinics", "a", "text"), 10, 1),
        (("clinics", "a", "week", 0, "days"), 14, 1),
        (("clinics", "a", "week", 1), 15, 1),
        (("clinics", "a", "week", 1, "more", "days"), 17, 1),
        (("bridge", "every"), 0, 0),
    ],
)
def test_places_in_a_file(path: Path, line: int, column: int) -> None:
    assert place_for(places_of(FILE), path) == Place(line, column)
