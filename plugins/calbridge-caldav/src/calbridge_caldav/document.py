"""A calendar object as its own lines: read without changing it, edited without touching any other byte.

A parser that writes back what it parsed changes the meaning of one object in twenty; staff's own properties and
alarms must survive to the letter. So an object is kept as raw lines with a tree over them, and only single
properties are replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from icalendar.parser import Contentline

from calbridge.ical.lines import Component, FaultError, Line, parted
from calbridge.ical.steps import Steps
from calbridge.ical.zones import Zones

_PHYSICAL = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
DEPTH = 20
LINES = 100_000
"""Physical lines of an object of ours: an attachment of 5 MB that staff put in has 90,000. Each is kept."""
_STEPS = 100_000
"""What a definition of a time zone may cost; a common one takes 15,000."""


def content_lines(body: bytes) -> list[Line]:
    """The content lines of an object, unfolded at byte level: a fold may stand inside a character."""
    groups: list[tuple[int, list[bytes]]] = []
    for number, physical in enumerate(_PHYSICAL.findall(body), start=1):
        if physical[:1] in {b" ", b"\t"} and groups:
            groups[-1][1].append(physical)
        else:
            groups.append((number, [physical]))
    return [_line(number, pieces) for number, pieces in groups]


def _line(number: int, pieces: list[bytes]) -> Line:
    raw = b"".join(pieces)
    joined = pieces[0].rstrip(b"\r\n") + b"".join(piece[1:].rstrip(b"\r\n") for piece in pieces[1:])
    text = joined.decode("utf-8", "replace").lstrip("\ufeff")
    parts = parted(text)
    if parts is None:
        return Line("", text, "", number, raw)
    head, value = parts
    return Line(head.partition(";")[0].strip().upper(), head, value, number, raw)


def components(lines: list[Line]) -> list[Component]:
    """The outermost components. A missing or wrong END is a fault: what belongs where is then a guess."""
    roots: list[Component] = []
    stack: list[Component] = []
    for line in lines:
        if line.name == "BEGIN":
            if len(stack) == DEPTH:
                raise FaultError("components stand in one another without end", line.number)
            opened = Component(line.value.strip().upper(), line)
            (stack[-1].children if stack else roots).append(opened)
            stack.append(opened)
        elif line.name == "END":
            _close(stack, line)
        elif stack:
            stack[-1].lines.append(line)
    if stack:
        raise FaultError(f"the {stack[-1].name} that begins here has no end", stack[-1].begin.number)
    return roots


def _close(stack: list[Component], line: Line) -> None:
    if not stack or stack[-1].name != line.value.strip().upper():
        raise FaultError("an END that closes nothing", line.number)
    stack.pop().end = line


@dataclass(slots=True)
class Document:
    """An object that can be read and edited."""

    lines: list[Line]
    roots: list[Component]

    @classmethod
    def parse(cls, body: bytes) -> Document:
        """FaultError when it is no iCalendar object at all."""
        if body.count(b"\n") + body.count(b"\r") > 2 * LINES:
            raise FaultError(f"the object has more than {LINES:,} lines")
        lines = content_lines(body)
        roots = components(lines)
        if not any(root.name == "VCALENDAR" for root in roots):
            raise FaultError("this is no iCalendar object")
        return cls(lines, roots)

    def walk(self, name: str) -> list[Component]:
        """Every component of that name, in order."""
        return [found for root in self.roots for found in root.walk(name)]

    def text(self, name: str) -> str:
        """A property of the calendar itself."""
        return next((text for root in self.roots if (text := root.text(name))), "")

    def zones(self) -> Zones:
        """The time zones that it defines."""
        return Zones(Steps(_STEPS, _STEPS), [(each.begin.number, self._bytes(each)) for each in self.walk("VTIMEZONE")])

    def _bytes(self, component: Component) -> bytes:
        first, last = self._index(component.begin), self._index(component.end or component.begin)
        return b"".join(line.raw for line in self.lines[first : last + 1]).replace(b"\r\n", b"\n")

    def render(self) -> bytes:
        """The bytes, unchanged where nothing was replaced."""
        return b"".join(line.raw for line in self.lines)

    def replace(self, component: Component, name: str, *new: Line) -> None:
        """Put `new` where the first `name` of the component stands and drop its other ones; none: after the last."""
        old = component.all(name)
        inner = component.children[0].begin if component.children else component.end or component.begin
        self._splice(component, old[0] if old else inner, old, new)

    def insert_before(self, component: Component, *new: Line) -> None:
        """Put lines that belong to no property of it, such as a whole component, before a component."""
        at = self._index(component.begin)
        self.lines[at:at] = new

    def _splice(self, component: Component, anchor: Line, old: list[Line], new: tuple[Line, ...]) -> None:
        at = self._index(anchor)
        self.lines[at:at] = new
        gone = {id(line) for line in old}
        self.lines = [line for line in self.lines if id(line) not in gone]
        component.lines = [line for line in component.lines if id(line) not in gone] + list(new)

    def _index(self, wanted: Line) -> int:
        return next(index for index, line in enumerate(self.lines) if line is wanted)


def make(head: str, value: str) -> Line:
    """A new content line, folded; `value` is already escaped as its type wants it."""
    folded: bytes = Contentline(f"{head}:{value}").to_ical()  # type: ignore[no-untyped-call]  # it has no types
    return Line(head.partition(";")[0].upper(), head, value, 0, folded + b"\r\n")
