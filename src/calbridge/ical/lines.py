"""Content lines and the components they stand in, and the fault of one that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

_PARAMETER = re.compile(r';([^=;:"]++)=((?:"[^"]*+"|[^";:]++)*+)')
_HEAD = re.compile(r'(?:[^:"]++|"[^"]*+")*+')
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_ITEM = re.compile(r"[^,;]+")


class FaultError(Exception):
    """Why something cannot be read: the fault and its line, never what stands there."""

    def __init__(self, what: str, line: int = 0) -> None:
        super().__init__(what, line)
        self.what = what
        self.line = line

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}" if self.line else self.what


class ZoneFaultError(FaultError):
    """A time is in a zone that nothing defines: all else about it can be read."""

    def __init__(self, line: Line) -> None:
        super().__init__(
            f"{line.name} is in a time zone that nothing defines: read on the clock of the place", line.number
        )


class Line(NamedTuple):
    """One content line, unfolded: its name in upper case, what stands before the colon, what after it.

    `number` is that of its first physical line. `raw` holds the bytes with folds and line end where they are kept.
    """

    name: str
    head: str
    value: str
    number: int
    raw: bytes = b""

    @property
    def params(self) -> Mapping[str, str]:
        """Parameter names in upper case to their first value, without quotes."""
        return parameters(self.head)


@lru_cache(maxsize=4096)
def parameters(head: str) -> Mapping[str, str]:
    """The parameters in what stands before the colon; the same few heads come again and again."""
    return {key.strip().upper(): text.strip().strip('"') for key, text in _PARAMETER.findall(head)}


def parted(text: str) -> tuple[str, str] | None:
    """Head and value of an unfolded line, None without a colon; a colon in quotes is part of the head."""
    head, colon, value = text.partition(":")
    if '"' in head:
        quoted = _HEAD.match(text).end()  # type: ignore[union-attr]  # it matches the empty text too
        if text[quoted : quoted + 1] == ":":
            return text[:quoted], text[quoted + 1 :]
    return (head, value) if colon else None


def items(value: str) -> Iterator[str]:
    """The items of a list property one by one (vCalendar 1.0: between semicolons); a long list is never held twice."""
    return (text for found in _ITEM.finditer(value) if (text := found[0].strip()))


def number(text: str) -> int | None:
    """A small whole number, or None: a sign from another alphabet is a digit for `isdigit`, but no number."""
    return int(text) if _NUMBER.fullmatch(text) else None


@dataclass(slots=True, eq=False)
class Component:
    """One BEGIN to END. `lines` are its own properties only, not those of the components inside it.

    `zones` are the VTIMEZONEs of a calendar, as bytes with the number of their first line: most are never looked at.
    `fault` says that its end is missing, so that what belongs to it is a guess.
    """

    name: str
    begin: Line
    lines: list[Line] = field(default_factory=list)
    children: list[Component] = field(default_factory=list)
    end: Line | None = None
    zones: list[tuple[int, bytes]] = field(default_factory=list)
    fault: FaultError | None = None

    def all(self, name: str) -> list[Line]:
        """Every property of that name, in order."""
        return [line for line in self.lines if line.name == name]

    def first(self, name: str) -> Line | None:
        """The first property of that name."""
        return next((line for line in self.lines if line.name == name), None)

    def text(self, name: str) -> str:
        """The raw value of the first property of that name, or ""."""
        line = self.first(name)
        return line.value.strip() if line else ""

    def having(self, name: str) -> list[Component]:
        """Its children of that name, in order."""
        return [child for child in self.children if child.name == name]

    def walk(self, name: str) -> Iterator[Component]:
        """Every component of that name in it, itself included."""
        if self.name == name:
            yield self
        for child in self.children:
            yield from child.walk(name)
