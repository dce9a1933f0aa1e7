"""Where in the file a key stands, for messages only: tomllib keeps no positions.

A second, forgiving reading of a text that tomllib has accepted: tables, arrays of tables, dotted keys, inline tables
and the entries of an array, each with the line it begins on.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_VALUE = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*"{3,5}|\'\'\'(?:[^']|'(?!''))*'{3,5}'''  # of several lines, perhaps ending in quotes
    r"""|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^,\]}\n#]+""",
    re.DOTALL,
)


class Place(NamedTuple):
    """Line and column, from 1; 0 where it is not in the file."""

    line: int = 0
    column: int = 0


def places_of(text: str) -> dict[Path, Place]:
    """Where each path of keys begins; entries of arrays, and arrays of tables, by their index."""
    return _Reader(text).document()


def place_for(places: Mapping[Path, Place], path: Path) -> Place:
    """The place of the path, or of the nearest table or key around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in places:
            return places[path[:length]]
    return Place()


class _Reader:
    """Goes through the text once. `_given` are keys and headers, `_around` the tables that those imply."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._given: dict[Path, Place] = {}
        self._around: dict[Path, Place] = {}
        self._entries: dict[Path, int] = {}

    def document(self) -> dict[Path, Place]:
        """Everything that was found; what is written goes before what is implied."""
        table: Path = ()
        while self._skip(_BLANK) and self._at < len(self._text):
            if self._take("["):
                table = self._header()
            else:
                self._pair(table)
        return {**self._around, **self._given}

    def _header(self) -> Path:
        start, array = self._at - 1, self._take("[")
        path = self._indexed(self._keys())
        if array:
            self._entries[path] = self._entries.get(path, -1) + 1
            path = (*path, self._entries[path])
        self._note(path, start)
        self._take("]")
        self._take("]")
        return path

    def _indexed(self, keys: Path) -> Path:
        """`a.b` below the second `[[a]]` is `a, 1, b`; the last key of an array's own header gets its index there."""
        path: Path = ()
        for key in keys:
            if path in self._entries:
                path = (*path, self._entries[path])
            path = (*path, key)
        return path

    def _pair(self, table: Path) -> None:
        start = self._at
        path = (*table, *self._keys())
        self._note(path, start)
        self._take("=")
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._take("["):
            self._array(path)
        elif self._take("{"):
            while not self._ended("}"):
                self._pair(path)
        else:
            self._skip(_VALUE)

    def _array(self, path: Path) -> None:
        index = 0
        while not self._ended("]"):
            self._note((*path, index), self._at)
            self._value((*path, index))
            index += 1

    def _ended(self, bracket: str) -> bool:
        """Past the comma, or past the end; a text that stops here has ended too."""
        self._skip(_BLANK)
        if self._take(","):
            self._skip(_BLANK)
        return self._take(bracket) or self._at >= len(self._text)

    def _keys(self) -> Path:
        """The parts of a dotted key, quoted ones read by the real parser."""
        keys: list[str] = []
        self._skip(_SPACE)
        while match := _PART.match(self._text, self._at):
            self._at = match.end()
            keys += tomllib.loads(f"{match[0]} = 0")
            self._skip(_SPACE)
            if not self._take("."):
                break
            self._skip(_SPACE)
        return tuple(keys)

    def _note(self, path: Path, start: int) -> None:
        before = bisect_right(self._breaks, start - 1)
        place = Place(before + 1, start - (self._breaks[before - 1] if before else -1))
        self._given.setdefault(path, place)
        for length in range(1, len(path)):
            self._around.setdefault(path[:length], place)

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at + 1
        return True

    def _take(self, sign: str) -> bool:
        taken = self._text.startswith(sign, self._at)
        self._at += len(sign) * taken
        return taken
