"""Where in the file a key stands: a scan of headers and keys, for messages only. tomllib keeps no positions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*\[(?P<array>\[)?(?P<key>[^\[\]]+)\]?\]\s*(#.*)?$")
_KEY = re.compile(r"""^\s*(?P<key>(?:[A-Za-z0-9_.\s-]|"[^"]*"|'[^']*')+?)\s*=""")


def lines_of(text: str) -> dict[Path, int]:
    """Line numbers from 1, by path of keys; entries of arrays of tables by their index."""
    found: dict[Path, int] = {}
    entries: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _table(header, entries)
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault(table + tuple(_keys(key["key"])), number)
    return found


def line_for(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of the path, or of the nearest table or key around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _table(header: re.Match[str], entries: dict[Path, int]) -> Path:
    path = _indexed(tuple(_keys(header["key"])), entries)
    if header["array"]:
        entries[path] = entries.get(path, -1) + 1
        return (*path, entries[path])
    return path


def _indexed(keys: Iterable[str], entries: Mapping[Path, int]) -> Path:
    """`a.b` below the second `[[a]]` is `a, 1, b`."""
    path: Path = ()
    for key in keys:
        if path in entries:
            path = (*path, entries[path])
        path = (*path, key)
    return path


def _keys(dotted: str) -> Iterator[str]:
    """The parts of a dotted key, read by the real parser."""
    try:
        document = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return
    while isinstance(document, dict):
        key, document = next(iter(document.items()))
        yield key
